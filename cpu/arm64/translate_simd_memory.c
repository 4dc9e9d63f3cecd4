/*
 * Loads and stores of SIMD and FP registers. 128 bits are two accesses of 64; a load has done all
 * of its accesses before it writes a register, but for a pair of such.
 */
#include "cpu/arm64/emit.h"

#include "mmu/mmu.h"

#define QUAD 4 /* log2 of the size of a 128-bit register */

/* Size in bits 31:30, but 128 bits where bit 23 is set. */
static unsigned size_of(uint32_t word)
{
	return arm64_field(word, 23, 23) ? QUAD : arm64_field(word, 31, 30);
}

static bool is_load(uint32_t word)
{
	return arm64_field(word, 22, 22);
}

/* Halves of a 128-bit access are aligned if the whole is; the contrary does not hold. */
static void check_quad(struct builder *builder, unsigned base, int32_t offset, unsigned access)
{
	if (!builder->cpu->aligned_only)
		return;
	build_op(builder, UOP_ADDI, T4, base, 0, offset);
	emit_aligned_check(builder, T4, 15, access);
}

/* Loads 2^size bytes, zero-extended to 64 or 128 bits, into integer registers first, first + 1. */
static void load_general(struct builder *builder, unsigned first, unsigned size, unsigned base,
			 int32_t offset)
{
	static const enum uop_op loads[] = {UOP_LD8U, UOP_LD16U, UOP_LD32U, UOP_LD64, UOP_LD64};
	if (size == QUAD)
		check_quad(builder, base, offset, MMU_READ);
	build_memory(builder, loads[size], first, base, offset);
	if (size == QUAD)
		build_memory(builder, UOP_LD64, first + 1, base, offset + 8);
}

/* Puts what load_general() has loaded into a vector register. */
static void put_loaded(struct builder *builder, unsigned number, unsigned first, unsigned size)
{
	emit_half_put(builder, number, 0, first);
	if (size == QUAD)
		emit_half_put(builder, number, 1, first + 1);
	else
		emit_scalar_written(builder, number);
}

/* One micro-op for a whole register, where alignment does not matter. */
static bool moves_whole(const struct builder *builder, unsigned size)
{
	return size == QUAD && !builder->cpu->aligned_only;
}

static void load(struct builder *builder, unsigned number, unsigned size, unsigned base,
		 int32_t offset)
{
	if (moves_whole(builder, size)) {
		build_memory(builder, UOP_FLD128, number, base, offset);
		emit_vector_written(builder, number);
		return;
	}
	if (size == 3) {
		build_memory(builder, UOP_FLD64, number, base, offset);
		emit_scalar_written(builder, number);
		return;
	}
	load_general(builder, T0, size, base, offset);
	put_loaded(builder, number, T0, size);
}

static void store(struct builder *builder, unsigned number, unsigned size, unsigned base,
		  int32_t offset)
{
	static const enum uop_op stores[] = {UOP_ST8, UOP_FST16, UOP_FST32, UOP_FST64, UOP_FST64};
	if (moves_whole(builder, size)) {
		build_memory(builder, UOP_FST128, number, base, offset);
		return;
	}
	if (size == QUAD)
		check_quad(builder, base, offset, MMU_WRITE);
	if (size == 0)
		emit_half_get(builder, T0, number, 0);
	build_memory(builder, stores[size], size == 0 ? (unsigned)T0 : number, base, offset);
	if (size == QUAD) {
		emit_half_get(builder, T0, number, 1);
		build_memory(builder, UOP_ST64, T0, base, offset + 8);
	}
}

static void access_memory(struct builder *builder, uint32_t word, unsigned base, int32_t offset)
{
	if (is_load(word))
		load(builder, word & 31, size_of(word), base, offset);
	else
		store(builder, word & 31, size_of(word), base, offset);
}

void emit_simd_access_unsigned(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	int32_t offset = (int32_t)(arm64_field(word, 21, 10) << size_of(word));
	access_memory(builder, word, emit_base(builder, word), offset);
}

static int32_t offset9(uint32_t word)
{
	return (int32_t)arm64_signed_field(word, 20, 12);
}

void emit_simd_access_unscaled(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	access_memory(builder, word, emit_base(builder, word), offset9(word));
}

void emit_simd_access_pre(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	unsigned base = emit_base(builder, word);
	access_memory(builder, word, base, offset9(word));
	emit_write_back(builder, base, offset9(word));
}

void emit_simd_access_post(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	unsigned base = emit_base(builder, word);
	access_memory(builder, word, base, 0);
	emit_write_back(builder, base, offset9(word));
}

void emit_simd_access_register(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	unsigned scale = arm64_field(word, 12, 12) ? size_of(word) : 0;
	access_memory(builder, word, emit_indexed(builder, word, scale), 0);
}

void emit_simd_access_literal(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	build_constant(builder, T2, builder->pc + (uint64_t)arm64_signed_field(word, 23, 5) * 4);
	load(builder, word & 31, 2 + arm64_field(word, 31, 30), T2, 0);
}

void emit_simd_pair(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	enum { NO_ALLOCATE, POST, OFFSET, PRE } index = arm64_field(word, 24, 23);
	unsigned size = 2 + arm64_field(word, 31, 30), bytes = 1u << size;
	unsigned rt = word & 31, rt2 = arm64_field(word, 14, 10);
	int32_t offset = (int32_t)arm64_signed_field(word, 21, 15) * (int32_t)bytes;
	int32_t at = index == POST ? 0 : offset;
	unsigned base = emit_base(builder, word);
	if (is_load(word) && moves_whole(builder, size)) {
		/* Where the second faults, the first register is UNKNOWN by architecture. */
		load(builder, rt, size, base, at);
		load(builder, rt2, size, base, at + (int32_t)bytes);
	} else if (is_load(word)) {
		load_general(builder, T0, size, base, at);
		load_general(builder, T2, size, base, at + (int32_t)bytes);
		put_loaded(builder, rt, T0, size);
		put_loaded(builder, rt2, T2, size);
	} else {
		store(builder, rt, size, base, at);
		store(builder, rt2, size, base, at + (int32_t)bytes);
	}
	if (index == POST || index == PRE)
		emit_write_back(builder, base, offset);
}
