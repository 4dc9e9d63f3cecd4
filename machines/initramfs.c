#include "machines/initramfs.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

enum {
	HEADER_SIZE = 110, /* magic and 13 fields of 8 hexadecimal digits */
	MAGIC_SIZE = 6,
	FIELD_SIZE = 8,
	FIELD_FILE_SIZE = 6, /* number of the field */
	FIELD_NAME_SIZE = 11,
	PATH_LIMIT = 4096,
	ALIGNMENT = 4,
};

static const char trailer_name[] = "TRAILER!!!";

struct scan {
	const uint8_t *data;
	size_t size, offset;
	const char *name;
	bool unpacked; /* data comes out of a compressed part */
	uint64_t limit;
	struct error *error;
};

static int bad_entry(struct scan *scan, size_t offset, const char *what)
{
	return error_set(scan->error, EXIT_CODE_BAD_IMAGE, "%s: offset %zu%s: %s", scan->name,
			 offset, scan->unpacked ? " after decompression" : "", what);
}

static bool starts_with(const struct scan *scan, const char *magic, size_t size)
{
	return scan->size - scan->offset >= size && !memcmp(scan->data + scan->offset, magic, size);
}

static int hex_field(const uint8_t *header, unsigned index, uint32_t *value)
{
	const uint8_t *digits = header + MAGIC_SIZE + FIELD_SIZE * index;
	*value = 0;
	for (unsigned i = 0; i < FIELD_SIZE; i++) {
		uint8_t c = digits[i];
		uint32_t digit;
		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (uint32_t)(c | 0x20) - 'a' + 10;
		else
			return -1;
		*value = *value << 4 | digit;
	}
	return 0;
}

/* An entry's padding may be missing at the very end of the file. */
static size_t aligned(const struct scan *scan, uint64_t offset)
{
	uint64_t up = (offset + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);
	return up < scan->size ? (size_t)up : scan->size;
}

/* One entry at scan->offset. *last: it was the trailer. */
static int check_entry(struct scan *scan, bool *last)
{
	const uint8_t *header = scan->data + scan->offset;
	size_t left = scan->size - scan->offset;
	uint32_t file_size, name_size, ignored;
	if (!starts_with(scan, "070701", MAGIC_SIZE) && !starts_with(scan, "070702", MAGIC_SIZE))
		return bad_entry(scan, scan->offset,
				 left < MAGIC_SIZE
					 ? "truncated cpio archive, expected an entry"
					 : "damaged cpio archive, expected the magic 070701");
	if (left < HEADER_SIZE)
		return bad_entry(scan, scan->size,
				 "truncated cpio archive, expected a header of 110 bytes");
	for (unsigned i = 0; i < 13; i++)
		if (hex_field(header, i, &ignored))
			return bad_entry(scan, scan->offset + MAGIC_SIZE + FIELD_SIZE * i,
					 "damaged cpio header, expected 8 hexadecimal digits");
	hex_field(header, FIELD_FILE_SIZE, &file_size);
	hex_field(header, FIELD_NAME_SIZE, &name_size);
	if (!name_size || name_size > PATH_LIMIT)
		return bad_entry(scan, scan->offset,
				 "cpio entry with a bad name length, expected 1 to 4096");
	if (left - HEADER_SIZE < name_size)
		return bad_entry(scan, scan->size, "truncated cpio archive, expected a name");
	const char *name = (const char *)header + HEADER_SIZE;
	if (name[name_size - 1])
		return bad_entry(scan, scan->offset + HEADER_SIZE,
				 "cpio entry with a damaged name, expected a final NUL");
	*last = !strcmp(name, trailer_name);
	size_t data = aligned(scan, (uint64_t)scan->offset + HEADER_SIZE + name_size);
	if (scan->size - data < file_size)
		return bad_entry(scan, scan->size,
				 "truncated cpio archive, expected the rest of "
				 "a file");
	scan->offset = aligned(scan, (uint64_t)data + file_size);
	return 0;
}

static int check_archive(struct scan *scan)
{
	bool last = false;
	while (!last)
		if (check_entry(scan, &last))
			return -1;
	return 0;
}

static int check_parts(struct scan *scan);

static int check_compressed(struct scan *scan, enum compression compression)
{
	struct blob plain;
	size_t consumed;
	if (decompress(compression, scan->data + scan->offset, scan->size - scan->offset,
		       scan->name, scan->offset, scan->limit, &plain, &consumed, scan->error))
		return -1;
	struct scan inner = {.data = plain.data,
			     .size = plain.size,
			     .name = scan->name,
			     .unpacked = true,
			     .error = scan->error};
	int status = check_parts(&inner);
	blob_free(&plain);
	scan->offset += consumed;
	return status;
}

static int check_parts(struct scan *scan)
{
	while (scan->offset < scan->size) {
		if (!scan->data[scan->offset]) {
			scan->offset++;
			continue;
		}
		enum compression compression =
			compression_of(scan->data + scan->offset, scan->size - scan->offset);
		if (compression != COMPRESSION_NONE && !scan->unpacked) {
			if (check_compressed(scan, compression))
				return -1;
			continue;
		}
		if (starts_with(scan, "070707", MAGIC_SIZE) || starts_with(scan, "\xc7\x71", 2))
			return bad_entry(scan, scan->offset,
					 "cpio archive of an old format, expected newc (070701)");
		if (!starts_with(scan, "0707", 4))
			return 0;
		if (check_archive(scan))
			return -1;
	}
	return 0;
}

int initramfs_check(const uint8_t *data, size_t size, const char *name, uint64_t limit,
		    struct error *error)
{
	struct scan scan = {
		.data = data, .size = size, .name = name, .limit = limit, .error = error};
	return check_parts(&scan);
}

int initramfs_read(struct blob *blob, const char *path, uint64_t limit, struct error *error)
{
	if (blob_read_file(blob, path, "initramfs", limit, error))
		return -1;
	if (!initramfs_check(blob->data, blob->size, path, limit, error))
		return 0;
	blob_free(blob);
	return -1;
}
