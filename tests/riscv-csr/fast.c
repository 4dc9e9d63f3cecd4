/*
 * The short ways of system instructions: CSRs as plain moves, traps and returns that stay in code.
 * Each is compared with the long way, in every engine, and at the moments when it must not be
 * taken.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "guest.h"

#define MSTATUS  0x300
#define MEDELEG  0x302
#define MIDELEG  0x303
#define MIE      0x304
#define SSTATUS  0x100
#define SSCRATCH 0x140

#define LOOP          GUEST_CODE
#define SFENCE        0x12000073u
#define CSRR_T0_SATP  0x180022f3u
#define ADDI(rd, imm) ((uint32_t)(imm) << 20 | (rd) << 15 | (rd) << 7 | 0x13)
#define LI(rd, imm)   ((uint32_t)(imm) << 20 | (rd) << 7 | 0x13)
/* bnez rs1, -back */
#define BNEZ_BACK(rs1, back)                                                                       \
	((uint32_t)(-(back) >> 12 & 1) << 31 | (uint32_t)(-(back) >> 5 & 63) << 25 | (rs1) << 15 | \
	 1 << 12 | (uint32_t)(-(back) >> 1 & 15) << 8 | (uint32_t)(-(back) >> 11 & 1) << 7 | 0x63)
#define HALT 0x0000006fu /* j . */

#define CSRRW(rd, csr, rs1) insn_csr(1, rd, csr, rs1)
#define CSRRS(rd, csr, rs1) insn_csr(2, rd, csr, rs1)
#define CSRRC(rd, csr, rs1) insn_csr(3, rd, csr, rs1)
#define CSRRSI(rd, csr, i)  insn_csr(6, rd, csr, i)

enum { T0 = 5, T1 = 6, S0 = 8, S1 = 9 };

static const char *const engines[] = {
	"step",
	"interp",
#if ENGINE_HAS_JIT
	"jit",
#endif
};
#define ENGINES         (sizeof(engines) / sizeof(engines[0]))
#define FOR_EACH_ENGINE for (unsigned e = 0; e < ENGINES; e++)

static struct guest *new_guest(const char *engine)
{
	struct guest *guest = guest_new("rv64", engine);
	code_cache_set_executions(guest->code, 0);
	return guest;
}

static void put(struct guest *guest, uint64_t at, const uint32_t *insns, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		guest_store32(guest, at + 4 * i, insns[i]);
}

#define PUT(guest, at, ...)                                                                        \
	put(guest, at, (const uint32_t[]){__VA_ARGS__},                                            \
	    sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void run(struct guest *guest, uint64_t pc, uint64_t ticks)
{
	guest->hart->cpu.pc = pc;
	machine_run_until(&guest->machine, guest->machine.clock.now + ticks);
}

static void assert_same(struct guest *a, struct guest *b, const char *what)
{
	const struct cpu *x = &a->hart->cpu, *y = &b->hart->cpu;
	for (unsigned i = 0; i < 32; i++)
		cr_assert_eq(x->r[i], y->r[i], "%s: x%u is 0x%lx and 0x%lx", what, i, x->r[i],
			     y->r[i]);
	cr_assert_eq(x->pc, y->pc, "%s: pc 0x%lx and 0x%lx", what, x->pc, y->pc);
	cr_assert_eq(x->level, y->level, "%s: level", what);
	cr_assert_eq(x->trap_count, y->trap_count, "%s: %lu and %lu traps", what, x->trap_count,
		     y->trap_count);
	cr_assert_eq(cpu_now(x), cpu_now(y), "%s: time", what);
	cr_assert_eq(cpu_retired(x), cpu_retired(y), "%s: retired", what);
	cr_assert_eq(state_hash(&a->machine.state), state_hash(&b->machine.state), "%s: state",
		     what);
}

/* -- CSRs as moves -- */

static uint64_t random_state = 0x9e3779b97f4a7c15ull;

static uint64_t random64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static const uint16_t plain[] = {0x140, 0x141, 0x142, 0x143, 0x340, 0x341, 0x342, 0x343,
				 0x105, 0x304, 0x302, 0x303, 0x301, 0x100, 0x300, 0x180};

/* Writes of the last ones would change what the program runs in: those are only read. */
static uint32_t random_csr_insn(void)
{
	unsigned which = random64() % (sizeof(plain) / sizeof(plain[0]));
	unsigned rs1 = random64() % 4 ? 5 + random64() % 4 : 0,
		 rd = random64() % 4 ? 5 + random64() % 4 : 0;
	unsigned funct3 = 1 + random64() % 3 + 4 * (random64() & 1);
	if (plain[which] == SSTATUS && random64() & 1) /* interrupts on or off */
		return insn_csr(6 + (random64() & 1), rd, SSTATUS, MSTATUS_SIE);
	if (which >= 8)
		return CSRRS(rd, plain[which], 0);
	return insn_csr(funct3, rd, plain[which], rs1);
}

/* A CSR observer makes every access go through the table. */
Test(riscv_fast, plain_csrs_are_what_the_table_says)
{
	enum { COUNT = 60 };
	for (unsigned round = 0; round < 30; round++) {
		uint32_t program[COUNT + 1];
		for (unsigned i = 0; i < COUNT; i++)
			program[i] = random_csr_insn();
		program[COUNT] = HALT;
		uint64_t values[4];
		for (unsigned i = 0; i < 4; i++)
			values[i] = random64();
		struct guest *table = new_guest("step");
		guest_observe(table, OBSERVE_CSR);
		struct guest *guests[ENGINES + 1] = {table};
		FOR_EACH_ENGINE
		guests[e + 1] = new_guest(engines[e]);
		for (unsigned g = 0; g <= ENGINES; g++) {
			put(guests[g], LOOP, program, COUNT + 1);
			memcpy(&guests[g]->hart->cpu.r[5], values, sizeof(values));
			run(guests[g], LOOP, COUNT);
		}
		cr_assert_eq(table->seen_count, COUNT);
		FOR_EACH_ENGINE
		assert_same(table, guests[e + 1], engines[e]);
		for (unsigned g = 0; g <= ENGINES; g++)
			guest_free(guests[g]);
	}
}

Test(riscv_fast, an_observer_that_comes_later_sees_every_access)
{
	FOR_EACH_ENGINE
	{
		struct guest *guest = new_guest(engines[e]);
		PUT(guest, LOOP, CSRRW(T0, SSCRATCH, T1), ADDI(S0, -1), BNEZ_BACK(S0, 8), HALT);
		guest->hart->cpu.r[S0] = 1000;
		run(guest, LOOP, 300);
		guest_observe(guest, OBSERVE_CSR);
		run(guest, LOOP, 300);
		cr_assert_eq(guest->seen_count, 100, "%s: %u", engines[e], guest->seen_count);
		observer_remove(&guest->machine.observers, &guest->observer);
		run(guest, LOOP, 300);
		cr_assert_eq(guest->seen_count, 100, "%s", engines[e]);
		guest_free(guest);
	}
}

/* x0 and levels: what may not be accessed raises illegal instruction from compiled code, too. */
Test(riscv_fast, levels_are_checked)
{
	FOR_EACH_ENGINE
	{
		struct guest *guest = new_guest(engines[e]);
		PUT(guest, LOOP, CSRRS(T0, 0x340, 0), HALT);
		guest_set_csr(guest, 0x340, 42);
		run(guest, LOOP, 1);
		cr_assert_eq(guest->hart->cpu.r[T0], 42, "%s", engines[e]);
		guest_level(guest, RV_S);
		guest->hart->cpu.r[T0] = 0;
		run(guest, LOOP, 1);
		cr_assert_eq(guest->hart->cpu.pc, GUEST_VECTOR, "%s", engines[e]);
		cr_assert_eq(guest->hart->cpu.r[T0], 0, "%s", engines[e]);
		cr_assert_str_eq(guest->hart->cpu.trap.why, "CSR of a higher privilege level");
		guest_free(guest);
	}
}

/* -- round trips -- */

/* xepc += 4; xRET, at a vector. */
static void put_skipping_handler(struct guest *guest, uint64_t at, bool machine)
{
	unsigned xepc = machine ? 0x341 : 0x141;
	PUT(guest, at, CSRRS(T0, xepc, 0), ADDI(T0, 4), CSRRW(0, xepc, T0), machine ? MRET : SRET);
}

static struct guest *round_trips(const char *engine, uint32_t insn, uint64_t medeleg,
				 uint64_t slice)
{
	struct guest *guest = new_guest(engine);
	put_skipping_handler(guest, GUEST_VECTOR, true);
	put_skipping_handler(guest, GUEST_STVEC, false);
	PUT(guest, LOOP, LI(S0, 50), ADDI(S1, 1), insn, ADDI(S0, -1), BNEZ_BACK(S0, 12), HALT);
	guest_set_csr(guest, MEDELEG, medeleg);
	guest_level(guest, RV_S);
	guest->hart->cpu.pc = LOOP;
	for (unsigned i = 0; i < 500 / slice + 1; i++)
		machine_run_until(&guest->machine, guest->machine.clock.now + slice);
	cr_assert_eq(guest->hart->cpu.r[S1], 50, "%s", engine);
	cr_assert_eq(guest->hart->cpu.trap_count, 50, "%s", engine);
	return guest;
}

/* Every slice length: counts are exact wherever it ends, and state is the reference's. */
static void check_round_trips(uint32_t insn, uint64_t medeleg)
{
	for (uint64_t slice = 1; slice < 300; slice = slice * 3 / 2 + 1) {
		struct guest *guests[ENGINES];
		FOR_EACH_ENGINE
		guests[e] = round_trips(engines[e], insn, medeleg, slice);
		for (unsigned e = 1; e < ENGINES; e++)
			assert_same(guests[0], guests[e], engines[e]);
		FOR_EACH_ENGINE
		guest_free(guests[e]);
	}
}

Test(riscv_fast, calls_and_returns)
{
	check_round_trips(ECALL, 0);
	check_round_trips(0xffffffff, 0);
	check_round_trips(EBREAK, 1 << RV_CAUSE_BREAKPOINT);
	/* ld a2, 0(zero): a fault of memory, not known at translation */
	check_round_trips(0x00003603, 0);
	check_round_trips(0x00003603, 1 << RV_CAUSE_LOAD_ACCESS);
}

/* Traps and returns reach observers with the very same values and times. */
Test(riscv_fast, observed_times_are_equal)
{
	static const enum observe_kind kinds[] = {OBSERVE_TRAP, OBSERVE_RET};
	for (unsigned k = 0; k < 2; k++) {
		struct observation reference = {0};
		FOR_EACH_ENGINE
		{
			struct guest *guest = new_guest(engines[e]);
			put_skipping_handler(guest, GUEST_VECTOR, true);
			PUT(guest, LOOP, LI(S0, 50), ADDI(S1, 1), ECALL, ADDI(S0, -1),
			    BNEZ_BACK(S0, 12), HALT);
			guest_level(guest, RV_S);
			guest_observe(guest, kinds[k]);
			run(guest, LOOP, 500);
			cr_assert_eq(guest->seen_count, 50, "%s", engines[e]);
			if (e == 0)
				reference = guest->seen;
			cr_assert_eq(guest->seen.icount, reference.icount, "%s", engines[e]);
			cr_assert_eq(guest->seen.pc, reference.pc, "%s", engines[e]);
			guest_free(guest);
		}
	}
}

/* -- when the short way must not be taken -- */

#define TARGET (LOOP + 0x100)

/* Returns to TARGET in S-mode with interrupts enabled by the return; runs two ticks. */
static void return_to_target(struct guest *guest, bool machine)
{
	guest_level(guest, machine ? RV_M : RV_S);
	guest_set_csr(guest, machine ? 0x341 : 0x141, TARGET);
	guest_set_csr(guest, MSTATUS,
		      MSTATUS_SPP | MSTATUS_SPIE | 1ull << MSTATUS_MPP_SHIFT |
			      (machine ? MSTATUS_SIE : 0));
	run(guest, LOOP, 2);
}

/* A pending interrupt that the return itself enables is taken before the target executes. */
static void check_interrupt_at_return(const char *engine, bool machine)
{
	struct guest *guest = new_guest(engine);
	struct riscv_cpu *hart = guest->hart;
	PUT(guest, LOOP, machine ? MRET : SRET);
	PUT(guest, TARGET, ADDI(S1, 1), HALT);
	guest_set_csr(guest, MIDELEG, 1 << RV_IRQ_SSI);
	guest_set_csr(guest, MIE, 1 << RV_IRQ_SSI);
	return_to_target(guest, machine);
	cr_assert_eq(hart->cpu.r[S1], 1, "%s", engine);
	riscv_irq_level(hart, RV_IRQ_SSI, true);
	return_to_target(guest, machine);
	cr_assert_eq(hart->cpu.r[S1], 1, "%s: the target ran", engine);
	cr_assert_eq(hart->sepc, TARGET, "%s: sepc 0x%lx", engine, hart->sepc);
	cr_assert_eq(hart->cpu.pc, GUEST_STVEC, "%s", engine);
	cr_assert_eq(hart->scause, 1ull << 63 | RV_IRQ_SSI, "%s", engine);
	guest_free(guest);
}

Test(riscv_fast, interrupt_pending_at_the_very_return)
{
	FOR_EACH_ENGINE
	{
		check_interrupt_at_return(engines[e], false);
		check_interrupt_at_return(engines[e], true);
	}
}

/* The same for a write of sstatus.SIE in the middle of a loop. */
Test(riscv_fast, interrupt_pending_when_sie_is_set)
{
	FOR_EACH_ENGINE
	{
		struct guest *guest = new_guest(engines[e]);
		struct riscv_cpu *hart = guest->hart;
		PUT(guest, LOOP, insn_csr(7, 0, SSTATUS, 2), ADDI(S1, 1), CSRRSI(0, SSTATUS, 2),
		    ADDI(S0, -1), BNEZ_BACK(S0, 16), HALT);
		guest_set_csr(guest, MIDELEG, 1 << RV_IRQ_SSI);
		guest_set_csr(guest, MIE, 1 << RV_IRQ_SSI);
		guest_level(guest, RV_S);
		hart->cpu.r[S0] = 100;
		run(guest, LOOP, 50);
		guest_set_csr(guest, SSTATUS, 0);
		riscv_irq_level(hart, RV_IRQ_SSI, true);
		hart->cpu.r[S1] = 0;
		run(guest, LOOP, 4);
		cr_assert_eq(hart->cpu.pc, GUEST_STVEC, "%s", engines[e]);
		cr_assert_eq(hart->sepc, LOOP + 12, "%s: sepc 0x%lx", engines[e], hart->sepc);
		cr_assert_eq(hart->cpu.r[S1], 1, "%s", engines[e]);
		guest_free(guest);
	}
}

/* mstatus bits that make S-mode instructions trap count although code has been compiled. */
Test(riscv_fast, TVM_TSR_TW_trap_from_compiled_code)
{
	/* clang-format off */
	static const struct {
		uint32_t insn;
		uint64_t bit;
		const char *why;
	} rows[] = {
		{SRET, MSTATUS_TSR, "mstatus.TSR=1"},
		{WFI, MSTATUS_TW, "mstatus.TW=1"},
		{SFENCE, MSTATUS_TVM, "mstatus.TVM=1"},
		{CSRR_T0_SATP, MSTATUS_TVM, "mstatus.TVM=1"},
	};
	/* clang-format on */
	FOR_EACH_ENGINE
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct guest *guest = new_guest(engines[e]);
		struct riscv_cpu *hart = guest->hart;
		PUT(guest, LOOP, rows[i].insn, HALT);
		/* WFI falls through. */
		guest_set_csr(guest, MIE, 1 << RV_IRQ_SSI);
		riscv_irq_level(hart, RV_IRQ_SSI, true);
		for (unsigned forbidden = 0; forbidden < 3; forbidden++) {
			guest_set_csr(guest, MSTATUS,
				      MSTATUS_SPP | (forbidden == 2 ? rows[i].bit : 0));
			guest_set_csr(guest, 0x141, LOOP + 4);
			guest_set_csr(guest, MIDELEG, 1 << RV_IRQ_SSI);
			guest_level(guest, RV_S);
			run(guest, LOOP, 1);
			cr_assert_eq(hart->cpu.pc, forbidden == 2 ? GUEST_VECTOR : LOOP + 4,
				     "%s: %s: pc 0x%lx", engines[e], rows[i].why, hart->cpu.pc);
		}
		cr_assert_str_eq(hart->cpu.trap.why, rows[i].why);
		cr_assert_eq(hart->mtval, rows[i].insn);
		cr_assert_eq(hart->mepc, LOOP);
		guest_free(guest);
	}
}

/* A return to another mode finds that mode's code: the same pc is legal or not by FS. */
Test(riscv_fast, return_changes_the_mode_word)
{
	FOR_EACH_ENGINE
	{
		struct guest *guest = new_guest(engines[e]);
		struct riscv_cpu *hart = guest->hart;
		uint64_t target = LOOP + 0x100;
		PUT(guest, LOOP, CSRRW(0, MSTATUS, T1), MRET);
		PUT(guest, target, 0xf2000553u /* fmv.d.x fa0, zero */, HALT);
		for (unsigned round = 0; round < 6; round++) {
			bool on = round & 1;
			guest_level(guest, RV_M);
			guest_set_csr(guest, 0x341, target);
			hart->cpu.r[T1] = on ? MSTATUS_FS : 0;
			uint64_t traps = hart->cpu.trap_count;
			run(guest, LOOP, 3);
			cr_assert_eq(hart->cpu.trap_count - traps, !on, "%s", engines[e]);
			cr_assert_eq(hart->cpu.pc, on ? target + 4 : GUEST_VECTOR, "%s",
				     engines[e]);
		}
		guest_free(guest);
	}
}

/* -- several harts -- */

/* Hart 0 raises an interrupt of hart 1 in the middle of its turn; hart 1 loops over ecalls. */
Test(riscv_fast, other_harts_interrupts_arrive_at_the_same_count)
{
	struct guest *guests[ENGINES];
	FOR_EACH_ENGINE
	{
		struct guest *guest = guests[e] = new_guest(engines[e]);
		struct riscv_cpu *other = riscv_cpu_new(&guest->machine, &guest->hart->config, 1);
		cr_assert(other);
		other->cpu.code = guest->code;
		guest->machine.quantum = 37;
		put_skipping_handler(guest, GUEST_VECTOR, true);
		PUT(guest, GUEST_STVEC, ADDI(S1, 1), CSRRC(0, 0x144, S0), SRET);
		PUT(guest, LOOP, ECALL, ADDI(T1, 1), (uint32_t)0xff9ff06f /* j .-8 */);
		riscv_csr_write(other, 0x305, GUEST_VECTOR);
		riscv_csr_write(other, 0x105, GUEST_STVEC);
		riscv_csr_write(other, 0x3b0, UINT64_MAX);
		riscv_csr_write(other, 0x3a0, 0x1f);
		riscv_csr_write(other, MIDELEG, 1 << RV_IRQ_SSI);
		riscv_csr_write(other, MIE, 1 << RV_IRQ_SSI);
		riscv_csr_write(other, MSTATUS, MSTATUS_SIE);
		guest_level(guest, RV_S);
		other->cpu.level = RV_S;
		riscv_isa.update_mode(&other->cpu);
		other->cpu.r[S0] = 1 << RV_IRQ_SSI;
		other->cpu.pc = guest->hart->cpu.pc = LOOP;
		for (unsigned i = 0; i < 50; i++) {
			machine_run_until(&guest->machine, guest->machine.clock.now + 101);
			riscv_irq_level(other, RV_IRQ_SSI, true);
		}
		cr_assert_eq(other->cpu.r[S1], 49, "%s: %lu", engines[e], other->cpu.r[S1]);
		assert_same(guests[0], guest, engines[e]);
	}
	FOR_EACH_ENGINE
	{
		struct riscv_cpu *other = riscv_cpu(guests[e]->machine.cpu[1]);
		guest_free(guests[e]);
		riscv_cpu_free(other);
	}
}
