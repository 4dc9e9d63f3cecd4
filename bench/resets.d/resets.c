/*
 * How often a second a machine is run for some instructions and set back (machines/reset.h). The
 * machine is a whole board; the guest program stores to a number of pages, round after round.
 *
 *	bench-resets [--engine NAME] [--instructions N] [--pages N] [--seconds N] [--json]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bus/bus.h"
#include "engine/engine.h"
#include "machines/board.h"
#include "machines/reset.h"

enum { PAGES_MAX = 64 };

struct settings {
	const char *engine;
	unsigned long instructions, pages;
	double seconds;
	bool json;
};

static double cpu_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int fail(const char *text)
{
	fprintf(stderr, "bench-resets: %s\n", text);
	return 125;
}

/* The guest: a0 = the first page; then for ever: count, store to each page, mix. */
static unsigned make_program(uint32_t *words, unsigned pages)
{
	unsigned count = 0, loop;
	words[count++] = 0x80010537; /* lui a0, 0x80010 */
	words[count++] = 0x02051513; /* slli a0, a0, 32 */
	words[count++] = 0x02055513; /* srli a0, a0, 32 */
	words[count++] = 0x00001737; /* lui a4, 1 */
	loop = count;
	words[count++] = 0x00050593; /* mv a1, a0 */
	for (unsigned i = 0; i < pages; i++) {
		words[count++] = 0x00128293; /* addi t0, t0, 1 */
		words[count++] = 0x0055b423; /* sd t0, 8(a1) */
		words[count++] = 0x00534333; /* xor t1, t1, t0 */
		words[count++] = 0x0085be83; /* ld t4, 8(a1) */
		words[count++] = 0x00e585b3; /* add a1, a1, a4 */
	}
	/* jal zero, loop */
	uint32_t distance = (uint32_t)(4 * ((int)loop - (int)count));
	words[count++] = 0x6f | (distance & 0xff000) | (distance >> 11 & 1) << 20 |
			 (distance >> 1 & 0x3ff) << 21 | (distance >> 20 & 1) << 31;
	return count;
}

static int make_machine(const struct settings *settings, struct machine **machine)
{
	uint32_t words[16 + 5 * PAGES_MAX];
	char path[] = "/tmp/bench-resets-XXXXXX";
	struct board_config config;
	struct error error = {0};
	board_config_default(&config);
	config.engine = engine_find(settings->engine);
	config.firmware = BOARD_FIRMWARE_OFF;
	config.kernel = path;
	if (!config.engine)
		return fail("--engine: not available here, expected step, interp or jit");
	size_t size = 4 * make_program(words, (unsigned)settings->pages);
	int fd = mkstemp(path);
	if (fd < 0 || write(fd, words, size) != (ssize_t)size)
		return fail("cannot write a temporary file");
	close(fd);
	int status = board_new(&config, machine, &error);
	unlink(path);
	return status ? fail(error.text) : 0;
}

struct figures {
	uint64_t resets;
	double seconds; /* for them */
	double run;     /* of that, without the returns */
	struct reset_figures point;
};

/* Runs only, to the same length: what is left is the price of a reset. */
static double time_runs(struct machine *machine, unsigned long instructions, uint64_t count)
{
	double start = cpu_seconds();
	for (uint64_t i = 0; i < count; i++)
		machine_run_until(machine, machine->clock.now + instructions);
	return (cpu_seconds() - start) / (double)count;
}

static int measure(const struct settings *settings, struct machine *machine,
		   struct figures *figures)
{
	struct reset_point *point;
	machine->poll = NULL;
	machine_run_until(machine, 1000);
	if (reset_point_new(machine, &point))
		return fail("out of memory");
	uint64_t target = machine->clock.now + settings->instructions;
	double start = 0;
	for (uint64_t round = 0; !start || figures->seconds < settings->seconds; round++) {
		if (round == 1000) /* everything is translated, all pages are kept */
			start = cpu_seconds();
		machine_run_until(machine, target);
		if (reset_point_return(point))
			return fail("out of memory");
		figures->resets += start != 0;
		if (start && round % 1000 == 0)
			figures->seconds = cpu_seconds() - start;
	}
	reset_point_figures(point, &figures->point);
	reset_point_free(point);
	figures->run = time_runs(machine, settings->instructions, figures->resets);
	return 0;
}

static void print(const struct settings *settings, const struct figures *figures)
{
	double each = figures->seconds / (double)figures->resets;
	double pages = (double)figures->point.pages / (double)figures->point.returns;
	if (settings->json) {
		printf("{\"engine\": \"%s\", \"instructions\": %lu, \"pages\": %.2f, "
		       "\"resets\": %llu, \"seconds\": %.6f, \"resets_per_second\": %.0f, "
		       "\"ns_per_reset\": %.1f, \"ns_of_running\": %.1f, \"state_bytes\": %llu}\n",
		       settings->engine, settings->instructions, pages,
		       (unsigned long long)figures->resets, figures->seconds, 1 / each, 1e9 * each,
		       1e9 * figures->run, (unsigned long long)figures->point.state_bytes);
		return;
	}
	printf("%.0f resets a second: %s, %lu instructions, %.2f pages; %.0f ns each, of which "
	       "%.0f "
	       "ns to run\n",
	       1 / each, settings->engine, settings->instructions, pages, 1e9 * each,
	       1e9 * figures->run);
}

static int parse(struct settings *settings, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;
		if (!strcmp(argv[i], "--json")) {
			settings->json = true;
			continue;
		}
		if (!value)
			return fail("expected an option with a value, or --json");
		if (!strcmp(argv[i], "--engine"))
			settings->engine = value;
		else if (!strcmp(argv[i], "--instructions"))
			settings->instructions = strtoul(value, NULL, 0);
		else if (!strcmp(argv[i], "--pages"))
			settings->pages = strtoul(value, NULL, 0);
		else if (!strcmp(argv[i], "--seconds"))
			settings->seconds = strtod(value, NULL);
		else
			return fail(
				"expected --engine, --instructions, --pages, --seconds or --json");
		i++;
	}
	if (!settings->instructions || settings->pages > PAGES_MAX || settings->seconds > 3600)
		return fail("expected instructions, at most 64 pages, at most 3600 seconds");
	return 0;
}

int main(int argc, char **argv)
{
	struct settings settings = {.engine = ENGINE_HAS_JIT ? "jit" : "interp",
				    .instructions = 200,
				    .pages = 4,
				    .seconds = 1};
	struct figures figures = {0};
	struct machine *machine = NULL;
	int status = parse(&settings, argc, argv);
	if (!status)
		status = make_machine(&settings, &machine);
	if (!status)
		status = measure(&settings, machine, &figures);
	if (!status)
		print(&settings, &figures);
	board_free(machine);
	return status;
}
