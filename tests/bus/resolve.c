// What a TLB fill sees: mb_resolve() and view changes. TL-01, TL-02, TL-04 and TL-07 as far as they
// concern the bus.
#include "tests/bus/fixture.h"

#include <string.h>

static struct board board;

static void setup(void)
{
	board_init(&board, MB_WHOLE, MB_SPACE_MEMORY);
}

static void teardown(void)
{
	board_fini(&board);
}

TestSuite(resolve, .init = setup, .fini = teardown);

static struct mb_resolved resolve(uint64_t address, enum mb_access access)
{
	struct mb_resolved where;

	mb_resolve(board.space, address, access, MB_ATTRS_NONE, &where);
	return where;
}

static void count_change(struct mb_listener *listener, const struct mb_change *change)
{
	(void)change;
	++*(unsigned *)listener->opaque;
}

Test(resolve, TL_01_device_over_ram)
{
	unsigned changes = 0;
	struct mb_listener tlb = {.opaque = &changes, .view_changed = count_change};
	struct mb_region *ram = new_ram(&board, "ram", 0x10000);
	struct mb_region *d = new_null(&board, "d", 0x1000);
	uint64_t number;

	mb_attach(board.root, 0, ram);
	mb_listen(board.space, &tlb);
	number = mb_space_view_number(board.space);
	cr_assert_eq(resolve(0x4010, MB_READ).host, host_of(ram) + 0x4010);
	cr_assert_eq(resolve(0x4010, MB_READ).view_number, number);
	mb_attach_overlap(board.root, 0x4000, d, 1);
	cr_assert_eq(changes, 1);
	cr_assert_gt(mb_space_view_number(board.space), number);
	cr_assert_null(resolve(0x4010, MB_READ).host);
	cr_assert_eq(resolve(0x4010, MB_READ).range->section.region, d);
	mb_unlisten(&tlb);
}

Test(resolve, TL_02_moved_ram)
{
	struct mb_region *ram = new_ram(&board, "ram", 0x1000);

	mb_attach(board.root, 0x4000, ram);
	for (enum mb_access access = MB_READ; access <= MB_FETCH; access++)
		cr_assert_eq(resolve(0x4000, access).host, host_of(ram));
	mb_move(ram, 0x8000);
	for (enum mb_access access = MB_READ; access <= MB_FETCH; access++) {
		cr_assert_null(resolve(0x4000, access).range);
		cr_assert_eq(resolve(0x8000, access).host, host_of(ram));
	}
}

Test(resolve, TL_04_page_with_two_ranges_is_mixed)
{
	struct mb_region *ram = new_ram(&board, "ram", 0x10000);
	struct mb_region *io = new_container(&board, "io", 0x10000);
	struct mb_region *mmio = new_null(&board, "mmio", 0x10);

	mb_attach(io, 0x8100, mmio);
	mb_attach(board.root, 0, ram);
	mb_attach_overlap(board.root, 0x8000, new_alias(&board, "window", io, 0x8000, 0x1000), 5);
	cr_assert(resolve(0x8000, MB_READ).mixed);
	cr_assert(resolve(0x8100, MB_READ).mixed);
	cr_assert_eq(resolve(0x8100, MB_READ).range->section.region, mmio);
	cr_assert(resolve(0x8110, MB_READ).mixed);
	cr_assert_eq(resolve(0x8110, MB_READ).host, host_of(ram) + 0x8110);
	cr_assert_not(resolve(0x7fff, MB_READ).mixed);
	cr_assert_not(resolve(0x9000, MB_READ).mixed);
	cr_assert_eq(resolve(0x7ff0, MB_READ).length, 0x110);
}

Test(resolve, window_that_shifts_pages_is_mixed)
{
	struct mb_region *ram = new_ram(&board, "ram", 0x10000);

	mb_attach(board.root, 0, new_alias(&board, "shifted", ram, 0x800, 0x8000));
	cr_assert_eq(resolve(0x1000, MB_READ).ram_offset, 0x1800);
	cr_assert(resolve(0x1000, MB_READ).mixed);
}

Test(resolve, TL_07_backing_lives_as_long_as_the_old_view)
{
	struct mb_region *ram;
	struct mb_view *old;
	uint8_t *host;

	cr_assert_eq(mb_region_ram(board.bus, "ram", 0x1000, &ram), 0);
	mb_attach(board.root, 0, ram);
	old = mb_view_acquire(board.space);
	host = resolve(0, MB_READ).host;
	mb_region_unref(ram);
	mb_detach(ram);
	cr_assert_null(resolve(0, MB_READ).range);
	*host = 1; // still mapped: another CPU has not acknowledged yet
	cr_assert_eq(mb_view_lookup(old, 0)->ram->host, host);
	mb_view_release(old);
}

Test(resolve, kinds_and_directions)
{
	static const struct mb_ops ops = {.read = recorder_read, .write = recorder_write};
	struct mb_region *rom = new_rom(&board, "rom", 0x1000, MB_ROM_IGNORE);
	struct mb_region *romd;
	struct mb_resolved where;

	cr_assert_eq(mb_region_romd(board.bus, "romd", 0x1000, &ops, NULL, &romd), 0);
	mb_attach(board.root, 0, rom);
	mb_attach(board.root, 0x1000, romd);
	cr_assert_eq(resolve(0x10, MB_FETCH).host, host_of(rom) + 0x10);
	cr_assert_null(resolve(0x10, MB_WRITE).host);
	cr_assert(resolve(0x10, MB_WRITE).readonly);
	cr_assert_eq(mb_resolve(board.space, 0x10, MB_WRITE, MB_ATTRS_DEBUG, &where), MB_OK);
	cr_assert_eq(where.host, host_of(rom) + 0x10);
	cr_assert_eq(resolve(0x1000, MB_READ).host, host_of(romd));
	cr_assert_null(resolve(0x1000, MB_WRITE).host);
	cr_assert_not(resolve(0x1000, MB_WRITE).readonly);
	mb_set_romd(romd, false);
	cr_assert_null(resolve(0x1000, MB_READ).host);
	mb_region_unref(romd);
}

Test(resolve, holes_and_the_ends_of_the_space)
{
	struct mb_region *background = new_null(&board, "background", MB_WHOLE);
	struct mb_resolved where;

	cr_assert_eq(mb_resolve(board.space, 0, MB_READ, MB_ATTRS_NONE, &where), MB_DECODE);
	cr_assert_null(where.range);
	cr_assert_eq(where.length, UINT64_MAX);
	cr_assert_eq(resolve(0xffffffffffffff00, MB_READ).length, 0x100);
	mb_attach(board.root, 0x2000, new_ram(&board, "ram", 0x1000));
	cr_assert_eq(resolve(0x1ff0, MB_READ).length, 0x10);
	mb_attach_overlap(board.root, 0, background, -1);
	cr_assert_eq(resolve(0x1ff0, MB_READ).length, 0x10);
	cr_assert_eq(resolve(0xffffffffffffff00, MB_READ).length, 0x100);
	cr_assert_not(resolve(0xffffffffffffff00, MB_READ).mixed);
}
