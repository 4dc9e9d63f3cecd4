/* The EL2 trap facts, case by case, in every engine. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/arm64/pe.h"
#include "cpu/arm64/sysreg.h"
#include "cpu/arm64/trap.h"
#include "tests/arm64-insn/bench.h"
#include "tests/arm64-traps/usual.h"

enum { EL0, EL1, EL2, EL3, NONE };

struct trap_case {
	unsigned number;
	const char *state;
	unsigned level;
	uint32_t word;
	unsigned to;
	uint64_t esr;
	bool after;
};

// clang-format off
static const struct trap_case cases[] = {
#define CASE(...) {__VA_ARGS__},
#include "cases.def"
#undef CASE
};
// clang-format on

static const char *const register_names[] = {
#define SYSREG(id, ...) #id,
#include "cpu/arm64/sysreg.def"
#undef SYSREG
};

static const char *const feature_names[] = {
#define FEATURE(id, kind) #id,
#include "cpu/arm64/feature.def"
#undef FEATURE
};

static unsigned find(const char *const *names, unsigned count, const char *name, size_t length)
{
	for (unsigned i = 0; i < count; i++)
		if (strlen(names[i]) == length && !memcmp(names[i], name, length))
			return i;
	cr_assert_fail("no %.*s", (int)length, name);
	return 0;
}

/* What is fixed when the element is made: features and levels. */
static void configure(struct arm64_config *config, const char *item)
{
	if (!strncmp(item, "+EL3", 4)) {
		config->highest = A64_EL3;
	} else if (*item == '+' || *item == '-') {
		unsigned feature =
			find(feature_names, A64_FEATURE_COUNT, item + 1, strcspn(item + 1, " "));
		uint64_t bit = 1ull << feature % 64;
		config->feature[feature / 64] &= ~bit;
		if (*item == '+')
			config->feature[feature / 64] |= bit;
	}
}

static void set_register(struct arm64_cpu *pe, const char *item)
{
	size_t length = strcspn(item, ":=");
	unsigned reg = find(register_names, A64_SYSREG_COUNT, item, length);
	uint64_t value = strtoull(strchr(item, '=') + 1, NULL, 0);
	if (item[length] == ':') {
		unsigned bit = (unsigned)strtoul(item + length + 1, NULL, 10);
		value = (arm64_sysreg_get(pe, reg) & ~(1ull << bit)) | value << bit;
	}
	arm64_sysreg_set(pe, reg, value);
}

static void raise_line(struct arm64_cpu *pe, unsigned number)
{
	struct irq_line line = arm64_interrupt_line(pe, number);
	irq_set(&line, true);
}

static void set_state(struct bench *bench, const char *item)
{
	struct arm64_cpu *pe = bench->pe;
	if (*item == '+' || *item == '-')
		return;
	if (!strncmp(item, "E2H", 3))
		arm64_sysreg_set(pe, A64_HCR_EL2, pe->sysreg[A64_HCR_EL2] | HCR_E2H);
	else if (!strncmp(item, "TGE", 3))
		arm64_sysreg_set(pe, A64_HCR_EL2, pe->sysreg[A64_HCR_EL2] | HCR_TGE);
	else if (!strncmp(item, "IRQ", 3))
		raise_line(pe, 0);
	else if (!strncmp(item, "EVENT", 5))
		pe->event = true;
	else if (!strncmp(item, "IL", 2))
		arm64_set_pstate(pe, arm64_pstate(pe) | PSTATE_IL);
	else if (!strncmp(item, "X5=", 3) || !strncmp(item, "X8=", 3))
		pe->cpu.r[item[1] - '0'] = strtoull(item + 3, NULL, 0);
	else if (!strncmp(item, "SP=", 3))
		pe->cpu.r[A64_REG_SP] = strtoull(item + 3, NULL, 0);
	else
		set_register(pe, item);
}

static const char *next_item(const char *item)
{
	item += strcspn(item, " ");
	return item + strspn(item, " ");
}

static void check(const struct trap_case *test, const char *engine)
{
	struct arm64_config config;
	struct bench bench;
	usual_config(&config);
	for (const char *item = test->state; *item; item = next_item(item))
		configure(&config, item);
	bench_init(&bench, engine, &config);
	usual_state(bench.pe);
	/* The level first, for SP is its own. */
	bench_set_level(&bench, test->level);
	for (const char *item = test->state; *item; item = next_item(item))
		set_state(&bench, item);
	bool executed = bench_run(&bench, &test->word, 1);
	unsigned level = bench.pe->cpu.level;
	if (test->to == NONE) {
		cr_expect(executed || bench.pe->cpu.halted, "case %u, %s: taken to EL%u, ESR %lx",
			  test->number, engine, level, bench_esr(&bench));
	} else {
		cr_expect_not(executed && test->esr != arm64_esr(A64_EC_BRK, 0),
			      "case %u, %s: executed", test->number, engine);
		cr_expect_eq(level, test->to, "case %u, %s: taken to EL%u", test->number, engine,
			     level);
		cr_expect_eq(bench_esr(&bench), test->esr, "case %u, %s: ESR %lx", test->number,
			     engine, bench_esr(&bench));
		cr_expect_eq(bench_elr(&bench), BENCH_CODE + (test->after ? 4 : 0),
			     "case %u, %s: ELR %lx", test->number, engine, bench_elr(&bench));
	}
	bench_fini(&bench);
}

Test(arm64_traps, acceptance_cases)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++)
		for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
			check(&cases[i], bench_engines[e]);
}

/* Cases 42, 57 and 106: what is read where nothing traps. */
Test(arm64_traps, values_that_controls_change)
{
	static const struct {
		uint32_t word;
		unsigned bit;
		uint64_t mask, expected;
	} reads[] = {
		{0xd53b00e0, 28, 0x10,  0x10}, /* DCZID_EL0.DZP with HCR_EL2.TDZ */
		{0xd53b00e0, 63, 0x10,  0   },
		{0xd5384240, 42, ~0ull, 8   }, /* CurrentEL with HCR_EL2.NV */
		{0xd5384240, 63, ~0ull, 4   },
	};
	for (unsigned i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		struct arm64_config config;
		struct bench bench;
		usual_config(&config);
		bench_init(&bench, "step", &config);
		usual_state(bench.pe);
		if (reads[i].bit < 63)
			arm64_sysreg_set(bench.pe, A64_HCR_EL2, HCR_RW | 1ull << reads[i].bit);
		bench_set_level(&bench, A64_EL1);
		cr_assert(bench_run(&bench, &reads[i].word, 1));
		cr_expect_eq(bench.pe->cpu.r[0] & reads[i].mask, reads[i].expected, "read %u", i);
		bench_fini(&bench);
	}
}
