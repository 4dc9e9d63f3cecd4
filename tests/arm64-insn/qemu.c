/*
 * Random instructions on qemu-aarch64 (user emulation), where it is installed, and on every engine
 * here: registers, flags and stack pointer afterwards must be the same.
 *
 * Both run the same machine code: for each instruction under test a frame that loads X0 to X15,
 * NZCV and SP from X28 on, and stores them to X29. For QEMU it stands in an ELF file with a system
 * call for output behind it.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/arm64-insn/peer.h"

#define TESTS     1000
#define REGISTERS 16
/* Registers, NZCV, SP. */
#define STATE      (REGISTERS + 2)
#define CODE_BYTES 0x40000

static uint64_t random_state;

static uint64_t operand(void)
{
	static const uint64_t edges[] = {
		0,
		1,
		UINT64_MAX,
		INT64_MAX,
		1ull << 63,
		0x80000000ull,
		0x7fffffffull,
		0xffffffff80000000ull,
		0xffffffffull,
	};
	uint64_t pick = bench_random(&random_state);
	return pick % 3 ? bench_random(&random_state)
			: edges[pick / 3 % (sizeof(edges) / sizeof(*edges))];
}

/* Rows that touch nothing but X0 to X15, NZCV and SP, and that every qemu-aarch64 knows. */
static bool is_candidate(const struct arm64_row *row)
{
	static const unsigned known[] = {A64_FEAT_CRC32, A64_FEAT_FlagM, A64_FEAT_FlagM2};
	bool has = row->need_count == 0;
	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		has |= row->need_count == 1 && row->need[0] == known[i];
	unsigned op0 = arm64_field(row->match, 28, 25);
	bool data = (op0 & 14) == 8 || (op0 & 7) == 5;
	return has && (data || row->need[0] == A64_FEAT_FlagM2);
}

/* Where an instruction's register numbers are: their lowest bits; the rest is 32. */
static void register_fields(uint32_t match, unsigned fields[4])
{
	enum { RD = 0, RN = 5, RA = 10, RM = 16, NONE = 32 };
	unsigned group = arm64_field(match, 28, 23);
	bool immediate = arm64_field(match, 28, 26) == 4;
	bool no_source = (group & 62) == 32 || group == 37; /* ADR, move wide */
	bool three_sources = arm64_field(match, 28, 24) == 27;
	bool funnel = group == 39;
	fields[0] = RD;
	fields[1] = no_source ? NONE : RN;
	fields[2] = immediate && !funnel ? NONE : RM;
	fields[3] = three_sources ? RA : NONE;
}

/* An instance with all registers among X0 to X15, XZR and SP. */
static uint32_t instance(const struct arm64_row *row)
{
	unsigned fields[4];
	register_fields(row->match, fields);
	for (;;) {
		uint32_t word = (uint32_t)bench_random(&random_state);
		for (unsigned i = 0; i < 4; i++)
			if (fields[i] < 32) {
				unsigned number = bench_random(&random_state) % 17;
				number = number == 16 ? 31 : number;
				word = (word & ~(31u << fields[i])) | number << fields[i];
			}
		word = (word & ~row->mask) | row->match;
		/* CRm of AXFLAG and its like should be zero. */
		if (arm64_field(word, 31, 22) == 0x354)
			word &= ~0xf00u;
		if (arm64_row_allows(row, word))
			return word;
	}
}

static void add_test(struct peer_program *program, uint32_t word)
{
	for (unsigned i = 0; i < REGISTERS; i += 2)
		peer_add(program, peer_pair(true, i, 28, i));
	peer_add(program, peer_pair(true, 16, 28, REGISTERS));
	peer_add(program, 0xd51b4210); /* MSR NZCV, X16 */
	peer_add(program, 0x9100023f); /* MOV SP, X17 */
	peer_add(program, word);
	for (unsigned i = 0; i < REGISTERS; i += 2)
		peer_add(program, peer_pair(false, i, 29, i));
	peer_add(program, 0xd53b4210); /* MRS X16, NZCV */
	peer_add(program, 0x910003f1); /* MOV X17, SP */
	peer_add(program, peer_pair(false, 16, 29, REGISTERS));
	peer_add_step(program);
}

static struct peer_program *make_program(void)
{
	struct peer_program *program = peer_new(CODE_BYTES, TESTS, STATE, STATE);
	for (unsigned i = 0; i < TESTS;) {
		const struct arm64_row *row =
			&arm64_rows[bench_random(&random_state) % arm64_row_count];
		if (!is_candidate(row))
			continue;
		uint64_t *input = peer_input(program, i);
		for (unsigned n = 0; n < STATE; n++)
			input[n] = operand();
		input[REGISTERS] &= 0xf0000000;
		program->name[i] = row->name;
		program->tested[i] = instance(row);
		add_test(program, program->tested[i++]);
	}
	return program;
}

Test(arm64_qemu, integer_instructions_give_the_same)
{
	peer_require();
	static uint64_t theirs[TESTS * STATE], ours[TESTS * STATE];
	random_state = 0x853c49e6748fea9bull;
	for (unsigned round = 0; round < 5; round++) {
		struct peer_program *program = make_program();
		cr_assert(peer_run_qemu(program, theirs));
		for (unsigned e = 0; e < BENCH_ENGINES; e++) {
			peer_run_here(program, bench_engines[e], NULL, ours);
			for (unsigned i = 0; i < TESTS * STATE; i++)
				cr_assert_eq(ours[i], theirs[i],
					     "%s: %08x %s: state %u is %lx, on QEMU %lx",
					     bench_engines[e], program->tested[i / STATE],
					     program->name[i / STATE], i % STATE, ours[i],
					     theirs[i]);
		}
		peer_free(program);
	}
}
