/* The command line: subcommands and what they share. */
#ifndef SRC_CLI_CLI_H
#define SRC_CLI_CLI_H

#include <stdio.h>

#include "core/error.h"
#include "src/cli/options.h"

/* A subcommand: gets the arguments after its name; returns the exit status of the process. */
struct subcommand {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
};

extern const struct subcommand cli_subcommands[]; /* ends with a NULL name */

/* The subcommands, one file each: struct subcommand, run. */
int cli_run(int argc, char **argv);
int cli_test(int argc, char **argv);
int cli_explain(int argc, char **argv);
int cli_info(int argc, char **argv);
int cli_dt(int argc, char **argv);
int cli_snap(int argc, char **argv);

/* `run` that ends with its snapshot. */
int cli_snap_save(int argc, char **argv);

/* Prints "trapline: text" to standard error and returns the exit code of the error. */
int cli_fail(const struct error *error);

/* Hands standard output to the host. Returns 0, or -1 with error (125) if it was not taken. */
int cli_flush(struct error *error);

/* Options of everything that builds a machine. */
struct machine_options {
	const char *arch, *kernel, *initrd, *append, *cpu, *sbi, *root, *exec, *serial, *display;
	const char *engine, *exit_json, *stats, *machine, *lockstep, *jit_dump;
	uint64_t memory, cpus, timeout, state_hash_every, icount_limit, trap_loop, seed, insn_ns,
		quantum;
	struct option_list devices, traces, logs;
	const char *rtc, *record, *replay, *snapshot_at, *snapshot, *restore;
	bool strict, help, nographic, no_reboot, no_cache, semihosting;
	int verbose, quiet;
};

/* The rows of machine_options; targets embed it at offset 0. */
extern const struct option machine_option_table[];

/* Defaults that are not zero. */
void machine_options_default(struct machine_options *options);

#endif
