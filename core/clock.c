#include "core/clock.h"

#include <stddef.h>

void clock_init(struct clock *clock, uint64_t ns_numerator, uint64_t ns_denominator)
{
	*clock = (struct clock){
		.ns_numerator = ns_numerator,
		.ns_denominator = ns_denominator,
	};
}

uint64_t clock_ns_at(const struct clock *clock, uint64_t tick)
{
	unsigned __int128 product = (unsigned __int128)tick * clock->ns_numerator;
	unsigned __int128 ns = product / clock->ns_denominator;
	return ns > UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}

uint64_t clock_ns(const struct clock *clock)
{
	return clock_ns_at(clock, clock->now);
}

uint64_t clock_tick_at_ns(const struct clock *clock, uint64_t ns)
{
	unsigned __int128 product = (unsigned __int128)ns * clock->ns_denominator;
	unsigned __int128 tick = (product + clock->ns_numerator - 1) / clock->ns_numerator;
	return tick >= CLOCK_NEVER ? CLOCK_NEVER : (uint64_t)tick;
}

void clock_event_init(struct clock_event *event, clock_event_fn *fire, void *opaque)
{
	*event = (struct clock_event){.fire = fire, .opaque = opaque, .when = CLOCK_NEVER};
}

static void unlink_event(struct clock *clock, struct clock_event *event)
{
	struct clock_event **link = &clock->head;
	while (*link && *link != event)
		link = &(*link)->next;
	if (*link)
		*link = event->next;
	event->next = NULL;
}

void clock_cancel(struct clock *clock, struct clock_event *event)
{
	if (event->when == CLOCK_NEVER)
		return;
	unlink_event(clock, event);
	event->when = CLOCK_NEVER;
}

void clock_schedule(struct clock *clock, struct clock_event *event, uint64_t when)
{
	if (event->when == when)
		return;
	clock_cancel(clock, event);
	if (when == CLOCK_NEVER)
		return;
	event->when = when;
	event->sequence = clock->sequence++;
	struct clock_event **link = &clock->head;
	while (*link && (*link)->when <= when)
		link = &(*link)->next;
	event->next = *link;
	*link = event;
	if (clock->head == event && clock->earlier)
		clock->earlier(clock->earlier_opaque, when);
}

/* Not to be confused with an event at the same time: the one scheduled first is first. */
static bool is_before(const struct clock_event *a, const struct clock_event *b)
{
	return a->when != b->when ? a->when < b->when : a->sequence < b->sequence;
}

void clock_restore(struct clock *clock, struct clock_event *event)
{
	unlink_event(clock, event);
	if (event->when == CLOCK_NEVER)
		return;
	if (event->when < clock->now)
		event->when = clock->now;
	struct clock_event **link = &clock->head;
	while (*link && !is_before(event, *link))
		link = &(*link)->next;
	event->next = *link;
	*link = event;
}

void clock_detach_all(struct clock *clock)
{
	while (clock->head) {
		struct clock_event *event = clock->head;
		clock->head = event->next;
		event->next = NULL;
	}
}

uint64_t clock_next(const struct clock *clock)
{
	return clock->head ? clock->head->when : CLOCK_NEVER;
}

void clock_advance(struct clock *clock, uint64_t now)
{
	clock->now = now;
	while (clock->head && clock->head->when <= now) {
		struct clock_event *event = clock->head;
		clock->head = event->next;
		event->next = NULL;
		event->when = CLOCK_NEVER;
		event->fire(event->opaque, now);
	}
}
