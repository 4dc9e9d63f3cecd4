/*
 * The reference engine: uop.def expanded into one switch, run for one instruction at a time. No
 * links, no jump cache, no fast path to memory.
 */
#include "engine/block.h"

#define LOAD_FAST(address, aligned, V)  false
#define STORE_FAST(address, aligned, V) false
#include "engine/verbs_plain.h"

#define LEFT(why) return (void)(cpu->uop = uop, cpu->exit = (why))

#define HEAD() (cpu->budget -= uop->imm, cpu->block = block_of_head(uop))

#define CALL_END()                                                                                 \
	do {                                                                                       \
		cpu->uop = uop;                                                                    \
		if (!uop_wide(uop, 1)->call.helper(cpu, uop))                                      \
			LEFT(CPU_EXIT_TRAP);                                                       \
		LEFT(CPU_EXIT_LOOKUP);                                                             \
	} while (0)

/* Runs micro-ops up to end; getting there is leaving after the instruction. */
static void execute_until(struct cpu *cpu, const struct uop *uop, const struct uop *end)
{
	while (uop < end) {
		const struct uop *current = uop;
		switch ((enum uop_op)uop->op) {
#define UOP(name, kind, slots, ...)                                                                \
	case UOP_##name:                                                                           \
		__VA_ARGS__;                                                                       \
		break;
#include "engine/uop.def"
#undef UOP
		case UOP_COUNT: __builtin_unreachable();
		}
		uop += uop_info[uop->op].slots;
		cpu->uop = current;
	}
	cpu->exit = CPU_EXIT_AFTER;
}

void step_execute(struct cpu *cpu, struct block *block)
{
	execute_until(cpu, block->uops, block->uops + block->uop_count);
}

void step_finish_insn(struct cpu *cpu)
{
	const struct block *block = cpu->block;
	unsigned index = block_insn_at(block, cpu->uop);
	unsigned end =
		index + 1 < block->insn_count ? block->insns[index + 1].first : block->uop_count;
	const struct uop *next = cpu->uop + uop_info[cpu->uop->op].slots;
	while (cpu->exit == CPU_EXIT_AFTER && next < block->uops + end) {
		cpu->exit = CPU_EXIT_NONE;
		execute_until(cpu, next, block->uops + end);
		next = cpu->uop + uop_info[cpu->uop->op].slots;
	}
}

static void run_step(struct cpu *cpu, uint64_t until)
{
	run_slice(cpu, until, true, step_execute);
}

const struct engine_ops engine_step = {
	.name = "step",
	.run = run_step,
	.sync_clock = engine_sync_clock,
};
