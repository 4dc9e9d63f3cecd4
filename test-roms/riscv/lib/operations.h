/* Instructions of two integer operands, checked against reference functions that are
 * written with the base instruction set only. */
#pragma once

#include "test-roms/riscv/lib/rom.h"

struct operation {
	const char *name;
	u32 instruction; /* opcode and function bits; rd, rs1 and rs2 are added */
	u8 kind;
	u64 (*reference)(u64 a, u64 b);
};

enum {
	REGISTERS, /* rd = x12, rs1 = x10, rs2 = x11 */
	SINGLE,    /* the same without rs2 */
	SHIFT_6,   /* rs1 and a 6-bit amount at bit 20: b & 63 */
	SHIFT_5,   /* rs1 and a 5-bit amount at bit 20: b & 31 */
	SHORT,     /* compressed: rd = rs1 = x12, rs2 = x11 already in place */
};

/* One check a row, over special and pseudo-random operands. */
void check_operations(const struct operation *rows, unsigned count);
