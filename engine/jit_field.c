/* Bit fields, pairs and products of words. */
#include "engine/jit_lower.h"

struct field {
	unsigned at, width;
};

/* The field of a micro-op; one that reaches beyond bit 63 ends there. */
static struct field field_of(const struct uop *uop)
{
	struct field field = {(unsigned)uop->imm & 63, ((unsigned)uop->imm >> 8 & 63) + 1};
	if (field.at + field.width > 64)
		field.width = 64 - field.at;
	return field;
}

static void shift(struct jit_lowering *l, enum x86_insn insn, unsigned reg, unsigned count)
{
	if (count)
		x86_op_imm(l->code, insn, true, 0, x86_reg(reg), (int32_t)count);
}

/* reg = the low bits of a guest register, or, if they end at the top, of what is there. */
static void keep_low(struct jit_lowering *l, unsigned guest, unsigned reg, unsigned width)
{
	if (width == 8 || width == 16) {
		x86_op(l->code, width == 8 ? X86_MOVZX8 : X86_MOVZX16, false, reg,
		       jit_place(l, guest));
		return;
	}
	jit_load(l, guest, reg, width > 32);
	if (width < 32) {
		x86_arith_imm(l->code, X86_AND_I32, false, x86_reg(reg),
			      (int32_t)((1u << width) - 1));
	} else if (width > 32) {
		shift(l, X86_SHL_I8, reg, 64 - width);
		shift(l, X86_SHR_I8, reg, 64 - width);
	}
}

void jit_lower_field(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	struct field field = field_of(l->uop);
	unsigned result = jit_result(l);
	if (field.at == 0) {
		keep_low(l, l->uop->a, result, field.width);
	} else {
		jit_load(l, l->uop->a, result, true);
		shift(l, X86_SHL_I8, result, 64 - field.at - field.width);
		shift(l, X86_SHR_I8, result, 64 - field.width);
	}
	jit_write(l, result, false);
}

void jit_lower_field_signed(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	struct field field = field_of(l->uop);
	if (((unsigned)l->uop->imm >> 8 & 63) + 1 != field.width) {
		jit_lower_field(l, insn, flags); /* zeros were shifted in where its sign is */
		return;
	}
	unsigned result = jit_result(l);
	jit_load(l, l->uop->a, result, true);
	shift(l, X86_SHL_I8, result, 64 - field.at - field.width);
	shift(l, X86_SAR_I8, result, 64 - field.width);
	jit_write(l, result, false);
}

void jit_lower_put_field(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	struct field field = field_of(l->uop);
	unsigned result = jit_result(l);
	jit_load(l, l->uop->a, result, true);
	shift(l, X86_SHL_I8, result, 64 - field.width);
	shift(l, X86_SHR_I8, result, 64 - field.width - field.at);
	jit_write(l, result, false);
}

void jit_lower_put_field_signed(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	struct field field = field_of(l->uop);
	unsigned result = jit_result(l);
	jit_load(l, l->uop->a, result, true);
	shift(l, X86_SHL_I8, result, 64 - field.width);
	shift(l, X86_SAR_I8, result, 64 - field.width - field.at);
	jit_write(l, result, false);
}

void jit_lower_insert(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	struct field field = field_of(l->uop);
	uint64_t mask = UINT64_MAX >> (64 - field.width) << field.at;
	x86_constant(l->code, X86_RCX, ~mask);
	x86_op(l->code, X86_AND, true, X86_RCX, jit_place(l, l->uop->b));
	keep_low(l, l->uop->a, X86_RAX, field.width);
	shift(l, X86_SHL_I8, X86_RAX, field.at);
	x86_op(l->code, X86_OR, true, X86_RAX, x86_reg(X86_RCX));
	jit_write(l, X86_RAX, false);
}

/* Of a pair, a above b. */
void jit_lower_funnel(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	bool wide = !(flags & LOWER_ZEXT);
	int32_t count = l->uop->imm & (wide ? 63 : 31);
	jit_load(l, l->uop->b, X86_RAX, wide);
	jit_load(l, l->uop->a, X86_RCX, wide);
	if (count)
		x86_op_imm(l->code, insn, wide, X86_RCX, x86_reg(X86_RAX), count);
	jit_write(l, X86_RAX, false);
}

/* insn extends the words. */
void jit_lower_multiply_words(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	bool wide = flags & LOWER_WIDE;
	x86_op(l->code, insn, wide, X86_RAX, jit_place(l, l->uop->a));
	x86_op(l->code, insn, wide, X86_RCX, jit_place(l, l->uop->b));
	x86_op(l->code, X86_IMUL, true, X86_RAX, x86_reg(X86_RCX));
	jit_write(l, X86_RAX, false);
}
