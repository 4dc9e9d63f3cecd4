/*
 * Conversions between integers and floating point, and between the formats, under the conditions
 * of engine/jit_fp.c: in an environment that is trusted, NX is set already, so that only results
 * out of range are left to the micro-op's function.
 */
#include "engine/jit_fp.h"

/* xmm = the operand, rounded by the host's operation for a mode other than those of cvt..2si. */
static struct x86_rm round_operand(struct jit_lowering *l, struct x86_rm operand, uint8_t rm,
				   bool single)
{
	enum { DOWN = 1, UP = 2 }; /* of roundsd */
	x86_op_imm(l->code, single ? X86_ROUNDSS : X86_ROUNDSD, false, XMM_SCRATCH, operand,
		   rm == FP_RDN ? DOWN : UP);
	return x86_reg(XMM_SCRATCH);
}

/* The converted number in rax is what the guest's type holds. */
static void require_in_range(struct jit_lowering *l, struct jit_stub *slow, unsigned flags)
{
	bool wide = flags & LOWER_WIDE, zero = flags & LOWER_ZERO;
	if (wide && zero) {
		x86_op(l->code, X86_TEST, true, X86_RAX, x86_reg(X86_RAX));
		jit_branch_to_stub(l, slow, X86_S);
	} else if (wide) {
		/* The host's answer to anything out of range is the smallest number. */
		x86_arith_imm(l->code, X86_CMP_I32, true, x86_reg(X86_RAX), 1);
		jit_branch_to_stub(l, slow, X86_O);
	} else {
		x86_op(l->code, zero ? X86_MOV : X86_MOVSXD, !zero, X86_RCX, x86_reg(X86_RAX));
		x86_op(l->code, X86_CMP, true, X86_RAX, x86_reg(X86_RCX));
		jit_branch_to_stub(l, slow, X86_NE);
	}
}

/* flags: LOWER_WIDE, LOWER_ZERO: to 64 bits, unsigned. */
void jit_lower_fp_to_integer(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	bool single = flags & LOWER_SINGLE;
	/* Dynamic is to nearest in an environment that is trusted. */
	uint8_t rm = l->uop->imm == 7 ? FP_RNE : (uint8_t)l->uop->imm;
	bool directed = rm == FP_RDN || rm == FP_RUP;
	if (rm > FP_RUP || (directed && !l->jit->has_round)) {
		jit_lower_call(l, insn, flags);
		return;
	}
	struct jit_stub *slow = jit_add_stub(l, STUB_CALL_DATA);
	jit_fp_require_trusted(l, slow);
	struct x86_rm operand = jit_fp_operand(l, slow, l->uop->a, single);
	if (directed)
		operand = round_operand(l, operand, rm, single);
	if (rm == FP_RNE)
		insn = single ? X86_CVTSS2SI : X86_CVTSD2SI;
	else
		insn = single ? X86_CVTTSS2SI : X86_CVTTSD2SI;
	x86_op(l->code, insn, true, X86_RAX, operand);
	require_in_range(l, slow, flags);
	jit_write(l, X86_RAX, !(flags & LOWER_WIDE));
	jit_end_stub(l, slow);
}

/* insn: cvtsi2sd or cvtsi2ss. flags as above; LOWER_ROUNDS: may be inexact. */
void jit_lower_fp_from_integer(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	bool wide = flags & LOWER_WIDE, zero = flags & LOWER_ZERO;
	struct x86_rm operand = jit_place(l, l->uop->a);
	struct jit_stub *slow = jit_add_stub(l, STUB_CALL_DATA);
	unsigned target = jit_fp_target(l);
	if (flags & LOWER_ROUNDS)
		jit_fp_require_trusted(l, slow);
	if (zero) {
		x86_op(l->code, X86_MOV, wide, X86_RAX, operand);
		operand = x86_reg(X86_RAX);
	}
	if (zero && wide) {
		x86_op(l->code, X86_TEST, true, X86_RAX, x86_reg(X86_RAX));
		jit_branch_to_stub(l, slow, X86_S);
	}
	/* The conversion keeps the register's upper bits, and would wait for them. */
	x86_op(l->code, X86_XORPS, false, target, x86_reg(target));
	x86_op(l->code, insn, wide || zero, target, operand);
	jit_fp_write(l, target, flags & LOWER_SINGLE);
	jit_end_stub(l, slow);
}

void jit_lower_fp_narrow(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	struct jit_stub *slow = jit_add_stub(l, STUB_CALL_DATA);
	struct jit_stub *zero = jit_add_stub(l, STUB_CALL_DATA);
	jit_fp_require_trusted(l, slow);
	unsigned target = jit_fp_target(l);
	jit_fp_move(l, target, jit_fp_operand(l, slow, l->uop->a, false), false);
	x86_op(l->code, X86_CVTSD2SS, false, target, x86_reg(target));
	jit_fp_require_result(l, zero, target, true, true);
	/* The test reads 64 bits of both, which leaves negative zeros to the function. */
	jit_fp_accept_zero(l, zero, target, false, 1);
	jit_fp_write(l, target, true);
	jit_end_stub(l, slow);
	jit_end_stub(l, zero);
}

void jit_lower_fp_widen(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	struct jit_stub *slow = jit_add_stub(l, STUB_CALL_DATA);
	jit_fp_require_unflushed(l, slow);
	unsigned target = jit_fp_target(l);
	jit_fp_move(l, target, jit_fp_operand(l, slow, l->uop->a, true), true);
	x86_op(l->code, X86_UCOMISS, false, target, x86_reg(target));
	jit_branch_to_stub(l, slow, X86_P);
	x86_op(l->code, X86_CVTSS2SD, false, target, x86_reg(target));
	jit_fp_write(l, target, false);
	jit_end_stub(l, slow);
}
