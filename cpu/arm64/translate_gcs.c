/*
 * Guarded control stacks (FEAT_GCS): the instructions that move data on the stack and who traps
 * them. Returns are not checked against the stack, so the feature is off by default; see
 * docs/quirks.md.
 */
#include "cpu/arm64/emit.h"

#include "cpu/arm64/pe.h"
#include "cpu/arm64/sysreg.h"
#include "cpu/arm64/trap.h"
#include "mmu/mmu.h"

enum { GCSCR_PUSHMEn = 1 << 8, GCSCR_STREn = 1 << 9 };

/* What controls the stack of the current level. */
static const enum arm64_sysreg control_of[] = {A64_GCSCRE0_EL1, A64_GCSCR_EL1, A64_GCSCR_EL2,
					       A64_GCSCR_EL3};
static const enum arm64_sysreg pointer_of[] = {A64_GCSPR_EL0, A64_GCSPR_EL1, A64_GCSPR_EL2,
					       A64_GCSPR_EL3};

/* GCSSTR, GCSSTTR: imm: the ISS; a: the address; b: the value. */
static bool help_store(struct cpu *cpu, const struct uop *uop)
{
	struct arm64_cpu *pe = arm64_cpu(cpu);
	uint64_t esr = arm64_esr(A64_EC_GCS, (uint32_t)uop->imm);
	const char *why;
	if (!(pe->sysreg[control_of[cpu->level]] & GCSCR_STREn))
		return arm64_raise(pe, esr, "GCSCR_ELx.STREn=0");
	if (cpu->level == A64_EL1 && arm64_fgt_traps(pe, A64_FGT_HFGITR_EL2_nGCSSTR_EL1, &why))
		return arm64_raise_to(pe, A64_EL2, esr, why);
	if (cpu->r[uop->a] & 7) {
		cpu->isa->access_fault(cpu, cpu->r[uop->a], MMU_WRITE, MMU_FAULT_MISALIGNED,
				       &cpu->trap);
		return false;
	}
	return mmu_store(cpu, cpu->r[uop->a], 8, cpu->r[uop->b]);
}

void emit_gcs_store(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	enum { TYPE_STORE = 2 << 20 };
	uint32_t iss = TYPE_STORE | emit_rn(word) << 10 | (word & 31) << 5;
	build_call(builder, help_store, 0, emit_base(builder, word), word & 31, (int32_t)iss, 0);
}

/* A push or pop of a value that software gives. GCSPR names the last one pushed. */
bool arm64_gcs_operation(struct arm64_cpu *pe, uint32_t word, uint64_t *value)
{
	enum { OP2_PUSHM = 0, OP2_POPM = 1 };
	unsigned op2 = arm64_field(word, 7, 5), level = pe->cpu.level;
	bool known = arm64_field(word, 18, 16) == 3 && op2 <= OP2_POPM;
	if (!known)
		return arm64_raise(pe, arm64_esr(A64_EC_UNKNOWN, 0),
				   "this operation on the guarded control stack is not modelled");
	uint64_t *pointer = &pe->sysreg[pointer_of[level]];
	if (op2 == OP2_POPM) {
		if (!mmu_load(&pe->cpu, *pointer, 8, value))
			return false;
		*pointer += 8;
		return true;
	}
	if (!(pe->sysreg[control_of[level]] & GCSCR_PUSHMEn))
		return arm64_raise(pe, arm64_esr_sysreg(word), "GCSCR_ELx.PUSHMEn=0");
	if (!mmu_store(&pe->cpu, *pointer - 8, 8, *value))
		return false;
	*pointer -= 8;
	return true;
}
