/*
 * 128 bits at once, on the host's SSE unit. Operands and results are in cpu->v[]: host registers
 * hold lower halves only (engine/jit_fp.h).
 */
#include "engine/jit_fp.h"
#include "engine/vector.h"

/* Vector registers have no alignment that memory operands would need. */
static void read_whole(struct jit_lowering *l, unsigned xmm, unsigned guest)
{
	x86_op(l->code, X86_MOVUPS, false, xmm, jit_vector(guest));
}

/* d of the micro-op = xmm. */
static void write_whole(struct jit_lowering *l, unsigned xmm)
{
	x86_op(l->code, X86_MOVUPS_TO, false, xmm, jit_vector(l->uop->d));
	jit_fp_written(l);
}

void jit_lower_vector(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	enum { SWAPPED = 1 };
	static const struct {
		uint8_t insn, flags;
	} rows[] = {
#define VECTOR(name, bits, expression, host, flags) {X86_##host, flags},
#include "engine/vector.def"
#undef VECTOR
	};
	(void)insn, (void)flags;
	const struct uop *uop = l->uop;
	unsigned row = (unsigned)uop->imm & 255;
	bool swapped = rows[row].flags & SWAPPED;
	unsigned a = swapped ? XMM_SCRATCH1 : XMM_SCRATCH, b = XMM_SCRATCH + XMM_SCRATCH1 - a;
	read_whole(l, a, uop->a);
	if (uop->imm & VECTOR_ZERO)
		x86_op(l->code, X86_XORPS, false, b, x86_reg(b));
	else
		read_whole(l, b, uop->b);
	x86_op(l->code, rows[row].insn, false, XMM_SCRATCH, x86_reg(XMM_SCRATCH1));
	if (uop->imm & VECTOR_HALF)
		x86_op(l->code, X86_MOVQ, false, XMM_SCRATCH, x86_reg(XMM_SCRATCH));
	write_whole(l, XMM_SCRATCH);
}

void jit_vector_load(struct jit_lowering *l, struct x86_rm from)
{
	x86_op(l->code, X86_MOVUPS, false, XMM_SCRATCH, from);
	write_whole(l, XMM_SCRATCH);
}

void jit_vector_store(struct jit_lowering *l, struct x86_rm to)
{
	read_whole(l, XMM_SCRATCH, l->uop->b);
	x86_op(l->code, X86_MOVUPS_TO, false, XMM_SCRATCH, to);
}
