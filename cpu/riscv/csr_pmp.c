/* CSR rules: physical memory protection, identity, debug triggers. */
#include "cpu/riscv/csr.h"
#include "cpu/riscv/hart.h"

#define PMPCFG0     0x3a0
#define PMPADDR0    0x3b0
#define CFG_PER_CSR 8

/* pmpcfg2 holds entries 8 to 15: numbers count RV32 registers of four entries. */
static unsigned first_entry(const struct csr *csr)
{
	return (csr->number - PMPCFG0) * 4u;
}

const char *csr_gate_pmpcfg(const struct riscv_cpu *hart, const struct csr *csr)
{
	return first_entry(csr) < hart->pmp.entries ? NULL : "no such PMP entry";
}

const char *csr_gate_pmpaddr(const struct riscv_cpu *hart, const struct csr *csr)
{
	return csr->number - PMPADDR0 < hart->pmp.entries ? NULL : "no such PMP entry";
}

uint64_t csr_read_pmpcfg(const struct riscv_cpu *hart, const struct csr *csr)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < CFG_PER_CSR; i++)
		value |= (uint64_t)hart->pmp.cfg[first_entry(csr) + i] << 8 * i;
	return value;
}

void csr_write_pmpcfg(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	for (unsigned i = 0; i < CFG_PER_CSR; i++)
		pmp_write_cfg(&hart->pmp, first_entry(csr) + i, (uint8_t)(value >> 8 * i));
	riscv_flush_all(hart);
}

uint64_t csr_read_pmpaddr(const struct riscv_cpu *hart, const struct csr *csr)
{
	return hart->pmp.addr[csr->number - PMPADDR0];
}

void csr_write_pmpaddr(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	pmp_write_addr(&hart->pmp, csr->number - PMPADDR0, value);
	riscv_flush_all(hart);
}

uint64_t csr_read_identity(const struct riscv_cpu *hart, const struct csr *csr)
{
	switch (csr->number) {
	case 0xf11: return (uint32_t)hart->config.mvendorid;
	case 0xf12: return hart->config.marchid;
	case 0xf13: return hart->config.mimpid;
	case 0xf14: return hart->hartid;
	default: return 0; /* mconfigptr: there is no configuration structure */
	}
}

uint64_t csr_read_tinfo(const struct riscv_cpu *hart, const struct csr *csr)
{
	(void)hart;
	(void)csr;
	return 1; /* bit 0: no trigger at this tselect */
}
