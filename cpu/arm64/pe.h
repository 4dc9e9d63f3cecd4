/* What the files of cpu/arm64 share about a processing element and nobody outside needs. */
#ifndef CPU_ARM64_PE_H
#define CPU_ARM64_PE_H

#include "core/machine.h"
#include "cpu/arm64/arm64.h"

/* PIPT caches with lines of 64 bytes, coherent with instruction fetch (arm64-board facts, 5). */
#define A64_CTR   0xb444c004
#define A64_DCZID 4 /* DC ZVA clears 64 bytes */

/* Bits of SCTLR_ELx. */
enum {
	SCTLR_M = 1 << 0,
	SCTLR_A = 1 << 1,
	SCTLR_SA = 1 << 3,
	SCTLR_SA0 = 1 << 4,
};

/* Bits of HCR_EL2. */
#define HCR_TGE (1ull << 27)
#define HCR_HCD (1ull << 29)
#define HCR_RW  (1ull << 31)
#define HCR_E2H (1ull << 34)

/* Members of arm64_isa; duties in core/cpu.h. */
void arm64_reset(struct cpu *cpu);
void arm64_update_mode(struct cpu *cpu);
void arm64_translate(struct cpu *cpu, struct builder *builder);
bool arm64_walk(struct cpu *cpu, uint64_t address, unsigned access, unsigned mode,
		struct mmu_translation *result, struct trap *trap);
void arm64_access_fault(struct cpu *cpu, uint64_t address, unsigned access, unsigned reason,
			struct trap *trap);
void arm64_deliver(struct cpu *cpu, struct trap *trap);
bool arm64_interrupt(struct cpu *cpu, struct trap *trap);
bool arm64_wakeup(const struct cpu *cpu);
const char *arm64_level_name(const struct cpu *cpu, unsigned level);
const char *arm64_cause_name(const struct trap *trap);

/* A system register has changed that decoding, translation or interrupts depend on. */
void arm64_state_changed(struct arm64_cpu *pe);

/* SCTLR_ELx of the current translation regime. */
uint64_t arm64_sctlr(const struct arm64_cpu *pe);

/*
 * Returns from an exception: ERET at the current level. An illegal return sets PSTATE.IL (Arm ARM,
 * D1.4.4). Sets cpu->pc.
 */
void arm64_exception_return(struct arm64_cpu *pe);

#endif
