/* Checks of initramfs files before a guest chokes on them. */
#ifndef MACHINES_INITRAMFS_H
#define MACHINES_INITRAMFS_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "machines/blob.h"

/*
 * Follows the archives in a file the way Linux does: newc cpio archives, one after the other, each
 * plain or compressed with gzip or zstd. Stops without complaint at what it does not know (other
 * compressions, file-system images). limit bounds what compressed parts unpack to. Returns 0; or
 * -1 with error (126) naming the offset of a truncated or damaged entry.
 */
int initramfs_check(const uint8_t *data, size_t size, const char *name, uint64_t limit,
		    struct error *error);

/* Reads a file for --initrd and checks it. Errors: 125 unreadable, 126 bad or larger than limit. */
int initramfs_read(struct blob *blob, const char *path, uint64_t limit, struct error *error);

#endif
