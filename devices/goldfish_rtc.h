/* Goldfish real-time clock: nanoseconds since 1970, with an alarm. */
#ifndef DEVICES_GOLDFISH_RTC_H
#define DEVICES_GOLDFISH_RTC_H

#include <stdint.h>

#include "devices/device.h"

/* 2026-01-01T00:00:00Z: what the clock shows at power-on unless configured; runs must repeat. */
#define GOLDFISH_RTC_EPOCH 1767225600000000000ull

/* Wire 0 is the alarm interrupt. */
struct goldfish_rtc_config {
	uint64_t epoch_ns; /* time at virtual time 0, ns since 1970; 0: GOLDFISH_RTC_EPOCH */
};

#endif
