#include "engine/softfloat_internal.h"

FP_INLINE bool bits_are_nan(struct fp_format f, uint64_t bits)
{
	return fp_magnitude(f, bits) > fp_infinity(f);
}

FP_INLINE bool bits_are_signaling(struct fp_format f, uint64_t bits)
{
	return bits_are_nan(f, bits) && !(bits >> (f.precision - 2) & 1);
}

FP_INLINE uint64_t flush_input(struct fp_format f, struct fp_env *env, uint64_t bits)
{
	uint64_t magnitude = fp_magnitude(f, bits);
	bool subnormal = magnitude != 0 && magnitude >> (f.precision - 1) == 0;
	if (!subnormal || !(env->flush & FP_FLUSH_INPUTS))
		return bits;
	fp_note_flushed(env);
	return bits & fp_sign_bit(f, true);
}

/* A signed number in the order of the values; the two zeros are equal. Not for NaN. */
FP_INLINE int64_t order_key(struct fp_format f, uint64_t bits)
{
	int64_t magnitude = (int64_t)fp_magnitude(f, bits);
	return bits & fp_sign_bit(f, true) ? -magnitude : magnitude;
}

FP_INLINE enum fp_order compare(struct fp_format f, struct fp_env *env, uint64_t a, uint64_t b,
				bool quiet)
{
	a = flush_input(f, env, a);
	b = flush_input(f, env, b);
	if (__builtin_expect(bits_are_nan(f, a) || bits_are_nan(f, b), 0)) {
		if (!quiet || bits_are_signaling(f, a) || bits_are_signaling(f, b))
			env->flags |= FP_NV;
		return FP_UNORDERED;
	}
	int64_t x = order_key(f, a), y = order_key(f, b);
	return x < y ? FP_LESS : x > y ? FP_GREATER : FP_EQUAL;
}

/* minimum or maximum of two numbers: equal ones differ at most in the sign of zero. */
FP_INLINE uint64_t extreme(struct fp_format f, struct fp_env *env, uint64_t a, uint64_t b,
			   bool maximum)
{
	a = flush_input(f, env, a);
	b = flush_input(f, env, b);
	int64_t x = order_key(f, a), y = order_key(f, b);
	if (x == y)
		return maximum ? a & b : a | b;
	return (x < y) != maximum ? a : b;
}

/* With a NaN among the operands: the number if numbers win and there is one, or the NaN. */
FP_INLINE uint64_t extreme_nan(struct fp_format f, struct fp_env *env, uint64_t a, uint64_t b,
			       bool number_wins)
{
	const struct fp_number none = {.kind = FP_KIND_ZERO};
	struct fp_number nan = fp_choose_nan(env, fp_unpack(f, env, a), fp_unpack(f, env, b), none);

	if (number_wins && !bits_are_nan(f, a))
		return flush_input(f, env, a);
	if (number_wins && !bits_are_nan(f, b))
		return flush_input(f, env, b);
	return fp_pack_nan(f, nan);
}

FP_INLINE uint64_t choose(struct fp_format f, struct fp_env *env, uint64_t a, uint64_t b,
			  bool maximum, bool number_wins)
{
	if (__builtin_expect(bits_are_nan(f, a) || bits_are_nan(f, b), 0))
		return extreme_nan(f, env, a, b, number_wins);
	return extreme(f, env, a, b, maximum);
}

FP_INLINE uint16_t classify(struct fp_format f, uint64_t bits)
{
	const uint64_t infinity = fp_infinity(f), magnitude = fp_magnitude(f, bits);
	bool sign = bits & fp_sign_bit(f, true);

	if (magnitude > infinity)
		return bits_are_signaling(f, bits) ? FP_CLASS_SIGNALING_NAN : FP_CLASS_QUIET_NAN;
	if (magnitude == infinity)
		return sign ? FP_CLASS_NEGATIVE_INFINITY : FP_CLASS_POSITIVE_INFINITY;
	if (magnitude == 0)
		return sign ? FP_CLASS_NEGATIVE_ZERO : FP_CLASS_POSITIVE_ZERO;
	if (magnitude >> (f.precision - 1) == 0)
		return sign ? FP_CLASS_NEGATIVE_SUBNORMAL : FP_CLASS_POSITIVE_SUBNORMAL;
	return sign ? FP_CLASS_NEGATIVE_NORMAL : FP_CLASS_POSITIVE_NORMAL;
}

#define FP_DEFINE_CHOOSE(name, type, format, op, maximum, number_wins)                             \
	type name##_##op(struct fp_env *env, type a, type b)                                       \
	{                                                                                          \
		return (type)choose(format, env, a, b, maximum, number_wins);                      \
	}

#define FP_DEFINE_COMPARE(name, type, format, op, quiet, wanted)                                   \
	bool name##_##op(struct fp_env *env, type a, type b)                                       \
	{                                                                                          \
		enum fp_order order = compare(format, env, a, b, quiet);                           \
		return wanted;                                                                     \
	}

#define FP_DEFINE(name, type, format)                                                              \
	FP_DEFINE_CHOOSE(name, type, format, min, false, true)                                     \
	FP_DEFINE_CHOOSE(name, type, format, max, true, true)                                      \
	FP_DEFINE_CHOOSE(name, type, format, minimum, false, false)                                \
	FP_DEFINE_CHOOSE(name, type, format, maximum, true, false)                                 \
	FP_DEFINE_COMPARE(name, type, format, eq, true, order == FP_EQUAL)                         \
	FP_DEFINE_COMPARE(name, type, format, lt, false, order == FP_LESS)                         \
	FP_DEFINE_COMPARE(name, type, format, le, false, order <= FP_EQUAL)                        \
	FP_DEFINE_COMPARE(name, type, format, lt_quiet, true, order == FP_LESS)                    \
	FP_DEFINE_COMPARE(name, type, format, le_quiet, true, order <= FP_EQUAL)                   \
	enum fp_order name##_compare(struct fp_env *env, type a, type b, bool quiet)               \
	{                                                                                          \
		return compare(format, env, a, b, quiet);                                          \
	}                                                                                          \
	uint16_t name##_classify(type a)                                                           \
	{                                                                                          \
		return classify(format, a);                                                        \
	}

FP_DEFINE(fp16, uint16_t, fp_format16)
FP_DEFINE(fp32, uint32_t, fp_format32)
FP_DEFINE(fp64, uint64_t, fp_format64)
