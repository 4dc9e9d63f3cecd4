/*
 * SiFive test finisher, also "syscon" with poweroff and reboot nodes: a 32-bit write at offset 0
 * ends the run. Low half 0x5555: exit status 0; 0x3333: the high half is the exit status, kept
 * within 1 to 123; 0x7777: reset. No configuration, no wires.
 */
#ifndef DEVICES_SIFIVE_TEST_H
#define DEVICES_SIFIVE_TEST_H

#include "devices/device.h"

/* The exit status for a failure code of the guest: 1 to 123 as is, 0 becomes 1, more 123. */
int sifive_test_status(uint32_t code);

#endif
