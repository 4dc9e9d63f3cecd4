#include "cpu/riscv/emit.h"

/* rd = rs, which is nothing at all if they are the same. */
static void riscv_emit_move(struct builder *builder, unsigned rd, unsigned rs)
{
	if (rd != rs)
		build_op(builder, UOP_MOV, rd, rs, 0, 0);
}

void riscv_emit_op(struct builder *builder, const struct riscv_operands *o)
{
	/* An operation on x0 is a HINT: integer operations have no other effect than rd. */
	if (!o->rd)
		return;
	/* How programs say "move" and "load a constant". */
	unsigned op = o->row->argument;
	if (op == UOP_ADD && (!o->rs1 || !o->rs2))
		riscv_emit_move(builder, o->rd, o->rs1 | o->rs2);
	else if (op == UOP_ADDI && !o->rs1)
		build_constant(builder, o->rd, (uint64_t)(int64_t)o->imm);
	else if (op == UOP_ADDI && !o->imm)
		riscv_emit_move(builder, o->rd, o->rs1);
	else
		build_op(builder, op, o->rd, o->rs1, o->rs2, o->imm);
}

void riscv_emit_constant(struct builder *builder, const struct riscv_operands *o)
{
	if (o->rd)
		build_constant(builder, o->rd, (uint64_t)(int64_t)o->imm);
}

void riscv_emit_auipc(struct builder *builder, const struct riscv_operands *o)
{
	if (o->rd)
		build_constant(builder, o->rd, builder->pc + (uint64_t)(int64_t)o->imm);
}

void riscv_emit_load(struct builder *builder, const struct riscv_operands *o)
{
	build_memory(builder, o->row->argument, riscv_emit_destination(o), o->rs1, o->imm);
}

void riscv_emit_store(struct builder *builder, const struct riscv_operands *o)
{
	build_memory(builder, o->row->argument, o->rs2, o->rs1, o->imm);
}

void riscv_emit_hint(struct builder *builder, const struct riscv_operands *o)
{
	(void)builder;
	(void)o;
}
