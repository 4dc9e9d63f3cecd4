/*
 * Random programs must end in the same state in every engine: registers, CSRs, memory, counts.
 * Programs are made from the rows, so they reach all emitters, in all privilege levels, with traps,
 * self-modification and changes of the mode word in between.
 */
#include <criterion/criterion.h>

#include "bench.h"
#include "support.h"

#define PROGRAMS     40
#define TICKS        4000
#define CODE_WORDS   2048
#define DATA_BYTES   0x2000
#define CODE_POINTER (BENCH_HANDLER + 0x100) /* holds where the handler goes after fetch faults */

/*
 * mtvec: skips the instruction that trapped, or starts over if the fetch itself failed (causes 1
 * and 12). Keeps all registers, unless the program plays with mscratch.
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

/* An instruction, kept from going too far away. */
static uint32_t random_word(uint64_t *state)
{
	const struct riscv_row *row = &riscv_rows[random_next(state) % riscv_row_count];
	uint32_t bits = random_instance(row, state);
	switch (row->format) {
	case RV_FORMAT_J: bits &= 0x3fe00fff; break; /* forward, less than 1 KiB */
	case RV_FORMAT_B: bits &= ~0xf0000000u; break;
	case RV_FORMAT_CSR:
	case RV_FORMAT_CSR_I: {
		static const uint16_t numbers[] = {0x001, 0x002, 0x003, 0x100, 0x104, 0x105, 0x140,
						   0x141, 0x142, 0x143, 0x144, 0x10a, 0x180, 0x300,
						   0x302, 0x303, 0x304, 0x30a, 0x341, 0x342, 0x343,
						   0x344, 0xc00, 0xc01, 0xc02, 0xf14, 0x306, 0x106};
		unsigned choice = random_next(state) % (sizeof(numbers) / sizeof(numbers[0]));
		bits = (bits & 0xfffff) | (uint32_t)numbers[choice] << 20;
		break;
	}
	default: break;
	}
	/* Base registers that point to data: x8 to x15, which nothing but chance overwrites. */
	bool memory = (bits & 0x5f) == 0x03 || (bits & 0x5f) == 0x07 || (bits & 0x7f) == 0x2f;
	if (memory && random_next(state) % 4)
		bits = (bits & ~(31u << 15)) | (8 + random_next(state) % 8) << 15;
	return bits;
}

static void load_program(struct bench *bench, uint64_t seed)
{
	uint64_t state = seed;
	struct cpu *cpu = &bench->hart->cpu;
	for (unsigned i = 0; i < CODE_WORDS; i++) {
		uint64_t kind = random_next(&state) % 8;
		uint32_t word = random_word(&state);
		if (kind == 0) /* two compressed instructions */
			word = ((uint32_t)random_next(&state) & ~0x20002u) | 0x10001;
		else if (kind == 1 && i % 16 == 0)
			word = (uint32_t)random_next(&state);
		bench_store(bench, BENCH_CODE + 4 * i, 4, word);
	}
	for (unsigned i = 0; i < sizeof(handler) / sizeof(handler[0]); i++)
		bench_store(bench, BENCH_HANDLER + 4 * i, 4, handler[i]);
	bench_store(bench, CODE_POINTER, 8, BENCH_CODE);
	for (unsigned i = 0; i < DATA_BYTES; i += 8)
		bench_store(bench, BENCH_DATA + i, 8, random_next(&state));
	for (unsigned i = 1; i < 32; i++) {
		bool pointer = (i >= 8 && i < 16) || i == 2;
		uint64_t value = random_next(&state);
		cpu->r[i] = pointer ? BENCH_DATA + 0x1000 + (value & 0x7f8) : value;
		cpu->v[i].d[0] = random_next(&state);
	}
	cpu->pc = BENCH_CODE;
	bench->hart->menvcfg = bench->hart->senvcfg = 0xf0;
	bench->hart->mcounteren = bench->hart->scounteren = 7;
}

static uint64_t memory_digest(struct bench *bench)
{
	uint64_t digest = 0;
	for (unsigned i = 0; i < BENCH_SIZE; i += 8)
		digest = (digest ^ bench_load(bench, BENCH_RAM + i, 8)) * 0x9e3779b97f4a7c15ull;
	return digest;
}

#define SAME(member)                                                                               \
	cr_expect_eq(a->member, b->member, "program %lu: " #member " %lx, %lx", seed,              \
		     (uint64_t)a->member, (uint64_t)b->member)

static void compare(struct bench *left, struct bench *right, uint64_t seed)
{
	const struct riscv_cpu *a = left->hart, *b = right->hart;
	for (unsigned i = 0; i < 32; i++) {
		SAME(cpu.r[i]);
		SAME(cpu.v[i].d[0]);
	}
	SAME(cpu.pc);
	SAME(cpu.level);
	SAME(cpu.halted);
	SAME(cpu.mode);
	SAME(cpu.rounding);
	SAME(cpu.fp.flags);
	SAME(cpu.reservation);
	SAME(cpu.trap_count);
	SAME(mstatus);
	SAME(mepc);
	SAME(mcause);
	SAME(mtval);
	SAME(mscratch);
	SAME(sepc);
	SAME(scause);
	SAME(stval);
	SAME(satp);
	SAME(mip);
	SAME(mie);
	cr_expect_eq(cpu_retired(&a->cpu), cpu_retired(&b->cpu), "program %lu: retired", seed);
	cr_expect_eq(memory_digest(left), memory_digest(right), "program %lu: memory", seed);
}

Test(riscv_random, programs_end_alike_in_every_engine)
{
	for (uint64_t seed = 1; seed <= PROGRAMS; seed++) {
		struct bench bench[BENCH_ENGINES];
		struct riscv_config config;
		riscv_config_default(&config);
		config.pmp_entries = 0;
		config.misaligned_trap = seed & 1;
		for (unsigned e = 0; e < BENCH_ENGINES; e++) {
			bench_init(&bench[e], bench_engines[e], &config);
			load_program(&bench[e], seed);
			machine_run_until(&bench[e].machine, TICKS);
		}
		for (unsigned e = 1; e < BENCH_ENGINES; e++)
			compare(&bench[0], &bench[e], seed);
		for (unsigned e = 0; e < BENCH_ENGINES; e++)
			bench_fini(&bench[e]);
	}
}
