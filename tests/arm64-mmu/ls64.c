/* Which memory takes 64-byte accesses (arm64-el2-traps facts, 4). */
#include <criterion/criterion.h>

#include "tests/arm64-mmu/ground.h"

enum {
	LD64B_X2_X1 = 0xf83fd022,
	ST64BV0_X10_X2_X1 = 0xf82aa022,
	HCRX_LS64 = 7,
};
#define VA 0xffff000010000000ull

static const struct {
	uint64_t leaf; /* 0: not mapped */
	uint32_t word;
	uint64_t esr; /* 0: done */
} cases[] = {
	{LEAF_AF | LEAF_ATTR(ATTR_DEVICE),           LD64B_X2_X1,       0          },
	{LEAF_AF | LEAF_ATTR(ATTR_NON_CACHEABLE),    LD64B_X2_X1,       0          },
	{LEAF_AF | LEAF_ATTR(ATTR_NORMAL),           LD64B_X2_X1,       0x96000035 },
	{LEAF_AF | LEAF_ATTR(ATTR_NORMAL),           ST64BV0_X10_X2_X1, 0x96000075 },
 /* Faults of the address: ISS.LST tells which it was, ISS2 the register of the status. */
	{0,					  LD64B_X2_X1,       0x96001007 },
	{0,					  ST64BV0_X10_X2_X1, 0xa96001847},
	{LEAF_AF | LEAF_RO | LEAF_ATTR(ATTR_DEVICE), ST64BV0_X10_X2_X1, 0xa9600184f},
};

Test(arm64_mmu, memory_of_64_byte_accesses)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++)
		for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct ground ground;
			ground_init(&ground, bench_engines[e], NULL);
			arm64_sysreg_set(ground.bench.pe, A64_HCRX_EL2, HCRX_LS64);
			ground_stage1(&ground);
			ground_map(&ground, &ground.high, VA + 0x1000, 3, BENCH_DATA, LEAF_AF);
			if (cases[i].leaf)
				ground_map(&ground, &ground.high, VA, 3, BENCH_DATA, cases[i].leaf);
			ground.bench.pe->cpu.r[1] = VA;
			bench_store(&ground.bench, BENCH_DATA + 56, 8, 0x1122334455667788);
			bool done = ground_run(&ground, A64_EL1, cases[i].word);
			cr_expect_eq(done, cases[i].esr == 0, "%s, case %u", bench_engines[e], i);
			if (cases[i].esr)
				cr_expect_eq(bench_esr(&ground.bench), cases[i].esr,
					     "%s, case %u: ESR %lx", bench_engines[e], i,
					     bench_esr(&ground.bench));
			else
				cr_expect_eq(ground.bench.pe->cpu.r[9], 0x1122334455667788);
			ground_fini(&ground);
		}
}
