/* Nested virtualization (FEAT_NV, FEAT_NV2): EL1 that believes it is EL2. */
#ifndef CPU_ARM64_NESTED_H
#define CPU_ARM64_NESTED_H

#include "cpu/arm64/arm64.h"

/* HCR_EL2.NV acts: the current level is EL1, and what it does is watched. */
bool arm64_is_nested(const struct arm64_cpu *pe);

/*
 * Where FEAT_NV2 keeps a register that EL1 names: *offset from VNCR_EL2.BADDR. by_alias: its _EL12
 * or _EL02 name was used. False: the access is the register's own, or traps.
 */
bool arm64_nested_offset(const struct arm64_cpu *pe, enum arm64_sysreg reg, bool by_alias,
			 unsigned *offset);

/*
 * The register that FEAT_NV2 puts in the place of one of EL2's: ELR_EL1 for ELR_EL2 and its like.
 * False: none.
 */
bool arm64_nested_twin(const struct arm64_cpu *pe, enum arm64_sysreg reg, enum arm64_sysreg *twin);

/* Loads and stores 64 bits at that place, as EL2 does. False: cpu->trap is set; EL2 takes it. */
bool arm64_nested_load(struct arm64_cpu *pe, unsigned offset, uint64_t *value);
bool arm64_nested_store(struct arm64_cpu *pe, unsigned offset, uint64_t value);

/* What a nested exception from EL1 to EL1 saves of PSTATE: it came from EL2. */
uint64_t arm64_nested_spsr(const struct arm64_cpu *pe, uint64_t pstate);

#endif
