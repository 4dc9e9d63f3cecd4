/* GICv2 by its registers: distributor, CPU interfaces, virtual interrupts (IHI 0048, 3 to 5). */
#include "devices/gic_v2.h"
#include "bench.h"

enum { CPUS = 3, PPI_MAINTENANCE = 25 };
#define GICD 0x08000000ull
#define GICC (GICD + GIC_V2_CPU_INTERFACE)
#define GICH (GICD + GIC_V2_HYP_INTERFACE)
#define GICV (GICD + GIC_V2_VCPU_INTERFACE)

static struct bench bench;
static struct device *gic;

static uint32_t get(unsigned cpu, uint64_t address)
{
	uint64_t value = 0;
	struct mb_attrs attrs = {.requester = cpu};
	cr_assert_eq(mb_ld(bench.machine.memory, address, 4, MB_LITTLE, attrs, &value), MB_OK);
	return (uint32_t)value;
}

static void put(unsigned cpu, uint64_t address, uint32_t value)
{
	struct mb_attrs attrs = {.requester = cpu};
	cr_assert_eq(mb_st(bench.machine.memory, address, 4, MB_LITTLE, attrs, value), MB_OK);
}

static bool line(unsigned cpu, enum gic_v2_line line)
{
	return bench.wire[cpu * GIC_V2_LINES + line];
}

static void wire(unsigned intid, bool level)
{
	struct irq_line input = gic_v2_spi(gic, intid - 32);
	irq_set(&input, level);
}

/* Everything is on, and lets everything through; nothing is enabled. */
static void setup(void)
{
	bench_init(&bench);
	const struct gic_v2_config config = {.cpu_count = CPUS, .spi_count = 64, .virtual = true};
	gic = bench_add(&bench, &gic_v2_ops, GICD, &config);
	put(0, GICD, 3);
	for (unsigned cpu = 0; cpu < CPUS; cpu++) {
		put(cpu, GICC, 3);
		put(cpu, GICC + 4, 0xff);
	}
}

static void teardown(void)
{
	bench_fini(&bench);
}

TestSuite(gic_v2, .init = setup, .fini = teardown);

static void enable(unsigned intid, uint8_t targets)
{
	put(0, GICD + 0x100 + intid / 32 * 4, 1u << intid % 32);
	bench_write(&bench, GICD + 0x800 + intid, 1, targets);
}

Test(gic_v2, identification)
{
	cr_expect_eq(get(0, GICD + 4), (CPUS - 1) << 5 | 2);
	cr_expect_eq(get(0, GICD + 0xfe8) >> 4 & 15, 2, "architecture version");
	cr_expect_eq(get(0, GICC + 0xfc) >> 16 & 15, 2);
	for (unsigned cpu = 0; cpu < CPUS; cpu++)
		cr_expect_eq(get(cpu, GICD + 0x800), 0x01010101u << cpu, "its own target");
}

Test(gic_v2, shared_interrupt)
{
	enable(40, 1 << 1);
	wire(40, true);
	cr_expect(!line(0, GIC_V2_IRQ));
	cr_expect(line(1, GIC_V2_IRQ));
	cr_expect_eq(get(0, GICC + 0x0c), 1023);
	cr_expect_eq(get(1, GICC + 0x18), 40);
	cr_expect_eq(get(1, GICC + 0x0c), 40);
	cr_expect(!line(1, GIC_V2_IRQ), "active");
	cr_expect_eq(get(1, GICC + 0x14), 0, "running priority");
	put(1, GICC + 0x10, 40);
	cr_expect(line(1, GIC_V2_IRQ), "the level is still high");
	cr_expect_eq(get(1, GICC + 0x14), 0xff);
	wire(40, false);
	cr_expect(!line(1, GIC_V2_IRQ));
}

Test(gic_v2, end_in_two_steps)
{
	put(0, GICC, 1 | 1 << 9);
	enable(40, 1);
	wire(40, true);
	cr_assert_eq(get(0, GICC + 0x0c), 40);
	put(0, GICC + 0x10, 40);
	cr_expect_eq(get(0, GICC + 0x14), 0xff);
	cr_expect(!line(0, GIC_V2_IRQ), "still active");
	put(0, GICC + 0x1000, 40);
	cr_expect(line(0, GIC_V2_IRQ));
}

Test(gic_v2, groups_and_their_registers)
{
	put(0, GICD + 0x84, 1 << 8);
	enable(40, 1);
	enable(41, 1);
	wire(40, true);
	cr_expect_eq(get(0, GICC + 0x18), 1022);
	cr_expect_eq(get(0, GICC + 0x0c), 1022);
	cr_expect_eq(get(0, GICC + 0x28), 40);
	cr_expect_eq(get(0, GICC + 0x20), 40, "the alias acknowledges group 1");
	put(0, GICC + 0x24, 40);
	put(0, GICC, 3 | 1 << 2);
	cr_expect_eq(get(0, GICC + 0x0c), 40, "AckCtl");
	put(0, GICC + 0x10, 40);
	wire(40, false);
	put(0, GICC, 3 | 1 << 3);
	wire(41, true);
	cr_expect(line(0, GIC_V2_FIQ), "group 0 with FIQEn");
	cr_expect(!line(0, GIC_V2_IRQ));
	put(0, GICD, 2);
	cr_expect(!line(0, GIC_V2_FIQ), "its group is off");
}

Test(gic_v2, priorities)
{
	enable(40, 1);
	enable(41, 1);
	bench_write(&bench, GICD + 0x400 + 40, 1, 0x80);
	bench_write(&bench, GICD + 0x400 + 41, 1, 0x40);
	wire(40, true);
	cr_assert_eq(get(0, GICC + 0x0c), 40);
	cr_expect(!line(0, GIC_V2_IRQ));
	wire(41, true);
	cr_expect(line(0, GIC_V2_IRQ), "it preempts");
	cr_assert_eq(get(0, GICC + 0x0c), 41);
	cr_expect_eq(get(0, GICC + 0x14), 0x40);
	put(0, GICC + 0x10, 41);
	cr_expect_eq(get(0, GICC + 0x14), 0x80);
	put(0, GICC + 4, 0x40);
	cr_expect(!line(0, GIC_V2_IRQ), "masked");
	put(0, GICC + 4, 0xff);
	put(0, GICC + 0x10, 40);
	put(0, GICC + 8, 7);
	wire(41, false);
	cr_assert_eq(get(0, GICC + 0x0c), 40);
	wire(41, true);
	cr_expect(!line(0, GIC_V2_IRQ), "no preemption without bits of group priority");
}

Test(gic_v2, software_interrupts_have_senders)
{
	for (unsigned cpu = 0; cpu < CPUS; cpu++)
		put(cpu, GICD + 0x100, 0xffff);
	put(0, GICD + 0xf00, 1 << 17 | 5);
	put(2, GICD + 0xf00, 1 << 24 | 5);
	cr_expect(line(1, GIC_V2_IRQ));
	cr_expect_eq(get(1, GICD + 0xf20 + 4), 0x0500);
	cr_expect_eq(get(1, GICC + 0x0c), 5);
	put(1, GICC + 0x10, 5);
	cr_expect_eq(get(1, GICC + 0x0c), 5 | 2 << 10);
	put(1, GICC + 0x10, 5 | 2 << 10);
	cr_expect(!line(1, GIC_V2_IRQ));
	/* That of PE 2 went to all others. */
	cr_expect_eq(get(0, GICC + 0x18), 5 | 2 << 10);
	cr_expect_eq(get(2, GICC + 0x18), 1023);
	put(0, GICD + 0x280, 0xffff);
	cr_expect_eq(get(0, GICC + 0x18), 5 | 2 << 10, "ICPENDR is not for them");
	put(0, GICD + 0xf14, 0xff00);
	cr_expect_eq(get(0, GICC + 0x18), 1023);
	put(2, GICD + 0xf00, 2 << 24 | 3);
	cr_expect_eq(get(2, GICC + 0x0c), 3 | 2 << 10, "to itself");
}

/* A list register: pending, group 1, priority 0x80. */
#define PENDING(id) (1u << 30 | 1u << 28 | 16u << 23 | (id))

Test(gic_v2, virtual_interrupt)
{
	put(1, GICV, 2 | 1 << 2);
	put(1, GICV + 4, 0xf8);
	put(1, GICH + 0x100, PENDING(50));
	cr_expect(!line(1, GIC_V2_VIRTUAL_IRQ));
	put(1, GICH, 1);
	cr_expect(line(1, GIC_V2_VIRTUAL_IRQ));
	cr_expect(!line(0, GIC_V2_VIRTUAL_IRQ));
	cr_expect_eq(get(1, GICH + 0x30), 0xe, "the others are free");
	cr_expect_eq(get(1, GICV + 0x0c), 50);
	cr_expect_eq(get(1, GICH + 0x100) >> 28 & 3, 2, "active");
	cr_expect_eq(get(1, GICH + 0xf0), 1 << 16);
	put(1, GICV + 0x10, 50);
	cr_expect_eq(get(1, GICH + 0x100) >> 28 & 3, 0);
	cr_expect_eq(get(1, GICH + 8) >> 24, 0xf8);
	put(1, GICH + 8, 0x40 << 24 | 2);
	cr_expect_eq(get(1, GICV + 4), 0x40);
	cr_expect_eq(get(1, GICV), 2);
	cr_expect_eq(get(1, GICV + 8), 2, "the least binary point");
}

Test(gic_v2, virtual_end_is_the_physical_one)
{
	enable(40, 2);
	wire(40, true);
	put(1, GICC, 1 | 1 << 9);
	cr_assert_eq(get(1, GICC + 0x0c), 40);
	put(1, GICC + 0x10, 40);
	wire(40, false);
	put(1, GICV, 2 | 1 << 2);
	put(1, GICV + 4, 0xf8);
	put(1, GICH + 0x100, 1u << 31 | 40 << 10 | PENDING(60));
	put(1, GICH, 1);
	cr_expect_eq(get(0, GICD + 0x304), 1 << 8);
	cr_expect_eq(get(1, GICV + 0x0c), 60);
	put(1, GICV + 0x10, 60);
	cr_expect_eq(get(0, GICD + 0x304), 0, "deactivated");
}

Test(gic_v2, maintenance)
{
	put(1, GICD + 0x100, 1 << PPI_MAINTENANCE);
	put(1, GICH + 0x100, 1 << 19);
	cr_expect(!line(1, GIC_V2_IRQ));
	put(1, GICH, 1);
	cr_expect_eq(get(1, GICH + 0x10), 1);
	cr_expect_eq(get(1, GICH + 0x20), 1);
	cr_expect(line(1, GIC_V2_IRQ));
	cr_expect_eq(get(1, GICC + 0x0c), PPI_MAINTENANCE);
	put(1, GICC + 0x10, PPI_MAINTENANCE);
	put(1, GICH + 0x100, 0);
	cr_expect(!line(1, GIC_V2_IRQ));
	put(1, GICH, 1 | 1 << 3);
	cr_expect_eq(get(1, GICH + 0x10), 1 << 3, "none is pending");
	put(1, GICH + 0x100, PENDING(50));
	put(1, GICH, 1 | 1 << 2);
	put(1, GICV, 1 << 9);
	put(1, GICV + 0x1000, 70);
	cr_expect_eq(get(1, GICH) >> 27, 1, "one that is in no list register");
	cr_expect_eq(get(1, GICH + 0x10), 1 << 2);
}

Test(gic_v2, without_virtual_interfaces)
{
	struct error error;
	const struct gic_v2_config config = {.cpu_count = 1};
	teardown();
	bench_init(&bench);
	gic = bench_add(&bench, &gic_v2_ops, GICD, &config);
	cr_expect_neq(bench_access(&bench, GICH, 4, false), MB_OK);
	cr_expect_neq(bench_access(&bench, GICV, 4, true), MB_OK);
	cr_expect_eq(get(0, GICD + 0x800), 0, "one PE has no targets");
	put(0, GICD, 1);
	put(0, GICC, 1);
	put(0, GICC + 4, 0xff);
	put(0, GICD + 0x104, 1);
	wire(32, true);
	cr_expect(line(0, GIC_V2_IRQ));
	const struct gic_v2_config cpus = {.cpu_count = 9};
	cr_assert_null(bench_try(&bench, &gic_v2_ops, 0, &cpus, &error));
	const struct gic_v2_config spis = {.spi_count = 33};
	cr_assert_null(bench_try(&bench, &gic_v2_ops, 0, &spis, &error));
}
