/*
 * Prints the decoder's index as C: for each bucket of decode_index.h, the rows that may match,
 * those with more mask bits first. Runs at build time, on the build host.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cpu/arm64/decode_index.h"

struct row {
	unsigned number;
	uint32_t mask, match;
};

static const struct row rows[] = {
#define A64(id, name, mask, match, ...) {0, mask, match},
#include "cpu/arm64/insn.def"
#undef A64
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static int by_mask_bits(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	int bits = __builtin_popcount(b->mask) - __builtin_popcount(a->mask);
	return bits ? bits : (int)a->number - (int)b->number;
}

int main(void)
{
	static struct row candidates[ROWS];
	static unsigned first[A64_BUCKETS + 1];
	unsigned total = 0;
	printf("/* Generated from insn.def. */\n\nstatic const uint16_t decode_candidates[] = {");
	for (unsigned bucket = 0; bucket < A64_BUCKETS; bucket++) {
		uint32_t value = bucket << A64_BUCKET_SHIFT, mask = UINT32_MAX << A64_BUCKET_SHIFT;
		unsigned found = 0;
		for (unsigned i = 0; i < ROWS; i++) {
			if ((rows[i].match ^ value) & rows[i].mask & mask)
				continue;
			candidates[found] = rows[i];
			candidates[found++].number = i;
		}
		qsort(candidates, found, sizeof(*candidates), by_mask_bits);
		first[bucket] = total;
		for (unsigned i = 0; i < found; i++, total++)
			printf("%s%u,", total % 16 ? " " : "\n\t", candidates[i].number);
	}
	first[A64_BUCKETS] = total;
	printf("\n};\n\nstatic const uint16_t decode_first[] = {");
	for (unsigned bucket = 0; bucket <= A64_BUCKETS; bucket++)
		printf("%s%u,", bucket % 16 ? " " : "\n\t", first[bucket]);
	printf("\n};\n");
	return ferror(stdout) || fflush(stdout);
}
