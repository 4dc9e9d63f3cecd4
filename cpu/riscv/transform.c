/*
 * Transformed instructions for mtinst and htinst (privileged manual, "Transformed Instruction or
 * Pseudoinstruction for mtinst and htinst").
 */
#include "cpu/riscv/riscv.h"

enum {
	OPCODE_LOAD = 0x03,
	OPCODE_LOAD_FP = 0x07,
	OPCODE_MISC_MEM = 0x0f,
	OPCODE_STORE = 0x23,
	OPCODE_STORE_FP = 0x27,
	OPCODE_AMO = 0x2f,
	OPCODE_SYSTEM = 0x73,
};

/* Fields that a transformation keeps. */
#define KEEP_LOAD        0x00007fffu /* opcode, rd, funct3 */
#define KEEP_STORE       0x01f0707fu /* opcode, funct3, rs2 */
#define KEEP_ALL_BUT_RS1 0xfff07fffu
#define KEEP_CBO         0xfff0707fu /* opcode, funct3, operation */

/* FLH to FLQ, not the vector loads that share the opcode. */
static bool is_scalar_fp(uint32_t funct3)
{
	return funct3 >= 1 && funct3 <= 4;
}

static uint32_t transform(uint32_t insn, uint32_t offset)
{
	uint32_t funct3 = insn >> 12 & 7;
	switch (insn & 0x7f) {
	case OPCODE_LOAD_FP:
		if (!is_scalar_fp(funct3))
			return 0;
		return (insn & KEEP_LOAD) | offset;
	case OPCODE_LOAD: return (insn & KEEP_LOAD) | offset;
	case OPCODE_STORE_FP:
		if (!is_scalar_fp(funct3))
			return 0;
		return (insn & KEEP_STORE) | offset;
	case OPCODE_STORE: return (insn & KEEP_STORE) | offset;
	case OPCODE_AMO: return (insn & KEEP_ALL_BUT_RS1) | offset;
	case OPCODE_SYSTEM: /* HLV, HLVX, HSV */
		return funct3 == 4 ? (insn & KEEP_ALL_BUT_RS1) | offset : 0;
	case OPCODE_MISC_MEM: /* CBO: the offset field is zero too */
		return funct3 == 2 ? insn & KEEP_CBO : 0;
	default: return 0;
	}
}

uint32_t riscv_transform_insn(uint32_t insn, uint64_t address_offset)
{
	uint32_t offset = (uint32_t)(address_offset & 31) << 15;
	if ((insn & 3) == 3)
		return transform(insn, offset);
	/* The expansion, marked as such by a clear bit 1. */
	uint32_t expanded = riscv_expand_compressed((uint16_t)insn);
	return expanded ? transform(expanded, offset) & ~2u : 0;
}
