/* The life of a processing element, and what engine and machine see of it. */
#include "cpu/arm64/pe.h"
#include "cpu/arm64/debug.h"
#include "cpu/arm64/explain.h"
#include "cpu/arm64/fp.h"
#include "cpu/arm64/pauth.h"
#include "cpu/arm64/trap.h"

#include <stdlib.h>
#include <string.h>

#include "cpu/arm64/gic.h"
#include "cpu/arm64/timer.h"
#include "engine/flags.h"
#include "mmu/mmu.h"

static const char *const register_names[] = {
	"x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",  "x8",  "x9",  "x10",
	"x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",
	"x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30", "xzr", "sp",
};

const struct isa arm64_isa = {
	.name = "aarch64",
	.cpu_size = sizeof(struct arm64_cpu),
	.register_names = register_names,
	.register_count = sizeof(register_names) / sizeof(register_names[0]),
	.max_insn_length = 4,
	.min_insn_length = 4,
	.hot_registers = {0,           1, 2, 3, A64_REG_SP, 4, 5, 19, 7, 6},
	.zero_register = A64_REG_ZR,
	.unboxed = true,
	.reset = arm64_reset,
	.update_mode = arm64_update_mode,
	.translate = arm64_translate,
	.walk = arm64_walk,
	.watch = arm64_watch,
	.access_fault = arm64_access_fault,
	.deliver = arm64_deliver,
	.interrupt = arm64_interrupt,
	.wakeup = arm64_wakeup,
	.level_name = arm64_level_name,
	.cause_name = arm64_cause_name,
	.trap_value_names = {"far", "hpfar", "esr"},
	.explain_trap = arm64_explain_trap,
};

/* clang-format off */
static const struct state_field pe_fields[] = {
	{ "x", offsetof(struct arm64_cpu, cpu.r), 8, 33, 0 },
	{ "nzcv", offsetof(struct arm64_cpu, cpu.r[REG_FLAGS_A]), 8, 1, 0 },
	{ "v", offsetof(struct arm64_cpu, cpu.v), 8, 64, 0 },
	STATE_FIELD(struct arm64_cpu, cpu.pc),
	STATE_FIELD(struct arm64_cpu, cpu.level),
	STATE_FIELD(struct arm64_cpu, cpu.halted),
	STATE_FIELD(struct arm64_cpu, cpu.stopped),
	STATE_FIELD(struct arm64_cpu, cpu.reservation),
	STATE_FIELD(struct arm64_cpu, cpu.reservation_value),
	STATE_FIELD(struct arm64_cpu, cpu.slice_end),
	STATE_FIELD(struct arm64_cpu, cpu.idle_ticks),
	STATE_FIELD(struct arm64_cpu, cpu.trap_count),
	STATE_FIELD(struct arm64_cpu, cpu.interrupt_count),
	STATE_FIELD(struct arm64_cpu, cpu.trap_loop_pc),
	STATE_FIELD(struct arm64_cpu, cpu.traps_in_a_row),
	STATE_FIELD(struct arm64_cpu, pstate),
	STATE_ARRAY(struct arm64_cpu, sp),
	STATE_ARRAY(struct arm64_cpu, sysreg),
	STATE_FIELD(struct arm64_cpu, fpcr),
	STATE_FIELD(struct arm64_cpu, fpsr),
	STATE_FIELD(struct arm64_cpu, event),
	STATE_FIELD(struct arm64_cpu, os_lock),
	STATE_FIELD(struct arm64_cpu, step.pc),
	STATE_FIELD(struct arm64_cpu, step.begun),
	STATE_FIELD(struct arm64_cpu, step.exclusive),
	STATE_FIELD(struct arm64_cpu, irq_level),
	STATE_FIELD(struct arm64_cpu, irq_wires),
	STATE_EVENT(struct arm64_cpu, timer[0].event),
	STATE_EVENT(struct arm64_cpu, timer[1].event),
	STATE_EVENT(struct arm64_cpu, timer[2].event),
	STATE_EVENT(struct arm64_cpu, timer[3].event),
	STATE_EVENT(struct arm64_cpu, timeout),
	STATE_FIELD(struct arm64_cpu, woken),
	STATE_FIELD(struct arm64_cpu, wait),
	STATE_FIELD(struct arm64_cpu, stream_position),
};
_Static_assert(A64_TIMERS == 4, "one STATE_EVENT for each timer");
/* clang-format on */

/* Engines keep the flags' operands for longer or shorter; the flags are the same. */
static void pe_saving(void *base)
{
	struct arm64_cpu *pe = base;
	flags_set(&pe->cpu, flags_nzcv(&pe->cpu));
	pe->pstate = (pe->pstate & ~(uint32_t)PSTATE_BTYPE) | arm64_branch_type(pe);
	pe->fpsr = arm64_fpsr(pe);
}

/* Values that no element can hold, of a damaged snapshot, become ones that it can. */
static void legalize(struct arm64_cpu *pe)
{
	struct cpu *cpu = &pe->cpu;
	state_fix_bool(&cpu->halted);
	state_fix_bool(&cpu->stopped);
	state_fix_bool(&pe->event);
	state_fix_bool(&pe->os_lock);
	state_fix_bool(&pe->step.begun);
	state_fix_bool(&pe->step.exclusive);
	state_fix_bool(&pe->woken);
	pe->wait = pe->wait ? A64_WAIT_EVENT : A64_WAIT_INTERRUPT;
	if (cpu->level > pe->config.highest)
		cpu->level = pe->config.highest;
	pe->pstate = (pe->pstate & ~(uint32_t)PSTATE_EL) | (uint32_t)cpu->level << PSTATE_EL_SHIFT;
	cpu->r[A64_REG_ZR] = 0;
	flags_set(cpu, cpu->r[REG_FLAGS_A] & 15);
}

/* Redoes what follows from the state. */
static void restart(struct arm64_cpu *pe)
{
	legalize(pe);
	arm64_set_branch_type(pe, pe->pstate);
	arm64_set_fpcr(pe, pe->fpcr);
	arm64_set_fpsr(pe, pe->fpsr);
	arm64_translation_changed(pe);
	arm64_update_mode(&pe->cpu);
	mmu_flush(&pe->cpu);
	gic_restart(pe);
}

static void pe_loaded(void *base)
{
	struct arm64_cpu *pe = base;
	restart(pe);
	timer_restore(pe);
}

/* Fields that tell of features, and those that are the same for all (arm64-board facts, 5). */
static void set_id_registers(struct arm64_cpu *pe)
{
	// clang-format off
	static const struct {
		uint16_t reg;
		uint8_t shift, value, feature;
	} fields[] = {
#define ID_FIELD(reg, shift, value, feature) {A64_##reg, shift, value, A64_FEAT_##feature},
#include "cpu/arm64/idreg.def"
#undef ID_FIELD
	};
	// clang-format on
	pe->sysreg[A64_ID_AA64PFR0_EL1] = 0x11 | (pe->config.highest >= A64_EL2 ? 1 << 8 : 0) |
					  (pe->config.highest >= A64_EL3 ? 1 << 12 : 0);
	pe->sysreg[A64_ID_AA64DFR0_EL1] = 0x10305007;
	/* 48 bits, 16-bit ASIDs, all granules. */
	pe->sysreg[A64_ID_AA64MMFR0_EL1] = 0x22200100025;
	if (arm64_has(pe, A64_FEAT_LPA))
		pe->sysreg[A64_ID_AA64MMFR0_EL1] += 1; /* 52 bits */
	pe->sysreg[A64_ID_AA64MMFR1_EL1] = 0x20;       /* 16-bit VMIDs */
	for (unsigned i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		uint64_t *reg = &pe->sysreg[fields[i].reg];
		uint64_t field = *reg >> fields[i].shift & 15;
		if (arm64_has(pe, fields[i].feature) && fields[i].value > field)
			*reg += (fields[i].value - field) << fields[i].shift;
	}
}

void arm64_reset(struct cpu *cpu)
{
	struct arm64_cpu *pe = arm64_cpu(cpu);
	memset(cpu->r, 0, sizeof(cpu->r));
	memset(cpu->v, 0, sizeof(cpu->v));
	memset(pe->sp, 0, sizeof(pe->sp));
	memset(pe->sysreg, 0, sizeof(pe->sysreg));
	cpu->pc = 0;
	cpu->halted = false;
	cpu->reservation = UINT64_MAX;
	arm64_set_fpcr(pe, 0);
	arm64_set_fpsr(pe, 0);
	pe->event = false;
	pe->os_lock = true;
	pe->step.begun = false;
	cpu->level = pe->config.entry;
	pe->pstate = PSTATE_DAIF | PSTATE_SPSEL;
	cpu->mode = 0;
	pe->sysreg[A64_VMPIDR_EL2] = pe->mpidr;
	pe->sysreg[A64_VPIDR_EL2] = pe->config.midr;
	pe->sysreg[A64_HCR_EL2] = HCR_RW;
	pe->sysreg[A64_ICH_HFGRTR_EL2] = ICH_HFGRTR_RES1;
	set_id_registers(pe);
	arm64_pac_set_id(pe);
	pe->stream_position = 0;
	pe->wait = A64_WAIT_INTERRUPT;
	timer_cancel(pe);
	timer_update(pe);
	restart(pe);
}

static int pe_register(struct arm64_cpu *pe, struct machine *machine)
{
	struct state_section section = {
		.name = "arm64-pe",
		.instance = machine->cpu_count,
		.version = 3,
		.base = pe,
		.fields = pe_fields,
		.field_count = sizeof(pe_fields) / sizeof(pe_fields[0]),
		.saving = pe_saving,
		.loaded = pe_loaded,
	};
	return state_register(&machine->state, &section);
}

struct arm64_cpu *arm64_cpu_new(struct machine *machine, const struct arm64_config *config,
				uint64_t mpidr)
{
	if (machine->cpu_count == MACHINE_MAX_CPUS)
		return NULL;
	size_t size = (sizeof(struct arm64_cpu) + 63) / 64 * 64;
	struct arm64_cpu *pe = aligned_alloc(64, size);
	if (!pe)
		return NULL;
	memset(pe, 0, size);
	pe->cpu.isa = &arm64_isa;
	pe->cpu.unbox = CPU_UNBOX;
	pe->cpu.machine = machine;
	pe->cpu.memory = machine->memory;
	pe->config = *config;
	pe->pstate_bits = arm64_pstate_bits(pe);
	pe->mpidr = mpidr;
	timer_init(pe);
	if (mmu_init(&pe->cpu)) {
		free(pe);
		return NULL;
	}
	if (pe_register(pe, machine) || machine_add_cpu(machine, &pe->cpu)) {
		arm64_cpu_free(pe);
		return NULL;
	}
	arm64_reset(&pe->cpu);
	return pe;
}

void arm64_cpu_free(struct arm64_cpu *pe)
{
	if (!pe)
		return;
	timer_cancel(pe);
	mmu_fini(&pe->cpu);
	free(pe);
}

void arm64_connect_wire(struct arm64_cpu *pe, enum arm64_wire wire, struct irq_line line)
{
	pe->wire[wire] = line;
	if (wire < A64_TIMERS)
		timer_update(pe);
	else
		gic_restart(pe);
}

uint64_t arm64_sctlr(const struct arm64_cpu *pe)
{
	bool host = pe->sysreg[A64_HCR_EL2] & HCR_TGE && pe->sysreg[A64_HCR_EL2] & HCR_E2H;
	switch (pe->cpu.level) {
	case A64_EL3: return pe->sysreg[A64_SCTLR_EL3];
	case A64_EL2: return pe->sysreg[A64_SCTLR_EL2];
	case A64_EL0: return pe->sysreg[host ? A64_SCTLR_EL2 : A64_SCTLR_EL1];
	default: return pe->sysreg[A64_SCTLR_EL1];
	}
}

/* EL0 belongs to EL2&0 when it is the host's. */
static unsigned fetch_mode(const struct arm64_cpu *pe)
{
	static const uint8_t modes[] = {A64_TLB_EL0, A64_TLB_EL1, A64_TLB_EL2, A64_TLB_EL3};
	return arm64_is_host_el0(pe) ? A64_TLB_EL20 : modes[pe->cpu.level];
}

/* PSTATE.PAN has a TLB of its own. At EL2 it counts with E2H=1 only. */
static unsigned data_mode(const struct arm64_cpu *pe, unsigned fetch_mode)
{
	if (!(pe->pstate & PSTATE_PAN))
		return fetch_mode;
	if (fetch_mode == A64_TLB_EL1)
		return A64_TLB_EL1_PAN;
	bool host = fetch_mode == A64_TLB_EL2 && arm64_hcr(pe) & HCR_E2H;
	return host ? A64_TLB_EL2_PAN : fetch_mode;
}

/* LDTR and STTR: at EL1, and at EL2 when EL0 is below it; not when PSTATE.UAO says so. */
static bool acts_unprivileged(const struct arm64_cpu *pe)
{
	if (pe->pstate & PSTATE_UAO)
		return false;
	uint64_t hcr = arm64_hcr(pe), nested = HCR_NV | HCR_NV1, host = HCR_E2H | HCR_TGE;
	switch (pe->cpu.level) {
	case A64_EL1: return (hcr & nested) != nested;
	case A64_EL2: return (hcr & host) == host;
	default: return false;
	}
}

static uint32_t mode_word(struct arm64_cpu *pe, unsigned fetch_mode)
{
	uint64_t sctlr = arm64_sctlr(pe);
	const struct arm64_stage1 *stage = arm64_stage1_of(pe, arm64_regime_of_mode(fetch_mode));
	uint32_t mode = pe->cpu.level;
	if (sctlr & (pe->cpu.level == A64_EL0 ? SCTLR_SA0 : SCTLR_SA))
		mode |= A64_MODE_SP_CHECK;
	if (pe->pstate & PSTATE_IL)
		mode |= A64_MODE_ILLEGAL;
	/* What stage 1 does not translate is of device type. */
	if (sctlr & SCTLR_A || !(stage->on || stage->default_cacheable))
		mode |= A64_MODE_ALIGNED;
	if (acts_unprivileged(pe))
		mode |= A64_MODE_UNPRIVILEGED;
	if (pe->cpu.level > A64_EL0 && !(pe->pstate & PSTATE_SPSEL))
		mode |= A64_MODE_SP_EL0;
	if (sctlr & (pe->cpu.level == A64_EL0 ? SCTLR_BT0 : SCTLR_BT1))
		mode |= A64_MODE_BT;
	mode |= arm64_debug_mode(pe);
	if (arm64_is_host_el0(pe) || (pe->cpu.level == A64_EL2 && arm64_hcr(pe) & HCR_E2H))
		mode |= A64_MODE_HOST;
	if (arm64_fp_trapped(pe))
		mode |= A64_MODE_FP_TRAP;
	return mode;
}

/* The bits of PSTATE that modes follow from, besides registers. */
#define PSTATE_OF_MODE                                                                             \
	(PSTATE_SPSEL | PSTATE_EL | PSTATE_D | PSTATE_IL | PSTATE_SS | PSTATE_PAN | PSTATE_UAO)

static const struct arm64_modes *modes_of_pstate(struct arm64_cpu *pe)
{
	enum { KNOWN = PSTATE_M4, PAN_AT = 22, INDEX_PAN = 3, INDEX_EL = 1 };
	uint32_t pstate = pe->pstate, key = (pstate & PSTATE_OF_MODE) | KNOWN;
	unsigned index = (pstate & PSTATE_SPSEL) |
			 (pstate & PSTATE_EL) >> PSTATE_EL_SHIFT << INDEX_EL |
			 (pstate & PSTATE_PAN) >> PAN_AT << INDEX_PAN;
	struct arm64_modes *modes = &pe->modes[index];
	if (modes->key != key) {
		modes->fetch = (uint8_t)fetch_mode(pe);
		modes->data = (uint8_t)data_mode(pe, modes->fetch);
		modes->word = mode_word(pe, modes->fetch);
		modes->key = key;
	}
	return modes;
}

void arm64_use_pstate(struct arm64_cpu *pe)
{
	struct cpu *cpu = &pe->cpu;
	const struct arm64_modes *modes = modes_of_pstate(pe);
	cpu->fetch_mode = modes->fetch;
	cpu->data_mode = modes->data;
	cpu->mode = modes->word | (cpu->mode & A64_MODE_BTYPE);
	unsigned used = 1u << cpu->fetch_mode | 1u << cpu->data_mode;
	if (pe->translation.stale_modes & used) {
		arm64_refresh_mode(pe, cpu->fetch_mode);
		arm64_refresh_mode(pe, cpu->data_mode);
	}
	mmu_use_data_mode(cpu);
	cpu->aligned_only = cpu->mode & A64_MODE_ALIGNED;
	mmu_use_jump_key(cpu);
}

void arm64_update_mode(struct cpu *cpu)
{
	struct arm64_cpu *pe = arm64_cpu(cpu);
	arm64_forget_modes(pe);
	arm64_use_pstate(pe);
}

void arm64_state_changed(struct arm64_cpu *pe)
{
	arm64_update_mode(&pe->cpu);
	cpu_attention(&pe->cpu);
}

/* -- names -- */

const char *arm64_level_name(const struct cpu *cpu, unsigned level)
{
	(void)cpu;
	static const char *const names[] = {"EL0", "EL1", "EL2", "EL3"};
	return level < A64_LEVELS ? names[level] : "none";
}

const char *arm64_cause_name(const struct trap *trap)
{
	static const char *const kinds[] = {"synchronous", "IRQ", "FIQ", "SError"};
	static const struct {
		uint8_t class;
		const char *name;
	} classes[] = {
		{A64_EC_UNKNOWN,         "undefined"                     },
		{A64_EC_WFX,             "trapped WFI or WFE"            },
		{A64_EC_FP,              "trapped FP or SIMD"            },
		{A64_EC_PAC,             "trapped pointer authentication"},
		{A64_EC_OTHER,           "trapped LS64, TSB or PSB"      },
		{A64_EC_BTI,             "branch target"                 },
		{A64_EC_ILLEGAL,         "illegal execution state"       },
		{A64_EC_SVC,             "SVC"                           },
		{A64_EC_HVC,             "HVC"                           },
		{A64_EC_SMC,             "SMC"                           },
		{A64_EC_SYSREG,          "trapped system register"       },
		{A64_EC_ERET,            "trapped ERET"                  },
		{A64_EC_FPAC,            "pointer authentication failure"},
		{A64_EC_FETCH_LOWER,     "instruction abort"             },
		{A64_EC_FETCH_LOWER + 1, "instruction abort"             },
		{A64_EC_PC_ALIGNMENT,    "PC alignment"                  },
		{A64_EC_DATA_LOWER,      "data abort"                    },
		{A64_EC_DATA_LOWER + 1,  "data abort"                    },
		{A64_EC_SP_ALIGNMENT,    "SP alignment"                  },
		{A64_EC_BRK,             "BRK"                           },
	};
	if (trap->cause != A64_SYNCHRONOUS)
		return trap->cause < 4 ? kinds[trap->cause] : "reserved";
	unsigned class = trap->syndrome >> 26 & 63;
	for (unsigned i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classes[i].class == class)
			return classes[i].name;
	return arm64_class_name(class);
}
