/* Zba, Zbb, Zbs, Zbc, Zbkb, Zicond, the arithmetic part of Zcb, and Zimop. */
#include "test-roms/riscv/lib/operations.h"

static u64 low32(u64 x)
{
	return x & 0xffffffff;
}

static u64 sext32(u64 x)
{
	return (u64)(s64)(s32)x;
}

static u64 ref_add_uw(u64 a, u64 b)
{
	return low32(a) + b;
}

#define SHIFT_ADD(n)                                                                               \
	static u64 ref_sh##n##add(u64 a, u64 b)                                                    \
	{                                                                                          \
		return (a << n) + b;                                                               \
	}                                                                                          \
	static u64 ref_sh##n##add_uw(u64 a, u64 b)                                                 \
	{                                                                                          \
		return (low32(a) << n) + b;                                                        \
	}
SHIFT_ADD(1)
SHIFT_ADD(2)
SHIFT_ADD(3)

static u64 ref_slli_uw(u64 a, u64 b)
{
	return low32(a) << (b & 63);
}

static u64 ref_andn(u64 a, u64 b)
{
	return a & ~b;
}

static u64 ref_orn(u64 a, u64 b)
{
	return a | ~b;
}

static u64 ref_xnor(u64 a, u64 b)
{
	return ~(a ^ b);
}

static u64 leading_zeros(u64 a, unsigned width)
{
	unsigned count = 0;
	while (count < width && !(a >> (width - 1 - count) & 1))
		count++;
	return count;
}

static u64 trailing_zeros(u64 a, unsigned width)
{
	unsigned count = 0;
	while (count < width && !(a >> count & 1))
		count++;
	return count;
}

static u64 population(u64 a, unsigned width)
{
	unsigned count = 0;
	for (unsigned i = 0; i < width; i++)
		count += a >> i & 1;
	return count;
}

#define COUNT(name, function, width)                                                               \
	static u64 name(u64 a, u64 b)                                                              \
	{                                                                                          \
		(void)b;                                                                           \
		return function(a, width);                                                         \
	}
COUNT(ref_clz, leading_zeros, 64)
COUNT(ref_clzw, leading_zeros, 32)
COUNT(ref_ctz, trailing_zeros, 64)
COUNT(ref_ctzw, trailing_zeros, 32)
COUNT(ref_cpop, population, 64)
COUNT(ref_cpopw, population, 32)

static u64 ref_max(u64 a, u64 b)
{
	return (s64)a > (s64)b ? a : b;
}

static u64 ref_maxu(u64 a, u64 b)
{
	return a > b ? a : b;
}

static u64 ref_min(u64 a, u64 b)
{
	return (s64)a < (s64)b ? a : b;
}

static u64 ref_minu(u64 a, u64 b)
{
	return a < b ? a : b;
}

static u64 ref_sext_b(u64 a, u64 b)
{
	(void)b;
	return (u64)((s64)(a << 56) >> 56);
}

static u64 ref_sext_h(u64 a, u64 b)
{
	(void)b;
	return (u64)((s64)(a << 48) >> 48);
}

static u64 ref_zext_b(u64 a, u64 b)
{
	(void)b;
	return a & 0xff;
}

static u64 ref_zext_h(u64 a, u64 b)
{
	(void)b;
	return a & 0xffff;
}

static u64 ref_zext_w(u64 a, u64 b)
{
	(void)b;
	return low32(a);
}

static u64 ref_not(u64 a, u64 b)
{
	(void)b;
	return ~a;
}

static u64 ref_mul(u64 a, u64 b)
{
	return a * b;
}

static u64 rotate_left(u64 a, unsigned amount, unsigned width)
{
	u64 out = 0;
	for (unsigned i = 0; i < width; i++)
		out |= (a >> i & 1) << ((i + amount) % width);
	return out;
}

static u64 ref_rol(u64 a, u64 b)
{
	return rotate_left(a, b & 63, 64);
}

static u64 ref_ror(u64 a, u64 b)
{
	return rotate_left(a, 64 - (b & 63), 64);
}

static u64 ref_rolw(u64 a, u64 b)
{
	return sext32(rotate_left(low32(a), b & 31, 32));
}

static u64 ref_rorw(u64 a, u64 b)
{
	return sext32(rotate_left(low32(a), 32 - (b & 31), 32));
}

static u64 ref_orc_b(u64 a, u64 b)
{
	u64 out = 0;
	(void)b;
	for (unsigned i = 0; i < 64; i += 8)
		out |= a >> i & 0xff ? 0xfful << i : 0;
	return out;
}

static u64 ref_rev8(u64 a, u64 b)
{
	u64 out = 0;
	(void)b;
	for (unsigned i = 0; i < 64; i += 8)
		out |= (a >> i & 0xff) << (56 - i);
	return out;
}

static u64 ref_brev8(u64 a, u64 b)
{
	u64 out = 0;
	(void)b;
	for (unsigned i = 0; i < 64; i++)
		out |= (a >> i & 1) << (i ^ 7);
	return out;
}

static u64 ref_bclr(u64 a, u64 b)
{
	return a & ~(1ul << (b & 63));
}

static u64 ref_bext(u64 a, u64 b)
{
	return a >> (b & 63) & 1;
}

static u64 ref_binv(u64 a, u64 b)
{
	return a ^ 1ul << (b & 63);
}

static u64 ref_bset(u64 a, u64 b)
{
	return a | 1ul << (b & 63);
}

static u64 ref_clmul(u64 a, u64 b)
{
	u64 out = 0;
	for (unsigned i = 0; i < 64; i++)
		out ^= b >> i & 1 ? a << i : 0;
	return out;
}

static u64 ref_clmulh(u64 a, u64 b)
{
	u64 out = 0;
	for (unsigned i = 1; i < 64; i++)
		out ^= b >> i & 1 ? a >> (64 - i) : 0;
	return out;
}

static u64 ref_clmulr(u64 a, u64 b)
{
	u64 out = 0;
	for (unsigned i = 0; i < 64; i++)
		out ^= b >> i & 1 ? a >> (63 - i) : 0;
	return out;
}

static u64 ref_pack(u64 a, u64 b)
{
	return low32(a) | b << 32;
}

static u64 ref_packh(u64 a, u64 b)
{
	return (a & 0xff) | (b & 0xff) << 8;
}

static u64 ref_packw(u64 a, u64 b)
{
	return sext32((a & 0xffff) | (b & 0xffff) << 16);
}

static u64 ref_czero_eqz(u64 a, u64 b)
{
	return b ? a : 0;
}

static u64 ref_czero_nez(u64 a, u64 b)
{
	return b ? 0 : a;
}

static u64 ref_zero(u64 a, u64 b)
{
	(void)a, (void)b;
	return 0;
}

// clang-format off
static const struct operation rows[] = {
	{"add.uw",     0x0800003b, REGISTERS, ref_add_uw},
	{"sh1add",     0x20002033, REGISTERS, ref_sh1add},
	{"sh2add",     0x20004033, REGISTERS, ref_sh2add},
	{"sh3add",     0x20006033, REGISTERS, ref_sh3add},
	{"sh1add.uw",  0x2000203b, REGISTERS, ref_sh1add_uw},
	{"sh2add.uw",  0x2000403b, REGISTERS, ref_sh2add_uw},
	{"sh3add.uw",  0x2000603b, REGISTERS, ref_sh3add_uw},
	{"slli.uw",    0x0800101b, SHIFT_6,   ref_slli_uw},
	{"andn",       0x40007033, REGISTERS, ref_andn},
	{"orn",        0x40006033, REGISTERS, ref_orn},
	{"xnor",       0x40004033, REGISTERS, ref_xnor},
	{"clz",        0x60001013, SINGLE,    ref_clz},
	{"clzw",       0x6000101b, SINGLE,    ref_clzw},
	{"ctz",        0x60101013, SINGLE,    ref_ctz},
	{"ctzw",       0x6010101b, SINGLE,    ref_ctzw},
	{"cpop",       0x60201013, SINGLE,    ref_cpop},
	{"cpopw",      0x6020101b, SINGLE,    ref_cpopw},
	{"max",        0x0a006033, REGISTERS, ref_max},
	{"maxu",       0x0a007033, REGISTERS, ref_maxu},
	{"min",        0x0a004033, REGISTERS, ref_min},
	{"minu",       0x0a005033, REGISTERS, ref_minu},
	{"sext.b",     0x60401013, SINGLE,    ref_sext_b},
	{"sext.h",     0x60501013, SINGLE,    ref_sext_h},
	{"zext.h",     0x0800403b, SINGLE,    ref_zext_h},
	{"rol",        0x60001033, REGISTERS, ref_rol},
	{"rolw",       0x6000103b, REGISTERS, ref_rolw},
	{"ror",        0x60005033, REGISTERS, ref_ror},
	{"rorw",       0x6000503b, REGISTERS, ref_rorw},
	{"rori",       0x60005013, SHIFT_6,   ref_ror},
	{"roriw",      0x6000501b, SHIFT_5,   ref_rorw},
	{"orc.b",      0x28705013, SINGLE,    ref_orc_b},
	{"rev8",       0x6b805013, SINGLE,    ref_rev8},
	{"bclr",       0x48001033, REGISTERS, ref_bclr},
	{"bext",       0x48005033, REGISTERS, ref_bext},
	{"binv",       0x68001033, REGISTERS, ref_binv},
	{"bset",       0x28001033, REGISTERS, ref_bset},
	{"bclri",      0x48001013, SHIFT_6,   ref_bclr},
	{"bexti",      0x48005013, SHIFT_6,   ref_bext},
	{"binvi",      0x68001013, SHIFT_6,   ref_binv},
	{"bseti",      0x28001013, SHIFT_6,   ref_bset},
	{"clmul",      0x0a001033, REGISTERS, ref_clmul},
	{"clmulh",     0x0a003033, REGISTERS, ref_clmulh},
	{"clmulr",     0x0a002033, REGISTERS, ref_clmulr},
	{"brev8",      0x68705013, SINGLE,    ref_brev8},
	{"pack",       0x08004033, REGISTERS, ref_pack},
	{"packh",      0x08007033, REGISTERS, ref_packh},
	{"packw",      0x0800403b, REGISTERS, ref_packw},
	{"czero.eqz",  0x0e005033, REGISTERS, ref_czero_eqz},
	{"czero.nez",  0x0e007033, REGISTERS, ref_czero_nez},
	{"c.zext.b",   0x9e61,     SHORT,     ref_zext_b},
	{"c.sext.b",   0x9e65,     SHORT,     ref_sext_b},
	{"c.zext.h",   0x9e69,     SHORT,     ref_zext_h},
	{"c.sext.h",   0x9e6d,     SHORT,     ref_sext_h},
	{"c.zext.w",   0x9e71,     SHORT,     ref_zext_w},
	{"c.not",      0x9e75,     SHORT,     ref_not},
	{"c.mul",      0x9e4d,     SHORT,     ref_mul},
	{"mop.r.0",    0x81c04073, SINGLE,    ref_zero},
	{"mop.r.31",   0xcdf04073, SINGLE,    ref_zero},
	{"mop.rr.0",   0x82004073, REGISTERS, ref_zero},
	{"mop.rr.7",   0xce004073, REGISTERS, ref_zero},
};
// clang-format on

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	csr_write(medeleg, 0);
	check_operations(rows, ARRAY_SIZE(rows));
}
