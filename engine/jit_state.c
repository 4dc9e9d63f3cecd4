/* What system instructions are made of: words of the CPU's own state, and calls of helpers. */
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

void jit_lower_put(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	x86_op(l->code, X86_MOV_TO, true, jit_read(l, l->uop->a, X86_RAX), state_word(l));
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
