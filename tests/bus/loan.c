// Loans for DMA: acceptance cases AC-37 to AC-39, and the cached loan.
#include "tests/bus/fixture.h"

#include <string.h>

static struct board board;
static struct recorder device;
static const struct mb_ops ops = RECORDER_OPS(.endian = MB_LITTLE);

static void setup(void)
{
	board_init(&board, MB_WHOLE, MB_SPACE_MEMORY);
	device = (struct recorder){0};
}

static void teardown(void)
{
	board_fini(&board);
}

TestSuite(loan, .init = setup, .fini = teardown);

static void count_retry(void *opaque)
{
	++*(unsigned *)opaque;
}

Test(loan, AC_37_bounce_space_is_limited)
{
	struct mb_loan first, second;
	unsigned retries = 0;
	struct mb_map_waiter waiter = {.retry = count_retry, .opaque = &retries};

	mb_attach(board.root, 0, new_null(&board, "device", 0x10000));
	cr_assert_not_null(mb_map(board.space, 0, 0x6000, true, MB_ATTRS_NONE, &first));
	cr_assert_eq(first.length, 0x1000);
	cr_assert_null(mb_map(board.space, 0, 0x6000, true, MB_ATTRS_NONE, &second));
	cr_assert_eq(second.length, 0);
	mb_map_wait(board.space, &waiter);
	cr_assert_eq(retries, 0);
	cr_assert_eq(mb_unmap(&first, 0), MB_OK);
	cr_assert_eq(retries, 1);
	cr_assert_not_null(mb_map(board.space, 0, 16, true, MB_ATTRS_NONE, &second));
	mb_unmap(&second, 0);
	cr_assert_eq(retries, 1);
}

Test(loan, AC_38_grant_ends_with_the_backing)
{
	struct mb_region *a = new_ram(&board, "a", 0x1000), *b = new_ram(&board, "b", 0x1000);
	struct mb_loan loan;

	mb_attach(board.root, 0, a);
	mb_attach(board.root, 0x1000, b);
	cr_assert_eq(mb_map(board.space, 0, 0x2000, false, MB_ATTRS_NONE, &loan), host_of(a));
	cr_assert_eq(loan.length, 0x1000);
	mb_unmap(&loan, 0);
}

Test(loan, AC_38_ranges_of_one_block_are_one_loan)
{
	struct mb_region *ram = new_ram(&board, "ram", 0x4000);
	struct mb_region *a = new_alias(&board, "a", ram, 0, 0x2000);
	struct mb_region *b = new_alias(&board, "b", ram, 0x2000, 0x2000);
	struct mb_loan loan;

	mb_set_readonly(b, true);
	mb_attach(board.root, 0, a);
	mb_attach(board.root, 0x2000, b);
	mb_map(board.space, 0x1000, 0x10000, false, MB_ATTRS_NONE, &loan);
	cr_assert_eq(loan.length, 0x3000);
	mb_unmap(&loan, 0);
	mb_map(board.space, 0x1000, 0x10000, true, MB_ATTRS_NONE, &loan);
	cr_assert_eq(loan.length, 0x1000);
	mb_unmap(&loan, 0);
}

Test(loan, AC_39_bounce_writes_back_what_was_used)
{
	struct mb_loan loan;

	mb_attach(board.root, 0, new_mmio(&board, "device", 0x1000, &ops, &device));
	memset(mb_map(board.space, 0x40, 0x100, true, MB_ATTRS_NONE, &loan), 0x11, 0x100);
	device.results[1] = MB_DEVICE;
	cr_assert_eq(mb_unmap(&loan, 0x10), MB_DEVICE);
	EXPECT_CALLS(&device, {true, 0x40, 4, 0x11111111}, {true, 0x44, 4, 0x11111111},
		     {true, 0x48, 4, 0x11111111}, {true, 0x4c, 4, 0x11111111});
	cr_assert_null(loan.host);
	cr_assert_eq(mb_unmap(&loan, 0x10), MB_OK);
}

Test(loan, AC_39_direct_write_marks_dirty_what_was_used)
{
	struct mb_region *region = new_ram(&board, "ram", 0x4000);
	struct mb_ram *ram = mb_region_get_ram(region);
	struct mb_loan loan;

	mb_attach(board.root, 0, region);
	mb_dirty_test_clear(ram, MB_DIRTY_DISPLAY, 0, 0x4000);
	mb_map(board.space, 0x800, 0x3000, true, MB_ATTRS_NONE, &loan);
	cr_assert_eq(loan.length, 0x3000);
	cr_assert_eq(mb_unmap(&loan, 0x810), MB_OK);
	cr_assert_eq(mb_dirty_count(ram, MB_DIRTY_DISPLAY, 0, 0x4000), 2);
	cr_assert(mb_dirty_get(ram, MB_DIRTY_DISPLAY, 0x1000, 1));
	cr_assert_not(mb_dirty_get(ram, MB_DIRTY_DISPLAY, 0x2000, 1));
}

Test(loan, bounce_for_reading_is_filled_when_mapped)
{
	struct mb_loan loan;
	uint8_t *bytes;

	device.answers[0] = 0x44332211;
	mb_attach(board.root, 0, new_mmio(&board, "device", 8, &ops, &device));
	bytes = mb_map(board.space, 0, 4, false, MB_ATTRS_NONE, &loan);
	cr_assert_arr_eq(bytes, "\x11\x22\x33\x44", 4);
	cr_assert_eq(loan.result, MB_OK);
	mb_unmap(&loan, 4);
	mb_map(board.space, 0x100, 4, false, MB_ATTRS_NONE, &loan);
	cr_assert_eq(loan.result, MB_DECODE);
	mb_unmap(&loan, 0);
	cr_assert_null(mb_map(board.space, 0, 0, false, MB_ATTRS_NONE, &loan));
}

struct tracked_owner {
	struct mb_owner owner;
	int holds;
};

static void owner_hold(struct mb_owner *owner)
{
	((struct tracked_owner *)owner)->holds++;
}

static void owner_drop(struct mb_owner *owner)
{
	((struct tracked_owner *)owner)->holds--;
}

Test(loan, loan_keeps_region_and_owner)
{
	struct tracked_owner owner = {
		.owner = {owner_hold, owner_drop}
        };
	struct mb_region *ram;
	struct mb_loan loan;
	uint8_t *bytes;

	cr_assert_eq(mb_region_ram(board.bus, "ram", 0x1000, &ram), 0);
	mb_region_set_owner(ram, &owner.owner);
	mb_attach(board.root, 0, ram);
	cr_assert_eq(owner.holds, 1);
	bytes = mb_map(board.space, 0, 0x1000, true, MB_ATTRS_NONE, &loan);
	mb_detach(ram);
	mb_region_unref(ram);
	cr_assert_eq(owner.holds, 1);
	bytes[0] = 1;
	mb_unmap(&loan, 1);
	cr_assert_eq(owner.holds, 0);
}

Test(loan, cached_loan_follows_the_view)
{
	struct mb_region *a = new_ram(&board, "a", 0x1000), *b = new_ram(&board, "b", 0x1000);
	struct mb_loan_cache cache;
	uint8_t byte = 0;

	mb_attach(board.root, 0, a);
	host_of(a)[0x10] = 1;
	host_of(b)[0x10] = 2;
	cr_assert_eq(mb_loan_cache_init(&cache, board.space, 0, 0x800, MB_ATTRS_NONE), 0);
	cr_assert_eq(mb_loan_cache_read(&cache, 0x10, &byte, 1), MB_OK);
	cr_assert_eq(byte, 1);
	mb_attach_overlap(board.root, 0, b, 1);
	cr_assert_eq(mb_loan_cache_read(&cache, 0x10, &byte, 1), MB_OK);
	cr_assert_eq(byte, 2);
	mb_dirty_test_clear(mb_region_get_ram(b), MB_DIRTY_MIGRATION, 0, 0x1000);
	cr_assert_eq(mb_loan_cache_write(&cache, 0x20, "x", 1), MB_OK);
	cr_assert_eq(host_of(b)[0x20], 'x');
	cr_assert(mb_dirty_get(mb_region_get_ram(b), MB_DIRTY_MIGRATION, 0, 1));
	cr_assert_eq(mb_loan_cache_read(&cache, 0x7ff, &byte, 2), MB_DECODE);
	cr_assert_eq(mb_loan_cache_write(&cache, UINT64_MAX, &byte, 2), MB_DECODE);
	mb_detach(a);
	mb_detach(b);
	cr_assert_eq(mb_loan_cache_read(&cache, 0, &byte, 1), MB_DECODE);
	mb_loan_cache_release(&cache);
}
