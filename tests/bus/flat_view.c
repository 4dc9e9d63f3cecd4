// Flat view: acceptance cases FV-01 to FV-20 of the memory-bus specification.
#include "tests/bus/fixture.h"

#include <errno.h>

static struct board board;

static void setup(void)
{
	board_init(&board, MB_WHOLE, MB_SPACE_MEMORY);
}

static void teardown(void)
{
	board_fini(&board);
}

TestSuite(flat_view, .init = setup, .fini = teardown);

struct fv01 {
	struct mb_region *a, *b, *c, *d, *e;
};

static void build_fv01(struct fv01 *tree, bool b_terminates)
{
	tree->a = new_container(&board, "A", 0x8000);
	tree->b = b_terminates ? new_null(&board, "B", 0x4000) : new_container(&board, "B", 0x4000);
	tree->c = new_null(&board, "C", 0x6000);
	tree->d = new_null(&board, "D", 0x1000);
	tree->e = new_null(&board, "E", 0x1000);
	mb_attach_overlap(tree->a, 0, tree->c, 1);
	mb_attach_overlap(tree->a, 0x2000, tree->b, 2);
	mb_attach(tree->b, 0, tree->d);
	mb_attach(tree->b, 0x2000, tree->e);
	mb_attach(board.root, 0, tree->a);
}

Test(flat_view, FV_01_container_holes_show_what_lies_below)
{
	struct fv01 t;

	build_fv01(&t, false);
	EXPECT_VIEW(board.space, {0, 0x2000, t.c, 0, false}, {0x2000, 0x3000, t.d, 0, false},
		    {0x3000, 0x4000, t.c, 0x3000, false}, {0x4000, 0x5000, t.e, 0, false},
		    {0x5000, 0x6000, t.c, 0x5000, false});
}

Test(flat_view, FV_02_terminating_parent_answers_in_its_holes)
{
	struct fv01 t;

	build_fv01(&t, true);
	EXPECT_VIEW(board.space, {0, 0x2000, t.c, 0, false}, {0x2000, 0x3000, t.d, 0, false},
		    {0x3000, 0x4000, t.b, 0x1000, false}, {0x4000, 0x5000, t.e, 0, false},
		    {0x5000, 0x6000, t.b, 0x3000, false});
}

Test(flat_view, FV_03_newest_wins_among_equals)
{
	struct mb_region *x = new_null(&board, "X", 0x1000), *y = new_null(&board, "Y", 0x1000);

	mb_attach_overlap(board.root, 0x1000, x, 0);
	mb_attach_overlap(board.root, 0x1800, y, 0);
	EXPECT_VIEW(board.space, {0x1000, 0x1800, x, 0, false}, {0x1800, 0x2800, y, 0, false});
}

Test(flat_view, FV_04_attaching_again_makes_newest)
{
	struct mb_region *x = new_null(&board, "X", 0x1000), *y = new_null(&board, "Y", 0x1000);

	mb_attach_overlap(board.root, 0x1000, x, 0);
	mb_attach_overlap(board.root, 0x1800, y, 0);
	cr_assert_eq(mb_detach(x), 0);
	mb_attach_overlap(board.root, 0x1000, x, 0);
	EXPECT_VIEW(board.space, {0x1000, 0x2000, x, 0, false}, {0x2000, 0x2800, y, 0x800, false});
}

Test(flat_view, FV_05_priority_beats_attach_order)
{
	for (int order = 0; order < 2; order++) {
		struct mb_region *x = new_null(&board, "X", 0x1000);
		struct mb_region *y = new_null(&board, "Y", 0x1000);

		if (order)
			mb_attach_overlap(board.root, 0x1800, y, -1);
		mb_attach_overlap(board.root, 0x1000, x, 0);
		if (!order)
			mb_attach_overlap(board.root, 0x1800, y, -1);
		EXPECT_VIEW(board.space, {0x1000, 0x2000, x, 0, false},
			    {0x2000, 0x2800, y, 0x800, false});
		mb_detach(x);
		mb_detach(y);
	}
}

struct pc {
	struct mb_region *ram, *pci, *vram, *mmio;
};

static void build_pc(struct pc *pc, bool vga_window)
{
	struct mb_region *banks = new_container(&board, "vga banks", 0x20000);

	pc->ram = new_ram(&board, "ram", 0x100000000);
	pc->pci = new_container(&board, "pci", MB_WHOLE);
	pc->vram = new_ram(&board, "vram", 0x1000000);
	pc->mmio = new_null(&board, "mmio", 0x10000);
	mb_attach(banks, 0, new_alias(&board, "bank 0", pc->vram, 0x10000, 0x8000));
	mb_attach(banks, 0x8000, new_alias(&board, "bank 1", pc->vram, 0x20000, 0x8000));
	mb_attach_overlap(pc->pci, 0xa0000, banks, 1);
	mb_attach(pc->pci, 0xe1000000, pc->vram);
	mb_attach(pc->pci, 0xe2000000, pc->mmio);
	mb_attach(board.root, 0, new_alias(&board, "low", pc->ram, 0, 0xe0000000));
	mb_attach(board.root, 0x100000000,
		  new_alias(&board, "high", pc->ram, 0xe0000000, 0x20000000));
	mb_attach(board.root, 0xe0000000,
		  new_alias(&board, "pci hole", pc->pci, 0xe0000000, 0x20000000));
	if (vga_window)
		mb_attach_overlap(board.root, 0xa0000,
				  new_alias(&board, "vga window", pc->pci, 0xa0000, 0x20000), 1);
}

Test(flat_view, FV_06_pc_memory_map)
{
	struct pc pc;

	build_pc(&pc, true);
	EXPECT_VIEW(board.space, {0, 0xa0000, pc.ram, 0, false},
		    {0xa0000, 0xa8000, pc.vram, 0x10000, false},
		    {0xa8000, 0xb0000, pc.vram, 0x20000, false},
		    {0xb0000, 0xe0000000, pc.ram, 0xb0000, false},
		    {0xe1000000, 0xe2000000, pc.vram, 0, false},
		    {0xe2000000, 0xe2010000, pc.mmio, 0, false},
		    {0x100000000, 0x120000000, pc.ram, 0xe0000000, false});
}

Test(flat_view, FV_07_pc_without_vga_window)
{
	struct pc pc;

	build_pc(&pc, false);
	EXPECT_VIEW(board.space, {0, 0xe0000000, pc.ram, 0, false},
		    {0xe1000000, 0xe2000000, pc.vram, 0, false},
		    {0xe2000000, 0xe2010000, pc.mmio, 0, false},
		    {0x100000000, 0x120000000, pc.ram, 0xe0000000, false});
}

Test(flat_view, FV_08_alias_is_clipped_to_its_target)
{
	struct mb_region *ram = new_ram(&board, "ram", 0x4000);

	mb_attach(board.root, 0x10000, new_alias(&board, "alias", ram, 0x2000, 0x8000));
	EXPECT_VIEW(board.space, {0x10000, 0x12000, ram, 0x2000, false});
}

Test(flat_view, FV_09_position_of_the_target_is_irrelevant)
{
	struct mb_region *ram = new_ram(&board, "ram", 0x4000);
	struct mb_region *elsewhere = new_container(&board, "elsewhere", 0x10000);

	mb_attach(elsewhere, 0x5000, ram);
	mb_attach(board.root, 0x10000, new_alias(&board, "alias", ram, 0, 0x4000));
	EXPECT_VIEW(board.space, {0x10000, 0x14000, ram, 0, false});
}

Test(flat_view, FV_10_readonly_alias_of_an_alias)
{
	struct mb_region *ram = new_ram(&board, "ram", 0x10000);
	struct mb_region *a1 = new_alias(&board, "a1", ram, 0x4000, 0x8000);
	struct mb_region *a2 = new_alias(&board, "a2", a1, 0x1000, 0x2000);

	mb_set_readonly(a2, true);
	mb_attach(board.root, 0, ram);
	mb_attach_overlap(board.root, 0x1000, a2, 1);
	EXPECT_VIEW(board.space, {0, 0x1000, ram, 0, false}, {0x1000, 0x3000, ram, 0x5000, true},
		    {0x3000, 0x10000, ram, 0x3000, false});
}

Test(flat_view, FV_11_children_are_clipped_to_their_parent)
{
	struct mb_region *box = new_container(&board, "box", 0x3000);
	struct mb_region *ram = new_ram(&board, "ram", 0x4000);

	mb_attach(box, 0x2000, ram);
	mb_attach(board.root, 0, box);
	EXPECT_VIEW(board.space, {0x2000, 0x3000, ram, 0, false});
}

Test(flat_view, FV_12_ranges_reach_the_end_of_the_space)
{
	struct mb_region *background = new_null(&board, "background", MB_WHOLE);
	struct mb_region *ram = new_ram(&board, "ram", 0x1000);

	mb_attach_overlap(board.root, 0, background, -10);
	mb_attach(board.root, 0xfffffffffffff000, ram);
	EXPECT_VIEW(board.space, {0, 0xfffffffffffff000, background, 0, false},
		    {0xfffffffffffff000, MB_WHOLE, ram, 0, false});
}

Test(flat_view, FV_13_continuous_neighbours_merge)
{
	struct mb_region *ram = new_ram(&board, "ram", 0x4000);

	mb_attach(board.root, 0, new_alias(&board, "a", ram, 0, 0x2000));
	mb_attach(board.root, 0x2000, new_alias(&board, "b", ram, 0x2000, 0x2000));
	EXPECT_VIEW(board.space, {0, 0x4000, ram, 0, false});
}

Test(flat_view, FV_14_unmergeable_neighbours_stay_apart)
{
	struct mb_region *ram = new_ram(&board, "ram", 0x4000);
	struct mb_region *a = new_alias(&board, "a", ram, 0, 0x2000);
	struct mb_region *b = new_alias(&board, "b", ram, 0x2000, 0x2000);

	mb_set_unmergeable(a, true);
	mb_set_unmergeable(b, true);
	mb_attach(board.root, 0, a);
	mb_attach(board.root, 0x2000, b);
	EXPECT_VIEW(board.space, {0, 0x2000, ram, 0, false}, {0x2000, 0x4000, ram, 0x2000, false});
}

Test(flat_view, FV_15_FV_16_disabled_container_is_not_there)
{
	struct mb_region *ram = new_ram(&board, "ram", 0x10000);
	struct mb_region *box = new_container(&board, "box", 0x1000);
	struct mb_region *mmio = new_null(&board, "mmio", 0x1000);

	mb_enable(box, false);
	mb_attach(box, 0, mmio);
	mb_attach_overlap(board.root, 0, ram, -1);
	mb_attach(board.root, 0x4000, box);
	EXPECT_VIEW(board.space, {0, 0x10000, ram, 0, false});
	mb_enable(box, true);
	EXPECT_VIEW(board.space, {0, 0x4000, ram, 0, false}, {0x4000, 0x5000, mmio, 0, false},
		    {0x5000, 0x10000, ram, 0x5000, false});
}

Test(flat_view, FV_17_empty_region_renders_nothing)
{
	struct mb_region *ram = new_ram(&board, "ram", 0x2000);

	mb_attach_overlap(board.root, 0, ram, -1);
	mb_attach(board.root, 0x1000, new_null(&board, "nothing", 0));
	EXPECT_VIEW(board.space, {0, 0x2000, ram, 0, false});
}

Test(flat_view, FV_18_window_onto_a_container_with_holes)
{
	struct mb_region *ram = new_ram(&board, "ram", 0x10000);
	struct mb_region *io = new_container(&board, "io", 0x10000);
	struct mb_region *mmio = new_null(&board, "mmio", 0x10);

	mb_attach(io, 0x8100, mmio);
	mb_attach(board.root, 0, ram);
	mb_attach_overlap(board.root, 0x8000, new_alias(&board, "window", io, 0x8000, 0x1000), 5);
	EXPECT_VIEW(board.space, {0, 0x8100, ram, 0, false}, {0x8100, 0x8110, mmio, 0, false},
		    {0x8110, 0x10000, ram, 0x8110, false});
}

Test(flat_view, FV_19_shadow_segments)
{
	struct mb_region *ram = new_ram(&board, "ram", 0x200000);

	mb_attach(board.root, 0, ram);
	for (unsigned i = 0; i < 4; i++) {
		uint64_t at = 0xc0000 + i * 0x4000;
		struct mb_region *segment = new_alias(&board, "segment", ram, at, 0x4000);

		mb_set_readonly(segment, i != 1);
		mb_attach_overlap(board.root, at, segment, 1);
	}
	// The writable segment continues the RAM below and above only in address: its flags differ.
	EXPECT_VIEW(board.space, {0, 0xc0000, ram, 0, false},
		    {0xc0000, 0xc4000, ram, 0xc0000, true}, {0xc4000, 0xc8000, ram, 0xc4000, false},
		    {0xc8000, 0xd0000, ram, 0xc8000, true},
		    {0xd0000, 0x200000, ram, 0xd0000, false});
}

Test(flat_view, FV_20_cycles_are_refused)
{
	struct mb_region *b = new_container(&board, "b", 0x1000);
	struct mb_region *a = new_alias(&board, "a", b, 0, 0x1000);
	struct mb_region *aa = new_alias(&board, "aa", a, 0, 0x1000);
	struct mb_region *inner = new_container(&board, "inner", 0x1000);

	cr_assert_eq(mb_attach(b, 0, a), -ELOOP);
	cr_assert_eq(mb_attach(b, 0, aa), -ELOOP);
	cr_assert_eq(mb_attach(b, 0, b), -ELOOP);
	cr_assert_eq(mb_attach(b, 0, inner), 0);
	cr_assert_eq(mb_attach(inner, 0, aa), -ELOOP);
	mb_attach(board.root, 0, b);
	cr_assert_eq(mb_attach(inner, 0, board.root), -ELOOP);
	expect_view(board.space, NULL, 0);
}
