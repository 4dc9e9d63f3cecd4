/*
 * Runs one program of the toy guest in every engine of this host and compares all that a guest can
 * see. A difference ends the test with the shortest program that still shows it.
 */
#ifndef TESTS_ENGINE_DIFFER_H
#define TESTS_ENGINE_DIFFER_H

#include "tests/engine/toy.h"

#define DIFFER_CODE      (TOY_RAM + 0x800) /* programs; the bytes before are data on a code page */
#define DIFFER_KEEP      (TOY_DATA + 0x4000)
#define DIFFER_POOL      (TOY_DATA + 0x8000) /* operands: DIFFER_POOL_SIZE of them */
#define DIFFER_POOL_SIZE 512
#define DIFFER_MAX_INSNS 2600

/* A program with everything that it starts from. */
struct scenario {
	const char *name;
	struct toy_insn insns[DIFFER_MAX_INSNS];
	unsigned count;
	uint64_t r[32], v[32], pool[DIFFER_POOL_SIZE];
	uint8_t flags, rounding; /* of FP */
	bool aligned_only;
	uint64_t slices; /* not 0: seed of the lengths of slices and of interrupts between them */
	uint64_t limit;  /* ticks */
};

struct differ {
	struct toy *toys[TOY_ENGINES];
};

/* Toys in all engines. */
void differ_init(struct differ *differ);
void differ_fini(struct differ *differ);

/* Fails the test if the engines differ. */
void differ_run(struct differ *differ, const struct scenario *scenario);

/* A generator of random numbers (xorshift64); *state is not 0. */
uint64_t differ_random(uint64_t *state);

/* An operand: edges of integers and of binary64, binary32 and binary16 as often as random bits. */
uint64_t differ_operand(uint64_t *state);

/* Empties the program, and makes up all that it starts from. */
void scenario_init(struct scenario *scenario, const char *name, uint64_t *state);

/* Appends an instruction; its address is returned. */
uint64_t scenario_add(struct scenario *scenario, struct toy_insn insn);

#endif
