/* Translation as instructions see it: page tables, SUM, MXR, MPRV, fences, PMP. */
#include <criterion/criterion.h>

#include "guest.h"
#include "mmu/sv.h"

#define PAGE     0x40000000ull
#define PHYSICAL (GUEST_RAM + 0x200000)
#define A0       10
#define LD       0x00053603u /* ld a2, 0(a0) */
#define SD       0x00c53023u /* sd a2, 0(a0) */
#define AMOADD   0x00b536afu /* amoadd.d a3, a1, (a0) */
#define LR       0x100536afu /* lr.d a3, (a0) */
#define SFENCE   0x12000073u /* sfence.vma */
#define SFENCE_A 0x12050073u /* sfence.vma a0 */

#define RWXAD (SV_PTE_V | SV_PTE_R | SV_PTE_W | SV_PTE_X | SV_PTE_A | SV_PTE_D)
#define U     SV_PTE_U

/* The code page is there for S-mode and, at another address, for U-mode. */
static struct guest *paged(const char *cpu, const char *engine)
{
	struct guest *guest = guest_new(cpu, engine);
	guest_map(guest, GUEST_CODE, GUEST_CODE, RWXAD);
	guest_map(guest, GUEST_CODE + 0x1000, GUEST_CODE, RWXAD | U);
	guest_set_csr(guest, 0x302, 1u << 12 | 1u << 13 | 1u << 15);
	guest_paging(guest);
	guest->hart->cpu.r[A0] = PAGE;
	return guest;
}

/* One instruction at S- or U-level; the code page differs. */
static bool run(struct guest *guest, enum riscv_level level, uint32_t insn)
{
	guest_level(guest, level);
	guest_store32(guest, GUEST_CODE, insn);
	return guest_step_at(guest, level == RV_U ? GUEST_CODE + 0x1000 : GUEST_CODE);
}

static void check_fault(struct guest *guest, uint64_t cause, uint64_t value, const char *why)
{
	cr_assert_eq(guest->hart->cpu.level, RV_S, "%s", why);
	cr_assert_eq(guest->hart->scause, cause, "%s: scause %lu", why, guest->hart->scause);
	cr_assert_eq(guest->hart->stval, value, "%s", why);
	cr_assert_str_eq(guest->seen_trap.why, why);
}

static const struct access {
	uint64_t flags; /* of the page */
	enum riscv_level level;
	uint64_t mstatus;
	uint32_t insn;
	uint64_t cause; /* 0: works */
	const char *why;
} accesses[] = {
	{RWXAD,			 RV_S, 0,           LD,         0,  ""                            },
	{RWXAD,			 RV_S, 0,           SD,         0,  ""                            },
	{RWXAD,			 RV_U, 0,           LD,         13, "PTE.U=0 in U-mode"           },
	{RWXAD,			 RV_U, 0,           SD,         15, "PTE.U=0 in U-mode"           },
	{RWXAD | U,		     RV_U, 0,           LD,         0,  ""                            },
	{RWXAD | U,		     RV_S, 0,           LD,         13, "PTE.U=1 in S-mode with SUM=0"},
	{RWXAD | U,		     RV_S, MSTATUS_SUM, LD,         0,  ""                            },
	{RWXAD & ~SV_PTE_R & ~SV_PTE_W, RV_S, 0,           LD,         13, "PTE.R=0, PTE.X=1 with MXR=0" },
	{RWXAD & ~SV_PTE_R & ~SV_PTE_W, RV_S, MSTATUS_MXR, LD,         0,  ""                            },
	{RWXAD & ~SV_PTE_W,             RV_S, 0,           SD,         15, "PTE.W=0"                     },
	{RWXAD & ~SV_PTE_W,             RV_S, 0,           AMOADD,     15, "PTE.W=0"                     },
	{RWXAD & ~SV_PTE_W,             RV_S, 0,           LR,         0,  ""                            },
	{RWXAD & ~SV_PTE_A,             RV_S, 0,           LR,         13, "PTE.A=0 with menvcfg.ADUE=0" },
	{RWXAD & ~SV_PTE_D,             RV_S, 0,           SD,         15, "PTE.D=0 with menvcfg.ADUE=0" },
	{RWXAD & ~SV_PTE_D,             RV_S, 0,           LD,         0,  ""                            },
	{0,			     RV_S, 0,           LD,         13, "PTE.V=0"                     },
	{0,			     RV_S, 0,           AMOADD,     15, "PTE.V=0"                     },
	{0,			     RV_S, 0,           0x0005200f, 15, "PTE.V=0"                     }, /* cbo.inval is reported as a store */
};

Test(riscv_translation, accesses)
{
	for (unsigned i = 0; i < sizeof(accesses) / sizeof(accesses[0]); i++) {
		const struct access *row = &accesses[i];
		struct guest *guest = paged("rv64", i % 2 ? "interp" : "step");
		guest_observe(guest, OBSERVE_TRAP);
		guest_map(guest, PAGE, PHYSICAL, row->flags);
		guest_set_csr(guest, 0x300, row->mstatus);
		guest_set_csr(guest, 0x30a, ENVCFG_CBIE | ENVCFG_CBCFE | ENVCFG_CBZE);
		bool done = run(guest, row->level, row->insn);
		cr_assert_eq(done, !row->cause, "row %u: scause %lu", i, guest->hart->scause);
		if (row->cause)
			check_fault(guest, row->cause, PAGE, row->why);
		guest_free(guest);
	}
}

Test(riscv_translation, fetch)
{
	struct guest *guest = paged("rv64", "step");
	guest_observe(guest, OBSERVE_TRAP);
	guest_map(guest, PAGE, PHYSICAL, RWXAD | U);
	guest_set_csr(guest, 0x300, MSTATUS_SUM);
	guest_level(guest, RV_S);
	cr_assert_not(guest_step_at(guest, PAGE));
	check_fault(guest, 12, PAGE, "PTE.U=1: S-mode never fetches from user pages");
	guest_level(guest, RV_U);
	guest_store32(guest, PHYSICAL, NOP);
	cr_assert(guest_step_at(guest, PAGE));
	/* An instruction over the page's end: the fault is at the second page. */
	guest_store32(guest, PHYSICAL + 0xffc, NOP << 16 | 1); /* c.nop, then half an addi */
	cr_assert_not(guest_step_at(guest, PAGE + 0xffe));
	check_fault(guest, 12, PAGE + 0x1000, "PTE.V=0");
	cr_assert_eq(guest->hart->sepc, PAGE + 0xffe);
	guest_free(guest);
}

Test(riscv_translation, sum_and_mxr_take_effect_at_once)
{
	struct guest *guest = paged("rv64", "interp");
	guest_map(guest, PAGE, PHYSICAL, RWXAD | U);
	guest_map(guest, PAGE + 0x1000, PHYSICAL, RWXAD & ~SV_PTE_R & ~SV_PTE_W);
	for (unsigned i = 0; i < 4; i++) {
		uint64_t on = i & 1;
		guest_set_csr(guest, 0x100, on * MSTATUS_SUM);
		guest->hart->cpu.r[A0] = PAGE;
		cr_assert_eq(run(guest, RV_S, LD), on, "SUM=%lu", on);
		guest_set_csr(guest, 0x100, on * MSTATUS_MXR);
		guest->hart->cpu.r[A0] = PAGE + 0x1000;
		cr_assert_eq(run(guest, RV_S, LD), on, "MXR=%lu", on);
	}
	guest_free(guest);
}

Test(riscv_translation, mprv_lends_the_level_of_mpp)
{
	struct guest *guest = paged("rv64", "step");
	guest_map(guest, PAGE, PHYSICAL, RWXAD | U);
	guest_store(guest, PHYSICAL, 77);
	guest_set_csr(guest, 0x300, MSTATUS_MPRV | (uint64_t)RV_U << 11);
	cr_assert(guest_step(guest, LD), "fetched as M-mode, loaded as U-mode");
	cr_assert_eq(guest->hart->cpu.r[12], 77);
	guest_set_csr(guest, 0x300, MSTATUS_MPRV | (uint64_t)RV_S << 11);
	cr_assert_not(guest_step(guest, LD), "SUM=0");
	cr_assert_eq(guest->hart->mcause, 13, "M-mode's traps are not delegated");
	guest_set_csr(guest, 0x300, MSTATUS_MPRV | MSTATUS_SUM | (uint64_t)RV_S << 11);
	cr_assert(guest_step(guest, LD));
	guest_set_csr(guest, 0x300, MSTATUS_MPRV | (uint64_t)RV_M << 11);
	cr_assert_not(guest_step(guest, LD), "physical again: a hole");
	cr_assert_eq(guest->hart->mcause, 5);
	guest_free(guest);
}

Test(riscv_translation, hardware_updates_follow_adue)
{
	struct guest *guest = paged("rv64", "interp");
	uint64_t slot = guest_map(guest, PAGE, PHYSICAL, RWXAD & ~(SV_PTE_A | SV_PTE_D));
	cr_assert(guest->hart->menvcfg & MENVCFG_ADUE, "at reset");
	guest_set_csr(guest, 0x30a, 0);
	cr_assert_not(run(guest, RV_S, LD));
	guest_set_csr(guest, 0x30a, MENVCFG_ADUE);
	cr_assert(run(guest, RV_S, LD));
	cr_assert_eq(guest_load(guest, slot) & (SV_PTE_A | SV_PTE_D), SV_PTE_A);
	cr_assert(run(guest, RV_S, SD), "the cached translation did not allow writes");
	cr_assert_eq(guest_load(guest, slot) & (SV_PTE_A | SV_PTE_D), SV_PTE_A | SV_PTE_D);
	guest_free(guest);
}

Test(riscv_translation, fences_drop_what_they_name)
{
	struct guest *guest = paged("rv64", "interp");
	guest_map(guest, PAGE, PHYSICAL, RWXAD);
	guest_store(guest, PHYSICAL, 1);
	guest_store(guest, PHYSICAL + 0x1000, 2);
	cr_assert(run(guest, RV_S, LD));
	guest_map(guest, PAGE, PHYSICAL + 0x1000, RWXAD);
	cr_assert(run(guest, RV_S, SFENCE_A));
	cr_assert(run(guest, RV_S, LD));
	cr_assert_eq(guest->hart->cpu.r[12], 2);
	guest_map(guest, PAGE, PHYSICAL, RWXAD);
	cr_assert(run(guest, RV_S, SFENCE));
	cr_assert(run(guest, RV_S, LD));
	cr_assert_eq(guest->hart->cpu.r[12], 1);
	guest_free(guest);
}

/* One fence anywhere in a superpage is for all of it, though it is cached in 4 KiB pieces. */
Test(riscv_translation, a_fence_covers_the_whole_superpage)
{
	struct guest *guest = paged("rv64", "interp");
	/* A 2 MiB leaf: replace the pointer that guest_map() makes. */
	uint64_t slot = guest_map(guest, PAGE, PHYSICAL, RWXAD);
	uint64_t middle = (slot & ~0xfffull) - 0x1000;
	cr_assert_eq(guest_load(guest, middle) & 0xf, SV_PTE_V);
	guest_store(guest, middle, PHYSICAL >> 12 << 10 | RWXAD);
	guest_store(guest, PHYSICAL + 0x5000, 1);
	guest->hart->cpu.r[A0] = PAGE + 0x5000;
	cr_assert(run(guest, RV_S, LD));
	cr_assert_eq(guest->hart->cpu.r[12], 1);
	guest_store(guest, middle, 0);
	guest->hart->cpu.r[A0] = PAGE;
	cr_assert(run(guest, RV_S, SFENCE_A));
	guest->hart->cpu.r[A0] = PAGE + 0x5000;
	cr_assert_not(run(guest, RV_S, LD));
	cr_assert_eq(guest->hart->scause, 13);
	guest_free(guest);
}

Test(riscv_translation, UN_02_table_in_a_hole)
{
	static const struct {
		uint32_t insn;
		uint64_t cause;
	} rows[] = {
		{LD,     5},
                {SD,     7},
                {AMOADD, 7}
        };
	for (unsigned i = 0; i < 3; i++) {
		struct guest *guest = paged("rv64", "step");
		guest_observe(guest, OBSERVE_TRAP);
		guest_set_csr(guest, 0x302, ~0ull);
		guest_store(guest, GUEST_TABLES + 8, 0x50000000ull >> 12 << 10 | SV_PTE_V);
		cr_assert_not(run(guest, RV_S, rows[i].insn));
		check_fault(guest, rows[i].cause, PAGE, "PTE outside of memory");
		guest_level(guest, RV_S);
		cr_assert_not(guest_step_at(guest, PAGE));
		check_fault(guest, 1, PAGE, "PTE outside of memory");
		guest_free(guest);
	}
}

Test(riscv_translation, pmp_guards_data_and_tables)
{
	struct guest *guest = paged("rv64", "step");
	guest_observe(guest, OBSERVE_TRAP);
	guest_set_csr(guest, 0x302, ~0ull);
	uint64_t slot = guest_map(guest, PAGE, PHYSICAL, RWXAD);
	/* Entry 0 refuses, entry 1 opens the rest. */
	guest_set_csr(guest, 0x3b1, ~0ull);
	guest_set_csr(guest, 0x3b0, PHYSICAL >> 2 | 0x1ff); /* the 4 KiB of PHYSICAL */
	guest_set_csr(guest, 0x3a0, 0x1f18);
	cr_assert_not(run(guest, RV_S, LD));
	check_fault(guest, 5, PAGE, "pmp entry 0");
	cr_assert_not(run(guest, RV_S, SD));
	check_fault(guest, 7, PAGE, "pmp entry 0");
	guest_set_csr(guest, 0x3b0, slot >> 2 | 0x1ff);
	cr_assert_not(run(guest, RV_S, SD));
	check_fault(guest, 7, PAGE, "PTE: pmp entry 0");
	/* No entry at all: S- and U-mode get nothing. */
	guest_set_csr(guest, 0x180, 0);
	guest_set_csr(guest, 0x3a0, 0);
	guest_level(guest, RV_S);
	cr_assert_not(guest_step_at(guest, GUEST_CODE));
	check_fault(guest, 1, GUEST_CODE, "no PMP entry matches");
	guest_free(guest);
}

Test(riscv_translation, pmp_is_exact_within_a_page)
{
	struct guest *guest = guest_new("rv64", "interp");
	guest_set_csr(guest, 0x302, ~0ull);
	/* Bytes 8 to 11 of the page are read-only, the rest is open. */
	guest_set_csr(guest, 0x3b1, ~0ull);
	guest_set_csr(guest, 0x3b0, (PHYSICAL + 8) >> 2);
	guest_set_csr(guest, 0x3a0, 0x1f11);
	static const struct {
		uint32_t insn;
		unsigned offset;
		bool works;
	} rows[] = {
		{LD,         0,  true },
                {SD,         0,  true },
                {LD,         8,  false},
		{SD,         8,  false},
                {LD,         4,  false},
                {LD,         16, true },
		{SD,         16, true },
                {0x00052603, 8,  true }, /* lw */
		{0x00c52023, 8,  false},
                {0x00c52023, 12, true }, /* sw */
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		guest_level(guest, RV_S);
		guest->hart->cpu.r[A0] = PHYSICAL + rows[i].offset;
		cr_assert_eq(guest_step(guest, rows[i].insn), rows[i].works, "row %u", i);
	}
	guest_free(guest);
}

/* An instruction of 4 bytes at a 2-byte boundary may lie in two PMP regions: both must allow it. */
Test(riscv_translation, pmp_guards_both_halves_of_an_instruction)
{
	static const char *const engines[] = {"step", "interp"};
	for (unsigned i = 0; i < 2; i++) {
		struct guest *guest = guest_new("rv64", engines[i]);
		guest_set_csr(guest, 0x302, ~0ull);
		/* Bytes 4 to 7 of the code page cannot be executed, the rest is open. */
		guest_set_csr(guest, 0x3b2, ~0ull);
		guest_set_csr(guest, 0x3b1, (GUEST_CODE + 8) >> 2);
		guest_set_csr(guest, 0x3b0, (GUEST_CODE + 4) >> 2);
		guest_set_csr(guest, 0x3a0, 0x1f0b0f);
		guest_level(guest, RV_S);
		cr_assert(guest_step(guest, NOP));
		guest_store32(guest, GUEST_CODE + 2, NOP);
		cr_assert(!guest_step_at(guest, GUEST_CODE + 2));
		cr_assert_eq(guest->hart->scause, RV_CAUSE_FETCH_ACCESS);
		cr_assert_eq(guest->hart->sepc, GUEST_CODE + 2);
		cr_assert_eq(guest->hart->stval, GUEST_CODE + 4);
		guest_store32(guest, GUEST_CODE + 8, NOP);
		guest_level(guest, RV_S);
		cr_assert(guest_step_at(guest, GUEST_CODE + 8));
		guest_free(guest);
	}
}

Test(riscv_translation, physical_addresses_have_56_bits)
{
	struct guest *guest = guest_new("rv64", "step");
	guest->hart->cpu.r[A0] = 1ull << 56 | GUEST_RAM;
	cr_assert_not(guest_step(guest, LD));
	cr_assert_eq(guest->hart->mcause, 5);
	guest->hart->cpu.r[A0] = GUEST_RAM;
	cr_assert(guest_step(guest, LD));
	guest_free(guest);
}

Test(riscv_translation, walks_are_observed)
{
	struct guest *guest = paged("rv64", "step");
	uint64_t slot = guest_map(guest, PAGE, PHYSICAL, RWXAD);
	run(guest, RV_S, NOP);
	guest_observe(guest, OBSERVE_WALK);
	run(guest, RV_S, LD);
	cr_assert_eq(guest->seen_count, 1);
	cr_assert_eq(guest->seen.walk.address, PAGE);
	cr_assert_eq(guest->seen.walk.physical, PHYSICAL);
	cr_assert_eq(guest->seen.walk.levels, 3);
	cr_assert_eq(guest->seen.walk.pte[2], guest_load(guest, slot));
	cr_assert_null(guest->seen.walk.failure);
	cr_assert_eq(guest->seen.pc, GUEST_CODE);
	guest_free(guest);
}
