/*
 * FWFT: firmware features (SBI 3.0, chapter 18). One row per feature; the order of checks in set is
 * the one that OpenSBI and KVM share, which the specification leaves open.
 */
#include "mmu/mmu.h"
#include "sbi/internal.h"

#define MEDELEG 0x302
#define MENVCFG 0x30a

static const uint64_t misaligned_causes =
	1u << RV_CAUSE_LOAD_MISALIGNED | 1u << RV_CAUSE_STORE_MISALIGNED;
static const uint64_t menvcfg_adue = 1ull << 61;

static uint64_t get_bits(struct sbi_hart *hart, unsigned csr, uint64_t bits)
{
	uint64_t value = 0;
	riscv_csr_read(hart->cpu, csr, &value);
	return (value & bits) == bits;
}

static void set_bits(struct sbi_hart *hart, unsigned csr, uint64_t bits, bool on)
{
	uint64_t value = 0;
	riscv_csr_read(hart->cpu, csr, &value);
	riscv_csr_write(hart->cpu, csr, on ? value | bits : value & ~bits);
}

static uint64_t get_misaligned(struct sbi_hart *hart)
{
	return get_bits(hart, MEDELEG, misaligned_causes);
}

static void set_misaligned(struct sbi_hart *hart, uint64_t value)
{
	set_bits(hart, MEDELEG, misaligned_causes, value);
}

static uint64_t get_adue(struct sbi_hart *hart)
{
	return get_bits(hart, MENVCFG, menvcfg_adue);
}

static void set_adue(struct sbi_hart *hart, uint64_t value)
{
	set_bits(hart, MENVCFG, menvcfg_adue, value);
	mmu_flush(&hart->cpu->cpu);
}

static bool always(const struct riscv_cpu *cpu)
{
	(void)cpu;
	return true;
}

/* A hart with Svadu alone cannot honour the reset value 0. */
static bool has_svade_and_svadu(const struct riscv_cpu *cpu)
{
	return riscv_has(cpu, RV_EXT_SVADU) && riscv_has(cpu, RV_EXT_SVADE);
}

struct feature {
	const char *name;
	bool (*supported)(const struct riscv_cpu *cpu); /* NULL: its extension is not modelled */
	uint64_t (*get)(struct sbi_hart *hart);
	void (*set)(struct sbi_hart *hart, uint64_t value);
};

static const struct feature features[SBI_FWFT_COUNT] = {
	[SBI_FWFT_MISALIGNED_EXC_DELEG] = {"MISALIGNED_EXC_DELEG",  always,              get_misaligned,
					   set_misaligned                                                    },
	[SBI_FWFT_LANDING_PAD] = {"LANDING_PAD",           NULL,                NULL,           NULL},
	[SBI_FWFT_SHADOW_STACK] = {"SHADOW_STACK",          NULL,                NULL,           NULL},
	[SBI_FWFT_DOUBLE_TRAP] = {"DOUBLE_TRAP",           NULL,                NULL,           NULL},
	[SBI_FWFT_PTE_AD_HW_UPDATING] = {"PTE_AD_HW_UPDATING",    has_svade_and_svadu, get_adue,
					   set_adue							  },
	[SBI_FWFT_POINTER_MASKING_PMLEN] = {"POINTER_MASKING_PMLEN", NULL,                NULL,           NULL},
};

void sbi_fwft_reset(struct sbi_hart *hart)
{
	for (unsigned i = 0; i < SBI_FWFT_COUNT; i++)
		hart->locked[i] = false;
	set_misaligned(hart, hart->sbi->config.fwft_misaligned);
	if (has_svade_and_svadu(hart->cpu))
		set_adue(hart, 0);
}

static enum sbi_error check_feature(const struct sbi_call *call, uint32_t id)
{
	if (id >= SBI_FWFT_COUNT)
		return SBI_ERR_DENIED;
	if (!features[id].supported || !features[id].supported(call->hart->cpu))
		return SBI_ERR_NOT_SUPPORTED;
	return SBI_SUCCESS;
}

static enum sbi_error feature_set(struct sbi_call *call)
{
	uint32_t id = (uint32_t)call->args[0];
	uint64_t value = call->args[1], flags = call->args[2];
	enum sbi_error error = check_feature(call, id);
	if (error)
		return error;
	if (flags & ~1ull)
		return SBI_ERR_INVALID_PARAM;
	if (call->hart->locked[id])
		return SBI_ERR_DENIED_LOCKED;
	if (value > 1)
		return SBI_ERR_INVALID_PARAM;
	features[id].set(call->hart, value);
	call->hart->locked[id] = flags & 1;
	return SBI_SUCCESS;
}

static enum sbi_error feature_get(struct sbi_call *call)
{
	uint32_t id = (uint32_t)call->args[0];
	enum sbi_error error = check_feature(call, id);
	if (!error)
		call->value = features[id].get(call->hart);
	return error;
}

void sbi_handle_fwft(struct sbi_call *call)
{
	switch (call->fid) {
	case 0: call->error = feature_set(call); break;
	case 1: call->error = feature_get(call); break;
	default: call->error = SBI_ERR_NOT_SUPPORTED;
	}
}
