/*
 * Misaligned accesses at the level of traps: which of them trap, with which cause and value, in
 * both engines. Numbers are those of the project's acceptance cases for misaligned accesses.
 */
#include <criterion/criterion.h>

#include "guest.h"
#include "mmu/sv.h"

#define PAGE_A     0x40000000ull
#define PAGE_B     0x40001000ull
#define UNMAPPED   0x50000000ull
#define PHYSICAL_A (GUEST_RAM + 0x200000)
#define PHYSICAL_B (GUEST_RAM + 0x300000)
#define USER_CODE  (GUEST_CODE + 0x1000)
#define USER_RW    (SV_PTE_V | SV_PTE_R | SV_PTE_W | SV_PTE_U | SV_PTE_A | SV_PTE_D)
#define KEPT       0x5a5a5a5a5a5a5a5aull

enum page_b { B_MAPPED, B_UNMAPPED, B_CLEAN, B_HOLE };

static struct guest *guest_with_pages(const char *cpu, const char *engine, enum page_b page_b)
{
	struct guest *guest = guest_new(cpu, engine);
	guest_map(guest, USER_CODE, GUEST_CODE,
		  SV_PTE_V | SV_PTE_R | SV_PTE_X | SV_PTE_U | SV_PTE_A | SV_PTE_D);
	guest_map(guest, PAGE_A, PHYSICAL_A, USER_RW);
	if (page_b == B_MAPPED)
		guest_map(guest, PAGE_B, PHYSICAL_B, USER_RW);
	else if (page_b == B_CLEAN)
		guest_map(guest, PAGE_B, PHYSICAL_B, USER_RW & ~SV_PTE_D);
	else if (page_b == B_HOLE)
		guest_map(guest, PAGE_B, 0x60000000, USER_RW);
	for (unsigned i = 0; i < 64; i++) {
		mb_st8(guest->machine.memory, PHYSICAL_A + i, MB_ATTRS_NONE, (uint8_t)(0x80 + i));
		mb_st8(guest->machine.memory, PHYSICAL_B + i, MB_ATTRS_NONE, (uint8_t)(0xa8 + i));
	}
	for (unsigned i = 0; i < 8; i++)
		mb_st8(guest->machine.memory, PHYSICAL_A + 0xff8 + i, MB_ATTRS_NONE,
		       (uint8_t)(0xa0 + i));
	guest_set_csr(guest, 0x302, ~0ull);
	guest_set_csr(guest, 0x30a, 0); /* ADUE=0 */
	guest_paging(guest);
	guest_observe(guest, OBSERVE_TRAP);
	return guest;
}

/* One instruction in U-mode with FS as given. */
static bool run(struct guest *guest, uint32_t insn, unsigned base, uint64_t value, unsigned fs)
{
	guest_set_csr(guest, 0x300, (uint64_t)fs << MSTATUS_FS_SHIFT);
	guest_level(guest, RV_U);
	guest->hart->cpu.r[12] = KEPT;
	guest->hart->cpu.r[15] = KEPT;
	guest->hart->cpu.r[11] = 0x1122334455667788;
	guest->hart->cpu.r[base] = value;
	guest_store32(guest, GUEST_CODE, insn);
	return guest_step_at(guest, USER_CODE);
}

static const struct row {
	unsigned number;
	uint32_t insn;
	unsigned base; /* register */
	uint64_t value;
	enum page_b page_b;
	unsigned fs;
	uint64_t cause; /* 0: no trap */
	uint64_t stval;
	uint32_t syndrome;
} trapping[] = {
	{1,  0x00051603, 10, PAGE_A + 1,   0, 0,          4,  PAGE_A + 1,   0x00001603},
	{2,  0x00055603, 10, PAGE_A + 2,   0, 0,          0,  0,            0         },
	{3,  0x00052603, 10, PAGE_A + 3,   0, 0,          4,  PAGE_A + 3,   0x00002603},
	{4,  0xffd4a783, 9,  PAGE_A + 6,   0, 0,          4,  PAGE_A + 3,   0x00002783},
	{5,  0x00053603, 10, PAGE_A + 4,   0, 0,          4,  PAGE_A + 4,   0x00003603},
	{6,  0x01213423, 2,  PAGE_A + 1,   0, 0,          6,  PAGE_A + 9,   0x01203023},
	{7,  0x00f720a3, 14, PAGE_A,       0, 0,          6,  PAGE_A + 1,   0x00f02023},
	{8,  0x6110,     10, PAGE_A + 1,   0, 0,          4,  PAGE_A + 1,   0x00003601},
	{9,  0xc63e,     2,  PAGE_A + 2,   0, 0,          6,  PAGE_A + 0xe, 0x00f02021},
	{10, 0x00072f87, 14, PAGE_A + 1,   0, FS_INITIAL, 4,  PAGE_A + 1,   0x00002f87},
	{11, 0x00072f87, 14, PAGE_A + 1,   0, FS_OFF,     2,  0x00072f87,   0         },
	{12, 0x01f73027, 14, PAGE_A + 1,   0, FS_INITIAL, 6,  PAGE_A + 1,   0x01f03027},
	{13, 0x00052003, 10, PAGE_A + 1,   0, 0,          4,  PAGE_A + 1,   0x00002003},
	{14, 0x00050603, 10, PAGE_A + 3,   0, 0,          0,  0,            0         },
	{15, 0x00052603, 10, UNMAPPED + 1, 0, 0,          4,  UNMAPPED + 1, 0x00002603},
	{16, 0x00052603, 10, UNMAPPED,     0, 0,          13, UNMAPPED,     0x00002603},
	{41, 0x06b626af, 12, PAGE_A + 1,   0, 0,          6,  PAGE_A + 1,   0x06b026af},
	{42, 0x100636af, 12, PAGE_A + 4,   0, 0,          4,  PAGE_A + 4,   0x100036af},
	{43, 0x18b626af, 12, PAGE_A + 2,   0, 0,          6,  PAGE_A + 2,   0x18b026af},
	{44, 0x00251087, 10, PAGE_A - 1,   0, FS_INITIAL, 4,  PAGE_A + 1,   0x00001087},
};

/* 8.3: the hart performs the access, and its parts fault or not. */
static const struct row hardware[] = {
	{45,  0x00053603, 10, PAGE_A + 5,     0,          0, 0,  0,          0         },
	{46,  0x00052603, 10, PAGE_A + 0xffe, B_UNMAPPED, 0, 13, PAGE_B,     0x00012603},
	{47,  0x00052603, 10, PAGE_A - 2,     0,          0, 13, PAGE_A - 2, 0x00002603},
	{470, 0x00b53023, 10, PAGE_A + 0xffc, B_UNMAPPED, 0, 15, PAGE_B,     0x00b23023},
	{48,  0x00b53023, 10, PAGE_A + 0xffc, B_CLEAN,    0, 15, PAGE_B,     0x00b23023},
	{50,  0x00052603, 10, PAGE_A + 0xffe, B_HOLE,     0, 5,  PAGE_B,     0x00012603},
	{51,  0x1006262f, 12, PAGE_A + 1,     0,          0, 4,  PAGE_A + 1, 0x1000262f},
	{52,  0x06b626af, 12, PAGE_A + 1,     0,          0, 6,  PAGE_A + 1, 0x06b026af},
};

static void check(const char *cpu, const char *engine, const struct row *row)
{
	struct guest *guest = guest_with_pages(cpu, engine, row->page_b);
	struct riscv_cpu *hart = guest->hart;
	uint64_t before = guest_load(guest, PHYSICAL_A + 0xff8);
	bool done = run(guest, row->insn, row->base, row->value, row->fs);
	cr_assert_eq(done, !row->cause, "case %u: scause %lu", row->number, hart->scause);
	if (row->cause) {
		cr_assert_eq(hart->scause, row->cause, "case %u: %lu", row->number, hart->scause);
		cr_assert_eq(hart->stval, row->stval, "case %u: 0x%lx", row->number, hart->stval);
		cr_assert_eq(hart->sepc, USER_CODE, "case %u", row->number);
		cr_assert_eq(hart->mstatus & MSTATUS_SPP, 0, "case %u", row->number);
		cr_assert_eq(hart->mstatus & MSTATUS_FS, (uint64_t)row->fs << MSTATUS_FS_SHIFT,
			     "case %u", row->number);
		cr_assert_eq(guest->seen_trap.syndrome, row->syndrome, "case %u: 0x%lx",
			     row->number, guest->seen_trap.syndrome);
		if (row->base != 12)
			cr_assert_eq(hart->cpu.r[12], KEPT, "case %u", row->number);
		cr_assert_eq(hart->cpu.r[row->base], row->value, "case %u", row->number);
		cr_assert_eq(guest_load(guest, PHYSICAL_A + 0xff8), before,
			     "case %u: nothing of a faulting store is written", row->number);
	}
	guest_free(guest);
}

static void check_rows(const char *cpu, const struct row *rows, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		check(cpu, "step", &rows[i]);
		check(cpu, "interp", &rows[i]);
	}
}

Test(riscv_misaligned, cases_1_to_16_trap_and_delegate)
{
	check_rows("rv64,misaligned=trap", trapping, sizeof(trapping) / sizeof(trapping[0]));
}

Test(riscv_misaligned, cases_45_to_52_in_hardware)
{
	check_rows("rv64", hardware, sizeof(hardware) / sizeof(hardware[0]));
}

Test(riscv_misaligned, case_17_in_s_mode_alignment_comes_before_sum)
{
	struct guest *guest = guest_with_pages("rv64,misaligned=trap", "interp", B_MAPPED);
	guest_map(guest, GUEST_CODE, GUEST_CODE, SV_PTE_V | SV_PTE_R | SV_PTE_X | SV_PTE_A);
	guest_level(guest, RV_S);
	guest->hart->cpu.r[10] = PAGE_A + 1;
	cr_assert_not(guest_step(guest, 0x00053603));
	cr_assert_eq(guest->hart->scause, 4);
	cr_assert(guest->hart->mstatus & MSTATUS_SPP);
	cr_assert_str_eq(guest->seen_trap.why, "misaligned=trap");
	guest_free(guest);
}

Test(riscv_misaligned, case_18_the_two_delegation_bits_are_independent)
{
	struct guest *guest = guest_with_pages("rv64,misaligned=trap", "step", B_MAPPED);
	guest_set_csr(guest, 0x302, 1u << 4);
	cr_assert_not(run(guest, 0x00053603, 10, PAGE_A + 1, 0));
	cr_assert_eq(guest->hart->cpu.level, RV_S);
	cr_assert_not(run(guest, 0x00b53023, 10, PAGE_A + 1, 0));
	cr_assert_eq(guest->hart->cpu.level, RV_M);
	cr_assert_eq(guest->hart->mcause, 6);
	cr_assert_eq(guest->hart->mtval, PAGE_A + 1);
	guest_free(guest);
}

Test(riscv_misaligned, case_19_devices_refuse)
{
	for (int trap = 0; trap < 2; trap++) {
		struct guest *guest = guest_new(trap ? "rv64,misaligned=trap" : "rv64", "step");
		guest_set_csr(guest, 0x302, ~0ull);
		guest_level(guest, RV_S);
		guest->hart->cpu.r[10] = GUEST_DEVICE + 1;
		cr_assert_not(guest_step(guest, 0x00052603));
		cr_assert_eq(guest->hart->scause, 5);
		cr_assert_eq(guest->hart->stval, GUEST_DEVICE + 1);
		guest_level(guest, RV_S);
		guest->hart->cpu.r[10] = GUEST_DEVICE;
		cr_assert(guest_step(guest, 0x00052603));
		guest_free(guest);
	}
}

Test(riscv_misaligned, case_20_entry_state)
{
	struct guest *guest = guest_new("rv64,misaligned=trap", "interp");
	guest_set_csr(guest, 0x302, ~0ull);
	guest_set_csr(guest, 0x105, GUEST_STVEC | 1);
	guest_set_csr(guest, 0x300, MSTATUS_SIE);
	guest_level(guest, RV_S);
	guest->hart->cpu.r[10] = GUEST_RAM + 1;
	cr_assert_not(guest_step(guest, 0x00052603));
	cr_assert_eq(guest->hart->mstatus & (MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP),
		     MSTATUS_SPIE | MSTATUS_SPP);
	cr_assert_eq(guest->hart->cpu.pc, GUEST_STVEC, "the base, though vectored");
	guest_free(guest);
}

Test(riscv_misaligned, case_45_values)
{
	static const char *const engines[] = {"step", "interp", "jit"};
	for (unsigned i = 0; i < 2 + ENGINE_HAS_JIT; i++) {
		struct guest *guest = guest_with_pages("rv64", engines[i], B_MAPPED);
		cr_assert(run(guest, 0x00053603, 10, PAGE_A + 5, 0));
		cr_assert_eq(guest->hart->cpu.r[12], 0x8c8b8a8988878685);
		cr_assert(run(guest, 0x00053603, 10, PAGE_A + 0xffd, 0), "over the page's end");
		cr_assert_eq(guest->hart->cpu.r[12], 0xacabaaa9a8a7a6a5);
		cr_assert(run(guest, 0x00b53023, 10, PAGE_A + 0xffd, 0));
		cr_assert_eq(guest_load(guest, PHYSICAL_A + 0xff8) >> 40, 0x667788);
		cr_assert_eq(guest_load(guest, PHYSICAL_B), 0xafaead1122334455);
		guest_free(guest);
	}
}

Test(riscv_misaligned, case_49_both_pages_become_dirty)
{
	struct guest *guest = guest_with_pages("rv64", "interp", B_UNMAPPED);
	uint64_t a = guest_map(guest, PAGE_A, PHYSICAL_A, USER_RW & ~SV_PTE_D);
	uint64_t b = guest_map(guest, PAGE_B, PHYSICAL_B, USER_RW & ~SV_PTE_D);
	guest_set_csr(guest, 0x30a, MENVCFG_ADUE);
	cr_assert(run(guest, 0x00b53023, 10, PAGE_A + 0xffc, 0));
	cr_assert(guest_load(guest, a) & SV_PTE_D);
	cr_assert(guest_load(guest, b) & SV_PTE_D);
	guest_free(guest);
}
