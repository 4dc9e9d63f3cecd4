/* Integer operations in every engine against expressions written from the manual. */
#include <criterion/criterion.h>

#include "bench.h"
#include "support.h"

#define TRIES 60

typedef uint64_t reference_fn(uint64_t a, uint64_t b);

static uint64_t sext32(uint64_t value)
{
	return (uint64_t)(int64_t)(int32_t)value;
}

static uint64_t rotate_right(uint64_t value, unsigned count, unsigned width)
{
	uint64_t mask = width == 64 ? UINT64_MAX : (1ull << width) - 1;
	value &= mask;
	count %= width;
	return count ? (value >> count | value << (width - count)) & mask : value;
}

static unsigned leading_zeros(uint64_t value, unsigned width)
{
	unsigned count = 0;
	while (count < width && !(value >> (width - 1 - count) & 1))
		count++;
	return count;
}

static unsigned trailing_zeros(uint64_t value, unsigned width)
{
	unsigned count = 0;
	while (count < width && !(value >> count & 1))
		count++;
	return count;
}

static unsigned ones(uint64_t value)
{
	unsigned count = 0;
	for (; value; value >>= 1)
		count += value & 1;
	return count;
}

/* A byte-wise map: 0 swaps bytes, 1 reverses bits in bytes, 2 widens non-zero bytes. */
static uint64_t by_bytes(uint64_t value, int map)
{
	uint64_t result = 0;
	for (unsigned i = 0; i < 8; i++) {
		uint64_t byte = value >> 8 * i & 0xff, out = 0;
		if (map == 0) {
			result |= byte << (56 - 8 * i);
			continue;
		}
		if (map == 1)
			for (unsigned bit = 0; bit < 8; bit++)
				out |= (byte >> bit & 1) << (7 - bit);
		else
			out = byte ? 0xff : 0;
		result |= out << 8 * i;
	}
	return result;
}

/* The 128-bit carry-less product, shifted right. */
static uint64_t carryless(uint64_t a, uint64_t b, unsigned shift)
{
	unsigned __int128 product = 0;
	for (unsigned i = 0; i < 64; i++)
		if (b >> i & 1)
			product ^= (unsigned __int128)a << i;
	return (uint64_t)(product >> shift);
}

/* Upper half of a product, by schoolbook on 32-bit halves. */
static uint64_t high_product(uint64_t a, uint64_t b)
{
	uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
	uint64_t middle = ah * bl + (al * bl >> 32), other = al * bh + (uint32_t)middle;
	return ah * bh + (middle >> 32) + (other >> 32);
}

static uint64_t divide(int64_t a, int64_t b, bool remainder)
{
	if (b == 0)
		return remainder ? (uint64_t)a : UINT64_MAX;
	if (b == -1)
		return remainder ? 0 : 0 - (uint64_t)a;
	return (uint64_t)(remainder ? a % b : a / b);
}

static uint64_t divide_unsigned(uint64_t a, uint64_t b, bool remainder)
{
	if (b == 0)
		return remainder ? a : UINT64_MAX;
	return remainder ? a % b : a / b;
}

#define S(value) ((int64_t)(value))
#define W(value) ((uint32_t)(value))

/* REFERENCE(C name, row's name, value of rd): a is rs1, b is rs2 or the immediate. */
#define REFERENCES                                                                                 \
	REFERENCE(add, "add", a + b)                                                               \
	REFERENCE(sub, "sub", a - b)                                                               \
	REFERENCE(sll, "sll", a << (b & 63))                                                       \
	REFERENCE(slt, "slt", S(a) < S(b))                                                         \
	REFERENCE(sltu, "sltu", a < b)                                                             \
	REFERENCE(xor, "xor", a ^ b)                                                               \
	REFERENCE(srl, "srl", a >> (b & 63))                                                       \
	REFERENCE(sra, "sra", (uint64_t)(S(a) >> (b & 63)))                                        \
	REFERENCE(or, "or", a | b)                                                                 \
	REFERENCE(and, "and", a &b)                                                                \
	REFERENCE(addi, "addi", a + b)                                                             \
	REFERENCE(slti, "slti", S(a) < S(b))                                                       \
	REFERENCE(sltiu, "sltiu", a < b)                                                           \
	REFERENCE(xori, "xori", a ^ b)                                                             \
	REFERENCE(ori, "ori", a | b)                                                               \
	REFERENCE(andi, "andi", a &b)                                                              \
	REFERENCE(slli, "slli", a << b)                                                            \
	REFERENCE(srli, "srli", a >> b)                                                            \
	REFERENCE(srai, "srai", (uint64_t)(S(a) >> b))                                             \
	REFERENCE(addiw, "addiw", sext32(a + b))                                                   \
	REFERENCE(slliw, "slliw", sext32(a << b))                                                  \
	REFERENCE(srliw, "srliw", sext32(W(a) >> b))                                               \
	REFERENCE(sraiw, "sraiw", sext32((uint64_t)((int32_t)a >> b)))                             \
	REFERENCE(addw, "addw", sext32(a + b))                                                     \
	REFERENCE(subw, "subw", sext32(a - b))                                                     \
	REFERENCE(sllw, "sllw", sext32(a << (b & 31)))                                             \
	REFERENCE(srlw, "srlw", sext32(W(a) >> (b & 31)))                                          \
	REFERENCE(sraw, "sraw", sext32((uint64_t)((int32_t)a >> (b & 31))))                        \
	REFERENCE(mul, "mul", a *b)                                                                \
	REFERENCE(mulh, "mulh", high_product(a, b) - (S(a) < 0 ? b : 0) - (S(b) < 0 ? a : 0))      \
	REFERENCE(mulhsu, "mulhsu", high_product(a, b) - (S(a) < 0 ? b : 0))                       \
	REFERENCE(mulhu, "mulhu", high_product(a, b))                                              \
	REFERENCE(div, "div", divide(S(a), S(b), false))                                           \
	REFERENCE(divu, "divu", divide_unsigned(a, b, false))                                      \
	REFERENCE(rem, "rem", divide(S(a), S(b), true))                                            \
	REFERENCE(remu, "remu", divide_unsigned(a, b, true))                                       \
	REFERENCE(mulw, "mulw", sext32(a *b))                                                      \
	REFERENCE(divw, "divw", sext32(divide((int32_t)a, (int32_t)b, false)))                     \
	REFERENCE(divuw, "divuw", sext32(divide_unsigned(W(a), W(b), false)))                      \
	REFERENCE(remw, "remw", sext32(divide((int32_t)a, (int32_t)b, true)))                      \
	REFERENCE(remuw, "remuw", sext32(divide_unsigned(W(a), W(b), true)))                       \
	REFERENCE(sh1add, "sh1add", a * 2 + b)                                                     \
	REFERENCE(sh2add, "sh2add", a * 4 + b)                                                     \
	REFERENCE(sh3add, "sh3add", a * 8 + b)                                                     \
	REFERENCE(add_uw, "add.uw", (uint64_t)W(a) + b)                                            \
	REFERENCE(sh1add_uw, "sh1add.uw", (uint64_t)W(a) * 2 + b)                                  \
	REFERENCE(sh2add_uw, "sh2add.uw", (uint64_t)W(a) * 4 + b)                                  \
	REFERENCE(sh3add_uw, "sh3add.uw", (uint64_t)W(a) * 8 + b)                                  \
	REFERENCE(slli_uw, "slli.uw", (uint64_t)W(a) << b)                                         \
	REFERENCE(andn, "andn", a & ~b)                                                            \
	REFERENCE(orn, "orn", a | ~b)                                                              \
	REFERENCE(xnor, "xnor", ~(a ^ b))                                                          \
	REFERENCE(clz, "clz", leading_zeros(a, 64))                                                \
	REFERENCE(ctz, "ctz", trailing_zeros(a, 64))                                               \
	REFERENCE(cpop, "cpop", ones(a))                                                           \
	REFERENCE(max, "max", S(a) > S(b) ? a : b)                                                 \
	REFERENCE(maxu, "maxu", a > b ? a : b)                                                     \
	REFERENCE(min, "min", S(a) < S(b) ? a : b)                                                 \
	REFERENCE(minu, "minu", a < b ? a : b)                                                     \
	REFERENCE(sext_b, "sext.b", (uint64_t)(int64_t)(int8_t)a)                                  \
	REFERENCE(sext_h, "sext.h", (uint64_t)(int64_t)(int16_t)a)                                 \
	REFERENCE(zext_h, "zext.h", a & 0xffff)                                                    \
	REFERENCE(rol, "rol", rotate_right(a, 64 - (b & 63), 64))                                  \
	REFERENCE(ror, "ror", rotate_right(a, b & 63, 64))                                         \
	REFERENCE(rori, "rori", rotate_right(a, (unsigned)b, 64))                                  \
	REFERENCE(orc_b, "orc.b", by_bytes(a, 2))                                                  \
	REFERENCE(rev8, "rev8", by_bytes(a, 0))                                                    \
	REFERENCE(clzw, "clzw", leading_zeros(W(a), 32))                                           \
	REFERENCE(ctzw, "ctzw", trailing_zeros(W(a), 32))                                          \
	REFERENCE(cpopw, "cpopw", ones(W(a)))                                                      \
	REFERENCE(rolw, "rolw", sext32(rotate_right(a, 32 - (b & 31), 32)))                        \
	REFERENCE(rorw, "rorw", sext32(rotate_right(a, b & 31, 32)))                               \
	REFERENCE(roriw, "roriw", sext32(rotate_right(a, (unsigned)b, 32)))                        \
	REFERENCE(bclr, "bclr", a & ~(1ull << (b & 63)))                                           \
	REFERENCE(bext, "bext", a >> (b & 63) & 1)                                                 \
	REFERENCE(binv, "binv", a ^ 1ull << (b & 63))                                              \
	REFERENCE(bset, "bset", a | 1ull << (b & 63))                                              \
	REFERENCE(bclri, "bclri", a & ~(1ull << b))                                                \
	REFERENCE(bexti, "bexti", a >> b & 1)                                                      \
	REFERENCE(binvi, "binvi", a ^ 1ull << b)                                                   \
	REFERENCE(bseti, "bseti", a | 1ull << b)                                                   \
	REFERENCE(clmul, "clmul", carryless(a, b, 0))                                              \
	REFERENCE(clmulh, "clmulh", carryless(a, b, 64))                                           \
	REFERENCE(clmulr, "clmulr", carryless(a, b, 63))                                           \
	REFERENCE(pack, "pack", W(a) | b << 32)                                                    \
	REFERENCE(packh, "packh", (a & 0xff) | (b & 0xff) << 8)                                    \
	REFERENCE(packw, "packw", sext32((a & 0xffff) | (b & 0xffff) << 16))                       \
	REFERENCE(brev8, "brev8", by_bytes(a, 1))                                                  \
	REFERENCE(czero_eqz, "czero.eqz", b ? a : 0)                                               \
	REFERENCE(czero_nez, "czero.nez", b ? 0 : a)

#define REFERENCE(id, name, value)                                                                 \
	static uint64_t reference_##id(uint64_t a, uint64_t b)                                     \
	{                                                                                          \
		(void)b;                                                                           \
		return (uint64_t)(value);                                                          \
	}
REFERENCES
#undef REFERENCE

static const struct reference {
	const char *name;
	reference_fn *value;
} references[] = {
#define REFERENCE(id, name, value) {name, reference_##id},
	REFERENCES
#undef REFERENCE
};

static const struct reference *find_reference(const char *name)
{
	for (unsigned i = 0; i < sizeof(references) / sizeof(references[0]); i++)
		if (!strcmp(references[i].name, name))
			return &references[i];
	return NULL;
}

/* Operands where mistakes show, and random ones. */
static uint64_t random_operand(uint64_t *state)
{
	static const uint64_t edges[] = {
		0,
		1,
		2,
		UINT64_MAX,
		1ull << 63,
		INT64_MAX,
		1ull << 31,
		INT32_MAX,
		UINT32_MAX,
		0xffffffff80000000,
		0xff00ff00ff00,
		0x80,
		0x8000,
		1ull << 32,
		31,
		32,
		63,
		64,
	};
	uint64_t choice = random_next(state);
	if (choice % 3 == 0)
		return edges[(choice >> 8) % (sizeof(edges) / sizeof(edges[0]))];
	return random_next(state) >> (choice >> 16 & 63);
}

static bool is_integer_operation(const struct riscv_row *row)
{
	return find_reference(row->name) != NULL;
}

/* rd, rs1, rs2 chosen so that they coincide at times. */
static void try_row(struct bench *bench, const struct riscv_row *row, uint64_t *state)
{
	struct cpu *cpu = &bench->hart->cpu;
	uint32_t insn = random_instance(row, state);
	struct riscv_operands o;
	riscv_decode_operands(row, insn, &o);
	for (unsigned i = 1; i < 32; i++)
		cpu->r[i] = random_operand(state);
	bool immediate = row->format == RV_FORMAT_I || row->format == RV_FORMAT_SHIFT;
	uint64_t a = cpu->r[o.rs1], b = immediate ? (uint64_t)(int64_t)o.imm : cpu->r[o.rs2];
	uint64_t before[32];
	memcpy(before, cpu->r, sizeof(before));
	uint64_t want = o.rd ? find_reference(row->name)->value(a, b) : 0;
	cr_assert(bench_insn(bench, insn), "%s %08x", row->name, insn);
	cr_expect_eq(cpu->r[o.rd], want, "%s %08x a=%lx b=%lx: %lx, not %lx", row->name, insn, a, b,
		     cpu->r[o.rd], want);
	for (unsigned i = 0; i < 32; i++)
		cr_assert(i == o.rd || cpu->r[i] == before[i], "%s %08x wrote x%u", row->name, insn,
			  i);
}

Test(riscv_integer, operations_compute_what_the_manual_says)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		uint64_t state = 5;
		unsigned rows = 0;
		for (unsigned i = 0; i < riscv_row_count; i++) {
			if (!is_integer_operation(&riscv_rows[i]))
				continue;
			rows++;
			for (unsigned n = 0; n < TRIES; n++)
				try_row(&bench, &riscv_rows[i], &state);
		}
		cr_expect_eq(rows, sizeof(references) / sizeof(references[0]));
		bench_fini(&bench);
	}
}

Test(riscv_integer, constants)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		struct cpu *cpu = &bench.hart->cpu;
		cr_expect(bench_insn(&bench, 0x80000537)); /* lui a0,0x80000 */
		cr_expect_eq(cpu->r[10], 0xffffffff80000000);
		cr_expect(bench_insn(&bench, 0xfffff517)); /* auipc a0,-1 */
		cr_expect_eq(cpu->r[10], BENCH_CODE - 0x1000);
		cr_expect(bench_insn(&bench, 0x7ffff517)); /* auipc a0,0x7ffff */
		cr_expect_eq(cpu->r[10], BENCH_CODE + 0x7ffff000);
		cpu->r[10] = 5;
		cr_expect(bench_insn(&bench, 0x81c5c573)); /* mop.r.0 a0,a1 */
		cr_expect_eq(cpu->r[10], 0);
		cpu->r[10] = 5;
		cr_expect(bench_insn(&bench, 0xcec5c573)); /* mop.rr.7 a0,a1,a2 */
		cr_expect_eq(cpu->r[10], 0);
		bench_fini(&bench);
	}
}
