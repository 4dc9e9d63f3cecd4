/*
 * Self-hosted debug: software step, hardware breakpoints and watchpoints, and who takes their
 * exceptions (Arm ARM, D2). They cost nothing while they are off: A64_MODE_STEP and A64_MODE_BREAK
 * of the mode word tell the translator, and pages without a watched byte are as any.
 */
#ifndef CPU_ARM64_DEBUG_H
#define CPU_ARM64_DEBUG_H

#include "cpu/arm64/arm64.h"

struct builder;

/* The bits A64_MODE_STEP, A64_MODE_STEP_PENDING and A64_MODE_BREAK of the mode word. */
uint32_t arm64_debug_mode(const struct arm64_cpu *pe);

/*
 * Before an instruction is translated, when one of these bits is set: emits the debug exception
 * that comes in its place and returns true, or what begins a step and returns false.
 */
bool arm64_debug_translate(struct builder *builder);

/* An exception is delivered: whether it undoes the step that its instruction began. */
bool arm64_step_undone(struct arm64_cpu *pe, const struct trap *trap);

/* Whether an exception return takes PSTATE.SS from the SPSR (Arm ARM, DebugExceptionReturnSS). */
bool arm64_step_returns(const struct arm64_cpu *pe, uint64_t spsr);

/* Whether a watchpoint that is on has to do with the 4 KiB page of an address, at any level. */
bool arm64_watches_page(const struct arm64_cpu *pe, uint64_t address);

/* arm64_isa.watch. */
bool arm64_watch(struct cpu *cpu, uint64_t address, unsigned size, unsigned access, unsigned mode);

/* Writes MDSCR_EL1, DBGWVR<n>_EL1 or DBGWCR<n>_EL1, and has pages looked at anew if need be. */
void arm64_watch_write(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value);

#endif
