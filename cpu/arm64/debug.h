/*
 * Self-hosted debug: software step and hardware breakpoints, and who takes their exceptions (Arm
 * ARM, D2). They cost nothing while they are off: A64_MODE_STEP and A64_MODE_BREAK of the mode word
 * tell the translator.
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

#endif
