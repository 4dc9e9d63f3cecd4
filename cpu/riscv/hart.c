/* The life of a hart: creation, reset, registered state. */
#include "cpu/riscv/hart.h"

#include <stdlib.h>
#include <string.h>

#include "core/host_memory.h"
#include "core/machine.h"
#include "cpu/riscv/csr.h"
#include "mmu/mmu.h"

/* clang-format off */
static const struct state_field hart_fields[] = {
	{ "x", offsetof(struct riscv_cpu, cpu.r), 8, 32, 0 },
	{ "f", offsetof(struct riscv_cpu, cpu.v), 8, 64, 0 },
	STATE_FIELD(struct riscv_cpu, cpu.pc),
	STATE_FIELD(struct riscv_cpu, cpu.level),
	STATE_FIELD(struct riscv_cpu, cpu.halted),
	STATE_FIELD(struct riscv_cpu, cpu.stopped),
	STATE_FIELD(struct riscv_cpu, cpu.rounding),
	STATE_FIELD(struct riscv_cpu, cpu.fp.flags),
	STATE_FIELD(struct riscv_cpu, cpu.reservation),
	STATE_FIELD(struct riscv_cpu, cpu.reservation_value),
	/* The CPU's own time: core/machine.c moves the whole of it here before it is read. */
	STATE_FIELD(struct riscv_cpu, cpu.slice_end),
	STATE_FIELD(struct riscv_cpu, cpu.idle_ticks),
	STATE_FIELD(struct riscv_cpu, cpu.trap_count),
	STATE_FIELD(struct riscv_cpu, cpu.interrupt_count),
	STATE_FIELD(struct riscv_cpu, cpu.trap_loop_pc),
	STATE_FIELD(struct riscv_cpu, cpu.traps_in_a_row),
	STATE_FIELD(struct riscv_cpu, mstatus),
	STATE_FIELD(struct riscv_cpu, misa),
	STATE_FIELD(struct riscv_cpu, medeleg),
	STATE_FIELD(struct riscv_cpu, mideleg),
	STATE_FIELD(struct riscv_cpu, mie),
	STATE_FIELD(struct riscv_cpu, mtvec),
	STATE_FIELD(struct riscv_cpu, mscratch),
	STATE_FIELD(struct riscv_cpu, mepc),
	STATE_FIELD(struct riscv_cpu, mcause),
	STATE_FIELD(struct riscv_cpu, mtval),
	STATE_FIELD(struct riscv_cpu, mcounteren),
	STATE_FIELD(struct riscv_cpu, mcountinhibit),
	STATE_FIELD(struct riscv_cpu, menvcfg),
	STATE_FIELD(struct riscv_cpu, mseccfg),
	STATE_FIELD(struct riscv_cpu, mip),
	STATE_FIELD(struct riscv_cpu, irq_level),
	STATE_ARRAY(struct riscv_cpu, mstateen),
	STATE_FIELD(struct riscv_cpu, mcycle_offset),
	STATE_FIELD(struct riscv_cpu, minstret_offset),
	STATE_ARRAY(struct riscv_cpu, mhpmcounter),
	STATE_ARRAY(struct riscv_cpu, mhpmevent),
	STATE_FIELD(struct riscv_cpu, stvec),
	STATE_FIELD(struct riscv_cpu, sscratch),
	STATE_FIELD(struct riscv_cpu, sepc),
	STATE_FIELD(struct riscv_cpu, scause),
	STATE_FIELD(struct riscv_cpu, stval),
	STATE_FIELD(struct riscv_cpu, satp),
	STATE_FIELD(struct riscv_cpu, scounteren),
	STATE_FIELD(struct riscv_cpu, senvcfg),
	STATE_ARRAY(struct riscv_cpu, sstateen),
	STATE_FIELD(struct riscv_cpu, stimecmp),
	STATE_ARRAY(struct riscv_cpu, pmp.cfg),
	STATE_ARRAY(struct riscv_cpu, pmp.addr),
};

/* The comparator's event is a section of its own, for it is an object of its own. */
static const struct state_field stimer_fields[] = {
	STATE_FIELD(struct clock_event, when),
	STATE_FIELD(struct clock_event, sequence),
};
/* clang-format on */

/* Values that no hart can hold, of a damaged snapshot, become ones that it can. */
static void legalize(struct riscv_cpu *hart)
{
	struct cpu *cpu = &hart->cpu;
	uint64_t aligned = riscv_has(hart, RV_EXT_C) ? ~1ull : ~3ull;
	state_fix_bool(&cpu->halted);
	state_fix_bool(&cpu->stopped);
	if (cpu->level > RV_M || cpu->level == RV_M - 1)
		cpu->level = RV_M;
	cpu->r[0] = 0;
	cpu->pc &= aligned;
	hart->mepc &= aligned;
	hart->sepc &= aligned;
	cpu->rounding &= 7;
	cpu->fp = (struct fp_env){.rm = FP_RNE, .flags = cpu->fp.flags & 0x1f};
	hart->mstatus = riscv_legal_mstatus(hart, hart->mstatus);
	hart->satp = riscv_legal_satp(hart, hart->satp) ? hart->satp : 0;
	if (hart->mtvec & 2)
		hart->mtvec &= ~3ull;
	if (hart->stvec & 2)
		hart->stvec &= ~3ull;
	hart->misa = riscv_misa(&hart->config);
	pmp_legalize(&hart->pmp);
}

/* What follows from the fields: the mode word and empty TLBs. */
static void hart_derive(struct riscv_cpu *hart)
{
	riscv_flush_all(hart);
	riscv_update_mode(&hart->cpu);
}

/* Interrupt levels are fields and need nobody to drive them anew. */
static void hart_loaded(void *base)
{
	struct riscv_cpu *hart = base;
	legalize(hart);
	hart->cpu.exit = CPU_EXIT_NONE;
	hart->cpu.link = NULL;
	hart_derive(hart);
	cpu_attention(&hart->cpu);
}

static void stimer_loaded(void *base)
{
	struct clock_event *event = base;
	const struct riscv_cpu *hart = event->opaque;
	clock_restore(&hart->cpu.machine->clock, event);
}

void riscv_reset(struct cpu *cpu)
{
	struct riscv_cpu *hart = riscv_cpu(cpu);
	memset(cpu->r, 0, sizeof(cpu->r));
	memset(cpu->v, 0, sizeof(cpu->v));
	cpu->pc = 0;
	cpu->level = RV_M;
	cpu->halted = false;
	cpu->rounding = FP_RNE;
	cpu->fp = (struct fp_env){.rm = FP_RNE};
	cpu->reservation = UINT64_MAX;

	for (unsigned i = 0; i < riscv_csr_count; i++)
		if (riscv_csrs[i].field)
			*(uint64_t *)((char *)hart + riscv_csrs[i].field) = riscv_csrs[i].reset;
	hart->misa = riscv_misa(&hart->config);
	/* Reset does not define ADUE. Firmware chooses; kernels that start in M-mode and know no A
	 * and D faults, such as xv6, run. */
	if (riscv_has(hart, RV_EXT_SVADU))
		hart->menvcfg = MENVCFG_ADUE;
	hart->mcycle_offset = -cpu->machine->clock.now;
	hart->minstret_offset = cpu->idle_ticks - cpu->machine->clock.now;
	memset(hart->mhpmcounter, 0, sizeof(hart->mhpmcounter));
	memset(hart->mhpmevent, 0, sizeof(hart->mhpmevent));
	hart->pmp = (struct pmp){.entries = hart->config.pmp_entries};
	hart_derive(hart);
	riscv_set_stimecmp(hart, hart->stimecmp);
}

static int hart_register(struct riscv_cpu *hart, struct machine *machine)
{
	const struct state_section timer = {
		.name = "riscv-stimer",
		.instance = machine->cpu_count,
		.version = 1,
		.base = hart->stimer,
		.fields = stimer_fields,
		.field_count = sizeof(stimer_fields) / sizeof(stimer_fields[0]),
		.loaded = stimer_loaded,
	};
	const struct state_section section = {
		.name = "riscv-hart",
		.instance = machine->cpu_count,
		.version = 2,
		.base = hart,
		.fields = hart_fields,
		.field_count = sizeof(hart_fields) / sizeof(hart_fields[0]),
		.loaded = hart_loaded,
	};
	return state_register(&machine->state, &section) ? -1
							 : state_register(&machine->state, &timer);
}

struct riscv_cpu *riscv_cpu_new(struct machine *machine, const struct riscv_config *config,
				uint64_t hartid)
{
	if (machine->cpu_count == MACHINE_MAX_CPUS)
		return NULL;
	struct riscv_cpu *hart = host_memory_new(sizeof(*hart));
	if (!hart)
		return NULL;
	hart->config = *config;
	hart->hartid = hartid;
	hart->cpu.isa = &riscv_isa;
	hart->cpu.memory = machine->memory;
	hart->stimer = calloc(1, sizeof(*hart->stimer));
	if (!hart->stimer || mmu_init(&hart->cpu) || hart_register(hart, machine) ||
	    machine_add_cpu(machine, &hart->cpu)) {
		hart->cpu.machine = NULL;
		riscv_cpu_free(hart);
		return NULL;
	}
	clock_event_init(hart->stimer, riscv_stimer_fire, hart);
	riscv_reset(&hart->cpu);
	return hart;
}

void riscv_cpu_free(struct riscv_cpu *hart)
{
	if (!hart)
		return;
	if (hart->cpu.machine)
		clock_cancel(&hart->cpu.machine->clock, hart->stimer);
	free(hart->stimer);
	mmu_fini(&hart->cpu);
	host_memory_free(hart, sizeof(*hart));
}
