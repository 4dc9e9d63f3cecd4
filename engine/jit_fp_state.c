/*
 * Which FP registers are in xmm registers, what is known of the FP environment, and which results
 * are trusted. See engine/jit_fp.h.
 */
#include <string.h>

#include "engine/jit_fp.h"
#include "engine/jit_table.h"
#include "engine/vector.h"

#define BIT(guest) (UINT32_C(1) << (guest))

/* -- what the block needs -- */

struct operands {
	uint32_t reads;
	int written; /* FP register, or -1 */
};

static struct operands operands_of(const struct uop *uop)
{
	uint32_t a = BIT(uop->a & 31), b = BIT(uop->b & 31), c = BIT(uop->imm >> 8 & 31);
	int d = uop->d & 31;
	switch ((enum uop_kind)uop_info[uop->op].kind) {
	case UOP_KIND_FFF: return (struct operands){a | b, d};
	case UOP_KIND_FFFF: return (struct operands){a | b | c, d};
	case UOP_KIND_FF: return (struct operands){a, d};
	case UOP_KIND_RFF: return (struct operands){a | b, -1};
	case UOP_KIND_RF: return (struct operands){a, -1};
	case UOP_KIND_VVV: return (struct operands){jit_vector_reads(uop), d};
	case UOP_KIND_VR: return (struct operands){vector_element(uop) ? BIT(d) : 0, d};
	case UOP_KIND_FR:
	case UOP_KIND_FLOAD: return (struct operands){0, d};
	case UOP_KIND_FSTORE: return (struct operands){b, -1};
	default: return (struct operands){0, -1};
	}
}

/* The most used registers of the block get xmm registers. */
static void allocate(struct jit_fp *fp, const uint8_t uses[32])
{
	memset(fp->host, X86_NONE, sizeof(fp->host));
	uint8_t left[32];
	memcpy(left, uses, sizeof(left));
	for (unsigned host = XMM_FIRST; host < XMM_COUNT; host++) {
		unsigned best = 0;
		for (unsigned guest = 1; guest < 32; guest++)
			if (left[guest] > left[best])
				best = guest;
		if (!left[best])
			return;
		left[best] = 0;
		fp->host[best] = (uint8_t)host;
	}
}

/* Forward through the block: who is used, who is read before it is written, what is asked for. */
static unsigned scan(struct jit_lowering *l, uint8_t slots[BLOCK_MAX_UOPS])
{
	struct jit_fp *fp = &l->fp;
	uint8_t uses[32] = {0};
	uint32_t written = 0;
	unsigned count = 0;
	for (unsigned slot = 0; slot < l->block->uop_count;) {
		const struct uop *uop = &l->block->uops[slot];
		const struct jit_row *row = &jit_rows[uop->op];
		struct operands operands = operands_of(uop);
		bool store = uop_info[uop->op].kind == UOP_KIND_FSTORE;
		uint32_t first = store ? 0 : operands.reads & ~(written | fp->live_in);
		fp->live_in |= first;
		if (row->flags & LOWER_SINGLE)
			fp->live_in_single |= first;
		if (uop->op == UOP_VECTOR || uop->op == UOP_VECTOR_PUT)
			fp->live_in_whole |= first;
		for (uint32_t left = operands.reads; left; left &= left - 1)
			uses[__builtin_ctz(left)]++;
		if (operands.written >= 0) {
			written |= BIT(operands.written);
			uses[operands.written]++;
		}
		fp->rounds |= (row->flags & LOWER_ROUNDS) != 0;
		fp->any |= operands.reads || operands.written >= 0;
		slots[count++] = (uint8_t)slot;
		slot += uop_info[uop->op].slots;
		if (jit_ends_block(uop))
			break;
	}
	if (fp->any)
		allocate(fp, uses);
	return count;
}

/* Most blocks have no floating point at all: this finds out faster than scan(). */
static bool has_fp(const struct block *block)
{
	const uint32_t kinds = 1u << UOP_KIND_FFF | 1u << UOP_KIND_FFFF | 1u << UOP_KIND_FF |
			       1u << UOP_KIND_RFF | 1u << UOP_KIND_RF | 1u << UOP_KIND_FR |
			       1u << UOP_KIND_FLOAD | 1u << UOP_KIND_FSTORE | 1u << UOP_KIND_VVV |
			       1u << UOP_KIND_VR;
	for (const struct uop *uop = block->uops;; uop += uop_info[uop->op].slots) {
		if (kinds >> uop_info[uop->op].kind & 1)
			return true;
		if (jit_ends_block(uop))
			return false;
	}
}

void jit_fp_begin(struct jit_lowering *l)
{
	struct jit_fp *fp = &l->fp;
	uint8_t slots[BLOCK_MAX_UOPS];
	unsigned count = 0;
	fp->rounds = fp->any = false;
	fp->zero_uppers = 0;
	fp->live_in = fp->live_in_single = fp->live_in_whole = 0;
	if (has_fp(l->block))
		count = scan(l, slots);
	fp->known = (struct jit_fp_known){0};
	memset(fp->distrust, 0, sizeof(fp->distrust));
	if (!fp->any)
		return;
	/* Backward: what is read later, by another round of a loop too. */
	uint32_t needed = fp->live_in;
	while (count-- > 0) {
		struct operands operands = operands_of(&l->block->uops[slots[count]]);
		fp->needed[slots[count]] = needed;
		if (operands.written >= 0)
			needed &= ~BIT(operands.written);
		needed |= operands.reads;
	}
}

/* -- the environment -- */

_Static_assert(offsetof(struct cpu, fp) == offsetof(struct cpu, rounding) + 1 &&
		       offsetof(struct fp_env, rm) == 0 && offsetof(struct fp_env, flags) == 1 &&
		       offsetof(struct fp_env, flush) == 2,
	       "the test below reads all four at once");

/* rounding and rm = nearest, flags has NX, flush = 0 */
#define TRUSTED_MASK  ((int32_t)(0xff00ffffu | FP_NX << 16))
#define TRUSTED_STATE (FP_NX << 16)

static void compare_state(struct jit_lowering *l)
{
	x86_op(l->code, X86_MOV, false, X86_RAX, x86_mem(JIT_BASE, JIT_CPU(rounding)));
	x86_arith_imm(l->code, X86_AND_I32, false, x86_reg(X86_RAX), TRUSTED_MASK);
	x86_arith_imm(l->code, X86_CMP_I32, false, x86_reg(X86_RAX), TRUSTED_STATE);
}

void jit_fp_require_trusted(struct jit_lowering *l, struct jit_stub *slow)
{
	if (l->fp.known.trusted)
		return;
	compare_state(l);
	jit_branch_to_stub(l, slow, X86_NE);
}

void jit_fp_require_unflushed(struct jit_lowering *l, struct jit_stub *slow)
{
	if (l->fp.known.trusted)
		return;
	x86_op_imm(l->code, X86_CMP8_I8, false, 0, x86_mem(JIT_BASE, JIT_CPU(fp.flush)), 0);
	jit_branch_to_stub(l, slow, X86_NE);
}

/* An instruction with a rounding mode of its own: to nearest is what trusted code does anyway. */
void jit_lower_set_rounding(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	if (l->fp.known.trusted && l->uop->imm == FP_RNE)
		return;
	l->fp.known.restore |= l->fp.known.trusted;
	l->fp.known.trusted = false;
	x86_op_imm(l->code, X86_MOV8_I8, false, 0, x86_mem(JIT_BASE, JIT_CPU(fp.rm)), l->uop->imm);
}

void jit_lower_restore_rounding(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	if (l->fp.known.trusted)
		return;
	l->fp.known.trusted = l->fp.known.restore;
	l->fp.known.restore = false;
	x86_op(l->code, X86_MOVZX8, false, X86_RAX, x86_mem(JIT_BASE, JIT_CPU(rounding)));
	x86_op(l->code, X86_MOV8_TO, false, X86_RAX, x86_mem(JIT_BASE, JIT_CPU(fp.rm)));
}

/* -- the entry -- */

enum width { SINGLE, WIDE, WHOLE };

static void load(struct jit_lowering *l, unsigned guest, enum width width)
{
	static const uint8_t insns[] = {X86_MOVSS, X86_MOVSD, X86_MOVUPS};
	x86_op(l->code, insns[width], false, l->fp.host[guest], jit_vector(guest));
	l->fp.known.held |= BIT(guest);
	if (width >= WIDE)
		l->fp.known.wide |= BIT(guest);
	if (width == WHOLE)
		l->fp.known.whole |= BIT(guest);
}

/* Leaves for the other code unless all of these are NaN-boxed. */
static void require_boxes(struct jit_lowering *l, uint32_t guests)
{
	if (!guests || !l->jit->boxes)
		return;
	x86_constant(l->code, X86_RAX, UINT32_MAX);
	for (unsigned guest = 0; guest < 32; guest++)
		if (guests & BIT(guest))
			x86_op(l->code, X86_AND, false, X86_RAX, jit_vector_high(guest));
	x86_arith_imm(l->code, X86_CMP_I32, false, x86_reg(X86_RAX), -1);
	l->fp.distrust[1] = x86_jump_if(l->code, X86_NE, NULL);
	l->fp.known.boxed = guests;
}

/* Scalar results make upper halves zero: in a loop the first round has done so for all. */
static void require_zero_uppers(struct jit_lowering *l)
{
	uint32_t left = l->fp.zero_uppers = jit_zeroed_uppers(l);
	if (!left)
		return;
	for (enum x86_insn insn = X86_MOV; left; left &= left - 1, insn = X86_OR) {
		struct x86_rm upper = jit_vector((unsigned)__builtin_ctz(left));
		upper.disp += 8;
		x86_op(l->code, insn, true, X86_RAX, upper);
	}
	x86_op(l->code, X86_TEST, true, X86_RAX, x86_reg(X86_RAX));
	l->fp.distrust[2] = x86_jump_if(l->code, X86_NE, NULL);
}

/* What a loop reads before it writes it; without rounding, that is worth it for vectors only. */
static void load_live(struct jit_lowering *l)
{
	const struct jit_fp *fp = &l->fp;
	uint32_t live = fp->rounds ? fp->live_in : fp->live_in_whole;
	for (; live; live &= live - 1) {
		unsigned guest = (unsigned)__builtin_ctz(live);
		if (fp->host[guest] == X86_NONE)
			continue;
		load(l, guest,
		     fp->live_in_whole & BIT(guest)    ? WHOLE
		     : fp->live_in_single & BIT(guest) ? SINGLE
						       : WIDE);
	}
}

void jit_fp_enter(struct jit_lowering *l, bool loop)
{
	struct jit_fp *fp = &l->fp;
	if (loop)
		require_zero_uppers(l);
	if (fp->rounds) {
		compare_state(l);
		fp->distrust[0] = x86_jump_if(l->code, X86_NE, NULL);
		fp->known.trusted = true;
		if (loop)
			require_boxes(l, fp->live_in & fp->live_in_single);
	}
	if (loop && fp->any)
		load_live(l);
	fp->entry = fp->known;
}

bool jit_fp_may_reenter(const struct jit_lowering *l)
{
	const struct jit_fp_known *entry = &l->fp.entry, *known = &l->fp.known;
	return !(entry->held & ~known->held) && !(entry->wide & ~known->wide) &&
	       !(entry->whole & ~known->whole) && !(entry->boxed & ~known->boxed) &&
	       (known->trusted || !entry->trusted);
}

/* -- operands and results -- */

struct x86_rm jit_fp_operand(struct jit_lowering *l, struct jit_stub *slow, unsigned guest,
			     bool single)
{
	struct jit_fp *fp = &l->fp;
	if (single && l->jit->boxes && !(fp->known.boxed & BIT(guest))) {
		x86_arith_imm(l->code, X86_CMP_I32, false, jit_vector_high(guest), -1);
		/* Nothing is known after it: the slow path comes back without a box. */
		jit_branch_to_stub(l, slow, X86_NE);
	}
	if (fp->host[guest] == X86_NONE)
		return jit_vector(guest);
	if (!((single ? fp->known.held : fp->known.wide) & BIT(guest)))
		load(l, guest, single ? SINGLE : WIDE);
	return x86_reg(fp->host[guest]);
}

unsigned jit_fp_whole(struct jit_lowering *l, unsigned guest, unsigned scratch)
{
	unsigned host = l->fp.host[guest];
	if (host == X86_NONE) {
		x86_op(l->code, X86_MOVUPS, false, scratch, jit_vector(guest));
		return scratch;
	}
	if (!(l->fp.known.whole & BIT(guest)))
		load(l, guest, WHOLE);
	return host;
}

void jit_fp_write_whole(struct jit_lowering *l, unsigned xmm)
{
	struct jit_fp *fp = &l->fp;
	unsigned d = l->uop->d, host = fp->host[d];
	jit_fp_written(l);
	if (host != X86_NONE) {
		if (host != xmm)
			x86_op(l->code, X86_MOVAPS, false, host, x86_reg(xmm));
		fp->known.held |= BIT(d);
		fp->known.wide |= BIT(d);
		fp->known.whole |= BIT(d);
	}
	x86_op(l->code, X86_MOVUPS_TO, false, xmm, jit_vector(d));
}

void jit_fp_move(struct jit_lowering *l, unsigned xmm, struct x86_rm operand, bool single)
{
	if (operand.memory)
		x86_op(l->code, single ? X86_MOVSS : X86_MOVSD, false, xmm, operand);
	else if (operand.base != xmm)
		x86_op(l->code, X86_MOVAPS, false, xmm, operand);
}

unsigned jit_fp_register(struct jit_lowering *l, struct jit_stub *slow, unsigned guest, bool single,
			 unsigned scratch)
{
	struct x86_rm operand = jit_fp_operand(l, slow, guest, single);
	if (!operand.memory)
		return operand.base;
	jit_fp_move(l, scratch, operand, single);
	return scratch;
}

unsigned jit_fp_target(const struct jit_lowering *l)
{
	unsigned host = l->fp.host[l->uop->d];
	return host == X86_NONE ? XMM_SCRATCH : host;
}

void jit_fp_written(struct jit_lowering *l)
{
	uint32_t bit = BIT(l->uop->d);
	l->fp.known.held &= ~bit;
	l->fp.known.wide &= ~bit;
	l->fp.known.whole &= ~bit;
	l->fp.known.boxed &= ~bit;
}

void jit_fp_write(struct jit_lowering *l, unsigned xmm, bool single)
{
	struct jit_fp *fp = &l->fp;
	unsigned d = l->uop->d;
	bool boxed = fp->known.boxed & BIT(d);
	jit_fp_written(l);
	if (fp->host[d] != X86_NONE) {
		jit_fp_move(l, fp->host[d], x86_reg(xmm), single);
		fp->known.held |= BIT(d);
		if (!single)
			fp->known.wide |= BIT(d);
	}
	x86_op(l->code, single ? X86_MOVSS_TO : X86_MOVSD_TO, false, xmm, jit_vector(d));
	if (!single)
		return;
	if (!boxed)
		x86_op_imm(l->code, X86_MOV_I32, false, 0, jit_vector_high(d),
			   -(int32_t)l->jit->boxes);
	fp->known.boxed |= BIT(d);
}

/* -- calls -- */

void jit_fp_forget(struct jit_lowering *l, bool anything)
{
	struct jit_fp *fp = &l->fp;
	fp->known.held = fp->known.wide = fp->known.whole = fp->known.boxed = 0;
	if (anything)
		fp->known.trusted = fp->known.restore = false;
}

void jit_end_stub(struct jit_lowering *l, struct jit_stub *stub)
{
	uint32_t needed = l->fp.known.held ? l->fp.needed[l->uop - l->block->uops] : 0;
	stub->back = x86_here(l->code);
	stub->fp_whole = l->fp.known.whole & needed;
	stub->fp_wide = l->fp.known.wide & ~l->fp.known.whole & needed;
	stub->fp_single = l->fp.known.held & ~l->fp.known.wide & needed;
}

void jit_fp_reload(struct jit_lowering *l, const struct jit_stub *stub)
{
	uint32_t left = stub->fp_whole | stub->fp_wide | stub->fp_single;
	for (; left; left &= left - 1) {
		unsigned guest = (unsigned)__builtin_ctz(left);
		enum x86_insn insn = stub->fp_whole & BIT(guest)    ? X86_MOVUPS
				     : stub->fp_single & BIT(guest) ? X86_MOVSS
								    : X86_MOVSD;
		x86_op(l->code, insn, false, l->fp.host[guest], jit_vector(guest));
	}
}

/* -- which results are trusted -- */

void jit_fp_require_result(struct jit_lowering *l, struct jit_stub *slow, unsigned xmm, bool single,
			   bool tiny)
{
	/* The upper bits, without the sign: exponent and some of the fraction. */
	unsigned exponent = single ? 24 : 21;
	int32_t biggest = single ? 0xff : 0x7ff;
	x86_op(l->code, X86_MOVQ_TO, !single, xmm, x86_reg(X86_RCX));
	if (single)
		x86_op(l->code, X86_ADD, false, X86_RCX, x86_reg(X86_RCX));
	else
		x86_op_imm(l->code, X86_SHR_I8, true, 0, x86_reg(X86_RCX), 31);
	if (tiny)
		x86_arith_imm(l->code, X86_SUB_I32, false, x86_reg(X86_RCX), 2 << exponent);
	x86_arith_imm(l->code, X86_CMP_I32, false, x86_reg(X86_RCX),
		      (int32_t)((uint32_t)(biggest - 2 * tiny) << exponent));
	jit_branch_to_stub(l, slow, X86_AE);
}

void jit_fp_accept_zero(struct jit_lowering *l, struct jit_stub *stub, unsigned xmm, bool single,
			unsigned count)
{
	stub->accept = x86_here(l->code);
	stub->zero_result = (uint8_t)xmm;
	stub->zero_operands = (uint8_t)count;
	stub->single = single;
}

/* Goes back at once if the result is a zero that is right. */
void jit_fp_test_zero(struct jit_lowering *l, const struct jit_stub *stub)
{
	struct x86_code *code = l->code;
	bool wide = !stub->single;
	x86_op(code, X86_MOVQ_TO, wide, stub->zero_result, x86_reg(X86_RAX));
	x86_op(code, X86_ADD, wide, X86_RAX, x86_reg(X86_RAX));
	uint8_t *nonzero = x86_jump_if(code, X86_NE, NULL);
	for (unsigned i = 0; i < stub->zero_operands; i++) {
		x86_op(code, X86_MOV, wide, X86_RAX, jit_vector(i ? stub->uop->b : stub->uop->a));
		x86_op(code, X86_ADD, wide, X86_RAX, x86_reg(X86_RAX));
		x86_jump_if(code, X86_E, stub->accept);
	}
	x86_patch(code, nonzero, x86_here(code));
}
