/* The virtual clock: ratios, order of events, cancelling. */
#include <criterion/criterion.h>

#include "core/clock.h"

struct record {
	int order[8];
	unsigned count;
};

struct tagged {
	struct clock_event event;
	struct record *record;
	int tag;
	struct clock *clock;
	uint64_t again; /* reschedule this much later, once */
};

static void fired(void *opaque, uint64_t now)
{
	struct tagged *tagged = opaque;
	tagged->record->order[tagged->record->count++] = tagged->tag;
	if (tagged->again) {
		uint64_t when = now + tagged->again;
		tagged->again = 0;
		clock_schedule(tagged->clock, &tagged->event, when);
	}
}

static void tagged_init(struct tagged *tagged, struct clock *clock, struct record *record, int tag)
{
	*tagged = (struct tagged){.record = record, .tag = tag, .clock = clock};
	clock_event_init(&tagged->event, fired, tagged);
}

Test(clock, events_fire_in_order_of_time_then_of_scheduling)
{
	struct clock clock;
	struct record record = {.count = 0};
	struct tagged events[3];
	clock_init(&clock, 1, 1);
	for (int i = 0; i < 3; i++)
		tagged_init(&events[i], &clock, &record, i);
	clock_schedule(&clock, &events[0].event, 20);
	clock_schedule(&clock, &events[1].event, 10);
	clock_schedule(&clock, &events[2].event, 10);
	cr_assert_eq(clock_next(&clock), 10);
	clock_advance(&clock, 9);
	cr_assert_eq(record.count, 0);
	clock_advance(&clock, 20);
	cr_assert_eq(record.count, 3);
	cr_assert_eq(record.order[0], 1);
	cr_assert_eq(record.order[1], 2);
	cr_assert_eq(record.order[2], 0);
	cr_assert_eq(clock_next(&clock), CLOCK_NEVER);
}

Test(clock, an_event_may_schedule_itself_again_and_be_cancelled)
{
	struct clock clock;
	struct record record = {.count = 0};
	struct tagged event, other;
	clock_init(&clock, 1, 1);
	tagged_init(&event, &clock, &record, 1);
	tagged_init(&other, &clock, &record, 2);
	event.again = 5;
	clock_schedule(&clock, &event.event, 10);
	clock_schedule(&clock, &other.event, 12);
	clock_cancel(&clock, &other.event);
	clock_cancel(&clock, &other.event);
	clock_advance(&clock, 10);
	cr_assert_eq(record.count, 1);
	cr_assert_eq(clock_next(&clock), 15);
	clock_advance(&clock, 100);
	cr_assert_eq(record.count, 2);
	cr_assert_eq(other.event.when, CLOCK_NEVER);
}

Test(clock, nanoseconds_round_so_that_no_event_comes_early)
{
	struct clock clock;
	clock_init(&clock, 10, 3);
	for (uint64_t ns = 0; ns < 1000; ns++) {
		uint64_t tick = clock_tick_at_ns(&clock, ns);
		cr_assert_geq(clock_ns_at(&clock, tick), ns);
		if (tick)
			cr_assert_lt(clock_ns_at(&clock, tick - 1), ns);
	}
	cr_assert_eq(clock_tick_at_ns(&clock, UINT64_MAX) > 1ull << 60, 1);
	clock_init(&clock, 1, UINT64_MAX);
	cr_assert_eq(clock_tick_at_ns(&clock, UINT64_MAX), CLOCK_NEVER);
}

static void note_earlier(void *opaque, uint64_t when)
{
	*(uint64_t *)opaque = when;
}

Test(clock, whoever_runs_is_told_of_an_earlier_event)
{
	struct clock clock;
	struct record record = {.count = 0};
	struct tagged events[2];
	uint64_t told = 0;
	clock_init(&clock, 1, 1);
	clock.earlier = note_earlier;
	clock.earlier_opaque = &told;
	for (int i = 0; i < 2; i++)
		tagged_init(&events[i], &clock, &record, i);
	clock_schedule(&clock, &events[0].event, 20);
	cr_assert_eq(told, 20);
	clock_schedule(&clock, &events[1].event, 30);
	cr_assert_eq(told, 20);
	clock_schedule(&clock, &events[1].event, 5);
	cr_assert_eq(told, 5);
}

Test(clock, restored_events_keep_their_order)
{
	struct clock clock;
	struct record record = {.count = 0};
	struct tagged events[4];
	clock_init(&clock, 1, 1);
	for (int i = 0; i < 4; i++)
		tagged_init(&events[i], &clock, &record, i);
	clock_schedule(&clock, &events[3].event, 50);
	clock_detach_all(&clock);
	cr_assert_eq(clock_next(&clock), CLOCK_NEVER);
	clock.now = 10;
	const uint64_t when[] = {30, 30, 5, CLOCK_NEVER}, sequence[] = {7, 6, 8, 0};
	for (int i = 0; i < 4; i++) {
		events[i].event.when = when[i];
		events[i].event.sequence = sequence[i];
		clock_restore(&clock, &events[i].event);
	}
	cr_assert_eq(clock_next(&clock), 10, "what was due in the past is due now");
	clock_advance(&clock, 30);
	cr_assert_eq(record.count, 3);
	cr_assert_eq(record.order[0], 2);
	cr_assert_eq(record.order[1], 1);
	cr_assert_eq(record.order[2], 0);
}
