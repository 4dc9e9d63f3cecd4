// Private parts of the bus. Included by bus/*.c only.
//
// One host thread runs a machine, so nothing here locks. The exceptions are page_state and the
// dirty bitmaps, which are changed atomically because snapshots and displays may read them from
// elsewhere.
#pragma once

#include "bus/bus.h"

struct mb_bus {
	unsigned holds; // the creator, and every region and space
	unsigned txn_depth;
	bool committing;
	bool running;
	unsigned global_reasons;    // why everything is logged for migration
	unsigned postponed_reasons; // stops asked for while paused
	uint64_t visit;             // generation of the last walk up the tree
	uint64_t view_serial;
	struct mb_space *spaces;       // in creation order
	struct mb_listener *listeners; // ascending priority, registration order among equals
	struct mb_listener *listeners_last;
};

struct mb_region {
	struct mb_bus *bus;
	char *name;
	enum mb_region_kind kind;
	unsigned refs;
	mb_size size;
	bool enabled, readonly, nonvolatile, unmergeable, romd;
	enum mb_rom_policy rom_policy;

	struct mb_region *parent;   // not counted
	struct mb_region *children; // counted; in search order
	struct mb_region *sibling;
	uint64_t offset; // in the parent
	int priority;

	struct mb_region *target; // of an alias; counted
	uint64_t alias_offset;
	struct mb_region *aliases; // aliases of this region; not counted
	struct mb_region *alias_next;

	unsigned height; // levels below this one, itself included
	uint64_t visit;

	const struct mb_ops *ops;
	void *opaque;
	struct mb_guard own_guard;
	struct mb_guard *guard;
	const char *reentry_reason;
	struct mb_owner *owner;

	struct mb_ram *ram;
	uint8_t *ramdev;
	mb_size backing; // largest size that the backing allows
	uint16_t log_count[MB_DIRTY_CLIENTS];
};

struct mb_view {
	unsigned refs;
	uint64_t number;
	size_t count;
	struct mb_range *ranges;
};

struct mb_space {
	struct mb_bus *bus;
	char *name;
	struct mb_region *root;
	enum mb_space_kind kind;
	struct mb_view *view;
	size_t hit;               // index of the range that the last lookup found
	bool dirty;               // the tree below root changed in this transaction
	struct mb_view *pending;  // rendered, being announced
	struct mb_view *replaced; // published over, kept until all were told
	struct mb_space *next;
	void (*observer)(void *opaque, const struct mb_mmio_event *event);
	void *observer_opaque;
	uint64_t bounce_limit;
	uint64_t bounce_used;
	struct mb_map_waiter *waiters;
	struct mb_map_waiter *retrying;
};

// bus.c
void bus_hold(struct mb_bus *bus);
void bus_drop(struct mb_bus *bus);

// region.c: a reference that also holds the owner; for views and loans.
void region_hold(struct mb_region *region);
void region_drop(struct mb_region *region);

static inline bool region_terminates(const struct mb_region *region)
{
	return region->kind != MB_KIND_CONTAINER && region->kind != MB_KIND_ALIAS;
}

// Dirty clients of a region, including migration while everything is logged.
unsigned region_dirty_mask(const struct mb_region *region);

// tree.c: note that @region changed, for every space that shows it. @force: even if it is disabled.
void region_changed(struct mb_region *region, bool force);
// Recompute the height of @region and everything above; false if a level limit is exceeded.
bool region_update_height(struct mb_region *region);
void region_unlink(struct mb_region *child);

// render.c: NULL when out of memory. The view has one reference and no number yet.
struct mb_view *view_render(struct mb_region *root);
bool range_equal(const struct mb_range *a, const struct mb_range *b);
bool range_mergeable(const struct mb_range *a, const struct mb_range *b);

// view.c
struct mb_view *view_ref(struct mb_view *view);
// Index of the first range whose last address is not below @address; count if there is none.
size_t view_lower_bound(const struct mb_view *view, uint64_t address);
const struct mb_range *space_lookup(struct mb_space *space, uint64_t address);

// listener.c: one committed transaction for the spaces that have a pending view.
void listeners_announce(struct mb_bus *bus);
int listeners_global_start(struct mb_bus *bus);
void listeners_global_stop(struct mb_bus *bus);
// Forget the listeners of a space that goes away.
void listeners_forget(struct mb_space *space);

// mmio.c: one access of 1 to 8 bytes, in guest address order, to a callback region; checks shape
// and guard. The caller holds the view of @range.
struct mmio_access {
	struct mb_space *space;
	const struct mb_range *range;
	uint64_t address;
	unsigned size;
	bool is_write;
	struct mb_attrs attrs;
	uint8_t *bytes;
};
mb_result mmio_transfer(const struct mmio_access *access);

// access.c, shared with bulk.c
static inline uint64_t range_offset(const struct mb_range *range, uint64_t address)
{
	return range->section.offset_in_region + (address - range->first);
}

// May this access go straight to the host memory of @range? (Read-only ranges: reads and debug
// writes.)
static inline bool range_is_direct(const struct mb_range *range, bool is_write,
				   struct mb_attrs attrs)
{
	if (!range->ram)
		return false;
	if (is_write)
		return attrs.debug ||
		       (!range->section.readonly && range->section.region->kind != MB_KIND_ROMD);
	return range->section.region->kind != MB_KIND_ROMD || range->section.romd || attrs.debug;
}

static inline uint8_t space_fill_byte(const struct mb_space *space)
{
	return space->kind == MB_SPACE_MEMORY ? 0 : 0xff;
}

static inline mb_result space_unassigned(const struct mb_space *space)
{
	return space->kind == MB_SPACE_PORTS ? MB_OK : MB_DECODE;
}

// Largest power of two not above @value, which is not 0.
static inline uint64_t power_floor(uint64_t value)
{
	return 1ull << (63 - __builtin_clzll(value));
}

// ram.c
int ram_new(mb_size size, struct mb_ram **out);
void ram_free(struct mb_ram *ram);

struct mb_ram_state {
	uint64_t *clean[MB_DIRTY_CLIENTS]; // inverted dirty bitmaps, so that fresh pages mean dirty
	uint64_t pages;
	void *bitmaps;
	size_t bitmaps_size;
	mb_ram_hook *code_hook;
	void *code_opaque;
	mb_ram_hook *copy_hook;
	void *copy_opaque;
	mb_ram_hook *protect_hook;
	void *protect_opaque;
};

// Pages touched by a byte range, clipped to the block; false if none.
bool ram_pages(const struct mb_ram *ram, uint64_t offset, uint64_t length, uint64_t *first,
	       uint64_t *last);

// Is page_state of any touched page non-zero?
bool ram_is_noted(const struct mb_ram *ram, uint64_t offset, uint64_t length);
