/* From A64 instructions to micro-ops: what arm64_isa.translate points to. */
#include "cpu/arm64/branch_target.h"
#include "cpu/arm64/debug.h"
#include "cpu/arm64/emit.h"
#include "cpu/arm64/fp.h"
#include "cpu/arm64/pe.h"
#include "engine/engine.h"

void build_exception(struct builder *builder, uint64_t esr, const char *why)
{
	build_trap_syndrome(builder, A64_SYNCHRONOUS, esr, why);
}

/* The mode word says that it does not return true. */
static bool help_fp_trap(struct cpu *cpu, const struct uop *uop)
{
	(void)uop;
	cpu->pc = engine_pc(cpu) + 4;
	return arm64_fp_may_use(arm64_cpu(cpu));
}

void arm64_translate(struct cpu *cpu, struct builder *builder)
{
	uint64_t bits;
	const char *why;
	if (!build_fetch(builder, 0, 4, &bits))
		return;
	builder->length = 4;
	builder->insn = bits;
	enum { DEBUG = A64_MODE_STEP | A64_MODE_STEP_PENDING | A64_MODE_BREAK };
	if (cpu->mode & DEBUG && arm64_debug_translate(builder))
		return;
	if (cpu->mode & A64_MODE_ILLEGAL) {
		build_exception(builder, arm64_esr(A64_EC_ILLEGAL, 0), "PSTATE.IL=1");
		return;
	}
	if (arm64_branch_target(builder, (uint32_t)bits))
		return;
	const struct arm64_row *row = arm64_decode(arm64_cpu(cpu), (uint32_t)bits, &why);
	if (row && arm64_uses_fp((uint32_t)bits) && cpu->mode & A64_MODE_FP_TRAP)
		build_call_end(builder, help_fp_trap, 0, 0, 0, 0, 0);
	else if (row)
		arm64_row_emit(row, builder, (uint32_t)bits);
	else
		emit_undefined_because(builder, why);
}
