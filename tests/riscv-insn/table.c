/* The rows as a table: nothing ambiguous, nothing missing, gates honoured. */
#include <criterion/criterion.h>

#include "support.h"

/* Rows that refine another: a HINT or a narrower encoding inside it. All other overlaps are wrong.
 */
static const struct {
	const char *inner, *outer;
} refinements[] = {
	{"pause",      "fence"},
        {"ntl.p1",     "add"  },
        {"ntl.pall",   "add"  },
	{"ntl.s1",     "add"  },
        {"ntl.all",    "add"  },
        {"prefetch.i", "ori"  },
	{"prefetch.r", "ori"  },
        {"prefetch.w", "ori"  },
        {"zext.h",     "packw"},
};

static bool refines(const struct riscv_row *inner, const struct riscv_row *outer)
{
	if ((inner->mask & outer->mask) != outer->mask)
		return false;
	for (unsigned i = 0; i < sizeof(refinements) / sizeof(refinements[0]); i++)
		if (!strcmp(refinements[i].inner, inner->name) &&
		    !strcmp(refinements[i].outer, outer->name))
			return true;
	return false;
}

Test(riscv_table, rows_do_not_overlap)
{
	for (unsigned i = 0; i < riscv_row_count; i++)
		for (unsigned j = i + 1; j < riscv_row_count; j++) {
			const struct riscv_row *a = &riscv_rows[i], *b = &riscv_rows[j];
			if ((a->match ^ b->match) & a->mask & b->mask)
				continue;
			cr_expect(refines(a, b) || refines(b, a), "%s and %s overlap", a->name,
				  b->name);
		}
}

Test(riscv_table, match_lies_within_mask)
{
	for (unsigned i = 0; i < riscv_row_count; i++)
		cr_expect_eq(riscv_rows[i].match & ~riscv_rows[i].mask, 0, "%s",
			     riscv_rows[i].name);
	for (unsigned i = 0; i < riscv_row16_count; i++)
		cr_expect_eq(riscv_rows16[i].match & ~riscv_rows16[i].mask, 0, "%s",
			     riscv_rows16[i].name);
}

static bool row16_takes(const struct riscv_row16 *row, uint16_t bits)
{
	if ((bits & row->mask) != row->match)
		return false;
	for (unsigned i = 0; i < 2 && row->except[i].mask; i++)
		if ((bits & row->except[i].mask) == row->except[i].value)
			return false;
	return true;
}

/* Compressed rows are few enough to try every word; c.nop and c.addi16sp refine their neighbours.
 */
Test(riscv_table, compressed_rows_do_not_overlap)
{
	struct riscv_cpu *hart = hart_with_everything();
	for (unsigned bits = 0; bits < 0x10000; bits++) {
		const struct riscv_row16 *found = NULL;
		const char *why;
		if ((bits & 3) == 3)
			continue;
		for (unsigned i = 0; i < riscv_row16_count; i++)
			if (row16_takes(&riscv_rows16[i], (uint16_t)bits)) {
				cr_assert_null(found, "%04x: %s and %s", bits,
					       found ? found->name : "", riscv_rows16[i].name);
				found = &riscv_rows16[i];
			}
		cr_assert_eq(riscv_decode16(hart, (uint16_t)bits, &why), found, "%04x", bits);
	}
	free(hart);
}

/* The index finds what a search through all rows finds. */
Test(riscv_table, index_agrees_with_linear_search)
{
	struct riscv_cpu *hart = hart_with_everything();
	uint64_t state = 1;
	for (unsigned n = 0; n < 200000; n++) {
		/* Half of them random, half of them near a row. */
		const struct riscv_row *near = &riscv_rows[random_next(&state) % riscv_row_count];
		uint32_t bits = (uint32_t)random_next(&state) | 3;
		if (n & 1)
			bits = random_instance(near, &state);
		const struct riscv_row *best = NULL;
		for (unsigned i = 0; i < riscv_row_count; i++) {
			const struct riscv_row *row = &riscv_rows[i];
			if ((bits & row->mask) == row->match &&
			    (!best ||
			     __builtin_popcount(row->mask) > __builtin_popcount(best->mask)))
				best = row;
		}
		const char *why;
		cr_assert_eq(riscv_decode(hart, bits, &why), best, "%08x", bits);
	}
	free(hart);
}

/* Every row decodes with the extensions it names, and not without. */
Test(riscv_table, extensions_gate_rows)
{
	struct riscv_cpu *hart = hart_with_everything();
	uint64_t state = 2;
	const char *why;
	for (unsigned i = 0; i < riscv_row_count; i++) {
		const struct riscv_row *row = &riscv_rows[i];
		hart_needs_only(hart, &row->need);
		uint32_t bits = row->match;
		cr_expect_eq(riscv_decode(hart, bits, &why), row, "%s", row->name);
		memset(hart->config.extension, 0, sizeof(hart->config.extension));
		cr_expect_null(riscv_decode(hart, random_instance(row, &state), &why), "%s",
			       row->name);
		cr_expect(strstr(why, "is absent"), "%s: %s", row->name, why);
	}
	free(hart);
}

/* With a HINT's extension absent, the encoding is that of the instruction around it. */
Test(riscv_table, hints_fall_back_to_the_instruction_around_them)
{
	struct riscv_cpu *hart = hart_with_everything();
	memset(hart->config.extension, 0, sizeof(hart->config.extension));
	hart->config.extension[RV_EXT_I / 64] |= 1ull << RV_EXT_I % 64;
	hart->config.extension[RV_EXT_ZBKB / 64] |= 1ull << RV_EXT_ZBKB % 64;
	const char *why;
	cr_expect_str_eq(riscv_decode(hart, 0x0100000f, &why)->name, "fence");
	cr_expect_str_eq(riscv_decode(hart, 0x00200033, &why)->name, "add");
	cr_expect_str_eq(riscv_decode(hart, 0x00106013, &why)->name, "ori");
	cr_expect_str_eq(riscv_decode(hart, 0x0805453b, &why)->name, "packw");
	cr_expect_str_eq(riscv_decode(hart, 0x0800453b, &why)->name, "packw");
	free(hart);
}

/* What each extension must bring, from the manuals' instruction lists. */
static const struct {
	const char *extension, *names;
} expected[] = {
	{"I",           "lui auipc jal jalr beq bne blt bge bltu bgeu lb lh lw lbu lhu sb sh sw addi slti "
	      "sltiu xori ori andi add sub sll slt sltu xor srl sra or and fence ecall ebreak "
	      "lwu ld sd slli srli srai addiw slliw srliw sraiw addw subw sllw srlw sraw"      },
	{"M",           "mul mulh mulhsu mulhu div divu rem remu mulw divw divuw remw remuw"                },
	{"A",           "lr.w sc.w amoswap.w amoadd.w amoxor.w amoand.w amoor.w amomin.w amomax.w amominu.w "
	      "amomaxu.w lr.d sc.d amoswap.d amoadd.d amoxor.d amoand.d amoor.d amomin.d "
	      "amomax.d amominu.d amomaxu.d"						   },
	{"F",           "flw fsw fmadd.s fmsub.s fnmsub.s fnmadd.s fadd.s fsub.s fmul.s fdiv.s fsqrt.s "
	      "fsgnj.s fsgnjn.s fsgnjx.s fmin.s fmax.s fcvt.w.s fcvt.wu.s fmv.x.w feq.s flt.s "
	      "fle.s fclass.s fcvt.s.w fcvt.s.wu fmv.w.x fcvt.l.s fcvt.lu.s fcvt.s.l fcvt.s.lu"},
	{"D",           "fld fsd fmadd.d fmsub.d fnmsub.d fnmadd.d fadd.d fsub.d fmul.d fdiv.d fsqrt.d "
	      "fsgnj.d fsgnjn.d fsgnjx.d fmin.d fmax.d fcvt.s.d fcvt.d.s feq.d flt.d fle.d "
	      "fclass.d fcvt.w.d fcvt.wu.d fcvt.d.w fcvt.d.wu fcvt.l.d fcvt.lu.d fmv.x.d "
	      "fcvt.d.l fcvt.d.lu fmv.d.x"						     },
	{"C",           "c.addi4spn c.lw c.sw c.nop c.addi c.li c.addi16sp c.lui c.andi c.sub c.xor c.or "
	      "c.and c.j c.beqz c.bnez c.lwsp c.jr c.mv c.ebreak c.jalr c.add c.swsp c.ld c.sd "
	      "c.addiw c.srli c.srai c.subw c.addw c.slli c.ldsp c.sdsp c.fld c.fsd c.fldsp "
	      "c.fsdsp"									},
	{"Zicsr",       "csrrw csrrs csrrc csrrwi csrrsi csrrci"                                            },
	{"Zifencei",    "fence.i"									   },
	{"privileged",  "mret sret wfi sfence.vma"							  },
	{"Svinval",     "sinval.vma sfence.w.inval sfence.inval.ir"                                         },
	{"Zba",         "sh1add sh2add sh3add add.uw sh1add.uw sh2add.uw sh3add.uw slli.uw"                 },
	{"Zbb",         "andn orn xnor clz ctz cpop max maxu min minu sext.b sext.h zext.h rol ror rori "
		"orc.b rev8 clzw ctzw cpopw rolw rorw roriw"                                 },
	{"Zbs",         "bclr bext binv bset bclri bexti binvi bseti"                                       },
	{"Zbc",         "clmul clmulh clmulr"							       },
	{"Zbkb",        "pack packh packw brev8"							    },
	{"Zicond",      "czero.eqz czero.nez"							       },
	{"Zicbom",      "cbo.clean cbo.flush cbo.inval"						     },
	{"Zicboz",      "cbo.zero"									  },
	{"Zicbop",      "prefetch.i prefetch.r prefetch.w"                                                  },
	{"Zawrs",       "wrs.nto wrs.sto"								   },
	{"Zihintpause", "pause"									     },
	{"Zihintntl",   "ntl.p1 ntl.pall ntl.s1 ntl.all"                                                    },
	{"Zimop",       "mop.r.N mop.rr.N"								  },
	{"Zcmop",       "c.mop.N"									   },
	{"Zcb",         "c.lbu c.lhu c.lh c.sb c.sh c.zext.b c.sext.b c.zext.h c.sext.h c.not c.mul "
		"c.zext.w"								   },
	{"Zfhmin",      "flh fsh fcvt.s.h fcvt.h.s fmv.x.h fmv.h.x fcvt.d.h fcvt.h.d"                       },
	{"Zfh",         "fmadd.h fmsub.h fnmsub.h fnmadd.h fadd.h fsub.h fmul.h fdiv.h fsqrt.h fsgnj.h "
		"fsgnjn.h fsgnjx.h fmin.h fmax.h feq.h flt.h fle.h fclass.h fcvt.w.h fcvt.wu.h "
		"fcvt.h.w fcvt.h.wu fcvt.l.h fcvt.lu.h fcvt.h.l fcvt.h.lu"                   },
	{"Zfa",         "fli.s fminm.s fmaxm.s fround.s froundnx.s fleq.s fltq.s fli.d fminm.d fmaxm.d "
		"fround.d froundnx.d fcvtmod.w.d fleq.d fltq.d fli.h fminm.h fmaxm.h fround.h "
		"froundnx.h fleq.h fltq.h"						   },
	{"Zacas",       "amocas.w amocas.d amocas.q"							},
	{"Zabha",       "amoswap.b amoadd.b amoxor.b amoand.b amoor.b amomin.b amomax.b amominu.b "
		  "amomaxu.b amoswap.h amoadd.h amoxor.h amoand.h amoor.h amomin.h amomax.h "
		  "amominu.h amomaxu.h amocas.b amocas.h"                                  },
};

static bool has_row(const char *name, size_t length)
{
	for (unsigned i = 0; i < riscv_row_count; i++)
		if (strlen(riscv_rows[i].name) == length &&
		    !memcmp(riscv_rows[i].name, name, length))
			return true;
	for (unsigned i = 0; i < riscv_row16_count; i++)
		if (strlen(riscv_rows16[i].name) == length &&
		    !memcmp(riscv_rows16[i].name, name, length))
			return true;
	return false;
}

Test(riscv_table, every_instruction_has_one_row)
{
	unsigned count = 0;
	for (unsigned i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		const char *name = expected[i].names;
		while (*name) {
			size_t length = strcspn(name, " ");
			cr_expect(has_row(name, length), "%s: no row for %.*s",
				  expected[i].extension, (int)length, name);
			count++;
			name += length;
			name += strspn(name, " ");
		}
	}
	/* No names beyond these either, and none twice. */
	cr_expect_eq(count, riscv_row_count + riscv_row16_count);
}
