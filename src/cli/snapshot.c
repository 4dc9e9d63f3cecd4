#include "src/cli/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "machines/snapshot.h"
#include "src/cli/build_id.h"
#include "src/cli/session.h"

/* -- options from a file -- */

static const char *keep(struct snapshot_use *use, const char *text)
{
	unsigned room = sizeof(use->strings) / sizeof(use->strings[0]);
	char *copy = use->string_count < room ? strdup(text) : NULL;
	if (copy)
		use->strings[use->string_count++] = copy;
	return copy;
}

struct reading {
	struct snapshot_use *use;
	struct machine_options *options;
	struct error *error;
};

static void take_line(void *opaque, const char *key, const char *value)
{
	struct reading *reading = opaque;
	struct machine_options *options = reading->options;
	const struct {
		const char *key;
		uint64_t *number;
		const char **text;
	} rows[] = {
		{"memory",         &options->memory,  NULL             },
		{"cpus",           &options->cpus,    NULL             },
		{"option.insn-ns", &options->insn_ns, NULL             },
		{"option.quantum", &options->quantum, NULL             },
		{"option.seed",    &options->seed,    NULL             },
		{"option.cpu",     NULL,              &options->cpu    },
		{"option.sbi",     NULL,              &options->sbi    },
		{"option.machine", NULL,              &options->machine},
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(key, rows[i].key) != 0)
			continue;
		if (rows[i].number)
			*rows[i].number = strtoull(value, NULL, 10);
		else if (rows[i].text)
			*rows[i].text = keep(reading->use, value);
	}
	if (!strcmp(key, "option.semihosting"))
		options->semihosting = !strcmp(value, "1");
	static const char board[] = "-virt";
	size_t length = strlen(value), tail = sizeof(board) - 1;
	if (!strcmp(key, "machine") && length > tail && !strcmp(value + length - tail, board)) {
		char arch[32];
		snprintf(arch, sizeof(arch), "%.*s", (int)(length - tail), value);
		options->arch = keep(reading->use, arch);
	}
	if (!strcmp(key, "option.device") && options->devices.count < OPTION_LIST_MAX) {
		const char *device = keep(reading->use, value);
		if (device)
			options->devices.items[options->devices.count++] = device;
	}
}

int snapshot_restore_options(struct session *session, struct machine_options *options,
			     struct error *error)
{
	struct snapshot_use *use = &session->snapshot;
	const char *path = options->restore;
	if (!path)
		return 0;
	use->from = snapshot_open(path, error);
	if (!use->from)
		return -1;
	struct reading reading = {use, options, error};
	machine_options_default(options);
	snapshot_lines(use->from, take_line, &reading);
	return 1;
}

/* -- options for a file -- */

static void note(FILE *out, const char *key, const char *value)
{
	if (value && !strchr(value, '\n'))
		fprintf(out, "%s=%s\n", key, value);
}

char *snapshot_notes(const struct session *session, const char *more)
{
	const struct machine_options *options = session->options;
	const struct board_config *config = &session->config;
	char *text = NULL, build[64];
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	note(out, "version", TRAPLINE_VERSION);
	note(out, "build", build_id(build, sizeof(build)));
	fprintf(out, "instructions=%llu\n",
		(unsigned long long)condition_instructions(session->machine));
	fprintf(out, "time-ns=%llu\n", (unsigned long long)clock_ns(&session->machine->clock));
	note(out, "option.cpu", options->cpu);
	note(out, "option.machine", options->machine);
	note(out, "option.semihosting", options->semihosting ? "1" : NULL);
	/* Firmware of a file is in memory. */
	note(out, "option.sbi", config->firmware == BOARD_FIRMWARE_BUILTIN ? options->sbi : "off");
	fprintf(out, "option.insn-ns=%llu\noption.quantum=%llu\noption.seed=%llu\n",
		(unsigned long long)options->insn_ns, (unsigned long long)options->quantum,
		(unsigned long long)options->seed);
	for (unsigned i = 0; i < options->devices.count; i++)
		note(out, "option.device", options->devices.items[i]);
	note(out, "kernel", options->kernel);
	note(out, "initrd", options->initrd);
	if (!config->without_image)
		note(out, "append", config->append);
	if (more)
		fputs(more, out);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

/* -- in a session -- */

static int check_use(const struct session *session, struct error *error)
{
	const struct machine_options *options = session->options;
	if (options->lockstep && (options->snapshot_at || options->restore))
		return error_set(error, EXIT_CODE_USAGE,
				 "--lockstep: expected without --snapshot-at and --restore");
	if ((options->record || options->replay) && options->snapshot_at)
		return error_set(error, EXIT_CODE_USAGE, "--%s: expected without --snapshot-at",
				 options->record ? "record" : "replay");
	if (options->snapshot && !options->snapshot_at)
		return error_set(error, EXIT_CODE_USAGE,
				 "--snapshot %.100s: expected --snapshot-at CONDITION with it",
				 options->snapshot);
	if (!options->restore)
		return 0;
	if (!options->kernel && (options->root || options->initrd || session->command))
		return error_set(error, EXIT_CODE_USAGE,
				 "--restore %.100s: the machine runs already, expected no "
				 "initramfs, folder or command",
				 options->restore);
	return 0;
}

int snapshot_configure(struct session *session, struct board_config *config, struct error *error)
{
	struct snapshot_use *use = &session->snapshot;
	char htif[64];
	unsigned long long tohost, fromhost;
	if (check_use(session, error))
		return -1;
	if (session->options->snapshot_at &&
	    condition_parse(&use->condition, session->options->snapshot_at, error))
		return -1;
	if (!use->from)
		return 0;
	config->without_image |= !config->kernel;
	if (snapshot_value(use->from, "htif", htif, sizeof(htif)) &&
	    sscanf(htif, "%llx,%llx", &tohost, &fromhost) == 2) {
		config->htif_tohost = tohost;
		config->htif_fromhost = fromhost;
	}
	return 0;
}

int snapshot_attach(struct session *session, struct error *error)
{
	struct snapshot_use *use = &session->snapshot;
	struct machine *machine = session->machine;
	const struct image *image = board_image(machine);
	if (use->from) {
		if (snapshot_restore(use->from, machine, error))
			return -1;
		log_write(&machine->log, LOG_MACHINE, LOG_INFO, "%s: restored in %llu ms",
			  session->options->restore ? session->options->restore : "kept boot",
			  (unsigned long long)(session_ns(session) / 1000000));
		snapshot_close(use->from);
		use->from = NULL;
	}
	if (use->condition.kind == CONDITION_NONE)
		return 0;
	return condition_arm(&use->condition, machine, image ? &image->symbols : NULL,
			     session->serial, error);
}

static int take(struct session *session)
{
	struct snapshot_use *use = &session->snapshot;
	const char *path = session->options->snapshot;
	chardev_flush(session->serial);
	char *notes = snapshot_notes(session, NULL);
	if (!path)
		path = SNAPSHOT_DEFAULT_FILE;
	int result = notes ? snapshot_save(session->machine, notes, path, &session->error)
			   : error_set(&session->error, EXIT_CODE_USAGE, "out of memory");
	free(notes);
	use->taken = !result;
	if (!result && !session->options->quiet)
		fprintf(stderr, "trapline: %s: snapshot after %llu instructions\n", path,
			(unsigned long long)condition_instructions(session->machine));
	return result;
}

enum stop_kind snapshot_run(struct session *session)
{
	struct snapshot_use *use = &session->snapshot;
	struct machine *machine = session->machine;
	if (use->condition.kind == CONDITION_NONE)
		return machine_run(machine);
	enum stop_kind kind = condition_run(&use->condition);
	if (!use->condition.met || kind != STOP_NONE)
		return kind;
	condition_disarm(&use->condition);
	if (use->reached ? use->reached(use->opaque, session) : take(session))
		machine_stop(machine, STOP_QUIT, 0, "the snapshot cannot be written");
	else if (use->end)
		machine_stop(machine, STOP_EXIT, 0, "the snapshot is written");
	return machine_run(machine);
}

int snapshot_missed(const struct session *session, struct error *error)
{
	if (session->snapshot.reached || !session->options->snapshot_at || session->snapshot.taken)
		return 0;
	return error_set(error, EXIT_CODE_USAGE,
			 "--snapshot-at %.100s: the run ended before that, no snapshot was taken",
			 session->options->snapshot_at);
}

void snapshot_detach(struct session *session)
{
	struct snapshot_use *use = &session->snapshot;
	condition_disarm(&use->condition);
	snapshot_close(use->from);
	use->from = NULL;
	while (use->string_count)
		free(use->strings[--use->string_count]);
}
