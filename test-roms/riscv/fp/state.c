/* The FP unit's state: mstatus.FS, fcsr, rounding modes, NaN boxing in loads, stores and
 * moves, and that flags accumulate (F, D, Zfh; privileged manual, extension context). */
#include "test-roms/riscv/lib/rom.h"

#define FS_INITIAL (1ul << 13)
#define FS_CLEAN   (2ul << 13)
#define FS_OF(s)   ((s) >> 13 & 3)

enum { FLAG_NX = 1, FLAG_UF = 2, FLAG_OF = 4, FLAG_DZ = 8, FLAG_NV = 16 };

struct state_case {
	const char *name;
	u32 instruction;
	bool dirties;
};

/* f12 and x12 are results, a0 points to memory. */
// clang-format off
static const struct state_case cases[] = {
	{"flh",        0x00051607, true},
	{"flw",        0x00052607, true},
	{"fld",        0x00053607, true},
	{"fsh",        0x00c51027, false},
	{"fsw",        0x00c52027, false},
	{"fsd",        0x00c53027, false},
	{"c.fld",      0x2110,     true},
	{"c.fsd",      0xa110,     false},
	{"fadd.s",     0x00b50653, true},
	{"fmul.d",     0x12b50653, true},
	{"fadd.h",     0x04b50653, true},
	{"fmadd.d",    0x6ab57643, true},
	{"fsgnj.d",    0x22b50653, true},
	{"fmv.d.x",    0xf2000653, true},
	{"fmv.w.x",    0xf0000653, true},
	{"fmv.x.d",    0xe2050653, false},
	{"fcvt.d.w",   0xd2000653, true},
	{"csrr frm",   0x00202673, false},
	{"csrw frm",   0x00201073, true},
	{"csrw fcsr",  0x00301073, true},
	{"csrwi fflags, 0", 0x00105073, true},
};
// clang-format on

static u64 memory[4];

static struct guest run(u32 instruction, u64 fs)
{
	struct guest guest = {.mode = MODE_S, .status_clear = STATUS_FS, .status_set = fs};
	guest.pc = (u64)guest_instruction(instruction);
	guest.x[A0] = (u64)memory;
	guest_run(&guest);
	return guest;
}

static void context_state(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct state_case *test = &cases[i];
		struct guest guest = run(test->instruction, 0);
		check_trap(&guest, MODE_M, ILLEGAL, test->instruction, "%s with FS=0", test->name);
		guest = run(test->instruction, FS_CLEAN);
		check_end(&guest, "%s with FS=2", test->name);
		if (test->dirties) {
			check_eq(FS_OF(guest.status), 3, "%s makes FS dirty", test->name);
			check_eq(guest.status >> 63, 1, "%s: SD", test->name);
		}
		guest = run(test->instruction, FS_INITIAL);
		check_end(&guest, "%s with FS=1", test->name);
		if (test->dirties)
			check_eq(FS_OF(guest.status), 3, "%s makes FS dirty from 1", test->name);
	}
	struct guest guest = run(0x00c53027, FS_CLEAN);
	check_eq(FS_OF(guest.status), 2, "fsd leaves FS clean");
	guest = run(0x00c53027, FS_INITIAL);
	check_eq(FS_OF(guest.status), 1, "fsd leaves FS initial");
}

static void set_f12(u64 value)
{
	__asm__ volatile("fmv.d.x f12, %0" ::"r"(value));
}

static u64 get_f12(void)
{
	u64 value;
	__asm__ volatile("fmv.x.d %0, f12" : "=r"(value));
	return value;
}

/* Register contents survive FS=0. */
static void contents_survive(void)
{
	set_f12(0x1234567890abcdef);
	run(0x00000013, 0);
	check_eq(get_f12(), 0x1234567890abcdef, "registers survive FS=0");
}

static void boxing(void)
{
	memory[0] = 0x0123456789abcdef;
	run(0x00051607, FS_INITIAL);
	check_eq(get_f12(), 0xffffffffffffcdef, "flh boxes its value");
	run(0x00052607, FS_INITIAL);
	check_eq(get_f12(), 0xffffffff89abcdef, "flw boxes its value");
	run(0x00053607, FS_INITIAL);
	check_eq(get_f12(), 0x0123456789abcdef, "fld loads 64 bits");
	memory[0] = 0;
	run(0x00c52027, FS_INITIAL);
	check_eq(memory[0], 0x89abcdef, "fsw stores the low half, boxed or not");
	memory[0] = 0;
	run(0x00c51027, FS_INITIAL);
	check_eq(memory[0], 0xcdef, "fsh stores the low quarter, boxed or not");

	__asm__ volatile("fmv.d.x f10, %0\n fmv.d.x f11, %1" ::"r"(0x000000003f800000),
			 "r"(0xffffffff3f800000));
	run(0x00b50653, FS_INITIAL); /* fadd.s f12, f10, f11 */
	check_eq(get_f12(), 0xffffffff7fc00000, "an operand that is not boxed counts as NaN");
	run(0x20b50653, FS_INITIAL); /* fsgnj.s f12, f10, f11 */
	check_eq(get_f12(), 0xffffffff7fc00000, "fsgnj.s too");
	run(0x22a50653, FS_INITIAL); /* fsgnj.d f12, f10, f10 */
	check_eq(get_f12(), 0x3f800000, "fsgnj.d moves all bits");
}

static u64 fadd_with(u64 mode_bits, u64 frm)
{
	csr_write(frm, frm);
	return run(0x02b50653 | (u32)mode_bits << 12, FS_INITIAL).cause; /* fadd.d */
}

static void rounding_modes(void)
{
	for (u64 mode = 0; mode < 8; mode++) {
		bool good = mode < 5;
		if (mode < 7)
			check_eq(fadd_with(mode, 0), good ? BREAKPOINT : ILLEGAL,
				 "rounding mode %lu in the instruction", mode);
		check_eq(fadd_with(7, mode), good ? BREAKPOINT : ILLEGAL,
			 "rounding mode %lu in frm", mode);
	}
	csr_write(frm, 5);
	check_eq(run(0x22b50653, FS_INITIAL).cause, BREAKPOINT, "fsgnj.d does not look at frm");
	check_eq(run(0x02b50653, FS_INITIAL).cause, BREAKPOINT,
		 "a static mode does not look at frm");
	csr_write(frm, 0);
}

static void flags_accumulate(void)
{
	csr_write(fflags, 0);
	__asm__ volatile("fmv.d.x f10, %0\n fmv.d.x f11, zero" ::"r"(0x3ff0000000000000));
	run(0x1ab57653, FS_INITIAL); /* fdiv.d f12, f10, f11 */
	check_eq(csr_read(fflags), FLAG_DZ, "1 / 0");
	run(0x1ab5f653, FS_INITIAL); /* fdiv.d f12, f11, f11 */
	check_eq(csr_read(fflags), FLAG_DZ | FLAG_NV, "0 / 0 adds invalid");
	__asm__ volatile("fmv.d.x f11, %0" ::"r"(0x4008000000000000));
	run(0x1ab57653, FS_INITIAL);
	check_eq(csr_read(fflags), FLAG_DZ | FLAG_NV | FLAG_NX, "1 / 3 adds inexact");
	run(0x00000013, FS_INITIAL);
	check_eq(csr_read(fflags), FLAG_DZ | FLAG_NV | FLAG_NX, "flags stay");
	csr_write(fflags, 0);
	check_eq(csr_read(fflags), 0, "and are cleared by a write");
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	csr_write(medeleg, 0);
	csr_write(fcsr, 0);
	context_state();
	contents_survive();
	boxing();
	rounding_modes();
	flags_accumulate();
}
