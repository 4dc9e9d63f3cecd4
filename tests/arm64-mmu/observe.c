/* What observers are told of walks: each stage's own, with the descriptors that it read. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/arm64-mmu/ground.h"

enum { LDR_X0_X1 = 0xf9400020, SEEN_MAX = 16 };

struct seen {
	struct observation what[SEEN_MAX];
	unsigned count;
};

static void see(void *opaque, const struct cpu *cpu, const struct observation *observation)
{
	struct seen *seen = opaque;
	(void)cpu;
	if (seen->count < SEEN_MAX)
		seen->what[seen->count++] = *observation;
}

/* The walk of a stage for an address, or NULL. */
static const struct observation *find(const struct seen *seen, unsigned stage, bool of_table,
				      uint64_t address)
{
	for (unsigned i = 0; i < seen->count; i++) {
		const struct observation *what = &seen->what[i];
		if (what->walk.stage == stage && what->walk.of_table == of_table &&
		    what->walk.address == address)
			return what;
	}
	return NULL;
}

static void watch(struct ground *ground, struct seen *seen, uint64_t address)
{
	struct observer observer = {
		.kinds = OBSERVE_BIT(OBSERVE_WALK), .notify = see, .opaque = seen};
	struct observer_list *list = &ground->bench.machine.observers;
	seen->count = 0;
	ground->bench.pe->cpu.r[1] = address;
	observer_add(list, &observer);
	ground_run(ground, A64_EL1, LDR_X0_X1);
	observer_remove(list, &observer);
}

#define PAGE 0x123456000ull

Test(arm64_mmu_observe, both_stages)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct ground ground;
		struct seen seen;
		const struct observation *what;
		ground_init(&ground, bench_engines[e], NULL);
		ground_stage1(&ground);
		ground_stage2(&ground, true);
		ground_map(&ground, &ground.low, PAGE, 3, BENCH_DATA, LEAF_AF | LEAF_UXN);
		watch(&ground, &seen, PAGE + 8);
		what = find(&seen, 1, false, PAGE + 8);
		cr_assert_not_null(what, "%s", bench_engines[e]);
		cr_expect_null(what->walk.failure);
		cr_expect_eq(what->walk.physical, BENCH_DATA + 8);
		cr_expect_eq(what->walk.first_level, 0);
		cr_assert_eq(what->walk.levels, 4);
		uint64_t slot = ground_entry(&ground, &ground.low, PAGE, 3, 0);
		cr_expect_eq(what->walk.pte[3], bench_load(&ground.bench, slot, 8));
		cr_expect_eq(what->pc, BENCH_CODE);
		/* Where the table of level 3 is, and where the page is. */
		what = find(&seen, 2, true, slot);
		cr_assert_not_null(what, "%s", bench_engines[e]);
		cr_expect_eq(what->walk.physical, slot);
		cr_expect_eq(what->walk.first_level, 1);
		cr_assert_not_null(find(&seen, 2, false, BENCH_DATA + 8), "%s", bench_engines[e]);
		ground_fini(&ground);
	}
}

Test(arm64_mmu_observe, faults)
{
	struct ground ground;
	struct seen seen;
	const struct observation *what;
	ground_init(&ground, "step", NULL);
	ground_stage1(&ground);
	watch(&ground, &seen, PAGE);
	what = find(&seen, 1, false, PAGE);
	cr_assert_not_null(what);
	cr_expect_str_eq(what->walk.failure, "stage 1: not mapped");
	cr_assert_gt(what->walk.levels, 0);
	cr_expect_eq(what->walk.pte[what->walk.levels - 1], 0);
	ground_fini(&ground);
}
