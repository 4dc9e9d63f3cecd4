#include "machines/cpio.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	HEADER_SIZE = 110, /* magic and 13 fields of 8 hexadecimal digits */
	ALIGNMENT = 4,
	FIRST_CAPACITY = 1 << 16,
	PATH_LIMIT = 4096, /* Linux PATH_MAX, with the final NUL */
};

static const char trailer_name[] = "TRAILER!!!";

void cpio_init(struct cpio_writer *writer, uint64_t limit)
{
	*writer = (struct cpio_writer){.limit = limit < SIZE_MAX / 4 ? limit : SIZE_MAX / 4,
				       .next_inode = 1};
}

void cpio_fini(struct cpio_writer *writer)
{
	free(writer->data);
	*writer = (struct cpio_writer){0};
}

/* Room for count more bytes; path names the entry in messages. */
static int reserve(struct cpio_writer *writer, uint64_t count, const char *path,
		   struct error *error)
{
	if (count > writer->limit || writer->size > writer->limit - count)
		return error_set(error, EXIT_CODE_BAD_IMAGE,
				 "%s: does not fit into the initramfs: offset %zu + %" PRIu64
				 " bytes, the limit is %" PRIu64 " bytes (guest memory)",
				 path, writer->size, count, writer->limit);
	if (writer->capacity - writer->size >= count)
		return 0;
	size_t capacity = writer->capacity ? writer->capacity : FIRST_CAPACITY;
	while (capacity - writer->size < count)
		capacity *= 2;
	uint8_t *grown = realloc(writer->data, capacity);
	if (!grown)
		return error_set(error, EXIT_CODE_USAGE, "%s: out of memory for the initramfs",
				 path);
	writer->data = grown;
	writer->capacity = capacity;
	return 0;
}

static void put(struct cpio_writer *writer, const void *data, size_t size)
{
	if (size)
		memcpy(writer->data + writer->size, data, size);
	writer->size += size;
}

static void align(struct cpio_writer *writer)
{
	static const char zeros[ALIGNMENT];
	put(writer, zeros, -writer->size % ALIGNMENT);
}

static void put_header(struct cpio_writer *writer, const struct cpio_entry *entry, size_t name_size)
{
	uint32_t mtime = entry->mtime < 0            ? 0
			 : entry->mtime > UINT32_MAX ? UINT32_MAX
						     : (uint32_t)entry->mtime;
	char header[HEADER_SIZE + 1];
	snprintf(header, sizeof(header),
		 "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", entry->inode,
		 entry->mode, entry->uid, entry->gid, entry->link_count, mtime,
		 (uint32_t)entry->size, 0u, 0u, entry->major, entry->minor, (uint32_t)name_size,
		 0u);
	put(writer, header, HEADER_SIZE);
}

int cpio_add(struct cpio_writer *writer, const struct cpio_entry *entry, struct error *error)
{
	struct cpio_entry full = *entry;
	while (*full.path == '/')
		full.path++;
	size_t name_size = strlen(full.path) + 1;
	if (name_size == 1)
		return error_set(error, EXIT_CODE_USAGE,
				 "initramfs entry \"%s\" has an empty path, expected a name",
				 entry->path);
	if (name_size > PATH_LIMIT)
		return error_set(error, EXIT_CODE_USAGE,
				 "%.64s...: path of %zu bytes, expected less than %d", full.path,
				 name_size - 1, PATH_LIMIT);
	if (full.size > UINT32_MAX)
		return error_set(error, EXIT_CODE_BAD_IMAGE,
				 "%s: %" PRIu64
				 " bytes do not fit into an initramfs, expected less "
				 "than 4 GiB",
				 full.path, full.size);
	if (reserve(writer, HEADER_SIZE + name_size + full.size + 3 * ALIGNMENT, full.path, error))
		return -1;
	if (!full.inode)
		full.inode = writer->next_inode++;
	if (!full.link_count)
		full.link_count = 1;
	align(writer);
	put_header(writer, &full, name_size);
	put(writer, full.path, name_size);
	align(writer);
	put(writer, full.data, (size_t)full.size);
	align(writer);
	writer->open = true;
	return 0;
}

int cpio_add_file(struct cpio_writer *writer, const char *path, uint32_t mode, const void *data,
		  uint64_t size, struct error *error)
{
	return cpio_add(writer,
			&(struct cpio_entry){
				.path = path, .mode = S_IFREG | mode, .data = data, .size = size},
			error);
}

int cpio_add_directory(struct cpio_writer *writer, const char *path, uint32_t mode,
		       struct error *error)
{
	return cpio_add(writer,
			&(struct cpio_entry){.path = path, .mode = S_IFDIR | mode, .link_count = 2},
			error);
}

int cpio_add_symlink(struct cpio_writer *writer, const char *path, const char *target,
		     struct error *error)
{
	return cpio_add(writer,
			&(struct cpio_entry){.path = path,
					     .mode = S_IFLNK | 0777,
					     .data = target,
					     .size = strlen(target)},
			error);
}

int cpio_add_device(struct cpio_writer *writer, const char *path, uint32_t mode_with_type,
		    uint32_t major, uint32_t minor, struct error *error)
{
	return cpio_add(
		writer,
		&(struct cpio_entry){
			.path = path, .mode = mode_with_type, .major = major, .minor = minor},
		error);
}

/* Ends what is open, so that another archive can follow. */
static int end_archive(struct cpio_writer *writer, struct error *error)
{
	if (!writer->open)
		return 0;
	uint32_t next_inode = writer->next_inode;
	const struct cpio_entry trailer = {.path = trailer_name, .inode = UINT32_MAX};
	if (cpio_add(writer, &trailer, error))
		return -1;
	writer->next_inode = next_inode;
	writer->open = false;
	return 0;
}

int cpio_append_archive(struct cpio_writer *writer, const void *data, size_t size,
			struct error *error)
{
	if (end_archive(writer, error) ||
	    reserve(writer, (uint64_t)size + 2 * ALIGNMENT, "initrd", error))
		return -1;
	align(writer);
	put(writer, data, size);
	align(writer);
	return 0;
}

int cpio_finish(struct cpio_writer *writer, struct blob *out, struct error *error)
{
	if (end_archive(writer, error))
		return -1;
	*out = (struct blob){.data = writer->data, .size = writer->size};
	*writer = (struct cpio_writer){0};
	return 0;
}
