/* --state-hash-every: hashes of the machine at regular times, to compare runs by. */
#ifndef SRC_CLI_STATE_HASH_H
#define SRC_CLI_STATE_HASH_H

#include "core/machine.h"

struct state_hash_printer {
	struct machine *machine;
	uint64_t period; /* ticks */
	struct clock_event event;
};

/* Prints a line to standard error every period ticks from now on; both outlive the machine. */
void state_hash_start(struct state_hash_printer *printer, struct machine *machine, uint64_t period);

/* Prints no more; nothing to do if it was never started. */
void state_hash_stop(struct state_hash_printer *printer);

#endif
