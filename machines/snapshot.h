/*
 * Snapshots: a whole machine in a file (docs/snapshots.md has the format).
 *
 *	struct snapshot *snapshot = snapshot_open("booted.snap", &error);
 *	if (!snapshot || board_new(&config, &machine, &error) ||
 *	    snapshot_restore(snapshot, machine, &error))
 *		return error.exit_code;
 *	snapshot_close(snapshot);
 *	machine_run(machine);
 *
 * A snapshot is hostile input: sizes, checksums and values are checked before they are used. What a
 * file names outside of itself, such as disk images, is not part of a snapshot.
 */
#ifndef MACHINES_SNAPSHOT_H
#define MACHINES_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/error.h"
#include "core/machine.h"

/* An open file whose header, description and state are read and checked; memory comes later. */
struct snapshot;

/*
 * Writes a machine of a board to path: into a file beside it first, which takes its place when it
 * is complete and on the disk. notes are lines "key=value\n" for whoever opens the file, or NULL.
 * No CPU is running; the machine does not change. Returns 0, or -1 with error (125), and path is
 * what it was.
 */
int snapshot_save(struct machine *machine, const char *notes, const char *path,
		  struct error *error);

/*
 * Opens a file. NULL with error: 125 if it cannot be read, 126 with file, offset and expectation if
 * it is no snapshot, truncated, damaged or of another version.
 */
struct snapshot *snapshot_open(const char *path, struct error *error);
void snapshot_close(struct snapshot *snapshot);

/*
 * Makes a machine what the saved one was. It has to be of the same description: board_config with
 * equal memory_size, cpu_count, cpu and so on; images do not matter. Returns 0; or -1 with error:
 * 125 naming what differs, and nothing has changed; or 126 for a damaged file, and the machine is
 * only good for board_free().
 */
int snapshot_restore(struct snapshot *snapshot, struct machine *machine, struct error *error);

/*
 * The value of a key of the notes or of the description of the machine, into value (with its NUL,
 * cut at size). False: no such key.
 */
bool snapshot_value(const struct snapshot *snapshot, const char *key, char *value, size_t size);

/* Calls fn for each line of the description and of the notes, in the order of the file. */
void snapshot_lines(const struct snapshot *snapshot,
		    void (*fn)(void *opaque, const char *key, const char *value), void *opaque);

/* What a file holds, for people. */
struct snapshot_figures {
	uint64_t file_size, state_size;
	unsigned state_sections;
	uint64_t memory_size;  /* bytes of all blocks */
	uint64_t memory_pages; /* that are stored, of 4 KiB */
	uint64_t memory_bytes; /* that they take in the file */
};

/* Reads the rest of the file, checking all of it. Returns 0, or -1 with error (126). */
int snapshot_measure(struct snapshot *snapshot, struct snapshot_figures *figures,
		     struct error *error);

/*
 * Writes what differs between two snapshots to out, one line each: description, registered fields,
 * ranges of memory. Returns how many lines, or -1 with error.
 */
int snapshot_diff(struct snapshot *left, struct snapshot *right, FILE *out, struct error *error);

/* The description that snapshots of this machine carry: lines "key=value\n", on the heap; NULL when
 * memory is out. */
char *snapshot_describe(const struct machine *machine);

#endif
