// Rendering a region tree to a flat list of ranges, and the search that the list must agree with.
//
// The walk carries a clip in region-local offsets with inclusive ends, plus the space address of
// its first byte. Entering a child subtracts the child's position after intersecting, entering an
// alias adds the alias offset; so no value is ever negative or above 2^64-1.
#include "bus/internal.h"

#include <stdlib.h>
#include <string.h>

struct clip {
	uint64_t first, last; // in the coordinates of the region
	uint64_t address;     // of `first` in the space
};

struct inherited {
	bool readonly, nonvolatile, unmergeable;
};

struct renderer {
	struct mb_range *ranges;
	size_t count, capacity;
	bool failed; // out of memory
};

static uint64_t add_saturating(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

static struct inherited inherit(struct inherited flags, const struct mb_region *region)
{
	flags.readonly |= region->readonly;
	flags.nonvolatile |= region->nonvolatile;
	flags.unmergeable |= region->unmergeable;
	return flags;
}

// The part of @clip that lies in @child, in the child's coordinates; false if none.
static bool clip_to_child(struct clip *clip, const struct mb_region *child)
{
	uint64_t first = child->offset;
	uint64_t last;

	if (child->size == 0)
		return false;
	last = add_saturating(first, (uint64_t)(child->size - 1));
	if (first < clip->first)
		first = clip->first;
	if (last > clip->last)
		last = clip->last;
	if (first > last)
		return false;
	clip->address += first - clip->first;
	clip->first = first - child->offset;
	clip->last = last - child->offset;
	return true;
}

// Moves @clip, which lies in @alias, to the alias's target; false if it begins beyond 2^64.
static bool clip_to_target(struct clip *clip, const struct mb_region *alias)
{
	if (clip->first + alias->alias_offset < clip->first)
		return false;
	clip->first += alias->alias_offset;
	clip->last = add_saturating(clip->last, alias->alias_offset);
	return true;
}

static bool insert(struct renderer *renderer, size_t index, const struct mb_range *range)
{
	if (renderer->count == renderer->capacity) {
		size_t capacity = renderer->capacity ? 2 * renderer->capacity : 16;
		struct mb_range *ranges = realloc(renderer->ranges, capacity * sizeof(*ranges));

		if (!ranges) {
			renderer->failed = true;
			return false;
		}
		renderer->ranges = ranges;
		renderer->capacity = capacity;
	}
	memmove(&renderer->ranges[index + 1], &renderer->ranges[index],
		(renderer->count - index) * sizeof(*range));
	renderer->ranges[index] = *range;
	renderer->count++;
	return true;
}

static struct mb_range make_range(struct mb_region *region, uint64_t first, uint64_t last,
				  uint64_t offset, struct inherited flags)
{
	return (struct mb_range){
		.first = first,
		.last = last,
		.section =
			{
				  .region = region,
				  .offset_in_region = offset,
				  .offset_in_space = first,
				  .size = (mb_size)last - first + 1,
				  .readonly = flags.readonly,
				  .nonvolatile = flags.nonvolatile,
				  .unmergeable = flags.unmergeable,
				  .romd = region->romd,
				  .dirty_mask = region_dirty_mask(region),
				  },
		.ram = region->ram,
	};
}

static size_t lower_bound(const struct mb_range *ranges, size_t count, uint64_t address)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges[middle].last < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

// Puts @region into every gap that the list leaves inside @clip. What is there already came first
// and stays.
static void fill_gaps(struct renderer *renderer, struct mb_region *region, struct clip clip,
		      struct inherited flags)
{
	uint64_t address = clip.address;
	uint64_t last = clip.address + (clip.last - clip.first);
	size_t i = lower_bound(renderer->ranges, renderer->count, address);

	for (;;) {
		bool blocked = i < renderer->count && renderer->ranges[i].first <= last;
		uint64_t gap_last = blocked ? renderer->ranges[i].first - 1 : last;

		if (!blocked || renderer->ranges[i].first > address) {
			struct mb_range range =
				make_range(region, address, gap_last,
					   clip.first + (address - clip.address), flags);
			if (!insert(renderer, i, &range))
				return;
			i++;
		}
		if (!blocked || renderer->ranges[i].last >= last)
			return;
		address = renderer->ranges[i].last + 1;
		i++;
	}
}

static void render(struct renderer *renderer, struct mb_region *region, struct clip clip,
		   struct inherited flags)
{
	if (!region->enabled || region->size <= clip.first || renderer->failed)
		return;
	if (clip.last > (uint64_t)(region->size - 1))
		clip.last = (uint64_t)(region->size - 1);
	flags = inherit(flags, region);
	if (region->kind == MB_KIND_ALIAS) {
		if (clip_to_target(&clip, region))
			render(renderer, region->target, clip, flags);
		return;
	}
	for (struct mb_region *child = region->children; child; child = child->sibling) {
		struct clip inner = clip;

		if (clip_to_child(&inner, child))
			render(renderer, child, inner, flags);
	}
	if (region_terminates(region))
		fill_gaps(renderer, region, clip, flags);
}

bool range_equal(const struct mb_range *a, const struct mb_range *b)
{
	return a->first == b->first && a->last == b->last &&
	       a->section.region == b->section.region &&
	       a->section.offset_in_region == b->section.offset_in_region &&
	       a->section.romd == b->section.romd && a->section.readonly == b->section.readonly &&
	       a->section.nonvolatile == b->section.nonvolatile &&
	       a->section.unmergeable == b->section.unmergeable;
}

bool range_mergeable(const struct mb_range *a, const struct mb_range *b)
{
	return a->last != UINT64_MAX && a->last + 1 == b->first &&
	       a->section.region == b->section.region &&
	       a->section.offset_in_region + a->section.size == b->section.offset_in_region &&
	       a->section.dirty_mask == b->section.dirty_mask &&
	       a->section.romd == b->section.romd && a->section.readonly == b->section.readonly &&
	       a->section.nonvolatile == b->section.nonvolatile && !a->section.unmergeable &&
	       !b->section.unmergeable;
}

static void merge(struct renderer *renderer)
{
	size_t kept = 0;

	for (size_t i = 1; i < renderer->count; i++) {
		struct mb_range *left = &renderer->ranges[kept];
		const struct mb_range *right = &renderer->ranges[i];

		if (range_mergeable(left, right)) {
			left->last = right->last;
			left->section.size += right->section.size;
		} else {
			renderer->ranges[++kept] = *right;
		}
	}
	if (renderer->count)
		renderer->count = kept + 1;
}

struct mb_view *view_render(struct mb_region *root)
{
	struct mb_view *view = calloc(1, sizeof(*view));
	struct renderer renderer = {0};

	if (!view)
		return NULL;
	render(&renderer, root, (struct clip){.last = UINT64_MAX}, (struct inherited){0});
	if (renderer.failed) {
		free(renderer.ranges);
		free(view);
		return NULL;
	}
	merge(&renderer);
	view->refs = 1;
	view->count = renderer.count;
	view->ranges = renderer.ranges;
	for (size_t i = 0; i < view->count; i++)
		region_hold(view->ranges[i].section.region);
	return view;
}

static bool search(struct mb_region *region, uint64_t offset, struct inherited flags,
		   struct mb_section *section)
{
	if (!region->enabled || offset >= region->size)
		return false;
	flags = inherit(flags, region);
	if (region->kind == MB_KIND_ALIAS)
		return offset + region->alias_offset >= offset &&
		       search(region->target, offset + region->alias_offset, flags, section);
	for (struct mb_region *child = region->children; child; child = child->sibling)
		if (offset >= child->offset &&
		    search(child, offset - child->offset, flags, section))
			return true;
	if (!region_terminates(region))
		return false;
	*section = make_range(region, 0, 0, offset, flags).section;
	return true;
}

bool mb_search(const struct mb_region *root, uint64_t address, struct mb_section *section)
{
	if (!search((struct mb_region *)root, address, (struct inherited){0}, section))
		return false;
	section->offset_in_space = address;
	return true;
}
