/* Snapshots in a session: --snapshot-at, --snapshot and --restore. */
#ifndef SRC_CLI_SNAPSHOT_H
#define SRC_CLI_SNAPSHOT_H

#include "machines/board.h"
#include "src/cli/cli.h"
#include "src/cli/condition.h"

struct session;
struct snapshot;

#define SNAPSHOT_DEFAULT_FILE "trapline.snap"

/* What a session has of it; zeroed at the start. */
struct snapshot_use {
	struct snapshot *from;      /* --restore; NULL: none */
	struct condition condition; /* --snapshot-at, until it is met */
	bool end;                   /* the run ends with the snapshot: `snap save` */
	/* At the condition, instead of writing the file; returns 0, or -1 with session->error.
	 * May be NULL. */
	int (*reached)(void *opaque, struct session *session);
	void *opaque;
	bool taken;
	char *strings[OPTION_LIST_MAX + 4]; /* option values from the file */
	unsigned string_count;
};

/*
 * After the options were parsed once: if there is --restore, opens the file and sets options to
 * what the saved machine was given. The caller then parses again, so that the command line has the
 * last word. Returns 1 if there is reason to; 0; or -1 with error.
 */
int snapshot_restore_options(struct session *session, struct machine_options *options,
			     struct error *error);

/* Checks the options, before the machine is built, and tells the board what the file brings.
 * Returns 0, or -1 with error. */
int snapshot_configure(struct session *session, struct board_config *config, struct error *error);

/* The machine is there: restores it, arms the condition. Returns 0, or -1 with error. */
int snapshot_attach(struct session *session, struct error *error);

/* As machine_run(), taking the snapshot on the way. A file that cannot be written ends the run with
 * session->error set. */
enum stop_kind snapshot_run(struct session *session);

/* The run is over: complains if its snapshot was never taken. Returns 0, or -1 with error. */
int snapshot_missed(const struct session *session, struct error *error);

void snapshot_detach(struct session *session);

/* Lines for the file: which trapline, and the options that make such a machine. On the heap; NULL
 * when memory is out. */
char *snapshot_notes(const struct session *session, const char *more);

#endif
