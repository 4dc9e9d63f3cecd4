/* What syndromes and system registers mean: `trapline explain`. Needs no processing element. */
#ifndef CPU_ARM64_EXPLAIN_H
#define CPU_ARM64_EXPLAIN_H

#include "core/error.h"
#include "core/explain.h"

/* A value of ESR_ELx: class and all fields of its syndrome. Returns 0, or -1 with error (125). */
int arm64_explain_esr(const char *text, struct explanation *explanation, struct error *error);

/*
 * A system register or operation, by name ("HFGITR_EL2", "tlbi vae1is") or as S3_0_C1_C0_0: its
 * encoding, the level and features it needs, its value after reset, and everything that can trap
 * it; of a fine-grained trap register, its bits. Returns 0, or -1 with error (125).
 */
int arm64_explain_sysreg(const char *text, struct explanation *explanation, struct error *error);

#endif
