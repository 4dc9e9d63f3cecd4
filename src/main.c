/* trapline: argv to subcommand. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/cli/cli.h"

#ifndef TRAPLINE_VERSION
#define TRAPLINE_VERSION "unknown"
#endif

static void print_help(void)
{
	printf("usage: trapline COMMAND [OPTION]...\n"
	       "       trapline [OPTION]... IMAGE        the same as trapline run\n\n");
	for (const struct subcommand *command = cli_subcommands; command->name; command++)
		printf("  %-10s %s\n", command->name, command->summary);
	printf("\ntrapline COMMAND --help tells more.\n");
}

static int dispatch(int argc, char **argv)
{
	if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		print_help();
		return argc < 2 ? EXIT_CODE_USAGE : 0;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "version")) {
		printf("trapline %s\n", TRAPLINE_VERSION);
		return 0;
	}
	for (const struct subcommand *command = cli_subcommands; command->name; command++)
		if (!strcmp(command->name, argv[1]))
			return command->run(argc - 2, argv + 2);
	return cli_run(argc - 1, argv + 1);
}

/*
 * A standard stream that the caller closed must not become the next file we open: it gets one that
 * refuses, so that using it is an error as before.
 */
static void open_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* Results that nobody got are no success. */
int main(int argc, char **argv)
{
	struct error error = {0};
	open_standard_streams();
	int status = dispatch(argc, argv);
	return cli_flush(&error) ? cli_fail(&error) : status;
}
