/*
 * The one virtual clock of a machine, and the queue of what is due at which time.
 *
 * Time is counted in retired instructions ("ticks"): the same inputs give the same times, bit for
 * bit, in every engine. Nanoseconds and timebase ticks are derived from it by a fixed ratio.
 */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_NEVER UINT64_MAX

struct clock_event;
typedef void clock_event_fn(void *opaque, uint64_t now);

/*
 * One scheduled call, embedded in its owner. Fires once; the callback may schedule it again.
 * Events with equal times fire in the order in which they were scheduled.
 */
struct clock_event {
	clock_event_fn *fire;
	void *opaque;
	uint64_t when;     /* tick at which it fires; CLOCK_NEVER when not scheduled */
	uint64_t sequence; /* tie break */
	struct clock_event *next;
};

struct clock {
	uint64_t now;          /* tick of the running CPU, exact in device and CSR accesses */
	uint64_t ns_numerator; /* nanoseconds = ticks * numerator / denominator */
	uint64_t ns_denominator;
	uint64_t sequence;
	struct clock_event *head; /* sorted by (when, sequence) */
	/* Called when an event becomes the earliest, so that a running CPU can shorten its slice.
	 */
	void (*earlier)(void *opaque, uint64_t when);
	void *earlier_opaque;
};

/* Starts at tick 0. One instruction lasts numerator/denominator ns; both must be non-zero. */
void clock_init(struct clock *clock, uint64_t ns_numerator, uint64_t ns_denominator);

/* Virtual nanoseconds at a tick, and at the current tick. */
uint64_t clock_ns_at(const struct clock *clock, uint64_t tick);
uint64_t clock_ns(const struct clock *clock);

/* The first tick whose time is at least ns; CLOCK_NEVER if it does not fit. */
uint64_t clock_tick_at_ns(const struct clock *clock, uint64_t ns);

/* Names the callback of an event that is not scheduled yet. */
void clock_event_init(struct clock_event *event, clock_event_fn *fire, void *opaque);

/* (Re)schedules at an absolute tick; CLOCK_NEVER cancels. A past tick fires at the next check. */
void clock_schedule(struct clock *clock, struct clock_event *event, uint64_t when);
void clock_cancel(struct clock *clock, struct clock_event *event);

/*
 * Puts an event whose when and sequence were overwritten, from a snapshot, back into the queue, or
 * out of it if when is CLOCK_NEVER. What was due in the past is due now. The clock's own sequence
 * and now are to be in place.
 */
void clock_restore(struct clock *clock, struct clock_event *event);

/* Takes all events out of the queue; each keeps its when and sequence for clock_restore(). */
void clock_detach_all(struct clock *clock);

/* Tick of the earliest event, or CLOCK_NEVER. */
uint64_t clock_next(const struct clock *clock);

/* Fires everything due at or before now (which becomes clock->now). */
void clock_advance(struct clock *clock, uint64_t now);

#endif
