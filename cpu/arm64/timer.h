/*
 * The generic timers of a PE (Arm ARM, D12): counters, the four timers, the event stream and the
 * time limits of WFET and WFIT. All count the machine's virtual clock.
 */
#ifndef CPU_ARM64_TIMER_H
#define CPU_ARM64_TIMER_H

#include "cpu/arm64/arm64.h"

/* Bits of CNTHCTL_EL2. */
#define CNTHCTL_ECV (1ull << 12)
/* Those that are always there, in either layout, and those of FEAT_ECV. */
#define CNTHCTL_LAYOUT     0xfffull
#define CNTHCTL_ECV_LAYOUT (1ull << 13 | 1ull << 14 | 1ull << 15 | 1ull << 16 | 1ull << 17)

/* Names the callbacks of the events; before the state of the PE is registered. */
void timer_init(struct arm64_cpu *pe);

/* Takes the events out of the queue: the PE ends, or is reset. */
void timer_cancel(struct arm64_cpu *pe);

/* Puts the events of a loaded snapshot back, and redoes the wires. */
void timer_restore(struct arm64_cpu *pe);

/* Redoes wires and events of all timers: offsets have changed. The clock is exact. */
void timer_update(struct arm64_cpu *pe);

/* timer_update() if it depends on HCR_EL2 at all, which has changed from `before`. */
void timer_hcr_changed(struct arm64_cpu *pe, uint64_t before);

/* The virtual count as the current level sees it. Makes the clock exact. */
uint64_t timer_virtual_count(struct arm64_cpu *pe);

/* Makes the PE look up when that count gets to a value; at once if it has. */
void timer_set_timeout(struct arm64_cpu *pe, uint64_t count);
void timer_clear_timeout(struct arm64_cpu *pe);

/* Whether the event streams have had an event since somebody last asked. Makes the clock exact. */
bool timer_stream_event(struct arm64_cpu *pe);

/* Makes the next event of the streams end the wait that is about to begin. */
void timer_wake_by_stream(struct arm64_cpu *pe);

#endif
