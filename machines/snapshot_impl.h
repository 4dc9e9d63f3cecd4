/* What the files of snapshots share; of no use to anybody else. Numbers are little-endian. */
#ifndef MACHINES_SNAPSHOT_IMPL_H
#define MACHINES_SNAPSHOT_IMPL_H

#include <stdint.h>

#include "bus/ram.h"
#include "machines/blob.h"
#include "machines/board.h"
#include "machines/snapshot.h"

#define SNAPSHOT_MAGIC   "\x89TLSNAP\n"
#define SNAPSHOT_VERSION 1u

enum snapshot_section {
	SNAPSHOT_MACHINE, /* lines "key=value\n": what a machine must be like */
	SNAPSHOT_NOTES,   /* lines: whatever else */
	SNAPSHOT_STATE,   /* registered fields */
	SNAPSHOT_MEMORY,  /* pages */
	SNAPSHOT_SECTIONS
};

enum {
	HEADER_SIZE = 32, /* magic, version, section count, file size, CRC, zero */
	HEADER_VERSION = 8,
	HEADER_COUNT = 12,
	HEADER_FILE_SIZE = 16,
	HEADER_CRC = 24, /* of header and table, with zeros here */

	ENTRY_SIZE = 32, /* tag, offset, size, CRC, zero */
	ENTRY_OFFSET = 8,
	ENTRY_LENGTH = 16,
	ENTRY_CRC = 24, /* of the section; of MEMORY: of its headers, which hold those of pages */
	TABLE_END = HEADER_SIZE + SNAPSHOT_SECTIONS * ENTRY_SIZE,

	BLOCK_SIZE = 24, /* header of a memory block: name, bytes */
	BLOCK_NAME = 16,
	CHUNK_SIZE = 24, /* header of a chunk: bit map, window, bytes that follow, CRC, zero */
	CHUNK_WINDOW = 8,
	CHUNK_LENGTH = 12,
	CHUNK_CRC = 16,

	WINDOW_PAGES = 64,
	WINDOW_BYTES = WINDOW_PAGES * (int)MB_PAGE_SIZE,
	STATE_MAX = 64 << 20, /* no state comes near; a limit for what a file makes us allocate */
	TEXT_MAX = 1 << 20,
};

/* The tag of a section, 8 bytes. */
extern const char snapshot_tags[SNAPSHOT_SECTIONS][9];

struct snapshot_range {
	uint64_t offset, size;
	uint32_t crc;
};

struct snapshot {
	int fd;
	char *path;
	uint64_t size;
	struct snapshot_range section[SNAPSHOT_SECTIONS];
	struct blob text[2]; /* MACHINE and NOTES, each with a NUL behind it */
	struct blob state;
};

/* -- writing -- */

struct snapshot_writer {
	int fd;
	uint64_t at; /* where the next byte goes */
	const char *path;
	struct error *error;
};

/* Returns 0, or -1 with the error set. */
int snapshot_write(struct snapshot_writer *writer, const void *bytes, size_t size);

/* -- state (snapshot_state.c) -- */

/* Encodes all registered fields. Returns 0, or -1 when memory is out. */
int snapshot_encode_state(const struct state_registry *registry, struct blob *out);

/*
 * Decodes into a buffer for state_load(), which is allocated. Returns 0, or -1 with error naming
 * what does not fit the registry.
 */
int snapshot_decode_state(const struct snapshot *snapshot, const struct state_registry *registry,
			  struct blob *out, struct error *error);

/* A walk over the fields of an encoded state. */
struct snapshot_field {
	char section[64], field[64];
	uint32_t instance, version;
	uint32_t size, count; /* bytes of one, how many */
	const uint8_t *bytes;
};

struct snapshot_cursor {
	const struct snapshot *snapshot;
	size_t at;
	uint32_t sections_left, fields_left;
	struct snapshot_field current;
};

void snapshot_cursor_init(struct snapshot_cursor *cursor, const struct snapshot *snapshot);

/* Next field in cursor->current: 1; 0 at the end; -1 with error when the encoding is damaged. */
int snapshot_cursor_next(struct snapshot_cursor *cursor, struct error *error);

/* -- memory (snapshot_memory.c) -- */

/* Writes all memory blocks of a machine; *crc is that of the section. Returns 0, or -1. */
int snapshot_write_memory(struct snapshot_writer *writer, const struct machine *machine,
			  uint32_t *crc);

/* A walk over the stored pages: buffered reading, one window at a time. */
struct snapshot_pages {
	struct snapshot *snapshot;
	struct error *error;
	void *decompressor;
	uint8_t *buffer, *data; /* input; WINDOW_BYTES of pages, one after the other */
	size_t start, end;      /* of what is in the buffer */
	uint64_t at;            /* offset in the file of buffer[start] */
	uint32_t crc;           /* of the headers so far */
	uint64_t frame_at;      /* offset of the current chunk's frame, for messages */
	const uint8_t *frame;
	uint32_t frame_size;

	char block[BLOCK_NAME + 1];
	uint64_t block_size; /* bytes */
	uint64_t bitmap;     /* pages of the window that are stored; 0: the block ends here */
	uint32_t window;     /* position in the block, in units of WINDOW_BYTES */
	bool any_window;
};

/* Returns 0, or -1 with error. snapshot_pages_fini() in any case. */
int snapshot_pages_init(struct snapshot_pages *pages, struct snapshot *snapshot,
			struct error *error);
void snapshot_pages_fini(struct snapshot_pages *pages);

/* The next block: 1 with block and block_size; 0 at the end of the section; -1 with error. */
int snapshot_pages_block(struct snapshot_pages *pages);

/* The next window of the block: 1 with bitmap and window, 0 at its end, -1 with error. */
int snapshot_pages_window(struct snapshot_pages *pages);

/* Decompresses the pages of the window to where, or to pages->data if NULL. 0, or -1 with error. */
int snapshot_pages_read(struct snapshot_pages *pages, uint8_t *where);

/* -- common -- */

/* "path: offset N: format", exit code 126. Returns -1. */
int snapshot_bad(const struct snapshot *snapshot, uint64_t offset, struct error *error,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Reads exactly size bytes at an offset. Returns 0, or -1 with error. */
int snapshot_pread(const struct snapshot *snapshot, uint64_t offset, void *bytes, size_t size,
		   struct error *error);

/* CRC-32 of bytes, continued from crc (0 at the start). */
uint32_t snapshot_crc(uint32_t crc, const void *bytes, size_t size);

/* Compares the description in the file with that of a machine. 0, or -1 with error (125). */
int snapshot_compare_machine(const struct snapshot *snapshot, const struct machine *machine,
			     struct error *error);

#endif
