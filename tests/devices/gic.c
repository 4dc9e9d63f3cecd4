/* GICv3 distributor and redistributors by their registers alone. */
#include "bench.h"
#include "devices/gic_v3.h"

enum { CPUS = 3 };
#define GIC    0x08000000ull
#define FRAMES (GIC + GIC_V3_REDISTRIBUTORS)

static struct bench bench;
static struct device *gic;
static struct gic_distributor distributor;

static void setup(void)
{
	bench_init(&bench);
	const struct gic_v3_config config = {.cpu_count = CPUS, .spi_count = 64};
	gic = bench_add(&bench, &gic_v3_ops, GIC, &config);
	distributor = gic_v3_distributor(gic);
}

static void teardown(void)
{
	bench_fini(&bench);
}

TestSuite(gic_v3, .init = setup, .fini = teardown);

static struct gic_pending highest(unsigned cpu)
{
	return distributor.ops->highest(distributor.opaque, cpu);
}

static void prepare(unsigned intid)
{
	bench_write(&bench, GIC, 4, 3);
	for (unsigned cpu = 0; cpu < CPUS; cpu++)
		distributor.ops->enable_groups(distributor.opaque, cpu, 3);
	bench_write(&bench, GIC + 0x100 + intid / 32 * 4, 4, 1u << intid % 32);
}

static void wire(unsigned intid, bool level)
{
	struct irq_line line = gic_v3_spi(gic, intid - 32);
	irq_set(&line, level);
}

Test(gic_v3, pending_by_software)
{
	prepare(40);
	bench_write(&bench, GIC + 0x204, 4, 1 << 8);
	cr_assert_eq(highest(0).intid, 40);
	cr_assert_eq(highest(0).group, GIC_GROUP0);
	bench_write(&bench, GIC + 0x284, 4, 1 << 8);
	cr_assert_eq(highest(0).intid, GIC_INTID_NONE);
	wire(40, true);
	bench_write(&bench, GIC + 0x284, 4, 1 << 8);
	cr_assert_eq(highest(0).intid, 40, "a level input cannot be cleared");
	bench_write(&bench, GIC + 0x304, 4, 1 << 8);
	cr_assert_eq(highest(0).intid, GIC_INTID_NONE, "active");
	bench_write(&bench, GIC + 0x384, 4, 1 << 8);
	cr_assert_eq(highest(0).intid, 40);
	bench_write(&bench, GIC + 0x184, 4, 1 << 8);
	cr_assert_eq(highest(0).intid, GIC_INTID_NONE, "disabled");
	cr_assert_eq(bench_read(&bench, GIC + 0x104, 4), 0);
}

Test(gic_v3, priorities_have_five_bits_and_bytes)
{
	bench_write(&bench, GIC + 0x400 + 41, 1, 0xff);
	cr_assert_eq(bench_read(&bench, GIC + 0x428, 4), 0xf800);
	bench_write(&bench, GIC + 0x428, 4, 0x11223344);
	cr_assert_eq(bench_read(&bench, GIC + 0x42a, 1), 0x20);
	prepare(40);
	prepare(41);
	wire(40, true);
	wire(41, true);
	cr_assert_eq(highest(0).intid, 41, "0x30 comes before 0x40");
	bench_write(&bench, GIC + 0x428, 2, 0);
	cr_assert_eq(bench_read(&bench, GIC + 0x428, 4), 0x10203040, "no such size");
}

Test(gic_v3, what_is_not_there_reads_zero)
{
	cr_assert_eq(bench_read(&bench, GIC + 0x80, 4), 0, "private ones are elsewhere");
	bench_write(&bench, GIC + 0x80, 4, UINT32_MAX);
	cr_assert_eq(bench_read(&bench, GIC + 0x80, 4), 0);
	bench_write(&bench, GIC + 0x8c, 4, UINT32_MAX);
	cr_assert_eq(bench_read(&bench, GIC + 0x8c, 4), 0, "64 shared ones exist");
	bench_write(&bench, GIC + 0x6000 + 8 * 96, 8, UINT64_MAX);
	cr_assert_eq(bench_read(&bench, GIC + 0x6000 + 8 * 96, 8), 0);
	bench_write(&bench, GIC + 0x6000 + 8 * 95, 8, UINT64_MAX);
	cr_assert_eq(bench_read(&bench, GIC + 0x6000 + 8 * 95, 8), 0xff80ffffff);
	cr_assert_eq(bench_read(&bench, GIC + 0x6000 + 8 * 95 + 4, 4), 0xff);
	cr_assert_neq(bench_access(&bench, GIC + 0x80000, 4, false), MB_OK, "there is no ITS");
	cr_assert_neq(bench_access(&bench, FRAMES + CPUS * GIC_V3_STRIDE, 4, false), MB_OK);
}

Test(gic_v3, private_interrupts_are_each_pe_s_own)
{
	prepare(40);
	uint64_t sgi = FRAMES + 2 * GIC_V3_STRIDE + 0x10000;
	struct irq_line line = gic_v3_ppi(gic, 2, 27);
	bench_write(&bench, sgi + 0x100, 4, 1 << 27);
	irq_set(&line, true);
	cr_assert_eq(highest(2).intid, 27);
	cr_assert_eq(highest(1).intid, GIC_INTID_NONE);
	cr_assert_eq(bench_read(&bench, sgi + 0x200, 4), 1 << 27);
	bench_write(&bench, sgi + 0xc00, 4, 0);
	cr_assert_eq(bench_read(&bench, sgi + 0xc00, 4), 0xaaaaaaaa);
	bench_write(&bench, sgi + 0xc04, 4, 0xffffffff);
	cr_assert_eq(bench_read(&bench, sgi + 0xc04, 4), 0xaaaaaaaa, "the lower bits are reserved");
}

Test(gic_v3, waker)
{
	cr_assert_eq(bench_read(&bench, FRAMES + 0x14, 4), 6);
	bench_write(&bench, FRAMES + 0x14, 4, 0);
	cr_assert_eq(bench_read(&bench, FRAMES + 0x14, 4), 0);
}

Test(gic_v3, impossible_configurations)
{
	struct error error;
	const struct gic_v3_config cpus = {.cpu_count = 17};
	cr_assert_null(bench_try(&bench, &gic_v3_ops, GIC, &cpus, &error));
	const struct gic_v3_config spis = {.spi_count = 33};
	cr_assert_null(bench_try(&bench, &gic_v3_ops, GIC, &spis, &error));
}
