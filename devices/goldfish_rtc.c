/*
 * Goldfish real-time clock: 64-bit nanoseconds in two 32-bit halves. Reading the low half latches
 * the high one; writing an alarm's or the time's low half makes the value written before to the
 * high half count.
 */
#include "devices/goldfish_rtc.h"

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

struct rtc {
	struct device device;
	uint64_t offset; /* shown time - virtual time, modulo 2^64 */
	uint64_t alarm;  /* shown time at which it rings */
	uint32_t latched_high, alarm_high, time_high;
	uint8_t armed, irq_enabled, irq_pending;
	struct clock_event event;
};

static uint64_t shown_time(const struct rtc *rtc)
{
	return clock_ns(rtc->device.host.clock) + rtc->offset;
}

static void update_irq(struct rtc *rtc)
{
	device_set_irq(&rtc->device, 0, rtc->irq_enabled && rtc->irq_pending);
}

/* An armed alarm rings once: now if its time has come, else by an event. */
static void update_alarm(struct rtc *rtc)
{
	struct clock *clock = rtc->device.host.clock;
	clock_cancel(clock, &rtc->event);
	if (!rtc->armed)
		return;
	uint64_t now = shown_time(rtc);
	if (rtc->alarm > now) {
		uint64_t left = rtc->alarm - now, ns = clock_ns(clock);
		if (left <= UINT64_MAX - ns)
			clock_schedule(clock, &rtc->event, clock_tick_at_ns(clock, ns + left));
		return;
	}
	rtc->armed = 0;
	rtc->irq_pending = 1;
	update_irq(rtc);
}

static void alarm_fired(void *opaque, uint64_t now)
{
	(void)now;
	update_alarm(opaque);
}

static mb_result rtc_read(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			  uint64_t *value)
{
	(void)size, (void)attrs;
	struct rtc *rtc = opaque;
	uint64_t now = shown_time(rtc);
	switch (offset) {
	case TIME_LOW:
		rtc->latched_high = now >> 32;
		*value = (uint32_t)now;
		break;
	case TIME_HIGH: *value = rtc->latched_high; break;
	case ALARM_LOW: *value = (uint32_t)rtc->alarm; break;
	case ALARM_HIGH: *value = rtc->alarm >> 32; break;
	case IRQ_ENABLED: *value = rtc->irq_enabled; break;
	case ALARM_STATUS: *value = rtc->armed; break;
	default: *value = 0; break;
	}
	return MB_OK;
}

static mb_result rtc_write(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			   uint64_t value)
{
	(void)size, (void)attrs;
	struct rtc *rtc = opaque;
	switch (offset) {
	case TIME_HIGH: rtc->time_high = value; break;
	case TIME_LOW:
		rtc->offset += ((uint64_t)rtc->time_high << 32 | value) - shown_time(rtc);
		update_alarm(rtc);
		break;
	case ALARM_HIGH: rtc->alarm_high = value; break;
	case ALARM_LOW:
		rtc->alarm = (uint64_t)rtc->alarm_high << 32 | value;
		rtc->armed = 1;
		update_alarm(rtc);
		break;
	case IRQ_ENABLED: rtc->irq_enabled = value & 1; break;
	case CLEAR_ALARM:
		rtc->armed = 0;
		update_alarm(rtc);
		break;
	case CLEAR_INTERRUPT: rtc->irq_pending = 0; break;
	}
	update_irq(rtc);
	return MB_OK;
}

static const struct mb_ops rtc_registers = {
	.read = rtc_read,
	.write = rtc_write,
	.endian = MB_LITTLE,
	.valid = {.min = 4, .max = 4},
	.impl = {.min = 4, .max = 4},
};

static int rtc_create(struct device *device, const void *config, struct error *error)
{
	(void)error;
	const struct goldfish_rtc_config *wanted = config;
	struct rtc *rtc = (struct rtc *)device;
	/* A battery keeps it: a reset does not set it back. */
	rtc->offset = wanted && wanted->epoch_ns ? wanted->epoch_ns : GOLDFISH_RTC_EPOCH;
	clock_event_init(&rtc->event, alarm_fired, rtc);
	return 0;
}

static void rtc_destroy(struct device *device)
{
	clock_cancel(device->host.clock, &((struct rtc *)device)->event);
}

static void rtc_reset(struct device *device)
{
	struct rtc *rtc = (struct rtc *)device;
	rtc->alarm = 0;
	rtc->latched_high = rtc->alarm_high = rtc->time_high = 0;
	rtc->armed = rtc->irq_enabled = rtc->irq_pending = 0;
	update_alarm(rtc);
	update_irq(rtc);
}

static void rtc_loaded(void *opaque)
{
	struct rtc *rtc = opaque;
	rtc->armed &= 1;
	rtc->irq_enabled &= 1;
	rtc->irq_pending &= 1;
	clock_restore(rtc->device.host.clock, &rtc->event);
	update_irq(rtc);
}

static void rtc_fdt(const struct device *device, struct device_fdt *fdt)
{
	device_fdt_begin(device, fdt, "rtc", device->ops->region_size);
	device_fdt_string(fdt, "compatible", "google,goldfish-rtc");
	device_fdt_end(fdt);
}

static const struct state_field rtc_fields[] = {
	STATE_FIELD(struct rtc, offset),       STATE_FIELD(struct rtc, alarm),
	STATE_FIELD(struct rtc, latched_high), STATE_FIELD(struct rtc, alarm_high),
	STATE_FIELD(struct rtc, time_high),    STATE_FIELD(struct rtc, armed),
	STATE_FIELD(struct rtc, irq_enabled),  STATE_FIELD(struct rtc, irq_pending),
	STATE_EVENT(struct rtc, event),
};

const struct device_ops goldfish_rtc_ops = {
	.name = "goldfish_rtc",
	.summary = "Goldfish real-time clock with alarm",
	.object_size = sizeof(struct rtc),
	.region_size = 0x1000,
	.registers = &rtc_registers,
	.create = rtc_create,
	.destroy = rtc_destroy,
	.reset = rtc_reset,
	.fdt = rtc_fdt,
	.fields = rtc_fields,
	.field_count = sizeof(rtc_fields) / sizeof(rtc_fields[0]),
	.version = 2,
	.loaded = rtc_loaded,
};
