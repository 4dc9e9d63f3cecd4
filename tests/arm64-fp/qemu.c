/*
 * Random FP and SIMD instructions on qemu-aarch64 (user emulation), where it is installed, and on
 * every engine here: V0 to V3, X0, X1, NZCV and FPSR afterwards must be the same, in any FPCR.
 *
 * Both run the same machine code: for each instruction under test a frame that loads the state from
 * X28 on and stores it to X29, by way of X2 to X12. For QEMU it stands in an ELF file with a system
 * call for output behind it.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/arm64/fp.h"
#include "tests/arm64-insn/peer.h"

#define TESTS   1000
#define VECTORS 4
/* The vectors, two general registers, NZCV, FPSR, FPCR, and one word to spare. */
#define STATE      14
#define X_AT       (2 * VECTORS)
#define NZCV_AT    10
#define FPSR_AT    11
#define FPCR_AT    12
#define CODE_BYTES 0x40000

static uint64_t random_state;

static uint64_t pick(uint64_t count)
{
	return bench_random(&random_state) % count;
}

/* -- operands -- */

/* A number of a format that is likely to be special, or near another one. */
static uint64_t element(unsigned bits)
{
	unsigned fraction = bits == 16 ? 10 : bits == 32 ? 23 : 52;
	uint64_t sign = pick(2) << (bits - 1), one = 1ull << fraction;
	uint64_t exponents = (1ull << (bits - 1 - fraction)) - 1, bias = exponents / 2;
	uint64_t random = bench_random(&random_state) & (one - 1);
	/* Few bits, or nearly all ones: exact results and ties. */
	if (pick(3) == 0)
		random &= pick(2) ? ~0ull << (fraction - pick(6)) : ~0ull << pick(4);
	switch (pick(16)) {
	case 0: return sign;
	case 1: return sign | exponents << fraction;                                /* infinity */
	case 2: return sign | exponents << fraction | one >> 1 | random;            /* quiet */
	case 3: return sign | exponents << fraction | (random & (one / 2 - 1)) | 1; /* signaling */
	case 4: return sign | random;                                               /* subnormal */
	case 5: return sign | 1;
	case 6: return sign | (1 + pick(3)) << fraction | random;             /* small */
	case 7: return sign | (exponents - 1 - pick(3)) << fraction | random; /* large */
	case 8: return sign | (bias + pick(bits)) << fraction | random;       /* integers */
	case 9: return sign | bias << fraction;
	case 10: return bench_random(&random_state) & (2 * (1ull << (bits - 1)) - 1);
	default: return sign | (bias - 8 + pick(16)) << fraction | random;
	}
}

static uint64_t operand(void)
{
	uint64_t value = 0;
	unsigned bits = 16u << pick(3);
	for (unsigned at = 0; at < 64; at += bits)
		value |= element(bits) << at;
	return value;
}

static uint32_t random_fpcr(void)
{
	uint32_t fpcr = 0;
	if (pick(2))
		return 0;
	if (pick(2))
		fpcr |= (uint32_t)pick(4) << FPCR_RMODE_AT;
	if (pick(3) == 0)
		fpcr |= FPCR_DN;
	if (pick(3) == 0)
		fpcr |= FPCR_FZ;
	if (pick(3) == 0)
		fpcr |= FPCR_FZ16;
	if (pick(3) == 0)
		fpcr |= FPCR_AHP;
	return fpcr;
}

/* -- instructions -- */

/* Data processing of FP and SIMD. */
static bool is_candidate(const struct arm64_row *row)
{
	return (row->match >> 25 & 7) == 7;
}

/*
 * Where QEMU 7.2 does not do what the manual says: a positive subnormal that FJCVTZS flushes is not
 * exact (FPToFixedJS); FCVTZS to a scalar of 16 bits writes zeros above it, no signs.
 */
static bool is_disputed(const struct arm64_row *row, uint32_t fpcr)
{
	return (!strcmp(row->name, "FJCVTZS") && fpcr & FPCR_FZ) ||
	       !strcmp(row->name, "FCVTZS (fixed-point, scalar, half-precision)");
}

static uint32_t instance(const struct arm64_row *row)
{
	enum { RD = 0, RN = 5, RA = 10, RM = 16 };
	for (;;) {
		uint32_t word = (uint32_t)bench_random(&random_state);
		static const uint8_t fields[] = {RD, RN, RM};
		for (unsigned i = 0; i < sizeof(fields); i++)
			word = (word & ~(31u << fields[i])) | (uint32_t)pick(VECTORS) << fields[i];
		if (row->match >> 24 == 0x1f) /* FMADD and its like */
			word = (word & ~(31u << RA)) | (uint32_t)pick(VECTORS) << RA;
		word = (word & ~row->mask) | row->match;
		/* FMOV, conversions: general registers. */
		bool general = (row->match & 0x7f20fc00) == 0x1e200000 ||
			       (row->match & 0x7f200000) == 0x1e000000;
		if (general)
			word &= ~(2u << RD | 2u << RN);
		/* FCMP, FCCMP: flags, or what to compare with. */
		bool compares = (row->match & 0xff200400) == 0x1e200400 ||
				(row->match & 0xff20fc07) == 0x1e202000;
		if (compares)
			word ^= (uint32_t)pick(2) << 3 & ~row->mask;
		bool in_range = compares || (word & 31) < VECTORS;
		if (arm64_row_allows(row, word) && in_range)
			return word;
	}
}

/* -- programs -- */

static void add_test(struct peer_program *program, uint32_t word)
{
	for (unsigned i = 0; i < VECTORS; i++) {
		peer_add(program, peer_pair(true, 2, 28, 2 * i));
		peer_add(program, 0x9e670000 | 2 << 5 | i); /* FMOV Di, X2 */
		peer_add(program, 0x9eaf0000 | 3 << 5 | i); /* FMOV Vi.D[1], X3 */
	}
	peer_add(program, peer_pair(true, 0, 28, X_AT));
	peer_add(program, peer_pair(true, 2, 28, NZCV_AT));
	peer_add(program, peer_pair(true, 4, 28, FPCR_AT));
	peer_add(program, 0xd51b4202); /* MSR NZCV, X2 */
	peer_add(program, 0xd51b4423); /* MSR FPSR, X3 */
	peer_add(program, 0xd51b4404); /* MSR FPCR, X4 */
	peer_add(program, word);
	peer_add(program, 0xd53b4204); /* MRS X4, NZCV */
	peer_add(program, 0xd53b4425); /* MRS X5, FPSR */
	peer_add(program, peer_pair(false, 4, 29, NZCV_AT));
	peer_add(program, peer_pair(false, 0, 29, X_AT));
	for (unsigned i = 0; i < VECTORS; i++) {
		peer_add(program, 0x9e660000 | i << 5 | 2); /* FMOV X2, Di */
		peer_add(program, 0x9eae0000 | i << 5 | 3); /* FMOV X3, Vi.D[1] */
		peer_add(program, peer_pair(false, 2, 29, 2 * i));
	}
	peer_add_step(program);
}

static struct peer_program *make_program(void)
{
	struct peer_program *program = peer_new(CODE_BYTES, TESTS, STATE, STATE);
	for (unsigned i = 0; i < TESTS;) {
		const struct arm64_row *row = &arm64_rows[pick(arm64_row_count)];
		if (!is_candidate(row))
			continue;
		uint32_t word = instance(row), fpcr = random_fpcr();
		if (is_disputed(row, fpcr))
			continue;
		uint64_t *input = peer_input(program, i);
		for (unsigned n = 0; n < X_AT + 2; n++)
			input[n] = operand();
		input[X_AT] = pick(2) ? bench_random(&random_state) >> pick(64) : input[X_AT];
		input[NZCV_AT] = pick(16) << 28;
		/* Trusted by the JIT, or not. */
		input[FPSR_AT] = pick(2) ? 1 << 4 : 0;
		input[FPCR_AT] = fpcr;
		program->name[i] = row->name;
		program->tested[i++] = word;
		add_test(program, word);
	}
	return program;
}

/* Tells of each word of state that differs, and what the instruction was given; how many. */
static unsigned compare(const struct peer_program *program, const char *engine,
			const uint64_t *ours, const uint64_t *theirs)
{
	unsigned different = 0;
	for (unsigned i = 0; i < TESTS * STATE; i++) {
		unsigned test = i / STATE;
		const uint64_t *input = peer_input(program, test);
		if (ours[i] == theirs[i])
			continue;
		different++;
		fprintf(stderr, "%s: %08x %s: state %u is %lx, on QEMU %lx; given", engine,
			program->tested[test], program->name[test], i % STATE, ours[i], theirs[i]);
		for (unsigned n = 0; n < STATE - 1; n++)
			fprintf(stderr, " %lx", input[n]);
		fprintf(stderr, "\n");
	}
	return different;
}

Test(arm64_fp, same_as_qemu)
{
	peer_require();
	static uint64_t theirs[TESTS * STATE], ours[TESTS * STATE];
	const char *seed = getenv("TRAPLINE_TEST_SEED");
	unsigned different = 0;
	random_state = seed ? strtoull(seed, NULL, 0) : 0x2545f4914f6cdd1dull;
	for (unsigned round = 0; round < 5; round++) {
		struct peer_program *program = make_program();
		cr_assert(peer_run_qemu(program, theirs));
		for (unsigned e = 0; e < BENCH_ENGINES; e++) {
			peer_run_here(program, bench_engines[e], NULL, ours);
			different += compare(program, bench_engines[e], ours, theirs);
		}
		peer_free(program);
	}
	cr_expect_eq(different, 0, "%u words of state differ", different);
}
