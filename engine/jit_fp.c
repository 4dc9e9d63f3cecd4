/*
 * Scalar floating point on the host's SSE unit, under the same conditions as engine/fp_host.h: the
 * guest rounds to nearest and flushes nothing, inexact has already been raised, and the result is
 * neither tiny, infinite nor a NaN. Anything else calls the micro-op's function.
 */
#include "engine/jit_fp.h"

/* Ends a lowering whose result is in xmm. */
static void finish(struct jit_lowering *l, struct jit_stub *slow, unsigned xmm, bool single)
{
	jit_fp_write(l, xmm, single);
	jit_end_stub(l, slow);
}

/*
 * A sum is never tiny and inexact. Products and quotients are, and are also often exact zeros:
 * those of a zero, which are worth a test out of line.
 */
static void finish_product(struct jit_lowering *l, struct jit_stub *slow, unsigned xmm, bool single,
			   unsigned zero_operands)
{
	struct jit_stub *zero = jit_add_stub(l, STUB_CALL_DATA);
	jit_fp_require_result(l, zero, xmm, single, true);
	jit_fp_accept_zero(l, zero, xmm, single, zero_operands);
	finish(l, slow, xmm, single);
	jit_end_stub(l, zero);
}

/* insn: the scalar SSE operation. */
void jit_lower_fp_arithmetic(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	bool single = flags & LOWER_SINGLE;
	bool product = insn == X86_MULSD || insn == X86_MULSS;
	bool quotient = insn == X86_DIVSD || insn == X86_DIVSS;
	struct jit_stub *slow = jit_add_stub(l, STUB_CALL_DATA);
	jit_fp_require_trusted(l, slow);
	struct x86_rm a = jit_fp_operand(l, slow, l->uop->a, single);
	struct x86_rm b = jit_fp_operand(l, slow, l->uop->b, single);
	unsigned target = jit_fp_target(l);
	if (!b.memory && b.base == target && l->uop->a != l->uop->b) {
		/* Writing a to the target would lose b. */
		if (flags & LOWER_COMMUTES) {
			b = a;
			a = x86_reg(target);
		} else {
			target = XMM_SCRATCH;
		}
	}
	jit_fp_move(l, target, a, single);
	x86_op(l->code, insn, false, target, b);
	if (product || quotient) {
		finish_product(l, slow, target, single, product ? 2 : 1);
		return;
	}
	jit_fp_require_result(l, slow, target, single, false);
	finish(l, slow, target, single);
}

/* Square roots are zero or far from tiny. */
void jit_lower_fp_root(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	bool single = flags & LOWER_SINGLE;
	struct jit_stub *slow = jit_add_stub(l, STUB_CALL_DATA);
	jit_fp_require_trusted(l, slow);
	unsigned target = jit_fp_target(l);
	jit_fp_move(l, target, jit_fp_operand(l, slow, l->uop->a, single), single);
	x86_op(l->code, insn, false, target, x86_reg(target));
	jit_fp_require_result(l, slow, target, single, false);
	finish(l, slow, target, single);
}

/* insn: an enum x86_fma. */
void jit_lower_fp_fused(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	if (!l->jit->has_fma) {
		jit_lower_call(l, insn, flags);
		return;
	}
	bool single = flags & LOWER_SINGLE;
	unsigned addend = (unsigned)l->uop->imm >> 8 & 31, target = jit_fp_target(l);
	struct jit_stub *slow = jit_add_stub(l, STUB_CALL_DATA);
	jit_fp_require_trusted(l, slow);
	unsigned a = jit_fp_register(l, slow, l->uop->a, single, XMM_SCRATCH1);
	struct x86_rm b = jit_fp_operand(l, slow, l->uop->b, single);
	struct x86_rm c = jit_fp_operand(l, slow, addend, single);
	/* Moving the addend to the target must not lose a factor. */
	if (l->uop->d != addend && (l->uop->d == l->uop->a || l->uop->d == l->uop->b))
		target = XMM_SCRATCH;
	jit_fp_move(l, target, c, single);
	x86_fma(l->code, insn, single, target, a, b);
	jit_fp_require_result(l, slow, target, single, true);
	finish(l, slow, target, single);
}

/*
 * insn: minsd and the like, which return their second operand if both are equal. So the two orders
 * differ for zeros only, whose signs or and and combine.
 */
void jit_lower_fp_extreme(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	bool single = flags & LOWER_SINGLE, least = insn == X86_MINSD || insn == X86_MINSS;
	struct jit_stub *slow = jit_add_stub(l, STUB_CALL_DATA);
	jit_fp_require_unflushed(l, slow);
	struct x86_rm a = jit_fp_operand(l, slow, l->uop->a, single);
	struct x86_rm b = jit_fp_operand(l, slow, l->uop->b, single);
	jit_fp_move(l, XMM_SCRATCH, a, single);
	jit_fp_move(l, XMM_SCRATCH1, b, single);
	x86_op(l->code, single ? X86_UCOMISS : X86_UCOMISD, false, XMM_SCRATCH, b);
	jit_branch_to_stub(l, slow, X86_P);
	x86_op(l->code, insn, false, XMM_SCRATCH, b);
	x86_op(l->code, insn, false, XMM_SCRATCH1, a);
	x86_op(l->code, least ? X86_ORPS : X86_ANDPS, false, XMM_SCRATCH, x86_reg(XMM_SCRATCH1));
	finish(l, slow, XMM_SCRATCH, single);
}

/* insn: the condition under which a (b, with LOWER_SWAPS) compared with the other is true. */
void jit_lower_fp_compare(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	bool single = flags & LOWER_SINGLE, swap = flags & LOWER_SWAPS;
	unsigned first = swap ? l->uop->b : l->uop->a, second = swap ? l->uop->a : l->uop->b;
	struct jit_stub *slow = jit_add_stub(l, STUB_CALL_DATA);
	jit_fp_require_unflushed(l, slow);
	unsigned x = jit_fp_register(l, slow, first, single, XMM_SCRATCH);
	struct x86_rm y = jit_fp_operand(l, slow, second, single);
	x86_op(l->code, single ? X86_UCOMISS : X86_UCOMISD, false, x, y);
	jit_branch_to_stub(l, slow, X86_P);
	x86_setcc(l->code, insn, X86_RAX);
	x86_op(l->code, X86_MOVZX8, false, X86_RAX, x86_reg(X86_RAX));
	jit_write(l, X86_RAX, false);
	jit_end_stub(l, slow);
}

/* insn: ucomisd or ucomiss. 0, 1, 2: less, equal, greater; what is unordered is left to C. */
void jit_lower_fp_order(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	enum { ZERO = 2 };
	bool single = flags & LOWER_SINGLE;
	struct jit_stub *slow = jit_add_stub(l, STUB_CALL_DATA);
	jit_fp_require_unflushed(l, slow);
	unsigned a = jit_fp_register(l, slow, l->uop->a, single, XMM_SCRATCH);
	struct x86_rm b = x86_reg(XMM_SCRATCH1);
	if (l->uop->imm & ZERO)
		x86_op(l->code, X86_XORPS, false, XMM_SCRATCH1, b);
	else
		b = jit_fp_operand(l, slow, l->uop->b, single);
	x86_op(l->code, insn, false, a, b);
	jit_branch_to_stub(l, slow, X86_P);
	x86_setcc(l->code, X86_A, X86_RAX);
	x86_setcc(l->code, X86_AE, X86_RCX);
	x86_op(l->code, X86_ADD, false, X86_RAX, x86_reg(X86_RCX));
	x86_op(l->code, X86_MOVZX8, false, X86_RAX, x86_reg(X86_RAX));
	jit_write(l, X86_RAX, false);
	jit_end_stub(l, slow);
}

/* -- signs and moves -- */

/* xmm = the sign bits of both of its 64-bit halves, or of all of its 32-bit quarters. */
static void make_signs(struct jit_lowering *l, unsigned xmm, bool single)
{
	x86_op(l->code, X86_PCMPEQD, false, xmm, x86_reg(xmm));
	x86_op_imm(l->code, single ? X86_PSLLD_I8 : X86_PSLLQ_I8, false, 0, x86_reg(xmm),
		   single ? 31 : 63);
}

/* insn: enum jit_sign. b is a too: move, negate, absolute value. */
static void change_sign(struct jit_lowering *l, unsigned insn, unsigned a, bool single)
{
	unsigned result = XMM_SCRATCH;
	if (insn == JIT_SIGN_OF)
		result = a;
	else
		make_signs(l, result, single);
	if (insn == JIT_SIGN_NOT)
		x86_op(l->code, X86_XORPS, false, result, x86_reg(a));
	else if (insn == JIT_SIGN_XOR)
		x86_op(l->code, X86_ANDNPS, false, result, x86_reg(a));
	jit_fp_write(l, result, single);
}

/* insn: enum jit_sign. */
void jit_lower_fp_sign(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	struct x86_code *code = l->code;
	bool single = flags & LOWER_SINGLE;
	struct jit_stub *slow = jit_add_stub(l, STUB_CALL_DATA);
	unsigned a = jit_fp_register(l, slow, l->uop->a, single, XMM_SCRATCH2);
	if (l->uop->a == l->uop->b) {
		change_sign(l, insn, a, single);
		jit_end_stub(l, slow);
		return;
	}
	jit_fp_move(l, XMM_SCRATCH, jit_fp_operand(l, slow, l->uop->b, single), single);
	make_signs(l, XMM_SCRATCH1, single);
	x86_op(code, insn == JIT_SIGN_NOT ? X86_ANDNPS : X86_ANDPS, false, XMM_SCRATCH,
	       x86_reg(XMM_SCRATCH1));
	if (insn == JIT_SIGN_XOR) {
		x86_op(code, X86_XORPS, false, XMM_SCRATCH, x86_reg(a));
	} else {
		x86_op(code, X86_ANDNPS, false, XMM_SCRATCH1, x86_reg(a));
		x86_op(code, X86_ORPS, false, XMM_SCRATCH, x86_reg(XMM_SCRATCH1));
	}
	finish(l, slow, XMM_SCRATCH, single);
}

/* Bits of an FP register: all, or the lower 32 sign-extended. */
void jit_lower_fp_to_bits(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn;
	bool single = flags & LOWER_SINGLE;
	unsigned result = jit_result(l), a = l->uop->a;
	if ((single ? l->fp.known.held : l->fp.known.wide) >> a & 1)
		x86_op(l->code, X86_MOVQ_TO, !single, l->fp.host[a], x86_reg(result));
	else
		x86_op(l->code, X86_MOV, !single, result, jit_vector(a));
	jit_write(l, result, single);
}

void jit_lower_fp_from_bits(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn;
	unsigned target = jit_fp_target(l);
	x86_op(l->code, X86_MOVQ_FROM, true, target, jit_place(l, l->uop->a));
	jit_fp_write(l, target, flags & LOWER_SINGLE);
}

/* -- memory -- */

void jit_fp_load(struct jit_lowering *l, unsigned size, struct x86_rm from)
{
	if (size == 16) {
		jit_vector_load(l, from);
		return;
	}
	if (size == 2) {
		x86_op(l->code, X86_MOVZX16, false, X86_RCX, from);
		/* NaN-boxes by sign extension of the immediate. */
		if (l->jit->boxes)
			x86_op_imm(l->code, X86_OR_I32, true, 0, x86_reg(X86_RCX), -0x10000);
		x86_op(l->code, X86_MOV_TO, true, X86_RCX, jit_vector(l->uop->d));
		jit_fp_written(l);
		return;
	}
	unsigned target = jit_fp_target(l);
	jit_fp_move(l, target, from, size == 4);
	jit_fp_write(l, target, size == 4);
}

void jit_fp_store(struct jit_lowering *l, unsigned size, struct x86_rm to, unsigned scratch)
{
	unsigned b = l->uop->b;
	if (size == 16) {
		jit_vector_store(l, to);
	} else if (size == 8 && l->fp.known.wide >> b & 1) {
		x86_op(l->code, X86_MOVSD_TO, false, l->fp.host[b], to);
	} else if (size == 4 && l->fp.known.held >> b & 1) {
		x86_op(l->code, X86_MOVSS_TO, false, l->fp.host[b], to);
	} else {
		x86_op(l->code, X86_MOV, size == 8, scratch, jit_vector(b));
		x86_op(l->code, size == 2 ? X86_MOV16_TO : X86_MOV_TO, size == 8, scratch, to);
	}
}
