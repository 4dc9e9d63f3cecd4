#include "psci/psci.h"

#include <stdlib.h>
#include <string.h>

#include "bus/bus.h"

/* DEN 0022 5.2.2, DEN 0028 and DEN 0098 agree on the first three. */
enum {
	SUCCESS = 0,
	NOT_SUPPORTED = -1,
	INVALID_PARAMETERS = -2,
	ALREADY_ON = -4,
	INVALID_ADDRESS = -9,
};

enum { TRNG_MAX_WORDS = 3 };

/* MPIDR_EL1: Aff3, and Aff2 to Aff0. */
#define AFFINITY 0xff00ffffffull

struct psci {
	struct machine *machine;
	uint64_t random; /* state of the TRNG */
};

/* One call: arguments as its width passes them, and what comes back in X0 to X3. */
struct call {
	struct psci *psci;
	struct arm64_cpu *pe;
	uint32_t id;
	bool wide;       /* 64-bit arguments and results */
	uint64_t arg[4]; /* X1 to X4 */
	int64_t status;
	unsigned result_count; /* of X1 and on */
	uint64_t result[TRNG_MAX_WORDS];
	bool no_return;
};

static void smccc_version(struct call *call)
{
	call->status = 0x10001;
}

static void version(struct call *call)
{
	call->status = 0x10001;
}

static void migrate_info_type(struct call *call)
{
	enum { NO_TRUSTED_OS = 2 };
	call->status = NO_TRUSTED_OS;
}

/* Asks for a function of the same family, or for SMCCC_VERSION. */
static void features(struct call *call)
{
	enum { SMCCC_VERSION = 0x80000000 };
	uint32_t id = (uint32_t)call->arg[0];
	const char *family = psci_family_name(id);
	bool same = family && !strcmp(family, psci_family_name(call->id));
	call->status = same || id == SMCCC_VERSION ? SUCCESS : NOT_SUPPORTED;
}

/* No workaround is needed, and none is there. */
static void arch_features(struct call *call)
{
	features(call);
}

/* -- CPUs -- */

static struct arm64_cpu *find_cpu(const struct psci *psci, uint64_t affinity)
{
	for (unsigned i = 0; i < psci->machine->cpu_count; i++) {
		struct arm64_cpu *pe = arm64_cpu(psci->machine->cpu[i]);
		if ((pe->mpidr & AFFINITY) == affinity)
			return pe;
	}
	return NULL;
}

/* Whether an instruction can be there. */
static bool can_execute(const struct psci *psci, uint64_t address)
{
	struct mb_resolved resolved;
	if (address & 3)
		return false;
	mb_resolve(psci->machine->memory, address, MB_READ, MB_ATTRS_NONE, &resolved);
	return resolved.ram && resolved.length >= 4;
}

static void start_cpu(struct arm64_cpu *pe, uint64_t entry, uint64_t context)
{
	struct cpu *cpu = &pe->cpu;
	cpu->isa->reset(cpu);
	cpu->r[0] = context;
	cpu->pc = entry;
	cpu->stopped = false;
	cpu_attention(cpu);
}

static void cpu_on(struct call *call)
{
	struct arm64_cpu *target = find_cpu(call->psci, call->arg[0]);
	if (!target)
		call->status = INVALID_PARAMETERS;
	else if (!target->cpu.stopped)
		call->status = ALREADY_ON;
	else if (!can_execute(call->psci, call->arg[1]))
		call->status = INVALID_ADDRESS;
	else
		start_cpu(target, call->arg[1], call->arg[2]);
}

static void cpu_off(struct call *call)
{
	call->pe->cpu.stopped = true;
	cpu_attention(&call->pe->cpu);
	call->no_return = true;
}

/* Every state is a standby state: the CPU waits for an interrupt and goes on behind the call. */
static void cpu_suspend(struct call *call)
{
	struct cpu *cpu = &call->pe->cpu;
	cpu->halted = !cpu->isa->wakeup(cpu);
	cpu_attention(cpu);
}

static void affinity_info(struct call *call)
{
	enum { ON, OFF };
	const struct arm64_cpu *target = find_cpu(call->psci, call->arg[0]);
	if (!target || call->arg[1])
		call->status = INVALID_PARAMETERS;
	else
		call->status = target->cpu.stopped ? OFF : ON;
}

/* -- system -- */

static void system_off(struct call *call)
{
	machine_stop(call->psci->machine, STOP_EXIT, 0, "PSCI SYSTEM_OFF");
	call->no_return = true;
}

static void system_reset(struct call *call)
{
	machine_stop(call->psci->machine, STOP_RESET, 0, "PSCI SYSTEM_RESET");
	call->no_return = true;
}

static void system_reset2(struct call *call)
{
	enum { WARM_RESET = 0 };
	if ((uint32_t)call->arg[0] != WARM_RESET) {
		call->status = INVALID_PARAMETERS;
		return;
	}
	machine_stop(call->psci->machine, STOP_RESET, 0, "PSCI SYSTEM_RESET2");
	call->no_return = true;
}

/* -- random numbers -- */

static void trng_version(struct call *call)
{
	call->status = 0x10000;
}

static void trng_uuid(struct call *call)
{
	static const uint32_t uuid[] = {0x54524150, 0x4c494e45, 0x8a3f4d52, 0x31415926};
	call->status = uuid[0];
	call->result_count = 3;
	for (unsigned i = 0; i < 3; i++)
		call->result[i] = uuid[i + 1];
}

/* SplitMix64: repeatable, which is what matters here. */
static uint64_t next_random(struct psci *psci)
{
	uint64_t value = psci->random += 0x9e3779b97f4a7c15ull;
	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ull;
	value = (value ^ value >> 27) * 0x94d049bb133111ebull;
	return value ^ value >> 31;
}

/* The lowest bits are in X3, the highest in X1; bits that were not asked for are 0. */
static void trng_rnd(struct call *call)
{
	unsigned width = call->wide ? 64 : 32;
	uint64_t bits = call->arg[0];
	if (!bits || bits > (uint64_t)TRNG_MAX_WORDS * width) {
		call->status = INVALID_PARAMETERS;
		return;
	}
	call->result_count = TRNG_MAX_WORDS;
	for (unsigned i = TRNG_MAX_WORDS; i > 0 && bits; i--) {
		unsigned count = bits < width ? (unsigned)bits : width;
		call->result[i - 1] = next_random(call->psci) >> (64 - count);
		bits -= count;
	}
}

/* -- the frame -- */

static const struct function {
	uint32_t id;
	const char *family, *name;
	void (*handle)(struct call *call);
} functions[] = {
#define PSCI_FUNCTION(id, family, name, handler) {id, #family, #name, handler},
#include "psci/function.def"
#undef PSCI_FUNCTION
};
#define FUNCTION_COUNT (sizeof(functions) / sizeof(functions[0]))

static const struct function *find_function(uint32_t id)
{
	for (unsigned i = 0; i < FUNCTION_COUNT; i++)
		if (functions[i].id == id)
			return &functions[i];
	return NULL;
}

const char *psci_function_name(uint32_t id)
{
	const struct function *function = find_function(id);
	return function ? function->name : NULL;
}

const char *psci_family_name(uint32_t id)
{
	const struct function *function = find_function(id);
	return function ? function->family : NULL;
}

const char *psci_error_name(int64_t error)
{
	switch (error) {
	case NOT_SUPPORTED: return "NOT_SUPPORTED";
	case INVALID_PARAMETERS: return "INVALID_PARAMETERS";
	case ALREADY_ON: return "ALREADY_ON";
	case INVALID_ADDRESS: return "INVALID_ADDRESS";
	default: return NULL;
	}
}

void psci_list(void (*fn)(void *opaque, uint32_t id, const char *family, const char *name),
	       void *opaque)
{
	for (unsigned i = 0; i < FUNCTION_COUNT; i++)
		fn(opaque, functions[i].id, functions[i].family, functions[i].name);
}

static void observe_call(const struct call *call)
{
	const struct machine *machine = call->psci->machine;
	if (!observer_wants(&machine->observers, OBSERVE_SBI))
		return;
	const struct function *function = find_function(call->id);
	struct observation observation = {
		.kind = OBSERVE_SBI,
		.icount = machine->clock.now,
		.pc = call->pe->cpu.pc - 4,
		.sbi =
			{
                              .extension = function ? function->family : NULL,
                              .function = function ? function->name : NULL,
                              .eid = call->id,
                              .error = call->status,
                              .value = call->result[0],
			      },
	};
	memcpy(observation.sbi.args, call->arg, sizeof(call->arg));
	observer_notify(&machine->observers, &call->pe->cpu, &observation);
}

/* SMCCC: the function in W0, arguments from X1; X0 to X3 are for results, the rest is kept. */
static void answer(void *opaque, struct arm64_cpu *pe)
{
	enum { SMC64 = 1 << 30 };
	struct cpu *cpu = &pe->cpu;
	struct call call = {.psci = opaque, .pe = pe, .id = (uint32_t)cpu->r[0]};
	const struct function *function = find_function(call.id);
	pe->cpu.machine->engine->sync_clock(cpu);
	call.wide = call.id & SMC64;
	for (unsigned i = 0; i < 4; i++)
		call.arg[i] = call.wide ? cpu->r[1 + i] : (uint32_t)cpu->r[1 + i];
	if (function)
		function->handle(&call);
	else
		call.status = NOT_SUPPORTED;
	observe_call(&call);
	machine_look(call.psci->machine);
	if (call.no_return)
		return;
	cpu->r[0] = (uint64_t)call.status;
	for (unsigned i = 0; i < call.result_count; i++)
		cpu->r[1 + i] = call.result[i];
}

static const struct state_field psci_fields[] = {
	STATE_FIELD(struct psci, random),
};

struct psci *psci_new(struct machine *machine, uint64_t seed)
{
	struct psci *psci = calloc(1, sizeof(*psci));
	if (!psci)
		return NULL;
	psci->machine = machine;
	psci->random = seed;
	const struct state_section section = {
		.name = "psci",
		.version = 1,
		.base = psci,
		.fields = psci_fields,
		.field_count = sizeof(psci_fields) / sizeof(psci_fields[0]),
	};
	if (state_register(&machine->state, &section)) {
		free(psci);
		return NULL;
	}
	for (unsigned i = 0; i < machine->cpu_count; i++) {
		struct arm64_cpu *pe = arm64_cpu(machine->cpu[i]);
		pe->firmware = answer;
		pe->firmware_opaque = psci;
		pe->cpu.stopped = true;
	}
	return psci;
}

void psci_free(struct psci *psci)
{
	if (!psci)
		return;
	for (unsigned i = 0; i < psci->machine->cpu_count; i++)
		arm64_cpu(psci->machine->cpu[i])->firmware = NULL;
	free(psci);
}

void psci_boot(struct psci *psci, uint64_t entry, uint64_t context)
{
	struct machine *machine = psci->machine;
	for (unsigned i = 0; i < machine->cpu_count; i++) {
		start_cpu(arm64_cpu(machine->cpu[i]), entry, context);
		machine->cpu[i]->stopped = i > 0;
	}
}
