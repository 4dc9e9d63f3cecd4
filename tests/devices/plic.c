/* PLIC: gateways, priorities, thresholds, claim and complete. */
#include "devices/plic.h"
#include "bench.h"

#define PLIC 0x0c000000ull

static struct bench bench;
static struct device *plic;

static void setup(void)
{
	bench_init(&bench);
	const struct plic_config config = {.hart_count = 2};
	plic = bench_add(&bench, &plic_ops, PLIC, &config);
}

static void teardown(void)
{
	bench_fini(&bench);
}

TestSuite(plic, .init = setup, .fini = teardown);

static void wire(unsigned source, bool level)
{
	struct irq_line line = device_input(plic, source);
	irq_set(&line, level);
}

static void set_priority(unsigned source, uint32_t value)
{
	bench_write(&bench, PLIC + 4 * source, 4, value);
}

static void enable(unsigned context, unsigned source)
{
	uint64_t address = PLIC + 0x2000 + 0x80 * context + source / 32 * 4;
	bench_write(&bench, address, 4, bench_read(&bench, address, 4) | 1u << source % 32);
}

static uint32_t claim(unsigned context)
{
	return bench_read(&bench, PLIC + 0x200004 + 0x1000 * context, 4);
}

static void complete(unsigned context, uint32_t source)
{
	bench_write(&bench, PLIC + 0x200004 + 0x1000 * context, 4, source);
}

static bool pending(unsigned source)
{
	return bench_read(&bench, PLIC + 0x1000 + source / 32 * 4, 4) >> source % 32 & 1;
}

Test(plic, claim_and_complete)
{
	set_priority(10, 1);
	enable(1, 10);
	wire(10, true);
	cr_assert(pending(10));
	cr_assert(bench.wire[1]);
	cr_assert(!bench.wire[0] && !bench.wire[2] && !bench.wire[3]);
	cr_assert_eq(claim(1), 10);
	cr_assert(!pending(10));
	cr_assert(!bench.wire[1]);
	cr_assert_eq(claim(1), 0);
	wire(10, false);
	complete(1, 10);
	cr_assert(!bench.wire[1]);
}

Test(plic, level_source_pends_again_after_completion_while_high)
{
	set_priority(3, 1);
	enable(0, 3);
	wire(3, true);
	cr_assert_eq(claim(0), 3);
	wire(3, false);
	wire(3, true);
	cr_assert(!pending(3), "the gateway is shut until completion");
	complete(0, 3);
	cr_assert(pending(3));
	cr_assert(bench.wire[0]);
}

Test(plic, request_stays_pending_when_the_wire_drops)
{
	set_priority(3, 1);
	enable(0, 3);
	wire(3, true);
	wire(3, false);
	cr_assert(bench.wire[0]);
	cr_assert_eq(claim(0), 3);
	complete(0, 3);
	cr_assert(!pending(3));
}

Test(plic, completion_of_a_source_not_enabled_is_ignored)
{
	set_priority(5, 1);
	enable(0, 5);
	wire(5, true);
	cr_assert_eq(claim(0), 5);
	complete(1, 5);
	cr_assert(!pending(5), "another context that does not enable it");
	bench_write(&bench, PLIC + 0x2000, 4, 0);
	complete(0, 5);
	cr_assert(!pending(5), "the claiming context has disabled it");
	enable(0, 5);
	complete(0, 5);
	cr_assert(pending(5));
}

Test(plic, priorities_and_ties)
{
	for (unsigned source = 1; source < 96; source++) {
		set_priority(source, source == 40 ? 7 : source == 33 || source == 32 ? 5 : 1);
		enable(2, source);
		wire(source, true);
	}
	cr_assert_eq(claim(2), 40);
	cr_assert_eq(claim(2), 32, "lowest number among equals");
	cr_assert_eq(claim(2), 33);
	cr_assert_eq(claim(2), 1);
}

Test(plic, priority_zero_never_interrupts)
{
	enable(0, 7);
	wire(7, true);
	cr_assert(pending(7));
	cr_assert(!bench.wire[0]);
	cr_assert_eq(claim(0), 0);
	set_priority(7, 1);
	cr_assert(bench.wire[0]);
}

Test(plic, threshold_masks_the_wire_not_the_claim)
{
	set_priority(7, 3);
	enable(0, 7);
	bench_write(&bench, PLIC + 0x200000, 4, 3);
	wire(7, true);
	cr_assert(!bench.wire[0]);
	bench_write(&bench, PLIC + 0x200000, 4, 2);
	cr_assert(bench.wire[0]);
	bench_write(&bench, PLIC + 0x200000, 4, 7);
	cr_assert(!bench.wire[0]);
	cr_assert_eq(claim(0), 7);
}

Test(plic, one_claim_takes_it_from_all_contexts)
{
	set_priority(9, 1);
	enable(1, 9);
	enable(3, 9);
	wire(9, true);
	cr_assert(bench.wire[1] && bench.wire[3]);
	cr_assert_eq(claim(3), 9);
	cr_assert(!bench.wire[1] && !bench.wire[3]);
	cr_assert_eq(claim(1), 0);
}

Test(plic, registers_keep_only_their_bits)
{
	set_priority(1, 0xffffffff);
	cr_assert_eq(bench_read(&bench, PLIC + 4, 4), 7);
	set_priority(0, 7);
	cr_assert_eq(bench_read(&bench, PLIC, 4), 0, "source 0 does not exist");
	bench_write(&bench, PLIC + 0x2000, 4, 0xffffffff);
	cr_assert_eq(bench_read(&bench, PLIC + 0x2000, 4), 0xfffffffe);
	bench_write(&bench, PLIC + 0x200c, 4, 0xffffffff);
	cr_assert_eq(bench_read(&bench, PLIC + 0x200c, 4), 0, "no source above 95");
	bench_write(&bench, PLIC + 0x1000, 4, 0xffffffff);
	cr_assert_eq(bench_read(&bench, PLIC + 0x1000, 4), 0, "pending is read-only");
	bench_write(&bench, PLIC + 0x204000, 4, 1);
	cr_assert_eq(bench_read(&bench, PLIC + 0x204000, 4), 0, "two harts have four contexts");
	wire(96, true);
	wire(0, true);
	cr_assert_eq(bench_access(&bench, PLIC + 4, 8, false), MB_DECODE | MB_SHAPE);
}

Test(plic, small_source_count)
{
	const struct plic_config config = {.hart_count = 1, .source_count = 33};
	bench_add(&bench, &plic_ops, 0x20000000, &config);
	bench_write(&bench, 0x20002000, 4, 0xffffffff);
	bench_write(&bench, 0x20002004, 4, 0xffffffff);
	bench_write(&bench, 0x20002008, 4, 0xffffffff);
	cr_assert_eq(bench_read(&bench, 0x20002000, 4), 0xfffffffe);
	cr_assert_eq(bench_read(&bench, 0x20002004, 4), 1);
	cr_assert_eq(bench_read(&bench, 0x20002008, 4), 0);
}
