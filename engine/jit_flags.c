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

/* The same after its ADD of the operands of CPU_FLAGS_ADD; X86_ALWAYS: the host has no such one. */
static const uint8_t conditions_of_sum[14] = {
	X86_E,  X86_NE,     X86_B,      X86_AE, X86_S, X86_NS, X86_O,
	X86_NO, X86_ALWAYS, X86_ALWAYS, X86_GE, X86_L, X86_G,  X86_LE,
};

/* Whether nothing may have written any of the registers since the flags were set. */
static bool is_kept(const struct jit_lowering *l, uint64_t guests)
{
	const struct uop *uop = l->flags.from;
	for (uop += uop_info[uop->op].slots; uop < l->uop; uop += uop_info[uop->op].slots)
		if (jit_uses(uop) & USES_ANY || jit_writes(uop) & guests)
			return false;
	return true;
}

/* What the flags follow from. */
struct operand {
	unsigned guest;
	bool constant;
	int32_t value;
};

/*
 * A register, or if it is one of the flags' what that has come from, if that still has the value.
 * What is in the flags' registers is never changed.
 */
static struct operand find_operand(const struct jit_lowering *l, unsigned guest)
{
	const struct uop *from = l->flags.from;
	struct operand operand = {.guest = guest};
	if (!from || !jit_is_flag_register(guest))
		return operand;
	unsigned source = guest == REG_FLAGS_A ? from->a : from->b;
	if (guest == REG_FLAGS_B && l->flags.constant) {
		operand.constant = true;
		operand.value = l->flags.value;
	} else if (source == l->jit->zero_register ||
		   (is_kept(l, 1ull << source) &&
		    !(jit_is_temporary(source) && jit_host(l, source) == X86_NONE))) {
		operand.guest = source; /* temporaries may be nowhere by now */
	}
	return operand;
}

static bool is_zero(const struct jit_lowering *l, struct operand operand)
{
	return operand.constant ? operand.value == 0 : operand.guest == l->jit->zero_register;
}

static void widen(struct jit_lowering *l, struct operand operand)
{
	if (!operand.constant)
		jit_map_widen(&l->map, l->code, 1ull << operand.guest);
}

/* reg = the operand. */
static void load_operand(struct jit_lowering *l, struct operand operand, unsigned reg, bool wide)
{
	if (operand.constant)
		x86_constant(l->code, reg,
			     wide ? (uint64_t)(int64_t)operand.value : (uint32_t)operand.value);
	else
		jit_load(l, operand.guest, reg, wide);
}

/* The host's flags = those of a insn b, which changes reg if it is not a comparison. */
static void apply(struct jit_lowering *l, enum x86_insn insn, enum x86_insn immediate, bool wide,
		  unsigned reg, struct operand b)
{
	if (b.constant)
		x86_arith_imm(l->code, immediate, wide, x86_reg(reg), b.value);
	else
		x86_op(l->code, insn, wide, reg, jit_place(l, b.guest));
}

static void compare(struct jit_lowering *l, struct operand a, struct operand b, bool wide)
{
	if (wide) {
		widen(l, a);
		widen(l, b);
	}
	unsigned host = a.constant ? X86_NONE : jit_host(l, a.guest);
	if (is_zero(l, b) && host != X86_NONE) {
		x86_op(l->code, X86_TEST, wide, host, x86_reg(host));
	} else if (!a.constant && host == X86_NONE && (b.constant || is_zero(l, b))) {
		x86_arith_imm(l->code, X86_CMP_I32, wide, jit_home(a.guest), b.value);
	} else {
		if (host == X86_NONE)
			load_operand(l, a, host = X86_RAX, wide);
		apply(l, X86_CMP, X86_CMP_I32, wide, host, b);
	}
}

/* Registers of the flags are only ever compared with each other. */
void jit_compare(struct jit_lowering *l)
{
	bool flags = jit_is_flag_register(l->uop->a) && l->flags.from;
	compare(l, find_operand(l, l->uop->a), find_operand(l, l->uop->b),
		!flags || l->flags.from->op == UOP_FLAGS);
}

/* Whether the host can tell a condition of flags whose kind is known; if so, under which of its. */
static bool is_known(const struct jit_lowering *l, unsigned condition, enum x86_condition *host)
{
	const struct uop *from = l->flags.from;
	if (!from || condition >= sizeof(conditions) || !is_kept(l, FLAG_REGISTERS))
		return false;
	*host = (from->imm & 3) == CPU_FLAGS_SUB ? conditions[condition]
						 : conditions_of_sum[condition];
	return *host != X86_ALWAYS;
}

/* The host's flags = the guest's, whose kind is known. */
static void compute_known(struct jit_lowering *l)
{
	const struct uop *from = l->flags.from;
	bool wide = from->op == UOP_FLAGS;
	struct operand a = find_operand(l, REG_FLAGS_A), b = find_operand(l, REG_FLAGS_B);
	if ((from->imm & 3) == CPU_FLAGS_SUB || is_zero(l, b)) {
		compare(l, a, b, wide);
		return;
	}
	if (wide) {
		widen(l, a);
		widen(l, b);
	}
	load_operand(l, a, X86_RAX, wide);
	apply(l, X86_ADD, X86_ADD_I32, wide, X86_RAX, b);
}

/* What is not zero after XOR, SLT, SLTU of the flags: the condition of the host after CMP. */
static bool is_comparison(const struct uop *uop, enum x86_condition *condition)
{
	if (!jit_is_flag_register(uop->a) || !jit_is_flag_register(uop->b))
		return false;
	switch (uop->op) {
	case UOP_XOR: *condition = X86_NE; return true;
	case UOP_SLT: *condition = X86_L; return true;
	case UOP_SLTU: *condition = X86_B; return true;
	default: return false;
	}
}

/* Whether a micro-op asks only whether the register is zero, and nobody asks after it. */
static bool only_tests(const struct jit_lowering *l, const struct uop *uop, unsigned guest)
{
	switch (uop->op) {
	case UOP_SELECT:
		return jit_third(uop) == guest && uop->a != guest && uop->b != guest &&
		       jit_dies_unseen(uop + 1, guest);
	case UOP_BEQ:
	case UOP_BNE: return uop->a == guest && uop->b == l->jit->zero_register;
	default: return false;
	}
}

bool jit_flags_defer(struct jit_lowering *l)
{
	const struct uop *uop = l->uop;
	bool compares = is_comparison(uop, &l->deferred_condition);
	if (!compares &&
	    (uop->op != UOP_CONDITION || !is_known(l, (unsigned)uop->imm, &l->deferred_condition)))
		return false;
	if (!jit_is_temporary(uop->d) || !only_tests(l, uop + 1, uop->d))
		return false;
	if (compares)
		jit_compare(l);
	else
		compute_known(l);
	l->deferred = uop;
	return true;
}

bool jit_flags_compare(const struct jit_lowering *l)
{
	enum x86_condition condition;
	return is_comparison(l->uop, &condition);
}

bool jit_flags_deferred(const struct jit_lowering *l, enum x86_condition *condition)
{
	*condition = l->deferred_condition;
	return l->deferred && l->deferred == l->uop - 1;
}

bool jit_flags_take_constant(struct jit_lowering *l)
{
	const struct uop *uop = l->uop, *next = uop + 1;
	if (uop->op != UOP_MOVI || !jit_is_temporary(uop->d) ||
	    (next->op != UOP_FLAGS && next->op != UOP_FLAGSZ) || next->b != uop->d ||
	    next->a == uop->d || !jit_dies_unseen(next + 1, uop->d))
		return false;
	l->constant = uop;
	return true;
}

/* A register of the flags = a guest register. */
static void set_operand(struct jit_lowering *l, unsigned flags_register, unsigned guest)
{
	if (guest == l->jit->zero_register)
		x86_op_imm(l->code, X86_MOV_I32, true, 0, jit_home(flags_register), 0);
	else
		jit_set(l, flags_register, jit_read(l, guest, X86_RAX));
}

static void set_kind(struct jit_lowering *l, int32_t kind)
{
	x86_op_imm(l->code, X86_MOV8_I8, false, 0, x86_mem(JIT_BASE, JIT_CPU(flags)), kind);
}

void jit_lower_flags(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn;
	const struct uop *uop = l->uop;
	bool low = flags & LOWER_LOW, constant = l->constant && l->constant == uop - 1;
	int32_t kind = uop->imm & 3;
	/* One that is read by the second move is not written by the first; values are rare. */
	if (jit_is_flag_register(uop->a) || jit_is_flag_register(uop->b) ||
	    (kind != CPU_FLAGS_ADD && kind != CPU_FLAGS_SUB)) {
		jit_lower_call(l, insn, flags);
		l->flags.from = NULL;
		return;
	}
	set_operand(l, REG_FLAGS_A, uop->a);
	if (constant)
		x86_op_imm(l->code, X86_MOV_I32, true, 0, jit_home(REG_FLAGS_B), l->constant->imm);
	else
		set_operand(l, REG_FLAGS_B, uop->b);
	set_kind(l, low ? kind | CPU_FLAGS_LOW : kind);
	l->flags = (struct jit_flags_known){uop, constant, constant ? l->constant->imm : 0};
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
	l->flags.from = NULL;
	if ((uop->imm & 3) != CPU_FLAGS_SUB || !fixed->valid || jit_is_flag_register(uop->b) ||
	    jit_is_flag_register(uop->a) || jit_is_flag_register(jit_third(uop))) {
		jit_lower_call(l, insn, flags);
		return;
	}
	choose_operand(l, REG_FLAGS_A, uop->a, word, fixed->a);
	choose_operand(l, REG_FLAGS_B, uop->b, word, fixed->b);
	set_kind(l, CPU_FLAGS_SUB);
}

/*
 * The host's flags are those of the guest, of unknown kind. Out of line: 32-bit comparisons; what
 * is no difference is called there, and goes on behind it all.
 */
static void compare_kept(struct jit_lowering *l, struct jit_stub *slow)
{
	struct x86_rm kind = x86_mem(JIT_BASE, JIT_CPU(flags));
	x86_op(l->code, X86_MOV, true, X86_RAX, jit_home(REG_FLAGS_A));
	x86_op_imm(l->code, X86_CMP8_I8, false, 0, kind, CPU_FLAGS_SUB);
	uint8_t *other = x86_jump_if(l->code, X86_NE, NULL);
	x86_op(l->code, X86_CMP, true, X86_RAX, jit_home(REG_FLAGS_B));
	uint8_t *done = x86_jump(l->code, NULL);
	x86_patch(l->code, other, x86_here(l->code));
	x86_op_imm(l->code, X86_CMP8_I8, false, 0, kind, CPU_FLAGS_SUB | CPU_FLAGS_LOW);
	jit_branch_to_stub(l, slow, X86_NE);
	x86_op(l->code, X86_CMP, false, X86_RAX, jit_home(REG_FLAGS_B));
	x86_patch(l->code, done, x86_here(l->code));
}

/* insn: the condition; LOWER_WIDE: it is in the immediate. */
void jit_lower_condition(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	unsigned condition = flags & LOWER_WIDE ? (unsigned)l->uop->imm : insn;
	enum x86_condition host;
	if (condition >= sizeof(conditions)) {
		x86_constant(l->code, jit_result(l), 1);
		jit_write(l, jit_result(l), false);
		return;
	}
	struct jit_stub *slow = NULL;
	if (is_known(l, condition, &host)) {
		compute_known(l);
	} else {
		host = conditions[condition];
		slow = jit_add_stub(l, STUB_CALL_DATA);
		compare_kept(l, slow);
	}
	x86_setcc(l->code, host, X86_RAX);
	x86_op(l->code, X86_MOVZX8, false, X86_RAX, x86_reg(X86_RAX));
	jit_write(l, X86_RAX, false);
	if (slow)
		jit_end_stub(l, slow);
}

void jit_lower_select(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	const struct uop *select = l->uop;
	enum x86_condition condition;
	if (!jit_flags_deferred(l, &condition)) {
		x86_arith_imm(l->code, X86_CMP_I32, true, jit_place(l, jit_third(select)), 0);
		condition = X86_NE;
	}
	/* Moves keep the host's flags. */
	unsigned result = jit_result(l), a = jit_host(l, select->a), b = jit_host(l, select->b);
	if (a == result) {
		x86_cmov(l->code, condition ^ 1, true, result, jit_place(l, select->b));
	} else {
		if (b != result)
			x86_op(l->code, X86_MOV, true, result, jit_place(l, select->b));
		x86_cmov(l->code, condition, true, result, jit_place(l, select->a));
	}
	jit_write(l, result, false);
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
