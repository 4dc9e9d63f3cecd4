/* Helpers whose operands and results differ in width: LONG, WIDE, NARROW. */
#include "cpu/arm64/simd.h"

#include <stddef.h>

#define TYPES(bits, wide)                                                                          \
	enum { BITS = bits };                                                                      \
	typedef uint##bits##_t U;                                                                  \
	typedef int##bits##_t S;                                                                   \
	typedef uint##wide##_t WU;                                                                 \
	typedef int##wide##_t WS;                                                                  \
	_Static_assert(sizeof(WU) == 2 * sizeof(S) && sizeof(WS) == 2 * sizeof(U), "twice as "     \
										   "wide")

/* The half of Vm, or one element of Vm everywhere. */
#define SECOND_HALF(bits)                                                                          \
	static inline union simd_lanes second_half_##bits(const struct cpu *cpu,                   \
							  const struct uop *uop)                   \
	{                                                                                          \
		unsigned element = vector_element(uop);                                            \
		if (element == 0)                                                                  \
			return simd_read_half(cpu, uop->b, simd_span(uop));                        \
		union simd_lanes m = {.vector = cpu->v[uop->b]}, all = {0};                        \
		for (unsigned i = 0; i < 64 / (bits); i++)                                         \
			all.u##bits[i] = m.u##bits[element - 1];                                   \
		return all;                                                                        \
	}
SECOND_HALF(8)
SECOND_HALF(16)
SECOND_HALF(32)

#define LONG_HELPER(bits, wide, id, ...)                                                           \
	static bool help_##id##_##bits(struct cpu *cpu, const struct uop *uop)                     \
	{                                                                                          \
		TYPES(bits, wide);                                                                 \
		enum simd_span span = simd_span(uop);                                              \
		union simd_lanes vn = simd_read_half(cpu, uop->a, span);                           \
		union simd_lanes vm = second_half_##bits(cpu, uop);                                \
		union simd_lanes vd = simd_read(cpu, uop->d, simd_wide(span));                     \
		unsigned n = vector_amount(uop);                                                   \
		bool saturated = false;                                                            \
		for (unsigned i = 0; i < 64 / BITS; i++) {                                         \
			U a = vn.u##bits[i], b = vm.u##bits[i];                                    \
			WU c = vd.u##wide[i];                                                      \
			vd.u##wide[i] = (WU)(__VA_ARGS__);                                         \
			(void)a, (void)b, (void)c, (void)n;                                        \
		}                                                                                  \
		simd_write(cpu, uop, vd, simd_wide(span));                                         \
		if (saturated)                                                                     \
			arm64_saturated(arm64_cpu(cpu));                                           \
		return true;                                                                       \
	}
#define WIDE_HELPER(bits, wide, id, ...)                                                           \
	static bool help_##id##_##bits(struct cpu *cpu, const struct uop *uop)                     \
	{                                                                                          \
		TYPES(bits, wide);                                                                 \
		union simd_lanes vn = {.vector = cpu->v[uop->a]}, vd;                              \
		union simd_lanes vm = simd_read_half(cpu, uop->b, simd_span(uop));                 \
		for (unsigned i = 0; i < 64 / BITS; i++) {                                         \
			WU a = vn.u##wide[i];                                                      \
			U b = vm.u##bits[i];                                                       \
			vd.u##wide[i] = (WU)(__VA_ARGS__);                                         \
		}                                                                                  \
		cpu->v[uop->d] = vd.vector;                                                        \
		return true;                                                                       \
	}
#define NARROW_HELPER(bits, wide, id, ...)                                                         \
	static bool help_##id##_##bits(struct cpu *cpu, const struct uop *uop)                     \
	{                                                                                          \
		TYPES(bits, wide);                                                                 \
		enum simd_span span = simd_span(uop);                                              \
		union simd_lanes vn = simd_read(cpu, uop->a, simd_wide(span));                     \
		union simd_lanes vm = simd_read(cpu, uop->b, simd_wide(span));                     \
		union simd_lanes vd = {0};                                                         \
		unsigned n = vector_amount(uop);                                                   \
		bool saturated = false;                                                            \
		for (unsigned i = 0; i < 64 / BITS; i++) {                                         \
			WU a = vn.u##wide[i], b = vm.u##wide[i];                                   \
			vd.u##bits[i] = (U)(__VA_ARGS__);                                          \
			(void)a, (void)b, (void)n;                                                 \
		}                                                                                  \
		write_narrow(cpu, uop, vd, span);                                                  \
		if (saturated)                                                                     \
			arm64_saturated(arm64_cpu(cpu));                                           \
		return true;                                                                       \
	}

/* To the lower half and zero above it; or to the upper half alone. */
static void write_narrow(struct cpu *cpu, const struct uop *uop, union simd_lanes lanes,
			 enum simd_span span)
{
	if (span == SPAN_WHOLE)
		cpu->v[uop->d].d[1] = lanes.u64[0];
	else
		simd_write(cpu, uop, lanes, span);
}

#define LONG(id, sizes, ...)   SIMD_##sizes(LONG_HELPER, id, __VA_ARGS__)
#define WIDE(id, sizes, ...)   SIMD_##sizes(WIDE_HELPER, id, __VA_ARGS__)
#define NARROW(id, sizes, ...) SIMD_##sizes(NARROW_HELPER, id, __VA_ARGS__)
#include "cpu/arm64/simd_kernel.def"

#define SIMD_HELPERS(id, sizes, ...) uop_helper *const arm64_simd_##id[4] = SIMD_TABLE_##sizes(id);
#define LONG                         SIMD_HELPERS
#define WIDE                         SIMD_HELPERS
#define NARROW                       SIMD_HELPERS
#include "cpu/arm64/simd_kernel.def"
