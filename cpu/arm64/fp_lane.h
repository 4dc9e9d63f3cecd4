/* Floating-point operations on whole vectors. See fp_lane.def for what there is. */
#ifndef CPU_ARM64_FP_LANE_H
#define CPU_ARM64_FP_LANE_H

#include "core/cpu.h"

enum arm64_fp_op {
#define LANE(id, ...) A64_FP_##id,
#include "cpu/arm64/fp_lane.def"
#undef LANE
	A64_FP_OP_COUNT
};

/* Sizes of elements, by the logarithm of their bytes. */
enum arm64_fp_size { A64_FP_H = 1, A64_FP_S, A64_FP_D };

#define A64_NO_ELEMENT 0xff

/* What the operation applies to. One register wide, so that it can be a helper's argument. */
union arm64_fp_shape {
	struct {
		uint8_t op;       /* enum arm64_fp_op */
		uint8_t size;     /* enum arm64_fp_size */
		uint8_t lanes;    /* elements; those above become 0 */
		uint8_t element;  /* of the second source, for all lanes; or A64_NO_ELEMENT */
		uint8_t fraction; /* fraction bits of fixed-point numbers */
		uint8_t extra;    /* an instruction's own */
	};
	uint64_t argument;
};
_Static_assert(sizeof(union arm64_fp_shape) == 8, "a helper's argument");

/* *d = op(*a, *b, *d); d may be a or b. */
void arm64_fp_lanes(struct fp_env *env, union arm64_fp_shape shape, union cpu_vector *d,
		    const union cpu_vector *a, const union cpu_vector *b);

#endif
