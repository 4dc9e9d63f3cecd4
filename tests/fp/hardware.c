/*
 * engine/softfloat.h against the host's floating point unit with its rounding mode and exception
 * flags, for binary32 and binary64. Hosts that detect tininess after rounding (x86) must agree to
 * the last flag; elsewhere UF is left out.
 */
#include "tests/fp/operations.h"
#include <criterion/criterion.h>
#include <fenv.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#ifdef __SSE2__
#include <xmmintrin.h>
#endif

/* clang compares quietly unless it is told that someone looks at the flags; gcc has no such pragma.
 */
#ifdef __clang__
#pragma STDC FENV_ACCESS ON
#endif

/* The volatile accesses keep the operation between the two looks at the host's flags. */
#define HARDWARE(name, type, bits_type, expression)                                                \
	static uint64_t hardware_##name(struct operands o)                                         \
	{                                                                                          \
		bits_type in[3] = {(bits_type)o.a, (bits_type)o.b, (bits_type)o.c};                \
		volatile type operand[3];                                                          \
		memcpy((void *)operand, in, sizeof(in));                                           \
		feclearexcept(FE_ALL_EXCEPT);                                                      \
		type a = operand[0], b = operand[1], c = operand[2];                               \
		(void)b, (void)c;                                                                  \
		volatile __typeof__(expression) result = expression;                               \
		__typeof__(expression) value = result;                                             \
		uint64_t bits = 0;                                                                 \
		memcpy(&bits, &value, sizeof(value));                                              \
		return bits;                                                                       \
	}

/* Called through pointers, because an inline rint of the compiler is right only to nearest. */
static float (*volatile library_rintf)(float) = rintf;
static double (*volatile library_rint)(double) = rint;

#define HARDWARE_BOTH(name, expression32, expression64)                                            \
	HARDWARE(f32_##name, float, uint32_t, expression32)                                        \
	HARDWARE(f64_##name, double, uint64_t, expression64)

HARDWARE_BOTH(add, a + b, a + b)
HARDWARE_BOTH(sub, a - b, a - b)
HARDWARE_BOTH(mul, a *b, a *b)
HARDWARE_BOTH(div, a / b, a / b)
HARDWARE_BOTH(sqrt, __builtin_sqrtf(a), __builtin_sqrt(a))
HARDWARE_BOTH(fmadd, fmaf(a, b, c), fma(a, b, c))
HARDWARE_BOTH(fmsub, fmaf(a, b, -c), fma(a, b, -c))
HARDWARE_BOTH(fnmsub, fmaf(-a, b, c), fma(-a, b, c))
HARDWARE_BOTH(fnmadd, fmaf(-a, b, -c), fma(-a, b, -c))
HARDWARE_BOTH(eq, (bool)(a == b), (bool)(a == b))
HARDWARE_BOTH(lt, (bool)(a < b), (bool)(a < b))
HARDWARE_BOTH(le, (bool)(a <= b), (bool)(a <= b))
HARDWARE_BOTH(lt_quiet, (bool)isless(a, b), (bool)isless(a, b))
HARDWARE_BOTH(le_quiet, (bool)islessequal(a, b), (bool)islessequal(a, b))
HARDWARE_BOTH(roundnx, library_rintf(a), library_rint(a))
HARDWARE_BOTH(to_i64, llrintf(a), llrint(a))
HARDWARE(f32_to_f64, float, uint32_t, (double)a)
HARDWARE(f64_to_f32, double, uint64_t, (float)a)
HARDWARE(f32_from_i32, int32_t, uint32_t, (float)a)
HARDWARE(f32_from_u32, uint32_t, uint32_t, (float)a)
HARDWARE(f32_from_i64, int64_t, uint64_t, (float)a)
HARDWARE(f64_from_i32, int32_t, uint32_t, (double)a)
HARDWARE(f64_from_u32, uint32_t, uint32_t, (double)a)
HARDWARE(f64_from_i64, int64_t, uint64_t, (double)a)

#define ROW(name)                                                                                  \
	{                                                                                          \
#name, hardware_##name                                                             \
	}
#define ROW_BOTH(name) ROW(f32_##name), ROW(f64_##name)
static const struct {
	const char *name;
	uint64_t (*run)(struct operands o);
} rows[] = {
	ROW_BOTH(add),      ROW_BOTH(sub),      ROW_BOTH(mul),      ROW_BOTH(div),
	ROW_BOTH(sqrt),     ROW_BOTH(fmadd),    ROW_BOTH(fmsub),    ROW_BOTH(fnmsub),
	ROW_BOTH(fnmadd),   ROW_BOTH(eq),       ROW_BOTH(lt),       ROW_BOTH(le),
	ROW_BOTH(lt_quiet), ROW_BOTH(le_quiet), ROW_BOTH(roundnx),  ROW_BOTH(to_i64),
	ROW_BOTH(from_i32), ROW_BOTH(from_u32), ROW_BOTH(from_i64), ROW(f32_to_f64),
	ROW(f64_to_f32),
};

static const struct {
	uint8_t rm;
	int host;
} modes[] = {
	{FP_RNE, FE_TONEAREST },
	{FP_RTZ, FE_TOWARDZERO},
	{FP_RDN, FE_DOWNWARD  },
	{FP_RUP, FE_UPWARD    }
};

static uint8_t hardware_flags(void)
{
	int host = fetestexcept(FE_ALL_EXCEPT);

	return (host & FE_INEXACT ? FP_NX : 0) | (host & FE_UNDERFLOW ? FP_UF : 0) |
	       (host & FE_OVERFLOW ? FP_OF : 0) | (host & FE_DIVBYZERO ? FP_DZ : 0) |
	       (host & FE_INVALID ? FP_NV : 0);
}

/* Flags that this host raises where we do. */
static uint8_t comparable_flags(void)
{
#ifdef __SSE2__
	return FP_NX | FP_UF | FP_OF | FP_DZ | FP_NV;
#else
	return FP_NX | FP_OF | FP_DZ | FP_NV;
#endif
}

/* The NaN rule of the host's instruction set. */
#ifdef __SSE2__
#define HARDWARE_NAN_RULE FP_NAN_FIRST
#else
#define HARDWARE_NAN_RULE FP_NAN_SIGNALING
#endif

/*
 * Which of several NaNs comes out is not compared, as compilers are free to swap operands; nor is
 * its sign in a fused operation, where they may negate an operand, nor what the C library does to
 * it in rint. Out of the range of an integer
 * only NV is, as the values differ by instruction set.
 */
static bool agree(const struct operation *op, struct operands o, uint64_t soft, uint8_t soft_flags,
		  uint64_t host, uint8_t host_flags)
{
	uint8_t flags = comparable_flags();
	unsigned width = op->operand;
	bool nan_exact = !(operand_is_nan(width, o.a) && operand_is_nan(width, o.b)) &&
			 !strstr(op->name, "_fm") && !strstr(op->name, "_fnm") &&
			 !strstr(op->name, "_round");

	if ((soft_flags & flags) != (host_flags & flags))
		return false;
	if (op->result == 0 && soft_flags & FP_NV && strstr(op->name, "_to_"))
		return true;
	if (operand_is_nan(op->result, soft) && !nan_exact)
		return operand_is_nan(op->result, host);
	return soft == host;
}

static void compare(unsigned row, unsigned mode, struct operands o, uint8_t flush)
{
	const struct operation *op = operation_find(rows[row].name);
	struct fp_env env = {.rm = modes[mode].rm, .flush = flush, .nan_rule = HARDWARE_NAN_RULE};
	uint64_t soft = op->soft(&env, o), host = rows[row].run(o);
	uint8_t flags = hardware_flags();

	if (agree(op, o, soft, env.flags, host, flags))
		return;
	fesetround(FE_TONEAREST);
	cr_assert(false,
		  "%s rm %d flush %d a %" PRIx64 " b %" PRIx64 " c %" PRIx64 ": soft %" PRIx64
		  " flags %x, hardware %" PRIx64 " flags %x",
		  op->name, env.rm, flush, o.a, o.b, o.c, soft, env.flags, host, flags);
}

Test(hardware, equals_softfloat)
{
	for (unsigned row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		struct random random = random_seeded(rows[row].name);
		const struct operation *op = operation_find(rows[row].name);
		cr_assert_not_null(op, "%s", rows[row].name);
		for (unsigned mode = 0; mode < 4; mode++) {
			fesetround(modes[mode].host);
			for (unsigned long n = iterations() / 4 + 1; n > 0; n--)
				compare(row, mode, random_operands(&random, op->operand), 0);
			fesetround(FE_TONEAREST);
		}
	}
}

#ifdef __SSE2__
/* MXCSR.DAZ (bit 6) and MXCSR.FTZ (bit 15) are what enum fp_flush is modelled on. */
Test(hardware, flushes_like_sse)
{
	static const unsigned control[] = {0, 1u << 6, 1u << 15, 1u << 6 | 1u << 15};

	for (unsigned row = 0; row < 10; row++) {
		struct random random = random_seeded(rows[row].name);
		for (unsigned choice = 0; choice < 16; choice++) {
			unsigned mode = choice % 4, flush = choice / 4;
			unsigned width = operation_find(rows[row].name)->operand;
			fesetround(modes[mode].host);
			_mm_setcsr(_mm_getcsr() | control[flush]);
			for (unsigned long n = iterations() / 16 + 1; n > 0; n--)
				compare(row, mode, random_operands(&random, width), (uint8_t)flush);
			_mm_setcsr(_mm_getcsr() & ~control[3]);
			fesetround(FE_TONEAREST);
		}
	}
}
#endif
