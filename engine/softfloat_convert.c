#include "engine/softfloat_internal.h"

static const struct fp_number no_operand = {.kind = FP_KIND_ZERO};

/* A finite magnitude below 2^64 as an integer and a fraction of 64 bits, the last one sticky. */
struct fixed {
	uint64_t integer;
	uint64_t fraction;
};

FP_INLINE struct fixed fixed_from(struct fp_number a)
{
	if (a.exp < -1)
		return (struct fixed){0, 1};
	if (a.exp == -1)
		return (struct fixed){0, a.sig};
	if (a.exp == 63)
		return (struct fixed){a.sig, 0};
	return (struct fixed){a.sig >> (63 - a.exp), a.sig << (a.exp + 1)};
}

FP_INLINE uint64_t fixed_round(struct fixed x, bool sign, uint8_t rm)
{
	return x.integer + fp_rounds_up(rm, sign, x.integer & 1, x.fraction, FP_LEAD);
}

/* The nearest end of a range of integers, for what lies outside it or is no number. */
FP_INLINE uint64_t saturate(struct fp_env *env, struct fp_number a, uint64_t most, uint64_t least)
{
	env->flags |= FP_NV;
	if (fp_is_nan(a))
		return env->nan_to_zero ? 0 : most;
	return a.sign ? -least : most;
}

/* a * 2^fraction as an integer from -least to most, in two's complement. */
FP_INLINE uint64_t to_fixed(struct fp_format f, struct fp_env *env, uint64_t bits, uint8_t rm,
			    unsigned fraction, uint64_t most, uint64_t least)
{
	struct fp_number a = fp_unpack(f, env, bits);
	a.exp += (int)fraction;

	if (a.kind == FP_KIND_ZERO)
		return 0;
	if (a.kind != FP_KIND_FINITE || a.exp > 63)
		return saturate(env, a, most, least);
	struct fixed x = fixed_from(a);
	uint64_t magnitude = fixed_round(x, a.sign, rm);
	if (magnitude > (a.sign ? least : most))
		return saturate(env, a, most, least);
	if (x.fraction != 0)
		env->flags |= FP_NX;
	return a.sign ? -magnitude : magnitude;
}

FP_INLINE uint64_t to_integer(struct fp_format f, struct fp_env *env, uint64_t bits, uint8_t rm,
			      uint64_t most, uint64_t least)
{
	return to_fixed(f, env, bits, rm, 0, most, least);
}

FP_INLINE uint64_t from_fixed(struct fp_format f, struct fp_env *env, uint64_t magnitude, bool sign,
			      unsigned fraction)
{
	if (magnitude == 0)
		return fp_pack_zero(f, false);
	int shift = __builtin_clzll(magnitude);
	return fp_round_pack(f, env, sign, 63 - shift - (int)fraction, magnitude << shift);
}

FP_INLINE uint64_t from_integer(struct fp_format f, struct fp_env *env, uint64_t magnitude,
				bool sign)
{
	return from_fixed(f, env, magnitude, sign, 0);
}

FP_INLINE uint64_t from_signed(struct fp_format f, struct fp_env *env, int64_t value)
{
	return from_integer(f, env, value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0);
}

FP_INLINE uint64_t round_integral(struct fp_format f, struct fp_env *env, uint64_t bits, uint8_t rm,
				  bool inexact)
{
	struct fp_number a = fp_unpack(f, env, bits);

	if (fp_is_nan(a))
		return fp_pack_nan(f, fp_choose_nan(env, a, no_operand, no_operand));
	if (a.kind == FP_KIND_ZERO)
		return fp_pack_zero(f, a.sign);
	if (a.kind == FP_KIND_INFINITE || a.exp >= f.precision - 1)
		return bits;
	struct fixed x = fixed_from(a);
	uint64_t magnitude = fixed_round(x, a.sign, rm);
	if (inexact && x.fraction != 0)
		env->flags |= FP_NX;
	if (magnitude == 0)
		return fp_pack_zero(f, a.sign);
	return from_integer(f, env, magnitude, a.sign);
}

FP_INLINE uint64_t convert(struct fp_format from, struct fp_format to, struct fp_env *env,
			   uint64_t bits)
{
	struct fp_number a = fp_unpack(from, env, bits);

	if (__builtin_expect(a.kind == FP_KIND_FINITE, 1))
		return fp_round_pack(to, env, a.sign, a.exp, a.sig);
	if (fp_is_nan(a))
		return fp_pack_nan(to, fp_choose_nan(env, a, no_operand, no_operand));
	return a.kind == FP_KIND_ZERO ? fp_pack_zero(to, a.sign) : fp_pack_infinity(to, a.sign);
}

int32_t fp64_to_i32_modular(struct fp_env *env, uint64_t bits)
{
	struct fp_number a = fp_unpack(fp_format64, env, bits);
	uint64_t magnitude = 0;

	if (a.kind == FP_KIND_FINITE && a.exp <= 63)
		magnitude = fixed_from(a).integer;
	else if (a.kind == FP_KIND_FINITE && a.exp <= 63 + 31)
		magnitude = a.sig << (a.exp - 63);
	fp64_to_i32(env, bits, FP_RTZ);
	return (int32_t)(uint32_t)(a.sign ? -magnitude : magnitude);
}

/*
 * Zfa table of FLI: a value is significand * 2^(exponent - 3), a row per constant number. Rows 1,
 * 30 and 31 depend on the format: smallest normal, infinity, canonical NaN.
 */
static const struct {
	int8_t significand, exponent;
} constant_rows[32] = {
	{-8, 0  },
        {0,  0  },
        {8,  -16},
        {8,  -15},
        {8,  -8 },
        {8,  -7 },
        {8,  -4 },
        {8,  -3 },
	{8,  -2 },
        {10, -2 },
        {12, -2 },
        {14, -2 },
        {8,  -1 },
        {10, -1 },
        {12, -1 },
        {14, -1 },
	{8,  0  },
        {10, 0  },
        {12, 0  },
        {14, 0  },
        {8,  1  },
        {10, 1  },
        {12, 1  },
        {8,  2  },
	{8,  3  },
        {8,  4  },
        {8,  7  },
        {8,  8  },
        {8,  15 },
        {8,  16 },
        {0,  0  },
        {0,  0  },
};

FP_INLINE uint64_t constant(struct fp_format f, unsigned index)
{
	struct fp_env env = {0};

	index &= 31;
	if (index == 1)
		return UINT64_C(1) << (f.precision - 1);
	if (index == 30)
		return fp_infinity(f);
	if (index == 31)
		return fp_infinity(f) | UINT64_C(1) << (f.precision - 2);
	int significand = constant_rows[index].significand;
	int shift = __builtin_clzll((uint64_t)(significand < 0 ? -significand : significand));
	uint64_t sig = (uint64_t)(significand < 0 ? -significand : significand) << shift;
	return fp_round_pack(f, &env, significand < 0, constant_rows[index].exponent + 60 - shift,
			     sig);
}

#define FP_DEFINE(name, type, format)                                                              \
	int32_t name##_to_i32(struct fp_env *env, type a, uint8_t rm)                              \
	{                                                                                          \
		return (int32_t)to_integer(format, env, a, rm, INT32_MAX, UINT64_C(1) << 31);      \
	}                                                                                          \
	uint32_t name##_to_u32(struct fp_env *env, type a, uint8_t rm)                             \
	{                                                                                          \
		return (uint32_t)to_integer(format, env, a, rm, UINT32_MAX, 0);                    \
	}                                                                                          \
	int64_t name##_to_i64(struct fp_env *env, type a, uint8_t rm)                              \
	{                                                                                          \
		return (int64_t)to_integer(format, env, a, rm, INT64_MAX, UINT64_C(1) << 63);      \
	}                                                                                          \
	uint64_t name##_to_u64(struct fp_env *env, type a, uint8_t rm)                             \
	{                                                                                          \
		return to_integer(format, env, a, rm, UINT64_MAX, 0);                              \
	}                                                                                          \
	type name##_from_i32(struct fp_env *env, int32_t value)                                    \
	{                                                                                          \
		return (type)from_signed(format, env, value);                                      \
	}                                                                                          \
	type name##_from_u32(struct fp_env *env, uint32_t value)                                   \
	{                                                                                          \
		return (type)from_integer(format, env, value, false);                              \
	}                                                                                          \
	type name##_from_i64(struct fp_env *env, int64_t value)                                    \
	{                                                                                          \
		return (type)from_signed(format, env, value);                                      \
	}                                                                                          \
	type name##_from_u64(struct fp_env *env, uint64_t value)                                   \
	{                                                                                          \
		return (type)from_integer(format, env, value, false);                              \
	}                                                                                          \
	uint64_t name##_to_fixed(struct fp_env *env, type a, uint8_t rm, unsigned fraction,        \
				 uint64_t most, uint64_t least)                                    \
	{                                                                                          \
		return to_fixed(format, env, a, rm, fraction, most, least);                        \
	}                                                                                          \
	type name##_from_fixed(struct fp_env *env, uint64_t magnitude, bool sign,                  \
			       unsigned fraction)                                                  \
	{                                                                                          \
		return (type)from_fixed(format, env, magnitude, sign, fraction);                   \
	}                                                                                          \
	type name##_round(struct fp_env *env, type a, uint8_t rm, bool inexact)                    \
	{                                                                                          \
		return (type)round_integral(format, env, a, rm, inexact);                          \
	}                                                                                          \
	type name##_constant(unsigned index)                                                       \
	{                                                                                          \
		return (type)constant(format, index);                                              \
	}

FP_DEFINE(fp16, uint16_t, fp_format16)
FP_DEFINE(fp32, uint32_t, fp_format32)
FP_DEFINE(fp64, uint64_t, fp_format64)

#define FP_DEFINE_CONVERT(from, from_type, from_format, to, to_type, to_format)                    \
	to_type from##_to_##to(struct fp_env *env, from_type a)                                    \
	{                                                                                          \
		return (to_type)convert(from_format, to_format, env, a);                           \
	}

FP_DEFINE_CONVERT(fp16, uint16_t, fp_format16, fp32, uint32_t, fp_format32)
FP_DEFINE_CONVERT(fp16, uint16_t, fp_format16, fp64, uint64_t, fp_format64)
FP_DEFINE_CONVERT(fp32, uint32_t, fp_format32, fp16, uint16_t, fp_format16)
FP_DEFINE_CONVERT(fp32, uint32_t, fp_format32, fp64, uint64_t, fp_format64)
FP_DEFINE_CONVERT(fp64, uint64_t, fp_format64, fp16, uint16_t, fp_format16)
FP_DEFINE_CONVERT(fp64, uint64_t, fp_format64, fp32, uint32_t, fp_format32)
FP_DEFINE_CONVERT(fp32, uint32_t, fp_format32, bf16, uint16_t, fp_format_bf16)
