/* Shapes of vector.def that bring elements of different places or widths together. */
#include "engine/jit_vector.h"

/* The upper half of an element twice as wide moves to the lower one, or the lower one stays alone.
 */
static void keep_half(struct jit_lowering *l, unsigned xmm, unsigned size, bool upper)
{
	if (!upper)
		jit_vector_shift(l, jit_vector_shl(size + 1), xmm, 8u << size);
	jit_vector_shift(l, jit_vector_shr(size + 1), xmm, 8u << size);
}

/* Elements of bytes or halves, alone in the lower halves of wider ones, from two registers. */
static enum x86_insn pack_insn(unsigned size)
{
	return size == 0 ? X86_PACKUSWB : X86_PACKUSDW;
}

/* to = the even or odd elements of a, above them those of b; spoils Z. */
static void gather(struct jit_lowering *l, const struct jit_vector *v, unsigned to, bool odd)
{
	bool packs = v->size < 2;
	jit_vector_copy(l, to, v->uop->a);
	if (!v->whole) {
		jit_vector_op(l, X86_PUNPCKLQDQ, to, jit_fp_whole(l, v->uop->b, Z));
		if (packs) {
			keep_half(l, to, v->size, odd);
			jit_vector_op(l, pack_insn(v->size), to, to);
		} else {
			jit_vector_op_imm(l, X86_PSHUFD, to, to, odd ? 0xdd : 0x88);
		}
	} else if (packs) {
		jit_vector_copy(l, Z, v->uop->b);
		keep_half(l, to, v->size, odd);
		keep_half(l, Z, v->size, odd);
		jit_vector_op(l, pack_insn(v->size), to, Z);
	} else if (v->size == 2) {
		jit_vector_op_imm(l, X86_SHUFPS, to, jit_fp_whole(l, v->uop->b, Z),
				  odd ? 0xdd : 0x88);
	} else {
		jit_vector_op(l, odd ? X86_PUNPCKHQDQ : X86_PUNPCKLQDQ, to,
			      jit_fp_whole(l, v->uop->b, Z));
	}
}

void jit_vector_unzip(struct jit_lowering *l, struct jit_vector *v)
{
	gather(l, v, X, v->flags & V_UPPER);
}

void jit_vector_pairs(struct jit_lowering *l, struct jit_vector *v)
{
	gather(l, v, X, false);
	gather(l, v, Y, true);
	jit_vector_op(l, v->insn, X, Y);
}

/* One half with the other, then half of that, to one element and zeros. */
void jit_vector_across(struct jit_lowering *l, struct jit_vector *v)
{
	unsigned bytes = 1u << v->size;
	jit_vector_copy(l, X, v->uop->a);
	for (unsigned half = v->whole ? 8 : 4; half >= bytes; half /= 2) {
		jit_vector_op(l, X86_MOVAPS, Y, X);
		jit_vector_shift(l, X86_PSRLDQ_I8, Y, half);
		jit_vector_op(l, v->insn, X, Y);
	}
	jit_vector_shift(l, X86_PSLLDQ_I8, X, 16 - bytes);
	jit_vector_shift(l, X86_PSRLDQ_I8, X, 16 - bytes);
	v->whole = true;
}

/* insn: the shift that extends elements in the upper halves of wide ones. */
void jit_vector_pairs_long(struct jit_lowering *l, struct jit_vector *v)
{
	static const uint8_t add[] = {X86_PADDW, X86_PADDD, X86_PADDQ};
	unsigned bits = 8u << v->size;
	jit_vector_copy(l, X, v->uop->a);
	jit_vector_op(l, X86_MOVAPS, Y, X);
	jit_vector_shift(l, v->insn, Y, bits);
	jit_vector_shift(l, jit_vector_shl(v->size + 1), X, bits);
	jit_vector_shift(l, v->insn, X, bits);
	jit_vector_op(l, add[v->size], X, Y);
	v->result = v->size + 1;
}

void jit_vector_zip(struct jit_lowering *l, struct jit_vector *v)
{
	static const uint8_t low[] = {X86_PUNPCKLBW, X86_PUNPCKLWD, X86_PUNPCKLDQ};
	bool upper = v->flags & V_UPPER;
	jit_vector_copy(l, X, v->uop->a);
	unsigned b = jit_fp_whole(l, v->uop->b, Y);
	jit_vector_op(l, v->whole ? v->insn : low[v->size], X, b);
	if (!v->whole && upper)
		jit_vector_shift(l, X86_PSRLDQ_I8, X, 8);
}

/* insn: the shift that brings elements of one parity to the places of the other. */
void jit_vector_transpose(struct jit_lowering *l, struct jit_vector *v)
{
	bool upper = v->flags & V_UPPER;
	if (v->size == 3) {
		jit_vector_lanes(l, v);
		return;
	}
	unsigned bits = 8u << v->size, size = v->size + 1;
	jit_vector_copy(l, X, upper ? v->uop->b : v->uop->a);
	jit_vector_copy(l, Y, upper ? v->uop->a : v->uop->b);
	jit_vector_shift(l, v->insn, X, bits);
	jit_vector_shift(l, upper ? jit_vector_shl(size) : jit_vector_shr(size), X, bits);
	jit_vector_shift(l, v->insn, Y, bits);
	jit_vector_op(l, X86_ORPS, X, Y);
}

/* Bytes within halves, then halves within what is reversed. */
void jit_vector_reverse(struct jit_lowering *l, struct jit_vector *v)
{
	enum { SWAP_TWO = 0xb1, REVERSE_FOUR = 0x1b };
	enum vector_op op = vector_op(v->uop);
	jit_vector_copy(l, X, v->uop->a);
	if (v->size == 0) {
		jit_vector_op(l, X86_MOVAPS, Y, X);
		jit_vector_shift(l, X86_PSLLW_I8, X, 8);
		jit_vector_shift(l, X86_PSRLW_I8, Y, 8);
		jit_vector_op(l, X86_ORPS, X, Y);
	}
	if (op == VECTOR_REV16)
		return;
	unsigned order = op == VECTOR_REV32 ? SWAP_TWO : REVERSE_FOUR;
	if (v->size == 2) {
		jit_vector_op_imm(l, X86_PSHUFD, X, X, SWAP_TWO);
	} else {
		jit_vector_op_imm(l, X86_PSHUFLW, X, X, order);
		jit_vector_op_imm(l, X86_PSHUFHW, X, X, order);
	}
}

void jit_vector_extract(struct jit_lowering *l, struct jit_vector *v)
{
	unsigned amount = v->amount & 15;
	if (v->whole) {
		jit_vector_copy(l, X, v->uop->b);
		jit_vector_op_imm(l, v->insn, X, jit_fp_whole(l, v->uop->a, Y), amount);
		return;
	}
	jit_vector_copy(l, X, v->uop->a);
	jit_vector_op(l, X86_PUNPCKLQDQ, X, jit_fp_whole(l, v->uop->b, Y));
	jit_vector_shift(l, X86_PSRLDQ_I8, X, amount);
}

/* The host's instruction takes bit 7 of an index for none: it is made to say "above 15". */
void jit_vector_table(struct jit_lowering *l, struct jit_vector *v)
{
	x86_constant(l->code, X86_RAX, 0x70707070);
	x86_op(l->code, X86_MOVQ_FROM, false, Y, x86_reg(X86_RAX));
	jit_vector_op_imm(l, X86_PSHUFD, Y, Y, 0);
	jit_vector_op(l, X86_PADDUSB, Y, jit_fp_whole(l, v->uop->b, Z));
	jit_vector_copy(l, X, v->uop->a);
	jit_vector_op(l, v->insn, X, Y);
}

/* insn: puts the low halves of wide elements together. */
void jit_vector_narrow(struct jit_lowering *l, struct jit_vector *v)
{
	jit_vector_copy(l, X, v->uop->a);
	if (v->amount)
		jit_vector_shift(l, jit_vector_shr(v->size + 1), X, v->amount);
	if (v->size == 2) {
		jit_vector_op_imm(l, v->insn, X, X, 0x88);
	} else {
		keep_half(l, X, v->size, false);
		jit_vector_op(l, v->insn, X, X);
	}
	if (!v->whole)
		return;
	jit_vector_copy(l, Y, v->uop->d);
	jit_vector_op(l, X86_PUNPCKLQDQ, Y, X);
	jit_vector_op(l, X86_MOVAPS, X, Y);
}

/* Elements of xmm's lower half, or, if all of the operand takes part, of its upper half. */
static void extend(struct jit_lowering *l, const struct jit_vector *v, unsigned xmm)
{
	static const uint8_t insns[2][3] = {
		{X86_PMOVZXBW, X86_PMOVZXWD, X86_PMOVZXDQ},
		{X86_PMOVSXBW, X86_PMOVSXWD, X86_PMOVSXDQ},
	};
	if (v->whole)
		jit_vector_shift(l, X86_PSRLDQ_I8, xmm, 8);
	jit_vector_op(l, insns[(v->flags & V_SIGNED) != 0][v->size], xmm, xmm);
}

/* insn: the operation on wide elements. */
void jit_vector_widen(struct jit_lowering *l, struct jit_vector *v)
{
	jit_vector_copy(l, X, v->uop->a);
	if (!(v->flags & V_WIDE))
		extend(l, v, X);
	jit_vector_second(l, v, Y);
	extend(l, v, Y);
	jit_vector_op(l, v->insn, X, Y);
	v->result = v->size + 1;
	v->whole = true;
}

/* insn: the shift of wide elements. */
void jit_vector_widen_shift(struct jit_lowering *l, struct jit_vector *v)
{
	jit_vector_copy(l, X, v->uop->a);
	extend(l, v, X);
	if (v->amount)
		jit_vector_shift(l, v->insn, X, v->amount);
	v->whole = true;
}
