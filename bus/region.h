// Regions: the nodes of the memory tree.
//
// A region is created by one of the constructors with one reference, which the caller gives up with
// mb_region_unref(). Parents, aliases, spaces, views and loans hold references of their own, so a
// caller may drop its reference as soon as the region is attached. A region has at most one parent;
// use an alias to make it visible at a second place. Every function that changes the tree is a
// transaction of its own; wrap several in mb_txn_begin()/mb_txn_commit() to make them one step.
#pragma once

#include "bus/types.h"

// Depth limit of nested containers and aliases.
#define MB_DEPTH_MAX 64

enum mb_region_kind {
	MB_KIND_CONTAINER,
	MB_KIND_RAM,
	MB_KIND_ROM,
	MB_KIND_ROMD,
	MB_KIND_MMIO,
	MB_KIND_RAMDEV,
	MB_KIND_ALIAS,
	MB_KIND_RESERVED,
};

// What a guest write to a read-only range does; the same for CPUs and DMA.
enum mb_rom_policy {
	MB_ROM_IGNORE, // no effect, MB_OK
	MB_ROM_ERROR,  // no effect, MB_DEVICE
};

// What to do for a write that is narrower than impl.min.
enum mb_narrow_write {
	MB_NARROW_REJECT, // MB_DEVICE, no callback
	MB_NARROW_MERGE,  // read the containing unit, replace the bytes, write it
};

// Callbacks and access rules of an MMIO region or ROM device. Constant; one object serves all
// instances.
struct mb_ops {
	// Reads `size` bytes (1, 2, 4 or 8, within impl.min..impl.max) at `offset` of the region.
	// *value is 0 on entry; bits above `size` bytes are ignored. On an error *value is still
	// used as the data. Required.
	mb_result (*read)(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			  uint64_t *value);
	// Writes; bits of `value` above `size` bytes are zero. Required.
	mb_result (*write)(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			   uint64_t value);
	enum mb_endian endian; // byte order of the registers
	struct {
		unsigned min, max; // guest-visible sizes in bytes; max 0: any size
		bool unaligned;    // misaligned offsets are accepted
		// Optional last word; refusing gives MB_DECODE without a callback.
		bool (*accepts)(void *opaque, uint64_t offset, unsigned size, bool is_write,
				struct mb_attrs attrs);
	} valid;
	struct {
		unsigned min, max; // sizes that the callbacks take; 0: min 1, max 4
		bool unaligned;    // callbacks take misaligned offsets; needs valid.unaligned
	} impl;
	enum mb_narrow_write narrow_write;
};

// In-I/O flag of a device: while it is set, accesses to the MMIO regions that share the guard
// return MB_DENIED without a callback. Part of the device's state; starts zeroed. Every MMIO region
// has a guard of its own; devices with several regions let them share one with
// mb_region_set_guard().
struct mb_guard {
	bool busy;
};

// Lifetime hooks of whatever owns a region's opaque pointer: held once for every view and loan that
// can still reach the region. Embed it in the device.
struct mb_owner {
	void (*hold)(struct mb_owner *owner);
	void (*drop)(struct mb_owner *owner);
};

// mb_bus_new() - the root of one machine's memory system. Returns NULL when out of memory.
struct mb_bus *mb_bus_new(void);

// mb_bus_free() - gives up the caller's hold; the memory goes once all regions and spaces are gone.
// @bus: may be NULL
void mb_bus_free(struct mb_bus *bus);

// Constructors. Common parameters:
// @name: copied; appears in dumps and traces
// @size: 0 (renders nothing) to MB_WHOLE
// @out: receives the region with one reference
// They return 0, -EINVAL for bad arguments or ops, -ENOMEM.

// mb_region_container() - groups children; its holes are transparent.
int mb_region_container(struct mb_bus *bus, const char *name, mb_size size, struct mb_region **out);

// mb_region_ram() - zeroed RAM; host memory is reserved, not touched, so any size is cheap.
int mb_region_ram(struct mb_bus *bus, const char *name, mb_size size, struct mb_region **out);

// mb_region_rom() - RAM that guests cannot write. Fill it with mb_write_rom() or through
// mb_ram.host.
int mb_region_rom(struct mb_bus *bus, const char *name, mb_size size, enum mb_rom_policy policy,
		  struct mb_region **out);

// mb_region_romd() - ROM device: directly readable while in romd mode (the initial one), writes
// always reach ops->write.
// @ops: must outlive the region
int mb_region_romd(struct mb_bus *bus, const char *name, mb_size size, const struct mb_ops *ops,
		   void *opaque, struct mb_region **out);

// mb_region_mmio() - registers behind callbacks.
// @ops: must outlive the region
int mb_region_mmio(struct mb_bus *bus, const char *name, mb_size size, const struct mb_ops *ops,
		   void *opaque, struct mb_region **out);

// mb_region_ramdev() - host mapping of real device memory: sized host accesses only, never memcpy.
// @host: `size` bytes that outlive the region
int mb_region_ramdev(struct mb_bus *bus, const char *name, mb_size size, void *host,
		     struct mb_region **out);

// mb_region_alias() - window onto `size` bytes of @target from @offset, clipped to the target's
// end.
int mb_region_alias(struct mb_bus *bus, const char *name, struct mb_region *target, uint64_t offset,
		    mb_size size, struct mb_region **out);

// mb_region_reserved() - claims space; accesses follow the unassigned policy of the space.
int mb_region_reserved(struct mb_bus *bus, const char *name, mb_size size, struct mb_region **out);

// mb_region_ref(), mb_region_unref() - count references. unref accepts NULL.
struct mb_region *mb_region_ref(struct mb_region *region);
void mb_region_unref(struct mb_region *region);

// mb_attach() - make @child a child of @parent at @offset with priority 0.
// Returns 0; -EBUSY if it has a parent already; -EEXIST if it overlaps an enabled sibling of
// priority 0; -EINVAL if the parent is an alias; -ELOOP for a cycle or more than MB_DEPTH_MAX
// levels.
int mb_attach(struct mb_region *parent, uint64_t offset, struct mb_region *child);

// mb_attach_overlap() - as mb_attach(), with a priority (compared between siblings only, higher
// wins, the newest wins among equals); overlap is never refused.
int mb_attach_overlap(struct mb_region *parent, uint64_t offset, struct mb_region *child,
		      int priority);

// mb_detach() - remove @child from its parent. -ENOENT if it has none.
int mb_detach(struct mb_region *child);

// mb_move() - set the position in the parent; the region becomes the newest among equals unless it
// is there already. Never refuses an overlap.
int mb_move(struct mb_region *child, uint64_t offset);

// mb_resize() - change the size. -EINVAL beyond the backing of a RAM, ROM, ROMD or RAM-device
// region.
int mb_resize(struct mb_region *region, mb_size size);

// mb_enable() - a disabled region, and everything below it, is not there.
void mb_enable(struct mb_region *region, bool enabled);

// mb_set_readonly() - guest writes through this region (alias, container, RAM...) are refused.
void mb_set_readonly(struct mb_region *region, bool readonly);

// mb_set_nonvolatile(), mb_set_unmergeable() - flags inherited by everything below.
void mb_set_nonvolatile(struct mb_region *region, bool nonvolatile);
void mb_set_unmergeable(struct mb_region *region, bool unmergeable);

// mb_set_romd() - switch a ROM device between direct reads (true) and callbacks. -EINVAL for other
// kinds.
int mb_set_romd(struct mb_region *region, bool romd);

// mb_set_alias_offset() - slide an alias over its target. -EINVAL for other kinds.
int mb_set_alias_offset(struct mb_region *alias, uint64_t offset);

// mb_set_rom_policy() - what refused writes to this region do; default MB_ROM_IGNORE.
void mb_set_rom_policy(struct mb_region *region, enum mb_rom_policy policy);

// mb_region_set_guard() - share the in-I/O flag of a device. @guard outlives the region.
void mb_region_set_guard(struct mb_region *region, struct mb_guard *guard);

// mb_region_allow_reentry() - opt out of the guard.
// @reason: names the legitimate path that loops back; kept for dumps, must be a constant string
void mb_region_allow_reentry(struct mb_region *region, const char *reason);

// mb_guard_enter(), mb_guard_leave() - around deferred work of a device that does DMA. enter
// returns the previous state, to be handed to leave.
bool mb_guard_enter(struct mb_guard *guard);
void mb_guard_leave(struct mb_guard *guard, bool previous);

// mb_region_set_owner() - lifetime hooks; set before the region is visible in any space.
void mb_region_set_owner(struct mb_region *region, struct mb_owner *owner);

// Queries.
const char *mb_region_name(const struct mb_region *region);
enum mb_region_kind mb_region_get_kind(const struct mb_region *region);
mb_size mb_region_size(const struct mb_region *region);
uint64_t mb_region_offset(const struct mb_region *region); // position in the parent
bool mb_region_enabled(const struct mb_region *region);
struct mb_ram *mb_region_get_ram(const struct mb_region *region); // NULL unless RAM, ROM or ROMD
void *mb_region_opaque(const struct mb_region *region);

// mb_search() - walk the tree for one address: the definition that every flat view must agree with.
// @section: receives the terminating region, the offset in it and offset_in_space = address; size
// is 1 Returns whether anything answers.
bool mb_search(const struct mb_region *root, uint64_t address, struct mb_section *section);

// mb_txn_begin(), mb_txn_commit() - nestable transaction. Only the outermost commit renders, tells
// the listeners and publishes. commit returns the number of spaces whose view changed (inner
// commits: 0).
void mb_txn_begin(struct mb_bus *bus);
unsigned mb_txn_commit(struct mb_bus *bus);
