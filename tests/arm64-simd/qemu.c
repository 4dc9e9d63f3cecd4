/*
 * Random SIMD instructions on qemu-aarch64 (user emulation), where it is installed, and on every
 * engine here: vector and general registers, FPSR and memory afterwards must be the same. Without
 * QEMU, engines are compared with one another.
 *
 * Both run the same machine code: for each instruction under test a frame that loads V0 to V7 and
 * X0 to X7 from X28 on and stores them to X29. X8 points into a piece of memory behind what is
 * stored, X9 is an index.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/arm64-insn/peer.h"

#define TESTS     800
#define VECTORS   8
#define REGISTERS 8
/* In words of 64 bits. */
#define AT_GENERAL (2 * VECTORS)
#define AT_X8      (AT_GENERAL + REGISTERS) /* X8 afterwards, then FPSR */
#define AT_MEMORY  (AT_X8 + 2)
#define MEMORY     32
#define INPUTS     AT_X8
#define STATE      (AT_MEMORY + MEMORY)
#define CODE_BYTES 0x20000

static uint64_t random_state;

/* Rows of one topic. */
struct topic {
	const struct shape {
		uint32_t mask, match;
	} * rows;
	unsigned count;
	bool memory;
};

#define A64(id, name, mask, match, ...) {mask, match},
static const struct shape memory_rows[] = {
#include "cpu/arm64/insn_simd_memory.def"
};
static const struct shape simd_rows[] = {
#include "cpu/arm64/insn_simd.def"
};
static const struct shape crypto_rows[] = {
#include "cpu/arm64/insn_crypto.def"
};
#undef A64
#define TOPIC(array, memory)                                                                       \
	{                                                                                          \
		array, sizeof(array) / sizeof(array[0]), memory                                    \
	}

/* Numbers, full of edges of all lane sizes, and of small numbers for shifts. */
static uint64_t operand(void)
{
	static const uint64_t edges[] = {
		0,
		UINT64_MAX,
		0x8000800080008000,
		0x7fff7fff80007fff,
		0x8080807f80ff0001,
		0x8000000080000000,
		0x7fffffff80000000,
		0x8000000000000000,
		0x7fffffffffffffff,
		0x0001ffff00ff0100,
		0x00000001ffffffff,
	};
	uint64_t pick = bench_random(&random_state), value = bench_random(&random_state);
	switch (pick % 4) {
	case 0: return edges[pick / 4 % (sizeof(edges) / sizeof(*edges))];
	case 1: return value & 0x3f073f0f3f1f0f07; /* shifts to the left */
	case 2: return pick & 4 ? value | 0xf8f0e0c0e0f8e0f0 : value;
	default: return value;
	}
}

/* What QEMU does not know. */
static bool is_candidate(const struct arm64_row *row)
{
	return row && !(row->need_count && row->need[0] == A64_FEAT_LRCPC3);
}

static uint32_t put_field(uint32_t word, unsigned high, unsigned low, uint32_t value)
{
	uint32_t mask = UINT32_MAX >> (31 - (high - low));
	return (word & ~(mask << low)) | (value & mask) << low;
}

/* Addresses around X8, and no pair of the same register. */
static uint32_t confine_access(uint32_t word)
{
	bool structure = arm64_field(word, 29, 25) == 6;
	bool pair = arm64_field(word, 29, 25) == 0x16;
	word = put_field(word, 9, 5, 8);
	if (structure) {
		if (arm64_field(word, 23, 23))
			word = put_field(word, 20, 16, word & 1 << 16 ? 31 : 9);
	} else if (pair) {
		unsigned rt = word & 7, other = arm64_field(word, 12, 10);
		word = put_field(word, 14, 10, other == rt ? rt ^ 1 : other);
		word = put_field(word, 21, 15, (arm64_field(word, 16, 15)) - 2);
	} else if (arm64_field(word, 29, 24) == 0x3d) {
		word = put_field(word, 21, 13, 0);
	} else if (arm64_field(word, 21, 21) && arm64_field(word, 11, 10) == 2) {
		word = put_field(word, 20, 16, 9);
	} else {
		word = put_field(word, 20, 12, (arm64_field(word, 17, 12)) - 32);
	}
	return word;
}

/* An instance whose registers are mostly among those that are set. */
static uint32_t instance(const struct arm64_row *row, bool memory)
{
	for (;;) {
		uint32_t word = (uint32_t)bench_random(&random_state);
		word = put_field(word, 4, 3, 0);
		word = put_field(word, 9, 8, 0);
		if (bench_random(&random_state) % 4)
			word = put_field(word, 19, 19, 0);
		word = (word & ~row->mask) | row->match;
		if (memory && arm64_field(word, 29, 24) != 0x1c)
			word = confine_access(word);
		if (memory && arm64_field(word, 29, 24) == 0x1c) /* literal: around here */
			word = put_field(word, 23, 8, 0);
		word = (word & ~row->mask) | row->match;
		if (arm64_row_allows(row, word))
			return word;
	}
}

static uint32_t pair_of_vectors(bool load, unsigned first, unsigned base, unsigned word)
{
	return 0xad000000 | (uint32_t)load << 22 | word / 2 << 15 | (first + 1) << 10 | base << 5 |
	       first;
}

static void add_test(struct peer_program *program, uint32_t word)
{
	for (unsigned i = 0; i < VECTORS; i += 2)
		peer_add(program, pair_of_vectors(true, i, 28, 2 * i));
	for (unsigned i = 0; i < REGISTERS; i += 2)
		peer_add(program, peer_pair(true, i, 28, AT_GENERAL + i));
	peer_add(program, 0xd51b443f);                                      /* MSR FPSR, XZR */
	peer_add(program, 0x910003a8 | (AT_MEMORY + MEMORY / 2) * 8 << 10); /* ADD X8, X29, #... */
	peer_add(program, 0xd2800009 | 5 << 5);                             /* MOV X9, #5 */
	peer_add(program, word);
	for (unsigned i = 0; i < VECTORS; i += 2)
		peer_add(program, pair_of_vectors(false, i, 29, 2 * i));
	for (unsigned i = 0; i < REGISTERS; i += 2)
		peer_add(program, peer_pair(false, i, 29, AT_GENERAL + i));
	peer_add(program, 0xd53b4429); /* MRS X9, FPSR */
	peer_add(program, peer_pair(false, 8, 29, AT_X8));
	peer_add_step(program);
}

/* The next TESTS instances: of row after row, from *next on. */
static struct peer_program *make_program(const struct topic *topic, unsigned *next)
{
	struct peer_program *program = peer_new(CODE_BYTES, TESTS, INPUTS, STATE);
	for (unsigned i = 0; i < TESTS;) {
		const struct shape *shape = &topic->rows[(*next)++ % topic->count];
		const char *why;
		const struct arm64_row *row = NULL;
		while (!row || row->match != shape->match) {
			uint32_t word = (uint32_t)bench_random(&random_state);
			row = arm64_decode(NULL, (word & ~shape->mask) | shape->match, &why);
		}
		if (!is_candidate(row))
			continue;
		uint64_t *input = peer_input(program, i), *output = peer_output(program, i);
		for (unsigned n = 0; n < INPUTS; n++)
			input[n] = operand();
		for (unsigned n = 0; n < MEMORY; n++)
			output[AT_MEMORY + n] = operand();
		program->name[i] = row->name;
		program->tested[i] = instance(row, topic->memory);
		add_test(program, program->tested[i++]);
	}
	return program;
}

static void prepare(struct bench *bench)
{
	bench_map_memory(bench);
	bench->pe->sysreg[A64_CPACR_EL1] = 3 << 20;
}

/* The first word of state that differs, as a failure. */
static void expect_equal(const struct peer_program *program, const char *engine,
			 const uint64_t *ours, const uint64_t *theirs)
{
	unsigned i = 0;
	while (i < TESTS * STATE && ours[i] == theirs[i])
		i++;
	if (i < TESTS * STATE)
		cr_assert_fail("%s: %08x %s: state %u is %lx, should be %lx", engine,
			       program->tested[i / STATE], program->name[i / STATE], i % STATE,
			       ours[i], theirs[i]);
}

enum reference { BY_QEMU, BY_THE_FIRST_ENGINE };

/* Each row at least that many times. */
static void compare(const struct topic *topic, enum reference reference, unsigned times,
		    uint64_t seed)
{
	static uint64_t theirs[TESTS * STATE], ours[TESTS * STATE];
	random_state = seed;
	for (unsigned next = 0; next < topic->count * times;) {
		struct peer_program *program = make_program(topic, &next);
		if (reference == BY_QEMU)
			cr_assert(peer_run_qemu(program, theirs));
		else
			peer_run_here(program, bench_engines[0], prepare, theirs);
		for (unsigned e = reference; e < BENCH_ENGINES; e++) {
			peer_run_here(program, bench_engines[e], prepare, ours);
			expect_equal(program, bench_engines[e], ours, theirs);
		}
		peer_free(program);
	}
}

Test(arm64_simd_qemu, loads_and_stores_give_the_same)
{
	peer_require();
	compare(&(struct topic)TOPIC(memory_rows, true), BY_QEMU, 40, 0x853c49e6748fea9bull);
}

Test(arm64_simd_qemu, integer_instructions_give_the_same)
{
	peer_require();
	compare(&(struct topic)TOPIC(simd_rows, false), BY_QEMU, 40, 0xda3e39cb94b95bdbull);
}

Test(arm64_simd_qemu, crypto_instructions_give_the_same)
{
	peer_require();
	compare(&(struct topic)TOPIC(crypto_rows, false), BY_QEMU, 40, 0x9e3779b97f4a7c15ull);
}

/* Host code of the JIT in place of helpers, on hosts without QEMU too. */
Test(arm64_simd_engines, give_the_same)
{
	const struct topic topics[] = {
		TOPIC(memory_rows, true),
		TOPIC(simd_rows, false),
		TOPIC(crypto_rows, false),
	};
	for (unsigned i = 0; i < sizeof(topics) / sizeof(topics[0]); i++)
		compare(&topics[i], BY_THE_FIRST_ENGINE, 20, 0x2545f4914f6cdd1dull + i);
}
