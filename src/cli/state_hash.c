#include "src/cli/state_hash.h"

#include <inttypes.h>
#include <stdio.h>

#include "machines/board.h"

/* Going on would keep a machine alive that nothing can wake. */
static bool something_follows(const struct machine *machine)
{
	bool runs = clock_next(&machine->clock) != CLOCK_NEVER;
	for (unsigned i = 0; i < machine->cpu_count; i++)
		runs |= !machine->cpu[i]->halted && !machine->cpu[i]->stopped;
	return runs;
}

static void print(void *opaque, uint64_t now)
{
	struct state_hash_printer *printer = opaque;
	struct machine *machine = printer->machine;
	fprintf(stderr, "trapline: state %" PRIu64 " %016" PRIx64 "\n", now, board_hash(machine));
	if (something_follows(machine) && now < CLOCK_NEVER - printer->period)
		clock_schedule(&machine->clock, &printer->event, now + printer->period);
}

void state_hash_start(struct state_hash_printer *printer, struct machine *machine, uint64_t period)
{
	printer->machine = machine;
	printer->period = period;
	clock_event_init(&printer->event, print, printer);
	clock_schedule(&machine->clock, &printer->event, machine->clock.now + period);
}

void state_hash_stop(struct state_hash_printer *printer)
{
	if (printer->machine)
		clock_cancel(&printer->machine->clock, &printer->event);
	printer->machine = NULL;
}
