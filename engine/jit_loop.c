/*
 * Blocks that branch to themselves: most of the time that programs spend in tight loops. Inside,
 * guest registers are given host registers by need; the canonical map is restored where the loop
 * is left. The block is lowered twice: where registers end up the first time is where the second
 * time begins, so that little has to be moved when the loop repeats.
 */
#include "engine/jit_lower.h"

#define NEVER UINT32_MAX
/* How far away a use is from a register that is written before it is read. */
#define OVERWRITTEN (NEVER - 1)

bool jit_is_loop(const struct block *block)
{
	const struct uop *uop = block->uops;
	if (block->straddles || block->exit_mode != block->mode)
		return false;
	while (!jit_ends_block(uop))
		uop += uop_info[uop->op].slots;
	return uop_info[uop->op].kind == UOP_KIND_BRANCH &&
	       (uop_wide(uop, 1)->jump.pc == block->pc || uop_wide(uop, 2)->jump.pc == block->pc);
}

/* How many micro-ops it takes from after the current one until the register is read. */
static unsigned next_read(const struct jit_lowering *l, unsigned guest)
{
	const struct uop *uop = l->uop;
	uint64_t set = 1ull << guest;
	for (unsigned distance = 1;; distance++) {
		uop = jit_ends_block(uop) ? l->block->uops : uop + uop_info[uop->op].slots;
		if (jit_reads(uop) & set)
			return distance;
		if (jit_writes(uop) & set)
			return OVERWRITTEN;
		if (uop == l->uop)
			return NEVER;
	}
}

/*
 * Temporaries live in one instruction, and every instruction writes them before it reads them: what
 * happens between does not matter. Registers of the guest are seen by whatever is no arithmetic.
 */
bool jit_dies_unseen(const struct uop *uop, unsigned guest)
{
	bool temporary = jit_is_temporary(guest);
	uint64_t set = 1ull << guest;
	for (;; uop += uop_info[uop->op].slots) {
		if (temporary && jit_uses(uop) & USES_ANY &&
		    (uop->a == guest || uop->b == guest || uop->d == guest))
			return false;
		if ((!temporary && !jit_is_arithmetic(uop)) || jit_reads(uop) & set)
			return false;
		if (temporary && jit_ends_block(uop))
			return true;
		if (jit_writes(uop) & set)
			return true;
	}
}

/* Whether condition flags follow from the register: comparisons may go back to it. */
static bool makes_flags(const struct block *block, unsigned guest)
{
	for (const struct uop *uop = block->uops;; uop += uop_info[uop->op].slots) {
		if ((uop->op == UOP_FLAGS || uop->op == UOP_FLAGSZ) &&
		    (uop->a == guest || uop->b == guest))
			return true;
		if (jit_ends_block(uop))
			return false;
	}
}

/* Whether nobody needs the value. */
static bool is_forgettable(const struct jit_lowering *l, unsigned guest)
{
	return jit_dies_unseen(l->uop, guest) && !makes_flags(l->block, guest);
}

static bool is_pinnable(const struct jit_lowering *l, unsigned host)
{
	if (host == X86_RDX)
		return l->rdx_is_mapped;
	for (unsigned i = 0; i < JIT_PINNED; i++)
		if (jit_pinned[i] == host)
			return true;
	return false;
}

/* A host register for guest: free, or that of a register needed later. X86_NONE: not worth it. */
static unsigned pick_host(struct jit_lowering *l, unsigned guest, uint64_t keep)
{
	struct jit_map *map = &l->map;
	unsigned best = X86_NONE, farthest = next_read(l, guest);
	for (unsigned host = 0; host < JIT_HOSTS; host++) {
		if (!is_pinnable(l, host))
			continue;
		unsigned holds = map->guest_of[host];
		if (holds == JIT_NO_GUEST && l->head.guest_of[host] == guest)
			return host;
		if (holds != JIT_NO_GUEST && keep >> holds & 1)
			continue;
		unsigned distance = holds == JIT_NO_GUEST ? NEVER : next_read(l, holds);
		if (distance > farthest) {
			best = host;
			farthest = distance;
		}
	}
	return best;
}

static void allocate(struct jit_lowering *l, unsigned guest, bool load, uint64_t keep)
{
	struct jit_map *map = &l->map;
	if (map->host_of[guest] != X86_NONE || guest == l->jit->zero_register ||
	    guest == REG_SINK || jit_is_flag_register(guest))
		return;
	unsigned host = pick_host(l, guest, keep);
	if (host == X86_NONE)
		return;
	if (map->guest_of[host] != JIT_NO_GUEST) {
		if (!is_forgettable(l, map->guest_of[host]))
			jit_map_store(map, l->code, (uint16_t)(1u << host));
		jit_map_drop(map, map->guest_of[host]);
	}
	jit_map_assign(map, guest, host);
	if (load)
		x86_op(l->code, X86_MOV, true, host, jit_home(guest));
}

void jit_loop_allocate(struct jit_lowering *l)
{
	const struct uop *uop = l->uop;
	uint64_t keep = jit_reads(uop) | jit_writes(uop) | 1ull << l->d;
	unsigned uses = jit_uses(uop);
	if (uses & USES_A)
		allocate(l, uop->a, true, keep);
	if (uses & USES_B)
		allocate(l, uop->b, true, keep);
	enum x86_condition condition;
	if (uses & USES_C && !jit_flags_deferred(l, &condition))
		allocate(l, jit_third(uop), true, keep);
	if (uses & USES_D)
		allocate(l, l->d, false, keep);
}

/* The map at the head: where the first attempt ended. */
static void settle_head(struct jit_lowering *l)
{
	uint64_t written = 0;
	for (const struct uop *uop = l->block->uops; !jit_ends_block(uop);
	     uop += uop_info[uop->op].slots)
		written |= jit_writes(uop);
	l->head = l->map;
	l->head.narrow = 0;
	l->head.word = l->jit->canonical.word;
	l->head.dirty = 0;
	for (unsigned host = 0; host < JIT_HOSTS; host++) {
		unsigned guest = l->head.guest_of[host];
		if (guest != JIT_NO_GUEST &&
		    (written >> guest & 1 || l->jit->canonical.guest_of[host] == guest))
			l->head.dirty |= (uint16_t)(1u << host);
	}
}

static void lower_from_head(struct jit_lowering *l)
{
	l->map = l->head;
	l->head_code = x86_here(l->code);
	jit_lower_block(l);
}

/* Without groups of accesses and other users, rdx may hold a guest register. */
static bool may_map_rdx(const struct block *block)
{
	struct jit_group group;
	for (const struct uop *uop = block->uops;; uop += uop_info[uop->op].slots) {
		if (!jit_keeps_rdx(uop) || jit_find_group(uop, NULL, &group))
			return false;
		if (jit_ends_block(uop))
			return true;
	}
}

/*
 * Registers that do not follow from what the loop loads: memory is gone through by them, so that
 * one access is likely to be on the page of the one before.
 */
static uint64_t steady_registers(const struct block *block)
{
	uint64_t loaded = 0, before;
	do {
		before = loaded;
		for (const struct uop *uop = block->uops; !jit_ends_block(uop);
		     uop += uop_info[uop->op].slots) {
			if (uop->op != UOP_HEAD && jit_uses(uop) & USES_ANY)
				return 0;
			if (!jit_is_arithmetic(uop) || jit_reads(uop) & loaded)
				loaded |= jit_writes(uop);
		}
	} while (loaded != before);
	return ~loaded;
}

void jit_lower_loop(struct jit_lowering *l)
{
	uint8_t *start = l->code->at;
	unsigned kept = l->jit->kept;
	struct jit_fp fp = l->fp;
	l->head = l->jit->canonical;
	l->settled = false;
	l->rdx_is_mapped = may_map_rdx(l->block);
	l->steady = steady_registers(l->block);
	lower_from_head(l);
	settle_head(l);
	l->settled = true;
	l->code->at = start;
	l->jit->kept = kept;
	l->fp = fp;
	l->stub_count = 0;
	l->map = l->jit->canonical;
	jit_map_change(&l->map, &l->head, l->code);
	lower_from_head(l);
}

void jit_loop_branch(struct jit_lowering *l, enum x86_condition condition)
{
	unsigned again = uop_wide(l->uop, 1)->jump.pc == l->block->pc ? 1 : 2;
	if (!l->settled)
		return; /* what follows depends on the map that this attempt is for */
	if (again == 2)
		condition ^= 1;
	if (!jit_fp_may_reenter(l)) { /* from the very beginning */
		uint8_t *out = x86_jump_if(l->code, condition ^ 1, NULL);
		struct jit_map map = l->map;
		jit_map_change(&map, &l->jit->canonical, l->code);
		x86_jump(l->code, l->block->code);
		x86_patch(l->code, out, x86_here(l->code));
	} else if (jit_map_fits(&l->map, &l->head)) {
		x86_jump_if(l->code, condition, l->head_code);
	} else {
		uint8_t *out = x86_jump_if(l->code, condition ^ 1, NULL);
		struct jit_map map = l->map;
		jit_map_change(&map, &l->head, l->code);
		x86_jump(l->code, l->head_code);
		x86_patch(l->code, out, x86_here(l->code));
	}
	jit_map_change(&l->map, &l->jit->canonical, l->code);
	jit_jump(l, 3 - again, X86_ALWAYS);
}
