/*
 * A bench to run AArch64 instructions on: one processing element, 1 MiB of RAM, and a choice of
 * engine.
 */
#ifndef TESTS_ARM64_INSN_BENCH_H
#define TESTS_ARM64_INSN_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu/arm64/arm64.h"
#include "cpu/arm64/insn.h"
#include "tests/bench.h"

#define BENCH_RAM     0x40000000ull
#define BENCH_SIZE    0x100000ull
#define BENCH_CODE    BENCH_RAM             /* where instructions under test go */
#define BENCH_VECTORS (BENCH_RAM + 0xf0000) /* VBAR of all levels: endless loops */
#define BENCH_DATA    (BENCH_RAM + 0xe0000) /* scratch memory */

/* config: NULL for the default. The element starts at EL2. */
void bench_init(struct bench *bench, const char *engine, const struct arm64_config *config);
void bench_fini(struct bench *bench);

/*
 * Turns the MMU of EL1 and EL2 on: 4 GiB stay where they are, as normal memory that the level
 * itself may read, write and execute. With the MMU off memory is of device type, and what is not
 * aligned faults. The table lies behind the vectors.
 */
void bench_map_memory(struct bench *bench);

/* Puts the element at a level, on that level's own stack pointer, with interrupts masked. */
void bench_set_level(struct bench *bench, unsigned level);

/*
 * Runs the instructions at BENCH_CODE, count of them, then a BRK #0, from which (or from another
 * exception) the element ends at a vector. Returns true if the BRK was reached.
 */
bool bench_run(struct bench *bench, const uint32_t *insns, unsigned count);

/* ESR and ELR of the level that the element is at. */
uint64_t bench_esr(const struct bench *bench);
uint64_t bench_elr(const struct bench *bench);

/* A pseudo-random number; *state is not 0. */
static inline uint64_t bench_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#endif
