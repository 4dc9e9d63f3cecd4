#include "stream.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cpu/riscv/bits.h"
#include "cpu/riscv/csr.h"
#include "cpu/riscv/insn.h"
#include "mmu/sv.h"
#include "support.h"

#define DATA_BYTES   0x4000
#define S_HANDLER    (BENCH_HANDLER + 0x400)
#define CODE_POINTER 0x100 /* from a handler: where it goes on after a failed fetch */
#define TABLES       (BENCH_RAM + 0x40000)
#define NOP          0x00000013u

/*
 * The trap handler: skips the instruction that trapped, or starts over if the fetch itself failed
 * (causes 1 and 12). Keeps all registers, unless the program plays with mscratch. The supervisor's
 * is the same with its CSRs, 0x200 lower, and SRET.
 */
static const uint32_t handler[] = {
	0x340f9ff3, /*	 csrrw t6,mscratch,t6 */
	0x34202ff3, /*	 csrr  t6,mcause */
	0xffff8f93, /*	 addi  t6,t6,-1 */
	0x020f8263, /*	 beqz  t6,1f */
	0xff5f8f93, /*	 addi  t6,t6,-11 */
	0x000f8e63, /*	 beqz  t6,1f */
	0x34102ff3, /*	 csrr  t6,mepc */
	0x004f8f93, /*	 addi  t6,t6,4 */
	0x341f9073, /* 2: csrw  mepc,t6 */
	0x340f9ff3, /*	 csrrw t6,mscratch,t6 */
	0x30200073, /*	 mret */
	0x00000013, /*	 nop */
	0x00000f97, /* 1: auipc t6,0 */
	0x0d0fbf83, /*	 ld    t6,0xd0(t6) */
	0xfe9ff06f, /*	 j     2b */
};

/* -- one engine's side -- */

struct side {
	struct bench bench;
	struct observer observer;
	uint64_t traps; /* a digest */
};

static void note_trap(void *opaque, const struct cpu *cpu, const struct observation *observation)
{
	struct side *side = opaque;
	const struct trap *trap = observation->trap;
	const uint64_t words[] = {observation->icount, trap->pc,    trap->cause,
				  trap->interrupt,     trap->value, trap->value2,
				  trap->insn,          trap->from,  trap->to};
	(void)cpu;
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		side->traps = (side->traps ^ words[i]) * 0x9e3779b97f4a7c15ull;
}

static void store_handler(struct bench *bench, uint64_t address, bool supervisor)
{
	for (unsigned i = 0; i < sizeof(handler) / sizeof(handler[0]); i++) {
		uint32_t word = handler[i];
		if (supervisor && (word & 0x7f) == 0x73)
			word -= 0x20000000;
		bench_store(bench, address + 4 * i, 4, word);
	}
	bench_store(bench, address + CODE_POINTER, 8, BENCH_CODE);
}

/* The MiB of memory at its own address: code and handlers as they must be, data as it comes. */
static void store_tables(struct bench *bench, bool user, uint64_t *state)
{
	const uint64_t pointer = SV_PTE_V;
	const unsigned ppn = 12 - SV_PTE_PPN_SHIFT;
	bench_store(bench, TABLES + 8 * 2, 8, (TABLES + 0x1000) >> ppn | pointer);
	bench_store(bench, TABLES + 0x1000, 8, (TABLES + 0x2000) >> ppn | pointer);
	for (unsigned page = 0; page < BENCH_SIZE / 0x1000; page++) {
		uint64_t address = BENCH_RAM + 0x1000ull * page;
		uint64_t flags = SV_PTE_V | SV_PTE_R | SV_PTE_W | SV_PTE_X | SV_PTE_A | SV_PTE_D;
		if (address != (BENCH_HANDLER & ~0xfffull) && user)
			flags |= SV_PTE_U;
		if (address >= BENCH_DATA && random_next(state) % 2)
			flags ^= 1ull << random_next(state) % 8; /* one of V R W X U G A D */
		bench_store(bench, TABLES + 0x2000 + 8 * page, 8, address >> ppn | flags);
	}
}

static void set_up_csrs(struct side *side, const struct stream *stream, uint64_t *state)
{
	struct riscv_cpu *hart = side->bench.hart;
	static const uint8_t levels[] = {RV_M, RV_S, RV_U, RV_S, RV_U};
	hart->menvcfg |= 0xf0;
	hart->senvcfg = 0xf0;
	hart->mcounteren = hart->scounteren = 7;
	hart->stvec = S_HANDLER;
	if (stream->place != STREAM_M) {
		riscv_csr_write(hart, 0x302, random_next(state));
		riscv_csr_write(hart, 0x303, random_next(state));
	}
	if (stream->pmp) {
		riscv_csr_write(hart, 0x3b0 + hart->config.pmp_entries - 1, UINT64_MAX);
		riscv_csr_write(hart, 0x3a2, 0x1full << 56);
	}
	if (stream->place >= STREAM_S_TRANSLATED)
		riscv_csr_write(hart, 0x180, 8ull << 60 | TABLES >> 12);
	bench_set_fs(&side->bench, random_next(state) % 8 ? 1 + random_next(state) % 3 : 0);
	bench_set_level(&side->bench, levels[stream->place]);
}

static void set_up(struct side *side, const char *engine, const struct stream *stream)
{
	struct bench *bench = &side->bench;
	struct riscv_config config;
	uint64_t state = stream->seed;
	riscv_config_default(&config);
	config.pmp_entries = stream->pmp ? 16 : 0;
	config.misaligned_trap = stream->misaligned_trap;
	bench_init(bench, engine, &config);
	side->traps = 0;
	side->observer = (struct observer){OBSERVE_BIT(OBSERVE_TRAP), note_trap, side, NULL};
	observer_add(&bench->machine.observers, &side->observer);

	for (unsigned i = 0; i < stream->count; i++)
		bench_store(bench, BENCH_CODE + 4 * i, 4, stream->words[i]);
	store_handler(bench, BENCH_HANDLER, false);
	store_handler(bench, S_HANDLER, true);
	for (unsigned i = 0; i < DATA_BYTES; i += 8)
		bench_store(bench, BENCH_DATA + i, 8, random_next(&state));
	store_tables(bench, stream->place == STREAM_U_TRANSLATED, &state);
	struct cpu *cpu = &bench->hart->cpu;
	for (unsigned i = 1; i < 32; i++) {
		/* Base registers: x2 and x8 to x15, which little but chance overwrites. */
		bool pointer = (i >= 8 && i < 16) || i == 2;
		uint64_t value = random_next(&state);
		cpu->r[i] = pointer ? BENCH_DATA + 0x1000 + (value & 0x17f8) : value;
		cpu->v[i].d[0] = random_next(&state) | (i & 1 ? 0 : 0xffffffff00000000ull);
	}
	set_up_csrs(side, stream, &state);
	cpu->pc = BENCH_CODE;
}

static void tear_down(struct side *side)
{
	bench_fini(&side->bench);
}

/* -- comparison -- */

struct finding {
	const char *engine;
	uint64_t tick;
	char text[160];
};

static bool differ_in(struct finding *finding, const char *name, uint64_t a, uint64_t b)
{
	if (a != b)
		snprintf(finding->text, sizeof(finding->text), "%s is 0x%lx, in %s 0x%lx", name, a,
			 finding->engine, b);
	return a != b;
}

static bool fields_differ(struct finding *finding, const struct state_section *a,
			  const struct state_section *b)
{
	for (size_t i = 0; i < a->field_count; i++) {
		const struct state_field *field = &a->fields[i];
		const uint8_t *left = (const uint8_t *)a->base + field->offset;
		const uint8_t *right = (const uint8_t *)b->base + field->offset;
		for (unsigned n = 0; n < field->count; n++) {
			char name[64];
			uint64_t x = 0, y = 0;
			memcpy(&x, left + n * field->size, field->size);
			memcpy(&y, right + n * field->size, field->size);
			snprintf(name, sizeof(name), "%s[%u]", field->name, n);
			if (differ_in(finding, name, x, y))
				return true;
		}
	}
	return false;
}

/* All registered state, so that new CSRs are compared too. */
static bool sides_differ(struct finding *finding, const struct side *a, const struct side *b)
{
	const struct cpu *x = &a->bench.hart->cpu, *y = &b->bench.hart->cpu;
	const struct state_registry *left = &a->bench.machine.state,
				    *right = &b->bench.machine.state;
	for (size_t i = 0; i < left->count; i++)
		if (fields_differ(finding, &left->sections[i], &right->sections[i]))
			return true;
	return differ_in(finding, "the mode word", x->mode, y->mode) ||
	       differ_in(finding, "the rounding mode", x->fp.rm, y->fp.rm) ||
	       differ_in(finding, "the tick", cpu_now(x), cpu_now(y)) ||
	       differ_in(finding, "the count of traps", x->trap_count, y->trap_count) ||
	       differ_in(finding, "the digest of traps", a->traps, b->traps);
}

static const uint64_t *memory(const struct side *side)
{
	struct mb_resolved resolved;
	mb_resolve(side->bench.space, BENCH_RAM, MB_READ, MB_ATTRS_NONE, &resolved);
	return (const uint64_t *)resolved.host;
}

static bool memory_differs(struct finding *finding, const struct side *a, const struct side *b)
{
	const uint64_t *left = memory(a), *right = memory(b);
	if (!memcmp(left, right, BENCH_SIZE))
		return false;
	uint64_t i = 0;
	while (left[i] == right[i])
		i++;
	char name[32];
	snprintf(name, sizeof(name), "memory at 0x%llx", BENCH_RAM + 8 * i);
	return differ_in(finding, name, left[i], right[i]);
}

/* True if the engines differ. */
static bool run(const struct stream *stream, struct finding *finding)
{
	struct side side[BENCH_ENGINES];
	uint64_t state = stream->seed, tick = 0;
	bool found = false;
	for (unsigned e = 0; e < BENCH_ENGINES; e++)
		set_up(&side[e], bench_engines[e], stream);
	while (tick < stream->ticks && !found) {
		tick += stream->sliced ? 1 + random_next(&state) % 60 : stream->ticks;
		for (unsigned e = 0; e < BENCH_ENGINES; e++)
			machine_run_until(&side[e].bench.machine, tick);
		finding->tick = tick;
		for (unsigned e = 1; e < BENCH_ENGINES && !found; e++) {
			finding->engine = bench_engines[e];
			found = sides_differ(finding, &side[0], &side[e]) ||
				(tick >= stream->ticks &&
				 memory_differs(finding, &side[0], &side[e]));
		}
	}
	for (unsigned e = 0; e < BENCH_ENGINES; e++)
		tear_down(&side[e]);
	return found;
}

/* -- reproducers -- */

/* Leaves out what is not needed: halves first, then ever smaller parts. */
static void minimise(struct stream *stream, struct finding *finding)
{
	static struct stream shorter;
	for (unsigned length = stream->count; length; length /= 2) {
		for (unsigned start = 0; start < stream->count; start += length) {
			shorter = *stream;
			for (unsigned i = start; i < start + length && i < shorter.count; i++)
				shorter.words[i] = NOP;
			if (run(&shorter, finding))
				*stream = shorter;
		}
	}
	run(stream, finding);
}

static const char *word_name(uint32_t word)
{
	struct riscv_cpu *hart = hart_with_everything();
	const char *why, *name = "none";
	if ((word & 3) == 3) {
		const struct riscv_row *row = riscv_decode(hart, word, &why);
		name = row ? row->name : name;
	} else {
		const struct riscv_row16 *row = riscv_decode16(hart, (uint16_t)word, &why);
		name = row ? row->name : name;
	}
	free(hart);
	return name;
}

static void fail(const struct stream *stream)
{
	static struct stream shortest;
	struct finding finding = {.text = "not found again"};
	shortest = *stream;
	minimise(&shortest, &finding);
	fprintf(stderr,
		"%s, seed 0x%lx, place %d%s%s%s, up to tick %lu: %s\nwords that matter, the others "
		"are no-operations:\n",
		stream->name, stream->seed, stream->place,
		stream->misaligned_trap ? ", misaligned=trap" : "", stream->pmp ? ", PMP" : "",
		stream->sliced ? ", sliced" : "", finding.tick, finding.text);
	for (unsigned i = 0; i < shortest.count; i++)
		if (shortest.words[i] != NOP)
			fprintf(stderr, "  0x%llx: %08x %s\n", BENCH_CODE + 4 * i,
				shortest.words[i], word_name(shortest.words[i]));
	cr_assert_fail("%s: %s", stream->name, finding.text);
}

void stream_run(const struct stream *stream)
{
	struct finding finding;
	if (run(stream, &finding))
		fail(stream);
}
