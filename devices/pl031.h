/* ARM PrimeCell real-time clock (PL031): seconds since 1970, with an alarm. */
#ifndef DEVICES_PL031_H
#define DEVICES_PL031_H

#include <stdint.h>

#include "devices/device.h"

/* 2026-01-01T00:00:00Z: what the clock shows at power-on unless configured; runs must repeat. */
#define PL031_EPOCH 1767225600000000000ull

/* Wire 0 is the alarm interrupt. The tree's node needs device_fdt.clock. */
struct pl031_config {
	uint64_t epoch_ns; /* time at virtual time 0, ns since 1970; 0: PL031_EPOCH */
};

#endif
