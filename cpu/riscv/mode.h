/*
 * What follows from privilege level, mstatus and satp. Inline, because every trap and every return
 * asks for it.
 */
#ifndef CPU_RISCV_MODE_H
#define CPU_RISCV_MODE_H

#include "cpu/riscv/bits.h"
#include "cpu/riscv/hart.h"
#include "mmu/mmu.h"

/* The TLB mode of loads and stores: MPRV lends M-mode the level in MPP. */
static inline uint8_t riscv_data_mode(const struct riscv_cpu *hart)
{
	unsigned level = hart->cpu.level;
	if (level == RV_M && hart->mstatus & MSTATUS_MPRV)
		level = (hart->mstatus & MSTATUS_MPP) >> MSTATUS_MPP_SHIFT;
	if (level == RV_S)
		return hart->mstatus & MSTATUS_SUM ? RV_TLB_S_SUM : RV_TLB_S;
	return level == RV_U ? RV_TLB_U : RV_TLB_M;
}

/* enum riscv_mode */
static inline uint32_t riscv_mode_word(const struct riscv_cpu *hart)
{
	static const uint8_t fs_modes[] = {
		[FS_OFF] = RV_MODE_FS_OFF,
		[FS_INITIAL] = RV_MODE_FS_CLEAN,
		[FS_CLEAN] = RV_MODE_FS_CLEAN,
	};
	_Static_assert(FS_DIRTY == 3, "the last of two bits");
	uint64_t fs = (hart->mstatus & MSTATUS_FS) >> MSTATUS_FS_SHIFT;
	uint32_t mode = hart->cpu.level;
	if (fs != FS_DIRTY)
		mode |= fs_modes[fs];
	if (hart->cpu.rounding > FP_RMM)
		mode |= RV_MODE_FRM_INVALID;
	if (hart->cpu.level != RV_M && hart->satp >> SATP_MODE_SHIFT)
		mode |= RV_MODE_VM;
	return mode;
}

/* After a change of level, mstatus, satp or rounding mode: the mode word, the TLBs in use. */
static inline void riscv_refresh_mode(struct riscv_cpu *hart)
{
	struct cpu *cpu = &hart->cpu;
	/* Fetches never see SUM and MPRV, so levels are TLB modes. */
	_Static_assert(RV_TLB_M == (int)RV_M && RV_TLB_S == (int)RV_S, "no table is needed");
	cpu->fetch_mode = cpu->level;
	cpu->data_mode = riscv_data_mode(hart);
	mmu_use_data_mode(cpu);
	if (cpu->rounding <= FP_RMM)
		cpu->fp.rm = cpu->rounding;
	cpu->mode = riscv_mode_word(hart);
	mmu_use_jump_key(cpu);
}

/*
 * Sets mstatus to a legal value, after the level may have changed. Asks for attention if an
 * interrupt may now be taken: whatever raises one or enables it in mie asks for that itself.
 */
static inline void riscv_change_mstatus(struct riscv_cpu *hart, uint64_t value)
{
	uint64_t changed = hart->mstatus ^ value;
	hart->mstatus = value;
	if (changed & MSTATUS_MXR)
		riscv_flush_translated(hart);
	riscv_refresh_mode(hart);
	if ((hart->mip | hart->irq_level) & hart->mie)
		cpu_attention(&hart->cpu);
}

#endif
