/*
 * Random bytes as an AArch64 guest with two CPUs, a GICv3 or GICv2 and PSCI, run by every engine:
 * nothing that a guest executes may harm the host, and all engines must end in the same state,
 * memory included.
 *
 * Input: one byte of options, then eight bytes for each instruction: what kind, and its bits. Plain
 * random words hardly ever name a system register; the kinds see to it that levels are changed,
 * page tables written and devices touched. Exceptions end in handlers that go on behind the
 * instruction, within the program.
 */
#include <string.h>

#include "cpu/arm64/arm64.h"
#include "cpu/arm64/sysreg.h"
#include "devices/gic_v2.h"
#include "devices/gic_v3.h"
#include "fuzz/engines.h"
#include "psci/psci.h"

#define RAM_BASE     0x40000000ull
#define RAM_SIZE     (256u << 10)
#define GIC_BASE     0x08000000ull
#define VECTORS      0x10000u /* of EL1; those of EL2 are one page on */
#define TABLES       0x20000u /* levels 1, 2, 3: a page each */
#define TICKS        1500
#define PROGRAM_MAX  512
#define ENTRY_WORDS  32 /* instructions of a vector */
#define CPUS         2
#define QUANTUM      128 /* instructions, so that both CPUs get turns */
#define KERNEL_PAGES (VECTORS >> MB_PAGE_SHIFT)

/* Bits of the option byte. */
enum {
	OPTION_LEVEL = 3,
	OPTION_NO_EL2 = 4,
	OPTION_PAGING = 8,
	OPTION_INTERRUPTS = 16,
	OPTION_GIC_V2 = 32,
};

struct arm64_guest {
	struct guest guest;
	struct arm64_cpu *pe[CPUS];
	struct device *gic;
	struct psci *psci;
};

static const struct fuzz_isa isa;

static struct device *make_device(struct guest *guest, const struct device_ops *ops,
				  const struct irq_line *irq, unsigned irq_count,
				  const void *config)
{
	struct machine *machine = &guest->machine;
	const struct device_host host = {
		.machine = machine,
		.clock = &machine->clock,
		.state = &machine->state,
		.log = &machine->log,
		.bus = guest->bus,
		.memory = machine->memory,
	};
	const struct device_place place = {.base = GIC_BASE, .irq = irq, .irq_count = irq_count};
	struct error error;
	struct device *device = device_new(ops, &host, &place, config, &error);
	must(device && !device_map(device, guest->root));
	return device;
}

static void make_gic_v3(struct arm64_guest *arm64)
{
	const struct gic_v3_config config = {.cpu_count = CPUS};
	struct irq_line lines[CPUS];
	for (unsigned i = 0; i < CPUS; i++)
		lines[i] = arm64_gic_line(arm64->pe[i]);
	arm64->gic = make_device(&arm64->guest, &gic_v3_ops, lines, CPUS, &config);
	for (unsigned i = 0; i < CPUS; i++) {
		arm64_connect_gic(arm64->pe[i], gic_v3_distributor(arm64->gic));
		for (unsigned wire = 0; wire < A64_WIRE_COUNT; wire++)
			arm64_connect_wire(arm64->pe[i], wire,
					   gic_v3_ppi(arm64->gic, i, arm64_wire_intid(wire)));
	}
}

static void make_gic_v2(struct arm64_guest *arm64)
{
	const struct gic_v2_config config = {.cpu_count = CPUS, .virtual = true};
	struct irq_line lines[CPUS * GIC_V2_LINES];
	for (unsigned i = 0; i < CPUS * GIC_V2_LINES; i++)
		lines[i] = arm64_interrupt_line(arm64->pe[i / GIC_V2_LINES], i % GIC_V2_LINES);
	arm64->gic = make_device(&arm64->guest, &gic_v2_ops, lines, CPUS * GIC_V2_LINES, &config);
	for (unsigned i = 0; i < CPUS; i++)
		for (unsigned wire = 0; wire < A64_WIRE_MAINTENANCE; wire++)
			arm64_connect_wire(arm64->pe[i], wire,
					   gic_v2_ppi(arm64->gic, i, arm64_wire_intid(wire)));
}

static void make(struct guest *guest, uint8_t options)
{
	struct arm64_guest *arm64 = (struct arm64_guest *)guest;
	struct arm64_config config;
	arm64_config_default(&config);
	if (options & OPTION_NO_EL2)
		config.highest = config.entry = A64_EL1;
	if (options & OPTION_GIC_V2)
		arm64_config_remove(&config, A64_FEAT_GICv3);
	for (unsigned i = 0; i < CPUS; i++) {
		arm64->pe[i] = arm64_cpu_new(&guest->machine, &config, i);
		must(arm64->pe[i]);
	}
	if (options & OPTION_GIC_V2)
		make_gic_v2(arm64);
	else
		make_gic_v3(arm64);
	guest->machine.quantum = QUANTUM;
	arm64->psci = psci_new(&guest->machine, 1);
	must(arm64->psci);
}

static void unmake(struct guest *guest)
{
	struct arm64_guest *arm64 = (struct arm64_guest *)guest;
	psci_free(arm64->psci);
	for (unsigned i = 0; i < CPUS; i++)
		arm64_connect_gic(arm64->pe[i], (struct gic_distributor){0});
	device_free(arm64->gic);
	for (unsigned i = 0; i < CPUS; i++)
		arm64_cpu_free(arm64->pe[i]);
}

static unsigned variant(uint8_t options)
{
	return (options & OPTION_NO_EL2 ? 1 : 0) | (options & OPTION_GIC_V2 ? 2 : 0);
}

/* -- the program -- */

/* MSR of every system register that has a row; MRS is bit 21. */
static const uint32_t registers[] = {
#define SYSREG(id, op0, op1, crn, crm, op2, ...)                                                   \
	0xd5000000u | (op0) << 19 | (op1) << 16 | (crn) << 12 | (crm) << 8 | (op2) << 5,
#include "cpu/arm64/sysreg.def"
#undef SYSREG
};

/* ERET, SVC, HVC, SMC, BRK, WFI, WFE, ISB, TLBI VMALLE1, TLBI ALLE1, IC IALLU, MSR DAIFCLR. */
static const uint32_t system_insns[] = {
	0xd69f03e0, 0xd4000001, 0xd4000002, 0xd4000003, 0xd4200000, 0xd503207f,
	0xd503205f, 0xd5033fdf, 0xd508871f, 0xd50c879f, 0xd508751f, 0xd5034fff,
};

static uint32_t program_insn(uint32_t kind, uint32_t word)
{
	enum { MRS = 1 << 21, BASE = 31 << 5, COUNT = sizeof(registers) / sizeof(registers[0]) };
	switch (kind & 7) {
	case 0: return registers[(kind >> 8) % COUNT] | (word & 31);
	case 1: return registers[(kind >> 8) % COUNT] | MRS | (word & 31);
	case 2: return 0xd5000000 | (word & 0x3fffff);
	case 3: return system_insns[word % (sizeof(system_insns) / sizeof(system_insns[0]))];
	/* loads and stores through x0 to x7 */
	case 4: return ((word & ~(uint32_t)(1 << 25 | BASE)) | 1 << 27) | (kind >> 8 & 7) << 5;
	/* B.cond, a few instructions to and fro */
	case 5: return 0x54000000 | (word & 0xf) | (word & 0x8000 ? 0xffffc0 : 0) | (word & 0x60);
	/* MOV X0 to X3, X8 to X15: arguments of firmware calls */
	case 6: return 0xaa0003e0 | (8 + (word & 7)) << 16 | (kind >> 8 & 3);
	default: return word;
	}
}

/*
 * msr tpidr_elN, x30; mrs x30, elr_elN; add x30, x30, #4; and x30, x30, #0xfffc; orr x30, x30,
 * #0x40000000; msr elr_elN, x30; mrs x30, tpidr_elN; eret. For EL1, EL2.
 */
static const uint32_t handlers[2][ENTRY_WORDS] = {
	{0xd518d09e, 0xd538403e, 0x910013de, 0x927e37de, 0xb26203de, 0xd518403e, 0xd538d09e,
	 0xd69f03e0},
	{0xd51cd05e, 0xd53c403e, 0x910013de, 0x927e37de, 0xb26203de, 0xd51c403e, 0xd53cd05e,
	 0xd69f03e0},
};

static void write_vectors(const struct guest *guest, uint64_t offset, const uint32_t *handler)
{
	for (unsigned entry = 0; entry < 16; entry++)
		guest_write(&isa, guest, offset + entry * sizeof(handlers[0]), handler,
			    sizeof(handlers[0]));
}

/* RAM and the GIC to themselves; user pages up to the vectors, if the program runs at EL0. */
static void enable_paging(const struct guest *guest, struct arm64_cpu *pe, bool user)
{
	enum { TABLE = 3, BLOCK = 1, PAGE = 3, DEVICE = 1 << 2, USER = 1 << 6, ACCESSED = 1 << 10 };
	uint64_t level1[2] = {BLOCK | DEVICE | ACCESSED,
			      (RAM_BASE + TABLES + MB_PAGE_SIZE) | TABLE};
	uint64_t level2 = (RAM_BASE + TABLES + 2 * MB_PAGE_SIZE) | TABLE;
	uint64_t level3[RAM_SIZE >> MB_PAGE_SHIFT];
	for (unsigned i = 0; i < RAM_SIZE >> MB_PAGE_SHIFT; i++)
		level3[i] = (RAM_BASE + ((uint64_t)i << MB_PAGE_SHIFT)) | PAGE | ACCESSED |
			    (user && i < KERNEL_PAGES ? USER : 0);
	guest_write(&isa, guest, TABLES, level1, sizeof(level1));
	guest_write(&isa, guest, TABLES + MB_PAGE_SIZE, &level2, sizeof(level2));
	guest_write(&isa, guest, TABLES + 2 * MB_PAGE_SIZE, level3, sizeof(level3));
	arm64_sysreg_set(pe, A64_MAIR_EL1, 0x00ff);
	arm64_sysreg_set(pe, A64_TTBR0_EL1, RAM_BASE + TABLES);
	arm64_sysreg_set(pe, A64_TCR_EL1, 25 | 1 << 23); /* 39 bits, 4 KiB, no TTBR1 */
	arm64_sysreg_set(pe, A64_SCTLR_EL1, arm64_sysreg_get(pe, A64_SCTLR_EL1) | 1);
}

/* X0 to X7, with either GIC; X8 to X15: functions of PSCI, TRNG and SMCCC, and none. */
static void set_registers(struct arm64_cpu *pe, bool gic_v2)
{
	const uint64_t values[] = {
		RAM_BASE + 0x8000,
		RAM_BASE + 0x8ff9,
		RAM_BASE + TABLES,
		RAM_BASE + TABLES + 2 * MB_PAGE_SIZE,
		GIC_BASE,
		GIC_BASE + (gic_v2 ? GIC_V2_CPU_INTERFACE : GIC_V3_REDISTRIBUTORS),
		GIC_BASE + (gic_v2 ? GIC_V2_HYP_INTERFACE : GIC_V3_REDISTRIBUTORS + 0x10000),
		gic_v2 ? GIC_BASE + GIC_V2_VCPU_INTERFACE : RAM_BASE,
		0xc4000003, /* CPU_ON */
		0x84000002, /* CPU_OFF */
		0xc4000001, /* CPU_SUSPEND */
		0xc4000004, /* AFFINITY_INFO */
		0xc4000053, /* TRNG_RND */
		0x8400000a, /* PSCI_FEATURES */
		1,
		RAM_BASE,
	};
	enum { COUNT = sizeof(values) / sizeof(values[0]) };
	for (unsigned i = 0; i < 31; i++)
		pe->cpu.r[i] = i < COUNT ? values[i] : 0x0101010101010101ull * i << (i & 31);
}

static void start(struct guest *guest, uint8_t options, const uint8_t *input, size_t size)
{
	const struct arm64_guest *arm64 = (const struct arm64_guest *)guest;
	struct arm64_cpu *pe = arm64->pe[0];
	size_t count = size / 8;
	psci_boot(arm64->psci, RAM_BASE, 0);
	static const uint8_t levels[] = {A64_EL1, A64_EL2, A64_EL0, A64_EL1};
	uint8_t level = levels[options & OPTION_LEVEL];
	if (level > pe->config.highest)
		level = pe->config.highest;
	for (size_t i = 0; i < count; i++) {
		uint32_t word[2];
		memcpy(word, input + i * sizeof(word), sizeof(word));
		word[0] = program_insn(word[0], word[1]);
		guest_write(&isa, guest, i * 4, word, 4);
	}
	const uint32_t again = 0x14000000 | (-(uint32_t)count & 0x3ffffff); /* B to the begin */
	guest_write(&isa, guest, count * 4, &again, sizeof(again));
	write_vectors(guest, VECTORS, handlers[0]);
	arm64_sysreg_set(pe, A64_VBAR_EL1, RAM_BASE + VECTORS);
	arm64_sysreg_set(pe, A64_CPACR_EL1, 3 << 20);
	if (pe->config.highest == A64_EL2) {
		write_vectors(guest, VECTORS + MB_PAGE_SIZE, handlers[1]);
		arm64_sysreg_set(pe, A64_VBAR_EL2, RAM_BASE + VECTORS + MB_PAGE_SIZE);
		arm64_sysreg_set(pe, A64_HCR_EL2, 1ull << 31); /* RW: EL1 is AArch64 */
	}
	if (options & OPTION_PAGING)
		enable_paging(guest, pe, level == A64_EL0);
	set_registers(pe, options & OPTION_GIC_V2);
	pe->cpu.pc = RAM_BASE;
	arm64_set_pstate(pe, (uint64_t)level << PSTATE_EL_SHIFT |
				     (options & OPTION_INTERRUPTS ? 0 : PSTATE_DAIF) |
				     (level ? PSTATE_SPSEL : 0));
	pe->cpu.r[A64_REG_SP] = RAM_BASE + 0x9000;
	machine_run_until(&guest->machine, TICKS);
}

/* -- comparing -- */

static const struct fuzz_isa isa = {
	.ram_base = RAM_BASE,
	.ram_size = RAM_SIZE,
	.guest_size = sizeof(struct arm64_guest),
	.variant = variant,
	.make = make,
	.unmake = unmake,
	.start = start,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t count = size ? (size - 1) / 8 : 0;
	if (count && count <= PROGRAM_MAX)
		fuzz_engines(&isa, data, size);
	return 0;
}
