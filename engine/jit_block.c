/* Translating one block: what lowerings share, the loop over micro-ops, and the code behind it. */
#include <stdlib.h>
#include <string.h>

#include "engine/jit_listing.h"
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
	if (guest == l->jit->zero_register)
		x86_constant(l->code, scratch, 0);
	else if (jit_host(l, guest) != scratch || !wide)
		x86_op(l->code, X86_MOV, wide, scratch, jit_place(l, guest));
}

void jit_load_input(struct jit_lowering *l, unsigned guest, unsigned scratch, bool wide)
{
	if (jit_host(l, guest) != scratch)
		jit_load(l, guest, scratch, wide);
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
	unsigned host = jit_host(l, l->d);
	return host == X86_NONE ? X86_RAX : host;
}

void jit_write(struct jit_lowering *l, unsigned host, bool word)
{
	unsigned own = jit_host(l, l->d);
	if (own != X86_NONE) {
		if (own != host)
			x86_op(l->code, X86_MOV, !word, own, x86_reg(host));
		l->narrow_result = word;
		return;
	}
	if (word)
		x86_op(l->code, X86_MOVSXD, true, host, x86_reg(host));
	x86_op(l->code, X86_MOV_TO, true, host, jit_home(l->d));
}

void jit_set(struct jit_lowering *l, unsigned guest, unsigned host)
{
	unsigned own = jit_host(l, guest);
	x86_op(l->code, X86_MOV_TO, true, host, jit_place(l, guest));
	if (own != X86_NONE)
		l->map.dirty |= (uint16_t)(1u << own);
	l->map.narrow &= ~(1ull << guest);
	l->map.word &= ~(1ull << guest);
}

struct jit_stub *jit_add_stub(struct jit_lowering *l, enum jit_stub_kind kind)
{
	struct jit_stub *stub = &l->stubs[l->stub_count++];
	stub->kind = kind;
	stub->jump_count = 0;
	stub->uop = l->uop;
	stub->map = l->map;
	stub->accept = NULL;
	stub->fp_whole = stub->fp_wide = stub->fp_single = 0;
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

/* For maps of any kind, at the price of size. */
static void emit_call_stored(struct jit_lowering *l, struct jit_map *map, const struct uop *uop)
{
	jit_map_store(map, l->code, UINT16_MAX);
	x86_address(l->code, X86_RAX, uop);
	x86_address(l->code, X86_RCX, l->block);
	x86_call(l->code, l->jit->call_stored);
	jit_map_load(map, l->code);
}

unsigned jit_uses(const struct uop *uop)
{
	switch ((enum uop_kind)uop_info[uop->op].kind) {
	case UOP_KIND_ATOMIC:
	case UOP_KIND_RRRR: return USES_A | USES_B | USES_C | USES_D;
	case UOP_KIND_RRRI: return USES_A | USES_B | USES_D;
	case UOP_KIND_RRR:
		if (uop->op == UOP_ADDC || uop->op == UOP_ADDCZ)
			return USES_A | USES_B | USES_D | USES_FLAGS | USES_SETS_FLAGS;
		return USES_A | USES_B | USES_D;
	case UOP_KIND_RRI:
	case UOP_KIND_LOAD:
	case UOP_KIND_RR: return USES_A | USES_D;
	case UOP_KIND_RI:
		if (uop->op == UOP_CONDITION || uop->op == UOP_CARRY)
			return USES_D | USES_FLAGS;
		return uop->op == UOP_SETRM || uop->op == UOP_RESTORERM || uop->op == UOP_MODE
			       ? 0
			       : USES_D;
	case UOP_KIND_RFF:
	case UOP_KIND_RF: return USES_D;
	case UOP_KIND_STATE: return uop->op == UOP_PUT ? USES_A : USES_D;
	case UOP_KIND_BRANCH:
	case UOP_KIND_STORE: return USES_A | USES_B;
	case UOP_KIND_FLOAD:
	case UOP_KIND_FSTORE:
	case UOP_KIND_VR:
	case UOP_KIND_FR: return USES_A;
	case UOP_KIND_FFF:
	case UOP_KIND_FFFF:
	case UOP_KIND_VVV:
	case UOP_KIND_FF: return 0;
	case UOP_KIND_FLAGS:
		if (uop->op == UOP_FLAGS || uop->op == UOP_FLAGSZ)
			return USES_A | USES_B | USES_SETS_FLAGS;
		return USES_A | USES_B | USES_C | USES_SETS_FLAGS;
	default: return uop->op == UOP_CALL_IF ? USES_A : USES_ANY;
	}
}

unsigned jit_third(const struct uop *uop)
{
	return (unsigned)(uop_info[uop->op].kind == UOP_KIND_FLAGS ? uop->imm >> 8 : uop->imm) & 63;
}

#define FLAG_REGISTERS (1ull << REG_FLAGS_A | 1ull << REG_FLAGS_B)

uint64_t jit_reads(const struct uop *uop)
{
	unsigned uses = jit_uses(uop);
	return (uint64_t)(uses & USES_A ? 1ull << uop->a : 0) |
	       (uses & USES_B ? 1ull << uop->b : 0) | (uses & USES_C ? 1ull << jit_third(uop) : 0) |
	       (uses & USES_FLAGS ? FLAG_REGISTERS : 0);
}

uint64_t jit_writes(const struct uop *uop)
{
	unsigned uses = jit_uses(uop);
	return (uint64_t)(uses & USES_D ? 1ull << uop->d : 0) |
	       (uses & USES_SETS_FLAGS ? FLAG_REGISTERS : 0);
}

bool jit_is_arithmetic(const struct uop *uop)
{
	switch ((enum uop_kind)uop_info[uop->op].kind) {
	case UOP_KIND_LOAD:
	case UOP_KIND_STORE:
	case UOP_KIND_FLOAD:
	case UOP_KIND_FSTORE:
	case UOP_KIND_ATOMIC:
	case UOP_KIND_CONTROL:
	case UOP_KIND_BRANCH: return false;
	default: return !(jit_uses(uop) & USES_ANY);
	}
}

/* Registers that C functions spoil are moved by the shared code; here are the others. */
static void move_preserved(struct jit_lowering *l, enum x86_insn direction, unsigned guest)
{
	unsigned host = jit_host(l, guest);
	if (host != X86_NONE && jit_is_preserved(host))
		x86_op(l->code, direction, true, host, jit_home(guest));
}

static void move_flags(struct jit_lowering *l, enum x86_insn direction, bool wanted)
{
	if (!wanted)
		return;
	move_preserved(l, direction, REG_FLAGS_A);
	move_preserved(l, direction, REG_FLAGS_B);
}

static void emit_call_data(struct jit_lowering *l, const struct uop *uop)
{
	unsigned uses = jit_uses(uop);
	if (uses & USES_A)
		move_preserved(l, X86_MOV_TO, uop->a);
	if (uses & USES_B)
		move_preserved(l, X86_MOV_TO, uop->b);
	if (uses & USES_C)
		move_preserved(l, X86_MOV_TO, jit_third(uop));
	move_flags(l, X86_MOV_TO, uses & (USES_FLAGS | USES_SETS_FLAGS));
	x86_address(l->code, X86_RAX, uop);
	x86_call(l->code, l->jit->call_data);
	if (uses & USES_D)
		move_preserved(l, X86_MOV, uop->d);
	move_flags(l, X86_MOV, uses & USES_SETS_FLAGS);
}

void jit_lower_call(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	unsigned uses = jit_uses(l->uop);
	jit_fp_forget(l, uses & USES_ANY);
	if (l->mapped) {
		emit_call_stored(l, &l->map, l->uop);
		return;
	}
	if (!jit_is_arithmetic(l->uop)) {
		jit_map_widen(&l->map, l->code, UINT64_MAX);
		emit_call_any(l, l->uop);
	} else {
		emit_call_data(l, l->uop);
	}
}

void jit_put_slot(struct jit_lowering *l, const void *uop)
{
	x86_data(l->code, jit_slot(l->jit, l->block, uop), 4);
}

/*
 * Calls shared code with the slot of the stub's micro-op, then size more bytes than the way on.
 * Returns whether it goes on at stub->back by itself: not if there is something to do before that.
 */
static bool emit_slow(struct jit_lowering *l, const struct jit_stub *stub, const uint8_t *shared,
		      unsigned more)
{
	x86_call(l->code, shared);
	ptrdiff_t way = stub->back - x86_here(l->code);
	bool goes_back = !l->mapped && !(stub->fp_whole | stub->fp_wide | stub->fp_single) &&
			 way == (int16_t)way;
	if (!goes_back)
		way = 4 + JIT_WAY_BYTES + (ptrdiff_t)more;
	jit_put_slot(l, stub->uop);
	x86_data(l->code, (uint64_t)way, JIT_WAY_BYTES);
	return goes_back;
}

static void emit_call_stub(struct jit_lowering *l, struct jit_stub *stub)
{
	if (stub->accept)
		jit_fp_test_zero(l, stub);
	if (l->mapped) {
		emit_call_stored(l, &stub->map, stub->uop);
	} else if (stub->kind == STUB_CALL_DATA) {
		emit_call_data(l, stub->uop);
	} else {
		jit_map_widen(&stub->map, l->code, UINT64_MAX);
		if (emit_slow(l, stub, l->jit->slow, 0))
			return;
	}
	jit_fp_reload(l, stub);
	x86_jump(l->code, stub->back);
}

static void emit_group_stub(struct jit_lowering *l, struct jit_stub *stub)
{
	if (l->mapped)
		jit_map_store(&stub->map, l->code, UINT16_MAX);
	else
		jit_map_widen(&stub->map, l->code, UINT64_MAX);
	bool goes_back = emit_slow(l, stub, l->mapped ? l->jit->run_stored : l->jit->run, 1);
	x86_data(l->code, (uint64_t)(stub->last - l->block->uops), 1);
	if (goes_back)
		return;
	if (l->mapped)
		jit_map_load(&stub->map_back, l->code);
	jit_fp_reload(l, stub);
	x86_jump(l->code, stub->back);
}

static void emit_stub(struct jit_lowering *l, struct jit_stub *stub)
{
	if (!stub->jump_count)
		return;
	if (l->jit->listing)
		jit_listing_note(l->jit->listing, l->code, l->block, stub->uop, true);
	for (unsigned i = 0; i < stub->jump_count; i++)
		x86_patch(l->code, stub->jumps[i], x86_here(l->code));
	switch (stub->kind) {
	case STUB_CALL_ANY:
	case STUB_CALL_DATA: emit_call_stub(l, stub); break;
	case STUB_UNLINKED:
		x86_call(l->code, l->jit->leave_unlinked);
		jit_put_slot(l, stub->wide);
		break;
	case STUB_KEEP: jit_emit_keep(l, stub); break;
	case STUB_GROUP: emit_group_stub(l, stub); break;
	case STUB_PROBE: jit_emit_probe(l, stub->pc); break;
	case STUB_LOOKUP:
		x86_constant(l->code, X86_RAX, stub->pc);
		x86_jump(l->code, l->jit->leave_lookup);
		break;
	case STUB_BUDGET:
		jit_map_change(&stub->map, &l->jit->canonical, l->code);
		x86_call(l->code, l->jit->leave_budget);
		jit_put_slot(l, stub->uop);
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

#define GUEST(n) (1ull << (n))

/* Whether there is nothing to do: the results are overwritten before anybody can see them. */
static bool is_dead(const struct uop *uop)
{
	const struct uop *next = uop + uop_info[uop->op].slots;
	if (uop->op == UOP_MOV && uop->d == uop->a)
		return true; /* jit_rewrite() */
	switch ((enum uop_kind)uop_info[uop->op].kind) {
	case UOP_KIND_FLAGS:
		return jit_dies_unseen(next, REG_FLAGS_A) && jit_dies_unseen(next, REG_FLAGS_B);
	case UOP_KIND_RRR:
	case UOP_KIND_RRI:
	case UOP_KIND_RRRI:
	case UOP_KIND_RRRR:
	case UOP_KIND_RR:
	case UOP_KIND_RI:
		return jit_uses(uop) & USES_D && !(jit_uses(uop) & USES_SETS_FLAGS) &&
		       jit_dies_unseen(next, uop->d);
	default: return false;
	}
}

/* Makes the upper halves of inputs where the micro-op needs them. Returns whether d fits a word. */
static bool prepare_inputs(struct jit_lowering *l, unsigned uses, unsigned flags)
{
	const struct uop *uop = l->uop;
	uint64_t a = uses & USES_A ? GUEST(uop->a) : 0, b = uses & USES_B ? GUEST(uop->b) : 0;
	uint64_t c = uses & USES_C ? GUEST(jit_third(uop)) : 0;
	bool words = !((a | b) & ~l->map.word);
	l->half = (flags & LOWER_LOGIC) && words && ((a | b) & l->map.narrow);
	if (l->half || flags & (LOWER_LOW | LOWER_WORD | LOWER_ZEXT))
		a = b = 0;
	else if ((flags & (LOWER_ZERO | LOWER_WIDE)) == LOWER_ZERO ||
		 (uop->op == UOP_SLLI && (uop->imm & 63) >= 32))
		a = 0;
	else if (uop_info[uop->op].kind == UOP_KIND_STORE && !(flags & LOWER_WIDE))
		b = 0;
	jit_map_widen(&l->map, l->code, a | b | c);
	return flags & (LOWER_FITS | LOWER_WORD) || (flags & LOWER_LOGIC && words) ||
	       (uop->op == UOP_ANDI && uop->imm >= 0);
}

static void lower_one(struct jit_lowering *l)
{
	if (is_dead(l->uop) || l->uop == l->moved)
		return;
	/* Before SELECT is given registers, which only moves. */
	if (jit_flags_defer(l) || jit_flags_take_constant(l))
		return;
	const struct jit_row *row = &jit_rows[l->uop->op];
	unsigned uses = jit_uses(l->uop);
	if (l->jit->listing)
		jit_listing_note(l->jit->listing, l->code, l->block, l->uop, false);
	const struct uop *move = jit_find_pair_move(l);
	if (move)
		l->moved = move;
	l->d = move ? move->d : l->uop->d;
	if (uses & USES_ANY || jit_ends_block(l->uop))
		jit_map_widen(&l->map, l->code, UINT64_MAX);
	else if (l->mapped)
		jit_loop_allocate(l);
	bool word = prepare_inputs(l, uses, row->flags);
	l->narrow_result = false;
	if (l->uop->op == UOP_XOR && jit_flags_compare(l))
		jit_lower_compare(l, X86_NE, 0);
	else
		(row->lower ? row->lower : jit_lower_call)(l, row->insn, row->flags);
	struct jit_map *map = &l->map;
	if (uses & USES_SETS_FLAGS && uop_info[l->uop->op].kind != UOP_KIND_FLAGS)
		l->flags.from = NULL;
	if (uses & USES_ANY) {
		map->word = l->jit->canonical.word;
	} else if (uses & USES_D) {
		uint64_t d = GUEST(l->d);
		map->word = word || l->narrow_result ? map->word | d : map->word & ~d;
		map->narrow = l->narrow_result ? map->narrow | d : map->narrow & ~d;
		if (jit_host(l, l->d) != X86_NONE)
			map->dirty |= (uint16_t)(1u << jit_host(l, l->d));
	}
}

static void end_groups(struct jit_lowering *l)
{
	for (unsigned i = 0; i < JIT_GROUPS; i++) {
		struct jit_stub *group = l->shared[i];
		if (!group || l->uop != group->last)
			continue;
		jit_end_stub(l, group);
		group->map_back = l->map;
		l->shared[i] = NULL;
	}
}

void jit_lower_block(struct jit_lowering *l)
{
	l->flags.from = l->deferred = l->constant = l->moved = NULL;
	for (l->uop = l->block->uops;; l->uop += uop_info[l->uop->op].slots) {
		lower_one(l);
		end_groups(l);
		if (jit_ends_block(l->uop))
			break;
	}
}

static void emit_stubs(struct jit_lowering *l)
{
	for (unsigned i = 0; i < l->stub_count; i++)
		emit_stub(l, &l->stubs[i]);
}

/* The code for when what jit_fp_enter() tests does not hold. */
static void lower_careful(struct jit_lowering *l)
{
	for (unsigned i = 0; i < sizeof(l->fp.distrust) / sizeof(l->fp.distrust[0]); i++)
		if (l->fp.distrust[i])
			x86_patch(l->code, l->fp.distrust[i], x86_here(l->code));
	l->careful = true;
	l->mapped = l->rdx_is_mapped = false;
	l->steady = 0;
	l->budget_stub = NULL;
	l->map = l->jit->canonical;
	l->stub_count = 0;
	jit_fp_begin(l);
	jit_lower_block(l);
	emit_stubs(l);
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
	l.mapped = jit_is_loop(block);
	l.map = jit->canonical;
	l.stub_count = 0;
	memset(l.shared, 0, sizeof(l.shared));
	l.rdx_is_mapped = false;
	l.steady = 0;
	jit_rewrite(&l);
	jit_fp_begin(&l);
	const uint8_t *first = x86_here(code);
	l.budget_stub = l.mapped || l.fp.rounds ? NULL : first;
	if (l.budget_stub) {
		x86_call(code, jit->leave_budget);
		jit_put_slot(&l, block->uops);
	}
	const uint8_t *start = x86_here(code);
	/* From here on a jump of the block to itself finds its code. */
	block->code = start;
	block->compiled = true;
	jit_fp_enter(&l, l.mapped);
	if (l.mapped)
		jit_lower_loop(&l);
	else
		jit_lower_block(&l);
	emit_stubs(&l);
	if (l.fp.distrust[0] || l.fp.distrust[2])
		lower_careful(&l);
	if (code->full) /* JIT_BLOCK_BYTES is not what it says */
		abort();
	jit->compiled++;
	jit->compiled_instructions += block->insn_count;
	jit->host_bytes += (uint64_t)(x86_here(code) - first);
	if (jit->listing)
		jit_listing_end(jit->listing, code, block, start);
	return true;
}
