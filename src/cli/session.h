/* One run of a machine, from options to exit status: what `run` and `test` share. */
#ifndef SRC_CLI_SESSION_H
#define SRC_CLI_SESSION_H

#include <sys/types.h>

#include "machines/board.h"
#include "machines/replay.h"
#include "sbi/sbi.h"
#include "src/cli/cli.h"
#include "src/cli/console.h"
#include "src/cli/snapshot.h"
#include "src/cli/state_hash.h"

/* A file that goes into the initramfs besides what --root and --initrd bring. */
struct session_file {
	const char *path;
	uint32_t mode; /* permission bits */
	const void *data;
	size_t size;
};

#define SESSION_FILES_MAX 8

struct session {
	const struct machine_options *options;
	struct machine *machine;
	struct machine *shadow; /* for --lockstep */
	struct chardev *serial;
	struct chardev *shadow_serial;
	struct console_watch watch;
	struct blob initrd;
	bool tree_only; /* for `dt`: no image is needed, none is loaded */
	struct trace *traces[OPTION_LIST_MAX];
	struct trap_ring *ring;
	struct state_hash_printer hashes;
	struct jit_dump *jit_dump; /* for --jit-dump */
	FILE *exit_record;         /* --exit-json, until it is written */
	struct recorder *recorder; /* for --record */
	struct player *player;     /* for --replay */
	int signal_fd;
	uint64_t deadline_ns;
	uint64_t looked_ns; /* when signals and the time limit were looked at last */
	bool ended_by_host; /* a signal or C-a x came, or the time limit is over */
	int signal;         /* that came, or 0 */
	uint64_t start_ns;
	unsigned resets;
	struct error error; /* of a reset */
	struct sbi_config sbi;
	struct board_config config; /* what the machine was made of */
	struct snapshot_use snapshot;
	struct session_file files[SESSION_FILES_MAX];
	unsigned file_count;
	size_t payload_room; /* bytes in the initramfs for files that come after the boot; 0: none
			      */
	/* A command to run under our init; NULL: none. argv as for exec. */
	char **command;
	int command_count;
};

/* Zeroes it; options stay the caller's. */
void session_init(struct session *session, const struct machine_options *options);

/* Uses a console instead of the one that --serial names; the session takes it over. */
void session_set_serial(struct session *session, struct chardev *serial);

/* Adds a file to the initramfs; data stays the caller's. */
void session_add_file(struct session *session, const struct session_file *file);

/* Builds the machine. Returns 0, or -1 with error. */
int session_open(struct session *session, struct error *error);

/*
 * Sets the architecture of the board: that of --arch, or what the kernel is for; RISC-V if that
 * says nothing. Returns 0; or -1 with error, for an --arch that there is not.
 */
int session_choose_arch(const struct machine_options *options, struct board_config *config,
			struct error *error);

/* Runs to the end and returns the exit status (docs/command-line.md). */
int session_run(struct session *session);

/* Host nanoseconds since session_open(). */
uint64_t session_ns(const struct session *session);

/* Frees the machine and all else; after session_open(), whether that succeeded or not. */
void session_close(struct session *session);

#endif
