/*
 * How the decoder finds its candidates: a bucket for each combination of the most telling bits.
 * Shared by the decoder and by the program that makes its tables at build time
 * (generate/decode_index.c), so that the tables are constants.
 */
#ifndef CPU_ARM64_DECODE_INDEX_H
#define CPU_ARM64_DECODE_INDEX_H

#include <stdint.h>

#define A64_BUCKET_SHIFT 21
#define A64_BUCKETS      (1 << (32 - A64_BUCKET_SHIFT))

static inline unsigned arm64_bucket(uint32_t word)
{
	return word >> A64_BUCKET_SHIFT;
}

#endif
