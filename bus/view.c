// Published views: references and lookup.
#include "bus/internal.h"

#include <stdlib.h>

struct mb_view *view_ref(struct mb_view *view)
{
	view->refs++;
	return view;
}

struct mb_view *mb_view_acquire(struct mb_space *space)
{
	return view_ref(space->view);
}

void mb_view_release(struct mb_view *view)
{
	if (!view || --view->refs)
		return;
	for (size_t i = 0; i < view->count; i++)
		region_drop(view->ranges[i].section.region);
	free(view->ranges);
	free(view);
}

size_t mb_view_count(const struct mb_view *view)
{
	return view->count;
}

const struct mb_range *mb_view_range(const struct mb_view *view, size_t index)
{
	return &view->ranges[index];
}

size_t view_lower_bound(const struct mb_view *view, uint64_t address)
{
	size_t low = 0, high = view->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (view->ranges[middle].last < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct mb_range *range_at(const struct mb_view *view, size_t index, uint64_t address)
{
	if (index >= view->count || view->ranges[index].first > address ||
	    view->ranges[index].last < address)
		return NULL;
	return &view->ranges[index];
}

const struct mb_range *mb_view_lookup(const struct mb_view *view, uint64_t address)
{
	return range_at(view, view_lower_bound(view, address), address);
}

const struct mb_range *space_lookup(struct mb_space *space, uint64_t address)
{
	const struct mb_range *range = range_at(space->view, space->hit, address);
	size_t index;

	if (range)
		return range;
	index = view_lower_bound(space->view, address);
	range = range_at(space->view, index, address);
	if (range)
		space->hit = index;
	return range;
}
