/* Disassembly for people, by Capstone. */
#ifndef TRACE_DISASSEMBLE_H
#define TRACE_DISASSEMBLE_H

#include <stddef.h>
#include <stdint.h>

struct disassembler;

/*
 * disassembler_new() - one handle; not shared between threads.
 * @isa: struct isa's name, "riscv64"
 * NULL: this build has none for that guest (disassembler_absence() says why), or memory is out.
 */
struct disassembler *disassembler_new(const char *isa);
void disassembler_free(struct disassembler *disassembler);

/* Why there is no disassembly for a guest, in a few words; NULL if there is. */
const char *disassembler_absence(const char *isa);

/*
 * disassemble() - the instruction at the beginning of bytes, as "mnemonic operands".
 * @disassembler: NULL gives nothing
 * @bytes: size of them, from the guest, in memory order
 * @pc: its address, for branch targets
 * @text: filled always; empty if Capstone does not know the instruction
 * Returns the instruction's length in bytes, or 0.
 */
size_t disassemble(struct disassembler *disassembler, const uint8_t *bytes, size_t size,
		   uint64_t pc, char *text, size_t text_size);

#endif
