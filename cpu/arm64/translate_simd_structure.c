/*
 * LD1 to LD4 and ST1 to ST4 (Arm ARM, C3.2.11): structures of one to four elements, of which each
 * register takes or gives one. Registers count on from V31 to V0.
 */
#include "cpu/arm64/emit.h"

#include "mmu/mmu.h"

struct structure {
	bool load, single, replicate;
	unsigned elements;  /* of a structure */
	unsigned repeats;   /* LD1 and ST1 of several registers */
	unsigned size_log2; /* of an element */
	unsigned lane;      /* single: which */
	unsigned bytes;     /* all in all */
};

static struct structure multiple_of(uint32_t word)
{
	/* By opcode: elements << 4 | repeats. */
	static const uint8_t shapes[16] = {
		[0] = 0x41, [2] = 0x14, [4] = 0x31, [6] = 0x13, [7] = 0x11, [8] = 0x21, [10] = 0x12,
	};
	unsigned shape = shapes[arm64_field(word, 15, 12)];
	return (struct structure){
		.load = arm64_field(word, 22, 22),
		.elements = shape >> 4,
		.repeats = shape & 15,
		.size_log2 = arm64_field(word, 11, 10),
		.bytes = (shape >> 4) * (shape & 15) * (arm64_field(word, 30, 30) ? 16 : 8),
	};
}

static struct structure single_of(uint32_t word)
{
	unsigned opcode = arm64_field(word, 15, 13);
	struct structure structure = {
		.load = arm64_field(word, 22, 22),
		.single = true,
		.replicate = opcode >> 1 == 3,
		.elements = (opcode & 1) * 2 + arm64_field(word, 21, 21) + 1,
		.repeats = 1,
		.size_log2 = opcode >> 1,
	};
	/* Q:S:size has the lane's number, shifted as wide elements allow. */
	unsigned number = arm64_field(word, 30, 30) << 3 | arm64_field(word, 12, 10);
	if (structure.replicate || (structure.size_log2 == 2 && number & 1))
		structure.size_log2 = structure.replicate ? number & 3 : 3;
	structure.lane = number >> structure.size_log2;
	structure.bytes = structure.elements << structure.size_log2;
	return structure;
}

static struct structure structure_of(uint32_t word)
{
	return arm64_field(word, 24, 24) ? single_of(word) : multiple_of(word);
}

static uint64_t lane_get(const union cpu_vector *vector, unsigned size_log2, unsigned lane)
{
	switch (size_log2) {
	case 0: return vector->b[lane];
	case 1: return vector->h[lane];
	case 2: return vector->s[lane];
	default: return vector->d[lane];
	}
}

static void lane_put(union cpu_vector *vector, unsigned size_log2, unsigned lane, uint64_t value)
{
	switch (size_log2) {
	case 0: vector->b[lane] = (uint8_t)value; break;
	case 1: vector->h[lane] = (uint16_t)value; break;
	case 2: vector->s[lane] = (uint32_t)value; break;
	default: vector->d[lane] = value;
	}
}

/* The element of register index (from the first one on) at an address. */
static bool move_element(struct cpu *cpu, const struct structure *structure, uint64_t address,
			 union cpu_vector *registers, unsigned lane)
{
	unsigned size = 1u << structure->size_log2;
	uint64_t value;
	if (!structure->load)
		return mmu_store(cpu, address, size,
				 lane_get(registers, structure->size_log2, lane));
	if (!mmu_load(cpu, address, size, &value))
		return false;
	if (!structure->replicate) {
		lane_put(registers, structure->size_log2, lane, value);
		return true;
	}
	for (unsigned i = 0; i < 16 / size; i++)
		lane_put(registers, structure->size_log2, i, value);
	return true;
}

/* a: the base; argument: the instruction. */
static bool help_structure(struct cpu *cpu, const struct uop *uop)
{
	uint32_t word = (uint32_t)uop_wide(uop, 1)->call.argument;
	struct structure structure = structure_of(word);
	uint64_t address = cpu->r[uop->a];
	bool whole = arm64_field(word, 30, 30);
	unsigned count = structure.elements * structure.repeats;
	unsigned lanes = structure.single ? 1 : (whole ? 16u : 8u) >> structure.size_log2;
	union cpu_vector registers[4];
	for (unsigned i = 0; i < count; i++)
		registers[i] = cpu->v[(word + i) & 31];
	for (unsigned first = 0; first < count; first += structure.elements)
		for (unsigned lane = 0; lane < lanes; lane++)
			for (unsigned i = 0; i < structure.elements; i++) {
				if (!move_element(cpu, &structure, address, &registers[first + i],
						  structure.lane + lane))
					return false;
				address += 1u << structure.size_log2;
			}
	for (unsigned i = 0; structure.load && i < count; i++) {
		if (!whole && (!structure.single || structure.replicate))
			registers[i].d[1] = 0;
		cpu->v[(word + i) & 31] = registers[i];
	}
	return true;
}

/* LD1 and ST1 of 128-bit registers, where alignment does not matter. */
static void emit_wholes(struct builder *builder, uint32_t word, struct structure structure,
			unsigned base)
{
	for (unsigned i = 0; i < structure.repeats; i++) {
		unsigned number = (word + i) & 31;
		build_memory(builder, structure.load ? UOP_FLD128 : UOP_FST128, number, base,
			     (int32_t)i * 16);
		if (structure.load)
			emit_vector_written(builder, number);
	}
}

/* LD1 and ST1 of whole registers: in order. */
static void emit_ones(struct builder *builder, uint32_t word, struct structure structure,
		      unsigned base)
{
	unsigned halves = arm64_field(word, 30, 30) ? 2 : 1, count = structure.repeats * halves;
	enum { FIRST = REG_TEMP + 4 };
	for (unsigned i = 0; i < count; i++) {
		unsigned number = (word + i / halves) & 31, half = i % halves;
		if (!structure.load)
			emit_half_get(builder, FIRST, number, half);
		build_memory(builder, structure.load ? UOP_LD64 : UOP_ST64,
			     structure.load ? FIRST + i : (unsigned)FIRST, base, (int32_t)i * 8);
	}
	for (unsigned i = 0; structure.load && i < count; i++) {
		unsigned number = (word + i / halves) & 31;
		emit_half_put(builder, number, i % halves, FIRST + i);
		if (halves == 1)
			emit_scalar_written(builder, number);
	}
}

/* LD1R, and LD1 and ST1 of one lane. */
static void emit_one(struct builder *builder, uint32_t word, struct structure structure,
		     unsigned base)
{
	static const enum uop_op loads[] = {UOP_LD8U, UOP_LD16U, UOP_LD32U, UOP_LD64};
	static const enum uop_op stores[] = {UOP_ST8, UOP_ST16, UOP_ST32, UOP_ST64};
	unsigned number = word & 31, size = structure.size_log2;
	unsigned half = structure.lane << size >> 3, at = (structure.lane << size & 7) * 8;
	int32_t field = (int32_t)(at | ((8u << size) - 1) << 8);
	if (structure.load) {
		build_memory(builder, loads[size], T0, base, 0);
		if (structure.replicate)
			emit_elements_fill(builder, number, size, arm64_field(word, 30, 30), T0);
		else
			emit_element_put(builder, number, size, structure.lane, T0);
	} else {
		emit_half_get(builder, T0, number, half);
		build_op(builder, UOP_EXTU, T0, T0, 0, field);
		build_memory(builder, stores[size], T0, base, 0);
	}
}

static void emit_access(struct builder *builder, uint32_t word, struct structure structure,
			unsigned base)
{
	/* Elements must be aligned, not registers. */
	bool whole = !builder->cpu->aligned_only || structure.size_log2 == 3;
	bool quads = arm64_field(word, 30, 30) && !builder->cpu->aligned_only;
	if (structure.elements == 1 && !structure.single && quads) {
		emit_wholes(builder, word, structure, base);
	} else if (structure.elements == 1 && structure.single) {
		emit_one(builder, word, structure, base);
	} else if (structure.elements == 1 && whole) {
		emit_ones(builder, word, structure, base);
	} else {
		build_call(builder, help_structure, 0, base, 0, 0, word);
		for (unsigned i = 0; i < 4; i++)
			emit_vector_written(builder, (word + i) & 31);
	}
}

void emit_simd_structure(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	struct structure structure = structure_of(word);
	unsigned base = emit_base(builder, word), index = emit_rm(word);
	emit_access(builder, word, structure, base);
	if (!arm64_field(word, 23, 23))
		return;
	if (index == 31) {
		emit_write_back(builder, base, (int32_t)structure.bytes);
		return;
	}
	build_op(builder, UOP_ADD, base, base, index, 0);
	if (base == A64_REG_SP)
		emit_sp_written(builder);
}

/* LDAP1 and STL1: every access is ordered, but these must be aligned. */
void emit_simd_structure_ordered(struct builder *builder, uint32_t word,
				 const struct arm64_row *row)
{
	(void)row;
	struct structure structure = structure_of(word);
	unsigned base = emit_base(builder, word);
	emit_aligned_check(builder, base, 7, structure.load ? MMU_READ : MMU_WRITE);
	emit_access(builder, word, structure, base);
}
