#include "mmu/sv.h"

#include "mmu/mmu.h"

#define PAGE_BITS    12
#define LEVEL_BITS   9
#define LEVEL_MASK   ((1ull << LEVEL_BITS) - 1)
#define NAPOT_BITS   4   /* Svnapot knows one size, 64 KiB ... */
#define NAPOT_VALUE  0x8 /* ... written as ppn[3:0] = 1000 */
#define MAX_RESTARTS 16

/* Address bits that the tables resolve. */
static unsigned address_bits(const struct sv_context *context)
{
	return PAGE_BITS + LEVEL_BITS * context->levels + (context->guest ? 2 : 0);
}

bool sv_canonical(const struct sv_context *context, uint64_t address)
{
	unsigned bits = address_bits(context);
	if (context->guest)
		return address >> bits == 0;
	int64_t sign = (int64_t)address >> (bits - 1);
	return sign == 0 || sign == -1;
}

static enum sv_fault fail(struct sv_result *result, enum sv_fault fault, const char *why)
{
	result->why = why;
	return fault;
}

/* Encodings that are reserved for every entry (step 3 of the manual's algorithm). */
static const char *reserved_encoding(const struct sv_context *context, uint64_t pte)
{
	if (!(pte & SV_PTE_V))
		return "PTE.V=0";
	if ((pte & (SV_PTE_R | SV_PTE_W)) == SV_PTE_W)
		return "PTE.W=1 with PTE.R=0";
	if (pte & SV_PTE_RESERVED)
		return "PTE reserved bits set";
	if (pte & SV_PTE_PBMT && !context->pbmt)
		return "PTE.PBMT set without menvcfg.PBMTE";
	if ((pte & SV_PTE_PBMT) == SV_PTE_PBMT)
		return "PTE.PBMT=3";
	if (pte & SV_PTE_N && !context->napot)
		return "PTE.N=1 without Svnapot";
	return NULL;
}

/* Entries that point to the next table carry nothing but the pointer. */
static const char *bad_pointer(unsigned level, uint64_t pte)
{
	if (!level)
		return "PTE is a pointer at the last level";
	if (pte & (SV_PTE_U | SV_PTE_A | SV_PTE_D))
		return "PTE pointer with U, A or D set";
	if (pte & (SV_PTE_PBMT | SV_PTE_N))
		return "PTE pointer with PBMT or N set";
	return NULL;
}

/* Size rules of a leaf; fills the log2 of its size. */
static const char *bad_leaf(unsigned level, uint64_t pte, uint8_t *page_bits)
{
	uint64_t ppn = (pte & SV_PTE_PPN) >> SV_PTE_PPN_SHIFT;
	*page_bits = (uint8_t)(PAGE_BITS + LEVEL_BITS * level);
	if (ppn & ((1ull << (LEVEL_BITS * level)) - 1))
		return "PTE superpage misaligned";
	if (!(pte & SV_PTE_N))
		return NULL;
	if (level || (ppn & ((1u << NAPOT_BITS) - 1)) != NAPOT_VALUE)
		return "PTE.N=1 with a reserved size";
	*page_bits += NAPOT_BITS;
	return NULL;
}

/* What the leaf lets this privilege do, A and D aside. */
static unsigned leaf_permits(const struct sv_context *context, uint64_t pte)
{
	unsigned permits = 0;
	if (pte & SV_PTE_R || (context->mxr && pte & SV_PTE_X))
		permits |= MMU_READ;
	if (pte & SV_PTE_W)
		permits |= MMU_WRITE;
	if (pte & SV_PTE_X)
		permits |= MMU_FETCH;
	if (context->user)
		return pte & SV_PTE_U ? permits : 0;
	if (pte & SV_PTE_U)
		return context->sum ? permits & ~(unsigned)MMU_FETCH : 0;
	return permits;
}

/* Names the rule by which leaf_permits() left out a needed bit. */
static const char *refusal(const struct sv_context *context, uint64_t pte, unsigned missing)
{
	if (context->user && !(pte & SV_PTE_U))
		return context->guest ? "PTE.U=0 in the G-stage" : "PTE.U=0 in U-mode";
	if (!context->user && pte & SV_PTE_U) {
		if (missing & MMU_FETCH)
			return "PTE.U=1: S-mode never fetches from user pages";
		if (!context->sum)
			return "PTE.U=1 in S-mode with SUM=0";
	}
	if (missing & MMU_FETCH)
		return "PTE.X=0";
	if (missing & MMU_WRITE)
		return "PTE.W=0";
	return pte & SV_PTE_X ? "PTE.R=0, PTE.X=1 with MXR=0" : "PTE.R=0";
}

static unsigned needed_bits(unsigned access)
{
	unsigned needed = access & MMU_ACCESS_MASK;
	if (access & MMU_CBO && !(access & MMU_WRITE))
		needed = MMU_READ; /* W without R is reserved: a load is always the weaker */
	return needed;
}

enum step { STEP_DONE, STEP_RESTART, STEP_FAILED };

/* A and D (step 8): checks them, or sets them in memory. */
static enum step accessed_dirty(const struct sv_context *context, const struct sv_memory *memory,
				unsigned needed, uint64_t *pte, struct sv_result *result,
				enum sv_fault *fault)
{
	uint64_t wanted = *pte | SV_PTE_A | (needed & MMU_WRITE ? SV_PTE_D : 0);
	if (wanted == *pte || context->debug)
		return STEP_DONE;
	if (!context->update) {
		*fault = fail(result, SV_FAULT_PAGE,
			      *pte & SV_PTE_A ? "PTE.D=0 with menvcfg.ADUE=0"
					      : "PTE.A=0 with menvcfg.ADUE=0");
		return STEP_FAILED;
	}
	bool done = false;
	if (!memory->update(memory->opaque, result->pte_address, *pte, wanted, &done)) {
		*fault = fail(result, SV_FAULT_ACCESS, "PTE A/D update refused");
		return STEP_FAILED;
	}
	if (!done)
		return STEP_RESTART;
	*pte = wanted;
	result->pte[result->count - 1] = wanted;
	return STEP_DONE;
}

static enum step finish_leaf(const struct sv_context *context, const struct sv_memory *memory,
			     uint64_t address, unsigned access, uint64_t pte,
			     struct sv_result *result, enum sv_fault *fault)
{
	unsigned needed = needed_bits(access);
	unsigned permits = leaf_permits(context, pte);
	if (needed & ~permits) {
		*fault = fail(result, SV_FAULT_PAGE, refusal(context, pte, needed & ~permits));
		return STEP_FAILED;
	}
	enum step step = accessed_dirty(context, memory, needed, &pte, result, fault);
	if (step != STEP_DONE)
		return step;
	if (!(pte & SV_PTE_D))
		permits &= ~(unsigned)MMU_WRITE;
	uint64_t offset = (1ull << result->page_bits) - 1;
	uint64_t base = (pte & SV_PTE_PPN) << (PAGE_BITS - SV_PTE_PPN_SHIFT);
	result->physical = (base & ~offset) | (address & offset);
	result->access = (uint8_t)permits;
	result->memory_type = (pte & SV_PTE_PBMT) >> 61;
	*fault = SV_OK;
	return STEP_DONE;
}

/* One walk from the root; STEP_RESTART if an entry changed under the A/D update. */
static enum step walk_once(const struct sv_context *context, const struct sv_memory *memory,
			   uint64_t address, unsigned access, struct sv_result *result,
			   enum sv_fault *fault)
{
	uint64_t table = context->root;
	*fault = SV_FAULT_PAGE;
	result->count = 0;
	for (unsigned level = context->levels; level-- > 0;) {
		uint64_t mask = LEVEL_MASK;
		if (context->guest && level == context->levels - 1u)
			mask = mask << 2 | 3;
		uint64_t index = address >> (PAGE_BITS + LEVEL_BITS * level) & mask;
		uint64_t pte;
		result->pte_address = table + index * sizeof(pte);
		if (!memory->load(memory->opaque, result->pte_address, &pte)) {
			*fault = fail(result, SV_FAULT_ACCESS, "PTE read refused");
			return STEP_FAILED;
		}
		result->pte[result->count++] = pte;
		result->why = reserved_encoding(context, pte);
		if (result->why)
			return STEP_FAILED;
		if (pte & (SV_PTE_R | SV_PTE_X)) {
			result->why = bad_leaf(level, pte, &result->page_bits);
			if (result->why)
				return STEP_FAILED;
			return finish_leaf(context, memory, address, access, pte, result, fault);
		}
		result->why = bad_pointer(level, pte);
		if (result->why)
			return STEP_FAILED;
		table = (pte & SV_PTE_PPN) << (PAGE_BITS - SV_PTE_PPN_SHIFT);
	}
	return STEP_FAILED;
}

enum sv_fault sv_walk(const struct sv_context *context, const struct sv_memory *memory,
		      uint64_t address, unsigned access, struct sv_result *result)
{
	*result = (struct sv_result){0};
	if (!sv_canonical(context, address))
		return fail(result, SV_FAULT_PAGE, "address is not canonical");
	/* Nobody runs at the same time, so one restart is the rule; the bound is for callbacks. */
	for (unsigned tries = 0; tries < MAX_RESTARTS; tries++) {
		enum sv_fault fault;
		if (walk_once(context, memory, address, access, result, &fault) != STEP_RESTART)
			return fault;
	}
	return fail(result, SV_FAULT_ACCESS, "PTE keeps changing");
}
