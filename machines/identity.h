/*
 * What a machine is, as text: everything that a run depends on besides its input. Recordings carry
 * it, so that they are replayed on the same machine or refused with what differs.
 */
#ifndef MACHINES_IDENTITY_H
#define MACHINES_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "machines/board.h"

/* Longest text of an identity that is accepted from a file. */
#define IDENTITY_MAX (1u << 20)

/*
 * Rows of three strings, each with its final NUL: key, value, and the path if the row is a file's,
 * else "". A zeroed value is empty.
 */
struct identity {
	char *text;
	size_t size, capacity;
	bool failed; /* out of memory; nothing more is added */
};

struct identity_row {
	const char *key, *value, *path;
};

void identity_free(struct identity *identity);

/* Appends a row; the value is formatted. path: NULL if the row is no file's. */
void identity_add(struct identity *identity, const char *key, const char *path, const char *format,
		  ...) __attribute__((format(printf, 4, 5)));

/* Steps through the rows: *position starts at 0. False at the end. */
bool identity_next(const struct identity *identity, size_t *position, struct identity_row *row);

/* The value of a row, or NULL. */
const char *identity_find(const struct identity *identity, const char *key);

/* Whether the text of a file is rows. */
bool identity_valid(const char *text, size_t size);

/*
 * Describes a machine that was built from config: sizes, CPU, firmware, command line, clock, turns,
 * devices, and checksums of kernel, firmware, initramfs, disks, and the snapshot if it goes on from
 * one. Returns 0, or -1 with error
 * (125) if a disk cannot be read or memory is out.
 */
int identity_describe(struct identity *identity, const struct machine *machine,
		      const struct board_config *config, struct error *error);

/*
 * Compares a recorded identity with that of the machine here. Returns 0; or -1 with error (125)
 * that begins with name and says all that differs, as far as it fits into one line.
 */
int identity_compare(const struct identity *recorded, const struct identity *here, const char *name,
		     struct error *error);

#endif
