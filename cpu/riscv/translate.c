#include "cpu/riscv/translate.h"

#include "cpu/riscv/emit.h"

static void translate_row(struct riscv_cpu *hart, struct builder *builder, uint32_t bits)
{
	const char *why;
	const struct riscv_row *row = riscv_decode(hart, bits, &why);
	if (!row) {
		riscv_emit_illegal(builder, why);
		return;
	}
	struct riscv_operands operands;
	riscv_decode_operands(row, bits, &operands);
	row->emit(builder, &operands);
}

void riscv_translate(struct cpu *cpu, struct builder *builder)
{
	struct riscv_cpu *hart = riscv_cpu(cpu);
	uint64_t bits, high;
	if (!build_fetch(builder, 0, 2, &bits))
		return;
	builder->insn = bits;
	if ((bits & 3) != 3) {
		builder->length = 2;
		const char *why;
		const struct riscv_row16 *row = riscv_decode16(hart, (uint16_t)bits, &why);
		if (row)
			translate_row(hart, builder, row->expand((uint16_t)bits, row->base));
		else
			riscv_emit_illegal(builder, why);
		return;
	}
	/* Longer encodings than 32 bits do not exist here: their first 32 bits match no row. */
	if (!build_fetch(builder, 2, 2, &high))
		return;
	builder->length = 4;
	builder->insn = bits | high << 16;
	translate_row(hart, builder, (uint32_t)builder->insn);
}
