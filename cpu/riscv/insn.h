/*
 * The instruction rows (insn.def, insn16.def) as values, and the decoder over them.
 */
#ifndef CPU_RISCV_INSN_H
#define CPU_RISCV_INSN_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu/riscv/riscv.h"

struct builder;
struct riscv_operands;

/* Where the operands of an instruction are (unprivileged manual 2.2, 2.3). */
enum riscv_format {
	RV_FORMAT_NONE,  /* no operands, or fields that are ignored */
	RV_FORMAT_R,     /* rd rs1 rs2 */
	RV_FORMAT_R1,    /* rd rs1 */
	RV_FORMAT_I,     /* rd rs1, signed 12-bit immediate */
	RV_FORMAT_S,     /* rs1 rs2, signed 12-bit immediate */
	RV_FORMAT_B,     /* rs1 rs2, branch displacement */
	RV_FORMAT_U,     /* rd, immediate << 12 */
	RV_FORMAT_J,     /* rd, jump displacement */
	RV_FORMAT_SHIFT, /* rd rs1, shift amount; the row's mask restricts its width */
	RV_FORMAT_CSR,   /* rd rs1, CSR number in imm */
	RV_FORMAT_CSR_I, /* rd, CSR number in imm, unsigned 5-bit immediate in rs1 */
	RV_FORMAT_R_RM,  /* rd rs1 rs2, rounding mode */
	RV_FORMAT_R1_RM, /* rd rs1, rounding mode */
	RV_FORMAT_R4_RM, /* rd rs1 rs2 rs3, rounding mode */
};

/* Extensions that an instruction needs: all or any of those listed. */
struct riscv_need {
	uint8_t count;
	bool any;
	uint8_t extension[2]; /* enum riscv_extension */
};

/* Turns an instruction into micro-ops. See emit.h. */
typedef void riscv_emit(struct builder *builder, const struct riscv_operands *operands);

/* A 32-bit instruction: its bits match if (bits & mask) == match. */
struct riscv_row {
	const char *name; /* as the manual spells it */
	struct riscv_need need;
	uint32_t mask, match;
	uint8_t format;    /* enum riscv_format */
	uint16_t argument; /* what the emitter makes of it: enum uop_op, enum amo ... */
	riscv_emit *emit;
};

/* An instruction's row and the operands that its format names; others are 0. */
struct riscv_operands {
	const struct riscv_row *row;
	uint8_t rd, rs1, rs2, rs3, rm;
	int32_t imm;
};

/* Gives a 16-bit instruction's 32-bit equivalent: base with the operands filled in. */
typedef uint32_t riscv_expand(uint16_t insn, uint32_t base);

/* Field values that a compressed row leaves to others: (bits & mask) == value. */
struct riscv_except {
	uint16_t mask, value;
};

struct riscv_row16 {
	const char *name;
	struct riscv_need need;
	uint16_t mask, match;
	struct riscv_except except[2]; /* mask 0: none */
	uint32_t base;
	riscv_expand *expand;
};

extern const struct riscv_row riscv_rows[];
extern const unsigned riscv_row_count;
extern const struct riscv_row16 riscv_rows16[];
extern const unsigned riscv_row16_count;

/*
 * The row of a 32-bit instruction on a hart with that configuration. NULL: illegal; *why (static
 * storage) then says whether no row matches or which extension is missing.
 */
const struct riscv_row *riscv_decode(const struct riscv_cpu *hart, uint32_t bits, const char **why);

/* The same for a 16-bit instruction. hart may be NULL: every extension counts as present. */
const struct riscv_row16 *riscv_decode16(const struct riscv_cpu *hart, uint16_t bits,
					 const char **why);

/* Extracts the operands of an instruction that row matches. */
void riscv_decode_operands(const struct riscv_row *row, uint32_t bits,
			   struct riscv_operands *operands);

/* True if a hart has the extensions; otherwise false, and *why names the first one missing. */
bool riscv_need_met(const struct riscv_cpu *hart, const struct riscv_need *need, const char **why);

#endif
