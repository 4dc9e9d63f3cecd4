// Building and changing trees: what is refused, lifetimes, sizes, dumps.
#include "tests/bus/fixture.h"

#include <errno.h>
#include <stdlib.h>
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

TestSuite(tree, .init = setup, .fini = teardown);

Test(tree, attach_refuses_an_overlap_of_equals)
{
	struct mb_region *a = new_null(&board, "a", 0x1000), *b = new_null(&board, "b", 0x1000);

	cr_assert_eq(mb_attach(board.root, 0x1000, a), 0);
	cr_assert_eq(mb_attach(board.root, 0x1fff, b), -EEXIST);
	cr_assert_eq(mb_attach(board.root, 1, b), -EEXIST);
	cr_assert_eq(mb_attach_overlap(board.root, 0x1800, b, 0), 0);
	mb_detach(b);
	mb_enable(a, false);
	cr_assert_eq(mb_attach(board.root, 0x1800, b), 0);
	mb_detach(b);
	mb_enable(a, true);
	cr_assert_eq(mb_attach(board.root, 0x2000, b), 0);
	cr_assert_eq(mb_move(b, 0x1000), 0);
}

Test(tree, attach_refuses_nonsense)
{
	struct mb_region *a = new_container(&board, "a", 0x1000);
	struct mb_region *b = new_null(&board, "b", 0x1000);
	struct mb_region *alias = new_alias(&board, "alias", b, 0, 0x1000);
	struct mb_bus *other_bus = mb_bus_new();
	struct mb_region *foreign, *refused;

	cr_assert_eq(mb_attach(a, 0, b), 0);
	cr_assert_eq(mb_attach(board.root, 0, b), -EBUSY);
	cr_assert_eq(mb_attach(alias, 0, a), -EINVAL);
	cr_assert_eq(mb_detach(a), -ENOENT);
	cr_assert_eq(mb_move(a, 0), -ENOENT);
	cr_assert_eq(mb_set_romd(a, true), -EINVAL);
	cr_assert_eq(mb_set_alias_offset(a, 0), -EINVAL);
	cr_assert_eq(mb_region_container(other_bus, "foreign", 0x1000, &foreign), 0);
	cr_assert_eq(mb_attach(board.root, 0, foreign), -EINVAL);
	cr_assert_eq(mb_region_alias(board.bus, "x", foreign, 0, 1, &refused), -EINVAL);
	cr_assert_eq(mb_region_alias(board.bus, "x", NULL, 0, 1, &refused), -EINVAL);
	cr_assert_eq(mb_region_container(board.bus, "x", MB_WHOLE + 1, &refused), -EINVAL);
	cr_assert_eq(mb_region_ram(board.bus, "x", MB_WHOLE, &refused), -ENOMEM);
	cr_assert_eq(mb_region_ramdev(board.bus, "x", 16, NULL, &refused), -EINVAL);
	cr_assert_null(refused);
	mb_region_unref(foreign);
	mb_bus_free(other_bus);
}

Test(tree, depth_is_limited)
{
	struct mb_region *outer = board.root, *inner, *leaf, *refused;

	for (unsigned level = 2; level <= MB_DEPTH_MAX; level++) {
		inner = new_container(&board, "level", MB_WHOLE);
		cr_assert_eq(mb_attach(outer, 0, inner), 0, "level %u", level);
		outer = inner;
	}
	leaf = new_null(&board, "leaf", 1);
	cr_assert_eq(mb_attach(outer, 0, leaf), -ELOOP);
	cr_assert_eq(mb_region_alias(board.bus, "top", board.root, 0, 1, &refused), -ELOOP);
	// A refusal leaves no trace: one level less fits.
	inner = outer;
	cr_assert_eq(mb_detach(inner), 0);
	cr_assert_eq(mb_region_alias(board.bus, "top", board.root, 0, 1, &refused), 0);
	mb_region_unref(refused);
	expect_view(board.space, NULL, 0);
}

Test(tree, all_sizes_are_distinct)
{
	struct mb_region *whole = new_null(&board, "whole", MB_WHOLE);
	struct mb_region *almost = new_null(&board, "almost", UINT64_MAX);

	mb_attach_overlap(board.root, 0, whole, -1);
	mb_attach(board.root, 0, almost);
	EXPECT_VIEW(board.space, {0, UINT64_MAX, almost, 0, false},
		    {UINT64_MAX, MB_WHOLE, whole, UINT64_MAX, false});
}

Test(tree, resize_and_slide)
{
	struct mb_region *ram = new_ram(&board, "ram", 0x4000);
	struct mb_region *alias = new_alias(&board, "alias", ram, 0, 0x1000);

	mb_attach(board.root, 0x10000, alias);
	cr_assert_eq(mb_set_alias_offset(alias, 0x3000), 0);
	EXPECT_VIEW(board.space, {0x10000, 0x11000, ram, 0x3000, false});
	cr_assert_eq(mb_resize(alias, 0x2000), 0);
	EXPECT_VIEW(board.space, {0x10000, 0x11000, ram, 0x3000, false});
	cr_assert_eq(mb_set_alias_offset(alias, 0x2000), 0);
	EXPECT_VIEW(board.space, {0x10000, 0x12000, ram, 0x2000, false});
	cr_assert_eq(mb_set_alias_offset(alias, UINT64_MAX), 0);
	expect_view(board.space, NULL, 0);
	cr_assert_eq(mb_set_alias_offset(alias, 0), 0);
	cr_assert_eq(mb_resize(ram, 0x800), 0);
	EXPECT_VIEW(board.space, {0x10000, 0x10800, ram, 0, false});
	cr_assert_eq(mb_resize(ram, 0x4000), 0);
	cr_assert_eq(mb_resize(ram, 0x4001), -EINVAL);
	cr_assert_eq(mb_resize(ram, 0), 0);
	expect_view(board.space, NULL, 0);
}

Test(tree, flags_are_inherited)
{
	struct mb_region *box = new_container(&board, "box", 0x1000);
	struct mb_resolved where;

	mb_set_nonvolatile(box, true);
	mb_attach(box, 0, new_ram(&board, "ram", 0x1000));
	mb_attach(board.root, 0, box);
	mb_resolve(board.space, 0, MB_READ, MB_ATTRS_NONE, &where);
	cr_assert(where.range->section.nonvolatile);
	cr_assert_not(where.range->section.readonly);
	mb_set_readonly(board.root, true);
	mb_resolve(board.space, 0, MB_WRITE, MB_ATTRS_NONE, &where);
	cr_assert(where.range->section.nonvolatile);
	cr_assert(where.readonly);
	cr_assert_null(where.host);
}

Test(tree, parents_and_aliases_keep_regions)
{
	struct mb_region *box, *ram, *alias;
	uint32_t value;

	cr_assert_eq(mb_region_container(board.bus, "box", 0x1000, &box), 0);
	cr_assert_eq(mb_region_ram(board.bus, "ram", 0x1000, &ram), 0);
	cr_assert_eq(mb_region_alias(board.bus, "alias", ram, 0, 0x1000, &alias), 0);
	mb_attach(box, 0, alias);
	mb_attach(board.root, 0, box);
	mb_region_unref(ram);
	mb_region_unref(alias);
	mb_region_unref(box);
	cr_assert_eq(mb_st32le(board.space, 0, MB_ATTRS_NONE, 5), MB_OK);
	cr_assert_eq(mb_ld32le(board.space, 0, MB_ATTRS_NONE, &value), MB_OK);
	cr_assert_eq(value, 5);
}

static void expect_text(const char *text, const char *expected)
{
	cr_assert_str_eq(text, expected);
}

Test(tree, dumps)
{
	struct mb_region *ram = new_ram(&board, "ram", 0x10000);
	struct mb_region *window = new_alias(&board, "window", ram, 0x2000, 0x1000);
	struct mb_region *uart = new_null(&board, "uart", 0x100);
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	mb_set_readonly(window, true);
	mb_attach(board.root, 0x80000000, ram);
	mb_attach_overlap(board.root, 0x80001000, window, 1);
	mb_attach(board.root, 0x10000000, uart);
	mb_dump_view(board.space, out);
	fclose(out);
	expect_text(text,
		    "0000000010000000-00000000100000ff (mmio): uart +0000000000000000\n"
		    "0000000080000000-0000000080000fff (ram): ram +0000000000000000\n"
		    "0000000080001000-0000000080001fff (ram): ram +0000000000002000 [readonly]\n"
		    "0000000080002000-000000008000ffff (ram): ram +0000000000002000\n");
	free(text);

	mb_enable(uart, false);
	out = open_memstream(&text, &length);
	mb_dump_tree(board.root, out);
	fclose(out);
	expect_text(text, "0000000000000000-ffffffffffffffff (prio 0, container): root\n"
			  "  0000000080001000-0000000080001fff (prio 1, alias): window @ram "
			  "0000000000002000-0000000000002fff [readonly]\n"
			  "  0000000010000000-00000000100000ff (prio 0, mmio): uart [disabled]\n"
			  "  0000000080000000-000000008000ffff (prio 0, ram): ram\n");
	free(text);
}
