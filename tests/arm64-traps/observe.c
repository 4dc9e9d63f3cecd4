/* What observers are told of system registers, returns and TLB maintenance, in every engine. */
#include <criterion/criterion.h>
#include <string.h>

#include "cpu/arm64/pe.h"
#include "cpu/arm64/sysreg.h"
#include "tests/arm64-insn/bench.h"
#include "tests/arm64-traps/usual.h"

enum {
	MSR_TPIDR_EL1_X1 = 0xd518d081,
	MRS_X2_TPIDR_EL1 = 0xd538d082,
	MSR_SCTLR_EL1_X3 = 0xd5181003,
	MSR_OSLAR_EL1_X1 = 0xd5101081,
	MRS_X2_HCR_EL2 = 0xd53c1102,
	MSR_HCR_EL2_X1 = 0xd51c1101,
	TLBI_VMALLE1 = 0xd508871f,
	ERET = 0xd69f03e0,
	SEEN_MAX = 8,
};

struct seen {
	struct observation what[SEEN_MAX];
	unsigned count;
};

static void see(void *opaque, const struct cpu *cpu, const struct observation *observation)
{
	struct seen *seen = opaque;
	(void)cpu;
	cr_assert_lt(seen->count, SEEN_MAX);
	seen->what[seen->count++] = *observation;
}

static void expect_register(const struct observation *what, const char *name, bool write,
			    uint64_t before, uint64_t after)
{
	cr_expect_eq(what->kind, OBSERVE_CSR);
	cr_expect_str_eq(what->csr.name, name);
	cr_expect_eq(what->csr.write, write, "%s", name);
	cr_expect_eq(what->csr.before, before, "%s before: %lx", name, what->csr.before);
	cr_expect_eq(what->csr.after, after, "%s after: %lx", name, what->csr.after);
}

/* Runs the instructions with somebody looking, after a time without. */
static void watch(struct bench *bench, struct seen *seen, uint32_t kinds, const uint32_t *insns,
		  unsigned count)
{
	struct observer observer = {.kinds = kinds, .notify = see, .opaque = seen};
	struct observer_list *list = &bench->machine.observers;
	unsigned level = bench->pe->cpu.level;
	bench_run(bench, insns, count);
	bench_set_level(bench, level);
	seen->count = 0;
	observer_add(list, &observer);
	bench_run(bench, insns, count);
	observer_remove(list, &observer);
}

Test(arm64_observe, registers)
{
	const uint32_t insns[] = {MSR_TPIDR_EL1_X1, MRS_X2_TPIDR_EL1, MSR_OSLAR_EL1_X1};
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		struct seen seen;
		bench_init(&bench, bench_engines[e], NULL);
		bench_set_level(&bench, A64_EL1);
		bench.pe->cpu.r[1] = 0x1234;
		watch(&bench, &seen, OBSERVE_BIT(OBSERVE_CSR), insns, 3);
		cr_assert_eq(seen.count, 3, "%s: %u", bench_engines[e], seen.count);
		expect_register(&seen.what[0], "TPIDR_EL1", true, 0x1234, 0x1234);
		expect_register(&seen.what[1], "TPIDR_EL1", false, 0x1234, 0x1234);
		expect_register(&seen.what[2], "OSLAR_EL1", true, 0x1234, 0x1234);
		cr_expect_eq(seen.what[1].pc, BENCH_CODE + 4);
		cr_expect_eq(seen.what[1].icount, seen.what[0].icount + 1);
		bench_fini(&bench);
	}
}

/* FEAT_VHE: the register that is meant, not the one that is named. */
Test(arm64_observe, redirected_registers)
{
	const uint32_t insn = MSR_SCTLR_EL1_X3;
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		struct seen seen;
		bench_init(&bench, bench_engines[e], NULL);
		arm64_sysreg_set(bench.pe, A64_HCR_EL2, HCR_RW | HCR_E2H);
		bench.pe->sysreg[A64_SCTLR_EL2] = bench.pe->cpu.r[3] = 0x30d00800;
		watch(&bench, &seen, OBSERVE_BIT(OBSERVE_CSR), &insn, 1);
		cr_assert_eq(seen.count, 1, "%s: %u", bench_engines[e], seen.count);
		expect_register(&seen.what[0], "SCTLR_EL2", true, 0x30d00800, 0x30d00800);
		cr_expect_eq(seen.what[0].csr.number, A64_ENCODING(3, 4, 1, 0, 0));
		bench_fini(&bench);
	}
}

/* FEAT_NV2: registers in memory. */
Test(arm64_observe, registers_in_memory)
{
	const uint32_t insns[] = {MSR_HCR_EL2_X1, MRS_X2_HCR_EL2};
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		struct seen seen;
		struct arm64_config config;
		usual_config(&config);
		bench_init(&bench, bench_engines[e], &config);
		usual_state(bench.pe);
		arm64_sysreg_set(bench.pe, A64_HCR_EL2, HCR_RW | HCR_NV | HCR_NV2);
		arm64_sysreg_set(bench.pe, A64_VNCR_EL2, BENCH_DATA);
		bench_set_level(&bench, A64_EL1);
		bench.pe->cpu.r[1] = 0x77;
		watch(&bench, &seen, OBSERVE_BIT(OBSERVE_CSR), insns, 2);
		cr_assert_eq(seen.count, 2, "%s: %u", bench_engines[e], seen.count);
		expect_register(&seen.what[0], "HCR_EL2", true, 0x77, 0x77);
		expect_register(&seen.what[1], "HCR_EL2", false, 0x77, 0x77);
		bench_fini(&bench);
	}
}

Test(arm64_observe, returns_and_tlb_maintenance)
{
	const uint32_t insns[] = {TLBI_VMALLE1, ERET};
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		struct seen seen;
		bench_init(&bench, bench_engines[e], NULL);
		bench.pe->sysreg[A64_ELR_EL2] = BENCH_VECTORS;
		bench.pe->sysreg[A64_SPSR_EL2] = PSTATE_DAIF | A64_EL1 << PSTATE_EL_SHIFT;
		watch(&bench, &seen, OBSERVE_BIT(OBSERVE_TLB) | OBSERVE_BIT(OBSERVE_RET), insns, 2);
		cr_assert_eq(seen.count, 2, "%s: %u", bench_engines[e], seen.count);
		cr_expect_eq(seen.what[0].kind, OBSERVE_TLB);
		cr_expect_str_eq(seen.what[0].tlb.reason, "TLBI VMALLE1");
		cr_expect_eq(seen.what[1].kind, OBSERVE_RET);
		cr_expect_eq(seen.what[1].pc, BENCH_CODE + 4);
		cr_expect_eq(seen.what[1].ret.from, A64_EL2);
		cr_expect_eq(seen.what[1].ret.to, A64_EL1);
		cr_expect_eq(seen.what[1].ret.target, BENCH_VECTORS);
		bench_fini(&bench);
	}
}
