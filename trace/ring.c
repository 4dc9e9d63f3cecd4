/* The last traps of a machine. */
#include <stdlib.h>

#include "trace/record.h"

struct trap_ring {
	struct observer observer;
	struct machine *machine;
	struct trace_names names;
	struct trace_record records[TRAP_RING_SIZE];
	uint64_t count; /* ever */
};

static void notify(void *opaque, const struct cpu *cpu, const struct observation *observation)
{
	struct trap_ring *ring = opaque;
	trace_record_fill(&ring->records[ring->count++ % TRAP_RING_SIZE], cpu, observation);
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
		trace_record_text(&printer, &ring->records[i % TRAP_RING_SIZE]);
	}
	disassembler_free(printer.disassembler);
	return (unsigned)(ring->count - first);
}
