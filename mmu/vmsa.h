/*
 * The AArch64 table walk (Arm ARM, D8.2 to D8.5), as a function of values: no CPU in sight, memory
 * through callbacks. One function does for both stages, all granules and all address sizes; what a
 * leaf permits is for the caller to say.
 */
#ifndef MMU_VMSA_H
#define MMU_VMSA_H

#include <stdbool.h>
#include <stdint.h>

/* Descriptor bits that both stages have. */
#define VMSA_VALID      (1ull << 0)
#define VMSA_TABLE      (1ull << 1) /* a table; at level 3: a page */
#define VMSA_AF         (1ull << 10)
#define VMSA_DBM        (1ull << 51)
#define VMSA_CONTIGUOUS (1ull << 52)
#define VMSA_AP0        (1ull << 6) /* stage 1: AP[1], EL0 may; stage 2: S2AP[0], reads */
#define VMSA_AP1        (1ull << 7) /* stage 1: AP[2], read-only; stage 2: S2AP[1], writes */
/* Stage 1. */
#define VMSA_NG    (1ull << 11)
#define VMSA_GP    (1ull << 50)
#define VMSA_PXN   (1ull << 53)
#define VMSA_UXN   (1ull << 54) /* XN where there is one level of privilege */
#define VMSA_ATTR3 (1ull << 59) /* FEAT_AIE: AttrIndx[3] */
/* Limits that a table descriptor of stage 1 sets for what is below it. */
#define VMSA_TABLE_PXN (1ull << 59)
#define VMSA_TABLE_UXN (1ull << 60)
#define VMSA_TABLE_AP0 (1ull << 61) /* not for EL0 */
#define VMSA_TABLE_AP1 (1ull << 62) /* read-only */

/* Why a walk failed. Levels count from -1 to 3. */
enum vmsa_fault {
	VMSA_FAULT_NONE,
	VMSA_FAULT_ADDRESS_SIZE,
	VMSA_FAULT_TRANSLATION,
	VMSA_FAULT_ACCESS_FLAG,
	VMSA_FAULT_PERMISSION,
	VMSA_FAULT_EXTERNAL, /* no memory where a table should be */
	VMSA_FAULT_UPDATE,   /* a descriptor lies where hardware cannot update it */
	VMSA_FAULT_REPORTED, /* a callback failed, and knows why */
};

/* As many levels as a walk can have: -1 to 3. */
#define VMSA_LEVELS 5

/* How tables are laid out: from TCR_ELx and TTBR<n>_ELx, or VTCR_EL2 and VTTBR_EL2. */
struct vmsa_layout {
	uint64_t root;       /* address of the first table */
	uint8_t granule;     /* 12, 14 or 16: log2 of a page's size */
	uint8_t input_bits;  /* of addresses that are translated: 12 to 52 */
	uint8_t output_bits; /* of addresses that come out: 32 to 52 */
	int8_t start;        /* the first level: -1 to 3 */
	bool lpa2;           /* 4 KiB and 16 KiB: addresses of 52 bits (TCR_ELx.DS) */
	bool lpa;            /* 64 KiB: addresses of 52 bits */
	bool update_access;  /* hardware sets the access flag */
};

/* What a walk found. */
struct vmsa_leaf {
	uint64_t output;     /* of the input address */
	uint64_t descriptor; /* as it stands in memory */
	uint64_t at;         /* where it stands */
	uint64_t tables;     /* VMSA_TABLE_... that the tables above it set, ORed */
	int8_t level;        /* of the leaf, or where the walk failed */
	uint8_t page_bits;   /* log2 of what the entry translates, contiguous entries together */
};

struct vmsa_memory {
	/* Returns VMSA_FAULT_NONE, _EXTERNAL or _REPORTED. */
	enum vmsa_fault (*load)(void *opaque, uint64_t at, uint64_t *descriptor);
	void *opaque;
};

/*
 * The first level of stage 1 for a granule and input size; stage 2 says itself, by SL0.
 */
int vmsa_start_level(unsigned granule, unsigned input_bits);

/* log2 of the bytes that one entry of a level translates. */
static inline unsigned vmsa_level_bits(unsigned granule, int level)
{
	return granule + (unsigned)(3 - level) * (granule - 3u);
}

/* The address of the first table: from the bits of TTBR<n>_ELx or VTTBR_EL2 and the layout. */
uint64_t vmsa_root(const struct vmsa_layout *layout, uint64_t ttbr);

/*
 * Walks the tables for an input address below 2^input_bits. leaf is filled on success; on failure
 * only its level. An access flag that is clear is a fault unless hardware sets it.
 */
enum vmsa_fault vmsa_walk(const struct vmsa_layout *layout, const struct vmsa_memory *memory,
			  uint64_t input, struct vmsa_leaf *leaf);

#endif
