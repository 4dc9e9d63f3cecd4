/* What the lowerings of micro-ops share: internal to the JIT. */
#ifndef ENGINE_JIT_LOWER_H
#define ENGINE_JIT_LOWER_H

#include "engine/jit.h"
#include "engine/jit_map.h"

/* Code that is rarely executed and stands behind the block. */
enum jit_stub_kind {
	STUB_CALL_ANY,  /* calls the micro-op's function, then goes back */
	STUB_CALL_DATA, /* the same for arithmetic without integer registers */
	STUB_UNLINKED,  /* a direct jump that leads nowhere yet; wide */
	STUB_PROBE,     /* a direct jump to another page; pc */
	STUB_LOOKUP,    /* leaves to pc */
	STUB_BUDGET,    /* leaves before the block */
	STUB_KEEP,      /* asks the TLB about a page, and goes back with the answer kept */
	STUB_GROUP,     /* calls the functions of all micro-ops up to last, then goes back */
};

#define JIT_STUB_JUMPS 6
#define JIT_GROUPS     2
/* For an access two, and one more in each group that it is in; and the ends. */
#define JIT_STUBS ((2 + JIT_GROUPS) * BLOCK_MAX_UOPS + 4)

/* What is known of FP registers, by guest register, and of the FP environment. */
struct jit_fp_known {
	uint32_t held, wide; /* its xmm register holds it, the lower 32 bits of it; 64 */
	uint32_t whole;      /* all 128 */
	uint32_t boxed;      /* cpu->v[] has a NaN-boxed binary32 */
	bool trusted;        /* rounds to nearest, flushes nothing, has raised NX */
	bool restore;        /* it will again after RESTORERM */
};

/* Where the condition flags have come from in this block. */
struct jit_flags_known {
	const struct uop *from; /* the last FLAGS, or NULL */
	bool constant;          /* its second operand is value, not a register */
	int32_t value;
};

/*
 * Accesses of a block that share a probe: the bytes at base + low to base + high. Between them are
 * only micro-ops that leave rdx alone and the base register as it is.
 */
struct jit_group {
	const struct uop *last; /* NULL: there is but one access */
	int32_t low, high;
	bool loads, stores;
};

struct jit_stub {
	enum jit_stub_kind kind;
	unsigned jump_count;
	uint8_t *jumps[JIT_STUB_JUMPS]; /* displacements that lead here */
	const struct uop *uop;
	const struct uop *last;
	const union uop_wide *wide;
	uint64_t pc;
	const uint8_t *back;
	uint32_t fp_whole, fp_wide, fp_single; /* FP registers to be loaded before that */
	/* If accept is set: where to go on with a zero in zero_result (jit_fp_accept_zero). */
	const uint8_t *accept;
	uint8_t zero_result, zero_operands;
	bool single;
	struct jit_map map;      /* where the jumps come from */
	struct jit_map map_back; /* of STUB_GROUP: where it goes on */
	/* Of STUB_KEEP: what it asks for, where it keeps the answer, where it goes without one. */
	struct jit_group group;
	unsigned kept;
	struct jit_stub *miss;
};

/* What is known of FP registers (bits 0 to 31) and of the FP environment: jit_fp_state.c. */
struct jit_fp {
	uint8_t host[32]; /* the xmm register that may hold it, or X86_NONE */
	struct jit_fp_known known;
	/* Read before written; as a binary32, as 128 bits first. */
	uint32_t live_in, live_in_single, live_in_whole;
	struct jit_fp_known entry; /* where a loop comes back to */
	bool any;    /* the block has FP operands; otherwise the rest below means nothing */
	bool rounds; /* the block has micro-ops that want a trusted environment */
	uint32_t zero_uppers;            /* upper halves that are zero throughout the loop */
	uint8_t *distrust[3];            /* jumps to the code that trusts in nothing, or NULL */
	uint32_t needed[BLOCK_MAX_UOPS]; /* by slot of a micro-op: what is read after it */
};

struct jit_lowering {
	struct jit *jit;
	struct x86_code *code;
	struct block *block;
	const struct uop *uop; /* being lowered */
	struct jit_map map;    /* before it */
	bool careful;          /* the second translation: for any FP environment, never linked */
	struct jit_fp fp;
	bool half;           /* computes in 32 bits what is defined for 64 */
	bool narrow_result;  /* wrote d without its upper half */
	bool mapped;         /* the block jumps to itself, with registers of its own: jit_loop.c */
	bool settled;        /* ... whose map at the head is decided on */
	struct jit_map head; /* that map */
	const uint8_t *head_code;
	unsigned d;              /* what it writes: its d, or what that is moved to */
	const struct uop *moved; /* the MOV that has been done with the load of a pair, or NULL */
	const struct uop *deferred; /* a comparison whose result is in the host's flags only */
	enum x86_condition deferred_condition; /* ... under which it is not zero */
	const struct uop *constant;            /* a MOVI for the next micro-op only, or NULL */
	struct jit_flags_known flags;
	const uint8_t *budget_stub; /* in front of the block, or NULL */
	bool rdx_is_mapped;         /* holds guest registers, too: such a loop has no groups */
	/* Groups of accesses that are open, the second within the first: jit_memory.c. */
	struct jit_stub *shared[JIT_GROUPS];
	uint64_t steady; /* base registers whose accesses keep the TLB's answer */
	unsigned stub_count;
	struct jit_stub stubs[JIT_STUBS];
};

enum jit_flags {
	LOWER_WIDE = 1,      /* 64-bit operation */
	LOWER_WORD = 2,      /* 32-bit operation, result sign-extended */
	LOWER_COMMUTES = 4,  /* a and b may change places */
	LOWER_ALIGNED = 8,   /* aligned-only form of a load or store; jump to the exact target */
	LOWER_NEGATE = 16,   /* the second operand is complemented */
	LOWER_SINGLE = 32,   /* binary32, perhaps in a NaN box */
	LOWER_ZERO = 64,     /* the first operand is zero-extended from 32 bits */
	LOWER_LOW = 128,     /* needs the lower halves of its inputs only */
	LOWER_FITS = 256,    /* the result is the sign extension of its lower half */
	LOWER_LOGIC = 512,   /* bit by bit: what is true of both inputs is true of the result */
	LOWER_ROUNDS = 1024, /* wants a trusted FP environment */
	LOWER_SWAPS = 2048,  /* b is compared with a */
	LOWER_REMAINDER = 4096,
	LOWER_ZEXT = 8192, /* 32-bit operation, result zero-extended */
};

/* What sign injection takes from b: its sign, the opposite, a's sign where b is positive. */
enum jit_sign { JIT_SIGN_OF, JIT_SIGN_NOT, JIT_SIGN_XOR };

/* A row of the lowering table; parameters mean what the function says. */
typedef void jit_lower(struct jit_lowering *l, unsigned insn, unsigned flags);

/* A stub for the current micro-op. */
struct jit_stub *jit_add_stub(struct jit_lowering *l, enum jit_stub_kind kind);

/* Jumps to a stub if the condition holds. */
void jit_branch_to_stub(struct jit_lowering *l, struct jit_stub *stub,
			enum x86_condition condition);

/* The stub's code goes on here, with the FP registers that are known here. */
void jit_end_stub(struct jit_lowering *l, struct jit_stub *stub);

/* The host register of a guest register, or X86_NONE. */
static inline unsigned jit_host(const struct jit_lowering *l, unsigned guest)
{
	return l->map.host_of[guest];
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
/* The same, but the upper half may be anything unless wide. */
void jit_load_input(struct jit_lowering *l, unsigned guest, unsigned scratch, bool wide);
/*
 * Guest register d of the micro-op = host; word: sign-extended from 32 bits, in d's own register
 * only when somebody needs its upper half.
 */
void jit_write(struct jit_lowering *l, unsigned host, bool word);
/* Where to compute a result for d so that jit_write() need not move it: not safe before inputs. */
unsigned jit_result(const struct jit_lowering *l);

/* Calls the micro-op's C function. */
jit_lower jit_lower_call;

jit_lower jit_lower_binary, jit_lower_binary_not, jit_lower_binary_imm, jit_lower_shift,
	jit_lower_shift_imm, jit_lower_bit, jit_lower_bit_extract, jit_lower_bit_extract_imm,
	jit_lower_compare, jit_lower_compare_imm, jit_lower_choose, jit_lower_zero_if,
	jit_lower_multiply_high, jit_lower_scaled_add, jit_lower_unary, jit_lower_count,
	jit_lower_move, jit_lower_swap, jit_lower_constant, jit_lower_pack, jit_lower_divide,
	jit_lower_multiply_high_mixed;
jit_lower jit_lower_vector, jit_lower_vector_put;
jit_lower jit_lower_atomic;
jit_lower jit_lower_load, jit_lower_store, jit_lower_fp_load, jit_lower_fp_store;
jit_lower jit_lower_head, jit_lower_branch, jit_lower_jump, jit_lower_jump_register,
	jit_lower_leave;
jit_lower jit_lower_flags, jit_lower_flags_if, jit_lower_condition, jit_lower_select,
	jit_lower_call_if, jit_lower_field, jit_lower_field_signed, jit_lower_put_field,
	jit_lower_put_field_signed, jit_lower_insert, jit_lower_funnel, jit_lower_multiply_words;
jit_lower jit_lower_get, jit_lower_put, jit_lower_mode, jit_lower_call_helper, jit_lower_call_end;
jit_lower jit_lower_set_rounding, jit_lower_restore_rounding, jit_lower_fp_arithmetic,
	jit_lower_fp_root, jit_lower_fp_fused, jit_lower_fp_extreme, jit_lower_fp_compare,
	jit_lower_fp_order, jit_lower_fp_sign, jit_lower_fp_to_bits, jit_lower_fp_from_bits,
	jit_lower_fp_to_integer, jit_lower_fp_from_integer, jit_lower_fp_narrow, jit_lower_fp_widen;

/* Looks at the block's FP micro-ops, before any is lowered. */
void jit_fp_begin(struct jit_lowering *l);
/*
 * Emits what comes before the block's first code: tests of the FP environment and, if the block is
 * a loop, of upper halves (both set fp.distrust), and loads of the registers that the loop reads.
 */
void jit_fp_enter(struct jit_lowering *l, bool loop);
/* Whether a jump of a loop to itself may leave out what jit_fp_enter() has emitted. */
bool jit_fp_may_reenter(const struct jit_lowering *l);
/* A C function was called in line; anything: one that may do more than arithmetic. */
void jit_fp_forget(struct jit_lowering *l, bool anything);
/* In a stub: loads what its call has spoiled; goes on with a zero that is right. */
void jit_fp_reload(struct jit_lowering *l, const struct jit_stub *stub);
void jit_fp_test_zero(struct jit_lowering *l, const struct jit_stub *stub);
/* Vector registers whose upper halves the block does nothing to but make them zero: jit_state.c. */
uint32_t jit_zeroed_uppers(const struct jit_lowering *l);
/* FP loads and stores: d of the micro-op = the bytes; the bytes = b by way of scratch. */
void jit_fp_load(struct jit_lowering *l, unsigned size, struct x86_rm bytes);
void jit_fp_store(struct jit_lowering *l, unsigned size, struct x86_rm bytes, unsigned scratch);
/* The vector registers that UOP_VECTOR reads in host code, as a set: jit_vector.c. */
uint32_t jit_vector_reads(const struct uop *uop);
/* FP loads and stores of 128 bits. */
void jit_vector_load(struct jit_lowering *l, struct x86_rm from);
void jit_vector_store(struct jit_lowering *l, struct x86_rm to);

/* Integer registers that a micro-op reads and writes; any: whatever it likes. */
enum jit_uses {
	USES_A = 1,
	USES_B = 2,
	USES_D = 4,
	USES_ANY = 8,
	USES_C = 16,          /* reads jit_third() */
	USES_FLAGS = 32,      /* reads the condition flags */
	USES_SETS_FLAGS = 64, /* writes them */
};
unsigned jit_uses(const struct uop *uop);
/* The register that is named in the immediate of micro-ops with USES_C. */
unsigned jit_third(const struct uop *uop);
/* The same as sets. */
uint64_t jit_reads(const struct uop *uop);
uint64_t jit_writes(const struct uop *uop);

/* Guest register = host, whatever the micro-op's d is; never narrow. */
void jit_set(struct jit_lowering *l, unsigned guest, unsigned host);

/* jit_flags.c: sets the host's flags by comparing a with b of the micro-op. */
void jit_compare(struct jit_lowering *l);
/*
 * Whether the next micro-op needs of the current one's result only whether it is not zero, and
 * finds that in the host's flags: they are set then, and the result is deferred.
 */
bool jit_flags_defer(struct jit_lowering *l);
/*
 * Whether the current micro-op compares the operands of the flags: of their difference only whether
 * it is zero matters, for what is in the registers may be wider than what is compared.
 */
bool jit_flags_compare(const struct jit_lowering *l);
/* Whether the current micro-op is a constant that only the flags set by the next one need. */
bool jit_flags_take_constant(struct jit_lowering *l);
/* The condition of the host under which the comparison before the current micro-op held. */
bool jit_flags_deferred(const struct jit_lowering *l, enum x86_condition *condition);
/* One of the registers that the operands of the flags are in. */
static inline bool jit_is_flag_register(unsigned guest)
{
	return guest == REG_FLAGS_A || guest == REG_FLAGS_B;
}

/* Nothing but arithmetic: it neither leaves the block nor looks at other registers. */
bool jit_is_arithmetic(const struct uop *uop);

/* Whether the block's last micro-op is this one. */
bool jit_ends_block(const struct uop *uop);

/* Lowers all micro-ops of the block with the maps that l has. */
void jit_lower_block(struct jit_lowering *l);

/* The group that begins with this micro-op and ends with limit (NULL: anywhere); false: none. */
bool jit_find_group(const struct uop *first, const struct uop *limit, struct jit_group *group);

/*
 * Probes for an access of size bytes at register a that must be aligned; what fails goes to the
 * stub. Returns where the bytes are: rdx is their address, rcx the TLB's entry; spoils rax.
 */
struct x86_rm jit_probe_aligned(struct jit_lowering *l, struct jit_stub *stub, unsigned size,
				bool loads, bool stores);

/* The code of a STUB_KEEP. */
void jit_emit_keep(struct jit_lowering *l, struct jit_stub *stub);

/*
 * The first load of a pair goes to a temporary, for the second may fault. In a group it cannot: the
 * MOV from the temporary, if the current micro-op may load right to where that moves it, or NULL.
 */
const struct uop *jit_find_pair_move(const struct jit_lowering *l);

/* Whether the code of a micro-op leaves rdx alone, if it has a lowering. */
bool jit_keeps_rdx(const struct uop *uop);

/* jit_loop.c: blocks that branch to themselves. */
bool jit_is_loop(const struct block *block);
void jit_lower_loop(struct jit_lowering *l);
/* Gives the operands of l->uop registers. */
void jit_loop_allocate(struct jit_lowering *l);
/* The branch at the end: flags are set, condition takes it. */
void jit_loop_branch(struct jit_lowering *l, enum x86_condition condition);

/* Whether a register is overwritten from this micro-op on before anybody can see its value. */
bool jit_dies_unseen(const struct uop *uop, unsigned guest);

static inline bool jit_is_temporary(unsigned guest)
{
	return guest >= REG_TEMP && guest < REG_SINK;
}

/* jit_rewrite.c: exchanges micro-ops of the block for others that do the same faster. */
void jit_rewrite(struct jit_lowering *l);

/* Where a block names one of its slots for shared code (jit_slot). */
void jit_put_slot(struct jit_lowering *l, const void *uop);

/* A jump along wide operand n, conditional if the condition is not X86_ALWAYS. */
#define X86_ALWAYS ((enum x86_condition)16)
void jit_jump(struct jit_lowering *l, unsigned n, enum x86_condition condition);

/* The out-of-line part of direct jumps. */
void jit_emit_probe(struct jit_lowering *l, uint64_t pc);

/* Goes on at the pc that is in rax, through the jump cache; spoils rcx and rdx. */
void jit_emit_jump_to_rax(struct jit *jit);

#endif
