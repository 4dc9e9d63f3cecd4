// Text dumps (stable, for tests and people) and the checker of the flat view's invariants.
#pragma once

#include "bus/types.h"

#include <stdio.h>

// mb_dump_tree() - one line per region, children indented below, in the order in which they are
// searched:
//	0000000080000000-0000000087ffffff (prio 0, ram): ram
// Disabled regions are marked [disabled], aliases name target and window.
void mb_dump_tree(const struct mb_region *root, FILE *out);

// mb_dump_view() - one line per range of the current view:
//	0000000080000000-0000000087ffffff (ram): ram +0000000000000000
void mb_dump_view(struct mb_space *space, FILE *out);

// mb_check_view() - check the invariants of the current view: sorted, disjoint, not empty; inside
// its regions; only terminating, enabled regions; no neighbours that should have been merged; the
// same answer as mb_search() at both ends of every range and hole; rendering again gives the same
// list. Returns NULL or the name of the broken invariant.
const char *mb_check_view(struct mb_space *space);
