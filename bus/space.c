// Address spaces: a root, its published view, and the probe for TLB fills.
#include "bus/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BOUNCE_LIMIT 4096

int mb_space_new(struct mb_bus *bus, const char *name, struct mb_region *root,
		 enum mb_space_kind kind, struct mb_space **out)
{
	struct mb_space *space, **link;

	*out = NULL;
	if (!root || root->bus != bus)
		return -EINVAL;
	space = calloc(1, sizeof(*space));
	if (!space)
		return -ENOMEM;
	space->name = strdup(name ? name : "");
	space->view = view_render(root);
	if (!space->name || !space->view) {
		mb_view_release(space->view);
		free(space->name);
		free(space);
		return -ENOMEM;
	}
	space->view->number = ++bus->view_serial;
	space->bus = bus;
	space->root = mb_region_ref(root);
	space->kind = kind;
	space->bounce_limit = BOUNCE_LIMIT;
	bus_hold(bus);
	for (link = &bus->spaces; *link; link = &(*link)->next)
		;
	*link = space;
	*out = space;
	return 0;
}

void mb_space_free(struct mb_space *space)
{
	struct mb_space **link;

	if (!space)
		return;
	for (link = &space->bus->spaces; *link != space; link = &(*link)->next)
		;
	*link = space->next;
	listeners_forget(space);
	mb_view_release(space->view);
	mb_region_unref(space->root);
	bus_drop(space->bus);
	free(space->name);
	free(space);
}

const char *mb_space_name(const struct mb_space *space)
{
	return space->name;
}

struct mb_region *mb_space_root(const struct mb_space *space)
{
	return space->root;
}

uint64_t mb_space_view_number(const struct mb_space *space)
{
	return space->view->number;
}

void mb_space_set_observer(struct mb_space *space,
			   void (*observer)(void *opaque, const struct mb_mmio_event *event),
			   void *opaque)
{
	space->observer = observer;
	space->observer_opaque = opaque;
}

void mb_space_set_bounce_limit(struct mb_space *space, uint64_t bytes)
{
	space->bounce_limit = bytes;
}

static void resolve_hole(const struct mb_space *space, uint64_t address, struct mb_resolved *out)
{
	size_t next = view_lower_bound(space->view, address);
	uint64_t end = UINT64_MAX;

	out->mixed = true;
	if (next < space->view->count)
		end = space->view->ranges[next].first;
	out->length = end - address;
	if (next == space->view->count && out->length != UINT64_MAX)
		out->length++;
}

mb_result mb_resolve(struct mb_space *space, uint64_t address, enum mb_access access,
		     struct mb_attrs attrs, struct mb_resolved *out)
{
	const struct mb_range *range = space_lookup(space, address);
	uint64_t page = address & ~(uint64_t)(MB_PAGE_SIZE - 1);

	*out = (struct mb_resolved){.range = range, .view_number = space->view->number};
	if (!range) {
		resolve_hole(space, address, out);
		return MB_DECODE;
	}
	out->length = range->last - address;
	if (out->length != UINT64_MAX)
		out->length++;
	out->readonly = range->section.readonly;
	out->mixed = page < range->first || (page | (MB_PAGE_SIZE - 1)) > range->last;
	if (range->ram) {
		out->ram = range->ram;
		out->ram_offset = range_offset(range, address);
		// A window that shifts pages: one guest page lies on two pages of the block.
		out->mixed |= ((out->ram_offset ^ address) & (MB_PAGE_SIZE - 1)) != 0;
		if (range_is_direct(range, access == MB_WRITE, attrs))
			out->host = range->ram->host + out->ram_offset;
	}
	if (range->section.region->kind == MB_KIND_RESERVED)
		return MB_DECODE;
	if (attrs.memory_only && !out->host &&
	    (range->section.region->ops || range->section.region->kind == MB_KIND_RAMDEV))
		return MB_DENIED;
	return MB_OK;
}
