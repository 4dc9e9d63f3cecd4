/*
 * How blocks begin and end. Direct jumps within a page are patched (code_cache_link decides);
 * everything else goes through the CPU's jump cache, probed in place so that the host predicts each
 * jump by itself.
 */
#include "engine/jit_lower.h"

void jit_lower_head(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	x86_arith_imm(l->code, X86_SUB_I32, true, x86_reg(JIT_BUDGET), l->uop->imm);
	if (l->budget_stub)
		x86_jump_if(l->code, X86_S, l->budget_stub);
	else
		jit_branch_to_stub(l, jit_add_stub(l, STUB_BUDGET), X86_S);
}

/* Jumps to the block of the jump-cache entry at base + index + offset, if it is that of rax. */
static void jump_through(struct jit *jit, unsigned index, int32_t offset)
{
	struct x86_code *code = &jit->code;
#define FIELD(field)                                                                               \
	x86_mem_index(JIT_BASE, index, 0, offset + (int32_t)offsetof(struct cpu_jump, field))
	x86_op(code, X86_CMP, true, X86_RAX, FIELD(pc));
	x86_jump_if(code, X86_NE, jit->leave_lookup);
	x86_op(code, X86_MOV, true, X86_RDX, FIELD(key));
	x86_op(code, X86_CMP, true, X86_RDX, x86_mem(JIT_BASE, JIT_CPU(jump_key)));
	x86_jump_if(code, X86_NE, jit->leave_lookup);
	x86_op(code, X86_MOV, true, X86_RDX, FIELD(block));
	x86_op(code, X86_JMP_RM, false, 0, x86_mem(X86_RDX, offsetof(struct block, code)));
#undef FIELD
}

#define ENTRY_SHIFT 5
_Static_assert(sizeof(struct cpu_jump) == 1 << ENTRY_SHIFT, "an index is scaled by shifting");

/* jump_slot() in host code. */
void jit_emit_jump_to_rax(struct jit *jit)
{
	struct x86_code *code = &jit->code;
	x86_op_imm(code, X86_IMUL_I32, false, X86_RCX, x86_reg(X86_RAX), (int32_t)JUMP_HASH);
	x86_op_imm(code, X86_SHR_I8, false, 0, x86_reg(X86_RCX), JUMP_SHIFT - ENTRY_SHIFT);
	x86_arith_imm(code, X86_AND_I32, false, x86_reg(X86_RCX),
		      (CPU_JUMP_CACHE - 1) << ENTRY_SHIFT);
	jump_through(jit, X86_RCX, JIT_CPU(jump));
}

void jit_emit_probe(struct jit_lowering *l, uint64_t pc)
{
	int32_t slot = (int32_t)(jump_index(pc) * sizeof(struct cpu_jump));
	x86_constant(l->code, X86_RAX, pc);
	jump_through(l->jit, X86_NONE, JIT_CPU(jump) + slot);
}

/* Whether code_cache_link() may ever link this block's jump to pc. */
static bool is_linkable(const struct block *block, uint64_t pc)
{
	return !block->straddles && !((block->pc ^ pc) & CPU_PAGE_MASK);
}

/* Where jit_link() changes the way of a direct jump. */
static void set_jump_site(const struct jit_lowering *l, const union uop_wide *wide,
			  const uint8_t *displacement)
{
	unsigned slot = (unsigned)((const struct uop *)wide - l->block->uops);
	if (!l->careful)
		l->block->jump_site[l->block->uop_count - 1 - slot] =
			(uint32_t)(displacement - l->jit->writable);
}

void jit_jump(struct jit_lowering *l, unsigned n, enum x86_condition condition)
{
	const union uop_wide *wide = uop_wide(l->uop, n);
	bool linkable = !l->careful && is_linkable(l->block, wide->jump.pc);
	if (!linkable && condition == X86_ALWAYS) {
		jit_emit_probe(l, wide->jump.pc);
		return;
	}
	const struct block *target = wide->jump.target;
	if (target && (!target->compiled || l->careful))
		target = NULL;
	if (!target && condition == X86_ALWAYS) { /* a call until it is linked */
		uint8_t *call = x86_call(l->code, l->jit->leave_unlinked);
		jit_put_slot(l, wide);
		set_jump_site(l, wide, call);
		return;
	}
	const void *to = target ? target->code : NULL;
	uint8_t *displacement = condition == X86_ALWAYS ? x86_jump(l->code, to)
							: x86_jump_if(l->code, condition, to);
	if (target)
		return;
	struct jit_stub *stub = jit_add_stub(l, linkable ? STUB_UNLINKED : STUB_PROBE);
	stub->jumps[stub->jump_count++] = displacement;
	stub->wide = wide;
	stub->pc = wide->jump.pc;
	if (linkable)
		set_jump_site(l, wide, displacement);
}

/* insn: the condition under which the branch is taken, an enum x86_condition. */
void jit_lower_branch(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)flags;
	enum x86_condition condition;
	if (jit_flags_deferred(l, &condition)) {
		condition ^= insn == X86_E; /* not zero, or zero */
	} else {
		jit_compare(l);
		condition = insn;
	}
	if (l->mapped) {
		jit_loop_branch(l, condition);
		return;
	}
	jit_jump(l, 1, condition);
	jit_jump(l, 2, X86_ALWAYS);
}

void jit_lower_jump(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	jit_jump(l, 1, X86_ALWAYS);
}

void jit_lower_jump_register(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn;
	const struct uop *uop = l->uop;
	jit_load(l, uop->a, X86_RAX, true);
	if (uop->imm)
		x86_arith_imm(l->code, X86_ADD_I32, true, x86_reg(X86_RAX), uop->imm);
	if (!(flags & LOWER_ALIGNED))
		x86_arith_imm(l->code, X86_AND_I32, true, x86_reg(X86_RAX), -2);
	if (uop->d == REG_SINK) {
		jit_emit_jump_to_rax(l->jit);
		return;
	}
	unsigned link = jit_host(l, uop->d) != X86_NONE ? jit_host(l, uop->d) : X86_RCX;
	x86_constant(l->code, link, uop_wide(uop, 1)->value);
	jit_write(l, link, false);
	jit_emit_jump_to_rax(l->jit);
}

void jit_lower_leave(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	uint64_t pc = uop_wide(l->uop, 1)->value;
	struct jit_stub *stub = jit_add_stub(l, STUB_LOOKUP);
	stub->pc = pc;
	x86_op_imm(l->code, X86_CMP8_I8, false, 0, x86_mem(JIT_BASE, JIT_CPU(attention)), 0);
	jit_branch_to_stub(l, stub, X86_NE);
	jit_emit_probe(l, pc);
}
