#include "src/cli/payload.h"

#include <stdlib.h>
#include <string.h>

#include "bus/host.h"
#include "machines/board.h"
#include "src/cli/initramfs.h"
#include "src/cli/session.h"

#define PAGE MB_PAGE_SIZE

/* Of a page: the mark, its number, and the number inverted. */
static const char mark[16] = "\x7fTL payload page";
enum { MARK_NUMBER = 16, MARK_INVERSE = 24, MARK_SIZE = 32 };

void payload_mark(uint8_t *bytes, size_t size)
{
	memset(bytes, 0, size);
	for (size_t i = 0; i < size / PAGE; i++) {
		memcpy(bytes + i * PAGE, mark, sizeof(mark));
		mb_put64le(bytes + i * PAGE + MARK_NUMBER, i);
		mb_put64le(bytes + i * PAGE + MARK_INVERSE, ~(uint64_t)i);
	}
}

static struct mb_ram *ram_of(const struct machine *machine)
{
	struct board_memory blocks[BOARD_MEMORY_BLOCKS];
	board_memory_blocks(machine, blocks);
	return blocks[0].ram;
}

/* The archive that the kernel unpacked lies around in freed memory. */
static bool in_archive(const struct machine *machine, uint64_t page)
{
	struct board_range range = board_initrd_range(machine);
	uint64_t address = board_ram_base(machine) + page * PAGE;
	return address + PAGE > range.address && address < range.address + range.size;
}

/* Notes a RAM page that bears a mark. Returns 0, or -1 if its number is taken. */
static int note_page(const struct machine *machine, const uint8_t *bytes, uint64_t page,
		     uint32_t *pages, size_t count, size_t *found)
{
	if (memcmp(bytes, mark, sizeof(mark)) != 0)
		return 0;
	uint64_t number = mb_get64le(bytes + MARK_NUMBER);
	if (number >= count || mb_get64le(bytes + MARK_INVERSE) != ~number ||
	    in_archive(machine, page))
		return 0;
	if (pages[number] != UINT32_MAX)
		return -1;
	pages[number] = (uint32_t)page;
	++*found;
	return 0;
}

int payload_find(const struct machine *machine, uint32_t *pages, size_t count)
{
	const struct mb_ram *ram = ram_of(machine);
	uint64_t all = ram->size / PAGE, touched[16];
	size_t found = 0;
	for (size_t i = 0; i < count; i++)
		pages[i] = UINT32_MAX;
	for (uint64_t page = 0; page < all; page++) {
		if (page % 1024 == 0)
			mb_ram_touched(ram, page, 1024, touched);
		if (touched[page % 1024 / 64] >> page % 64 & 1 &&
		    note_page(machine, ram->host + page * PAGE, page, pages, count, &found))
			return -1;
	}
	return found == count ? 0 : -1;
}

/* -- what the guest unpacks -- */

struct builder {
	uint8_t *bytes; /* NULL: only count */
	size_t at;
};

static void put(struct builder *builder, const void *bytes, size_t size)
{
	if (builder->bytes && size)
		memcpy(builder->bytes + builder->at, bytes, size);
	builder->at += size;
}

static void put_file(struct builder *builder, const char *name, uint32_t mode, const void *data,
		     size_t size)
{
	uint8_t entry[16];
	static const uint8_t zeros[8];
	size_t name_size = strlen(name) + 1;
	mb_put32le(entry, mode);
	mb_put32le(entry + 4, (uint32_t)name_size);
	mb_put64le(entry + 8, size);
	put(builder, entry, sizeof(entry));
	put(builder, name, name_size);
	put(builder, data, size);
	put(builder, zeros, -(name_size + size) & 7);
}

static void put_all(struct builder *builder, const struct session *session, const char *command,
		    size_t command_size, size_t whole)
{
	uint8_t head[16] = "TLFILES1";
	mb_put64le(head + 8, whole);
	put(builder, head, sizeof(head));
	for (unsigned i = 0; i < session->file_count; i++) {
		const struct session_file *file = &session->files[i];
		put_file(builder, file->path, file->mode, file->data, file->size);
	}
	put_file(builder, "/.trapline-command", 0644, command, command_size);
}

int payload_build(const struct session *session, struct blob *out, struct error *error)
{
	char command[INITRAMFS_COMMAND_MAX];
	size_t used;
	struct builder builder = {0};
	if (initramfs_command(session, command, &used, error))
		return -1;
	put_all(&builder, session, command, used, 0);
	out->size = builder.at;
	out->data = malloc(out->size);
	if (!out->data)
		return error_set(error, EXIT_CODE_USAGE, "out of memory");
	builder = (struct builder){.bytes = out->data};
	put_all(&builder, session, command, used, out->size);
	return 0;
}

int payload_write(const struct machine *machine, const uint32_t *pages, size_t count,
		  const struct blob *payload)
{
	struct mb_ram *ram = ram_of(machine);
	if (payload->size > count * PAGE)
		return -1;
	for (size_t at = 0, i = 0; at < payload->size; at += PAGE, i++) {
		size_t size = payload->size - at < PAGE ? payload->size - at : PAGE;
		uint64_t offset = (uint64_t)pages[i] * PAGE;
		if (offset > ram->size || ram->size - offset < PAGE)
			return -1;
		mb_ram_note_write(ram, offset, PAGE);
		memcpy(ram->host + offset, payload->data + at, size);
	}
	return 0;
}
