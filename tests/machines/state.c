/* The registered state of a whole machine: a copy of it goes on as the original does. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus/bus.h"
#include "engine/engine.h"
#include "machines/board.h"
#include "tests/machines/busy.h"

static const char *const engines[] = {"step", "interp", "jit"};
#define ENGINES 3

static struct machine *busy_machine(const char *engine, unsigned harts, struct chardev *serial)
{
	char path[] = "/tmp/trapline-state-XXXXXX";
	struct board_config config;
	struct machine *machine;
	struct error error = {0};
	int fd = mkstemp(path);
	cr_assert_eq(write(fd, busy_program, sizeof(busy_program)), sizeof(busy_program));
	close(fd);
	board_config_default(&config);
	config.memory_size = BOARD_MEMORY_MIN;
	config.cpu_count = harts;
	config.firmware = BOARD_FIRMWARE_OFF;
	config.kernel = path;
	config.serial = serial;
	config.engine = engine_find(engine);
	cr_assert_eq(board_new(&config, &machine, &error), 0, "%s", error.text);
	unlink(path);
	machine->poll = NULL;
	return machine;
}

static struct mb_ram *ram_of(const struct machine *machine)
{
	struct board_memory blocks[BOARD_MEMORY_BLOCKS];
	cr_assert_eq(board_memory_blocks(machine, blocks), 2);
	cr_assert_str_eq(blocks[0].name, "ram");
	cr_assert_eq(blocks[0].ram->size, BOARD_MEMORY_MIN);
	return blocks[0].ram;
}

/* A whole machine in memory, the short way: its state and the first pages, which the program uses.
 */
#define USED_RAM 0x20000

struct copy {
	size_t size;
	uint8_t *state;
	uint8_t ram[USED_RAM];
};

static void copy_machine(struct copy *copy, const struct machine *machine)
{
	copy->state = malloc(state_capacity(&machine->state));
	copy->size = state_save(&machine->state, copy->state);
	memcpy(copy->ram, ram_of(machine)->host, USED_RAM);
}

static void paste_machine(const struct copy *copy, struct machine *machine)
{
	struct mb_ram *ram = ram_of(machine);
	mb_ram_note_write(ram, 0, USED_RAM);
	memcpy(ram->host, copy->ram, USED_RAM);
	cr_assert_eq(state_load(&machine->state, copy->state, copy->size), 0);
}

static void expect_equal(const struct machine *a, const struct machine *b, const char *what)
{
	cr_assert_eq(a->clock.now, b->clock.now, "%s", what);
	cr_assert_eq(state_hash(&a->state), state_hash(&b->state), "%s", what);
	cr_assert_eq(memcmp(ram_of(a)->host, ram_of(b)->host, USED_RAM), 0, "%s", what);
}

#define FIRST  123457
#define SECOND 654321

/* Whatever engine went before and whichever comes after, with input under way. */
static void go_on(unsigned before, unsigned after, unsigned harts)
{
	struct chardev *serial[2] = {chardev_buffer_new(NULL), chardev_buffer_new(NULL)};
	struct machine *original = busy_machine(engines[before], harts, serial[0]);
	struct machine *restored = busy_machine(engines[after], harts, serial[1]);
	static struct copy copy;
	machine_run_until(original, FIRST / 2);
	for (unsigned i = 0; i < 6000; i++)
		chardev_push(serial[0], (const uint8_t *)"some input", 10);
	machine_run_until(original, FIRST);
	cr_assert_gt(chardev_pending(serial[0]), 0, "input still waits");
	copy_machine(&copy, original);
	machine_run_until(restored, 999); /* it has a past of its own */
	paste_machine(&copy, restored);
	expect_equal(original, restored, "at once");
	machine_run_until(original, FIRST + SECOND);
	machine_run_until(restored, FIRST + SECOND);
	cr_assert_gt(original->cpu[0]->trap_count, 100);
	expect_equal(original, restored, engines[after]);
	free(copy.state);
	for (unsigned i = 0; i < 2; i++) {
		board_free(i ? restored : original);
		chardev_free(serial[i]);
	}
}

Test(state, SN_01_a_copy_goes_on_as_the_original_in_every_engine)
{
	for (unsigned before = 0; before < ENGINES; before++)
		for (unsigned after = 0; after < ENGINES; after++)
			if (engine_find(engines[before]) && engine_find(engines[after]))
				go_on(before, after, 1);
}

Test(state, SN_02_several_harts)
{
	go_on(1, 1, 3);
	go_on(1, 0, 4);
}

/* Stops whichever hart comes to a count first, wherever it is in its turn. */
struct stopper {
	struct observer observer;
	struct machine *machine;
	unsigned left;
};

static void count_trap(void *opaque, const struct cpu *cpu, const struct observation *observation)
{
	struct stopper *stopper = opaque;
	(void)cpu, (void)observation;
	if (stopper->left && --stopper->left == 0)
		machine_stop(stopper->machine, STOP_DEBUG, 0, "here");
}

/* A stop in the middle of a round changes nobody's turn, neither here nor in a copy. */
Test(state, SN_03_a_stop_within_a_round_leaves_no_trace)
{
	struct machine *straight = busy_machine("interp", 3, NULL);
	struct machine *stopped = busy_machine("interp", 3, NULL);
	struct machine *restored = busy_machine("step", 3, NULL);
	struct stopper stopper = {.machine = stopped, .left = 77};
	static struct copy copy;
	stopper.observer = (struct observer){OBSERVE_BIT(OBSERVE_TRAP), count_trap, &stopper, NULL};
	machine_run_until(straight, SECOND);
	observer_add(&stopped->observers, &stopper.observer);
	cr_assert_eq(machine_run_until(stopped, SECOND), STOP_DEBUG);
	cr_assert(stopped->interrupted);
	copy_machine(&copy, stopped);
	paste_machine(&copy, restored);
	stopped->stop.kind = STOP_NONE;
	machine_run_until(stopped, SECOND);
	machine_run_until(restored, SECOND);
	expect_equal(stopped, straight, "stopped");
	expect_equal(restored, straight, "restored");
	free(copy.state);
	board_free(straight);
	board_free(stopped);
	board_free(restored);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* A damaged or malicious copy may make the guest do anything, but not us. */
Test(state, SN_04_random_state_does_no_harm)
{
	struct machine *machine = busy_machine("interp", 2, NULL);
	static struct copy copy;
	uint64_t random = 88172645463325252ull;
	machine_run_until(machine, FIRST);
	copy_machine(&copy, machine);
	uint8_t *damaged = malloc(copy.size);
	for (unsigned round = 0; round < 300; round++) {
		memcpy(damaged, copy.state, copy.size);
		for (unsigned i = next_random(&random) % 40; i < 40; i++)
			damaged[next_random(&random) % copy.size] = (uint8_t)next_random(&random);
		machine->stop.kind = STOP_NONE;
		cr_assert_eq(state_load(&machine->state, damaged, copy.size), 0);
		machine_run_until(machine, machine->clock.now + 2000);
	}
	machine->stop.kind = STOP_NONE;
	paste_machine(&copy, machine);
	cr_assert_eq(machine_run_until(machine, FIRST + 1000), STOP_NONE);
	free(copy.state);
	free(damaged);
	board_free(machine);
}

Test(state, SN_05_touched_pages_are_known)
{
	struct machine *machine = busy_machine("interp", 1, NULL);
	struct mb_ram *ram = ram_of(machine);
	uint64_t pages = ram->size >> MB_PAGE_SHIFT, count = 0;
	uint64_t *bits = calloc(pages / 64, sizeof(*bits));
	ram->host[5 << MB_PAGE_SHIFT] = 1;
	mb_ram_touched(ram, 0, pages, bits);
	cr_assert(bits[0] & 1, "the program");
	cr_assert(bits[0] >> 5 & 1);
	for (uint64_t i = 0; i < pages / 64; i++)
		count += (uint64_t)__builtin_popcountll(bits[i]);
	cr_expect_lt(count, pages, "the rest has not been touched");
	mb_ram_clear(ram);
	cr_assert_eq(ram->host[5 << MB_PAGE_SHIFT], 0);
	mb_ram_touched(ram, pages - 1, 64, bits);
	cr_assert_eq(bits[0] & ~1ull, 0, "no page beyond the end");
	free(bits);
	board_free(machine);
}
