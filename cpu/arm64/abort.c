/* Data and instruction aborts: what they report (Arm ARM, D24.2.40; arm64-el2-traps facts, 9). */
#include "cpu/arm64/insn.h"
#include "cpu/arm64/pe.h"
#include "cpu/arm64/trap.h"
#include "cpu/arm64/walk.h"
#include "engine/engine.h"
#include "mmu/mmu.h"

/* Fields of the ISS. */
enum {
	ISS_WNR = 1 << 6,
	ISS_S1PTW = 1 << 7,
	ISS_CM = 1 << 8,
	ISS_AR = 1 << 14,
	ISS_SF = 1 << 15,
	ISS_SRT_SHIFT = 16,
	ISS_SSE = 1 << 21,
	ISS_SAS_SHIFT = 22,
	ISS_ISV = 1 << 24,
};

/* Bits [23:14] for an access of one register. opc: bits 23:22 of most loads and stores. */
static uint32_t one_register(uint32_t word, unsigned size_log2, unsigned opc, bool ordered)
{
	enum { STORE, LOAD, LOAD_SIGNED_64, LOAD_SIGNED_32 };
	uint32_t iss = ISS_ISV | size_log2 << ISS_SAS_SHIFT | (word & 31) << ISS_SRT_SHIFT;
	if (opc >= LOAD_SIGNED_64)
		iss |= ISS_SSE;
	if (opc == LOAD_SIGNED_64 || (opc <= LOAD && size_log2 == 3))
		iss |= ISS_SF;
	return ordered ? iss | ISS_AR : iss;
}

/* Whether bits under a mask have a value. */
static bool is(uint32_t word, uint32_t bits, uint32_t value)
{
	return (word & bits) == value;
}

/*
 * ISV and what it vouches for: loads and stores of one general register, without write-back, not
 * exclusive, not atomic. 0: another instruction.
 */
static uint32_t syndrome_of(uint32_t word)
{
	enum { PREFETCH_SIZE = 3, PREFETCH_OPC = 2 };
	unsigned size = arm64_field(word, 31, 30), opc = arm64_field(word, 23, 22);
	bool prefetch = size == PREFETCH_SIZE && opc >= PREFETCH_OPC;
	bool unsigned_offset = is(word, 0x3f000000, 0x39000000);
	bool unscaled = is(word, 0x3f200c00, 0x38000000);
	bool unprivileged = is(word, 0x3f200c00, 0x38000800);
	bool by_register = is(word, 0x3f200c00, 0x38200800);
	if (unsigned_offset || unscaled || unprivileged || by_register)
		return prefetch ? 0 : one_register(word, size, opc, false);
	if (is(word, 0x3f200c00, 0x19000000)) /* LDAPUR, STLUR */
		return one_register(word, size, opc, true);
	if (is(word, 0x3fa00000, 0x08800000)) /* LDAR, STLR, LDLAR, STLLR */
		return one_register(word, size, arm64_field(word, 22, 22), true);
	if (is(word, 0x3ffffc00, 0x38bfc000)) /* LDAPR */
		return one_register(word, size, 1, true);
	if (is(word, 0x3f000000, 0x18000000) && size != 3) /* literal: LDR, LDRSW */
		return one_register(word, size == 1 ? 3 : 2, size == 2 ? 2 : 1, false);
	return 0;
}

/* The level that takes an abort, or TRAP_LEVEL_NONE: the usual one. */
static uint8_t target_of(const struct arm64_cpu *pe, const struct arm64_fault *fault)
{
	if (fault->second)
		return A64_EL2;
	if (fault->external && arm64_is_guest(pe) && arm64_hcr(pe) & HCR_TEA)
		return A64_EL2;
	return TRAP_LEVEL_NONE;
}

void arm64_abort(struct arm64_cpu *pe, struct trap *trap, uint64_t address, unsigned access,
		 const struct arm64_fault *fault)
{
	enum { DIRTY_BIT = 5, OVERLAY = 6, ISS2 = 32 };
	bool fetch = access & MMU_FETCH, maintenance = access & MMU_CBO;
	uint32_t iss = fault->status;
	if (fault->on_walk)
		iss |= ISS_S1PTW;
	if (maintenance)
		iss |= ISS_CM | ISS_WNR;
	else if (fault->write && !fetch)
		iss |= ISS_WNR;
	bool in_code = !(access & MMU_DEBUG) && pe->cpu.uop && pe->cpu.exit == CPU_EXIT_NONE;
	if (fault->second && !fault->on_walk && !fetch && !maintenance && in_code)
		iss |= syndrome_of((uint32_t)engine_insn(&pe->cpu));
	uint64_t esr = arm64_esr(fetch ? A64_EC_FETCH_LOWER : A64_EC_DATA_LOWER, iss);
	if (!fetch)
		esr |= (uint64_t)fault->dirty_bit << (ISS2 + DIRTY_BIT);
	esr |= (uint64_t)fault->overlay << (ISS2 + OVERLAY);
	*trap = (struct trap){
		.cause = A64_SYNCHRONOUS,
		.value = address,
		.value2 = fault->second ? fault->ipa >> 12 << 4 : 0,
		.value2_is_valid = fault->second,
		.value_is_virtual = true,
		.syndrome = esr,
		.why = fault->why,
		.pc = trap->pc,
		.from = trap->from,
		.to = target_of(pe, fault),
	};
}

void arm64_access_fault(struct cpu *cpu, uint64_t address, unsigned access, unsigned reason,
			struct trap *trap)
{
	enum { ALIGNMENT = 0x21, EXTERNAL = 0x10, UNSUPPORTED_ATOMIC = 0x35 };
	static const struct arm64_fault faults[] = {
		[MMU_FAULT_MISALIGNED] = {.status = ALIGNMENT, .why = "the address is not aligned"},
		[MMU_FAULT_MISALIGNED_DEVICE] = {.status = ALIGNMENT,
                                          .why = "the address is not aligned, on a device"        },
		[MMU_FAULT_BUS] = {.status = EXTERNAL,
					  .external = true,
					  .why = "nothing answers at the physical address"},
		[MMU_FAULT_ATOMIC] = {.status = UNSUPPORTED_ATOMIC,
					  .why = "the memory takes no atomic access"                          },
	};
	struct arm64_cpu *pe = arm64_cpu(cpu);
	struct arm64_fault fault = faults[reason];
	if (access & MMU_FETCH && reason == MMU_FAULT_MISALIGNED) {
		*trap = (struct trap){
			.cause = A64_SYNCHRONOUS,
			.value = address,
			.value_is_virtual = true,
			.syndrome = arm64_esr(A64_EC_PC_ALIGNMENT, 0),
			.why = "PC is not aligned to 4 bytes",
			.to = TRAP_LEVEL_NONE,
		};
		return;
	}
	fault.write = access & MMU_WRITE && !(access & MMU_READ);
	arm64_abort(pe, trap, address, access, &fault);
}
