/* 16550A UART, one-byte registers, as on PCs and on the virt boards. */
#ifndef DEVICES_UART16550_H
#define DEVICES_UART16550_H

#include <stdint.h>

#include "devices/chardev.h"
#include "devices/device.h"

/* Wire 0 is the interrupt. */
struct uart16550_config {
	struct chardev *chardev;  /* NULL: nothing is connected; outlives the device */
	uint32_t clock_frequency; /* of the device tree, in Hz; 0: 3,686,400 */
};

#endif
