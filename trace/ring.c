/* The last traps of a machine. */
#include <stdlib.h>

#include "trace/record.h"

/* Kept small: every trap of every run is copied here. */
struct kept_trap {
	struct trap trap;
	uint64_t icount;
	unsigned cpu;
};

struct trap_ring {
	struct observer observer;
	struct machine *machine;
	struct trace_names names;
	struct kept_trap kept[TRAP_RING_SIZE];
	uint64_t count; /* ever */
};

static void notify(void *opaque, const struct cpu *cpu, const struct observation *observation)
{
	struct trap_ring *ring = opaque;
	struct kept_trap *kept = &ring->kept[ring->count++ % TRAP_RING_SIZE];
	kept->trap = *observation->trap;
	kept->icount = observation->icount;
	kept->cpu = cpu->index;
}

struct trap_ring *trap_ring_new(struct machine *machine, const struct trace_names *names)
{
	struct trap_ring *ring = calloc(1, sizeof(*ring));
	if (!ring)
		return NULL;
	ring->machine = machine;
	if (names)
		ring->names = *names;
	ring->observer = (struct observer){
		.kinds = OBSERVE_BIT(OBSERVE_TRAP),
		.notify = notify,
		.opaque = ring,
	};
	observer_add(&machine->observers, &ring->observer);
	return ring;
}

void trap_ring_free(struct trap_ring *ring)
{
	if (!ring)
		return;
	observer_remove(&ring->machine->observers, &ring->observer);
	free(ring);
}

static void print(const struct trace_printer *printer, const struct kept_trap *kept)
{
	const struct observation observation = {
		.kind = OBSERVE_TRAP,
		.icount = kept->icount,
		.pc = kept->trap.pc,
		.trap = &kept->trap,
	};
	struct trace_record record;
	trace_record_fill(&record, printer->machine->cpu[kept->cpu], &observation);
	trace_record_text(printer, &record);
}

unsigned trap_ring_print(const struct trap_ring *ring, FILE *stream, const char *prefix)
{
	if (!ring)
		return 0;
	uint64_t first = ring->count > TRAP_RING_SIZE ? ring->count - TRAP_RING_SIZE : 0;
	struct trace_printer printer = {
		.stream = stream,
		.machine = ring->machine,
		.disassembler = disassembler_new(ring->machine->cpu[0]->isa->name),
		.names = ring->names,
	};
	for (uint64_t i = first; i < ring->count; i++) {
		fputs(prefix, stream);
		print(&printer, &ring->kept[i % TRAP_RING_SIZE]);
	}
	disassembler_free(printer.disassembler);
	return (unsigned)(ring->count - first);
}
