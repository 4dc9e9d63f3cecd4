/* Snapshot files: what comes back, what is refused. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bus/bus.h"
#include "bus/host.h"
#include "engine/engine.h"
#include "machines/board.h"
#include "machines/snapshot.h"
#include "machines/snapshot_impl.h"
#include "machines/virt_riscv.h"
#include "tests/machines/busy.h"

#define TICKS 200000

static char folder[] = "/tmp/trapline-snapshot-XXXXXX";
static char path[64], other[64];

static void set_up(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a.snap", folder);
	snprintf(other, sizeof(other), "%s/b.snap", folder);
}

static void tear_down(void)
{
	unlink(path);
	unlink(other);
	cr_assert_eq(rmdir(folder), 0, "nothing else is left behind");
}

TestSuite(snapshot, .init = set_up, .fini = tear_down);

static void configure(struct board_config *config, const char *engine)
{
	board_config_default(config);
	config->memory_size = BOARD_MEMORY_MIN;
	config->cpu_count = 2;
	config->firmware = BOARD_FIRMWARE_OFF;
	config->engine = engine_find(engine);
}

static struct machine *make(const struct board_config *wanted, bool image)
{
	struct board_config config = *wanted;
	struct machine *machine;
	struct error error = {0};
	char program[64];
	snprintf(program, sizeof(program), "%s/program", folder);
	FILE *file = fopen(program, "w");
	cr_assert_eq(fwrite(busy_program, sizeof(busy_program), 1, file), 1);
	fclose(file);
	config.kernel = image ? program : NULL;
	config.without_image = !image;
	cr_assert_eq(board_new(&config, &machine, &error), 0, "%s", error.text);
	unlink(program);
	machine->poll = NULL;
	return machine;
}

static struct machine *make_busy(const char *engine)
{
	struct board_config config;
	configure(&config, engine);
	struct machine *machine = make(&config, true);
	machine_run_until(machine, TICKS);
	return machine;
}

static void save(struct machine *machine, const char *where)
{
	struct error error = {0};
	cr_assert_eq(snapshot_save(machine, "note=text\n", where, &error), 0, "%s", error.text);
}

static int restore(const char *from, struct machine *machine, struct error *error)
{
	struct snapshot *snapshot = snapshot_open(from, error);
	if (!snapshot)
		return -1;
	int result = snapshot_restore(snapshot, machine, error);
	snapshot_close(snapshot);
	return result;
}

static uint8_t *host_memory(const struct machine *machine)
{
	struct board_memory blocks[BOARD_MEMORY_BLOCKS];
	board_memory_blocks(machine, blocks);
	return blocks[0].ram->host;
}

static void expect_equal(const struct machine *a, const struct machine *b)
{
	cr_assert_eq(a->clock.now, b->clock.now);
	cr_assert_eq(state_hash(&a->state), state_hash(&b->state));
	cr_assert_eq(memcmp(host_memory(a), host_memory(b), BOARD_MEMORY_MIN), 0);
}

Test(snapshot, SN_06_a_machine_from_a_file_goes_on_as_the_original)
{
	static const char *const engines[] = {"step", "interp", "jit"};
	struct machine *original = make_busy("interp");
	save(original, path);
	machine_run_until(original, 3 * TICKS);
	for (unsigned i = 0; i < 3; i++) {
		struct board_config config;
		struct error error = {0};
		if (!engine_find(engines[i]))
			continue;
		configure(&config, engines[i]);
		struct machine *machine = make(&config, i == 0);
		machine_run_until(machine, i * 1000); /* a past that does not matter */
		host_memory(machine)[BOARD_MEMORY_MIN - 1] = 1;
		cr_assert_eq(restore(path, machine, &error), 0, "%s", error.text);
		cr_assert_eq(machine->clock.now, TICKS);
		machine_run_until(machine, 3 * TICKS);
		expect_equal(machine, original);
		board_free(machine);
	}
	board_free(original);
}

Test(snapshot, SN_07_saving_changes_nothing_and_files_repeat)
{
	struct machine *machine = make_busy("interp"), *straight = make_busy("interp");
	struct error error = {0};
	save(machine, path);
	save(machine, other);
	struct snapshot *a = snapshot_open(path, &error), *b = snapshot_open(other, &error);
	cr_assert_eq(snapshot_diff(a, b, stdout, &error), 0);
	snapshot_close(b);
	machine_run_until(machine, 2 * TICKS);
	machine_run_until(straight, 2 * TICKS);
	expect_equal(machine, straight);
	host_memory(machine)[0x300000] = 7;
	host_memory(machine)[0x301fff] = 7;
	save(machine, other);
	b = snapshot_open(other, &error);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	cr_assert_gt(snapshot_diff(a, b, out, &error), 3);
	fclose(out);
	cr_assert_not_null(strstr(text, "ram: 0x300000-0x301fff\n"), "%s", text);
	cr_assert_not_null(strstr(text, "machine.0.clock.now: 0x30d40 | 0x61a80\n"), "%s", text);
	cr_assert_not_null(strstr(text, "riscv-hart.1.cpu.trap_count: "), "%s", text);
	free(text);
	snapshot_close(a);
	snapshot_close(b);
	board_free(machine);
	board_free(straight);
}

Test(snapshot, SN_08_description_and_notes_can_be_read)
{
	struct machine *machine = make_busy("interp");
	struct error error = {0};
	struct snapshot_figures figures;
	char value[8];
	save(machine, path);
	struct snapshot *snapshot = snapshot_open(path, &error);
	cr_assert(snapshot_value(snapshot, "note", value, sizeof(value)));
	cr_assert_str_eq(value, "text");
	cr_assert(snapshot_value(snapshot, "cpus", value, sizeof(value)));
	cr_assert_str_eq(value, "2");
	cr_assert(snapshot_value(snapshot, "cpu.extensions", value, sizeof(value)), "cut");
	cr_assert_eq(strlen(value), sizeof(value) - 1);
	cr_assert(!snapshot_value(snapshot, "cpu", value, sizeof(value)));
	cr_assert_eq(snapshot_measure(snapshot, &figures, &error), 0, "%s", error.text);
	cr_assert_eq(figures.memory_size, BOARD_MEMORY_MIN + VIRT_RISCV_ROM_SIZE);
	cr_assert_geq(figures.memory_pages, 3);
	cr_assert_lt(figures.memory_pages, 20, "only pages that are not zero");
	snapshot_close(snapshot);
	board_free(machine);
}

static void expect_mismatch(const struct board_config *config, const char *words)
{
	struct error error = {0};
	struct machine *machine = make(config, true);
	uint64_t before = state_hash(&machine->state);
	cr_assert_eq(restore(path, machine, &error), -1);
	cr_assert_eq(error.exit_code, EXIT_CODE_USAGE);
	cr_assert_not_null(strstr(error.text, words), "%s (expected: %s)", error.text, words);
	cr_assert_eq(state_hash(&machine->state), before, "nothing has changed");
	board_free(machine);
}

Test(snapshot, SN_09_another_machine_says_what_differs)
{
	static const struct {
		const char *cpu, *words;
	} cpus[] = {
		{"rv64,misaligned=trap", "cpu.misaligned=hw, expected trap"               },
		{"rv64,mmu=sv39",        "cpu.mmu=sv57, expected sv39"                    },
		{"rv64,-zba",            "made by a CPU with zba, expected one without it"},
		{"rv64,mvendorid=7",     "cpu.mvendorid=0x0, expected 0x7"                },
	};
	struct machine *machine = make_busy("interp");
	struct board_config config;
	struct error error = {0};
	save(machine, path);
	board_free(machine);
	for (unsigned i = 0; i < sizeof(cpus) / sizeof(cpus[0]); i++) {
		configure(&config, "interp");
		cr_assert_eq(riscv_config_parse(&config.riscv, cpus[i].cpu, &error), 0);
		expect_mismatch(&config, cpus[i].words);
	}
	configure(&config, "interp");
	config.cpu_count = 3;
	expect_mismatch(&config, "cpus=2, expected 3");
	configure(&config, "interp");
	config.memory_size *= 2;
	expect_mismatch(&config, "memory=67108864, expected 134217728");
	configure(&config, "interp");
	config.ns_numerator = 2;
	expect_mismatch(&config, "clock=1/1, expected 2/1");
	configure(&config, "interp");
	const char *device = "virtio-rng";
	config.devices = &device;
	config.device_count = 1;
	expect_mismatch(&config, "device0=none, expected rng,");
	configure(&config, "interp");
	cr_assert_eq(riscv_config_parse(&config.riscv, "rv64gc", &error), 0);
	machine = make(&config, true);
	save(machine, path);
	board_free(machine);
	configure(&config, "interp");
	expect_mismatch(&config, "made by a CPU without zicbom, expected one with it");
}

/* -- damage -- */

static uint8_t *read_all(const char *name, size_t *size)
{
	FILE *file = fopen(name, "r");
	fseek(file, 0, SEEK_END);
	*size = (size_t)ftell(file);
	rewind(file);
	uint8_t *bytes = malloc(*size);
	cr_assert_eq(fread(bytes, 1, *size, file), *size);
	fclose(file);
	return bytes;
}

static void write_all(const char *name, const uint8_t *bytes, size_t size)
{
	FILE *file = fopen(name, "w");
	cr_assert_eq(fwrite(bytes, 1, size, file), size);
	fclose(file);
}

/* Opens and measures, which checks all that restoring does but the machine. */
static int check(const char *name, struct error *error)
{
	struct snapshot_figures figures;
	struct snapshot *snapshot = snapshot_open(name, error);
	int result = snapshot ? snapshot_measure(snapshot, &figures, error) : -1;
	snapshot_close(snapshot);
	return result;
}

static void expect_refused(const char *name, const char *what, size_t at)
{
	struct error error = {0};
	cr_assert_eq(check(name, &error), -1, "%s at %zu", what, at);
	cr_assert_eq(error.exit_code, EXIT_CODE_BAD_IMAGE, "%s", error.text);
	cr_assert_eq(strncmp(error.text, other, strlen(other)), 0, "%s", error.text);
	cr_assert_not_null(strstr(error.text, ": offset "), "%s", error.text);
	cr_assert_not_null(strstr(error.text, "expected"), "%s", error.text);
	cr_assert_null(strchr(error.text, '\n'));
}

Test(snapshot, SN_10_every_damaged_byte_is_noticed)
{
	struct machine *machine = make_busy("interp");
	size_t size;
	save(machine, path);
	board_free(machine);
	uint8_t *bytes = read_all(path, &size);
	write_all(other, bytes, size);
	FILE *file = fopen(other, "r+");
	for (size_t at = 0; at < size; at++) {
		uint8_t damaged = bytes[at] ^ (uint8_t)(1u << at % 8);
		fseek(file, (long)at, SEEK_SET);
		fputc(damaged, file);
		fflush(file);
		expect_refused(other, "damaged byte", at);
		fseek(file, (long)at, SEEK_SET);
		fputc(bytes[at], file);
	}
	fclose(file);
	free(bytes);
}

Test(snapshot, SN_11_every_truncation_is_noticed)
{
	struct machine *machine = make_busy("interp");
	size_t size;
	save(machine, path);
	board_free(machine);
	uint8_t *bytes = read_all(path, &size);
	write_all(other, bytes, size);
	write_all(path, bytes, size);
	FILE *file = fopen(other, "a");
	fputc(0, file);
	fclose(file);
	expect_refused(other, "a byte more", size);
	for (size_t left = size; left-- > 0;) {
		cr_assert_eq(truncate(other, (off_t)left), 0);
		expect_refused(other, "truncated", left);
	}
	free(bytes);
}

/* Makes the checksums of a damaged file right again, as an attacker would. */
static void forge(uint8_t *bytes, size_t size)
{
	mb_put64le(bytes + HEADER_FILE_SIZE, size);
	for (unsigned i = 0; i < SNAPSHOT_MEMORY; i++) {
		uint8_t *entry = bytes + HEADER_SIZE + (size_t)i * ENTRY_SIZE;
		uint64_t offset = mb_get64le(entry + ENTRY_OFFSET);
		uint64_t length = mb_get64le(entry + ENTRY_LENGTH);
		if (offset <= size && length <= size - offset)
			mb_put32le(entry + ENTRY_CRC, snapshot_crc(0, bytes + offset, length));
	}
	uint8_t *entry = bytes + HEADER_SIZE + (size_t)SNAPSHOT_MEMORY * ENTRY_SIZE;
	uint64_t at = mb_get64le(entry + ENTRY_OFFSET);
	uint32_t crc = 0;
	while (at <= size && size - at >= BLOCK_SIZE) {
		crc = snapshot_crc(crc, bytes + at, BLOCK_SIZE);
		at += BLOCK_SIZE;
		for (bool more = true; more && size - at >= CHUNK_SIZE;) {
			uint8_t *chunk = bytes + at;
			uint64_t length = mb_get32le(chunk + CHUNK_LENGTH);
			at += CHUNK_SIZE;
			if (length > size - at)
				length = size - at;
			more = mb_get64le(chunk) != 0;
			if (more)
				mb_put32le(chunk + CHUNK_CRC, snapshot_crc(0, bytes + at, length));
			crc = snapshot_crc(crc, chunk, CHUNK_SIZE);
			at += length;
		}
	}
	mb_put32le(entry + ENTRY_CRC, crc);
	mb_put32le(bytes + HEADER_CRC, 0);
	mb_put32le(bytes + HEADER_CRC, snapshot_crc(0, bytes, TABLE_END));
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Files that lie with right checksums: refused, or restored and run without harm to us. */
Test(snapshot, SN_12_forged_files_do_no_harm, .timeout = 300)
{
	struct machine *machine = make_busy("interp");
	size_t size;
	unsigned accepted = 0, refused = 0;
	uint64_t random = 0x2545f4914f6cdd1dull;
	save(machine, path);
	uint8_t *bytes = read_all(path, &size), *forged = malloc(size);
	for (unsigned round = 0; round < 400; round++) {
		struct error error = {0};
		memcpy(forged, bytes, size);
		for (unsigned i = next_random(&random) % 8; i < 8; i++) {
			uint64_t at = next_random(&random);
			at = round % 2 ? at % size : at % 12000;
			forged[at < size ? at : 0] = (uint8_t)next_random(&random);
		}
		forge(forged, size);
		write_all(other, forged, size);
		machine->stop.kind = STOP_NONE;
		if (restore(other, machine, &error)) {
			refused++;
			cr_assert_neq(error.exit_code, 0);
			continue;
		}
		accepted++;
		machine_run_until(machine, machine->clock.now + 3000);
	}
	cr_assert_gt(accepted, 20);
	cr_assert_gt(refused, 20);
	struct error error = {0};
	cr_assert_eq(restore(path, machine, &error), 0, "%s", error.text);
	machine_run_until(machine, 2 * TICKS);
	struct machine *straight = make_busy("interp");
	machine_run_until(straight, 2 * TICKS);
	expect_equal(machine, straight);
	free(bytes);
	free(forged);
	board_free(straight);
	board_free(machine);
}

Test(snapshot, SN_13_foreign_files_are_refused)
{
	struct error error = {0};
	write_all(other, (const uint8_t *)"#!/bin/sh\necho no snapshot\n", 27);
	expect_refused(other, "text", 0);
	write_all(other, (const uint8_t *)"", 0);
	expect_refused(other, "empty", 0);
	cr_assert_null(snapshot_open("/nonexistent/x", &error));
	cr_assert_eq(error.exit_code, EXIT_CODE_USAGE);
	error = (struct error){0};
	cr_assert_null(snapshot_open(folder, &error));
	cr_assert_eq(error.exit_code, EXIT_CODE_USAGE);
	error = (struct error){0};
	cr_assert_null(snapshot_open("/dev/zero", &error));
	cr_assert_not_null(strstr(error.text, "expected a regular file"), "%s", error.text);
}

Test(snapshot, SN_14_what_cannot_be_written_leaves_the_old_file)
{
	struct machine *machine = make_busy("interp");
	struct error error = {0};
	size_t size, after;
	struct rlimit limit = {4096, RLIM_INFINITY}, old;
	save(machine, path);
	uint8_t *before = read_all(path, &size);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	setrlimit(RLIMIT_FSIZE, &limit);
	machine_run_until(machine, 2 * TICKS);
	int result = snapshot_save(machine, NULL, path, &error);
	setrlimit(RLIMIT_FSIZE, &old);
	cr_assert_eq(result, -1);
	cr_assert_eq(error.exit_code, EXIT_CODE_USAGE);
	cr_assert_not_null(strstr(error.text, "cannot write the snapshot: "), "%s", error.text);
	uint8_t *now = read_all(path, &after);
	cr_assert_eq(size, after);
	cr_assert_eq(memcmp(before, now, size), 0);
	free(before);
	free(now);
	error = (struct error){0};
	cr_assert_eq(snapshot_save(machine, NULL, "/nonexistent/x", &error), -1);
	error = (struct error){0};
	cr_assert_eq(snapshot_save(machine, NULL, "/dev/null", &error), -1);
	cr_assert_not_null(strstr(error.text, "not a regular file"), "%s", error.text);
	board_free(machine);
}
