/*
 * Semihosting of AArch64 programs (Arm's "Semihosting for AArch32 and AArch64"): HLT #0xF000 with
 * an operation in W0. A program gets an exit status and a console, and nothing of the host: no
 * files, no command line.
 */
#ifndef MACHINES_SEMIHOSTING_H
#define MACHINES_SEMIHOSTING_H

#include "core/machine.h"
#include "devices/chardev.h"

struct semihosting {
	struct machine *machine;
	struct chardev *console; /* NULL: nowhere */
};

/*
 * Answers the programs on all CPUs of a machine, AArch64 ones, above EL0. Before any code is
 * translated; semihosting must live as long as the CPUs.
 */
void semihosting_start(struct semihosting *semihosting);

#endif
