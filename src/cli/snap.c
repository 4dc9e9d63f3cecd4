/* trapline snap: snapshots on the command line. */
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "machines/snapshot.h"
#include "src/cli/session.h"

static void print_help(void)
{
	printf("usage: trapline snap save FILE --at CONDITION [OPTION]... KERNEL [-- CMD "
	       "[ARG]...]\n"
	       "       trapline snap load FILE [OPTION]...\n"
	       "       trapline snap info [--json] FILE\n"
	       "       trapline snap diff FILE FILE\n"
	       "save runs a machine as `trapline run` does until the condition, writes FILE and "
	       "ends; load\n"
	       "goes on from FILE (run --restore FILE); info checks all of a file and tells what "
	       "is in it;\n"
	       "diff prints what differs: description, registers, ranges of memory.\n\n"
	       "Conditions: insn:N, time:DURATION (virtual), pc:ADDRESS or SYMBOL, console:TEXT, "
	       "user (first\n"
	       "return to U-mode), guest (the guest prints ESC ] trapline;snapshot BEL).\n\n"
	       "Exit status: 0; diff: 1 if something differs; 125 usage, 126 damaged or foreign "
	       "file; load: as run.\n");
}

/* FILE may stand anywhere; the rest goes to `run` with two more options. */
static int run_with(int argc, char **argv, const char *option, bool save)
{
	struct error error = {0};
	char **words = calloc((size_t)argc + 4, sizeof(*words));
	int count = 0;
	if (!words)
		return EXIT_CODE_USAGE;
	if (argc < 1 || argv[0][0] == '-') {
		free(words);
		error_set(&error, EXIT_CODE_USAGE, "snap %s: expected FILE after it",
			  save ? "save" : "load");
		return cli_fail(&error);
	}
	words[count++] = (char *)(uintptr_t)option;
	words[count++] = argv[0];
	for (int i = 1; i < argc; i++)
		words[count++] = argv[i];
	int status = save ? cli_snap_save(count, words) : cli_run(count, words);
	free(words);
	return status;
}

/* -- info -- */

struct listing {
	bool json, any;
};

static void print_line(void *opaque, const char *key, const char *value)
{
	struct listing *listing = opaque;
	if (!listing->json) {
		printf("%-20s %s\n", key, value);
		return;
	}
	printf("%s", listing->any ? ", " : "{");
	json_quote(stdout, key);
	printf(": ");
	json_quote(stdout, value);
	listing->any = true;
}

static int info(int argc, char **argv, struct error *error)
{
	struct listing listing = {.json = argc > 0 && !strcmp(argv[0], "--json")};
	struct snapshot_figures figures;
	argc -= listing.json;
	argv += listing.json;
	if (argc != 1)
		return error_set(error, EXIT_CODE_USAGE, "snap info: expected [--json] FILE");
	struct snapshot *snapshot = snapshot_open(argv[0], error);
	if (!snapshot)
		return -1;
	int result = snapshot_measure(snapshot, &figures, error);
	if (!result) {
		const struct {
			const char *name;
			uint64_t value;
		} rows[] = {
			{"file-bytes",     figures.file_size     },
			{"state-sections", figures.state_sections},
			{"state-bytes",    figures.state_size    },
			{"memory-bytes",   figures.memory_size   },
			{"stored-pages",   figures.memory_pages  },
			{"stored-bytes",   figures.memory_bytes  },
		};
		snapshot_lines(snapshot, print_line, &listing);
		for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			char number[24];
			snprintf(number, sizeof(number), "%llu", (unsigned long long)rows[i].value);
			print_line(&listing, rows[i].name, number);
		}
		if (listing.json)
			printf("}\n");
	}
	snapshot_close(snapshot);
	return result;
}

/* Returns 0, 1 if something differs, or -1 with error. */
static int diff(int argc, char **argv, struct error *error)
{
	if (argc != 2)
		return error_set(error, EXIT_CODE_USAGE, "snap diff: expected FILE FILE");
	struct snapshot *left = snapshot_open(argv[0], error);
	struct snapshot *right = left ? snapshot_open(argv[1], error) : NULL;
	int lines = right ? snapshot_diff(left, right, stdout, error) : -1;
	snapshot_close(left);
	snapshot_close(right);
	return lines > 0 ? 1 : lines;
}

int cli_snap(int argc, char **argv)
{
	struct error error = {0};
	int result = -1;
	const char *verb = argc > 0 ? argv[0] : "";
	if (!strcmp(verb, "--help") || !strcmp(verb, "-h")) {
		print_help();
		return 0;
	}
	if (!strcmp(verb, "save"))
		return run_with(argc - 1, argv + 1, "--snapshot", true);
	if (!strcmp(verb, "load"))
		return run_with(argc - 1, argv + 1, "--restore", false);
	if (!strcmp(verb, "info"))
		result = info(argc - 1, argv + 1, &error);
	else if (!strcmp(verb, "diff"))
		result = diff(argc - 1, argv + 1, &error);
	else
		error_set(&error, EXIT_CODE_USAGE, "snap: expected save, load, info or diff");
	return error.exit_code ? cli_fail(&error) : result;
}
