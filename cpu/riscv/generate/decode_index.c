/*
 * Prints the decoder's index as C: for each bucket of decode_index.h, the rows that may match,
 * those with more mask bits first. Runs at build time, on the build host.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cpu/riscv/decode_index.h"

struct row {
	unsigned number;
	uint32_t mask, match;
};

static const struct row rows[] = {
#define INSN(name, need, mask, match, ...) {0, mask, match},
#include "cpu/riscv/insn.def"
#undef INSN
};

static const struct row rows16[] = {
#define INSN16(name, need, mask, match, ...) {0, mask, match},
#include "cpu/riscv/insn16.def"
#undef INSN16
};

/* The bits that all members of a bucket share. */
struct shared {
	uint32_t mask, value;
};

static struct shared bucket_bits(unsigned bucket)
{
	unsigned opcode = bucket >> 5, minor = bucket & 31;
	struct shared shared = {0x7c | 3, opcode << 2 | 3};
	if (opcode == RV_OPCODE_OP_FP) {
		shared.mask |= 0xf8000000;
		shared.value |= minor << 27;
	} else {
		shared.mask |= 0x7000;
		shared.value |= minor << 12;
	}
	return shared;
}

static struct shared bucket_bits16(unsigned bucket)
{
	return (struct shared){0xe003, (bucket & 7) << 13 | bucket >> 3};
}

static int by_mask_bits(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	int bits = __builtin_popcount(b->mask) - __builtin_popcount(a->mask);
	return bits ? bits : (int)a->number - (int)b->number;
}

static void print_index(const char *suffix, const struct row *all, unsigned count, unsigned buckets,
			struct shared (*bits)(unsigned bucket))
{
	struct row *candidates = calloc(count, sizeof(*candidates));
	unsigned *first = calloc(buckets + 1, sizeof(*first));
	if (!candidates || !first)
		exit(1);

	printf("static const uint16_t decode_candidates%s[] = {", suffix);
	unsigned total = 0;
	for (unsigned bucket = 0; bucket < buckets; bucket++) {
		struct shared shared = bits(bucket);
		unsigned found = 0;
		for (unsigned i = 0; i < count; i++) {
			if ((all[i].match ^ shared.value) & all[i].mask & shared.mask)
				continue;
			candidates[found] = all[i];
			candidates[found++].number = i;
		}
		qsort(candidates, found, sizeof(*candidates), by_mask_bits);
		first[bucket] = total;
		for (unsigned i = 0; i < found; i++, total++)
			printf("%s%u,", total % 16 ? " " : "\n\t", candidates[i].number);
	}
	first[buckets] = total;
	printf("\n};\n\nstatic const uint16_t decode_first%s[] = {", suffix);
	for (unsigned bucket = 0; bucket <= buckets; bucket++)
		printf("%s%u,", bucket % 16 ? " " : "\n\t", first[bucket]);
	printf("\n};\n");
	free(candidates);
	free(first);
}

int main(void)
{
	printf("/* Generated from insn.def and insn16.def. */\n\n");
	print_index("", rows, sizeof(rows) / sizeof(rows[0]), RV_BUCKETS, bucket_bits);
	printf("\n");
	print_index("16", rows16, sizeof(rows16) / sizeof(rows16[0]), RV_BUCKETS16, bucket_bits16);
	return ferror(stdout) || fflush(stdout);
}
