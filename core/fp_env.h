/*
 * The floating-point environment that a CPU carries: what engine/softfloat.h and every ISA's FP
 * instructions share.
 */
#ifndef CORE_FP_ENV_H
#define CORE_FP_ENV_H

#include <stdbool.h>
#include <stdint.h>

/* Rounding modes, numbered as RISC-V frm (Unprivileged ISA, "F" 21.2); ODD is ours. */
enum fp_rounding {
	FP_RNE = 0, /* nearest, ties to even */
	FP_RTZ = 1, /* toward zero */
	FP_RDN = 2, /* toward minus infinity */
	FP_RUP = 3, /* toward plus infinity */
	FP_RMM = 4, /* nearest, ties away from zero */
	FP_ODD = 5, /* truncate, then set the last bit if inexact (AArch64 FCVTXN) */
};

/* Exception flags, laid out as RISC-V fflags. */
enum fp_flag {
	FP_NX = 1,  /* inexact */
	FP_UF = 2,  /* underflow: tiny and inexact */
	FP_OF = 4,  /* overflow */
	FP_DZ = 8,  /* division of a finite number by zero */
	FP_NV = 16, /* invalid operation */
	FP_ID = 32, /* a subnormal operand was flushed (Arm; not of IEEE 754, nor in fflags) */
};

/* Which NaN an operation returns. */
enum fp_nan_rule {
	FP_NAN_CANONICAL = 0, /* always the positive quiet NaN with a zero payload (RISC-V) */
	FP_NAN_FIRST,         /* the first NaN operand, quieted; default NaN is negative (SSE) */
	/*
	 * The first signaling, else the first quiet (Arm, DN = 0); the fused multiply-add looks at
	 * the addend first, and where it negates an operand, it negates a NaN, too.
	 */
	FP_NAN_SIGNALING,
};

/* Denormal flushing, any combination (x86 MXCSR.DAZ and MXCSR.FTZ; Arm FPCR.FZ and FZ16). */
enum fp_flush {
	FP_FLUSH_INPUTS = 1,    /* a subnormal operand is a zero of its sign; no flag */
	FP_FLUSH_RESULTS = 2,   /* a tiny result is a zero of its sign, with UF and NX */
	FP_FLUSH_TELLS = 4,     /* ... such an operand raises ID */
	FP_FLUSH_UNDERFLOW = 8, /* ... such a result raises UF alone */
};

/* What an operation needs from the guest's control register. All zero is RISC-V after reset. */
struct fp_env {
	uint8_t rm;                    /* enum fp_rounding, already resolved (not DYN) */
	uint8_t flags;                 /* sticky enum fp_flag bits */
	uint8_t flush;                 /* enum fp_flush bits */
	uint8_t nan_rule;              /* enum fp_nan_rule */
	bool tininess_before_rounding; /* Arm true; RISC-V and x86 false */
	bool nan_to_zero;              /* a NaN as an integer: 0 (Arm); else the largest (RISC-V) */
};

#endif
