/* Condition flags: what sets them, and what depends on them. */
#include "cpu/arm64/emit.h"

#include "engine/flags.h"

enum condition {
	EQ,
	NE,
	CS,
	CC,
	MI,
	PL,
	VS,
	VC,
	HI,
	LS,
	GE,
	LT,
	GT,
	LE,
	AL,
	NV,
};

void emit_flags(struct builder *builder, uint32_t word, enum cpu_flags flags, unsigned a,
		unsigned b)
{
	build_op(builder, emit_wide(word) ? UOP_FLAGS : UOP_FLAGSZ, 0, a, b, (int32_t)flags);
	builder->note &= ~(uint64_t)NOTE_FLAGS;
	if (flags == CPU_FLAGS_SUB)
		builder->note |= NOTE_FLAGS_SUB;
}

/* What a condition asks of the operands that the flags are kept as. */
struct comparison {
	enum uop_op branch;  /* taken if it holds; UOP_COUNT: not to be had from the operands */
	enum uop_op compare; /* not zero if it holds, or if it does not */
	bool swapped;        /* b with a */
	bool inverted;       /* compare tells the opposite */
	bool needs_carry;    /* and so only of a difference */
};

static const struct comparison comparisons[] = {
	[EQ] = {UOP_BEQ,   UOP_XOR,  false, true,  false},
	[NE] = {UOP_BNE,   UOP_XOR,  false, false, false},
	[CS] = {UOP_BGEU,  UOP_SLTU, false, true,  true },
	[CC] = {UOP_BLTU,  UOP_SLTU, false, false, true },
	[MI] = {UOP_COUNT, 0,        false, false, false},
	[PL] = {UOP_COUNT, 0,        false, false, false},
	[VS] = {UOP_COUNT, 0,        false, false, false},
	[VC] = {UOP_COUNT, 0,        false, false, false},
	[HI] = {UOP_BLTU,  UOP_SLTU, true,  false, true },
	[LS] = {UOP_BGEU,  UOP_SLTU, true,  true,  true },
	[GE] = {UOP_BGE,   UOP_SLT,  false, true,  false},
	[LT] = {UOP_BLT,   UOP_SLT,  false, false, false},
	[GT] = {UOP_BLT,   UOP_SLT,  true,  false, false},
	[LE] = {UOP_BGE,   UOP_SLT,  true,  true,  false},
};

/* Of a result and 0, the sign is less than. */
static const struct comparison sign_comparisons[] = {
	{UOP_BLT, UOP_SLT, false, false, false},
	{UOP_BGE, UOP_SLT, false, true,  false},
};

/* How the operands of this block's last flags answer a condition, or NULL. */
static const struct comparison *known_comparison(const struct builder *builder, unsigned condition)
{
	bool difference = builder->note & NOTE_FLAGS_SUB, logic = builder->note & NOTE_FLAGS_LOGIC;
	if (!difference && !logic)
		return NULL;
	/* Only less than is negative, and has no carry. */
	if (builder->note & NOTE_FLAGS_FP && (condition == MI || condition == PL))
		condition = condition == MI ? CC : CS;
	const struct comparison *found = &comparisons[condition];
	if (logic && (condition == MI || condition == PL))
		found = &sign_comparisons[condition & 1];
	if (found->branch == UOP_COUNT || (found->needs_carry && !difference))
		return NULL;
	return found;
}

void emit_condition(struct builder *builder, unsigned condition, bool *inverted)
{
	const struct comparison *known = known_comparison(builder, condition);
	*inverted = false;
	if (!known) {
		build_op(builder, UOP_CONDITION, T0, 0, 0, (int32_t)condition);
		return;
	}
	*inverted = known->inverted;
	build_op(builder, known->compare, T0, known->swapped ? REG_FLAGS_B : REG_FLAGS_A,
		 known->swapped ? REG_FLAGS_A : REG_FLAGS_B, 0);
}

void emit_branch_if(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	unsigned condition = arm64_field(word, 3, 0);
	uint64_t target = builder->pc + (uint64_t)arm64_signed_field(word, 23, 5) * 4;
	if (condition >= AL) {
		build_jump(builder, target);
		return;
	}
	const struct comparison *known = known_comparison(builder, condition);
	if (known) {
		build_branch(builder, known->branch, known->swapped ? REG_FLAGS_B : REG_FLAGS_A,
			     known->swapped ? REG_FLAGS_A : REG_FLAGS_B, target);
		return;
	}
	build_op(builder, UOP_CONDITION, T0, 0, 0, (int32_t)condition);
	build_branch(builder, UOP_BNE, T0, A64_REG_ZR, target);
}

/* CSEL, CSINC, CSINV, CSNEG: the second source may be changed. */
void emit_select(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	unsigned condition = arm64_field(word, 15, 12), d = emit_rd(word), a = emit_rn(word),
		 b = emit_rm(word);
	bool invert = arm64_field(word, 30, 30), increment = arm64_field(word, 10, 10), inverted;
	if (increment && !invert && condition < AL && a == A64_REG_ZR && b == A64_REG_ZR) {
		build_op(builder, UOP_CONDITION, d, 0, 0, (int32_t)(condition ^ 1)); /* CSET */
		return;
	}
	if (invert && increment)
		build_op(builder, UOP_SUB, T1, A64_REG_ZR, b, 0);
	else if (invert)
		build_op(builder, UOP_XORI, T1, b, 0, -1);
	else if (increment)
		build_op(builder, UOP_ADDI, T1, b, 0, 1);
	if (invert || increment)
		b = T1;
	if (condition >= AL) {
		build_op(builder, emit_form(word, UOP_MOV), d, a, 0, 0);
		return;
	}
	emit_condition(builder, condition, &inverted);
	build_op(builder, UOP_SELECT, d, inverted ? b : a, inverted ? a : b, T0);
	if (!emit_wide(word))
		build_op(builder, UOP_ZEXT32, d, d, 0, 0);
}

void emit_conditional_compare(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	unsigned condition = arm64_field(word, 15, 12), nzcv = arm64_field(word, 3, 0);
	unsigned b = emit_rm(word);
	bool inverted = false;
	if (arm64_field(word, 11, 11)) {
		build_constant(builder, T1, emit_rm(word));
		b = T1;
	}
	if (condition >= AL) {
		emit_flags(builder, word, row->argument, emit_rn(word), b);
		return;
	}
	emit_condition(builder, condition, &inverted);
	build_op(builder, emit_wide(word) ? UOP_FLAGS_IF : UOP_FLAGS_IFZ, 0, emit_rn(word), b,
		 T0 << 8 | (int32_t)nzcv << 4 | inverted << 2 | row->argument);
	emit_flags_unknown(builder);
	if (row->argument == CPU_FLAGS_SUB && flags_as_difference[nzcv].valid)
		builder->note |= NOTE_FLAGS_SUB;
}

/* imm = 8 or 16: N and Z of that many low bits, V = the bit above differs; C stays. */
static bool help_set_flags(struct cpu *cpu, const struct uop *uop)
{
	uint64_t value = cpu->r[uop->a];
	unsigned bits = (unsigned)uop->imm, nzcv = flags_nzcv(cpu) & FLAG_C;
	uint64_t mask = (1ull << bits) - 1;
	if (value >> (bits - 1) & 1)
		nzcv |= FLAG_N;
	if ((value & mask) == 0)
		nzcv |= FLAG_Z;
	if ((value >> bits ^ value >> (bits - 1)) & 1)
		nzcv |= FLAG_V;
	flags_set(cpu, nzcv);
	return true;
}

void emit_set_flags(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	build_call(builder, help_set_flags, 0, emit_rn(word), 0, arm64_field(word, 14, 14) ? 16 : 8,
		   0);
	emit_flags_unknown(builder);
}

/* imm = mask | rotation << 8: those flags come from the rotated register. */
static bool help_rotate_into_flags(struct cpu *cpu, const struct uop *uop)
{
	uint64_t value = cpu->r[uop->a];
	unsigned rotation = (unsigned)uop->imm >> 8, mask = uop->imm & 15;
	uint64_t rotated = value >> rotation | value << (-rotation & 63);
	flags_set(cpu, (flags_nzcv(cpu) & ~mask) | ((unsigned)rotated & mask));
	return true;
}

void emit_rotate_into_flags(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	build_call(builder, help_rotate_into_flags, 0, emit_rn(word), 0,
		   (int32_t)(arm64_field(word, 3, 0) | arm64_field(word, 20, 15) << 8), 0);
	emit_flags_unknown(builder);
}

/* imm: op2. CFINV inverts C; XAFLAG and AXFLAG convert the flags of FP comparisons. */
static bool help_flag_operation(struct cpu *cpu, const struct uop *uop)
{
	unsigned nzcv = flags_nzcv(cpu);
	bool z = nzcv & FLAG_Z, c = nzcv & FLAG_C, v = nzcv & FLAG_V;
	switch (uop->imm) {
	case 0: nzcv ^= FLAG_C; break;
	case 1: /* from the other format */
		nzcv = (!c && !z) * FLAG_N | (z && c) * FLAG_Z | (c || z) * FLAG_C |
		       (!c && z) * FLAG_V;
		break;
	default: /* to it */ nzcv = (z || v) * FLAG_Z | (c && !v) * FLAG_C; break;
	}
	flags_set(cpu, nzcv);
	return true;
}

void emit_flag_operation(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	build_call(builder, help_flag_operation, 0, 0, 0, (int32_t)arm64_field(word, 7, 5), 0);
	emit_flags_unknown(builder);
}
