/*
 * From RISC-V instructions to micro-ops: what riscv_isa.translate points to.
 */
#ifndef CPU_RISCV_TRANSLATE_H
#define CPU_RISCV_TRANSLATE_H

struct builder;
struct cpu;

/* Translates the instruction at builder->pc; see struct isa in core/cpu.h. */
void riscv_translate(struct cpu *cpu, struct builder *builder);

#endif
