#include "cpu/arm64/branch_target.h"

#include "cpu/arm64/emit.h"
#include "cpu/arm64/pe.h"
#include "mmu/mmu.h"

/* Values of PSTATE.BTYPE. By X16 and X17 linkers jump; it is as good as a call. */
enum { BTYPE_NONE, BTYPE_LINKER, BTYPE_CALL, BTYPE_JUMP };

/* Sets of them. */
enum { ANY_BRANCH = 1 << BTYPE_LINKER | 1 << BTYPE_CALL | 1 << BTYPE_JUMP };

/* imm: BTYPE. */
static bool help_type(struct cpu *cpu, const struct uop *uop)
{
	cpu->mode = (cpu->mode & ~(uint32_t)A64_MODE_BTYPE) | (uint32_t)uop->imm
								      << A64_MODE_BTYPE_SHIFT;
	mmu_use_jump_key(cpu);
	return true;
}

/* Of a stepped instruction the mode word changes under way: it is not known here. */
static void set_type(struct builder *builder, unsigned type)
{
	uint32_t mode = builder->exit_mode & ~(uint32_t)A64_MODE_BTYPE;
	mode |= type << A64_MODE_BTYPE_SHIFT;
	if (builder->cpu->mode & A64_MODE_STEP) {
		build_call(builder, help_type, 0, 0, 0, (int32_t)type, 0);
		builder->exit_mode = mode;
	} else {
		build_mode(builder, mode);
	}
}

/* BRK and HLT are reached by any branch, and SPSR_ELx still shows by which. */
static bool is_exception(uint32_t word)
{
	enum { OPERANDS = 0xffff << 5, BRK = 0xd4200000, HLT = 0xd4400000 };
	uint32_t bare = word & ~(uint32_t)OPERANDS;
	return bare == BRK || bare == HLT;
}

/* The branches that may not lead to an instruction of a guarded page. */
static unsigned refused(const struct arm64_cpu *pe, uint32_t word)
{
	enum {
		BTI_C = 0xd503245f,
		BTI_J = 0xd503249f,
		BTI_JC = 0xd50324df,
		PACIASP = 0xd503233f,
		PACIBSP = 0xd503237f,
	};
	switch (word) {
	case BTI_C: return 1 << BTYPE_JUMP;
	case BTI_J: return 1 << BTYPE_CALL;
	case BTI_JC: return 0;
	case PACIASP:
	case PACIBSP:
		if (!arm64_has(pe, A64_FEAT_PAuth))
			return ANY_BRANCH;
		return pe->cpu.mode & A64_MODE_BT ? 1 << BTYPE_JUMP : 0;
	default: return ANY_BRANCH;
	}
}

bool arm64_branch_target(struct builder *builder, uint32_t word)
{
	unsigned type = builder->exit_mode >> A64_MODE_BTYPE_SHIFT & 3;
	if (type == BTYPE_NONE || is_exception(word))
		return false;
	if (builder->page_kind == A64_CODE_GUARDED &&
	    refused(arm64_cpu(builder->cpu), word) >> type & 1) {
		build_exception(builder, arm64_esr(A64_EC_BTI, type),
				"PSTATE.BTYPE in a guarded page");
		return true;
	}
	set_type(builder, BTYPE_NONE);
	return false;
}

void arm64_branch_record(struct builder *builder, uint32_t word)
{
	enum { BR, BLR, RET, IP0 = 16, IP1 = 17 };
	unsigned kind = arm64_field(word, 22, 21), target = emit_rn(word);
	bool linker = builder->page_kind == A64_CODE_PLAIN || target == IP0 || target == IP1;
	if (kind == RET || !arm64_has(arm64_cpu(builder->cpu), A64_FEAT_BTI))
		return;
	set_type(builder, kind == BLR ? BTYPE_CALL : linker ? BTYPE_LINKER : BTYPE_JUMP);
}
