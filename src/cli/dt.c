/* trapline dt: the device tree that a guest gets. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/cli/session.h"

static int check_file(const char *path, struct error *error)
{
	struct blob blob = {0};
	if (blob_read_file(&blob, path, "device tree", 16u << 20, error))
		return -1;
	int result = device_tree_check(blob.data, blob.size, path, error);
	blob_free(&blob);
	return result;
}

static int dump(const struct machine *machine, const char *path, struct error *error)
{
	const struct blob *tree = board_device_tree(machine);
	if (!path && isatty(1))
		return error_set(
			error, EXIT_CODE_USAGE,
			"dt dump: a device tree is binary: name a file, or pipe it to dtc");
	FILE *stream = path ? fopen(path, "wb") : stdout;
	bool ok = stream && fwrite(tree->data, 1, tree->size, stream) == tree->size;
	if (stream)
		ok &= !(path ? fclose(stream) : fflush(stream));
	if (!ok)
		return error_set(error, EXIT_CODE_USAGE, "%s: cannot write: %s",
				 path ? path : "standard output", strerror(errno));
	return 0;
}

static int build_and(struct machine_options *options, bool check, const char *path,
		     struct error *error)
{
	struct session session;
	session_init(&session, options);
	options->serial = "null";
	session.tree_only = !options->kernel;
	int result = session_open(&session, error);
	if (!result && check) {
		const struct blob *tree = board_device_tree(session.machine);
		result = device_tree_check(tree->data, tree->size, "generated tree", error);
	} else if (!result) {
		result = dump(session.machine, path, error);
	}
	session_close(&session);
	return result;
}

static void print_help(void)
{
	printf("usage: trapline dt dump [MACHINE OPTION]... [FILE]   write the tree (DTB)\n"
	       "       trapline dt check [MACHINE OPTION]... [FILE]  check it, or that of a "
	       "file\n\n");
	options_help(machine_option_table);
}

int cli_dt(int argc, char **argv)
{
	struct machine_options options;
	struct option_list positional = {.count = 0};
	struct error error = {0};
	int rest;
	machine_options_default(&options);
	if (options_parse(machine_option_table, &options, argc, argv, &positional, &rest, &error))
		return cli_fail(&error);
	if (options.help) {
		print_help();
		return 0;
	}
	const char *verb = positional.count ? positional.items[0] : "";
	const char *path = positional.count > 1 ? positional.items[1] : NULL;
	bool check = !strcmp(verb, "check");
	if (positional.count > 2 || (!check && strcmp(verb, "dump")))
		error_set(&error, EXIT_CODE_USAGE, "dt: expected 'dump' or 'check', see dt --help");
	else if (check && path)
		check_file(path, &error);
	else
		build_and(&options, check, path, &error);
	return error.exit_code ? cli_fail(&error) : 0;
}
