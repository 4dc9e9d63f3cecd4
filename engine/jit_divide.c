/*
 * Division. A zero divisor, and -1, whose quotient may not fit, have results of their own: those
 * go to the micro-op's function.
 */
#include "engine/jit_lower.h"

/* insn: div or idiv. flags: LOWER_WORD, LOWER_ZEXT; LOWER_REMAINDER: the result is the remainder.
 */
void jit_lower_divide(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	struct x86_code *code = l->code;
	bool word = flags & (LOWER_WORD | LOWER_ZEXT), is_signed = insn == X86_IDIV;
	struct jit_stub *slow = jit_add_stub(l, STUB_CALL_DATA);
	jit_load(l, l->uop->b, X86_RCX, !word);
	if (is_signed) {
		x86_op(code, X86_LEA, !word, X86_RDX, x86_mem(X86_RCX, 1));
		x86_arith_imm(code, X86_CMP_I32, !word, x86_reg(X86_RDX), 1);
		jit_branch_to_stub(l, slow, X86_BE);
	} else {
		x86_op(code, X86_TEST, !word, X86_RCX, x86_reg(X86_RCX));
		jit_branch_to_stub(l, slow, X86_E);
	}
	jit_load(l, l->uop->a, X86_RAX, !word);
	if (is_signed) {
		x86_op(code, X86_MOV, !word, X86_RDX, x86_reg(X86_RAX));
		x86_op_imm(code, X86_SAR_I8, !word, 0, x86_reg(X86_RDX), word ? 31 : 63);
	} else {
		x86_constant(code, X86_RDX, 0);
	}
	x86_op(code, insn, !word, 0, x86_reg(X86_RCX));
	jit_write(l, flags & LOWER_REMAINDER ? X86_RDX : X86_RAX, flags & LOWER_WORD);
	jit_end_stub(l, slow);
}

/* The upper half of a * b with only a signed: a negative a counts 2^64 too much. */
void jit_lower_multiply_high_mixed(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	struct x86_code *code = l->code;
	jit_load(l, l->uop->a, X86_RAX, true);
	x86_op(code, X86_MOV, true, X86_RCX, x86_reg(X86_RAX));
	x86_op_imm(code, X86_SAR_I8, true, 0, x86_reg(X86_RCX), 63);
	x86_op(code, X86_AND, true, X86_RCX, jit_place(l, l->uop->b));
	x86_op(code, X86_MUL_WIDE, true, 0, jit_place(l, l->uop->b));
	x86_op(code, X86_SUB, true, X86_RDX, x86_reg(X86_RCX));
	jit_write(l, X86_RDX, false);
}
