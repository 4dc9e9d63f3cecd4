// RAM blocks: lazily backed host memory, page state, and the note that precedes a write.
#include "bus/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/host_memory.h"

static int ram_allocate(struct mb_ram *ram)
{
	struct mb_ram_state *state = ram->state;
	size_t words = (state->pages + 63) / 64;

	ram->host = host_memory_new(ram->size);
	ram->page_state = host_memory_new(state->pages);
	state->bitmaps_size = words * sizeof(uint64_t) * MB_DIRTY_CLIENTS;
	state->bitmaps = host_memory_new(state->bitmaps_size);
	for (unsigned client = 0; client < MB_DIRTY_CLIENTS && state->bitmaps; client++)
		state->clean[client] = (uint64_t *)state->bitmaps + client * words;
	return ram->host && ram->page_state && state->bitmaps ? 0 : -ENOMEM;
}

int ram_new(mb_size size, struct mb_ram **out)
{
	struct mb_ram *ram;
	int error;

	*out = NULL;
	// Half the address space is more than any host can map, and keeps page sums from wrapping.
	if (size > (mb_size)1 << 63)
		return -ENOMEM;
	ram = calloc(1, sizeof(*ram));
	if (!ram)
		return -ENOMEM;
	ram->state = calloc(1, sizeof(*ram->state));
	if (!ram->state) {
		free(ram);
		return -ENOMEM;
	}
	ram->size = (uint64_t)size;
	ram->state->pages = (ram->size + MB_PAGE_SIZE - 1) >> MB_PAGE_SHIFT;
	error = ram_allocate(ram);
	if (error) {
		ram_free(ram);
		return error;
	}
	*out = ram;
	return 0;
}

void ram_free(struct mb_ram *ram)
{
	if (!ram)
		return;
	host_memory_free(ram->host, ram->size);
	host_memory_free(ram->page_state, ram->state->pages);
	host_memory_free(ram->state->bitmaps, ram->state->bitmaps_size);
	free(ram->state);
	free(ram);
}

bool ram_pages(const struct mb_ram *ram, uint64_t offset, uint64_t length, uint64_t *first,
	       uint64_t *last)
{
	if (length == 0 || offset >= ram->size)
		return false;
	if (length > ram->size - offset)
		length = ram->size - offset;
	*first = offset >> MB_PAGE_SHIFT;
	*last = (offset + length - 1) >> MB_PAGE_SHIFT;
	return true;
}

bool ram_is_noted(const struct mb_ram *ram, uint64_t offset, uint64_t length)
{
	uint64_t first, last;

	if (!ram_pages(ram, offset, length, &first, &last))
		return false;
	for (uint64_t page = first; page <= last; page++)
		if (__atomic_load_n(&ram->page_state[page], __ATOMIC_RELAXED))
			return true;
	return false;
}

void mb_ram_note_write(struct mb_ram *ram, uint64_t offset, uint64_t length)
{
	uint64_t first, last;
	uint8_t seen = 0;

	if (!ram_pages(ram, offset, length, &first, &last))
		return;
	for (uint64_t page = first; page <= last; page++)
		seen |= __atomic_load_n(&ram->page_state[page], __ATOMIC_RELAXED);
	if ((seen & MB_PAGE_CODE) && ram->state->code_hook)
		ram->state->code_hook(ram->state->code_opaque, ram, offset, length);
	if ((seen & MB_PAGE_COPY) && ram->state->copy_hook)
		ram->state->copy_hook(ram->state->copy_opaque, ram, offset, length);
	if (seen & MB_PAGE_CLEAN)
		mb_dirty_set(ram, offset, length);
}

int mb_ram_set_copy_hook(struct mb_ram *ram, mb_ram_hook *hook, void *opaque)
{
	if (hook && ram->state->copy_hook)
		return -EBUSY;
	ram->state->copy_hook = hook;
	ram->state->copy_opaque = opaque;
	return 0;
}

void mb_ram_clear(struct mb_ram *ram)
{
	mb_ram_note_write(ram, 0, ram->size);
	if (ram->size && madvise(ram->host, ram->size, MADV_DONTNEED))
		memset(ram->host, 0, ram->size);
}

// Entries of /proc/self/pagemap (Documentation/admin-guide/mm/pagemap.rst).
#define PAGEMAP_PRESENT_OR_SWAPPED (3ull << 62)

// Clears the bits of pages that the host has no memory for, as far as it can find out.
static void read_pagemap(const struct mb_ram *ram, uint64_t first, uint64_t count, uint64_t *bits)
{
	uint64_t entries[512];
	int fd = sysconf(_SC_PAGESIZE) == MB_PAGE_SIZE
			 ? open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)
			 : -1;
	uint64_t done = 0;

	while (fd >= 0 && done < count) {
		uint64_t part = count - done < 512 ? count - done : 512;
		uint64_t page = ((uintptr_t)ram->host >> MB_PAGE_SHIFT) + first + done;
		ssize_t size = pread(fd, entries, part * sizeof(entries[0]),
				     (off_t)(page * sizeof(entries[0])));

		if (size != (ssize_t)(part * sizeof(entries[0])))
			break;
		for (uint64_t i = 0; i < part; i++)
			if (!(entries[i] & PAGEMAP_PRESENT_OR_SWAPPED))
				bits[(done + i) / 64] &= ~(1ull << (done + i) % 64);
		done += part;
	}
	if (fd >= 0)
		close(fd);
}

void mb_ram_touched(const struct mb_ram *ram, uint64_t first, uint64_t count, uint64_t *bits)
{
	uint64_t pages = ram->state->pages;
	uint64_t there = first >= pages ? 0 : count < pages - first ? count : pages - first;

	memset(bits, 0, (count + 63) / 64 * sizeof(*bits));
	for (uint64_t i = 0; i < there; i++)
		bits[i / 64] |= 1ull << i % 64;
	read_pagemap(ram, first, there, bits);
}

void mb_ram_set_code_hook(struct mb_ram *ram, mb_ram_hook *hook, void *opaque)
{
	ram->state->code_hook = hook;
	ram->state->code_opaque = opaque;
}

void mb_ram_set_protect_hook(struct mb_ram *ram, mb_ram_hook *hook, void *opaque)
{
	ram->state->protect_hook = hook;
	ram->state->protect_opaque = opaque;
}

void mb_ram_mark(struct mb_ram *ram, uint64_t offset, uint64_t length, uint8_t bits)
{
	uint64_t first, last;
	bool raised = false;

	if (!ram_pages(ram, offset, length, &first, &last))
		return;
	for (uint64_t page = first; page <= last; page++)
		raised |= !__atomic_fetch_or(&ram->page_state[page], bits, __ATOMIC_ACQ_REL);
	if (raised && ram->state->protect_hook)
		ram->state->protect_hook(ram->state->protect_opaque, ram, offset, length);
}

void mb_ram_mark_pages(struct mb_ram *ram, const uint32_t *pages, size_t count, uint8_t bits)
{
	uint64_t first = UINT64_MAX, last = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t page = pages[i];

		if (page >= ram->state->pages ||
		    __atomic_fetch_or(&ram->page_state[page], bits, __ATOMIC_ACQ_REL))
			continue;
		first = page < first ? page : first;
		last = page > last ? page : last;
	}
	if (first <= last && ram->state->protect_hook)
		ram->state->protect_hook(ram->state->protect_opaque, ram, first << MB_PAGE_SHIFT,
					 (last - first + 1) << MB_PAGE_SHIFT);
}

void mb_ram_unmark(struct mb_ram *ram, uint64_t offset, uint64_t length, uint8_t bits)
{
	uint64_t first, last;

	if (!ram_pages(ram, offset, length, &first, &last))
		return;
	for (uint64_t page = first; page <= last; page++)
		__atomic_fetch_and(&ram->page_state[page], (uint8_t)~bits, __ATOMIC_ACQ_REL);
}
