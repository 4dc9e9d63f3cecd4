#include "engine/x86_emit.h"

#include <string.h>

enum { BYTE_REG = 1, BYTE_RM = 2 };
enum { R = -1 }; /* the reg field is an operand */

static const struct row {
	uint8_t prefix, map, opcode;
	int8_t extension;
	uint8_t immediate, flags;
} rows[X86_INSN_COUNT] = {
#define X86_INSN(name, prefix, map, opcode, extension, immediate, flags)                           \
	{prefix, map, opcode, extension, immediate, flags},
#include "engine/x86_insn.def"
#undef X86_INSN
};

static void put(struct x86_code *code, uint8_t byte)
{
	if (code->at == code->end)
		code->full = true;
	else
		*code->at++ = byte;
}

static void put_bytes(struct x86_code *code, uint64_t value, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		put(code, (uint8_t)(value >> 8 * i));
}

static void put_modrm(struct x86_code *code, unsigned mod, unsigned reg, unsigned rm)
{
	put(code, (uint8_t)(mod << 6 | (reg & 7) << 3 | (rm & 7)));
}

static void put_operands(struct x86_code *code, unsigned reg, struct x86_rm rm)
{
	if (!rm.memory) {
		put_modrm(code, 3, reg, rm.base);
		return;
	}
	/* Base 5 (rbp, r13) without displacement and base 4 (rsp, r12) without SIB do not exist. */
	unsigned mod = 2;
	if (rm.disp == 0 && (rm.base & 7) != X86_RBP)
		mod = 0;
	else if (rm.disp == (int8_t)rm.disp)
		mod = 1;
	if (rm.index == X86_NONE && (rm.base & 7) != X86_RSP) {
		put_modrm(code, mod, reg, rm.base);
	} else {
		unsigned index = rm.index == X86_NONE ? X86_RSP : rm.index;
		put_modrm(code, mod, reg, X86_RSP);
		put_modrm(code, rm.scale, index, rm.base);
	}
	put_bytes(code, (uint32_t)rm.disp, mod == 0 ? 0 : mod == 1 ? 1 : 4);
}

static bool needs_rex_as_byte(unsigned reg)
{
	return reg >= X86_RSP && reg <= X86_RDI;
}

static void encode(struct x86_code *code, const struct row *row, bool wide, unsigned reg,
		   struct x86_rm rm)
{
	bool extended = row->extension != R;
	if (extended)
		reg = (unsigned)row->extension;
	unsigned index = rm.index == X86_NONE ? 0 : rm.index;
	unsigned rex = (unsigned)wide << 3 | (reg >> 3) << 2 | (index >> 3) << 1 | rm.base >> 3;
	bool forced = (row->flags & BYTE_REG && needs_rex_as_byte(reg)) ||
		      (row->flags & BYTE_RM && !rm.memory && needs_rex_as_byte(rm.base));
	if (row->prefix)
		put(code, row->prefix);
	if (rex || forced)
		put(code, (uint8_t)(0x40 | rex));
	if (row->map)
		put(code, 0x0f);
	if (row->map >= 2)
		put(code, row->map == 2 ? 0x3a : 0x38);
	put(code, row->opcode);
	put_operands(code, reg, rm);
}

void x86_op(struct x86_code *code, enum x86_insn insn, bool wide, unsigned reg, struct x86_rm rm)
{
	encode(code, &rows[insn], wide, reg, rm);
}

void x86_op_imm(struct x86_code *code, enum x86_insn insn, bool wide, unsigned reg,
		struct x86_rm rm, int32_t imm)
{
	encode(code, &rows[insn], wide, reg, rm);
	put_bytes(code, (uint32_t)imm, rows[insn].immediate);
}

void x86_setcc(struct x86_code *code, enum x86_condition condition, unsigned reg)
{
	const struct row row = {0, 1, (uint8_t)(0x90 + condition), 0, 0, BYTE_RM};
	encode(code, &row, false, 0, x86_reg(reg));
}

void x86_cmov(struct x86_code *code, enum x86_condition condition, bool wide, unsigned reg,
	      struct x86_rm rm)
{
	const struct row row = {0, 1, (uint8_t)(0x40 + condition), R, 0, 0};
	encode(code, &row, wide, reg, rm);
}

void x86_fma(struct x86_code *code, enum x86_fma operation, bool single, unsigned reg,
	     unsigned factor, struct x86_rm rm)
{
	/* VEX.LIG.66.0F38, W1 for binary64; R, X, B and vvvv are inverted. */
	unsigned index = rm.index == X86_NONE ? 0 : rm.index;
	put(code, 0xc4);
	put(code, (uint8_t)(2 | !(reg >> 3) << 7 | !(index >> 3) << 6 | !(rm.base >> 3) << 5));
	put(code, (uint8_t)(1 | !single << 7 | (~factor & 15) << 3));
	put(code, (uint8_t)operation);
	put_operands(code, reg, rm);
}

void x86_rorx(struct x86_code *code, bool wide, unsigned reg, struct x86_rm rm, unsigned imm)
{
	/* VEX.LZ.F2.0F3A; R, X, B and vvvv are inverted. */
	unsigned index = rm.index == X86_NONE ? 0 : rm.index;
	put(code, 0xc4);
	put(code, (uint8_t)(3 | !(reg >> 3) << 7 | !(index >> 3) << 6 | !(rm.base >> 3) << 5));
	put(code, (uint8_t)(0x7b | wide << 7));
	put(code, 0xf0);
	put_operands(code, reg, rm);
	put(code, (uint8_t)imm);
}

void x86_arith_imm(struct x86_code *code, enum x86_insn insn, bool wide, struct x86_rm rm,
		   int32_t imm)
{
	if (imm == (int8_t)imm)
		insn += X86_ADD_I8 - X86_ADD_I32;
	x86_op_imm(code, insn, wide, 0, rm, imm);
}

void x86_constant(struct x86_code *code, unsigned reg, uint64_t value)
{
	if (value == 0) {
		x86_op(code, X86_XOR, false, reg, x86_reg(reg));
	} else if (value == (uint64_t)(int64_t)(int32_t)value && value >> 63) {
		x86_op_imm(code, X86_MOV_I32, true, 0, x86_reg(reg), (int32_t)value);
	} else {
		bool wide = value >> 32;
		if (wide || reg >= X86_R8)
			put(code, (uint8_t)(0x40 | wide << 3 | reg >> 3));
		put(code, (uint8_t)(0xb8 | (reg & 7)));
		put_bytes(code, value, wide ? 8 : 4);
	}
}

/* The 32 bits that lead from the end of the displacement at code->at to target. */
static void put_relative(struct x86_code *code, const void *target)
{
	put_bytes(code, (uint64_t)((const uint8_t *)target - (x86_here(code) + 4)), 4);
}

void x86_address(struct x86_code *code, unsigned reg, const void *target)
{
	put(code, (uint8_t)(0x48 | reg >> 3 << 2));
	put(code, 0x8d);
	put_modrm(code, 0, reg, X86_RBP); /* rip-relative */
	put_relative(code, target);
}

void x86_data(struct x86_code *code, uint64_t value, unsigned count)
{
	put_bytes(code, value, count);
}

static void put_short(struct x86_code *code, unsigned opcode, unsigned reg)
{
	if (reg >= X86_R8)
		put(code, 0x41);
	put(code, (uint8_t)(opcode | (reg & 7)));
}

void x86_push(struct x86_code *code, unsigned reg)
{
	put_short(code, 0x50, reg);
}

void x86_pop(struct x86_code *code, unsigned reg)
{
	put_short(code, 0x58, reg);
}

void x86_bswap(struct x86_code *code, unsigned reg)
{
	put(code, (uint8_t)(0x48 | reg >> 3));
	put(code, 0x0f);
	put(code, (uint8_t)(0xc8 | (reg & 7)));
}

void x86_ret(struct x86_code *code)
{
	put(code, 0xc3);
}

static uint8_t *put_target(struct x86_code *code, const void *target)
{
	uint8_t *displacement = code->at;
	put_relative(code, target ? target : x86_here(code) + 4);
	return displacement;
}

/* Two bytes, if the target is that near. */
static bool put_near_jump(struct x86_code *code, unsigned opcode, const void *target)
{
	ptrdiff_t distance = target ? (const uint8_t *)target - (x86_here(code) + 2) : PTRDIFF_MAX;
	if (distance != (int8_t)distance)
		return false;
	put(code, (uint8_t)opcode);
	put(code, (uint8_t)distance);
	return true;
}

uint8_t *x86_jump(struct x86_code *code, const void *target)
{
	if (put_near_jump(code, 0xeb, target))
		return NULL;
	put(code, X86_JUMP_OPCODE);
	return put_target(code, target);
}

uint8_t *x86_jump_if(struct x86_code *code, enum x86_condition condition, const void *target)
{
	if (put_near_jump(code, 0x70 + condition, target))
		return NULL;
	put(code, 0x0f);
	put(code, (uint8_t)(0x80 + condition));
	return put_target(code, target);
}

uint8_t *x86_call(struct x86_code *code, const void *target)
{
	put(code, X86_CALL_OPCODE);
	return put_target(code, target);
}

void x86_patch(const struct x86_code *code, uint8_t *displacement, const void *target)
{
	/* A displacement at the very end may have been cut off. */
	if (displacement + 4 > code->end)
		return;
	int32_t value = (int32_t)((const uint8_t *)target - (displacement + code->run + 4));
	memcpy(displacement, &value, sizeof(value));
}
