/*
 * The RISC-V page-table walker (privileged manual, "Sv39", "Sv48", "Sv57", "Svnapot", "Svpbmt",
 * "Svadu"), as a function of values: no CPU in sight, memory through two callbacks. The G-stage of
 * two-stage translation is the same walk with a wider root table.
 */
#ifndef MMU_SV_H
#define MMU_SV_H

#include <stdbool.h>
#include <stdint.h>

/* Page-table entry bits. */
#define SV_PTE_V         (1ull << 0)
#define SV_PTE_R         (1ull << 1)
#define SV_PTE_W         (1ull << 2)
#define SV_PTE_X         (1ull << 3)
#define SV_PTE_U         (1ull << 4)
#define SV_PTE_G         (1ull << 5)
#define SV_PTE_A         (1ull << 6)
#define SV_PTE_D         (1ull << 7)
#define SV_PTE_PPN_SHIFT 10
#define SV_PTE_PPN       (((1ull << 44) - 1) << SV_PTE_PPN_SHIFT)
#define SV_PTE_RESERVED  (0x7full << 54)
#define SV_PTE_PBMT      (3ull << 61)
#define SV_PTE_N         (1ull << 63)

#define SV_MAX_LEVELS 5

enum sv_fault {
	SV_OK,
	SV_FAULT_PAGE,   /* the tables say no */
	SV_FAULT_ACCESS, /* a table entry could not be read or updated */
};

/* Everything that a walk depends on, besides memory. */
struct sv_context {
	uint64_t root;  /* physical address of the root table */
	uint8_t levels; /* 3 Sv39, 4 Sv48, 5 Sv57 */
	bool guest;     /* G-stage: root table of 16 KiB, two more address bits, zero-extended */
	bool user;      /* with U-mode privilege (always for the G-stage), else S-mode */
	bool sum, mxr;  /* of the status register that governs this stage */
	bool update;    /* hardware sets A and D (ADUE); otherwise clear bits are page faults */
	bool napot;     /* Svnapot */
	bool pbmt;      /* Svpbmt, enabled */
	bool debug;     /* look only: A and D neither matter nor change */
};

/* Memory as the walker sees it: 8-byte aligned entries. False: access fault. */
struct sv_memory {
	bool (*load)(void *opaque, uint64_t physical, uint64_t *pte);
	/* Stores desired if the entry still is expected, and tells in *done. */
	bool (*update)(void *opaque, uint64_t physical, uint64_t expected, uint64_t desired,
		       bool *done);
	void *opaque;
};

struct sv_result {
	uint64_t physical;           /* of the byte asked for */
	uint64_t pte[SV_MAX_LEVELS]; /* entries read, root first */
	uint64_t pte_address;        /* physical address of the last of them */
	const char *why;             /* the rule that failed; NULL when translated */
	uint8_t count;               /* entries in pte[] */
	uint8_t access;              /* MMU_READ | MMU_WRITE | MMU_FETCH that may be cached */
	uint8_t page_bits;           /* log2 of the bytes that the leaf maps: 12, 16, 21, 30 ... */
	uint8_t memory_type;         /* PBMT of the leaf: 0 PMA, 1 NC, 2 IO */
};

/*
 * Translates one address for an access (enum mmu_access bits). MMU_CBO without MMU_WRITE is a
 * cache-block management operation: it needs what a load needs and never D. result->access has
 * MMU_WRITE only if D is set, so that a cached answer stays exact.
 */
enum sv_fault sv_walk(const struct sv_context *context, const struct sv_memory *memory,
		      uint64_t address, unsigned access, struct sv_result *result);

/* True if the address may be walked at all: sign extension (G-stage: zero extension) is right. */
bool sv_canonical(const struct sv_context *context, uint64_t address);

#endif
