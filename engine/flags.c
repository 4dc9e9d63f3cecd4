#include "engine/flags.h"

#define HIGHEST (1ull << 63)

/* a - b: N = sign of the result, C = no borrow, V = signed overflow. */
const struct flags_operands flags_as_difference[16] = {
	[0] = {0,          UINT64_MAX, true},
	[FLAG_C] = {1,          0,          true},
	[FLAG_Z | FLAG_C] = {0,          0,          true},
	[FLAG_N] = {0,          1,          true},
	[FLAG_N | FLAG_C] = {UINT64_MAX, 0,          true},
	[FLAG_N | FLAG_V] = {0,          HIGHEST,    true},
	[FLAG_C | FLAG_V] = {HIGHEST,    1,          true},
};
