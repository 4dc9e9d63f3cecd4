/*
 * What the bodies of uop.def are made of, common to the engines that expand it in C. An engine
 * defines DONE(slots) (go on after this micro-op), TRAPPED(), LEAVE_AFTER(), and the control verbs.
 */
#ifndef ENGINE_VERBS_H
#define ENGINE_VERBS_H

#include <endian.h>
#include <string.h>

#include "engine/atomic.h"
#include "engine/flags.h"
#include "engine/fp_host.h"
#include "engine/uop.h"
#include "engine/vector.h"
#include "mmu/mmu.h"

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Operands. */
#define D                  (cpu->r[uop->d])
#define A                  (cpu->r[uop->a])
#define B                  (cpu->r[uop->b])
#define IMM                ((int64_t)uop->imm)
#define WIDE               (uop_wide(uop, 1)->value)
#define STATE              (*(uint64_t *)((char *)cpu + uop->imm))
#define FD                 (cpu->v[uop->d].d[0])
#define FA                 (cpu->v[uop->a].d[0])
#define FB                 (cpu->v[uop->b].d[0])
#define FC                 (cpu->v[uop->imm >> 8 & 31].d[0])
#define FAS                fp_unbox32(FA | cpu->unbox)
#define FBS                fp_unbox32(FB | cpu->unbox)
#define FCS                fp_unbox32(FC | cpu->unbox)
#define BOX32(x)           (fp_box32(x) ^ cpu->unbox)
#define BOX16(x)           (fp_box16(x) ^ (cpu->unbox | cpu->unbox >> 16))
#define FP                 (&cpu->fp)
#define FLAGS_ORDER(order) flags_order_operand(order)
#define ROUNDING           ((uint8_t)(uop->imm == 7 ? cpu->fp.rm : uop->imm))

/* The bit field that an immediate names. */
#define FIELD_AT        (IMM & 63)
#define FIELD_WIDTH     ((IMM >> 8 & 63) + 1)
#define FIELD_MASK      (UINT64_MAX >> (64 - FIELD_WIDTH))
#define FIELD_SIGNED(x) ((uint64_t)((int64_t)((x) << (64 - FIELD_WIDTH)) >> (64 - FIELD_WIDTH)))

/* Condition flags: what set them, and how to read it. */
#define SET_FLAGS(x, y)                                                                            \
	(cpu->r[REG_FLAGS_A] = (x), cpu->r[REG_FLAGS_B] = (y), cpu->flags = uop->imm & 3)

#ifndef SET_FLAGS_LOW
#define SET_FLAGS_LOW(x, y) SET_FLAGS((x) << 32, (y) << 32)
#endif

/* Arithmetic that C does not spell. */
#define SEXT32(x)      ((uint64_t)(int64_t)(int32_t)(uint32_t)(x))
#define ROTATE64(x, n) ((x) >> ((n)&63) | (x) << (-(n)&63))
#define ROTATE32(x, n) ((uint32_t)(x) >> ((n)&31) | (uint32_t)(x) << (-(n)&31))

static inline uint64_t uop_divide64(uint64_t a, uint64_t b)
{
	if (b == 0)
		return UINT64_MAX;
	if (b == UINT64_MAX) /* INT64_MIN / -1 would trap on the host */
		return -a;
	return (uint64_t)((int64_t)a / (int64_t)b);
}

static inline uint64_t uop_remainder64(uint64_t a, uint64_t b)
{
	if (b == 0)
		return a;
	return b == UINT64_MAX ? 0 : (uint64_t)((int64_t)a % (int64_t)b);
}

static inline uint64_t uop_divide32(uint64_t a, uint64_t b)
{
	int32_t x = (int32_t)a, y = (int32_t)b;
	if (y == 0)
		return UINT64_MAX;
	return SEXT32(y == -1 ? 0u - (uint32_t)x : (uint32_t)(x / y));
}

static inline uint64_t uop_remainder32(uint64_t a, uint64_t b)
{
	int32_t x = (int32_t)a, y = (int32_t)b;
	if (y == 0)
		return SEXT32(x);
	return y == -1 ? 0 : SEXT32(x % y);
}

#define DIVIDE_SIGNED64(a, b)    uop_divide64(a, b)
#define REMAINDER_SIGNED64(a, b) uop_remainder64(a, b)
#define DIVIDE_SIGNED32(a, b)    uop_divide32(a, b)
#define REMAINDER_SIGNED32(a, b) uop_remainder32(a, b)

/* Reverses the bits of every byte. */
static inline uint64_t uop_brev8(uint64_t a)
{
	a = (a & 0x5555555555555555ull) << 1 | (a >> 1 & 0x5555555555555555ull);
	a = (a & 0x3333333333333333ull) << 2 | (a >> 2 & 0x3333333333333333ull);
	return (a & 0x0f0f0f0f0f0f0f0full) << 4 | (a >> 4 & 0x0f0f0f0f0f0f0f0full);
}

/* 0xff for every byte that is not zero. */
static inline uint64_t uop_orc_b(uint64_t a)
{
	uint64_t high = 0x8080808080808080ull;
	uint64_t set = (((a & ~high) + ~high) | a) & high;
	return (set >> 7) * 0xff;
}

static inline unsigned __int128 uop_clmul_wide(uint64_t a, uint64_t b)
{
	unsigned __int128 product = 0, x = a;
	for (; b; b >>= 1, x <<= 1)
		if (b & 1)
			product ^= x;
	return product;
}

static inline uint64_t uop_clmul(uint64_t a, uint64_t b)
{
	return (uint64_t)uop_clmul_wide(a, b);
}

static inline uint64_t uop_clmulh(uint64_t a, uint64_t b)
{
	return (uint64_t)(uop_clmul_wide(a, b) >> 64);
}

static inline uint64_t uop_clmulr(uint64_t a, uint64_t b)
{
	return (uint64_t)(uop_clmul_wide(a, b) >> 63);
}

/* The TLB entry for an address, and what its tag must be for a hit. */
static inline const struct cpu_tlb_entry *tlb_entry(const struct cpu *cpu, uint64_t address)
{
	return &cpu->data_tlb->entry[address >> CPU_PAGE_BITS & (CPU_TLB_ENTRIES - 1)];
}

/*
 * Aligned-only accesses keep their low bits, so that a misaligned one cannot match; the others
 * compare the page of their last byte, so that one that crosses into the next page cannot.
 */
static inline uint64_t tlb_probe(uint64_t address, unsigned size, bool aligned_only)
{
	return aligned_only ? address & (CPU_PAGE_MASK | (size - 1))
			    : (address + size - 1) & CPU_PAGE_MASK;
}

/* Moves a value if the TLB knows where it is. */
static inline bool verb_load_fast(const struct cpu *cpu, uint64_t address, unsigned size,
				  bool aligned_only, void *value)
{
	const struct cpu_tlb_entry *entry = tlb_entry(cpu, address);
	if (entry->read != tlb_probe(address, size, aligned_only))
		return false;
	__builtin_memcpy(value, (const void *)(entry->host + address), size);
	return true;
}

static inline bool verb_store_fast(const struct cpu *cpu, uint64_t address, unsigned size,
				   bool aligned_only, const void *value)
{
	const struct cpu_tlb_entry *entry = tlb_entry(cpu, address);
	if (entry->write != tlb_probe(address, size, aligned_only))
		return false;
	__builtin_memcpy((void *)(entry->host + address), value, size);
	return true;
}

/* Slow paths of LOAD and STORE: false when cpu->trap is set; a load leaves cpu->slow_value. */
bool verb_load_slow(struct cpu *cpu, const struct uop *uop, uint64_t address, unsigned size);
bool verb_store_slow(struct cpu *cpu, const struct uop *uop, uint64_t address, unsigned size,
		     uint64_t value);
/* The same of LOAD_VECTOR, which writes d, and STORE_VECTOR: two accesses of 64 bits. */
bool verb_load_vector_slow(struct cpu *cpu, const struct uop *uop, uint64_t address);
bool verb_store_vector_slow(struct cpu *cpu, const struct uop *uop, uint64_t address);

#endif
