/* Every synchronous cause that S-mode or U-mode can raise, with its medeleg bit
 * clear and set: which level takes it, xepc, xtval, xPP. */
#include "test-roms/riscv/lib/paging.h"
#include "test-roms/riscv/lib/rom.h"

#define HOLE         0x0a000000ul /* nothing is mapped here on the board */
#define UNMAPPED_VA  0x50000000ul
#define READ_ONLY_VA 0x51000000ul

GUEST_CODE(run_illegal, "csrr a0, mstatus");
GUEST_CODE(run_ebreak, "ebreak");
GUEST_CODE(run_ecall, "ecall");
GUEST_CODE(run_load, "ld a1, 0(a0)");
GUEST_CODE(run_store, "sd a1, 0(a0)");
GUEST_CODE(run_amo, "amoadd.d a2, a1, (a0)");
GUEST_CODE(run_jump, "jr a0");
GUEST_CODE(run_misaligned_lr, "lr.d a1, (a0)");
GUEST_CODE(run_misaligned_sc, "sc.d a2, a1, (a0)");

enum tval_rule { TVAL_ADDRESS, TVAL_INSTRUCTION, TVAL_ZERO, TVAL_PC_OR_ZERO };

struct trap_case {
	const char *name;
	const char *code;
	u64 address; /* a0 */
	u64 cause;
	enum tval_rule tval;
	u32 instruction;
	bool paged;
};

static const struct trap_case cases[] = {
	{"illegal",            run_illegal,       0,                ILLEGAL,          TVAL_INSTRUCTION, 0x30002573, false},
	{"ebreak",             run_ebreak,        0,                BREAKPOINT,       TVAL_PC_OR_ZERO,  0,          false},
	{"ecall",              run_ecall,         0,                ECALL_U,          TVAL_ZERO,        0,          false},
	{"load access fault",  run_load,          HOLE + 8,         LOAD_ACCESS,      TVAL_ADDRESS,     0,          false},
	{"store access fault", run_store,         HOLE + 16,        STORE_ACCESS,     TVAL_ADDRESS,     0,          false},
	{"fetch access fault", run_jump,          HOLE + 32,        FETCH_ACCESS,     TVAL_ADDRESS,     0,          false},
	{"lr.d misaligned",    run_misaligned_lr, RAM_BASE + 4,     LOAD_MISALIGNED,  TVAL_ADDRESS,     0,
	 false													   },
	{"sc.d misaligned",    run_misaligned_sc, RAM_BASE + 4,     STORE_MISALIGNED, TVAL_ADDRESS,     0,
	 false													   },
	{"load page fault",    run_load,          UNMAPPED_VA + 8,  LOAD_PAGE,        TVAL_ADDRESS,     0,          true },
	{"store page fault",   run_store,         READ_ONLY_VA + 8, STORE_PAGE,       TVAL_ADDRESS,     0,          true },
	{"amo page fault",     run_amo,           READ_ONLY_VA + 8, STORE_PAGE,       TVAL_ADDRESS,     0,          true },
	{"fetch page fault",   run_jump,          UNMAPPED_VA + 4,  FETCH_PAGE,       TVAL_ADDRESS,     0,          true },
};

static u64 satp_sv39;

static u64 expected_tval(const struct trap_case *test, const struct guest *guest)
{
	switch (test->tval) {
	case TVAL_ADDRESS: return test->address;
	case TVAL_INSTRUCTION: return test->instruction;
	case TVAL_PC_OR_ZERO: return guest->tval ? guest->pc : 0;
	case TVAL_ZERO: break;
	}
	return 0;
}

static u64 expected_epc(const struct trap_case *test, const struct guest *guest)
{
	bool fetch = test->cause == FETCH_ACCESS || test->cause == FETCH_PAGE;
	return fetch ? test->address : guest->pc;
}

static void run_case(const struct trap_case *test, enum mode mode, bool delegated)
{
	struct guest guest = {.mode = mode};
	u64 cause = test->cause == ECALL_U ? ECALL_U + mode : test->cause;
	bool user_view = test->paged && mode == MODE_U;

	guest.pc = user_view ? guest_va(test->code) : (u64)test->code;
	guest.x[A0] = test->address;
	csr_write(satp, test->paged ? satp_sv39 : 0);
	sfence_vma();
	csr_write(medeleg, delegated ? BIT(cause) : 0);
	guest_run(&guest);

	const char *suffix = delegated ? "delegated" : "not delegated";
	enum mode level = delegated ? MODE_S : MODE_M;
	check_trap(&guest, level, cause, expected_tval(test, &guest), "%s in %c, %s", test->name,
		   "US"[mode], suffix);
	check_eq(guest.epc, expected_epc(test, &guest), "%s in %c, %s: epc", test->name, "US"[mode],
		 suffix);
	u64 previous = delegated ? guest.status >> 8 & 1 : guest.status >> 11 & 3;
	check_eq(previous, mode, "%s in %c, %s: previous mode", test->name, "US"[mode], suffix);
	csr_write(medeleg, 0);
}

/* A trap is never delegated below the mode it came from. */
static void machine_traps_stay(void)
{
	struct guest guest = {.mode = MODE_M, .pc = (u64)run_ebreak};
	csr_write(satp, 0);
	csr_write(medeleg, ~0ul);
	guest_run(&guest);
	check_eq(guest.level, MODE_M, "ebreak in M with medeleg all ones stays in M");
	check_eq(guest.status >> 11 & 3, MODE_M, "ebreak in M: MPP = 3");

	guest = (struct guest){.mode = MODE_M, .pc = (u64)run_ecall};
	guest_run(&guest);
	check_trap(&guest, MODE_M, ECALL_M, 0, "ecall in M is cause 11");
	csr_write(medeleg, 0);
}

static void delegation_csr_rules(void)
{
	csr_write(medeleg, ~0ul);
	u64 medeleg_bits = csr_read(medeleg);
	check_eq(medeleg_bits & BIT(ECALL_M), 0, "medeleg bit 11 is read-only zero");
	u64 wanted = 0xb1f8 | BIT(2);
	check_eq(medeleg_bits & wanted & ~BIT(9), wanted & ~BIT(9),
		 "medeleg bits 2-8, 12, 13, 15 are writable");
	csr_write(medeleg, 0);
	check_eq(csr_read(medeleg), 0, "no medeleg bit is read-only one");
	csr_write(mideleg, ~0ul);
	check_eq(csr_read(mideleg) & 0x222, 0x222, "mideleg bits 1, 5, 9 are writable");
	check_eq(csr_read(mideleg) & 0x888, 0, "mideleg bits 3, 7, 11 are read-only zero");
	csr_write(mideleg, 0);
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	struct page_table table = page_table_new(3);
	page_table_map(&table, READ_ONLY_VA, (u64)page_alloc(), PTE_USER & ~PTE_W, 0);
	satp_sv39 = page_table_satp(&table);

	delegation_csr_rules();
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
		for (enum mode mode = MODE_U; mode <= MODE_S; mode++)
			for (unsigned delegated = 0; delegated < 2; delegated++) {
				/* ecall from S cannot usefully be delegated: the harness's own
				 * return from S-mode is one (see supervisor_stub). */
				if (cases[i].cause == ECALL_U && mode == MODE_S && delegated)
					continue;
				run_case(&cases[i], mode, delegated);
			}
	machine_traps_stay();
}
