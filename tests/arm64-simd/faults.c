/* Accesses that fault half way leave registers as they were; SIMD may be trapped altogether. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/arm64-insn/bench.h"

#define END  (BENCH_RAM + BENCH_SIZE)
#define FPEN (3 << 20)

/* Accesses with base X8, all of 16 bytes or more. */
static const struct {
	const char *text;
	uint32_t word;
} accesses[] = {
	{"LDR Q1, [X8], #16",             0x3cc10501},
	{"LDR Q1, [X8, #0]!",             0x3cc00d01},
	{"STR Q1, [X8], #16",             0x3c810501},
	{"LDP D1, D2, [X8], #16",         0x6cc10901},
	{"LDP Q1, Q2, [X8], #32",         0xacc10901},
	{"STP Q1, Q2, [X8], #32",         0xac810901},
	{"LD1 {V1.16B}, [X8], #16",       0x4cdf7101},
	{"LD1 {V1.16B-V4.16B}, [X8], X9", 0x4cc92101},
	{"LD4 {V1.8B-V4.8B}, [X8], #32",  0x0cdf0101},
	{"ST3 {V1.8H-V3.8H}, [X8], #48",  0x4c9f4501},
	{"LD2 {V1.D-V2.D}[1], [X8], #16", 0x4dff8501},
	{"LD4R {V1.4S-V4.4S}, [X8], #16", 0x4dffe901},
};
#define ACCESSES (sizeof(accesses) / sizeof(accesses[0]))

static void fill_vectors(struct bench *bench)
{
	for (unsigned i = 0; i < 32; i++)
		for (unsigned half = 0; half < 2; half++)
			bench->pe->cpu.v[i].d[half] = 0x1111111111111111 * half + i + 0x4000000000;
}

Test(arm64_simd_faults, nothing_is_written_when_the_second_part_faults)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++)
		for (unsigned i = 0; i < ACCESSES; i++) {
			struct bench bench;
			bench_init(&bench, bench_engines[e], NULL);
			bench_map_memory(&bench);
			bench.pe->sysreg[A64_CPACR_EL1] = FPEN;
			bench_set_level(&bench, A64_EL1);
			fill_vectors(&bench);
			union cpu_vector before[32];
			memcpy(before, bench.pe->cpu.v, sizeof(before));
			bench.pe->cpu.r[8] = END - 8;
			cr_expect(!bench_run(&bench, &accesses[i].word, 1), "%s", accesses[i].text);
			cr_expect_eq(bench_esr(&bench) >> 26, A64_EC_DATA_LOWER + 1, "%s: ESR %lx",
				     accesses[i].text, bench_esr(&bench));
			cr_expect_eq(bench.pe->sysreg[A64_FAR_EL1], END, "%s: FAR %lx",
				     accesses[i].text, bench.pe->sysreg[A64_FAR_EL1]);
			cr_expect_eq(bench.pe->cpu.r[8], END - 8, "%s: base", accesses[i].text);
			if (accesses[i].word == 0xacc10901 || accesses[i].word == 0x4cc92101)
				before[1] =
					bench.pe->cpu.v[1]; /* the first of several is UNKNOWN */
			cr_expect_eq(memcmp(before, bench.pe->cpu.v, sizeof(before)), 0,
				     "%s %s: registers", bench_engines[e], accesses[i].text);
			bench_fini(&bench);
		}
}

/* SCTLR_EL1.A: a register of 128 bits counts as a whole, a structure by its elements. */
Test(arm64_simd_faults, alignment_is_checked_by_element)
{
	static const struct {
		uint32_t word;
		unsigned offset;
		bool faults;
	} cases[] = {
		{0x3dc00101, 8,  true }, /* LDR Q1, [X8] */
		{0x3dc00101, 16, false}, /* LDR Q1, [X8] */
		{0x3d800101, 8,  true }, /* STR Q1, [X8] */
		{0xad400901, 8,  true }, /* LDP Q1, Q2, [X8] */
		{0xfd400101, 4,  true }, /* LDR D1, [X8] */
		{0x4c407101, 1,  false}, /* LD1 {V1.16B}, [X8] */
		{0x4c407901, 2,  true }, /* LD1 {V1.4S}, [X8] */
		{0x4c408901, 4,  false}, /* LD2 {V1.4S, V2.4S}, [X8] */
	};
	for (unsigned e = 0; e < BENCH_ENGINES; e++)
		for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct bench bench;
			bench_init(&bench, bench_engines[e], NULL);
			bench_map_memory(&bench);
			bench.pe->sysreg[A64_CPACR_EL1] = FPEN;
			bench.pe->sysreg[A64_SCTLR_EL1] |= 2;
			bench_set_level(&bench, A64_EL1);
			bench.pe->cpu.r[8] = BENCH_DATA + cases[i].offset;
			bool done = bench_run(&bench, &cases[i].word, 1);
			cr_expect_eq(done, !cases[i].faults, "%s: %08x at %u: ESR %lx",
				     bench_engines[e], cases[i].word, cases[i].offset,
				     bench_esr(&bench));
			bench_fini(&bench);
		}
}

Test(arm64_simd_faults, access_trap_comes_before_everything)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++)
		for (unsigned i = 0; i < ACCESSES; i++) {
			struct bench bench;
			bench_init(&bench, bench_engines[e], NULL);
			bench.pe->sysreg[A64_CPACR_EL1] = 0;
			bench_set_level(&bench, A64_EL1);
			bench.pe->cpu.r[8] = END - 8;
			cr_expect(!bench_run(&bench, &accesses[i].word, 1), "%s", accesses[i].text);
			cr_expect_eq(bench_esr(&bench), arm64_esr(A64_EC_FP, 0x1e << 20),
				     "%s: ESR %lx", accesses[i].text, bench_esr(&bench));
			cr_expect_eq(bench_elr(&bench), BENCH_CODE);
			bench_fini(&bench);
		}
}
