/*
 * What the benches of instructions have in common, whatever the ISA: a machine with RAM alone, and
 * a choice of engine. tests/riscv-insn/bench.h and tests/arm64-insn/bench.h put a CPU into it.
 */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "bus/bus.h"
#include "core/machine.h"
#include "engine/engine.h"

struct bench {
	struct machine machine;
	struct mb_bus *bus;
	struct mb_region *root, *ram;
	struct mb_space *space;
	union { /* the CPU, by ISA */
		struct riscv_cpu *hart;
		struct arm64_cpu *pe;
	};
};

/* The engines that every test runs in. */
#define BENCH_ENGINES (2 + ENGINE_HAS_JIT)
extern const char *const bench_engines[BENCH_ENGINES];

/* Makes the machine and its RAM at an address. */
void bench_open(struct bench *bench, const char *engine, uint64_t ram, uint64_t size);

/* Gives the CPUs that were added a code cache. The JIT does not wait until code is hot. */
void bench_add_code_cache(struct bench *bench);

/* Frees the machine; code cache and CPUs are gone. */
void bench_close(struct bench *bench);

/* Memory and registers of devices by physical address. */
uint64_t bench_load(struct bench *bench, uint64_t address, unsigned size);
void bench_store(struct bench *bench, uint64_t address, unsigned size, uint64_t value);

#endif
