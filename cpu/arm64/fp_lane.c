#include "cpu/arm64/fp_lane.h"

#include "cpu/arm64/fp_special.h"
#include "engine/fp_host.h"

typedef void vector_function(struct fp_env *env, union arm64_fp_shape shape, union cpu_vector *d,
			     const union cpu_vector *a, const union cpu_vector *b);

/* What fp_lane.def is written in. */
#define E            env
#define FRACTION     shape.fraction
#define F(verb)      F_OF(N, verb)
#define F_OF(n, v)   F_OF_(n, v)
#define F_OF_(n, v)  fph##n##_##v
#define S(verb)      S_OF(N, verb)
#define S_OF(n, v)   S_OF_(n, v)
#define S_OF_(n, v)  fp##n##_##v
#define ALL(truth)   (-(ELEMENT)(truth))
#define MOST         (SIGN - 1)
#define MAGNITUDE    (A & SIGN ? (ELEMENT)-A : A)
#define TO_SIGNED(m) S(to_fixed)(E, A, m, FRACTION, MOST, SIGN)
/* 2 * MOST + 1 without a carry out of 64 bits. */
#define TO_UNSIGNED(m) S(to_fixed)(E, A, m, FRACTION, SIGN | MOST, 0)

#define FUNCTION(id, n)  FUNCTION_(id, n)
#define FUNCTION_(id, n) lanes##n##_##id
#define LANES_OF(id, n)                                                                            \
	static void FUNCTION(id, n)(struct fp_env * env, union arm64_fp_shape shape,               \
				    union cpu_vector * d, const union cpu_vector *a,               \
				    const union cpu_vector *b)

#define LANE(id, ...)                                                                              \
	LANES_OF(id, N)                                                                            \
	{                                                                                          \
		union cpu_vector result = {{0}};                                                   \
		for (unsigned i = 0; i < shape.lanes; i++) {                                       \
			unsigned j = shape.element == A64_NO_ELEMENT ? i : shape.element;          \
			const ELEMENT A = a->MEMBER[i], B = b->MEMBER[j], D = d->MEMBER[i];        \
			(void)A, (void)B, (void)D, (void)env;                                      \
			result.MEMBER[i] = (ELEMENT)(__VA_ARGS__);                                 \
		}                                                                                  \
		*d = result;                                                                       \
	}

#define N       16
#define ELEMENT uint16_t
#define MEMBER  h
#define SIGN    ((uint16_t)0x8000)
#include "cpu/arm64/fp_lane.def"
#undef N
#undef ELEMENT
#undef MEMBER
#undef SIGN

#define N       32
#define ELEMENT uint32_t
#define MEMBER  s
#define SIGN    0x80000000u
#include "cpu/arm64/fp_lane.def"
#undef N
#undef ELEMENT
#undef MEMBER
#undef SIGN

#define N       64
#define ELEMENT uint64_t
#define MEMBER  d
#define SIGN    0x8000000000000000ull
#include "cpu/arm64/fp_lane.def"
#undef LANE

static vector_function *const functions[A64_FP_OP_COUNT][3] = {
#define LANE(id, ...) {lanes16_##id, lanes32_##id, lanes64_##id},
#include "cpu/arm64/fp_lane.def"
#undef LANE
};

void arm64_fp_lanes(struct fp_env *env, union arm64_fp_shape shape, union cpu_vector *d,
		    const union cpu_vector *a, const union cpu_vector *b)
{
	functions[shape.op][shape.size - A64_FP_H](env, shape, d, a, b);
}
