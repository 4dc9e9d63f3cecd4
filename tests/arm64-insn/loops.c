/*
 * Loops of random instructions, in every engine: what follows from what came before in a block, or
 * in another one, and where values are kept in between, is the JIT's own. Conditions after
 * everything that sets flags, addresses made of two registers, pairs, selections.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/arm64-insn/bench.h"

#define BODY   24
#define ROUNDS 9
#define LOOPS  400

static uint64_t random_state;

static unsigned pick(unsigned count)
{
	return (unsigned)(bench_random(&random_state) % count);
}

/* X0 to X9 are operands, X10 and X11 indices of data at X12; X13 counts. */
static unsigned operand(void)
{
	return pick(12) == 0 ? 31 : pick(10);
}

enum fields { D = 1, N = 2, M = 4, A = 8, CONDITION = 16, NZCV = 32, IMMEDIATE = 64, INDEX = 128 };

struct shape {
	uint32_t word;
	unsigned fields;
};

/* clang-format off */
static const struct shape setters[] = {
	{0x2b000000, D | N | M},	/* ADDS W */
	{0xab000000, D | N | M},
	{0x6b000000, D | N | M},	/* SUBS W */
	{0xeb000000, D | N | M},
	{0x31000000, D | N | IMMEDIATE},	/* ADDS immediate */
	{0xb1000000, D | N | IMMEDIATE},
	{0x7100001f, N | IMMEDIATE},	/* CMP immediate */
	{0xf100001f, N | IMMEDIATE},
	{0xf1000000, D | N | IMMEDIATE},	/* SUBS immediate */
	{0x6a000000, D | N | M},	/* ANDS */
	{0xea00001f, N | M},	/* TST */
	{0x72001c00, D | N},	/* ANDS W, 0xff */
	{0x6a200000, D | N | M},	/* BICS W */
	{0x3a000000, D | N | M},	/* ADCS W */
	{0xfa000000, D | N | M},	/* SBCS */
	{0x7a400000, N | M | CONDITION | NZCV},	/* CCMP W */
	{0xfa400000, N | M | CONDITION | NZCV},
	{0xba400800, N | M | CONDITION | NZCV},	/* CCMN immediate */
};

static const struct shape others[] = {
	{0x1a800000, D | N | M | CONDITION},	/* CSEL W */
	{0x9a800000, D | N | M | CONDITION},
	{0x9a800400, D | N | M | CONDITION},	/* CSINC */
	{0x5a800400, D | N | M | CONDITION},	/* CSNEG W */
	{0x1a9f07e0, D | CONDITION},	/* CSET W */
	{0xda9f03e0, D | CONDITION},	/* CSETM */
	{0x9a000000, D | N | M},	/* ADC */
	{0x0b000000, D | N | M},	/* ADD W */
	{0x8b000c00, D | N | M},	/* ADD LSL 3 */
	{0x8b204800, D | N | M},	/* ADD UXTW 2 */
	{0xcb206000, D | N | M},	/* SUB SXTX */
	{0x9b007c00, D | N | M},	/* MUL */
	{0x9ba07c00, D | N | M},	/* UMULL */
	{0x9b20fc00, D | N | M},	/* SMNEGL */
	{0x1b000000, D | N | M | A},	/* MADD W */
	{0xd3483c00, D | N},	/* UBFX 8, 8 */
	{0x33101c00, D | N},	/* BFI W 16, 8 */
	{0x1ac02000, D | N | M},	/* LSLV W */
	{0x13806000, D | N | M},	/* EXTR W */
	{0x386a6980, D},	/* LDRB [X12, X10] */
	{0xf86a5980, D | INDEX},	/* LDR [X12, W10, UXTW 3] */
	{0xb82ad980, D | INDEX},	/* STR W [X12, W10, SXTW 2] */
	{0x782b7980, D},	/* STRH [X12, X11, LSL 1] */
	{0xa9400180, D | A},	/* LDP [X12] */
	{0xa9000580, D},	/* STP [X12] with X1 */
	{0xf8400d8e, 0},	/* LDR X14, [X12, 0]! */
	{0xf9400180, D},	/* LDR [X12] */
	{0xf9400580, D},	/* LDR [X12, 8] */
	{0xb9000980, D},	/* STR W [X12, 8] */
	{0x9240080a, N},	/* AND X10, Xn, 7 */
	{0x92400c0b, N},	/* AND X11, Xn, 15 */
};
/* clang-format on */

static uint32_t instance(struct shape shape)
{
	uint32_t word = shape.word;
	unsigned d = pick(10);
	if (shape.fields & D)
		word |= d;
	if (shape.fields & N)
		word |= pick(10) << 5;
	if (shape.fields & M)
		word |= operand() << 16;
	if (shape.fields & A)
		word |= (d + 1 + pick(9)) % 10 << 10;
	if (shape.fields & CONDITION)
		word |= pick(14) << 12;
	if (shape.fields & NZCV)
		word |= pick(16);
	if (shape.fields & IMMEDIATE)
		word |= pick(3) << 10 | pick(2) << 22;
	return word;
}

/* A branch over the next instruction; such loops are several blocks. */
static uint32_t branch(void)
{
	switch (pick(4)) {
	case 0: return 0x34000040 | pick(2) << 31 | pick(2) << 24 | pick(10);  /* CBZ, CBNZ */
	case 1: return 0x36000040 | pick(32) << 19 | pick(2) << 24 | pick(10); /* TBZ, TBNZ */
	default: return 0x54000040 | pick(14);                                 /* B.cond */
	}
}

static unsigned make_loop(uint32_t *code, bool branches)
{
	unsigned count = 0;
	while (count < BODY) {
		unsigned kind = pick(8);
		if (kind < 3)
			code[count++] = instance(setters[pick(sizeof(setters) / sizeof(*setters))]);
		else if (kind == 3 && branches)
			code[count++] = branch();
		else
			code[count++] = instance(others[pick(sizeof(others) / sizeof(*others))]);
	}
	code[count++] = 0xd503201f; /* for a branch to jump over */
	if (pick(2)) {
		code[count++] = 0xf10005ad;                              /* SUBS X13, X13, 1 */
		code[count] = 0x54000001 | ((0 - count) & 0x7ffff) << 5; /* B.NE */
	} else {
		code[count++] = 0xd10005ad;                              /* SUB */
		code[count] = 0xb500000d | ((0 - count) & 0x7ffff) << 5; /* CBNZ X13 */
	}
	return count + 1;
}

struct result {
	uint64_t x[15], pstate, data[16];
};

static struct result run(const char *engine, const uint32_t *code, unsigned count, uint64_t seed)
{
	struct bench bench;
	struct result result;
	bench_init(&bench, engine, NULL);
	bench_map_memory(&bench);
	struct cpu *cpu = &bench.pe->cpu;
	for (unsigned i = 0; i < 10; i++)
		cpu->r[i] = bench_random(&seed) >> (bench_random(&seed) % 3 * 31);
	cpu->r[10] = cpu->r[11] = 1;
	/* Accesses of some loops meet the end of a page. */
	cpu->r[12] = BENCH_DATA + (seed & 1 ? 0xff8 : 0x10);
	cpu->r[13] = ROUNDS;
	for (unsigned i = 0; i < 16; i++)
		bench_store(&bench, cpu->r[12] + 8 * i, 8, bench_random(&seed));
	cr_assert(bench_run(&bench, code, 0));
	for (unsigned i = 0; i < count; i++)
		bench_store(&bench, BENCH_CODE + 4 * i, 4, code[i]);
	bench_store(&bench, BENCH_CODE + 4 * count, 4, 0xd4200000); /* BRK */
	cpu->pc = BENCH_CODE;
	machine_run_until(&bench.machine, bench.machine.clock.now + 2 * BODY * ROUNDS + 50);
	cr_assert_eq(bench_elr(&bench), BENCH_CODE + 4 * count, "%s: the loop has no end", engine);
	memcpy(result.x, cpu->r, sizeof(result.x));
	result.pstate = bench.pe->sysreg[A64_SPSR_EL2];
	for (unsigned i = 0; i < 16; i++)
		result.data[i] = bench_load(&bench, cpu->r[12] + 8 * i, 8);
	bench_fini(&bench);
	return result;
}

static void compare(const uint32_t *code, unsigned count, uint64_t seed)
{
	struct result first = run(bench_engines[0], code, count, seed);
	for (unsigned e = 1; e < BENCH_ENGINES; e++) {
		struct result other = run(bench_engines[e], code, count, seed);
		for (unsigned i = 0; i < sizeof(first) / 8; i++)
			if (((uint64_t *)&first)[i] != ((uint64_t *)&other)[i])
				for (unsigned n = 0; n < count; n++)
					fprintf(stderr, "  %08x\n", code[n]);
		for (unsigned i = 0; i < 15; i++)
			cr_assert_eq(first.x[i], other.x[i], "%s: x%u is %lx, not %lx",
				     bench_engines[e], i, other.x[i], first.x[i]);
		cr_assert_eq(first.pstate, other.pstate, "%s: PSTATE is %lx, not %lx",
			     bench_engines[e], other.pstate, first.pstate);
		cr_assert_arr_eq(first.data, other.data, sizeof(first.data), "%s: memory",
				 bench_engines[e]);
	}
}

static void try_loops(bool branches)
{
	uint32_t code[BODY + 4];
	random_state = 0x2545f4914f6cdd1dull;
	for (unsigned n = 0; n < LOOPS; n++) {
		unsigned count = make_loop(code, branches);
		compare(code, count, bench_random(&random_state));
	}
}

Test(arm64_loops, of_one_block)
{
	try_loops(false);
}

Test(arm64_loops, of_several_blocks)
{
	try_loops(true);
}
