/*
 * The worked example of docs/adding-a-device.md, compiled and tested here so that the guide stays
 * true. It is no row of the table: no board has it.
 */
#include <stdlib.h>

#include "bench.h"

/* A watchdog that barks: unless it is fed in time, it raises its wire. */

enum {
	LIMIT = 0x0, /* read, write: milliseconds; 0: off */
	FEED = 0x4,  /* write: start again, stop barking */
	LEFT = 0x8,  /* read: milliseconds until it barks */
};

#define NS_PER_MS 1000000ull

struct watchdog_config {
	uint32_t limit_ms; /* at reset */
};

struct watchdog {
	struct device device;
	uint32_t initial_ms;
	uint32_t limit_ms;
	uint8_t barking;
	struct clock_event event; /* not scheduled: off or barking */
};

static void watchdog_start(struct watchdog *watchdog)
{
	struct clock *clock = watchdog->device.host.clock;
	uint64_t when = CLOCK_NEVER;
	watchdog->barking = 0;
	if (watchdog->limit_ms)
		when = clock_tick_at_ns(clock, clock_ns(clock) + watchdog->limit_ms * NS_PER_MS);
	clock_schedule(clock, &watchdog->event, when);
	device_set_irq(&watchdog->device, 0, false);
}

static void watchdog_bark(void *opaque, uint64_t now)
{
	(void)now;
	struct watchdog *watchdog = opaque;
	watchdog->barking = 1;
	device_set_irq(&watchdog->device, 0, true);
}

static uint32_t watchdog_left(const struct watchdog *watchdog)
{
	const struct clock *clock = watchdog->device.host.clock;
	if (watchdog->event.when == CLOCK_NEVER)
		return 0;
	return (clock_ns_at(clock, watchdog->event.when) - clock_ns(clock)) / NS_PER_MS;
}

static mb_result watchdog_read(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			       uint64_t *value)
{
	(void)size, (void)attrs;
	const struct watchdog *watchdog = opaque;
	switch (offset) {
	case LIMIT: *value = watchdog->limit_ms; break;
	case LEFT: *value = watchdog_left(watchdog); break;
	default: *value = 0; break;
	}
	return MB_OK;
}

static mb_result watchdog_write(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
				uint64_t value)
{
	(void)size, (void)attrs;
	struct watchdog *watchdog = opaque;
	switch (offset) {
	case LIMIT:
		watchdog->limit_ms = value;
		watchdog_start(watchdog);
		break;
	case FEED: watchdog_start(watchdog); break;
	}
	return MB_OK;
}

static const struct mb_ops watchdog_registers = {
	.read = watchdog_read,
	.write = watchdog_write,
	.endian = MB_LITTLE,
	.valid = {.min = 4, .max = 4},
	.impl = {.min = 4, .max = 4},
};

static int watchdog_create(struct device *device, const void *config, struct error *error)
{
	const struct watchdog_config *wanted = config;
	struct watchdog *watchdog = (struct watchdog *)device;
	watchdog->initial_ms = wanted ? wanted->limit_ms : 0;
	clock_event_init(&watchdog->event, watchdog_bark, watchdog);
	if (watchdog->initial_ms > 3600000)
		return error_set(error, EXIT_CODE_USAGE, "watchdog: limit %u ms, at most an hour",
				 watchdog->initial_ms);
	return 0;
}

static void watchdog_destroy(struct device *device)
{
	struct watchdog *watchdog = (struct watchdog *)device;
	clock_cancel(device->host.clock, &watchdog->event);
}

static void watchdog_reset(struct device *device)
{
	struct watchdog *watchdog = (struct watchdog *)device;
	watchdog->limit_ms = watchdog->initial_ms;
	watchdog_start(watchdog);
}

static void watchdog_loaded(void *opaque)
{
	struct watchdog *watchdog = opaque;
	watchdog->barking &= 1;
	clock_restore(watchdog->device.host.clock, &watchdog->event);
	device_set_irq(&watchdog->device, 0, watchdog->barking);
}

static void watchdog_fdt(const struct device *device, struct device_fdt *fdt)
{
	device_fdt_begin(device, fdt, "watchdog", device->ops->region_size);
	device_fdt_string(fdt, "compatible", "example,watchdog");
	device_fdt_end(fdt);
}

static const struct state_field watchdog_fields[] = {
	STATE_FIELD(struct watchdog, limit_ms),
	STATE_FIELD(struct watchdog, barking),
	STATE_EVENT(struct watchdog, event),
};

static const struct device_ops watchdog_ops = {
	.name = "watchdog",
	.summary = "watchdog that raises a wire",
	.object_size = sizeof(struct watchdog),
	.region_size = 0x1000,
	.registers = &watchdog_registers,
	.create = watchdog_create,
	.destroy = watchdog_destroy,
	.reset = watchdog_reset,
	.fdt = watchdog_fdt,
	.fields = watchdog_fields,
	.field_count = sizeof(watchdog_fields) / sizeof(watchdog_fields[0]),
	.version = 1,
	.loaded = watchdog_loaded,
};

/* Its test, as the guide shows it. */

#define WATCHDOG 0x10000000ull

Test(example_watchdog, barks_unless_fed)
{
	struct bench bench;
	bench_init(&bench);
	bench_add(&bench, &watchdog_ops, WATCHDOG, NULL);
	bench_write(&bench, WATCHDOG + LIMIT, 4, 5);
	bench_pass(&bench, 4 * NS_PER_MS);
	cr_assert_eq(bench_read(&bench, WATCHDOG + LEFT, 4), 1);
	bench_write(&bench, WATCHDOG + FEED, 4, 0);
	bench_pass(&bench, 4 * NS_PER_MS);
	cr_assert(!bench.wire[0]);
	bench_pass(&bench, 1 * NS_PER_MS);
	cr_assert(bench.wire[0]);
	bench_fini(&bench);
}

Test(example_watchdog, refuses_a_silly_limit)
{
	struct bench bench;
	struct error error = {0};
	const struct watchdog_config config = {.limit_ms = 4000000};
	bench_init(&bench);
	cr_assert_null(bench_try(&bench, &watchdog_ops, WATCHDOG, &config, &error));
	cr_assert_eq(error.exit_code, EXIT_CODE_USAGE);
	bench_fini(&bench);
}

/* The guide. */

static char *read_text(const char *path)
{
	FILE *file = fopen(path, "r");
	cr_assert_not_null(file, "%s", path);
	char *text = calloc(1, 100000);
	cr_assert_gt(fread(text, 1, 99999, file), 0);
	fclose(file);
	return text;
}

/* Each code block of the guide that is about the example occurs in this file word for word. */
Test(example_watchdog, guide_shows_this_code)
{
	char path[1024];
	char *source = read_text(__FILE__);
	snprintf(path, sizeof(path), "%.*s/../../docs/adding-a-device.md",
		 (int)(strrchr(__FILE__, '/') - __FILE__), __FILE__);
	char *guide = read_text(path);
	unsigned blocks = 0;
	for (char *block = strstr(guide, "```c\n"); block; block = strstr(block, "```c\n")) {
		block += strlen("```c\n");
		char *end = strstr(block, "```");
		cr_assert_not_null(end);
		*end = '\0';
		cr_assert(strstr(source, block), "the guide shows code that is not here:\n%s",
			  block);
		block = end + 1;
		blocks++;
	}
	cr_assert_geq(blocks, 6);
	free(source);
	free(guide);
}
