/*
 * Random bytes as an AArch64 guest with a GICv3, run by every engine: nothing that a guest executes
 * may harm the host, and all engines must end in the same state, memory included.
 *
 * Input: one byte of options, then eight bytes for each instruction: what kind, and its bits. Plain
 * random words hardly ever name a system register; the kinds see to it that levels are changed,
 * page tables written and devices touched. Exceptions end in handlers that go on behind the
 * instruction, within the program.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus/bus.h"
#include "cpu/arm64/arm64.h"
#include "cpu/arm64/sysreg.h"
#include "devices/gic_v3.h"
#include "engine/engine.h"
#include "machines/reset.h"
#include "mmu/mmu.h"

#define RAM_BASE     0x40000000ull
#define RAM_SIZE     (256u << 10)
#define GIC_BASE     0x08000000ull
#define VECTORS      0x10000u /* of EL1; those of EL2 are one page on */
#define TABLES       0x20000u /* levels 1, 2, 3: a page each */
#define TICKS        1500
#define PROGRAM_MAX  512
#define ENTRY_WORDS  32 /* instructions of a vector */
#define KERNEL_PAGES (VECTORS >> MB_PAGE_SHIFT)

/* Bits of the option byte. */
enum { OPTION_LEVEL = 3, OPTION_NO_EL2 = 4, OPTION_PAGING = 8, OPTION_INTERRUPTS = 16 };

struct guest {
	struct machine machine;
	struct mb_bus *bus;
	struct mb_region *root, *ram;
	struct mmu_watch *watch;
	struct code_cache *code;
	struct arm64_cpu *pe;
	struct device *gic;
	struct reset_point *point; /* before anything ran; NULL for guests that are used once */
};

static void must(bool done)
{
	if (!done)
		abort();
}

static void code_written(void *opaque, struct mb_ram *ram, uint64_t offset, uint64_t length)
{
	struct guest *guest = opaque;
	code_cache_write(guest->code, ram, offset, length);
}

static void make_gic(struct guest *guest)
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
	const struct irq_line line = arm64_gic_line(guest->pe);
	const struct device_place place = {.base = GIC_BASE, .irq = &line, .irq_count = 1};
	const struct gic_v3_config config = {.cpu_count = 1};
	struct error error;
	guest->gic = device_new(&gic_v3_ops, &host, &place, &config, &error);
	must(guest->gic && !device_map(guest->gic, guest->root));
	arm64_connect_gic(guest->pe, gic_v3_distributor(guest->gic));
	for (unsigned wire = 0; wire < A64_WIRE_COUNT; wire++)
		arm64_connect_wire(guest->pe, wire,
				   gic_v3_ppi(guest->gic, 0, arm64_wire_intid(wire)));
}

static void guest_init(struct guest *guest, const struct engine_ops *engine, uint8_t options)
{
	memset(guest, 0, sizeof(*guest));
	machine_init(&guest->machine);
	guest->machine.engine = engine;
	guest->bus = mb_bus_new();
	must(guest->bus);
	must(!mb_region_container(guest->bus, "root", MB_WHOLE, &guest->root));
	must(!mb_region_ram(guest->bus, "ram", RAM_SIZE, &guest->ram));
	must(!mb_attach(guest->root, RAM_BASE, guest->ram));
	must(!mb_space_new(guest->bus, "memory", guest->root, MB_SPACE_MEMORY,
			   &guest->machine.memory));

	struct arm64_config config;
	arm64_config_default(&config);
	if (options & OPTION_NO_EL2)
		config.highest = config.entry = A64_EL1;
	guest->pe = arm64_cpu_new(&guest->machine, &config, 0);
	must(guest->pe);
	make_gic(guest);
	guest->code = code_cache_new(&guest->machine);
	must(guest->code);
	code_cache_set_executions(guest->code, 0);
	guest->watch = mmu_watch_new(&guest->machine, code_written, guest);
	must(guest->watch);
}

static void guest_fini(struct guest *guest)
{
	reset_point_free(guest->point);
	mmu_watch_free(guest->watch);
	code_cache_free(guest->code);
	arm64_connect_gic(guest->pe, (struct gic_distributor){0});
	device_free(guest->gic);
	arm64_cpu_free(guest->pe);
	mb_space_free(guest->machine.memory);
	mb_region_unref(guest->ram);
	mb_region_unref(guest->root);
	mb_bus_free(guest->bus);
	machine_fini(&guest->machine);
}

/* A guest that was used before, set back; or a new one. */
static struct guest *guest_kept(struct guest *guest, const struct engine_ops *engine,
				uint8_t options)
{
	if (guest->point) {
		must(!reset_point_return(guest->point));
	} else {
		guest_init(guest, engine, options);
		must(!reset_point_new(&guest->machine, &guest->point));
	}
	return guest;
}

static uint8_t *guest_host(const struct guest *guest)
{
	return mb_region_get_ram(guest->ram)->host;
}

/* Through the bus, which tells the reset point. */
static void guest_write(const struct guest *guest, uint64_t offset, const void *bytes, size_t size)
{
	must(mb_write(guest->machine.memory, RAM_BASE + offset, bytes, size, MB_ATTRS_NONE, NULL) ==
	     MB_OK);
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
		guest_write(guest, offset + entry * sizeof(handlers[0]), handler,
			    sizeof(handlers[0]));
}

/* RAM and the GIC to themselves; user pages up to the vectors, if the program runs at EL0. */
static void guest_enable_paging(const struct guest *guest, bool user)
{
	enum { TABLE = 3, BLOCK = 1, PAGE = 3, DEVICE = 1 << 2, USER = 1 << 6, ACCESSED = 1 << 10 };
	uint64_t level1[2] = {BLOCK | DEVICE | ACCESSED,
			      (RAM_BASE + TABLES + MB_PAGE_SIZE) | TABLE};
	uint64_t level2 = (RAM_BASE + TABLES + 2 * MB_PAGE_SIZE) | TABLE;
	uint64_t level3[RAM_SIZE >> MB_PAGE_SHIFT];
	for (unsigned i = 0; i < RAM_SIZE >> MB_PAGE_SHIFT; i++)
		level3[i] = (RAM_BASE + ((uint64_t)i << MB_PAGE_SHIFT)) | PAGE | ACCESSED |
			    (user && i < KERNEL_PAGES ? USER : 0);
	guest_write(guest, TABLES, level1, sizeof(level1));
	guest_write(guest, TABLES + MB_PAGE_SIZE, &level2, sizeof(level2));
	guest_write(guest, TABLES + 2 * MB_PAGE_SIZE, level3, sizeof(level3));
	arm64_sysreg_set(guest->pe, A64_MAIR_EL1, 0x00ff);
	arm64_sysreg_set(guest->pe, A64_TTBR0_EL1, RAM_BASE + TABLES);
	arm64_sysreg_set(guest->pe, A64_TCR_EL1, 25 | 1 << 23); /* 39 bits, 4 KiB, no TTBR1 */
	arm64_sysreg_set(guest->pe, A64_SCTLR_EL1, arm64_sysreg_get(guest->pe, A64_SCTLR_EL1) | 1);
}

static void guest_start(struct guest *guest, uint8_t options, const uint8_t *input, size_t count)
{
	struct arm64_cpu *pe = guest->pe;
	const uint64_t pointers[8] = {
		RAM_BASE + 0x8000,
		RAM_BASE + 0x8ff9,
		RAM_BASE + TABLES,
		RAM_BASE + TABLES + 2 * MB_PAGE_SIZE,
		GIC_BASE,
		GIC_BASE + GIC_V3_REDISTRIBUTORS,
		GIC_BASE + GIC_V3_REDISTRIBUTORS + 0x10000,
		RAM_BASE,
	};
	static const uint8_t levels[] = {A64_EL1, A64_EL2, A64_EL0, A64_EL1};
	uint8_t level = levels[options & OPTION_LEVEL];
	if (level > pe->config.highest)
		level = pe->config.highest;
	for (size_t i = 0; i < count; i++) {
		uint32_t word[2];
		memcpy(word, input + i * sizeof(word), sizeof(word));
		word[0] = program_insn(word[0], word[1]);
		guest_write(guest, i * 4, word, 4);
	}
	const uint32_t again = 0x14000000 | (-(uint32_t)count & 0x3ffffff); /* B to the begin */
	guest_write(guest, count * 4, &again, sizeof(again));
	write_vectors(guest, VECTORS, handlers[0]);
	arm64_sysreg_set(pe, A64_VBAR_EL1, RAM_BASE + VECTORS);
	arm64_sysreg_set(pe, A64_CPACR_EL1, 3 << 20);
	if (pe->config.highest == A64_EL2) {
		write_vectors(guest, VECTORS + MB_PAGE_SIZE, handlers[1]);
		arm64_sysreg_set(pe, A64_VBAR_EL2, RAM_BASE + VECTORS + MB_PAGE_SIZE);
		arm64_sysreg_set(pe, A64_HCR_EL2, 1ull << 31); /* RW: EL1 is AArch64 */
	}
	if (options & OPTION_PAGING)
		guest_enable_paging(guest, level == A64_EL0);
	for (unsigned i = 0; i < 31; i++)
		pe->cpu.r[i] = i < 8 ? pointers[i] : 0x0101010101010101ull * i << (i & 31);
	pe->cpu.pc = RAM_BASE;
	arm64_set_pstate(pe, (uint64_t)level << PSTATE_EL_SHIFT |
				     (options & OPTION_INTERRUPTS ? 0 : PSTATE_DAIF) |
				     (level ? PSTATE_SPSEL : 0));
	pe->cpu.r[A64_REG_SP] = RAM_BASE + 0x9000;
	machine_run_until(&guest->machine, TICKS);
}

/* -- comparing -- */

static void report_section(const struct state_section *left, const struct state_section *right)
{
	for (size_t i = 0; i < left->field_count && !left->unhashed; i++) {
		const struct state_field *field = &left->fields[i];
		for (uint32_t k = 0; k < field->count; k++) {
			size_t offset = field->offset + (size_t)k * field->size;
			if (memcmp((char *)left->base + offset, (char *)right->base + offset,
				   field->size))
				fprintf(stderr, "engines differ in %s[%u]\n", field->name, k);
		}
	}
}

/* Names the fields in which two guests differ. */
static void report_difference(const struct guest *a, const struct guest *b)
{
	for (size_t i = 0; i < a->machine.state.count; i++)
		report_section(&a->machine.state.sections[i], &b->machine.state.sections[i]);
	for (size_t i = 0; i < RAM_SIZE; i++)
		if (guest_host(a)[i] != guest_host(b)[i]) {
			fprintf(stderr, "engines differ in memory at offset 0x%zx\n", i);
			break;
		}
	fprintf(stderr, "pc 0x%llx and 0x%llx\n", (unsigned long long)a->pe->cpu.pc,
		(unsigned long long)b->pe->cpu.pc);
}

static const struct engine_ops *const engines[] = {
	&engine_step,
	&engine_interp,
#if ENGINE_HAS_JIT
	&engine_jit,
#endif
};
enum { ENGINES = sizeof(engines) / sizeof(engines[0]) };

/* By OPTION_NO_EL2; [.][0] is not used. Static, for the fuzzing engine calls without any context.
 */
static struct guest kept[2][ENGINES];

static void free_kept(void)
{
	for (int no_el2 = 0; no_el2 < 2; no_el2++)
		for (int i = 0; i < ENGINES; i++)
			if (kept[no_el2][i].point)
				guest_fini(&kept[no_el2][i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As for RISC-V: the step engine gets a new guest each time, those of the others are set back. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool registered;
	struct guest fresh, *guest[ENGINES] = {&fresh};
	size_t count = size ? (size - 1) / 8 : 0;

	if (!count || count > PROGRAM_MAX)
		return 0;
	if (!registered)
		registered = !atexit(free_kept);
	for (int i = 0; i < ENGINES; i++) {
		if (i > 0)
			guest[i] = guest_kept(&kept[!!(data[0] & OPTION_NO_EL2)][i], engines[i],
					      data[0]);
		else
			guest_init(&fresh, engines[0], data[0]);
		guest_start(guest[i], data[0], data + 1, count);
	}
	uint64_t expected = state_hash(&fresh.machine.state);
	for (int i = 1; i < ENGINES; i++) {
		if (state_hash(&guest[i]->machine.state) != expected ||
		    memcmp(guest_host(&fresh), guest_host(guest[i]), RAM_SIZE) != 0) {
			report_difference(&fresh, guest[i]);
			abort();
		}
	}
	guest_fini(&fresh);
	return 0;
}
