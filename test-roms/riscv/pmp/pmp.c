/* Physical memory protection: 16 entries of granule 4 (privileged manual, PMP).
 * Entry 15 opens all of memory below the entries under test. */
#include "test-roms/riscv/lib/paging.h"
#include "test-roms/riscv/lib/rom.h"

enum { R = 1, W = 2, X = 4, OFF = 0, TOR = 8, NA4 = 16, NAPOT = 24, LOCK = 128 };
#define ALL NAPOT
enum { ENTRIES = 16, LAST = ENTRIES - 1 };

GUEST_CODE(run_lb, "lb a2, 0(a0)");
GUEST_CODE(run_lw, "lw a2, 0(a0)");
GUEST_CODE(run_ld, "ld a2, 0(a0)");
GUEST_CODE(run_sb, "sb a1, 0(a0)");
GUEST_CODE(run_sd, "sd a1, 0(a0)");
GUEST_CODE(run_amo, "amoadd.w a2, a1, (a0)");
GUEST_CODE(run_jump, "jr a0");
GUEST_CODE(run_odd_config, "csrr a0, 0x3a1");
/* A load in M-mode with the privilege of the mode in MPP, then back. */
GUEST_CODE(run_mprv_lw, "csrs mstatus, a3\n lw a2, 0(a0)\n csrc mstatus, a3");

static u8 area[8192] __attribute__((aligned(8192)));

#define ADDRESS_CASES(operation)                                                                   \
	switch (index) {                                                                           \
	case 0: operation(0x3b0); break;                                                           \
	case 1: operation(0x3b1); break;                                                           \
	case 2: operation(0x3b2); break;                                                           \
	case 3: operation(0x3b3); break;                                                           \
	case 4: operation(0x3b4); break;                                                           \
	case 5: operation(0x3b5); break;                                                           \
	case 6: operation(0x3b6); break;                                                           \
	case 7: operation(0x3b7); break;                                                           \
	case 8: operation(0x3b8); break;                                                           \
	case 9: operation(0x3b9); break;                                                           \
	case 10: operation(0x3ba); break;                                                          \
	case 11: operation(0x3bb); break;                                                          \
	case 12: operation(0x3bc); break;                                                          \
	case 13: operation(0x3bd); break;                                                          \
	case 14: operation(0x3be); break;                                                          \
	default: operation(0x3bf); break;                                                          \
	}

static void address_write(unsigned index, u64 value)
{
#define WRITE(csr) csr_write(csr, value)
	ADDRESS_CASES(WRITE)
}

static u64 address_read(unsigned index)
{
	u64 value;
#define READ(csr) value = csr_read(csr)
	ADDRESS_CASES(READ)
	return value;
}

static u64 config_word(unsigned index)
{
	return index < 8 ? csr_read(0x3a0) : csr_read(0x3a2);
}

static u8 config_read(unsigned index)
{
	return (u8)(config_word(index) >> (8 * (index & 7)));
}

static void config_write(unsigned index, u8 config)
{
	unsigned shift = 8 * (index & 7);
	u64 word = (config_word(index) & ~(0xfful << shift)) | (u64)config << shift;
	if (index < 8)
		csr_write(0x3a0, word);
	else
		csr_write(0x3a2, word);
	sfence_vma();
}

static void entry(unsigned index, unsigned config, u64 address)
{
	address_write(index, address);
	config_write(index, (u8)config);
}

/* pmpaddr of a naturally aligned power-of-two range of at least 8 bytes. */
static u64 napot(const void *base, u64 size)
{
	return ((u64)base | (size / 2 - 1)) >> 2;
}

static void entries_reset(void)
{
	for (unsigned i = 0; i < LAST; i++)
		entry(i, OFF, 0);
	entry(LAST, ALL | R | W | X, -1ul >> 10);
}

static u64 access(const char *code, const void *address, enum mode mode)
{
	struct guest guest = {.mode = mode, .pc = (u64)code};
	guest.x[A0] = (u64)address;
	guest_run(&guest);
	if (guest.cause == BREAKPOINT)
		return 0;
	/* A wrong tval shows as an impossible cause. */
	return guest.tval == (u64)address ? guest.cause : 1000 + guest.cause;
}

#define CHECK_ACCESS(code, address, mode, cause, ...)                                              \
	check_eq(access(code, address, mode), cause, __VA_ARGS__)

static void registers(void)
{
	for (unsigned i = 0; i < LAST; i++) {
		address_write(i, -1ul);
		check_eq(address_read(i), -1ul >> 10, "pmpaddr%u holds 54 bits", i);
		config_write(i, OFF | R | X);
		check_eq(config_read(i), OFF | R | X, "pmp%ucfg holds R and X", i);
		config_write(i, 0x60);
		check_eq(config_read(i), 0, "pmp%ucfg bits 5 and 6 read 0", i);
	}
	entries_reset();
	entry(0, NA4 | R, 0x12345677);
	check_eq(address_read(0), 0x12345677, "granule 4: NA4 keeps all address bits");
	entry(0, TOR, 0x12345677);
	check_eq(address_read(0), 0x12345677, "granule 4: TOR keeps all address bits");
	struct guest guest = {.mode = MODE_M, .pc = (u64)run_odd_config};
	guest_run(&guest);
	check_eq(guest.cause, ILLEGAL, "pmpcfg1 does not exist on RV64");
	entries_reset();
}

static void no_entry_matches(void)
{
	entry(LAST, OFF, 0);
	struct guest guest = {.mode = MODE_S, .pc = (u64)run_lw};
	guest_run(&guest);
	check_trap(&guest, MODE_M, FETCH_ACCESS, (u64)run_lw, "no entry matches: S cannot fetch");
	guest = (struct guest){.mode = MODE_U, .pc = (u64)run_lw};
	guest_run(&guest);
	check_trap(&guest, MODE_M, FETCH_ACCESS, (u64)run_lw, "no entry matches: U cannot fetch");
	CHECK_ACCESS(run_lw, area, MODE_M, 0, "no entry matches: M may");
	entries_reset();
}

static void check_permissions(const u8 *inside, unsigned config, const char *kind)
{
	bool read = config & R, write = config & W;
	for (enum mode mode = MODE_U; mode <= MODE_S; mode++) {
		char c = "US"[mode];
		CHECK_ACCESS(run_lb, inside, mode, read ? 0 : LOAD_ACCESS, "%s %u: load in %c",
			     kind, config & 7, c);
		CHECK_ACCESS(run_sb, inside, mode, write ? 0 : STORE_ACCESS, "%s %u: store in %c",
			     kind, config & 7, c);
		CHECK_ACCESS(run_amo, inside, mode, write && read ? 0 : STORE_ACCESS,
			     "%s %u: amo in %c", kind, config & 7, c);
	}
	memcpy((void *)inside, "\x02\x90", 2); /* c.ebreak */
	fence_i();
	CHECK_ACCESS(run_jump, inside, MODE_U, config & X ? 0 : FETCH_ACCESS, "%s %u: fetch", kind,
		     config & 7);
	CHECK_ACCESS(run_sb, inside, MODE_M, 0, "%s %u: M is not checked", kind, config & 7);
}

static void kinds_and_permissions(void)
{
	static const u8 permissions[] = {0, R, R | W, X, R | X, R | W | X};
	for (unsigned i = 0; i < ARRAY_SIZE(permissions); i++) {
		u8 permission = permissions[i];
		entry(1, NA4 | permission, (u64)(area + 64) >> 2);
		check_permissions(area + 64, NA4 | permission, "NA4");
		entry(1, NAPOT | permission, napot(area + 4096, 4096));
		check_permissions(area + 4096 + 128, NAPOT | permission, "NAPOT");
		address_write(0, (u64)(area + 1024) >> 2);
		entry(1, TOR | permission, (u64)(area + 2048) >> 2);
		check_permissions(area + 1024 + 64, TOR | permission, "TOR");
		entries_reset();
	}
}

/* Both edges of a closed range, byte by byte. */
static void check_edges(u8 *start, u64 size, const char *kind)
{
	CHECK_ACCESS(run_lb, start - 1, MODE_S, 0, "%s of %lu: before the range", kind, size);
	CHECK_ACCESS(run_lb, start, MODE_S, LOAD_ACCESS, "%s of %lu: first byte", kind, size);
	CHECK_ACCESS(run_lb, start + size - 1, MODE_S, LOAD_ACCESS, "%s of %lu: last byte", kind,
		     size);
	CHECK_ACCESS(run_lb, start + size, MODE_S, 0, "%s of %lu: after the range", kind, size);
}

static void edges(void)
{
	entry(2, NA4, (u64)(area + 256) >> 2);
	check_edges(area + 256, 4, "NA4");
	for (u64 size = 8; size <= 4096; size *= 2) {
		entry(2, NAPOT, napot(area + 4096, size));
		check_edges(area + 4096, size, "NAPOT");
	}
	entry(2, OFF, (u64)(area + 516) >> 2);
	entry(3, TOR, (u64)(area + 1000) >> 2);
	check_edges(area + 516, 1000 - 516, "TOR");
	entry(3, TOR, (u64)(area + 516) >> 2);
	CHECK_ACCESS(run_lb, area + 516, MODE_S, 0, "TOR with equal bounds matches nothing");
	entry(3, TOR, (u64)(area + 8) >> 2);
	CHECK_ACCESS(run_lb, area + 8, MODE_S, 0, "TOR with swapped bounds matches nothing");
	CHECK_ACCESS(run_lb, area + 512, MODE_S, 0, "TOR with swapped bounds, between them");
	entries_reset();
	entry(0, TOR, UART_BASE >> 2);
	CHECK_ACCESS(run_lw, (void *)FINISHER_BASE, MODE_S, LOAD_ACCESS,
		     "TOR of entry 0 is from 0");
	entries_reset();
}

static void priority(void)
{
	entry(4, NA4, (u64)(area + 32) >> 2);
	entry(5, NAPOT | R | W, napot(area, 4096));
	CHECK_ACCESS(run_lb, area + 32, MODE_S, LOAD_ACCESS,
		     "lower entry denies inside a higher one");
	CHECK_ACCESS(run_lb, area + 36, MODE_S, 0, "outside the lower entry the higher one allows");
	entry(4, NA4 | R, (u64)(area + 32) >> 2);
	entry(5, NAPOT, napot(area, 4096));
	CHECK_ACCESS(run_lb, area + 32, MODE_S, 0, "lower entry allows inside a higher one");
	CHECK_ACCESS(run_lb, area + 36, MODE_S, LOAD_ACCESS, "outside the lower entry: denied");
	entries_reset();
}

static void partial_match(void)
{
	entry(6, NA4 | R | W, (u64)(area + 40) >> 2);
	CHECK_ACCESS(run_ld, area + 40, MODE_S, LOAD_ACCESS, "ld over an NA4 entry that allows it");
	CHECK_ACCESS(run_sd, area + 40, MODE_S, STORE_ACCESS,
		     "sd over an NA4 entry that allows it");
	CHECK_ACCESS(run_lw, area + 40, MODE_S, 0, "lw inside it");
	entry(7, NA4 | R | W, (u64)(area + 44) >> 2);
	CHECK_ACCESS(run_ld, area + 40, MODE_S, LOAD_ACCESS,
		     "ld over two entries that both allow it");
	/* "irrespective of the L, R, W, and X bits" */
	CHECK_ACCESS(run_ld, area + 40, MODE_M, LOAD_ACCESS, "a partial match fails in M too");
	entries_reset();
}

static void modified_privilege(void)
{
	entry(8, NAPOT, napot(area, 4096));
	struct guest guest = {.mode = MODE_M, .pc = (u64)run_mprv_lw};
	guest.x[A0] = (u64)area;
	guest.x[A3] = STATUS_MPRV;
	guest_run(&guest); /* after mret to M, MPP holds U */
	check_trap(&guest, MODE_M, LOAD_ACCESS, (u64)area, "MPRV: a load in M is checked as in U");
	guest = (struct guest){.mode = MODE_M, .pc = (u64)run_mprv_lw};
	guest.x[A0] = (u64)area;
	guest_run(&guest);
	check_end(&guest, "MPRV=0: not checked");
	entries_reset();
}

static void page_tables(void)
{
	struct page_table table = page_table_new(3);
	u64 *leaf_table = page_table_entry(&table, 0x40000000, 0);
	page_table_map(&table, 0x40000000, (u64)area, PTE_KERNEL, 0);
	csr_write(satp, page_table_satp(&table));
	const void *va = (const void *)0x40000000;
	CHECK_ACCESS(run_lw, va, MODE_S, 0, "page walk through open memory");
	entry(9, NAPOT, napot((void *)((u64)leaf_table & ~4095ul), 4096));
	CHECK_ACCESS(run_lw, va, MODE_S, LOAD_ACCESS, "load, walk refused");
	CHECK_ACCESS(run_sb, va, MODE_S, STORE_ACCESS, "store, walk refused");
	CHECK_ACCESS(run_jump, va, MODE_S, FETCH_ACCESS, "fetch, walk refused");
	entry(9, NAPOT | R, napot((void *)((u64)leaf_table & ~4095ul), 4096));
	CHECK_ACCESS(run_sb, va, MODE_S, 0, "a readable table is enough");
	csr_write(satp, 0);
	entries_reset();
}

/* Last: nothing unlocks an entry. */
static void locked_entries(void)
{
	entry(10, NAPOT | R | LOCK, napot(area, 64));
	CHECK_ACCESS(run_lw, area, MODE_M, 0, "locked R entry: load in M");
	CHECK_ACCESS(run_sb, area, MODE_M, STORE_ACCESS, "locked R entry: store in M");
	CHECK_ACCESS(run_jump, area, MODE_M, FETCH_ACCESS, "locked R entry: fetch in M");
	CHECK_ACCESS(run_sb, area + 64, MODE_M, 0, "outside the locked entry");
	config_write(10, 0);
	check_eq(config_read(10), NAPOT | R | LOCK, "a locked configuration stays");
	address_write(10, 0);
	check_eq(address_read(10), napot(area, 64), "a locked address stays");
	address_write(9, 4);
	check_eq(address_read(9), 4, "NAPOT does not lock the address before it");

	address_write(11, (u64)(area + 4096) >> 2);
	entry(12, TOR | LOCK, (u64)(area + 4160) >> 2);
	address_write(11, 0);
	check_eq(address_read(11), (u64)(area + 4096) >> 2, "TOR locks the address before it");
	config_write(11, R);
	check_eq(config_read(11), R, "but not the configuration before it");
	config_write(11, 0);
	CHECK_ACCESS(run_lw, area + 4096, MODE_M, LOAD_ACCESS, "locked TOR entry: load in M");
	CHECK_ACCESS(run_lw, area + 4160, MODE_M, 0, "after the locked TOR entry");
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	csr_write(medeleg, 0);
	entries_reset();
	registers();
	no_entry_matches();
	kinds_and_permissions();
	edges();
	priority();
	partial_match();
	modified_privilege();
	page_tables();
	locked_entries();
}
