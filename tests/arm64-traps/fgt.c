/*
 * Every bit of the fine-grained trap registers and every encoding under it: trapping and not, from
 * EL1 and EL0, without its feature, for the host's EL0, and with SCR_EL3.FGTEn.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "cpu/arm64/operation_index.h"
#include "cpu/arm64/pe.h"
#include "cpu/arm64/sysreg.h"
#include "cpu/arm64/trap.h"
#include "tests/arm64-insn/bench.h"
#include "tests/arm64-traps/usual.h"

enum { POSITIVE = 1, NEGATIVE = 0 };
#define NONE    A64_FEATURE_COUNT
#define NEED(a) A64_FEAT_##a

struct fgt_field {
	const char *name;
	enum arm64_sysreg reg;
	unsigned bit, value; /* the value that traps */
	unsigned need;
};

// clang-format off
static const struct fgt_field fields[] = {
#define FGT(reg, bit, field, polarity, need) {#reg "." #field "=", A64_##reg, bit, polarity, need},
#define FGT_TRAP(...)
#include "cpu/arm64/fgt.def"
#undef FGT
#undef FGT_TRAP
};

static const struct {
	enum arm64_sysreg reg;
	unsigned bit, access, encoding;
} trapped[] = {
#define FGT(...)
#define FGT_TRAP(reg, bit, access, op0, op1, crn, crm, op2) \
	{A64_##reg, bit, A64_ACCESS_##access, A64_ENCODING(op0, op1, crn, crm, op2)},
#include "cpu/arm64/fgt.def"
#undef FGT
#undef FGT_TRAP
};
// clang-format on
#define FIELDS  (sizeof(fields) / sizeof(fields[0]))
#define TRAPPED (sizeof(trapped) / sizeof(trapped[0]))

static const struct fgt_field *field_of(unsigned row)
{
	for (unsigned i = 0; i < FIELDS; i++)
		if (fields[i].reg == trapped[row].reg && fields[i].bit == trapped[row].bit)
			return &fields[i];
	return NULL;
}

/* GICR CDIA and GICR CDNMIA give a value, which the others under HFGITR bits do not. */
static bool reads(unsigned row)
{
	enum { CDIA = A64_ENCODING(1, 0, 12, 3, 0), CDNMIA = A64_ENCODING(1, 0, 12, 3, 1) };
	return trapped[row].access == A64_ACCESS_R || trapped[row].encoding == CDIA ||
	       trapped[row].encoding == CDNMIA;
}

/* MRS X5, MSR, SYS or SYSL with X5. */
static uint32_t instruction(unsigned row)
{
	return 0xd5000005 | (uint32_t)reads(row) << 21 | trapped[row].encoding << 5;
}

/* ISS of class 0x18, from the encoding and not from the code under test. */
static uint64_t syndrome(unsigned row)
{
	unsigned e = trapped[row].encoding;
	uint64_t iss = (e >> 14) << 20 | (e & 7) << 17 | (e >> 11 & 7) << 14 | (e >> 7 & 15) << 10 |
		       5 << 5 | (e >> 3 & 15) << 1 | reads(row);
	return 0x18ull << 26 | 1u << 25 | iss;
}

/* What this emulator has, with every feature on: not MTE's cache maintenance, and not SME. */
static bool exists(unsigned row)
{
	enum { MODELLED, REGISTERS, OPTION, ABSENT };
	static const uint8_t kinds[] = {
#define FEATURE(id, kind) kind,
#include "cpu/arm64/feature.def"
#undef FEATURE
	};
	const struct fgt_field *field = field_of(row);
	return arm64_operation_find(trapped[row].encoding) &&
	       (field->need == NONE || kinds[field->need] != ABSENT);
}

static void every_feature(struct arm64_config *config)
{
	arm64_config_default(config);
	memset(config->feature, 0xff, sizeof(config->feature));
}

static void without(struct arm64_config *config, unsigned feature)
{
	config->feature[feature / 64] &= ~(1ull << feature % 64);
}

/* EL1's controls let EL0 do everything. */
static void let_el0(struct arm64_cpu *pe)
{
	enum { TSCXT = 20, E0POE = 29 };
	pe->sysreg[A64_SCTLR_EL1] = SCTLR_UMA | SCTLR_EnRCTX | SCTLR_DZE | SCTLR_UCT | SCTLR_UCI;
	pe->sysreg[A64_SCTLR_EL2] = pe->sysreg[A64_SCTLR_EL1];
	pe->sysreg[A64_CPACR_EL1] = 1ull << E0POE;
	pe->sysreg[A64_PMUSERENR_EL0] = pe->sysreg[A64_AMUSERENR_EL0] = 1;
	pe->sysreg[A64_CNTKCTL_EL1] = 0x303;
	pe->sysreg[A64_CNTHCTL_EL2] |= 0xc03;
	pe->sysreg[A64_MDCR_EL2] |= 31; /* all counters are the guest's */
}

static void set_bit(struct arm64_cpu *pe, const struct fgt_field *field, unsigned value)
{
	uint64_t rest = pe->sysreg[field->reg] & ~(1ull << field->bit);
	arm64_sysreg_set(pe, field->reg, rest | (uint64_t)value << field->bit);
}

static void begin(struct bench *bench, unsigned level)
{
	bench_set_level(bench, A64_EL2);
	bench->pe->sysreg[A64_HCR_EL2] = HCR_RW;
	usual_state(bench->pe);
	let_el0(bench->pe);
	bench->pe->cpu.r[5] = BENCH_DATA;
	bench_set_level(bench, level);
}

Test(arm64_fgt, registers_have_exactly_their_bits)
{
	/* The facts' table of masks: positive and negative bits, and RES1. */
	static const struct {
		enum arm64_sysreg reg;
		uint64_t positive, negative, one;
	} masks[] = {
		{A64_HFGRTR_EL2,     0x0003ffffffffffff, 0xfff4000000000000, 0},
		{A64_HFGWTR_EL2,     0x0003baffe9db39fb, 0xfff4000000000000, 0},
		{A64_HFGITR_EL2,     0xd07fffffffffffff, 0x0f80000000000000, 0},
		{A64_HDFGRTR_EL2,    0x87fdfb3fffcffeff, 0x7800000000000000, 0},
		{A64_HDFGWTR_EL2,    0x03f7763bbfbffdbf, 0x7000000000000000, 0},
		{A64_HAFGRTR_EL2,    0x0003fffffffe001f, 0,                  0},
		{A64_HFGRTR2_EL2,    0,                  0x0000000000007fff, 0},
		{A64_HFGWTR2_EL2,    0,                  0x0000000000007ffd, 0},
		{A64_HFGITR2_EL2,    1,                  2,                  0},
		{A64_HDFGRTR2_EL2,   0,                  0x0000000001dfffff, 0},
		{A64_HDFGWTR2_EL2,   0,                  0x0000000001f9ffbf, 0},
		{A64_ICH_HFGRTR_EL2, 0,                  0x00000000001f00f7, 8},
		{A64_ICH_HFGWTR_EL2, 0,                  0x00000000001e0065, 0},
		{A64_ICH_HFGITR_EL2, 0,                  0x00000000000007ff, 0},
	};
	struct arm64_config config;
	struct bench bench;
	every_feature(&config);
	bench_init(&bench, "step", &config);
	for (unsigned i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		arm64_sysreg_set(bench.pe, masks[i].reg, UINT64_MAX);
		cr_expect_eq(arm64_sysreg_get(bench.pe, masks[i].reg),
			     masks[i].positive | masks[i].negative | masks[i].one, "%u", i);
		arm64_sysreg_set(bench.pe, masks[i].reg, 0);
		cr_expect_eq(arm64_sysreg_get(bench.pe, masks[i].reg), masks[i].one, "%u", i);
		cr_expect_eq(usual_negative_bits(masks[i].reg), masks[i].negative, "%u", i);
	}
	cr_expect_eq(FIELDS, 429);
	bench_fini(&bench);
}

/* With five bits of priority there is one active priorities register of each group. */
Test(arm64_fgt, active_priorities_of_more_bits_are_undefined)
{
	struct bench bench;
	bench_init(&bench, "step", NULL);
	for (unsigned n = 0; n < 4; n++)
		for (unsigned group = 0; group < 2; group++) {
			/* MRS X0, ICC_AP<group>R<n>_EL1 */
			uint32_t word = group ? 0xd538c900 | n << 5 : 0xd538c880 | n << 5;
			bench_set_level(&bench, A64_EL2);
			cr_expect_eq(bench_run(&bench, &word, 1), n == 0, "%08x", word);
			if (n > 0)
				cr_expect_eq(bench_esr(&bench), 1u << 25, "%08x", word);
		}
	bench_fini(&bench);
}

Test(arm64_fgt, gicv5_is_undefined_without_its_feature_and_has_no_interrupts)
{
	static const uint32_t words[] = {
		0xd528c305, /* GICR CDIA, X5 */
		0xd508c120, /* GIC CDEN, X0 */
		0xd538ca65, /* MRS X5, ICC_HPPIR_EL1 */
		0xd518cac0, /* MSR ICC_PPI_ENABLER0_EL1, X0 */
	};
	for (unsigned with = 0; with < 2; with++) {
		struct arm64_config config;
		struct bench bench;
		arm64_config_default(&config);
		if (with)
			every_feature(&config);
		bench_init(&bench, "step", &config);
		for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
			begin(&bench, A64_EL2);
			bench.pe->cpu.r[5] = 1;
			cr_expect_eq(bench_run(&bench, &words[i], 1), with, "%08x", words[i]);
			if (!with)
				cr_expect_eq(bench_esr(&bench), 1u << 25, "%08x", words[i]);
			else if (words[i] >> 21 & 1)
				cr_expect_eq(bench.pe->cpu.r[5], 0, "%08x", words[i]);
		}
		/* What gives a value is no SYS, and the reverse. */
		begin(&bench, A64_EL2);
		uint32_t turned = words[0] ^ 1u << 21;
		cr_expect_not(bench_run(&bench, &turned, 1));
		bench_fini(&bench);
	}
}

static bool run(struct bench *bench, unsigned row)
{
	uint32_t word = instruction(row);
	return bench_run(bench, &word, 1);
}

static void expect_trap(struct bench *bench, unsigned row, const char *name)
{
	cr_expect_eq(bench->pe->cpu.level, A64_EL2, "%s %08x: taken to EL%u", name,
		     instruction(row), bench->pe->cpu.level);
	cr_expect_eq(bench_esr(bench), syndrome(row), "%s %08x: ESR %lx", name, instruction(row),
		     bench_esr(bench));
	cr_expect_eq(bench_elr(bench), BENCH_CODE, "%s", name);
}

/* Whether EL0 may use it at all. Two registers of EL0 are its own to read only. */
static bool for_el0(unsigned row)
{
	enum { TPIDRRO = A64_ENCODING(3, 3, 13, 0, 3), PMUSERENR = A64_ENCODING(3, 3, 9, 14, 0) };
	unsigned encoding = trapped[row].encoding;
	bool write = trapped[row].access == A64_ACCESS_W;
	return (encoding >> 11 & 7) == 3 &&
	       !(write && (encoding == TPIDRRO || encoding == PMUSERENR));
}

Test(arm64_fgt, bits_trap_what_is_under_them)
{
	struct arm64_config config;
	struct bench bench;
	every_feature(&config);
	bench_init(&bench, "step", &config);
	for (unsigned row = 0; row < TRAPPED; row++) {
		const struct fgt_field *field = field_of(row);
		if (!exists(row))
			continue;
		for (unsigned level = for_el0(row) ? A64_EL0 : A64_EL1; level <= A64_EL1; level++) {
			begin(&bench, level);
			set_bit(bench.pe, field, field->value);
			cr_expect_not(run(&bench, row), "%s %08x executed", field->name,
				      instruction(row));
			expect_trap(&bench, row, field->name);

			begin(&bench, level);
			set_bit(bench.pe, field, !field->value);
			run(&bench, row);
			cr_expect_neq(bench_esr(&bench), syndrome(row), "%s %08x trapped, level %u",
				      field->name, instruction(row), level);
		}
		/* EL2 itself is never trapped. */
		begin(&bench, A64_EL2);
		set_bit(bench.pe, field, field->value);
		run(&bench, row);
		cr_expect_neq(bench_esr(&bench), syndrome(row), "%s at EL2", field->name);
	}
	bench_fini(&bench);
}

/* Keeps why the first trap was taken. */
static void note_why(void *opaque, const struct cpu *cpu, const struct observation *observation)
{
	(void)cpu;
	const char **why = opaque;
	if (!*why)
		*why = observation->trap->why;
}

Test(arm64_fgt, the_hosts_el0_is_not_trapped)
{
	struct arm64_config config;
	struct bench bench;
	const char *why = NULL;
	struct observer observer = {
		.kinds = OBSERVE_BIT(OBSERVE_TRAP), .notify = note_why, .opaque = &why};
	every_feature(&config);
	bench_init(&bench, "step", &config);
	observer_add(&bench.machine.observers, &observer);
	for (unsigned row = 0; row < TRAPPED; row++) {
		const struct fgt_field *field = field_of(row);
		if (!exists(row) || !for_el0(row))
			continue;
		begin(&bench, A64_EL0);
		arm64_sysreg_set(bench.pe, A64_HCR_EL2, HCR_RW | HCR_E2H | HCR_TGE);
		set_bit(bench.pe, field, field->value);
		why = NULL;
		run(&bench, row);
		cr_assert_not_null(why);
		cr_expect_null(strstr(why, field->name), "%s %08x: %s", field->name,
			       instruction(row), why);

		/* With E2H=0 they are a guest's, whatever TGE says; and the record names the bit.
		 */
		begin(&bench, A64_EL0);
		arm64_sysreg_set(bench.pe, A64_HCR_EL2, HCR_RW | HCR_TGE);
		set_bit(bench.pe, field, field->value);
		why = NULL;
		run(&bench, row);
		expect_trap(&bench, row, field->name);
		cr_expect(why && strstr(why, field->name), "%s %08x: %s", field->name,
			  instruction(row), why);
	}
	observer_remove(&bench.machine.observers, &observer);
	bench_fini(&bench);
}

Test(arm64_fgt, a_bit_without_its_feature_is_res0_and_the_operation_undefined)
{
	for (unsigned i = 0; i < FIELDS; i++) {
		const struct fgt_field *field = &fields[i];
		if (field->need == NONE)
			continue;
		struct arm64_config config;
		struct bench bench;
		every_feature(&config);
		without(&config, field->need);
		bench_init(&bench, "step", &config);
		begin(&bench, A64_EL2);
		arm64_sysreg_set(bench.pe, field->reg, UINT64_MAX);
		cr_expect_eq(bench.pe->sysreg[field->reg] >> field->bit & 1, 0, "%s", field->name);
		for (unsigned row = 0; row < TRAPPED; row++) {
			if (field_of(row) != field)
				continue;
			begin(&bench, A64_EL1);
			set_bit(bench.pe, field, field->value);
			run(&bench, row);
			cr_expect_neq(bench_esr(&bench), syndrome(row), "%s %08x", field->name,
				      instruction(row));
		}
		bench_fini(&bench);
	}
}

Test(arm64_fgt, scr_el3_fgten_turns_them_off)
{
	struct arm64_config config;
	struct bench bench;
	every_feature(&config);
	config.highest = A64_EL3;
	bench_init(&bench, "step", &config);
	for (unsigned row = 0; row < TRAPPED; row++) {
		const struct fgt_field *field = field_of(row);
		if (!exists(row))
			continue;
		bool second = (arm64_operation_find(trapped[row].encoding)) &&
			      strstr(field->name, "2_EL2.");
		for (unsigned enabled = 0; enabled < 2; enabled++) {
			begin(&bench, A64_EL1);
			set_bit(bench.pe, field, field->value);
			uint64_t fgten = second ? SCR_FGTEn2 : SCR_FGTEn;
			if (!enabled)
				bench.pe->sysreg[A64_SCR_EL3] &= ~fgten;
			run(&bench, row);
			/* FGTEn2=0 makes the registers act as 0: negative bits trap. */
			if (enabled || (second && field->value == 0))
				expect_trap(&bench, row, field->name);
			else
				cr_expect(bench_esr(&bench) != syndrome(row) ||
						  bench.pe->cpu.level != A64_EL2,
					  "%s %08x", field->name, instruction(row));
		}
	}
	bench_fini(&bench);
}
