/* Pointer authentication: the cipher, pointers with codes, and what a wrong code does. */
#include <criterion/criterion.h>

#include "cpu/arm64/pauth.h"
#include "cpu/arm64/pe.h"
#include "cpu/arm64/qarma5.h"
#include "cpu/arm64/sysreg.h"
#include "tests/arm64-insn/bench.h"

/* Five rounds with sigma 2: the key and text of the paper's own example. */
Test(arm64_pauth, cipher_gives_the_known_answer)
{
	cr_expect_eq(qarma5(0xfb623599da6e8127, 0x477d469dec0b8762, 0x84be85ce9804e94b,
			    0xec2802d4e0a488e9),
		     0xc003b93999b33765);
}

static void set_feature(struct arm64_config *config, enum arm64_feature feature, bool on)
{
	uint64_t bit = 1ull << feature % 64;
	config->feature[feature / 64] &= ~bit;
	if (on)
		config->feature[feature / 64] |= bit;
}

static void set_keys(struct arm64_cpu *pe)
{
	static const struct {
		enum arm64_sysreg reg;
		uint64_t value;
	} keys[] = {
		{A64_APIAKeyLo_EL1, 0x0123456789abcdef},
                {A64_APIAKeyHi_EL1, 0xfedcba9876543210},
		{A64_APDAKeyLo_EL1, 0x1111222233334444},
                {A64_APDAKeyHi_EL1, 0x5555666677778888},
		{A64_APGAKeyLo_EL1, 0xdeadbeef01234567},
                {A64_APGAKeyHi_EL1, 0x0badcafe89abcdef},
	};
	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		arm64_sysreg_set(pe, keys[i].reg, keys[i].value);
	/* EnIA, EnIB, EnDA, EnDB; SP is not checked. */
	arm64_sysreg_set(pe, A64_SCTLR_EL1, 1ull << 31 | 1 << 30 | 1 << 27 | 1 << 13);
	arm64_sysreg_set(pe, A64_HCR_EL2, HCR_RW | HCR_API | HCR_APK);
	arm64_sysreg_set(pe, A64_TCR_EL1, 16 | 16 << 16);
}

static void start(struct bench *bench, const char *engine, struct arm64_config *config)
{
	bench_init(bench, engine, config);
	set_keys(bench->pe);
	bench_set_level(bench, A64_EL1);
}

Test(arm64_pauth, pointers_get_the_codes_that_another_implementation_gives)
{
	static const struct {
		uint64_t modifier, tcr, pointer, ia, da, stripped, generic;
	} vectors[] = {
#define VECTOR(...) {__VA_ARGS__},
#include "vectors.def"
#undef VECTOR
	};
	struct arm64_config config;
	struct bench bench;
	arm64_config_default(&config);
	set_feature(&config, A64_FEAT_PACQARMA5, true);
	start(&bench, "step", &config);
	for (unsigned i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		uint64_t pointer = vectors[i].pointer, modifier = vectors[i].modifier;
		arm64_sysreg_set(bench.pe, A64_TCR_EL1, vectors[i].tcr);
		cr_expect_eq(arm64_pac_add(bench.pe, pointer, modifier, A64_KEY_IA), vectors[i].ia,
			     "PACIA, vector %u", i);
		cr_expect_eq(arm64_pac_add(bench.pe, pointer, modifier, A64_KEY_DA), vectors[i].da,
			     "PACDA, vector %u", i);
		cr_expect_eq(arm64_pac_strip(bench.pe, vectors[i].ia, false), vectors[i].stripped,
			     "XPACI, vector %u", i);
		cr_expect_eq(arm64_pac_generic(bench.pe, pointer, modifier), vectors[i].generic,
			     "PACGA, vector %u", i);
	}
	bench_fini(&bench);
}

/* Every level of the feature, both algorithms: what was added is taken off, and only that. */
Test(arm64_pauth, authentication_undoes_addition)
{
	static const enum arm64_feature levels[] = {A64_FEAT_EPAC, A64_FEAT_PAuth2, A64_FEAT_FPAC,
						    A64_FEAT_FPACCOMBINE};
	uint64_t state = 5;
	for (unsigned level = 0; level <= 4; level++)
		for (unsigned qarma5 = 0; qarma5 < 2; qarma5++) {
			struct arm64_config config;
			struct bench bench;
			arm64_config_default(&config);
			set_feature(&config, A64_FEAT_PACQARMA5, qarma5);
			for (unsigned i = 0; i < 4; i++)
				set_feature(&config, levels[i], i < level);
			start(&bench, "step", &config);
			for (unsigned n = 0; n < 200; n++) {
				uint64_t pointer = bench_random(&state) >> 16;
				uint64_t modifier = bench_random(&state);
				enum arm64_key key = bench_random(&state) & 3;
				bool failed;
				if (n & 1)
					pointer = ~pointer;
				uint64_t signed_pointer =
					arm64_pac_add(bench.pe, pointer, modifier, key);
				cr_expect_eq(arm64_pac_authenticate(bench.pe, signed_pointer,
								    modifier, key, false, &failed),
					     pointer);
				cr_expect_not(failed);
				/* Fifteen bits of code: one chance in 32768 to be right. */
				uint64_t wrong = arm64_pac_authenticate(
					bench.pe, signed_pointer ^ 1ull << 60, modifier, key, false,
					&failed);
				cr_expect_neq(wrong, pointer);
				cr_expect_eq(failed, level >= 3);
			}
			bench_fini(&bench);
		}
}

Test(arm64_pauth, id_registers_tell_algorithm_and_level)
{
	struct arm64_config config;
	struct bench bench;
	arm64_config_default(&config);
	bench_init(&bench, "step", &config);
	cr_expect_eq(bench.pe->sysreg[A64_ID_AA64ISAR1_EL1] & 0xff000ff0, 0x10000500);
	bench_fini(&bench);
	set_feature(&config, A64_FEAT_PACQARMA5, true);
	set_feature(&config, A64_FEAT_FPACCOMBINE, false);
	bench_init(&bench, "step", &config);
	cr_expect_eq(bench.pe->sysreg[A64_ID_AA64ISAR1_EL1] & 0xff000ff0, 0x01000040);
	bench_fini(&bench);
}

/* Instructions, each run after X0 = a pointer, X1 = 7, X30 as given, SP = 16 bytes aligned. */
enum {
	PACIA_X0_X1 = 0xdac10020,
	AUTIA_X0_X1 = 0xdac11020,
	AUTIB_X0_X1 = 0xdac11420,
	AUTDA_X0_X1 = 0xdac11820,
	PACIASP = 0xd503233f,
	AUTIASP = 0xd50323bf,
	RETAA = 0xd65f0bff,
	PACDZA_X2 = 0xdac12be2,
	LDRAA_X3_X2_8 = 0xf8201c43, /* LDRAA X3, [X2, #8]! */
	BLRAAZ_X4 = 0xd63f089f,
	PACIZA_X4 = 0xdac123e4,
	ERETAA = 0xd69f0bff,
};

Test(arm64_pauth, instructions_in_all_engines)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct arm64_config config;
		struct bench bench;
		arm64_config_default(&config);
		start(&bench, bench_engines[e], &config);
		struct cpu *cpu = &bench.pe->cpu;
		cpu->r[0] = 0x123456789abc;
		cpu->r[1] = 7;
		cpu->r[A64_REG_SP] = 0x400e0000;
		cpu->r[A64_REG_LR] = 0x4000beef0;
		cpu->r[2] = BENCH_RAM + 0x80000;
		bench_store(&bench, BENCH_RAM + 0x80008, 8, 0x1122334455667788);
		uint32_t code[] = {PACIA_X0_X1, AUTIA_X0_X1, PACIASP,
				   AUTIASP,     PACDZA_X2,   LDRAA_X3_X2_8};
		cr_assert(bench_run(&bench, code, 6), "%s: ESR %lx", bench_engines[e],
			  bench_esr(&bench));
		cr_expect_eq(cpu->r[0], 0x123456789abc);
		cr_expect_eq(cpu->r[A64_REG_LR], 0x4000beef0);
		cr_expect_eq(cpu->r[2], BENCH_RAM + 0x80008);
		cr_expect_eq(cpu->r[3], 0x1122334455667788);
		/* A call to the instruction after it. */
		bench_set_level(&bench, A64_EL1);
		cpu->r[4] = BENCH_CODE + 8;
		uint32_t call[] = {PACIZA_X4, BLRAAZ_X4};
		cr_expect(bench_run(&bench, call, 2));
		cr_expect_eq(cpu->r[A64_REG_LR], BENCH_CODE + 8);
		bench_fini(&bench);
	}
}

/* EC 0x1C, with which key it was; without FEAT_FPAC the pointer is spoilt instead. */
Test(arm64_pauth, wrong_codes_fault)
{
	static const struct {
		uint32_t word;
		uint64_t esr;
	} cases[] = {
		{AUTIA_X0_X1,   0x72000000},
                {AUTIB_X0_X1,   0x72000001},
                {AUTDA_X0_X1,   0x72000002},
		{RETAA,         0x72000000},
                {BLRAAZ_X4,     0x72000000},
                {LDRAA_X3_X2_8, 0x72000002},
		{ERETAA,        0x72000000},
	};
	for (unsigned e = 0; e < BENCH_ENGINES; e++)
		for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct arm64_config config;
			struct bench bench;
			arm64_config_default(&config);
			start(&bench, bench_engines[e], &config);
			struct cpu *cpu = &bench.pe->cpu;
			cpu->r[A64_REG_SP] = 0x400e0000;
			cpu->r[0] = cpu->r[2] = cpu->r[4] = cpu->r[A64_REG_LR] = 0x5400001234;
			bench.pe->sysreg[A64_ELR_EL1] = 0x5400001234;
			bench_run(&bench, &cases[i].word, 1);
			cr_expect_eq(bench_esr(&bench), cases[i].esr, "%s, case %u: ESR %lx",
				     bench_engines[e], i, bench_esr(&bench));
			cr_expect_eq(bench_elr(&bench), BENCH_CODE);
			bench_fini(&bench);
		}
	struct arm64_config config;
	struct bench bench;
	arm64_config_default(&config);
	set_feature(&config, A64_FEAT_FPAC, false);
	set_feature(&config, A64_FEAT_FPACCOMBINE, false);
	set_feature(&config, A64_FEAT_PAuth2, false);
	start(&bench, "step", &config);
	bench.pe->cpu.r[0] = 0x5400001234;
	cr_expect(bench_run(&bench, &cases[1].word, 1));
	/* Key B: bits 62:61 are 10. */
	cr_expect_eq(bench.pe->cpu.r[0], 0x4000005400001234);
	bench_fini(&bench);
}

/* Without the feature the hints do nothing, and the others are undefined. */
Test(arm64_pauth, absent_feature)
{
	struct arm64_config config;
	struct bench bench;
	arm64_config_default(&config);
	set_feature(&config, A64_FEAT_PAuth, false);
	start(&bench, "step", &config);
	bench.pe->cpu.r[A64_REG_LR] = 0x1234;
	uint32_t hint = PACIASP, other = AUTIA_X0_X1;
	cr_expect(bench_run(&bench, &hint, 1));
	cr_expect_eq(bench.pe->cpu.r[A64_REG_LR], 0x1234);
	bench_run(&bench, &other, 1);
	cr_expect_eq(bench_esr(&bench), 0x02000000);
	bench_fini(&bench);
}
