/*
 * Every micro-op with its operands in every kind of place: host registers that C functions keep
 * and that they spoil, memory, the zero register, the sink, the same register twice. In every
 * engine, on random and edge operands, with the same results.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "engine/atomic.h"
#include "tests/engine/differ.h"

#define ROUNDS (4 * TRAPLINE_TEST_SCALE)

#define BASE 24 /* a register in memory that holds TOY_DATA */
#define MARK 25 /* another that tells which way a branch went */

/* The toy's first hot registers get preserved host registers, its later ones volatile ones. */
static const uint8_t destinations[] = {1, 2, 5, 6, 20, 21, REG_SINK};
static const uint8_t sources[] = {0, 1, 2, 5, 6, 20, 21};
static const uint8_t vectors[] = {0, 1, 2, 8, 13, 20, 31};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct generator {
	struct scenario scenario;
	uint64_t state; /* of the random numbers */
	unsigned kept;  /* results stored */
};

static uint64_t pick(struct generator *g, uint64_t limit)
{
	return differ_random(&g->state) % limit;
}

/* Stores a result, so that later ones cannot hide it, and fills the register anew. */
static void keep(struct generator *g, unsigned reg, bool vector)
{
	if (!vector && reg == REG_SINK)
		return; /* which nobody reads */
	int32_t at = (int32_t)(DIFFER_KEEP - TOY_DATA) + 16 * (int32_t)(g->kept++ % 1024);
	int32_t pool =
		(int32_t)(DIFFER_POOL - TOY_DATA) + 8 * (int32_t)pick(g, DIFFER_POOL_SIZE - 1);
	scenario_add(&g->scenario,
		     (struct toy_insn){
			     .op = vector ? UOP_FST128 : UOP_ST64, .a = BASE, .b = reg, .imm = at});
	scenario_add(&g->scenario, (struct toy_insn){.op = vector ? UOP_FLD128 : UOP_LD64,
						     .d = reg,
						     .a = BASE,
						     .imm = pool});
}

static void load_address(struct generator *g, unsigned reg, uint64_t address)
{
	scenario_add(&g->scenario, (struct toy_insn){.op = UOP_MOVW, .d = reg, .wide = address});
}

/* -- operations on registers -- */

/* Which operands of a kind are vectors. */
struct operands {
	bool d, a, b;
};

static struct operands vector_operands(unsigned kind)
{
	switch (kind) {
	case UOP_KIND_FFF:
	case UOP_KIND_VVV:
	case UOP_KIND_FFFF: return (struct operands){true, true, true};
	case UOP_KIND_FF: return (struct operands){true, true, false};
	case UOP_KIND_RFF: return (struct operands){false, true, true};
	case UOP_KIND_RF: return (struct operands){false, true, false};
	case UOP_KIND_VR:
	case UOP_KIND_FR: return (struct operands){true, false, false};
	default: return (struct operands){false, false, false};
	}
}

/* enum cpu_flags in bits 1:0; of conditional ones a value in bits 7:4, a register in bits 13:8. */
static int32_t flags_immediate(struct generator *g)
{
	unsigned reg = sources[pick(g, COUNT(sources))];
	return (int32_t)(pick(g, 3) | pick(g, 2) << 2 | pick(g, 16) << 4 | reg << 8);
}

static int32_t immediate(struct generator *g, unsigned op)
{
	switch (uop_info[op].kind) {
	case UOP_KIND_RF: return pick(g, 2) ? 7 : (int32_t)pick(g, 5);
	case UOP_KIND_FLAGS: return flags_immediate(g);
	case UOP_KIND_RRRI:
	case UOP_KIND_RRRR: return (int32_t)(pick(g, 64) | pick(g, 64) << 8);
	case UOP_KIND_FFFF: return (int32_t)vectors[pick(g, COUNT(vectors))] << 8 | 7;
	default: break;
	}
	if (op == UOP_MODE) /* a mode of its own would run the same code */
		return 0;
	if (op == UOP_SETRM)
		return (int32_t)pick(g, 5);
	return (int32_t)((int64_t)differ_random(&g->state) >> pick(g, 64));
}

static bool uses_flags(unsigned op)
{
	return uop_info[op].kind == UOP_KIND_FLAGS || op == UOP_CONDITION || op == UOP_CARRY ||
	       op == UOP_ADDC || op == UOP_ADDCZ;
}

static void set_flags(struct generator *g)
{
	scenario_add(&g->scenario, (struct toy_insn){.op = pick(g, 2) ? UOP_FLAGS : UOP_FLAGSZ,
						     .a = sources[pick(g, COUNT(sources))],
						     .b = sources[pick(g, COUNT(sources))],
						     .imm = (int32_t)pick(g, 3)});
}

static void keep_flags(struct generator *g)
{
	scenario_add(
		&g->scenario,
		(struct toy_insn){.op = UOP_CONDITION, .d = MARK, .imm = (int32_t)pick(g, 16)});
	keep(g, MARK, false);
}

static void data_program(struct generator *g, unsigned op)
{
	struct operands vector = vector_operands(uop_info[op].kind);
	for (unsigned n = 0; n < 7 * 7 * 7; n++) {
		unsigned d = n % 7, a = n / 7 % 7, b = n / 49;
		struct toy_insn insn = {
			.op = op,
			.d = vector.d ? vectors[d] : destinations[d],
			.a = vector.a ? vectors[a] : sources[a],
			.b = vector.b ? vectors[b] : sources[b],
			.imm = immediate(g, op),
			.wide = differ_operand(&g->state),
		};
		if (uses_flags(op))
			set_flags(g);
		scenario_add(&g->scenario, insn);
		keep(g, insn.d, vector.d);
		if (uses_flags(op))
			keep_flags(g);
	}
}

/* -- memory -- */

/* Everywhere that an access can meet: inside pages, over their ends, devices, nothing. */
static uint64_t data_address(struct generator *g)
{
	switch (pick(g, 12)) {
	case 0: return TOY_DATA + 0xff0 + pick(g, 16); /* over the end of a page */
	case 1: return TOY_RAM + 8 * pick(g, 200);     /* data beside code */
	case 2: return TOY_DEVICE + 8 * pick(g, 16);
	case 3: return TOY_DEVICE + 0xff8 + pick(g, 8);      /* from a device into nothing */
	case 4: return 0x4000 + pick(g, 16);                 /* no memory */
	case 5: return TOY_RAM + TOY_RAM_SIZE - pick(g, 16); /* over the end of memory */
	case 6: return TOY_RAM - pick(g, 16);                /* over its beginning */
	case 7: return 1ull << 45 | pick(g, 0x2000);         /* not mapped */
	case 8: return pick(g, 2) ? 0 - pick(g, 16) : pick(g, 16);
	case 9: return TOY_DATA + 8 * pick(g, 0x100);
	default: return TOY_DATA + pick(g, 0x800);
	}
}

static unsigned plain_form(unsigned op)
{
	size_t length = strlen(uop_info[op].name);
	if (length < 2 || strcmp(uop_info[op].name + length - 2, "_A") != 0)
		return op;
	for (unsigned other = 0; other < UOP_COUNT; other++)
		if (strlen(uop_info[other].name) == length - 2 &&
		    !strncmp(uop_info[other].name, uop_info[op].name, length - 2))
			return other;
	cr_assert_fail("%s has no plain form", uop_info[op].name);
	return op;
}

/* Faulting accesses change nothing, and the program goes on behind them. */
static void memory_program(struct generator *g, unsigned op)
{
	unsigned kind = uop_info[op].kind, plain = plain_form(op);
	bool store = kind == UOP_KIND_STORE || kind == UOP_KIND_FSTORE;
	bool vector = kind == UOP_KIND_FLOAD || kind == UOP_KIND_FSTORE;
	/* The builder picks the aligned-only forms. */
	g->scenario.aligned_only = plain != op;
	for (unsigned n = 0; n < 4 * 7 * 7; n++) {
		unsigned base = sources[n % 7], v = n / 7 % 7;
		uint8_t value = vector ? vectors[v] : store ? sources[v] : destinations[v];
		struct toy_insn insn = {.op = plain, .a = base};
		insn.imm = (int32_t)(differ_random(&g->state) >> 33 >> pick(g, 31));
		if (pick(g, 2))
			insn.imm = -insn.imm;
		if (store)
			insn.b = value;
		else
			insn.d = value;
		if (base)
			load_address(g, base, data_address(g) - (uint64_t)(int64_t)insn.imm);
		scenario_add(&g->scenario, insn);
		if (!store)
			keep(g, value, vector);
	}
}

/* Mostly in RAM; most exclusive stores go to what was just reserved. */
static void atomic_program(struct generator *g)
{
	for (unsigned n = 0; n < 5 * 7 * 7; n++) {
		unsigned log2_size = (unsigned)pick(g, 4), base = sources[1 + pick(g, 6)];
		unsigned op = (unsigned)pick(g, ATOMIC_STORE + 1);
		int32_t flags =
			(pick(g, 2) ? ATOMIC_SIGNED : 0) | (pick(g, 2) ? ATOMIC_IN_BLOCK : 0);
		struct toy_insn insn = {.op = UOP_ATOMIC, .a = base};
		uint64_t address =
			pick(g, 3) ? DIFFER_POOL + 8 * pick(g, DIFFER_POOL_SIZE) : data_address(g);
		load_address(g, base, address);
		insn.d = destinations[n % 7];
		insn.b = sources[n / 7 % 7];
		insn.imm = atomic_immediate(op, log2_size, flags, sources[pick(g, 7)]);
		if (op >= ATOMIC_COMPARE && pick(g, 4)) { /* which then succeeds */
			struct toy_insn load = insn;
			load.imm = atomic_immediate(ATOMIC_LOAD, log2_size, flags, 0);
			load.d = MARK;
			scenario_add(&g->scenario, load);
			insn.imm = atomic_immediate(op, log2_size, flags, MARK);
		}
		scenario_add(&g->scenario, insn);
		keep(g, insn.d, false);
		keep(g, MARK, false);
	}
}

/* -- control -- */

/* Forwards over the next instruction; backwards to itself is for the loops below. */
static void branch_program(struct generator *g, unsigned op)
{
	for (unsigned n = 0; n < 3 * 7 * 7; n++) {
		uint64_t next = DIFFER_CODE + 16ull * (g->scenario.count + 1);
		scenario_add(&g->scenario, (struct toy_insn){.op = op,
							     .a = sources[n % 7],
							     .b = sources[n / 7 % 7],
							     .wide = next + 16});
		keep(g, MARK, false);
		keep(g, sources[1 + pick(g, 6)], false);
	}
}

static void jump_program(struct generator *g, unsigned op)
{
	for (unsigned n = 0; n < 60; n++) {
		/* Half of them to other pages. */
		uint64_t pc = DIFFER_CODE + 16ull * g->scenario.count;
		unsigned far = n % 2 ? 2 : 8;
		scenario_add(&g->scenario, (struct toy_insn){.op = op, .wide = pc + 16ull * far});
		for (unsigned i = 1; i < far; i++)
			scenario_add(&g->scenario, (struct toy_insn){.op = UOP_ADDI,
								     .d = MARK,
								     .a = MARK,
								     .imm = (int32_t)i});
	}
}

static void jump_register_program(struct generator *g, unsigned op)
{
	for (unsigned n = 0; n < 2 * 7 * 7; n++) {
		unsigned d = destinations[n % 7], a = sources[n / 7 % 7];
		if (a == 0)
			continue;
		uint64_t pc = DIFFER_CODE + 16ull * (g->scenario.count + 1);
		/* JUMPR drops bit 0. */
		int32_t imm = op == UOP_JUMPR ? (int32_t)pick(g, 3) - 1 : 0;
		uint64_t odd = op == UOP_JUMPR ? n & 1 : 0;
		load_address(g, a, pc + 3 * 16 - (uint64_t)(int64_t)imm + odd);
		scenario_add(&g->scenario, (struct toy_insn){.op = op, .d = d, .a = a, .imm = imm});
		keep(g, MARK, false); /* two instructions, jumped over */
		keep(g, d, false);
	}
	/* From the zero register: nowhere. */
	scenario_add(&g->scenario,
		     (struct toy_insn){.op = op, .d = 1, .a = 0, .imm = op == UOP_JUMPR ? 64 : 0});
}

/* Calls that return, trap, ask to leave the block. */
static void call_program(struct generator *g, unsigned op)
{
	static const int32_t leaving[] = {0, 0, 0, 1, 2};
	for (unsigned n = 0; n < 7 * 7 * 7; n++) {
		struct toy_insn insn = {
			.op = op,
			.d = destinations[n % 7],
			.a = sources[n / 7 % 7],
			.b = sources[n / 49],
			.imm = leaving[pick(g, COUNT(leaving))],
			.wide = DIFFER_CODE + 16ull * (g->scenario.count + 1),
		};
		scenario_add(&g->scenario, insn);
		keep(g, insn.d, false);
	}
}

/* Calls that trap if they are made. */
static void call_if_program(struct generator *g)
{
	for (unsigned n = 0; n < 3 * 7; n++) {
		scenario_add(&g->scenario, (struct toy_insn){.op = UOP_CALL_IF,
							     .a = sources[n % 7],
							     .imm = 1 << pick(g, 32)});
		keep(g, sources[1 + pick(g, 6)], false);
	}
}

static bool control_program(struct generator *g, unsigned op)
{
	switch (op) {
	case UOP_HEAD: data_program(g, UOP_MOV); return true;
	case UOP_JUMP:
	case UOP_LEAVE: jump_program(g, op); return true;
	case UOP_JUMPR:
	case UOP_JUMPX: jump_register_program(g, op); return true;
	case UOP_CALL_IF: call_if_program(g); return true;
	case UOP_CALL: call_program(g, TOY_CALL); return true;
	case UOP_CALL_END: call_program(g, TOY_CALL_END); return true;
	default: return false;
	}
}

/* The program that tries a micro-op; false: nobody has written one. */
static bool generate(struct generator *g, unsigned op)
{
	scenario_init(&g->scenario, uop_info[op].name, &g->state);
	g->scenario.r[BASE] = TOY_DATA;
	g->kept = 0;
	switch (uop_info[op].kind) {
	case UOP_KIND_RRR:
	case UOP_KIND_RRI:
	case UOP_KIND_RRRI:
	case UOP_KIND_RRRR:
	case UOP_KIND_FLAGS:
	case UOP_KIND_RR:
	case UOP_KIND_RI:
	case UOP_KIND_FFF:
	case UOP_KIND_FFFF:
	case UOP_KIND_FF:
	case UOP_KIND_RFF:
	case UOP_KIND_RF:
	case UOP_KIND_FR:
	case UOP_KIND_VVV:
	case UOP_KIND_VR:
	case UOP_KIND_STATE: data_program(g, op); return true;
	case UOP_KIND_LOAD:
	case UOP_KIND_STORE:
	case UOP_KIND_FLOAD:
	case UOP_KIND_FSTORE: memory_program(g, op); return true;
	case UOP_KIND_ATOMIC: atomic_program(g); return true;
	case UOP_KIND_BRANCH: branch_program(g, op); return true;
	case UOP_KIND_CONTROL: return control_program(g, op);
	default: return false;
	}
}

/* -- */

static struct generator generator;
static struct differ differ;

static void set_up(void)
{
	generator.state = 0x243f6a8885a308d3ull;
	differ_init(&differ);
}

static void tear_down(void)
{
	differ_fini(&differ);
}

#define PLACEMENT_TEST(name) Test(placement, name, .init = set_up, .fini = tear_down)

static void try_op(unsigned op)
{
	bool *translated = differ.toys[1]->translated;
	translated[op] = false;
	for (unsigned round = 0; round < ROUNDS; round++) {
		bool known = generate(&generator, op);
		cr_assert(known, "%s: no program tries this micro-op", uop_info[op].name);
		generator.scenario.rounding = (uint8_t)(round % 5);
		differ_run(&differ, &generator.scenario);
	}
	cr_assert(translated[op], "%s: not in its program", uop_info[op].name);
}

/* Micro-ops from first on, every fourth: the tests below run side by side. */
static void try_every_fourth(unsigned first)
{
	generator.state += first;
	for (unsigned op = first; op < UOP_COUNT; op += 4)
		try_op(op);
}

PLACEMENT_TEST(micro_ops_0_4_8)
{
	try_every_fourth(0);
}

PLACEMENT_TEST(micro_ops_1_5_9)
{
	try_every_fourth(1);
}

PLACEMENT_TEST(micro_ops_2_6_10)
{
	try_every_fourth(2);
}

PLACEMENT_TEST(micro_ops_3_7_11)
{
	try_every_fourth(3);
}

/* FP operations in every rounding mode, with every flag raised before or not. */
PLACEMENT_TEST(rounding_and_flags)
{
	for (unsigned op = 0; op < UOP_COUNT; op++) {
		unsigned kind = uop_info[op].kind;
		bool arithmetic = kind >= UOP_KIND_FFF && kind <= UOP_KIND_FR;
		for (unsigned n = 0; arithmetic && n < 10; n++) {
			generate(&generator, op);
			generator.scenario.rounding = (uint8_t)(n % 5);
			generator.scenario.flags = n < 5 ? FP_NX : 0;
			differ_run(&differ, &generator.scenario);
		}
	}
}

#if ENGINE_HAS_JIT
/* What the JIT compiled, it did compile. */
PLACEMENT_TEST(the_jit_compiles)
{
	struct code_cache_stats stats;
	generate(&generator, UOP_ADD);
	differ_run(&differ, &generator.scenario);
	code_cache_stats(differ.toys[2]->code, &stats);
	cr_assert_gt(stats.compiled_instructions, 500);
}
#endif
