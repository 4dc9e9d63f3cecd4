/* System instructions: hints, barriers, waits, PSTATE, system registers and operations. */
#include "cpu/arm64/emit.h"

#include "cpu/arm64/pe.h"
#include "cpu/arm64/sysreg.h"
#include "engine/engine.h"
#include "mmu/mmu.h"

void emit_hint(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)builder, (void)word, (void)row;
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

/* imm: event (WFE) or interrupt (WFI). The forms with a timeout do not wait. */
static bool help_wait(struct cpu *cpu, const struct uop *uop)
{
	struct arm64_cpu *pe = arm64_cpu(cpu);
	bool for_event = uop->imm;
	cpu->pc = engine_pc(cpu) + 4;
	if (for_event && pe->event) {
		pe->event = false;
		return true;
	}
	if (!cpu->isa->wakeup(cpu))
		cpu->halted = true;
	cpu_attention(cpu);
	return true;
}

void emit_wait(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	enum { WFE = 0xd503205f, WFI = 0xd503207f };
	if (word == WFE || word == WFI)
		build_call_end(builder, help_wait, 0, 0, 0, word == WFE, 0);
	else
		build_leave(builder);
}

/* imm: all CPUs (SEV) or this one (SEVL). */
static bool help_send_event(struct cpu *cpu, const struct uop *uop)
{
	struct machine *machine = cpu->machine;
	arm64_cpu(cpu)->event = true;
	for (unsigned i = 0; uop->imm && i < machine->cpu_count; i++) {
		arm64_cpu(machine->cpu[i])->event = true;
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
enum { PSTATE_CLEAR, PSTATE_SET };

static bool help_pstate(struct cpu *cpu, const struct uop *uop)
{
	struct arm64_cpu *pe = arm64_cpu(cpu);
	uint64_t pstate = arm64_pstate(pe), bits = (uint32_t)uop->imm;
	cpu->pc = engine_pc(cpu) + 4;
	arm64_set_pstate(pe, uop_wide(uop, 1)->call.argument == PSTATE_SET ? pstate | bits
									   : pstate & ~bits);
	return true;
}

static void build_pstate(struct builder *builder, uint32_t bits, bool set)
{
	build_call_end(builder, help_pstate, 0, 0, 0, (int32_t)bits,
		       set ? PSTATE_SET : PSTATE_CLEAR);
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
	case DAIFSET: build_pstate(builder, value << 6, true); break;
	default: build_pstate(builder, value << 6, false); break;
	}
}

/* -- registers; argument: the instruction word -- */

static bool help_mrs(struct cpu *cpu, const struct uop *uop)
{
	return arm64_sysreg_read(arm64_cpu(cpu), (uint32_t)uop_wide(uop, 1)->call.argument,
				 &cpu->r[uop->d]);
}

static bool help_msr(struct cpu *cpu, const struct uop *uop)
{
	cpu->pc = engine_pc(cpu) + 4;
	return arm64_sysreg_write(arm64_cpu(cpu), (uint32_t)uop_wide(uop, 1)->call.argument,
				  cpu->r[uop->a]);
}

/* -- operations -- */

static bool help_zero_line(struct cpu *cpu, const struct uop *uop)
{
	enum { LINE = 64 };
	uint64_t address = cpu->r[uop->a] & ~(uint64_t)(LINE - 1);
	for (unsigned i = 0; i < LINE; i += 8)
		if (!mmu_store(cpu, address + i, 8, 0))
			return false;
	return true;
}

static bool help_flush(struct cpu *cpu, const struct uop *uop)
{
	(void)uop;
	for (unsigned i = 0; i < cpu->machine->cpu_count; i++)
		mmu_flush(cpu->machine->cpu[i]);
	return true;
}

/* Caches are coherent: of cache maintenance only DC ZVA does anything. */
static void emit_sys(struct builder *builder, uint32_t word)
{
	enum { CACHE = 7, TLB = 8, TLB_NXS = 9 };
	unsigned crn = arm64_field(word, 15, 12), crm = arm64_field(word, 11, 8);
	unsigned op1 = arm64_field(word, 18, 16), op2 = arm64_field(word, 7, 5);
	bool at_el0 = emit_level(builder) == A64_EL0;
	bool el0_operation = op1 == 3 && crn == CACHE;
	if (at_el0 && !el0_operation)
		emit_undefined_because(builder, "the operation belongs to a higher level");
	else if (crn == TLB || crn == TLB_NXS)
		build_call(builder, help_flush, 0, 0, 0, 0, 0);
	else if (el0_operation && crm == 4 && op2 == 1)
		build_call(builder, help_zero_line, 0, word & 31, 0, 0, 0);
	else if (crn != CACHE || crm == 8 || crm == 9)
		emit_undefined_because(builder, "no such system operation");
}

void emit_sysreg(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	bool read = arm64_field(word, 21, 21);
	if (arm64_field(word, 20, 20) == 0) {
		if (read)
			emit_undefined_because(builder, "no such system operation");
		else
			emit_sys(builder, word);
	} else if (read) {
		build_call(builder, help_mrs, emit_rd(word), 0, 0, 0, word);
		emit_flags_unknown(builder);
	} else {
		build_call_end(builder, help_msr, 0, word & 31, 0, 0, word);
	}
}
