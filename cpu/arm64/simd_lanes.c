/* Helpers of shape LANES: each element of the result from those at the same place. */
#include "cpu/arm64/simd.h"

#include <stddef.h>

uint32_t simd_reciprocal_estimate(uint32_t a)
{
	if (!(a >> 31))
		return UINT32_MAX;
	uint32_t estimate = ((1u << 19) / ((a >> 23) * 2 + 1) + 1) / 2;
	return estimate << 23;
}

uint32_t simd_reciprocal_root_estimate(uint32_t a)
{
	if (!(a >> 30))
		return UINT32_MAX;
	uint32_t top = a >> 23, estimate = 512;
	top = top < 256 ? top * 2 + 1 : (top / 2 * 2 + 1) * 2;
	while ((uint64_t)top * (estimate + 1) * (estimate + 1) < 1u << 28)
		estimate++;
	return (estimate + 1) / 2 << 23;
}

/* Vm, or one element of it everywhere. */
#define SECOND(bits)                                                                               \
	static inline union simd_lanes second_##bits(const struct cpu *cpu, const struct uop *uop) \
	{                                                                                          \
		unsigned element = vector_element(uop);                                            \
		if (element == 0)                                                                  \
			return simd_read(cpu, uop->b, simd_span(uop));                             \
		union simd_lanes m = {.vector = cpu->v[uop->b]}, all;                              \
		for (unsigned i = 0; i < 128 / (bits); i++)                                        \
			all.u##bits[i] = m.u##bits[element - 1];                                   \
		return all;                                                                        \
	}
SECOND(8)
SECOND(16)
SECOND(32)
SECOND(64)

#define HELPER(bits, wide, id, ...)                                                                \
	static bool help_##id##_##bits(struct cpu *cpu, const struct uop *uop)                     \
	{                                                                                          \
		enum { BITS = bits };                                                              \
		typedef uint##bits##_t U;                                                          \
		typedef int##bits##_t S;                                                           \
		typedef uint##wide##_t WU;                                                         \
		typedef int##wide##_t WS;                                                          \
		_Static_assert(sizeof(WU) == 2 * sizeof(S) && sizeof(WS) == 2 * sizeof(U),         \
			       "twice as wide");                                                   \
		enum simd_span span = simd_span(uop);                                              \
		union simd_lanes vn = simd_read(cpu, uop->a, span), vm = second_##bits(cpu, uop);  \
		union simd_lanes vd = simd_read(cpu, uop->d, span);                                \
		unsigned n = vector_amount(uop);                                                   \
		bool saturated = false;                                                            \
		for (unsigned i = 0; i < 128 / BITS; i++) {                                        \
			U a = vn.u##bits[i], b = vm.u##bits[i], c = vd.u##bits[i];                 \
			vd.u##bits[i] = (U)(__VA_ARGS__);                                          \
			(void)a, (void)b, (void)c, (void)n;                                        \
		}                                                                                  \
		simd_write(cpu, uop, vd, span);                                                    \
		if (saturated)                                                                     \
			arm64_saturated(arm64_cpu(cpu));                                           \
		return true;                                                                       \
	}
#define LANES(id, sizes, ...) SIMD_##sizes(HELPER, id, __VA_ARGS__)
#include "cpu/arm64/simd_kernel.def"

#define LANES(id, sizes, ...) uop_helper *const arm64_simd_##id[4] = SIMD_TABLE_##sizes(id);
#include "cpu/arm64/simd_kernel.def"
