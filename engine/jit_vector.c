/*
 * Vectors on the host's SSE unit: the rows of vector.def, and the shapes that work on each element
 * alone.
 */
#include "engine/jit_vector.h"

/* -- for shapes -- */

void jit_vector_op(struct jit_lowering *l, enum x86_insn insn, unsigned to, unsigned from)
{
	x86_op(l->code, insn, false, to, x86_reg(from));
}

void jit_vector_op_imm(struct jit_lowering *l, enum x86_insn insn, unsigned to, unsigned from,
		       unsigned imm)
{
	x86_op_imm(l->code, insn, false, to, x86_reg(from), (int32_t)imm);
}

void jit_vector_shift(struct jit_lowering *l, enum x86_insn insn, unsigned xmm, unsigned amount)
{
	x86_op_imm(l->code, insn, false, 0, x86_reg(xmm), (int32_t)amount);
}

void jit_vector_copy(struct jit_lowering *l, unsigned xmm, unsigned guest)
{
	unsigned from = jit_fp_whole(l, guest, xmm);
	if (from != xmm)
		jit_vector_op(l, X86_MOVAPS, xmm, from);
}

enum x86_insn jit_vector_shl(unsigned size)
{
	static const uint8_t insns[] = {0, X86_PSLLW_I8, X86_PSLLD_I8, X86_PSLLQ_I8};
	return insns[size];
}

enum x86_insn jit_vector_shr(unsigned size)
{
	static const uint8_t insns[] = {0, X86_PSRLW_I8, X86_PSRLD_I8, X86_PSRLQ_I8};
	return insns[size];
}

void jit_vector_second(struct jit_lowering *l, const struct jit_vector *v, unsigned xmm)
{
	unsigned element = vector_element(v->uop);
	if (v->flags & V_ZERO) {
		jit_vector_op(l, X86_XORPS, xmm, xmm);
		return;
	}
	jit_vector_copy(l, xmm, v->uop->b);
	if (!element--)
		return;
	if (v->size == 2) {
		jit_vector_op_imm(l, X86_PSHUFD, xmm, xmm, element * 0x55);
		return;
	}
	/* Of eight: first in its half, then from that half to both. */
	jit_vector_op_imm(l, element < 4 ? X86_PSHUFLW : X86_PSHUFHW, xmm, xmm,
			  (element & 3) * 0x55);
	jit_vector_op(l, element < 4 ? X86_PUNPCKLQDQ : X86_PUNPCKHQDQ, xmm, xmm);
}

/* The same without a copy where it has a register; for reading only. */
static unsigned read_second(struct jit_lowering *l, const struct jit_vector *v, unsigned scratch)
{
	if (!(v->flags & V_ZERO) && !vector_element(v->uop))
		return jit_fp_whole(l, v->uop->b, scratch);
	jit_vector_second(l, v, scratch);
	return scratch;
}

static void complement(struct jit_lowering *l, unsigned xmm, unsigned scratch)
{
	jit_vector_op(l, X86_PCMPEQD, scratch, scratch);
	jit_vector_op(l, X86_XORPS, xmm, scratch);
}

/* -- elements alone -- */

/* X = the first operand; returns where the second can be read. */
static unsigned read_operands(struct jit_lowering *l, const struct jit_vector *v)
{
	if (v->flags & V_SWAPPED) {
		jit_vector_second(l, v, X);
		return jit_fp_whole(l, v->uop->a, Y);
	}
	jit_vector_copy(l, X, v->uop->a);
	return read_second(l, v, Y);
}

void jit_vector_lanes(struct jit_lowering *l, struct jit_vector *v)
{
	jit_vector_op(l, v->insn, X, read_operands(l, v));
}

void jit_vector_unary(struct jit_lowering *l, struct jit_vector *v)
{
	jit_vector_op(l, v->insn, X, jit_fp_whole(l, v->uop->a, Y));
}

/* insn: the maximum; it equals the first operand unless the second is greater. */
void jit_vector_at_least(struct jit_lowering *l, struct jit_vector *v)
{
	static const uint8_t equal[] = {X86_PCMPEQB, X86_PCMPEQW, X86_PCMPEQD};
	jit_vector_op(l, v->insn, X, read_operands(l, v));
	unsigned first = v->flags & V_SWAPPED ? v->uop->b : v->uop->a;
	jit_vector_op(l, equal[v->size], X, jit_fp_whole(l, first, Y));
}

/* insn: equal, here to zero. */
void jit_vector_test(struct jit_lowering *l, struct jit_vector *v)
{
	unsigned second = read_operands(l, v);
	jit_vector_op(l, X86_ANDPS, X, second);
	jit_vector_op(l, X86_XORPS, Z, Z);
	jit_vector_op(l, v->insn, X, Z);
}

/* Bits of one register where the mask has ones, else of the other. */
static void select_bits(struct jit_lowering *l, unsigned ones, unsigned zeros, unsigned mask)
{
	jit_vector_copy(l, X, ones);
	unsigned other = jit_fp_whole(l, zeros, Y);
	jit_vector_op(l, X86_XORPS, X, other);
	jit_vector_op(l, X86_ANDPS, X, jit_fp_whole(l, mask, Z));
	jit_vector_op(l, X86_XORPS, X, other);
}

void jit_vector_select(struct jit_lowering *l, struct jit_vector *v)
{
	select_bits(l, v->uop->a, v->uop->b, v->uop->d);
}

void jit_vector_select_if(struct jit_lowering *l, struct jit_vector *v)
{
	select_bits(l, v->uop->a, v->uop->d, v->uop->b);
}

void jit_vector_select_unless(struct jit_lowering *l, struct jit_vector *v)
{
	select_bits(l, v->uop->d, v->uop->a, v->uop->b);
}

/* Bytes of X &= 0xff >> amount. The host has no shifts of bytes: the bits that would leave theirs.
 */
static void mask_bytes(struct jit_lowering *l, unsigned amount)
{
	jit_vector_op(l, X86_PCMPEQD, Z, Z);
	jit_vector_shift(l, X86_PSRLW_I8, Z, 8 + amount);
	jit_vector_op(l, X86_PACKUSWB, Z, Z);
	jit_vector_op(l, X86_ANDPS, X, Z);
}

void jit_vector_shift_left(struct jit_lowering *l, struct jit_vector *v)
{
	jit_vector_copy(l, X, v->uop->a);
	if (v->size == 0)
		mask_bytes(l, v->amount);
	jit_vector_shift(l, v->insn, X, v->amount);
}

void jit_vector_shift_right(struct jit_lowering *l, struct jit_vector *v)
{
	jit_vector_copy(l, X, v->uop->a);
	jit_vector_shift(l, v->insn, X, v->amount);
	if (v->size == 0)
		mask_bytes(l, v->amount);
}

void jit_vector_shift_signed(struct jit_lowering *l, struct jit_vector *v)
{
	jit_vector_copy(l, X, v->uop->a);
	if (v->size == 0) { /* in the upper halves of elements twice as wide */
		jit_vector_op(l, X86_MOVAPS, Z, X);
		jit_vector_op(l, X86_PUNPCKLBW, X, X);
		jit_vector_op(l, X86_PUNPCKHBW, Z, Z);
		jit_vector_shift(l, v->insn, X, 8 + v->amount);
		jit_vector_shift(l, v->insn, Z, 8 + v->amount);
		jit_vector_op(l, X86_PACKSSWB, X, Z);
		return;
	}
	if (v->size == 3) { /* the sign from the upper word */
		jit_vector_op_imm(l, X86_PSHUFD, Z, X, 0xf5);
		jit_vector_shift(l, X86_PSRAD_I8, Z, 31);
		jit_vector_shift(l, X86_PSLLQ_I8, Z, 64 - v->amount);
	}
	jit_vector_shift(l, v->insn, X, v->amount);
	if (v->size == 3)
		jit_vector_op(l, X86_ORPS, X, Z);
}

/* insn: to the left or to the right; d keeps the bits that it leaves empty. */
void jit_vector_shift_insert(struct jit_lowering *l, struct jit_vector *v)
{
	bool left = v->insn == jit_vector_shl(v->size);
	unsigned kept = (8u << v->size) - v->amount;
	enum x86_insn back = left ? jit_vector_shr(v->size) : jit_vector_shl(v->size);
	jit_vector_copy(l, X, v->uop->a);
	jit_vector_shift(l, v->insn, X, v->amount);
	jit_vector_copy(l, Y, v->uop->d);
	jit_vector_shift(l, v->insn, Y, kept);
	jit_vector_shift(l, back, Y, kept);
	jit_vector_op(l, X86_ORPS, X, Y);
}

/* -- AES -- */

/* insn: the last round. */
void jit_vector_aes(struct jit_lowering *l, struct jit_vector *v)
{
	jit_vector_copy(l, X, v->uop->d);
	jit_vector_op(l, X86_XORPS, X, jit_fp_whole(l, v->uop->a, Y));
	jit_vector_op(l, X86_XORPS, Z, Z);
	jit_vector_op(l, v->insn, X, Z);
}

/* insn: another round. Undoing a last one before leaves of it the mixing of columns. */
void jit_vector_aes_mix(struct jit_lowering *l, struct jit_vector *v)
{
	jit_vector_copy(l, X, v->uop->a);
	jit_vector_op(l, X86_XORPS, Z, Z);
	jit_vector_op(l, X86_AESDECLAST, X, Z);
	jit_vector_op(l, v->insn, X, Z);
}

/* -- the rows -- */

struct row {
	jit_vector_shape *shape;
	uint16_t flags;
	uint8_t insn[4];
};

/* clang-format off */
static const struct row rows[VECTOR_OPS] = {
#define X86_0 0
#define VECTOR(name, shape, flags, b, h, s, d)                                                     \
	[VECTOR_##name] = {jit_vector_##shape, flags, {X86_##b, X86_##h, X86_##s, X86_##d}},
#include "engine/vector.def"
#undef VECTOR
};
/* clang-format on */
_Static_assert(X86_ADD == 0, "0 is no instruction of vectors");
_Static_assert(X86_INSN_COUNT <= 256, "rows have one byte for the instruction");

uint32_t jit_vector_reads(const struct uop *uop)
{
	unsigned flags = rows[vector_op(uop)].flags;
	if (vector_op(uop) == VECTOR_NONE)
		return 0; /* the helper reads memory */
	return UINT32_C(1) << uop->a | (flags & (V_ZERO | V_UNARY) ? 0 : UINT32_C(1) << uop->b) |
	       (flags & V_READS_D ? UINT32_C(1) << uop->d : 0);
}

/* Whether there is host code. */
static bool has_code(const struct jit_lowering *l, const struct row *row)
{
	const struct uop *uop = l->uop;
	if (!l->jit->has_sse42 || vector_span(uop) >= VECTOR_OTHER || !row->insn[vector_size(uop)])
		return false;
	if (vector_op(uop) >= VECTOR_AESE && !l->jit->has_aes)
		return false;
	/* Tables of more than one register are for the helper. */
	return vector_op(uop) != VECTOR_TBL || vector_amount(uop) == 0;
}

/* What is done with the result in X before it is written. */
static void finish(struct jit_lowering *l, const struct jit_vector *v)
{
	static const uint8_t add[] = {X86_PADDB, X86_PADDW, X86_PADDD, X86_PADDQ};
	static const uint8_t subtract[] = {X86_PSUBB, X86_PSUBW, X86_PSUBD, X86_PSUBQ};
	unsigned result = X;
	if (v->flags & V_NOT)
		complement(l, X, Z);
	if (v->flags & V_ADDS)
		jit_vector_op(l, add[v->result], X, jit_fp_whole(l, v->uop->d, Z));
	if (v->flags & V_SUBTRACTS) {
		result = Z;
		jit_vector_copy(l, result, v->uop->d);
		jit_vector_op(l, subtract[v->result], result, X);
	}
	if (!v->whole)
		jit_vector_op(l, X86_MOVQ, result, result);
	jit_fp_write_whole(l, result);
}

void jit_lower_vector(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	const struct uop *uop = l->uop;
	const struct row *row = &rows[vector_op(uop)];
	if (!has_code(l, row)) {
		jit_lower_call(l, insn, flags);
		return;
	}
	struct jit_vector v = {
		.uop = uop,
		.insn = row->insn[vector_size(uop)],
		.flags = row->flags,
		.size = vector_size(uop),
		.result = vector_size(uop),
		.amount = vector_amount(uop),
		.whole = vector_span(uop) == VECTOR_WHOLE,
	};
	if (vector_op(uop) == VECTOR_OR && uop->a == uop->b && v.whole) { /* a move */
		jit_fp_write_whole(l, jit_fp_whole(l, uop->a, X));
		return;
	}
	row->shape(l, &v);
	finish(l, &v);
}

/* X = the low element of a general register, in all places. */
static void replicate(struct jit_lowering *l, unsigned size)
{
	x86_op(l->code, X86_MOVQ_FROM, true, X, jit_place(l, l->uop->a));
	if (size == 0) {
		jit_vector_op(l, X86_XORPS, Z, Z);
		jit_vector_op(l, X86_PSHUFB, X, Z);
	} else if (size == 1) {
		jit_vector_op_imm(l, X86_PSHUFLW, X, X, 0);
		jit_vector_op(l, X86_PUNPCKLQDQ, X, X);
	} else if (size == 2) {
		jit_vector_op_imm(l, X86_PSHUFD, X, X, 0);
	} else {
		jit_vector_op(l, X86_PUNPCKLQDQ, X, X);
	}
}

void jit_lower_vector_put(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	static const uint8_t inserts[] = {X86_PINSRB, X86_PINSRW, X86_PINSRD, X86_PINSRD};
	const struct uop *uop = l->uop;
	unsigned size = vector_size(uop), element = vector_element(uop);
	if (!l->jit->has_sse42) {
		jit_lower_call(l, insn, flags);
		return;
	}
	if (element) {
		jit_load(l, uop->a, X86_RAX, true);
		jit_vector_copy(l, X, uop->d);
		x86_op_imm(l->code, inserts[size], size == 3, X, x86_reg(X86_RAX),
			   (int32_t)element - 1);
	} else {
		replicate(l, size);
		if (vector_span(uop) != VECTOR_WHOLE)
			jit_vector_op(l, X86_MOVQ, X, X);
	}
	jit_fp_write_whole(l, X);
}

/* -- memory -- */

void jit_vector_load(struct jit_lowering *l, struct x86_rm from)
{
	unsigned host = l->fp.host[l->uop->d], xmm = host == X86_NONE ? (unsigned)X : host;
	x86_op(l->code, X86_MOVUPS, false, xmm, from);
	jit_fp_write_whole(l, xmm);
}

void jit_vector_store(struct jit_lowering *l, struct x86_rm to)
{
	unsigned b = l->uop->b, xmm = X;
	if (l->fp.known.whole >> b & 1)
		xmm = l->fp.host[b];
	else
		x86_op(l->code, X86_MOVUPS, false, xmm, jit_vector(b));
	x86_op(l->code, X86_MOVUPS_TO, false, xmm, to);
}
