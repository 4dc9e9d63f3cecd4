// Links between regions: children, cycles, depth, and which spaces a change concerns.
#include "bus/internal.h"

#include <errno.h>

// Marks the spaces above @region. `visit` makes it linear in a tree where aliases join again.
static void mark_spaces(struct mb_region *region, uint64_t visit)
{
	if (region->visit == visit)
		return;
	region->visit = visit;
	for (struct mb_space *space = region->bus->spaces; space; space = space->next)
		if (space->root == region)
			space->dirty = true;
	if (region->parent && region->parent->enabled)
		mark_spaces(region->parent, visit);
	for (struct mb_region *alias = region->aliases; alias; alias = alias->alias_next)
		if (alias->enabled)
			mark_spaces(alias, visit);
}

void region_changed(struct mb_region *region, bool force)
{
	if (region->enabled || force)
		mark_spaces(region, ++region->bus->visit);
}

// Is @wanted equal to @region or anywhere above it?
static bool is_above(struct mb_region *region, const struct mb_region *wanted, uint64_t visit)
{
	if (region == wanted)
		return true;
	if (region->visit == visit)
		return false;
	region->visit = visit;
	if (region->parent && is_above(region->parent, wanted, visit))
		return true;
	for (struct mb_region *alias = region->aliases; alias; alias = alias->alias_next)
		if (is_above(alias, wanted, visit))
			return true;
	return false;
}

bool region_update_height(struct mb_region *region)
{
	unsigned height = region->target ? region->target->height + 1 : 1;
	bool fits = true;

	for (struct mb_region *child = region->children; child; child = child->sibling)
		if (child->height + 1 > height)
			height = child->height + 1;
	if (height == region->height)
		return true;
	region->height = height;
	if (height > MB_DEPTH_MAX)
		fits = false;
	if (region->parent)
		fits &= region_update_height(region->parent);
	for (struct mb_region *alias = region->aliases; alias; alias = alias->alias_next)
		fits &= region_update_height(alias);
	return fits;
}

// Inserts before the first sibling whose priority is not higher: the newest among equals comes
// first.
static void link_child(struct mb_region *parent, struct mb_region *child)
{
	struct mb_region **link = &parent->children;

	while (*link && (*link)->priority > child->priority)
		link = &(*link)->sibling;
	child->sibling = *link;
	*link = child;
	child->parent = parent;
}

static void unlink_child(struct mb_region *child)
{
	struct mb_region **link = &child->parent->children;

	while (*link != child)
		link = &(*link)->sibling;
	*link = child->sibling;
	child->sibling = NULL;
	child->parent = NULL;
}

void region_unlink(struct mb_region *child)
{
	unlink_child(child);
	mb_region_unref(child);
}

static bool ranges_overlap(uint64_t a, mb_size a_size, uint64_t b, mb_size b_size)
{
	return a_size && b_size && a < b + b_size && b < a + a_size;
}

static bool has_equal_overlap(const struct mb_region *parent, uint64_t offset,
			      const struct mb_region *child)
{
	for (const struct mb_region *other = parent->children; other; other = other->sibling)
		if (other->enabled && other->priority == child->priority &&
		    ranges_overlap(offset, child->size, other->offset, other->size))
			return true;
	return false;
}

static int attach(struct mb_region *parent, uint64_t offset, struct mb_region *child, int priority,
		  bool may_overlap)
{
	if (parent->kind == MB_KIND_ALIAS || parent->bus != child->bus)
		return -EINVAL;
	if (child->parent)
		return -EBUSY;
	if (is_above(parent, child, ++parent->bus->visit))
		return -ELOOP;
	child->priority = priority;
	if (!may_overlap && child->enabled && has_equal_overlap(parent, offset, child))
		return -EEXIST;
	child->offset = offset;
	link_child(parent, child);
	if (!region_update_height(parent)) {
		unlink_child(child);
		region_update_height(parent);
		return -ELOOP;
	}
	mb_region_ref(child);
	mb_txn_begin(parent->bus);
	if (parent->enabled)
		region_changed(child, false);
	mb_txn_commit(parent->bus);
	return 0;
}

int mb_attach(struct mb_region *parent, uint64_t offset, struct mb_region *child)
{
	return attach(parent, offset, child, 0, false);
}

int mb_attach_overlap(struct mb_region *parent, uint64_t offset, struct mb_region *child,
		      int priority)
{
	return attach(parent, offset, child, priority, true);
}

int mb_detach(struct mb_region *child)
{
	struct mb_region *parent = child->parent;
	struct mb_bus *bus = child->bus;

	if (!parent)
		return -ENOENT;
	mb_txn_begin(bus);
	if (child->enabled)
		region_changed(parent, false);
	unlink_child(child);
	region_update_height(parent);
	mb_txn_commit(bus);
	mb_region_unref(child);
	return 0;
}

int mb_move(struct mb_region *child, uint64_t offset)
{
	struct mb_region *parent = child->parent;

	if (!parent)
		return -ENOENT;
	if (offset == child->offset)
		return 0;
	mb_txn_begin(child->bus);
	unlink_child(child);
	child->offset = offset;
	link_child(parent, child);
	region_changed(child, false);
	mb_txn_commit(child->bus);
	return 0;
}
