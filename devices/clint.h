/* SiFive CLINT layout: ACLINT MSWI (machine software interrupts) and MTIMER. */
#ifndef DEVICES_CLINT_H
#define DEVICES_CLINT_H

#include <stdint.h>

#include "devices/device.h"

#define CLINT_HART_MAX 16

/* Wires: 2*hart is the software interrupt (MSIP), 2*hart+1 the timer interrupt (MTIP). */
struct clint_config {
	unsigned hart_count;  /* 1 to CLINT_HART_MAX; 0: 1 */
	uint64_t timebase_hz; /* rate of mtime; 0: 10,000,000 */
};

#endif
