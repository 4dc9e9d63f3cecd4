/* ARM PrimeCell UART (PL011), as on the AArch64 virt board. */
#ifndef DEVICES_PL011_H
#define DEVICES_PL011_H

#include "devices/chardev.h"
#include "devices/device.h"

/* Wire 0 is UARTINTR, all interrupts in one. The tree's node needs device_fdt.clock. */
struct pl011_config {
	struct chardev *chardev; /* NULL: nothing is connected; outlives the device */
};

#endif
