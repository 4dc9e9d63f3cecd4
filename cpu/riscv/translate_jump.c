/*
 * Jumps and branches. Without compressed instructions a target that is no multiple of 4 raises
 * "instruction address misaligned" on the jump (unprivileged manual 2.5): these forms call helpers.
 */
#include "cpu/riscv/emit.h"

static const char misaligned_target[] = "jump to an address that is no multiple of 4";

static bool needs_check(struct builder *builder)
{
	return !riscv_has(riscv_cpu(builder->cpu), RV_EXT_ZCA);
}

static bool condition_holds(unsigned op, uint64_t a, uint64_t b)
{
	switch (op) {
	case UOP_BEQ: return a == b;
	case UOP_BNE: return a != b;
	case UOP_BLT: return (int64_t)a < (int64_t)b;
	case UOP_BGE: return (int64_t)a >= (int64_t)b;
	case UOP_BLTU: return a < b;
	default: return a >= b;
	}
}

/* A branch to a misaligned target: traps if taken. imm: the condition, an enum uop_op. */
static bool help_branch_misaligned(struct cpu *cpu, const struct uop *uop)
{
	uint64_t target = uop_wide(uop, 1)->call.argument;
	if (condition_holds(uop->imm, cpu->r[uop->a], cpu->r[uop->b]))
		return riscv_raise(riscv_cpu(cpu), RV_CAUSE_FETCH_MISALIGNED, target,
				   misaligned_target);
	return true;
}

void riscv_emit_branch(struct builder *builder, const struct riscv_operands *o)
{
	uint64_t target = builder->pc + (uint64_t)(int64_t)o->imm;
	if ((target & 2) && needs_check(builder))
		build_call(builder, help_branch_misaligned, 0, o->rs1, o->rs2, o->row->argument,
			   target);
	else
		build_branch(builder, o->row->argument, o->rs1, o->rs2, target);
}

void riscv_emit_jal(struct builder *builder, const struct riscv_operands *o)
{
	uint64_t target = builder->pc + (uint64_t)(int64_t)o->imm;
	if ((target & 2) && needs_check(builder)) {
		build_trap(builder, RV_CAUSE_FETCH_MISALIGNED, target, misaligned_target);
		return;
	}
	if (o->rd)
		build_constant(builder, o->rd, builder->pc + builder->length);
	build_jump(builder, target);
}

static bool help_jalr_checked(struct cpu *cpu, const struct uop *uop)
{
	uint64_t target = (cpu->r[uop->a] + (uint64_t)(int64_t)uop->imm) & ~1ull;
	if (target & 2)
		return riscv_raise(riscv_cpu(cpu), RV_CAUSE_FETCH_MISALIGNED, target,
				   misaligned_target);
	cpu->r[uop->d] = uop_wide(uop, 1)->call.argument;
	cpu->pc = target;
	return true;
}

void riscv_emit_jalr(struct builder *builder, const struct riscv_operands *o)
{
	if (needs_check(builder))
		build_call_end(builder, help_jalr_checked, riscv_emit_destination(o), o->rs1, 0,
			       o->imm, builder->pc + builder->length);
	else
		build_jump_register(builder, riscv_emit_destination(o), o->rs1, o->imm);
}
