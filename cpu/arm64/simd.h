/*
 * Advanced SIMD on integers: operands of helpers, and what expressions of simd_kernel.def use.
 * Internal to the AArch64 translator.
 */
#ifndef CPU_ARM64_SIMD_H
#define CPU_ARM64_SIMD_H

#include "cpu/arm64/fp.h"
#include "engine/vector.h"

typedef __int128 int128_t;
typedef unsigned __int128 uint128_t;

/* Operations: arguments of rows. */
enum arm64_simd {
#define ROW(id, ...) A64_SIMD_##id,
#include "cpu/arm64/simd_rows.def"
	A64_SIMD_COUNT
};

/*
 * The helpers of each operation by log2 of the size of its (narrow) elements; NULL where there is
 * none. They take vector registers d, a, b, and imm made by simd_imm().
 */
extern uop_helper *const *const arm64_simd_helpers[A64_SIMD_COUNT];
/* The same operations as the engine numbers them, where it knows them: enum vector_op. */
extern const uint8_t arm64_simd_vector_ops[A64_SIMD_COUNT];

/* How much of a register takes part: enum vector_span, in more detail. */
enum simd_span {
	SPAN_WHOLE = VECTOR_WHOLE,
	SPAN_HALF = VECTOR_HALF,
	SPAN_B = VECTOR_OTHER,
	SPAN_H,
	SPAN_S
};

/*
 * The immediate of a UOP_VECTOR without what vector_imm() adds. element: of Vm, that stands for
 * all; -1: each for itself. amount: of a shift, 0 to 255.
 */
static inline int32_t simd_imm(enum simd_span span, unsigned amount, int element)
{
	return (int32_t)((unsigned)span | amount << 8 | (unsigned)(element + 1) << 16);
}
static inline enum simd_span simd_span(const struct uop *uop)
{
	return (enum simd_span)vector_span(uop);
}
union simd_lanes {
	union cpu_vector vector;
	uint8_t u8[16];
	uint16_t u16[8];
	uint32_t u32[4];
	uint64_t u64[2];
	uint128_t u128[1];
};

static inline union simd_lanes simd_masked(union simd_lanes lanes, enum simd_span span)
{
	static const uint64_t masks[][2] = {
		[SPAN_WHOLE] = {UINT64_MAX, UINT64_MAX},
		[SPAN_HALF] = {UINT64_MAX         },
		[SPAN_B] = {UINT8_MAX},
		[SPAN_H] = {UINT16_MAX         },
		[SPAN_S] = {UINT32_MAX},
	};
	lanes.u64[0] &= masks[span][0];
	lanes.u64[1] &= masks[span][1];
	return lanes;
}

/* The span of elements twice as wide. */
static inline enum simd_span simd_wide(enum simd_span span)
{
	static const uint8_t wide[] = {
		[SPAN_WHOLE] = SPAN_WHOLE, [SPAN_HALF] = SPAN_WHOLE, [SPAN_B] = SPAN_H,
		[SPAN_H] = SPAN_S,         [SPAN_S] = SPAN_HALF,
	};
	return wide[span];
}

/* Elements that take no part read as zero, so that they cannot saturate. */
static inline union simd_lanes simd_read(const struct cpu *cpu, unsigned number,
					 enum simd_span span)
{
	return simd_masked((union simd_lanes){.vector = cpu->v[number]}, span);
}

/* The half that a long operation takes, as the lower one. */
static inline union simd_lanes simd_read_half(const struct cpu *cpu, unsigned number,
					      enum simd_span span)
{
	union simd_lanes lanes = simd_read(cpu, number, span);
	if (span == SPAN_WHOLE)
		lanes.u64[0] = lanes.u64[1];
	return lanes;
}

static inline void simd_write(struct cpu *cpu, const struct uop *uop, union simd_lanes lanes,
			      enum simd_span span)
{
	cpu->v[uop->d] = simd_masked(lanes, span).vector;
}

/* -- for expressions -- */

#define ONES_IF(condition) (-(U)(condition))
#define LEADING_ZEROS(x)   ((x) ? __builtin_clzll(x) - (64 - BITS) : BITS)
#define SATURATE_S(x)      simd_saturate_signed(x, BITS, &saturated)
#define SATURATE_WS(x)     simd_saturate_signed(x, 2 * BITS, &saturated)
#define SATURATE_U(x)      simd_saturate_unsigned(x, BITS, &saturated)
#define SATURATE_UU(x)     simd_saturate_large(x, BITS, &saturated)

/* The nearest signed number of some bits; and unsigned, of one with a sign and one without. */
static inline int64_t simd_saturate_signed(int128_t value, unsigned bits, bool *saturated)
{
	int64_t most = (int64_t)(UINT64_MAX >> (65 - bits));
	int128_t limited = value > most ? most : value < -(int128_t)most - 1 ? -most - 1 : value;
	*saturated |= limited != value;
	return (int64_t)limited;
}
static inline uint64_t simd_saturate_large(uint128_t value, unsigned bits, bool *saturated)
{
	uint64_t most = UINT64_MAX >> (64 - bits);
	*saturated |= value > most;
	return value > most ? most : (uint64_t)value;
}
static inline uint64_t simd_saturate_unsigned(int128_t value, unsigned bits, bool *saturated)
{
	*saturated |= value < 0;
	return value < 0 ? 0 : simd_saturate_large((uint128_t)value, bits, saturated);
}

/* Shifts to the left, or, by < 0, to the right. Results have all bits that elements may need. */
static inline int128_t simd_shift_signed(int64_t value, int by, bool round)
{
	if (by >= 0)
		return (int128_t)value << (by < 64 ? by : 64);
	unsigned right = by > -100 ? (unsigned)-by : 100;
	return ((int128_t)value + (round ? (int128_t)1 << (right - 1) : 0)) >> right;
}
static inline uint128_t simd_shift_unsigned(uint64_t value, int by, bool round)
{
	if (by >= 0)
		return (uint128_t)value << (by < 64 ? by : 64);
	unsigned right = by > -100 ? (unsigned)-by : 100;
	return ((uint128_t)value + (round ? (uint128_t)1 << (right - 1) : 0)) >> right;
}

/* The high half of 2 * product + (addend << bits), rounded. */
static inline int128_t simd_rounded_high(int64_t addend, int64_t product, unsigned bits)
{
	return (((int128_t)addend << bits) + 2 * (int128_t)product + ((int128_t)1 << (bits - 1))) >>
	       bits;
}

static inline uint8_t simd_reverse_bits(uint8_t x)
{
	x = (uint8_t)(x << 4 | x >> 4);
	x = (uint8_t)((x & 0x33) << 2 | (x >> 2 & 0x33));
	return (uint8_t)((x & 0x55) << 1 | (x >> 1 & 0x55));
}

/* A product of polynomials over {0, 1}. */
static inline uint16_t simd_polynomial_multiply(uint8_t a, uint8_t b)
{
	unsigned product = 0;
	for (unsigned i = 0; i < 8; i++)
		product ^= (b >> i & 1 ? (unsigned)a << i : 0);
	return (uint16_t)product;
}

/* The sum of the products of four bytes, each signed or not. */
static inline uint32_t simd_dot(uint32_t a, uint32_t b, bool a_signed, bool b_signed)
{
	int sum = 0;
	for (unsigned i = 0; i < 32; i += 8) {
		int x = a_signed ? (int8_t)(a >> i) : (uint8_t)(a >> i);
		int y = b_signed ? (int8_t)(b >> i) : (uint8_t)(b >> i);
		sum += x * y;
	}
	return (uint32_t)sum;
}

/* Estimates of 1 / a and of 1 / sqrt(a) (Arm ARM, UnsignedRecipEstimate and its sibling). */
uint32_t simd_reciprocal_estimate(uint32_t a);
uint32_t simd_reciprocal_root_estimate(uint32_t a);

/* -- for files that expand simd_kernel.def: functions and table rows per size of elements -- */

#define SIMD_B(K, ...)    K(8, 16, __VA_ARGS__)
#define SIMD_H(K, ...)    K(16, 32, __VA_ARGS__)
#define SIMD_S(K, ...)    K(32, 64, __VA_ARGS__)
#define SIMD_D(K, ...)    K(64, 128, __VA_ARGS__)
#define SIMD_BH(K, ...)   SIMD_B(K, __VA_ARGS__) SIMD_H(K, __VA_ARGS__)
#define SIMD_HS(K, ...)   SIMD_H(K, __VA_ARGS__) SIMD_S(K, __VA_ARGS__)
#define SIMD_BHS(K, ...)  SIMD_B(K, __VA_ARGS__) SIMD_HS(K, __VA_ARGS__)
#define SIMD_BHSD(K, ...) SIMD_BHS(K, __VA_ARGS__) SIMD_D(K, __VA_ARGS__)
#define SIMD_TABLE_B(id)                                                                           \
	{                                                                                          \
		help_##id##_8, NULL, NULL, NULL                                                    \
	}
#define SIMD_TABLE_S(id)                                                                           \
	{                                                                                          \
		NULL, NULL, help_##id##_32, NULL                                                   \
	}
#define SIMD_TABLE_BH(id)                                                                          \
	{                                                                                          \
		help_##id##_8, help_##id##_16, NULL, NULL                                          \
	}
#define SIMD_TABLE_HS(id)                                                                          \
	{                                                                                          \
		NULL, help_##id##_16, help_##id##_32, NULL                                         \
	}
#define SIMD_TABLE_BHS(id)                                                                         \
	{                                                                                          \
		help_##id##_8, help_##id##_16, help_##id##_32, NULL                                \
	}
#define SIMD_TABLE_BHSD(id)                                                                        \
	{                                                                                          \
		help_##id##_8, help_##id##_16, help_##id##_32, help_##id##_64                      \
	}

/* The tables themselves, one per operation, in the file of its shape. */
#define ROW(id, ...) extern uop_helper *const arm64_simd_##id[4];
#include "cpu/arm64/simd_rows.def"

#endif
