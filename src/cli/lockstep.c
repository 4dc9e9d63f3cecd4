#include "src/cli/lockstep.h"

#include <stdio.h>
#include <string.h>

/* Registers are compared this often (ticks), all registered state every SLOW_EVERY times. */
#define STRIDE     64
#define SLOW_EVERY 4096

/* Writes what differs between two CPUs into text; false if nothing does. */
static bool describe_difference(const struct cpu *a, const struct cpu *b, char *text, size_t size)
{
	const char *other = b->machine->engine->name;
	if (a->pc != b->pc) {
		snprintf(text, size, "pc is 0x%llx, in %s 0x%llx", (unsigned long long)a->pc, other,
			 (unsigned long long)b->pc);
		return true;
	}
	for (unsigned i = 0; i < a->isa->register_count; i++) {
		if (a->r[i] == b->r[i])
			continue;
		snprintf(text, size, "%s is 0x%llx, in %s 0x%llx", a->isa->register_names[i],
			 (unsigned long long)a->r[i], other, (unsigned long long)b->r[i]);
		return true;
	}
	if (memcmp(a->v, b->v, sizeof(a->v))) {
		snprintf(text, size, "FP registers differ");
		return true;
	}
	if (a->fp.flags != b->fp.flags || a->level != b->level || a->mode != b->mode) {
		snprintf(text, size, "FP flags, level or mode differ");
		return true;
	}
	if (cpu_now(a) != cpu_now(b) || cpu_retired(a) != cpu_retired(b)) {
		snprintf(text, size, "instruction counts differ");
		return true;
	}
	return false;
}

static void compare(struct session *session, bool everything)
{
	struct machine *machine = session->machine, *shadow = session->shadow;
	char text[128];
	for (unsigned i = 0; i < machine->cpu_count; i++) {
		if (!describe_difference(machine->cpu[i], shadow->cpu[i], text, sizeof(text)))
			continue;
		machine_stop(
			machine, STOP_DEBUG, 0,
			"lockstep: cpu %u differs at or before instruction %llu, pc 0x%llx: %s", i,
			(unsigned long long)machine->clock.now,
			(unsigned long long)shadow->cpu[i]->pc, text);
		return;
	}
	if (everything && state_hash(&machine->state) != state_hash(&shadow->state))
		machine_stop(machine, STOP_DEBUG, 0,
			     "lockstep: CPU or device state differs at or before instruction %llu",
			     (unsigned long long)machine->clock.now);
}

enum stop_kind lockstep_run(struct session *session)
{
	struct machine *machine = session->machine, *shadow = session->shadow;
	for (unsigned count = 1; machine->stop.kind == STOP_NONE; count++) {
		machine_skip_idle(machine);
		uint64_t tick = machine->clock.now + STRIDE;
		machine_run_until(machine, tick);
		machine_run_until(shadow, tick);
		if (machine->stop.kind == STOP_NONE && shadow->stop.kind != STOP_NONE)
			machine_stop(machine, STOP_DEBUG, 0, "lockstep: only %s stopped: %s",
				     shadow->engine->name, shadow->stop.text);
		if (machine->stop.kind == STOP_NONE || machine->stop.kind == STOP_EXIT)
			compare(session, count % SLOW_EVERY == 0);
	}
	return machine->stop.kind;
}
