/*
 * --trace: observers that write what a machine does, as text or JSON lines. Records are kept in
 * memory as they are and printed later: when the buffer is full, at trace_flush(), at the end.
 * docs/tracing.md describes both formats.
 *
 *	struct trace *trace = trace_new("trap,csr:log.jsonl,fmt=jsonl", &error);
 *	if (!trace || trace_attach(trace, machine, &context, &error))
 *		...
 *	machine_run(machine);
 *	if (trace_close(trace, &error))
 *		...
 */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include <stdint.h>
#include <stdio.h>

#include "core/error.h"
#include "core/machine.h"

struct trace;
struct trap_ring;

/* Names that a trace cannot know by itself. Each function may be NULL and may return NULL. */
struct trace_names {
	/* The symbol that holds an address, and how far into it the address is. */
	const char *(*symbol)(void *opaque, uint64_t address, uint64_t *offset);
	/* The mnemonic of an instruction that Capstone does not know. */
	const char *(*insn)(void *opaque, uint64_t bits);
	/* The name of an error code that a firmware call returned. */
	const char *(*firmware_error)(int64_t code);
	void *opaque;
};

/* A member of the first line: image hash, configuration, seed ... */
struct trace_property {
	const char *name, *text;
};

struct trace_context {
	struct trace_names names;
	const struct trace_property *properties;
	unsigned property_count;
};

/*
 * trace_new() - parses a --trace value and opens its file.
 * @spec: EVENT[,EVENT...][:FILE][,fmt=text|jsonl][,pc=FIRST-LAST][,level=L[+L...]][,last=N]
 * The file is standard error without FILE, standard output for "-". Returns NULL with error (125)
 * that names the item and what is known.
 */
struct trace *trace_new(const char *spec, struct error *error);

/*
 * trace_attach() - starts observing; writes the first line.
 * @machine: must live until trace_close()
 * @context: what it points to must do so, too, but the properties
 * Returns 0, or -1 with error: a level that the machine does not have, or no memory.
 */
int trace_attach(struct trace *trace, struct machine *machine, const struct trace_context *context,
		 struct error *error);

/* Prints what is in memory, if it is to be seen at once (standard error) and is not a last=N. */
void trace_flush(struct trace *trace);

/*
 * trace_close() - prints what is left, closes the file, frees the trace.
 * @trace: may be NULL, and need not be attached
 * Returns 0; or -1 with error (125) if anything could not be written, now or earlier.
 */
int trace_close(struct trace *trace, struct error *error);

/* The last traps of a machine, always kept, for the report of a run that ended badly. */
#define TRAP_RING_SIZE MACHINE_TRAPS

/* Those from now on. NULL: no memory. The machine must live until trap_ring_free(). */
struct trap_ring *trap_ring_new(const struct machine *machine, const struct trace_names *names);
void trap_ring_free(struct trap_ring *ring);

/* Prints the last traps, oldest first, each line after the prefix. ring may be NULL. Returns how
 * many there were. */
unsigned trap_ring_print(const struct trap_ring *ring, FILE *stream, const char *prefix);

#endif
