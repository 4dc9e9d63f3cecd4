/* File contents in memory, and their decompression. Everything here distrusts the file. */
#ifndef MACHINES_BLOB_H
#define MACHINES_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* Bytes on the heap. A zeroed value is empty. */
struct blob {
	uint8_t *data; /* NULL when empty */
	size_t size;
};

void blob_free(struct blob *blob);

/*
 * Reads a whole file. kind says what the file is for ("kernel", "initramfs") in messages. limit is
 * the largest acceptable size in bytes. Returns 0; or -1 with exit code 125 (missing, unreadable,
 * a directory) or 126 (larger than limit, empty).
 */
int blob_read_file(struct blob *blob, const char *path, const char *kind, uint64_t limit,
		   struct error *error);

/*
 * The same in two steps. Opens a file for reading, so that a FIFO does not block: a descriptor, or
 * -1 with error. Reads it from its beginning; the descriptor stays open.
 */
int blob_open(const char *path, const char *kind, struct error *error);
int blob_read(struct blob *blob, int fd, const char *path, const char *kind, uint64_t limit,
	      struct error *error);

/* What a blob begins with. */
enum compression { COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD };
enum compression compression_of(const uint8_t *data, size_t size);

/*
 * Decompresses gzip (RFC 1952, any number of members) or zstd (RFC 8878, any number of frames).
 * name is for messages; base is the offset of data in that file. *consumed gets the number of input
 * bytes; NULL: only zero bytes may follow the data. More than limit bytes of output, damaged or
 * truncated input and foreign bytes after the data are errors: -1, exit code 126.
 */
int decompress(enum compression compression, const uint8_t *data, size_t size, const char *name,
	       uint64_t base, uint64_t limit, struct blob *out, size_t *consumed,
	       struct error *error);

#endif
