/*
 * Micro-ops: 16 bytes each, what every guest instruction becomes. Their meaning is in uop.def and
 * nowhere else; each engine expands that file.
 */
#ifndef ENGINE_UOP_H
#define ENGINE_UOP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/cpu.h"

struct uop;

/*
 * A handler of the threaded interpreter. With tail calls it runs until code is left and returns
 * NULL; without, it returns the next micro-op.
 */
typedef const struct uop *uop_fn(struct cpu *cpu, const struct uop *uop);

/* A helper called by CALL, CALL_END and VECTOR; false (but not of VECTOR): cpu->trap is set and
 * nothing has changed. */
typedef bool uop_helper(struct cpu *cpu, const struct uop *uop);

struct uop {
	uop_fn *fn;
	int32_t imm;
	uint8_t op; /* enum uop_op */
	uint8_t d, a, b;
};

/* A wide operand: the slot after a micro-op that needs one. */
union uop_wide {
	struct uop slot;
	struct {
		struct block *target; /* where a direct jump is linked to, or NULL */
		uint64_t pc;
	} jump;
	struct {
		uop_helper *helper;
		uint64_t argument;
	} call;
	uint64_t value;
};
_Static_assert(sizeof(union uop_wide) == sizeof(struct uop), "a wide operand is one slot");

/* Which operands a micro-op has: r = integer register, f = FP register, i = immediate. */
enum uop_kind {
	UOP_KIND_RRR,    /* d, a, b */
	UOP_KIND_RRI,    /* d, a, imm */
	UOP_KIND_RRRI,   /* d, a, b, imm */
	UOP_KIND_RRRR,   /* d, a, b, and the register imm */
	UOP_KIND_FLAGS,  /* a, b; imm = enum cpu_flags */
	UOP_KIND_RR,     /* d, a */
	UOP_KIND_RI,     /* d, imm or wide */
	UOP_KIND_LOAD,   /* d, [a + imm] */
	UOP_KIND_STORE,  /* b, [a + imm] */
	UOP_KIND_FLOAD,  /* vector d, [a + imm] */
	UOP_KIND_FSTORE, /* vector b, [a + imm] */
	UOP_KIND_ATOMIC, /* d, [a], b, and a third register in imm: engine/atomic.h */
	UOP_KIND_STATE,  /* d or a, a word of the CPU at offset imm */
	UOP_KIND_BRANCH, /* a, b; two wide jumps */
	UOP_KIND_CONTROL,
	UOP_KIND_FFF,  /* vector d, a, b; imm bits 2:0 = rounding mode */
	UOP_KIND_FFFF, /* vector d, a, b, and imm bits 15:8 */
	UOP_KIND_FF,   /* vector d, a */
	UOP_KIND_RFF,  /* integer d; vector a, b */
	UOP_KIND_RF,   /* integer d; vector a */
	UOP_KIND_FR,   /* vector d; integer a */
	UOP_KIND_VVV,  /* vector d, a, b, 128 bits of each; imm; a helper */
	UOP_KIND_VR,   /* vector d, 128 bits; integer a; imm */
};

enum uop_op {
#define UOP(name, kind, slots, ...) UOP_##name,
#include "engine/uop.def"
#undef UOP
	UOP_COUNT
};
_Static_assert(UOP_COUNT <= 256, "struct uop has one byte for the operation");

struct uop_info {
	char name[14]; /* no pointer: nothing that the loader must relocate */
	uint8_t kind;  /* enum uop_kind */
	uint8_t slots; /* 1 + wide operands */
};

/* One row per micro-op, in the order of enum uop_op. */
extern const struct uop_info uop_info[UOP_COUNT];

/* The wide operand n (1, 2) of a micro-op. */
static inline const union uop_wide *uop_wide(const struct uop *uop, unsigned n)
{
	return (const union uop_wide *)(uop + n);
}

#endif
