/*
 * Host code of UOP_VECTOR: what the shapes of vector.def share. Internal to the JIT.
 *
 * A shape computes into XMM_SCRATCH from copies of the operands in xmm registers (engine/jit_fp.h);
 * jit_lower_vector() does the rest of what the row's flags say. Instructions of SSE4.2 at most.
 */
#ifndef ENGINE_JIT_VECTOR_H
#define ENGINE_JIT_VECTOR_H

#include "engine/jit_fp.h"
#include "engine/vector.h"

/* Short names, for there are many of them in a row. */
enum { X = XMM_SCRATCH, Y = XMM_SCRATCH1, Z = XMM_SCRATCH2 };

enum jit_vector_flags {
	V_SWAPPED = 1,    /* the operands are b, a */
	V_NOT = 2,        /* the result is complemented */
	V_ZERO = 4,       /* b is zero */
	V_UNARY = 8,      /* there is no b */
	V_READS_D = 16,   /* d is an operand */
	V_ADDS = 32,      /* the result is added to d */
	V_SUBTRACTS = 64, /* it is subtracted from d */
	V_SIGNED = 128,   /* narrow elements are sign-extended */
	V_UPPER = 256,    /* the upper or odd elements */
	V_WIDE = 512,     /* a has wide elements */
};

struct jit_vector {
	const struct uop *uop;
	enum x86_insn insn;
	unsigned flags;  /* enum jit_vector_flags */
	unsigned size;   /* log2 of the bytes of an element */
	unsigned result; /* the same of the result */
	unsigned amount;
	bool whole; /* all 128 bits take part; shapes may change it for the result */
};

/* to = to op from; from with an immediate; to shifted by an immediate. */
void jit_vector_op(struct jit_lowering *l, enum x86_insn insn, unsigned to, unsigned from);
void jit_vector_op_imm(struct jit_lowering *l, enum x86_insn insn, unsigned to, unsigned from,
		       unsigned imm);
void jit_vector_shift(struct jit_lowering *l, enum x86_insn insn, unsigned xmm, unsigned amount);
/* xmm = guest vector register. */
void jit_vector_copy(struct jit_lowering *l, unsigned xmm, unsigned guest);

/* Shifts of elements of 1 << size bytes; size > 0. */
enum x86_insn jit_vector_shl(unsigned size), jit_vector_shr(unsigned size);

typedef void jit_vector_shape(struct jit_lowering *l, struct jit_vector *v);
jit_vector_shape jit_vector_lanes, jit_vector_unary, jit_vector_select, jit_vector_select_if,
	jit_vector_select_unless, jit_vector_at_least, jit_vector_test, jit_vector_shift_left,
	jit_vector_shift_right, jit_vector_shift_signed, jit_vector_shift_insert, jit_vector_aes,
	jit_vector_aes_mix;
/* jit_vector_order.c */
jit_vector_shape jit_vector_pairs, jit_vector_across, jit_vector_pairs_long, jit_vector_zip,
	jit_vector_unzip, jit_vector_transpose, jit_vector_reverse, jit_vector_extract,
	jit_vector_table, jit_vector_narrow, jit_vector_widen, jit_vector_widen_shift;

/* xmm = b, or the one element of it that stands for all, in each place. */
void jit_vector_second(struct jit_lowering *l, const struct jit_vector *v, unsigned xmm);

#endif
