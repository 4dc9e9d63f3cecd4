#include "bench.h"

#include <criterion/criterion.h>
#include <string.h>

#include "cpu/riscv/insn.h"
#include "engine/engine.h"

#define EBREAK    0x00100073
#define JUMP_SELF 0x0000006f

void bench_init(struct bench *bench, const char *engine, const struct riscv_config *config)
{
	struct riscv_config standard;
	riscv_config_default(&standard);
	/* Without PMP, so that S- and U-mode reach memory. */
	standard.pmp_entries = 0;
	bench_open(bench, engine, BENCH_RAM, BENCH_SIZE);
	bench->hart = riscv_cpu_new(&bench->machine, config ? config : &standard, 0);
	cr_assert_not_null(bench->hart);
	bench_add_code_cache(bench);
	bench->hart->mtvec = BENCH_HANDLER;
	bench_store(bench, BENCH_HANDLER, 4, JUMP_SELF);
	bench_set_fs(bench, 3);
}

void bench_fini(struct bench *bench)
{
	code_cache_free(bench->hart->cpu.code);
	riscv_cpu_free(bench->hart);
	bench_close(bench);
}

void bench_set_fs(struct bench *bench, unsigned fs)
{
	bench->hart->mstatus = (bench->hart->mstatus & ~(3ull << 13)) | (uint64_t)fs << 13;
	riscv_isa.update_mode(&bench->hart->cpu);
}

unsigned bench_fs(const struct bench *bench)
{
	return bench->hart->mstatus >> 13 & 3;
}

void bench_set_level(struct bench *bench, unsigned level)
{
	bench->hart->cpu.level = (uint8_t)level;
	riscv_isa.update_mode(&bench->hart->cpu);
}

bool bench_run(struct bench *bench, const uint32_t *insns, unsigned count)
{
	struct cpu *cpu = &bench->hart->cpu;
	uint64_t address = BENCH_CODE;
	for (unsigned i = 0; i < count; i++) {
		unsigned length = (insns[i] & 3) == 3 ? 4 : 2;
		bench_store(bench, address, length, insns[i]);
		address += length;
	}
	bench_store(bench, address, 4, EBREAK);
	cpu->pc = BENCH_CODE;
	bench->hart->mcause = bench->hart->mepc = bench->hart->mtval = 0;
	machine_run_until(&bench->machine, bench->machine.clock.now + 2 * count + 6);
	return bench->hart->mcause == RV_CAUSE_BREAKPOINT && bench->hart->mepc == address;
}

bool bench_insn(struct bench *bench, uint32_t insn)
{
	return bench_run(bench, &insn, 1);
}

static const struct riscv_row *find_row(const char *name)
{
	for (unsigned i = 0; i < riscv_row_count; i++)
		if (!strcmp(riscv_rows[i].name, name))
			return &riscv_rows[i];
	cr_assert_fail("no row %s", name);
	return NULL;
}

static uint32_t field(uint32_t value, unsigned high, unsigned low, unsigned to)
{
	return (value >> low & ((2u << (high - low)) - 1)) << to;
}

uint32_t bench_encode_imm(const char *name, unsigned rd, unsigned rs1, unsigned rs2, int32_t imm)
{
	const struct riscv_row *row = find_row(name);
	uint32_t i = (uint32_t)imm, bits = row->match;
	switch (row->format) {
	case RV_FORMAT_S:
		bits |= rs1 << 15 | rs2 << 20 | field(i, 4, 0, 7) | field(i, 11, 5, 25);
		break;
	case RV_FORMAT_B:
		bits |= rs1 << 15 | rs2 << 20 | field(i, 12, 12, 31) | field(i, 10, 5, 25) |
			field(i, 4, 1, 8) | field(i, 11, 11, 7);
		break;
	case RV_FORMAT_J:
		bits |= rd << 7 | field(i, 20, 20, 31) | field(i, 10, 1, 21) |
			field(i, 11, 11, 20) | field(i, 19, 12, 12);
		break;
	case RV_FORMAT_U: bits |= rd << 7 | (i & 0xfffff000); break;
	case RV_FORMAT_I:
	case RV_FORMAT_CSR:
	case RV_FORMAT_CSR_I: bits |= rd << 7 | rs1 << 15 | i << 20; break;
	case RV_FORMAT_SHIFT: bits |= rd << 7 | rs1 << 15 | (i & 63) << 20; break;
	case RV_FORMAT_R1_RM:
	case RV_FORMAT_R1: bits |= rd << 7 | rs1 << 15; break;
	default: bits |= rd << 7 | rs1 << 15 | rs2 << 20; break;
	}
	cr_assert_eq(bits & row->mask, row->match, "%s", name);
	return bits;
}

uint32_t bench_encode(const char *name, unsigned rd, unsigned rs1, unsigned rs2)
{
	return bench_encode_imm(name, rd, rs1, rs2, 0);
}
