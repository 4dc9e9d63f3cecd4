/* What the lowerings of micro-ops share: internal to the JIT. */
#ifndef ENGINE_JIT_LOWER_H
#define ENGINE_JIT_LOWER_H

#include "engine/jit.h"

/* Code that is rarely executed and stands behind the block. */
enum jit_stub_kind {
	STUB_CALL_ANY,  /* calls the micro-op's function, then goes back */
	STUB_CALL_DATA, /* the same for arithmetic without integer registers */
	STUB_UNLINKED,  /* a direct jump that leads nowhere yet; wide */
	STUB_PROBE,     /* a direct jump to another page; pc */
	STUB_LOOKUP,    /* leaves to pc */
	STUB_BUDGET,    /* leaves before the block */
};

#define JIT_STUB_JUMPS 6

struct jit_stub {
	enum jit_stub_kind kind;
	unsigned jump_count;
	uint8_t *jumps[JIT_STUB_JUMPS]; /* displacements that lead here */
	const struct uop *uop;
	const union uop_wide *wide;
	uint64_t pc;
	const uint8_t *back;
};

struct jit_lowering {
	struct jit *jit;
	struct x86_code *code;
	struct block *block;
	const struct uop *uop; /* being lowered */
	unsigned stub_count;
	struct jit_stub stubs[BLOCK_MAX_UOPS + 4];
};

enum jit_flags {
	LOWER_WIDE = 1,     /* 64-bit operation */
	LOWER_WORD = 2,     /* 32-bit operation, result sign-extended */
	LOWER_COMMUTES = 4, /* a and b may change places */
	LOWER_ALIGNED = 8,  /* aligned-only form of a load or store; jump to the exact target */
	LOWER_NEGATE = 16,  /* the second operand is complemented */
	LOWER_SINGLE = 32,  /* binary32 in a NaN box */
	LOWER_ZERO = 64,    /* the first operand is zero-extended from 32 bits */
};

/* A row of the lowering table; parameters mean what the function says. */
typedef void jit_lower(struct jit_lowering *l, unsigned insn, unsigned flags);

/* A stub for the current micro-op. */
struct jit_stub *jit_add_stub(struct jit_lowering *l, enum jit_stub_kind kind);

/* Jumps to a stub if the condition holds. */
void jit_branch_to_stub(struct jit_lowering *l, struct jit_stub *stub,
			enum x86_condition condition);

/* The host register of a guest register, or X86_NONE. */
static inline unsigned jit_host(const struct jit_lowering *l, unsigned guest)
{
	return l->jit->host_of[guest];
}

/* Where a guest register's value is. */
struct x86_rm jit_place(const struct jit_lowering *l, unsigned guest);
/* Its place in cpu->r[], whatever is there. */
struct x86_rm jit_home(unsigned guest);
/* Low 64 bits of a vector register; its upper 32 of those. */
struct x86_rm jit_vector(unsigned index);
struct x86_rm jit_vector_high(unsigned index);

/* The register that holds a guest register; if none does, scratch after loading it. */
unsigned jit_read(struct jit_lowering *l, unsigned guest, unsigned scratch);
/* scratch = guest register; wide: all 64 bits, else the low 32, zero-extended. */
void jit_load(struct jit_lowering *l, unsigned guest, unsigned scratch, bool wide);
/* Guest register d of the micro-op = host; word: sign-extended from 32 bits. */
void jit_write(struct jit_lowering *l, unsigned host, bool word);
/* Where to compute a result for d so that jit_write() need not move it: not safe before inputs. */
unsigned jit_result(const struct jit_lowering *l);

/* Calls the micro-op's C function. */
jit_lower jit_lower_call;

jit_lower jit_lower_binary, jit_lower_binary_not, jit_lower_binary_imm, jit_lower_shift,
	jit_lower_shift_imm, jit_lower_bit, jit_lower_bit_extract, jit_lower_bit_extract_imm,
	jit_lower_compare, jit_lower_compare_imm, jit_lower_choose, jit_lower_zero_if,
	jit_lower_multiply_high, jit_lower_scaled_add, jit_lower_unary, jit_lower_count,
	jit_lower_move, jit_lower_swap, jit_lower_constant, jit_lower_pack;
jit_lower jit_lower_load, jit_lower_store, jit_lower_fp_load, jit_lower_fp_store;
jit_lower jit_lower_head, jit_lower_branch, jit_lower_jump, jit_lower_jump_register,
	jit_lower_leave, jit_lower_call_end;
jit_lower jit_lower_set_rounding, jit_lower_restore_rounding, jit_lower_fp_arithmetic,
	jit_lower_fp_sign, jit_lower_fp_to_integer, jit_lower_fp_from_integer;

/* The out-of-line part of direct jumps. */
void jit_emit_probe(struct jit_lowering *l, uint64_t pc);

#endif
