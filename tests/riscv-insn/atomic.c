/* LR, SC, AMO, AMOCAS. */
#include <criterion/criterion.h>

#include "bench.h"
#include "support.h"

static uint64_t extend(uint64_t value, unsigned size)
{
	switch (size) {
	case 1: return (uint64_t)(int64_t)(int8_t)value;
	case 2: return (uint64_t)(int64_t)(int16_t)value;
	case 4: return (uint64_t)(int64_t)(int32_t)value;
	default: return value;
	}
}

static uint64_t truncate_to(uint64_t value, unsigned size)
{
	return size == 8 ? value : value & ((1ull << 8 * size) - 1);
}

/* What memory holds afterwards. */
static uint64_t amo_reference(const char *operation, uint64_t memory, uint64_t operand,
			      unsigned size)
{
	uint64_t um = truncate_to(memory, size), uo = truncate_to(operand, size);
	int64_t sm = (int64_t)extend(memory, size), so = (int64_t)extend(operand, size);
	if (!strcmp(operation, "amoswap"))
		return uo;
	if (!strcmp(operation, "amoadd"))
		return truncate_to(um + uo, size);
	if (!strcmp(operation, "amoxor"))
		return um ^ uo;
	if (!strcmp(operation, "amoand"))
		return um & uo;
	if (!strcmp(operation, "amoor"))
		return um | uo;
	if (!strcmp(operation, "amomin"))
		return sm < so ? um : uo;
	if (!strcmp(operation, "amomax"))
		return sm > so ? um : uo;
	if (!strcmp(operation, "amominu"))
		return um < uo ? um : uo;
	return um > uo ? um : uo;
}

static const char *const amo_names[] = {"amoswap", "amoadd", "amoxor",  "amoand", "amoor",
					"amomin",  "amomax", "amominu", "amomaxu"};
static const char size_letters[] = "bhwd";

Test(riscv_atomic, amo_results)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		struct cpu *cpu = &bench.hart->cpu;
		uint64_t state = 6;
		for (unsigned n = 0; n < 9 * 4 * 12; n++) {
			unsigned size = 1u << n % 4;
			const char *operation = amo_names[n / 4 % 9];
			char name[20];
			snprintf(name, sizeof(name), "%s.%c", operation, size_letters[n % 4]);
			uint64_t before = random_next(&state), operand = random_next(&state);
			uint64_t around = BENCH_DATA + 16 - size;
			bench_store(&bench, BENCH_DATA + 8, 8, before);
			bench_store(&bench, BENCH_DATA + 16, 8, 0);
			cpu->r[11] = around;
			cpu->r[10] = operand; /* rd is rs2 */
			uint64_t old = bench_load(&bench, around, size);
			uint32_t insn = bench_encode(name, 10, 11, 10) | (n & 3) << 25;
			cr_expect(bench_insn(&bench, insn), "%s", name);
			cr_expect_eq(cpu->r[10], extend(old, size), "%s", name);
			cr_expect_eq(bench_load(&bench, around, size),
				     amo_reference(operation, old, operand, size), "%s", name);
			cr_expect_eq(bench_load(&bench, BENCH_DATA + 16, 8), 0);
		}
		bench_fini(&bench);
	}
}

Test(riscv_atomic, store_conditional_needs_its_reservation)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		struct cpu *cpu = &bench.hart->cpu;
		for (unsigned wide = 0; wide < 2; wide++) {
			const char *lr = wide ? "lr.d" : "lr.w", *sc = wide ? "sc.d" : "sc.w";
			unsigned size = wide ? 8 : 4;
			uint64_t value = 0xfedcba9887654321;
			uint32_t pair[] = {bench_encode(lr, 10, 11, 0),
					   bench_encode(sc, 13, 11, 12)};
			bench_store(&bench, BENCH_DATA, 8, value);
			cpu->r[11] = BENCH_DATA;
			cpu->r[12] = 0x55;
			cr_expect(bench_run(&bench, pair, 2));
			cr_expect_eq(cpu->r[10], extend(value, size));
			cr_expect_eq(cpu->r[13], 0);
			cr_expect_eq(bench_load(&bench, BENCH_DATA, size), 0x55);
			/* The reservation is used up. */
			cpu->r[12] = 0x66;
			cr_expect(bench_insn(&bench, pair[1]));
			cr_expect_eq(cpu->r[13], 1);
			cr_expect_eq(bench_load(&bench, BENCH_DATA, size), 0x55);
			/* Another address, or another width. */
			uint32_t other[] = {pair[0], bench_encode(sc, 13, 14, 12)};
			cpu->r[14] = BENCH_DATA + 8;
			cr_expect(bench_run(&bench, other, 2));
			cr_expect_eq(cpu->r[13], 1);
			uint32_t width[] = {pair[0],
					    bench_encode(wide ? "sc.w" : "sc.d", 13, 11, 12)};
			cr_expect(bench_run(&bench, width, 2));
			cr_expect_eq(cpu->r[13], 1);
			/* A store in between that changes the value. */
			uint32_t broken[] = {pair[0], bench_encode("sw", 0, 11, 14), pair[1]};
			cr_expect(bench_run(&bench, broken, 3));
			cr_expect_eq(cpu->r[13], 1);
		}
		bench_fini(&bench);
	}
}

Test(riscv_atomic, compare_and_swap)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		struct cpu *cpu = &bench.hart->cpu;
		for (unsigned n = 0; n < 4; n++) {
			unsigned size = 1u << n;
			char name[20];
			snprintf(name, sizeof(name), "amocas.%c", size_letters[n]);
			uint64_t memory = 0xfedcba98f7e6d5f4;
			uint32_t insn = bench_encode(name, 10, 11, 12);
			bench_store(&bench, BENCH_DATA, 8, memory);
			cpu->r[11] = BENCH_DATA;
			cpu->r[12] = 0x1122334455667788;
			/* Only size bytes of rd count. */
			cpu->r[10] = truncate_to(memory, size);
			cr_expect(bench_insn(&bench, insn));
			cr_expect_eq(cpu->r[10], extend(memory, size), "%s", name);
			cr_expect_eq(bench_load(&bench, BENCH_DATA, size),
				     truncate_to(cpu->r[12], size));
			cpu->r[10] = 1;
			cpu->r[12] = 0;
			cr_expect(bench_insn(&bench, insn));
			cr_expect_eq(cpu->r[10], extend(0x1122334455667788, size));
			cr_expect_eq(bench_load(&bench, BENCH_DATA, size),
				     truncate_to(0x1122334455667788, size));
			/* rd = x0 compares with zero. */
			bench_store(&bench, BENCH_DATA, 8, 0);
			cpu->r[12] = 9;
			cr_expect(bench_insn(&bench, bench_encode(name, 0, 11, 12)));
			cr_expect_eq(bench_load(&bench, BENCH_DATA, 1), 9);
			cr_expect_eq(cpu->r[0], 0);
		}
		bench_fini(&bench);
	}
}

Test(riscv_atomic, compare_and_swap_of_pairs)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		struct cpu *cpu = &bench.hart->cpu;
		uint32_t insn = bench_encode("amocas.q", 10, 14, 12);
		bench_store(&bench, BENCH_DATA, 8, 1);
		bench_store(&bench, BENCH_DATA + 8, 8, 2);
		cpu->r[14] = BENCH_DATA;
		cpu->r[10] = 1;
		cpu->r[11] = 3; /* differs */
		cpu->r[12] = 4;
		cpu->r[13] = 5;
		cr_expect(bench_insn(&bench, insn));
		cr_expect(cpu->r[10] == 1 && cpu->r[11] == 2);
		cr_expect_eq(bench_load(&bench, BENCH_DATA + 8, 8), 2);
		cr_expect(bench_insn(&bench, insn));
		cr_expect_eq(bench_load(&bench, BENCH_DATA, 8), 4);
		cr_expect_eq(bench_load(&bench, BENCH_DATA + 8, 8), 5);
		cr_expect(cpu->r[10] == 1 && cpu->r[11] == 2);
		/* The pair of x0 is zero and is not written, x1 included. */
		cpu->r[1] = 7;
		cr_expect(bench_insn(&bench, bench_encode("amocas.q", 0, 14, 0)));
		cr_expect_eq(cpu->r[1], 7);
		cr_expect_eq(bench_load(&bench, BENCH_DATA, 8), 4);
		/* Odd registers are reserved. */
		cr_expect_not(bench_insn(&bench, insn | 1 << 7));
		cr_expect_eq(bench.hart->mcause, RV_CAUSE_ILLEGAL);
		cr_expect_not(bench_insn(&bench, insn | 1 << 20));
		cr_expect_eq(bench.hart->mcause, RV_CAUSE_ILLEGAL);
		bench_fini(&bench);
	}
}

/* Misaligned atomics trap whatever misaligned= says: LR with cause 4, the others with 6. */
Test(riscv_atomic, alignment_is_always_required)
{
	static const struct {
		const char *name;
		unsigned cause, offset;
	} cases[] = {
		{"lr.w",     4, 1},
                {"lr.d",     4, 4},
                {"sc.w",     6, 2},
		{"sc.d",     6, 4},
                {"amoadd.w", 6, 1},
                {"amoadd.d", 6, 4},
		{"amoadd.h", 6, 1},
                {"amocas.w", 6, 2},
                {"amocas.q", 6, 8},
	};
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		struct cpu *cpu = &bench.hart->cpu;
		for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			cpu->r[11] = BENCH_DATA + cases[i].offset;
			cpu->r[10] = 77;
			bool lr = cases[i].cause == 4;
			cr_expect_not(bench_insn(&bench,
						 bench_encode(cases[i].name, 10, 11, lr ? 0 : 12)));
			cr_expect_eq(bench.hart->mcause, cases[i].cause, "%s", cases[i].name);
			cr_expect_eq(bench.hart->mtval, cpu->r[11]);
			cr_expect_eq(cpu->r[10], 77);
			/* No memory, or a device: an access fault. */
			cpu->r[11] = BENCH_NOTHING;
			cr_expect_not(bench_insn(&bench,
						 bench_encode(cases[i].name, 10, 11, lr ? 0 : 12)));
			cr_expect_eq(bench.hart->mcause, cases[i].cause + 1, "%s", cases[i].name);
		}
		bench_fini(&bench);
	}
}

/* Zama16b: an AMO inside one aligned 16-byte block works; LR and SC still do not. */
Test(riscv_atomic, zama16b_allows_misaligned_amos_within_a_block)
{
	struct riscv_config config;
	riscv_config_default(&config);
	config.extension[RV_EXT_ZAMA16B / 64] |= 1ull << RV_EXT_ZAMA16B % 64;
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], &config);
		struct cpu *cpu = &bench.hart->cpu;
		uint32_t insn = bench_encode("amoadd.w", 10, 11, 12);
		bench_store(&bench, BENCH_DATA + 5, 4, 100);
		cpu->r[11] = BENCH_DATA + 5;
		cpu->r[12] = 1;
		cr_expect(bench_insn(&bench, insn));
		cr_expect_eq(cpu->r[10], 100);
		cr_expect_eq(bench_load(&bench, BENCH_DATA + 5, 4), 101);
		cpu->r[11] = BENCH_DATA + 13;
		cr_expect_not(bench_insn(&bench, insn));
		cr_expect_eq(bench.hart->mcause, RV_CAUSE_STORE_MISALIGNED);
		cpu->r[11] = BENCH_NOTHING + 5;
		cr_expect_not(bench_insn(&bench, insn));
		cr_expect_eq(bench.hart->mcause, RV_CAUSE_STORE_ACCESS);
		cr_expect_eq(bench.hart->mtval, BENCH_NOTHING + 5);
		cpu->r[11] = BENCH_DATA + 5;
		cr_expect_not(bench_insn(&bench, bench_encode("lr.w", 10, 11, 0)));
		cr_expect_eq(bench.hart->mcause, RV_CAUSE_LOAD_MISALIGNED);
		bench_fini(&bench);
	}
}

#define ROUNDS 300

/*
 * Two harts add to one counter, by LR/SC and by AMO, with turns so short that they interrupt each
 * other's LR/SC loops at every place. No increment may be lost. (A turn must be longer than such a
 * loop: the end of a turn ends the reservation.)
 */
Test(riscv_atomic, harts_do_not_lose_updates)
{
	const uint32_t code[] = {
		bench_encode("lr.w", 10, 11, 0),        bench_encode_imm("addi", 10, 10, 0, 1),
		bench_encode("sc.w", 13, 11, 10),       bench_encode_imm("bne", 0, 13, 0, -12),
		bench_encode("amoadd.d", 0, 12, 15),    bench_encode_imm("addi", 14, 14, 0, -1),
		bench_encode_imm("bne", 0, 14, 0, -24), 0x0000006f, /* j . */
	};
	for (unsigned e = 0; e < 2; e++)
		for (unsigned quantum = 17; quantum <= 37; quantum += 2) {
			struct bench bench;
			bench_init(&bench, bench_engines[e], NULL);
			struct riscv_cpu *other =
				riscv_cpu_new(&bench.machine, &bench.hart->config, 1);
			cr_assert_not_null(other);
			other->cpu.code = bench.hart->cpu.code;
			bench.machine.quantum = quantum;
			for (unsigned i = 0; i < sizeof(code) / sizeof(code[0]); i++)
				bench_store(&bench, BENCH_CODE + 4 * i, 4, code[i]);
			struct cpu *cpus[] = {&bench.hart->cpu, &other->cpu};
			for (unsigned i = 0; i < 2; i++) {
				cpus[i]->pc = BENCH_CODE;
				cpus[i]->r[11] = BENCH_DATA;
				cpus[i]->r[12] = BENCH_DATA + 8;
				cpus[i]->r[14] = ROUNDS;
				cpus[i]->r[15] = 1;
			}
			machine_run_until(&bench.machine, 60 * ROUNDS);
			cr_expect_eq(cpus[0]->r[14], 0);
			cr_expect_eq(cpus[1]->r[14], 0);
			cr_expect_eq(bench_load(&bench, BENCH_DATA, 4), 2 * ROUNDS, "quantum %u",
				     quantum);
			cr_expect_eq(bench_load(&bench, BENCH_DATA + 8, 8), 2 * ROUNDS);
			riscv_cpu_free(other);
			bench_fini(&bench);
		}
}
