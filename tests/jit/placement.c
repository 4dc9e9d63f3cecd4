/*
 * Every micro-op with its operands in every kind of place: host registers that C functions keep
 * and that they spoil, memory, the zero register, the sink, the same register twice.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "core/cpu.h"
#include "tests/engine/toy.h"

#if ENGINE_HAS_JIT

#define ROUNDS 6
#define BASE   24 /* a register in memory that holds TOY_DATA */
#define MARK   25 /* another that tells which way a branch went */
/* Instructions of one program: three for every combination of places. */
#define MAX_PROGRAM 512

/* The toy's first hot registers get preserved host registers, its later ones volatile ones. */
static const uint8_t destinations[] = {1, 2, 5, 6, 20, REG_SINK};
static const uint8_t sources[] = {0, 1, 2, 5, 6, 20};

static uint64_t random_state = 0x243f6a8885a308d3ull;

static uint64_t random64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static uint64_t operand(void)
{
	static const uint64_t edges[] = {
		0,
		1,
		63,
		UINT64_MAX,
		INT64_MAX,
		1ull << 63,
		0xffffffff80000000ull,
		0x80000000ull,
		0x3ff8000000000000ull,
		0xffffffff3fc00000ull,
		0x7ff8000000000001ull,
		0xffffffff7f800001ull,
		0x0010000000000000ull,
	};
	return random64() % 3 ? random64() : edges[random64() % (sizeof(edges) / sizeof(*edges))];
}

struct program {
	struct toy_insn insns[MAX_PROGRAM];
	unsigned count, results;
};

static void add(struct program *program, struct toy_insn insn)
{
	cr_assert_lt(program->count, MAX_PROGRAM);
	program->insns[program->count++] = insn;
}

/* Keeps a result, so that later ones cannot hide it. */
static void keep(struct program *program, unsigned reg, bool vector)
{
	struct toy_insn store = {.op = vector ? UOP_FST64 : UOP_ST64, .a = BASE, .b = (uint8_t)reg};
	store.imm = 0x1000 + 8 * (int32_t)program->results++;
	add(program, store);
}

#define PLACEMENT_TEST(name) Test(placement, name, .init = make_toys, .fini = free_toys)

static struct toy *toys[2];

static void make_toys(void)
{
	toys[0] = toy_new("step");
	toys[1] = toy_new("jit");
}

static void free_toys(void)
{
	for (unsigned t = 0; t < 2; t++)
		toy_free(toys[t]);
}

static void run_both(const struct program *program, const char *what, bool aligned_only)
{
	uint64_t values[64];
	bool inexact = random64() & 1;
	for (unsigned i = 0; i < 64; i++)
		values[i] = operand();
	for (unsigned t = 0; t < 2; t++) {
		struct toy *toy = toys[t];
		toy->aligned_only = aligned_only;
		toy->cpu.isa->update_mode(&toy->cpu);
		toy_program(toy, TOY_RAM, program->insns, program->count);
		for (unsigned i = 1; i < 32; i++)
			toy->cpu.r[i] = values[i];
		for (unsigned i = 0; i < 32; i++)
			toy->cpu.v[i].d[0] = values[32 + i];
		toy->cpu.r[BASE] = TOY_DATA;
		toy->cpu.r[MARK] = 0x5555;
		/* Host floating point is only used once inexact has been raised. */
		toy->cpu.fp.flags = inexact ? FP_NX : 0;
		toy_run(toy, TOY_RAM, 10000);
	}
	struct code_cache_stats stats;
	code_cache_stats(toys[1]->code, &stats);
	cr_assert_gt(stats.compiled, 0, "%s: nothing was compiled", what);
	cr_assert_arr_eq(toys[0]->cpu.r, toys[1]->cpu.r, sizeof(toys[0]->cpu.r), "%s", what);
	cr_assert_arr_eq(toys[0]->cpu.v, toys[1]->cpu.v, sizeof(toys[0]->cpu.v), "%s", what);
	cr_assert_eq(toys[0]->cpu.fp.flags, toys[1]->cpu.fp.flags, "%s", what);
	cr_assert_eq(toys[0]->cpu.fp.rm, toys[1]->cpu.fp.rm, "%s", what);
	cr_assert_eq(toys[0]->last_trap_pc, toys[1]->last_trap_pc, "%s", what);
	cr_assert_eq(cpu_retired(&toys[0]->cpu), cpu_retired(&toys[1]->cpu), "%s", what);
	cr_assert_eq(memcmp(toys[0]->host, toys[1]->host, TOY_RAM_SIZE), 0, "%s: memory", what);
}

static bool writes_vector(unsigned kind)
{
	return kind == UOP_KIND_FFF || kind == UOP_KIND_FFFF || kind == UOP_KIND_FF ||
	       kind == UOP_KIND_FR || kind == UOP_KIND_FLOAD;
}

static int32_t immediate(unsigned op)
{
	switch (uop_info[op].kind) {
	case UOP_KIND_RF: return random64() & 1 ? 7 : (int32_t)(random64() % 5);
	case UOP_KIND_FFFF: return (int32_t)(random64() % 32) << 8 | 7;
	default: break;
	}
	if (op == UOP_SETRM)
		return (int32_t)(random64() % 5);
	return random64() & 1 ? (int32_t)random64() : (int32_t)(random64() % 256) - 128;
}

#define EACH(place, places)                                                                        \
	unsigned place = 0;                                                                        \
	place < sizeof(places);                                                                    \
	place++

static void data_program(struct program *program, unsigned op, unsigned d)
{
	for (EACH(a, sources))
		for (EACH(b, sources)) {
			struct toy_insn insn = {.op = (uint8_t)op, .wide = operand()};
			bool vector = writes_vector(uop_info[op].kind);
			insn.d = vector ? destinations[d] & 31 : destinations[d];
			insn.a = sources[a];
			insn.b = sources[b];
			insn.imm = immediate(op);
			add(program, insn);
			keep(program, insn.d, vector);
		}
}

PLACEMENT_TEST(arithmetic)
{
	static struct program program;
	for (unsigned op = 0; op < UOP_COUNT; op++) {
		unsigned kind = uop_info[op].kind;
		if (kind == UOP_KIND_CONTROL || kind == UOP_KIND_BRANCH ||
		    (kind >= UOP_KIND_LOAD && kind <= UOP_KIND_FSTORE))
			continue;
		for (unsigned round = 0; round < ROUNDS; round++) {
			program.count = program.results = 0;
			data_program(&program, op, round % sizeof(destinations));
			run_both(&program, uop_info[op].name, false);
		}
	}
}

/* An address near the end of a page now and then, aligned or not. */
static uint64_t data_address(void)
{
	return TOY_DATA + (random64() % 4 ? random64() % 0x800 : 0xff0 + random64() % 16);
}

static void memory_program(struct program *program, unsigned op)
{
	unsigned kind = uop_info[op].kind;
	bool store = kind == UOP_KIND_STORE || kind == UOP_KIND_FSTORE;
	for (EACH(a, sources))
		for (EACH(v, destinations)) {
			if (sources[a] == 0)
				continue;
			struct toy_insn insn = {.op = (uint8_t)op, .a = sources[a]};
			insn.imm = (int32_t)(random64() % 3) * 100;
			bool vector = kind == UOP_KIND_FLOAD || kind == UOP_KIND_FSTORE;
			uint8_t value = vector ? destinations[v] & 31 : destinations[v];
			if (store)
				insn.b = value;
			else
				insn.d = value;
			add(program,
			    (struct toy_insn){.op = UOP_MOVW, .d = insn.a, .wide = data_address()});
			add(program, insn);
			keep(program, value, vector);
		}
}

PLACEMENT_TEST(memory)
{
	static struct program program;
	for (unsigned op = UOP_LD8S; op <= UOP_FST64_A; op++) {
		/* The builder picks the aligned-only forms. */
		if (strstr(uop_info[op].name, "_A"))
			continue;
		for (unsigned round = 0; round < 2 * ROUNDS; round++) {
			program.count = program.results = 0;
			memory_program(&program, op);
			run_both(&program, uop_info[op].name, round & 1);
		}
	}
}

PLACEMENT_TEST(branches)
{
	static struct program program;
	for (unsigned op = UOP_BEQ; op <= UOP_BGEU; op++) {
		for (unsigned round = 0; round < ROUNDS; round++) {
			program.count = program.results = 0;
			for (EACH(a, sources))
				for (EACH(b, sources)) {
					struct toy_insn insn = {.op = (uint8_t)op};
					insn.a = sources[a];
					insn.b = sources[b];
					insn.wide = TOY_RAM + 16ull * (program.count + 2);
					add(&program, insn);
					keep(&program, MARK, false);
				}
			run_both(&program, uop_info[op].name, false);
		}
	}
}

static void jump_register_program(struct program *program, enum uop_op op)
{
	program->count = program->results = 0;
	for (EACH(d, destinations))
		for (EACH(a, sources)) {
			if (sources[a] == 0)
				continue;
			uint64_t target = TOY_RAM + 16ull * (program->count + 3);
			int32_t imm = op == UOP_JUMPX ? 0 : (int32_t)(random64() % 3) - 1;
			add(program, (struct toy_insn){.op = UOP_MOVW,
						       .d = sources[a],
						       .wide = target - (uint64_t)imm});
			add(program, (struct toy_insn){.op = (uint8_t)op,
						       .d = destinations[d],
						       .a = sources[a],
						       .imm = imm});
			keep(program, MARK, false); /* jumped over */
			keep(program, destinations[d], false);
		}
}

PLACEMENT_TEST(jump_register)
{
	static struct program program;
	jump_register_program(&program, UOP_JUMPR);
	run_both(&program, "JUMPR", false);
	jump_register_program(&program, UOP_JUMPX);
	run_both(&program, "JUMPX", false);
}

#endif
