/* Every engine gives the same results: each micro-op, random programs, memory, traps, counts. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/engine/toy.h"

#define engines toy_engines
#define ENGINES TOY_ENGINES

static uint64_t random_state = 0x9e3779b97f4a7c15ull;

static uint64_t random64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Operands at the edges as often as in between. */
static uint64_t operand(void)
{
	static const uint64_t edges[] = {
		0,
		1,
		2,
		UINT64_MAX,
		INT64_MAX,
		1ull << 63,
		INT32_MAX,
		1ull << 31,
		UINT32_MAX,
		0xffffffff80000000ull,
		0x7ff0000000000000ull,
		0x3ff0000000000000ull,
		0xffffffff7f800000ull,
		0xffffffff3f800000ull,
		0x7ff8000000000000ull,
		0xffffffff7fc00000ull,
		0x0000000000000001ull,
		63,
		64,
		31,
		32,
	};
	return random64() & 1 ? edges[random64() % (sizeof(edges) / sizeof(edges[0]))] : random64();
}

static void assert_same_state(struct toy *a, struct toy *b, const char *what)
{
	cr_assert_arr_eq(a->cpu.r, b->cpu.r, sizeof(a->cpu.r), "%s: integer registers differ",
			 what);
	cr_assert_arr_eq(a->cpu.v, b->cpu.v, sizeof(a->cpu.v), "%s: vector registers differ", what);
	cr_assert_eq(a->cpu.pc, b->cpu.pc, "%s: pc %lx and %lx", what, a->cpu.pc, b->cpu.pc);
	cr_assert_eq(a->cpu.fp.flags, b->cpu.fp.flags, "%s: FP flags differ", what);
	cr_assert_eq(cpu_now(&a->cpu), cpu_now(&b->cpu), "%s: time %lu and %lu", what,
		     cpu_now(&a->cpu), cpu_now(&b->cpu));
	cr_assert_eq(cpu_retired(&a->cpu), cpu_retired(&b->cpu), "%s: retired counts differ", what);
	cr_assert_eq(a->last_trap_pc, b->last_trap_pc, "%s: trap pc differs", what);
	cr_assert_eq(a->last_trap_value, b->last_trap_value, "%s: trap value differs", what);
	cr_assert_eq(a->device_reads, b->device_reads, "%s: device reads differ", what);
	cr_assert_eq(a->device_writes, b->device_writes, "%s: device writes differ", what);
	cr_assert_eq(memcmp(a->host, b->host, TOY_RAM_SIZE), 0, "%s: memory differs", what);
}

static void set_registers(struct toy *toy, const uint64_t *values)
{
	for (unsigned i = 1; i < 32; i++)
		toy->cpu.r[i] = values[i];
	for (unsigned i = 0; i < 32; i++)
		toy->cpu.v[i].d[0] = values[32 + i];
	toy->cpu.fp.flags = 0;
}

static bool is_data_op(unsigned op)
{
	unsigned kind = uop_info[op].kind;
	return kind != UOP_KIND_CONTROL && kind != UOP_KIND_BRANCH && kind != UOP_KIND_LOAD &&
	       kind != UOP_KIND_STORE && kind != UOP_KIND_FLOAD && kind != UOP_KIND_FSTORE;
}

static int32_t random_immediate(unsigned op)
{
	unsigned kind = uop_info[op].kind;
	if (op == UOP_SETRM)
		return (int32_t)(random64() % 5);
	if (kind == UOP_KIND_RF)
		return random64() & 1 ? 7 : (int32_t)(random64() % 5);
	if (kind == UOP_KIND_FFFF)
		return (int32_t)(random64() % 32) << 8 | 7;
	return random64() & 1 ? (int32_t)random64() : (int32_t)(random64() % 4096) - 2048;
}

Test(equal, every_micro_op_on_random_operands)
{
	struct toy *toys[ENGINES];
	for (unsigned e = 0; e < ENGINES; e++)
		toys[e] = toy_new(engines[e]);
	for (unsigned op = 0; op < UOP_COUNT; op++) {
		if (!is_data_op(op))
			continue;
		for (unsigned round = 0; round < 200; round++) {
			uint64_t values[64];
			for (unsigned i = 0; i < 64; i++)
				values[i] = operand();
			bool writes_vector = uop_info[op].kind >= UOP_KIND_FFF &&
					     uop_info[op].kind != UOP_KIND_RFF &&
					     uop_info[op].kind != UOP_KIND_RF;
			struct toy_insn insn = {
				.op = (uint8_t)op,
				.d = writes_vector ? random64() % 32 : 1 + random64() % 31,
				.a = random64() % 32,
				.b = round % 4 ? random64() % 32 : insn.a,
				.imm = random_immediate(op),
				.wide = operand(),
			};
			for (unsigned e = 0; e < ENGINES; e++) {
				toy_program(toys[e], TOY_RAM, &insn, 1);
				set_registers(toys[e], values);
				toy_run(toys[e], TOY_RAM, 100);
				cr_assert_eq(toys[e]->machine.stop.kind, STOP_EXIT);
			}
			for (unsigned e = 1; e < ENGINES; e++)
				assert_same_state(toys[0], toys[e], uop_info[op].name);
		}
	}
	for (unsigned e = 0; e < ENGINES; e++)
		toy_free(toys[e]);
}

/* Where a random memory access goes: mostly data, also page ends, the device, nowhere. */
static uint64_t random_address(void)
{
	switch (random64() % 8) {
	case 0: return TOY_DATA + 0x1000 - random64() % 12;
	case 1: return TOY_DEVICE + 8 * (random64() % 16);
	case 2: return random64() % 2 ? 0x4000 : 1ull << 45;
	case 3: return TOY_RAM + TOY_RAM_SIZE - random64() % 16;
	default: return TOY_DATA + random64() % 0x3000;
	}
}

static struct toy_insn random_insn(unsigned index, unsigned count)
{
	for (;;) {
		struct toy_insn insn = {
			.op = (uint8_t)(random64() % UOP_COUNT),
			.d = 1 + random64() % 15,
			.a = random64() % 16,
			.b = random64() % 16,
			.wide = operand(),
		};
		unsigned kind = uop_info[insn.op].kind;
		insn.imm = random_immediate(insn.op);
		if (insn.op == UOP_JUMPR || insn.op == UOP_HEAD || insn.op == UOP_CALL ||
		    insn.op == UOP_CALL_END || insn.op == UOP_JUMPX)
			continue;
		/* Aligned-only forms are the builder's choice, not the guest's. */
		if (strstr(uop_info[insn.op].name, "_A"))
			continue;
		if (kind == UOP_KIND_BRANCH || insn.op == UOP_JUMP) {
			/* Forward only, so that programs end. */
			unsigned target = index + 1 + (unsigned)(random64() % (count - index));
			insn.wide = TOY_RAM + 0x800 + 16 * (uint64_t)target;
		} else if (kind == UOP_KIND_LOAD || kind == UOP_KIND_STORE ||
			   kind == UOP_KIND_FLOAD || kind == UOP_KIND_FSTORE) {
			insn.a = 16 + random64() % 8; /* registers that hold addresses */
			insn.imm = (int32_t)(random64() % 64) - 32;
		}
		return insn;
	}
}

static void run_random_programs(bool aligned_only, unsigned programs)
{
	enum { COUNT = 300 };
	for (unsigned round = 0; round < programs; round++) {
		struct toy *toys[ENGINES];
		struct toy_insn program[COUNT];
		uint64_t values[64];
		for (unsigned i = 0; i < COUNT; i++)
			program[i] = random_insn(i, COUNT);
		for (unsigned i = 0; i < 64; i++)
			values[i] = i >= 16 && i < 24 ? random_address() : operand();
		for (unsigned e = 0; e < ENGINES; e++) {
			toys[e] = toy_new(engines[e]);
			toys[e]->aligned_only = aligned_only;
			toys[e]->cpu.isa->update_mode(&toys[e]->cpu);
			/* Not at a page start, so that instructions and blocks meet page ends. */
			toy_program(toys[e], TOY_RAM + 0x800, program, COUNT);
			/* Twice: the second time blocks are cached and linked. */
			for (unsigned pass = 0; pass < 2; pass++) {
				set_registers(toys[e], values);
				toy_run(toys[e], TOY_RAM + 0x800, 1000);
			}
		}
		for (unsigned e = 1; e < ENGINES; e++)
			assert_same_state(toys[0], toys[e], "random program");
		for (unsigned e = 0; e < ENGINES; e++)
			toy_free(toys[e]);
	}
}

Test(equal, random_programs)
{
	run_random_programs(false, 60);
}

Test(equal, random_programs_aligned_only)
{
	run_random_programs(true, 60);
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
