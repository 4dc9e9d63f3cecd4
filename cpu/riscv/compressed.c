/*
 * Expansion of 16-bit instructions: each has a 32-bit equivalent (unprivileged manual, "C" and
 * "Zc*"). Bit n of an immediate is written immediate[n]; FIELD moves instruction bits there.
 */
#include "cpu/riscv/emit.h"

/* Instruction bits [high:low], moved so that bit low becomes immediate bit to. */
#define FIELD(insn, high, low, to)                                                                 \
	(((uint32_t)(insn) >> (low) & ((1u << ((high) - (low) + 1)) - 1)) << (to))

/* -- the operands that compressed formats share -- */

static uint32_t register_full(uint16_t insn)
{
	return FIELD(insn, 11, 7, 0);
}

static uint32_t register_second(uint16_t insn)
{
	return FIELD(insn, 6, 2, 0);
}

/* Three-bit register fields name x8 to x15 and f8 to f15. */
static uint32_t register_high(uint16_t insn)
{
	return 8 + FIELD(insn, 9, 7, 0);
}

static uint32_t register_low(uint16_t insn)
{
	return 8 + FIELD(insn, 4, 2, 0);
}

/* Copies the sign from insn[12] into all bits from bit up. */
static uint32_t sign(uint16_t insn, unsigned bit)
{
	return (insn >> 12 & 1) ? ~0u << bit : 0;
}

static uint32_t immediate6(uint16_t insn)
{
	return FIELD(insn, 6, 2, 0) | sign(insn, 5);
}

static uint32_t shift_amount(uint16_t insn)
{
	return FIELD(insn, 6, 2, 0) | FIELD(insn, 12, 12, 5);
}

static uint32_t offset32(uint16_t insn)
{
	return FIELD(insn, 6, 6, 2) | FIELD(insn, 12, 10, 3) | FIELD(insn, 5, 5, 6);
}

static uint32_t offset64(uint16_t insn)
{
	return FIELD(insn, 12, 10, 3) | FIELD(insn, 6, 5, 6);
}

/* -- the 32-bit formats -- */

static uint32_t make_r(uint32_t base, uint32_t rd, uint32_t rs1, uint32_t rs2)
{
	return base | rd << 7 | rs1 << 15 | rs2 << 20;
}

static uint32_t make_i(uint32_t base, uint32_t rd, uint32_t rs1, uint32_t immediate)
{
	return base | rd << 7 | rs1 << 15 | immediate << 20;
}

static uint32_t make_s(uint32_t base, uint32_t rs1, uint32_t rs2, uint32_t immediate)
{
	return base | (immediate & 31) << 7 | rs1 << 15 | rs2 << 20 | immediate >> 5 << 25;
}

/* -- expansions -- */

uint32_t expand_fixed(uint16_t insn, uint32_t base)
{
	(void)insn;
	return base;
}

uint32_t expand_addi4spn(uint16_t insn, uint32_t base)
{
	uint32_t immediate = FIELD(insn, 12, 11, 4) | FIELD(insn, 10, 7, 6) | FIELD(insn, 6, 6, 2) |
			     FIELD(insn, 5, 5, 3);
	return make_i(base, register_low(insn), 2, immediate);
}

uint32_t expand_addi16sp(uint16_t insn, uint32_t base)
{
	uint32_t immediate = FIELD(insn, 6, 6, 4) | FIELD(insn, 5, 5, 6) | FIELD(insn, 4, 3, 7) |
			     FIELD(insn, 2, 2, 5) | sign(insn, 9);
	return make_i(base, 2, 2, immediate);
}

uint32_t expand_li(uint16_t insn, uint32_t base)
{
	return make_i(base, register_full(insn), 0, immediate6(insn));
}

uint32_t expand_lui(uint16_t insn, uint32_t base)
{
	return base | register_full(insn) << 7 | immediate6(insn) << 12;
}

uint32_t expand_immediate(uint16_t insn, uint32_t base)
{
	return make_i(base, register_full(insn), register_full(insn), immediate6(insn));
}

uint32_t expand_immediate_short(uint16_t insn, uint32_t base)
{
	return make_i(base, register_high(insn), register_high(insn), immediate6(insn));
}

uint32_t expand_shift(uint16_t insn, uint32_t base)
{
	return make_i(base, register_full(insn), register_full(insn), shift_amount(insn));
}

uint32_t expand_shift_short(uint16_t insn, uint32_t base)
{
	return make_i(base, register_high(insn), register_high(insn), shift_amount(insn));
}

uint32_t expand_load8(uint16_t insn, uint32_t base)
{
	return make_i(base, register_low(insn), register_high(insn),
		      FIELD(insn, 6, 6, 0) | FIELD(insn, 5, 5, 1));
}

uint32_t expand_load16(uint16_t insn, uint32_t base)
{
	return make_i(base, register_low(insn), register_high(insn), FIELD(insn, 5, 5, 1));
}

uint32_t expand_load32(uint16_t insn, uint32_t base)
{
	return make_i(base, register_low(insn), register_high(insn), offset32(insn));
}

uint32_t expand_load64(uint16_t insn, uint32_t base)
{
	return make_i(base, register_low(insn), register_high(insn), offset64(insn));
}

uint32_t expand_load32_sp(uint16_t insn, uint32_t base)
{
	uint32_t offset = FIELD(insn, 6, 4, 2) | FIELD(insn, 12, 12, 5) | FIELD(insn, 3, 2, 6);
	return make_i(base, register_full(insn), 2, offset);
}

uint32_t expand_load64_sp(uint16_t insn, uint32_t base)
{
	uint32_t offset = FIELD(insn, 6, 5, 3) | FIELD(insn, 12, 12, 5) | FIELD(insn, 4, 2, 6);
	return make_i(base, register_full(insn), 2, offset);
}

uint32_t expand_store8(uint16_t insn, uint32_t base)
{
	return make_s(base, register_high(insn), register_low(insn),
		      FIELD(insn, 6, 6, 0) | FIELD(insn, 5, 5, 1));
}

uint32_t expand_store16(uint16_t insn, uint32_t base)
{
	return make_s(base, register_high(insn), register_low(insn), FIELD(insn, 5, 5, 1));
}

uint32_t expand_store32(uint16_t insn, uint32_t base)
{
	return make_s(base, register_high(insn), register_low(insn), offset32(insn));
}

uint32_t expand_store64(uint16_t insn, uint32_t base)
{
	return make_s(base, register_high(insn), register_low(insn), offset64(insn));
}

uint32_t expand_store32_sp(uint16_t insn, uint32_t base)
{
	uint32_t offset = FIELD(insn, 12, 9, 2) | FIELD(insn, 8, 7, 6);
	return make_s(base, 2, register_second(insn), offset);
}

uint32_t expand_store64_sp(uint16_t insn, uint32_t base)
{
	uint32_t offset = FIELD(insn, 12, 10, 3) | FIELD(insn, 9, 7, 6);
	return make_s(base, 2, register_second(insn), offset);
}

uint32_t expand_move(uint16_t insn, uint32_t base)
{
	return make_r(base, register_full(insn), 0, register_second(insn));
}

uint32_t expand_two(uint16_t insn, uint32_t base)
{
	return make_r(base, register_full(insn), register_full(insn), register_second(insn));
}

uint32_t expand_two_short(uint16_t insn, uint32_t base)
{
	return make_r(base, register_high(insn), register_high(insn), register_low(insn));
}

uint32_t expand_one_short(uint16_t insn, uint32_t base)
{
	return make_r(base, register_high(insn), register_high(insn), 0);
}

uint32_t expand_jump(uint16_t insn, uint32_t base)
{
	uint32_t displacement = FIELD(insn, 11, 11, 4) | FIELD(insn, 10, 9, 8) |
				FIELD(insn, 8, 8, 10) | FIELD(insn, 7, 7, 6) |
				FIELD(insn, 6, 6, 7) | FIELD(insn, 5, 3, 1) | FIELD(insn, 2, 2, 5) |
				sign(insn, 11);
	return base | FIELD(displacement, 20, 20, 31) | FIELD(displacement, 10, 1, 21) |
	       FIELD(displacement, 11, 11, 20) | FIELD(displacement, 19, 12, 12);
}

uint32_t expand_jump_register(uint16_t insn, uint32_t base)
{
	return base | register_full(insn) << 15;
}

uint32_t expand_branch(uint16_t insn, uint32_t base)
{
	uint32_t displacement = FIELD(insn, 11, 10, 3) | FIELD(insn, 6, 5, 6) |
				FIELD(insn, 4, 3, 1) | FIELD(insn, 2, 2, 5) | sign(insn, 8);
	return base | register_high(insn) << 15 | FIELD(displacement, 12, 12, 31) |
	       FIELD(displacement, 10, 5, 25) | FIELD(displacement, 4, 1, 8) |
	       FIELD(displacement, 11, 11, 7);
}

uint32_t riscv_expand_compressed(uint16_t insn)
{
	const char *why;
	const struct riscv_row16 *row = riscv_decode16(NULL, insn, &why);
	return row ? row->expand(insn, row->base) : 0;
}
