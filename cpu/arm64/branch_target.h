/*
 * Branch targets (FEAT_BTI; Arm ARM, D8.4.7): PSTATE.BTYPE says by which kind of branch an
 * instruction was reached, and in a guarded page it must be one that the branch may lead to.
 *
 * PSTATE.BTYPE is a field of the mode word, so that code that an indirect branch has led to is
 * translated apart: it checks, and goes on with BTYPE 0. All other code has nothing to look at.
 */
#ifndef CPU_ARM64_BRANCH_TARGET_H
#define CPU_ARM64_BRANCH_TARGET_H

#include "cpu/arm64/arm64.h"

struct builder;

/* Kinds of pages that code is in: struct mmu_translation.code_kind. */
enum { A64_CODE_PLAIN, A64_CODE_GUARDED };

/*
 * Before an instruction is translated: emits what BTYPE asks for. True: a branch may not lead to
 * it, and the exception is all that there is.
 */
bool arm64_branch_target(struct builder *builder, uint32_t word);

/* In BR, BLR, RET and their forms with authentication, before the jump: emits the new BTYPE. */
void arm64_branch_record(struct builder *builder, uint32_t word);

#endif
