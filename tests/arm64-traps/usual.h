/*
 * The state that the acceptance cases start from: EL2 without EL3, HCR_EL2 = RW, negative bits of
 * the fine-grained traps and the enables of HCRX_EL2 1, positive bits 0.
 */
#ifndef TESTS_ARM64_TRAPS_USUAL_H
#define TESTS_ARM64_TRAPS_USUAL_H

#include "cpu/arm64/arm64.h"

void usual_config(struct arm64_config *config);
void usual_state(struct arm64_cpu *pe);

/* The registers of fine-grained traps. */
extern const enum arm64_sysreg usual_fgt_registers[];
extern const unsigned usual_fgt_register_count;

/* Bits of a fine-grained trap register of which 0 traps, whatever features there are. */
uint64_t usual_negative_bits(enum arm64_sysreg reg);

#endif
