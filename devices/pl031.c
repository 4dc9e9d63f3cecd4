/* ARM PrimeCell real-time clock (PL031 Technical Reference Manual, DDI 0224). */
#include "devices/pl031.h"

#define NS_PER_SECOND 1000000000ull

enum { /* register offsets */
       DR = 0x00,
       MR = 0x04,
       LR = 0x08,
       CR = 0x0c,
       IMSC = 0x10,
       RIS = 0x14,
       MIS = 0x18,
       ICR = 0x1c,
       IDS = 0xfe0,
};

struct pl031 {
	struct device device;
	uint64_t offset; /* shown time - virtual time in ns, modulo 2^64 */
	uint32_t match, load;
	uint8_t ris, imsc;
	struct clock_event alarm;
};

static uint64_t shown_ns(const struct pl031 *rtc)
{
	return clock_ns(rtc->device.host.clock) + rtc->offset;
}

static uint32_t seconds(const struct pl031 *rtc)
{
	return (uint32_t)(shown_ns(rtc) / NS_PER_SECOND);
}

static void update_irq(struct pl031 *rtc)
{
	device_set_irq(&rtc->device, 0, rtc->ris & rtc->imsc);
}

/* The interrupt comes when the counter gets to the match register, which may be its next lap. */
static void schedule_alarm(struct pl031 *rtc)
{
	struct clock *clock = rtc->device.host.clock;
	uint64_t shown = shown_ns(rtc);
	uint64_t left = (uint64_t)(rtc->match - seconds(rtc)) * NS_PER_SECOND;
	if (!left) {
		clock_cancel(clock, &rtc->alarm);
		rtc->ris = 1;
		return;
	}
	left -= shown % NS_PER_SECOND;
	clock_schedule(clock, &rtc->alarm, clock_tick_at_ns(clock, clock_ns(clock) + left));
}

static void alarm_fired(void *opaque, uint64_t now)
{
	(void)now;
	struct pl031 *rtc = opaque;
	rtc->ris = 1;
	update_irq(rtc);
}

static uint32_t read_id(uint64_t offset)
{
	static const uint8_t ids[] = {0x31, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
	return offset >= IDS && !(offset & 3) ? ids[(offset - IDS) >> 2] : 0;
}

static mb_result pl031_read(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			    uint64_t *value)
{
	(void)size, (void)attrs;
	const struct pl031 *rtc = opaque;
	switch (offset) {
	case DR: *value = seconds(rtc); break;
	case MR: *value = rtc->match; break;
	case LR: *value = rtc->load; break;
	case CR: *value = 1; break; /* it runs, always */
	case IMSC: *value = rtc->imsc; break;
	case RIS: *value = rtc->ris; break;
	case MIS: *value = rtc->ris & rtc->imsc; break;
	default: *value = read_id(offset); break;
	}
	return MB_OK;
}

static mb_result pl031_write(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			     uint64_t value)
{
	(void)size, (void)attrs;
	struct pl031 *rtc = opaque;
	switch (offset) {
	case MR:
		rtc->match = (uint32_t)value;
		schedule_alarm(rtc);
		break;
	case LR:
		rtc->load = (uint32_t)value;
		rtc->offset += ((uint64_t)rtc->load - seconds(rtc)) * NS_PER_SECOND;
		schedule_alarm(rtc);
		break;
	case IMSC: rtc->imsc = value & 1; break;
	case ICR: rtc->ris &= ~value; break;
	default: break; /* the others are read-only, or need nothing done */
	}
	update_irq(rtc);
	return MB_OK;
}

static const struct mb_ops pl031_registers = {
	.read = pl031_read,
	.write = pl031_write,
	.endian = MB_LITTLE,
	.valid = {.min = 4, .max = 4},
	.impl = {.min = 4, .max = 4},
};

static int pl031_create(struct device *device, const void *config, struct error *error)
{
	(void)error;
	const struct pl031_config *wanted = config;
	struct pl031 *rtc = (struct pl031 *)device;
	/* A battery keeps it: a reset does not set it back. */
	rtc->offset = wanted && wanted->epoch_ns ? wanted->epoch_ns : PL031_EPOCH;
	clock_event_init(&rtc->alarm, alarm_fired, rtc);
	return 0;
}

static void pl031_destroy(struct device *device)
{
	clock_cancel(device->host.clock, &((struct pl031 *)device)->alarm);
}

static void pl031_reset(struct device *device)
{
	struct pl031 *rtc = (struct pl031 *)device;
	rtc->match = rtc->load = 0;
	rtc->ris = rtc->imsc = 0;
	clock_cancel(device->host.clock, &rtc->alarm);
	update_irq(rtc);
}

static void pl031_loaded(void *opaque)
{
	struct pl031 *rtc = opaque;
	rtc->ris &= 1;
	rtc->imsc &= 1;
	clock_restore(rtc->device.host.clock, &rtc->alarm);
	update_irq(rtc);
}

static void pl031_fdt(const struct device *device, struct device_fdt *fdt)
{
	static const char compatible[] = "arm,pl031\0arm,primecell";
	device_fdt_begin(device, fdt, "pl031", device->ops->region_size);
	device_fdt_strings(fdt, "compatible", compatible, sizeof(compatible));
	device_fdt_u32(fdt, "clocks", fdt->clock);
	device_fdt_string(fdt, "clock-names", "apb_pclk");
	device_fdt_end(fdt);
}

static const struct state_field pl031_fields[] = {
	STATE_FIELD(struct pl031, offset), STATE_FIELD(struct pl031, match),
	STATE_FIELD(struct pl031, load),   STATE_FIELD(struct pl031, ris),
	STATE_FIELD(struct pl031, imsc),   STATE_EVENT(struct pl031, alarm),
};

const struct device_ops pl031_ops = {
	.name = "pl031",
	.summary = "ARM PrimeCell real-time clock with alarm",
	.object_size = sizeof(struct pl031),
	.region_size = 0x1000,
	.registers = &pl031_registers,
	.create = pl031_create,
	.destroy = pl031_destroy,
	.reset = pl031_reset,
	.fdt = pl031_fdt,
	.fields = pl031_fields,
	.field_count = sizeof(pl031_fields) / sizeof(pl031_fields[0]),
	.version = 1,
	.loaded = pl031_loaded,
};
