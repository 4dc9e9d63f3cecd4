#include "mmu/vmsa.h"

#define LEVEL_LAST     3
#define DESCRIPTOR_LOG 3 /* log2 of its size */

static uint64_t mask(unsigned bits)
{
	return bits >= 64 ? UINT64_MAX : (1ull << bits) - 1;
}

int vmsa_start_level(unsigned granule, unsigned input_bits)
{
	unsigned stride = granule - DESCRIPTOR_LOG;
	int levels = (int)((input_bits - granule + stride - 1) / stride);
	return LEVEL_LAST + 1 - (levels ? levels : 1);
}

/* log2 of the bytes of the first table, concatenated ones together. */
static unsigned root_bits(const struct vmsa_layout *layout)
{
	return layout->input_bits - vmsa_level_bits(layout->granule, layout->start) +
	       DESCRIPTOR_LOG;
}

uint64_t vmsa_root(const struct vmsa_layout *layout, uint64_t ttbr)
{
	enum { HIGH_SHIFT = 48, LOW = 2, LEAST_WIDE = 6 };
	bool wide = layout->lpa2 || layout->lpa;
	unsigned bits = root_bits(layout);
	if (wide && bits < LEAST_WIDE)
		bits = LEAST_WIDE;
	uint64_t root = ttbr & mask(HIGH_SHIFT) & ~mask(bits);
	return wide ? root | (ttbr >> LOW & 15) << HIGH_SHIFT : root;
}

/* The address in a descriptor: aligned to 2^bits. */
static uint64_t output_of(const struct vmsa_layout *layout, uint64_t descriptor, unsigned bits)
{
	if (layout->lpa2)
		return (descriptor & mask(50) & ~mask(bits)) | (descriptor >> 8 & 3) << 50;
	uint64_t output = descriptor & mask(48) & ~mask(bits);
	return layout->lpa ? output | (descriptor >> 12 & 15) << 48 : output;
}

/* Whether a level may hold blocks (Arm ARM, D8.3.1). */
static bool may_be_block(const struct vmsa_layout *layout, int level)
{
	switch (layout->granule) {
	case 12: return level >= (layout->lpa2 ? 0 : 1);
	case 14: return level >= (layout->lpa2 ? 1 : 2);
	default: return level >= (layout->lpa ? 1 : 2);
	}
}

/* log2 of how many entries a contiguous group has. */
static unsigned contiguous_bits(unsigned granule, int level)
{
	switch (granule) {
	case 12: return 4;
	case 14: return level == LEVEL_LAST ? 7 : 5;
	default: return 5;
	}
}

static bool is_leaf(int level, uint64_t descriptor)
{
	return level == LEVEL_LAST || !(descriptor & VMSA_TABLE);
}

static enum vmsa_fault take_leaf(const struct vmsa_layout *layout, uint64_t input, int level,
				 struct vmsa_leaf *leaf)
{
	unsigned bits = vmsa_level_bits(layout->granule, level);
	if (level == LEVEL_LAST ? !(leaf->descriptor & VMSA_TABLE) : !may_be_block(layout, level))
		return VMSA_FAULT_TRANSLATION;
	uint64_t output = output_of(layout, leaf->descriptor, bits);
	if (output & ~mask(layout->output_bits))
		return VMSA_FAULT_ADDRESS_SIZE;
	if (!(leaf->descriptor & VMSA_AF) && !layout->update_access)
		return VMSA_FAULT_ACCESS_FLAG;
	leaf->output = output | (input & mask(bits));
	leaf->page_bits = (uint8_t)bits;
	if (leaf->descriptor & VMSA_CONTIGUOUS)
		leaf->page_bits += (uint8_t)contiguous_bits(layout->granule, level);
	return VMSA_FAULT_NONE;
}

enum vmsa_fault vmsa_walk(const struct vmsa_layout *layout, const struct vmsa_memory *memory,
			  uint64_t input, struct vmsa_leaf *leaf)
{
	unsigned granule = layout->granule;
	uint64_t table = layout->root, index_mask = mask(root_bits(layout)) & ~7ull;
	leaf->tables = 0;
	if (table & ~mask(layout->output_bits)) {
		leaf->level = 0;
		return VMSA_FAULT_ADDRESS_SIZE;
	}
	for (int level = layout->start; level <= LEVEL_LAST; level++) {
		unsigned bits = vmsa_level_bits(granule, level);
		leaf->level = (int8_t)level;
		leaf->at = table | (input >> (bits - DESCRIPTOR_LOG) & index_mask);
		enum vmsa_fault failed = memory->load(memory->opaque, leaf->at, &leaf->descriptor);
		if (failed)
			return failed;
		if (!(leaf->descriptor & VMSA_VALID))
			return VMSA_FAULT_TRANSLATION;
		if (is_leaf(level, leaf->descriptor))
			return take_leaf(layout, input, level, leaf);
		leaf->tables |= leaf->descriptor;
		table = output_of(layout, leaf->descriptor, granule);
		if (table & ~mask(layout->output_bits))
			return VMSA_FAULT_ADDRESS_SIZE;
		index_mask = mask(granule) & ~7ull;
	}
	return VMSA_FAULT_TRANSLATION; /* not reached: level 3 has leaves only */
}
