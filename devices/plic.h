/* RISC-V platform-level interrupt controller (PLIC 1.0), contexts M and S of each hart. */
#ifndef DEVICES_PLIC_H
#define DEVICES_PLIC_H

#include <stdint.h>

#include "devices/device.h"

#define PLIC_SOURCE_MAX  96 /* sources 1 to 95; 0 does not exist */
#define PLIC_CONTEXT_MAX 32

/*
 * Inputs: device_input(plic, source), source 1 to source_count - 1. Wires: 2*hart is the M
 * external interrupt (11) of a hart, 2*hart+1 the S external interrupt (9).
 */
struct plic_config {
	unsigned hart_count;   /* 1 to 16; 0: 1 */
	unsigned source_count; /* 2 to PLIC_SOURCE_MAX, source 0 included; 0: PLIC_SOURCE_MAX */
};

#endif
