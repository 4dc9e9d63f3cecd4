/* What values of CSRs and trap causes mean: `trapline explain`. Needs no hart. */
#ifndef CPU_RISCV_EXPLAIN_H
#define CPU_RISCV_EXPLAIN_H

#include "core/error.h"
#include "core/explain.h"

/*
 * A value of mcause or scause: a number with the interrupt bit, or a cause's name as in traces.
 * @csr: "mcause" or "scause"
 * Returns 0, or -1 with error (125).
 */
int riscv_explain_cause(const char *csr, const char *text, struct explanation *explanation,
			struct error *error);

/*
 * A CSR, "NAME" or "NUMBER", and its value if "=VALUE" follows: all fields by name.
 * Returns 0, or -1 with error (125).
 */
int riscv_explain_csr(const char *text, struct explanation *explanation, struct error *error);

/* One line about a CSR, NULL if it is none. */
const char *riscv_csr_summary(const char *name);

#endif
