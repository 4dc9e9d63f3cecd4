/*
 * A point in memory to which a machine is set back, thousands of times a second: for fuzzing and
 * for whoever tries one thing after the other from the same state.
 *
 * Setting back costs in proportion to what has changed since: pages written, registers and devices
 * touched. Translated code stays, except where bytes that were translated are set back.
 *
 *	struct reset_point *point;
 *	if (reset_point_new(machine, &point))
 *		return -1;
 *	for (;;) {
 *		put_input(machine);
 *		machine_run_until(machine, machine->clock.now + 1000000);
 *		if (reset_point_return(point))
 *			break;
 *	}
 *	reset_point_free(point);
 *
 * What lies outside of the machine stays as it is: disk images, console output.
 */
#ifndef MACHINES_RESET_H
#define MACHINES_RESET_H

#include <stdint.h>

#include "core/machine.h"

struct reset_point;

/*
 * Makes the present state of a machine, all its RAM included, a point to return to. Only while no
 * CPU runs; one at a time for a machine; the memory map must stay. Memory is copied when it is
 * written for the first time, so this is cheap. Returns 0; or -1: no memory, or the machine has a
 * point already.
 */
int reset_point_new(struct machine *machine, struct reset_point **out);

/*
 * Sets the machine back, and clears machine->stop. Between runs only. Returns 0; or -1 if memory
 * ran out for a copy: the state is lost, and the machine is only good for being freed.
 */
int reset_point_return(struct reset_point *point);

/* Before the machine is freed. The machine stays as it is. point may be NULL. */
void reset_point_free(struct reset_point *point);

/* Figures since the point was made. */
struct reset_figures {
	uint64_t returns;
	uint64_t pages;        /* set back, in all returns */
	uint64_t pages_copied; /* kept in memory: each once */
	uint64_t state_bytes;  /* of registers and devices */
};
void reset_point_figures(const struct reset_point *point, struct reset_figures *figures);

#endif
