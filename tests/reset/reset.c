/* Setting a machine back in memory: the state is the same as before, and so is what follows. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus/bus.h"
#include "machines/board_impl.h"
#include "machines/checksum.h"
#include "machines/reset.h"
#include "machines/virt_riscv.h"

/* Changes one of its own instructions forty times, and data beside it; ends with status 9. */
static const uint32_t modifying_program[] = {
	0x00000417, 0x04042283, 0x00100337, 0x006282b3, 0x04542023, 0x0000100f,
	0x00190913, 0x11243023, 0x02800393, 0x01c0006f, 0x00000013, 0x00000013,
	0x00000013, 0x00000013, 0x00000013, 0x00000013, 0x00150513, 0x00a484b3,
	0xfc7942e3, 0x00100e37, 0x00093eb7, 0x333e8e9b, 0x01de2023, 0x0000006f,
};

/*
 * Waits for machine timer interrupts, which set the next one, write to the UART, read the clock and
 * set its alarm; UART and PLIC are set up for interrupts.
 */
static const uint32_t device_program[] = {
	0x00000297, 0x07828293, 0x30529073, 0x02004437, 0x0200c4b7, 0xff84849b, 0x10000937,
	0x001019b7, 0x00300293, 0x005900a3, 0x0c000337, 0x02532423, 0x0c002337, 0x000012b7,
	0xc002829b, 0x00532023, 0x08000293, 0x30429073, 0x0004b303, 0x01430313, 0x00643023,
	0x30046073, 0x10500073, 0x001b0b13, 0xff9ff06f, 0x00000013, 0x00000000, 0x00000000,
	0x00000000, 0x00000000, 0x001a0a13, 0x0004b303, 0x01430313, 0x00643023, 0x030a0393,
	0x00790023, 0x0009ae03, 0x01ca8ab3, 0x0009a623, 0x7d0e0e13, 0x01c9a423, 0xb0002ef3,
	0x01da8ab3, 0x30200073,
};

/* Hart 0 polls the serial line, others read the time; all add up what they find in one place. */
static const uint32_t sharing_program[] = {
	0xf1402573, 0x10000437, 0x800024b7, 0x02049493, 0x0204d493, 0x04051663,
	0x00000993, 0x001a0a13, 0x0144baaf, 0x015989b3, 0x00544283, 0x0012f293,
	0xfe0286e3, 0x00044303, 0x00640023, 0x006989b3, 0x0134b423, 0x07100393,
	0xfc731ae3, 0x00100e37, 0x00073eb7, 0x333e8e9b, 0x01de2023, 0x0000006f,
	0xc01022f3, 0x005a0a33, 0x0144baaf, 0x015989b3, 0x0134b823, 0xfedff06f,
};

#define PROGRAM(name) name##_program, sizeof(name##_program)

struct bench {
	char path[32];
	struct chardev *serial;
	struct machine *machine;
	struct reset_point *point;
};

static void bench_init(struct bench *bench, const struct engine_ops *engine, unsigned cpus,
		       const uint32_t *program, size_t size)
{
	struct board_config config;
	struct error error = {0};
	*bench = (struct bench){.path = "/tmp/trapline-reset-XXXXXX"};
	int fd = mkstemp(bench->path);
	cr_assert_eq(write(fd, program, size), (ssize_t)size);
	close(fd);
	board_config_default(&config);
	bench->serial = chardev_buffer_new(NULL);
	config.memory_size = BOARD_MEMORY_MIN;
	config.cpu_count = cpus;
	config.firmware = BOARD_FIRMWARE_OFF;
	config.kernel = bench->path;
	config.serial = bench->serial;
	config.engine = engine;
	cr_assert_eq(board_new(&config, &bench->machine, &error), 0, "%s", error.text);
	unlink(bench->path);
	code_cache_set_executions(bench->machine->cpu[0]->code, 1);
}

static void bench_fini(struct bench *bench)
{
	reset_point_free(bench->point);
	board_free(bench->machine);
	chardev_free(bench->serial);
}

struct state {
	uint64_t hash, memory, tick, next_event;
	enum stop_kind kind;
};

static uint64_t memory_sum(const struct machine *machine)
{
	return checksum_bytes(mb_region_get_ram(board_of(machine)->ram)->host, 1 << 20);
}

static struct state state_of(const struct machine *machine)
{
	return (struct state){.hash = state_hash(&machine->state),
			      .memory = memory_sum(machine),
			      .tick = cpu_now(machine->cpu[0]),
			      .next_event = clock_next(&machine->clock),
			      .kind = machine->stop.kind};
}

static void expect_equal(const struct state *a, const struct state *b, const char *what,
			 const char *engine)
{
	cr_assert_eq(a->hash, b->hash, "%s: registers or devices, %s", what, engine);
	cr_assert_eq(a->memory, b->memory, "%s: memory, %s", what, engine);
	cr_assert_eq(a->tick, b->tick, "%s: time, %s", what, engine);
	cr_assert_eq(a->next_event, b->next_event, "%s: events, %s", what, engine);
	cr_assert_eq(a->kind, b->kind, "%s: stop, %s", what, engine);
}

/* From the point on always the same, however far the machine went before it was set back. */
static void expect_same_rounds(struct bench *bench, uint64_t at, uint64_t length)
{
	struct machine *machine = bench->machine;
	const char *engine = machine->engine->name;
	struct state before = state_of(machine), end = {0};
	cr_assert_eq(reset_point_new(machine, &bench->point), 0);
	for (unsigned round = 0; round <= 12; round++) {
		machine_run_until(machine, at + (round % 3 ? 10 * round : length));
		struct state now = state_of(machine);
		if (round == 0)
			end = now;
		if (round % 3 == 0)
			expect_equal(&end, &now, "another run", engine);
		cr_assert_eq(reset_point_return(bench->point), 0);
		now = state_of(machine);
		expect_equal(&before, &now, "reset", engine);
	}
}

/* In each engine: a point at a tick, and runs of some length from there. */
static void expect_returns(unsigned cpus, uint64_t at, uint64_t length, const uint32_t *program,
			   size_t size)
{
	for (unsigned i = 0; i < ENGINE_COUNT; i++) {
		struct bench bench;
		bench_init(&bench, engine_all[i], cpus, program, size);
		machine_run_until(bench.machine, at);
		expect_same_rounds(&bench, at, length);
		bench_fini(&bench);
	}
}

Test(reset, of_a_program_that_modifies_itself)
{
	expect_returns(1, 100, 250, PROGRAM(modifying));
	expect_returns(1, 0, 1000, PROGRAM(modifying)); /* to its end */
}

Test(reset, of_devices_and_pending_events)
{
	expect_returns(1, 10, 3000, PROGRAM(device));
	expect_returns(1, 100, 500, PROGRAM(device));
	expect_returns(1, 1234, 5678, PROGRAM(device));
}

Test(reset, of_four_harts)
{
	expect_returns(4, 25000, 50000, PROGRAM(sharing));
	expect_returns(4, 1, 777, PROGRAM(sharing));
}

Test(reset, keeps_translated_code)
{
	for (unsigned i = 1; i < ENGINE_COUNT; i++) {
		struct bench bench;
		struct code_cache_stats first, last;
		bench_init(&bench, engine_all[i], 1, PROGRAM(sharing));
		struct machine *machine = bench.machine;
		machine_run_until(machine, 500);
		cr_assert_eq(reset_point_new(machine, &bench.point), 0);
		machine_run_until(machine, 1500);
		code_cache_stats(machine->cpu[0]->code, &first);
		for (unsigned round = 0; round < 50; round++) {
			cr_assert_eq(reset_point_return(bench.point), 0);
			machine_run_until(machine, 1500);
		}
		code_cache_stats(machine->cpu[0]->code, &last);
		cr_assert_eq(first.blocks, last.blocks, "%s", engine_all[i]->name);
		cr_assert_eq(last.invalidations, 0);
		cr_assert_eq(last.flushes, 0);
		bench_fini(&bench);
	}
}

Test(reset, drops_only_code_that_is_set_back)
{
	struct bench bench;
	struct code_cache_stats first, last;
	const uint32_t nop = 0x00000013;
	bench_init(&bench, &engine_interp, 1, PROGRAM(sharing));
	struct machine *machine = bench.machine;
	machine_run_until(machine, 500);
	cr_assert_eq(reset_point_new(machine, &bench.point), 0);
	code_cache_stats(machine->cpu[0]->code, &first);
	/* Data on the page of the program, far from its instructions: no reason to translate anew.
	 */
	mb_write(machine->memory, VIRT_RISCV_RAM_BASE + 0x800, &nop, 4, MB_ATTRS_NONE, NULL);
	cr_assert_eq(reset_point_return(bench.point), 0);
	code_cache_stats(machine->cpu[0]->code, &last);
	cr_assert_eq(last.invalidations, first.invalidations);
	/* An instruction: once when it is overwritten; and once when it comes back, if it was run.
	 */
	mb_write(machine->memory, VIRT_RISCV_RAM_BASE + 0x20, &nop, 4, MB_ATTRS_NONE, NULL);
	machine_run_until(machine, 600);
	cr_assert_eq(reset_point_return(bench.point), 0);
	code_cache_stats(machine->cpu[0]->code, &last);
	cr_assert_eq(last.invalidations, first.invalidations + 2);
	bench_fini(&bench);
}

Test(reset, undoes_all_kinds_of_writes)
{
	struct bench bench;
	bench_init(&bench, &engine_interp, 1, PROGRAM(sharing));
	struct machine *machine = bench.machine;
	uint8_t bytes[5000];
	memset(bytes, 0x5a, sizeof(bytes));
	struct state before = state_of(machine);
	cr_assert_eq(reset_point_new(machine, &bench.point), 0);
	for (unsigned round = 0; round < 3; round++) {
		mb_write(machine->memory, VIRT_RISCV_RAM_BASE + 0x7ff0, bytes, sizeof(bytes),
			 MB_ATTRS_NONE, NULL);
		mb_fill(machine->memory, VIRT_RISCV_RAM_BASE + 0x20000, 0xff, 0x3000, MB_ATTRS_NONE,
			NULL);
		mb_write_rom(machine->memory, VIRT_RISCV_ROM_BASE, bytes, 64, NULL);
		struct state changed = state_of(machine);
		cr_assert_neq(changed.memory, before.memory);
		cr_assert_eq(reset_point_return(bench.point), 0);
		struct state after = state_of(machine);
		expect_equal(&before, &after, "writes", "interp");
	}
	mb_read(machine->memory, VIRT_RISCV_ROM_BASE, bytes, 4, MB_ATTRS_NONE, NULL);
	cr_assert_arr_eq(bytes, "\x97\x02\x00\x00", 4, "the reset vector is back");
	struct reset_figures figures;
	reset_point_figures(bench.point, &figures);
	cr_assert_eq(figures.returns, 3);
	cr_assert_eq(figures.pages_copied, 7);
	cr_assert_eq(figures.pages, 21);
	bench_fini(&bench);
}

Test(reset, brings_back_input_that_waited)
{
	struct bench bench;
	bench_init(&bench, &engine_interp, 1, PROGRAM(device));
	struct machine *machine = bench.machine;
	uint8_t bytes[128];
	memset(bytes, 'x', sizeof(bytes));
	machine_run_until(machine, 100);
	cr_assert_eq(chardev_push(bench.serial, bytes, sizeof(bytes)), sizeof(bytes));
	size_t pending = chardev_pending(bench.serial);
	cr_assert_gt(pending, 0);
	cr_assert_eq(reset_point_new(machine, &bench.point), 0);
	struct state before = state_of(machine);
	for (unsigned round = 0; round < 2; round++) {
		cr_assert_eq(chardev_take(bench.serial, bytes, sizeof(bytes)), pending);
		machine_run_until(machine, 300);
		cr_assert_eq(reset_point_return(bench.point), 0);
		cr_assert_eq(chardev_pending(bench.serial), pending);
		struct state after = state_of(machine);
		expect_equal(&before, &after, "input", "interp");
	}
	bench_fini(&bench);
}

Test(reset, one_point_at_a_time)
{
	struct bench bench;
	struct reset_point *second;
	bench_init(&bench, &engine_interp, 1, PROGRAM(sharing));
	cr_assert_eq(reset_point_new(bench.machine, &bench.point), 0);
	cr_assert_eq(reset_point_new(bench.machine, &second), -1);
	cr_assert_null(second);
	/* The failed attempt has taken nothing away from the first. */
	struct state before = state_of(bench.machine);
	machine_run_until(bench.machine, 5000);
	cr_assert_eq(reset_point_return(bench.point), 0);
	struct state after = state_of(bench.machine);
	expect_equal(&before, &after, "reset", "interp");
	machine_run_until(bench.machine, 1000);
	reset_point_free(bench.point);
	cr_assert_eq(reset_point_new(bench.machine, &bench.point), 0);
	before = state_of(bench.machine);
	machine_run_until(bench.machine, 2000);
	cr_assert_eq(reset_point_return(bench.point), 0);
	after = state_of(bench.machine);
	expect_equal(&before, &after, "second point", "interp");
	bench_fini(&bench);
}
