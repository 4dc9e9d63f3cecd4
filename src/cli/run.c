/* trapline run: boots a kernel or runs a program. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "src/cli/session.h"

static void print_help(void)
{
	printf("usage: trapline run [OPTION]... KERNEL|ELF|ROM [-- CMD [ARG]...]\n"
	       "Boots a kernel, or runs a bare-metal program; with CMD, runs that under a small "
	       "init\n"
	       "and exits with its status. C-a x quits, C-a h helps.\n\n");
	options_help(machine_option_table);
	printf("\nExit status: the guest's (0 to 123); 124 timeout, 125 usage, 126 bad image,\n"
	       "127 guest abort, 128+n signal n, 251 a replay diverges, 252 instruction limit, 253 "
	       "trap loop,\n"
	       "254 strict violation, 255 guest panic.\n");
}

static int parse(struct machine_options *options, struct session *session, int argc, char **argv,
		 struct error *error)
{
	struct option_list positional = {.count = 0};
	int rest;
	if (options_parse(machine_option_table, options, argc, argv, &positional, &rest, error))
		return -1;
	if (options->help)
		return 0;
	int again = snapshot_restore_options(session, options, error);
	positional.count = again ? 0 : positional.count;
	if (again < 0 || (again && options_parse(machine_option_table, options, argc, argv,
						 &positional, &rest, error)))
		return -1;
	if (positional.count > 1 || (positional.count && options->kernel))
		return error_set(error, EXIT_CODE_USAGE,
				 "'%s': expected one image (arguments for the guest come after --)",
				 positional.items[positional.count - 1]);
	if (positional.count)
		options->kernel = positional.items[0];
	if (!options->kernel && !options->restore &&
	    (!options->sbi || !strcmp(options->sbi, "off")))
		return error_set(error, EXIT_CODE_USAGE,
				 "no image: expected a kernel, ELF file or flat binary");
	if (rest < argc) {
		session->command = argv + rest;
		session->command_count = argc - rest;
	}
	return 0;
}

static int run(int argc, char **argv, bool end_at_snapshot)
{
	struct machine_options options;
	struct session session;
	struct error error = {0};
	machine_options_default(&options);
	session_init(&session, &options);
	session.snapshot.end = end_at_snapshot;
	if (parse(&options, &session, argc, argv, &error)) {
		snapshot_detach(&session);
		return cli_fail(&error);
	}
	if (options.help) {
		print_help();
		return 0;
	}
	if (end_at_snapshot && !options.snapshot_at) {
		error_set(&error, EXIT_CODE_USAGE, "snap save: expected --at CONDITION");
		return cli_fail(&error);
	}
	char *shell[] = {"/bin/sh", "-c", (char *)(uintptr_t)options.exec};
	if (options.exec) {
		session.command = shell;
		session.command_count = 3;
	}
	int status = session_open(&session, &error) ? -1 : session_run(&session);
	session_close(&session);
	return error.exit_code ? cli_fail(&error) : status;
}

int cli_run(int argc, char **argv)
{
	return run(argc, argv, false);
}

int cli_snap_save(int argc, char **argv)
{
	return run(argc, argv, true);
}
