// Dirty tracking and page state: acceptance cases DB-01 to DB-07.
#include "tests/bus/fixture.h"

static struct board board;
static struct mb_region *region;
static struct mb_ram *ram;

static void setup(void)
{
	board_init(&board, MB_WHOLE, MB_SPACE_MEMORY);
	region = new_ram(&board, "ram", 0xa000);
	ram = mb_region_get_ram(region);
}

static void teardown(void)
{
	board_fini(&board);
}

TestSuite(dirty, .init = setup, .fini = teardown);

static void clear_all(void)
{
	for (unsigned client = 0; client < MB_DIRTY_CLIENTS; client++)
		mb_dirty_test_clear(ram, client, 0, ram->size);
}

// Dirty pages 0 to 9 as a bit set; the same for all clients.
static unsigned dirty_pages(void)
{
	unsigned pages[MB_DIRTY_CLIENTS] = {0};

	for (unsigned client = 0; client < MB_DIRTY_CLIENTS; client++) {
		for (unsigned page = 0; page < 10; page++)
			if (mb_dirty_get(ram, client, page * 0x1000, 1))
				pages[client] |= 1u << page;
		cr_assert_eq(pages[client], pages[0]);
	}
	return pages[0];
}

static void cpu_store(uint64_t address)
{
	cr_assert_eq(mb_st32le(board.space, address, MB_ATTRS_NONE, 1), MB_OK);
}

Test(dirty, DB_01_new_ram_is_dirty)
{
	for (unsigned client = 0; client < MB_DIRTY_CLIENTS; client++)
		cr_assert_eq(mb_dirty_count(ram, client, 0, ram->size), 10);
	cr_assert_eq(mb_dirty_count(ram, MB_DIRTY_DISPLAY, 0x9fff, UINT64_MAX), 1);
	cr_assert_eq(mb_dirty_count(ram, MB_DIRTY_DISPLAY, 0xa000, 1), 0);
}

Test(dirty, DB_02_set_touches_both_pages)
{
	clear_all();
	cr_assert_eq(dirty_pages(), 0);
	mb_dirty_set(ram, 0xfff, 2);
	cr_assert_eq(dirty_pages(), 3);
}

Test(dirty, DB_03_end_is_exclusive)
{
	clear_all();
	mb_dirty_set(ram, 0x1000, 0x1000);
	cr_assert_eq(dirty_pages(), 2);
}

Test(dirty, DB_04_length_zero_marks_nothing)
{
	clear_all();
	mb_dirty_set(ram, 0x1800, 0);
	cr_assert_eq(dirty_pages(), 0);
	mb_ram_note_write(ram, 0x1800, 0);
	cr_assert_eq(dirty_pages(), 0);
}

Test(dirty, DB_05_aliases_share_the_bitmap)
{
	mb_attach(board.root, 0, new_alias(&board, "one", region, 0, 0xa000));
	mb_attach(board.root, 0x10000, new_alias(&board, "two", region, 0, 0xa000));
	clear_all();
	cpu_store(0x13004);
	cr_assert_eq(dirty_pages(), 1 << 3);
	clear_all();
	cpu_store(0x4004);
	cr_assert_eq(dirty_pages(), 1 << 4);
}

struct protect_log {
	unsigned count;
	uint64_t offset, length;
};

static void on_protect(void *opaque, struct mb_ram *block, uint64_t offset, uint64_t length)
{
	struct protect_log *log = opaque;

	cr_assert_eq(block, ram);
	log->count++;
	log->offset = offset;
	log->length = length;
}

Test(dirty, DB_06_first_store_slow_then_fast)
{
	struct protect_log log = {0};

	mb_attach(board.root, 0, region);
	cr_assert_eq(mb_dirty_start(region, MB_DIRTY_MIGRATION), 0);
	mb_ram_set_protect_hook(ram, on_protect, &log);
	cr_assert_eq(ram->page_state[2], 0);
	cr_assert(mb_dirty_test_clear(ram, MB_DIRTY_MIGRATION, 0x2000, 0x1000));
	cr_assert_eq(log.count, 1);
	cr_assert_eq(log.offset, 0x2000);
	cr_assert_eq(log.length, 0x1000);
	cr_assert_eq(ram->page_state[2], MB_PAGE_CLEAN);
	cr_assert_eq(ram->page_state[1], 0);
	cr_assert_eq(ram->page_state[3], 0);
	cpu_store(0x2004);
	cr_assert_eq(ram->page_state[2], 0);
	cr_assert(mb_dirty_get(ram, MB_DIRTY_MIGRATION, 0x2000, 1));
	cpu_store(0x2008);
	cr_assert_eq(ram->page_state[2], 0);
	cr_assert(mb_dirty_test_clear(ram, MB_DIRTY_MIGRATION, 0x2000, 0x1000));
	cr_assert_eq(ram->page_state[2], MB_PAGE_CLEAN);
	cr_assert_eq(log.count, 2);
	// Clean already: nothing to report, nobody to stop.
	cr_assert_not(mb_dirty_test_clear(ram, MB_DIRTY_MIGRATION, 0x2000, 0x1000));
	cr_assert_eq(log.count, 2);
}

Test(dirty, DB_06_every_way_of_writing_is_seen)
{
	struct mb_loan loan;

	mb_attach(board.root, 0, region);
	clear_all();
	cpu_store(0xffe);
	cr_assert_eq(dirty_pages(), 3);
	clear_all();
	mb_write(board.space, 0x2fff, "ab", 2, MB_ATTRS_NONE, NULL);
	cr_assert_eq(dirty_pages(), 0xc);
	clear_all();
	mb_fill(board.space, 0x4000, 1, 0x1001, MB_ATTRS_NONE, NULL);
	cr_assert_eq(dirty_pages(), 0x30);
	clear_all();
	mb_map(board.space, 0x6000, 0x3000, true, MB_ATTRS_NONE, &loan);
	cr_assert_eq(dirty_pages(), 0);
	mb_unmap(&loan, 0x2000);
	cr_assert_eq(dirty_pages(), 0xc0);
	clear_all();
	mb_write_rom(board.space, 0x9000, "x", 1, NULL);
	cr_assert_eq(dirty_pages(), 0x200);
}

Test(dirty, DB_06_clean_until_no_client_is_clean)
{
	mb_dirty_test_clear(ram, MB_DIRTY_DISPLAY, 0, 0x1000);
	mb_dirty_test_clear(ram, MB_DIRTY_MIGRATION, 0, 0x1000);
	cr_assert_eq(ram->page_state[0], MB_PAGE_CLEAN);
	mb_ram_note_write(ram, 0, 1);
	cr_assert_eq(ram->page_state[0], 0);
	cr_assert_eq(dirty_pages(), 0x3ff);
}

struct code_log {
	unsigned count;
	uint32_t seen; // memory as it was when the hook ran
	uint64_t offset, length;
};

static void on_code(void *opaque, struct mb_ram *block, uint64_t offset, uint64_t length)
{
	struct code_log *log = opaque;

	log->count++;
	log->seen = mb_get32le(block->host + 0x1000);
	log->offset = offset;
	log->length = length;
	mb_ram_unmark(block, offset, length, MB_PAGE_CODE);
}

Test(dirty, DB_07_code_is_dropped_before_the_store_is_visible)
{
	struct code_log log = {0};
	struct protect_log protected = {0};

	mb_attach(board.root, 0, region);
	mb_ram_set_code_hook(ram, on_code, &log);
	mb_ram_set_protect_hook(ram, on_protect, &protected);
	mb_put32le(ram->host + 0x1000, 0x11111111);
	mb_ram_mark(ram, 0x1000, 4, MB_PAGE_CODE);
	cr_assert_eq(protected.count, 1);
	mb_ram_mark(ram, 0x1800, 4, MB_PAGE_CODE);
	cr_assert_eq(protected.count, 1);
	cpu_store(0x2000);
	cr_assert_eq(log.count, 0);
	cr_assert_eq(mb_st32le(board.space, 0x1000, MB_ATTRS_NONE, 0x22222222), MB_OK);
	cr_assert_eq(log.count, 1);
	cr_assert_eq(log.seen, 0x11111111);
	cr_assert_eq(log.offset, 0x1000);
	cr_assert_eq(log.length, 4);
	cr_assert_eq(ram->page_state[1], 0);
	cpu_store(0x1000);
	cr_assert_eq(log.count, 1);
	mb_ram_mark(ram, 0x1000, 1, MB_PAGE_CODE);
	mb_write(board.space, 0xf00, ram->host, 0x200, MB_ATTRS_NONE, NULL);
	cr_assert_eq(log.count, 2);
	cr_assert_eq(log.offset, 0xf00);
	cr_assert_eq(log.length, 0x200);
}

Test(dirty, watch_bit_survives_a_write)
{
	mb_attach(board.root, 0, region);
	mb_ram_mark(ram, 0x3000, 1, MB_PAGE_WATCH);
	clear_all();
	cr_assert_eq(ram->page_state[3], MB_PAGE_WATCH | MB_PAGE_CLEAN);
	cpu_store(0x3000);
	cr_assert_eq(ram->page_state[3], MB_PAGE_WATCH);
}

Test(dirty, snapshot_is_a_copy)
{
	struct mb_dirty_snapshot *snapshot;

	clear_all();
	mb_dirty_set(ram, 0x3000, 1);
	mb_dirty_set(ram, 0x8000, 1);
	snapshot = mb_dirty_snapshot(ram, MB_DIRTY_DISPLAY, 0x2000, 0x4000);
	cr_assert_not(mb_dirty_get(ram, MB_DIRTY_DISPLAY, 0x3000, 1));
	cr_assert(mb_dirty_get(ram, MB_DIRTY_DISPLAY, 0x8000, 1));
	cr_assert(mb_dirty_get(ram, MB_DIRTY_MIGRATION, 0x3000, 1));
	mb_dirty_set(ram, 0x4000, 1);
	cr_assert(mb_dirty_snapshot_get(snapshot, 0x3fff, 1));
	cr_assert(mb_dirty_snapshot_get(snapshot, 0, UINT64_MAX));
	cr_assert_not(mb_dirty_snapshot_get(snapshot, 0x4000, 0x1000));
	cr_assert_not(mb_dirty_snapshot_get(snapshot, 0x3000, 0));
	cr_assert_not(mb_dirty_snapshot_get(snapshot, 0x8000, 0x1000));
	mb_dirty_snapshot_free(snapshot);
	snapshot = mb_dirty_snapshot(ram, MB_DIRTY_DISPLAY, 0x2000, 0);
	cr_assert_not(mb_dirty_snapshot_get(snapshot, 0, UINT64_MAX));
	mb_dirty_snapshot_free(snapshot);
}

Test(dirty, bitmaps_wider_than_a_word)
{
	struct mb_region *big = new_ram(&board, "big", 0x200000);
	struct mb_ram *block = mb_region_get_ram(big);

	mb_dirty_test_clear(block, MB_DIRTY_DISPLAY, 0x3f000, 0x42000);
	cr_assert_eq(mb_dirty_count(block, MB_DIRTY_DISPLAY, 0, 0x200000), 512 - 0x42);
	cr_assert(mb_dirty_get(block, MB_DIRTY_DISPLAY, 0x3e000, 0x1000));
	cr_assert_not(mb_dirty_get(block, MB_DIRTY_DISPLAY, 0x3f000, 0x42000));
	cr_assert(mb_dirty_get(block, MB_DIRTY_DISPLAY, 0x81000, 1));
}

Test(dirty, huge_ram_costs_nothing)
{
	struct mb_region *huge = new_ram(&board, "huge", (mb_size)64 << 30);
	struct mb_ram *block = mb_region_get_ram(huge);

	mb_attach(board.root, 0x100000000, huge);
	cr_assert_eq(mb_st64le(board.space, 0x100000000 + (63ull << 30), MB_ATTRS_NONE, 42), MB_OK);
	cr_assert_eq(block->host[63ull << 30], 42);
	cr_assert_eq(mb_dirty_count(block, MB_DIRTY_MIGRATION, 0, block->size), 16 << 20);
}
