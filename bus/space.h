// Address spaces and their flat views.
#pragma once

#include "bus/types.h"

// What an access to nothing does, and how accesses that run over the end of a range are treated.
enum mb_space_kind {
	MB_SPACE_MEMORY,      // read 0, MB_DECODE (RISC-V, AArch64)
	MB_SPACE_MEMORY_ONES, // read all ones, MB_DECODE (x86)
	MB_SPACE_PORTS, // read all ones, MB_OK; the start address owns the whole access (x86 I/O)
};

// One range of a flat view; `section` has its position, region, offset and flags.
struct mb_range {
	uint64_t first;
	uint64_t last; // inclusive
	struct mb_section section;
	struct mb_ram *ram; // NULL unless RAM, ROM or ROMD
};

// mb_space_new() - an address space that shows the tree below @root.
// @name: copied
// @root: any region; the space takes a reference. Its size is the address width of the space
// Returns 0 or -ENOMEM, -EINVAL.
int mb_space_new(struct mb_bus *bus, const char *name, struct mb_region *root,
		 enum mb_space_kind kind, struct mb_space **out);

// mb_space_free() - @space may be NULL. Listeners that are left are forgotten without a callback.
void mb_space_free(struct mb_space *space);

const char *mb_space_name(const struct mb_space *space);
struct mb_region *mb_space_root(const struct mb_space *space);

// mb_space_view_number() - changes whenever a new view is published; never repeats.
uint64_t mb_space_view_number(const struct mb_space *space);

// Answer of mb_resolve().
struct mb_resolved {
	const struct mb_range *range; // NULL: nothing there; valid until the view changes
	struct mb_ram *ram;           // backing block of the range or NULL
	uint64_t ram_offset;          // offset of the address in the block
	uint8_t *host;   // where the byte lives if this access may be direct, else NULL
	uint64_t length; // bytes from the address to the end of the range, or of the hole
			 // (saturated at 2^64-1)
	bool readonly;   // writes have no effect: leave them to mb_st()
	bool mixed;      // the 4 KiB page of the address is not wholly inside the range
	uint64_t view_number;
};

// mb_resolve() - what backs an address; this is what a TLB fill asks.
// @access: direct reads are allowed where direct writes may not be (ROM, ROM devices)
// @out: filled in always. host ignores page_state: check out->ram->page_state before installing a
// write Returns MB_OK, MB_DECODE if nothing is there, MB_DENIED if @attrs forbid it (memory_only
// and no RAM). Costs a comparison when the last range is hit again, a binary search otherwise.
mb_result mb_resolve(struct mb_space *space, uint64_t address, enum mb_access access,
		     struct mb_attrs attrs, struct mb_resolved *out);

// One MMIO callback, as the observer sees it.
struct mb_mmio_event {
	struct mb_space *space;
	const char *region;
	uint64_t address; // in the space
	uint64_t offset;  // in the region
	unsigned size;    // bytes: the size of the callback, after splitting
	bool is_write;
	uint64_t value; // as the device saw or gave it
	mb_result result;
	struct mb_attrs attrs;
};

// mb_space_set_observer() - called after each MMIO callback that this space causes; NULL to stop.
void mb_space_set_observer(struct mb_space *space,
			   void (*observer)(void *opaque, const struct mb_mmio_event *event),
			   void *opaque);

// mb_space_set_bounce_limit() - bytes that bounce buffers of mb_map() may take together; default
// 4096.
void mb_space_set_bounce_limit(struct mb_space *space, uint64_t bytes);

// mb_view_acquire() - the current view with a reference. It stays valid and unchanged until
// released.
struct mb_view *mb_view_acquire(struct mb_space *space);
void mb_view_release(struct mb_view *view);

// mb_view_count(), mb_view_range() - iterate, ascending by address.
size_t mb_view_count(const struct mb_view *view);
const struct mb_range *mb_view_range(const struct mb_view *view, size_t index);

// mb_view_lookup() - the range that holds @address or NULL.
const struct mb_range *mb_view_lookup(const struct mb_view *view, uint64_t address);
