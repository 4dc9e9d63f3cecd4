/*
 * The ground that address translation is tested on: a bench whose tables the test builds, by the
 * sizes that the manual prints (Arm ARM, D8.2 and D8.3) instead of formulas.
 */
#ifndef TESTS_ARM64_MMU_GROUND_H
#define TESTS_ARM64_MMU_GROUND_H

#include "cpu/arm64/pe.h"
#include "cpu/arm64/sysreg.h"
#include "tests/arm64-insn/bench.h"

/* Descriptor bits. */
#define LEAF_AF      (1ull << 10)
#define LEAF_NG      (1ull << 11)
#define LEAF_EL0     (1ull << 6)
#define LEAF_RO      (1ull << 7)
#define LEAF_DBM     (1ull << 51)
#define LEAF_CONT    (1ull << 52)
#define LEAF_PXN     (1ull << 53)
#define LEAF_UXN     (1ull << 54)
#define LEAF_ATTR(n) ((uint64_t)(n) << 2)
#define LEAF2_READ   (1ull << 6)
#define LEAF2_WRITE  (1ull << 7)
#define LEAF2_NORMAL (15ull << 2)
#define LEAF2_DEVICE (1ull << 2)
#define LEAF2_RW     (LEAF_AF | LEAF2_READ | LEAF2_WRITE | LEAF2_NORMAL)

/* What MAIR_ELx holds. */
enum { ATTR_NORMAL, ATTR_DEVICE, ATTR_NON_CACHEABLE };
#define GROUND_MAIR 0x4400ffull

/* Tables of one stage, or of one half of stage 1. */
struct tables {
	struct bench *bench;
	unsigned granule; /* KiB: 4, 16, 64 */
	int start;
	unsigned input_bits;
	bool wide; /* descriptors with 52 bits of address */
	uint64_t root;
};

struct ground {
	struct bench bench;
	uint64_t next; /* memory for tables */
	struct tables low, high, second;
};

/* log2 of what one entry of a level translates: as the manual's tables say. */
unsigned ground_level_bits(unsigned granule, int level);

void ground_init(struct ground *ground, const char *engine, const struct arm64_config *config);
void ground_fini(struct ground *ground);

/* Makes empty tables. */
void ground_tables(struct ground *ground, struct tables *tables, unsigned granule, int start,
		   unsigned input_bits, bool wide);

/* The descriptor of a block or page. */
uint64_t ground_leaf(const struct tables *tables, int level, uint64_t output, uint64_t bits);

/* The place of the descriptor of an address at a level; tables above it are made, with bits. */
uint64_t ground_entry(struct ground *ground, struct tables *tables, uint64_t input, int level,
		      uint64_t table_bits);

/* Maps the block or page of an address. */
void ground_map(struct ground *ground, struct tables *tables, uint64_t input, int level,
		uint64_t output, uint64_t bits);

/*
 * Stage 1 of EL1&0: both halves with 4 KiB and 48 bits, on; RAM is mapped as it lies, to be read
 * and executed by all.
 */
void ground_stage1(struct ground *ground);

/* Stage 2: 4 KiB, 40 bits from level 1, on; RAM is mapped as it lies if so wanted. */
void ground_stage2(struct ground *ground, bool map_ram);

/* The value of TCR_EL1 for both halves alike. */
uint64_t ground_tcr(unsigned granule, unsigned input_bits, bool wide);

/* Runs one instruction at a level. True: nothing was raised. */
bool ground_run(struct ground *ground, unsigned level, uint32_t word);

#endif
