/*
 * The privileged instructions as the trap unit does them (trap.c). Each makes its own permission
 * checks. Returns false with cpu->trap set (illegal instruction) and nothing changed, or true.
 */
#ifndef CPU_RISCV_TRAP_H
#define CPU_RISCV_TRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu/riscv/riscv.h"

/* MRET, SRET (privileged manual 3.3.2): restore level and interrupt enable, set cpu->pc. TSR. */
bool riscv_mret(struct riscv_cpu *hart);
bool riscv_sret(struct riscv_cpu *hart);

/* WFI (3.3.3): sets cpu->halted unless an interrupt is pending. The caller sets pc. TW, U-mode. */
bool riscv_wfi(struct riscv_cpu *hart);

/*
 * SFENCE.VMA, SINVAL.VMA (10.2.1): drops translations of all addresses or of va, of all address
 * spaces or of asid. The caller sets pc. TVM, U-mode.
 */
bool riscv_sfence_vma(struct riscv_cpu *hart, bool has_va, uint64_t va, bool has_asid,
		      uint64_t asid);

#endif
