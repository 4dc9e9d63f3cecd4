/*
 * The file of a recorded session. Little-endian; grows by whole records with one write each, so
 * that whatever ends trapline leaves a usable beginning.
 *
 *	offset  size
 *	0       8     "TLREPLAY"
 *	8       4     version, 1
 *	12      4     bytes of the identity (machines/identity.h)
 *	16      8     the run's limit of instructions; all ones: none
 *	24            identity
 *	              4 bytes of chain
 *	then records:
 *	0       1     kind
 *	1       1     source
 *	2       2     bytes of payload
 *	4       4     step: rounds that had ended at this tick already
 *	8       8     tick
 *	16            payload
 *	              4 bytes of chain
 *
 * The chain is the low half of a hash over everything before it: no record can be changed, dropped
 * or moved unseen.
 */
#ifndef MACHINES_REPLAY_LOG_H
#define MACHINES_REPLAY_LOG_H

#include <stdint.h>

#include "machines/blob.h"
#include "machines/identity.h"

#define REPLAY_LOG_VERSION 1
#define REPLAY_PAYLOAD_MAX 4096

enum replay_kind {
	REPLAY_INPUT = 1, /* bytes for a console; source: 0 the serial line, 1 + n virtio slot n */
	REPLAY_CHECK = 2, /* payload: state hash, 8 bytes */
	REPLAY_END = 3,   /* payload: struct replay_end, 16 bytes; nothing follows */
};

struct replay_record {
	enum replay_kind kind;
	uint8_t source;
	uint32_t step;
	uint64_t tick;
	const uint8_t *payload;
	uint16_t length;
};

/* How a session ended. On file: kind and exact, a byte each; two zero bytes; status; hash. */
struct replay_end {
	uint8_t kind; /* enum stop_kind */
	bool exact;   /* a replay can stop in the very same state */
	int32_t status;
	uint64_t hash; /* of the state */
};

/* -- writing -- */

struct replay_writer {
	int fd;
	int failed; /* errno of the first write that failed; nothing is written after it */
	uint64_t chain;
};

/*
 * Creates the file, or empties a recording that is there; other contents are left alone and
 * refused. Returns 0, or -1 with error (125).
 */
int replay_writer_open(struct replay_writer *writer, const char *path,
		       const struct identity *identity, uint64_t icount_limit, struct error *error);

/* Appends a record; length is at most REPLAY_PAYLOAD_MAX. */
void replay_writer_put(struct replay_writer *writer, const struct replay_record *record);
void replay_writer_put_check(struct replay_writer *writer, uint64_t tick, uint32_t step,
			     uint64_t hash);
void replay_writer_put_end(struct replay_writer *writer, uint64_t tick, uint32_t step,
			   const struct replay_end *end);

/* Closes the file; failed tells whether all is in it. */
void replay_writer_close(struct replay_writer *writer);

/* -- reading -- */

struct replay_log {
	char *name; /* for messages */
	struct blob file;
	struct identity identity;
	uint64_t icount_limit;
	size_t first;       /* offset of the first record */
	size_t position;    /* of the next record */
	size_t end;         /* of the last whole record */
	uint64_t last_tick; /* of the last record; 0: there is none */
	bool complete;      /* the last record is REPLAY_END */
};

/*
 * Reads and checks a whole file. Returns 0; or -1 with error: 125 if it cannot be read, 126 with
 * offset and expectation if it is no recording, of another version, or damaged. A file that stops
 * early, even within a record, is good up to there: complete is then false.
 */
int replay_log_read(struct replay_log *log, const char *path, struct error *error);

/* The same for bytes in memory; takes file over, also on errors. */
int replay_log_parse(struct replay_log *log, const char *name, struct blob file,
		     struct error *error);
void replay_log_fini(struct replay_log *log);

/* The record at position; false at the end. The payload stays valid as long as the log. */
bool replay_log_peek(const struct replay_log *log, struct replay_record *record);
void replay_log_skip(struct replay_log *log);

/* Fields of a payload. */
uint64_t replay_record_hash(const struct replay_record *record);
struct replay_end replay_record_end(const struct replay_record *record);

#endif
