/*
 * The in-process firmware of AArch64 machines: PSCI 1.1 (Arm DEN 0022), SMCCC 1.1 (DEN 0028) and
 * TRNG 1.0 (DEN 0098), by SMC, or by HVC where there is no EL2. No guest memory is used and no
 * guest code runs.
 */
#ifndef PSCI_PSCI_H
#define PSCI_PSCI_H

#include <stdbool.h>
#include <stdint.h>

#include "core/machine.h"
#include "cpu/arm64/arm64.h"

struct psci;

/*
 * Takes over the CPUs of a machine (all of them AArch64): every one gets the firmware hook. They
 * are left off; see psci_boot(). seed: of the TRNG. Registers its state, so the machine's registry
 * is not to be used after psci_free(). Returns NULL when out of memory.
 */
struct psci *psci_new(struct machine *machine, uint64_t seed);
void psci_free(struct psci *psci);

/*
 * Puts every CPU into its state at power-on: all off but the first, which starts at entry, at its
 * config.entry, with x0 = context.
 */
void psci_boot(struct psci *psci, uint64_t entry, uint64_t context);

/* Name of a function id, e.g. 0xc4000003 "CPU_ON", and of its family, "PSCI"; NULL when unknown. */
const char *psci_function_name(uint32_t id);
const char *psci_family_name(uint32_t id);

/* Name of an error code, e.g. -4 "ALREADY_ON"; NULL when unknown. */
const char *psci_error_name(int64_t error);

/* Calls fn for each function that is offered, in the order of psci/function.def. */
void psci_list(void (*fn)(void *opaque, uint32_t id, const char *family, const char *name),
	       void *opaque);

#endif
