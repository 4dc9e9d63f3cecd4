// RAM blocks: what the engine's fast path needs to know of RAM.
//
// Host memory, page state and dirty bitmaps are lazily zeroed mappings: a block of any size costs
// only the pages that are used. Offsets are bytes from the start of the block.
#pragma once

#include "bus/types.h"

#define MB_PAGE_SHIFT 12
#define MB_PAGE_SIZE  (1u << MB_PAGE_SHIFT)

// page_state bits. While any is set, no direct write to the page may be cached, and every write
// calls mb_ram_note_write() first.
enum {
	MB_PAGE_CODE = 1,  // translated code of this page exists; set and cleared by the engine
	MB_PAGE_CLEAN = 2, // a dirty client wants to know the next write; kept by the bus
	MB_PAGE_WATCH =
		4, // a watchpoint lies on the page; set and cleared by the engine or debugger
	MB_PAGE_COPY =
		8, // the content is to be kept before the next write; cleared by the copy hook
};

struct mb_ram {
	uint8_t *host;       // size bytes, page aligned
	uint64_t size;       // bytes
	uint8_t *page_state; // one byte per 4 KiB page, (size + 4095) / 4096 of them
	// private to the bus from here on
	struct mb_ram_state *state;
};

// Called with the range of a write or of a page-state change.
typedef void mb_ram_hook(void *opaque, struct mb_ram *ram, uint64_t offset, uint64_t length);

// mb_ram_note_write() - a write to [offset, offset+length) is about to happen.
// To be called, before the write is visible, when a touched page has a non-zero page_state: by the
// engine's slow store and by every bus write. Sets the pages dirty for all clients, clears
// MB_PAGE_CLEAN, and calls the code hook if MB_PAGE_CODE is set on any of the pages. length 0 does
// nothing.
void mb_ram_note_write(struct mb_ram *ram, uint64_t offset, uint64_t length);

// mb_ram_clear() - make all bytes of the block zero again and give the host memory back; like a
// write to all of it for page state, code and dirty clients.
void mb_ram_clear(struct mb_ram *ram);

// mb_ram_touched() - which pages may hold anything but zeros.
// @first, @count: pages of the block
// @bits: (count + 63) / 64 words; bit i is set if page first + i has ever been written or read
// since the block was made or cleared. On hosts that cannot tell, all bits are set. Pages beyond
// the end of the block are not touched.
void mb_ram_touched(const struct mb_ram *ram, uint64_t first, uint64_t count, uint64_t *bits);

// mb_ram_set_code_hook() - called by mb_ram_note_write() for writes to pages with MB_PAGE_CODE. The
// hook drops the translated code and clears MB_PAGE_CODE when none is left on the page. NULL to
// remove.
void mb_ram_set_code_hook(struct mb_ram *ram, mb_ram_hook *hook, void *opaque);

// mb_ram_set_copy_hook() - called by mb_ram_note_write() for writes to pages with MB_PAGE_COPY,
// after the code hook. The hook clears the bit of the pages that it has dealt with. There is one at
// a time; NULL to remove. Returns 0, or -EBUSY if somebody else has it.
int mb_ram_set_copy_hook(struct mb_ram *ram, mb_ram_hook *hook, void *opaque);

// mb_ram_set_protect_hook() - called whenever page_state of pages in the range has become non-zero,
// before the caller that wanted this goes on: every cached write permission of the range must be
// dropped.
void mb_ram_set_protect_hook(struct mb_ram *ram, mb_ram_hook *hook, void *opaque);

// mb_ram_mark() - set @bits in page_state of all pages touched by the range and call the protect
// hook if a page went from 0 to non-zero.
void mb_ram_mark(struct mb_ram *ram, uint64_t offset, uint64_t length, uint8_t bits);

// mb_ram_mark_pages() - as mb_ram_mark() for @count single pages by number, and one call of the
// protect hook for the range from the first to the last of them.
void mb_ram_mark_pages(struct mb_ram *ram, const uint32_t *pages, size_t count, uint8_t bits);

// mb_ram_unmark() - clear @bits again. Must not be used for MB_PAGE_CLEAN.
void mb_ram_unmark(struct mb_ram *ram, uint64_t offset, uint64_t length, uint8_t bits);
