/* TLB maintenance and address translation instructions (Arm ARM, C5.4, C5.5, D8.14). */
#include "cpu/arm64/operation_index.h"
#include "cpu/arm64/pe.h"
#include "cpu/arm64/trap.h"
#include "cpu/arm64/walk.h"
#include "mmu/mmu.h"

static unsigned op1_of(unsigned encoding)
{
	return encoding >> 11 & 7;
}

static unsigned crm_of(unsigned encoding)
{
	return encoding >> 3 & 15;
}

static unsigned op2_of(unsigned encoding)
{
	return encoding & 7;
}

/* -- TLBI -- */

/* Values of op1: who the operation belongs to. */
enum { OP1_EL1 = 0, OP1_EL2 = 4, OP1_EL3 = 6 };

/* Stage 2 alone, or the whole of EL1&0: named by EL2. */
static bool is_el2_for_el1(unsigned encoding)
{
	unsigned crm = crm_of(encoding), op2 = op2_of(encoding);
	bool intermediate = crm == 0 || crm == 4;
	return intermediate || op2 == 4 || op2 == 6; /* ALLE1, VMALLS12E1 */
}

/* TLB modes whose entries an operation may have to drop. */
static unsigned modes_of(const struct arm64_cpu *pe, unsigned encoding)
{
	uint64_t host = HCR_E2H | HCR_TGE;
	switch (op1_of(encoding)) {
	case OP1_EL3: return arm64_modes_of_regime(A64_REGIME_EL3);
	case OP1_EL2:
		return arm64_modes_of_regime(is_el2_for_el1(encoding) ? A64_REGIME_EL10
								      : A64_REGIME_EL2);
	default:
		/* The host's "EL1" is EL2. */
		return arm64_modes_of_regime((arm64_hcr(pe) & host) == host ? A64_REGIME_EL2
									    : A64_REGIME_EL10);
	}
}

/* The forms that other elements obey, too. HCR_EL2.FB makes them of all that a guest executes. */
static bool is_broadcast(const struct arm64_cpu *pe, unsigned encoding)
{
	unsigned crm = crm_of(encoding), op2 = op2_of(encoding);
	if (op1_of(encoding) == OP1_EL1 && pe->cpu.level == A64_EL1 && arm64_hcr(pe) & HCR_FB)
		return true;
	if (op1_of(encoding) == OP1_EL2 && crm == 4) /* IPAS2E1OS and its like */
		return op2 == 0 || op2 == 3 || op2 == 4 || op2 == 7;
	return crm <= 3 || crm == 5;
}

struct range {
	uint64_t first, last;
};

/* [first, last] of a virtual address, whose bits 55:12 the operand has; any ASID goes. */
static struct range page_range(uint64_t operand)
{
	uint64_t address = (uint64_t)((int64_t)(operand << 20) >> 8);
	return (struct range){address, address | (CPU_PAGE_SIZE - 1)};
}

/* Operand of the range forms (Arm ARM, C5.5.x): BaseADDR, NUM, SCALE, TG. False: reserved TG. */
static bool operand_range(const struct arm64_cpu *pe, uint64_t operand, bool two, struct range *to)
{
	static const uint8_t granules[] = {0, 12, 14, 16};
	enum { BASE_BITS = 37, NUM_SHIFT = 39, SCALE_SHIFT = 44, TG_SHIFT = 46, WIDE_SHIFT = 16 };
	unsigned granule = granules[operand >> TG_SHIFT & 3];
	unsigned scale = operand >> SCALE_SHIFT & 3, shift = granule;
	uint64_t number = operand >> NUM_SHIFT & 31;
	if (!granule)
		return false;
	enum arm64_regime_id id = two ? A64_REGIME_EL10 : A64_REGIME_EL2;
	const struct arm64_stage1 *stage = &pe->translation.stage1[id];
	if (stage->half[0].layout.lpa2 || stage->half[1].layout.lpa2)
		shift = WIDE_SHIFT; /* with DS=1 the base is in units of 64 KiB */
	int64_t base = (int64_t)(operand << (64 - BASE_BITS)) >> (64 - BASE_BITS);
	to->first = (uint64_t)base << shift;
	to->last = to->first + ((number + 1) << (5 * scale + 1 + granule)) - 1;
	return true;
}

static void invalidate(struct arm64_cpu *pe, unsigned modes, unsigned encoding, uint64_t operand)
{
	enum { BY_ASID = 2, RANGES = 2, RANGES_OS = 5, RANGES_LOCAL = 6 };
	unsigned crm = crm_of(encoding), op2 = op2_of(encoding);
	bool el2_for_el1 = op1_of(encoding) == OP1_EL2 && is_el2_for_el1(encoding);
	struct range range;
	if (el2_for_el1 || op2 == 0) {
		mmu_flush_modes(&pe->cpu, modes);
	} else if (crm == RANGES || crm == RANGES_OS || crm == RANGES_LOCAL) {
		bool two = modes & 1u << A64_TLB_EL1;
		if (operand_range(pe, operand, two, &range) && range.last >= range.first)
			mmu_flush_range(&pe->cpu, modes, range.first, range.last);
		else
			mmu_flush_modes(&pe->cpu, modes);
	} else if (op2 == BY_ASID) {
		mmu_flush_local(&pe->cpu, modes);
	} else {
		range = page_range(operand);
		mmu_flush_range(&pe->cpu, modes, range.first, range.last);
	}
}

/*
 * What is dropped is never less than asked for: ASID, VMID, level and the last-level hint are not
 * looked at.
 */
void arm64_tlb_invalidate(struct arm64_cpu *pe, unsigned encoding, uint64_t operand)
{
	struct machine *machine = pe->cpu.machine;
	unsigned modes = modes_of(pe, encoding);
	bool all = is_broadcast(pe, encoding);
	for (unsigned i = 0; i < machine->cpu_count; i++)
		if (all || machine->cpu[i] == &pe->cpu)
			invalidate(arm64_cpu(machine->cpu[i]), modes, encoding, operand);
}

/* -- caches -- */

bool arm64_cache_operation(struct arm64_cpu *pe, unsigned encoding, uint64_t address)
{
	enum { INVALIDATE = 6, INSTRUCTIONS = 5, BY_ADDRESS = 1 };
	unsigned crm = crm_of(encoding);
	if (op2_of(encoding) != BY_ADDRESS || crm < INSTRUCTIONS || crm == 7)
		return true;
	if (crm != INVALIDATE && mmu_is_readable(&pe->cpu, address))
		return true;
	unsigned access = (crm == INVALIDATE ? MMU_WRITE : MMU_READ) | MMU_CBO;
	struct arm64_request request =
		arm64_request_of_mode(pe->cpu.fetch_mode, address, access | MMU_DEBUG);
	/* Beyond EL0, what only reads memory needs a translation and no permission. */
	request.unchecked = crm != INVALIDATE && !request.user;
	struct arm64_translated found;
	if (arm64_translate_address(pe, &request, &found))
		return true;
	arm64_abort(pe, &pe->cpu.trap, address, access, &found.fault);
	return false;
}

/* -- AT -- */

/* Fields of PAR_EL1. */
enum {
	PAR_F = 1 << 0,
	PAR_FST_SHIFT = 1,
	PAR_SH_SHIFT = 7,
	PAR_PTW = 1 << 8,
	PAR_S = 1 << 9,
	PAR_RES1 = 1 << 11,
	PAR_ATTR_SHIFT = 56,
};
#define PAR_PA (((1ull << 52) - 1) & CPU_PAGE_MASK)

static uint64_t par_of_fault(const struct arm64_fault *fault)
{
	return PAR_F | (uint64_t)fault->status << PAR_FST_SHIFT | (fault->on_walk ? PAR_PTW : 0) |
	       (fault->second ? PAR_S : 0) | PAR_RES1;
}

static uint64_t par_of(const struct arm64_translated *found)
{
	enum { OUTER_SHAREABLE = 2 };
	bool weak =
		arm64_memory_is_device(found->memory) || found->memory == A64_MEMORY_NON_CACHEABLE;
	uint64_t shareability = weak ? OUTER_SHAREABLE : found->shareability;
	return (found->physical & PAR_PA) | shareability << PAR_SH_SHIFT | PAR_RES1 |
	       (uint64_t)found->memory << PAR_ATTR_SHIFT;
}

/* Operands of an encoding: CRm 8: R and W of EL1, EL0, and of both stages; 9: P and A forms. */
static struct arm64_request request_of(const struct arm64_cpu *pe, unsigned encoding,
				       uint64_t address)
{
	enum { P_FORMS = 9, FORM_A = 2, BOTH_STAGES = 4, EL0 = 2 };
	unsigned op2 = op2_of(encoding);
	uint64_t host = HCR_E2H | HCR_TGE;
	bool is_host = (arm64_hcr(pe) & host) == host;
	bool extra = crm_of(encoding) == P_FORMS, unchecked = extra && op2 == FORM_A;
	bool both = op1_of(encoding) == OP1_EL2 && op2 >= BOTH_STAGES;
	struct arm64_request request = {
		.address = address,
		.regime = op1_of(encoding) == OP1_EL3            ? A64_REGIME_EL3
			  : op1_of(encoding) == OP1_EL2 && !both ? A64_REGIME_EL2
			  : is_host                              ? A64_REGIME_EL2
								 : A64_REGIME_EL10,
		.user = !extra && op2 & EL0,
		.pan = extra && !unchecked && pe->pstate & PSTATE_PAN,
		.stage1_only = !both,
		.unchecked = unchecked,
		/* An AT changes no dirty state; that it sets access flags is permitted, not done.
		 */
		.access = (op2 & 1 ? MMU_WRITE : MMU_READ) | MMU_DEBUG | MMU_CBO,
	};
	return request;
}

/*
 * Faults are reported in PAR_EL1, except external aborts on a walk, and at EL1 what stage 2 says to
 * a walk of stage 1.
 */
bool arm64_address_translate(struct arm64_cpu *pe, unsigned encoding, uint64_t address)
{
	struct arm64_request request = request_of(pe, encoding, address);
	struct arm64_translated found;
	if (arm64_translate_address(pe, &request, &found)) {
		pe->sysreg[A64_PAR_EL1] = par_of(&found);
		return true;
	}
	bool below = pe->cpu.level == A64_EL1 && found.fault.second && found.fault.on_walk;
	if (found.fault.external || below) {
		arm64_abort(pe, &pe->cpu.trap, address, request.access, &found.fault);
		return false;
	}
	pe->sysreg[A64_PAR_EL1] = par_of_fault(&found.fault);
	return true;
}
