/* What syndromes and system registers mean: `trapline explain`. Needs no processing element. */
#ifndef CPU_ARM64_EXPLAIN_H
#define CPU_ARM64_EXPLAIN_H

#include "core/error.h"
#include "core/explain.h"
#include "core/trap.h"

/* A value of ESR_ELx: class and all fields of its syndrome. Returns 0, or -1 with error (125). */
int arm64_explain_esr(const char *text, struct explanation *explanation, struct error *error);

/* The name of an exception class (ESR_ELx.EC), "reserved class" for what is none. */
const char *arm64_class_name(unsigned class);

/* isa->explain_trap: class and syndrome of a trap; nothing of an interrupt. */
void arm64_explain_trap(const struct trap *trap, struct explanation *explanation);

/* S3_0_C1_C0_0, as assemblers have an encoding (A64_ENCODING). */
#define ARM64_ENCODING_SIZE 24
void arm64_format_encoding(unsigned encoding, char text[ARM64_ENCODING_SIZE]);

/*
 * A system register or operation, by name ("HFGITR_EL2", "tlbi vae1is") or as S3_0_C1_C0_0: its
 * encoding, the level and features it needs, its value after reset, and everything that can trap
 * it; of a fine-grained trap register, its bits. Returns 0, or -1 with error (125).
 */
int arm64_explain_sysreg(const char *text, struct explanation *explanation, struct error *error);

#endif
