// The root object and transactions.
#include "bus/internal.h"

#include <stdlib.h>

struct mb_bus *mb_bus_new(void)
{
	struct mb_bus *bus = calloc(1, sizeof(*bus));

	if (bus) {
		bus->holds = 1;
		bus->running = true;
	}
	return bus;
}

void bus_hold(struct mb_bus *bus)
{
	bus->holds++;
}

void bus_drop(struct mb_bus *bus)
{
	if (--bus->holds == 0)
		free(bus);
}

void mb_bus_free(struct mb_bus *bus)
{
	if (bus)
		bus_drop(bus);
}

void mb_txn_begin(struct mb_bus *bus)
{
	bus->txn_depth++;
}

// Renders every space that was touched; leaves in `pending` the views that differ. Returns their
// number. A space that cannot be rendered for lack of memory keeps its old view and stays dirty.
static unsigned render_dirty(struct mb_bus *bus)
{
	unsigned changed = 0;

	for (struct mb_space *space = bus->spaces; space; space = space->next) {
		struct mb_view *view;
		bool same;

		if (!space->dirty)
			continue;
		view = view_render(space->root);
		if (!view)
			continue;
		space->dirty = false;
		same = view->count == space->view->count;
		for (size_t i = 0; same && i < view->count; i++)
			same = range_equal(&view->ranges[i], &space->view->ranges[i]) &&
			       view->ranges[i].section.dirty_mask ==
				       space->view->ranges[i].section.dirty_mask;
		if (same) {
			mb_view_release(view);
			continue;
		}
		view->number = ++bus->view_serial;
		space->pending = view;
		changed++;
	}
	return changed;
}

static void release_replaced(struct mb_bus *bus)
{
	for (struct mb_space *space = bus->spaces; space; space = space->next) {
		struct mb_view *old = space->replaced;

		space->replaced = NULL;
		if (old)
			mb_view_release(old);
	}
}

unsigned mb_txn_commit(struct mb_bus *bus)
{
	unsigned total = 0, changed;

	// A commit from inside a callback is carried out by the loop below, in the commit that
	// called back.
	if (--bus->txn_depth > 0 || bus->committing)
		return 0;
	bus_hold(bus);
	bus->committing = true;
	while ((changed = render_dirty(bus)) != 0) {
		total += changed;
		listeners_announce(bus);
		release_replaced(bus);
	}
	bus->committing = false;
	bus_drop(bus);
	return total;
}
