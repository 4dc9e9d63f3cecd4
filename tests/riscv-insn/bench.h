/*
 * A bench to run single instructions on: one hart in M-mode, 1 MiB of RAM, and a choice of engine.
 */
#ifndef TESTS_RISCV_INSN_BENCH_H
#define TESTS_RISCV_INSN_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu/riscv/riscv.h"
#include "tests/bench.h"

#define BENCH_RAM     0x80000000ull
#define BENCH_SIZE    0x100000ull
#define BENCH_CODE    BENCH_RAM             /* where instructions under test go */
#define BENCH_HANDLER (BENCH_RAM + 0x8000)  /* mtvec: an endless loop */
#define BENCH_DATA    (BENCH_RAM + 0x10000) /* scratch memory */
#define BENCH_NOTHING 0x40000000ull         /* no memory here */

/* config: NULL for the default. */
void bench_init(struct bench *bench, const char *engine, const struct riscv_config *config);
void bench_fini(struct bench *bench);

/*
 * Runs the instructions at BENCH_CODE, count of them, then an ebreak; registers as they are. The
 * hart ends in the handler: mcause is the breakpoint's if all went well. FS and level stay as set.
 * Returns true if the ebreak was reached.
 */
bool bench_run(struct bench *bench, const uint32_t *insns, unsigned count);

/* One instruction; 16-bit ones are told by their low bits. */
bool bench_insn(struct bench *bench, uint32_t insn);

/* Sets mstatus.FS: 0 off, 1 initial, 2 clean, 3 dirty. */
void bench_set_fs(struct bench *bench, unsigned fs);
unsigned bench_fs(const struct bench *bench);

/* Sets the privilege level for the next run. */
void bench_set_level(struct bench *bench, unsigned level);

/* An instruction of the row of that name with these operand fields; the test fails if none is. */
uint32_t bench_encode(const char *name, unsigned rd, unsigned rs1, unsigned rs2);
/* The same with a signed immediate, as the row's format holds it. */
uint32_t bench_encode_imm(const char *name, unsigned rd, unsigned rs1, unsigned rs2, int32_t imm);

#endif
