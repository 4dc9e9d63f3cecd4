#include "src/cli/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "engine/engine.h"
#include "trace/trace.h"

/* What each end of a run means. status < 0: the stop's own status. */
static const struct {
	const char *name;
	int status;
	bool bad; /* worth a report */
} ends[] = {
	[STOP_NONE] = {"none",         0,                      false},
	[STOP_EXIT] = {"exit",         -1,                     false},
	[STOP_RESET] = {"reset",        0,                      false},
	[STOP_QUIT] = {"quit",         0,                      false},
	[STOP_TIMEOUT] = {"timeout",      EXIT_CODE_TIMEOUT,      true },
	[STOP_ICOUNT_LIMIT] = {"icount-limit", EXIT_CODE_ICOUNT_LIMIT, true },
	[STOP_TRAP_LOOP] = {"trap-loop",    EXIT_CODE_TRAP_LOOP,    true },
	[STOP_PANIC] = {"panic",        EXIT_CODE_PANIC,        true },
	[STOP_STRICT] = {"strict",       EXIT_CODE_STRICT,       true },
	[STOP_DEADLOCK] = {"deadlock",     EXIT_CODE_GUEST_ABORT,  true },
	[STOP_SIGNAL] = {"signal",       -1,                     false},
	[STOP_DEBUG] = {"debug",        EXIT_CODE_USAGE,        true },
	[STOP_DIVERGED] = {"diverged",     EXIT_CODE_DIVERGED,     true },
};

static int exit_status(const struct session *session)
{
	const struct stop *stop = &session->machine->stop;
	if (stop->kind == STOP_EXIT)
		return session->watch.reported ? session->watch.status : stop->status;
	if (stop->kind == STOP_SIGNAL)
		return 128 + stop->status;
	return ends[stop->kind].status;
}

static uint64_t retired(const struct machine *machine)
{
	uint64_t total = 0;
	for (unsigned i = 0; i < machine->cpu_count; i++)
		total += cpu_retired(machine->cpu[i]);
	return total;
}

static uint64_t trap_total(const struct machine *machine)
{
	uint64_t total = 0;
	for (unsigned i = 0; i < machine->cpu_count; i++)
		total += machine->cpu[i]->trap_count;
	return total;
}

static void report_bad_end(const struct session *session)
{
	const struct machine *machine = session->machine;
	fprintf(stderr, "trapline: %s\n", machine->stop.text);
	if (session->watch.line_count || session->watch.line_length) {
		fprintf(stderr, "trapline: last console lines:\n");
		console_watch_print(&session->watch, stderr, "  ");
	}
	if (trap_total(machine)) {
		fprintf(stderr, "trapline: last traps:\n");
		trap_ring_print(session->ring, stderr, "  ");
	}
	for (unsigned i = 0; i < machine->cpu_count; i++) {
		const struct cpu *cpu = machine->cpu[i];
		fprintf(stderr,
			"trapline: cpu %u: pc 0x%llx, %s%s, %llu instructions, %llu traps\n", i,
			(unsigned long long)cpu->pc, cpu->isa->level_name(cpu, cpu->level),
			cpu->stopped  ? ", stopped"
			: cpu->halted ? ", waiting for an interrupt"
				      : "",
			(unsigned long long)cpu_retired(cpu), (unsigned long long)cpu->trap_count);
	}
}

static void print_stats(const struct session *session, uint64_t host_ns, bool json, FILE *stream)
{
	const struct machine *machine = session->machine;
	struct code_cache_stats code;
	code_cache_stats(machine->cpu[0]->code, &code);
	const struct {
		const char *name;
		unsigned long long value;
	} rows[] = {
		{"instructions",       retired(machine)          },
		{"ticks",              machine->clock.now        },
		{"traps",              trap_total(machine)       },
		{"guest_ns",           clock_ns(&machine->clock) },
		{"host_ns",            host_ns                   },
		{"blocks",             code.blocks               },
		{"block_instructions", code.instructions         },
		{"block_uops",         code.uops                 },
		{"code_bytes",         code.bytes                },
		{"code_flushes",       code.flushes              },
		{"code_invalidations", code.invalidations        },
		{"jit_blocks",         code.compiled             },
		{"jit_instructions",   code.compiled_instructions},
		{"jit_bytes",          code.host_bytes           },
	};
	unsigned count = sizeof(rows) / sizeof(rows[0]);
	for (unsigned i = 0; i < count; i++) {
		if (json)
			fprintf(stream, "%s\"%s\": %llu", i ? ", " : "{", rows[i].name,
				rows[i].value);
		else
			fprintf(stream, "trapline: %-20s %llu\n", rows[i].name, rows[i].value);
	}
	if (json)
		fprintf(stream, "}");
}

static int exit_record_error(const struct session *session, struct error *error)
{
	return error_set(error, EXIT_CODE_USAGE, "%s: cannot write: %s",
			 session->options->exit_json, strerror(errno));
}

int report_open(struct session *session, struct error *error)
{
	if (!session->options->exit_json)
		return 0;
	session->exit_record = fopen(session->options->exit_json, "we");
	return session->exit_record ? 0 : exit_record_error(session, error);
}

void report_close(struct session *session)
{
	if (session->exit_record)
		fclose(session->exit_record);
	session->exit_record = NULL;
}

/* Returns 0, or the exit code for a file that cannot be written. */
static int write_exit_json(struct session *session, int status, uint64_t host_ns)
{
	FILE *stream = session->exit_record;
	const struct stop *stop = &session->machine->stop;
	fprintf(stream, "{\"end\": \"%s\", \"status\": %d, \"text\": ", ends[stop->kind].name,
		status);
	json_quote(stream, stop->text);
	fprintf(stream, ", \"stats\": ");
	print_stats(session, host_ns, true, stream);
	fprintf(stream, "}\n");
	session->exit_record = NULL;
	if (ferror(stream) | fclose(stream)) {
		struct error error = {0};
		exit_record_error(session, &error);
		return cli_fail(&error);
	}
	return 0;
}

/* Why a replay ends that the guest did not end. */
static bool is_end_of_replay(const struct session *session)
{
	if (!session->player || !player_at_end(session->player))
		return false;
	return player_cut_off(session->player) || session->machine->stop.kind == STOP_SIGNAL ||
	       session->machine->stop.kind == STOP_QUIT;
}

int report_end(struct session *session, uint64_t host_ns)
{
	const struct machine_options *options = session->options;
	int status = exit_status(session);
	const struct stop *stop = &session->machine->stop;
	if (ends[stop->kind].bad && !options->quiet)
		report_bad_end(session);
	else if (stop->kind == STOP_DIVERGED || is_end_of_replay(session))
		fprintf(stderr, "trapline: %s\n", stop->text);
	if (options->stats) {
		print_stats(session, host_ns, *options->stats, stderr);
		if (*options->stats)
			fputc('\n', stderr);
	}
	if (session->exit_record) {
		int failed = write_exit_json(session, status, host_ns);
		if (failed)
			return failed;
	}
	return status;
}
