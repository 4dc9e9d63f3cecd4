/*
 * Emitters: how a row of insn.def becomes micro-ops. Internal to the AArch64 translator; a few
 * generic functions do for all rows.
 */
#ifndef CPU_ARM64_EMIT_H
#define CPU_ARM64_EMIT_H

#include <stddef.h>

#include "cpu/arm64/insn.h"
#include "engine/atomic.h"
#include "engine/builder.h"
#include "engine/uop.h"

/* -- arguments of rows -- */

enum arm64_ls64 { A64_ST64BV, A64_ST64BV0, A64_LD64B, A64_ST64B };

/* With an enum arm64_fp_op: elements of half precision. */
#define A64_FP_HALF 0x100

/* FCVTN to half or single, FCVTXN, BFCVTN. */
enum arm64_fp_narrow { A64_NARROW_H, A64_NARROW_S, A64_NARROW_ODD, A64_NARROW_BF16 };

enum arm64_bf16 { A64_BF16_LONG, A64_BF16_DOT, A64_BF16_MATRIX };

/* Turns an instruction that matches a row into micro-ops. */
typedef void arm64_emit(struct builder *builder, uint32_t word, const struct arm64_row *row);

/* The same by the row's own emitter. */
void arm64_row_emit(const struct arm64_row *row, struct builder *builder, uint32_t word);

/* -- emitters; the argument is the 64-bit micro-op unless said otherwise -- */

/* translate_integer.c */
arm64_emit emit_adr;
arm64_emit emit_add_immediate, emit_add_shifted, emit_add_extended;
arm64_emit emit_logical_immediate, emit_logical_shifted;
arm64_emit emit_minmax_immediate, emit_minmax;
arm64_emit emit_move_wide, emit_bit_field, emit_extract;
arm64_emit emit_add_carry;
arm64_emit emit_two_sources, emit_one_source, emit_count_sign, emit_reverse_word, emit_absolute;
arm64_emit emit_crc32;
arm64_emit emit_multiply_add, emit_multiply_add_long, emit_multiply_high;

/* translate_flags.c */
arm64_emit emit_select;
arm64_emit emit_conditional_compare; /* argument: enum cpu_flags */
arm64_emit emit_set_flags, emit_rotate_into_flags, emit_flag_operation;

/* translate_branch.c */
arm64_emit emit_branch, emit_branch_if, emit_branch_register;
arm64_emit emit_compare_branch, emit_test_branch; /* argument: UOP_BEQ or UOP_BNE */
arm64_emit emit_svc, emit_hvc, emit_smc, emit_brk, emit_hlt, emit_undefined, emit_eret;

/* translate_memory.c */
arm64_emit emit_access_unsigned, emit_access_unscaled, emit_access_pre, emit_access_post,
	emit_access_register, emit_access_literal, emit_access_unprivileged;
arm64_emit emit_pair, emit_prefetch;

/* translate_atomic.c */
arm64_emit emit_exclusive, emit_exclusive_pair, emit_ordered, emit_ordered_indexed, emit_clrex;
arm64_emit emit_compare_swap, emit_compare_swap_pair;
arm64_emit emit_atomic; /* argument: enum atomic_op */

/* translate_pauth.c */
arm64_emit emit_pac_add, emit_pac_authenticate; /* argument: enum arm64_key */
arm64_emit emit_pac_strip, emit_pac_generic, emit_pac_hint;
arm64_emit emit_branch_authenticated, emit_load_authenticated;

/* translate_gcs.c */
arm64_emit emit_gcs_store;

/* translate_ls64.c */
arm64_emit emit_ls64; /* argument: enum arm64_ls64 */

/* translate_system.c */
arm64_emit emit_hint, emit_csync, emit_error_barrier, emit_barrier, emit_isb, emit_wait,
	emit_send_event;
arm64_emit emit_msr_immediate, emit_sysreg;

/* translate_simd_memory.c */
arm64_emit emit_simd_access_unsigned, emit_simd_access_unscaled, emit_simd_access_pre,
	emit_simd_access_post, emit_simd_access_register, emit_simd_access_literal, emit_simd_pair;

/* translate_simd.c; argument: enum arm64_simd */
arm64_emit emit_simd, emit_simd_bytes, emit_simd_scalar_pair, emit_simd_extract, emit_simd_table,
	emit_simd_shift_left, emit_simd_shift_right, emit_simd_element, emit_simd_dot_element;

/* translate_crypto.c */
enum arm64_crypto {
#define CRYPTO(id) A64_CRYPTO_##id,
#include "cpu/arm64/crypto.def"
#undef CRYPTO
};
arm64_emit emit_crypto; /* argument: enum arm64_crypto */

/* translate_simd_move.c */
arm64_emit emit_dup_element, emit_dup_scalar, emit_dup_general, emit_ins_general, emit_ins_element;
arm64_emit emit_umov, emit_smov;
arm64_emit emit_simd_immediate; /* argument: 0 or what to do with the register */

/* translate_simd_structure.c */
arm64_emit emit_simd_structure, emit_simd_structure_ordered;

/* translate_fp.c */
arm64_emit emit_fp_scalar, emit_fp_fused; /* argument: enum arm64_fp_op */
arm64_emit emit_fp_compare, emit_fp_conditional_compare, emit_fp_select;
arm64_emit emit_fp_immediate, emit_fp_from_general, emit_fp_to_general, emit_fp_from_general_upper,
	emit_fp_to_general_upper;
arm64_emit emit_fp_to_integer; /* argument: enum fp_rounding */
arm64_emit emit_fp_from_integer, emit_fp_to_fixed, emit_fp_from_fixed, emit_fp_to_javascript;
arm64_emit emit_fp_convert, emit_fp_to_bf16;

/* translate_simd_fp.c; argument: enum arm64_fp_op, A64_FP_HALF */
arm64_emit emit_fp_lanes, emit_fp_element, emit_fp_fixed, emit_fp_pairwise, emit_fp_across;
arm64_emit emit_fp_widen;
arm64_emit emit_fp_narrow, emit_fp_narrow_scalar; /* argument: enum arm64_fp_narrow */
/* argument: 1: subtracts, 2: reads the upper halves */
arm64_emit emit_fp_multiply_long, emit_fp_multiply_long_element;
arm64_emit emit_bf16, emit_bf16_element; /* argument: enum arm64_bf16 */
arm64_emit emit_fp_complex_add, emit_fp_complex_multiply, emit_fp_complex_element;

/* -- what emitters share -- */

/* Temporaries of one instruction. */
enum { T0 = REG_TEMP, T1, T2, T3, T4 };

/* What builder->note knows of the block so far. */
enum arm64_note {
	NOTE_FLAGS_SUB = 1,     /* the flags are those of a - b */
	NOTE_FLAGS_LOGIC = 2,   /* they are those of a + 0 */
	NOTE_FLAGS_FP = 1 << 3, /* of those that FCMP_D makes, and 1 */
	NOTE_FLAGS = 3 | NOTE_FLAGS_FP,
	NOTE_SP_ALIGNED = 1 << 2, /* SP has been checked */
};
/* Bit n of these: the upper half of vector register n is known to be zero. */
#define NOTE_UPPER_ZERO_AT 32

static inline bool emit_wide(uint32_t word)
{
	return word >> 31;
}

/* Register fields. Number 31 is the zero register, or SP. */
static inline unsigned emit_rd(uint32_t word)
{
	unsigned number = word & 31;
	return number == 31 ? REG_SINK : number;
}
static inline unsigned emit_rn(uint32_t word)
{
	return word >> 5 & 31;
}
static inline unsigned emit_rm(uint32_t word)
{
	return word >> 16 & 31;
}
static inline unsigned emit_rn_sp(uint32_t word)
{
	unsigned number = emit_rn(word);
	return number == 31 ? A64_REG_SP : number;
}

static inline unsigned emit_level(const struct builder *builder)
{
	return builder->cpu->mode & A64_MODE_LEVEL;
}

/* The zero-extending 32-bit form of a 64-bit micro-op. */
enum uop_op emit_zero_form(enum uop_op op);

/* The same micro-op in the width of the instruction. */
static inline enum uop_op emit_form(uint32_t word, enum uop_op op)
{
	return emit_wide(word) ? op : emit_zero_form(op);
}

/* Sets the flags of an operation of the width that the instruction has. */
void emit_flags(struct builder *builder, uint32_t word, enum cpu_flags flags, unsigned a,
		unsigned b);
/* They come from a helper, or who knows. */
static inline void emit_flags_unknown(struct builder *builder)
{
	builder->note &= ~(uint64_t)NOTE_FLAGS;
}

/*
 * Puts into T0 whether a condition holds: not zero if so, or, where *inverted comes back true, if
 * not so. condition < 14.
 */
void emit_condition(struct builder *builder, unsigned condition, bool *inverted);

/* The base register of an access; SP is checked. */
unsigned emit_base(struct builder *builder, uint32_t word);

/* base += offset, after an access whose base it was. */
void emit_write_back(struct builder *builder, unsigned base, int32_t offset);

/* The address of an access with register offset: base + the extended register, scaled. */
unsigned emit_indexed(struct builder *builder, uint32_t word, unsigned scale);

/* The address in a register must have none of the bits; access is what is to be done there. */
void emit_aligned_check(struct builder *builder, unsigned base, int32_t bits, unsigned access);

/* SP is about to be an address, or has been written. */
void emit_sp_check(struct builder *builder);
static inline void emit_sp_written(struct builder *builder)
{
	builder->note &= ~(uint64_t)NOTE_SP_ALIGNED;
}

/*
 * Vector registers: cpu->v[]. An instruction that is one micro-op of scalar floating point (or a
 * load of 64 bits or less) writes d[0] and then calls emit_scalar_written(), which sees to it that
 * d[1] is zero. One that is a helper call (build_call, with numbers of vector registers for d, a
 * and b) writes all 128 bits, d[1] = 0 where Q = 0, and tells so by emit_vector_written().
 *
 * The upper halves, and only they, are also words of state: emit_upper() is their number for
 * UOP_GET and UOP_PUT. Engines keep copies of the lower halves.
 */
static inline int32_t emit_upper(unsigned number)
{
	return (int32_t)(offsetof(struct cpu, v) + number * sizeof(union cpu_vector) + 8);
}
void emit_scalar_written(struct builder *builder, unsigned d);
static inline void emit_vector_written(struct builder *builder, unsigned d)
{
	builder->note &= ~(1ull << (NOTE_UPPER_ZERO_AT + d));
}

/* d = half 0 or 1 of a vector register; the other way round, the other half stays. */
static inline void emit_half_get(struct builder *builder, unsigned d, unsigned number,
				 unsigned half)
{
	if (half)
		build_op(builder, UOP_GET, d, 0, 0, emit_upper(number));
	else
		build_op(builder, UOP_FMVXD, d, number, 0, 0);
}
static inline void emit_half_put(struct builder *builder, unsigned number, unsigned half,
				 unsigned a)
{
	if (half) {
		build_op(builder, UOP_PUT, 0, a, 0, emit_upper(number));
		emit_vector_written(builder, number);
	} else {
		build_op(builder, UOP_FMVDX, number, a, 0, 0);
	}
}

/*
 * The low 8 << size bits of general register a go to the element of a vector register; or to all
 * elements, of the lower half if it is not whole, with zeros above.
 */
void emit_element_put(struct builder *builder, unsigned number, unsigned size, unsigned element,
		      unsigned a);
void emit_elements_fill(struct builder *builder, unsigned number, unsigned size, bool whole,
			unsigned a);

/* A helper has written all of a register, and zeros to its upper half. */
static inline void emit_upper_is_zero(struct builder *builder, unsigned d)
{
	builder->note |= 1ull << (NOTE_UPPER_ZERO_AT + d);
}

/* The instruction raises a synchronous exception always; why is static text. */
void build_exception(struct builder *builder, uint64_t esr, const char *why);

/* The instruction is UNDEFINED here; why is static text. */
void emit_undefined_because(struct builder *builder, const char *why);

/* d = (a << scale) + b, of a's low 32 bits if word; scale: 0 to 3. */
enum uop_op emit_scaled_add(unsigned scale, bool word);

/* d = the shifted or extended register; d is a temporary or the register itself. */
unsigned emit_shifted(struct builder *builder, uint32_t word);
unsigned emit_extended(struct builder *builder, unsigned rm, unsigned option, unsigned shift);

#endif
