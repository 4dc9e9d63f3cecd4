/* Who may do what: direct, indirect, overlaid permissions of stage 1, and those of stage 2. */
#include <criterion/criterion.h>
#include <string.h>

#include "cpu/arm64/walk.h"
#include "mmu/mmu.h"
#include "tests/arm64-mmu/ground.h"

#define VA 0x123000ull

enum { USER = 1, PAN = 2 };

/* "rwx" of what is permitted; '-' where not. */
static void permitted(struct ground *ground, unsigned who, char text[4])
{
	static const unsigned accesses[] = {MMU_READ, MMU_WRITE, MMU_FETCH};
	for (unsigned i = 0; i < 3; i++) {
		struct arm64_request request = {
			.address = VA,
			.regime = A64_REGIME_EL10,
			.user = who & USER,
			.pan = who & PAN,
			.access = accesses[i] | MMU_DEBUG,
		};
		struct arm64_translated found;
		bool ok = arm64_translate_address(ground->bench.pe, &request, &found);
		text[i] = ok ? "rwx"[i] : '-';
	}
	text[3] = 0;
}

static void expect(struct ground *ground, unsigned who, const char *wanted, const char *what)
{
	char found[4];
	permitted(ground, who, found);
	cr_expect_str_eq(found, wanted, "%s, who %u", what, who);
}

static void set_bits(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t bits)
{
	arm64_sysreg_set(pe, reg, pe->sysreg[reg] | bits);
}

#define SCTLR_WXN_BIT  (1ull << 19)
#define SCTLR_EPAN_BIT (1ull << 57)

// clang-format off
/* Arm ARM, table of data access and instruction permissions of stage 1. */
static const struct {
	const char *what;
	uint64_t leaf, sctlr;
	const char *el1, *el0, *pan;
} direct[] = {
	{"AP 00",               0,                                        0,              "rwx", "--x", "rwx"},
	{"AP 00 UXN",           LEAF_UXN,                                 0,              "rwx", "---", "rwx"},
	{"AP 00 PXN",           LEAF_PXN,                                 0,              "rw-", "--x", "rw-"},
	{"AP 00 EPAN",          0,                                        SCTLR_EPAN_BIT, "rwx", "--x", "--x"},
	{"AP 00 UXN EPAN",      LEAF_UXN,                                 SCTLR_EPAN_BIT, "rwx", "---", "rwx"},
	{"AP 00 WXN",           0,                                        SCTLR_WXN_BIT,  "rw-", "--x", "rw-"},
	{"AP 01",               LEAF_EL0,                                 0,              "rw-", "rwx", "---"},
	{"AP 01 UXN",           LEAF_EL0 | LEAF_UXN,                      0,              "rw-", "rw-", "---"},
	{"AP 01 WXN",           LEAF_EL0,                                 SCTLR_WXN_BIT,  "rw-", "rw-", "---"},
	{"AP 10",               LEAF_RO,                                  0,              "r-x", "--x", "r-x"},
	{"AP 10 UXN PXN",       LEAF_RO | LEAF_UXN | LEAF_PXN,            0,              "r--", "---", "r--"},
	{"AP 10 WXN",           LEAF_RO,                                  SCTLR_WXN_BIT,  "r-x", "--x", "r-x"},
	{"AP 11",               LEAF_RO | LEAF_EL0,                       0,              "r-x", "r-x", "--x"},
	{"AP 11 UXN PXN",       LEAF_RO | LEAF_EL0 | LEAF_UXN | LEAF_PXN, 0,              "r--", "r--", "---"},
	{"AP 11 DBM without HD", LEAF_RO | LEAF_EL0 | LEAF_DBM,           0,              "r-x", "r-x", "--x"},
};
// clang-format on

Test(arm64_mmu_permissions, direct)
{
	for (unsigned i = 0; i < sizeof(direct) / sizeof(direct[0]); i++) {
		struct ground ground;
		ground_init(&ground, "step", NULL);
		ground_stage1(&ground);
		ground_map(&ground, &ground.low, VA, 3, BENCH_DATA, LEAF_AF | direct[i].leaf);
		set_bits(ground.bench.pe, A64_SCTLR_EL1, direct[i].sctlr);
		expect(&ground, 0, direct[i].el1, direct[i].what);
		expect(&ground, USER, direct[i].el0, direct[i].what);
		expect(&ground, PAN, direct[i].pan, direct[i].what);
		ground_fini(&ground);
	}
}

/* Limits that table descriptors set, and TCR_EL1.HPD0 lifts. */
Test(arm64_mmu_permissions, hierarchical)
{
	static const struct {
		uint64_t table;
		const char *el1, *el0;
	} rows[] = {
		{1ull << 59, "rw-", "rwx"}, /* PXNTable */
		{1ull << 60, "rw-", "rw-"}, /* UXNTable */
		{1ull << 61, "rwx", "--x"}, /* APTable[0]; EL0 cannot write: EL1 may execute */
		{1ull << 62, "r-x", "r-x"}, /* APTable[1] */
		{3ull << 61, "r-x", "--x"},
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ground ground;
		ground_init(&ground, "step", NULL);
		ground_stage1(&ground);
		uint64_t entry = ground_entry(&ground, &ground.low, VA, 3, rows[i].table);
		bench_store(&ground.bench, entry, 8, BENCH_DATA | LEAF_AF | LEAF_EL0 | 3);
		expect(&ground, 0, rows[i].el1, "limits");
		expect(&ground, USER, rows[i].el0, "limits");
		set_bits(ground.bench.pe, A64_TCR_EL1, 1ull << 41);
		expect(&ground, 0, "rw-", "HPD0");
		expect(&ground, USER, "rwx", "HPD0");
		ground_fini(&ground);
	}
}

/* PIR_EL1 and PIRE0_EL1: the encodings of base permissions. */
Test(arm64_mmu_permissions, indirect_by_index)
{
	static const char *const meaning[] = {"---", "r--", "--x", "r-x", "---", "rw-",
					      "rw-", "rwx", "r--", "r--", "r-x", "---",
					      "rw-", "---", "rwx", "---"};
	struct ground ground;
	ground_init(&ground, "step", NULL);
	ground_stage1(&ground);
	struct arm64_cpu *pe = ground.bench.pe;
	arm64_sysreg_set(pe, A64_HCRX_EL2, 1 << 14); /* TCR2En */
	arm64_sysreg_set(pe, A64_TCR2_EL1, 1 << 1);
	arm64_sysreg_set(pe, A64_PIRE0_EL1, 0xfedcba9876543210);
	arm64_sysreg_set(pe, A64_PIR_EL1, 0x0123456789abcdef);
	for (uint64_t index = 0; index < 16; index++) {
		uint64_t bits = (index & 1) << 6 | (index >> 1 & 1) << 51 | (index >> 2 & 3) << 53;
		ground_map(&ground, &ground.low, VA, 3, BENCH_DATA, LEAF_AF | bits);
		expect(&ground, USER, meaning[index], "PIRE0_EL1");
		expect(&ground, 0, meaning[15 - index], "PIR_EL1");
		/* PSTATE.PAN: whatever EL0 may, EL1 may execute at most. */
		char el1[4];
		memcpy(el1, meaning[15 - index], sizeof(el1));
		if (strcmp(meaning[index], "---"))
			el1[0] = el1[1] = '-';
		/* Without the writing, code 6 may execute. */
		if (15 - index == 6 && strcmp(meaning[index], "---"))
			el1[2] = 'x';
		expect(&ground, PAN, el1, "PAN");
	}
	ground_fini(&ground);
}

/* POR_EL0 takes away from EL0; ISS2.Overlay tells. */
Test(arm64_mmu_permissions, overlays)
{
	static const char *const left[] = {"---", "r--", "--x", "r-x", "-w-", "rw-", "-wx", "rwx"};
	struct ground ground;
	ground_init(&ground, "step", NULL);
	ground_stage1(&ground);
	struct arm64_cpu *pe = ground.bench.pe;
	arm64_sysreg_set(pe, A64_HCRX_EL2, 1 << 14);
	arm64_sysreg_set(pe, A64_TCR2_EL1, 1 << 2); /* E0POE */
	arm64_sysreg_set(pe, A64_POR_EL0, 0x76543210);
	for (uint64_t index = 0; index < 8; index++) {
		ground_map(&ground, &ground.low, VA, 3, BENCH_DATA,
			   LEAF_AF | LEAF_EL0 | index << 60);
		expect(&ground, USER, left[index], "POR_EL0");
		expect(&ground, 0, "rw-", "POR_EL0 is not for EL1");
	}
	ground.bench.pe->cpu.r[1] = VA;
	ground_map(&ground, &ground.low, VA, 3, BENCH_DATA, LEAF_AF | LEAF_EL0);
	arm64_sysreg_set(pe, A64_POR_EL0, 0x70000000); /* code has index 0, too */
	ground_map(&ground, &ground.low, BENCH_RAM, 2, BENCH_RAM,
		   LEAF_AF | LEAF_RO | LEAF_EL0 | 7ull << 60);
	ground_run(&ground, A64_EL0, 0xf9400020);
	cr_expect_eq(bench_esr(&ground.bench), 1ull << 38 | 0x9200000f, "ESR %lx",
		     bench_esr(&ground.bench));
	ground_fini(&ground);
}

/* S2AP and XN[1:0], whose meaning is per level of privilege. */
Test(arm64_mmu_permissions, stage_2)
{
	static const struct {
		uint64_t xn;
		const char *el1, *el0;
	} execute[] = {
		{0, "x", "x"},
                {1, "-", "x"},
                {2, "-", "-"},
                {3, "x", "-"}
        };
	for (uint64_t s2ap = 0; s2ap < 4; s2ap++) {
		for (unsigned i = 0; i < 4; i++) {
			struct ground ground;
			ground_init(&ground, "step", NULL);
			ground_stage2(&ground, true);
			ground_map(&ground, &ground.second, VA, 3, BENCH_DATA,
				   LEAF_AF | LEAF2_NORMAL | s2ap << 6 | execute[i].xn << 53);
			char el1[4] = "---", el0[4] = "---";
			el1[0] = el0[0] = s2ap & 1 ? 'r' : '-';
			el1[1] = el0[1] = s2ap & 2 ? 'w' : '-';
			el1[2] = execute[i].el1[0];
			el0[2] = execute[i].el0[0];
			expect(&ground, 0, el1, "stage 2");
			expect(&ground, USER, el0, "stage 2");
			ground_fini(&ground);
		}
	}
}
