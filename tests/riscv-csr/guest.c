#include "guest.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "mmu/sv.h"

#define SATP_SV39_ROOT(physical) (8ull << 60 | (physical) >> 12)

static mb_result device_read(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			     uint64_t *value)
{
	(void)opaque, (void)offset, (void)size, (void)attrs;
	*value = 0;
	return MB_OK;
}

static mb_result device_write(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			      uint64_t value)
{
	(void)opaque, (void)offset, (void)size, (void)attrs, (void)value;
	return MB_OK;
}

static const struct mb_ops device_ops = {
	.read = device_read,
	.write = device_write,
	.valid = {.min = 1, .max = 8},
	.impl = {.min = 1, .max = 8},
};

static void build_bus(struct guest *guest)
{
	guest->bus = mb_bus_new();
	cr_assert_eq(mb_region_container(guest->bus, "root", MB_WHOLE, &guest->root), 0);
	cr_assert_eq(mb_region_ram(guest->bus, "ram", GUEST_RAM_SIZE, &guest->ram), 0);
	cr_assert_eq(
		mb_region_mmio(guest->bus, "device", 0x1000, &device_ops, guest, &guest->device),
		0);
	cr_assert_eq(mb_attach(guest->root, GUEST_RAM, guest->ram), 0);
	cr_assert_eq(mb_attach(guest->root, GUEST_DEVICE, guest->device), 0);
	cr_assert_eq(mb_space_new(guest->bus, "memory", guest->root, MB_SPACE_MEMORY,
				  &guest->machine.memory),
		     0);
}

struct guest *guest_new(const char *cpu, const char *engine)
{
	struct guest *guest = calloc(1, sizeof(*guest));
	struct riscv_config config;
	struct error error = {0};
	cr_assert(guest);
	cr_assert_eq(riscv_config_parse(&config, cpu, &error), 0, "%s", error.text);
	machine_init(&guest->machine);
	const char *other = getenv("TRAPLINE_TEST_ENGINE");
	guest->machine.engine = engine_find(other ? other : engine);
	if (!guest->machine.engine)
		cr_skip("no such engine on this host");
	build_bus(guest);
	guest->hart = riscv_cpu_new(&guest->machine, &config, 0);
	cr_assert(guest->hart);
	guest->code = code_cache_new(&guest->machine);
	cr_assert(guest->code);
	/* The JIT shall not wait until code is hot. */
	code_cache_set_executions(guest->code, 0);
	guest_set_csr(guest, 0x305, GUEST_VECTOR);
	guest_set_csr(guest, 0x105, GUEST_STVEC);
	if (config.pmp_entries) {
		guest_set_csr(guest, 0x3b0, UINT64_MAX);
		guest_set_csr(guest, 0x3a0, PMP_R | PMP_W | PMP_X | 3 << PMP_A_SHIFT);
	}
	return guest;
}

void guest_free(struct guest *guest)
{
	code_cache_free(guest->code);
	riscv_cpu_free(guest->hart);
	mb_space_free(guest->machine.memory);
	mb_region_unref(guest->device);
	mb_region_unref(guest->ram);
	mb_region_unref(guest->root);
	mb_bus_free(guest->bus);
	machine_fini(&guest->machine);
	free(guest);
}

void guest_level(struct guest *guest, enum riscv_level level)
{
	guest->hart->cpu.level = (uint8_t)level;
	riscv_isa.update_mode(&guest->hart->cpu);
}

bool guest_step_at(struct guest *guest, uint64_t pc)
{
	struct cpu *cpu = &guest->hart->cpu;
	uint64_t traps = cpu->trap_count;
	cpu->pc = pc;
	machine_run_until(&guest->machine, guest->machine.clock.now + 1);
	return cpu->trap_count == traps;
}

bool guest_step(struct guest *guest, uint32_t insn)
{
	guest_store32(guest, GUEST_CODE, insn);
	return guest_step_at(guest, GUEST_CODE);
}

uint32_t insn_csr(unsigned funct3, unsigned rd, unsigned number, unsigned rs1)
{
	return number << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | 0x73;
}

bool guest_csr_write(struct guest *guest, unsigned number, uint64_t value)
{
	guest->hart->cpu.r[5] = value;
	return guest_step(guest, insn_csr(1, 0, number, 5));
}

bool guest_csr_read(struct guest *guest, unsigned number, uint64_t *value)
{
	bool done = guest_step(guest, insn_csr(2, 6, number, 0));
	*value = guest->hart->cpu.r[6];
	return done;
}

uint64_t guest_csr(struct guest *guest, unsigned number)
{
	uint64_t value = 0;
	cr_assert(riscv_csr_read(guest->hart, number, &value), "CSR 0x%x", number);
	return value;
}

void guest_set_csr(struct guest *guest, unsigned number, uint64_t value)
{
	cr_assert(riscv_csr_write(guest->hart, number, value), "CSR 0x%x", number);
}

uint64_t guest_load(struct guest *guest, uint64_t physical)
{
	uint64_t value;
	cr_assert_eq(mb_ld64le(guest->machine.memory, physical, MB_ATTRS_NONE, &value), MB_OK);
	return value;
}

void guest_store(struct guest *guest, uint64_t physical, uint64_t value)
{
	cr_assert_eq(mb_st64le(guest->machine.memory, physical, MB_ATTRS_NONE, value), MB_OK);
}

void guest_store32(struct guest *guest, uint64_t physical, uint32_t value)
{
	cr_assert_eq(mb_st32le(guest->machine.memory, physical, MB_ATTRS_NONE, value), MB_OK);
}

static uint64_t make_pte(uint64_t physical, uint64_t flags)
{
	return physical >> 12 << SV_PTE_PPN_SHIFT | flags;
}

uint64_t guest_map(struct guest *guest, uint64_t address, uint64_t physical, uint64_t flags)
{
	uint64_t table = GUEST_TABLES;
	if (!guest->next_table)
		guest->next_table = GUEST_TABLES + 0x1000;
	for (unsigned level = 2; level > 0; level--) {
		uint64_t slot = table + (address >> (12 + 9 * level) & 0x1ff) * 8;
		uint64_t pte = guest_load(guest, slot);
		if (!pte) {
			pte = make_pte(guest->next_table, SV_PTE_V);
			guest->next_table += 0x1000;
			guest_store(guest, slot, pte);
		}
		table = (pte & SV_PTE_PPN) << 2;
	}
	uint64_t slot = table + (address >> 12 & 0x1ff) * 8;
	guest_store(guest, slot, make_pte(physical, flags));
	return slot;
}

void guest_paging(struct guest *guest)
{
	guest_set_csr(guest, 0x180, SATP_SV39_ROOT(GUEST_TABLES));
}

static void observe(void *opaque, const struct cpu *cpu, const struct observation *observation)
{
	struct guest *guest = opaque;
	(void)cpu;
	guest->seen = *observation;
	if (observation->kind == OBSERVE_TRAP)
		guest->seen_trap = *observation->trap;
	guest->seen_count++;
}

void guest_observe(struct guest *guest, enum observe_kind kind)
{
	guest->observer = (struct observer){
		.kinds = OBSERVE_BIT(kind),
		.notify = observe,
		.opaque = guest,
	};
	observer_add(&guest->machine.observers, &guest->observer);
}
