/* The firmware's frame: dispatch of calls, start of harts, names. */
#include "sbi/sbi.h"

#include <stdlib.h>
#include <string.h>

#include "bus/bus.h"
#include "mmu/mmu.h"
#include "sbi/internal.h"

struct extension {
	const char *name;
	uint32_t first, last;
	sbi_handler *handle;
	const char *functions[12];
};

static const struct extension extensions[SBI_EXT_COUNT] = {
#define SBI_EXTENSION(id, name, first, last, handle, ...)                                          \
	[SBI_EXT_##id] = {name, first, last, handle, {__VA_ARGS__}},
#include "sbi/extension.def"
#undef SBI_EXTENSION
};

/* Legacy calls carry their function in the extension id. */
static const char *const legacy_names[] = {
	"set_timer",      "console_putchar",   "console_getchar",        "clear_ipi", "send_ipi",
	"remote_fence_i", "remote_sfence_vma", "remote_sfence_vma_asid", "shutdown",
};

static const struct extension *find_extension(uint32_t eid)
{
	for (unsigned i = 0; i < SBI_EXT_COUNT; i++)
		if (eid >= extensions[i].first && eid <= extensions[i].last)
			return &extensions[i];
	return NULL;
}

bool sbi_offers(const struct sbi *sbi, uint32_t eid)
{
	const struct extension *extension = find_extension(eid);
	return extension && extension->handle &&
	       !(sbi->config.denied >> (extension - extensions) & 1);
}

const char *sbi_extension_name(uint64_t eid)
{
	const struct extension *extension = find_extension((uint32_t)eid);
	return extension ? extension->name : NULL;
}

const char *sbi_function_name(uint64_t eid, uint64_t fid)
{
	const struct extension *extension = find_extension((uint32_t)eid);
	if (!extension)
		return NULL;
	if (extension == &extensions[SBI_EXT_LEGACY])
		return legacy_names[(uint32_t)eid];
	unsigned count = sizeof(extension->functions) / sizeof(extension->functions[0]);
	return (uint32_t)fid < count ? extension->functions[(uint32_t)fid] : NULL;
}

const char *sbi_error_name(int64_t error)
{
	switch (error) {
#define X(name, value)                                                                             \
	case value: return "SBI_" #name;
		SBI_ERRORS(X)
#undef X
	default: return NULL;
	}
}

void sbi_list(void (*fn)(void *opaque, const char *name, uint32_t first, uint32_t last,
			 bool offered),
	      void *opaque)
{
	for (unsigned i = 0; i < SBI_EXT_COUNT; i++)
		fn(opaque, extensions[i].name, extensions[i].first, extensions[i].last,
		   extensions[i].handle != NULL);
}

static void observe_call(const struct sbi_call *call, uint64_t pc)
{
	const struct observer_list *observers = &call->sbi->machine->observers;
	if (!observer_wants(observers, OBSERVE_SBI))
		return;
	struct observation observation = {
		.kind = OBSERVE_SBI,
		.icount = call->sbi->machine->clock.now,
		.pc = pc,
		.sbi =
			{
                              .extension = sbi_extension_name(call->eid),
                              .function = sbi_function_name(call->eid, call->fid),
                              .eid = call->eid,
                              .fid = call->fid,
                              .error = call->error,
                              .value = call->value,
			      },
	};
	memcpy(observation.sbi.args, call->args, sizeof(call->args));
	observer_notify(observers, &call->hart->cpu->cpu, &observation);
}

static bool handle_call(struct sbi_hart *hart, struct trap *trap)
{
	struct cpu *cpu = &hart->cpu->cpu;
	struct sbi_call call = {
		.sbi = hart->sbi,
		.hart = hart,
		.eid = (uint32_t)cpu->r[17],
		.fid = (uint32_t)cpu->r[16],
	};
	memcpy(call.args, &cpu->r[10], sizeof(call.args));

	if (sbi_offers(hart->sbi, call.eid))
		find_extension(call.eid)->handle(&call);
	else
		call.error = SBI_ERR_NOT_SUPPORTED;
	observe_call(&call, trap->pc);
	machine_look(hart->sbi->machine);
	if (call.no_return)
		return true;
	cpu->r[10] = (uint64_t)call.error;
	if (!call.legacy)
		cpu->r[11] = call.value;
	cpu->pc = trap->pc + 4;
	return true;
}

/* Everything that medeleg leaves to M-mode. */
static bool handle_trap(void *opaque, struct riscv_cpu *cpu, struct trap *trap)
{
	struct sbi *sbi = opaque;
	struct sbi_hart *hart = &sbi->hart[cpu->cpu.index];
	if (trap->interrupt)
		return false;
	switch (trap->cause) {
	case RV_CAUSE_ECALL_S: return handle_call(hart, trap);
	case RV_CAUSE_LOAD_MISALIGNED:
	case RV_CAUSE_STORE_MISALIGNED: return sbi_emulate_misaligned(hart, trap);
	default: riscv_enter_s(cpu, trap); return true;
	}
}

/* What firmware knows of a hart beyond its CSRs. */
static const struct state_field hart_fields[] = {
	STATE_FIELD(struct sbi_hart, state),
	STATE_FIELD(struct sbi_hart, suspended_at),
	STATE_ARRAY(struct sbi_hart, locked),
};

static void hart_loaded(void *base)
{
	struct sbi_hart *hart = base;
	if (hart->state != SBI_HART_STARTED && hart->state != SBI_HART_SUSPENDED)
		hart->state = SBI_HART_STOPPED;
	for (unsigned i = 0; i < SBI_FWFT_COUNT; i++)
		hart->locked[i] = hart->locked[i] != 0;
}

static int register_hart(struct sbi_hart *hart, unsigned index)
{
	const struct state_section section = {
		.name = "sbi-hart",
		.instance = index,
		.version = 1,
		.base = hart,
		.fields = hart_fields,
		.field_count = sizeof(hart_fields) / sizeof(hart_fields[0]),
		.loaded = hart_loaded,
	};
	return state_register(&hart->sbi->machine->state, &section);
}

struct sbi *sbi_new(struct machine *machine, const struct sbi_config *config,
		    const struct sbi_console *console)
{
	struct sbi *sbi = calloc(1, sizeof(*sbi));
	if (!sbi)
		return NULL;
	sbi->machine = machine;
	sbi->config = *config;
	if (console)
		sbi->console = *console;
	sbi->hart_count = machine->cpu_count;
	for (unsigned i = 0; i < sbi->hart_count; i++) {
		struct sbi_hart *hart = &sbi->hart[i];
		hart->sbi = sbi;
		hart->cpu = riscv_cpu(machine->cpu[i]);
		hart->state = SBI_HART_STOPPED;
		hart->cpu->firmware = handle_trap;
		hart->cpu->firmware_opaque = sbi;
		hart->cpu->cpu.stopped = true;
		if (register_hart(hart, i)) {
			sbi->hart_count = i + 1;
			sbi_free(sbi);
			return NULL;
		}
	}
	return sbi;
}

void sbi_free(struct sbi *sbi)
{
	if (!sbi)
		return;
	for (unsigned i = 0; i < sbi->hart_count; i++)
		sbi->hart[i].cpu->firmware = NULL;
	free(sbi);
}

const struct sbi_config *sbi_get_config(const struct sbi *sbi)
{
	return &sbi->config;
}

/* CSRs that firmware owns, at the values of SBI's "Hart Start Register State" and Linux' needs. */
static void set_csrs(struct riscv_cpu *cpu)
{
	const uint64_t fs_initial = 1ull << 13;
	riscv_csr_write(cpu, 0x300, fs_initial); /* mstatus */
	riscv_csr_write(cpu, 0x302,
			1u << 0 | 1u << 1 | 1u << 2 | 1u << 3 | 1u << 5 | 1u << 7 | 1u << 8 |
				1u << 12 | 1u << 13 | 1u << 15); /* medeleg */
	riscv_csr_write(cpu, 0x303,
			1u << RV_IRQ_SSI | 1u << RV_IRQ_STI | 1u << RV_IRQ_SEI |
				1u << RV_IRQ_LCOFI);      /* mideleg */
	riscv_csr_write(cpu, 0x306, ~0ull);               /* mcounteren */
	riscv_csr_write(cpu, 0x106, 2);                   /* scounteren */
	uint64_t envcfg = 1ull << 63 | 1ull << 62 | 0xf0; /* STCE, PBMTE, CBZE, CBCFE, CBIE=3 */
	if (riscv_has(cpu, RV_EXT_SVADU) && !riscv_has(cpu, RV_EXT_SVADE))
		envcfg |= 1ull << 61;        /* ADUE */
	riscv_csr_write(cpu, 0x30a, envcfg); /* menvcfg */
	riscv_csr_write(cpu, 0x30c, ~0ull);  /* mstateen0 */
	riscv_csr_write(cpu, 0x3b0, ~0ull);  /* pmpaddr0: everything */
	riscv_csr_write(cpu, 0x3a0, 0x1f);   /* pmpcfg0: NAPOT, RWX */
}

void sbi_hart_enter(struct sbi_hart *hart, uint64_t pc, uint64_t opaque)
{
	struct cpu *cpu = &hart->cpu->cpu;
	cpu->isa->reset(cpu);
	set_csrs(hart->cpu);
	sbi_fwft_reset(hart);
	sbi_timer_set(hart, UINT64_MAX);
	cpu->r[10] = hart->cpu->hartid;
	cpu->r[11] = opaque;
	cpu->pc = pc;
	cpu->level = RV_S;
	cpu->stopped = false;
	cpu->halted = false;
	cpu->isa->update_mode(cpu);
	mmu_flush(cpu);
	hart->state = SBI_HART_STARTED;
	cpu_attention(cpu);
}

void sbi_boot(struct sbi *sbi, unsigned boot, uint64_t entry, uint64_t opaque)
{
	for (unsigned i = 0; i < sbi->hart_count; i++) {
		sbi_hart_enter(&sbi->hart[i], entry, opaque);
		if (i == boot)
			continue;
		sbi->hart[i].state = SBI_HART_STOPPED;
		sbi->hart[i].cpu->cpu.stopped = true;
	}
}

bool sbi_memory_ok(const struct sbi *sbi, uint64_t address, uint64_t size)
{
	while (size) {
		struct mb_resolved resolved;
		mb_resolve(sbi->machine->memory, address, MB_READ, MB_ATTRS_NONE, &resolved);
		if (!resolved.ram || resolved.readonly)
			return false;
		if (resolved.length >= size)
			return true;
		size -= resolved.length;
		if (address + resolved.length < address)
			return false;
		address += resolved.length;
	}
	return true;
}

enum sbi_error sbi_for_harts(struct sbi *sbi, uint64_t mask, uint64_t base,
			     void (*fn)(struct sbi_hart *hart))
{
	bool all = base == UINT64_MAX;
	bool chosen[MACHINE_MAX_CPUS] = {false};
	for (unsigned bit = 0; bit < 64 && !all; bit++) {
		if (!(mask >> bit & 1))
			continue;
		uint64_t id = base + bit;
		if (id < base)
			return SBI_ERR_INVALID_PARAM;
		unsigned i = 0;
		while (i < sbi->hart_count && sbi->hart[i].cpu->hartid != id)
			i++;
		if (i == sbi->hart_count)
			return SBI_ERR_INVALID_PARAM;
		chosen[i] = true;
	}
	for (unsigned i = 0; i < sbi->hart_count; i++)
		if (all || chosen[i])
			fn(&sbi->hart[i]);
	return SBI_SUCCESS;
}
