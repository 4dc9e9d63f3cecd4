/* Goldfish RTC: latch, alarm, setting the time. */
#include "bench.h"
#include "devices/goldfish_rtc.h"

#define RTC   0x101000ull
#define EPOCH 1700000000000000000ull

enum {
	TIME_LOW = 0x00,
	TIME_HIGH = 0x04,
	ALARM_LOW = 0x08,
	ALARM_HIGH = 0x0c,
	IRQ_ENABLED = 0x10,
	CLEAR_ALARM = 0x14,
	ALARM_STATUS = 0x18,
	CLEAR_INTERRUPT = 0x1c,
};

static struct bench bench;

static void setup(void)
{
	bench_init(&bench);
	const struct goldfish_rtc_config config = {.epoch_ns = EPOCH};
	bench_add(&bench, &goldfish_rtc_ops, RTC, &config);
}

static void teardown(void)
{
	bench_fini(&bench);
}

TestSuite(rtc, .init = setup, .fini = teardown);

static uint32_t in(unsigned offset)
{
	return bench_read(&bench, RTC + offset, 4);
}

static void out(unsigned offset, uint32_t value)
{
	bench_write(&bench, RTC + offset, 4, value);
}

static uint64_t now(void)
{
	uint64_t low = in(TIME_LOW);
	return (uint64_t)in(TIME_HIGH) << 32 | low;
}

static void set_alarm(uint64_t when)
{
	out(ALARM_HIGH, when >> 32);
	out(ALARM_LOW, when);
}

Test(rtc, shows_epoch_plus_virtual_time)
{
	cr_assert_eq(now(), EPOCH);
	bench_pass(&bench, 123456789);
	cr_assert_eq(now(), EPOCH + 123456789);
}

Test(rtc, low_read_latches_the_high_half)
{
	uint64_t to_carry = (1ull << 32) - (uint32_t)EPOCH;
	bench_pass(&bench, to_carry - 1);
	cr_assert_eq(in(TIME_LOW), 0xffffffff);
	bench_pass(&bench, 1);
	cr_assert_eq(in(TIME_HIGH), EPOCH >> 32, "the high half of the time that was read");
	cr_assert_eq(now(), EPOCH + to_carry);
}

Test(rtc, alarm_rings_once_at_its_time)
{
	set_alarm(EPOCH + 1000);
	out(IRQ_ENABLED, 1);
	cr_assert_eq(in(ALARM_STATUS), 1);
	bench_pass(&bench, 999);
	cr_assert(!bench.wire[0]);
	bench_pass(&bench, 1);
	cr_assert(bench.wire[0]);
	cr_assert_eq(in(ALARM_STATUS), 0);
	out(CLEAR_INTERRUPT, 1);
	cr_assert(!bench.wire[0]);
	bench_pass(&bench, 100000);
	cr_assert(!bench.wire[0]);
}

Test(rtc, alarm_waits_for_the_enable_bit)
{
	set_alarm(EPOCH);
	cr_assert(!bench.wire[0]);
	out(IRQ_ENABLED, 1);
	cr_assert(bench.wire[0]);
	out(IRQ_ENABLED, 0);
	cr_assert(!bench.wire[0]);
}

Test(rtc, cleared_alarm_does_not_ring)
{
	set_alarm(EPOCH + 1000);
	out(IRQ_ENABLED, 1);
	out(CLEAR_ALARM, 1);
	cr_assert_eq(in(ALARM_STATUS), 0);
	bench_pass(&bench, 5000);
	cr_assert(!bench.wire[0]);
}

Test(rtc, setting_the_time_moves_a_pending_alarm)
{
	set_alarm(EPOCH + 1000000);
	out(IRQ_ENABLED, 1);
	out(TIME_HIGH, (EPOCH + 999990) >> 32);
	out(TIME_LOW, (uint32_t)(EPOCH + 999990));
	cr_assert_eq(now(), EPOCH + 999990);
	bench_pass(&bench, 10);
	cr_assert(bench.wire[0]);
}

Test(rtc, alarm_at_the_end_of_time)
{
	set_alarm(UINT64_MAX);
	out(IRQ_ENABLED, 1);
	bench_pass(&bench, 1000000);
	cr_assert(!bench.wire[0]);
	device_reset(bench.device[0]);
	cr_assert_eq(in(ALARM_STATUS), 0);
	cr_assert_eq(now(), EPOCH + 1000000, "a reset keeps the time");
}
