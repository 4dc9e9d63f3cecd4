#include "core/machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A new earliest event shortens the round, and the slice of the CPU that caused it. */
static void shorten_round(void *opaque, uint64_t when)
{
	struct machine *machine = opaque;
	/* The instruction that scheduled it still completes. */
	if (when <= machine->clock.now)
		when = machine->clock.now + 1;
	if (when >= machine->target)
		return;
	machine->target = when;
	struct cpu *cpu = machine->running;
	if (cpu && cpu->slice_end > when) {
		cpu->budget -= (int64_t)(cpu->slice_end - when);
		cpu->slice_end = when;
		cpu_attention(cpu);
	}
}

/* Ticks by which a CPU may pass the end of its turn: firmware and PAUSE charge for whole pieces. */
#define OVERRUN_MAX (1u << 20)

/* The budget is part of the same number. */
static void machine_saving(void *base)
{
	struct machine *machine = base;
	for (unsigned i = 0; i < machine->cpu_count && !machine->running; i++) {
		struct cpu *cpu = machine->cpu[i];
		cpu->slice_end = cpu_now(cpu);
		cpu->budget = 0;
	}
}

static uint64_t clamp(uint64_t value, uint64_t low, uint64_t high)
{
	return value < low ? low : value > high ? high : value;
}

/* The largest distance from a tick that does not wrap around. */
static uint64_t reach(uint64_t tick, uint64_t distance)
{
	return distance < UINT64_MAX - tick ? tick + distance : UINT64_MAX;
}

/* Of all sections this is the first: the events of the others follow. */
static void machine_loaded(void *base)
{
	struct machine *machine = base;
	struct clock *clock = &machine->clock;
	clock_detach_all(clock);
	state_fix_bool(&machine->interrupted);
	if (machine->turn >= machine->cpu_count)
		machine->interrupted = false;
	if (!machine->interrupted)
		machine->turn = 0;
	uint64_t start = machine->interrupted ? machine->round_start : clock->now;
	uint64_t earliest = start > machine->quantum ? start - machine->quantum : 0;
	clock->now = clamp(clock->now, start, reach(start, machine->quantum + OVERRUN_MAX));
	machine->target = clamp(machine->target, start, reach(start, machine->quantum));
	machine->next_poll =
		clamp(machine->next_poll, clock->now, reach(clock->now, machine->poll_interval));
	for (unsigned i = 0; i < machine->cpu_count; i++) {
		struct cpu *cpu = machine->cpu[i];
		cpu->budget = 0;
		cpu->slice_end = clamp(cpu->slice_end, earliest,
				       reach(start, machine->quantum + OVERRUN_MAX));
	}
}

// clang-format off
static const struct state_field machine_fields[] = {
	STATE_FIELD(struct machine, clock.now),
	STATE_FIELD(struct machine, clock.sequence),
	STATE_FIELD(struct machine, target),
	STATE_FIELD(struct machine, round_start),
	STATE_FIELD(struct machine, turn),
	STATE_FIELD(struct machine, interrupted),
	STATE_FIELD(struct machine, next_poll),
};
// clang-format on

/* Polls and rounds depend on who drives the machine: no part of the hash. */
static void register_machine(struct machine *machine)
{
	const struct state_section section = {
		.name = "machine",
		.version = 1,
		.base = machine,
		.fields = machine_fields,
		.field_count = sizeof(machine_fields) / sizeof(machine_fields[0]),
		.unhashed = true,
		.saving = machine_saving,
		.loaded = machine_loaded,
	};
	/* Without memory for it, machine_add_cpu() fails. */
	(void)state_register(&machine->state, &section);
}

void machine_init(struct machine *machine)
{
	memset(machine, 0, sizeof(*machine));
	clock_init(&machine->clock, 1, 1);
	machine->clock.earlier = shorten_round;
	machine->clock.earlier_opaque = machine;
	state_init(&machine->state);
	log_init(&machine->log, NULL, LOG_WARN);
	machine->quantum = 10000;
	machine->icount_limit = CLOCK_NEVER;
	machine->poll_interval = 1000000;
	machine->trap_loop = 1000;
	register_machine(machine);
}

void machine_fini(struct machine *machine)
{
	state_fini(&machine->state);
}

int machine_add_cpu(struct machine *machine, struct cpu *cpu)
{
	if (machine->cpu_count == MACHINE_MAX_CPUS || !machine->state.count)
		return -1;
	cpu->index = machine->cpu_count;
	cpu->machine = machine;
	cpu->slice_end = machine->clock.now;
	cpu->budget = 0;
	machine->cpu[machine->cpu_count++] = cpu;
	return 0;
}

void machine_stop(struct machine *machine, enum stop_kind kind, int status, const char *format, ...)
{
	if (machine->stop.kind != STOP_NONE)
		return;
	machine->stop.kind = kind;
	machine->stop.status = status;
	va_list args;
	va_start(args, format);
	vsnprintf(machine->stop.text, sizeof(machine->stop.text), format, args);
	va_end(args);
	for (unsigned i = 0; i < machine->cpu_count; i++)
		cpu_attention(machine->cpu[i]);
}

void machine_observe_trap(struct machine *machine, const struct cpu *cpu, const struct trap *trap)
{
	struct observation observation = {
		.kind = OBSERVE_TRAP,
		.icount = machine->clock.now,
		.pc = trap->pc,
		.trap = trap,
	};
	observer_notify(&machine->observers, cpu, &observation);
}

/* What the instruction limit counts: those that trapped too, or a guest that only traps goes on. */
static uint64_t executed_total(const struct machine *machine)
{
	uint64_t total = 0;
	for (unsigned i = 0; i < machine->cpu_count; i++) {
		const struct cpu *cpu = machine->cpu[i];
		total += cpu_retired(cpu) + cpu->trap_count - cpu->interrupt_count;
	}
	return total;
}

/* Lets time pass for a CPU that has nothing to do. */
static void skip_to(struct cpu *cpu, uint64_t tick)
{
	uint64_t now = cpu_now(cpu);
	if (tick > now) {
		cpu->idle_ticks += tick - now;
		cpu->slice_end = tick;
		cpu->budget = 0;
	}
}

static bool can_run(struct cpu *cpu)
{
	if (cpu->stopped)
		return false;
	if (cpu->halted && cpu->isa->wakeup(cpu))
		cpu->halted = false;
	return !cpu->halted;
}

static bool any_can_run(struct machine *machine)
{
	bool any = false;
	for (unsigned i = 0; i < machine->cpu_count; i++)
		any |= can_run(machine->cpu[i]);
	return any;
}

static uint64_t minimum(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Where the next round ends when CPUs have work: exact at events, limits and polls. */
static uint64_t round_end(struct machine *machine, uint64_t limit)
{
	uint64_t now = machine->clock.now;
	uint64_t end = limit - now > machine->quantum ? now + machine->quantum : limit;
	end = minimum(end, clock_next(&machine->clock));
	if (machine->poll)
		end = minimum(end, machine->next_poll);
	if (machine->icount_limit != CLOCK_NEVER) {
		uint64_t total = executed_total(machine);
		uint64_t left = machine->icount_limit > total ? machine->icount_limit - total : 0;
		/* Everybody's share; shares get smaller until single ticks are left. */
		end = minimum(end, now + left / machine->cpu_count);
	}
	return end > now ? end : now + 1;
}

static bool limit_reached(const struct machine *machine)
{
	return machine->icount_limit != CLOCK_NEVER &&
	       executed_total(machine) >= machine->icount_limit;
}

/* resumed: its turn was interrupted, and nobody else ran since. */
static void run_cpu(struct machine *machine, struct cpu *cpu, bool resumed)
{
	if (cpu_now(cpu) >= machine->target || limit_reached(machine))
		return;
	if (!can_run(cpu)) {
		skip_to(cpu, machine->target);
		return;
	}
	machine->running = cpu;
	machine->clock.now = cpu_now(cpu);
	if (machine->cpu_count > 1 && !resumed)
		cpu->reservation = UINT64_MAX; /* others ran since */
	machine->engine->run(cpu, machine->target);
	machine->running = NULL;
	if (machine->stop.kind == STOP_NONE && (cpu->halted || cpu->stopped))
		skip_to(cpu, machine->target);
}

static void run_round(struct machine *machine, uint64_t limit)
{
	bool resumed = machine->interrupted;
	machine->interrupted = false;
	if (resumed) {
		machine->target = minimum(machine->target, limit);
	} else {
		machine->target = round_end(machine, limit);
		machine->repeats = 0;
		machine->round_start = machine->clock.now;
		machine->turn = 0;
	}
	for (uint32_t i = machine->turn; i < machine->cpu_count; i++) {
		machine->clock.now = machine->round_start;
		run_cpu(machine, machine->cpu[i], resumed && i == machine->turn);
		if (machine->stop.kind != STOP_NONE) {
			machine->turn = i;
			machine->interrupted = true;
			machine->clock.now = cpu_now(machine->cpu[i]);
			return;
		}
	}
	clock_advance(&machine->clock, machine->target);
}

/* Nobody can run: jump to the next event, or wait for input. */
static void idle_round(struct machine *machine, uint64_t limit)
{
	uint64_t next = minimum(clock_next(&machine->clock), limit);
	/* Input may have scheduled something for a time that has passed. */
	if (next < machine->clock.now)
		next = machine->clock.now;
	if (machine->poll && machine->poll(machine->poll_opaque, true, next))
		return;
	if (machine->stop.kind != STOP_NONE)
		return;
	if (next == CLOCK_NEVER) {
		machine_stop(machine, STOP_DEADLOCK, 0,
			     "every CPU waits for an interrupt, and none can come");
		return;
	}
	machine->target = next;
	machine->repeats = next == machine->clock.now ? machine->repeats + 1 : 0;
	for (unsigned i = 0; i < machine->cpu_count; i++)
		skip_to(machine->cpu[i], next);
	clock_advance(&machine->clock, next);
}

void machine_skip_idle(struct machine *machine)
{
	if (machine->stop.kind == STOP_NONE && !any_can_run(machine))
		idle_round(machine, CLOCK_NEVER);
}

static void poll_if_due(struct machine *machine)
{
	if (!machine->poll || machine->clock.now < machine->next_poll)
		return;
	machine->next_poll = machine->clock.now + machine->poll_interval;
	machine->poll(machine->poll_opaque, false, CLOCK_NEVER);
}

enum stop_kind machine_run_until(struct machine *machine, uint64_t tick)
{
	while (machine->stop.kind == STOP_NONE && machine->clock.now < tick) {
		if (!machine->interrupted)
			poll_if_due(machine);
		machine_look(machine);
		if (machine->stop.kind != STOP_NONE)
			break;
		if (limit_reached(machine)) {
			machine_stop(machine, STOP_ICOUNT_LIMIT, 0,
				     "the instruction limit of %llu is reached",
				     (unsigned long long)machine->icount_limit);
			break;
		}
		if (machine->interrupted || any_can_run(machine))
			run_round(machine, tick);
		else
			idle_round(machine, tick);
	}
	return machine->stop.kind;
}

enum stop_kind machine_run(struct machine *machine)
{
	/* Only a stop ends this, unless somebody slept until the last tick there is. */
	if (machine_run_until(machine, CLOCK_NEVER) == STOP_NONE)
		machine_stop(machine, STOP_DEADLOCK, 0, "virtual time is over after 2^64 ticks");
	return machine->stop.kind;
}
