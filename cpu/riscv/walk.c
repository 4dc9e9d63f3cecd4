/*
 * Address translation of a hart: satp, the page tables, then physical memory protection; and the
 * faults of accesses that fail for other reasons (privileged manual, "Virtual Address Translation
 * Process", "Physical Memory Protection").
 */
#include "core/machine.h"
#include "cpu/riscv/bits.h"
#include "cpu/riscv/hart.h"
#include "engine/engine.h"
#include "mmu/mmu.h"
#include "mmu/sv.h"

/* Access bits serve as PMP permissions as they are. */
_Static_assert((int)MMU_READ == (int)PMP_R && (int)MMU_WRITE == (int)PMP_W &&
		       (int)MMU_FETCH == (int)PMP_X,
	       "MMU and PMP bits agree");

#define PTE_SIZE 8

/* clang-format off */
#define ROW(prefix, tens) \
	prefix #tens "0", prefix #tens "1", prefix #tens "2", prefix #tens "3", prefix #tens "4", \
	prefix #tens "5", prefix #tens "6", prefix #tens "7", prefix #tens "8", prefix #tens "9"
#define ROWS(prefix) \
	prefix "0", prefix "1", prefix "2", prefix "3", prefix "4", \
	prefix "5", prefix "6", prefix "7", prefix "8", prefix "9", \
	ROW(prefix, 1), ROW(prefix, 2), ROW(prefix, 3), ROW(prefix, 4), ROW(prefix, 5), \
	prefix "60", prefix "61", prefix "62", prefix "63"
/* clang-format on */

/* Why-strings are static, so there is one for each entry; index -1 + 1: no entry matches. */
static const char *const pmp_why[] = {"no PMP entry matches", ROWS("pmp entry ")};
static const char *const pmp_pte_why[] = {"PTE: no PMP entry matches", ROWS("PTE: pmp entry ")};
_Static_assert(sizeof(pmp_why) / sizeof(pmp_why[0]) == PMP_MAX_ENTRIES + 1, "one for each entry");

/* -- faults -- */

static bool is_store(unsigned access)
{
	return access & (MMU_WRITE | MMU_CBO);
}

static uint64_t cause_of(unsigned access, uint64_t fetch, uint64_t load, uint64_t store)
{
	if (access & MMU_FETCH)
		return fetch;
	return is_store(access) ? store : load;
}

static uint64_t page_fault(unsigned access)
{
	return cause_of(access, RV_CAUSE_FETCH_PAGE, RV_CAUSE_LOAD_PAGE, RV_CAUSE_STORE_PAGE);
}

static uint64_t access_fault(unsigned access)
{
	return cause_of(access, RV_CAUSE_FETCH_ACCESS, RV_CAUSE_LOAD_ACCESS, RV_CAUSE_STORE_ACCESS);
}

static uint64_t misaligned_fault(unsigned access)
{
	return cause_of(access, RV_CAUSE_FETCH_MISALIGNED, RV_CAUSE_LOAD_MISALIGNED,
			RV_CAUSE_STORE_MISALIGNED);
}

/* Everything but pc and from, which the engine knows. Returns false for the caller to return. */
static bool fault(struct trap *trap, uint64_t cause, uint64_t address, const char *why)
{
	*trap = (struct trap){
		.cause = cause,
		.value = address,
		.why = why,
		.pc = trap->pc,
		.from = trap->from,
		.to = TRAP_LEVEL_NONE,
	};
	return false;
}

void riscv_access_fault(struct cpu *cpu, uint64_t address, unsigned access, unsigned reason,
			struct trap *trap)
{
	(void)cpu;
	switch (reason) {
	case MMU_FAULT_MISALIGNED:
		fault(trap, misaligned_fault(access), address,
		      access & MMU_ATOMIC ? "LR, SC and AMO need natural alignment"
					  : "misaligned=trap");
		break;
	case MMU_FAULT_MISALIGNED_DEVICE:
		fault(trap, access_fault(access), address, "misaligned access to a device");
		break;
	case MMU_FAULT_ATOMIC:
		fault(trap, access_fault(access), address, "LR, SC and AMO need main memory");
		break;
	default:
		fault(trap, access_fault(access), address,
		      "no memory or device accepts the access");
		break;
	}
}

/* -- translation -- */

/* One walk in progress, for the callbacks of sv_walk(). */
struct walk {
	struct riscv_cpu *hart;
	const char *refused; /* more exact than what the walker can say */
};

/* Table entries are accessed with S-mode privilege, and PMP has its say. */
static bool pte_permitted(struct walk *walk, uint64_t physical, unsigned access)
{
	int entry;
	if (pmp_check(&walk->hart->pmp, physical, PTE_SIZE, access, false, NULL, &entry))
		return true;
	walk->refused = pmp_pte_why[entry + 1];
	return false;
}

static bool pte_load(void *opaque, uint64_t physical, uint64_t *pte)
{
	struct walk *walk = opaque;
	if (!pte_permitted(walk, physical, PMP_R))
		return false;
	walk->refused = "PTE outside of memory";
	return mmu_pte_load(&walk->hart->cpu, physical, PTE_SIZE, pte);
}

static bool pte_update(void *opaque, uint64_t physical, uint64_t expected, uint64_t desired,
		       bool *done)
{
	struct walk *walk = opaque;
	if (!pte_permitted(walk, physical, PMP_W))
		return false;
	walk->refused = "PTE in memory that cannot be written";
	return mmu_pte_update(&walk->hart->cpu, physical, PTE_SIZE, expected, desired, done);
}

static void observe_walk(struct cpu *cpu, uint64_t address, unsigned access,
			 const struct sv_result *result)
{
	const struct observer_list *observers = &cpu->machine->observers;
	if (access & MMU_DEBUG || !observer_wants(observers, OBSERVE_WALK))
		return;
	/* Data is accessed in the middle of a block, instructions between blocks. */
	bool inside = !(access & MMU_FETCH) && cpu->uop && cpu->exit == CPU_EXIT_NONE;
	struct observation observation = {
		.kind = OBSERVE_WALK,
		.walk = {.address = address,
			 .physical = result->physical,
			 .levels = result->count,
			 .failure = result->why},
	};
	for (unsigned i = 0; i < result->count; i++)
		observation.walk.pte[i] = result->pte[i];
	engine_notify(cpu, inside, &observation);
}

static void note_superpage(struct riscv_cpu *hart, uint64_t address, unsigned page_bits)
{
	uint64_t offset = (1ull << page_bits) - 1;
	unsigned half = address >> 63;
	if ((address & ~offset) < hart->superpages[half].first)
		hart->superpages[half].first = address & ~offset;
	if ((address | offset) > hart->superpages[half].last)
		hart->superpages[half].last = address | offset;
}

/* The page tables' part. True: *physical and *allowed are filled. */
static bool translate(struct riscv_cpu *hart, uint64_t address, unsigned access, unsigned mode,
		      uint64_t *physical, unsigned *allowed, struct trap *trap)
{
	struct sv_context context = {
		.root = (hart->satp & SATP_PPN) << CPU_PAGE_BITS,
		.levels = (uint8_t)((hart->satp >> SATP_MODE_SHIFT) - SATP_SV39 + 3),
		.user = mode == RV_TLB_U,
		.sum = mode == RV_TLB_S_SUM,
		.mxr = hart->mstatus & MSTATUS_MXR,
		.update = hart->menvcfg & MENVCFG_ADUE,
		.napot = riscv_has(hart, RV_EXT_SVNAPOT),
		.pbmt = hart->menvcfg & MENVCFG_PBMTE,
		.debug = access & MMU_DEBUG,
	};
	struct walk walk = {.hart = hart};
	struct sv_memory memory = {pte_load, pte_update, &walk};
	struct sv_result result;
	enum sv_fault failed = sv_walk(&context, &memory, address, access, &result);
	if (failed == SV_FAULT_ACCESS && walk.refused)
		result.why = walk.refused;
	observe_walk(&hart->cpu, address, access, &result);
	if (failed)
		return fault(trap,
			     failed == SV_FAULT_PAGE ? page_fault(access) : access_fault(access),
			     address, result.why);
	if (result.page_bits > CPU_PAGE_BITS && !(access & MMU_DEBUG))
		note_superpage(hart, address, result.page_bits);
	*physical = result.physical;
	*allowed = result.access;
	return true;
}

bool riscv_walk(struct cpu *cpu, uint64_t address, unsigned access, unsigned mode,
		struct mmu_translation *result, struct trap *trap)
{
	struct riscv_cpu *hart = riscv_cpu(cpu);
	bool machine = mode == RV_TLB_M;
	uint64_t physical = address;
	unsigned allowed = MMU_ACCESS_MASK;

	if (!machine && hart->satp >> SATP_MODE_SHIFT) {
		if (!translate(hart, address, access, mode, &physical, &allowed, trap))
			return false;
	} else if (address >> RV_PHYSICAL_BITS) {
		return fault(trap, access_fault(access), address, "physical address over 56 bits");
	}

	/* PMP decides for the page, or for the very bytes if an entry ends within the page. */
	bool split = pmp_splits_page(&hart->pmp, physical);
	uint64_t first = split ? physical : physical & CPU_PAGE_MASK;
	uint64_t size = split ? access >> MMU_SIZE_SHIFT & 0xff : CPU_PAGE_SIZE;
	unsigned needed = access & MMU_ACCESS_MASK;
	if (access & MMU_CBO && !(access & MMU_WRITE))
		needed = MMU_READ;
	unsigned permitted;
	int entry;
	if (!pmp_check(&hart->pmp, first, size, needed, machine, &permitted, &entry))
		return fault(trap, access_fault(access), address, pmp_why[entry + 1]);
	*result = (struct mmu_translation){
		.physical = physical,
		.access = (uint8_t)(allowed & permitted),
		.uncached = split,
	};
	return true;
}

/* -- flushes -- */

static void forget_superpages(struct riscv_cpu *hart)
{
	for (unsigned half = 0; half < 2; half++) {
		hart->superpages[half].first = UINT64_MAX;
		hart->superpages[half].last = 0;
	}
}

void riscv_flush_translated(struct riscv_cpu *hart)
{
	forget_superpages(hart);
	mmu_flush_modes(&hart->cpu, RV_TLB_TRANSLATED);
}

void riscv_flush_all(struct riscv_cpu *hart)
{
	forget_superpages(hart);
	mmu_flush(&hart->cpu);
}

void riscv_flush_address(struct riscv_cpu *hart, uint64_t address)
{
	unsigned half = address >> 63;
	if (address >= hart->superpages[half].first && address <= hart->superpages[half].last)
		riscv_flush_translated(hart);
	else
		mmu_flush_page(&hart->cpu, address);
}
