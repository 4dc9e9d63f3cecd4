#include "tests/engine/differ.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "engine/flags.h"

uint64_t differ_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* A floating-point number of a class that is rare among random bits. */
static uint64_t float_operand(uint64_t *state)
{
	static const struct {
		uint64_t box;
		unsigned fraction, exponent; /* bits */
	} formats[] = {
		{0,		     52, 11},
		{0xffffffff00000000ull, 23, 8 },
		{0xffffffffffff0000ull, 10, 5 },
	};
	unsigned f = (unsigned)(differ_random(state) % 5);
	f = f < 3 ? f : f - 3; /* half precision is half as frequent */
	unsigned fraction_bits = formats[f].fraction;
	uint64_t all = (1ull << formats[f].exponent) - 1, bias = all / 2;
	const uint64_t exponents[] = {0,         1,         all,
				      all - 1,   bias,      bias + fraction_bits,
				      bias + 31, bias + 63, bias + differ_random(state) % 8 - 4};
	uint64_t exponent = exponents[differ_random(state) % 9] & all;
	uint64_t fraction = differ_random(state) & ((1ull << fraction_bits) - 1);
	switch (differ_random(state) % 4) {
	case 0: fraction = 0; break;
	case 1: fraction = differ_random(state) % 2 ? 1 : (1ull << fraction_bits) - 1; break;
	case 2: fraction &= ~0ull << fraction_bits / 2; break;
	default: break;
	}
	uint64_t sign = (differ_random(state) & 1) << (fraction_bits + formats[f].exponent);
	return formats[f].box | sign | exponent << fraction_bits | fraction;
}

uint64_t differ_operand(uint64_t *state)
{
	static const uint64_t edges[] = {
		0,
		1,
		2,
		31,
		32,
		63,
		64,
		UINT64_MAX,
		INT64_MAX,
		1ull << 63,
		INT32_MAX,
		1ull << 31,
		UINT32_MAX,
		1ull << 32,
		0xffffffff80000000ull,
		0xffffffff7fffffffull,
	};
	switch (differ_random(state) % 4) {
	case 0: return edges[differ_random(state) % (sizeof(edges) / sizeof(edges[0]))];
	case 1: return float_operand(state);
	case 2: return (uint64_t)((int64_t)differ_random(state) >> differ_random(state) % 64);
	default: return differ_random(state);
	}
}

void scenario_init(struct scenario *scenario, const char *name, uint64_t *state)
{
	scenario->name = name;
	scenario->count = 0;
	scenario->aligned_only = false;
	scenario->slices = 0;
	scenario->limit = 20000;
	for (unsigned i = 0; i < 32; i++) {
		scenario->r[i] = differ_operand(state);
		scenario->v[i] = differ_operand(state);
	}
	scenario->r[0] = 0;
	for (unsigned i = 0; i < DIFFER_POOL_SIZE; i++)
		scenario->pool[i] = differ_operand(state);
	/* Host floating point is only used once inexact has been raised. */
	static const uint8_t flags[] = {0, FP_NX, FP_NX, 0x1f};
	scenario->flags = flags[differ_random(state) % 4];
	scenario->rounding = (uint8_t)(differ_random(state) % 5);
}

uint64_t scenario_add(struct scenario *scenario, struct toy_insn insn)
{
	cr_assert_lt(scenario->count, DIFFER_MAX_INSNS);
	scenario->insns[scenario->count] = insn;
	return DIFFER_CODE + sizeof(insn) * scenario->count++;
}

/* -- running -- */

void differ_init(struct differ *differ)
{
	for (unsigned e = 0; e < TOY_ENGINES; e++)
		differ->toys[e] = toy_new(toy_engines[e]);
}

void differ_fini(struct differ *differ)
{
	for (unsigned e = 0; e < TOY_ENGINES; e++)
		toy_free(differ->toys[e]);
}

static void prepare(struct toy *toy, const struct scenario *scenario)
{
	struct cpu *cpu = &toy->cpu;
	memset(toy->host + (TOY_DATA - TOY_RAM), 0, TOY_RAM_SIZE - (TOY_DATA - TOY_RAM));
	memcpy(toy->host + (DIFFER_POOL - TOY_RAM), scenario->pool, sizeof(scenario->pool));
	toy->aligned_only = scenario->aligned_only;
	toy->resume = true;
	memset(toy->state, 0, sizeof(toy->state));
	toy->trap_digest = toy->device_reads = toy->device_writes = toy->interrupts = 0;
	cpu->isa->update_mode(cpu);
	toy_program(toy, DIFFER_CODE, scenario->insns, scenario->count);
	memset(cpu->r, 0, sizeof(cpu->r));
	memcpy(cpu->r, scenario->r, sizeof(scenario->r));
	for (unsigned i = 0; i < 32; i++)
		cpu->v[i].d[0] = scenario->v[i];
	cpu->fp.flags = scenario->flags;
	cpu->fp.rm = cpu->rounding = scenario->rounding;
	cpu->flags = CPU_FLAGS_NZCV;
	cpu->pc = DIFFER_CODE;
	toy->machine.stop.kind = STOP_NONE;
}

/* What differs between two toys, or NULL. */
static const char *difference(const struct toy *a, const struct toy *b)
{
	/* Nobody reads what goes to the sink, so that engines need not write it. */
	_Static_assert(REG_SINK == CPU_REGISTERS - 1, "the last register is not compared");
	for (unsigned i = 0; i < REG_SINK; i++)
		if (a->cpu.r[i] != b->cpu.r[i] && i != REG_FLAGS_A && i != REG_FLAGS_B)
			return "integer registers";
	if (memcmp(a->cpu.v, b->cpu.v, sizeof(a->cpu.v)) != 0)
		return "FP registers";
	if (a->cpu.pc != b->cpu.pc)
		return "pc";
	if (a->cpu.fp.flags != b->cpu.fp.flags || a->cpu.fp.rm != b->cpu.fp.rm)
		return "FP flags or rounding mode";
	/* What they are kept as is the engine's affair. */
	if (flags_nzcv(&a->cpu) != flags_nzcv(&b->cpu))
		return "condition flags";
	if (cpu_now(&a->cpu) != cpu_now(&b->cpu) || cpu_retired(&a->cpu) != cpu_retired(&b->cpu))
		return "counts";
	if (a->trap_digest != b->trap_digest || a->cpu.trap_count != b->cpu.trap_count)
		return "traps";
	if (a->device_reads != b->device_reads || a->device_writes != b->device_writes)
		return "device accesses";
	if (a->cpu.reservation != b->cpu.reservation ||
	    a->cpu.reservation_value != b->cpu.reservation_value)
		return "the reservation";
	if (memcmp(a->state, b->state, sizeof(a->state)) != 0)
		return "state words";
	return a->machine.stop.kind != b->machine.stop.kind ? "the stop" : NULL;
}

struct finding {
	const char *what;
	unsigned engine;
	uint64_t tick; /* since the start; the difference is in the slice before */
	struct cpu reference, other;
};

static bool differ_now(struct differ *differ, struct finding *finding, bool memory)
{
	for (unsigned e = 1; e < TOY_ENGINES; e++) {
		const struct toy *a = differ->toys[0], *b = differ->toys[e];
		finding->what = difference(a, b);
		if (!finding->what && memory && memcmp(a->host, b->host, TOY_RAM_SIZE) != 0)
			finding->what = "memory";
		if (!finding->what)
			continue;
		finding->engine = e;
		finding->reference = a->cpu;
		finding->other = b->cpu;
		return true;
	}
	return false;
}

/* True if the engines differ. */
static bool run(struct differ *differ, const struct scenario *scenario, struct finding *finding)
{
	uint64_t state = scenario->slices, ticks = 0;
	for (unsigned e = 0; e < TOY_ENGINES; e++)
		prepare(differ->toys[e], scenario);
	while (ticks < scenario->limit && differ->toys[0]->machine.stop.kind == STOP_NONE) {
		uint64_t length = scenario->limit;
		unsigned interrupts = 0;
		if (scenario->slices) {
			length = 1 + differ_random(&state) % (differ_random(&state) % 8 ? 20 : 200);
			interrupts = differ_random(&state) % 8 == 0;
		}
		for (unsigned e = 0; e < TOY_ENGINES; e++) {
			struct toy *toy = differ->toys[e];
			toy->interrupts = interrupts;
			machine_run_until(&toy->machine, toy->machine.clock.now + length);
		}
		ticks += length;
		finding->tick = ticks;
		if (differ_now(differ, finding, false))
			return true;
	}
	return differ_now(differ, finding, true);
}

/* -- reproducers -- */

/* In toys of its own, since engines that differ once may differ ever after. */
static bool differs_alone(const struct scenario *scenario, struct finding *finding)
{
	struct differ differ;
	differ_init(&differ);
	bool result = run(&differ, scenario, finding);
	differ_fini(&differ);
	return result;
}

/* Leaves out what is not needed: halves first, then ever smaller parts. */
static void minimise(struct scenario *scenario, struct finding *finding)
{
	static struct scenario shorter;
	for (unsigned length = scenario->count; length; length /= 2) {
		for (unsigned start = 0; start < scenario->count; start += length) {
			shorter = *scenario;
			for (unsigned i = start; i < start + length && i < shorter.count; i++)
				shorter.insns[i] = (struct toy_insn){.op = UOP_MOV, .d = REG_SINK};
			if (differs_alone(&shorter, finding))
				*scenario = shorter;
		}
	}
}

static void print_registers(const struct scenario *scenario, const struct finding *finding)
{
	for (unsigned i = 0; i < CPU_REGISTERS; i++)
		if (finding->reference.r[i] != finding->other.r[i])
			fprintf(stderr, "  r%u: 0x%lx, in %s 0x%lx\n", i, finding->reference.r[i],
				toy_engines[finding->engine], finding->other.r[i]);
	for (unsigned i = 0; i < 32; i++)
		if (finding->reference.v[i].d[0] != finding->other.v[i].d[0])
			fprintf(stderr, "  v%u: 0x%lx, in %s 0x%lx\n", i,
				finding->reference.v[i].d[0], toy_engines[finding->engine],
				finding->other.v[i].d[0]);
	fprintf(stderr, "  flags 0x%x, 0x%x; pc 0x%lx, 0x%lx; tick %lu\n  starting from:",
		finding->reference.fp.flags, finding->other.fp.flags, finding->reference.pc,
		finding->other.pc, finding->tick);
	for (unsigned i = 0; i < 32; i++)
		fprintf(stderr, "%s r%u=0x%lx v%u=0x%lx", i % 4 ? "" : "\n   ", i, scenario->r[i],
			i, scenario->v[i]);
	fprintf(stderr, "\n    flags=0x%x rounding=%u aligned_only=%d slices=0x%lx\n",
		scenario->flags, scenario->rounding, scenario->aligned_only, scenario->slices);
}

static const char *op_name(unsigned op)
{
	static const char *const others[] = {"STOP", "CALL", "CALL_END"};
	if (op < UOP_COUNT)
		return uop_info[op].name;
	return op < TOY_OPS ? others[op - UOP_COUNT] : "none";
}

static void print_program(const struct scenario *scenario)
{
	for (unsigned i = 0; i < scenario->count; i++) {
		const struct toy_insn *insn = &scenario->insns[i];
		if (insn->op != UOP_MOV || insn->d != REG_SINK)
			fprintf(stderr, "  0x%llx: %s d=%u a=%u b=%u imm=%d wide=0x%lx\n",
				DIFFER_CODE + sizeof(*insn) * i, op_name(insn->op), insn->d,
				insn->a, insn->b, insn->imm, insn->wide);
	}
}

static void fail(const struct scenario *scenario, const struct finding *finding)
{
	static struct scenario shortest;
	static struct finding found;
	shortest = *scenario;
	found = *finding;
	if (differs_alone(&shortest, &found))
		minimise(&shortest, &found);
	if (!differs_alone(&shortest, &found)) { /* only after what ran before */
		shortest = *scenario;
		found = *finding;
	}
	fprintf(stderr, "%s: %s of step and %s differ\n", scenario->name, found.what,
		toy_engines[found.engine]);
	print_registers(&shortest, &found);
	print_program(&shortest);
	cr_assert_fail("%s: step and %s differ: %s", scenario->name, toy_engines[found.engine],
		       found.what);
}

void differ_run(struct differ *differ, const struct scenario *scenario)
{
	static struct finding finding;
	if (run(differ, scenario, &finding))
		fail(scenario, &finding);
}
