// Stable text of trees and views.
#include "bus/internal.h"

#include <inttypes.h>

// clang-format off
static const char *const kind_names[] = {
	[MB_KIND_CONTAINER] = "container",
	[MB_KIND_RAM] = "ram",
	[MB_KIND_ROM] = "rom",
	[MB_KIND_ROMD] = "romd",
	[MB_KIND_MMIO] = "mmio",
	[MB_KIND_RAMDEV] = "ramdev",
	[MB_KIND_ALIAS] = "alias",
	[MB_KIND_RESERVED] = "reserved",
};
// clang-format on

static void dump_extent(FILE *out, uint64_t first, mb_size size)
{
	if (size == 0)
		fprintf(out, "%016" PRIx64 "-(empty)", first);
	else
		fprintf(out, "%016" PRIx64 "-%016" PRIx64, first, first + (uint64_t)(size - 1));
}

static void dump_region(const struct mb_region *region, uint64_t base, unsigned depth, FILE *out)
{
	fprintf(out, "%*s", 2 * (int)depth, "");
	dump_extent(out, base, region->size);
	fprintf(out, " (prio %d, %s): %s", region->priority, kind_names[region->kind],
		region->name);
	if (region->target) {
		fprintf(out, " @%s ", region->target->name);
		dump_extent(out, region->alias_offset, region->size);
	}
	if (region->readonly && region->kind != MB_KIND_ROM)
		fprintf(out, " [readonly]");
	if (region->kind == MB_KIND_ROMD && !region->romd)
		fprintf(out, " [romd off]");
	if (!region->enabled)
		fprintf(out, " [disabled]");
	fputc('\n', out);
	for (struct mb_region *child = region->children; child; child = child->sibling)
		dump_region(child, base + child->offset, depth + 1, out);
}

void mb_dump_tree(const struct mb_region *root, FILE *out)
{
	dump_region(root, 0, 0, out);
}

void mb_dump_view(struct mb_space *space, FILE *out)
{
	const struct mb_view *view = space->view;

	for (size_t i = 0; i < view->count; i++) {
		const struct mb_range *range = &view->ranges[i];
		const struct mb_section *section = &range->section;

		fprintf(out, "%016" PRIx64 "-%016" PRIx64 " (%s): %s +%016" PRIx64, range->first,
			range->last, kind_names[section->region->kind], section->region->name,
			section->offset_in_region);
		if (section->readonly && section->region->kind != MB_KIND_ROM)
			fprintf(out, " [readonly]");
		if (section->region->kind == MB_KIND_ROMD && !section->romd)
			fprintf(out, " [romd off]");
		if (section->nonvolatile)
			fprintf(out, " [nonvolatile]");
		fputc('\n', out);
	}
}

static bool search_agrees(const struct mb_space *space, uint64_t address)
{
	const struct mb_range *range = mb_view_lookup(space->view, address);
	struct mb_section found;
	bool hit = mb_search(space->root, address, &found);

	if (!range || !hit)
		return !range && !hit;
	return found.region == range->section.region &&
	       found.offset_in_region == range_offset(range, address) &&
	       found.readonly == range->section.readonly &&
	       found.nonvolatile == range->section.nonvolatile &&
	       found.unmergeable == range->section.unmergeable;
}

static const char *check_range(const struct mb_space *space, const struct mb_range *range)
{
	const struct mb_section *section = &range->section;

	if (range->first > range->last || section->offset_in_space != range->first ||
	    section->size != (mb_size)range->last - range->first + 1)
		return "I1: a range is empty or its section disagrees";
	if (section->offset_in_region + section->size > section->region->size)
		return "I2: a range exceeds its region";
	if (!region_terminates(section->region) || !section->region->enabled)
		return "I3: a range names a region that does not answer";
	if (!search_agrees(space, range->first) || !search_agrees(space, range->last) ||
	    (range->first && !search_agrees(space, range->first - 1)) ||
	    (range->last != UINT64_MAX && !search_agrees(space, range->last + 1)))
		return "I4: view and search disagree";
	return NULL;
}

const char *mb_check_view(struct mb_space *space)
{
	const struct mb_view *view = space->view;
	struct mb_view *again;
	bool same;

	for (size_t i = 0; i < view->count; i++) {
		const struct mb_range *range = &view->ranges[i];
		const char *broken = check_range(space, range);

		if (broken)
			return broken;
		if (i && view->ranges[i - 1].last >= range->first)
			return "I1: ranges overlap or are not sorted";
		if (i && range_mergeable(&view->ranges[i - 1], range))
			return "I5: two neighbours should have been merged";
	}
	if (view->refs == 0)
		return "I6: the view is not referenced";
	again = view_render(space->root);
	if (!again)
		return NULL;
	same = again->count == view->count;
	for (size_t i = 0; same && i < view->count; i++)
		same = range_equal(&again->ranges[i], &view->ranges[i]);
	mb_view_release(again);
	return same ? NULL : "I7: rendering again gives another list";
}
