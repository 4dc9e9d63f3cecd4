/* RV64I register arithmetic, shifts and comparisons, and the M extension with its
 * division rules (unprivileged manual, RV64I and M). */
#include "test-roms/riscv/lib/operations.h"

static u64 sext32(u64 x)
{
	return (u64)(s64)(s32)x;
}

#define REFERENCE(name, expression)                                                                \
	static u64 ref_##name(u64 a, u64 b)                                                        \
	{                                                                                          \
		(void)b;                                                                           \
		return expression;                                                                 \
	}
REFERENCE(add, a + b)
REFERENCE(sub, a - b)
REFERENCE(and, (a) & (b))
REFERENCE(or, a | b)
REFERENCE(xor, a ^ b)
REFERENCE(slt, (s64)a < (s64)b)
REFERENCE(sltu, a < b)
REFERENCE(sll, a << (b & 63))
REFERENCE(srl, a >> (b & 63))
REFERENCE(sra, (u64)((s64)a >> (b & 63)))
REFERENCE(addw, sext32(a + b))
REFERENCE(subw, sext32(a - b))
REFERENCE(sllw, sext32(a << (b & 31)))
REFERENCE(srlw, sext32((a & 0xffffffff) >> (b & 31)))
REFERENCE(sraw, (u64)((s64)(s32)a >> (b & 31)))
REFERENCE(addi, a - 2048)
REFERENCE(xori, ~a)
REFERENCE(sltiu, a < -1ul)
REFERENCE(addiw, sext32(a + 2047))

/* The 128-bit product from 32-bit halves. */
static u64 high_unsigned(u64 a, u64 b)
{
	u64 low = (a & 0xffffffff) * (b & 0xffffffff);
	u64 mid1 = (a >> 32) * (b & 0xffffffff) + (low >> 32);
	u64 mid2 = (a & 0xffffffff) * (b >> 32) + (mid1 & 0xffffffff);
	return (a >> 32) * (b >> 32) + (mid1 >> 32) + (mid2 >> 32);
}

REFERENCE(mul, (a) * (b))
REFERENCE(mulhu, high_unsigned(a, b))
REFERENCE(mulhsu, high_unsigned(a, b) - ((s64)a < 0 ? b : 0))
REFERENCE(mulh, high_unsigned(a, b) - ((s64)a < 0 ? b : 0) - ((s64)b < 0 ? a : 0))
REFERENCE(mulw, sext32((a) * (b)))

/* Long division, so that nothing here depends on the instruction under test. */
static u64 divide(u64 a, u64 b, u64 *remainder)
{
	u64 rest = 0, quotient = 0;
	for (int i = 63; i >= 0; i--) {
		u64 carry = rest >> 63;
		rest = rest << 1 | (a >> i & 1);
		if (carry || rest >= b) {
			rest -= b;
			quotient |= 1ul << i;
		}
	}
	*remainder = rest;
	return quotient;
}

static u64 magnitude(u64 x)
{
	return (s64)x < 0 ? -x : x;
}

static u64 ref_divu(u64 a, u64 b)
{
	u64 rest;
	return b ? divide(a, b, &rest) : -1ul;
}

static u64 ref_remu(u64 a, u64 b)
{
	u64 rest;
	if (!b)
		return a;
	divide(a, b, &rest);
	return rest;
}

static u64 ref_div(u64 a, u64 b)
{
	if (!b)
		return -1ul;
	u64 quotient = ref_divu(magnitude(a), magnitude(b));
	return (s64)(a ^ b) < 0 ? -quotient : quotient;
}

static u64 ref_rem(u64 a, u64 b)
{
	if (!b)
		return a;
	u64 rest = ref_remu(magnitude(a), magnitude(b));
	return (s64)a < 0 ? -rest : rest;
}

REFERENCE(divw, sext32(ref_div(sext32(a), sext32(b))))
REFERENCE(remw, sext32(ref_rem(sext32(a), sext32(b))))
REFERENCE(divuw, b & 0xffffffff ? sext32(ref_divu(a & 0xffffffff, b & 0xffffffff)) : -1ul)
REFERENCE(remuw, b & 0xffffffff ? sext32(ref_remu(a & 0xffffffff, b & 0xffffffff)) : sext32(a))

// clang-format off
static const struct operation rows[] = {
	{"add",    0x00000033, REGISTERS, ref_add},
	{"sub",    0x40000033, REGISTERS, ref_sub},
	{"sll",    0x00001033, REGISTERS, ref_sll},
	{"slt",    0x00002033, REGISTERS, ref_slt},
	{"sltu",   0x00003033, REGISTERS, ref_sltu},
	{"xor",    0x00004033, REGISTERS, ref_xor},
	{"srl",    0x00005033, REGISTERS, ref_srl},
	{"sra",    0x40005033, REGISTERS, ref_sra},
	{"or",     0x00006033, REGISTERS, ref_or},
	{"and",    0x00007033, REGISTERS, ref_and},
	{"addw",   0x0000003b, REGISTERS, ref_addw},
	{"subw",   0x4000003b, REGISTERS, ref_subw},
	{"sllw",   0x0000103b, REGISTERS, ref_sllw},
	{"srlw",   0x0000503b, REGISTERS, ref_srlw},
	{"sraw",   0x4000503b, REGISTERS, ref_sraw},
	{"slli",   0x00001013, SHIFT_6,   ref_sll},
	{"srli",   0x00005013, SHIFT_6,   ref_srl},
	{"srai",   0x40005013, SHIFT_6,   ref_sra},
	{"slliw",  0x0000101b, SHIFT_5,   ref_sllw},
	{"srliw",  0x0000501b, SHIFT_5,   ref_srlw},
	{"sraiw",  0x4000501b, SHIFT_5,   ref_sraw},
	{"addi -2048", 0x80000013, SINGLE, ref_addi},
	{"xori -1",    0xfff04013, SINGLE, ref_xori},
	{"sltiu -1",   0xfff03013, SINGLE, ref_sltiu},
	{"addiw 2047", 0x7ff0001b, SINGLE, ref_addiw},
	{"mul",    0x02000033, REGISTERS, ref_mul},
	{"mulh",   0x02001033, REGISTERS, ref_mulh},
	{"mulhsu", 0x02002033, REGISTERS, ref_mulhsu},
	{"mulhu",  0x02003033, REGISTERS, ref_mulhu},
	{"mulw",   0x0200003b, REGISTERS, ref_mulw},
	{"div",    0x02004033, REGISTERS, ref_div},
	{"divu",   0x02005033, REGISTERS, ref_divu},
	{"rem",    0x02006033, REGISTERS, ref_rem},
	{"remu",   0x02007033, REGISTERS, ref_remu},
	{"divw",   0x0200403b, REGISTERS, ref_divw},
	{"divuw",  0x0200503b, REGISTERS, ref_divuw},
	{"remw",   0x0200603b, REGISTERS, ref_remw},
	{"remuw",  0x0200703b, REGISTERS, ref_remuw},
	{"c.add",  0x962e,     SHORT,     ref_add},
	{"c.sub",  0x8e0d,     SHORT,     ref_sub},
	{"c.and",  0x8e6d,     SHORT,     ref_and},
	{"c.or",   0x8e4d,     SHORT,     ref_or},
	{"c.xor",  0x8e2d,     SHORT,     ref_xor},
	{"c.addw", 0x9e2d,     SHORT,     ref_addw},
	{"c.subw", 0x9e0d,     SHORT,     ref_subw},
};
// clang-format on

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	csr_write(medeleg, 0);
	check_operations(rows, ARRAY_SIZE(rows));
}
