/*
 * Floating-point operations that only A64 has, on bit patterns of n = 16, 32 or 64 bits. Names of
 * the manual's functions: Arm ARM, J1 (shared pseudocode). Exceptions go to env->flags.
 */
#ifndef CPU_ARM64_FP_SPECIAL_H
#define CPU_ARM64_FP_SPECIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/fp_env.h"

/* FPMulX: a * b, but 2 with the product's sign for infinity times zero. */
uint64_t arm64_fp_multiply_extended(unsigned n, struct fp_env *env, uint64_t a, uint64_t b);

/* FPMaxNum, FPMinNum: a quiet NaN loses against a number. */
uint64_t arm64_fp_extreme_number(unsigned n, struct fp_env *env, uint64_t a, uint64_t b,
				 bool maximum);

/* FPRecipStepFused: 2 - a * b. FPRSqrtStepFused: (3 - a * b) / 2. */
uint64_t arm64_fp_reciprocal_step(unsigned n, struct fp_env *env, uint64_t a, uint64_t b);
uint64_t arm64_fp_root_step(unsigned n, struct fp_env *env, uint64_t a, uint64_t b);

/* FPRecipEstimate, FPRSqrtEstimate: eight bits of the result. FPRecpX: the exponent inverted. */
uint64_t arm64_fp_reciprocal_estimate(unsigned n, struct fp_env *env, uint64_t a);
uint64_t arm64_fp_root_estimate(unsigned n, struct fp_env *env, uint64_t a);
uint64_t arm64_fp_reciprocal_exponent(unsigned n, struct fp_env *env, uint64_t a);

/*
 * FPRoundIntN: an integral value that an integer of so many bits (32, 64) can hold; the least such
 * number, with NV, for what is outside. n is 32 or 64.
 */
uint64_t arm64_fp_round_within(unsigned n, struct fp_env *env, uint64_t a, uint8_t rm,
			       unsigned bits);

/*
 * FPConvert from and to half precision: never flushed as such. alternative: FPCR.AHP, the format
 * without infinities and NaNs.
 */
uint64_t arm64_fp_from_half(unsigned n, struct fp_env *env, uint16_t a, bool alternative);
uint16_t arm64_fp_to_half(unsigned n, struct fp_env *env, uint64_t a, bool alternative);

/* A half as the single that has its value; a NaN stays what it is, its payload left-aligned. */
uint32_t arm64_fp_half_as_single(const struct fp_env *env, uint16_t a);

/* BFDotAdd: sum + a0 * b0 + a1 * b1 for pairs of bfloat16, rounded to odd; no flags. */
uint32_t arm64_bf16_dot(uint32_t sum, uint32_t a, uint32_t b);

/* FPToFixedJS: the low 32 bits of the integral part; *exact: it is the number itself, and not -0.
 */
uint32_t arm64_fp_to_javascript(struct fp_env *env, uint64_t a, bool *exact);

#endif
