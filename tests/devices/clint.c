/* CLINT: software interrupts, timer comparison, time from the virtual clock. */
#include "devices/clint.h"
#include "bench.h"

#define CLINT    0x02000000ull
#define MTIMECMP (CLINT + 0x4000)
#define MTIME    (CLINT + 0xbff8)

static struct bench bench;

static void setup(void)
{
	bench_init(&bench);
	const struct clint_config config = {.hart_count = 4};
	bench_add(&bench, &clint_ops, CLINT, &config);
}

static void teardown(void)
{
	bench_fini(&bench);
}

TestSuite(clint, .init = setup, .fini = teardown);

Test(clint, msip_has_one_bit_and_drives_its_hart)
{
	bench_write(&bench, CLINT + 8, 4, 0xffffffff);
	cr_assert_eq(bench_read(&bench, CLINT + 8, 4), 1);
	cr_assert(bench.wire[4]);
	cr_assert(!bench.wire[0] && !bench.wire[2] && !bench.wire[6]);
	bench_write(&bench, CLINT + 8, 4, 0xfffffffe);
	cr_assert(!bench.wire[4]);
}

Test(clint, eight_byte_msip_access_reaches_two_harts)
{
	bench_write(&bench, CLINT, 8, 0x0000000100000001);
	cr_assert(bench.wire[0] && bench.wire[2]);
	cr_assert_eq(bench_read(&bench, CLINT, 8), 0x0000000100000001);
}

Test(clint, mtime_counts_at_the_timebase)
{
	cr_assert_eq(bench_read(&bench, MTIME, 8), 0);
	bench_pass(&bench, 99);
	cr_assert_eq(bench_read(&bench, MTIME, 8), 0);
	bench_pass(&bench, 1);
	cr_assert_eq(bench_read(&bench, MTIME, 8), 1, "10 MHz: a tick is 100 ns");
	bench_pass(&bench, 600000000000);
	cr_assert_eq(bench_read(&bench, MTIME, 8), 6000000001);
	cr_assert_eq(bench_read(&bench, MTIME, 4), 6000000001 & 0xffffffff);
	cr_assert_eq(bench_read(&bench, MTIME + 4, 4), 1);
}

Test(clint, mtime_cannot_be_written)
{
	bench_pass(&bench, 1000);
	bench_write(&bench, MTIME, 8, 0);
	cr_assert_eq(bench_read(&bench, MTIME, 8), 10);
}

Test(clint, timer_interrupt_at_the_exact_tick)
{
	bench_write(&bench, MTIMECMP + 8, 8, 5);
	bench_pass(&bench, 499);
	cr_assert(!bench.wire[3]);
	bench_pass(&bench, 1);
	cr_assert(bench.wire[3]);
	cr_assert(!bench.wire[1]);
	bench_write(&bench, MTIMECMP + 8, 8, 6);
	cr_assert(!bench.wire[3], "a later time takes it back");
	bench_write(&bench, MTIMECMP + 8, 8, 0);
	cr_assert(bench.wire[3], "a past time raises it at once");
}

Test(clint, mtimecmp_by_halves)
{
	cr_assert_eq(bench_read(&bench, MTIMECMP, 8), UINT64_MAX);
	bench_write(&bench, MTIMECMP + 4, 4, 0);
	bench_write(&bench, MTIMECMP, 4, 0x10);
	cr_assert_eq(bench_read(&bench, MTIMECMP, 8), 0x10);
	cr_assert_eq(bench_read(&bench, MTIMECMP + 4, 4), 0);
	bench_pass(&bench, 1600);
	cr_assert(bench.wire[1]);
}

Test(clint, far_times_do_not_overflow)
{
	bench_write(&bench, MTIMECMP, 8, UINT64_MAX - 1);
	bench_write(&bench, MTIMECMP, 8, 1ull << 62);
	bench_pass(&bench, 1000);
	cr_assert(!bench.wire[1]);
}

Test(clint, absent_harts_and_holes_read_zero)
{
	bench_write(&bench, CLINT + 16, 4, 1);
	cr_assert_eq(bench_read(&bench, CLINT + 16, 4), 0);
	bench_write(&bench, MTIMECMP + 32, 8, 0);
	cr_assert_eq(bench_read(&bench, MTIMECMP + 32, 8), 0);
	cr_assert_eq(bench_read(&bench, CLINT + 0xc000, 8), 0);
	for (unsigned i = 8; i < DEVICE_IRQ_MAX; i++)
		cr_assert(!bench.wire[i]);
}

Test(clint, too_many_harts_are_refused)
{
	struct error error = {0};
	const struct clint_config config = {.hart_count = 17};
	cr_assert_null(bench_try(&bench, &clint_ops, 0x3000000, &config, &error));
	cr_assert_eq(error.exit_code, EXIT_CODE_USAGE);
}
