/* CSR rules: floating point, status, trap vectors, delegation, environment, satp. */
#include "cpu/riscv/csr.h"
#include "cpu/riscv/hart.h"

/* -- floating point -- */

#define FFLAGS    0x1full
#define FRM       7ull
#define FRM_SHIFT 5

const char *csr_gate_fp(const struct riscv_cpu *hart, const struct csr *csr)
{
	(void)csr;
	return hart->mstatus & MSTATUS_FS ? NULL : "mstatus.FS=0";
}

uint64_t csr_read_fflags(const struct riscv_cpu *hart, const struct csr *csr)
{
	(void)csr;
	return hart->cpu.fp.flags;
}

uint64_t csr_read_frm(const struct riscv_cpu *hart, const struct csr *csr)
{
	(void)csr;
	return hart->cpu.rounding;
}

uint64_t csr_read_fcsr(const struct riscv_cpu *hart, const struct csr *csr)
{
	(void)csr;
	return (uint64_t)hart->cpu.rounding << FRM_SHIFT | hart->cpu.fp.flags;
}

/* Any write makes the FP state dirty, whatever it changes. */
static void write_fp(struct riscv_cpu *hart, uint64_t flags, uint64_t rounding)
{
	bool same_mode = rounding == hart->cpu.rounding && (~hart->mstatus & MSTATUS_FS) == 0;
	hart->cpu.fp.flags = (uint8_t)(flags & FFLAGS);
	hart->cpu.rounding = (uint8_t)(rounding & FRM);
	if (!same_mode)
		riscv_set_mstatus(hart, hart->mstatus | MSTATUS_FS);
}

void csr_write_fflags(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	(void)csr;
	write_fp(hart, value, hart->cpu.rounding);
}

void csr_write_frm(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	(void)csr;
	write_fp(hart, hart->cpu.fp.flags, value);
}

void csr_write_fcsr(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	(void)csr;
	write_fp(hart, value, value >> FRM_SHIFT);
}

/* -- mstatus and its view sstatus -- */

#define SSTATUS_WRITABLE                                                                           \
	(MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_FS | MSTATUS_SUM | MSTATUS_MXR)
#define SSTATUS_VISIBLE (SSTATUS_WRITABLE | MSTATUS_UXL_64 | MSTATUS_SD)
#define MSTATUS_WRITABLE                                                                           \
	(SSTATUS_WRITABLE | MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPP | MSTATUS_MPRV |              \
	 MSTATUS_TVM | MSTATUS_TW | MSTATUS_TSR)

uint64_t csr_read_mstatus(const struct riscv_cpu *hart, const struct csr *csr)
{
	(void)csr;
	uint64_t value = hart->mstatus | MSTATUS_UXL_64 | MSTATUS_SXL_64;
	if ((value & MSTATUS_FS) == MSTATUS_FS)
		value |= MSTATUS_SD;
	return value;
}

uint64_t csr_read_sstatus(const struct riscv_cpu *hart, const struct csr *csr)
{
	return csr_read_mstatus(hart, csr) & SSTATUS_VISIBLE;
}

uint64_t riscv_legal_mstatus(const struct riscv_cpu *hart, uint64_t value)
{
	value &= MSTATUS_WRITABLE;
	if (!riscv_has(hart, RV_EXT_F))
		value &= ~MSTATUS_FS;
	if ((value & MSTATUS_MPP) >> MSTATUS_MPP_SHIFT == 2)
		value &= ~MSTATUS_MPP;
	return value;
}

static void write_status(struct riscv_cpu *hart, uint64_t value, uint64_t writable)
{
	if (!riscv_has(hart, RV_EXT_F))
		writable &= ~MSTATUS_FS;
	if ((value & MSTATUS_MPP) >> MSTATUS_MPP_SHIFT == 2) /* no such level */
		writable &= ~MSTATUS_MPP;
	riscv_set_mstatus(hart, (hart->mstatus & ~writable) | (value & writable));
}

void csr_write_mstatus(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	(void)csr;
	write_status(hart, value, MSTATUS_WRITABLE);
}

void csr_write_sstatus(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	(void)csr;
	write_status(hart, value, SSTATUS_WRITABLE);
}

/* -- trap vectors, exception pcs, delegation -- */

void csr_write_xtvec(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	if ((value & XTVEC_MODE) > XTVEC_VECTORED)
		value = (value & ~XTVEC_MODE) | (csr_field_read(hart, csr) & XTVEC_MODE);
	csr_field_write(hart, csr, value);
}

void csr_write_xepc(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	csr_field_write(hart, csr, value & (riscv_has(hart, RV_EXT_C) ? ~1ull : ~3ull));
}

/*
 * Causes that exist and may be delegated. A call from S-mode stays with M-mode; cause 0 cannot
 * happen when instructions are 2-byte aligned.
 */
void csr_write_medeleg(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	uint64_t writable = 0;
	for (unsigned cause = RV_CAUSE_FETCH_ACCESS; cause <= RV_CAUSE_ECALL_U; cause++)
		writable |= RV_BIT(cause);
	writable |= RV_BIT(RV_CAUSE_FETCH_PAGE) | RV_BIT(RV_CAUSE_LOAD_PAGE) |
		    RV_BIT(RV_CAUSE_STORE_PAGE);
	if (!riscv_has(hart, RV_EXT_C))
		writable |= RV_BIT(RV_CAUSE_FETCH_MISALIGNED);
	csr_field_write(hart, csr, value & writable);
}

/* -- environment configuration -- */

/* The fields that menvcfg and senvcfg share, by extension; CBIE=2 is reserved and keeps CBIE. */
static uint64_t envcfg_writable(const struct riscv_cpu *hart, uint64_t value)
{
	uint64_t writable = ENVCFG_FIOM;
	if (riscv_has(hart, RV_EXT_ZICBOM))
		writable |= ENVCFG_CBCFE;
	if (riscv_has(hart, RV_EXT_ZICBOM) && (value & ENVCFG_CBIE) >> ENVCFG_CBIE_SHIFT != 2)
		writable |= ENVCFG_CBIE;
	if (riscv_has(hart, RV_EXT_ZICBOZ))
		writable |= ENVCFG_CBZE;
	return writable;
}

static void write_envcfg(struct riscv_cpu *hart, const struct csr *csr, uint64_t value,
			 uint64_t writable)
{
	uint64_t old = csr_field_read(hart, csr);
	csr_field_write(hart, csr, (old & ~writable) | (value & writable));
}

void csr_write_senvcfg(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	write_envcfg(hart, csr, value, envcfg_writable(hart, value));
}

void csr_write_menvcfg(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	uint64_t writable = envcfg_writable(hart, value);
	if (riscv_has(hart, RV_EXT_SVADU))
		writable |= MENVCFG_ADUE;
	if (riscv_has(hart, RV_EXT_SVPBMT))
		writable |= MENVCFG_PBMTE;
	if (riscv_has(hart, RV_EXT_SSTC))
		writable |= MENVCFG_STCE;
	uint64_t old = hart->menvcfg;
	write_envcfg(hart, csr, value, writable);
	if ((old ^ hart->menvcfg) & (MENVCFG_ADUE | MENVCFG_PBMTE))
		riscv_flush_translated(hart);
	cpu_attention(&hart->cpu); /* STCE decides what STIP is */
}

const char *csr_gate_senvcfg(const struct riscv_cpu *hart, const struct csr *csr)
{
	(void)csr;
	if (hart->cpu.level == RV_M || !riscv_has(hart, RV_EXT_SMSTATEEN) ||
	    hart->mstateen[0] & MSTATEEN_ENVCFG)
		return NULL;
	return "mstateen0.ENVCFG=0";
}

const char *csr_gate_sstateen(const struct riscv_cpu *hart, const struct csr *csr)
{
	static const char *const closed[] = {"mstateen0.SE0=0", "mstateen1.SE=0", "mstateen2.SE=0",
					     "mstateen3.SE=0"};
	unsigned index = csr->number & 3;
	if (hart->cpu.level == RV_M || hart->mstateen[index] & MSTATEEN_SE)
		return NULL;
	return closed[index];
}

/* -- satp -- */

const char *csr_gate_satp(const struct riscv_cpu *hart, const struct csr *csr)
{
	(void)csr;
	return hart->cpu.level == RV_S && hart->mstatus & MSTATUS_TVM ? "mstatus.TVM=1" : NULL;
}

bool riscv_legal_satp(const struct riscv_cpu *hart, uint64_t value)
{
	uint64_t mode = value >> SATP_MODE_SHIFT;
	return mode == SATP_BARE || (mode >= SATP_SV39 && mode <= hart->config.max_satp_mode);
}

void csr_write_satp(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	/* An unsupported mode makes the whole write have no effect: software probes that way. */
	if (!riscv_legal_satp(hart, value))
		return;
	if (value == hart->satp)
		return;
	csr_field_write(hart, csr, value);
	riscv_flush_translated(hart);
	riscv_update_mode(&hart->cpu);
}
