#include "cpu/riscv/emit.h"

void emit_op(struct builder *builder, const struct riscv_operands *o)
{
	/* An operation on x0 is a HINT: integer operations have no other effect than rd. */
	if (o->rd)
		build_op(builder, o->row->argument, o->rd, o->rs1, o->rs2, o->imm);
}

void emit_constant(struct builder *builder, const struct riscv_operands *o)
{
	if (o->rd)
		build_constant(builder, o->rd, (uint64_t)(int64_t)o->imm);
}

void emit_auipc(struct builder *builder, const struct riscv_operands *o)
{
	if (o->rd)
		build_constant(builder, o->rd, builder->pc + (uint64_t)(int64_t)o->imm);
}

void emit_load(struct builder *builder, const struct riscv_operands *o)
{
	build_memory(builder, o->row->argument, emit_destination(o), o->rs1, o->imm);
}

void emit_store(struct builder *builder, const struct riscv_operands *o)
{
	build_memory(builder, o->row->argument, o->rs2, o->rs1, o->imm);
}

void emit_hint(struct builder *builder, const struct riscv_operands *o)
{
	(void)builder;
	(void)o;
}
