/*
 * Helpers that bring elements of different places together: neighbours, sums of all, permutations,
 * tables, matrices.
 */
#include "cpu/arm64/simd.h"

#include <stddef.h>
#include <string.h>

/* Vn, and Vm above it: 16 or 32 bytes. */
union both {
	uint8_t u8[32];
	uint16_t u16[16];
	uint32_t u32[8];
	uint64_t u64[4];
};

static inline union both read_both(const struct cpu *cpu, const struct uop *uop)
{
	const union cpu_vector *n = &cpu->v[uop->a], *m = &cpu->v[uop->b];
	if (simd_span(uop) == SPAN_WHOLE)
		return (union both){
			.u64 = {n->d[0], n->d[1], m->d[0], m->d[1]}
                };
	return (union both){
		.u64 = {n->d[0], m->d[0], 0, 0}
        };
}

#define TYPES(bits, wide)                                                                          \
	enum { BITS = bits };                                                                      \
	typedef uint##bits##_t U;                                                                  \
	typedef int##bits##_t S;                                                                   \
	typedef uint##wide##_t WU;                                                                 \
	_Static_assert(sizeof(WU) == 2 * sizeof(U) && sizeof(S) == sizeof(U), "twice as wide")

#define PAIRS_HELPER(bits, wide, id, ...)                                                          \
	static bool help_##id##_##bits(struct cpu *cpu, const struct uop *uop)                     \
	{                                                                                          \
		TYPES(bits, wide);                                                                 \
		union both from = read_both(cpu, uop);                                             \
		union simd_lanes vd;                                                               \
		for (unsigned i = 0; i < 128 / BITS; i++) {                                        \
			U a = from.u##bits[2 * i], b = from.u##bits[2 * i + 1];                    \
			vd.u##bits[i] = (U)(__VA_ARGS__);                                          \
		}                                                                                  \
		simd_write(cpu, uop, vd, simd_span(uop));                                          \
		return true;                                                                       \
	}
#define PAIRS_LONG_HELPER(bits, wide, id, ...)                                                     \
	static bool help_##id##_##bits(struct cpu *cpu, const struct uop *uop)                     \
	{                                                                                          \
		TYPES(bits, wide);                                                                 \
		union simd_lanes vn = {.vector = cpu->v[uop->a]}, vd = {.vector = cpu->v[uop->d]}; \
		for (unsigned i = 0; i < 64 / BITS; i++) {                                         \
			U a = vn.u##bits[2 * i], b = vn.u##bits[2 * i + 1];                        \
			WU c = vd.u##wide[i];                                                      \
			vd.u##wide[i] = (WU)(__VA_ARGS__);                                         \
			(void)c;                                                                   \
		}                                                                                  \
		simd_write(cpu, uop, vd, simd_span(uop));                                          \
		return true;                                                                       \
	}
#define ACROSS_HELPER(bits, wide, id, ...)                                                         \
	static bool help_##id##_##bits(struct cpu *cpu, const struct uop *uop)                     \
	{                                                                                          \
		TYPES(bits, wide);                                                                 \
		unsigned count = (simd_span(uop) == SPAN_WHOLE ? 128 : 64) / BITS;                 \
		union simd_lanes vn = {.vector = cpu->v[uop->a]}, vd = {0};                        \
		U a = vn.u##bits[0];                                                               \
		for (unsigned i = 1; i < count; i++) {                                             \
			U b = vn.u##bits[i];                                                       \
			a = (U)(__VA_ARGS__);                                                      \
		}                                                                                  \
		vd.u##bits[0] = a;                                                                 \
		cpu->v[uop->d] = vd.vector;                                                        \
		return true;                                                                       \
	}
#define ACROSS_LONG_HELPER(bits, wide, id, ...)                                                    \
	static bool help_##id##_##bits(struct cpu *cpu, const struct uop *uop)                     \
	{                                                                                          \
		TYPES(bits, wide);                                                                 \
		unsigned count = (simd_span(uop) == SPAN_WHOLE ? 128 : 64) / BITS;                 \
		union simd_lanes vn = {.vector = cpu->v[uop->a]}, vd = {0};                        \
		WU a = 0;                                                                          \
		for (unsigned i = 0; i < count; i++) {                                             \
			U b = vn.u##bits[i];                                                       \
			a = (WU)(__VA_ARGS__);                                                     \
		}                                                                                  \
		vd.u##wide[0] = a;                                                                 \
		cpu->v[uop->d] = vd.vector;                                                        \
		return true;                                                                       \
	}
/* With a constant COUNT each. */
#define PERMUTE_HELPER(bits, wide, id, ...)                                                        \
	static bool help_##id##_##bits(struct cpu *cpu, const struct uop *uop)                     \
	{                                                                                          \
		enum { BITS = bits };                                                              \
		union both from = read_both(cpu, uop);                                             \
		union simd_lanes vd = {0};                                                         \
		if (simd_span(uop) == SPAN_WHOLE) {                                                \
			enum { COUNT = 128 / BITS };                                               \
			for (unsigned i = 0; i < COUNT; i++)                                       \
				vd.u##bits[i] = from.u##bits[__VA_ARGS__];                         \
		} else {                                                                           \
			enum { COUNT = 64 / BITS };                                                \
			for (unsigned i = 0; i < COUNT; i++)                                       \
				vd.u##bits[i] = from.u##bits[__VA_ARGS__];                         \
		}                                                                                  \
		cpu->v[uop->d] = vd.vector;                                                        \
		return true;                                                                       \
	}
#define PAIRS(id, sizes, ...)       SIMD_##sizes(PAIRS_HELPER, id, __VA_ARGS__)
#define PAIRS_LONG(id, sizes, ...)  SIMD_##sizes(PAIRS_LONG_HELPER, id, __VA_ARGS__)
#define ACROSS(id, sizes, ...)      SIMD_##sizes(ACROSS_HELPER, id, __VA_ARGS__)
#define ACROSS_LONG(id, sizes, ...) SIMD_##sizes(ACROSS_LONG_HELPER, id, __VA_ARGS__)
#define PERMUTE(id, sizes, ...)     SIMD_##sizes(PERMUTE_HELPER, id, __VA_ARGS__)
#include "cpu/arm64/simd_kernel.def"

/* EXT: bytes of Vm above Vn from the amount on. */
static bool help_EXT(struct cpu *cpu, const struct uop *uop)
{
	union both from = read_both(cpu, uop);
	union simd_lanes vd = {0};
	memcpy(vd.u8, from.u8 + (vector_amount(uop) & 15), simd_span(uop) == SPAN_WHOLE ? 16 : 8);
	cpu->v[uop->d] = vd.vector;
	return true;
}

/* Bytes of up to four registers from Vn on (the amount, and one), picked by those of Vm. */
static bool look_up(struct cpu *cpu, const struct uop *uop, bool extend)
{
	unsigned count = vector_amount(uop) + 1;
	uint8_t table[64];
	for (unsigned i = 0; i < count; i++)
		memcpy(table + 16 * i, cpu->v[(uop->a + i) & 31].b, 16);
	union simd_lanes vm = {.vector = cpu->v[uop->b]}, vd = {0};
	if (extend)
		vd.vector = cpu->v[uop->d];
	for (unsigned i = 0; i < 16; i++)
		if (vm.u8[i] < 16 * count)
			vd.u8[i] = table[vm.u8[i]];
	simd_write(cpu, uop, vd, simd_span(uop));
	return true;
}

static bool help_TBL(struct cpu *cpu, const struct uop *uop)
{
	return look_up(cpu, uop, false);
}

static bool help_TBX(struct cpu *cpu, const struct uop *uop)
{
	return look_up(cpu, uop, true);
}

/* 2 by 8 bytes times 8 by 2, added to 2 by 2 words. */
static void multiply_matrices(struct cpu *cpu, const struct uop *uop, bool a_signed, bool b_signed)
{
	union cpu_vector n = cpu->v[uop->a], m = cpu->v[uop->b], *d = &cpu->v[uop->d];
	for (unsigned row = 0; row < 2; row++)
		for (unsigned column = 0; column < 2; column++)
			for (unsigned i = 0; i < 2; i++)
				d->s[2 * row + column] += simd_dot(
					n.s[2 * row + i], m.s[2 * column + i], a_signed, b_signed);
}

static bool help_SMMLA(struct cpu *cpu, const struct uop *uop)
{
	multiply_matrices(cpu, uop, true, true);
	return true;
}

static bool help_UMMLA(struct cpu *cpu, const struct uop *uop)
{
	multiply_matrices(cpu, uop, false, false);
	return true;
}

static bool help_USMMLA(struct cpu *cpu, const struct uop *uop)
{
	multiply_matrices(cpu, uop, false, true);
	return true;
}

/* The product of two polynomials of degree 63. */
static bool help_PMULL_D(struct cpu *cpu, const struct uop *uop)
{
	unsigned half = simd_span(uop) == SPAN_WHOLE;
	uint64_t a = cpu->v[uop->a].d[half], b = cpu->v[uop->b].d[half];
	union simd_lanes vd = {0};
	for (unsigned i = 0; i < 64; i++)
		vd.u128[0] ^= ((uint128_t)a << i) & -(uint128_t)(b >> i & 1);
	cpu->v[uop->d] = vd.vector;
	return true;
}

#define SIMD_HELPERS(id, sizes, ...) uop_helper *const arm64_simd_##id[4] = SIMD_TABLE_##sizes(id);
#define PAIRS                        SIMD_HELPERS
#define PAIRS_LONG                   SIMD_HELPERS
#define ACROSS                       SIMD_HELPERS
#define ACROSS_LONG                  SIMD_HELPERS
#define PERMUTE                      SIMD_HELPERS
#define OTHER(id)                                                                                  \
	uop_helper *const arm64_simd_##id[4] = {help_##id, help_##id, help_##id, help_##id};
#include "cpu/arm64/simd_kernel.def"
