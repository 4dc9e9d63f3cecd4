/*
 * Every engine gives the same results: random programs with loops, traps, interrupts, device
 * accesses and stores into code, cut into slices anywhere. placement.c has each micro-op alone.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/engine/differ.h"

#define engines toy_engines
#define ENGINES TOY_ENGINES

#define PROGRAMS (60 * TRAPLINE_TEST_SCALE)
#define LENGTH   300

/* Registers 16 to 23 hold addresses, and only loads of addresses write them. */
static uint64_t random_address(uint64_t *state)
{
	switch (differ_random(state) % 10) {
	case 0: return TOY_DATA + 0x1000 - differ_random(state) % 12;
	case 1: return TOY_DEVICE + 8 * (differ_random(state) % 16);
	case 2: return differ_random(state) % 2 ? 0x4000 : 1ull << 45;
	case 3: return TOY_RAM + TOY_RAM_SIZE - differ_random(state) % 16;
	case 4: return DIFFER_CODE + differ_random(state) % (16 * LENGTH);
	default: return TOY_DATA + differ_random(state) % 0x3000;
	}
}

static unsigned random_op(uint64_t *state)
{
	for (;;) {
		unsigned op = differ_random(state) % TOY_OPS;
		if (op == TOY_STOP || op == UOP_HEAD || op == UOP_CALL || op == UOP_CALL_END)
			continue;
		/* The aligned-only forms are the builder's choice. */
		if (op < UOP_COUNT && strstr(uop_info[op].name, "_A"))
			continue;
		return op;
	}
}

static int32_t random_immediate(unsigned op, uint64_t *state)
{
	unsigned kind = uop_info[op].kind;
	if (op == UOP_MODE) /* a mode of its own would run the same code */
		return 0;
	if (op == UOP_SETRM)
		return (int32_t)(differ_random(state) % 5);
	if (kind == UOP_KIND_FLAGS) /* bits 1:0 are enum cpu_flags */
		return (int32_t)(differ_random(state) % 0x1000 << 2 | differ_random(state) % 3);
	if (kind == UOP_KIND_RF)
		return differ_random(state) & 1 ? 7 : (int32_t)(differ_random(state) % 5);
	if (kind == UOP_KIND_FFFF)
		return (int32_t)(differ_random(state) % 32) << 8 | 7;
	return (int32_t)((int64_t)differ_random(state) >> differ_random(state) % 64);
}

/* Anywhere in the program; rather near and forwards, so that most of it is reached. */
static uint64_t random_target(unsigned index, uint64_t *state)
{
	unsigned target = (unsigned)(differ_random(state) % LENGTH);
	if (differ_random(state) % 8)
		target = index + 1 + (unsigned)(differ_random(state) % 8);
	return DIFFER_CODE + 16ull * (target < LENGTH ? target : LENGTH);
}

static void add_random_insn(struct scenario *scenario, uint64_t *state)
{
	struct toy_insn insn = {
		.op = random_op(state),
		.d = 1 + differ_random(state) % 15,
		.a = differ_random(state) % 16,
		.b = differ_random(state) % 16,
		.wide = differ_operand(state),
	};
	if (insn.op >= UOP_COUNT) {
		insn.imm = (int32_t)(differ_random(state) % 4);
		insn.wide = random_target(scenario->count, state);
		scenario_add(scenario, insn);
		return;
	}
	unsigned kind = uop_info[insn.op].kind;
	insn.imm = random_immediate(insn.op, state);
	if (kind == UOP_KIND_BRANCH || insn.op == UOP_JUMP) {
		insn.wide = random_target(scenario->count, state);
	} else if (insn.op == UOP_JUMPX) {
		insn.a = 24;
	} else if (insn.op == UOP_JUMPR) {
		insn.a = 24; /* DIFFER_CODE */
		insn.imm = (int32_t)(random_target(scenario->count, state) - DIFFER_CODE);
	} else if (kind == UOP_KIND_ATOMIC) {
		insn.a = 16 + differ_random(state) % 8;
		insn.imm = (insn.imm & ~63) | (int32_t)(differ_random(state) % 16);
	} else if (kind >= UOP_KIND_LOAD && kind <= UOP_KIND_FSTORE) {
		insn.a = 16 + differ_random(state) % 8;
		insn.imm = (int32_t)(differ_random(state) % 64) - 32;
	}
	scenario_add(scenario, insn);
}

static void run_random_programs(bool aligned_only, uint64_t seed)
{
	static struct scenario scenario;
	struct differ differ;
	differ_init(&differ);
	for (unsigned round = 0; round < PROGRAMS; round++) {
		uint64_t state = seed + round;
		scenario_init(&scenario, "a random program", &state);
		for (unsigned i = 16; i < 24; i++)
			scenario.r[i] = random_address(&state);
		scenario.r[24] = DIFFER_CODE;
		scenario.aligned_only = aligned_only;
		scenario.limit = 3000;
		scenario.slices = round % 2 ? differ_random(&state) : 0;
		while (scenario.count < LENGTH)
			add_random_insn(&scenario, &state);
		differ_run(&differ, &scenario);
	}
	differ_fini(&differ);
}

Test(equal, random_programs)
{
	run_random_programs(false, 0x9e3779b97f4a7c15ull);
}

Test(equal, random_programs_aligned_only)
{
	run_random_programs(true, 0xc2b2ae3d27d4eb4full);
}

/*
 * Loops that go through memory in strides, onto pages of every kind, again and again: what they
 * remember of a page must not outlive it.
 */
static void add_loop(struct scenario *scenario, uint64_t *state)
{
	static const enum uop_op accesses[] = {UOP_LD8U, UOP_LD32S, UOP_LD64, UOP_FLD64,
					       UOP_ST8,  UOP_ST16,  UOP_ST64, UOP_FST64};
	enum { COUNTER = 9, BASES = 16 };
	unsigned count = 1 + (unsigned)(differ_random(state) % 4);
	uint64_t trips = 1 + differ_random(state) % (differ_random(state) % 4 ? 8 : 300);
	scenario_add(scenario, (struct toy_insn){.op = UOP_MOVW, .d = COUNTER, .wide = trips});
	for (unsigned i = 0; i < 2; i++)
		if (differ_random(state) % 2)
			scenario_add(scenario, (struct toy_insn){.op = UOP_MOVW,
								 .d = BASES + i,
								 .wide = random_address(state)});
	uint64_t head = DIFFER_CODE + 16ull * scenario->count;
	for (unsigned i = 0; i < count; i++)
		scenario_add(scenario,
			     (struct toy_insn){.op = accesses[differ_random(state) % 8],
					       .d = 1 + differ_random(state) % 8,
					       .a = BASES + differ_random(state) % 2,
					       .b = differ_random(state) % 9,
					       .imm = (int32_t)(differ_random(state) % 64) - 32});
	for (unsigned i = 0; i < 2; i++)
		scenario_add(
			scenario,
			(struct toy_insn){.op = UOP_ADDI,
					  .d = BASES + i,
					  .a = BASES + i,
					  .imm = (int32_t)(differ_random(state) % 1000) - 300});
	scenario_add(scenario,
		     (struct toy_insn){.op = UOP_ADDI, .d = COUNTER, .a = COUNTER, .imm = -1});
	scenario_add(scenario,
		     (struct toy_insn){.op = UOP_BNE, .a = COUNTER, .b = 0, .wide = head});
}

Test(equal, loops_through_memory)
{
	static struct scenario scenario;
	struct differ differ;
	differ_init(&differ);
	for (unsigned round = 0; round < PROGRAMS; round++) {
		uint64_t state = 0x2545f4914f6cdd1dull + round;
		scenario_init(&scenario, "loops", &state);
		scenario.r[16] = random_address(&state);
		scenario.r[17] = random_address(&state);
		scenario.limit = 20000;
		scenario.slices = round % 2 ? differ_random(&state) : 0;
		for (unsigned i = 0; i < 12; i++)
			add_loop(&scenario, &state);
		/* All of it again, so that code meets what it has left behind. */
		scenario_add(&scenario, (struct toy_insn){.op = UOP_JUMP, .wide = DIFFER_CODE});
		differ_run(&differ, &scenario);
	}
	differ_fini(&differ);
}

/* A slice may end anywhere: the count is exact, and nothing is executed twice. */
Test(equal, slices_end_exactly)
{
	struct toy_insn loop[] = {
		{.op = UOP_ADDI, .d = 1, .a = 1, .imm = 1},
		{.op = UOP_ADDI,      .d = 2,            .a = 2, .imm = 3},
		{.op = UOP_XOR,   .d = 3,.a = 3, .b = 2},
		{.op = UOP_JUMP,              .wide = TOY_RAM       },
	};
	for (unsigned e = 0; e < ENGINES; e++) {
		struct toy *toy = toy_new(engines[e]);
		toy_program(toy, TOY_RAM, loop, 4);
		toy->cpu.pc = TOY_RAM;
		uint64_t expected = 0;
		for (unsigned length = 1; length < 40; length++) {
			expected += length;
			machine_run_until(&toy->machine, expected);
			cr_assert_eq(cpu_retired(&toy->cpu), expected, "%s", engines[e]);
			cr_assert_eq(toy->cpu.r[1], (expected + 3) / 4, "%s at %lu", engines[e],
				     expected);
			cr_assert_eq(toy->cpu.pc, TOY_RAM + 16 * (expected % 4), "%s", engines[e]);
		}
		toy_free(toy);
	}
}
