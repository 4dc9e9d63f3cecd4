/*
 * Writer of cpio archives in the "newc" format that Linux unpacks as its initramfs (Linux
 * Documentation/driver-api/early-userspace/buffer-format.rst). The same input gives the same bytes.
 */
#ifndef MACHINES_CPIO_H
#define MACHINES_CPIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/log.h"
#include "machines/blob.h"

/* An archive under construction. */
struct cpio_writer {
	uint8_t *data;
	size_t size, capacity;
	uint64_t limit;      /* largest size in bytes */
	uint32_t next_inode; /* of the next entry that is no further link */
	bool open;           /* entries were added since the last trailer */
};

/* One entry. Zero is a good default for everything but path and mode. */
struct cpio_entry {
	const char *path; /* leading slashes are dropped; shorter than 4096 bytes */
	uint32_t mode;    /* st_mode with file type */
	uint32_t uid, gid;
	int64_t mtime;         /* seconds since 1970; clamped to 32 bits */
	uint32_t link_count;   /* 0 means 1 */
	uint32_t inode;        /* 0: a new one */
	uint32_t major, minor; /* of a device node */
	const void *data;      /* file content, or target of a symbolic link */
	uint64_t size;         /* of data; below 4 GiB */
};

/* Starts an empty archive that may grow to limit bytes (use the guest's RAM size). */
void cpio_init(struct cpio_writer *writer, uint64_t limit);
void cpio_fini(struct cpio_writer *writer);

/* Appends one entry. An entry replaces an earlier one of the same path when the guest unpacks. */
int cpio_add(struct cpio_writer *writer, const struct cpio_entry *entry, struct error *error);

/* Shorthands; mode holds the permission bits only. Owner is root, mtime 0. */
int cpio_add_file(struct cpio_writer *writer, const char *path, uint32_t mode, const void *data,
		  uint64_t size, struct error *error);
int cpio_add_directory(struct cpio_writer *writer, const char *path, uint32_t mode,
		       struct error *error);
int cpio_add_symlink(struct cpio_writer *writer, const char *path, const char *target,
		     struct error *error);
int cpio_add_device(struct cpio_writer *writer, const char *path, uint32_t mode_with_type,
		    uint32_t major, uint32_t minor, struct error *error);

/*
 * Appends everything below a host folder (not the folder's own attributes) in sorted order, with
 * modes, times, hard links, symbolic links, device nodes and FIFOs. Files of the calling user
 * belong to root in the guest; other owners are kept. Sockets are left out with a warning to log
 * (may be NULL). What cannot be read is an error (125), what does not fit too (126).
 */
int cpio_add_folder(struct cpio_writer *writer, const char *folder, const struct log *log,
		    struct error *error);

/*
 * Appends a whole archive (any format or compression that the guest's kernel knows) as it is. The
 * kernel unpacks concatenated archives one after the other if each starts at a multiple of 4.
 */
int cpio_append_archive(struct cpio_writer *writer, const void *data, size_t size,
			struct error *error);

/* Ends the archive and hands its bytes over; the writer is empty afterwards. */
int cpio_finish(struct cpio_writer *writer, struct blob *out, struct error *error);

#endif
