/*
 * Micro-ops of a block that is to be compiled are exchanged for others where those do the same
 * faster on the host. Every micro-op still leaves behind what it did before, so that engines may
 * go on with the block at any of them.
 */
#include "engine/jit_lower.h"

/* How far back the shifts of a rotate are looked for. */
#define ROTATE_UOPS 16

/* The micro-op before `at` that has written the register, if it is among those looked at. */
static const struct uop *writer(const struct uop *const *before, unsigned count, unsigned guest,
				unsigned *place)
{
	while (count-- > 0) {
		unsigned uses = jit_uses(before[count]);
		if (uses & USES_ANY)
			return NULL;
		if (uses & USES_D && before[count]->d == guest) {
			*place = count;
			return before[count];
		}
	}
	return NULL;
}

/* Whether nothing writes the register from place on. */
static bool is_kept(const struct uop *const *before, unsigned count, unsigned place, unsigned guest)
{
	for (; place < count; place++)
		if (jit_uses(before[place]) & USES_D && before[place]->d == guest)
			return false;
	return true;
}

/* OR of two shifts of one register, left and right, that make a rotate together. */
static bool find_rotate(const struct uop * or, const struct uop *const *before, unsigned count,
			struct uop *rotate)
{
	unsigned left_at = 0, right_at = 0;
	const struct uop *left = writer(before, count, or->a, &left_at);
	const struct uop *right = writer(before, count, or->b, &right_at);
	if (!left || !right)
		return false;
	if (left->op == UOP_SRLIW || left->op == UOP_SRLI) {
		const struct uop *other = left;
		left = right;
		right = other;
	}
	bool word = left->op == UOP_SLLIW && right->op == UOP_SRLIW;
	bool wide = left->op == UOP_SLLI && right->op == UOP_SRLI;
	unsigned width = word ? 32 : 64;
	unsigned first = left_at < right_at ? left_at : right_at;
	if (!(word || wide) || left->a != right->a || (unsigned)right->imm % width == 0 ||
	    ((unsigned)left->imm + (unsigned)right->imm) % width ||
	    !is_kept(before, count, first, left->a))
		return false;
	rotate->op = word ? UOP_RORIW : UOP_RORI;
	rotate->a = left->a;
	rotate->imm = right->imm & (int32_t)(width - 1);
	return true;
}

void jit_rewrite(struct jit_lowering *l)
{
	const struct uop *before[ROTATE_UOPS];
	unsigned count = 0;
	for (struct uop *uop = l->block->uops;; uop += uop_info[uop->op].slots) {
		if (uop->op == UOP_OR && find_rotate(uop, before, count, uop))
			uop->fn = interp_handlers[uop->op];
		if (jit_ends_block(uop))
			return;
		if (count == ROTATE_UOPS) {
			for (unsigned i = 1; i < ROTATE_UOPS; i++)
				before[i - 1] = before[i];
			count--;
		}
		before[count++] = uop;
	}
}
