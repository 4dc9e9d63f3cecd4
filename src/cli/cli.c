#include "src/cli/cli.h"

#include <stdio.h>

const struct subcommand cli_subcommands[] = {
	{"run",						      cli_run, "boot a kernel or run a program"},
	{"test",			  cli_test, "run kernel selftests, test ROMs or a program in a guest"},
	{"dt",						     cli_dt, "dump or check the generated device tree"},
	{0},
};

int cli_fail(const struct error *error)
{
	fprintf(stderr, "trapline: %s\n", error->text);
	return error->exit_code;
}
