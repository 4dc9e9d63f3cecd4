// Listeners: told of every change of a space's flat view.
#pragma once

#include "bus/types.h"

// The change being told. old_view is NULL while a listener is registered, new_view while it is
// unregistered. Lookups through the space still see the old view in region_del, region_add,
// region_nop, log_start and log_stop, and the new one in view_changed and commit.
struct mb_change {
	struct mb_space *space;
	struct mb_view *old_view;
	struct mb_view *new_view;
};

// Caller-allocated; fill in the callbacks that are wanted, leave the rest NULL.
//
// One committed transaction gives: begin; per changed space a delete pass (region_del, ascending
// addresses, complete before the first add), an add pass (region_add, region_nop, log_start,
// log_stop), publication and view_changed; then commit. Callbacks run in ascending priority,
// registration order among equals; region_del, log_stop and log_global_stop in the exact reverse.
// Only listeners of spaces that changed are called. Callbacks may change
// the tree (told as a transaction of its own afterwards) but must not register or unregister
// listeners.
struct mb_listener {
	const char *name;
	int priority;
	void *opaque;
	void (*begin)(struct mb_listener *listener, const struct mb_change *change);
	void (*commit)(struct mb_listener *listener, const struct mb_change *change);
	// A failure (negative errno) refuses mb_listen(); later results are ignored. A new range is
	// announced with section->dirty_mask and without log_start.
	int (*region_add)(struct mb_listener *listener, const struct mb_change *change,
			  const struct mb_section *section);
	void (*region_del)(struct mb_listener *listener, const struct mb_change *change,
			   const struct mb_section *section);
	void (*region_nop)(struct mb_listener *listener, const struct mb_change *change,
			   const struct mb_section *section);
	// Dirty clients of an unchanged range were added or went away; masks of 1 << enum
	// mb_dirty_client.
	void (*log_start)(struct mb_listener *listener, const struct mb_change *change,
			  const struct mb_section *section, unsigned old_mask, unsigned new_mask);
	void (*log_stop)(struct mb_listener *listener, const struct mb_change *change,
			 const struct mb_section *section, unsigned old_mask, unsigned new_mask);
	// Pull what the listener knows of dirty pages into the bitmaps. At most one of the two.
	void (*log_sync)(struct mb_listener *listener, const struct mb_section *section);
	void (*log_sync_global)(struct mb_listener *listener);
	int (*log_global_start)(struct mb_listener *listener); // 0 or a negative errno
	void (*log_global_stop)(struct mb_listener *listener);
	// The whole change at once, after publication: what a TLB wants. Both views are alive
	// during the call.
	void (*view_changed)(struct mb_listener *listener, const struct mb_change *change);
	// private to the bus
	struct mb_space *space;
	struct mb_listener *next;
	struct mb_listener *previous;
};

// mb_listen() - register, and replay the current view to this listener: begin, [log_global_start],
// region_add (and log_start 0 to mask) per range, commit. view_changed is not called. Returns 0;
// -EINVAL if both log_sync forms are given; -EBUSY if registered already; or what region_add or
// log_global_start returned, in which case the listener is fully unwound and not registered.
int mb_listen(struct mb_space *space, struct mb_listener *listener);

// mb_unlisten() - begin, (log_stop mask to 0 and) region_del per range, commit; then forget the
// listener.
void mb_unlisten(struct mb_listener *listener);
