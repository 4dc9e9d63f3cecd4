#include "cpu/riscv/insn.h"

#include <stddef.h>

#include "cpu/riscv/decode_index.h"
#include "cpu/riscv/emit.h"

#include "cpu/riscv/decode-index.inc"

#define ALL_1(a)                                                                                   \
	{                                                                                          \
		1, false,                                                                          \
		{                                                                                  \
			RV_EXT_##a, 0                                                              \
		}                                                                                  \
	}
#define ALL_2(a, b)                                                                                \
	{                                                                                          \
		2, false,                                                                          \
		{                                                                                  \
			RV_EXT_##a, RV_EXT_##b                                                     \
		}                                                                                  \
	}
#define ANY_2(a, b)                                                                                \
	{                                                                                          \
		2, true,                                                                           \
		{                                                                                  \
			RV_EXT_##a, RV_EXT_##b                                                     \
		}                                                                                  \
	}
#define PICK(a, b, c, ...) c
#define ALL(...)           PICK(__VA_ARGS__, ALL_2, ALL_1)(__VA_ARGS__)
#define ANY(...)           ANY_2(__VA_ARGS__)

const struct riscv_row riscv_rows[] = {
#define INSN(name, need, mask, match, format, emitter, argument)                                   \
	{name, need, mask, match, RV_FORMAT_##format, argument, riscv_emit_##emitter},
#include "cpu/riscv/insn.def"
#undef INSN
};
const unsigned riscv_row_count = sizeof(riscv_rows) / sizeof(riscv_rows[0]);

#define NEVER                                                                                      \
	{                                                                                          \
		{0, 0},                                                                            \
		{                                                                                  \
			0, 0                                                                       \
		}                                                                                  \
	}
#define EXCEPT(mask, value)                                                                        \
	{                                                                                          \
		{mask, value},                                                                     \
		{                                                                                  \
			0, 0                                                                       \
		}                                                                                  \
	}
#define EXCEPT2(m1, v1, m2, v2)                                                                    \
	{                                                                                          \
		{m1, v1},                                                                          \
		{                                                                                  \
			m2, v2                                                                     \
		}                                                                                  \
	}

const struct riscv_row16 riscv_rows16[] = {
#define INSN16(name, need, mask, match, except, expansion, base)                                   \
	{name, need, mask, match, except, base, expand_##expansion},
#include "cpu/riscv/insn16.def"
#undef INSN16
};
const unsigned riscv_row16_count = sizeof(riscv_rows16) / sizeof(riscv_rows16[0]);

bool riscv_need_met(const struct riscv_cpu *hart, const struct riscv_need *need, const char **why)
{
	static const char *const missing[] = {
#define EXTENSION(id, name, ...) "extension " name " is absent",
#include "cpu/riscv/extension.def"
#undef EXTENSION
	};
	const uint8_t *extension = need->extension;
	bool first = riscv_has(hart, extension[0]);
	if (need->count == 1 ? first
	    : need->any      ? first || riscv_has(hart, extension[1])
			     : first && riscv_has(hart, extension[1]))
		return true;
	*why = missing[first ? extension[1] : extension[0]];
	return false;
}

const struct riscv_row *riscv_decode(const struct riscv_cpu *hart, uint32_t bits, const char **why)
{
	unsigned bucket = riscv_bucket(bits);
	*why = "no such instruction";
	for (unsigned i = decode_first[bucket]; i < decode_first[bucket + 1]; i++) {
		const struct riscv_row *row = &riscv_rows[decode_candidates[i]];
		if ((bits & row->mask) == row->match && riscv_need_met(hart, &row->need, why))
			return row;
	}
	return NULL;
}

static bool excepted(const struct riscv_row16 *row, uint16_t bits)
{
	for (unsigned i = 0; i < 2 && row->except[i].mask; i++)
		if ((bits & row->except[i].mask) == row->except[i].value)
			return true;
	return false;
}

const struct riscv_row16 *riscv_decode16(const struct riscv_cpu *hart, uint16_t bits,
					 const char **why)
{
	unsigned bucket = riscv_bucket16(bits);
	*why = "no such instruction";
	for (unsigned i = decode_first16[bucket]; i < decode_first16[bucket + 1]; i++) {
		const struct riscv_row16 *row = &riscv_rows16[decode_candidates16[i]];
		if ((bits & row->mask) != row->match || excepted(row, bits))
			continue;
		if (!hart || riscv_need_met(hart, &row->need, why))
			return row;
	}
	return NULL;
}

/* Displacement of a conditional branch: imm[12|10:5] in bits 31:25, imm[4:1|11] in bits 11:7. */
static int32_t immediate_b(uint32_t bits)
{
	return (int32_t)bits >> 31 << 12 | (bits >> 7 & 1) << 11 | (bits >> 25 & 0x3f) << 5 |
	       (bits >> 8 & 15) << 1;
}

/* Displacement of a jump: imm[20|10:1|11|19:12] in bits 31:12. */
static int32_t immediate_j(uint32_t bits)
{
	return (int32_t)bits >> 31 << 20 | (bits & 0xff000) | (bits >> 20 & 1) << 11 |
	       (bits >> 21 & 0x3ff) << 1;
}

void riscv_decode_operands(const struct riscv_row *row, uint32_t bits,
			   struct riscv_operands *operands)
{
	uint8_t rd = bits >> 7 & 31, rs1 = bits >> 15 & 31, rs2 = bits >> 20 & 31;
	uint8_t rm = bits >> 12 & 7;
	struct riscv_operands o = {.row = row};
	switch (row->format) {
	case RV_FORMAT_NONE: break;
	case RV_FORMAT_R:
		o.rd = rd;
		o.rs1 = rs1;
		o.rs2 = rs2;
		break;
	case RV_FORMAT_R1:
		o.rd = rd;
		o.rs1 = rs1;
		break;
	case RV_FORMAT_I:
		o.rd = rd;
		o.rs1 = rs1;
		o.imm = (int32_t)bits >> 20;
		break;
	case RV_FORMAT_S:
		o.rs1 = rs1;
		o.rs2 = rs2;
		o.imm = (int32_t)bits >> 25 << 5 | rd;
		break;
	case RV_FORMAT_B:
		o.rs1 = rs1;
		o.rs2 = rs2;
		o.imm = immediate_b(bits);
		break;
	case RV_FORMAT_U:
		o.rd = rd;
		o.imm = (int32_t)(bits & 0xfffff000);
		break;
	case RV_FORMAT_J:
		o.rd = rd;
		o.imm = immediate_j(bits);
		break;
	case RV_FORMAT_SHIFT:
		o.rd = rd;
		o.rs1 = rs1;
		o.imm = bits >> 20 & 63;
		break;
	case RV_FORMAT_CSR:
	case RV_FORMAT_CSR_I:
		o.rd = rd;
		o.rs1 = rs1;
		o.imm = (int32_t)(bits >> 20);
		break;
	case RV_FORMAT_R4_RM: o.rs3 = bits >> 27; /* fall through */
	case RV_FORMAT_R_RM: o.rs2 = rs2;         /* fall through */
	case RV_FORMAT_R1_RM:
		o.rd = rd;
		o.rs1 = rs1;
		o.rm = rm;
		break;
	}
	*operands = o;
}
