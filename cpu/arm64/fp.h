/* Floating point and SIMD of a processing element: who may use them, FPCR and FPSR. */
#ifndef CPU_ARM64_FP_H
#define CPU_ARM64_FP_H

#include "cpu/arm64/arm64.h"
#include "cpu/arm64/fp_lane.h"

/* Bits of FPCR (Arm ARM, C5.2.8); the others are RES0 without their features, or never set. */
#define FPCR_FZ16     (1u << 19)
#define FPCR_RMODE    (3u << 22)
#define FPCR_RMODE_AT 22
#define FPCR_FZ       (1u << 24)
#define FPCR_DN       (1u << 25)
#define FPCR_AHP      (1u << 26)
/* FPSR.QC, the one bit of FPSR that no floating-point flag of core/fp_env.h stands for. */
#define FPSR_QC (1u << 27)

/* An instruction of FP or SIMD: that is how their encodings are told from all others. */
static inline bool arm64_uses_fp(uint32_t word)
{
	return (word >> 26 & 3) == 3;
}

/*
 * Whether the current level may use FP and SIMD registers, FPCR and FPSR (arm64-el2-traps facts, 7:
 * CPACR_EL1, then CPTR_EL2, then CPTR_EL3). If not, fills cpu->trap and returns false.
 */
bool arm64_fp_may_use(struct arm64_cpu *pe);

/* The same without a trap: what A64_MODE_FP_TRAP of the mode word is made of. */
bool arm64_fp_trapped(const struct arm64_cpu *pe);

/* FPCR has a new value: reserved bits are dropped, cpu->fp follows. */
void arm64_set_fpcr(struct arm64_cpu *pe, uint32_t value);

/* FPSR, whose flags are kept in cpu->fp. */
uint32_t arm64_fpsr(const struct arm64_cpu *pe);
void arm64_set_fpsr(struct arm64_cpu *pe, uint32_t value);

/* An operation on vectors in the environment that FPCR gives for its elements' size. */
void arm64_fp_apply(struct arm64_cpu *pe, union arm64_fp_shape shape, union cpu_vector *d,
		    const union cpu_vector *a, const union cpu_vector *b);

/* The environment of half precision, to be given back: its flags go to cpu->fp. */
struct fp_env arm64_fp_half_env(const struct arm64_cpu *pe);
static inline void arm64_fp_half_done(struct arm64_cpu *pe, const struct fp_env *env)
{
	pe->cpu.fp.flags |= env->flags;
}

/* A saturating instruction has saturated. */
static inline void arm64_saturated(struct arm64_cpu *pe)
{
	pe->fpsr |= FPSR_QC;
}

#endif
