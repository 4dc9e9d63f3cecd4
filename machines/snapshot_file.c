/* The frame of a snapshot file: header and table of sections, written at once or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "bus/host.h"
#include "machines/snapshot_impl.h"

const char snapshot_tags[SNAPSHOT_SECTIONS][9] = {"MACHINE\0", "NOTES\0\0\0", "STATE\0\0\0",
						  "MEMORY\0\0"};

uint32_t snapshot_crc(uint32_t crc, const void *bytes, size_t size)
{
	return (uint32_t)crc32_z(crc, bytes, size);
}

int snapshot_bad(const struct snapshot *snapshot, uint64_t offset, struct error *error,
		 const char *format, ...)
{
	char text[320];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_set(error, EXIT_CODE_BAD_IMAGE, "%.120s: offset %llu: %s", snapshot->path,
			 (unsigned long long)offset, text);
}

/* -- writing -- */

int snapshot_write(struct snapshot_writer *writer, const void *bytes, size_t size)
{
	const char *from = bytes;
	while (size) {
		ssize_t count = pwrite(writer->fd, from, size, (off_t)writer->at);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return error_set(writer->error, EXIT_CODE_USAGE,
					 "%s: cannot write the snapshot: %s", writer->path,
					 strerror(count < 0 ? errno : ENOSPC));
		from += count;
		size -= (size_t)count;
		writer->at += (uint64_t)count;
	}
	return 0;
}

static int write_section(struct snapshot_writer *writer, struct snapshot_range *range,
			 const void *bytes, size_t size)
{
	*range = (struct snapshot_range){writer->at, size, snapshot_crc(0, bytes, size)};
	return snapshot_write(writer, bytes, size);
}

static int write_header(struct snapshot_writer *writer, const struct snapshot_range *sections)
{
	uint8_t header[TABLE_END] = {0};
	memcpy(header, SNAPSHOT_MAGIC, 8);
	mb_put32le(header + HEADER_VERSION, SNAPSHOT_VERSION);
	mb_put32le(header + HEADER_COUNT, SNAPSHOT_SECTIONS);
	mb_put64le(header + HEADER_FILE_SIZE, writer->at);
	for (unsigned i = 0; i < SNAPSHOT_SECTIONS; i++) {
		uint8_t *entry = header + HEADER_SIZE + (size_t)i * ENTRY_SIZE;
		memcpy(entry, snapshot_tags[i], 8);
		mb_put64le(entry + ENTRY_OFFSET, sections[i].offset);
		mb_put64le(entry + ENTRY_LENGTH, sections[i].size);
		mb_put32le(entry + ENTRY_CRC, sections[i].crc);
	}
	mb_put32le(header + HEADER_CRC, snapshot_crc(0, header, sizeof(header)));
	writer->at = 0;
	return snapshot_write(writer, header, sizeof(header));
}

static int write_all(struct snapshot_writer *writer, struct machine *machine, const char *notes)
{
	struct snapshot_range sections[SNAPSHOT_SECTIONS];
	struct blob state = {0};
	char *description = snapshot_describe(machine);
	int result = -1;
	if (!notes)
		notes = "";
	writer->at = TABLE_END;
	if (!description || snapshot_encode_state(&machine->state, &state)) {
		error_set(writer->error, EXIT_CODE_USAGE, "%s: out of memory", writer->path);
	} else if (!write_section(writer, &sections[SNAPSHOT_MACHINE], description,
				  strlen(description)) &&
		   !write_section(writer, &sections[SNAPSHOT_NOTES], notes, strlen(notes)) &&
		   !write_section(writer, &sections[SNAPSHOT_STATE], state.data, state.size)) {
		struct snapshot_range *memory = &sections[SNAPSHOT_MEMORY];
		memory->offset = writer->at;
		if (!snapshot_write_memory(writer, machine, &memory->crc)) {
			memory->size = writer->at - memory->offset;
			result = write_header(writer, sections);
		}
	}
	free(description);
	blob_free(&state);
	return result;
}

/* After a crash of the host there is the old file or the new one. */
static void sync_folder(const char *path)
{
	char folder[4096];
	const char *slash = strrchr(path, '/');
	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1,
		 slash ? path : ".");
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

static int finish(struct snapshot_writer *writer, const char *temporary)
{
	if (fsync(writer->fd) || rename(temporary, writer->path))
		return error_set(writer->error, EXIT_CODE_USAGE,
				 "%s: cannot write the snapshot: %s", writer->path,
				 strerror(errno));
	sync_folder(writer->path);
	return 0;
}

/* A file of this name is one that an earlier process of our number left behind. */
static int create(const char *temporary)
{
	int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
	int fd = open(temporary, flags, 0666);
	if (fd >= 0 || errno != EEXIST || unlink(temporary))
		return fd;
	return open(temporary, flags, 0666);
}

int snapshot_save(struct machine *machine, const char *notes, const char *path, struct error *error)
{
	struct stat info;
	char temporary[4096];
	int length = snprintf(temporary, sizeof(temporary), "%s.%ld.tmp", path, (long)getpid());
	if (!*path || length < 0 || (size_t)length >= sizeof(temporary))
		return error_set(error, EXIT_CODE_USAGE,
				 "snapshot '%.100s': expected a file name of at most %zu bytes",
				 path, sizeof(temporary) - 32);
	if (!stat(path, &info) && !S_ISREG(info.st_mode))
		return error_set(error, EXIT_CODE_USAGE,
				 "%s: is not a regular file, expected one to replace or none",
				 path);
	struct snapshot_writer writer = {.path = path, .error = error};
	writer.fd = create(temporary);
	if (writer.fd < 0)
		return error_set(error, EXIT_CODE_USAGE, "%s: cannot create the snapshot: %s", path,
				 strerror(errno));
	int result = write_all(&writer, machine, notes);
	if (!result)
		result = finish(&writer, temporary);
	if (result)
		unlink(temporary);
	close(writer.fd);
	return result;
}

/* -- reading -- */

int snapshot_pread(const struct snapshot *snapshot, uint64_t offset, void *bytes, size_t size,
		   struct error *error)
{
	char *to = bytes;
	while (size) {
		ssize_t count = pread(snapshot->fd, to, size, (off_t)offset);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_set(error, EXIT_CODE_USAGE, "%s: cannot read: %s",
					 snapshot->path, strerror(errno));
		if (count == 0)
			return snapshot_bad(snapshot, offset, error,
					    "the file ends, expected %zu bytes more", size);
		to += count;
		offset += (uint64_t)count;
		size -= (size_t)count;
	}
	return 0;
}

/* Sections lie one behind the other and fill the file. */
static int read_table(struct snapshot *snapshot, const uint8_t *header, struct error *error)
{
	uint64_t next = TABLE_END;
	for (unsigned i = 0; i < SNAPSHOT_SECTIONS; i++) {
		size_t at = HEADER_SIZE + (size_t)i * ENTRY_SIZE;
		const uint8_t *entry = header + at;
		struct snapshot_range *range = &snapshot->section[i];
		*range = (struct snapshot_range){mb_get64le(entry + ENTRY_OFFSET),
						 mb_get64le(entry + ENTRY_LENGTH),
						 mb_get32le(entry + ENTRY_CRC)};
		if (memcmp(entry, snapshot_tags[i], 8) != 0)
			return snapshot_bad(snapshot, at, error, "expected section %s",
					    snapshot_tags[i]);
		if (range->offset != next || range->size > snapshot->size - next)
			return snapshot_bad(snapshot, at + ENTRY_OFFSET, error,
					    "section %s at %llu with %llu bytes, expected it at "
					    "%llu within the file",
					    snapshot_tags[i], (unsigned long long)range->offset,
					    (unsigned long long)range->size,
					    (unsigned long long)next);
		next += range->size;
	}
	if (next != snapshot->size)
		return snapshot_bad(snapshot, next, error, "expected the end of the file");
	return 0;
}

static int read_header(struct snapshot *snapshot, struct error *error)
{
	uint8_t header[TABLE_END];
	static const uint8_t zeros[4];
	size_t there = snapshot->size < TABLE_END ? (size_t)snapshot->size : TABLE_END;
	if (snapshot_pread(snapshot, 0, header, there, error))
		return -1;
	if (there < 8 || memcmp(header, SNAPSHOT_MAGIC, 8) != 0)
		return snapshot_bad(snapshot, 0, error, "expected a snapshot of trapline");
	if (there < TABLE_END)
		return snapshot_bad(snapshot, there, error,
				    "the file ends, expected a header of %d bytes", TABLE_END);
	uint32_t version = mb_get32le(header + HEADER_VERSION);
	if (version != SNAPSHOT_VERSION)
		return snapshot_bad(snapshot, HEADER_VERSION, error,
				    "snapshot of version %u, expected %u", version,
				    SNAPSHOT_VERSION);
	uint32_t crc = mb_get32le(header + HEADER_CRC);
	memcpy(header + HEADER_CRC, zeros, sizeof(zeros));
	if (snapshot_crc(0, header, sizeof(header)) != crc)
		return snapshot_bad(snapshot, HEADER_CRC, error,
				    "damaged header, expected checksum %08x", crc);
	uint64_t size = mb_get64le(header + HEADER_FILE_SIZE);
	if (size != snapshot->size)
		return snapshot_bad(snapshot, snapshot->size, error,
				    "%s, expected a file of %llu bytes",
				    size > snapshot->size ? "truncated" : "bytes are behind it",
				    (unsigned long long)size);
	return read_table(snapshot, header, error);
}

/* A section as a whole, with a NUL behind it. */
static int read_section(struct snapshot *snapshot, enum snapshot_section number, uint64_t limit,
			struct blob *out, struct error *error)
{
	const struct snapshot_range *range = &snapshot->section[number];
	if (range->size > limit)
		return snapshot_bad(snapshot, range->offset, error,
				    "section %s has %llu bytes, expected at most %llu",
				    snapshot_tags[number], (unsigned long long)range->size,
				    (unsigned long long)limit);
	out->size = (size_t)range->size;
	out->data = malloc(out->size + 1);
	if (!out->data)
		return error_set(error, EXIT_CODE_USAGE, "%s: out of memory", snapshot->path);
	if (snapshot_pread(snapshot, range->offset, out->data, out->size, error))
		return -1;
	out->data[out->size] = 0;
	if (snapshot_crc(0, out->data, out->size) != range->crc)
		return snapshot_bad(snapshot, range->offset, error,
				    "section %s is damaged, expected checksum %08x",
				    snapshot_tags[number], range->crc);
	return 0;
}

static int open_file(struct snapshot *snapshot, struct error *error)
{
	struct stat info;
	snapshot->fd = open(snapshot->path, O_RDONLY | O_CLOEXEC);
	if (snapshot->fd < 0 || fstat(snapshot->fd, &info))
		return error_set(error, EXIT_CODE_USAGE, "%s: cannot open: %s", snapshot->path,
				 strerror(errno));
	if (!S_ISREG(info.st_mode))
		return error_set(error, EXIT_CODE_USAGE, "%s: expected a regular file",
				 snapshot->path);
	snapshot->size = (uint64_t)info.st_size;
	return 0;
}

struct snapshot *snapshot_open(const char *path, struct error *error)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	if (snapshot) {
		snapshot->fd = -1;
		snapshot->path = strdup(path);
	}
	if (!snapshot || !snapshot->path) {
		error_set(error, EXIT_CODE_USAGE, "%s: out of memory", path);
	} else if (!open_file(snapshot, error) && !read_header(snapshot, error) &&
		   !read_section(snapshot, SNAPSHOT_MACHINE, TEXT_MAX, &snapshot->text[0], error) &&
		   !read_section(snapshot, SNAPSHOT_NOTES, TEXT_MAX, &snapshot->text[1], error) &&
		   !read_section(snapshot, SNAPSHOT_STATE, STATE_MAX, &snapshot->state, error)) {
		return snapshot;
	}
	snapshot_close(snapshot);
	return NULL;
}

void snapshot_close(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	if (snapshot->fd >= 0)
		close(snapshot->fd);
	free(snapshot->path);
	blob_free(&snapshot->text[0]);
	blob_free(&snapshot->text[1]);
	blob_free(&snapshot->state);
	free(snapshot);
}
