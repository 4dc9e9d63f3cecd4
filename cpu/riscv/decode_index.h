/*
 * How the decoder finds its candidates: a bucket for each combination of the most telling bits.
 * Shared by the decoder and by the program that makes its tables at build time
 * (generate/decode_index.c), so that the tables are constants.
 */
#ifndef CPU_RISCV_DECODE_INDEX_H
#define CPU_RISCV_DECODE_INDEX_H

#include <stdint.h>

#define RV_OPCODE_OP_FP 0x14 /* bits 6:2 */

#define RV_BUCKETS   (32 * 32)
#define RV_BUCKETS16 (4 * 8)

/* Major opcode, then funct3; OP-FP has its rounding mode there, so funct7's upper bits. */
static inline unsigned riscv_bucket(uint32_t bits)
{
	unsigned opcode = bits >> 2 & 31;
	return opcode << 5 | (opcode == RV_OPCODE_OP_FP ? bits >> 27 : bits >> 12 & 7);
}

/* Quadrant, then funct3. */
static inline unsigned riscv_bucket16(uint16_t bits)
{
	return (bits & 3) << 3 | bits >> 13;
}

#endif
