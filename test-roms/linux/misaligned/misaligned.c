/* The 23 misaligned-access checks of a RISC-V Linux user program: every scalar form
 * that the kernel emulates, at every misaligned offset, and the SIGBUS that a thread
 * gets which asked for it.  KTAP on stdout; status 0, 1 (failures) or 4 (skipped,
 * because this kernel and hart do not emulate: PR_GET_UNALIGN says EINVAL). */
#include "test-roms/linux/sys.h"

enum { PR_GET_UNALIGN = 5, PR_SET_UNALIGN = 6, UNALIGN_EMULATE = 1, UNALIGN_SIGBUS = 2 };
enum { STATUS_PASS = 0, STATUS_FAIL = 1, STATUS_SKIP = 4 };
enum { FP_OFFSETS = 3 };

#define VALUE_16     0x1234ul
#define VALUE_32     0x5eadbeeful
#define VALUE_64     0x45674321d00df789ul
#define VALUE_FLOAT  0x479a339eul         /* 78951.234375f */
#define VALUE_DOUBLE 0x412154a50658e525ul /* 567890.5123969658 */

/* ---- the instructions, encoded so that nothing chooses another form ---------------
 *
 * Each stub is called with a0 = address and a1 = value to store, and returns the value
 * loaded.  `setup` and `restore` surround the instruction under test. */
typedef unsigned long access_fn(void *address, unsigned long value);

#define STUB(name, setup, encoding, restore)                                                       \
	access_fn name;                                                                            \
	__asm__(".pushsection .text\n.balign 4\n.option push\n.option norvc\n" #name ":\n" setup   \
		"\n\t" encoding "\n\t" restore "\n\tret\n.option pop\n.popsection\n")

#define GP_LOAD(name, encoding)  STUB(name, "", encoding, "mv a0, a2")
#define GP_STORE(name, encoding) STUB(name, "mv a2, a1", encoding, "")
#define ON_STACK                 "mv t0, sp\n\tmv a2, a1\n\tmv sp, a0"

GP_LOAD(load_lh, ".4byte 0x00051603");
GP_LOAD(load_lhu, ".4byte 0x00055603");
GP_LOAD(load_lw, ".4byte 0x00052603");
GP_LOAD(load_lwu, ".4byte 0x00056603");
GP_LOAD(load_ld, ".4byte 0x00053603");
GP_LOAD(load_c_lw, ".2byte 0x4110");
GP_LOAD(load_c_ld, ".2byte 0x6110");
STUB(load_c_ldsp, ON_STACK, ".2byte 0x6502", "mv sp, t0");
GP_STORE(store_sh, ".4byte 0x00c51023");
GP_STORE(store_sw, ".4byte 0x00c52023");
GP_STORE(store_sd, ".4byte 0x00c53023");
GP_STORE(store_c_sw, ".2byte 0xc110");
GP_STORE(store_c_sd, ".2byte 0xe110");
STUB(store_c_sdsp, ON_STACK, ".2byte 0xe032", "mv sp, t0");

/* One stub for each FP register, at a fixed distance from the first. */
enum { FP_STUB_SIZE = 32 };
#define FP_STUBS(name, registers, setup, encoding, restore)                                        \
	extern const char name[];                                                                  \
	__asm__(".pushsection .text\n.balign 32\n" #name ":\n.irp n, " registers                   \
		"\n.balign 32\n" setup "\n" encoding "\n" restore "\nret\n.endr\n.popsection\n")

#define F0_31                                                                                      \
	"0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31"
#define F8_15  "8,9,10,11,12,13,14,15"
#define GET_W  "fmv.x.w a0, f\\n"
#define GET_D  "fmv.x.d a0, f\\n"
#define SET_W  "fmv.w.x f\\n, a1\n"
#define SET_D  "fmv.d.x f\\n, a1\n"
#define BASE   "mv a4, a0"
#define SP_IN  "mv t0, sp\nmv sp, a0"
#define SP_OUT "mv sp, t0\n"

FP_STUBS(load_flw, F0_31, BASE, ".4byte 0x00072007 + (\\n << 7)", GET_W);
FP_STUBS(load_fld, F0_31, BASE, ".4byte 0x00073007 + (\\n << 7)", GET_D);
FP_STUBS(load_c_fld, F8_15, BASE, ".2byte 0x2300 + ((\\n - 8) << 2)", GET_D);
FP_STUBS(load_c_fldsp, F8_15, SP_IN, ".2byte 0x2002 + (\\n << 7)", SP_OUT GET_D);
FP_STUBS(store_fsw, F0_31, SET_W BASE, ".4byte 0x00072027 + (\\n << 20)", "");
FP_STUBS(store_fsd, F0_31, SET_D BASE, ".4byte 0x00073027 + (\\n << 20)", "");
FP_STUBS(store_c_fsd, F8_15, SET_D BASE, ".2byte 0xa300 + ((\\n - 8) << 2)", "");
FP_STUBS(store_c_fsdsp, F8_15, SET_D SP_IN, ".2byte 0xa002 + (\\n << 2)", SP_OUT);

/* ---- the tests ---------------------------------------------------------------------- */

enum kind { LOAD, STORE, FP_LOAD, FP_STORE, SIGBUS_EXPECTED };

struct test {
	const char *name;
	const void *code; /* access_fn, or the first of the stubs of the FP registers */
	unsigned long value;
	unsigned char size;
	unsigned char kind;
	unsigned char registers; /* FP: how many stubs */
};

static const struct test tests[] = {
	{"gp_load_lh",        load_lh,       VALUE_16,     2, LOAD,            0 },
	{"gp_load_lhu",       load_lhu,      VALUE_16,     2, LOAD,            0 },
	{"gp_load_lw",        load_lw,       VALUE_32,     4, LOAD,            0 },
	{"gp_load_lwu",       load_lwu,      VALUE_32,     4, LOAD,            0 },
	{"gp_load_ld",        load_ld,       VALUE_64,     8, LOAD,            0 },
	{"gp_load_c_lw",      load_c_lw,     VALUE_32,     4, LOAD,            0 },
	{"gp_load_c_ld",      load_c_ld,     VALUE_64,     8, LOAD,            0 },
	{"gp_load_c_ldsp",    load_c_ldsp,   VALUE_64,     8, LOAD,            0 },
	{"gp_store_sh",       store_sh,      VALUE_16,     2, STORE,           0 },
	{"gp_store_sw",       store_sw,      VALUE_32,     4, STORE,           0 },
	{"gp_store_sd",       store_sd,      VALUE_64,     8, STORE,           0 },
	{"gp_store_c_sw",     store_c_sw,    VALUE_32,     4, STORE,           0 },
	{"gp_store_c_sd",     store_c_sd,    VALUE_64,     8, STORE,           0 },
	{"gp_store_c_sdsp",   store_c_sdsp,  VALUE_64,     8, STORE,           0 },
	{"fpu_load_flw",      load_flw,      VALUE_FLOAT,  4, FP_LOAD,         32},
	{"fpu_load_fld",      load_fld,      VALUE_DOUBLE, 8, FP_LOAD,         32},
	{"fpu_load_c_fld",    load_c_fld,    VALUE_DOUBLE, 8, FP_LOAD,         8 },
	{"fpu_load_c_fldsp",  load_c_fldsp,  VALUE_DOUBLE, 8, FP_LOAD,         8 },
	{"fpu_store_fsw",     store_fsw,     VALUE_FLOAT,  4, FP_STORE,        32},
	{"fpu_store_fsd",     store_fsd,     VALUE_DOUBLE, 8, FP_STORE,        32},
	{"fpu_store_c_fsd",   store_c_fsd,   VALUE_DOUBLE, 8, FP_STORE,        8 },
	{"fpu_store_c_fsdsp", store_c_fsdsp, VALUE_DOUBLE, 8, FP_STORE,        8 },
	{"gen_sigbus",        store_sw,      VALUE_32,     4, SIGBUS_EXPECTED, 0 },
};
enum { TEST_COUNT = sizeof(tests) / sizeof(tests[0]) };

static void bytes_put(unsigned char *to, unsigned long value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		to[i] = (unsigned char)(value >> (8 * i));
}

static unsigned long bytes_get(const unsigned char *from, unsigned size)
{
	unsigned long value = 0;
	for (unsigned i = 0; i < size; i++)
		value |= (unsigned long)from[i] << (8 * i);
	return value;
}

/* One access at `offset`: the value that came through is the one expected. */
static bool access_right(const struct test *test, access_fn *code, unsigned offset)
{
	unsigned char buffer[32] __attribute__((aligned(16))) = {0};
	unsigned char *at = buffer + offset;
	unsigned long mask = ~0ul >> (64 - 8 * test->size);
	unsigned long got;

	if (test->kind == LOAD || test->kind == FP_LOAD) {
		bytes_put(at, test->value, test->size);
		got = code(at, 0);
	} else {
		code(at, test->value);
		got = bytes_get(at, test->size);
	}
	__asm__ volatile("" ::: "memory");
	if ((got & mask) == test->value)
		return true;
	print(1, "# %s at offset %u: got 0x%x, expected 0x%x\n", test->name, L(offset), got & mask,
	      test->value);
	return false;
}

/* In a process of its own: the status is 0 when the test passed. */
static int test_body(const struct test *test)
{
	bool fp = test->kind == FP_LOAD || test->kind == FP_STORE;
	unsigned offsets = fp ? FP_OFFSETS : test->size - 1u;
	unsigned registers = fp ? test->registers : 1;
	bool sigbus = test->kind == SIGBUS_EXPECTED;
	long error = sys(SYS_prctl, PR_SET_UNALIGN, sigbus ? UNALIGN_SIGBUS : UNALIGN_EMULATE);

	if (error < 0) {
		print(1, "# PR_SET_UNALIGN: error %d\n", -error);
		return STATUS_FAIL;
	}
	for (unsigned i = 0; i < registers; i++)
		for (unsigned offset = 1; offset <= offsets; offset++) {
			const char *code = (const char *)test->code + i * FP_STUB_SIZE;
			if (!access_right(test, (access_fn *)code, offset))
				return STATUS_FAIL;
			if (sigbus)
				break;
		}
	return STATUS_PASS;
}

static bool test_run(const struct test *test)
{
	long child = process_fork();
	if (child == 0)
		sys_exit(test_body(test));
	int status = 0;
	long pid;
	do
		pid = sys(SYS_wait4, child, &status, 0, 0);
	while (pid == -EINTR);
	if (child < 0 || pid < 0) {
		print(1, "# cannot run the test: error %d\n", child < 0 ? -child : -pid);
		return false;
	}
	int want = test->kind == SIGBUS_EXPECTED ? 128 + SIGBUS : 0;
	if (shell_status(status) != want && status & 0x7f)
		print(1, "# ended by signal %d\n", L(status & 0x7f));
	return shell_status(status) == want;
}

int main(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	unsigned long mode; /* RISC-V kernels store an unsigned long, whatever the man page says */
	print(1, "TAP version 13\n");
	if (sys(SYS_prctl, PR_GET_UNALIGN, &mode) < 0) {
		print(1, "1..0 # SKIP PR_GET_UNALIGN is not supported: the kernel does not emulate"
			 " misaligned accesses on every hart\n");
		return STATUS_SKIP;
	}
	print(1, "1..%d\n", L(TEST_COUNT));
	unsigned passed = 0;
	for (unsigned i = 0; i < TEST_COUNT; i++) {
		bool pass = test_run(&tests[i]);
		passed += pass;
		print(1, "%sok %u %s\n", pass ? "" : "not ", L(i + 1), tests[i].name);
	}
	bool all = passed == TEST_COUNT;
	print(1, "# %s: %u / %u tests passed.\n", all ? "PASSED" : "FAILED", L(passed),
	      L(TEST_COUNT));
	print(1, "# Totals: pass:%u fail:%u xfail:0 xpass:0 skip:0 error:0\n", L(passed),
	      L(TEST_COUNT - passed));
	return all ? STATUS_PASS : STATUS_FAIL;
}
