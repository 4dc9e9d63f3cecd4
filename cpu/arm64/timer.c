/* The generic timers: conditions as events of the virtual clock, exact to the tick. */
#include "cpu/arm64/timer.h"

#include "cpu/arm64/pe.h"
#include "cpu/arm64/sysreg_special.h"
#include "cpu/arm64/trap.h"
#include "engine/engine.h"

#define NS_PER_SECOND 1000000000ull

/* CNT<timer>_CTL */
enum { CTL_ENABLE = 1, CTL_IMASK = 2, CTL_ISTATUS = 4 };

/* -- counters -- */

/* The system counter at the clock's current tick. */
static uint64_t count_now(const struct arm64_cpu *pe)
{
	uint64_t ns = clock_ns(&pe->cpu.machine->clock);
	return (uint64_t)((unsigned __int128)ns * pe->config.cntfrq_hz / NS_PER_SECOND);
}

/* The first tick at which the system counter has reached a value. */
static uint64_t tick_of(const struct arm64_cpu *pe, uint64_t count)
{
	uint64_t hz = pe->config.cntfrq_hz;
	unsigned __int128 ns = ((unsigned __int128)count * NS_PER_SECOND + hz - 1) / hz;
	if (ns > UINT64_MAX)
		return CLOCK_NEVER;
	return clock_tick_at_ns(&pe->cpu.machine->clock, (uint64_t)ns);
}

/* Makes the clock exact if an instruction is being executed; between instructions it is. */
static void sync(struct arm64_cpu *pe)
{
	struct cpu *cpu = &pe->cpu;
	if (cpu->machine->running == cpu && cpu->uop && cpu->exit == CPU_EXIT_NONE)
		engine_sync_clock(cpu);
}

/* The system counter while an instruction reads it. */
static uint64_t count_exactly(struct arm64_cpu *pe)
{
	sync(pe);
	return count_now(pe);
}

/* What EL2 takes off the physical counter and timer of lower levels (FEAT_ECV_POFF). */
static uint64_t physical_offset(const struct arm64_cpu *pe)
{
	uint64_t host = HCR_E2H | HCR_TGE;
	if (!arm64_has(pe, A64_FEAT_ECV_POFF) || pe->config.highest < A64_EL2 ||
	    !(pe->sysreg[A64_CNTHCTL_EL2] & CNTHCTL_ECV) || (arm64_hcr(pe) & host) == host)
		return 0;
	if (pe->config.highest == A64_EL3 && !(pe->sysreg[A64_SCR_EL3] & SCR_ECVEn))
		return 0;
	return pe->sysreg[A64_CNTPOFF_EL2];
}

/* At EL2 with E2H=1 and for the host's EL0 the virtual counter is the physical one. */
static uint64_t seen_virtual_offset(const struct arm64_cpu *pe)
{
	bool host = arm64_is_host_el0(pe) || (pe->cpu.level == A64_EL2 && arm64_hcr(pe) & HCR_E2H);
	return host || pe->config.highest < A64_EL2 ? 0 : pe->sysreg[A64_CNTVOFF_EL2];
}

uint64_t read_cntpct(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	(void)reg;
	uint64_t offset = pe->cpu.level < A64_EL2 ? physical_offset(pe) : 0;
	return count_exactly(pe) - offset;
}

uint64_t timer_virtual_count(struct arm64_cpu *pe)
{
	return count_exactly(pe) - seen_virtual_offset(pe);
}

uint64_t read_cntvct(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	(void)reg;
	return timer_virtual_count(pe);
}

/* -- timers -- */

static const struct {
	uint16_t ctl, cval; /* enum arm64_sysreg */
} registers[A64_TIMERS] = {
	[A64_WIRE_CNTP] = {A64_CNTP_CTL_EL0,  A64_CNTP_CVAL_EL0 },
	[A64_WIRE_CNTV] = {A64_CNTV_CTL_EL0,  A64_CNTV_CVAL_EL0 },
	[A64_WIRE_CNTHP] = {A64_CNTHP_CTL_EL2, A64_CNTHP_CVAL_EL2},
	[A64_WIRE_CNTHV] = {A64_CNTHV_CTL_EL2, A64_CNTHV_CVAL_EL2},
};

static unsigned timer_of(enum arm64_sysreg reg)
{
	switch (reg) {
	case A64_CNTP_TVAL_EL0:
	case A64_CNTP_CTL_EL0:
	case A64_CNTP_CVAL_EL0: return A64_WIRE_CNTP;
	case A64_CNTV_TVAL_EL0:
	case A64_CNTV_CTL_EL0:
	case A64_CNTV_CVAL_EL0: return A64_WIRE_CNTV;
	case A64_CNTHP_TVAL_EL2:
	case A64_CNTHP_CTL_EL2:
	case A64_CNTHP_CVAL_EL2: return A64_WIRE_CNTHP;
	default: return A64_WIRE_CNTHV;
	}
}

static uint64_t offset_of(const struct arm64_cpu *pe, unsigned timer)
{
	switch (timer) {
	case A64_WIRE_CNTP: return physical_offset(pe);
	case A64_WIRE_CNTV: return pe->config.highest < A64_EL2 ? 0 : pe->sysreg[A64_CNTVOFF_EL2];
	default: return 0;
	}
}

static uint64_t compare_value(const struct arm64_cpu *pe, unsigned timer)
{
	return pe->sysreg[registers[timer].cval];
}

static bool is_met(const struct arm64_cpu *pe, unsigned timer)
{
	return count_now(pe) - offset_of(pe, timer) >= compare_value(pe, timer);
}

/* The tick at which the condition will be met, which it is not; CLOCK_NEVER: not in this life. */
static uint64_t due_tick(const struct arm64_cpu *pe, unsigned timer)
{
	uint64_t count = count_now(pe);
	uint64_t left = compare_value(pe, timer) - (count - offset_of(pe, timer));
	return left > UINT64_MAX - count ? CLOCK_NEVER : tick_of(pe, count + left);
}

static void update(struct arm64_cpu *pe, unsigned timer)
{
	struct clock *clock = &pe->cpu.machine->clock;
	bool on = (pe->sysreg[registers[timer].ctl] & (CTL_ENABLE | CTL_IMASK)) == CTL_ENABLE;
	bool met = on && is_met(pe, timer);
	clock_schedule(clock, &pe->timer[timer].event,
		       on && !met ? due_tick(pe, timer) : CLOCK_NEVER);
	irq_set(&pe->wire[timer], met);
}

void timer_update(struct arm64_cpu *pe)
{
	for (unsigned timer = 0; timer < A64_TIMERS; timer++)
		update(pe, timer);
}

static void fired(void *opaque, uint64_t now)
{
	(void)now;
	struct arm64_timer *timer = opaque;
	update(timer->pe, (unsigned)(timer - timer->pe->timer));
}

void timer_hcr_changed(struct arm64_cpu *pe, uint64_t before)
{
	uint64_t changed = before ^ pe->sysreg[A64_HCR_EL2];
	if (!(changed & (HCR_E2H | HCR_TGE)) || !(pe->sysreg[A64_CNTHCTL_EL2] & CNTHCTL_ECV))
		return;
	sync(pe);
	timer_update(pe);
}

/* -- their registers -- */

uint64_t read_timer_ctl(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	sync(pe);
	uint64_t ctl = pe->sysreg[reg];
	bool status = ctl & CTL_ENABLE && is_met(pe, timer_of(reg));
	return ctl | (status ? CTL_ISTATUS : 0);
}

void write_timer_ctl(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	sync(pe);
	pe->sysreg[reg] = value & (CTL_ENABLE | CTL_IMASK);
	update(pe, timer_of(reg));
}

void write_timer_cval(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	sync(pe);
	pe->sysreg[reg] = value;
	update(pe, timer_of(reg));
}

/* What is left until the condition is met, in 32 bits. */
uint64_t read_timer_tval(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	unsigned timer = timer_of(reg);
	uint64_t count = count_exactly(pe) - offset_of(pe, timer);
	return (uint32_t)(compare_value(pe, timer) - count);
}

void write_timer_tval(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	unsigned timer = timer_of(reg);
	uint64_t count = count_exactly(pe) - offset_of(pe, timer);
	pe->sysreg[registers[timer].cval] = count + (uint64_t)(int64_t)(int32_t)value;
	update(pe, timer);
}

void write_counter_offset(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	sync(pe);
	pe->sysreg[reg] = value;
	timer_update(pe);
}

/* Offsets and the event stream. */
void write_cnthctl(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	uint64_t bits = CNTHCTL_LAYOUT;
	if (arm64_has(pe, A64_FEAT_ECV))
		bits |= CNTHCTL_ECV_LAYOUT;
	if (arm64_has(pe, A64_FEAT_ECV_POFF))
		bits |= CNTHCTL_ECV;
	pe->sysreg[reg] = value & bits;
	sync(pe);
	timer_update(pe);
}

/* -- the event stream -- */

enum {
	STREAM_EVNTEN = 1 << 2,
	STREAM_EVNTDIR = 1 << 3,
	STREAM_EVNTI_SHIFT = 4,
	STREAM_EVNTIS = 1 << 17,
};

/* Events that a stream with these controls has had when a counter shows a value. */
static uint64_t stream_events(const struct arm64_cpu *pe, uint64_t control, uint64_t count)
{
	unsigned bit = control >> STREAM_EVNTI_SHIFT & 15;
	if (control & STREAM_EVNTIS && arm64_has(pe, A64_FEAT_ECV))
		bit += 8;
	/* A rising edge of the bit is half a period before the falling one. */
	uint64_t half = control & STREAM_EVNTDIR ? 0 : 1ull << bit;
	return (count + half) >> (bit + 1);
}

/* Ticks from now to the next event of a stream. */
static uint64_t stream_next(const struct arm64_cpu *pe, uint64_t control, uint64_t offset)
{
	uint64_t count = count_now(pe) - offset;
	unsigned bit = control >> STREAM_EVNTI_SHIFT & 15;
	if (control & STREAM_EVNTIS && arm64_has(pe, A64_FEAT_ECV))
		bit += 8;
	uint64_t half = control & STREAM_EVNTDIR ? 0 : 1ull << bit;
	uint64_t next = ((stream_events(pe, control, count) + 1) << (bit + 1)) - half;
	return tick_of(pe, next + offset);
}

/* The virtual stream is EL1's (CNTKCTL_EL1), the physical one EL2's (CNTHCTL_EL2). */
static uint64_t control_of(const struct arm64_cpu *pe, bool physical)
{
	uint64_t control = pe->sysreg[physical ? A64_CNTHCTL_EL2 : A64_CNTKCTL_EL1];
	return control & STREAM_EVNTEN ? control : 0;
}

static uint64_t stream_offset(const struct arm64_cpu *pe, bool physical)
{
	return physical || pe->config.highest < A64_EL2 ? 0 : pe->sysreg[A64_CNTVOFF_EL2];
}

bool timer_stream_event(struct arm64_cpu *pe)
{
	if (!control_of(pe, false) && !control_of(pe, true))
		return false;
	uint64_t now = count_exactly(pe), before = pe->stream_position;
	bool any = false;
	for (unsigned physical = 0; physical < 2; physical++) {
		uint64_t control = control_of(pe, physical), offset = stream_offset(pe, physical);
		any |= control && stream_events(pe, control, now - offset) !=
					  stream_events(pe, control, before - offset);
	}
	pe->stream_position = now;
	return any;
}

void timer_wake_by_stream(struct arm64_cpu *pe)
{
	uint64_t when = pe->timeout.when;
	for (unsigned physical = 0; physical < 2; physical++) {
		uint64_t control = control_of(pe, physical);
		uint64_t next =
			control ? stream_next(pe, control, stream_offset(pe, physical)) : when;
		when = next < when ? next : when;
	}
	clock_schedule(&pe->cpu.machine->clock, &pe->timeout, when);
}

/* -- limits of waits -- */

static void waited_enough(void *opaque, uint64_t now)
{
	(void)now;
	struct arm64_cpu *pe = opaque;
	pe->woken = true;
	pe->stream_position = count_now(pe); /* an event of the stream is used up */
}

void timer_set_timeout(struct arm64_cpu *pe, uint64_t count)
{
	uint64_t now = timer_virtual_count(pe);
	uint64_t system = count + seen_virtual_offset(pe);
	pe->woken = now >= count;
	clock_schedule(&pe->cpu.machine->clock, &pe->timeout,
		       pe->woken || system < count ? CLOCK_NEVER : tick_of(pe, system));
}

void timer_clear_timeout(struct arm64_cpu *pe)
{
	pe->woken = false;
	clock_cancel(&pe->cpu.machine->clock, &pe->timeout);
}

/* -- life -- */

void timer_init(struct arm64_cpu *pe)
{
	for (unsigned timer = 0; timer < A64_TIMERS; timer++) {
		pe->timer[timer].pe = pe;
		clock_event_init(&pe->timer[timer].event, fired, &pe->timer[timer]);
	}
	clock_event_init(&pe->timeout, waited_enough, pe);
}

void timer_cancel(struct arm64_cpu *pe)
{
	struct clock *clock = &pe->cpu.machine->clock;
	for (unsigned timer = 0; timer < A64_TIMERS; timer++)
		clock_cancel(clock, &pe->timer[timer].event);
	timer_clear_timeout(pe);
}

/* An event that is still to come means that the wire is low, even at the very tick. */
void timer_restore(struct arm64_cpu *pe)
{
	struct clock *clock = &pe->cpu.machine->clock;
	for (unsigned timer = 0; timer < A64_TIMERS; timer++) {
		struct clock_event *event = &pe->timer[timer].event;
		uint64_t ctl = pe->sysreg[registers[timer].ctl];
		bool on = (ctl & (CTL_ENABLE | CTL_IMASK)) == CTL_ENABLE;
		clock_restore(clock, event);
		irq_set(&pe->wire[timer], on && event->when == CLOCK_NEVER && is_met(pe, timer));
	}
	clock_restore(clock, &pe->timeout);
}
