/*
 * Translation regimes: what the system registers say about address translation, decoded once and
 * kept until one of them changes.
 */
#ifndef CPU_ARM64_REGIME_H
#define CPU_ARM64_REGIME_H

#include <stdbool.h>
#include <stdint.h>

#include "mmu/vmsa.h"

/* EL2 stands for EL2&0, too: HCR_EL2.E2H tells which of them it is. */
enum arm64_regime_id { A64_REGIME_EL10, A64_REGIME_EL2, A64_REGIME_EL3, A64_REGIMES };

/*
 * TLB mode indices: regime and privilege, and PSTATE.PAN, so that a change of it flushes nothing.
 * Code is fetched through the index without PAN.
 */
enum arm64_tlb_mode {
	A64_TLB_EL0,
	A64_TLB_EL1,
	A64_TLB_EL1_PAN,
	A64_TLB_EL20, /* EL0 of EL2&0 */
	A64_TLB_EL2,
	A64_TLB_EL2_PAN,
	A64_TLB_EL3,
	A64_TLB_COUNT,
};

/*
 * One half of the address space of stage 1: what TTBR0_ELx or TTBR1_ELx translates.
 */
struct arm64_half {
	struct vmsa_layout layout;
	bool off;       /* EPD, or a size that cannot be: nothing translates */
	bool not_el0;   /* E0PD */
	bool top_byte;  /* ignored in data addresses */
	bool fetch_top; /* ignored in addresses of instructions */
	bool flat;      /* HPD: table descriptors set no limits */
	bool dirty;     /* hardware keeps dirty state */
};

struct arm64_stage1 {
	bool on;                /* SCTLR_ELx.M as it acts */
	bool two;               /* two halves, and two levels of privilege */
	bool wxn;               /* writable is not executable */
	bool epan;              /* PAN counts pages that EL0 may execute only */
	bool indirect;          /* permissions from PIR_ELx */
	bool more_types;        /* AttrIndx[3], and MAIR2_ELx */
	bool overlay[2];        /* POR_EL0 counts for EL0, POR_ELx for ELx */
	bool default_cacheable; /* HCR_EL2.DC */
	uint64_t mair[2];
	uint64_t pir[2]; /* EL0, ELx */
	uint64_t por[2];
	struct arm64_half half[2];
};

struct arm64_stage2 {
	bool on;
	bool off;            /* VTCR_EL2 makes no sense: nothing translates */
	bool force_type;     /* HCR_EL2.FWB */
	bool protect_tables; /* HCR_EL2.PTW */
	bool dirty;
	bool xnx;
	bool indirect; /* permissions from S2PIR_EL2 */
	uint64_t pir;
	struct vmsa_layout layout;
};

#define A64_TLB_KEYS 12

/* What the translations in a TLB were made from. */
struct arm64_tlb_key {
	uint64_t asid, root;        /* of entries that are local */
	uint64_t all[A64_TLB_KEYS]; /* of all */
};

struct arm64_translation {
	uint8_t stale_regimes; /* to be decoded again, by enum arm64_regime_id */
	uint8_t stale_modes;   /* to be compared with their key, by enum arm64_tlb_mode */
	struct arm64_stage1 stage1[A64_REGIMES];
	struct arm64_stage2 stage2;
	struct arm64_tlb_key key[A64_TLB_COUNT];
};

struct arm64_cpu;

/* log2 of the physical address space (ID_AA64MMFR0_EL1.PARange): 32 to 52. */
unsigned arm64_physical_bits(const struct arm64_cpu *pe);

/* What the registers say now. Stage 2 belongs to EL1&0. */
const struct arm64_stage1 *arm64_stage1_of(struct arm64_cpu *pe, enum arm64_regime_id id);
const struct arm64_stage2 *arm64_stage2_of(struct arm64_cpu *pe);

enum arm64_regime_id arm64_regime_of_mode(unsigned mode);
/* Its TLB mode indices, as a bit mask. */
unsigned arm64_modes_of_regime(enum arm64_regime_id id);

/*
 * A register that translation depends on has changed: for whoever writes pe->sysreg[] itself.
 * arm64_sysreg_set() knows which do.
 */
void arm64_translation_changed(struct arm64_cpu *pe);

/*
 * Drops from the TLB of a mode what does not hold any more, if its bit in stale_modes is set.
 * Translations of regimes that are not in use stay until they come into use, and find perhaps that
 * the registers are as they were.
 */
void arm64_refresh_mode(struct arm64_cpu *pe, unsigned mode);

/*
 * Makes a TLB mode other than cpu->data_mode good for use now (mmu_load_mode() and the like), and
 * returns it.
 */
unsigned arm64_use_mode(struct arm64_cpu *pe, unsigned mode);

#endif
