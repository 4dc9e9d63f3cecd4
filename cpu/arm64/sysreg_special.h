/* Readers and writers of the system registers that are more than storage: see sysreg_special.def.
 */
#ifndef CPU_ARM64_SYSREG_SPECIAL_H
#define CPU_ARM64_SYSREG_SPECIAL_H

#include "cpu/arm64/arm64.h"

typedef uint64_t arm64_reader(struct arm64_cpu *pe, enum arm64_sysreg reg);
typedef void arm64_writer(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value);

arm64_reader read_spsel, read_current_el, read_pan, read_uao, read_nzcv, read_daif, read_dit,
	read_ssbs, read_allint, read_fpcr, read_fpsr, read_sp_el0, read_sp_el1, read_sp_el2,
	read_midr, read_mpidr, read_ctr, read_dczid, read_clidr, read_cntfrq, read_cntpct,
	read_cntvct, read_oslsr;
arm64_writer write_spsel, write_pan, write_uao, write_nzcv, write_daif, write_dit, write_ssbs,
	write_allint, write_fpcr, write_fpsr, write_sp_el0, write_sp_el1, write_sp_el2,
	write_nothing, write_hcr, write_hcrx, write_low_word, write_fgt, write_translation,
	write_oslar, write_breakpoint, write_watchpoint;

/* gic_physical.c, gic_virtual.c, timer.c, interrupt.c */
arm64_reader read_icc_iar, read_icc_nmiar, read_icc_hppir, read_icc_rpr, read_icc_pmr, read_icc_bpr,
	read_icc_ctlr, read_icc_igrpen, read_icc_apr, read_icc_sre, read_icc_ctlr_el3,
	read_icc_igrpen1_el3, read_ich_vtr, read_ich_misr, read_ich_eisr, read_ich_elrsr,
	read_timer_ctl, read_timer_tval, read_isr, read_disr;
arm64_writer write_icc_eoir, write_icc_dir, write_icc_pmr, write_icc_bpr, write_icc_ctlr,
	write_icc_igrpen, write_icc_apr, write_icc_sre_el2, write_icc_sgir, write_icc_ctlr_el3,
	write_icc_igrpen1_el3, write_ich_hcr, write_ich_vmcr, write_ich_lr, write_ich_apr,
	write_timer_ctl, write_timer_cval, write_timer_tval, write_counter_offset, write_cnthctl,
	write_disr;

#endif
