/* Edge cases by hand, each with its flags, run in softfloat and in the accelerator. */
#include "engine/fp_host.h"
#include "tests/fp/operations.h"
#include <criterion/criterion.h>
#include <inttypes.h>

struct vector {
	const char *name;
	uint8_t rm;
	struct operands o;
	uint64_t result;
	uint8_t flags;
};

static void check_in(const struct vector *v, operation_fn *run, struct fp_env env,
		     const char *where)
{
	uint64_t result = run(&env, v->o);

	cr_assert(result == v->result && env.flags == v->flags,
		  "%s in %s rm %d a %" PRIx64 " b %" PRIx64 " c %" PRIx64 ": %" PRIx64
		  " flags %x, expected %" PRIx64 " flags %x",
		  v->name, where, v->rm, v->o.a, v->o.b, v->o.c, result, env.flags, v->result,
		  v->flags);
}

static void check_all(const struct vector *vectors, size_t count, struct fp_env env)
{
	for (const struct vector *v = vectors; v < vectors + count; v++) {
		const struct operation *op = operation_find(v->name);
		cr_assert_not_null(op, "%s", v->name);
		env.rm = v->rm;
		check_in(v, op->soft, env, "softfloat");
		check_in(v, op->host, env, "accelerator");
	}
}

#define CHECK(...)                                                                                 \
	do {                                                                                       \
		static const struct vector vectors[] = {__VA_ARGS__};                              \
		check_all(vectors, sizeof(vectors) / sizeof(vectors[0]), (struct fp_env){0});      \
	} while (0)

// clang-format off
#define ONE64      0x3ff0000000000000
#define TWO64      0x4000000000000000
#define INF64      0x7ff0000000000000
#define MAX64      0x7fefffffffffffff
#define NORMAL64   0x0010000000000000 /* smallest normal */
#define SIGN64     0x8000000000000000
#define SNAN64     0x7ff0000000000001
#define ONE32      0x3f800000
#define INF32      0x7f800000
#define MAX32      0x7f7fffff
#define NORMAL32   0x00800000
#define SIGN32     0x80000000
#define SNAN32     0x7f800001
#define ALL(name, operands, result, flags) \
        {name, FP_RNE, operands, result, flags}, {name, FP_RTZ, operands, result, flags}, \
        {name, FP_RDN, operands, result, flags}, {name, FP_RUP, operands, result, flags}, \
        {name, FP_RMM, operands, result, flags}
#define IN(...)            IN_THREE(__VA_ARGS__, 0, 0, 0)
#define IN_THREE(a, b, c, ...) {a, b, c}

Test(vectors, zeros_keep_their_signs)
{
        CHECK({"f64_add", FP_RNE, IN(0, SIGN64), 0, 0},
              {"f64_add", FP_RDN, IN(0, SIGN64), SIGN64, 0},
              {"f64_add", FP_RUP, IN(SIGN64, 0), 0, 0},
              ALL("f64_add", IN(SIGN64, SIGN64), SIGN64, 0),
              ALL("f64_sub", IN(SIGN64, 0), SIGN64, 0),
              {"f64_sub", FP_RNE, IN(ONE64, ONE64), 0, 0},
              {"f64_sub", FP_RDN, IN(ONE64, ONE64), SIGN64, 0},
              {"f64_sub", FP_ODD, IN(ONE64, ONE64), 0, 0},
              ALL("f64_mul", IN(SIGN64, ONE64), SIGN64, 0),
              ALL("f64_div", IN(SIGN64, ONE64), SIGN64, 0),
              ALL("f64_sqrt", IN(SIGN64), SIGN64, 0),
              ALL("f32_sqrt", IN(SIGN32), SIGN32, 0),
              {"f64_fmadd", FP_RNE, IN(ONE64, ONE64, ONE64 | SIGN64), 0, 0},
              {"f64_fmadd", FP_RDN, IN(ONE64, ONE64, ONE64 | SIGN64), SIGN64, 0},
              {"f64_fmsub", FP_RNE, IN(0, ONE64, 0), 0, 0},
              ALL("f64_fnmadd", IN(0, ONE64, 0), SIGN64, 0),
              {"f64_fnmsub", FP_RDN, IN(0, ONE64, 0), SIGN64, 0},
              ALL("f32_roundnx", IN(0x80000000), SIGN32, 0),
              {"f32_roundnx", FP_RNE, IN(0xbf000000), SIGN32, FP_NX}); /* -0.5 */
}

Test(vectors, infinities_and_invalid_operations)
{
        CHECK(ALL("f64_add", IN(INF64, INF64 | SIGN64), FP64_NAN, FP_NV),
              ALL("f64_sub", IN(INF64, INF64), FP64_NAN, FP_NV),
              ALL("f64_add", IN(INF64, MAX64 | SIGN64), INF64, 0),
              ALL("f64_sub", IN(ONE64, INF64), INF64 | SIGN64, 0),
              ALL("f64_mul", IN(INF64, 0), FP64_NAN, FP_NV),
              ALL("f64_mul", IN(INF64 | SIGN64, 1), INF64 | SIGN64, 0),
              ALL("f64_div", IN(0, SIGN64), FP64_NAN, FP_NV),
              ALL("f64_div", IN(INF64, INF64), FP64_NAN, FP_NV),
              ALL("f64_div", IN(ONE64, SIGN64), INF64 | SIGN64, FP_DZ),
              ALL("f64_div", IN(INF64, SIGN64), INF64 | SIGN64, 0),
              ALL("f64_div", IN(MAX64, INF64), 0, 0),
              ALL("f64_sqrt", IN(INF64), INF64, 0),
              ALL("f64_sqrt", IN(INF64 | SIGN64), FP64_NAN, FP_NV),
              ALL("f64_sqrt", IN(SIGN64 | 1), FP64_NAN, FP_NV),
              ALL("f32_sqrt", IN(0xbf800000), FP32_NAN, FP_NV),
              ALL("f16_div", IN(0x3c00, 0), 0x7c00, FP_DZ),
              ALL("f64_fmadd", IN(INF64, 0, ONE64), FP64_NAN, FP_NV),
              ALL("f64_fmadd", IN(INF64, ONE64, INF64 | SIGN64), FP64_NAN, FP_NV),
              ALL("f64_fmsub", IN(INF64, ONE64, INF64 | SIGN64), INF64, 0),
              ALL("f64_fmadd", IN(MAX64, MAX64, INF64 | SIGN64), INF64 | SIGN64, 0));
}

Test(vectors, nan_results_are_canonical)
{
        CHECK(ALL("f64_add", IN(0xfff8000000000123, ONE64), FP64_NAN, 0),
              ALL("f64_add", IN(ONE64, SNAN64), FP64_NAN, FP_NV),
              ALL("f32_mul", IN(0xffc12345, SNAN32), FP32_NAN, FP_NV),
              ALL("f16_sub", IN(0xfe01, 0x3c00), FP16_NAN, 0),
              ALL("f16_sub", IN(0xfd00, 0x3c00), FP16_NAN, FP_NV),
              ALL("f64_sqrt", IN(0xffffffffffffffff), FP64_NAN, 0),
              ALL("f64_fmadd", IN(INF64, 0, FP64_NAN), FP64_NAN, FP_NV), /* even then invalid */
              ALL("f64_fmadd", IN(ONE64, ONE64, FP64_NAN), FP64_NAN, 0),
              ALL("f64_fmadd", IN(FP64_NAN, SNAN64, ONE64), FP64_NAN, FP_NV),
              ALL("f32_to_f64", IN(0xffc00001), FP64_NAN, 0),
              ALL("f64_to_f32", IN(SNAN64), FP32_NAN, FP_NV),
              ALL("f64_to_f16", IN(SNAN64 | SIGN64), FP16_NAN, FP_NV),
              ALL("f64_round", IN(SNAN64), FP64_NAN, FP_NV),
              ALL("f64_roundnx", IN(0xfff8000000000001), FP64_NAN, 0));
}

/* 1 + 2^-53 is the tie between 1 and the next number; 1 + 3 * 2^-53 the one above. */
Test(vectors, ties_and_directions)
{
        CHECK({"f64_add", FP_RNE, IN(ONE64, 0x3ca0000000000000), ONE64, FP_NX},
              {"f64_add", FP_RTZ, IN(ONE64, 0x3ca0000000000000), ONE64, FP_NX},
              {"f64_add", FP_RDN, IN(ONE64, 0x3ca0000000000000), ONE64, FP_NX},
              {"f64_add", FP_RUP, IN(ONE64, 0x3ca0000000000000), ONE64 | 1, FP_NX},
              {"f64_add", FP_RMM, IN(ONE64, 0x3ca0000000000000), ONE64 | 1, FP_NX},
              {"f64_add", FP_ODD, IN(ONE64, 0x3ca0000000000000), ONE64 | 1, FP_NX},
              {"f64_add", FP_RNE, IN(ONE64 | 1, 0x3ca0000000000000), ONE64 | 2, FP_NX},
              {"f64_add", FP_ODD, IN(ONE64 | 1, 0x3ca0000000000000), ONE64 | 1, FP_NX},
              {"f64_add", FP_RNE, IN(ONE64, 0x3ca0000000000001), ONE64 | 1, FP_NX},
              {"f64_sub", FP_RMM, IN(ONE64 | SIGN64, 0x3ca0000000000000), ONE64 | SIGN64 | 1, FP_NX},
              {"f64_sub", FP_RDN, IN(ONE64 | SIGN64, 0x3ca0000000000000), ONE64 | SIGN64 | 1, FP_NX},
              {"f64_sub", FP_RUP, IN(ONE64 | SIGN64, 0x3ca0000000000000), ONE64 | SIGN64, FP_NX},
              {"f64_add", FP_RUP, IN(ONE64, 1), ONE64 | 1, FP_NX},
              {"f64_sub", FP_RTZ, IN(ONE64, 1), 0x3fefffffffffffff, FP_NX},
              {"f64_sub", FP_RNE, IN(ONE64, 0x3c90000000000000), ONE64, FP_NX}, /* 2^-54: a tie */
              {"f64_sub", FP_RNE, IN(ONE64, 0x3c90000000000001), 0x3fefffffffffffff, FP_NX},
              {"f32_add", FP_RNE, IN(ONE32, 0x33800000), ONE32, FP_NX},
              {"f32_add", FP_RMM, IN(ONE32, 0x33800000), ONE32 | 1, FP_NX},
              {"f16_add", FP_RNE, IN(0x3c01, 0x1000), 0x3c02, FP_NX},
              {"f64_div", FP_RNE, IN(ONE64, 0x4008000000000000), 0x3fd5555555555555, FP_NX},
              {"f64_div", FP_RUP, IN(ONE64, 0x4008000000000000), 0x3fd5555555555556, FP_NX},
              {"f64_sqrt", FP_RNE, IN(TWO64), 0x3ff6a09e667f3bcd, FP_NX},
              {"f64_sqrt", FP_RTZ, IN(TWO64), 0x3ff6a09e667f3bcc, FP_NX},
              {"f32_sqrt", FP_RNE, IN(0x40000000), 0x3fb504f3, FP_NX},
              {"f32_sqrt", FP_RUP, IN(0x40000000), 0x3fb504f4, FP_NX},
              ALL("f64_sqrt", IN(0x4022000000000000), 0x4008000000000000, 0),
              ALL("f64_sqrt", IN(1), 0x1e60000000000000, 0), /* 2^-1074: root 2^-537 */
              ALL("f64_div", IN(0x4022000000000000, 0x4008000000000000), 0x4008000000000000, 0));
}

Test(vectors, overflow_goes_to_infinity_or_the_largest_number)
{
        CHECK({"f64_add", FP_RNE, IN(MAX64, MAX64), INF64, FP_OF | FP_NX},
              {"f64_add", FP_RTZ, IN(MAX64, MAX64), MAX64, FP_OF | FP_NX},
              {"f64_add", FP_RDN, IN(MAX64, MAX64), MAX64, FP_OF | FP_NX},
              {"f64_add", FP_RUP, IN(MAX64, MAX64), INF64, FP_OF | FP_NX},
              {"f64_add", FP_RMM, IN(MAX64, MAX64), INF64, FP_OF | FP_NX},
              {"f64_add", FP_ODD, IN(MAX64, MAX64), MAX64, FP_OF | FP_NX},
              {"f64_mul", FP_RUP, IN(MAX64 | SIGN64, MAX64), MAX64 | SIGN64, FP_OF | FP_NX},
              {"f64_mul", FP_RDN, IN(MAX64 | SIGN64, MAX64), INF64 | SIGN64, FP_OF | FP_NX},
              /* half a last place above the largest number, and just below that */
              {"f64_add", FP_RNE, IN(MAX64, 0x7c90000000000000), INF64, FP_OF | FP_NX},
              {"f64_add", FP_RNE, IN(MAX64, 0x7c8fffffffffffff), MAX64, FP_NX},
              {"f64_add", FP_RTZ, IN(MAX64, 0x7c90000000000000), MAX64, FP_NX},
              {"f32_div", FP_RNE, IN(MAX32, NORMAL32), INF32, FP_OF | FP_NX},
              {"f16_mul", FP_RTZ, IN(0x7bff, 0x4000), 0x7bff, FP_OF | FP_NX},
              {"f64_to_f32", FP_RNE, IN(0x47efffffefffffff), MAX32, FP_NX},
              {"f64_to_f32", FP_RNE, IN(0x47effffff0000000), INF32, FP_OF | FP_NX},
              {"f64_to_f16", FP_RMM, IN(0x40effe0000000000), 0x7c00, FP_OF | FP_NX}, /* 65520 */
              {"f64_to_f16", FP_RTZ, IN(0x40effe0000000000), 0x7bff, FP_NX},
              {"f16_from_i32", FP_RNE, IN(65520), 0x7c00, FP_OF | FP_NX},
              {"f16_from_u64", FP_RTZ, IN(UINT64_MAX), 0x7bff, FP_OF | FP_NX});
}

/*
 * (1 - 2^-53) * 2^-1022 lies half way between the largest subnormal and the smallest normal; with an
 * unbounded exponent it needs no rounding, so it is tiny. 2^-1022 * (1 - 2^-54) is rounded to the
 * normal even so, and only tininess before rounding sees an underflow.
 */
Test(vectors, tininess_after_rounding)
{
        CHECK({"f64_mul", FP_RNE, IN(NORMAL64, 0x3fefffffffffffff), NORMAL64, FP_UF | FP_NX},
              {"f64_mul", FP_RTZ, IN(NORMAL64, 0x3fefffffffffffff), NORMAL64 - 1, FP_UF | FP_NX},
              {"f64_fmadd", FP_RNE, IN(0x3c90000000000000, NORMAL64 | SIGN64, NORMAL64), NORMAL64, FP_NX},
              {"f64_fmadd", FP_RUP, IN(0x3c90000000000000, NORMAL64 | SIGN64, NORMAL64), NORMAL64, FP_NX},
              {"f64_fmadd", FP_RTZ, IN(0x3c90000000000000, NORMAL64 | SIGN64, NORMAL64), NORMAL64 - 1,
               FP_UF | FP_NX},
              {"f32_mul", FP_RNE, IN(NORMAL32, 0x3f7fffff), NORMAL32, FP_UF | FP_NX},
              {"f64_to_f32", FP_RNE, IN(0x380fffffe0000000), NORMAL32, FP_UF | FP_NX},
              {"f64_to_f32", FP_RNE, IN(0x380ffffff0000000), NORMAL32, FP_NX},
              {"f64_to_f32", FP_RNE, IN(0x380fffffefffffff), NORMAL32, FP_UF | FP_NX});
        static const struct vector before[] = {
                {"f64_fmadd", FP_RNE, IN(0x3c90000000000000, NORMAL64 | SIGN64, NORMAL64), NORMAL64,
                 FP_UF | FP_NX},
                {"f64_to_f32", FP_RNE, IN(0x380ffffff0000000), NORMAL32, FP_UF | FP_NX},
                ALL("f64_mul", IN(NORMAL64, 0x3fe0000000000000), NORMAL64 / 2, 0)};
        check_all(before, sizeof(before) / sizeof(before[0]),
                  (struct fp_env){.tininess_before_rounding = true});
}

Test(vectors, subnormal_results)
{
        CHECK(ALL("f64_mul", IN(NORMAL64, 0x3fe0000000000000), NORMAL64 / 2, 0), /* exact: no UF */
              ALL("f64_sub", IN(NORMAL64, 1), NORMAL64 - 1, 0),
              ALL("f64_add", IN(NORMAL64 - 1, 1), NORMAL64, 0),
              {"f64_mul", FP_RNE, IN(1, 0x3fe0000000000000), 0, FP_UF | FP_NX},
              {"f64_mul", FP_RMM, IN(1, 0x3fe0000000000000), 1, FP_UF | FP_NX},
              {"f64_mul", FP_RUP, IN(1, 1), 1, FP_UF | FP_NX},
              {"f64_mul", FP_RDN, IN(1, SIGN64 | 1), SIGN64 | 1, FP_UF | FP_NX},
              {"f64_mul", FP_RNE, IN(1, SIGN64 | 1), SIGN64, FP_UF | FP_NX},
              {"f64_mul", FP_RNE, IN(3, 0x3fe0000000000000), 2, FP_UF | FP_NX},
              {"f64_div", FP_RNE, IN(NORMAL64 - 1, TWO64), NORMAL64 / 2, FP_UF | FP_NX},
              ALL("f32_div", IN(NORMAL32, 0x40000000), NORMAL32 / 2, 0),
              {"f64_to_f32", FP_RNE, IN(0x3690000000000000), 0, FP_UF | FP_NX}, /* 2^-150 */
              {"f64_to_f32", FP_RNE, IN(0x3690000000000001), 1, FP_UF | FP_NX},
              {"f64_to_f32", FP_ODD, IN(1), 1, FP_UF | FP_NX},
              ALL("f32_to_f64", IN(1), 0x36a0000000000000, 0),
              ALL("f16_to_f32", IN(1), 0x33800000, 0),
              ALL("f16_to_f64", IN(0x8001), 0xbe70000000000000, 0));
}

/* (1 + u)(1 - u) - 1 = -u^2 and the like: everything but the last bits of the product cancels. */
Test(vectors, fused_multiply_add_cancels_exactly)
{
        CHECK(ALL("f64_fmsub", IN(ONE64 | 1, 0x3feffffffffffffe, ONE64), 0xb970000000000000, 0),
              ALL("f32_fmsub", IN(ONE32 | 1, 0x3f7ffffe, ONE32), 0xa8800000, 0),
              ALL("f64_fnmsub", IN(ONE64 | 1, ONE64 | 1, 0x3ff0000000000002), 0xb970000000000000, 0),
              ALL("f64_fmadd", IN(MAX64, TWO64, MAX64 | SIGN64), MAX64, 0), /* the product overflows */
              {"f64_fmadd", FP_RNE, IN(1, 1, ONE64), ONE64, FP_NX},
              {"f64_fmadd", FP_RUP, IN(1, 1, ONE64), ONE64 | 1, FP_NX},
              {"f64_fmadd", FP_RTZ, IN(1, SIGN64 | 1, ONE64), 0x3fefffffffffffff, FP_NX},
              {"f64_fmadd", FP_RNE, IN(1, SIGN64 | 1, 1), 1, FP_UF | FP_NX},
              {"f64_fmadd", FP_RDN, IN(1, SIGN64 | 1, 1), 0, FP_UF | FP_NX},
              ALL("f64_fmadd", IN(0, MAX64, 1), 1, 0),
              {"f32_fmadd", FP_RNE, IN(0x3f800800, 0x3f800800, 0x00000001), 0x3f801001, FP_NX},
              {"f32_fmadd", FP_RNE, IN(0x3f800800, 0x3f800800, 0x80000001), 0x3f801000, FP_NX},
              {"f32_fmadd", FP_RNE, IN(0x3f800800, 0x3f800800, 0x00000000), 0x3f801000, FP_NX});
}

Test(vectors, minimum_and_maximum)
{
        CHECK(ALL("f64_min", IN(0, SIGN64), SIGN64, 0), ALL("f64_min", IN(SIGN64, 0), SIGN64, 0),
              ALL("f64_max", IN(0, SIGN64), 0, 0), ALL("f32_max", IN(SIGN32, 0), 0, 0),
              ALL("f64_min", IN(FP64_NAN, ONE64), ONE64, 0),
              ALL("f64_max", IN(ONE64, SNAN64), ONE64, FP_NV),
              ALL("f64_min", IN(SNAN64, 0xfff8000000000001), FP64_NAN, FP_NV),
              ALL("f64_max", IN(0xfff8000000000001, FP64_NAN), FP64_NAN, 0),
              ALL("f32_min", IN(INF32 | SIGN32, 0xff7fffff), INF32 | SIGN32, 0),
              ALL("f16_max", IN(0x8001, 0x8002), 0x8001, 0),
              ALL("f64_minimum", IN(FP64_NAN, ONE64), FP64_NAN, 0),
              ALL("f64_maximum", IN(ONE64, SNAN64), FP64_NAN, FP_NV),
              ALL("f32_minimum", IN(0, SIGN32), SIGN32, 0), ALL("f16_maximum", IN(0x8000, 0), 0, 0),
              ALL("f64_minimum", IN(ONE64, TWO64), ONE64, 0));
}

Test(vectors, comparisons)
{
        CHECK(ALL("f64_eq", IN(0, SIGN64), 1, 0), ALL("f64_lt", IN(SIGN64, 0), 0, 0),
              ALL("f64_le", IN(0, SIGN64), 1, 0), ALL("f64_eq", IN(FP64_NAN, FP64_NAN), 0, 0),
              ALL("f64_eq", IN(SNAN64, ONE64), 0, FP_NV), ALL("f64_lt", IN(FP64_NAN, ONE64), 0, FP_NV),
              ALL("f64_le", IN(ONE64, FP64_NAN), 0, FP_NV), ALL("f64_lt_quiet", IN(FP64_NAN, 0), 0, 0),
              ALL("f64_le_quiet", IN(0, FP64_NAN), 0, 0), ALL("f64_lt_quiet", IN(SNAN64, 0), 0, FP_NV),
              ALL("f32_le_quiet", IN(SNAN32, 0), 0, FP_NV), ALL("f32_lt", IN(0x80000001, 1), 1, 0),
              ALL("f64_lt", IN(INF64 | SIGN64, MAX64 | SIGN64), 1, 0),
              ALL("f16_lt", IN(0xbc00, 0xbbff), 1, 0), ALL("f16_le", IN(0x7c01, 0), 0, FP_NV),
              ALL("f64_compare", IN(ONE64, FP64_NAN), FP_UNORDERED, FP_NV),
              ALL("f64_compare_quiet", IN(ONE64, FP64_NAN), FP_UNORDERED, 0),
              ALL("f64_compare", IN(ONE64, TWO64), UINT64_MAX, 0),
              ALL("f64_compare", IN(TWO64, ONE64), FP_GREATER, 0));
}

Test(vectors, classes)
{
        CHECK(ALL("f64_classify", IN(INF64 | SIGN64), 1 << 0, 0),
              ALL("f64_classify", IN(ONE64 | SIGN64), 1 << 1, 0),
              ALL("f64_classify", IN(SIGN64 | 1), 1 << 2, 0), ALL("f64_classify", IN(SIGN64), 1 << 3, 0),
              ALL("f64_classify", IN(0), 1 << 4, 0), ALL("f64_classify", IN(NORMAL64 - 1), 1 << 5, 0),
              ALL("f64_classify", IN(NORMAL64), 1 << 6, 0), ALL("f64_classify", IN(INF64), 1 << 7, 0),
              ALL("f64_classify", IN(SNAN64), 1 << 8, 0),
              ALL("f64_classify", IN(0xfff8000000000000), 1 << 9, 0),
              ALL("f32_classify", IN(SNAN32), 1 << 8, 0), ALL("f32_classify", IN(1), 1 << 5, 0),
              ALL("f32_classify", IN(MAX32 | SIGN32), 1 << 1, 0),
              ALL("f16_classify", IN(0x7dff), 1 << 8, 0), ALL("f16_classify", IN(0x83ff), 1 << 2, 0),
              ALL("f16_classify", IN(0x0400), 1 << 6, 0));
}

#define I32(value) (uint64_t)(int64_t)(int32_t)(value)

Test(vectors, to_integers_at_their_limits)
{
        CHECK(ALL("f64_to_i32", IN(0x41dfffffffc00000), INT32_MAX, 0),
              ALL("f64_to_i32", IN(0x41e0000000000000), INT32_MAX, FP_NV),
              ALL("f64_to_i32", IN(0xc1e0000000000000), I32(INT32_MIN), 0),
              {"f64_to_i32", FP_RTZ, IN(0xc1e00000001fffff), I32(INT32_MIN), FP_NX}, /* -2^31 - 0.99 */
              {"f64_to_i32", FP_RDN, IN(0xc1e00000001fffff), I32(INT32_MIN), FP_NV},
              {"f64_to_i32", FP_RNE, IN(0x41dfffffffe00000), INT32_MAX, FP_NV}, /* 2^31 - 0.5 */
              {"f64_to_i32", FP_RTZ, IN(0x41dfffffffe00000), INT32_MAX, FP_NX},
              ALL("f64_to_i32", IN(FP64_NAN), INT32_MAX, FP_NV),
              ALL("f64_to_i32", IN(0xfff8000000000000), INT32_MAX, FP_NV),
              ALL("f64_to_i32", IN(INF64 | SIGN64), I32(INT32_MIN), FP_NV),
              ALL("f32_to_i32", IN(0x4f000000), INT32_MAX, FP_NV),
              ALL("f32_to_i32", IN(0xcf000000), I32(INT32_MIN), 0),
              ALL("f64_to_u32", IN(0x41efffffffe00000), UINT32_MAX, 0),
              ALL("f64_to_u32", IN(0x41f0000000000000), UINT32_MAX, FP_NV),
              {"f64_to_u32", FP_RUP, IN(0x41effffffff00000), UINT32_MAX, FP_NV},
              {"f64_to_u32", FP_RDN, IN(0x41effffffff00000), UINT32_MAX, FP_NX},
              ALL("f64_to_u32", IN(0xbff0000000000000), 0, FP_NV),
              {"f64_to_u32", FP_RTZ, IN(0xbfefffffffffffff), 0, FP_NX},
              {"f64_to_u32", FP_RDN, IN(0xbfd0000000000000), 0, FP_NV}, /* -0.25 */
              {"f64_to_u32", FP_RNE, IN(0xbfe0000000000000), 0, FP_NX}, /* -0.5 */
              {"f64_to_u32", FP_RMM, IN(0xbfe0000000000000), 0, FP_NV},
              ALL("f64_to_u32", IN(SIGN64), 0, 0),
              ALL("f64_to_u32", IN(FP64_NAN), UINT32_MAX, FP_NV),
              ALL("f64_to_u32", IN(INF64 | SIGN64), 0, FP_NV),
              ALL("f64_to_i64", IN(0x43e0000000000000), INT64_MAX, FP_NV),
              ALL("f64_to_i64", IN(0x43dfffffffffffff), 0x7ffffffffffffc00, 0),
              ALL("f64_to_i64", IN(0xc3e0000000000000), SIGN64, 0),
              ALL("f64_to_i64", IN(0xc3e0000000000001), SIGN64, FP_NV),
              ALL("f32_to_i64", IN(FP32_NAN), INT64_MAX, FP_NV),
              ALL("f64_to_u64", IN(0x43efffffffffffff), 0xfffffffffffff800, 0),
              ALL("f64_to_u64", IN(0x43f0000000000000), UINT64_MAX, FP_NV),
              ALL("f32_to_u64", IN(0x5f000000), SIGN64, 0),
              ALL("f32_to_u64", IN(SNAN32), UINT64_MAX, FP_NV),
              ALL("f16_to_i32", IN(0x7bff), 65504, 0), ALL("f16_to_i64", IN(0xfc00), SIGN64, FP_NV),
              {"f64_to_i64", FP_RUP, IN(1), 1, FP_NX}, {"f64_to_i64", FP_RNE, IN(1), 0, FP_NX});
}

Test(vectors, to_integers_in_each_mode)
{
        CHECK({"f64_to_i32", FP_RNE, IN(0x3fe0000000000000), 0, FP_NX}, /* 0.5 */
              {"f64_to_i32", FP_RMM, IN(0x3fe0000000000000), 1, FP_NX},
              {"f64_to_i32", FP_RNE, IN(0x3ff8000000000000), 2, FP_NX}, /* 1.5 */
              {"f64_to_i32", FP_RNE, IN(0x4004000000000000), 2, FP_NX}, /* 2.5 */
              {"f64_to_i32", FP_RMM, IN(0x4004000000000000), 3, FP_NX},
              {"f64_to_i32", FP_RTZ, IN(0xc004000000000000), I32(-2), FP_NX},
              {"f64_to_i32", FP_RDN, IN(0xc004000000000000), I32(-3), FP_NX},
              {"f64_to_i32", FP_RUP, IN(0xc004000000000000), I32(-2), FP_NX},
              {"f64_to_i32", FP_RMM, IN(0xc004000000000000), I32(-3), FP_NX},
              {"f64_to_i32", FP_RNE, IN(0x3fdfffffffffffff), 0, FP_NX}); /* just below 0.5 */
}

Test(vectors, from_integers)
{
        CHECK(ALL("f64_from_i32", IN(I32(INT32_MIN)), 0xc1e0000000000000, 0),
              ALL("f64_from_u32", IN(UINT32_MAX), 0x41efffffffe00000, 0),
              ALL("f64_from_i64", IN(SIGN64), 0xc3e0000000000000, 0),
              ALL("f64_from_i64", IN(0), 0, 0), ALL("f64_from_i64", IN(1ull << 53), 0x4340000000000000, 0),
              {"f64_from_i64", FP_RNE, IN((1ull << 53) + 1), 0x4340000000000000, FP_NX},
              {"f64_from_i64", FP_RUP, IN((1ull << 53) + 1), 0x4340000000000001, FP_NX},
              {"f64_from_i64", FP_RNE, IN((1ull << 53) + 3), 0x4340000000000002, FP_NX},
              {"f64_from_u64", FP_RNE, IN(UINT64_MAX), 0x43f0000000000000, FP_NX},
              {"f64_from_u64", FP_RTZ, IN(UINT64_MAX), 0x43efffffffffffff, FP_NX},
              {"f32_from_i32", FP_RNE, IN(INT32_MAX), 0x4f000000, FP_NX},
              {"f32_from_i32", FP_RDN, IN(I32(-0x1000001)), 0xcb800001, FP_NX},
              {"f32_from_u32", FP_RMM, IN(0x1000001), 0x4b800001, FP_NX},
              {"f32_from_u64", FP_RNE, IN(0x8000008000000000), 0x5f000000, FP_NX}, /* a tie */
              {"f32_from_u64", FP_RNE, IN(0x8000008000000001), 0x5f000001, FP_NX},
              ALL("f16_from_i32", IN(I32(-2048)), 0xe800, 0),
              {"f16_from_i32", FP_RNE, IN(2049), 0x6800, FP_NX});
}

Test(vectors, round_to_integral_in_the_format)
{
        CHECK(ALL("f64_round", IN(0x4330000000000001), 0x4330000000000001, 0),
              {"f64_roundnx", FP_RNE, IN(0x4004000000000000), TWO64, FP_NX}, /* 2.5 */
              {"f64_round", FP_RNE, IN(0x4004000000000000), TWO64, 0},
              {"f64_round", FP_RUP, IN(0x4004000000000000), 0x4008000000000000, 0},
              {"f64_roundnx", FP_RUP, IN(1), ONE64, FP_NX},
              {"f64_roundnx", FP_RDN, IN(SIGN64 | 1), ONE64 | SIGN64, FP_NX},
              {"f64_round", FP_RUP, IN(SIGN64 | 1), SIGN64, 0},
              {"f64_roundnx", FP_RNE, IN(0x432fffffffffffff), 0x4330000000000000, FP_NX},
              ALL("f64_roundnx", IN(INF64 | SIGN64), INF64 | SIGN64, 0),
              ALL("f32_roundnx", IN(0x4b800001), 0x4b800001, 0),
              {"f32_round", FP_RMM, IN(0x3f000000), ONE32, 0},
              {"f16_roundnx", FP_RNE, IN(0x63ff), 0x6400, FP_NX}); /* 1023.5 */
}

Test(vectors, fcvtmod)
{
        CHECK(ALL("f64_to_i32_modular", IN(FP64_NAN), 0, FP_NV),
              ALL("f64_to_i32_modular", IN(INF64), 0, FP_NV),
              ALL("f64_to_i32_modular", IN(0xbff8000000000000), I32(-1), FP_NX), /* -1.5 */
              ALL("f64_to_i32_modular", IN(0x41e0000000000000), I32(INT32_MIN), FP_NV),
              ALL("f64_to_i32_modular", IN(0x41f0000000100000), 1, FP_NV), /* 2^32 + 1 */
              ALL("f64_to_i32_modular", IN(0xc1f0000000180000), I32(-1), FP_NV), /* -2^32 - 1.5 */
              ALL("f64_to_i32_modular", IN(0x4340000000000001), 2, FP_NV),
              ALL("f64_to_i32_modular", IN(0x4520000000000001), I32(INT32_MIN), FP_NV),
              ALL("f64_to_i32_modular", IN(0x43e0000000000001), 2048, FP_NV), /* 2^63 + 2^11 */
              ALL("f64_to_i32_modular", IN(0x4530000000000001), 0, FP_NV), /* 2^84 + 2^32 */
              ALL("f64_to_i32_modular", IN(MAX64), 0, FP_NV));
}
// clang-format on

Test(vectors, zfa_constants)
{
	static const uint32_t single[32] = {
		0xbf800000, 0x00800000, 0x37800000, 0x38000000, 0x3b800000, 0x3c000000, 0x3d800000,
		0x3e000000, 0x3e800000, 0x3ea00000, 0x3ec00000, 0x3ee00000, 0x3f000000, 0x3f200000,
		0x3f400000, 0x3f600000, 0x3f800000, 0x3fa00000, 0x3fc00000, 0x3fe00000, 0x40000000,
		0x40200000, 0x40400000, 0x40800000, 0x41000000, 0x41800000, 0x43000000, 0x43800000,
		0x47000000, 0x47800000, 0x7f800000, 0x7fc00000};
	struct fp_env env = {0};

	for (unsigned i = 0; i < 32; i++) {
		cr_assert_eq(fp32_constant(i), single[i], "%u", i);
		if (i == 1)
			continue; /* the smallest normal is each format's own */
		cr_assert_eq(fp64_constant(i), fp32_to_fp64(&env, single[i]), "%u", i);
		cr_assert_eq(fp16_constant(i), fp32_to_fp16(&env, single[i]), "%u", i);
	}
	cr_assert_eq(fp16_constant(1), 0x0400);
	cr_assert_eq(fp64_constant(1), UINT64_C(0x0010000000000000));
	cr_assert_eq(fp16_constant(29), 0x7c00); /* 2^16 is out of range */
	cr_assert_eq(fp64_constant(32), fp64_constant(0));
}

Test(vectors, nan_boxing)
{
	cr_assert_eq(fp_unbox32(UINT64_C(0xffffffff3f800000)), 0x3f800000);
	cr_assert_eq(fp_unbox32(UINT64_C(0xfffffffe3f800000)), FP32_NAN);
	cr_assert_eq(fp_unbox32(0x3f800000), FP32_NAN);
	cr_assert_eq(fp_unbox32(fp_box32(0xff800001)), 0xff800001);
	cr_assert_eq(fp_unbox16(UINT64_C(0xffffffffffff3c00)), 0x3c00);
	cr_assert_eq(fp_unbox16(UINT64_C(0xffffffff00003c00)), FP16_NAN);
	cr_assert_eq(fp_unbox16(fp_box16(0xfc01)), 0xfc01);
}

/* The other instruction sets' NaNs: by position with a negative default, or signaling first. */
Test(vectors, other_nan_rules)
{
	const uint64_t quiet = 0x7ff8000000000011, signaling = 0xfff0000000000022;
	const uint64_t quieted = 0xfff8000000000022;
	struct fp_env sse = {.nan_rule = FP_NAN_FIRST}, arm = {.nan_rule = FP_NAN_SIGNALING};

	cr_assert_eq(fp64_add(&sse, quiet, signaling), quiet);
	cr_assert_eq(fp64_add(&arm, quiet, signaling), quieted);
	cr_assert_eq(fp64_mul(&sse, signaling, quiet), quieted);
	cr_assert_eq(fp64_div(&sse, 0, 0), UINT64_C(0xfff8000000000000));
	cr_assert_eq(fp64_div(&arm, 0, 0), FP64_NAN);
	cr_assert_eq(fp64_to_fp32(&arm, signaling | UINT64_C(1) << 40), 0xffc00800);
	cr_assert_eq(fp32_to_fp64(&sse, 0x7f800001), UINT64_C(0x7ff8000020000000));

	sse.flags = arm.flags = 0;
	cr_assert_eq(fp64_fma(&sse, INF64, 0, quiet, 0), quiet);
	cr_assert_eq(sse.flags, 0);
	cr_assert_eq(fp64_fma(&arm, INF64, 0, quiet, 0), FP64_NAN);
	cr_assert_eq(arm.flags, FP_NV);
	cr_assert_eq(fp64_fma(&arm, quiet, ONE64, quiet + 1, 0), quiet + 1); /* the addend first */
	cr_assert_eq(fp64_fma(&sse, quiet, ONE64, quiet + 1, 0), quiet);
}

Test(vectors, flags_are_sticky)
{
	struct fp_env env = {.flags = FP_DZ};

	fph64_add(&env, ONE64, 1);
	cr_assert_eq(env.flags, FP_DZ | FP_NX);
	fp64_add(&env, ONE64, ONE64);
	cr_assert_eq(env.flags, FP_DZ | FP_NX);
	fp64_add(&env, SNAN64, ONE64);
	cr_assert_eq(env.flags, FP_DZ | FP_NX | FP_NV);
}
