// Region construction, lifetime and attributes.
#include "bus/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int region_new(struct mb_bus *bus, const char *name, enum mb_region_kind kind, mb_size size,
		      struct mb_region **out)
{
	struct mb_region *region;

	*out = NULL;
	if (size > MB_WHOLE)
		return -EINVAL;
	region = calloc(1, sizeof(*region));
	if (!region)
		return -ENOMEM;
	region->name = strdup(name ? name : "");
	if (!region->name) {
		free(region);
		return -ENOMEM;
	}
	region->bus = bus;
	region->kind = kind;
	region->refs = 1;
	region->size = size;
	region->backing = kind == MB_KIND_RAMDEV ? size : MB_WHOLE;
	region->enabled = true;
	region->readonly = kind == MB_KIND_ROM;
	region->romd = kind == MB_KIND_ROMD;
	region->height = 1;
	region->guard = &region->own_guard;
	bus_hold(bus);
	*out = region;
	return 0;
}

static void region_free(struct mb_region *region)
{
	struct mb_region **link;

	while (region->children)
		region_unlink(region->children);
	if (region->target) {
		for (link = &region->target->aliases; *link != region; link = &(*link)->alias_next)
			;
		*link = region->alias_next;
		mb_region_unref(region->target);
	}
	ram_free(region->ram);
	bus_drop(region->bus);
	free(region->name);
	free(region);
}

struct mb_region *mb_region_ref(struct mb_region *region)
{
	region->refs++;
	return region;
}

void mb_region_unref(struct mb_region *region)
{
	if (region && --region->refs == 0)
		region_free(region);
}

void region_hold(struct mb_region *region)
{
	mb_region_ref(region);
	if (region->owner)
		region->owner->hold(region->owner);
}

void region_drop(struct mb_region *region)
{
	struct mb_owner *owner = region->owner;

	mb_region_unref(region);
	if (owner)
		owner->drop(owner);
}

static bool size_is_valid(unsigned size)
{
	return size == 0 || size == 1 || size == 2 || size == 4 || size == 8;
}

static bool ops_are_valid(const struct mb_ops *ops)
{
	unsigned impl_min, impl_max;

	if (!ops || !ops->read || !ops->write)
		return false;
	if (!size_is_valid(ops->valid.min) || !size_is_valid(ops->valid.max) ||
	    !size_is_valid(ops->impl.min) || !size_is_valid(ops->impl.max))
		return false;
	impl_min = ops->impl.min ? ops->impl.min : 1;
	impl_max = ops->impl.max ? ops->impl.max : 4;
	if (impl_min > impl_max || (ops->valid.max && ops->valid.min > ops->valid.max))
		return false;
	return ops->valid.unaligned || !ops->impl.unaligned;
}

int mb_region_container(struct mb_bus *bus, const char *name, mb_size size, struct mb_region **out)
{
	return region_new(bus, name, MB_KIND_CONTAINER, size, out);
}

static int region_with_ram(struct mb_bus *bus, const char *name, enum mb_region_kind kind,
			   mb_size size, struct mb_region **out)
{
	int error = region_new(bus, name, kind, size, out);

	if (error)
		return error;
	(*out)->backing = size;
	error = ram_new(size, &(*out)->ram);
	if (error) {
		mb_region_unref(*out);
		*out = NULL;
	}
	return error;
}

int mb_region_ram(struct mb_bus *bus, const char *name, mb_size size, struct mb_region **out)
{
	return region_with_ram(bus, name, MB_KIND_RAM, size, out);
}

int mb_region_rom(struct mb_bus *bus, const char *name, mb_size size, enum mb_rom_policy policy,
		  struct mb_region **out)
{
	int error = region_with_ram(bus, name, MB_KIND_ROM, size, out);

	if (!error)
		(*out)->rom_policy = policy;
	return error;
}

int mb_region_romd(struct mb_bus *bus, const char *name, mb_size size, const struct mb_ops *ops,
		   void *opaque, struct mb_region **out)
{
	int error;

	*out = NULL;
	if (!ops_are_valid(ops))
		return -EINVAL;
	error = region_with_ram(bus, name, MB_KIND_ROMD, size, out);
	if (!error) {
		(*out)->ops = ops;
		(*out)->opaque = opaque;
	}
	return error;
}

int mb_region_mmio(struct mb_bus *bus, const char *name, mb_size size, const struct mb_ops *ops,
		   void *opaque, struct mb_region **out)
{
	int error;

	*out = NULL;
	if (!ops_are_valid(ops))
		return -EINVAL;
	error = region_new(bus, name, MB_KIND_MMIO, size, out);
	if (!error) {
		(*out)->ops = ops;
		(*out)->opaque = opaque;
	}
	return error;
}

int mb_region_ramdev(struct mb_bus *bus, const char *name, mb_size size, void *host,
		     struct mb_region **out)
{
	int error;

	*out = NULL;
	if (!host && size)
		return -EINVAL;
	error = region_new(bus, name, MB_KIND_RAMDEV, size, out);
	if (!error)
		(*out)->ramdev = host;
	return error;
}

int mb_region_alias(struct mb_bus *bus, const char *name, struct mb_region *target, uint64_t offset,
		    mb_size size, struct mb_region **out)
{
	struct mb_region *region;
	int error;

	*out = NULL;
	if (!target || target->bus != bus)
		return -EINVAL;
	if (target->height >= MB_DEPTH_MAX)
		return -ELOOP;
	error = region_new(bus, name, MB_KIND_ALIAS, size, &region);
	if (error)
		return error;
	region->target = mb_region_ref(target);
	region->alias_offset = offset;
	region->height = target->height + 1;
	region->alias_next = target->aliases;
	target->aliases = region;
	*out = region;
	return 0;
}

int mb_region_reserved(struct mb_bus *bus, const char *name, mb_size size, struct mb_region **out)
{
	return region_new(bus, name, MB_KIND_RESERVED, size, out);
}

int mb_resize(struct mb_region *region, mb_size size)
{
	if (size > region->backing)
		return -EINVAL;
	if (size == region->size)
		return 0;
	mb_txn_begin(region->bus);
	region->size = size;
	region_changed(region, true);
	mb_txn_commit(region->bus);
	return 0;
}

void mb_enable(struct mb_region *region, bool enabled)
{
	if (enabled == region->enabled)
		return;
	mb_txn_begin(region->bus);
	region->enabled = enabled;
	region_changed(region, true);
	mb_txn_commit(region->bus);
}

static void set_flag(struct mb_region *region, bool *flag, bool value)
{
	if (*flag == value)
		return;
	mb_txn_begin(region->bus);
	*flag = value;
	region_changed(region, false);
	mb_txn_commit(region->bus);
}

void mb_set_readonly(struct mb_region *region, bool readonly)
{
	set_flag(region, &region->readonly, readonly);
}

void mb_set_nonvolatile(struct mb_region *region, bool nonvolatile)
{
	set_flag(region, &region->nonvolatile, nonvolatile);
}

void mb_set_unmergeable(struct mb_region *region, bool unmergeable)
{
	set_flag(region, &region->unmergeable, unmergeable);
}

int mb_set_romd(struct mb_region *region, bool romd)
{
	if (region->kind != MB_KIND_ROMD)
		return -EINVAL;
	set_flag(region, &region->romd, romd);
	return 0;
}

int mb_set_alias_offset(struct mb_region *alias, uint64_t offset)
{
	if (alias->kind != MB_KIND_ALIAS)
		return -EINVAL;
	if (offset == alias->alias_offset)
		return 0;
	mb_txn_begin(alias->bus);
	alias->alias_offset = offset;
	region_changed(alias, false);
	mb_txn_commit(alias->bus);
	return 0;
}

void mb_set_rom_policy(struct mb_region *region, enum mb_rom_policy policy)
{
	region->rom_policy = policy;
}

void mb_region_set_guard(struct mb_region *region, struct mb_guard *guard)
{
	region->guard = guard;
}

void mb_region_allow_reentry(struct mb_region *region, const char *reason)
{
	region->reentry_reason = reason;
}

bool mb_guard_enter(struct mb_guard *guard)
{
	bool previous = guard->busy;

	guard->busy = true;
	return previous;
}

void mb_guard_leave(struct mb_guard *guard, bool previous)
{
	guard->busy = previous;
}

void mb_region_set_owner(struct mb_region *region, struct mb_owner *owner)
{
	region->owner = owner;
}

const char *mb_region_name(const struct mb_region *region)
{
	return region->name;
}

enum mb_region_kind mb_region_get_kind(const struct mb_region *region)
{
	return region->kind;
}

mb_size mb_region_size(const struct mb_region *region)
{
	return region->size;
}

uint64_t mb_region_offset(const struct mb_region *region)
{
	return region->offset;
}

bool mb_region_enabled(const struct mb_region *region)
{
	return region->enabled;
}

struct mb_ram *mb_region_get_ram(const struct mb_region *region)
{
	return region->ram;
}

void *mb_region_opaque(const struct mb_region *region)
{
	return region->opaque;
}
