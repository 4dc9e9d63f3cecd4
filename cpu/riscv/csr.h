/*
 * Inside of the CSR file: what a row of csr.def is, and the functions that rows name. Everybody
 * else uses riscv_csr_access() and its companions in cpu/riscv/riscv.h.
 */
#ifndef CPU_RISCV_CSR_H
#define CPU_RISCV_CSR_H

#include "cpu/riscv/bits.h"
#include "cpu/riscv/riscv.h"

struct csr;

/* The value that an instruction reads. */
typedef uint64_t csr_read_fn(const struct riscv_cpu *hart, const struct csr *csr);

/* Stores what WARL rules leave of value, with all consequences (TLB, mode word, interrupts). */
typedef void csr_write_fn(struct riscv_cpu *hart, const struct csr *csr, uint64_t value);

/* Why the current level may not access the CSR now, naming the control bit; NULL if it may. */
typedef const char *csr_gate_fn(const struct riscv_cpu *hart, const struct csr *csr);

struct csr {
	const char *name;
	uint16_t number;     /* bits 9:8 lowest level, bits 11:10 = 3 read-only */
	uint8_t extension;   /* enum riscv_extension: absent without it */
	uint32_t field;      /* offset of the uint64_t in struct riscv_cpu; 0: none */
	uint64_t mask;       /* writable bits of the field */
	uint64_t reset;      /* of the field */
	csr_read_fn *read;   /* NULL: the field */
	csr_write_fn *write; /* NULL: the field under mask */
	csr_gate_fn *gate;   /* NULL: privilege level alone decides */
};

/* Every row, for reset and for tests. */
extern const struct csr riscv_csrs[];
extern const unsigned riscv_csr_count;

/* The row of a number if the hart has that CSR, else NULL. */
const struct csr *riscv_csr_find(const struct riscv_cpu *hart, unsigned number);

/* Plain access to the row's field; a write honours csr->mask. */
uint64_t csr_field_read(const struct riscv_cpu *hart, const struct csr *csr);
void csr_field_write(struct riscv_cpu *hart, const struct csr *csr, uint64_t value);

/* csr_status.c: floating point, status, traps, delegation, environment. */
csr_read_fn csr_read_fflags, csr_read_frm, csr_read_fcsr;
csr_write_fn csr_write_fflags, csr_write_frm, csr_write_fcsr;
csr_read_fn csr_read_mstatus, csr_read_sstatus;
csr_write_fn csr_write_mstatus, csr_write_sstatus;
csr_write_fn csr_write_medeleg, csr_write_xtvec, csr_write_xepc;
csr_write_fn csr_write_menvcfg, csr_write_senvcfg, csr_write_satp;
csr_gate_fn csr_gate_fp, csr_gate_satp, csr_gate_senvcfg, csr_gate_sstateen;

/* csr_interrupt.c: the mip family. */
csr_read_fn csr_read_mip, csr_read_sip, csr_read_sie;
csr_write_fn csr_write_mip, csr_write_sip, csr_write_mie, csr_write_sie, csr_write_mideleg;

/* counter.c: counters and timers. */
csr_read_fn csr_read_cycle, csr_read_time, csr_read_instret, csr_read_hpmcounter;
csr_read_fn csr_read_mhpmevent, csr_read_scountovf;
csr_write_fn csr_write_mcycle, csr_write_minstret, csr_write_mhpmcounter, csr_write_mhpmevent;
csr_write_fn csr_write_mcountinhibit, csr_write_counteren, csr_write_stimecmp;
csr_gate_fn csr_gate_counter, csr_gate_stimecmp;

/* csr_pmp.c: protection, identity. */
csr_read_fn csr_read_pmpcfg, csr_read_pmpaddr;
csr_write_fn csr_write_pmpcfg, csr_write_pmpaddr;
csr_gate_fn csr_gate_pmpcfg, csr_gate_pmpaddr;
csr_read_fn csr_read_identity;

/* Debug triggers: none. */
csr_read_fn csr_read_tinfo;

#endif
