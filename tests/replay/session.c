/* Sessions that are recorded in one engine and replayed in another, bit for bit. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus/bus.h"
#include "devices/chardev_impl.h"
#include "machines/board_impl.h"
#include "machines/checksum.h"
#include "machines/replay.h"
#include "machines/virt_riscv.h"

/*
 * Hart 0 echoes what comes from the serial line and ends with status 7 at a 'q'; meanwhile all
 * harts count in one place, sum up what they find there, and read the time.
 */
static const uint32_t echo_program[] = {
	0xf1402573, 0x10000437, 0x800024b7, 0x02049493, 0x0204d493, 0x04051663,
	0x00000993, 0x001a0a13, 0x0144baaf, 0x015989b3, 0x00544283, 0x0012f293,
	0xfe0286e3, 0x00044303, 0x00640023, 0x006989b3, 0x0134b423, 0x07100393,
	0xfc731ae3, 0x00100e37, 0x00073eb7, 0x333e8e9b, 0x01de2023, 0x0000006f,
	0xc01022f3, 0x005a0a33, 0x0144baaf, 0x015989b3, 0x0134b823, 0xfedff06f,
};

/* The same with the UART's interrupt: all harts wait in between. 'q' ends it with status 0. */
static const uint32_t wait_program[] = {
	0x00000297, 0x05028293, 0x30529073, 0x10000437, 0x0c0004b7, 0x00100293,
	0x0254a423, 0x0c002337, 0x40000293, 0x00532023, 0x0c200937, 0x00092023,
	0x00100293, 0x005400a3, 0x000012b7, 0x8002829b, 0x30429073, 0x30046073,
	0x10500073, 0xffdff06f, 0x00492503, 0x00544283, 0x0012f293, 0x02028663,
	0x00044303, 0x00640023, 0xc00023f3, 0x07100393, 0xfe7312e3, 0x00100e37,
	0x00005eb7, 0x555e8e9b, 0x01de2023, 0x0000006f, 0x00a92223, 0x30200073,
};

/* Somebody at a terminal: types a text from a certain poll on, a few bytes a poll. */
struct typist {
	const char *text;
	uint64_t start;  /* tick */
	uint64_t signal; /* tick at which a signal ends the run; 0: none does */
};

struct bench {
	char folder[32], image[64], log[64], screen[64];
	struct board_config config;
	struct chardev *serial;
	int keyboard, input;
	FILE *output;
	struct machine *machine;
	struct typist typist;
	struct error error;
};

static void write_file(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "w");
	cr_assert_not_null(file);
	cr_assert_eq(fwrite(data, 1, size, file), size);
	fclose(file);
}

static void bench_init(struct bench *bench, const uint32_t *program, size_t size)
{
	*bench = (struct bench){.folder = "/tmp/trapline-replay-XXXXXX"};
	cr_assert_not_null(mkdtemp(bench->folder));
	snprintf(bench->image, sizeof(bench->image), "%s/image", bench->folder);
	snprintf(bench->log, sizeof(bench->log), "%s/log", bench->folder);
	snprintf(bench->screen, sizeof(bench->screen), "%s/screen", bench->folder);
	write_file(bench->image, program, size);
	board_config_default(&bench->config);
	bench->config.memory_size = BOARD_MEMORY_MIN;
	bench->config.firmware = BOARD_FIRMWARE_OFF;
	bench->config.kernel = bench->image;
}

/* The same input at the same polls is not needed for a replay: here it comes from a pipe. */
static bool poll_host(void *opaque, bool idle, uint64_t idle_until)
{
	struct bench *bench = opaque;
	struct typist *typist = &bench->typist;
	uint64_t now = bench->machine->clock.now;
	(void)idle_until;
	if (typist->text && *typist->text && now >= typist->start) {
		size_t length = strlen(typist->text) < 3 ? strlen(typist->text) : 3;
		cr_assert_eq(write(bench->keyboard, typist->text, length), (ssize_t)length);
		typist->text += length;
	}
	if (typist->signal && now >= typist->signal)
		machine_stop(bench->machine, STOP_SIGNAL, 15, "signal 15");
	return board_poll(bench->machine, false, 0) || (idle && typist->text && *typist->text);
}

static void bench_build(struct bench *bench, const struct engine_ops *engine, unsigned cpus)
{
	int ends[2];
	cr_assert_eq(pipe(ends), 0);
	bench->input = ends[0];
	bench->keyboard = ends[1];
	bench->output = fopen(bench->screen, "w+");
	bench->serial = chardev_stdio_on(bench->input, fileno(bench->output), NULL);
	bench->config.serial = bench->serial;
	bench->config.engine = engine;
	bench->config.cpu_count = cpus;
	cr_assert_eq(board_new(&bench->config, &bench->machine, &bench->error), 0, "%s",
		     bench->error.text);
	bench->machine->poll = poll_host;
	bench->machine->poll_opaque = bench;
	bench->machine->poll_interval = 1000;
}

static void bench_drop(struct bench *bench)
{
	board_free(bench->machine);
	chardev_free(bench->serial);
	fclose(bench->output);
	close(bench->input);
	close(bench->keyboard);
}

static void bench_fini(struct bench *bench)
{
	unlink(bench->image);
	unlink(bench->log);
	unlink(bench->screen);
	rmdir(bench->folder);
}

/* All that a run leaves behind. */
struct result {
	enum stop_kind kind;
	int status;
	uint64_t tick, hash, memory;
	char text[160], screen[256];
};

static void bench_result(struct bench *bench, struct result *result)
{
	struct machine *machine = bench->machine;
	const struct mb_ram *ram = mb_region_get_ram(board_of(machine)->ram);
	*result = (struct result){.kind = machine->stop.kind,
				  .status = machine->stop.status,
				  .tick = cpu_now(machine->cpu[0]),
				  .hash = state_hash(&machine->state),
				  .memory = checksum_bytes(ram->host, 1 << 20)};
	memcpy(result->text, machine->stop.text, sizeof(result->text));
	chardev_flush(bench->serial);
	rewind(bench->output);
	result->screen[fread(result->screen, 1, sizeof(result->screen) - 1, bench->output)] = 0;
}

static void record(struct bench *bench, const struct engine_ops *engine, unsigned cpus,
		   const struct typist *typist, uint64_t limit, struct result *result)
{
	struct recorder *recorder;
	bench_build(bench, engine, cpus);
	bench->typist = *typist;
	bench->machine->icount_limit = limit;
	cr_assert_eq(
		recorder_new(bench->machine, &bench->config, bench->log, &recorder, &bench->error),
		0, "%s", bench->error.text);
	machine_run(bench->machine);
	recorder_end(recorder);
	cr_assert_eq(recorder_free(recorder, &bench->error), 0);
	bench_result(bench, result);
	bench_drop(bench);
}

static struct player *start(struct bench *bench, const struct engine_ops *engine, unsigned cpus)
{
	struct player *player;
	cr_assert_eq(player_open(bench->log, &player, &bench->error), 0, "%s", bench->error.text);
	player_configure(player, &bench->config);
	bench_build(bench, engine, cpus);
	/* Nothing of what is typed now may reach the guest. */
	bench->typist = (struct typist){.text = "other keys, q"};
	cr_assert_eq(player_start(player, bench->machine, &bench->config, &bench->error), 0, "%s",
		     bench->error.text);
	return player;
}

static void finish(struct bench *bench, struct player *player, struct result *result)
{
	player_run(player);
	bench_result(bench, result);
	player_free(player);
	bench_drop(bench);
}

static void expect_same(const struct result *recorded, const struct result *replayed,
			const char *name)
{
	cr_assert_eq(replayed->kind, recorded->kind, "%s: %s", name, replayed->text);
	cr_assert_eq(replayed->status, recorded->status, "%s", name);
	cr_assert_eq(replayed->tick, recorded->tick, "%s", name);
	cr_assert_eq(replayed->hash, recorded->hash, "%s", name);
	cr_assert_eq(replayed->memory, recorded->memory, "%s", name);
	cr_assert_str_eq(replayed->screen, recorded->screen, "%s", name);
}

/* Each engine records, each replays. */
static void expect_replays(const uint32_t *program, size_t size, unsigned cpus,
			   const struct typist *typist, uint64_t limit, enum stop_kind kind)
{
	struct result recorded, replayed;
	for (unsigned i = 0; i < ENGINE_COUNT; i++) {
		struct bench bench;
		bench_init(&bench, program, size);
		record(&bench, engine_all[i], cpus, typist, limit, &recorded);
		cr_assert_eq(recorded.kind, kind, "%s", recorded.text);
		for (unsigned k = 0; k < ENGINE_COUNT; k++) {
			finish(&bench, start(&bench, engine_all[k], cpus), &replayed);
			expect_same(&recorded, &replayed, engine_all[k]->name);
		}
		bench_fini(&bench);
	}
}

static const struct typist typist = {.text = "typed by somebody\nq", .start = 5000};

Test(replay, input_while_the_guest_is_busy)
{
	expect_replays(echo_program, sizeof(echo_program), 1, &typist, CLOCK_NEVER, STOP_EXIT);
}

Test(replay, input_while_four_harts_are_busy)
{
	expect_replays(echo_program, sizeof(echo_program), 4, &typist, CLOCK_NEVER, STOP_EXIT);
}

Test(replay, input_while_the_guest_waits)
{
	const struct typist now = {.text = typist.text};
	expect_replays(wait_program, sizeof(wait_program), 1, &now, CLOCK_NEVER, STOP_EXIT);
	expect_replays(wait_program, sizeof(wait_program), 4, &now, CLOCK_NEVER, STOP_EXIT);
}

Test(replay, a_guest_that_waits_for_ever)
{
	const struct typist some = {.text = "no end"};
	expect_replays(wait_program, sizeof(wait_program), 2, &some, CLOCK_NEVER, STOP_DEADLOCK);
}

Test(replay, ends_where_a_signal_came)
{
	const struct typist ended = {.text = "abc", .start = 2000, .signal = 20000};
	expect_replays(echo_program, sizeof(echo_program), 1, &ended, CLOCK_NEVER, STOP_SIGNAL);
	expect_replays(echo_program, sizeof(echo_program), 4, &ended, CLOCK_NEVER, STOP_SIGNAL);
}

Test(replay, keeps_the_limit_of_instructions)
{
	expect_replays(echo_program, sizeof(echo_program), 1, &typist, 8001, STOP_ICOUNT_LIMIT);
	expect_replays(echo_program, sizeof(echo_program), 4, &typist, 8001, STOP_ICOUNT_LIMIT);
}

Test(replay, a_lower_limit_ends_it_early)
{
	struct bench bench;
	struct result recorded, replayed;
	bench_init(&bench, echo_program, sizeof(echo_program));
	record(&bench, &engine_interp, 2, &typist, CLOCK_NEVER, &recorded);
	struct player *player = start(&bench, &engine_interp, 2);
	bench.machine->icount_limit = 9000;
	finish(&bench, player, &replayed);
	cr_assert_eq(replayed.kind, STOP_ICOUNT_LIMIT, "%s", replayed.text);
	bench_fini(&bench);
}

Test(replay, says_where_it_diverges)
{
	struct bench bench;
	struct result recorded, replayed;
	bench_init(&bench, echo_program, sizeof(echo_program));
	record(&bench, &engine_interp, 1, &typist, CLOCK_NEVER, &recorded);
	struct player *player = start(&bench, &engine_interp, 1);
	bench.machine->cpu[0]->r[25] = 1;
	finish(&bench, player, &replayed);
	cr_assert_eq(replayed.kind, STOP_DIVERGED);
	cr_assert_not_null(strstr(replayed.text, "replay diverges between count 0 and 0"), "%s",
			   replayed.text);
	/* Behind the last check, the end tells. */
	player = start(&bench, &engine_interp, 1);
	machine_run_until(bench.machine, 2000);
	bench.machine->cpu[0]->r[25] = 1;
	finish(&bench, player, &replayed);
	cr_assert_eq(replayed.kind, STOP_DIVERGED);
	cr_assert_not_null(strstr(replayed.text, "this run stops in another state"), "%s",
			   replayed.text);
	bench_fini(&bench);
}

Test(replay, an_input_that_comes_at_no_poll_diverges)
{
	struct bench bench;
	struct result recorded, replayed;
	bench_init(&bench, wait_program, sizeof(wait_program));
	const struct typist now = {.text = "wq"};
	record(&bench, &engine_interp, 1, &now, CLOCK_NEVER, &recorded);
	struct player *player = start(&bench, &engine_interp, 1);
	/* An endless loop in place of the program: nobody waits, and the end does not come. */
	const uint32_t loop = 0x0000006f;
	machine_run_until(bench.machine, 10);
	bench.machine->cpu[0]->pc = VIRT_RISCV_RAM_BASE + 0x1000;
	mb_write(bench.machine->memory, VIRT_RISCV_RAM_BASE + 0x1000, &loop, 4, MB_ATTRS_NONE,
		 NULL);
	finish(&bench, player, &replayed);
	cr_assert_eq(replayed.kind, STOP_DIVERGED, "%s", replayed.text);
	bench_fini(&bench);
}

Test(replay, a_recording_that_breaks_off_is_replayed_to_there)
{
	struct bench bench;
	struct result recorded, replayed;
	bench_init(&bench, echo_program, sizeof(echo_program));
	record(&bench, &engine_interp, 1, &typist, CLOCK_NEVER, &recorded);
	/* Without the end and the last input, with its 'q'. */
	struct blob file;
	cr_assert_eq(blob_read_file(&file, bench.log, "recording", 1 << 20, NULL), 0);
	cr_assert_eq(truncate(bench.log, (off_t)file.size - 36 - 1), 0);
	blob_free(&file);
	struct player *player = start(&bench, &engine_interp, 1);
	player_run(player);
	cr_assert_eq(bench.machine->stop.kind, STOP_QUIT, "%s", bench.machine->stop.text);
	cr_assert(player_at_end(player));
	cr_assert_not_null(strstr(player_cut_off(player), "the recording breaks off"));
	cr_assert_lt(recorded.tick, bench.machine->clock.now);
	bench_result(&bench, &replayed);
	cr_assert_str_eq(replayed.screen, "typed by somebody\n");
	player_free(player);
	bench_drop(&bench);
	bench_fini(&bench);
}

Test(replay, another_machine_is_refused)
{
	struct bench bench;
	struct result recorded;
	struct player *player;
	bench_init(&bench, echo_program, sizeof(echo_program));
	record(&bench, &engine_interp, 2, &typist, CLOCK_NEVER, &recorded);
	cr_assert_eq(player_open(bench.log, &player, NULL), 0);
	bench.config.seed = 9;
	bench_build(&bench, &engine_interp, 3);
	bench.machine->quantum = 500;
	cr_assert_eq(player_start(player, bench.machine, &bench.config, &bench.error), -1);
	cr_assert_eq(bench.error.exit_code, EXIT_CODE_USAGE);
	cr_assert_not_null(strstr(bench.error.text,
				  "recorded with cpus 2, here 3; recorded with seed 0, here 9; "
				  "recorded with quantum 10000, here 500"),
			   "%s", bench.error.text);
	player_free(player);
	bench_drop(&bench);
	bench_fini(&bench);
}

Test(replay, changed_files_are_named)
{
	struct bench bench;
	struct result recorded;
	struct player *player;
	char disk[64], device[96];
	bench_init(&bench, echo_program, sizeof(echo_program));
	snprintf(disk, sizeof(disk), "%s/disk", bench.folder);
	snprintf(device, sizeof(device), "virtio-blk,file=%s", disk);
	write_file(disk, "disk", 4);
	const char *const devices[] = {device};
	bench.config.devices = devices;
	bench.config.device_count = 1;
	record(&bench, &engine_interp, 1, &typist, CLOCK_NEVER, &recorded);
	write_file(disk, "dusk", 4);
	cr_assert_eq(player_open(bench.log, &player, NULL), 0);
	bench_build(&bench, &engine_interp, 1);
	cr_assert_eq(player_start(player, bench.machine, &bench.config, &bench.error), -1);
	cr_assert_not_null(strstr(bench.error.text, "/disk has changed since the recording"), "%s",
			   bench.error.text);
	player_free(player);
	bench_drop(&bench);
	unlink(disk);
	bench_fini(&bench);
}

Test(replay, the_clock_of_the_recording_is_kept)
{
	struct bench bench;
	struct result recorded, replayed;
	bench_init(&bench, echo_program, sizeof(echo_program));
	bench.config.rtc_epoch_ns = 1234567890000000000ull;
	record(&bench, &engine_interp, 1, &typist, CLOCK_NEVER, &recorded);
	bench.config.rtc_epoch_ns = 0;
	finish(&bench, start(&bench, &engine_interp, 1), &replayed);
	expect_same(&recorded, &replayed, "rtc");
	bench_fini(&bench);
}
