#include "src/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
const struct subcommand cli_subcommands[] = {
	{"run", cli_run, "boot a kernel or run a program"},
	{"test", cli_test, "run kernel selftests, test ROMs or a program in a guest"},
	{"explain", cli_explain, "say what a trap cause, CSR value or firmware call means"},
	{"info", cli_info, "list CPUs, extensions, instructions, registers, devices, firmware calls"},
	{"snap", cli_snap, "save a machine to a file, go on from one, look into them"},
	{"dt", cli_dt, "dump or check the generated device tree"},
	{0},
};
/* clang-format on */

int cli_fail(const struct error *error)
{
	fprintf(stderr, "trapline: %s\n", error->text);
	return error->exit_code;
}

int cli_flush(struct error *error)
{
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	return error_set(error, EXIT_CODE_USAGE, "standard output: cannot write: %s",
			 strerror(errno ? errno : EIO));
}
