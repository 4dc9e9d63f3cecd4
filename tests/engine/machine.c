/* The machine loop: turns, events in the middle of a slice, limits, idle CPUs, two machines. */
#include <criterion/criterion.h>

#include "tests/engine/toy.h"

static struct toy_insn endless[] = {
	{.op = UOP_ADDI, .d = 1, .a = 1, .imm = 1},
	{.op = UOP_JUMP,      .wide = TOY_RAM           },
};

static void note_time(void *opaque, uint64_t now)
{
	*(uint64_t *)opaque = now;
}

Test(machine, events_fire_at_their_tick)
{
	for (unsigned e = 0; e < TOY_ENGINES; e++) {
		struct toy *toy = toy_new(toy_engines[e]);
		struct clock_event event;
		uint64_t at = 0;
		toy_program(toy, TOY_RAM, endless, 2);
		clock_event_init(&event, note_time, &at);
		clock_schedule(&toy->machine.clock, &event, 12345);
		toy_run(toy, TOY_RAM, 20001);
		cr_assert_eq(at, 12345, "%s", toy_engines[e]);
		cr_assert_eq(toy->cpu.r[1], 10001, "%s", toy_engines[e]);
		toy_free(toy);
	}
}

Test(machine, instruction_limit_is_exact)
{
	for (unsigned e = 0; e < TOY_ENGINES; e++) {
		struct toy *toy = toy_new(toy_engines[e]);
		toy_program(toy, TOY_RAM, endless, 2);
		toy->machine.icount_limit = 777;
		toy_run(toy, TOY_RAM, 100000);
		cr_assert_eq(toy->machine.stop.kind, STOP_ICOUNT_LIMIT, "%s", toy_engines[e]);
		cr_assert_eq(cpu_retired(&toy->cpu), 777, "%s", toy_engines[e]);
		toy_free(toy);
	}
}

/* A guest that does nothing but trap comes to its limit as well. */
Test(machine, instruction_limit_counts_traps)
{
	struct toy *toy = toy_new("interp");
	struct toy_insn bad = {.op = TOY_OPS};
	toy_program(toy, TOY_VECTOR, &bad, 1);
	toy->machine.trap_loop = 0;
	toy->machine.icount_limit = 500;
	toy_run(toy, 1ull << 45, 100000);
	cr_assert_eq(toy->machine.stop.kind, STOP_ICOUNT_LIMIT);
	cr_assert_eq(toy->cpu.trap_count, 500);
	toy_free(toy);
}

/* Being interrupted is no instruction. */
Test(machine, instruction_limit_does_not_count_interrupts)
{
	struct toy *toy = toy_new("interp");
	struct toy_insn loop = {.op = UOP_JUMP, .wide = TOY_VECTOR};
	toy_program(toy, TOY_VECTOR, &loop, 1);
	toy->interrupts = 5;
	toy->machine.icount_limit = 777;
	toy_run(toy, TOY_RAM, 100000);
	cr_assert_eq(toy->machine.stop.kind, STOP_ICOUNT_LIMIT);
	cr_assert_eq(toy->cpu.trap_count, 5);
	cr_assert_eq(cpu_retired(&toy->cpu), 777);
	toy_free(toy);
}

/* Somebody who sleeps lets time pass without retiring anything. */
Test(machine, idle_cpu_jumps_to_the_next_event)
{
	struct toy *toy = toy_new("step");
	struct clock_event event;
	uint64_t at = 0;
	toy_program(toy, TOY_RAM, endless, 2);
	toy->cpu.stopped = true;
	clock_event_init(&event, note_time, &at);
	clock_schedule(&toy->machine.clock, &event, 1ull << 40);
	toy_run(toy, TOY_RAM, (1ull << 40) + 1);
	cr_assert_eq(at, 1ull << 40);
	cr_assert_eq(cpu_retired(&toy->cpu), 0);
	toy_free(toy);
}

Test(machine, nothing_to_wait_for_is_a_deadlock)
{
	struct toy *toy = toy_new("interp");
	toy->cpu.stopped = true;
	cr_assert_eq(machine_run(&toy->machine), STOP_DEADLOCK);
	toy_free(toy);
}

/* A guest may sleep until the end of time; that is no way to end well. */
Test(machine, the_last_tick_is_the_end)
{
	struct toy *toy = toy_new("interp");
	struct clock_event event;
	uint64_t at = 0;
	toy_program(toy, TOY_RAM, endless, 2);
	toy->cpu.pc = TOY_RAM;
	toy->cpu.stopped = true;
	clock_event_init(&event, note_time, &at);
	clock_schedule(&toy->machine.clock, &event, CLOCK_NEVER - 16);
	machine_run_until(&toy->machine, CLOCK_NEVER - 16);
	toy->cpu.stopped = false;
	cr_assert_eq(machine_run(&toy->machine), STOP_DEADLOCK);
	cr_assert_eq(at, CLOCK_NEVER - 16);
	cr_assert_eq(cpu_retired(&toy->cpu), 16);
	toy_free(toy);
}

Test(machine, first_stop_request_wins)
{
	struct toy *toy = toy_new("interp");
	machine_stop(&toy->machine, STOP_EXIT, 3, "first %d", 1);
	machine_stop(&toy->machine, STOP_PANIC, 0, "second");
	cr_assert_eq(toy->machine.stop.kind, STOP_EXIT);
	cr_assert_eq(toy->machine.stop.status, 3);
	cr_assert_str_eq(toy->machine.stop.text, "first 1");
	toy_free(toy);
}

Test(machine, two_live_side_by_side)
{
	struct toy *a = toy_new(toy_engines[TOY_ENGINES - 1]), *b = toy_new("step");
	toy_program(a, TOY_RAM, endless, 2);
	toy_program(b, TOY_RAM, endless, 2);
	a->cpu.pc = b->cpu.pc = TOY_RAM;
	for (uint64_t tick = 100; tick <= 1000; tick += 100) {
		machine_run_until(&a->machine, tick);
		machine_run_until(&b->machine, tick);
		cr_assert_eq(a->cpu.r[1], b->cpu.r[1]);
		cr_assert_eq(a->cpu.r[1], tick / 2);
	}
	toy_free(a);
	toy_free(b);
}
