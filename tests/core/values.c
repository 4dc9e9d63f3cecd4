/* Errors, log settings, observers, the state registry. */
#include <criterion/criterion.h>
#include <string.h>

#include "core/error.h"
#include "core/log.h"
#include "core/observer.h"
#include "core/state.h"

Test(error, the_first_one_is_kept)
{
	struct error error = {0};
	cr_assert_eq(error_set(&error, EXIT_CODE_BAD_IMAGE, "file: offset %d", 12), -1);
	cr_assert_eq(error_set(&error, EXIT_CODE_USAGE, "later"), -1);
	cr_assert_eq(error.exit_code, EXIT_CODE_BAD_IMAGE);
	cr_assert_str_eq(error.text, "file: offset 12");
	cr_assert_eq(error_set(NULL, EXIT_CODE_USAGE, "nobody listens"), -1);
}

Test(log, settings)
{
	struct log log;
	log_init(&log, NULL, LOG_WARN);
	cr_assert_eq(log_configure(&log, "sbi=debug"), 0);
	cr_assert_eq(log.level[LOG_SBI], LOG_DEBUG);
	cr_assert_eq(log.level[LOG_CPU], LOG_WARN);
	cr_assert_eq(log_configure(&log, "error"), 0);
	cr_assert_eq(log.level[LOG_SBI], LOG_ERROR);
	cr_assert_eq(log_configure(&log, "sbi=loud"), -1);
	cr_assert_eq(log_configure(&log, "sb=debug"), -1);
	cr_assert_eq(log_configure(&log, ""), -1);
}

Test(log, writes_what_the_level_admits)
{
	char *text = NULL;
	size_t size = 0;
	struct log log;
	FILE *stream = open_memstream(&text, &size);
	log_init(&log, stream, LOG_WARN);
	log_write(&log, LOG_BUS, LOG_WARN, "seen %d", 1);
	log_write(&log, LOG_BUS, LOG_INFO, "not seen");
	log_write(NULL, LOG_BUS, LOG_ERROR, "nowhere");
	fclose(stream);
	cr_assert_str_eq(text, "trapline: bus: seen 1\n");
	free(text);
}

static void count(void *opaque, const struct cpu *cpu, const struct observation *observation)
{
	(void)cpu, (void)observation;
	++*(unsigned *)opaque;
}

Test(observer, hears_what_it_asked_for)
{
	struct observer_list list = {0};
	unsigned traps = 0, both = 0;
	struct observer a = {.kinds = OBSERVE_BIT(OBSERVE_TRAP), .notify = count, .opaque = &traps};
	struct observer b = {
		.kinds = OBSERVE_BIT(OBSERVE_TRAP) | OBSERVE_BIT(OBSERVE_CSR),
		.notify = count,
		.opaque = &both,
	};
	observer_add(&list, &a);
	observer_add(&list, &b);
	cr_assert(observer_wants(&list, OBSERVE_CSR));
	observer_notify(&list, NULL, &(struct observation){.kind = OBSERVE_TRAP});
	observer_notify(&list, NULL, &(struct observation){.kind = OBSERVE_CSR});
	cr_assert_eq(traps, 1);
	cr_assert_eq(both, 2);
	observer_remove(&list, &b);
	observer_remove(&list, &b);
	cr_assert_not(observer_wants(&list, OBSERVE_CSR));
	cr_assert(observer_wants(&list, OBSERVE_TRAP));
}

struct thing {
	uint32_t word;
	uint64_t array[3];
	uint8_t derived; /* not registered */
};

static const struct state_field thing_fields[] = {
	STATE_FIELD(struct thing, word),
	STATE_ARRAY(struct thing, array),
};

Test(state, hash_sees_registered_fields_and_no_others)
{
	struct state_registry registry;
	struct thing thing = {.word = 1};
	struct state_section section = {
		.name = "thing",
		.base = &thing,
		.fields = thing_fields,
		.field_count = 2,
	};
	state_init(&registry);
	cr_assert_eq(state_register(&registry, &section), 0);
	cr_assert_eq(state_register(&registry, &section), -1, "the same name and instance twice");
	section.instance = 1;
	cr_assert_eq(state_register(&registry, &section), 0);
	uint64_t before = state_hash(&registry);
	thing.derived = 9;
	cr_assert_eq(state_hash(&registry), before);
	thing.array[2] = 5;
	cr_assert_neq(state_hash(&registry), before);
	state_fini(&registry);
}

struct queue {
	uint32_t used;
	uint8_t bytes[16];
	unsigned loads;
};

static void queue_saving(void *base)
{
	((struct queue *)base)->bytes[0] |= 0x80;
}

static void queue_loaded(void *base)
{
	((struct queue *)base)->loads++;
}

static const struct state_field queue_fields[] = {
	STATE_FIELD(struct queue, used),
	STATE_COUNTED(struct queue, bytes, used),
};

Test(state, saves_what_is_in_use_and_loads_it_whole_or_not_at_all)
{
	struct state_registry registry;
	struct queue queue = {
		.used = 3, .bytes = {1, 2, 3, 4}
        };
	const struct state_section section = {
		.name = "queue",
		.base = &queue,
		.fields = queue_fields,
		.field_count = 2,
		.unhashed = true,
		.saving = queue_saving,
		.loaded = queue_loaded,
	};
	uint8_t saved[32];
	state_init(&registry);
	uint64_t empty = state_hash(&registry);
	cr_assert_eq(state_register(&registry, &section), 0);
	cr_assert_eq(state_hash(&registry), empty, "unhashed");
	cr_assert_eq(state_capacity(&registry), 4 + 16);
	cr_assert_eq(state_save(&registry, saved), 4 + 3);
	queue = (struct queue){.used = 9};
	for (size_t size = 0; size < 10; size++)
		if (size != 7)
			cr_assert_eq(state_load(&registry, saved, size), -1);
	cr_assert_eq(queue.used, 9);
	cr_assert_eq(state_load(&registry, saved, 7), 0);
	cr_assert_eq(queue.used, 3);
	cr_assert_eq(queue.bytes[0], 0x81);
	cr_assert_eq(queue.bytes[2], 3);
	cr_assert_eq(queue.loads, 1);
	saved[0] = 17; /* more than there is room for */
	cr_assert_eq(state_load(&registry, saved, sizeof(saved)), -1);
	state_fini(&registry);
}
