// Arithmetic on sections.
#include "bus/types.h"

bool mb_section_intersect(struct mb_section *section, uint64_t offset, mb_size size)
{
	mb_size section_end = section->offset_in_region + section->size;
	mb_size range_end = offset + size;
	mb_size end = section_end < range_end ? section_end : range_end;
	uint64_t first = section->offset_in_region > offset ? section->offset_in_region : offset;

	if (end <= first)
		return false;
	section->offset_in_space += first - section->offset_in_region;
	section->offset_in_region = first;
	section->size = end - first;
	return true;
}
