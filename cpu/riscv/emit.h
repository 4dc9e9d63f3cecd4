/*
 * Emitters: how a row of insn.def becomes micro-ops. Internal to the RISC-V translator; a few
 * generic functions do for all rows.
 */
#ifndef CPU_RISCV_EMIT_H
#define CPU_RISCV_EMIT_H

#include "core/cpu.h"
#include "cpu/riscv/insn.h"
#include "engine/atomic.h"
#include "engine/builder.h"
#include "engine/uop.h"

/* -- arguments of rows -- */

enum riscv_csr_operation { CSR_WRITE, CSR_SET, CSR_CLEAR };

enum riscv_privileged { PRIVILEGED_MRET, PRIVILEGED_SRET, PRIVILEGED_WFI };

enum riscv_cbo { CBO_INVAL, CBO_CLEAN, CBO_FLUSH, CBO_ZERO };

/* FP operations that call a helper; numbered above the micro-ops, so that one argument does. */
#define FP_CALL_BASE 256
enum riscv_fp_call {
	FP_CALL_BEFORE = FP_CALL_BASE - 1,
#define FP_CALL(id, kind, ...) FP_##id,
#include "cpu/riscv/fp_call.def"
#undef FP_CALL
};
_Static_assert(UOP_COUNT <= FP_CALL_BASE, "FP calls are told from micro-ops by their number");

/* -- emitters -- */

/* translate_integer.c */
riscv_emit riscv_emit_op;       /* integer operation; argument: enum uop_op */
riscv_emit riscv_emit_constant; /* rd = imm */
riscv_emit riscv_emit_auipc;
riscv_emit riscv_emit_load;  /* argument: enum uop_op */
riscv_emit riscv_emit_store; /* argument: enum uop_op */
riscv_emit riscv_emit_hint;  /* nothing */

/* translate_jump.c */
riscv_emit riscv_emit_branch; /* argument: enum uop_op */
riscv_emit riscv_emit_jal;
riscv_emit riscv_emit_jalr;

/* translate_atomic.c */
riscv_emit riscv_emit_amo; /* argument: enum atomic_op */
riscv_emit riscv_emit_amocas_pair;

/* translate_float.c; argument: enum uop_op or enum riscv_fp_call */
riscv_emit riscv_emit_fp_load, riscv_emit_fp_store;
riscv_emit riscv_emit_fp;           /* no rounding; may set flags or write an FP register */
riscv_emit riscv_emit_fp_rounded;   /* rounded by fp.rm, which a static mode replaces meanwhile */
riscv_emit riscv_emit_fp_unrounded; /* exact, or takes its rounding mode from imm */
riscv_emit riscv_emit_fp_quiet;     /* neither sets flags nor writes an FP register */

/* translate_system.c */
riscv_emit riscv_emit_csr; /* argument: enum riscv_csr_operation */
riscv_emit riscv_emit_ecall, riscv_emit_ebreak, riscv_emit_fence_i;
riscv_emit riscv_emit_pause;      /* PAUSE and the waits of Zawrs */
riscv_emit riscv_emit_privileged; /* argument: enum riscv_privileged */
riscv_emit riscv_emit_sfence_vma, riscv_emit_sfence_order;

/* translate_cbo.c */
riscv_emit riscv_emit_cbo; /* argument: enum riscv_cbo */

/* -- expansions of compressed rows (compressed.c) -- */

riscv_expand expand_fixed;
riscv_expand expand_addi4spn, expand_addi16sp, expand_li, expand_lui, expand_immediate,
	expand_immediate_short, expand_shift, expand_shift_short;
riscv_expand expand_load8, expand_load16, expand_load32, expand_load64, expand_load32_sp,
	expand_load64_sp;
riscv_expand expand_store8, expand_store16, expand_store32, expand_store64, expand_store32_sp,
	expand_store64_sp;
riscv_expand expand_move, expand_two, expand_two_short, expand_one_short;
riscv_expand expand_jump, expand_jump_register, expand_branch;

/* -- what emitters share -- */

/* Where a result for rd goes: x0 is not written. */
static inline unsigned riscv_emit_destination(const struct riscv_operands *o)
{
	return o->rd ? o->rd : REG_SINK;
}

static inline unsigned riscv_emit_level(const struct builder *builder)
{
	return builder->cpu->mode & RV_MODE_LEVEL;
}

/* The instruction is illegal here; why is static text. */
static inline void riscv_emit_illegal(struct builder *builder, const char *why)
{
	build_trap(builder, RV_CAUSE_ILLEGAL, builder->insn, why);
}

#endif
