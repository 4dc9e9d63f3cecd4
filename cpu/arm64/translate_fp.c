/* Scalar floating point, where it is micro-ops. See emit.h for how vector registers are written. */
#include "cpu/arm64/emit.h"

void emit_scalar_written(struct builder *builder, unsigned d)
{
	uint64_t known = 1ull << (NOTE_UPPER_ZERO_AT + d);
	if (builder->note & known)
		return;
	build_op(builder, UOP_PUT, 0, A64_REG_ZR, 0, emit_upper(d));
	builder->note |= known;
}

/* FMOV between general and FP registers of the same width. */
void emit_fp_from_general(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	build_op(builder, row->argument, word & 31, emit_rn(word), 0, 0);
	emit_scalar_written(builder, word & 31);
}
