/*
 * Berkeley host-target interface: the two words `tohost` and `fromhost` of bare-metal RISC-V
 * programs. An overlay over the RAM that holds them; map it after the image has been loaded.
 *
 * tohost odd, device 0: exit with value >> 1 (statuses above 123 become 123). Device 1 command 1:
 * write a character, command 0: read one (answered through fromhost). Even values for device 0
 * are system calls for a proxy host: refused with a message, and the run ends.
 */
#ifndef DEVICES_HTIF_H
#define DEVICES_HTIF_H

#include <stdint.h>

#include "devices/chardev.h"
#include "devices/device.h"

/* place.base is ignored: the region starts at the lower of the two addresses. */
struct htif_config {
	uint64_t tohost;         /* physical address, 8-byte aligned */
	uint64_t fromhost;       /* likewise, or 0 if the program has none */
	struct chardev *chardev; /* console output and input; may be NULL */
};

#endif
