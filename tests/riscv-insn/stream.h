/*
 * Streams of random RISC-V instructions, run in every engine of this host with registers, memory,
 * CSRs, counts and traps compared. A difference ends the test with the shortest stream that still
 * shows it.
 */
#ifndef TESTS_RISCV_INSN_STREAM_H
#define TESTS_RISCV_INSN_STREAM_H

#include "bench.h"

#define STREAM_WORDS 2048

/* Where the hart starts. Translated: Sv39, with pages that fault among those that do not. */
enum stream_place {
	STREAM_M,
	STREAM_S,
	STREAM_U,
	STREAM_S_TRANSLATED,
	STREAM_U_TRANSLATED,
	STREAM_PLACES
};

struct stream {
	const char *name;
	uint64_t seed; /* of registers, CSRs, memory, tables, lengths of slices; not 0 */
	enum stream_place place;
	bool misaligned_trap;
	bool pmp;    /* with PMP entries, the last of which opens everything */
	bool sliced; /* compared every few ticks, not only at the end */
	uint64_t ticks;
	unsigned count;
	uint32_t words[STREAM_WORDS]; /* at BENCH_CODE */
};

/* Fails the test if the engines differ. */
void stream_run(const struct stream *stream);

#endif
