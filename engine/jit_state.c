/* What system instructions are made of: words of the CPU's own state, and calls of helpers. */
#include <stddef.h>

#include "engine/jit_lower.h"

static struct x86_rm state_word(const struct jit_lowering *l)
{
	return x86_mem(JIT_BASE, l->uop->imm - JIT_CPU_BIAS);
}

void jit_lower_get(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	unsigned result = jit_result(l);
	x86_op(l->code, X86_MOV, true, result, state_word(l));
	jit_write(l, result, false);
}

/* The number of the vector register whose upper half a PUT writes, or -1. */
static int upper_of(const struct uop *uop)
{
	const int first = (int)offsetof(struct cpu, v) + 8, size = sizeof(union cpu_vector);
	int offset = uop->imm - first;
	return uop->op == UOP_PUT && offset >= 0 && offset < 32 * size && offset % size == 0
		       ? offset / size
		       : -1;
}

static bool writes_whole(const struct uop *uop)
{
	unsigned kind = uop_info[uop->op].kind;
	return kind == UOP_KIND_VVV || kind == UOP_KIND_VR || uop->op == UOP_FLD128;
}

uint32_t jit_zeroed_uppers(const struct jit_lowering *l)
{
	uint32_t zeroed = 0, others = 0;
	for (const struct uop *uop = l->block->uops;; uop += uop_info[uop->op].slots) {
		int upper = upper_of(uop);
		if (upper >= 0 && uop->a == l->jit->zero_register)
			zeroed |= UINT32_C(1) << upper;
		else if (upper >= 0)
			others |= UINT32_C(1) << upper;
		else if (writes_whole(uop))
			others |= UINT32_C(1) << uop->d;
		else if (uop->op == UOP_CALL || uop->op == UOP_CALL_END)
			return 0; /* helpers write what they like */
		if (jit_ends_block(uop))
			return zeroed & ~others;
	}
}

void jit_lower_put(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	int upper = upper_of(l->uop);
	if (upper >= 0 && l->mapped && l->fp.zero_uppers >> upper & 1)
		return;
	if (upper >= 0)
		l->fp.known.whole &= ~(UINT32_C(1) << upper);
	x86_op(l->code, X86_MOV_TO, true, jit_read(l, l->uop->a, X86_RAX), state_word(l));
}

/* Of the key, whose other half is the salt, the upper half. */
void jit_lower_mode(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	x86_op_imm(l->code, X86_MOV_I32, false, 0, x86_mem(JIT_BASE, JIT_CPU(mode)), l->uop->imm);
	x86_op_imm(l->code, X86_MOV_I32, false, 0, x86_mem(JIT_BASE, JIT_CPU(jump_key) + 4),
		   l->uop->imm);
}

static void call_helper(struct jit_lowering *l, const uint8_t *thunk)
{
	x86_address(l->code, X86_RAX, l->uop);
	x86_address(l->code, X86_RCX, l->block);
	x86_call(l->code, thunk);
	jit_fp_forget(l, true);
}

void jit_lower_call_helper(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	if (l->mapped)
		jit_lower_call(l, insn, flags);
	else
		call_helper(l, l->jit->call_helper);
}

/* The helper has set cpu->pc. */
void jit_lower_call_end(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	call_helper(l, l->jit->call_last);
	x86_op(l->code, X86_MOV, true, X86_RAX, x86_mem(JIT_BASE, JIT_CPU(pc)));
	jit_emit_jump_to_rax(l->jit);
}
