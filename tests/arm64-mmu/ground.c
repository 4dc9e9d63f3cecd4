#include "tests/arm64-mmu/ground.h"

#include <criterion/criterion.h>
#include <string.h>

#define TABLES (BENCH_RAM + 0x10000)

unsigned ground_level_bits(unsigned granule, int level)
{
	static const struct {
		unsigned granule;
		unsigned bits[5]; /* of levels -1 to 3 */
	} rows[] = {
		{4,  {48, 39, 30, 21, 12}},
		{16, {0, 47, 36, 25, 14} },
		{64, {0, 0, 42, 29, 16}  },
	};
	for (unsigned i = 0; i < 3; i++)
		if (rows[i].granule == granule)
			return rows[i].bits[level + 1];
	cr_assert_fail("no granule of %u KiB", granule);
	return 0;
}

void ground_init(struct ground *ground, const char *engine, const struct arm64_config *config)
{
	memset(ground, 0, sizeof(*ground));
	bench_init(&ground->bench, engine, config);
	ground->next = TABLES;
}

void ground_fini(struct ground *ground)
{
	bench_fini(&ground->bench);
}

static uint64_t allocate(struct ground *ground, uint64_t size)
{
	uint64_t at = (ground->next + size - 1) & ~(size - 1);
	ground->next = at + size;
	cr_assert(ground->next <= BENCH_DATA, "no memory for more tables");
	for (uint64_t i = 0; i < size; i += 8)
		bench_store(&ground->bench, at + i, 8, 0);
	return at;
}

void ground_tables(struct ground *ground, struct tables *tables, unsigned granule, int start,
		   unsigned input_bits, bool wide)
{
	uint64_t size = 8ull << (input_bits - ground_level_bits(granule, start));
	*tables = (struct tables){
		.bench = &ground->bench,
		.granule = granule,
		.start = start,
		.input_bits = input_bits,
		.wide = wide,
		.root = allocate(ground, size < 64 ? 64 : size),
	};
}

/* Where the top bits of a 52-bit address go. */
static uint64_t address_bits(const struct tables *tables, uint64_t output)
{
	uint64_t low = output & 0xffffffffffffull;
	if (!tables->wide)
		return output;
	if (tables->granule == 64)
		return low | (output >> 48 & 15) << 12;
	return (output & 0x3ffffffffffffull) | (output >> 50 & 3) << 8;
}

uint64_t ground_leaf(const struct tables *tables, int level, uint64_t output, uint64_t bits)
{
	return address_bits(tables, output) | bits | (level == 3 ? 3 : 1);
}

uint64_t ground_entry(struct ground *ground, struct tables *tables, uint64_t input, int level,
		      uint64_t table_bits)
{
	uint64_t table = tables->root;
	input &= (1ull << tables->input_bits) - 1;
	for (int at = tables->start;; at++) {
		uint64_t index = input >> ground_level_bits(tables->granule, at);
		if (at > tables->start)
			index &= tables->granule * 1024ull / 8 - 1;
		uint64_t entry = table + index * 8;
		if (at == level)
			return entry;
		uint64_t descriptor = bench_load(tables->bench, entry, 8);
		if (!(descriptor & 1)) {
			table = allocate(ground, tables->granule * 1024ull);
			bench_store(tables->bench, entry, 8,
				    address_bits(tables, table) | 3 | table_bits);
		} else {
			table = descriptor & 0xfffffffff000ull;
		}
	}
}

void ground_map(struct ground *ground, struct tables *tables, uint64_t input, int level,
		uint64_t output, uint64_t bits)
{
	uint64_t entry = ground_entry(ground, tables, input, level, 0);
	bench_store(tables->bench, entry, 8, ground_leaf(tables, level, output, bits));
}

uint64_t ground_tcr(unsigned granule, unsigned input_bits, bool wide)
{
	uint64_t tsz = 64 - input_bits;
	uint64_t tg0 = granule == 4 ? 0 : granule == 64 ? 1 : 2;
	uint64_t tg1 = granule == 4 ? 2 : granule == 16 ? 1 : 3;
	uint64_t ips = wide ? 6 : 5, ds = wide && granule != 64;
	return tsz | tg0 << 14 | tsz << 16 | tg1 << 30 | ips << 32 | ds << 59;
}

void ground_stage1(struct ground *ground)
{
	struct arm64_cpu *pe = ground->bench.pe;
	ground_tables(ground, &ground->low, 4, 0, 48, false);
	ground_tables(ground, &ground->high, 4, 0, 48, false);
	ground_map(ground, &ground->low, BENCH_RAM, 2, BENCH_RAM, LEAF_AF | LEAF_RO | LEAF_EL0);
	arm64_sysreg_set(pe, A64_MAIR_EL1, GROUND_MAIR);
	arm64_sysreg_set(pe, A64_TCR_EL1, ground_tcr(4, 48, false));
	arm64_sysreg_set(pe, A64_TTBR0_EL1, ground->low.root);
	arm64_sysreg_set(pe, A64_TTBR1_EL1, ground->high.root);
	arm64_sysreg_set(pe, A64_SCTLR_EL1, SCTLR_M | SCTLR_SPAN);
}

void ground_stage2(struct ground *ground, bool map_ram)
{
	enum { T0SZ = 24, SL0 = 1 << 6, PS_48 = 5 << 16 };
	struct arm64_cpu *pe = ground->bench.pe;
	ground_tables(ground, &ground->second, 4, 1, 40, false);
	if (map_ram)
		ground_map(ground, &ground->second, BENCH_RAM, 2, BENCH_RAM, LEAF2_RW);
	arm64_sysreg_set(pe, A64_VTCR_EL2, T0SZ | SL0 | PS_48);
	arm64_sysreg_set(pe, A64_VTTBR_EL2, ground->second.root);
	arm64_sysreg_set(pe, A64_HCR_EL2, HCR_RW | HCR_VM);
}

bool ground_run(struct ground *ground, unsigned level, uint32_t word)
{
	bench_set_level(&ground->bench, level);
	return bench_run(&ground->bench, &word, 1);
}
