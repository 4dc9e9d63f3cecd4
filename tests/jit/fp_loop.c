/*
 * Loops of random floating-point micro-ops: values that stay in host registers from one round to
 * the next, slow paths in between, rounding modes, an environment that changes while they run.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/engine/toy.h"

#if ENGINE_HAS_JIT

#define COUNTER 1
#define DATA    10
#define DEVICE  11
#define BODY    14
#define ROUNDS  24
#define LOOPS   1500

static uint64_t random_state;

static uint64_t random64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static unsigned pick(unsigned count)
{
	return (unsigned)(random64() >> 32) % count;
}

/* Numbers near 1, boxed or not, and now and then anything else. */
static uint64_t number(bool wild)
{
	static const uint64_t edges[] = {
		0,
		1ull << 63,
		0x7ff0000000000000ull,
		0x7ff8000000000000ull,
		0xfff4000000000001ull,
		0x0010000000000000ull,
		0xffffffff00000000ull,
		0xffffffff80000000ull,
		0xffffffff7f800001ull,
		0xffffffff00800000ull,
		0xffffffff4f000000ull,
		0x43e0000000000000ull,
	};
	if (wild && pick(3) == 0)
		return edges[pick(sizeof(edges) / sizeof(*edges))];
	uint64_t fraction = random64(), mask = random64();
	fraction &= mask;
	if (pick(2))
		return 0xffffffff3f000000ull | (fraction & 0x80ffffff);
	return 0x3fe0000000000000ull | (fraction & 0x803fffffffffffffull);
}

static struct toy_insn memory_insn(unsigned vectors)
{
	static const uint8_t ops[] = {UOP_FLD64, UOP_FLD32, UOP_FLD64, UOP_FLD16,
				      UOP_FST64, UOP_FST32, UOP_FST64, UOP_FST16};
	struct toy_insn insn = {.op = ops[pick(8)], .a = pick(8) ? DATA : DEVICE};
	insn.d = insn.b = (uint8_t)pick(vectors);
	insn.imm = insn.a == DATA ? 8 * (int32_t)pick(16) : 0;
	return insn;
}

static struct toy_insn any_insn(unsigned vectors)
{
	if (pick(4) == 0)
		return memory_insn(vectors);
	struct toy_insn insn = {.op = (uint8_t)(UOP_SETRM + pick(UOP_COUNT - UOP_SETRM))};
	unsigned kind = uop_info[insn.op].kind;
	bool integer = kind == UOP_KIND_RFF || kind == UOP_KIND_RF;
	insn.d = (uint8_t)(integer ? 2 + pick(8) : pick(vectors));
	insn.a = (uint8_t)(kind == UOP_KIND_FR ? 2 + pick(8) : pick(vectors));
	insn.b = (uint8_t)(pick(4) ? pick(vectors) : insn.a);
	insn.imm = (int32_t)pick(vectors) << 8 | 7;
	if (kind == UOP_KIND_RF)
		insn.imm = pick(2) ? 7 : (int32_t)pick(5);
	if (insn.op == UOP_SETRM)
		insn.imm = pick(2) ? FP_RNE : (int32_t)pick(5);
	return insn;
}

static unsigned make_loop(struct toy_insn *program)
{
	unsigned count = 0, vectors = pick(3) ? 4 + pick(6) : 32;
	program[count++] = (struct toy_insn){.op = UOP_MOVW, .d = DATA, .wide = TOY_DATA};
	program[count++] = (struct toy_insn){.op = UOP_MOVW, .d = DEVICE, .wide = TOY_DEVICE};
	uint64_t top = TOY_RAM + 16ull * count;
	while (count < 2 + BODY)
		program[count++] = any_insn(vectors);
	program[count++] = (struct toy_insn){.op = UOP_RESTORERM};
	program[count++] = (struct toy_insn){.op = UOP_ADDI, .d = COUNTER, .a = COUNTER, .imm = -1};
	program[count++] = (struct toy_insn){.op = UOP_BNE, .a = COUNTER, .wide = top};
	return count;
}

static void run_loop(struct toy *toy, const struct toy_insn *program, unsigned count,
		     const uint64_t values[64])
{
	code_cache_set_executions(toy->code, 3);
	toy_program(toy, TOY_RAM, program, count);
	memset(toy->host + (TOY_DATA - TOY_RAM), 0, 256);
	memcpy(toy->host + (TOY_DATA - TOY_RAM), &values[40], 24 * sizeof(uint64_t));
	for (unsigned i = 0; i < 32; i++)
		toy->cpu.v[i].d[0] = values[i];
	for (unsigned i = 2; i < 10; i++)
		toy->cpu.r[i] = values[30 + i];
	toy->cpu.r[COUNTER] = ROUNDS;
	toy->cpu.fp.flags = values[0] & 2 ? FP_NX : 0;
	toy->cpu.fp.rm = toy->cpu.rounding = values[1] & 14 ? FP_RNE : FP_RUP;
	toy_run(toy, TOY_RAM, 100000);
}

static void assert_same(const struct toy *a, const struct toy *b, unsigned loop)
{
	for (unsigned i = 0; i < 32; i++)
		cr_assert_eq(a->cpu.v[i].d[0], b->cpu.v[i].d[0], "loop %u, f%u: %llx, not %llx",
			     loop, i, (unsigned long long)b->cpu.v[i].d[0],
			     (unsigned long long)a->cpu.v[i].d[0]);
	cr_assert_arr_eq(a->cpu.r, b->cpu.r, sizeof(a->cpu.r), "loop %u", loop);
	cr_assert_eq(a->cpu.fp.flags, b->cpu.fp.flags, "loop %u", loop);
	cr_assert_eq(a->cpu.fp.rm, b->cpu.fp.rm, "loop %u", loop);
	cr_assert_eq(cpu_retired(&a->cpu), cpu_retired(&b->cpu), "loop %u", loop);
	cr_assert_eq(a->device_reads, b->device_reads, "loop %u", loop);
	cr_assert_eq(a->device_writes, b->device_writes, "loop %u", loop);
	cr_assert_eq(memcmp(a->host, b->host, TOY_RAM_SIZE), 0, "loop %u: memory", loop);
}

Test(fp_loop, all_engines)
{
	struct toy *toys[TOY_ENGINES];
	struct toy_insn program[BODY + 5];
	uint64_t values[64];
	random_state = 0x452821e638d01377ull;
	for (unsigned t = 0; t < TOY_ENGINES; t++)
		toys[t] = toy_new(toy_engines[t]);
	for (unsigned loop = 0; loop < LOOPS; loop++) {
		unsigned count = make_loop(program);
		for (unsigned i = 0; i < 64; i++)
			values[i] = number(loop & 1);
		for (unsigned t = 0; t < TOY_ENGINES; t++)
			run_loop(toys[t], program, count, values);
		for (unsigned t = 1; t < TOY_ENGINES; t++)
			assert_same(toys[0], toys[t], loop);
	}
	struct code_cache_stats stats;
	code_cache_stats(toys[TOY_ENGINES - 1]->code, &stats);
	cr_assert_geq(stats.compiled, LOOPS);
	for (unsigned t = 0; t < TOY_ENGINES; t++)
		toy_free(toys[t]);
}

#endif
