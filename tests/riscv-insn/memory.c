/* Loads, stores, jumps and branches. */
#include <criterion/criterion.h>

#include "bench.h"
#include "support.h"

#define PATTERN 0x8796a5b4c3d2e1f0ull

static const struct {
	const char *name;
	uint64_t value; /* of PATTERN at offset 0 */
} loads[] = {
	{"lb",  0xfffffffffffffff0},
	{"lbu", 0xf0              },
	{"lh",  0xffffffffffffe1f0},
	{"lhu", 0xe1f0            },
	{"lw",  0xffffffffc3d2e1f0},
	{"lwu", 0xc3d2e1f0        },
	{"ld",  PATTERN           },
};

Test(riscv_memory, loads_extend)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		struct cpu *cpu = &bench.hart->cpu;
		for (unsigned i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
			/* Negative and positive offsets, aligned and not, across pages too. */
			static const int32_t offsets[] = {0, 1, 3, -5, 2047, -2048};
			for (unsigned k = 0; k < 6; k++) {
				uint64_t address =
					BENCH_DATA + 0x1000 + (uint64_t)(int64_t)offsets[k];
				bench_store(&bench, address, 8, PATTERN);
				cpu->r[11] = BENCH_DATA + 0x1000;
				cr_expect(bench_insn(&bench, bench_encode_imm(loads[i].name, 10, 11,
									      0, offsets[k])));
				cr_expect_eq(cpu->r[10], loads[i].value, "%s: %lx", loads[i].name,
					     cpu->r[10]);
			}
		}
		bench_fini(&bench);
	}
}

Test(riscv_memory, stores_write_their_size)
{
	static const struct {
		const char *name;
		unsigned size;
	} stores[] = {
		{"sb", 1},
                {"sh", 2},
                {"sw", 4},
                {"sd", 8}
        };
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		struct cpu *cpu = &bench.hart->cpu;
		for (unsigned i = 0; i < 4; i++) {
			bench_store(&bench, BENCH_DATA, 8, 0);
			bench_store(&bench, BENCH_DATA + 8, 8, 0);
			cpu->r[11] = BENCH_DATA + 16;
			cpu->r[12] = PATTERN;
			cr_expect(bench_insn(&bench,
					     bench_encode_imm(stores[i].name, 0, 11, 12, -15)));
			uint64_t mask = ~0ull >> (64 - 8 * stores[i].size);
			cr_expect_eq(bench_load(&bench, BENCH_DATA + 1, 8), PATTERN & mask);
			cr_expect_eq(bench_load(&bench, BENCH_DATA, 1), 0);
		}
		bench_fini(&bench);
	}
}

/* A load to x0 is still a load. */
Test(riscv_memory, loads_to_x0_fault)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		bench.hart->cpu.r[11] = BENCH_NOTHING;
		cr_expect_not(bench_insn(&bench, bench_encode("lw", 0, 11, 0)));
		cr_expect_eq(bench.hart->mcause, RV_CAUSE_LOAD_ACCESS);
		cr_expect_eq(bench.hart->mtval, BENCH_NOTHING);
		cr_expect_eq(bench.hart->mepc, BENCH_CODE);
		bench.hart->cpu.r[11] = BENCH_DATA;
		cr_expect(bench_insn(&bench, bench_encode("lw", 0, 11, 0)));
		cr_expect_eq(bench.hart->cpu.r[0], 0);
		bench_fini(&bench);
	}
}

/* misaligned=trap: causes 4 and 6 for integer, FP and compressed forms, and nothing changes. */
Test(riscv_memory, misaligned_accesses_trap_when_asked_to)
{
	static const struct {
		const char *name;
		unsigned cause, step; /* step: a misaligning offset */
	} cases[] = {
		{"lh",  4, 1},
                {"lhu", 4, 1},
                {"lw",  4, 2},
                {"lwu", 4, 3},
                {"ld",  4, 4},
		{"sh",  6, 1},
                {"sw",  6, 2},
                {"sd",  6, 4},
                {"flh", 4, 1},
                {"flw", 4, 2},
		{"fld", 4, 4},
                {"fsh", 6, 1},
                {"fsw", 6, 1},
                {"fsd", 6, 4},
	};
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct riscv_config config;
		riscv_config_default(&config);
		config.misaligned_trap = true;
		struct bench bench;
		bench_init(&bench, bench_engines[e], &config);
		struct cpu *cpu = &bench.hart->cpu;
		for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			cpu->r[11] = BENCH_DATA;
			cpu->r[12] = 0x1234;
			uint32_t insn =
				bench_encode_imm(cases[i].name, 12, 11, 12, (int32_t)cases[i].step);
			cr_expect_not(bench_insn(&bench, insn));
			cr_expect_eq(bench.hart->mcause, cases[i].cause, "%s", cases[i].name);
			cr_expect_eq(bench.hart->mtval, BENCH_DATA + cases[i].step, "%s",
				     cases[i].name);
			cr_expect_eq(cpu->r[12], 0x1234);
			insn = bench_encode_imm(cases[i].name, 12, 11, 12, 8);
			cr_expect(bench_insn(&bench, insn), "%s", cases[i].name);
		}
		cpu->r[10] = BENCH_DATA + 1; /* c.ld a2,0(a0) */
		cr_expect_not(bench_insn(&bench, 0x6110));
		cr_expect_eq(bench.hart->mcause, RV_CAUSE_LOAD_MISALIGNED);
		cr_expect_eq(bench.hart->mepc, BENCH_CODE);
		bench_fini(&bench);
	}
}

static bool branch_taken(const char *name, uint64_t a, uint64_t b)
{
	if (!strcmp(name, "beq"))
		return a == b;
	if (!strcmp(name, "bne"))
		return a != b;
	if (!strcmp(name, "blt"))
		return (int64_t)a < (int64_t)b;
	if (!strcmp(name, "bge"))
		return (int64_t)a >= (int64_t)b;
	return !strcmp(name, "bltu") ? a < b : a >= b;
}

/* Over an "addi a0,a0,1": executed if the branch falls through. */
Test(riscv_memory, branches_compare)
{
	static const char *const names[] = {"beq", "bne", "blt", "bge", "bltu", "bgeu"};
	static const uint64_t values[] = {0, 1, UINT64_MAX, 1ull << 63, INT64_MAX, 1ull << 32};
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		struct cpu *cpu = &bench.hart->cpu;
		for (unsigned n = 0; n < 6 * 36; n++) {
			const char *name = names[n / 36];
			cpu->r[11] = values[n / 6 % 6];
			cpu->r[12] = values[n % 6];
			cpu->r[10] = 0;
			uint32_t code[] = {bench_encode_imm(name, 0, 11, 12, 8),
					   bench_encode_imm("addi", 10, 10, 0, 1)};
			cr_expect(bench_run(&bench, code, 2));
			cr_expect_eq(cpu->r[10], !branch_taken(name, cpu->r[11], cpu->r[12]),
				     "%s %lx %lx", name, cpu->r[11], cpu->r[12]);
		}
		bench_fini(&bench);
	}
}

Test(riscv_memory, jumps_link)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		struct cpu *cpu = &bench.hart->cpu;
		uint32_t skip = bench_encode_imm("addi", 10, 10, 0, 1);
		uint32_t jal[] = {bench_encode_imm("jal", 1, 0, 0, 8), skip};
		cr_expect(bench_run(&bench, jal, 2));
		cr_expect_eq(cpu->r[1], BENCH_CODE + 4);
		/* The target is computed before the link is written; bit 0 is dropped. */
		uint32_t jalr[] = {bench_encode_imm("jalr", 5, 5, 0, 9), skip};
		cpu->r[5] = BENCH_CODE;
		cr_expect(bench_run(&bench, jalr, 2));
		cr_expect_eq(cpu->r[5], BENCH_CODE + 4);
		uint32_t unlinked[] = {bench_encode_imm("jalr", 0, 5, 0, 4), skip};
		cr_expect(bench_run(&bench, unlinked, 2));
		cr_expect_eq(cpu->r[0], 0);
		/* c.jalr a5: the link is two bytes on. */
		uint32_t compressed[] = {0x9782, 0x0505};
		cpu->r[15] = BENCH_CODE + 4;
		cpu->r[10] = 0;
		cr_expect(bench_run(&bench, compressed, 2));
		cr_expect_eq(cpu->r[1], BENCH_CODE + 2);
		cr_expect_eq(cpu->r[10], 0);
		bench_fini(&bench);
	}
}

/* Without C, a jump to a halfword traps on the jump and writes no link; not taken, it does not. */
Test(riscv_memory, jumps_need_alignment_without_compressed_instructions)
{
	struct riscv_config config;
	riscv_config_default(&config);
	for (unsigned ext = 0; ext < 2; ext++)
		config.extension[ext] &=
			ext ? ~0ull
			    : ~(1ull << RV_EXT_C | 1ull << RV_EXT_ZCA | 1ull << RV_EXT_ZCD |
				1ull << RV_EXT_ZCB | 1ull << RV_EXT_ZCMOP);
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], &config);
		struct cpu *cpu = &bench.hart->cpu;
		cpu->r[5] = BENCH_CODE + 6;
		uint32_t cases[] = {
			bench_encode_imm("jal", 1, 0, 0, 6),
			bench_encode_imm("beq", 0, 0, 0, 6),
			bench_encode_imm("jalr", 1, 5, 0, 0),
		};
		for (unsigned i = 0; i < 3; i++) {
			cpu->r[1] = 77;
			cr_expect_not(bench_insn(&bench, cases[i]));
			cr_expect_eq(bench.hart->mcause, RV_CAUSE_FETCH_MISALIGNED);
			cr_expect_eq(bench.hart->mtval, BENCH_CODE + 6);
			cr_expect_eq(bench.hart->mepc, BENCH_CODE);
			cr_expect_eq(cpu->r[1], 77);
		}
		cr_expect(bench_insn(&bench, bench_encode_imm("bne", 0, 0, 0, 6)));
		uint32_t aligned[] = {bench_encode_imm("jalr", 1, 5, 0, 2), 0x00000013};
		cr_expect(bench_run(&bench, aligned, 2));
		cr_expect_eq(cpu->r[1], BENCH_CODE + 4);
		/* Compressed instructions do not exist. */
		cr_expect_not(bench_insn(&bench, 0x0001));
		cr_expect_eq(bench.hart->mcause, RV_CAUSE_ILLEGAL);
		bench_fini(&bench);
	}
}

/* An instruction that the one before it wrote is executed as written. */
Test(riscv_memory, fence_i_sees_new_code)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		struct cpu *cpu = &bench.hart->cpu;
		cpu->r[11] = BENCH_CODE;
		cpu->r[12] = bench_encode_imm("addi", 10, 0, 0, 2);
		cpu->r[10] = 0;
		uint32_t code[] = {bench_encode_imm("sw", 0, 11, 12, 8), 0x0000100f,
				   bench_encode_imm("addi", 10, 0, 0, 1)};
		cr_expect(bench_run(&bench, code, 3));
		cr_expect_eq(cpu->r[10], 2);
		bench_fini(&bench);
	}
}
