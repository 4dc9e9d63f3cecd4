/* PL031: seconds, and an alarm. */
#include "devices/pl031.h"
#include "bench.h"

#define RTC 0x09010000ull

enum { DR = 0, MR = 4, LR = 8, CR = 12, IMSC = 16, RIS = 20, MIS = 24, ICR = 28, ID = 0xfe0 };

#define SECOND 1000000000ull
#define EPOCH  1000000ull

static struct bench bench;

static void setup(void)
{
	bench_init(&bench);
	const struct pl031_config config = {.epoch_ns = EPOCH * SECOND};
	bench_add(&bench, &pl031_ops, RTC, &config);
}

static void teardown(void)
{
	bench_fini(&bench);
}

TestSuite(pl031, .init = setup, .fini = teardown);

static uint32_t in(unsigned offset)
{
	return (uint32_t)bench_read(&bench, RTC + offset, 4);
}

static void out(unsigned offset, uint32_t value)
{
	bench_write(&bench, RTC + offset, 4, value);
}

Test(pl031, counts_seconds_of_virtual_time)
{
	cr_assert_eq(in(DR), EPOCH);
	bench_pass(&bench, 3 * SECOND - 1);
	cr_assert_eq(in(DR), EPOCH + 2);
	bench_pass(&bench, 1);
	cr_assert_eq(in(DR), EPOCH + 3);
	cr_assert_eq(in(CR), 1);
	cr_assert_eq(in(ID), 0x31);
}

Test(pl031, can_be_set)
{
	out(LR, 77);
	cr_assert_eq(in(DR), 77);
	bench_pass(&bench, SECOND);
	cr_assert_eq(in(DR), 78);
}

Test(pl031, alarm_rings_at_the_match)
{
	out(IMSC, 1);
	out(MR, EPOCH + 2);
	bench_pass(&bench, 2 * SECOND - 1);
	cr_assert_eq(in(RIS), 0);
	bench_pass(&bench, 1);
	cr_assert_eq(in(MIS), 1);
	cr_assert(bench.wire[0]);
	out(ICR, 1);
	cr_assert_eq(in(RIS), 0);
	cr_assert(!bench.wire[0]);
}

Test(pl031, a_match_in_the_past_waits_for_the_next_lap)
{
	out(IMSC, 1);
	out(MR, EPOCH - 1);
	bench_pass(&bench, 10 * SECOND);
	cr_assert_eq(in(RIS), 0);
	out(MR, EPOCH + 10);
	cr_assert_eq(in(RIS), 1, "a match with the present does not ring");
}
