/*
 * Expansion of all 65536 halfwords against the manual's encoding diagrams, written as text: one
 * token a bit, bit 15 first. 0 and 1 are fixed; a number is a bit of the immediate; d s t are bits
 * of rd, rs1, rs2; D S T of their three-bit forms (x8 to x15).
 */
#include <criterion/criterion.h>

#include "support.h"

enum shape { SHAPE_I, SHAPE_S, SHAPE_B, SHAPE_U, SHAPE_J, SHAPE_R, SHAPE_SHIFT };

/* Fixed registers of an expansion; SAME: rs1 is rd. */
enum { NONE = -1, SAME = -2 };

static const struct diagram {
	const char *name, *bits;
	enum shape shape;
	uint32_t base;
	int rd, rs1; /* NONE: from the diagram */
	bool is_signed;
	const char * not ; /* reserved or another's: "imm", "rd", "rs1", "rs2" = 0, "rd2": rd = 2 */
} diagrams[] = {
	{"c.addi4spn", "0 0 0 i5 i4 i9 i8 i7 i6 i2 i3 D D D 0 0",      SHAPE_I,     0x13,       NONE, 2,    false,
	 "imm"													  },
	{"c.fld",      "0 0 1 i5 i4 i3 S S S i7 i6 D D D 0 0",         SHAPE_I,     0x3007,     NONE, NONE, false, ""   },
	{"c.lw",       "0 1 0 i5 i4 i3 S S S i2 i6 D D D 0 0",         SHAPE_I,     0x2003,     NONE, NONE, false, ""   },
	{"c.ld",       "0 1 1 i5 i4 i3 S S S i7 i6 D D D 0 0",         SHAPE_I,     0x3003,     NONE, NONE, false, ""   },
	{"c.lbu",      "1 0 0 0 0 0 S S S i0 i1 D D D 0 0",            SHAPE_I,     0x4003,     NONE, NONE, false, ""   },
	{"c.lhu",      "1 0 0 0 0 1 S S S 0 i1 D D D 0 0",             SHAPE_I,     0x5003,     NONE, NONE, false, ""   },
	{"c.lh",       "1 0 0 0 0 1 S S S 1 i1 D D D 0 0",             SHAPE_I,     0x1003,     NONE, NONE, false, ""   },
	{"c.sb",       "1 0 0 0 1 0 S S S i0 i1 T T T 0 0",            SHAPE_S,     0x0023,     NONE, NONE, false, ""   },
	{"c.sh",       "1 0 0 0 1 1 S S S 0 i1 T T T 0 0",             SHAPE_S,     0x1023,     NONE, NONE, false, ""   },
	{"c.fsd",      "1 0 1 i5 i4 i3 S S S i7 i6 T T T 0 0",         SHAPE_S,     0x3027,     NONE, NONE, false, ""   },
	{"c.sw",       "1 1 0 i5 i4 i3 S S S i2 i6 T T T 0 0",         SHAPE_S,     0x2023,     NONE, NONE, false, ""   },
	{"c.sd",       "1 1 1 i5 i4 i3 S S S i7 i6 T T T 0 0",         SHAPE_S,     0x3023,     NONE, NONE, false, ""   },
	{"c.nop",      "0 0 0 i5 0 0 0 0 0 i4 i3 i2 i1 i0 0 1",        SHAPE_I,     0x13,       0,    0,    true,  ""   },
	{"c.addi",     "0 0 0 i5 d d d d d i4 i3 i2 i1 i0 0 1",        SHAPE_I,     0x13,       NONE, SAME, true,  "rd" },
	{"c.addiw",    "0 0 1 i5 d d d d d i4 i3 i2 i1 i0 0 1",        SHAPE_I,     0x1b,       NONE, SAME, true,  "rd" },
	{"c.li",       "0 1 0 i5 d d d d d i4 i3 i2 i1 i0 0 1",        SHAPE_I,     0x13,       NONE, 0,    true,  ""   },
	{"c.addi16sp", "0 1 1 i9 0 0 0 1 0 i4 i6 i8 i7 i5 0 1",        SHAPE_I,     0x13,       2,    2,    true,  "imm"},
	{"c.lui",      "0 1 1 i17 d d d d d i16 i15 i14 i13 i12 0 1",  SHAPE_U,     0x37,       NONE, NONE, true,
	 "imm rd2"												      },
	{"c.mop.N",    "0 1 1 0 0 x x x 1 0 0 0 0 0 0 1",              SHAPE_I,     0x13,       0,    0,    false, ""   },
	{"c.srli",     "1 0 0 i5 0 0 D D D i4 i3 i2 i1 i0 0 1",        SHAPE_SHIFT, 0x5013,     NONE, SAME, false,
	 ""													     },
	{"c.srai",     "1 0 0 i5 0 1 D D D i4 i3 i2 i1 i0 0 1",        SHAPE_SHIFT, 0x40005013, NONE, SAME,
	 false,												    ""   },
	{"c.andi",     "1 0 0 i5 1 0 D D D i4 i3 i2 i1 i0 0 1",        SHAPE_I,     0x7013,     NONE, SAME, true,  ""   },
	{"c.sub",      "1 0 0 0 1 1 D D D 0 0 T T T 0 1",              SHAPE_R,     0x40000033, NONE, SAME, false, ""   },
	{"c.xor",      "1 0 0 0 1 1 D D D 0 1 T T T 0 1",              SHAPE_R,     0x4033,     NONE, SAME, false, ""   },
	{"c.or",       "1 0 0 0 1 1 D D D 1 0 T T T 0 1",              SHAPE_R,     0x6033,     NONE, SAME, false, ""   },
	{"c.and",      "1 0 0 0 1 1 D D D 1 1 T T T 0 1",              SHAPE_R,     0x7033,     NONE, SAME, false, ""   },
	{"c.subw",     "1 0 0 1 1 1 D D D 0 0 T T T 0 1",              SHAPE_R,     0x4000003b, NONE, SAME, false, ""   },
	{"c.addw",     "1 0 0 1 1 1 D D D 0 1 T T T 0 1",              SHAPE_R,     0x3b,       NONE, SAME, false, ""   },
	{"c.mul",      "1 0 0 1 1 1 D D D 1 0 T T T 0 1",              SHAPE_R,     0x02000033, NONE, SAME, false, ""   },
	{"c.zext.b",   "1 0 0 1 1 1 D D D 1 1 0 0 0 0 1",              SHAPE_R,     0x0ff07013, NONE, SAME, false, ""   },
	{"c.sext.b",   "1 0 0 1 1 1 D D D 1 1 0 0 1 0 1",              SHAPE_R,     0x60401013, NONE, SAME, false, ""   },
	{"c.zext.h",   "1 0 0 1 1 1 D D D 1 1 0 1 0 0 1",              SHAPE_R,     0x0800403b, NONE, SAME, false, ""   },
	{"c.sext.h",   "1 0 0 1 1 1 D D D 1 1 0 1 1 0 1",              SHAPE_R,     0x60501013, NONE, SAME, false, ""   },
	{"c.zext.w",   "1 0 0 1 1 1 D D D 1 1 1 0 0 0 1",              SHAPE_R,     0x0800003b, NONE, SAME, false, ""   },
	{"c.not",      "1 0 0 1 1 1 D D D 1 1 1 0 1 0 1",              SHAPE_R,     0xfff04013, NONE, SAME, false, ""   },
	{"c.j",        "1 0 1 i11 i4 i9 i8 i10 i6 i7 i3 i2 i1 i5 0 1", SHAPE_J,     0x6f,       0,    NONE, true,  ""   },
	{"c.beqz",     "1 1 0 i8 i4 i3 S S S i7 i6 i2 i1 i5 0 1",      SHAPE_B,     0x63,       NONE, NONE, true,  ""   },
	{"c.bnez",     "1 1 1 i8 i4 i3 S S S i7 i6 i2 i1 i5 0 1",      SHAPE_B,     0x1063,     NONE, NONE, true,
	 ""													     },
	{"c.slli",     "0 0 0 i5 d d d d d i4 i3 i2 i1 i0 1 0",        SHAPE_SHIFT, 0x1013,     NONE, SAME, false,
	 ""													     },
	{"c.fldsp",    "0 0 1 i5 d d d d d i4 i3 i8 i7 i6 1 0",        SHAPE_I,     0x3007,     NONE, 2,    false, ""   },
	{"c.lwsp",     "0 1 0 i5 d d d d d i4 i3 i2 i7 i6 1 0",        SHAPE_I,     0x2003,     NONE, 2,    false, "rd" },
	{"c.ldsp",     "0 1 1 i5 d d d d d i4 i3 i8 i7 i6 1 0",        SHAPE_I,     0x3003,     NONE, 2,    false, "rd" },
	{"c.jr",       "1 0 0 0 s s s s s 0 0 0 0 0 1 0",              SHAPE_I,     0x67,       0,    NONE, false, "rs1"},
	{"c.mv",       "1 0 0 0 d d d d d t t t t t 1 0",              SHAPE_R,     0x33,       NONE, 0,    false, "rs2"},
	{"c.ebreak",   "1 0 0 1 0 0 0 0 0 0 0 0 0 0 1 0",              SHAPE_I,     0x00100073, 0,    0,    false, ""   },
	{"c.jalr",     "1 0 0 1 s s s s s 0 0 0 0 0 1 0",              SHAPE_I,     0x67,       1,    NONE, false, "rs1"},
	{"c.add",      "1 0 0 1 d d d d d t t t t t 1 0",              SHAPE_R,     0x33,       NONE, SAME, false, "rs2"},
	{"c.fsdsp",    "1 0 1 i5 i4 i3 i8 i7 i6 t t t t t 1 0",        SHAPE_S,     0x3027,     NONE, 2,    false, ""   },
	{"c.swsp",     "1 1 0 i5 i4 i3 i2 i7 i6 t t t t t 1 0",        SHAPE_S,     0x2023,     NONE, 2,    false, ""   },
	{"c.sdsp",     "1 1 1 i5 i4 i3 i8 i7 i6 t t t t t 1 0",        SHAPE_S,     0x3023,     NONE, 2,    false, ""   },
};

struct fields {
	int32_t imm;
	unsigned d, s, t, high; /* high: the highest bit of the immediate */
};

/* Reads a halfword as a diagram says; false if it does not fit. */
static bool read_diagram(const struct diagram *diagram, uint16_t bits, struct fields *f)
{
	const char *p = diagram->bits;
	bool short_d = false, short_s = false, short_t = false;
	memset(f, 0, sizeof(*f));
	for (int bit = 15; bit >= 0; bit--, p += strcspn(p, " "), p += *p == ' ') {
		unsigned value = bits >> bit & 1;
		switch (*p) {
		case '0':
		case '1':
			if (value != (unsigned)(*p - '0'))
				return false;
			break;
		case 'i': {
			unsigned to = (unsigned)atoi(p + 1);
			f->imm |= (int32_t)(value << to);
			f->high = to > f->high ? to : f->high;
			break;
		}
		case 'D': short_d = true; /* fall through */
		case 'd': f->d = f->d << 1 | value; break;
		case 'S': short_s = true; /* fall through */
		case 's': f->s = f->s << 1 | value; break;
		case 'T': short_t = true; /* fall through */
		case 't': f->t = f->t << 1 | value; break;
		}
	}
	f->d += short_d ? 8 : 0;
	f->s += short_s ? 8 : 0;
	f->t += short_t ? 8 : 0;
	if ((strstr(diagram->not, "imm") && !f->imm) ||
	    (strstr(diagram->not, "rd2") ? f->d == 2 : strstr(diagram->not, "rd") && !f->d) ||
	    (strstr(diagram->not, "rs1") && !f->s) || (strstr(diagram->not, "rs2") && !f->t))
		return false;
	if (diagram->is_signed && f->imm >> f->high & 1)
		f->imm -= 2 << f->high;
	return true;
}

/* Assembles the 32-bit form. */
static uint32_t assemble(const struct diagram *diagram, const struct fields *f)
{
	uint32_t rd = diagram->rd == NONE ? f->d : (uint32_t)diagram->rd;
	uint32_t rs1 = diagram->rs1 == NONE ? f->s : (uint32_t)diagram->rs1;
	uint32_t imm = (uint32_t)f->imm, word = diagram->base;
	if (diagram->rs1 == SAME)
		rs1 = rd;
	switch (diagram->shape) {
	case SHAPE_I: return word | rd << 7 | rs1 << 15 | imm << 20;
	case SHAPE_SHIFT: return word | rd << 7 | rs1 << 15 | (imm & 63) << 20;
	case SHAPE_R: return word | rd << 7 | rs1 << 15 | f->t << 20;
	case SHAPE_U: return word | rd << 7 | (imm & 0xfffff000);
	case SHAPE_S:
		return word | (imm & 31) << 7 | rs1 << 15 | f->t << 20 | (imm >> 5 & 127) << 25;
	case SHAPE_B:
		for (unsigned i = 1; i <= 12; i++)
			word |= (imm >> i & 1) << (i <= 4    ? i + 7
						   : i <= 10 ? i + 20
						   : i == 11 ? 7
							     : 31);
		return word | rs1 << 15;
	case SHAPE_J:
		for (unsigned i = 1; i <= 20; i++)
			word |= (imm >> i & 1) << (i <= 10   ? i + 20
						   : i == 11 ? 20
						   : i <= 19 ? i
							     : 31);
		return word | rd << 7;
	}
	return 0;
}

Test(riscv_compressed, all_halfwords_expand_as_the_manual_draws_them)
{
	struct riscv_cpu *hart = hart_with_everything();
	for (unsigned bits = 0; bits < 0x10000; bits++) {
		if ((bits & 3) == 3) {
			cr_assert_eq(riscv_expand_compressed((uint16_t)bits), 0, "%04x", bits);
			continue;
		}
		const struct diagram *diagram = NULL;
		struct fields fields;
		for (unsigned i = 0; i < sizeof(diagrams) / sizeof(diagrams[0]) && !diagram; i++)
			if (read_diagram(&diagrams[i], (uint16_t)bits, &fields))
				diagram = &diagrams[i];
		uint32_t want = diagram ? assemble(diagram, &fields) : 0;
		cr_assert_eq(riscv_expand_compressed((uint16_t)bits), want,
			     "%04x (%s): %08x, not %08x", bits,
			     diagram ? diagram->name : "reserved",
			     riscv_expand_compressed((uint16_t)bits), want);
		const char *why;
		const struct riscv_row16 *row = riscv_decode16(hart, (uint16_t)bits, &why);
		cr_assert_eq(row != NULL, diagram != NULL, "%04x", bits);
		cr_assert(!row || !strcmp(row->name, diagram->name), "%04x: %s", bits, row->name);
		/* Whatever it becomes is an instruction. */
		cr_assert(!row || riscv_decode(hart, want, &why), "%04x: %08x", bits, want);
	}
	free(hart);
}

/* Extensions of compressed rows and of what they expand to both count. */
Test(riscv_compressed, extensions_gate_compressed_rows)
{
	struct riscv_cpu *hart = hart_with_everything();
	const char *why;
	for (unsigned i = 0; i < riscv_row16_count; i++) {
		const struct riscv_row16 *row = &riscv_rows16[i];
		uint16_t bits = row->match;
		for (unsigned fill = 0; riscv_decode16(NULL, bits, &why) != row; fill += 4)
			bits = (uint16_t)(row->match | (fill & ~row->mask));
		hart_needs_only(hart, &row->need);
		cr_expect_eq(riscv_decode16(hart, bits, &why), row, "%s", row->name);
		memset(hart->config.extension, 0, sizeof(hart->config.extension));
		cr_expect_null(riscv_decode16(hart, bits, &why), "%s", row->name);
		cr_expect(strstr(why, "is absent"), "%s: %s", row->name, why);
	}
	free(hart);
}
