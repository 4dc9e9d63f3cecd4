/*
 * Granules, levels and address sizes: every leaf that the manual allows, and the faults where it
 * does not (Arm ARM, D8.2 and D8.3). Asked by AT S1E1R at EL2, so that no code needs to be mapped.
 */
#include <criterion/criterion.h>

#include "tests/arm64-mmu/ground.h"

#define AT_S1E1R_X1 0xd5087801
#define PATTERN     0x000a5a5a5a5a5a58ull /* of addresses */
#define OUTPUT      0x00003c3c3c3c3c3cull
#define OUTPUT_WIDE 0x000d3c3c3c3c3c3cull

/* Which level comes first for an input size, and where blocks may be. */
static const struct {
	unsigned granule;
	bool wide;
	unsigned input_bits;
	int start;
	int first_block;
} rows[] = {
	{4,  false, 16, 3,  1},
        {4,  false, 21, 3,  1},
        {4,  false, 22, 2,  1},
        {4,  false, 30, 2,  1},
	{4,  false, 31, 1,  1},
        {4,  false, 36, 1,  1},
        {4,  false, 39, 1,  1},
        {4,  false, 40, 0,  1},
	{4,  false, 42, 0,  1},
        {4,  false, 48, 0,  1},
        {4,  true,  39, 1,  0},
        {4,  true,  48, 0,  0},
	{4,  true,  49, -1, 0},
        {4,  true,  52, -1, 0},
        {16, false, 16, 3,  2},
        {16, false, 25, 3,  2},
	{16, false, 26, 2,  2},
        {16, false, 36, 2,  2},
        {16, false, 37, 1,  2},
        {16, false, 47, 1,  2},
	{16, false, 48, 0,  2},
        {16, true,  47, 1,  1},
        {16, true,  48, 0,  1},
        {16, true,  52, 0,  1},
	{64, true,  17, 3,  1},
        {64, true,  29, 3,  1},
        {64, true,  30, 2,  1},
        {64, true,  42, 2,  1},
	{64, true,  43, 1,  1},
        {64, true,  48, 1,  1},
        {64, true,  52, 1,  1},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static uint64_t low_bits(unsigned bits)
{
	return (1ull << bits) - 1;
}

/* An address of a half, of a size. */
static uint64_t address_of(unsigned input_bits, bool high)
{
	uint64_t low = PATTERN & low_bits(input_bits);
	return high ? low | ~low_bits(input_bits) : low;
}

static void set_up(struct ground *ground, unsigned row, uint64_t extra_tcr)
{
	struct arm64_cpu *pe = ground->bench.pe;
	ground->next = BENCH_RAM + 0x10000;
	ground_tables(ground, &ground->low, rows[row].granule, rows[row].start,
		      rows[row].input_bits, rows[row].wide);
	ground->high = ground->low; /* one at a time is looked at */
	uint64_t tcr = ground_tcr(rows[row].granule, rows[row].input_bits, rows[row].wide);
	arm64_sysreg_set(pe, A64_MAIR_EL1, GROUND_MAIR);
	arm64_sysreg_set(pe, A64_TCR_EL1, tcr | extra_tcr);
	arm64_sysreg_set(pe, A64_TTBR0_EL1, ground->low.root);
	arm64_sysreg_set(pe, A64_TTBR1_EL1, ground->low.root);
	arm64_sysreg_set(pe, A64_SCTLR_EL1, SCTLR_M);
}

static uint64_t par_of(struct ground *ground, uint64_t address)
{
	ground->bench.pe->cpu.r[1] = address;
	cr_assert(ground_run(ground, A64_EL2, AT_S1E1R_X1));
	return ground->bench.pe->sysreg[A64_PAR_EL1];
}

#define PAR_ADDRESS   0x000ffffffffff000ull
#define PAR_STATUS(p) ((p)&1 ? (p) >> 1 & 0x3f : ~0ull)

static uint64_t level_code(uint64_t base, uint64_t minus_one, int level)
{
	return level < 0 ? minus_one : base + (unsigned)level;
}

/* One row, one half, one level: a leaf is found or refused, and so are broken ones. */
static void check_level(struct ground *ground, unsigned row, bool high, int level)
{
	unsigned bits = ground_level_bits(rows[row].granule, level);
	uint64_t address = address_of(rows[row].input_bits, high);
	uint64_t output = (rows[row].wide ? OUTPUT_WIDE : OUTPUT) & ~low_bits(bits);
	bool allowed = level == 3 || level >= rows[row].first_block;
	set_up(ground, row, 0);
	uint64_t entry = ground_entry(ground, &ground->low, address, level, 0);
	uint64_t par = par_of(ground, address);
	cr_expect_eq(PAR_STATUS(par), level_code(4, 0x2b, level),
		     "row %u level %d: not mapped: PAR %lx", row, level, par);
	uint64_t leaf = ground_leaf(&ground->low, level, output, LEAF_AF);
	bench_store(&ground->bench, entry, 8, leaf);
	par = par_of(ground, address);
	if (!allowed) {
		cr_expect_eq(PAR_STATUS(par), level_code(4, 0x2b, level),
			     "row %u level %d: no block here: PAR %lx", row, level, par);
		return;
	}
	uint64_t expected = (output | (address & low_bits(bits))) & PAR_ADDRESS;
	cr_expect(!(par & 1) && (par & PAR_ADDRESS) == expected,
		  "row %u level %d high %d: PAR %lx, wanted %lx", row, level, high, par, expected);
	bench_store(&ground->bench, entry, 8, leaf & ~LEAF_AF);
	par = par_of(ground, address);
	cr_expect_eq(PAR_STATUS(par), level_code(8, 8, level), "row %u level %d: AF: PAR %lx", row,
		     level, par);
	if (level == 3) {
		bench_store(&ground->bench, entry, 8, leaf & ~2ull);
		par = par_of(ground, address);
		cr_expect_eq(PAR_STATUS(par), 7, "row %u: a block at level 3: PAR %lx", row, par);
	}
}

Test(arm64_mmu_sizes, every_granule_level_and_size)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct ground ground;
		ground_init(&ground, bench_engines[e], NULL);
		for (unsigned row = 0; row < ROWS; row++)
			for (unsigned high = 0; high < 2; high++)
				for (int level = rows[row].start; level <= 3; level++)
					check_level(&ground, row, high, level);
		ground_fini(&ground);
	}
}

/* IPS of 32 bits: outputs beyond are refused, of a leaf, of a table, of TTBR0_EL1. */
Test(arm64_mmu_sizes, address_size_faults)
{
	enum { IPS = 7 };
	const uint64_t beyond = 1ull << 32;
	for (unsigned row = 0; row < ROWS; row++) {
		struct ground ground;
		ground_init(&ground, "step", NULL);
		uint64_t address = address_of(rows[row].input_bits, false);
		int start = rows[row].start;
		for (int level = start; level <= 3; level++) {
			if (level < 3 && level < rows[row].first_block)
				continue;
			set_up(&ground, row, 0);
			uint64_t tcr = ground.bench.pe->sysreg[A64_TCR_EL1] & ~(7ull << 32);
			arm64_sysreg_set(ground.bench.pe, A64_TCR_EL1, tcr);
			unsigned bits = ground_level_bits(rows[row].granule, level);
			uint64_t output = bits > 32 ? 1ull << bits : beyond;
			if (bits >= (rows[row].wide ? 52 : 48))
				continue;
			ground_map(&ground, &ground.low, address, level, output, LEAF_AF);
			uint64_t par = par_of(&ground, address);
			cr_expect_eq(PAR_STATUS(par), (unsigned)level, "row %u level %d: PAR %lx",
				     row, level, par);
		}
		if (start < 3) {
			set_up(&ground, row, 0);
			uint64_t tcr = ground.bench.pe->sysreg[A64_TCR_EL1] & ~(7ull << 32);
			arm64_sysreg_set(ground.bench.pe, A64_TCR_EL1, tcr);
			uint64_t entry = ground_entry(&ground, &ground.low, address, start, 0);
			bench_store(&ground.bench, entry, 8, beyond | 3);
			uint64_t par = par_of(&ground, address);
			cr_expect_eq(PAR_STATUS(par), level_code(0, 0x29, start),
				     "row %u: table: PAR %lx", row, par);
		}
		arm64_sysreg_set(ground.bench.pe, A64_TTBR0_EL1, beyond);
		uint64_t par = par_of(&ground, address);
		cr_expect_eq(PAR_STATUS(par), 0, "row %u: TTBR0_EL1: PAR %lx", row, par);
		ground_fini(&ground);
	}
}

/* Bits above the input size must be like bit 55; TBI lets the top byte be anything. */
Test(arm64_mmu_sizes, addresses_out_of_range_and_with_tags)
{
	const uint64_t tbi0 = 1ull << 37, epd0 = 1ull << 7;
	struct ground ground;
	ground_init(&ground, "step", NULL);
	for (unsigned row = 0; row < ROWS; row++) {
		uint64_t address = address_of(rows[row].input_bits, false);
		uint64_t tagged = address | 0x5aull << 56, status;
		uint64_t outside = address | 1ull << rows[row].input_bits;
		set_up(&ground, row, 0);
		ground_map(&ground, &ground.low, address, 3, BENCH_DATA, LEAF_AF);
		cr_expect_eq(par_of(&ground, address) & 1, 0, "row %u", row);
		status = PAR_STATUS(par_of(&ground, tagged));
		cr_expect_eq(status, 4, "row %u: tag: %lx", row, status);
		status = PAR_STATUS(par_of(&ground, outside));
		cr_expect_eq(status, 4, "row %u: outside: %lx", row, status);
		uint64_t tcr = ground.bench.pe->sysreg[A64_TCR_EL1];
		arm64_sysreg_set(ground.bench.pe, A64_TCR_EL1, tcr | tbi0);
		cr_expect_eq(par_of(&ground, tagged) & 1, 0, "row %u: TBI0", row);
		arm64_sysreg_set(ground.bench.pe, A64_TCR_EL1, tcr | epd0);
		status = PAR_STATUS(par_of(&ground, address));
		cr_expect_eq(status, 4, "row %u: EPD0: %lx", row, status);
	}
	ground_fini(&ground);
}

/* A table that is its own entry ends at level 3; tables in no memory are an external abort. */
Test(arm64_mmu_sizes, tables_that_loop_or_lie_nowhere)
{
	enum { EC = 26, DATA_ABORT_SAME = 0x25 };
	struct ground ground;
	ground_init(&ground, "step", NULL);
	set_up(&ground, 9, 0);
	uint64_t root = ground.low.root;
	for (unsigned i = 0; i < 512; i++)
		bench_store(&ground.bench, root + 8ull * i, 8, root | LEAF_AF | 3);
	uint64_t par = par_of(&ground, 0x123456789000);
	cr_expect_eq(par & PAR_ADDRESS, root, "PAR %lx", par);
	arm64_sysreg_set(ground.bench.pe, A64_TTBR0_EL1, 0x7fff0000);
	cr_expect(!ground_run(&ground, A64_EL2, AT_S1E1R_X1));
	uint64_t esr = bench_esr(&ground.bench);
	cr_expect_eq(esr >> EC, DATA_ABORT_SAME, "ESR %lx", esr);
	cr_expect_eq(esr & 0x3f, 0x14, "ESR %lx", esr);
	ground_fini(&ground);
}
