/* What the files of cpu/arm64 share about a processing element and nobody outside needs. */
#ifndef CPU_ARM64_PE_H
#define CPU_ARM64_PE_H

#include "core/machine.h"
#include "cpu/arm64/arm64.h"

/* PIPT caches with lines of 64 bytes, coherent with instruction fetch (arm64-board facts, 5). */
#define A64_CTR   0xb444c004
#define A64_CLIDR 0x02000023
#define A64_DCZID 4 /* DC ZVA clears 64 bytes */

/* Bits of SCTLR_ELx. */
#define SCTLR_M      (1ull << 0)
#define SCTLR_A      (1ull << 1)
#define SCTLR_SA     (1ull << 3)
#define SCTLR_SA0    (1ull << 4)
#define SCTLR_UMA    (1ull << 9)
#define SCTLR_EnRCTX (1ull << 10)
#define SCTLR_DZE    (1ull << 14)
#define SCTLR_UCT    (1ull << 15)
#define SCTLR_nTWI   (1ull << 16)
#define SCTLR_nTWE   (1ull << 18)
#define SCTLR_SPAN   (1ull << 23)
#define SCTLR_UCI    (1ull << 26)
#define SCTLR_NMI    (1ull << 61)
#define SCTLR_SPINTM (1ull << 62) /* SPINTMASK */
#define SCTLR_BT0    (1ull << 35)
#define SCTLR_BT1    (1ull << 36) /* of SCTLR_EL2 and SCTLR_EL3: BT */
#define SCTLR_EnASR  (1ull << 54)
#define SCTLR_EnAS0  (1ull << 55)
#define SCTLR_EnALS  (1ull << 56)

/* Bits of HCR_EL2. */
#define HCR_VM       (1ull << 0)
#define HCR_SWIO     (1ull << 1)
#define HCR_PTW      (1ull << 2)
#define HCR_FMO      (1ull << 3)
#define HCR_IMO      (1ull << 4)
#define HCR_AMO      (1ull << 5)
#define HCR_VF       (1ull << 6)
#define HCR_VI       (1ull << 7)
#define HCR_VSE      (1ull << 8)
#define HCR_FB       (1ull << 9)
#define HCR_DC       (1ull << 12)
#define HCR_TWI      (1ull << 13)
#define HCR_TWE      (1ull << 14)
#define HCR_TID0     (1ull << 15)
#define HCR_TID1     (1ull << 16)
#define HCR_TID2     (1ull << 17)
#define HCR_TID3     (1ull << 18)
#define HCR_TSC      (1ull << 19)
#define HCR_TIDCP    (1ull << 20)
#define HCR_TACR     (1ull << 21)
#define HCR_TSW      (1ull << 22)
#define HCR_TPCP     (1ull << 23)
#define HCR_TPU      (1ull << 24)
#define HCR_TTLB     (1ull << 25)
#define HCR_TVM      (1ull << 26)
#define HCR_TGE      (1ull << 27)
#define HCR_TDZ      (1ull << 28)
#define HCR_HCD      (1ull << 29)
#define HCR_TRVM     (1ull << 30)
#define HCR_RW       (1ull << 31)
#define HCR_CD       (1ull << 32)
#define HCR_ID       (1ull << 33)
#define HCR_E2H      (1ull << 34)
#define HCR_TLOR     (1ull << 35)
#define HCR_TERR     (1ull << 36)
#define HCR_TEA      (1ull << 37)
#define HCR_APK      (1ull << 40)
#define HCR_API      (1ull << 41)
#define HCR_NV       (1ull << 42)
#define HCR_NV1      (1ull << 43)
#define HCR_AT       (1ull << 44)
#define HCR_NV2      (1ull << 45)
#define HCR_FWB      (1ull << 46)
#define HCR_FIEN     (1ull << 47)
#define HCR_TID4     (1ull << 49)
#define HCR_TICAB    (1ull << 50)
#define HCR_AMVOFFEN (1ull << 51)
#define HCR_TOCU     (1ull << 52)
#define HCR_EnSCXT   (1ull << 53)
#define HCR_TTLBIS   (1ull << 54)
#define HCR_TTLBOS   (1ull << 55)
#define HCR_TID5     (1ull << 58)
#define HCR_BSU      (3ull << 10)

/* Bits of HCRX_EL2. */
#define HCRX_EnAS0   (1ull << 0)
#define HCRX_EnALS   (1ull << 1)
#define HCRX_EnASR   (1ull << 2)
#define HCRX_FGTnXS  (1ull << 4)
#define HCRX_TALLINT (1ull << 6)

/* Bits of MDCR_EL2. */
#define MDCR_TDE (1ull << 8)

/* Bit of ICC_SRE_EL2: EL1 may use ICC_SRE_EL1. */
#define ICC_SRE_EL2_Enable (1ull << 3)

/* Bits of SCR_EL3. */
#define SCR_IRQ    (1ull << 1)
#define SCR_FIQ    (1ull << 2)
#define SCR_SMD    (1ull << 7)
#define SCR_HCE    (1ull << 8)
#define SCR_APK    (1ull << 16)
#define SCR_API    (1ull << 17)
#define SCR_FGTEn  (1ull << 27)
#define SCR_ECVEn  (1ull << 28)
#define SCR_EnAS0  (1ull << 36)
#define SCR_ADEn   (1ull << 37)
#define SCR_HXEn   (1ull << 38)
#define SCR_FGTEn2 (1ull << 59)

/* The bit of ICH_HFGRTR_EL2 that is always 1. */
#define ICH_HFGRTR_RES1 (1ull << 3)

/* ISS of a data abort: the access was one of FEAT_NV2's, by VNCR_EL2. */
#define ISS_VNCR (1ull << 13)

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

/* Whether a wait for interrupts would end at once: whatever is pending, masked or not. */
bool arm64_ends_wait(const struct arm64_cpu *pe);

/* An event for WFE (Arm ARM, D1.6.1): ends a wait, or sets the event register. */
void arm64_event(struct arm64_cpu *pe);

/* Tells observers of interrupt inputs (enum arm64_line) that have changed. */
void arm64_observe_lines(const struct arm64_cpu *pe, uint32_t changed);

/* ESB: defers a virtual SError that is masked. */
void arm64_error_barrier(struct arm64_cpu *pe);

/* PSTATE.BTYPE, at its place in PSTATE, and setting it from there; not the rest of the mode word.
 */
static inline uint32_t arm64_branch_type(const struct arm64_cpu *pe)
{
	return (pe->cpu.mode & A64_MODE_BTYPE) >> (A64_MODE_BTYPE_SHIFT - PSTATE_BTYPE_SHIFT);
}

static inline void arm64_set_branch_type(struct arm64_cpu *pe, uint64_t pstate)
{
	uint32_t type = (uint32_t)pstate & PSTATE_BTYPE & pe->pstate_bits;
	pe->cpu.mode = (pe->cpu.mode & ~(uint32_t)A64_MODE_BTYPE) |
		       type << (A64_MODE_BTYPE_SHIFT - PSTATE_BTYPE_SHIFT);
}

const char *arm64_level_name(const struct cpu *cpu, unsigned level);
const char *arm64_cause_name(const struct trap *trap);

/* A system register has changed that decoding, translation or interrupts depend on. */
void arm64_state_changed(struct arm64_cpu *pe);

/* A register has changed that modes follow from. */
static inline void arm64_forget_modes(struct arm64_cpu *pe)
{
	for (unsigned i = 0; i < A64_MODES; i++)
		pe->modes[i].key = 0;
}

/* PSTATE has changed, and no register: what arm64_update_mode() does, from memory. */
void arm64_use_pstate(struct arm64_cpu *pe);

/* SCTLR_ELx of the current translation regime. */
uint64_t arm64_sctlr(const struct arm64_cpu *pe);

/* HCRX_EL2 as it acts: 0 without FEAT_HCX and while SCR_EL3.HXEn=0. */
uint64_t arm64_hcrx(const struct arm64_cpu *pe);

/* The level that takes what EL0 or EL1 may not do and nothing routes higher. */
unsigned arm64_default_target(const struct arm64_cpu *pe);

/* Sets PSTATE.DAIF to those bits of masks; asks for attention where that lets something in. */
void arm64_set_masks(struct arm64_cpu *pe, uint32_t masks);

/* Fills cpu->trap with an exception that a given level takes. Always false. */
bool arm64_raise_to(struct arm64_cpu *pe, unsigned level, uint64_t esr, const char *why);

/*
 * GCSPUSHM pushes *value on the guarded control stack, GCSPOPM pops it; the SYS or SYSL word may be
 * executed. False: cpu->trap is set.
 */
bool arm64_gcs_operation(struct arm64_cpu *pe, uint32_t word, uint64_t *value);

/* The bits that PSTATE has on a processing element, without NZCV. */
uint32_t arm64_pstate_bits(const struct arm64_cpu *pe);

/* ELR_ELx of the current level, which is not EL0. */
uint64_t arm64_elr(const struct arm64_cpu *pe);

/*
 * Returns from an exception to an address: ERET at the current level. An illegal return sets
 * PSTATE.IL (Arm ARM, D1.4.4). Sets cpu->pc.
 */
void arm64_exception_return(struct arm64_cpu *pe, uint64_t address);

/*
 * Authenticates the address that ERETAA or ERETAB returns to, with SP for the modifier. False:
 * cpu->trap is set.
 */
bool arm64_authenticate_return(struct arm64_cpu *pe, bool key_b, uint64_t *address);

#endif
