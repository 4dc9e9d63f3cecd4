/*
 * Condition flags. They are kept as the operands that they follow from (engine/flags.h), so that
 * setting them is three moves. What asks for them in the same block compares the registers that
 * the operands have come from; in another block, the kind of flags is tested first.
 */
#include "engine/flags.h"
#include "engine/jit_lower.h"

#define FLAG_REGISTERS (1ull << REG_FLAGS_A | 1ull << REG_FLAGS_B)

/* Conditions after the host's CMP of the operands of CPU_FLAGS_SUB; carry means no borrow. */
static const uint8_t conditions[14] = {
	X86_E,  X86_NE, X86_AE, X86_B,  X86_S, X86_NS, X86_O,
	X86_NO, X86_A,  X86_BE, X86_GE, X86_L, X86_G,  X86_LE,
};

static bool is_flag_register(unsigned guest)
{
	return guest == REG_FLAGS_A || guest == REG_FLAGS_B;
}

bool jit_flags_operands(struct jit_lowering *l, unsigned *a, unsigned *b)
{
	const struct uop *from = l->flags_from;
	if (!from || from >= l->uop || (!is_flag_register(*a) && !is_flag_register(*b)))
		return true;
	bool wide = from->op == UOP_FLAGS;
	if (!wide && (!is_flag_register(*a) || !is_flag_register(*b)))
		return true;
	uint64_t sources = 1ull << from->a | 1ull << from->b | FLAG_REGISTERS;
	for (const struct uop *uop = from + uop_info[from->op].slots; uop < l->uop;
	     uop += uop_info[uop->op].slots)
		if (jit_uses(uop) & USES_ANY || jit_writes(uop) & sources)
			return true;
	unsigned left = from->a, right = from->b;
	if (is_flag_register(*a))
		*a = *a == REG_FLAGS_A ? left : right;
	if (is_flag_register(*b))
		*b = *b == REG_FLAGS_A ? left : right;
	if (wide)
		jit_map_widen(&l->map, l->code, 1ull << *a | 1ull << *b);
	return wide;
}

/* A register of the flags = a guest register. */
static void set_operand(struct jit_lowering *l, unsigned flags_register, unsigned guest, bool word)
{
	unsigned host = X86_RAX;
	if (word) {
		jit_load(l, guest, host, false);
		if (guest != l->jit->zero_register)
			x86_op_imm(l->code, X86_SHL_I8, true, 0, x86_reg(host), 32);
	} else {
		host = jit_read(l, guest, host);
	}
	jit_set(l, flags_register, host);
}

static void set_kind(struct jit_lowering *l)
{
	x86_op_imm(l->code, X86_MOV8_I8, false, 0, x86_mem(JIT_BASE, JIT_CPU(flags)),
		   l->uop->imm & 3);
}

void jit_lower_flags(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn;
	/* One that is read by the second move is not written by the first. */
	bool safe = !is_flag_register(l->uop->a) && !is_flag_register(l->uop->b);
	if (!safe) {
		jit_lower_call(l, insn, flags);
		return;
	}
	set_operand(l, REG_FLAGS_A, l->uop->a, flags & LOWER_LOW);
	set_operand(l, REG_FLAGS_B, l->uop->b, flags & LOWER_LOW);
	set_kind(l);
	l->flags_from = l->uop;
}

/* A register of the flags = a guest register if the third is (not) zero, else the constant. */
static void choose_operand(struct jit_lowering *l, unsigned flags_register, unsigned guest,
			   bool word, uint64_t otherwise)
{
	x86_constant(l->code, X86_RAX, otherwise);
	jit_load(l, guest, X86_RCX, !word);
	if (word)
		x86_op_imm(l->code, X86_SHL_I8, true, 0, x86_reg(X86_RCX), 32);
	x86_arith_imm(l->code, X86_CMP_I32, true, jit_place(l, jit_third(l->uop)), 0);
	x86_cmov(l->code, l->uop->imm & 4 ? X86_E : X86_NE, true, X86_RAX, x86_reg(X86_RCX));
	jit_set(l, flags_register, X86_RAX);
}

void jit_lower_flags_if(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	const struct uop *uop = l->uop;
	const struct flags_operands *fixed = &flags_as_difference[uop->imm >> 4 & 15];
	bool word = flags & LOWER_LOW;
	if ((uop->imm & 3) != CPU_FLAGS_SUB || !fixed->valid || is_flag_register(uop->b) ||
	    is_flag_register(uop->a) || is_flag_register(jit_third(uop))) {
		jit_lower_call(l, insn, flags);
		return;
	}
	choose_operand(l, REG_FLAGS_A, uop->a, word, fixed->a);
	choose_operand(l, REG_FLAGS_B, uop->b, word, fixed->b);
	set_kind(l);
}

/* The host's flags are those of the guest; what is not a difference goes to the stub. */
static void compare_kept(struct jit_lowering *l, struct jit_stub *slow)
{
	x86_op_imm(l->code, X86_CMP8_I8, false, 0, x86_mem(JIT_BASE, JIT_CPU(flags)),
		   CPU_FLAGS_SUB);
	jit_branch_to_stub(l, slow, X86_NE);
	unsigned a = jit_read(l, REG_FLAGS_A, X86_RAX);
	x86_op(l->code, X86_CMP, true, a, jit_place(l, REG_FLAGS_B));
}

/* insn: the condition; LOWER_WIDE: it is in the immediate. */
void jit_lower_condition(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	unsigned condition = flags & LOWER_WIDE ? (unsigned)l->uop->imm : insn;
	if (condition >= sizeof(conditions)) {
		x86_constant(l->code, jit_result(l), 1);
		jit_write(l, jit_result(l), false);
		return;
	}
	struct jit_stub *slow = jit_add_stub(l, STUB_CALL_DATA);
	compare_kept(l, slow);
	x86_setcc(l->code, conditions[condition], X86_RAX);
	x86_op(l->code, X86_MOVZX8, false, X86_RAX, x86_reg(X86_RAX));
	jit_write(l, X86_RAX, false);
	jit_end_stub(l, slow);
}

/* What is not zero after XOR, SLT, SLTU: the condition of the host after CMP. */
static bool is_comparison(const struct uop *uop, enum x86_condition *condition)
{
	switch (uop->op) {
	case UOP_XOR: *condition = X86_NE; return true;
	case UOP_SLT: *condition = X86_L; return true;
	case UOP_SLTU: *condition = X86_B; return true;
	default: return false;
	}
}

bool jit_flags_may_defer(const struct uop *uop)
{
	enum x86_condition condition;
	const struct uop *next = uop + uop_info[uop->op].slots;
	return is_comparison(uop, &condition) && next->op == UOP_SELECT && uop->d >= REG_TEMP &&
	       uop->d < REG_SINK && jit_third(next) == uop->d && next->a != uop->d &&
	       next->b != uop->d && is_flag_register(uop->a) && is_flag_register(uop->b);
}

void jit_lower_select(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	const struct uop *select = l->uop;
	enum x86_condition condition = X86_NE;
	if (l->deferred != select - 1 || !is_comparison(l->deferred, &condition))
		x86_arith_imm(l->code, X86_CMP_I32, true, jit_place(l, jit_third(select)), 0);
	x86_op(l->code, X86_MOV, true, X86_RCX, jit_place(l, select->b)); /* keeps the flags */
	x86_cmov(l->code, condition, true, X86_RCX, jit_place(l, select->a));
	jit_write(l, X86_RCX, false);
}

/* The helper neither changes registers nor translations, unless it fails. */
void jit_lower_call_if(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	struct jit_stub *stub = jit_add_stub(l, STUB_CALL_ANY);
	unsigned a = jit_read(l, l->uop->a, X86_RAX);
	x86_op_imm(l->code, X86_TEST_I32, l->uop->imm < 0, 0, x86_reg(a), l->uop->imm);
	jit_branch_to_stub(l, stub, X86_NE);
	jit_end_stub(l, stub);
}
