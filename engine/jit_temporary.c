/*
 * Temporaries outside of loops (in those they have registers as everything has): between two
 * micro-ops of an instruction they are in rdx, as long as nobody else needs that, and reach memory
 * only if a C function is to read them.
 */
#include "engine/jit_lower.h"

#define RDX ((uint16_t)(1u << X86_RDX))

static bool has_any(const struct uop *uop, unsigned guest)
{
	return (jit_reads(uop) | jit_writes(uop)) >> guest & 1;
}

/* Arithmetic that is always done in place. */
static bool is_inline(const struct uop *uop)
{
	switch ((enum uop_kind)uop_info[uop->op].kind) {
	case UOP_KIND_RRR:
	case UOP_KIND_RRI:
	case UOP_KIND_RRRI:
	case UOP_KIND_RRRR:
	case UOP_KIND_RR:
	case UOP_KIND_RI: return !(jit_uses(uop) & (USES_FLAGS | USES_SETS_FLAGS));
	default: return false;
	}
}

void jit_temporary_store(struct jit_map *map, struct x86_code *code, const struct uop *uop)
{
	unsigned guest = map->guest_of[X86_RDX];
	if (guest != JIT_NO_GUEST && has_any(uop, guest))
		jit_map_store(map, code, RDX);
}

/* Leaves rdx to others. */
static void release(struct jit_lowering *l)
{
	unsigned guest = l->map.guest_of[X86_RDX];
	if (!jit_dies_unseen(l->uop, guest))
		jit_map_store(&l->map, l->code, RDX);
	jit_map_drop(&l->map, guest);
}

void jit_temporary_prepare(struct jit_lowering *l, bool lowered)
{
	const struct uop *uop = l->uop;
	struct jit_group group;
	bool taken = l->shared[0] || !lowered || !jit_keeps_rdx(uop) || jit_uses(uop) & USES_ANY ||
		     jit_find_group(uop, NULL, &group);
	unsigned guest = l->map.guest_of[X86_RDX];
	if (guest != JIT_NO_GUEST && jit_writes(uop) >> guest & 1 && !is_inline(uop))
		taken = true; /* the result may come from a C function, in memory */
	/* None at present: with them code of Debian's kernel goes astray, as --lockstep shows. */
	bool wants = false;
	if (guest != JIT_NO_GUEST && (taken || (wants && jit_dies_unseen(uop, guest))))
		release(l);
	if (wants && l->map.guest_of[X86_RDX] == JIT_NO_GUEST)
		jit_map_assign(&l->map, uop->d, X86_RDX);
}
