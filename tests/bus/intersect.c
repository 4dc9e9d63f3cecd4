// Section arithmetic: acceptance cases IR-01 to IR-09.
#include "tests/bus/fixture.h"

static struct mb_section section(uint64_t space, uint64_t offset, mb_size size)
{
	return (struct mb_section){
		.offset_in_space = space, .offset_in_region = offset, .size = size};
}

static void expect_cut(struct mb_section s, uint64_t offset, mb_size size, uint64_t space,
		       uint64_t region, mb_size left)
{
	cr_assert(mb_section_intersect(&s, offset, size));
	cr_assert_eq(s.offset_in_space, space);
	cr_assert_eq(s.offset_in_region, region);
	cr_assert(s.size == left);
}

static void expect_untouched(struct mb_section s, uint64_t offset, mb_size size)
{
	struct mb_section copy = s;

	cr_assert_not(mb_section_intersect(&copy, offset, size));
	cr_assert_eq(copy.offset_in_space, s.offset_in_space);
	cr_assert_eq(copy.offset_in_region, s.offset_in_region);
	cr_assert(copy.size == s.size);
}

#define S section(0x100000, 0x2000, 0x4000)

Test(intersect, IR_01_inside)
{
	expect_cut(S, 0x3000, 0x1000, 0x101000, 0x3000, 0x1000);
}

Test(intersect, IR_02_ends_where_the_section_begins)
{
	expect_untouched(S, 0, 0x2000);
}

Test(intersect, IR_03_one_byte)
{
	expect_cut(S, 0, 0x2001, 0x100000, 0x2000, 1);
}

Test(intersect, IR_04_clipped_at_the_end)
{
	expect_cut(S, 0x5000, 0x8000, 0x103000, 0x5000, 0x1000);
}

Test(intersect, IR_05_begins_where_the_section_ends)
{
	expect_untouched(S, 0x6000, 0x1000);
}

Test(intersect, IR_06_empty_range)
{
	expect_untouched(S, 0x3000, 0);
}

Test(intersect, IR_07_range_end_above_64_bits)
{
	expect_cut(S, 0x3000, 0xffffffffffffffff, 0x101000, 0x3000, 0x3000);
}

Test(intersect, IR_08_whole_space)
{
	expect_cut(section(0, 0, MB_WHOLE), 0xfffffffffffff000, 0x1000, 0xfffffffffffff000,
		   0xfffffffffffff000, 0x1000);
}

Test(intersect, IR_09_section_that_ends_at_the_top)
{
	expect_cut(section(0, 0xffffffffffffe000, 0x2000), 0xfffffffffffff000, 0x1000, 0x1000,
		   0xfffffffffffff000, 0x1000);
}
