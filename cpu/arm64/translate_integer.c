/* Integer data processing. */
#include "cpu/arm64/emit.h"

enum uop_op emit_zero_form(enum uop_op op)
{
	switch (op) {
	case UOP_ADD: return UOP_ADDZ;
	case UOP_ADDI: return UOP_ADDIZ;
	case UOP_SUB: return UOP_SUBZ;
	case UOP_AND: return UOP_ANDZ;
	case UOP_ANDI: return UOP_ANDIZ;
	case UOP_OR: return UOP_ORZ;
	case UOP_ORI: return UOP_ORIZ;
	case UOP_XOR: return UOP_XORZ;
	case UOP_XORI: return UOP_XORIZ;
	case UOP_ANDN: return UOP_ANDNZ;
	case UOP_ORN: return UOP_ORNZ;
	case UOP_XNOR: return UOP_XNORZ;
	case UOP_SLL: return UOP_SLLZ;
	case UOP_SLLI: return UOP_SLLIZ;
	case UOP_SRL: return UOP_SRLZ;
	case UOP_SRLI: return UOP_SRLIZ;
	case UOP_SRA: return UOP_SRAZ;
	case UOP_SRAI: return UOP_SRAIZ;
	case UOP_ROR: return UOP_RORZ;
	case UOP_RORI: return UOP_RORIZ;
	case UOP_MUL: return UOP_MULZ;
	case UOP_DIV0: return UOP_DIV0Z;
	case UOP_DIVU0: return UOP_DIVU0Z;
	case UOP_CLZ: return UOP_CLZW;
	case UOP_CTZ: return UOP_CTZW;
	case UOP_CPOP: return UOP_CPOPW;
	case UOP_MOV: return UOP_ZEXT32;
	case UOP_FUNNEL: return UOP_FUNNELZ;
	case UOP_ADDC: return UOP_ADDCZ;
	default: return op;
	}
}

static bool sets_flags(uint32_t word)
{
	return word & 1u << 29;
}

static bool subtracts(uint32_t word)
{
	return word & 1u << 30;
}

/* Cuts d to 32 bits after a micro-op that has no such form. */
static void narrow(struct builder *builder, uint32_t word, unsigned d)
{
	if (!emit_wide(word))
		build_op(builder, UOP_ZEXT32, d, d, 0, 0);
}

void emit_adr(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	int64_t offset = arm64_signed_field(word, 23, 5) * 4 + arm64_field(word, 30, 29);
	bool page = word >> 31;
	uint64_t base = page ? builder->pc & ~0xfffull : builder->pc;
	build_constant(builder, emit_rd(word), base + (uint64_t)offset * (page ? 4096 : 1));
}

/* -- add and subtract -- */

/* d = a + b or a - b, with flags if the instruction sets them. */
static void add_register(struct builder *builder, uint32_t word, unsigned d, unsigned a, unsigned b)
{
	bool subtract = subtracts(word);
	if (sets_flags(word))
		emit_flags(builder, word, subtract ? CPU_FLAGS_SUB : CPU_FLAGS_ADD, a, b);
	if (d != REG_SINK)
		build_op(builder, emit_form(word, subtract ? UOP_SUB : UOP_ADD), d, a, b, 0);
}

void emit_add_immediate(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	int32_t imm = (int32_t)arm64_field(word, 21, 10) << (arm64_field(word, 22, 22) ? 12 : 0);
	unsigned a = emit_rn_sp(word), d = emit_rd(word);
	if (sets_flags(word)) {
		build_constant(builder, T0, (uint64_t)imm);
		emit_flags(builder, word, subtracts(word) ? CPU_FLAGS_SUB : CPU_FLAGS_ADD, a, T0);
	} else if (d == REG_SINK) {
		d = A64_REG_SP;
		if (a != A64_REG_SP || imm & 15)
			emit_sp_written(builder);
	}
	if (d == REG_SINK)
		return;
	if (imm == 0)
		build_op(builder, emit_form(word, UOP_MOV), d, a, 0, 0);
	else
		build_op(builder, emit_form(word, UOP_ADDI), d, a, 0, subtracts(word) ? -imm : imm);
}

unsigned emit_shifted(struct builder *builder, uint32_t word)
{
	static const enum uop_op shifts[] = {UOP_SLLI, UOP_SRLI, UOP_SRAI, UOP_RORI};
	unsigned amount = arm64_field(word, 15, 10), rm = emit_rm(word);
	if (amount == 0 || rm == A64_REG_ZR)
		return rm;
	build_op(builder, emit_form(word, shifts[arm64_field(word, 23, 22)]), T1, rm, 0,
		 (int32_t)amount);
	return T1;
}

void emit_add_shifted(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	enum { LSL = 0 };
	unsigned amount = arm64_field(word, 15, 10);
	if (emit_wide(word) && !subtracts(word) && !sets_flags(word) && amount <= 3 &&
	    arm64_field(word, 23, 22) == LSL) {
		build_op(builder, emit_scaled_add(amount, false), emit_rd(word), emit_rm(word),
			 emit_rn(word), 0);
		return;
	}
	unsigned b = emit_shifted(builder, word);
	add_register(builder, word, emit_rd(word), emit_rn(word), b);
}

unsigned emit_extended(struct builder *builder, unsigned rm, unsigned option, unsigned shift)
{
	static const enum uop_op extend[] = {UOP_ZEXT8, UOP_ZEXT16, UOP_ZEXT32, UOP_MOV,
					     UOP_SEXT8, UOP_SEXT16, UOP_SEXT32, UOP_MOV};
	unsigned from = rm;
	if (extend[option] != UOP_MOV) {
		build_op(builder, extend[option], T1, rm, 0, 0);
		from = T1;
	}
	if (shift) {
		build_op(builder, UOP_SLLI, T1, from, 0, (int32_t)shift);
		from = T1;
	}
	return from;
}

enum uop_op emit_scaled_add(unsigned scale, bool word)
{
	static const enum uop_op ops[2][4] = {
		{UOP_ADD,   UOP_SH1ADD,   UOP_SH2ADD,   UOP_SH3ADD  },
		{UOP_ADDUW, UOP_SH1ADDUW, UOP_SH2ADDUW, UOP_SH3ADDUW},
	};
	return ops[word][scale];
}

void emit_add_extended(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	enum { UXTW = 2, UXTX = 3 };
	unsigned option = arm64_field(word, 15, 13), shift = arm64_field(word, 12, 10);
	unsigned d = emit_rd(word);
	if (d == REG_SINK && !sets_flags(word)) {
		d = A64_REG_SP;
		emit_sp_written(builder);
	}
	if (emit_wide(word) && !subtracts(word) && !sets_flags(word) && shift <= 3 &&
	    (option == UXTW || option == UXTX)) {
		build_op(builder, emit_scaled_add(shift, option == UXTW), d, emit_rm(word),
			 emit_rn_sp(word), 0);
		return;
	}
	unsigned b = emit_extended(builder, emit_rm(word), option, shift);
	add_register(builder, word, d, emit_rn_sp(word), b);
}

/* a + b + carry, or a + ~b + carry; the flags stay unless the instruction sets them. */
void emit_add_carry(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	unsigned d = emit_rd(word), a = emit_rn(word), b = emit_rm(word);
	if (subtracts(word)) {
		build_op(builder, UOP_XORI, T1, b, 0, -1);
		b = T1;
	}
	if (sets_flags(word)) {
		build_op(builder, emit_form(word, UOP_ADDC), d, a, b, 0);
		emit_flags_unknown(builder);
		return;
	}
	build_op(builder, UOP_CARRY, T0, 0, 0, 0);
	build_op(builder, UOP_ADD, T0, T0, a, 0);
	build_op(builder, emit_form(word, UOP_ADD), d, T0, b, 0);
}

/* -- logic -- */

static void logical_flags(struct builder *builder, uint32_t word, unsigned result)
{
	emit_flags(builder, word, CPU_FLAGS_ADD, result, A64_REG_ZR);
	builder->note |= NOTE_FLAGS_LOGIC;
}

/* ANDS and BICS are the ones that set flags: opc = 3. */
static bool logical_sets_flags(uint32_t word)
{
	return arm64_field(word, 30, 29) == 3;
}

void emit_logical_immediate(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	uint64_t value;
	bool flags = logical_sets_flags(word);
	unsigned d = emit_rd(word), a = emit_rn(word);
	if (!arm64_logical_immediate(word, emit_wide(word), &value))
		return; /* the decoder has seen to that */
	if (d == REG_SINK) {
		d = flags ? T0 : A64_REG_SP;
		if (!flags)
			emit_sp_written(builder);
	}
	if (row->argument == UOP_OR && a == A64_REG_ZR) {
		build_constant(builder, d, value);
		return;
	}
	int32_t small = (int32_t)value;
	bool fits = emit_wide(word) ? (uint64_t)(int64_t)small == value : true;
	if (fits) {
		enum uop_op op = row->argument == UOP_AND  ? UOP_ANDI
				 : row->argument == UOP_OR ? UOP_ORI
							   : UOP_XORI;
		build_op(builder, emit_form(word, op), d, a, 0, small);
	} else {
		build_constant(builder, T1, value);
		build_op(builder, emit_form(word, row->argument), d, a, T1, 0);
	}
	if (flags)
		logical_flags(builder, word, d);
}

void emit_logical_shifted(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	bool flags = logical_sets_flags(word);
	unsigned d = emit_rd(word), a = emit_rn(word), b = emit_shifted(builder, word);
	if (flags && d == REG_SINK)
		d = T0;
	if (row->argument == UOP_OR && a == A64_REG_ZR)
		build_op(builder, emit_form(word, UOP_MOV), d, b, 0, 0);
	else
		build_op(builder, emit_form(word, row->argument), d, a, b, 0);
	if (flags)
		logical_flags(builder, word, d);
}

/* -- moves and bit fields -- */

void emit_move_wide(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	unsigned shift = 16 * arm64_field(word, 22, 21), d = emit_rd(word);
	uint64_t value = (uint64_t)arm64_field(word, 20, 5) << shift;
	enum { MOVN, RESERVED, MOVZ, MOVK } operation = arm64_field(word, 30, 29);
	if (operation == MOVK) {
		build_constant(builder, T0, arm64_field(word, 20, 5));
		build_op(builder, UOP_INSERT, d, T0, word & 31, (int32_t)(shift | 15 << 8));
		narrow(builder, word, d);
		return;
	}
	if (operation == MOVN)
		value = ~value;
	build_constant(builder, d, emit_wide(word) ? value : (uint32_t)value);
}

/* Fields that fill the register from the position on, or lie at its end. */
static void signed_or_unsigned_field(struct builder *builder, uint32_t word, unsigned first,
				     unsigned last, bool is_signed)
{
	unsigned bits = emit_wide(word) ? 64 : 32, d = emit_rd(word), a = emit_rn(word);
	if (last >= first) { /* extract */
		if (last == bits - 1) {
			build_op(builder, emit_form(word, is_signed ? UOP_SRAI : UOP_SRLI), d, a, 0,
				 (int32_t)first);
			return;
		}
		build_op(builder, is_signed ? UOP_EXTS : UOP_EXTU, d, a, 0,
			 (int32_t)(first | (last - first) << 8));
	} else { /* put */
		unsigned at = bits - first;
		if (at + last == bits - 1) {
			build_op(builder, emit_form(word, UOP_SLLI), d, a, 0, (int32_t)at);
			return;
		}
		build_op(builder, is_signed ? UOP_PUTS : UOP_PUTU, d, a, 0,
			 (int32_t)(at | last << 8));
	}
	if (is_signed)
		narrow(builder, word, d);
}

void emit_bit_field(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	unsigned first = arm64_field(word, 21, 16), last = arm64_field(word, 15, 10);
	enum { SBFM, BFM, UBFM } operation = arm64_field(word, 30, 29);
	if (operation != BFM) {
		signed_or_unsigned_field(builder, word, first, last, operation == SBFM);
		return;
	}
	unsigned d = emit_rd(word), a = emit_rn(word), old = word & 31;
	if (last >= first) {
		build_op(builder, UOP_SRLI, T0, a, 0, (int32_t)first);
		build_op(builder, UOP_INSERT, d, T0, old, (int32_t)((last - first) << 8));
	} else {
		unsigned at = (emit_wide(word) ? 64 : 32) - first;
		build_op(builder, UOP_INSERT, d, a, old, (int32_t)(at | last << 8));
	}
	narrow(builder, word, d);
}

void emit_extract(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	build_op(builder, emit_form(word, UOP_FUNNEL), emit_rd(word), emit_rn(word), emit_rm(word),
		 (int32_t)arm64_field(word, 15, 10));
}

/* -- one and two sources -- */

void emit_two_sources(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	build_op(builder, emit_form(word, row->argument), emit_rd(word), emit_rn(word),
		 emit_rm(word), 0);
}

/* 32-bit operands of comparisons in 64 bits. */
static void extend_for(struct builder *builder, uint32_t word, enum uop_op op, unsigned d,
		       unsigned from)
{
	bool is_signed = op == UOP_MIN || op == UOP_MAX;
	enum uop_op extend = is_signed ? UOP_SEXT32 : UOP_ZEXT32;
	build_op(builder, emit_wide(word) ? UOP_MOV : extend, d, from, 0, 0);
}

static void minmax(struct builder *builder, uint32_t word, enum uop_op op)
{
	unsigned d = emit_rd(word);
	extend_for(builder, word, op, T0, emit_rn(word));
	build_op(builder, op, d, T0, T1, 0);
	narrow(builder, word, d);
}

void emit_minmax(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	extend_for(builder, word, row->argument, T1, emit_rm(word));
	minmax(builder, word, row->argument);
}

void emit_minmax_immediate(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	bool is_signed = row->argument == UOP_MIN || row->argument == UOP_MAX;
	build_constant(builder, T1,
		       is_signed ? (uint64_t)arm64_signed_field(word, 17, 10)
				 : arm64_field(word, 17, 10));
	minmax(builder, word, row->argument);
}

void emit_one_source(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	unsigned d = emit_rd(word), a = emit_rn(word);
	build_op(builder, emit_form(word, row->argument), d, a, 0, 0);
	/* The mirror image of a word is in the upper half. */
	if (row->argument == UOP_RBIT && !emit_wide(word))
		build_op(builder, UOP_SRLI, d, d, 0, 32);
	else
		narrow(builder, word, d);
}

void emit_reverse_word(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	build_op(builder, UOP_REV8, T0, emit_rn(word), 0, 0);
	build_op(builder, UOP_SRLI, emit_rd(word), T0, 0, 32);
}

/* Zeros at the top of a ^ (a >> 1) are one more than the copies of the sign bit. */
void emit_count_sign(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	unsigned a = emit_rn(word);
	if (!emit_wide(word)) {
		build_op(builder, UOP_SEXT32, T0, a, 0, 0);
		a = T0;
	}
	build_op(builder, UOP_SRAI, T1, a, 0, 1);
	build_op(builder, UOP_XOR, T1, T1, a, 0);
	build_op(builder, UOP_CLZ, T1, T1, 0, 0);
	build_op(builder, UOP_ADDI, emit_rd(word), T1, 0, emit_wide(word) ? -1 : -33);
}

void emit_absolute(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	unsigned d = emit_rd(word), a = emit_rn(word);
	if (!emit_wide(word)) {
		build_op(builder, UOP_SEXT32, T0, a, 0, 0);
		a = T0;
	}
	build_op(builder, UOP_SUB, T1, A64_REG_ZR, a, 0);
	build_op(builder, UOP_MAX, d, T1, a, 0);
	/* The most negative number is its own negative. */
	narrow(builder, word, d);
}

static uint32_t crc32_update(uint32_t polynomial, uint32_t sum, uint64_t data, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++) {
		sum ^= (uint32_t)(data >> 8 * i & 0xff);
		for (unsigned bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (sum & 1 ? polynomial : 0);
	}
	return sum;
}

/* Polynomials, bit-reversed: imm bit 8 picks Castagnoli's. */
static bool help_crc32(struct cpu *cpu, const struct uop *uop)
{
	uint32_t polynomial = uop->imm & 0x100 ? 0x82f63b78 : 0xedb88320;
	cpu->r[uop->d] = crc32_update(polynomial, (uint32_t)cpu->r[uop->a], cpu->r[uop->b],
				      1u << (uop->imm & 3));
	return true;
}

void emit_crc32(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	int32_t imm = (int32_t)(arm64_field(word, 11, 10) | arm64_field(word, 12, 12) << 8);
	build_call(builder, help_crc32, emit_rd(word), emit_rn(word), emit_rm(word), imm, 0);
}

/* -- multiplication -- */

/* d = accumulator +- T0. */
static void accumulate(struct builder *builder, uint32_t word)
{
	enum uop_op op = arm64_field(word, 15, 15) ? UOP_SUB : UOP_ADD;
	build_op(builder, emit_form(word, op), emit_rd(word), arm64_field(word, 14, 10), T0, 0);
}

/* d = product + addend, or addend - product: MUL and its like where that is the product. */
static void multiply_add(struct builder *builder, uint32_t word, enum uop_op product)
{
	bool plain = arm64_field(word, 14, 10) == A64_REG_ZR && !arm64_field(word, 15, 15);
	build_op(builder, product, plain ? emit_rd(word) : T0, emit_rn(word), emit_rm(word), 0);
	if (!plain)
		accumulate(builder, word);
}

void emit_multiply_add(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	multiply_add(builder, word, emit_form(word, UOP_MUL));
}

void emit_multiply_add_long(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	multiply_add(builder, word, row->argument);
}

void emit_multiply_high(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	build_op(builder, row->argument, emit_rd(word), emit_rn(word), emit_rm(word), 0);
}
