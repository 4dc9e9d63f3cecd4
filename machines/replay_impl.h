/* What recorder and player share; of no use to anybody else. */
#ifndef MACHINES_REPLAY_IMPL_H
#define MACHINES_REPLAY_IMPL_H

#include "machines/board_impl.h"
#include "machines/replay.h"
#include "machines/replay_log.h"

/* Where the machine stands: the CPU that is furthest. */
static inline uint64_t replay_position(const struct machine *machine)
{
	uint64_t tick = machine->clock.now;
	for (unsigned i = 0; i < machine->cpu_count; i++)
		if (cpu_now(machine->cpu[i]) > tick)
			tick = cpu_now(machine->cpu[i]);
	return tick;
}

/* Whether the guest had no part in the end of a run. */
static inline bool replay_ended_by_host(enum stop_kind kind)
{
	return kind == STOP_QUIT || kind == STOP_SIGNAL || kind == STOP_TIMEOUT ||
	       kind == STOP_DEBUG;
}

#endif
