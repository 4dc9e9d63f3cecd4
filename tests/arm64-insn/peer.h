/*
 * Programs that qemu-aarch64 (user emulation), where it is installed, and every engine here run
 * alike: for each instruction under test a frame that loads a state from X28 on and stores it to
 * X29. For QEMU the program stands in an ELF file with a system call for output behind it.
 */
#ifndef TESTS_ARM64_INSN_PEER_H
#define TESTS_ARM64_INSN_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/arm64-insn/bench.h"

#define PEER_IMAGE 0x40000000ull /* where both have it: code, then input, then output */

struct peer_program {
	uint8_t *image;
	size_t size;                   /* of it, bytes */
	unsigned code_bytes, words;    /* room for code, instructions in it */
	unsigned tests, inputs, state; /* how many; words of 64 bits of one test */
	uint64_t input, output;        /* addresses */
	uint32_t *tested;              /* by test: the instruction */
	const char **name;             /* and its name */
};

/* A program that points X28 to the input and X29 to the output; free with peer_free(). */
struct peer_program *peer_new(unsigned code_bytes, unsigned tests, unsigned inputs, unsigned state);
void peer_free(struct peer_program *program);

/* The words that a test is given, and those in the image where it stores its own. */
uint64_t *peer_input(const struct peer_program *program, unsigned test);
uint64_t *peer_output(const struct peer_program *program, unsigned test);

/* Appends an instruction; the end of a frame, which moves X28 and X29 on. */
void peer_add(struct peer_program *program, uint32_t word);
void peer_add_step(struct peer_program *program);

/* LDP or STP of X(first) and the next one, at X(base) + 8 * word. */
uint32_t peer_pair(bool load, unsigned first, unsigned base, unsigned word);

/* Skips the test if there is no QEMU. */
void peer_require(void);

/* Runs it; output: all tests' state. prepare, or NULL, sets the element up. */
bool peer_run_qemu(struct peer_program *program, uint64_t *output);
void peer_run_here(const struct peer_program *program, const char *engine,
		   void (*prepare)(struct bench *bench), uint64_t *output);

#endif
