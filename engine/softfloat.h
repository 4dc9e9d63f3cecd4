/*
 * Software floating point: IEEE 754-2019 binary16, binary32 and binary64, exact in every rounding
 * mode, with the exception flags. Independent of the host's floating point unit and of the guest's
 * instruction set: what differs between instruction sets is in struct fp_env.
 *
 * Values are bit patterns: uint16_t, uint32_t, uint64_t. Function names are fpN_verb, N = 16, 32,
 * 64. Every function that takes an env ORs the exceptions it meets into env->flags and never clears
 * one; none of them traps, allocates or keeps state. engine/fp_host.h has the same operations,
 * faster where the host can be trusted to give the same answer.
 */
#ifndef ENGINE_SOFTFLOAT_H
#define ENGINE_SOFTFLOAT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/fp_env.h"

/*
 * Sign changes that the fused multiply-add applies: to numbers and, under FP_NAN_SIGNALING, to the
 * NaN that is propagated, if it is c (ADDEND) or a (PRODUCT).
 */
enum fp_negate {
	FP_NEGATE_PRODUCT = 1,
	FP_NEGATE_ADDEND = 2,
};

enum fp_order {
	FP_LESS = -1,
	FP_EQUAL = 0,
	FP_GREATER = 1,
	FP_UNORDERED = 2,
};

/* Bits of fpN_classify, as RISC-V FCLASS. */
enum fp_class {
	FP_CLASS_NEGATIVE_INFINITY = 1 << 0,
	FP_CLASS_NEGATIVE_NORMAL = 1 << 1,
	FP_CLASS_NEGATIVE_SUBNORMAL = 1 << 2,
	FP_CLASS_NEGATIVE_ZERO = 1 << 3,
	FP_CLASS_POSITIVE_ZERO = 1 << 4,
	FP_CLASS_POSITIVE_SUBNORMAL = 1 << 5,
	FP_CLASS_POSITIVE_NORMAL = 1 << 6,
	FP_CLASS_POSITIVE_INFINITY = 1 << 7,
	FP_CLASS_SIGNALING_NAN = 1 << 8,
	FP_CLASS_QUIET_NAN = 1 << 9,
};

/* The canonical NaN: positive, quiet, payload zero. */
#define FP16_NAN UINT16_C(0x7e00)
#define FP32_NAN UINT32_C(0x7fc00000)
#define FP64_NAN UINT64_C(0x7ff8000000000000)

/*
 * Declared for each format:
 *
 * add, sub, mul, div, sqrt    rounded by env->rm.
 * fma(a, b, c, negate)        a * b + c with one rounding; negate is an OR of enum fp_negate:
 *                             fmadd 0, fmsub ADDEND, fnmsub PRODUCT, fnmadd both. Infinity times
 *                             zero raises NV even if c is a quiet NaN, except under FP_NAN_FIRST.
 * min, max                    minimumNumber, maximumNumber: a number beats a NaN, -0 < +0, NV for a
 *                             signaling NaN; two NaNs give a NaN (FMIN, FMAX, F version 2.2).
 * minimum, maximum            the same, but any NaN gives a NaN (Zfa FMINM, FMAXM).
 * compare(a, b, quiet)        the order of a and b. Unordered raises NV if !quiet or if either is
 *                             a signaling NaN.
 * eq                          a == b, quiet (FEQ).
 * lt, le                      a < b, a <= b, signaling (FLT, FLE).
 * lt_quiet, le_quiet          the same, quiet (Zfa FLTQ, FLEQ).
 * classify                    exactly one bit of enum fp_class. Ignores env->flush, raises nothing.
 * round(a, rm, inexact)       the integral value in the same format, the sign of zero kept; NX only
 *                             if inexact is true and the value changed (Zfa FROUND false,
 *                             FROUNDNX true).
 * to_i32 ... to_u64(a, rm)    rounded by rm, not env->rm: most such instructions carry their own
 *                             mode. Out of range: NV alone, and the nearest representable integer;
 *                             NaN: NV and the largest, or 0 with env->nan_to_zero. In range: NX if
 * inexact. So RISC-V defines it (21.7); FCVT.WU's caller sign-extends the 32 bits itself. from_i32
 * ... from_u64       rounded by env->rm. to_fixed(a, rm, fraction, most, least) a * 2^fraction as
 * an integer from -least to most, otherwise as to_i32
 *                             ...; fraction is 0 to 64.
 * from_fixed(magnitude, sign, fraction)
 *                             magnitude / 2^fraction with that sign, rounded by env->rm.
 */
#define FP_DECLARE(name, type)                                                                     \
	type name##_add(struct fp_env *env, type a, type b);                                       \
	type name##_sub(struct fp_env *env, type a, type b);                                       \
	type name##_mul(struct fp_env *env, type a, type b);                                       \
	type name##_div(struct fp_env *env, type a, type b);                                       \
	type name##_sqrt(struct fp_env *env, type a);                                              \
	type name##_fma(struct fp_env *env, type a, type b, type c, unsigned negate);              \
	type name##_min(struct fp_env *env, type a, type b);                                       \
	type name##_max(struct fp_env *env, type a, type b);                                       \
	type name##_minimum(struct fp_env *env, type a, type b);                                   \
	type name##_maximum(struct fp_env *env, type a, type b);                                   \
	enum fp_order name##_compare(struct fp_env *env, type a, type b, bool quiet);              \
	bool name##_eq(struct fp_env *env, type a, type b);                                        \
	bool name##_lt(struct fp_env *env, type a, type b);                                        \
	bool name##_le(struct fp_env *env, type a, type b);                                        \
	bool name##_lt_quiet(struct fp_env *env, type a, type b);                                  \
	bool name##_le_quiet(struct fp_env *env, type a, type b);                                  \
	uint16_t name##_classify(type a);                                                          \
	type name##_round(struct fp_env *env, type a, uint8_t rm, bool inexact);                   \
	int32_t name##_to_i32(struct fp_env *env, type a, uint8_t rm);                             \
	uint32_t name##_to_u32(struct fp_env *env, type a, uint8_t rm);                            \
	int64_t name##_to_i64(struct fp_env *env, type a, uint8_t rm);                             \
	uint64_t name##_to_u64(struct fp_env *env, type a, uint8_t rm);                            \
	type name##_from_i32(struct fp_env *env, int32_t value);                                   \
	type name##_from_u32(struct fp_env *env, uint32_t value);                                  \
	type name##_from_i64(struct fp_env *env, int64_t value);                                   \
	type name##_from_u64(struct fp_env *env, uint64_t value);                                  \
	uint64_t name##_to_fixed(struct fp_env *env, type a, uint8_t rm, unsigned fraction,        \
				 uint64_t most, uint64_t least);                                   \
	type name##_from_fixed(struct fp_env *env, uint64_t magnitude, bool sign, unsigned fraction)

FP_DECLARE(fp16, uint16_t);
FP_DECLARE(fp32, uint32_t);
FP_DECLARE(fp64, uint64_t);

/*
 * Conversions between formats. Widening is exact; narrowing rounds by env->rm. A NaN follows
 * env->nan_rule (otherwise its payload keeps its top bits); a signaling NaN raises NV.
 */
uint32_t fp16_to_fp32(struct fp_env *env, uint16_t a);
uint64_t fp16_to_fp64(struct fp_env *env, uint16_t a);
uint16_t fp32_to_fp16(struct fp_env *env, uint32_t a);
uint64_t fp32_to_fp64(struct fp_env *env, uint32_t a);
uint16_t fp64_to_fp16(struct fp_env *env, uint64_t a);
uint32_t fp64_to_fp32(struct fp_env *env, uint64_t a);

/* To bfloat16: the upper half of a binary32. Rounds by env->rm. */
uint16_t fp32_to_bf16(struct fp_env *env, uint32_t a);

/*
 * Zfa FCVTMOD.W.D: the integral part of a modulo 2^32 as a signed number; infinity and NaN give 0.
 * Flags as fp64_to_i32(env, a, FP_RTZ).
 */
int32_t fp64_to_i32_modular(struct fp_env *env, uint64_t a);

/* Zfa FLI: the constant number `index` (0..31; higher bits are ignored) in each format. */
uint16_t fp16_constant(unsigned index);
uint32_t fp32_constant(unsigned index);
uint64_t fp64_constant(unsigned index);

/*
 * RISC-V NaN boxing of narrow values in 64-bit registers (Unprivileged ISA, "D" 22.2): a value
 * whose upper bits are not all ones reads as the canonical NaN.
 */
static inline uint64_t fp_box16(uint16_t value)
{
	return UINT64_C(0xffffffffffff0000) | value;
}

static inline uint64_t fp_box32(uint32_t value)
{
	return UINT64_C(0xffffffff00000000) | value;
}

static inline uint16_t fp_unbox16(uint64_t reg)
{
	return reg >= UINT64_C(0xffffffffffff0000) ? (uint16_t)reg : FP16_NAN;
}

static inline uint32_t fp_unbox32(uint64_t reg)
{
	return reg >= UINT64_C(0xffffffff00000000) ? (uint32_t)reg : FP32_NAN;
}

#endif
