/*
 * Random loops in the JIT and in the step engine: registers of their own inside of a loop, values
 * whose upper halves are made late, and accesses that share a TLB probe. All of them must be
 * invisible wherever a loop is left: at its end, at the end of a slice, at a trap, after an access
 * to a device or to a page with code on it.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "core/cpu.h"
#include "engine/flags.h"
#include "tests/engine/toy.h"

#if ENGINE_HAS_JIT

#define ROUNDS     1500
#define BASES      20 /* registers 20, 21, 22 hold addresses */
#define COUNTER    23
#define MAX_BODY   60
#define DATA_BYTES 0x3000

static uint64_t random_state = 0x13198a2e03707344ull;

static uint64_t random64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static unsigned below(unsigned limit)
{
	return (unsigned)(random64() % limit);
}

/* Mostly what 32-bit code computes with, so that sign extensions matter. */
static uint64_t value(void)
{
	switch (below(4)) {
	case 0: return random64();
	case 1: return (uint32_t)random64();
	case 2: return below(64);
	default: return (uint64_t)(int64_t)(int32_t)random64();
	}
}

/* An address that accesses of a group may or may not share a page at. */
static uint64_t address(void)
{
	switch (below(24)) {
	case 0: return TOY_DEVICE + 0x100;
	case 1: return 1ull << 41;      /* faults */
	case 2: return TOY_RAM + 0x800; /* on the page of the code */
	case 3:
	case 4: return TOY_DATA + 0xfc0 + below(64);
	case 5: return TOY_DATA + 0x1ff0;
	default: return TOY_DATA + 0x100 + below(0xe00);
	}
}

static struct toy_insn random_access_insn(void)
{
	unsigned store = below(2);
	unsigned first = store ? UOP_ST8 : UOP_LD8S, last = store ? UOP_ST64 : UOP_LD64;
	struct toy_insn insn = {.op = (uint8_t)(first + below(last - first + 1))};
	insn.a = (uint8_t)(BASES + below(3));
	insn.imm = (int32_t)below(128) - 32;
	if (store)
		insn.b = (uint8_t)below(BASES);
	else
		insn.d = (uint8_t)(below(30) ? 1 + below(BASES - 1) : insn.a);
	return insn;
}

/* Between groups of FP accesses and in them. */
static struct toy_insn random_fp_insn(void)
{
	static const uint8_t ops[] = {UOP_FLD32,   UOP_FLD64,   UOP_FST32,      UOP_FST64,
				      UOP_FLD128,  UOP_FST128,  UOP_FADD_D,     UOP_FMUL_D,
				      UOP_FADD_S,  UOP_FMADD_D, UOP_FMVXD,      UOP_FMVDX,
				      UOP_FSGNJ_D, UOP_FLT_D,   UOP_PUT,        UOP_VECTOR,
				      UOP_VECTOR,  UOP_VECTOR,  UOP_VECTOR_PUT, UOP_FCMP_D};
	struct toy_insn insn = {.op = ops[below(sizeof(ops))]};
	if (insn.op == UOP_PUT) { /* an upper half, mostly zero */
		insn.a = (uint8_t)(below(4) ? 0 : below(BASES));
		insn.imm = 8 | (int32_t)below(BASES) << 4;
		return insn;
	}
	insn.d = (uint8_t)(1 + below(BASES - 1));
	insn.b = (uint8_t)below(BASES);
	bool access = insn.op <= UOP_FST64_A;
	insn.a = (uint8_t)(access ? BASES + below(3) : below(BASES));
	insn.imm = access ? (int32_t)below(128) - 32 : (int32_t)below(16) << 8;
	if (insn.op == UOP_VECTOR || insn.op == UOP_VECTOR_PUT)
		insn.imm = (int32_t)random64();
	return insn;
}

static struct toy_insn random_data_insn(void)
{
	static const uint8_t words[] = {UOP_ADDW,  UOP_SUBW,   UOP_ADDIW, UOP_SLLIW, UOP_SRLIW,
					UOP_SRAIW, UOP_SLLW,   UOP_MULW,  UOP_AND,   UOP_OR,
					UOP_XOR,   UOP_ANDI,   UOP_XORI,  UOP_MOV,   UOP_XNOR,
					UOP_SLLI,  UOP_ZEXT32, UOP_SLTU,  UOP_MULHU, UOP_DIVW,
					UOP_CPOP,  UOP_ADD,    UOP_RORIW, UOP_ANDN,  UOP_SEXT8};
	struct toy_insn insn = {.wide = value()};
	insn.op = below(3) ? words[below(sizeof(words))] : (uint8_t)(UOP_MOV + below(UOP_LD8S - 1));
	insn.d = (uint8_t)(below(20) ? 1 + below(BASES - 1) : REG_SINK);
	insn.a = (uint8_t)below(BASES);
	insn.b = (uint8_t)below(BASES);
	insn.imm = below(2) ? (int32_t)below(64) : (int32_t)random64();
	if (!below(24)) { /* the base of a group moves */
		insn.op = UOP_ADDI;
		insn.d = insn.a = (uint8_t)(BASES + below(3));
		insn.imm = 8;
	}
	return insn;
}

/* A comparison, and a choice by it, as code for condition flags is translated. */
static unsigned random_choice(struct toy_insn *insns)
{
	static const uint8_t comparisons[] = {UOP_XOR, UOP_SLT, UOP_SLTU};
	uint8_t a = (uint8_t)below(BASES), b = (uint8_t)below(BASES), swapped = (uint8_t)below(2);
	unsigned count = 0;
	bool any = below(2); /* condition and kind of flags */
	insns[count++] = (struct toy_insn){.op = below(2) ? UOP_FLAGS : UOP_FLAGSZ,
					   .a = a,
					   .b = b,
					   .imm = any ? (int32_t)below(3) : CPU_FLAGS_SUB};
	if (!below(3))
		insns[count++] = random_data_insn();
	insns[count++] = (struct toy_insn){.op = comparisons[below(sizeof(comparisons))],
					   .d = REG_TEMP,
					   .a = (uint8_t)(REG_FLAGS_A + swapped),
					   .b = (uint8_t)(REG_FLAGS_B - swapped)};
	if (any)
		insns[count - 1] = (struct toy_insn){
			.op = UOP_CONDITION, .d = REG_TEMP, .imm = (int32_t)below(16)};
	insns[count++] = (struct toy_insn){.op = UOP_SELECT,
					   .d = (uint8_t)(1 + below(BASES - 1)),
					   .a = (uint8_t)below(BASES),
					   .b = (uint8_t)below(BASES),
					   .imm = REG_TEMP};
	/* No other instruction reads a temporary. */
	insns[count++] = (struct toy_insn){.op = UOP_MOVI, .d = REG_TEMP, .imm = 7};
	return count;
}

/* A loop, entered at its head; rotates are put in as compilers write them. */
static unsigned random_loop(struct toy_insn *insns, bool fp)
{
	unsigned count = 0, body = 2 + below(MAX_BODY - 9);
	while (count < body) {
		if (!below(8)) {
			uint8_t from = (uint8_t)(1 + below(BASES - 1));
			uint8_t high = (uint8_t)(1 + below(BASES - 1));
			uint8_t low = (uint8_t)(1 + below(BASES - 1));
			int32_t shift = 1 + (int32_t)below(31);
			insns[count++] = (struct toy_insn){
				.op = UOP_SLLIW, .d = high, .a = from, .imm = 32 - shift};
			insns[count++] = (struct toy_insn){
				.op = UOP_SRLIW, .d = low, .a = from, .imm = shift};
			if (below(2))
				insns[count++] = random_data_insn();
			insns[count++] = (struct toy_insn){
				.op = UOP_OR, .d = below(2) ? low : high, .a = low, .b = high};
		} else if (!below(12)) {
			count += random_choice(&insns[count]);
		} else if (fp && below(3)) {
			insns[count++] = random_fp_insn();
		} else {
			insns[count++] = below(3) ? random_data_insn() : random_access_insn();
		}
	}
	insns[count++] = (struct toy_insn){.op = UOP_ADDI, .d = COUNTER, .a = COUNTER, .imm = -1};
	insns[count++] = (struct toy_insn){.op = UOP_BNE, .a = COUNTER, .wide = TOY_RAM};
	return count;
}

static void prepare(struct toy *toy, const uint64_t *values)
{
	memcpy(&toy->cpu.r[1], values, (COUNTER + 1) * sizeof(*values));
	for (unsigned i = 0; i < 32; i++)
		toy->cpu.v[i] = (union cpu_vector){
			.d = {values[i % COUNTER] << 32 | 0x3ff0000000000000ull, values[0] & 3}
                };
	toy->cpu.fp.flags = values[0] & 1 ? FP_NX : 0;
	memset(toy->host + (TOY_DATA - TOY_RAM), 0x81, DATA_BYTES);
	toy->last_trap_pc = 0;
}

static void compare(const struct toy *a, const struct toy *b, unsigned round)
{
	/* Temporaries are of one instruction only. */
	for (unsigned i = 0; i < REG_FLAGS_A; i++)
		cr_assert_eq(a->cpu.r[i], b->cpu.r[i], "round %u: r%u is %llx, should be %llx",
			     round, i, (unsigned long long)b->cpu.r[i],
			     (unsigned long long)a->cpu.r[i]);
	cr_assert_eq(flags_nzcv(&a->cpu), flags_nzcv(&b->cpu), "round %u: flags", round);
	cr_assert_eq(memcmp(a->cpu.v, b->cpu.v, sizeof(a->cpu.v)), 0, "round %u: FP", round);
	cr_assert_eq(a->cpu.fp.flags, b->cpu.fp.flags, "round %u", round);
	cr_assert_eq(a->cpu.pc, b->cpu.pc, "round %u", round);
	cr_assert_eq(a->last_trap_pc, b->last_trap_pc, "round %u", round);
	cr_assert_eq(cpu_retired(&a->cpu), cpu_retired(&b->cpu), "round %u", round);
	cr_assert_eq(a->device_reads, b->device_reads, "round %u", round);
	cr_assert_eq(a->device_writes, b->device_writes, "round %u", round);
	cr_assert_eq(memcmp(a->host, b->host, TOY_RAM_SIZE), 0, "round %u: memory", round);
}

static void run_random_loops(bool fp)
{
	struct toy *toys[2] = {toy_new("step"), toy_new("jit")};
	struct toy_insn insns[MAX_BODY + 4];
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned count = random_loop(insns, fp), limit = 1 + below(3000);
		uint64_t values[COUNTER + 1];
		for (unsigned i = 0; i < COUNTER; i++)
			values[i] = i + 1 >= BASES ? address() : value();
		values[COUNTER - 1] = 1 + below(60);
		values[COUNTER] = value();
		for (unsigned t = 0; t < 2; t++) {
			toy_program(toys[t], TOY_RAM, insns, count);
			prepare(toys[t], values);
			toy_run(toys[t], TOY_RAM, limit);
		}
		compare(toys[0], toys[1], round);
	}
	struct code_cache_stats stats;
	code_cache_stats(toys[1]->code, &stats);
	cr_assert_gt(stats.compiled, ROUNDS);
	toy_free(toys[0]);
	toy_free(toys[1]);
}

Test(loops, random)
{
	run_random_loops(false);
}

Test(loops, random_with_fp)
{
	run_random_loops(true);
}

#endif
