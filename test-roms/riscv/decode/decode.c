/* Encodings that must be illegal on this hart, with the instruction in tval, and hints
 * and reserved fields that must not be (unprivileged manual, opcode map, C, HINTs). */
#include "test-roms/riscv/lib/rom.h"

struct encoding {
	const char *name;
	u32 word;
};

// clang-format off
static const struct encoding illegal[] = {
	{"all zeros",                0x0000},
	{"all ones",                 0xffffffff},
	{"c.addi4spn, immediate 0",  0x0004},
	{"c.addi16sp, immediate 0",  0x6101},
	{"c.lui, immediate 0",       0x6201},
	{"c.addiw, rd 0",            0x2001},
	{"c.lwsp, rd 0",             0x4012},
	{"c.ldsp, rd 0",             0x6012},
	{"c.jr, rs1 0",              0x8002},
	{"C1 arithmetic 6",          0x9c79},
	{"C1 arithmetic 7",          0x9c7d},
	{"C0 funct3 4, reserved",    0x9000},
	{"c.sh, bit 6 set",          0x8c40},
	{"load, funct3 7",           0x00007003},
	{"store, funct3 4",          0x00004023},
	{"branch, funct3 2",         0x00002063},
	{"branch, funct3 3",         0x00003063},
	{"jalr, funct3 1",           0x00001067},
	{"slli, bit 26",             0x04001013},
	{"srli, bit 26",             0x04005013},
	{"slliw, bit 25",            0x0200101b},
	{"srliw, bit 25",            0x0200501b},
	{"op, funct7 16",            0x20000033},
	{"op, funct7 2",             0x04000033},
	{"op-32, funct3 2",          0x0000203b},
	{"op-32, funct3 4",          0x0000403b},
	{"op-imm-32, funct3 2",      0x0000201b},
	{"op-32, mulhw",             0x0200103b},
	{"misc-mem, funct3 3",       0x0000300f},
	{"misc-mem, cbo 3",          0x0030200f},
	{"custom-0",                 0x0000000b},
	{"custom-1",                 0x0000002b},
	{"custom-2",                 0x0000005b},
	{"custom-3",                 0x0000007b},
	{"reserved opcode 0x6b",     0x0000006b},
	{"reserved opcode 0x77",     0x00000077},
	{"uret",                     0x00200073},
	{"dret",                     0x7b200073},
	{"ecall, rd 2",              0x00000173},
	{"ecall, rs1 1",             0x00008073},
	{"mret, rd 2",               0x30200173},
	{"sret, rs1 1",              0x10208073},
	{"wfi, rd 3",                0x105001f3},
	{"sfence.vma, rd 2",         0x12000173},
	{"system, funct3 4",         0x00004073},
	{"hfence.vvma",              0x22000073},
	{"hfence.gvma",              0x62000073},
	{"hlv.b",                    0x60004073},
	{"hsv.d",                    0x6e004073},
	{"vsetvli",                  0x00007057},
	{"vle8.v",                   0x02050007},
	{"vle16.v",                  0x02055007},
	{"flq",                      0x00054007},
	{"fsq",                      0x00054027},
	{"fadd.q",                   0x06000053},
	{"fmadd.q",                  0x06000043},
	{"op-fp, funct5 7",          0x38000053},
	{"fsqrt.s, rs2 1",           0x58100053},
	{"fcvt.w.s, rs2 4",          0xc0400053},
	{"fcvt.s.d, rs2 6",          0x40600053},
	{"fclass.s, rs2 1",          0xe0101053},
	{"fmv.x.w, funct3 2",        0xe0002053},
	{"fsgnj.s, funct3 3",        0x20003053},
	{"fmin.s, funct3 4",         0x28004053},
	{"feq.s, funct3 3",          0xa0003053},
	{"fadd.s, rounding mode 5",  0x00005053},
	{"fadd.s, rounding mode 6",  0x00006053},
	{"AMO, funct3 5",            0x0000502f},
	{"AMO, funct5 6",            0x3000302f},
	{"lr.d, rs2 1",              0x1015302f},
};

static const struct encoding harmless[] = {
	{"addi to x0",               0x00100013},
	{"lui to x0",                0x00001037},
	{"slti to x0",               0x00102013},
	{"add to x0",                0x00000033},
	{"ntl.p1",                   0x00200033},
	{"slli to x0",               0x00101013},
	{"prefetch.i",               0x00006013},
	{"pause",                    0x0100000f},
	{"fence.tso",                0x8330000f},
	{"fence, reserved mode",     0x4330000f},
	{"fence, rs1 and rd",        0x0ff5060f},
	{"fence, no bits",           0x0000000f},
	{"fence.i, all fields",      0xfff5160f},
	{"c.nop",                    0x0001},
	{"c.nop, immediate 1",       0x0005},
	{"c.addi, immediate 0",      0x0601},
	{"c.li to x0",               0x4005},
	{"c.lui to x0",              0x6005},
	{"c.slli of x0",             0x0006},
	{"c.slli, amount 0",         0x0602},
	{"c.srli, amount 0",         0x8201},
	{"c.mv to x0",               0x802e},
	{"c.add to x0",              0x902e},
	{"wrs.sto",                  0x01d00073},
	{"mop.r.0 to x0",            0x81c04073},
	{"sc.d to x0",               0x18c5302f},
};
// clang-format on

static u64 memory[2];

static struct guest run(u32 word)
{
	struct guest guest = {.mode = MODE_M, .pc = (u64)guest_instruction(word)};
	guest.x[A0] = (u64)memory;
	guest_run(&guest);
	return guest;
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	csr_write(medeleg, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(illegal); i++) {
		struct guest guest = run(illegal[i].word);
		check_trap(&guest, MODE_M, ILLEGAL, illegal[i].word, "%s is illegal",
			   illegal[i].name);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(harmless); i++) {
		struct guest guest = run(harmless[i].word);
		check_end(&guest, "%s is harmless", harmless[i].name);
	}
}
