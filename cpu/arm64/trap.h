/* Traps to higher levels: who is asked before an instruction may do what it wants. */
#ifndef CPU_ARM64_TRAP_H
#define CPU_ARM64_TRAP_H

#include "cpu/arm64/arm64.h"

struct arm64_operation;
struct arm64_trap_ref;

/* Rows of fgt.def, by register and bit. */
enum arm64_fgt {
#define FGT(reg, bit, field, ...) A64_FGT_##reg##_##field,
#define FGT_TRAP(...)
#include "cpu/arm64/fgt.def"
#undef FGT
#undef FGT_TRAP
	A64_FGT_COUNT
};

/*
 * Whether a fine-grained trap is on: the bit exists here, EL2 is enabled, and the bit has the value
 * that traps. *why (static storage) names the bit and its value.
 */
bool arm64_fgt_traps(const struct arm64_cpu *pe, enum arm64_fgt fgt, const char **why);

/* The bits of a fine-grained trap register that exist here; the others are RES0. */
uint64_t arm64_fgt_mask(const struct arm64_cpu *pe, enum arm64_sysreg reg);

/*
 * Whether EL2 traps an access (A64_ACCESS_...) to an operation from the current level: fine-grained
 * and coarse traps, in the order of the Arm ARM where it can be observed. why as above.
 */
bool arm64_operation_traps(const struct arm64_cpu *pe, const struct arm64_operation *operation,
			   unsigned access, const char **why);

/* The control bit and its value that a trap of an operation is: "HFGITR_EL2.DCZVA=1". */
const char *arm64_trap_why(const struct arm64_trap_ref *ref);

/* HCR_EL2 as it acts: what TGE and E2H override, and 0 without EL2 (Arm ARM, D24.2.48). */
uint64_t arm64_hcr(const struct arm64_cpu *pe);

/* EL0 with HCR_EL2.{E2H, TGE} = {1, 1}: the host's user, whom EL2 does not trap. */
bool arm64_is_host_el0(const struct arm64_cpu *pe);

/* Whether EL2 watches what the current level does: EL1, and EL0 unless it is the host's. */
bool arm64_is_guest(const struct arm64_cpu *pe);

#endif
