/*
 * Micro-ops of a block that is to be compiled are exchanged for others where those do the same
 * faster on the host. Every micro-op still leaves behind what it did before, so that engines may
 * go on with the block at any of them; or two neighbours do so together, if both are arithmetic,
 * between which nobody gets in or out.
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

/* A shift to the left by 1 to 3, of a register or of its lower half. */
static bool is_scaling(const struct uop *uop)
{
	unsigned count = (unsigned)uop->imm & 63;
	return (uop->op == UOP_SLLI || uop->op == UOP_SLLIUW) && count >= 1 && count <= 3;
}

/* Adds b to what a shift makes of a; the rows of both kinds are in order of their shifts. */
static void scale_and_add(struct uop *uop, const struct uop *shift, unsigned d, unsigned b)
{
	unsigned first = shift->op == UOP_SLLI ? UOP_SH1ADD : UOP_SH1ADDUW;
	*uop = (struct uop){
		.op = (uint8_t)(first + ((unsigned)shift->imm & 63) - 1),
		.d = (uint8_t)d,
		.a = shift->a,
		.b = (uint8_t)b,
	};
}

/* ADD of a shifted register, which still has its value. */
static bool find_scaled(struct uop *add, const struct uop *const *before, unsigned count)
{
	for (unsigned i = 0; i < 2; i++) {
		unsigned at = 0, other = i ? add->a : add->b;
		const struct uop *shift = writer(before, count, i ? add->b : add->a, &at);
		if (!shift || !is_scaling(shift) || !is_kept(before, count, at, shift->a))
			continue;
		scale_and_add(add, shift, add->d, other);
		return true;
	}
	return false;
}

/*
 * Two neighbours that write the same register, as compilers make them to zero-extend a word and to
 * index an array: the first does the work of both.
 */
static bool find_pair(struct uop *first, struct uop *second)
{
	unsigned d = second->d, count = (unsigned)second->imm & 63;
	if (first->d != d)
		return false;
	if (first->op == UOP_SLLI && (first->imm & 63) == 32 && second->op == UOP_SRLI &&
	    second->a == d && count >= 1 && count <= 32) {
		first->op = count == 32 ? UOP_ZEXT32 : UOP_SLLIUW;
		first->imm = 32 - (int32_t)count;
		return true;
	}
	if (second->op == UOP_ADD && (second->a == d) != (second->b == d) && is_scaling(first)) {
		scale_and_add(first, first, d, second->a == d ? second->b : second->a);
		return true;
	}
	return false;
}

static void renew(struct uop *uop)
{
	uop->fn = interp_handlers[uop->op];
}

void jit_rewrite(struct jit_lowering *l)
{
	const struct uop *before[ROTATE_UOPS];
	unsigned count = 0;
	struct uop *last = l->block->uops; /* that does anything */
	for (struct uop *uop = l->block->uops;; uop += uop_info[uop->op].slots) {
		if (find_pair(last, uop)) {
			unsigned d = uop->d;
			*uop = (struct uop){.op = UOP_MOV, .d = (uint8_t)d, .a = (uint8_t)d};
			renew(last);
			renew(uop);
			continue;
		}
		last = uop;
		if ((uop->op == UOP_OR && find_rotate(uop, before, count, uop)) ||
		    (uop->op == UOP_ADD && find_scaled(uop, before, count)))
			renew(uop);
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
