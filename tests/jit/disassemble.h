/* Capstone for these tests: its names clash with those of engine/x86_emit.h. */
#ifndef TESTS_JIT_DISASSEMBLE_H
#define TESTS_JIT_DISASSEMBLE_H

#include <stddef.h>
#include <stdint.h>

/* The text of size bytes as if they were at 0x1000; they must be one x86-64 instruction. */
const char *disassemble_one(const uint8_t *bytes, size_t size);

#endif
