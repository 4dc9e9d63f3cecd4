/* Transformed instructions: the table of the misaligned-access facts, and what has none. */
#include <criterion/criterion.h>

#include "cpu/riscv/riscv.h"

static const struct {
	const char *text;
	uint32_t insn, plain, offset3;
} cases[] = {
	{"lh a2,0(a0)",              0x00051603, 0x00001603, 0x00019603},
	{"lw a5,-3(s1)",             0xffd4a783, 0x00002783, 0x0001a783},
	{"ld a2,0(a0)",              0x00053603, 0x00003603, 0x0001b603},
	{"flh ft1,2(a0)",            0x00251087, 0x00001087, 0x00019087},
	{"flw ft11,0(a4)",           0x00072f87, 0x00002f87, 0x0001af87},
	{"sw a5,1(a4)",              0x00f720a3, 0x00f02023, 0x00f1a023},
	{"sd s2,8(sp)",              0x01213423, 0x01203023, 0x0121b023},
	{"fsd ft11,0(a4)",           0x01f73027, 0x01f03027, 0x01f1b027},
	{"c.ld a2,0(a0)",            0x6110,     0x00003601, 0x0001b601},
	{"c.lwsp a5,12(sp)",         0x47b2,     0x00002781, 0x0001a781},
	{"c.sd a2,16(a0)",           0xe910,     0x00c03021, 0x00c1b021},
	{"c.swsp a5,12(sp)",         0xc63e,     0x00f02021, 0x00f1a021},
	{"c.fldsp fs0,0(sp)",        0x2402,     0x00003405, 0x0001b405},
	{"c.lh a2,2(a0)",            0x8570,     0x00001601, 0x00019601},
	{"amoadd.w.aqrl a3,a1,(a2)", 0x06b626af, 0x06b026af, 0x06b1a6af},
	{"lr.d a3,(a2)",             0x100636af, 0x100036af, 0x1001b6af},
	{"hlv.d a0,(a1)",            0x6c05c573, 0x6c004573, 0x6c01c573},
	{"cbo.zero (a0)",            0x0045200f, 0x0040200f, 0x0040200f},
 /* No transformation. */
	{"vle16.v v0,(a5)",          0x0207d007, 0,          0         },
	{"vse32.v v8,(a0)",          0x02056427, 0,          0         },
	{"ori x0,a0,0 (prefetch.i)", 0x00056013, 0,          0         },
	{"fence",		    0x0ff0000f, 0,          0         },
	{"ecall",		    0x00000073, 0,          0         },
	{"csrrw a0,mstatus,a1",      0x30059573, 0,          0         },
	{"add a0,a1,a2",             0x00c58533, 0,          0         },
	{"c.add a0,a1",              0x952e,     0,          0         },
	{"illegal 16-bit zero",      0x0000,     0,          0         },
};

Test(riscv_transform, table_of_examples)
{
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_eq(riscv_transform_insn(cases[i].insn, 0), cases[i].plain, "%s: %08x",
			     cases[i].text, riscv_transform_insn(cases[i].insn, 0));
		cr_expect_eq(riscv_transform_insn(cases[i].insn, 3), cases[i].offset3, "%s: %08x",
			     cases[i].text, riscv_transform_insn(cases[i].insn, 3));
	}
}
