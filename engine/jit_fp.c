/*
 * Scalar floating point on the host's SSE unit, under the same conditions as engine/fp_host.h: the
 * guest rounds to nearest and flushes nothing, inexact has already been raised, and the result is
 * neither tiny, infinite nor a NaN. Anything else calls the micro-op's function.
 */
#include "engine/jit_lower.h"

_Static_assert(offsetof(struct fp_env, rm) == 0 && offsetof(struct fp_env, flags) == 1 &&
		       offsetof(struct fp_env, flush) == 2,
	       "the test below reads all three at once");

/* rm = nearest, flags has NX, flush = 0 */
#define TRUSTED_MASK  (0xff | FP_NX << 8 | 0xff << 16)
#define TRUSTED_STATE (FP_NX << 8)

static void require_trusted_state(struct jit_lowering *l, struct jit_stub *slow)
{
	x86_op(l->code, X86_MOV, false, X86_RAX, x86_mem(JIT_BASE, JIT_CPU(fp)));
	x86_arith_imm(l->code, X86_AND_I32, false, x86_reg(X86_RAX), TRUSTED_MASK);
	x86_arith_imm(l->code, X86_CMP_I32, false, x86_reg(X86_RAX), TRUSTED_STATE);
	jit_branch_to_stub(l, slow, X86_NE);
}

static void require_boxed(struct jit_lowering *l, struct jit_stub *slow, unsigned vector)
{
	x86_arith_imm(l->code, X86_CMP_I32, false, jit_vector_high(vector), -1);
	jit_branch_to_stub(l, slow, X86_NE);
}

/* The number in rax has an exponent from 2 to the largest finite one (fph_trusted). */
static void require_trusted_result(struct jit_lowering *l, struct jit_stub *slow, bool single)
{
	unsigned shift = single ? 23 : 52;
	int32_t exponents = single ? 0xff : 0x7ff;
	x86_op(l->code, X86_MOV, true, X86_RCX, x86_reg(X86_RAX));
	x86_op_imm(l->code, X86_SHR_I8, true, 0, x86_reg(X86_RCX), (int32_t)shift);
	x86_arith_imm(l->code, X86_AND_I32, false, x86_reg(X86_RCX), exponents);
	x86_arith_imm(l->code, X86_SUB_I32, false, x86_reg(X86_RCX), 2);
	x86_arith_imm(l->code, X86_CMP_I32, false, x86_reg(X86_RCX), exponents - 2);
	jit_branch_to_stub(l, slow, X86_AE);
}

static void write_vector(struct jit_lowering *l, unsigned host, bool single)
{
	x86_op(l->code, X86_MOV_TO, !single, host, jit_vector(l->uop->d));
	if (single)
		x86_op_imm(l->code, X86_MOV_I32, false, 0, jit_vector_high(l->uop->d), -1);
}

/* insn: the scalar SSE operation. */
void jit_lower_fp_arithmetic(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	bool single = flags & LOWER_SINGLE;
	struct jit_stub *slow = jit_add_stub(l, STUB_CALL_DATA);
	require_trusted_state(l, slow);
	if (single) {
		require_boxed(l, slow, l->uop->a);
		require_boxed(l, slow, l->uop->b);
	}
	x86_op(l->code, single ? X86_MOVSS : X86_MOVSD, false, 0, jit_vector(l->uop->a));
	x86_op(l->code, insn, false, 0, jit_vector(l->uop->b));
	x86_op(l->code, X86_MOVQ_TO, !single, 0, x86_reg(X86_RAX));
	require_trusted_result(l, slow, single);
	write_vector(l, X86_RAX, single);
	slow->back = x86_here(l->code);
}

/* fmv.d is fsgnj.d of a register with itself; the rest is rare. */
void jit_lower_fp_sign(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	if (l->uop->a != l->uop->b) {
		jit_lower_call(l, insn, flags);
		return;
	}
	x86_op(l->code, X86_MOV, true, X86_RAX, jit_vector(l->uop->a));
	write_vector(l, X86_RAX, false);
}

/* Bits of an FP register: insn loads them, sign-extending if there are 32. */
void jit_lower_fp_to_integer(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)flags;
	unsigned result = jit_result(l);
	x86_op(l->code, insn, true, result, jit_vector(l->uop->a));
	jit_write(l, result, false);
}

void jit_lower_fp_from_integer(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn;
	write_vector(l, jit_read(l, l->uop->a, X86_RAX), flags & LOWER_SINGLE);
}

void jit_lower_set_rounding(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	x86_op_imm(l->code, X86_MOV8_I8, false, 0, x86_mem(JIT_BASE, JIT_CPU(fp.rm)), l->uop->imm);
}

void jit_lower_restore_rounding(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	x86_op(l->code, X86_MOVZX8, false, X86_RAX, x86_mem(JIT_BASE, JIT_CPU(rounding)));
	x86_op(l->code, X86_MOV8_TO, false, X86_RAX, x86_mem(JIT_BASE, JIT_CPU(fp.rm)));
}
