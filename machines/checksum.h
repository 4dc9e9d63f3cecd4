/*
 * Checksums that tell contents apart: kernels, initramfs, disks, guest memory. Not meant to keep
 * anybody from forging one.
 *
 * A checksum is a sum over the blocks of 4 KiB that are not all zero, so holes of files and memory
 * that was never touched cost nothing and count nothing.
 */
#ifndef MACHINES_CHECKSUM_H
#define MACHINES_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* Of size bytes in memory. */
uint64_t checksum_bytes(const void *data, size_t size);

/*
 * Of a file, whose size goes to *size; equal to checksum_bytes() of the same content. what names
 * the file's use in messages ("disk"). Returns 0, or -1 with error (125) if it cannot be read.
 */
int checksum_file(const char *path, const char *what, uint64_t *sum, uint64_t *size,
		  struct error *error);

#endif
