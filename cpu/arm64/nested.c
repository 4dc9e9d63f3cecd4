#include "cpu/arm64/nested.h"

#include "cpu/arm64/pe.h"
#include "cpu/arm64/trap.h"
#include "mmu/mmu.h"

bool arm64_is_nested(const struct arm64_cpu *pe)
{
	return pe->cpu.level == A64_EL1 && arm64_hcr(pe) & HCR_NV;
}

static bool has_memory(const struct arm64_cpu *pe)
{
	return arm64_is_nested(pe) && arm64_hcr(pe) & HCR_NV2;
}

enum names { ANY, EL1, ALIAS };

static const struct {
	uint16_t reg, offset;
	uint8_t names;
} rows[] = {
#define VNCR(reg, offset, names) {A64_##reg, offset, names},
#include "cpu/arm64/vncr.def"
#undef VNCR
};

bool arm64_nested_offset(const struct arm64_cpu *pe, enum arm64_sysreg reg, bool by_alias,
			 unsigned *offset)
{
	if (!has_memory(pe))
		return false;
	bool nv1 = arm64_hcr(pe) & HCR_NV1;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].reg != reg)
			continue;
		*offset = rows[i].offset;
		if (rows[i].names == ANY)
			return !by_alias;
		return by_alias ? !nv1 : nv1 && rows[i].names == EL1;
	}
	return false;
}

bool arm64_nested_twin(const struct arm64_cpu *pe, enum arm64_sysreg reg, enum arm64_sysreg *twin)
{
	if (!has_memory(pe))
		return false;
	switch (reg) {
	case A64_SPSR_EL2: *twin = A64_SPSR_EL1; return true;
	case A64_ELR_EL2: *twin = A64_ELR_EL1; return true;
	case A64_ESR_EL2: *twin = A64_ESR_EL1; return true;
	case A64_FAR_EL2: *twin = A64_FAR_EL1; return true;
	default: return false;
	}
}

/* BADDR is bits 52:12; bit 52 is its sign. */
static uint64_t place(const struct arm64_cpu *pe, unsigned offset)
{
	enum { SIGN = 52 };
	uint64_t base = pe->sysreg[A64_VNCR_EL2] & CPU_PAGE_MASK;
	return (uint64_t)((int64_t)(base << (63 - SIGN)) >> (63 - SIGN)) + offset;
}

/* The fault is EL2's, from EL2: class 0x25, with ISS.VNCR. */
static bool refused(struct arm64_cpu *pe)
{
	struct trap *trap = &pe->cpu.trap;
	trap->syndrome |= 1ull << 26 | ISS_VNCR;
	trap->to = A64_EL2;
	return false;
}

bool arm64_nested_load(struct arm64_cpu *pe, unsigned offset, uint64_t *value)
{
	return mmu_load_mode(&pe->cpu, arm64_use_mode(pe, A64_TLB_EL2), place(pe, offset), 8, false,
			     value) ||
	       refused(pe);
}

bool arm64_nested_store(struct arm64_cpu *pe, unsigned offset, uint64_t value)
{
	return mmu_store_mode(&pe->cpu, arm64_use_mode(pe, A64_TLB_EL2), place(pe, offset), 8,
			      value) ||
	       refused(pe);
}

uint64_t arm64_nested_spsr(const struct arm64_cpu *pe, uint64_t pstate)
{
	uint64_t hcr = arm64_hcr(pe);
	bool disguised = arm64_is_nested(pe) && (!(hcr & HCR_NV1) || hcr & HCR_NV2);
	if (!disguised)
		return pstate;
	return (pstate & ~(uint64_t)PSTATE_EL) | (uint64_t)A64_EL2 << PSTATE_EL_SHIFT;
}
