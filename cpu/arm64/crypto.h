/* Cryptographic instructions: helpers that take vector registers d, a and b. Internal to arm64. */
#ifndef CPU_ARM64_CRYPTO_H
#define CPU_ARM64_CRYPTO_H

#include "core/cpu.h"
#include "engine/uop.h"

/*
 * A helper of each instruction: crypto_AESE and so on. imm bits 5:0: bits 15:10 of the instruction,
 * which are the fourth register, an amount or an index.
 */
#define CRYPTO(id) uop_helper crypto_##id;
#include "cpu/arm64/crypto.def"
#undef CRYPTO

static inline uint32_t crypto_rol32(uint32_t x, unsigned by)
{
	return x << (by & 31) | x >> (-by & 31);
}
static inline uint32_t crypto_ror32(uint32_t x, unsigned by)
{
	return crypto_rol32(x, 32 - by);
}
static inline uint64_t crypto_ror64(uint64_t x, unsigned by)
{
	return x >> (by & 63) | x << (-by & 63);
}

/* Functions of FIPS 180-4, bit by bit: x ? y : z; and what most of them are. */
static inline uint64_t crypto_choose(uint64_t x, uint64_t y, uint64_t z)
{
	return (x & y) | (~x & z);
}
static inline uint64_t crypto_majority(uint64_t x, uint64_t y, uint64_t z)
{
	return (x & y) | (x & z) | (y & z);
}

#endif
