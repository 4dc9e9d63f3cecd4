/* Lowerings of integer micro-ops. Shapes; which micro-op has which is in jit_table.c. */
#include "engine/jit_lower.h"

/* Whether an operation is done in 32 bits. */
static bool is_narrow(const struct jit_lowering *l, unsigned flags)
{
	return flags & (LOWER_WORD | LOWER_ZEXT) || l->half;
}

/* dest = a insn b, in dest's register where that is possible. */
void jit_lower_binary(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	bool narrow = is_narrow(l, flags);
	unsigned a = l->uop->a, b = l->uop->b, result = jit_result(l);
	if (jit_host(l, b) == result && a != b) {
		/* Writing the result first would lose b. */
		if (flags & LOWER_COMMUTES) {
			b = a;
			a = l->uop->b;
		} else {
			result = X86_RAX;
		}
	}
	jit_load_input(l, a, result, !narrow);
	x86_op(l->code, insn, !narrow, result, jit_place(l, b));
	jit_write(l, result, narrow && !(flags & LOWER_ZEXT));
}

/* dest = a insn ~b, or ~(a insn b) for XNOR, which is the same. */
void jit_lower_binary_not(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	bool narrow = is_narrow(l, flags);
	jit_load(l, l->uop->b, X86_RAX, !narrow);
	x86_op(l->code, X86_NOT, !narrow, 0, x86_reg(X86_RAX));
	x86_op(l->code, insn, !narrow, X86_RAX, jit_place(l, l->uop->a));
	jit_write(l, X86_RAX, narrow && !(flags & LOWER_ZEXT));
}

/* insn: the form with a 32-bit immediate. */
void jit_lower_binary_imm(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	bool narrow = is_narrow(l, flags), adds = insn == X86_ADD_I32;
	int32_t imm = l->uop->imm;
	unsigned a = jit_host(l, l->uop->a), result = jit_result(l);
	if (adds && !imm && l->uop->a == l->uop->d && a != X86_NONE && !(flags & LOWER_ZEXT) &&
	    l->map.word >> l->uop->a & 1) {
		l->narrow_result = l->map.narrow >> l->uop->a & 1;
		return; /* extended already */
	}
	if (l->uop->a == l->uop->d && a == X86_NONE && !narrow) {
		x86_arith_imm(l->code, insn, true, jit_home(l->uop->d), imm);
		return;
	}
	if (adds && imm && a != X86_NONE && a != result) {
		x86_op(l->code, X86_LEA, !narrow, result, x86_mem(a, imm));
	} else if (adds && !imm && flags & LOWER_ZEXT) {
		jit_load(l, l->uop->a, result, false);
	} else {
		jit_load_input(l, l->uop->a, result, !narrow);
		if (insn == X86_XOR_I32 && imm == -1)
			x86_op(l->code, X86_NOT, !narrow, 0, x86_reg(result));
		else if (imm || !adds)
			x86_arith_imm(l->code, insn, !narrow, x86_reg(result), imm);
	}
	jit_write(l, result, narrow && !(flags & LOWER_ZEXT));
}

/* Shifts and rotates by a register: the host masks counts as micro-ops do. */
void jit_lower_shift(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	bool narrow = is_narrow(l, flags);
	unsigned result = jit_result(l);
	jit_load(l, l->uop->b, X86_RCX, false);
	jit_load_input(l, l->uop->a, result, !narrow);
	x86_op(l->code, insn, !narrow, 0, x86_reg(result));
	jit_write(l, result, narrow && !(flags & LOWER_ZEXT));
}

void jit_lower_shift_imm(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	bool narrow = is_narrow(l, flags), word = narrow && !(flags & LOWER_ZEXT);
	unsigned result = jit_result(l);
	int32_t count = l->uop->imm & (narrow ? 31 : 63);
	if (insn == X86_ROR_I8 && l->jit->has_rorx && jit_host(l, l->uop->a) != result &&
	    l->uop->a != l->jit->zero_register) {
		x86_rorx(l->code, !narrow, result, jit_place(l, l->uop->a), (unsigned)count);
		jit_write(l, result, word);
		return;
	}
	if (flags & LOWER_ZERO)
		jit_load(l, l->uop->a, result, false);
	else
		jit_load_input(l, l->uop->a, result, !narrow);
	x86_op_imm(l->code, insn, !narrow, 0, x86_reg(result), count);
	jit_write(l, result, word);
}

/* Single bits: insn takes its bit number from a register or, with an _I8 form, an immediate. */
void jit_lower_bit(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)flags;
	jit_load(l, l->uop->b, X86_RCX, true);
	jit_load(l, l->uop->a, X86_RAX, true);
	x86_op(l->code, insn, true, X86_RCX, x86_reg(X86_RAX));
	jit_write(l, X86_RAX, false);
}

void jit_lower_bit_extract(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	jit_load(l, l->uop->b, X86_RCX, false);
	jit_load(l, l->uop->a, X86_RAX, true);
	x86_op(l->code, X86_SHR_CL, true, 0, x86_reg(X86_RAX));
	x86_arith_imm(l->code, X86_AND_I32, false, x86_reg(X86_RAX), 1);
	jit_write(l, X86_RAX, false);
}

void jit_lower_bit_extract_imm(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	jit_load(l, l->uop->a, X86_RAX, true);
	x86_op_imm(l->code, X86_SHR_I8, true, 0, x86_reg(X86_RAX), l->uop->imm & 63);
	x86_arith_imm(l->code, X86_AND_I32, false, x86_reg(X86_RAX), 1);
	jit_write(l, X86_RAX, false);
}

static void write_condition(struct jit_lowering *l, enum x86_condition condition)
{
	x86_setcc(l->code, condition, X86_RAX);
	x86_op(l->code, X86_MOVZX8, false, X86_RAX, x86_reg(X86_RAX));
	jit_write(l, X86_RAX, false);
}

/* insn: an enum x86_condition. */
void jit_lower_compare(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)flags;
	jit_compare(l);
	write_condition(l, insn);
}

void jit_lower_compare_imm(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)flags;
	x86_arith_imm(l->code, X86_CMP_I32, true, jit_place(l, l->uop->a), l->uop->imm);
	write_condition(l, insn);
}

/* insn: the condition under which b is the result. */
void jit_lower_choose(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)flags;
	jit_load(l, l->uop->a, X86_RAX, true);
	x86_op(l->code, X86_CMP, true, X86_RAX, jit_place(l, l->uop->b));
	x86_cmov(l->code, insn, true, X86_RAX, jit_place(l, l->uop->b));
	jit_write(l, X86_RAX, false);
}

/* insn: the condition of b against 0 under which the result is 0. */
void jit_lower_zero_if(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)flags;
	jit_load(l, l->uop->a, X86_RAX, true);
	x86_constant(l->code, X86_RCX, 0);
	x86_arith_imm(l->code, X86_CMP_I32, true, jit_place(l, l->uop->b), 0);
	x86_cmov(l->code, insn, true, X86_RAX, x86_reg(X86_RCX));
	jit_write(l, X86_RAX, false);
}

/* The upper half of a product: insn multiplies rax into rdx:rax. */
void jit_lower_multiply_high(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)flags;
	jit_load(l, l->uop->a, X86_RAX, true);
	x86_op(l->code, insn, true, 0, jit_place(l, l->uop->b));
	jit_write(l, X86_RDX, false);
}

/* b + (a << insn), a zero-extended first with LOWER_ZERO. */
void jit_lower_scaled_add(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	unsigned b = jit_read(l, l->uop->b, X86_RCX), a = X86_RAX, result = jit_result(l);
	if (flags & LOWER_ZERO)
		jit_load(l, l->uop->a, a, false);
	else
		a = jit_read(l, l->uop->a, a);
	x86_op(l->code, X86_LEA, true, result, x86_mem_index(b, a, insn, 0));
	jit_write(l, result, false);
}

/* dest = insn of a: extensions, moves and counts, all of which read a register or memory. */
void jit_lower_unary(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	unsigned result = jit_result(l);
	x86_op(l->code, insn, flags & LOWER_WIDE, result, jit_place(l, l->uop->a));
	jit_write(l, result, false);
}

/* A count that the host may not have. */
void jit_lower_count(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	bool has = insn == X86_LZCNT   ? l->jit->has_lzcnt
		   : insn == X86_TZCNT ? l->jit->has_tzcnt
				       : l->jit->has_popcnt;
	if (has)
		jit_lower_unary(l, insn, flags);
	else
		jit_lower_call(l, insn, flags);
}

void jit_lower_move(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	unsigned result = jit_result(l);
	jit_load_input(l, l->uop->a, result, !l->half);
	jit_write(l, result, l->half);
}

void jit_lower_swap(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	jit_load(l, l->uop->a, X86_RAX, true);
	x86_bswap(l->code, X86_RAX);
	jit_write(l, X86_RAX, false);
}

void jit_lower_constant(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn;
	uint64_t value =
		flags & LOWER_WIDE ? uop_wide(l->uop, 1)->value : (uint64_t)(int64_t)l->uop->imm;
	if (jit_host(l, l->uop->d) == X86_NONE && value == (uint64_t)(int64_t)(int32_t)value) {
		x86_op_imm(l->code, X86_MOV_I32, true, 0, jit_home(l->uop->d), (int32_t)value);
		return;
	}
	x86_constant(l->code, jit_result(l), value);
	jit_write(l, jit_result(l), false);
}

/* a's low 32 bits below b's. */
void jit_lower_pack(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	jit_load(l, l->uop->a, X86_RCX, false);
	jit_load(l, l->uop->b, X86_RAX, true);
	x86_op_imm(l->code, X86_SHL_I8, true, 0, x86_reg(X86_RAX), 32);
	x86_op(l->code, X86_OR, true, X86_RAX, x86_reg(X86_RCX));
	jit_write(l, X86_RAX, false);
}
