/*
 * Single-copy atomic 64-byte loads and stores (FEAT_LS64, FEAT_LS64_V, FEAT_LS64_ACCDATA).
 */
#include "cpu/arm64/emit.h"

#include "cpu/arm64/pe.h"
#include "cpu/arm64/trap.h"
#include "cpu/arm64/walk.h"
#include "mmu/mmu.h"

#define BYTES 64
#define WORDS (BYTES / 8)

/* By enum arm64_ls64: what lets EL0 and what lets EL1 execute it; the ISS of its trap. */
static const struct {
	uint64_t sctlr, hcrx;
	uint32_t iss;
	const char *why_el0, *why_guest;
} rules[] = {
	[A64_ST64BV] = {SCTLR_EnASR, HCRX_EnASR, 0, "SCTLR_ELx.EnASR=0", "HCRX_EL2.EnASR=0"},
	[A64_ST64BV0] = {SCTLR_EnAS0, HCRX_EnAS0, 1, "SCTLR_ELx.EnAS0=0", "HCRX_EL2.EnAS0=0"},
	[A64_LD64B] = {SCTLR_EnALS, HCRX_EnALS, 2, "SCTLR_ELx.EnALS=0", "HCRX_EL2.EnALS=0"},
	[A64_ST64B] = {SCTLR_EnALS, HCRX_EnALS, 2, "SCTLR_ELx.EnALS=0", "HCRX_EL2.EnALS=0"},
};

static bool may_execute(struct arm64_cpu *pe, enum arm64_ls64 operation)
{
	uint64_t esr = arm64_esr(A64_EC_OTHER, rules[operation].iss);
	if (pe->cpu.level == A64_EL0 && !(arm64_sctlr(pe) & rules[operation].sctlr))
		return arm64_raise_to(pe, arm64_default_target(pe), esr, rules[operation].why_el0);
	if (arm64_is_guest(pe) && !(arm64_hcrx(pe) & rules[operation].hcrx))
		return arm64_raise_to(pe, A64_EL2, esr, rules[operation].why_guest);
	bool el3 = pe->config.highest == A64_EL3 && pe->cpu.level < A64_EL3;
	if (operation == A64_ST64BV0 && el3 && !(pe->sysreg[A64_SCR_EL3] & SCR_EnAS0))
		return arm64_raise_to(pe, A64_EL3, esr, "SCR_EL3.EnAS0=0");
	return true;
}

/* ISS.LST by enum arm64_ls64, of faults that have to do with where the address leads. */
static uint64_t list_field(enum arm64_ls64 operation, unsigned status_register, uint64_t esr)
{
	static const uint8_t lst[] = {
		[A64_ST64BV] = 1, [A64_ST64BV0] = 3, [A64_LD64B] = 2, [A64_ST64B] = 2};
	enum { LST_SHIFT = 11, ISS2_SHIFT = 32, FIRST = 4, LAST = 15 };
	unsigned status = esr & 63;
	if (status < FIRST || status > LAST)
		return 0;
	bool has_status = operation == A64_ST64BV || operation == A64_ST64BV0;
	return (uint64_t)lst[operation] << LST_SHIFT |
	       (has_status ? (uint64_t)status_register << ISS2_SHIFT : 0);
}

/*
 * The address must lead to a device or to memory that is not cacheable: without FEAT_LS64WB
 * others refuse (arm64-el2-traps facts, 4).
 */
static bool memory_allows(struct arm64_cpu *pe, enum arm64_ls64 operation, uint64_t address,
			  unsigned status_register)
{
	enum { UNSUPPORTED = 0x35 };
	unsigned access = operation == A64_LD64B ? MMU_READ : MMU_WRITE;
	struct arm64_request request = arm64_request_of_mode(pe->cpu.data_mode, address, access);
	struct arm64_translated found;
	struct trap *trap = &pe->cpu.trap;
	if (!arm64_translate_address(pe, &request, &found)) {
		arm64_abort(pe, trap, address, access, &found.fault);
		trap->syndrome |= list_field(operation, status_register, trap->syndrome);
		return false;
	}
	if (arm64_memory_is_device(found.memory) || found.memory == A64_MEMORY_NON_CACHEABLE)
		return true;
	struct arm64_fault refused = {
		.status = UNSUPPORTED,
		.write = access == MMU_WRITE,
		.why = "64-byte access to cacheable memory",
	};
	arm64_abort(pe, trap, address, access, &refused);
	return false;
}

/* All eight words or none: what may fault is asked before anything moves. */
static bool load(struct cpu *cpu, uint64_t address, unsigned first)
{
	uint64_t values[WORDS];
	for (unsigned i = 0; i < WORDS; i++)
		if (!mmu_load(cpu, address + 8ull * i, 8, &values[i]))
			return false;
	for (unsigned i = 0; i < WORDS; i++)
		if (first + i != A64_REG_ZR)
			cpu->r[first + i] = values[i];
	return true;
}

static bool store(struct cpu *cpu, uint64_t address, unsigned first, bool with_accdata)
{
	for (unsigned i = 0; i < WORDS; i++) {
		uint64_t value = cpu->r[first + i];
		if (i == 0 && with_accdata)
			value = (value & ~(uint64_t)UINT32_MAX) |
				(uint32_t)arm64_cpu(cpu)->sysreg[A64_ACCDATA_EL1];
		if (!mmu_store(cpu, address + 8ull * i, 8, value))
			return false;
	}
	return true;
}

/*
 * imm: enum arm64_ls64; b: the first of eight registers; d: the status of ST64BV and ST64BV0. No
 * device here answers with a status: it is all ones, the access was not supported.
 */
static bool help_ls64(struct cpu *cpu, const struct uop *uop)
{
	struct arm64_cpu *pe = arm64_cpu(cpu);
	uint64_t address = cpu->r[uop->a];
	enum arm64_ls64 operation = (enum arm64_ls64)uop->imm;
	bool is_load = operation == A64_LD64B;
	if (!may_execute(pe, operation))
		return false;
	if (uop->a == A64_REG_SP && cpu->mode & A64_MODE_SP_CHECK && address & 15)
		return arm64_raise(pe, arm64_esr(A64_EC_SP_ALIGNMENT, 0),
				   "SP is not aligned to 16 bytes");
	if (address & (BYTES - 1)) {
		cpu->isa->access_fault(cpu, address, is_load ? MMU_READ : MMU_WRITE,
				       MMU_FAULT_MISALIGNED, &cpu->trap);
		return false;
	}
	unsigned status_register = uop->d == REG_SINK ? A64_REG_ZR : uop->d;
	if (!memory_allows(pe, operation, address, status_register))
		return false;
	if (is_load)
		return load(cpu, address, uop->b);
	if (!store(cpu, address, uop->b, operation == A64_ST64BV0))
		return false;
	if (operation != A64_ST64B)
		cpu->r[uop->d] = UINT64_MAX;
	return true;
}

void emit_ls64(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	unsigned status = emit_rm(word) == 31 ? REG_SINK : emit_rm(word);
	build_call(builder, help_ls64, status, emit_rn_sp(word), word & 31, row->argument, 0);
}
