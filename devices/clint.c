/*
 * SiFive CLINT layout: MSWI at 0x0000, MTIMER at 0x4000 (RISC-V ACLINT specification, chapters 2
 * and 3). mtime is the virtual clock, the same that the time CSR shows; writing it has no effect.
 */
#include "devices/clint.h"

#include "core/clock.h"

enum {
	MSIP = 0x0000,
	MTIMECMP = 0x4000,
	MTIME = 0xbff8,
	CLINT_SIZE = 0x10000,
};

#define DEFAULT_TIMEBASE_HZ 10000000ull
#define NS_PER_SECOND       1000000000ull

struct clint;

struct clint_timer {
	struct clock_event event;
	struct clint *clint;
};

struct clint {
	struct device device;
	unsigned hart_count;
	uint64_t timebase_hz;
	uint8_t msip[CLINT_HART_MAX];
	uint64_t mtimecmp[CLINT_HART_MAX];
	struct clint_timer timer[CLINT_HART_MAX];
};

static uint64_t ticks_of_ns(const struct clint *clint, uint64_t ns)
{
	return (unsigned __int128)ns * clint->timebase_hz / NS_PER_SECOND;
}

static uint64_t read_mtime(const struct clint *clint)
{
	return ticks_of_ns(clint, clock_ns(clint->device.host.clock));
}

/* The first clock tick at which mtime >= value. */
static uint64_t due_tick(const struct clint *clint, uint64_t value)
{
	unsigned __int128 ns = (unsigned __int128)value * NS_PER_SECOND;
	ns = (ns + clint->timebase_hz - 1) / clint->timebase_hz;
	if (ns > UINT64_MAX)
		return CLOCK_NEVER;
	return clock_tick_at_ns(clint->device.host.clock, ns);
}

/* Drives MTIP from the comparison, and comes back when the comparison will turn true. */
static void update_timer(struct clint *clint, unsigned hart)
{
	struct clock *clock = clint->device.host.clock;
	bool due = read_mtime(clint) >= clint->mtimecmp[hart];
	if (due)
		clock_cancel(clock, &clint->timer[hart].event);
	else
		clock_schedule(clock, &clint->timer[hart].event,
			       due_tick(clint, clint->mtimecmp[hart]));
	device_set_irq(&clint->device, 2 * hart + 1, due);
}

static void timer_fired(void *opaque, uint64_t now)
{
	(void)now;
	struct clint_timer *timer = opaque;
	update_timer(timer->clint, timer - timer->clint->timer);
}

/* The 32-bit registers read and write as halves of this; size 8 is one access to two of them. */
static uint64_t read_word(const struct clint *clint, uint64_t offset)
{
	uint64_t value = 0;
	if (offset < MSIP + 4 * clint->hart_count)
		value = clint->msip[offset / 4];
	else if (offset >= MTIMECMP && offset < MTIMECMP + 8 * clint->hart_count)
		value = clint->mtimecmp[(offset - MTIMECMP) / 8];
	else if (offset >= MTIME && offset < MTIME + 8)
		value = read_mtime(clint);
	else
		return 0;
	return offset >= MTIMECMP && (offset & 4) ? value >> 32 : (uint32_t)value;
}

static mb_result clint_read(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			    uint64_t *value)
{
	(void)attrs;
	const struct clint *clint = opaque;
	*value = read_word(clint, offset);
	if (size == 8)
		*value |= read_word(clint, offset + 4) << 32;
	return MB_OK;
}

static void write_msip(struct clint *clint, unsigned hart, uint32_t value)
{
	if (hart >= clint->hart_count)
		return;
	clint->msip[hart] = value & 1;
	device_set_irq(&clint->device, 2 * hart, value & 1);
}

static void write_mtimecmp(struct clint *clint, uint64_t offset, unsigned size, uint64_t value)
{
	unsigned hart = (offset - MTIMECMP) / 8;
	if (hart >= clint->hart_count)
		return;
	uint64_t *compare = &clint->mtimecmp[hart];
	if (size == 8)
		*compare = value;
	else if (offset & 4)
		*compare = (value << 32) | (uint32_t)*compare;
	else
		*compare = (*compare & ~0xffffffffull) | value;
	update_timer(clint, hart);
}

static mb_result clint_write(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			     uint64_t value)
{
	(void)attrs;
	struct clint *clint = opaque;
	if (offset < MTIMECMP) {
		write_msip(clint, offset / 4, value);
		if (size == 8)
			write_msip(clint, offset / 4 + 1, value >> 32);
	} else if (offset < MTIME) {
		write_mtimecmp(clint, offset, size, value);
	} else {
		log_write(clint->device.host.log, LOG_DEVICE, LOG_DEBUG,
			  "clint: write to mtime ignored; time is the virtual clock");
	}
	return MB_OK;
}

static const struct mb_ops clint_registers = {
	.read = clint_read,
	.write = clint_write,
	.endian = MB_LITTLE,
	.valid = {.min = 4, .max = 8},
	.impl = {.min = 4, .max = 8},
};

static int clint_create(struct device *device, const void *config, struct error *error)
{
	static const struct clint_config defaults;
	const struct clint_config *wanted = config ? config : &defaults;
	struct clint *clint = (struct clint *)device;
	clint->hart_count = wanted->hart_count ? wanted->hart_count : 1;
	clint->timebase_hz = wanted->timebase_hz ? wanted->timebase_hz : DEFAULT_TIMEBASE_HZ;
	if (clint->hart_count > CLINT_HART_MAX)
		return error_set(error, EXIT_CODE_USAGE, "clint: %u harts, at most %u expected",
				 clint->hart_count, CLINT_HART_MAX);
	for (unsigned hart = 0; hart < CLINT_HART_MAX; hart++) {
		clint->timer[hart].clint = clint;
		clock_event_init(&clint->timer[hart].event, timer_fired, &clint->timer[hart]);
	}
	return 0;
}

static void clint_destroy(struct device *device)
{
	struct clint *clint = (struct clint *)device;
	for (unsigned hart = 0; hart < CLINT_HART_MAX; hart++)
		if (clint->timer[hart].clint)
			clock_cancel(device->host.clock, &clint->timer[hart].event);
}

/* An event that is still to come means that the wire is low, even at the very tick. */
static void clint_loaded(void *opaque)
{
	struct clint *clint = opaque;
	struct clock *clock = clint->device.host.clock;
	for (unsigned hart = 0; hart < CLINT_HART_MAX; hart++) {
		struct clock_event *event = &clint->timer[hart].event;
		clint->msip[hart] &= 1;
		if (hart >= clint->hart_count)
			event->when = CLOCK_NEVER;
		clock_restore(clock, event);
		device_set_irq(&clint->device, 2 * hart, clint->msip[hart]);
		bool due = read_mtime(clint) >= clint->mtimecmp[hart];
		device_set_irq(&clint->device, 2 * hart + 1, due && event->when == CLOCK_NEVER);
	}
}

/* mtimecmp is undefined after reset (ACLINT 3.3); all ones keeps the interrupt off. */
static void clint_reset(struct device *device)
{
	struct clint *clint = (struct clint *)device;
	for (unsigned hart = 0; hart < clint->hart_count; hart++) {
		clint->msip[hart] = 0;
		clint->mtimecmp[hart] = UINT64_MAX;
		device_set_irq(device, 2 * hart, false);
		update_timer(clint, hart);
	}
}

static void clint_fdt(const struct device *device, struct device_fdt *fdt)
{
	static const char compatible[] = "sifive,clint0\0riscv,clint0";
	const struct clint *clint = (const struct clint *)device;
	uint32_t cells[4 * CLINT_HART_MAX];
	unsigned harts = clint->hart_count < fdt->cpu_count ? clint->hart_count : fdt->cpu_count;
	for (unsigned hart = 0; hart < harts; hart++) {
		cells[4 * hart] = cells[4 * hart + 2] = fdt->cpu_intc[hart];
		cells[4 * hart + 1] = 3; /* machine software interrupt */
		cells[4 * hart + 3] = 7; /* machine timer interrupt */
	}
	device_fdt_begin(device, fdt, "clint", CLINT_SIZE);
	device_fdt_strings(fdt, "compatible", compatible, sizeof(compatible));
	device_fdt_cells(fdt, "interrupts-extended", cells, 4 * harts);
	device_fdt_end(fdt);
}

// clang-format off
#define TIMER_FIELDS(hart) STATE_EVENT(struct clint, timer[hart].event)

static const struct state_field clint_fields[] = {
	STATE_ARRAY(struct clint, msip),
	STATE_ARRAY(struct clint, mtimecmp),
	TIMER_FIELDS(0), TIMER_FIELDS(1), TIMER_FIELDS(2), TIMER_FIELDS(3),
	TIMER_FIELDS(4), TIMER_FIELDS(5), TIMER_FIELDS(6), TIMER_FIELDS(7),
	TIMER_FIELDS(8), TIMER_FIELDS(9), TIMER_FIELDS(10), TIMER_FIELDS(11),
	TIMER_FIELDS(12), TIMER_FIELDS(13), TIMER_FIELDS(14), TIMER_FIELDS(15),
};
_Static_assert(CLINT_HART_MAX == 16, "one TIMER_FIELDS for each hart");
// clang-format on

const struct device_ops clint_ops = {
	.name = "clint",
	.summary = "SiFive CLINT: machine software and timer interrupts, mtime",
	.object_size = sizeof(struct clint),
	.region_size = CLINT_SIZE,
	.registers = &clint_registers,
	.create = clint_create,
	.destroy = clint_destroy,
	.reset = clint_reset,
	.fdt = clint_fdt,
	.fields = clint_fields,
	.field_count = sizeof(clint_fields) / sizeof(clint_fields[0]),
	.version = 2,
	.loaded = clint_loaded,
};
