/*
 * QARMA5-64: the tweakable block cipher of five rounds behind FEAT_PACQARMA5 (R. Avanzi, "The
 * QARMA Block Cipher Family", 2017; Arm ARM, ComputePAC). A function of numbers, without state.
 */
#ifndef CPU_ARM64_QARMA5_H
#define CPU_ARM64_QARMA5_H

#include <stdint.h>

/* Encrypts text under a tweak; whitening and core are the upper and lower half of the key. */
uint64_t qarma5(uint64_t text, uint64_t tweak, uint64_t whitening, uint64_t core);

#endif
