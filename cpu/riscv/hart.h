/* What the files of cpu/riscv share about a hart and nobody outside needs. */
#ifndef CPU_RISCV_HART_H
#define CPU_RISCV_HART_H

#include "cpu/riscv/riscv.h"

/* TLB modes whose translations depend on satp, mstatus and menvcfg: all but M-mode. */
#define RV_TLB_TRANSLATED (1u << RV_TLB_U | 1u << RV_TLB_S | 1u << RV_TLB_S_SUM)

/* Members of riscv_isa; duties in core/cpu.h. */
void riscv_reset(struct cpu *cpu);
void riscv_update_mode(struct cpu *cpu);
bool riscv_walk(struct cpu *cpu, uint64_t address, unsigned access, unsigned mode,
		struct mmu_translation *result, struct trap *trap);
void riscv_access_fault(struct cpu *cpu, uint64_t address, unsigned access, unsigned reason,
			struct trap *trap);
void riscv_deliver(struct cpu *cpu, struct trap *trap);
bool riscv_interrupt(struct cpu *cpu, struct trap *trap);
bool riscv_wakeup(const struct cpu *cpu);
const char *riscv_level_name(const struct cpu *cpu, unsigned level);
const char *riscv_cause_name(const struct trap *trap);

/* The nearest value that mstatus can hold; whether satp can hold a value. */
uint64_t riscv_legal_mstatus(const struct riscv_cpu *hart, uint64_t value);
bool riscv_legal_satp(const struct riscv_cpu *hart, uint64_t value);

/* Drops the translations of S- and U-mode, or of one address there whatever its page size. */
void riscv_flush_translated(struct riscv_cpu *hart);
void riscv_flush_address(struct riscv_cpu *hart, uint64_t address);

/* Drops everything: after a change of PMP. */
void riscv_flush_all(struct riscv_cpu *hart);

/* Sets mstatus to a legal value: drops translations on MXR, recomputes the mode word. */
void riscv_set_mstatus(struct riscv_cpu *hart, uint64_t value);

/* Interrupts that this hart has: bits of mip. */
uint64_t riscv_interrupt_bits(const struct riscv_cpu *hart);

/* Tells observers that an interrupt input is about to change. */
void riscv_observe_irq(struct riscv_cpu *hart, unsigned number, bool level);

/* The clock event behind stimecmp. opaque: the hart. */
void riscv_stimer_fire(void *opaque, uint64_t now);

/* misa of a configuration. */
uint64_t riscv_misa(const struct riscv_config *config);

#endif
