/* Address translation of a processing element: both stages, and what makes an abort of it. */
#ifndef CPU_ARM64_WALK_H
#define CPU_ARM64_WALK_H

#include "cpu/arm64/arm64.h"
#include "mmu/vmsa.h"

/* One access to be translated. */
struct arm64_request {
	uint64_t address;
	enum arm64_regime_id regime;
	bool user;        /* with EL0's permissions */
	bool pan;         /* PSTATE.PAN counts */
	bool stage1_only; /* what comes out is an intermediate address */
	bool unchecked;   /* no permissions are asked for (AT S1E1A) */
	unsigned access;  /* enum mmu_access */
};

/* Why it failed. */
struct arm64_fault {
	uint8_t status;  /* xFSC of ESR_ELx */
	bool second;     /* stage 2 refused */
	bool on_walk;    /* it refused a descriptor of stage 1 */
	bool external;   /* an external abort */
	bool write;      /* WnR: the write is what was refused */
	bool dirty_bit;  /* ISS2.DirtyBit */
	bool overlay;    /* ISS2.Overlay */
	uint64_t ipa;    /* what stage 2 refused */
	const char *why; /* static */
};

/* Types of memory, as MAIR_ELx has them. */
enum {
	A64_MEMORY_DEVICE = 0x00, /* nGnRnE */
	A64_MEMORY_NON_CACHEABLE = 0x44,
	A64_MEMORY_WRITE_THROUGH = 0xbb,
	A64_MEMORY_WRITE_BACK = 0xff,
};
static inline bool arm64_memory_is_device(uint8_t type)
{
	return !(type & 0xf0);
}

/* What an address translates to. */
struct arm64_translated {
	uint64_t physical;
	uint8_t access;       /* MMU_READ | MMU_WRITE | MMU_FETCH that may be cached as allowed */
	uint8_t page_bits;    /* log2 of the guest's page */
	uint8_t memory;       /* its type, both stages combined */
	uint8_t shareability; /* as in a descriptor: 0 none, 2 outer, 3 inner */
	bool local;           /* of one address space */
	bool guarded;         /* FEAT_BTI: GP */
	struct arm64_fault fault;
};

/* Translates. False: only fault is filled. access without MMU_DEBUG may update descriptors. */
bool arm64_translate_address(struct arm64_cpu *pe, const struct arm64_request *request,
			     struct arm64_translated *result);

/* Makes the trap value of a failed access: a data or instruction abort. */
void arm64_abort(struct arm64_cpu *pe, struct trap *trap, uint64_t address, unsigned access,
		 const struct arm64_fault *fault);

/* The request of an access through a TLB mode index. */
struct arm64_request arm64_request_of_mode(unsigned mode, uint64_t address, unsigned access);

/* Executes an AT instruction: result in PAR_EL1. False: cpu->trap is set. */
bool arm64_address_translate(struct arm64_cpu *pe, unsigned encoding, uint64_t address);

/*
 * Executes a cache maintenance instruction other than DC ZVA: caches are coherent, but addresses
 * must translate, and EL0 must be allowed to read there. False: cpu->trap is set.
 */
bool arm64_cache_operation(struct arm64_cpu *pe, unsigned encoding, uint64_t address);

/* Executes a TLBI instruction. */
void arm64_tlb_invalidate(struct arm64_cpu *pe, unsigned encoding, uint64_t operand);

#endif
