/* Branches, exception generation and return. */
#include "cpu/arm64/emit.h"

#include "cpu/arm64/branch_target.h"
#include "cpu/arm64/pe.h"
#include "cpu/arm64/trap.h"
#include "engine/engine.h"

void emit_undefined_because(struct builder *builder, const char *why)
{
	build_exception(builder, arm64_esr(A64_EC_UNKNOWN, 0), why);
}

void emit_undefined(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)word;
	emit_undefined_because(builder, row->name);
}

static uint64_t target26(const struct builder *builder, uint32_t word)
{
	return builder->pc + (uint64_t)arm64_signed_field(word, 25, 0) * 4;
}

void emit_branch(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	if (word >> 31)
		build_constant(builder, A64_REG_LR, builder->pc + 4);
	build_jump(builder, target26(builder, word));
}

/* The low bits of the target stay: where the next fetch finds them set, it faults. */
void emit_branch_register(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	enum { BLR = 1 };
	unsigned target = emit_rn(word);
	bool link = arm64_field(word, 22, 21) == BLR;
	arm64_branch_record(builder, word);
	build_jump_exact(builder, link ? A64_REG_LR : REG_SINK, target);
}

void emit_compare_branch(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	unsigned a = word & 31;
	if (!emit_wide(word)) {
		build_op(builder, UOP_ZEXT32, T0, a, 0, 0);
		a = T0;
	}
	build_branch(builder, row->argument, a, A64_REG_ZR,
		     builder->pc + (uint64_t)arm64_signed_field(word, 23, 5) * 4);
}

void emit_test_branch(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	unsigned bit = arm64_field(word, 31, 31) << 5 | arm64_field(word, 23, 19);
	build_op(builder, UOP_BEXTI, T0, word & 31, 0, (int32_t)bit);
	build_branch(builder, row->argument, T0, A64_REG_ZR,
		     builder->pc + (uint64_t)arm64_signed_field(word, 18, 5) * 4);
}

/* -- exceptions -- */

static uint32_t immediate16(uint32_t word)
{
	return arm64_field(word, 20, 5);
}

/*
 * argument: ESR; imm: the level that takes it, or TRAP_LEVEL_NONE. The return address of an
 * executed call is the next instruction: trap->pc says so.
 */
static bool help_call_exception(struct cpu *cpu, const struct uop *uop)
{
	struct arm64_cpu *pe = arm64_cpu(cpu);
	arm64_raise(pe, uop_wide(uop, 1)->call.argument, "executed");
	cpu->trap.to = (uint8_t)uop->imm;
	pe->after = true;
	return false;
}

static bool help_svc(struct cpu *cpu, const struct uop *uop)
{
	struct arm64_cpu *pe = arm64_cpu(cpu);
	bool user = cpu->level == A64_EL0;
	enum arm64_fgt fgt = user ? A64_FGT_HFGITR_EL2_SVC_EL0 : A64_FGT_HFGITR_EL2_SVC_EL1;
	const char *why;
	if (cpu->level <= A64_EL1 && arm64_fgt_traps(pe, fgt, &why))
		return arm64_raise_to(pe, A64_EL2, uop_wide(uop, 1)->call.argument, why);
	return help_call_exception(cpu, uop);
}

void emit_svc(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	build_call_end(builder, help_svc, 0, 0, 0, TRAP_LEVEL_NONE,
		       arm64_esr(A64_EC_SVC, immediate16(word)));
}

static bool help_hvc(struct cpu *cpu, const struct uop *uop)
{
	struct arm64_cpu *pe = arm64_cpu(cpu);
	bool el3 = pe->config.highest == A64_EL3;
	if (!el3 && arm64_hcr(pe) & HCR_HCD)
		return arm64_raise(pe, arm64_esr(A64_EC_UNKNOWN, 0), "HCR_EL2.HCD=1");
	if (el3 && !(pe->sysreg[A64_SCR_EL3] & SCR_HCE))
		return arm64_raise(pe, arm64_esr(A64_EC_UNKNOWN, 0), "SCR_EL3.HCE=0");
	return help_call_exception(cpu, uop);
}

/* Without EL2, HVC is the way to the firmware; see arm64_cpu.firmware. */
static bool help_hvc_firmware(struct cpu *cpu, const struct uop *uop)
{
	struct arm64_cpu *pe = arm64_cpu(cpu);
	(void)uop;
	if (!pe->firmware)
		return arm64_raise(pe, arm64_esr(A64_EC_UNKNOWN, 0), "HVC without EL2");
	cpu->pc = engine_pc(cpu) + 4;
	pe->firmware(pe->firmware_opaque, pe);
	return true;
}

void emit_hvc(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	struct arm64_cpu *pe = arm64_cpu(builder->cpu);
	unsigned level = emit_level(builder);
	if (level == A64_EL0)
		emit_undefined_because(builder, "HVC at EL0");
	else if (pe->config.highest < A64_EL2)
		build_call_end(builder, help_hvc_firmware, 0, 0, 0, 0, 0);
	else
		build_call_end(builder, help_hvc, 0, 0, 0, level == A64_EL3 ? A64_EL3 : A64_EL2,
			       arm64_esr(A64_EC_HVC, immediate16(word)));
}

/* Firmware comes first, where there is no EL3; see arm64_cpu.firmware. */
static bool help_smc(struct cpu *cpu, const struct uop *uop)
{
	struct arm64_cpu *pe = arm64_cpu(cpu);
	if (cpu->level == A64_EL1 && arm64_hcr(pe) & HCR_TSC)
		return arm64_raise_to(pe, A64_EL2, uop_wide(uop, 1)->call.argument,
				      "HCR_EL2.TSC=1");
	if (pe->config.highest == A64_EL3 && pe->sysreg[A64_SCR_EL3] & SCR_SMD)
		return arm64_raise(pe, arm64_esr(A64_EC_UNKNOWN, 0), "SCR_EL3.SMD=1");
	if (pe->config.highest == A64_EL3)
		return help_call_exception(cpu, uop);
	if (!pe->firmware)
		return arm64_raise(pe, arm64_esr(A64_EC_UNKNOWN, 0), "SMC without EL3");
	cpu->pc = engine_pc(cpu) + 4;
	pe->firmware(pe->firmware_opaque, pe);
	return true;
}

void emit_smc(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	if (emit_level(builder) == A64_EL0)
		emit_undefined_because(builder, "SMC at EL0");
	else
		build_call_end(builder, help_smc, 0, 0, 0, A64_EL3,
			       arm64_esr(A64_EC_SMC, immediate16(word)));
}

/* Debug exceptions go to EL2 if that wants them. */
static bool help_brk(struct cpu *cpu, const struct uop *uop)
{
	struct arm64_cpu *pe = arm64_cpu(cpu);
	uint64_t esr = uop_wide(uop, 1)->call.argument;
	if (arm64_is_guest(pe) && pe->sysreg[A64_MDCR_EL2] & MDCR_TDE)
		return arm64_raise_to(pe, A64_EL2, esr, "MDCR_EL2.TDE=1");
	return arm64_raise(pe, esr, "executed");
}

void emit_brk(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	build_call_end(builder, help_brk, 0, 0, 0, 0, arm64_esr(A64_EC_BRK, immediate16(word)));
}

static bool help_semihosting(struct cpu *cpu, const struct uop *uop)
{
	(void)uop;
	struct arm64_cpu *pe = arm64_cpu(cpu);
	cpu->pc = engine_pc(cpu) + 4;
	pe->semihosting(pe->semihosting_opaque, pe);
	return true;
}

/* Halting debug is never allowed: UNDEFINED, but for the one that semihosting has taken. */
void emit_hlt(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	enum { SEMIHOSTING = 0xf000 };
	bool taken = arm64_cpu(builder->cpu)->semihosting && immediate16(word) == SEMIHOSTING;
	if (taken && emit_level(builder) != A64_EL0)
		build_call_end(builder, help_semihosting, 0, 0, 0, 0, 0);
	else
		emit_undefined(builder, word, row);
}

/* imm: the ISS of its trap. The address to return to may have to be authenticated. */
enum { ERET_PLAIN = 0, ERET_AUTHENTICATED = 2, ERET_KEY_B = 1 };

static bool help_eret(struct cpu *cpu, const struct uop *uop)
{
	struct arm64_cpu *pe = arm64_cpu(cpu);
	const char *why = "HCR_EL2.NV=1";
	if (cpu->level == A64_EL1 &&
	    (arm64_hcr(pe) & HCR_NV || arm64_fgt_traps(pe, A64_FGT_HFGITR_EL2_ERET, &why)))
		return arm64_raise_to(pe, A64_EL2, arm64_esr(A64_EC_ERET, (uint32_t)uop->imm), why);
	uint64_t address = arm64_elr(pe);
	if (uop->imm & ERET_AUTHENTICATED &&
	    !arm64_authenticate_return(pe, uop->imm & ERET_KEY_B, &address))
		return false;
	uint8_t from = cpu->level;
	arm64_exception_return(pe, address);
	if (observer_wants(&cpu->machine->observers, OBSERVE_RET)) {
		struct observation observation = {
			.kind = OBSERVE_RET, .ret = {cpu->pc, from, cpu->level}
                };
		engine_notify(cpu, true, &observation);
	}
	return true;
}

void emit_eret(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	enum { ERET = 0xd69f03e0 };
	int32_t iss = ERET_PLAIN;
	if (word != ERET)
		iss = ERET_AUTHENTICATED | (arm64_field(word, 10, 10) ? ERET_KEY_B : 0);
	if (emit_level(builder) == A64_EL0)
		emit_undefined_because(builder, "ERET at EL0");
	else
		build_call_end(builder, help_eret, 0, 0, 0, iss, 0);
}
