#include "trace/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/json.h"
#include "trace/record.h"
#include "trace/spec.h"

#define BUFFER_RECORDS 1024
#define LEVELS         32 /* privilege levels have lower numbers */

struct trace {
	struct trace_spec spec;
	struct trace_printer printer;
	struct machine *machine; /* NULL: not attached */
	struct observer observer;
	const char *file_name; /* for messages */
	int failed;            /* errno of the first write that failed */

	/* Of the last=N records, or of those not printed yet; record number n is at n % capacity.
	 */
	struct trace_record *records;
	size_t capacity;
	uint64_t taken, printed;

	uint32_t levels;                    /* 1 << level of interest */
	bool blocks;                        /* block records are wanted */
	uint64_t next_pc[MACHINE_MAX_CPUS]; /* after the last instruction seen */
};

/* -- taking records -- */

static bool level_wanted(const struct trace *trace, unsigned level)
{
	return level >= LEVELS || trace->levels >> level & 1;
}

static bool wanted(const struct trace *trace, const struct trace_record *record)
{
	const struct observation *what = &record->what;
	if (what->pc < trace->spec.pc_first || what->pc > trace->spec.pc_last)
		return false;
	if (level_wanted(trace, record->level))
		return true;
	if (what->kind == OBSERVE_TRAP)
		return level_wanted(trace, record->trap.to);
	return what->kind == OBSERVE_RET && level_wanted(trace, what->ret.to);
}

/* Engines call every instruction a block while somebody watches: those that simply follow the one
 * before are none. */
static bool continues_block(struct trace *trace, const struct cpu *cpu,
			    const struct observation *observation)
{
	uint64_t *next = &trace->next_pc[cpu->index];
	bool continues = observation->pc == *next;
	*next = observation->pc + observation->insn.length;
	return continues;
}

static void print(struct trace *trace, uint64_t end)
{
	errno = 0;
	for (; trace->printed < end; trace->printed++) {
		const struct trace_record *record =
			&trace->records[trace->printed % trace->capacity];
		if (trace->spec.jsonl)
			trace_record_json(&trace->printer, record);
		else
			trace_record_text(&trace->printer, record);
	}
	if (ferror(trace->printer.stream) && !trace->failed)
		trace->failed = errno ? errno : EIO;
}

/* Makes room for one record: the oldest is lost if only the last are kept or nothing can be
 * written any more; else all are printed. */
static void make_room(struct trace *trace)
{
	if (trace->taken - trace->printed < trace->capacity)
		return;
	if (trace->spec.last || trace->failed)
		trace->printed++;
	else
		print(trace, trace->taken);
}

static void notify(void *opaque, const struct cpu *cpu, const struct observation *observation)
{
	struct trace *trace = opaque;
	struct trace_record record;
	if (observation->kind == OBSERVE_BLOCK && continues_block(trace, cpu, observation))
		return;
	trace_record_fill(&record, cpu, observation);
	if (!wanted(trace, &record))
		return;
	make_room(trace);
	trace->records[trace->taken++ % trace->capacity] = record;
}

/* -- opening -- */

static FILE *open_file(struct trace *trace)
{
	const char *path = trace->spec.file;
	trace->file_name = path;
	int fd = -1;
	if (!*path) {
		trace->file_name = "standard error";
		fd = dup(STDERR_FILENO);
	} else if (!strcmp(path, "-")) {
		trace->file_name = "standard output";
		fd = dup(STDOUT_FILENO);
	} else {
		/* Appending, so that two traces into one file do not overwrite each other. */
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
	}
	return fd < 0 ? NULL : fdopen(fd, "w");
}

struct trace *trace_new(const char *spec, struct error *error)
{
	struct trace *trace = calloc(1, sizeof(*trace));
	if (!trace) {
		error_set(error, EXIT_CODE_USAGE, "--trace: out of memory");
		return NULL;
	}
	if (trace_spec_parse(&trace->spec, spec, error)) {
		free(trace);
		return NULL;
	}
	trace->printer.stream = open_file(trace);
	if (!trace->printer.stream) {
		error_set(error, EXIT_CODE_USAGE, "%.300s: cannot open for a trace: %s",
			  trace->file_name, strerror(errno));
		free(trace);
		return NULL;
	}
	return trace;
}

/* -- attaching -- */

static int find_level(const struct machine *machine, const char *name)
{
	for (unsigned level = 0; level < LEVELS; level++)
		if (!strcmp(trace_level_name(machine, level), name))
			return (int)level;
	return -1;
}

static int choose_levels(struct trace *trace, const struct machine *machine, struct error *error)
{
	char copy[sizeof(trace->spec.levels)];
	snprintf(copy, sizeof(copy), "%s", trace->spec.levels);
	trace->levels = *copy ? 0 : UINT32_MAX;
	char *rest = *copy ? copy : NULL, *name;
	while ((name = strsep(&rest, "+"))) {
		int level = find_level(machine, name);
		if (level < 0)
			return error_set(error, EXIT_CODE_USAGE,
					 "--trace: level=%s: '%s' is no privilege level of this "
					 "machine",
					 trace->spec.levels, name);
		trace->levels |= 1u << level;
	}
	return 0;
}

static void write_header_json(struct trace *trace, const struct trace_context *context,
			      const char *absence)
{
	struct json json;
	json_init(&json, trace->printer.stream);
	json_open(&json, NULL, '{');
	json_unsigned(&json, "schema", TRACE_SCHEMA);
	json_string(&json, "arch", trace->machine->cpu[0]->isa->name);
	json_unsigned(&json, "cpus", trace->machine->cpu_count);
	for (unsigned i = 0; i < context->property_count; i++)
		json_string(&json, context->properties[i].name, context->properties[i].text);
	if (absence)
		json_string(&json, "no_disassembly", absence);
	json_close(&json, '}');
	json_line(&json);
}

static void write_header_text(struct trace *trace, const struct trace_context *context,
			      const char *absence)
{
	FILE *stream = trace->printer.stream;
	fprintf(stream, "# %s, %u cpu%s", trace->machine->cpu[0]->isa->name,
		trace->machine->cpu_count, trace->machine->cpu_count == 1 ? "" : "s");
	for (unsigned i = 0; i < context->property_count; i++) {
		if (!context->properties[i].text)
			continue;
		fprintf(stream, ", %s ", context->properties[i].name);
		trace_put_text(stream, context->properties[i].text);
	}
	fprintf(stream, "\n");
	if (absence)
		fprintf(stream, "# no disassembly: %s\n", absence);
	fprintf(stream, "# %10s %2s %-2s %-5s %-16s  %s\n", "icount", "c", "l", "event", "pc",
		"what  <symbol>");
}

static bool prints_insns(const struct trace *trace)
{
	return trace->spec.kinds &
	       (OBSERVE_BIT(OBSERVE_INSN) | OBSERVE_BIT(OBSERVE_BLOCK) | OBSERVE_BIT(OBSERVE_TRAP));
}

int trace_attach(struct trace *trace, struct machine *machine, const struct trace_context *context,
		 struct error *error)
{
	const char *isa = machine->cpu[0]->isa->name, *absence = NULL;
	if (choose_levels(trace, machine, error))
		return -1;
	trace->capacity = trace->spec.last ? trace->spec.last : BUFFER_RECORDS;
	trace->records = calloc(trace->capacity, sizeof(*trace->records));
	if (!trace->records)
		return error_set(error, EXIT_CODE_USAGE, "--trace: out of memory for %zu records",
				 trace->capacity);
	trace->machine = machine;
	trace->printer.machine = machine;
	trace->printer.names = context->names;
	if (prints_insns(trace)) {
		trace->printer.disassembler = disassembler_new(isa);
		absence = disassembler_absence(isa);
	}
	if (trace->spec.jsonl)
		write_header_json(trace, context, absence);
	else
		write_header_text(trace, context, absence);
	memset(trace->next_pc, 0xff, sizeof(trace->next_pc));
	trace->observer = (struct observer){
		.kinds = trace->spec.kinds,
		.notify = notify,
		.opaque = trace,
	};
	observer_add(&machine->observers, &trace->observer);
	return 0;
}

/* -- output -- */

void trace_flush(struct trace *trace)
{
	if (!trace->machine || trace->spec.last || trace->spec.file[0] || trace->failed)
		return;
	print(trace, trace->taken);
	fflush(trace->printer.stream);
}

int trace_close(struct trace *trace, struct error *error)
{
	if (!trace)
		return 0;
	if (trace->machine) {
		observer_remove(&trace->machine->observers, &trace->observer);
		if (!trace->failed)
			print(trace, trace->taken);
	}
	errno = 0;
	if (fclose(trace->printer.stream) && !trace->failed)
		trace->failed = errno ? errno : EIO;
	int result = 0;
	if (trace->failed)
		result = error_set(error, EXIT_CODE_USAGE, "%.300s: cannot write the trace: %s",
				   trace->file_name, strerror(trace->failed));
	disassembler_free(trace->printer.disassembler);
	free(trace->records);
	free(trace);
	return result;
}
