#include "cpu/arm64/walk.h"

#include "cpu/arm64/branch_target.h"
#include "cpu/arm64/debug.h"
#include "cpu/arm64/pe.h"
#include "engine/engine.h"
#include "mmu/mmu.h"

/* A walk of one stage, for observers. */
struct steps {
	uint64_t input, output;
	const char *failure; /* NULL: there is an output */
	uint64_t descriptor[VMSA_LEVELS];
	unsigned count;
	uint8_t stage;
	bool of_table; /* stage 2: for a table of stage 1 */
};

struct walk {
	struct arm64_cpu *pe;
	const struct arm64_request *request;
	struct arm64_translated *result;
	struct steps first, second;
};

static void note_step(struct steps *steps, uint64_t descriptor)
{
	if (steps->count < VMSA_LEVELS)
		steps->descriptor[steps->count++] = descriptor;
}

static void observe_walk(struct cpu *cpu, unsigned access, const struct vmsa_layout *layout,
			 const struct steps *steps)
{
	if (access & MMU_DEBUG || !observer_wants(&cpu->machine->observers, OBSERVE_WALK))
		return;
	struct observation observation = {
		.kind = OBSERVE_WALK,
		.walk = {.address = steps->input,
			 .physical = steps->output,
			 .levels = steps->count,
			 .failure = steps->failure,
			 .first_level = layout->start,
			 .stage = steps->stage,
			 .of_table = steps->of_table},
	};
	for (unsigned i = 0; i < steps->count; i++)
		observation.walk.pte[i] = steps->descriptor[i];
	/* Data is accessed in the middle of a block, instructions between blocks. */
	bool inside = !(access & MMU_FETCH) && cpu->uop && cpu->exit == CPU_EXIT_NONE;
	engine_notify(cpu, inside, &observation);
}

/* -- faults -- */

/* xFSC of a fault at a level (Arm ARM, D24.2.40). */
static uint8_t status_of(enum vmsa_fault fault, int level)
{
	static const struct {
		uint8_t base, minus_one;
	} codes[] = {
		[VMSA_FAULT_ADDRESS_SIZE] = {0x00, 0x29},
                  [VMSA_FAULT_TRANSLATION] = {0x04, 0x2b},
		[VMSA_FAULT_ACCESS_FLAG] = {0x08, 0x08},
                  [VMSA_FAULT_PERMISSION] = {0x0c, 0x0c},
		[VMSA_FAULT_EXTERNAL] = {0x14, 0x13},
	};
	enum { UNSUPPORTED_UPDATE = 0x31 };
	if (fault == VMSA_FAULT_UPDATE)
		return UNSUPPORTED_UPDATE;
	return level < 0 ? codes[fault].minus_one : (uint8_t)(codes[fault].base + level);
}

static const char *why_of(enum vmsa_fault fault, bool second)
{
	static const char *const why[][2] = {
		[VMSA_FAULT_NONE] = {"",                                      ""                     },
		[VMSA_FAULT_ADDRESS_SIZE] = {"stage 1: address size",                 "stage 2: address size"},
		[VMSA_FAULT_TRANSLATION] = {"stage 1: not mapped",                   "stage 2: not mapped"  },
		[VMSA_FAULT_ACCESS_FLAG] = {"stage 1: access flag is 0",
                                     "stage 2: access flag is 0"                                     },
		[VMSA_FAULT_PERMISSION] = {"stage 1: permission",                   "stage 2: permission"  },
		[VMSA_FAULT_EXTERNAL] = {"stage 1: table outside of memory",
                                     "stage 2: table outside of memory"                              },
		[VMSA_FAULT_UPDATE] = {"stage 1: table that cannot be written",
                                     "stage 2: table that cannot be written"                         },
		[VMSA_FAULT_REPORTED] = {"",                                      ""                     },
	};
	return why[fault][second];
}

/* Records a fault, unless it has been: always false. */
static bool fail(struct walk *walk, enum vmsa_fault fault, int level, bool second)
{
	struct arm64_fault *to = &walk->result->fault;
	unsigned access = walk->request->access;
	if (fault == VMSA_FAULT_REPORTED)
		return false;
	*to = (struct arm64_fault){
		.status = status_of(fault, level),
		.second = second,
		.external = fault == VMSA_FAULT_EXTERNAL,
		/* A read-modify-write that cannot even read is a read. */
		.write = access & MMU_WRITE && !(access & MMU_READ),
		.why = why_of(fault, second),
	};
	return false;
}

/* -- memory types -- */

/* The byte of MAIR_ELx that a descriptor names. */
static uint8_t stage1_memory(const struct arm64_stage1 *stage, uint64_t descriptor)
{
	unsigned index = descriptor >> 2 & 7;
	bool second = stage->more_types && descriptor & VMSA_ATTR3;
	return (uint8_t)(stage->mair[second] >> 8 * index);
}

/* The type that stage 2 has by itself: MemAttr[3:0]. */
static uint8_t stage2_memory(unsigned attributes)
{
	static const uint8_t outer[] = {0, 0x40, 0xb0, 0xf0}, inner[] = {0x4, 0x4, 0xb, 0xf};
	if (!(attributes & 0xc))
		return (uint8_t)((attributes & 3) << 2);
	return outer[attributes >> 2] | inner[attributes & 3];
}

/* The weaker of two cacheabilities: none, write-through, write-back. */
static uint8_t weaker_half(uint8_t a, uint8_t b)
{
	bool none = a == 4 || b == 4;
	if (none)
		return 4;
	bool through = !(a & 4) || !(b & 4);
	return through ? 0xb : 0xf;
}

/* Both stages without FEAT_S2FWB (Arm ARM, D8.6.5): Device wins, then the weaker cacheability. */
static uint8_t combine_memory(uint8_t first, uint8_t second)
{
	bool device1 = arm64_memory_is_device(first), device2 = arm64_memory_is_device(second);
	if (device1 && device2)
		return first < second ? first : second;
	if (device1 || device2)
		return device1 ? first : second;
	return (uint8_t)(weaker_half(first >> 4, second >> 4) << 4 |
			 weaker_half(first & 15, second & 15));
}

/* With HCR_EL2.FWB=1 stage 2 says what to do with the type of stage 1 (Arm ARM, D8.6.6). */
static uint8_t forced_memory(uint8_t first, unsigned attributes)
{
	enum { NON_CACHEABLE = 5, WRITE_BACK = 6, STAGE_1 = 7 };
	switch (attributes & 7) {
	case STAGE_1: return first;
	case WRITE_BACK: return A64_MEMORY_WRITE_BACK;
	case NON_CACHEABLE: return arm64_memory_is_device(first) ? first : A64_MEMORY_NON_CACHEABLE;
	default: return (uint8_t)((attributes & 3) << 2);
	}
}

/* -- stage 2 -- */

static enum vmsa_fault physical_load(void *opaque, uint64_t at, uint64_t *descriptor)
{
	struct walk *walk = opaque;
	return mmu_pte_load(&walk->pe->cpu, at, 8, descriptor) ? VMSA_FAULT_NONE
							       : VMSA_FAULT_EXTERNAL;
}

/* The same for a walk of stage 2. */
static enum vmsa_fault load_descriptor2(void *opaque, uint64_t at, uint64_t *descriptor)
{
	struct walk *walk = opaque;
	enum vmsa_fault fault = physical_load(walk, at, descriptor);
	if (!fault)
		note_step(&walk->second, *descriptor);
	return fault;
}

static enum vmsa_fault physical_update(struct walk *walk, uint64_t at, uint64_t expected,
				       uint64_t desired)
{
	bool done;
	return mmu_pte_update(&walk->pe->cpu, at, 8, expected, desired, &done) ? VMSA_FAULT_NONE
									       : VMSA_FAULT_UPDATE;
}

/* The same by S2PIR_EL2. What may be written by hardware only counts as read-only. */
static unsigned stage2_indirect(const struct arm64_stage2 *stage, uint64_t descriptor, bool user)
{
	enum { WRITE_ONLY = 4, READABLE = 8, WRITABLE = 4, EL0_EXECUTES = 1, EL1_EXECUTES = 2 };
	unsigned index =
		(descriptor >> 53 & 3) << 2 | (descriptor >> 51 & 1) << 1 | (descriptor >> 6 & 1);
	unsigned code = stage->pir >> 4 * index & 15;
	if (code < READABLE) {
		bool mostly_read_only = code & 2;
		return mostly_read_only ? MMU_READ : code == WRITE_ONLY ? MMU_WRITE : 0;
	}
	return MMU_READ | (code & WRITABLE ? MMU_WRITE : 0) |
	       (code & (user ? EL0_EXECUTES : EL1_EXECUTES) ? MMU_FETCH : 0);
}

/* What a leaf of stage 2 permits. */
static unsigned stage2_permits(const struct arm64_stage2 *stage, uint64_t descriptor, bool user)
{
	unsigned permits = 0;
	bool execute_never = descriptor & VMSA_UXN;
	if (stage->indirect)
		return stage2_indirect(stage, descriptor, user);
	if (stage->xnx && descriptor & VMSA_PXN) /* XN[0]: the other way round for EL1 */
		execute_never = user == execute_never;
	if (descriptor & VMSA_AP0)
		permits |= MMU_READ;
	if (descriptor & VMSA_AP1 || (stage->dirty && descriptor & VMSA_DBM))
		permits |= MMU_WRITE;
	if (!execute_never)
		permits |= MMU_FETCH;
	return permits;
}

struct stage2_result {
	uint64_t physical;
	unsigned access;     /* that may be cached */
	unsigned attributes; /* MemAttr */
	unsigned shareability;
};

/* The descriptor as it is after an access. */
static uint64_t after_access(uint64_t descriptor, bool set_access, bool set_dirty, bool second)
{
	if (set_access)
		descriptor |= VMSA_AF;
	if (set_dirty)
		descriptor = second ? descriptor | VMSA_AP1 : descriptor & ~VMSA_AP1;
	return descriptor;
}

/* stage2() with stage 2 on. */
static bool stage2_walk(struct walk *walk, const struct arm64_stage2 *stage, uint64_t ipa,
			unsigned access, bool user, struct stage2_result *result)
{
	const struct vmsa_memory memory = {load_descriptor2, walk};
	unsigned wanted = access & MMU_ACCESS_MASK;
	struct vmsa_leaf leaf = {0};
	enum vmsa_fault fault = VMSA_FAULT_NONE;
	if (stage->off || ipa >> stage->layout.input_bits)
		fault = VMSA_FAULT_TRANSLATION;
	else
		fault = vmsa_walk(&stage->layout, &memory, ipa, &leaf);
	unsigned permits = 0;
	bool undirty = false;
	if (!fault) {
		permits = stage2_permits(stage, leaf.descriptor, user);
		undirty = stage->indirect && !stage->dirty && !(leaf.descriptor & VMSA_AP1) &&
			  permits & MMU_WRITE;
		if (undirty)
			permits &= ~(unsigned)MMU_WRITE;
		if (wanted & ~permits)
			fault = VMSA_FAULT_PERMISSION;
	}
	uint64_t descriptor = leaf.descriptor;
	if (!fault) {
		bool clean = !(descriptor & VMSA_AP1), dirty = wanted & MMU_WRITE && clean;
		uint64_t desired = after_access(descriptor, true, dirty, true);
		if (desired != descriptor && !(access & MMU_DEBUG)) {
			fault = physical_update(walk, leaf.at, descriptor, desired);
			descriptor = desired;
		}
		if (!(descriptor & VMSA_AP1))
			permits &= ~(unsigned)MMU_WRITE;
	}
	if (fault) {
		fail(walk, fault, leaf.level, true);
		walk->result->fault.ipa = ipa;
		walk->result->fault.dirty_bit = undirty && wanted & MMU_WRITE;
		if (fault == VMSA_FAULT_PERMISSION && wanted & MMU_WRITE && permits & MMU_READ)
			walk->result->fault.write = true;
		return false;
	}
	*result = (struct stage2_result){
		.physical = leaf.output,
		.access = permits,
		.attributes = descriptor >> 2 & 15,
		.shareability = descriptor >> 8 & 3,
	};
	return true;
}

/*
 * False: a fault is recorded. access: enum mmu_access; all of it must be permitted. of_table: for
 * where stage 1 has a table.
 */
static bool stage2(struct walk *walk, uint64_t ipa, unsigned access, bool user, bool of_table,
		   struct stage2_result *result)
{
	const struct arm64_stage2 *stage = arm64_stage2_of(walk->pe);
	if (!stage->on) {
		*result = (struct stage2_result){.physical = ipa, .access = MMU_ACCESS_MASK};
		return true;
	}
	struct steps *steps = &walk->second;
	const struct arm64_translated *whole = walk->result;
	*steps = (struct steps){.input = ipa, .stage = 2, .of_table = of_table};
	bool found = stage2_walk(walk, stage, ipa, access, user, result);
	if (found)
		steps->output = result->physical;
	else
		steps->failure = whole->fault.why;
	observe_walk(&walk->pe->cpu, walk->request->access, &stage->layout, steps);
	return found;
}

/* -- stage 1 -- */

/* Where a descriptor of stage 1 lies, by stage 2. */
static enum vmsa_fault descriptor_at(struct walk *walk, uint64_t at, unsigned access,
				     uint64_t *physical)
{
	const struct arm64_stage2 *stage = &walk->pe->translation.stage2;
	struct stage2_result found;
	bool nested = walk->request->regime == A64_REGIME_EL10 && stage->on;
	*physical = at;
	if (!nested)
		return VMSA_FAULT_NONE;
	access |= walk->request->access & MMU_DEBUG;
	bool refused = !stage2(walk, at, access, false, true, &found);
	if (!refused && stage->protect_tables) {
		uint8_t memory = stage->force_type
					 ? forced_memory(A64_MEMORY_WRITE_BACK, found.attributes)
					 : stage2_memory(found.attributes);
		refused = arm64_memory_is_device(memory);
		if (refused) {
			fail(walk, VMSA_FAULT_PERMISSION, 3, true);
			walk->result->fault.ipa = at;
			walk->result->fault.why = "HCR_EL2.PTW=1";
		}
	}
	if (refused) {
		walk->result->fault.on_walk = true;
		walk->result->fault.write = access & MMU_WRITE;
		return VMSA_FAULT_REPORTED;
	}
	*physical = found.physical;
	return VMSA_FAULT_NONE;
}

static enum vmsa_fault load_descriptor(void *opaque, uint64_t at, uint64_t *descriptor)
{
	struct walk *walk = opaque;
	uint64_t physical;
	enum vmsa_fault fault = descriptor_at(walk, at, MMU_READ, &physical);
	if (!fault)
		fault = physical_load(walk, physical, descriptor);
	if (!fault)
		note_step(&walk->first, *descriptor);
	return fault;
}

static enum vmsa_fault update_descriptor(struct walk *walk, uint64_t at, uint64_t expected,
					 uint64_t desired)
{
	uint64_t physical;
	enum vmsa_fault fault = descriptor_at(walk, at, MMU_READ | MMU_WRITE, &physical);
	return fault ? fault : physical_update(walk, physical, expected, desired);
}

/* What one level of privilege may do, and what may then be taken away. */
struct permits {
	unsigned access;
	bool overlay; /* POR_ELx has its say */
	bool wxn;     /* not executable if writable */
};

/* By AP, PXN, UXN, and the limits of the tables above (Arm ARM, D8.4.1). */
static struct permits direct_permits(const struct arm64_stage1 *stage,
				     const struct arm64_half *half, const struct vmsa_leaf *leaf,
				     bool user)
{
	uint64_t descriptor = leaf->descriptor, tables = half->flat ? 0 : leaf->tables;
	bool writable = !(descriptor & VMSA_AP1) || (half->dirty && descriptor & VMSA_DBM);
	if (tables & VMSA_TABLE_AP1)
		writable = false;
	bool uxn = descriptor & VMSA_UXN || tables & VMSA_TABLE_UXN;
	bool el0 = stage->two && descriptor & VMSA_AP0 && !(tables & VMSA_TABLE_AP0);
	unsigned data = MMU_READ | (writable ? MMU_WRITE : 0);
	bool never = uxn;
	if (user) {
		data = el0 ? data : 0;
	} else if (stage->two) {
		bool pxn = descriptor & VMSA_PXN || tables & VMSA_TABLE_PXN;
		never = pxn || (el0 && writable);
	}
	return (struct permits){data | (never ? 0 : MMU_FETCH), true, stage->wxn};
}

/* By what PIR_ELx or PIRE0_ELx says of the descriptor's index (Arm ARM, D8.4.2). */
static struct permits indirect_permits(const struct arm64_stage1 *stage, uint64_t descriptor,
				       bool user)
{
	enum { R = MMU_READ, W = MMU_WRITE, X = MMU_FETCH, NO_OVERLAY = 8, RW_NOT_X = 6 };
	/* GCS pages (9) can be read as any other. */
	static const uint8_t meaning[] = {0, R, X,     R | X, 0,     R | W, R | W | X, R | W | X,
					  R, R, R | X, 0,     R | W, 0,     R | W | X, 0};
	unsigned index =
		(descriptor >> 53 & 3) << 2 | (descriptor >> 51 & 1) << 1 | (descriptor >> 6 & 1);
	unsigned code = stage->pir[!user] >> 4 * index & 15;
	return (struct permits){meaning[code], code < NO_OVERLAY, code == RW_NOT_X};
}

static struct permits base_permits(const struct arm64_stage1 *stage, const struct arm64_half *half,
				   const struct vmsa_leaf *leaf, bool user)
{
	return stage->indirect ? indirect_permits(stage, leaf->descriptor, user)
			       : direct_permits(stage, half, leaf, user);
}

/* What POR_ELx leaves of a descriptor's permissions (Arm ARM, D8.4.3). */
static unsigned overlay_permits(const struct arm64_stage1 *stage, uint64_t descriptor, bool user)
{
	enum { R = MMU_READ, W = MMU_WRITE, X = MMU_FETCH, RESERVED = 8 };
	static const uint8_t meaning[] = {0, R, X, R | X, W, R | W, W | X, R | W | X};
	unsigned index = descriptor >> 60 & 7;
	unsigned code = stage->por[!user] >> 4 * index & 15;
	return code < RESERVED ? meaning[code] : 0;
}

/* What a leaf of stage 1 permits. *overlaid: what only the overlay takes away. */
static unsigned stage1_permits(const struct arm64_stage1 *stage, const struct arm64_half *half,
			       const struct vmsa_leaf *leaf, const struct arm64_request *request,
			       unsigned *overlaid)
{
	bool user = request->user;
	struct permits permits = base_permits(stage, half, leaf, user);
	*overlaid = 0;
	if (request->pan && !user && stage->two) {
		struct permits el0 = base_permits(stage, half, leaf, true);
		unsigned counts = MMU_READ | MMU_WRITE;
		if (stage->epan || stage->indirect)
			counts |= MMU_FETCH;
		if (el0.access & counts)
			permits.access &= MMU_FETCH;
	}
	if (permits.overlay && stage->overlay[!user]) {
		unsigned left = overlay_permits(stage, leaf->descriptor, user);
		*overlaid = permits.access & ~left;
		permits.access &= left;
	}
	if (permits.wxn && permits.access & MMU_WRITE)
		permits.access &= ~(unsigned)MMU_FETCH;
	return permits.access;
}

/* An address as the tables take it; false: it is in no half's reach. */
static const struct arm64_half *half_of(const struct arm64_stage1 *stage,
					const struct arm64_request *request, uint64_t *input)
{
	uint64_t address = request->address;
	const struct arm64_half *half = &stage->half[stage->two && address >> 55 & 1];
	unsigned ignored = (request->access & MMU_FETCH ? half->fetch_top : half->top_byte) ? 8 : 0;
	unsigned bits = half->layout.input_bits;
	if (half->off || (half->not_el0 && request->user))
		return NULL;
	/* The bits above those that the tables take are all like bit 55, or 0. */
	uint64_t high = address << ignored >> ignored >> bits;
	uint64_t ones = half == &stage->half[1] ? UINT64_MAX << ignored >> ignored >> bits : 0;
	if (high != ones)
		return NULL;
	*input = address & ((1ull << bits) - 1);
	return half;
}

/* With SCTLR_ELx.M=0: addresses stay as they are (Arm ARM, D8.2.12). */
static bool stage1_off(struct walk *walk, const struct arm64_stage1 *stage)
{
	const struct arm64_request *request = walk->request;
	struct arm64_translated *result = walk->result;
	uint64_t address = request->address;
	const struct arm64_half *half = &stage->half[stage->two && address >> 55 & 1];
	if (request->access & MMU_FETCH ? half->fetch_top : half->top_byte)
		address = address << 8 >> 8;
	if (address >> arm64_physical_bits(walk->pe))
		return fail(walk, VMSA_FAULT_ADDRESS_SIZE, 0, false);
	result->physical = address;
	result->access = MMU_ACCESS_MASK;
	result->page_bits = CPU_PAGE_BITS;
	result->memory = stage->default_cacheable      ? A64_MEMORY_WRITE_BACK
			 : request->access & MMU_FETCH ? A64_MEMORY_WRITE_THROUGH
						       : A64_MEMORY_DEVICE;
	result->shareability = stage->default_cacheable ? 0 : 2;
	return true;
}

/* stage1() of an address that one half has tables for. */
static bool stage1_walk(struct walk *walk, const struct arm64_stage1 *stage,
			const struct arm64_half *half, uint64_t input)
{
	const struct arm64_request *request = walk->request;
	struct arm64_translated *result = walk->result;
	const struct vmsa_memory memory = {load_descriptor, walk};
	unsigned wanted = request->unchecked ? 0 : request->access & MMU_ACCESS_MASK;
	struct vmsa_leaf leaf;
	enum vmsa_fault fault = vmsa_walk(&half->layout, &memory, input, &leaf);
	if (fault)
		return fail(walk, fault, leaf.level, false);
	unsigned overlaid, permits = stage1_permits(stage, half, &leaf, request, &overlaid);
	/* With indirect permissions AP[2] is "not dirty", and a write needs hardware to clear it.
	 */
	bool undirty = stage->indirect && !half->dirty && leaf.descriptor & VMSA_AP1 &&
		       permits & MMU_WRITE;
	if (undirty)
		permits &= ~(unsigned)MMU_WRITE;
	if (wanted & ~permits) {
		fail(walk, VMSA_FAULT_PERMISSION, leaf.level, false);
		result->fault.overlay = wanted & overlaid;
		result->fault.dirty_bit = undirty && wanted & MMU_WRITE;
		if (wanted & MMU_WRITE && permits & MMU_READ)
			result->fault.write = true;
		return false;
	}
	bool clean = leaf.descriptor & VMSA_AP1, dirty = wanted & MMU_WRITE && clean;
	uint64_t desired = after_access(leaf.descriptor, true, dirty, false);
	if (desired != leaf.descriptor && !(request->access & MMU_DEBUG)) {
		fault = update_descriptor(walk, leaf.at, leaf.descriptor, desired);
		if (fault)
			return fail(walk, fault, leaf.level, false);
	}
	if (clean && !dirty)
		permits &= ~(unsigned)MMU_WRITE;
	result->physical = leaf.output;
	result->access = (uint8_t)permits;
	result->page_bits = leaf.page_bits;
	result->memory = stage1_memory(stage, leaf.descriptor);
	result->shareability = leaf.descriptor >> 8 & 3;
	result->local = (stage->two && leaf.descriptor & VMSA_NG) || half == &stage->half[0];
	result->guarded = leaf.descriptor & VMSA_GP;
	return true;
}

static bool stage1(struct walk *walk, const struct arm64_stage1 *stage)
{
	uint64_t input;
	const struct arm64_half *half = half_of(stage, walk->request, &input);
	if (!half)
		return fail(walk, VMSA_FAULT_TRANSLATION, 0, false);
	const struct arm64_translated *result = walk->result;
	const struct arm64_request *request = walk->request;
	struct steps *steps = &walk->first;
	*steps = (struct steps){.input = request->address, .stage = 1};
	bool found = stage1_walk(walk, stage, half, input);
	if (found)
		steps->output = result->physical;
	else
		steps->failure = result->fault.why;
	observe_walk(&walk->pe->cpu, request->access, &half->layout, steps);
	return found;
}

bool arm64_translate_address(struct arm64_cpu *pe, const struct arm64_request *request,
			     struct arm64_translated *result)
{
	struct walk walk = {.pe = pe, .request = request, .result = result};
	const struct arm64_stage1 *stage = arm64_stage1_of(pe, request->regime);
	const struct arm64_stage2 *second = &pe->translation.stage2;
	*result = (struct arm64_translated){0};
	if (stage->on ? !stage1(&walk, stage) : !stage1_off(&walk, stage))
		return false;
	if (request->stage1_only || request->regime != A64_REGIME_EL10 || !second->on)
		return true;
	struct stage2_result found;
	if (!stage2(&walk, result->physical, request->access, request->user, false, &found))
		return false;
	result->physical = found.physical;
	result->access &= (uint8_t)found.access;
	result->memory = second->force_type
				 ? forced_memory(result->memory, found.attributes)
				 : combine_memory(result->memory, stage2_memory(found.attributes));
	if (found.shareability > result->shareability)
		result->shareability = (uint8_t)found.shareability;
	return true;
}

struct arm64_request arm64_request_of_mode(unsigned mode, uint64_t address, unsigned access)
{
	return (struct arm64_request){
		.address = address,
		.regime = arm64_regime_of_mode(mode),
		.user = mode == A64_TLB_EL0 || mode == A64_TLB_EL20,
		.pan = mode == A64_TLB_EL1_PAN || mode == A64_TLB_EL2_PAN,
		.access = access,
	};
}

bool arm64_walk(struct cpu *cpu, uint64_t address, unsigned access, unsigned mode,
		struct mmu_translation *result, struct trap *trap)
{
	struct arm64_cpu *pe = arm64_cpu(cpu);
	arm64_use_mode(pe, mode);
	struct arm64_request request = arm64_request_of_mode(mode, address, access);
	struct arm64_translated found;
	if (!arm64_translate_address(pe, &request, &found)) {
		arm64_abort(pe, trap, address, access, &found.fault);
		return false;
	}
	*result = (struct mmu_translation){
		.physical = found.physical,
		.access = found.access,
		/* With stage 1 off, A64_MODE_ALIGNED sees to the alignment. */
		.device = arm64_memory_is_device(found.memory) &&
			  pe->translation.stage1[request.regime].on,
		.local = found.local,
		.watched = arm64_watches_page(pe, address),
		.page_bits = found.page_bits,
		.attributes = found.memory,
		.code_kind = found.guarded && arm64_has(pe, A64_FEAT_BTI) ? A64_CODE_GUARDED
									  : A64_CODE_PLAIN,
	};
	return true;
}
