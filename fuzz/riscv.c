/*
 * Random bytes as a RISC-V guest, run by every engine: nothing that a guest executes may harm the
 * host, and all engines must end in the same state, memory included.
 *
 * Input: one byte of options, then the program. It starts at the bottom of RAM; traps end
 * in a handler that goes on after the trapped instruction, within the program.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus/bus.h"
#include "cpu/riscv/riscv.h"
#include "engine/engine.h"
#include "machines/reset.h"
#include "mmu/mmu.h"

#define RAM_BASE 0x80000000ull
#define RAM_SIZE (256 << 10)
#define TICKS    600
#define HANDLERS (RAM_SIZE / 2)

/* Bits of the option byte. */
enum { OPTION_LEVEL = 3, OPTION_MISALIGNED_TRAP = 4, OPTION_FP = 8, OPTION_PAGING = 16 };

/*
 * csrrw t6, mscratch, t6; csrr t6, mepc; addi t6, t6, 4; keep 17 bits of it and set bit 31; csrw
 * mepc, t6; csrrw t6, mscratch, t6; mret. Then the same for S-mode.
 */
static const uint32_t handlers[2][9] = {
	{0x340f9ff3, 0x34102ff3, 0x004f8f93, 0x02ff9f93, 0x02ffdf93, 0x29ff9f93, 0x341f9073,
	 0x340f9ff3, 0x30200073},
	{0x140f9ff3, 0x14102ff3, 0x004f8f93, 0x02ff9f93, 0x02ffdf93, 0x29ff9f93, 0x141f9073,
	 0x140f9ff3, 0x10200073},
};

struct guest {
	struct machine machine;
	struct mb_bus *bus;
	struct mb_region *root, *ram;
	struct mmu_watch *watch;
	struct code_cache *code;
	struct riscv_cpu *hart;
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

	struct riscv_config config;
	riscv_config_default(&config);
	config.misaligned_trap = options & OPTION_MISALIGNED_TRAP;
	guest->hart = riscv_cpu_new(&guest->machine, &config, 0);
	must(guest->hart);
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
	riscv_cpu_free(guest->hart);
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

static void write_csr(struct riscv_cpu *hart, const char *name, uint64_t value)
{
	int number = riscv_csr_number(name);
	must(number >= 0);
	riscv_csr_write(hart, (unsigned)number, value);
}

/* One gigapage that maps RAM to itself; the table is RAM's last page. */
static void guest_enable_paging(struct guest *guest, bool user)
{
	uint64_t table = RAM_BASE + RAM_SIZE - MB_PAGE_SIZE;
	uint64_t leaf = RAM_BASE >> 12 << 10 | (user ? 0xdf : 0xcf); /* D A [U] X W R V */
	guest_write(guest, RAM_SIZE - MB_PAGE_SIZE + 2 * sizeof(leaf), &leaf, sizeof(leaf));
	write_csr(guest->hart, "satp", 8ull << 60 | table >> 12);
}

static void guest_start(struct guest *guest, uint8_t options, const uint8_t *program, size_t size)
{
	struct riscv_cpu *hart = guest->hart;
	static const uint8_t levels[] = {RV_M, RV_S, RV_U, RV_M};
	uint8_t level = levels[options & OPTION_LEVEL];
	bool paging = options & OPTION_PAGING;

	guest_write(guest, 0, program, size);
	guest_write(guest, HANDLERS, handlers, sizeof(handlers));
	for (unsigned i = 1; i < 32; i++)
		hart->cpu.r[i] = RAM_BASE + 0x1000 * i + (i & 4 ? i : 0);
	write_csr(hart, "mtvec", RAM_BASE + HANDLERS);
	write_csr(hart, "stvec", RAM_BASE + HANDLERS + sizeof(handlers[0]));
	/* S-mode cannot execute its handler from a user page. */
	write_csr(hart, "medeleg", paging && level == RV_U ? 0 : 0xb1ff);
	write_csr(hart, "pmpcfg0", 0x1f);
	write_csr(hart, "pmpaddr0", UINT64_MAX);
	if (options & OPTION_FP)
		write_csr(hart, "mstatus", 0x6000);
	if (paging)
		guest_enable_paging(guest, level == RV_U);
	hart->cpu.pc = RAM_BASE;
	hart->cpu.level = level;
	riscv_isa.update_mode(&hart->cpu);
	machine_run_until(&guest->machine, TICKS);
}

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
	fprintf(stderr, "pc 0x%llx and 0x%llx\n", (unsigned long long)a->hart->cpu.pc,
		(unsigned long long)b->hart->cpu.pc);
}

static const struct engine_ops *const engines[] = {
	&engine_step,
	&engine_interp,
#if ENGINE_HAS_JIT
	&engine_jit,
#endif
};
enum { ENGINES = sizeof(engines) / sizeof(engines[0]) };

/* By OPTION_MISALIGNED_TRAP; [.][0] is not used. Static, for the fuzzing engine calls without any
 * context. */
static struct guest kept[2][ENGINES];

static void free_kept(void)
{
	for (int trap = 0; trap < 2; trap++)
		for (int i = 0; i < ENGINES; i++)
			if (kept[trap][i].point)
				guest_fini(&kept[trap][i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * The step engine gets a new guest each time. The guests of the others are made once and set back
 * in memory, with their translated code, so that comparing the engines tests this, too.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool registered;
	struct guest fresh, *guest[ENGINES] = {&fresh};

	if (size < 2 || size > RAM_SIZE / 2)
		return 0;
	if (!registered)
		registered = !atexit(free_kept);
	for (int i = 0; i < ENGINES; i++) {
		if (i > 0)
			guest[i] = guest_kept(&kept[!!(data[0] & OPTION_MISALIGNED_TRAP)][i],
					      engines[i], data[0]);
		else
			guest_init(&fresh, engines[0], data[0]);
		guest_start(guest[i], data[0], data + 1, size - 1);
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
