#include "tests/engine/toy.h"

#include <criterion/criterion.h>
#include <string.h>

#include "cpu/arm64/simd.h"
#include "engine/block.h"
#include "engine/builder.h"

#define LEVEL 1

static struct toy *toy_of(struct cpu *cpu)
{
	return (struct toy *)cpu;
}

static void toy_reset(struct cpu *cpu)
{
	memset(cpu->r, 0, sizeof(cpu->r));
}

static void toy_update_mode(struct cpu *cpu)
{
	cpu->mode = 0;
	cpu->level = LEVEL;
	cpu->aligned_only = toy_of(cpu)->aligned_only;
	mmu_use_data_mode(cpu);
	cpu->jump_key = (uint32_t)cpu->jump_key;
}

static bool stop_helper(struct cpu *cpu, const struct uop *uop)
{
	cpu->pc = uop_wide(uop, 1)->call.argument;
	machine_stop(cpu->machine, STOP_EXIT, 0, "done");
	return true;
}

/* What CALL_IF calls: a trap that carries the immediate. */
static bool refuse_helper(struct cpu *cpu, const struct uop *uop)
{
	cpu->trap = (struct trap){.cause = 3, .value = (uint64_t)uop->imm};
	return false;
}

static bool call_helper(struct cpu *cpu, const struct uop *uop)
{
	struct toy *toy = toy_of(cpu);
	engine_sync_clock(cpu);
	if (uop->imm & 1) {
		cpu->trap = (struct trap){.cause = 3, .value = engine_insn(cpu)};
		return false;
	}
	cpu->r[uop->d] = cpu->r[uop->a] + 3 * cpu->r[uop->b] + engine_pc(cpu) +
			 (toy->machine.clock.now << 32);
	if (uop->imm & 2)
		cpu_attention(cpu);
	if (uop->op == UOP_CALL_END)
		cpu->pc = uop_wide(uop, 1)->call.argument;
	return true;
}

static bool writes_vector(unsigned op)
{
	unsigned kind = op < UOP_COUNT ? uop_info[op].kind : UOP_KIND_CONTROL;
	return kind == UOP_KIND_FFF || kind == UOP_KIND_FFFF || kind == UOP_KIND_FF ||
	       kind == UOP_KIND_FR || kind == UOP_KIND_FLOAD || kind == UOP_KIND_VVV ||
	       kind == UOP_KIND_VR;
}

/* Accesses of 128 bits have no form for aligned accesses only: they become what has one. */
static unsigned aligned_access(const struct cpu *cpu, unsigned op)
{
	if (!cpu->aligned_only)
		return op;
	return op == UOP_FLD128 ? UOP_FLD64 : op == UOP_FST128 ? UOP_FST64 : op;
}

/* What GET and PUT access: a word of the toy's own, or the upper half of a vector register. */
static int32_t state_offset(int32_t imm)
{
	if (imm & 8)
		return (int32_t)(offsetof(struct cpu, v[imm >> 4 & 31]) + 8);
	return (int32_t)offsetof(struct toy, state[imm & 7]);
}

/* Bits 5:4: the size of elements. */
static int32_t random_element(int32_t imm)
{
	unsigned size = imm >> 4 & 3, count = 16u >> size;
	return imm & 1 << 6 ? (int32_t)((unsigned)imm >> 7) % (int32_t)count : -1;
}

/*
 * UOP_VECTOR with a helper of AArch64 that the JIT has host code for: the immediate is taken for
 * random numbers.
 */
static void translate_vector(struct builder *builder, struct toy_insn insn)
{
	/* Operations from this one on have no form with one element of 64 bits. */
	const enum vector_op first_reordering = VECTOR_ADDP;
	unsigned id = (unsigned)insn.imm >> 16, size = insn.imm >> 4 & 3;
	uop_helper *helper = NULL;
	while (!arm64_simd_vector_ops[id % A64_SIMD_COUNT] ||
	       !(helper = arm64_simd_helpers[id % A64_SIMD_COUNT][size])) {
		id++;
		size = id & 3;
	}
	enum vector_op op = arm64_simd_vector_ops[id % A64_SIMD_COUNT];
	unsigned amount = 1 + ((unsigned)insn.imm >> 8) % (8u << size);
	if (op == VECTOR_TBL || op == VECTOR_XTN) /* a number of registers; none */
		amount &= op == VECTOR_TBL;
	bool multiplies = op == VECTOR_MUL || op == VECTOR_MLA || op == VECTOR_MLS ||
			  (op >= VECTOR_UMULL && op <= VECTOR_SMLSL);
	bool whole = insn.imm & 1 || (size == 3 && op >= first_reordering);
	int element = multiplies && size ? random_element((insn.imm & ~0x30) | (int)size << 4) : -1;
	build_vector(builder, helper, insn.d & 31, insn.a & 31, insn.b & 31,
		     simd_imm(whole ? SPAN_WHOLE : SPAN_HALF,
			      op == VECTOR_TBL ? amount & 1 : amount, element) |
			     vector_imm(op, size),
		     0);
}

static void translate_insn(struct cpu *cpu, struct builder *builder)
{
	struct toy_insn insn;
	uint64_t words[2];
	if (!build_fetch(builder, 0, 8, &words[0]) || !build_fetch(builder, 8, 8, &words[1]))
		return;
	memcpy(&insn, words, sizeof(insn));
	insn.op = aligned_access(cpu, insn.op) & 0x3fff;
	if (insn.d == 0 && !writes_vector(insn.op))
		insn.d = REG_SINK; /* no micro-op writes the zero register */
	/* A program may have written over itself: there are 32 vector registers. */
	if (insn.op < UOP_COUNT && uop_info[insn.op].kind >= UOP_KIND_FFF) {
		insn.a &= 31;
		insn.b &= 31;
	}
	if (writes_vector(insn.op))
		insn.d &= 31;
	builder->length = sizeof(insn);
	builder->insn = words[0];
	if (insn.op == TOY_STOP) {
		build_call_end(builder, stop_helper, 0, 0, 0, 0, builder->pc + sizeof(insn));
		return;
	}
	if (insn.op == TOY_CALL) {
		build_call(builder, call_helper, insn.d, insn.a, insn.b, insn.imm, insn.wide);
		return;
	}
	if (insn.op == TOY_CALL_END) {
		build_call_end(builder, call_helper, insn.d, insn.a, insn.b, insn.imm, insn.wide);
		return;
	}
	if (insn.op >= UOP_COUNT || insn.op == UOP_HEAD || insn.op == UOP_CALL ||
	    insn.op == UOP_CALL_END) {
		build_trap(builder, 2, words[0], "unknown");
		return;
	}
	switch (uop_info[insn.op].kind) {
	case UOP_KIND_BRANCH: build_branch(builder, insn.op, insn.a, insn.b, insn.wide); break;
	case UOP_KIND_LOAD:
	case UOP_KIND_FLOAD: build_memory(builder, insn.op, insn.d, insn.a, insn.imm); break;
	case UOP_KIND_STATE:
		build_op(builder, insn.op, insn.d, insn.a, 0, state_offset(insn.imm));
		break;
	case UOP_KIND_VVV: translate_vector(builder, insn); break;
	case UOP_KIND_VR:
		build_op(builder, insn.op, insn.d & 31, insn.a, 0,
			 simd_imm(insn.imm & 1 ? SPAN_WHOLE : SPAN_HALF, 0,
				  random_element(insn.imm)) |
				 vector_imm(VECTOR_NONE, insn.imm >> 4 & 3));
		break;
	case UOP_KIND_STORE:
	case UOP_KIND_FSTORE: build_memory(builder, insn.op, insn.b, insn.a, insn.imm); break;
	default:
		if (insn.op == UOP_JUMP)
			build_jump(builder, insn.wide);
		else if (insn.op == UOP_JUMPR)
			build_jump_register(builder, insn.d, insn.a, insn.imm);
		else if (insn.op == UOP_JUMPX)
			build_jump_exact(builder, insn.d, insn.a);
		else if (insn.op == UOP_CALL_IF)
			build_call_if(builder, refuse_helper, insn.a, insn.imm, 0);
		else if (insn.op == UOP_LEAVE)
			build_leave(builder);
		else if (insn.op == UOP_MOVW)
			build_constant(builder, insn.d, insn.wide);
		else
			build_op(builder, insn.op, insn.d, insn.a, insn.b, insn.imm);
	}
}

static void toy_translate(struct cpu *cpu, struct builder *builder)
{
	const struct block *block = builder->block;
	unsigned slot = block->uop_count;
	toy_of(cpu)->translated[UOP_HEAD] = true;
	translate_insn(cpu, builder);
	if (builder->full || builder->failed)
		return;
	for (; slot < block->uop_count; slot += uop_info[block->uops[slot].op].slots) {
		toy_of(cpu)->translated[block->uops[slot].op] = true;
		if (block->uops[slot].op == UOP_CALL_END)
			break; /* what stands behind it is data */
	}
}

static bool toy_walk(struct cpu *cpu, uint64_t address, unsigned access, unsigned mode,
		     struct mmu_translation *result, struct trap *trap)
{
	(void)mode, (void)cpu;
	if (address >> 40) {
		*trap = (struct trap){.cause = 13, .value = address};
		trap->cause += access & MMU_WRITE ? 2 : 0;
		return false;
	}
	*result = (struct mmu_translation){
		.physical = address,
		.access = MMU_READ | MMU_WRITE | MMU_FETCH,
	};
	return true;
}

static void toy_access_fault(struct cpu *cpu, uint64_t address, unsigned access, unsigned reason,
			     struct trap *trap)
{
	(void)cpu;
	*trap = (struct trap){.cause = reason == MMU_FAULT_MISALIGNED ? 4 : 5, .value = address};
	trap->cause += access & MMU_WRITE ? 2 : 0;
}

static void toy_deliver(struct cpu *cpu, struct trap *trap)
{
	struct toy *toy = toy_of(cpu);
	toy->last_trap_pc = trap->pc;
	toy->last_trap_value = trap->value;
	toy->last_trap_cause = trap->cause;
	uint64_t words[] = {trap->pc, trap->value, trap->cause, trap->insn, cpu_now(cpu)};
	for (unsigned i = 0; i < 5; i++)
		toy->trap_digest = (toy->trap_digest ^ words[i]) * 0x9e3779b97f4a7c15ull;
	if (!toy->resume || trap->value == trap->pc)
		cpu->pc = TOY_VECTOR;
	else
		cpu->pc = trap->pc + (trap->interrupt ? 0 : sizeof(struct toy_insn));
}

static bool toy_interrupt(struct cpu *cpu, struct trap *trap)
{
	struct toy *toy = toy_of(cpu);
	if (!toy->interrupts)
		return false;
	toy->interrupts--;
	trap->interrupt = true;
	return true;
}

static bool toy_wakeup(const struct cpu *cpu)
{
	(void)cpu;
	return true;
}

static const char *toy_cause_name(const struct trap *trap)
{
	(void)trap;
	return "toy";
}

static const struct isa toy_isa = {
	.name = "toy",
	.cpu_size = sizeof(struct toy),
	.max_insn_length = 16,
	.min_insn_length = 16,
	.hot_registers = {1, 2, 3, 4, 5, 16, 17, 18, 6, 7},
	.zero_register = 0,
	.reset = toy_reset,
	.update_mode = toy_update_mode,
	.translate = toy_translate,
	.walk = toy_walk,
	.access_fault = toy_access_fault,
	.deliver = toy_deliver,
	.interrupt = toy_interrupt,
	.wakeup = toy_wakeup,
	.cause_name = toy_cause_name,
};

static mb_result device_read(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			     uint64_t *value)
{
	struct toy *toy = opaque;
	(void)attrs, (void)size;
	toy->device_reads++;
	*value = toy->machine.clock.now << 16 | offset;
	cpu_attention(&toy->cpu);
	return MB_OK;
}

static mb_result device_write(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			      uint64_t value)
{
	struct toy *toy = opaque;
	(void)attrs, (void)size, (void)offset, (void)value;
	toy->device_writes++;
	cpu_attention(&toy->cpu);
	return MB_OK;
}

static const struct mb_ops device_ops = {
	.read = device_read,
	.write = device_write,
	.valid = {.min = 1, .max = 8},
	.impl = {.min = 1, .max = 8},
};

struct toy *toy_new(const char *engine)
{
	struct toy *toy = calloc(1, sizeof(*toy));
	cr_assert(toy);
	machine_init(&toy->machine);
	toy->machine.engine = engine_find(engine);
	cr_assert(toy->machine.engine, "engine %s", engine);
	toy->bus = mb_bus_new();
	cr_assert_eq(mb_region_container(toy->bus, "root", MB_WHOLE, &toy->root), 0);
	cr_assert_eq(mb_region_ram(toy->bus, "ram", TOY_RAM_SIZE, &toy->ram), 0);
	cr_assert_eq(mb_region_mmio(toy->bus, "device", 0x1000, &device_ops, toy, &toy->device), 0);
	cr_assert_eq(mb_attach(toy->root, TOY_RAM, toy->ram), 0);
	cr_assert_eq(mb_attach(toy->root, TOY_DEVICE, toy->device), 0);
	cr_assert_eq(
		mb_space_new(toy->bus, "memory", toy->root, MB_SPACE_MEMORY, &toy->machine.memory),
		0);
	struct mb_resolved resolved;
	mb_resolve(toy->machine.memory, TOY_RAM, MB_READ, MB_ATTRS_NONE, &resolved);
	toy->host = resolved.host;
	toy->cpu.isa = &toy_isa;
	toy->cpu.memory = toy->machine.memory;
	toy->cpu.reservation = UINT64_MAX;
	cr_assert_eq(mmu_init(&toy->cpu), 0);
	cr_assert_eq(machine_add_cpu(&toy->machine, &toy->cpu), 0);
	toy->code = code_cache_new(&toy->machine);
	cr_assert(toy->code);
	code_cache_set_executions(toy->code, 0);
	toy_update_mode(&toy->cpu);
	struct toy_insn stop = {.op = TOY_STOP};
	toy_program(toy, TOY_VECTOR, &stop, 1);
	return toy;
}

void toy_free(struct toy *toy)
{
	code_cache_free(toy->code);
	mmu_fini(&toy->cpu);
	mb_space_free(toy->machine.memory);
	mb_region_unref(toy->device);
	mb_region_unref(toy->ram);
	mb_region_unref(toy->root);
	mb_bus_free(toy->bus);
	machine_fini(&toy->machine);
	free(toy);
}

void toy_program(struct toy *toy, uint64_t address, const struct toy_insn *insns, unsigned count)
{
	struct toy_insn stop = {.op = TOY_STOP};
	mb_write(toy->machine.memory, address, insns, count * sizeof(*insns), MB_ATTRS_NONE, NULL);
	mb_write(toy->machine.memory, address + count * sizeof(*insns), &stop, sizeof(stop),
		 MB_ATTRS_NONE, NULL);
}

void toy_run(struct toy *toy, uint64_t pc, uint64_t limit)
{
	toy->cpu.pc = pc;
	toy->machine.stop.kind = STOP_NONE;
	machine_run_until(&toy->machine, toy->machine.clock.now + limit);
}
