/*
 * Random streams must run alike in every engine. They are made from the rows, so a new row is in
 * them by itself, in all privilege levels, with and without translation, with traps,
 * self-modification and changes of the mode word in between.
 */
#include <criterion/criterion.h>

#include "cpu/riscv/csr.h"
#include "stream.h"
#include "support.h"

#define PROGRAMS (40 * TRAPLINE_TEST_SCALE)
#define TICKS    4000

static bool is_memory(uint32_t bits)
{
	return (bits & 0x5f) == 0x03 || (bits & 0x5f) == 0x07 || (bits & 0x7f) == 0x2f;
}

/* Mostly CSRs that leave the stream alive, sometimes any that there is. */
static uint32_t random_csr(uint64_t *state)
{
	static const uint16_t often[] = {0x001, 0x002, 0x003, 0x100, 0x104, 0x140, 0x141, 0x142,
					 0x143, 0x144, 0x14d, 0x300, 0x302, 0x303, 0x304, 0x341,
					 0x342, 0x343, 0x344, 0xc00, 0xc01, 0xc02, 0xf14};
	if (random_next(state) % 4)
		return often[random_next(state) % (sizeof(often) / sizeof(often[0]))];
	return riscv_csrs[random_next(state) % riscv_csr_count].number;
}

/* An instruction of the row, kept from going too far away. */
static uint32_t instance(const struct riscv_row *row, uint64_t *state)
{
	uint32_t bits = random_instance(row, state);
	if (row->format == RV_FORMAT_J)
		bits &= 0x3fe00fff; /* forward, less than 1 KiB */
	else if (row->format == RV_FORMAT_B)
		bits &= ~0xf0000000u;
	else if (row->format == RV_FORMAT_CSR || row->format == RV_FORMAT_CSR_I)
		bits = (bits & 0xfffff) | random_csr(state) << 20;
	/* Base registers that point to data. */
	bool zeroing = (bits & 0x707f) == 0x200f;
	if ((is_memory(bits) || zeroing) && random_next(state) % 4)
		bits = (bits & ~(31u << 15)) | (8 + (uint32_t)(random_next(state) % 8)) << 15;
	return bits;
}

/* A compressed instruction of the row, before a c.nop. */
static uint32_t instance16(const struct riscv_row16 *row, uint64_t *state)
{
	const char *why;
	for (;;) {
		uint32_t bits = row->match | ((uint32_t)random_next(state) & 0xffffu & ~row->mask);
		if (riscv_decode16(NULL, (uint16_t)bits, &why) == row)
			return bits | 0x00010000;
	}
}

static uint32_t random_word(unsigned index, uint64_t *state)
{
	uint64_t kind = random_next(state) % 8;
	if (kind == 0)
		return instance16(&riscv_rows16[random_next(state) % riscv_row16_count], state);
	if (kind == 1 && index % 16 == 0)
		return (uint32_t)random_next(state);
	return instance(&riscv_rows[random_next(state) % riscv_row_count], state);
}

/* From seed: where the stream starts and how it runs. */
static void configure(struct stream *stream, const char *name, uint64_t seed)
{
	uint64_t state = seed * 0x9e3779b97f4a7c15ull | 1;
	*stream = (struct stream){
		.name = name,
		.seed = random_next(&state),
		.place = (enum stream_place)(seed % STREAM_PLACES),
		.misaligned_trap = random_next(&state) & 1,
		.pmp = random_next(&state) % 3 == 0,
		.sliced = random_next(&state) & 1,
		.ticks = TICKS,
	};
}

static void run_programs(uint64_t first)
{
	static struct stream stream;
	for (uint64_t seed = first; seed < first + PROGRAMS; seed++) {
		configure(&stream, "a random program", seed);
		uint64_t state = stream.seed;
		while (stream.count < STREAM_WORDS) {
			stream.words[stream.count] = random_word(stream.count, &state);
			stream.count++;
		}
		stream_run(&stream);
	}
}

Test(riscv_random, programs_run_alike_in_every_engine)
{
	run_programs(1);
}

Test(riscv_random, more_programs_run_alike_in_every_engine)
{
	run_programs(0x100000001);
}

#define GROUP        4 /* rows to a stream */
#define GROUP_WORDS  96
#define GROUP_ROUNDS (1 + TRAPLINE_TEST_SCALE / 10)

/* An instance of a row of either kind, counted from the 32-bit ones on. */
static uint32_t instance_of(unsigned row, uint64_t *state)
{
	if (row < riscv_row_count)
		return instance(&riscv_rows[row], state);
	return instance16(&riscv_rows16[row - riscv_row_count], state);
}

/* Many instances of a few rows, each with other operands; which ones coincide is chance. */
static void run_group(uint64_t seed, unsigned first, unsigned rows)
{
	static struct stream stream;
	configure(&stream, "a few rows", seed);
	uint64_t state = stream.seed;
	while (stream.count < GROUP_WORDS) {
		unsigned row = (first + stream.count % GROUP) % rows;
		stream.words[stream.count++] = instance_of(row, &state);
	}
	stream.ticks = 1500;
	stream_run(&stream);
}

Test(riscv_random, every_row_runs_alike_in_every_engine)
{
	unsigned rows = riscv_row_count + riscv_row16_count;
	for (unsigned first = 0; first < rows; first += GROUP)
		for (uint64_t round = 0; round < GROUP_ROUNDS; round++) {
			run_group(0x200000000 + 1001ull * first + round, first, rows);
			/* And where little but the instruction itself can make it trap. */
			uint64_t seed = 0x300000000 + 5000ull * first + round;
			run_group(seed - seed % STREAM_PLACES, first, rows);
		}
}
