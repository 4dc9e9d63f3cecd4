/* Translating one block: what lowerings share, the loop over micro-ops, and the code behind it. */
#include <string.h>

#include "engine/jit_table.h"

struct x86_rm jit_home(unsigned guest)
{
	return x86_mem(JIT_BASE, JIT_CPU(r) + 8 * (int32_t)guest);
}

struct x86_rm jit_place(const struct jit_lowering *l, unsigned guest)
{
	unsigned host = jit_host(l, guest);
	return host == X86_NONE ? jit_home(guest) : x86_reg(host);
}

struct x86_rm jit_vector(unsigned index)
{
	return x86_mem(JIT_BASE, JIT_CPU(v) + (int32_t)(index * sizeof(union cpu_vector)));
}

struct x86_rm jit_vector_high(unsigned index)
{
	struct x86_rm rm = jit_vector(index);
	rm.disp += 4;
	return rm;
}

void jit_load(struct jit_lowering *l, unsigned guest, unsigned scratch, bool wide)
{
	if (jit_host(l, guest) != scratch || !wide)
		x86_op(l->code, X86_MOV, wide, scratch, jit_place(l, guest));
}

unsigned jit_read(struct jit_lowering *l, unsigned guest, unsigned scratch)
{
	unsigned host = jit_host(l, guest);
	if (host != X86_NONE)
		return host;
	jit_load(l, guest, scratch, true);
	return scratch;
}

unsigned jit_result(const struct jit_lowering *l)
{
	unsigned host = jit_host(l, l->uop->d);
	return host == X86_NONE ? X86_RAX : host;
}

void jit_write(struct jit_lowering *l, unsigned host, bool word)
{
	unsigned pinned = jit_host(l, l->uop->d);
	unsigned result = pinned == X86_NONE ? host : pinned;
	if (word)
		x86_op(l->code, X86_MOVSXD, true, result, x86_reg(host));
	else if (result != host)
		x86_op(l->code, X86_MOV, true, result, x86_reg(host));
	if (pinned == X86_NONE)
		x86_op(l->code, X86_MOV_TO, true, result, jit_home(l->uop->d));
}

struct jit_stub *jit_add_stub(struct jit_lowering *l, enum jit_stub_kind kind)
{
	struct jit_stub *stub = &l->stubs[l->stub_count++];
	*stub = (struct jit_stub){.kind = kind, .uop = l->uop};
	return stub;
}

void jit_branch_to_stub(struct jit_lowering *l, struct jit_stub *stub, enum x86_condition condition)
{
	stub->jumps[stub->jump_count++] = x86_jump_if(l->code, condition, NULL);
}

static void emit_call_any(struct jit_lowering *l, const struct uop *uop)
{
	x86_address(l->code, X86_RAX, uop);
	x86_address(l->code, X86_RCX, l->block);
	x86_call(l->code, l->jit->call_any);
}

/* Integer registers of a micro-op that is nothing but arithmetic. */
enum { USES_A = 1, USES_B = 2, USES_D = 4, USES_ANY = 8 };

static unsigned registers_used(const struct uop *uop)
{
	switch ((enum uop_kind)uop_info[uop->op].kind) {
	case UOP_KIND_RRRI:
	case UOP_KIND_RRR: return USES_A | USES_B | USES_D;
	case UOP_KIND_RRI:
	case UOP_KIND_RR: return USES_A | USES_D;
	case UOP_KIND_RI:
	case UOP_KIND_RFF:
	case UOP_KIND_RF: return USES_D;
	case UOP_KIND_FR: return USES_A;
	case UOP_KIND_FFF:
	case UOP_KIND_FFFF:
	case UOP_KIND_FF: return 0;
	default: return USES_ANY;
	}
}

/* Registers that C functions spoil are moved by the shared code; here are the others. */
static void move_preserved(struct jit_lowering *l, enum x86_insn direction, unsigned guest)
{
	unsigned host = jit_host(l, guest);
	if (host != X86_NONE && jit_is_preserved(host))
		x86_op(l->code, direction, true, host, jit_home(guest));
}

static void emit_call_data(struct jit_lowering *l, const struct uop *uop)
{
	unsigned uses = registers_used(uop);
	if (uses & USES_A)
		move_preserved(l, X86_MOV_TO, uop->a);
	if (uses & USES_B)
		move_preserved(l, X86_MOV_TO, uop->b);
	x86_address(l->code, X86_RAX, uop);
	x86_call(l->code, l->jit->call_data);
	if (uses & USES_D)
		move_preserved(l, X86_MOV, uop->d);
}

void jit_lower_call(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	bool anything = registers_used(l->uop) & USES_ANY;
	jit_fp_forget(l, anything);
	if (anything)
		emit_call_any(l, l->uop);
	else
		emit_call_data(l, l->uop);
}

static void emit_stub(struct jit_lowering *l, const struct jit_stub *stub)
{
	if (!stub->jump_count)
		return;
	for (unsigned i = 0; i < stub->jump_count; i++)
		x86_patch(l->code, stub->jumps[i], x86_here(l->code));
	switch (stub->kind) {
	case STUB_CALL_ANY:
		emit_call_any(l, stub->uop);
		jit_fp_reload(l, stub);
		x86_jump(l->code, stub->back);
		break;
	case STUB_CALL_DATA:
		if (stub->accept)
			jit_fp_test_zero(l, stub);
		emit_call_data(l, stub->uop);
		jit_fp_reload(l, stub);
		x86_jump(l->code, stub->back);
		break;
	case STUB_UNLINKED:
		x86_address(l->code, X86_RAX, stub->wide);
		x86_address(l->code, X86_RCX, l->block);
		x86_jump(l->code, l->jit->leave_unlinked);
		break;
	case STUB_PROBE: jit_emit_probe(l, stub->pc); break;
	case STUB_LOOKUP:
		x86_constant(l->code, X86_RAX, stub->pc);
		x86_jump(l->code, l->jit->leave_lookup);
		break;
	case STUB_BUDGET:
		/* The head has taken what is not there. */
		x86_arith_imm(l->code, X86_ADD_I32, true, x86_reg(JIT_BUDGET), stub->uop->imm);
		x86_address(l->code, X86_RCX, l->block);
		x86_jump(l->code, l->jit->leave_budget);
		break;
	}
}

/* What follows such a micro-op in its block is only what it refers to. */
bool jit_ends_block(const struct uop *uop)
{
	if (uop_info[uop->op].kind == UOP_KIND_BRANCH)
		return true;
	return uop_info[uop->op].kind == UOP_KIND_CONTROL && uop->op != UOP_HEAD &&
	       uop->op != UOP_CALL && uop->op != UOP_CALL_IF;
}

/* A branch at the end, taken or not, that is linked to the block itself. */
static bool is_loop(const struct block *block)
{
	const struct uop *uop = block->uops;
	while (!jit_ends_block(uop))
		uop += uop_info[uop->op].slots;
	if (uop_info[uop->op].kind != UOP_KIND_BRANCH)
		return false;
	return uop_wide(uop, 1)->jump.target == block || uop_wide(uop, 2)->jump.target == block;
}

static void lower_block(struct jit_lowering *l)
{
	l->stub_count = 0;
	for (l->uop = l->block->uops;; l->uop += uop_info[l->uop->op].slots) {
		const struct jit_row *row = &jit_rows[l->uop->op];
		(row->lower ? row->lower : jit_lower_call)(l, row->insn, row->flags);
		if (jit_ends_block(l->uop))
			break;
	}
	for (unsigned i = 0; i < l->stub_count; i++)
		emit_stub(l, &l->stubs[i]);
}

/* The code for an FP environment in which host arithmetic is not known to be right. */
static void lower_careful(struct jit_lowering *l)
{
	for (unsigned i = 0; i < 2; i++)
		if (l->fp.distrust[i])
			x86_patch(l->code, l->fp.distrust[i], x86_here(l->code));
	l->careful = true;
	l->loop = NULL;
	jit_fp_begin(l);
	lower_block(l);
}

bool jit_compile(struct jit *jit, struct block *block)
{
	struct x86_code *code = &jit->code;
	if (code->end - code->at < (ptrdiff_t)JIT_BLOCK_BYTES)
		return false;
	struct jit_lowering l;
	l.jit = jit;
	l.code = code;
	l.block = block;
	l.careful = false;
	const uint8_t *start = x86_here(code);
	/* From here on a jump of the block to itself finds its code. */
	block->code = start;
	block->compiled = true;
	jit_fp_begin(&l);
	jit_fp_enter(&l, is_loop(block));
	l.loop = x86_here(code);
	lower_block(&l);
	if (l.fp.distrust[0])
		lower_careful(&l);
	jit->compiled++;
	jit->compiled_instructions += block->insn_count;
	jit->host_bytes += (uint64_t)(x86_here(code) - start);
	return true;
}
