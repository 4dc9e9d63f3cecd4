/*
 * The dispatcher: finds blocks, runs them, delivers traps and interrupts, keeps counts exact. The
 * same for every engine; they differ in how a block is executed.
 */
#include <string.h>

#include "engine/block.h"

unsigned block_insn_at(const struct block *block, const struct uop *uop)
{
	unsigned slot = (unsigned)(uop - block->uops);
	unsigned low = 0, high = block->insn_count;
	if (block->insns[high - 1].first <= slot) /* most that ask have ended the block */
		return high - 1;
	while (high - low > 1) {
		unsigned middle = (low + high) / 2;
		if (block->insns[middle].first <= slot)
			low = middle;
		else
			high = middle;
	}
	return low;
}

uint64_t engine_pc(const struct cpu *cpu)
{
	const struct block *block = cpu->block;
	return block->pc + block->insns[block_insn_at(block, cpu->uop)].offset;
}

uint64_t engine_insn(const struct cpu *cpu)
{
	const struct block *block = cpu->block;
	return block->insns[block_insn_at(block, cpu->uop)].bits;
}

void engine_sync_clock(struct cpu *cpu)
{
	const struct block *block = cpu->block;
	unsigned done = block_insn_at(block, cpu->uop);
	cpu->machine->clock.now = cpu_now(cpu) - (block->insn_count - done);
}

void engine_notify(struct cpu *cpu, bool inside, struct observation *observation)
{
	if (inside)
		engine_sync_clock(cpu);
	observation->icount = inside ? cpu->machine->clock.now : cpu_now(cpu);
	observation->pc = inside ? engine_pc(cpu) : cpu->pc;
	observer_notify(&cpu->machine->observers, cpu, observation);
}

/* The block took all its instructions from the budget at its head; give back what did not run. */
static void settle(struct cpu *cpu)
{
	const struct block *block = cpu->block;
	if (cpu->exit == CPU_EXIT_AFTER)
		step_finish_insn(cpu);
	if (cpu->exit != CPU_EXIT_TRAP && cpu->exit != CPU_EXIT_AFTER)
		return;
	unsigned index = block_insn_at(block, cpu->uop);
	const struct block_insn *insn = &block->insns[index];
	if (cpu->exit == CPU_EXIT_TRAP) {
		cpu->budget += block->insn_count - index;
		cpu->pc = block->pc + insn->offset;
		cpu->trap.insn = insn->bits;
	} else {
		cpu->budget += block->insn_count - index - 1;
		cpu->pc = block->pc + insn->offset + insn->length;
	}
}

/* A trap at one place again and again, and no handler ever returns: nobody will get out of that. */
static void count_trap(struct cpu *cpu, const struct trap *trap)
{
	struct machine *machine = cpu->machine;
	cpu->trap_count++;
	cpu->interrupt_count += trap->interrupt;
	if (trap->pc != cpu->trap_loop_pc || trap->interrupt)
		cpu->traps_in_a_row = 0;
	cpu->trap_loop_pc = trap->pc;
	if (++cpu->traps_in_a_row >= machine->trap_loop && machine->trap_loop)
		machine_stop(machine, STOP_TRAP_LOOP, 0,
			     "trap loop: %s at 0x%llx, %u times without a return from a handler",
			     cpu->isa->cause_name(trap), (unsigned long long)trap->pc,
			     cpu->traps_in_a_row);
}

/* Entering a handler takes one tick, so that time goes on even if nothing ever retires. */
static void deliver(struct cpu *cpu, struct trap *trap)
{
	trap->pc = cpu->pc;
	trap->from = cpu->level;
	cpu->machine->clock.now = cpu_now(cpu);
	cpu_charge(cpu, 1);
	cpu->isa->deliver(cpu, trap);
	count_trap(cpu, trap);
}

/* Interrupts and stops. Returns false when the CPU must not go on. */
static bool attend(struct cpu *cpu)
{
	cpu->attention = false;
	if (cpu->machine->stop.kind != STOP_NONE || cpu->stopped || cpu->halted)
		return false;
	if (cpu->budget <= 0)
		return true;
	memset(&cpu->trap, 0, sizeof(cpu->trap));
	if (cpu->isa->interrupt(cpu, &cpu->trap)) {
		deliver(cpu, &cpu->trap);
		cpu->attention = true;
	}
	return true;
}

static void observe_insn(struct cpu *cpu, const struct block *block)
{
	const struct observer_list *observers = &cpu->machine->observers;
	if (!(observers->kinds & (OBSERVE_BIT(OBSERVE_INSN) | OBSERVE_BIT(OBSERVE_BLOCK))))
		return;
	struct observation observation = {
		.kind = OBSERVE_INSN,
		.icount = cpu_now(cpu),
		.pc = block->pc,
		.insn = {block->insns[0].bits, block->insns[0].length},
	};
	if (observer_wants(observers, OBSERVE_INSN))
		observer_notify(observers, cpu, &observation);
	observation.kind = OBSERVE_BLOCK;
	if (observer_wants(observers, OBSERVE_BLOCK))
		observer_notify(observers, cpu, &observation);
}

static void after_code(struct cpu *cpu)
{
	settle(cpu);
	if (cpu->exit == CPU_EXIT_TRAP)
		deliver(cpu, &cpu->trap);
}

void run_raise_last(struct cpu *cpu, uint64_t cause, uint64_t value, uint64_t syndrome,
		    const char *why)
{
	const struct block *block = cpu->block;
	const struct block_insn *insn = &block->insns[block->insn_count - 1];
	cpu->trap = (struct trap){
		.cause = cause,
		.value = value,
		.syndrome = syndrome,
		.insn = insn->bits,
		.why = why,
		.to = TRAP_LEVEL_NONE,
	};
	/* What settle() would do. */
	cpu->budget++;
	cpu->pc = block->pc + insn->offset;
	cpu->exit = CPU_EXIT_TRAP;
	deliver(cpu, &cpu->trap);
	cpu->exit = CPU_EXIT_NONE;
}

void run_trapped(struct cpu *cpu)
{
	cpu->exit = CPU_EXIT_TRAP;
	after_code(cpu);
	cpu->exit = CPU_EXIT_NONE;
}

/* Whoever watches single instructions gets them, whatever the engine. */
static bool must_single_step(const struct cpu *cpu)
{
	return cpu->machine->observers.kinds &
	       (OBSERVE_BIT(OBSERVE_INSN) | OBSERVE_BIT(OBSERVE_MEM) | OBSERVE_BIT(OBSERVE_BLOCK));
}

/* Finds and runs code once. */
static void run_once(struct cpu *cpu, bool single,
		     void (*execute)(struct cpu *cpu, struct block *block))
{
	struct block *from = cpu->block;
	union uop_wide *link = cpu->link;
	cpu->link = NULL;

	uint64_t generation = code_cache_generation(cpu->code);
	struct block *block = code_cache_find(cpu, single ? 1 : 0);
	if (block && block->insn_count > cpu->budget)
		block = code_cache_find(cpu, (unsigned)cpu->budget); /* the first part of it */
	if (!block) {
		cpu->trap.insn = 0;
		deliver(cpu, &cpu->trap);
		return;
	}
	if (link && !single && generation == code_cache_generation(cpu->code))
		code_cache_link(cpu, from, link, block);
	cpu->exit = CPU_EXIT_NONE;
	cpu->block = block;
	if (single) {
		observe_insn(cpu, block);
		step_execute(cpu, block);
	} else {
		execute(cpu, block);
	}
	after_code(cpu);
}

void run_slice(struct cpu *cpu, uint64_t until, bool single,
	       void (*execute)(struct cpu *cpu, struct block *block))
{
	uint64_t now = cpu_now(cpu);
	cpu->slice_end = until;
	cpu->budget = (int64_t)(until - now);
	cpu->attention = true;
	cpu->link = NULL;
	single |= must_single_step(cpu);
	code_cache_observe(cpu->code, cpu->machine->observers.kinds & OBSERVE_BIT(OBSERVE_CSR));
	while (cpu->budget > 0) {
		if (cpu->attention) {
			cpu->link = NULL;
			if (!attend(cpu))
				break;
			code_cache_settle(cpu->code);
			continue;
		}
		run_once(cpu, single, execute);
	}
	cpu->link = NULL;
	cpu->machine->clock.now = cpu_now(cpu);
}

void engine_step_one(struct cpu *cpu)
{
	cpu->slice_end = cpu_now(cpu) + 1;
	cpu->budget = 1;
	cpu->link = NULL;
	cpu->attention = true;
	if (!attend(cpu) || cpu->budget <= 0)
		return;
	run_once(cpu, true, step_execute);
}

const struct engine_ops *const engine_all[ENGINE_COUNT] = {
	&engine_step,
	&engine_interp,
#if ENGINE_HAS_JIT
	&engine_jit,
#endif
};

const struct engine_ops *engine_find(const char *name)
{
	for (unsigned i = 0; i < ENGINE_COUNT; i++)
		if (!strcmp(engine_all[i]->name, name))
			return engine_all[i];
	return NULL;
}
