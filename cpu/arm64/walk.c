/* Address translation. */
#include "cpu/arm64/pe.h"
#include "mmu/mmu.h"

/* Stage 1 is not modelled yet: with SCTLR_ELx.M=1 every access faults, and says why. */
bool arm64_walk(struct cpu *cpu, uint64_t address, unsigned access, unsigned mode,
		struct mmu_translation *result, struct trap *trap)
{
	struct arm64_cpu *pe = arm64_cpu(cpu);
	(void)mode;
	if (!(arm64_sctlr(pe) & SCTLR_M)) {
		*result = (struct mmu_translation){
			.physical = address,
			.access = MMU_READ | MMU_WRITE | MMU_FETCH,
		};
		return true;
	}
	enum { TRANSLATION_LEVEL0 = 4, WRITE_NOT_READ = 1 << 6 };
	bool fetch = access & MMU_FETCH, write = access & MMU_WRITE;
	*trap = (struct trap){
		.cause = A64_SYNCHRONOUS,
		.value = address,
		.value_is_virtual = true,
		.syndrome = arm64_esr(fetch ? A64_EC_FETCH_LOWER : A64_EC_DATA_LOWER,
				      TRANSLATION_LEVEL0 | (write ? WRITE_NOT_READ : 0)),
		.why = "address translation is not modelled yet",
		.to = TRAP_LEVEL_NONE,
	};
	return false;
}
