/* System instructions: hints, barriers, waits, PSTATE, system registers and operations. */
#include "cpu/arm64/emit.h"

#include <string.h>

#include "cpu/arm64/pe.h"
#include "cpu/arm64/sysreg.h"
#include "cpu/arm64/timer.h"
#include "cpu/arm64/trap.h"
#include "cpu/arm64/walk.h"
#include "engine/engine.h"
#include "mmu/mmu.h"

void emit_hint(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)builder, (void)word, (void)row;
}

/* ESB: physical errors do not exist, virtual ones may be pending. Without FEAT_RAS it is a NOP. */
static bool help_error_barrier(struct cpu *cpu, const struct uop *uop)
{
	(void)uop;
	arm64_error_barrier(arm64_cpu(cpu));
	return true;
}

void emit_error_barrier(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)word, (void)row;
	if (emit_level(builder) <= A64_EL1 && arm64_has(arm64_cpu(builder->cpu), A64_FEAT_RAS))
		build_call(builder, help_error_barrier, 0, 0, 0, 0, 0);
}

/* Everything is in order already. */
void emit_barrier(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)builder, (void)word, (void)row;
}

void emit_isb(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)word, (void)row;
	build_leave(builder);
}

/* PSB CSYNC and TSB CSYNC have nothing to drain, but may trap. imm: the ISS; b: the trap's bit. */
static bool help_csync(struct cpu *cpu, const struct uop *uop)
{
	struct arm64_cpu *pe = arm64_cpu(cpu);
	const char *why;
	if (!arm64_fgt_traps(pe, uop_wide(uop, 1)->call.argument, &why))
		return true;
	return arm64_raise_to(pe, A64_EL2, arm64_esr(A64_EC_OTHER, (uint32_t)uop->imm), why);
}

void emit_csync(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	enum { PSB = 0xd503223f, ISS_TSB = 3, ISS_PSB = 4 };
	bool psb = word == PSB;
	if (emit_level(builder) <= A64_EL1)
		build_call(builder, help_csync, 0, 0, 0, psb ? ISS_PSB : ISS_TSB,
			   psb ? A64_FGT_HFGITR_EL2_PSBCSYNC : A64_FGT_HFGITR2_EL2_TSBCSYNC);
}

/* -- waits -- */

enum wait { WAIT_INTERRUPT, WAIT_EVENT, WAIT_TIMED = 2 };

/* Who does not let the current level wait: EL1's control, or EL2's. False: nobody. */
static bool wait_trapped(const struct arm64_cpu *pe, unsigned kind, unsigned *to, const char **why)
{
	bool event = kind & WAIT_EVENT;
	if (pe->cpu.level == A64_EL0 && !(arm64_sctlr(pe) & (event ? SCTLR_nTWE : SCTLR_nTWI))) {
		*to = arm64_default_target(pe);
		*why = event ? "SCTLR_ELx.nTWE=0" : "SCTLR_ELx.nTWI=0";
		return true;
	}
	*to = A64_EL2;
	*why = event ? "HCR_EL2.TWE=1" : "HCR_EL2.TWI=1";
	return arm64_is_guest(pe) && arm64_hcr(pe) & (event ? HCR_TWE : HCR_TWI);
}

/* Whether WFE finds its event there already; it is used up by that. */
static bool take_event(struct arm64_cpu *pe)
{
	bool there = timer_stream_event(pe) || pe->event;
	pe->event = false;
	return there;
}

/* imm: enum wait; a: the time limit; argument: ESR if trapped. What would not wait does not trap.
 */
static bool help_wait(struct cpu *cpu, const struct uop *uop)
{
	struct arm64_cpu *pe = arm64_cpu(cpu);
	bool for_event = uop->imm & WAIT_EVENT, timed = uop->imm & WAIT_TIMED;
	unsigned to;
	const char *why;
	timer_clear_timeout(pe);
	bool ready = (for_event && take_event(pe)) || arm64_ends_wait(pe) ||
		     (timed && timer_virtual_count(pe) >= cpu->r[uop->a]);
	if (!ready && wait_trapped(pe, (unsigned)uop->imm, &to, &why))
		return arm64_raise_to(pe, to, uop_wide(uop, 1)->call.argument, why);
	cpu->pc = engine_pc(cpu) + 4;
	if (ready)
		return true;
	pe->wait = for_event ? A64_WAIT_EVENT : A64_WAIT_INTERRUPT;
	if (timed)
		timer_set_timeout(pe, cpu->r[uop->a]);
	if (for_event)
		timer_wake_by_stream(pe);
	cpu->halted = true;
	cpu_attention(cpu);
	return true;
}

void emit_wait(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	enum { WFE = 0xd503205f, WFI = 0xd503207f, VALID_REGISTER = 1 << 2 };
	bool timed = word != WFE && word != WFI;
	bool event = timed ? !(word & 1 << 5) : word == WFE;
	uint32_t iss = 0x1e00000 | event;
	if (timed)
		iss |= (word & 31) << 5 | VALID_REGISTER | 2;
	build_call_end(builder, help_wait, 0, timed ? word & 31 : 0, 0,
		       (event ? WAIT_EVENT : WAIT_INTERRUPT) | (timed ? WAIT_TIMED : 0),
		       arm64_esr(A64_EC_WFX, iss));
}

/* imm: all CPUs (SEV) or this one (SEVL). */
static bool help_send_event(struct cpu *cpu, const struct uop *uop)
{
	struct machine *machine = cpu->machine;
	arm64_cpu(cpu)->event = true;
	for (unsigned i = 0; uop->imm && i < machine->cpu_count; i++) {
		arm64_event(arm64_cpu(machine->cpu[i]));
		cpu_attention(machine->cpu[i]);
	}
	return true;
}

void emit_send_event(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	enum { SEV = 4 };
	build_call(builder, help_send_event, 0, 0, 0, arm64_field(word, 11, 5) == SEV, 0);
}

/* imm = bits of PSTATE; argument: what to do with them. */
enum { PSTATE_CLEAR, PSTATE_SET, PSTATE_WRITE };

static bool help_pstate(struct cpu *cpu, const struct uop *uop)
{
	struct arm64_cpu *pe = arm64_cpu(cpu);
	bool allint = uop->imm == PSTATE_ALLINT && uop_wide(uop, 1)->call.argument == PSTATE_SET;
	if (allint && cpu->level == A64_EL1 && arm64_is_guest(pe) && arm64_hcrx(pe) & HCRX_TALLINT)
		return arm64_raise_to(pe, A64_EL2, arm64_esr_sysreg((uint32_t)engine_insn(cpu)),
				      "HCRX_EL2.TALLINT=1");
	uint64_t pstate = arm64_pstate(pe), bits = (uint32_t)uop->imm;
	cpu->pc = engine_pc(cpu) + 4;
	arm64_set_pstate(pe, uop_wide(uop, 1)->call.argument == PSTATE_SET ? pstate | bits
									   : pstate & ~bits);
	return true;
}

/*
 * The same of DAIF alone; a: the register to be written. The block goes on: arm64_set_masks() asks
 * for attention where that makes a difference.
 */
static bool help_masks(struct cpu *cpu, const struct uop *uop)
{
	struct arm64_cpu *pe = arm64_cpu(cpu);
	uint32_t bits = (uint32_t)uop->imm, masks = pe->pstate & ~bits;
	switch (uop_wide(uop, 1)->call.argument) {
	case PSTATE_CLEAR: break;
	case PSTATE_SET: masks |= bits; break;
	default: masks |= (uint32_t)cpu->r[uop->a] & bits;
	}
	arm64_set_masks(pe, masks);
	return true;
}

static void build_pstate(struct builder *builder, uint32_t bits, bool set)
{
	build_call_end(builder, help_pstate, 0, 0, 0, (int32_t)bits,
		       set ? PSTATE_SET : PSTATE_CLEAR);
}

static void build_masks(struct builder *builder, uint32_t bits, uint64_t what)
{
	build_call(builder, help_masks, 0, 0, 0, (int32_t)bits, what);
}

void emit_msr_immediate(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	unsigned field = arm64_field(word, 18, 16) << 3 | arm64_field(word, 7, 5);
	unsigned value = arm64_field(word, 11, 8);
	enum {
		UAO = 3,
		PAN = 4,
		SPSEL = 5,
		ALLINT = 8,
		SSBS = 3 << 3 | 1,
		DIT = 3 << 3 | 2,
		DAIFSET = 3 << 3 | 6,
		DAIFCLR = 3 << 3 | 7,
	};
	bool at_el0 = emit_level(builder) == A64_EL0;
	if (at_el0 && field != SSBS && field != DIT) {
		emit_undefined_because(builder, "MSR (immediate) at EL0");
		return;
	}
	switch (field) {
	case UAO: build_pstate(builder, PSTATE_UAO, value & 1); break;
	case PAN: build_pstate(builder, PSTATE_PAN, value & 1); break;
	case SPSEL: build_pstate(builder, PSTATE_SPSEL, value & 1); break;
	case ALLINT: build_pstate(builder, PSTATE_ALLINT, value & 1); break;
	case SSBS: build_pstate(builder, PSTATE_SSBS, value & 1); break;
	case DIT: build_pstate(builder, PSTATE_DIT, value & 1); break;
	case DAIFSET: build_masks(builder, value << 6, PSTATE_SET); break;
	default: build_masks(builder, value << 6, PSTATE_CLEAR); break;
	}
}

/* -- registers; argument: the instruction word; imm: number of the operation, or 0 -- */

static bool help_mrs(struct cpu *cpu, const struct uop *uop)
{
	if (uop->imm)
		return arm64_sysreg_read_found(
			arm64_cpu(cpu), (uint32_t)uop_wide(uop, 1)->call.argument,
			arm64_operation_by_number((unsigned)uop->imm), &cpu->r[uop->d]);
	return arm64_sysreg_read(arm64_cpu(cpu), (uint32_t)uop_wide(uop, 1)->call.argument,
				 &cpu->r[uop->d]);
}

/* Permitted; imm: the register. */
static bool help_read(struct cpu *cpu, const struct uop *uop)
{
	cpu->r[uop->d] = arm64_sysreg_get(arm64_cpu(cpu), (enum arm64_sysreg)uop->imm);
	return true;
}

static bool help_write(struct cpu *cpu, const struct uop *uop)
{
	cpu->pc = engine_pc(cpu) + 4;
	arm64_sysreg_set(arm64_cpu(cpu), (enum arm64_sysreg)uop->imm, cpu->r[uop->a]);
	return true;
}

static bool help_msr(struct cpu *cpu, const struct uop *uop)
{
	cpu->pc = engine_pc(cpu) + 4;
	return arm64_sysreg_write(arm64_cpu(cpu), (uint32_t)uop_wide(uop, 1)->call.argument,
				  cpu->r[uop->a]);
}

/* -- operations -- */

#define DC_ZVA A64_ENCODING(1, 3, 7, 4, 1)

/* Memory of device type takes no DC ZVA. */
static bool zero_line(struct cpu *cpu, uint64_t address)
{
	enum { LINE = 64 };
	uint64_t line = address & ~(uint64_t)(LINE - 1);
	uint8_t memory, *host = mmu_writable(cpu, line);
	if (host && !cpu->aligned_only) {
		memset(host, 0, LINE);
		return true;
	}
	if (!mmu_page_attributes(cpu, address, MMU_WRITE, &memory))
		return false;
	if (arm64_memory_is_device(memory)) {
		cpu->isa->access_fault(cpu, address, MMU_WRITE, MMU_FAULT_MISALIGNED_DEVICE,
				       &cpu->trap);
		return false;
	}
	for (unsigned i = 0; i < LINE; i += 8)
		if (!mmu_store(cpu, line + i, 8, 0))
			return false;
	return true;
}

static void observe_tlb(struct cpu *cpu, unsigned encoding)
{
	if (!observer_wants(&cpu->machine->observers, OBSERVE_TLB))
		return;
	struct observation observation = {.kind = OBSERVE_TLB,
					  .tlb = {arm64_operation_name(encoding)}};
	engine_notify(cpu, true, &observation);
}

static bool help_zero(struct cpu *cpu, const struct uop *uop)
{
	return zero_line(cpu, cpu->r[uop->a]);
}

/*
 * argument: the instruction; imm: 1 if it is permitted anyway. Caches are coherent: of cache
 * maintenance only DC ZVA does anything.
 */
static bool help_sys(struct cpu *cpu, const struct uop *uop)
{
	uint32_t word = (uint32_t)uop_wide(uop, 1)->call.argument;
	enum {
		CACHES = 7,
		TLB = 8,
		TLB_NXS = 9,
		GCS = A64_ENCODING(1, 0, 7, 7, 0),
		GCS_VARIES = A64_ENCODING(0, 7, 0, 0, 7)
	};
	struct arm64_cpu *pe = arm64_cpu(cpu);
	unsigned encoding = arm64_encoding(word), crn = arm64_field(word, 15, 12);
	unsigned crm = arm64_field(word, 11, 8);
	if (!uop->imm && !arm64_sysop_check(pe, word))
		return false;
	if ((encoding & ~GCS_VARIES) == GCS)
		return arm64_gcs_operation(pe, word, &cpu->r[uop->a]);
	if (encoding == DC_ZVA)
		return zero_line(cpu, cpu->r[uop->a]);
	if (crn == TLB || crn == TLB_NXS) {
		arm64_tlb_invalidate(pe, encoding, cpu->r[uop->a]);
		observe_tlb(cpu, encoding);
	}
	if (crn == CACHES && (crm == 8 || crm == 9))
		return arm64_address_translate(pe, encoding, cpu->r[uop->a]);
	return crn != CACHES || arm64_cache_operation(pe, encoding, cpu->r[uop->a]);
}

/* SYSL. d: where the value goes: what GCSPOPM pops; GICv5 has no interrupt to acknowledge. */
static bool help_sysl(struct cpu *cpu, const struct uop *uop)
{
	uint32_t word = (uint32_t)uop_wide(uop, 1)->call.argument;
	enum { CACHES = 7 };
	struct arm64_cpu *pe = arm64_cpu(cpu);
	if (!arm64_sysop_check(pe, word))
		return false;
	if (arm64_field(word, 15, 12) == CACHES)
		return arm64_gcs_operation(pe, word, &cpu->r[uop->d]);
	cpu->r[uop->d] = 0;
	return true;
}

static void emit_read(struct builder *builder, uint32_t word, const struct arm64_plan *plan)
{
	unsigned d = emit_rd(word);
	switch (plan->kind) {
	case A64_PLAN_FIELD: build_op(builder, UOP_GET, d, 0, 0, plan->offset); break;
	case A64_PLAN_CONSTANT: build_constant(builder, d, plan->value); break;
	case A64_PLAN_REGISTER:
		build_call(builder, help_read, d, 0, 0, plan->reg, 0);
		emit_flags_unknown(builder);
		break;
	default:
		build_call(
			builder, help_mrs, d, 0, 0,
			(int32_t)arm64_operation_number(arm64_operation_find(arm64_encoding(word))),
			word);
		emit_flags_unknown(builder);
	}
}

static void emit_write(struct builder *builder, uint32_t word, const struct arm64_plan *plan)
{
	unsigned a = word & 31;
	if (plan->kind == A64_PLAN_FIELD)
		build_op(builder, UOP_PUT, 0, a, 0, plan->offset);
	else if (plan->kind == A64_PLAN_REGISTER && plan->reg == A64_DAIF)
		build_call(builder, help_masks, 0, a, 0, PSTATE_DAIF, PSTATE_WRITE);
	else if (plan->kind == A64_PLAN_REGISTER)
		build_call_end(builder, help_write, 0, a, 0, plan->reg, 0);
	else
		build_call_end(builder, help_msr, 0, a, 0, 0, word);
}

void emit_sysreg(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	struct arm64_cpu *pe = arm64_cpu(builder->cpu);
	bool read = arm64_field(word, 21, 21), operation = !arm64_field(word, 20, 20);
	if (operation && read) {
		build_call(builder, help_sysl, emit_rd(word), 0, 0, 0, word);
	} else if (operation) {
		bool is_free = arm64_sysop_is_free(pe, word);
		bool zeroes = is_free && arm64_encoding(word) == DC_ZVA;
		build_call(builder, zeroes ? help_zero : help_sys, 0, word & 31, 0, is_free, word);
	} else {
		struct arm64_plan plan = arm64_sysreg_plan(pe, word);
		if (read)
			emit_read(builder, word, &plan);
		else
			emit_write(builder, word, &plan);
	}
}
