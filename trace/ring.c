/* The last traps of a machine. */
#include <stdlib.h>

#include "trace/record.h"

struct trap_ring {
	const struct machine *machine;
	struct trace_names names;
	uint64_t first; /* traps before it are not ours */
};

struct trap_ring *trap_ring_new(const struct machine *machine, const struct trace_names *names)
{
	struct trap_ring *ring = calloc(1, sizeof(*ring));
	if (!ring)
		return NULL;
	ring->machine = machine;
	ring->first = machine->traps_noted;
	if (names)
		ring->names = *names;
	return ring;
}

void trap_ring_free(struct trap_ring *ring)
{
	free(ring);
}

static void print(const struct trace_printer *printer, const struct machine_trap *kept)
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
	uint64_t count = ring->machine->traps_noted, first = ring->first;
	if (count - first > TRAP_RING_SIZE)
		first = count - TRAP_RING_SIZE;
	struct trace_printer printer = {
		.stream = stream,
		.machine = ring->machine,
		.disassembler = disassembler_new(ring->machine->cpu[0]->isa->name),
		.names = ring->names,
	};
	for (uint64_t i = first; i < count; i++) {
		fputs(prefix, stream);
		print(&printer, &ring->machine->traps[i % MACHINE_TRAPS]);
	}
	disassembler_free(printer.disassembler);
	return (unsigned)(count - first);
}
