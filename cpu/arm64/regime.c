#include "cpu/arm64/regime.h"

#include "cpu/arm64/pe.h"
#include "cpu/arm64/trap.h"
#include "mmu/mmu.h"

/* -- fields -- */

/* TCR_EL1, and TCR_EL2 with HCR_EL2.E2H=1. Where there are two of a field, the second is TTBR1's.
 */
enum {
	TCR_TSZ0 = 0,
	TCR_EPD0 = 7,
	TCR_TG0 = 14,
	TCR_TSZ1 = 16,
	TCR_A1 = 22,
	TCR_EPD1 = 23,
	TCR_TG1 = 30,
	TCR_IPS = 32,
	TCR_TBI0 = 37,
	TCR_HA = 39,
	TCR_HD = 40,
	TCR_HPD0 = 41,
	TCR_TBID0 = 51,
	TCR_E0PD0 = 55,
	TCR_DS = 59,
};
/* TCR_EL2 with E2H=0, and TCR_EL3. */
enum {
	TCR_ONE_PS = 16,
	TCR_ONE_TBI = 20,
	TCR_ONE_HA = 21,
	TCR_ONE_HD = 22,
	TCR_ONE_HPD = 24,
	TCR_ONE_TBID = 29,
	TCR_ONE_DS = 32,
};
enum {
	VTCR_SL0 = 6,
	VTCR_TG0 = 14,
	VTCR_PS = 16,
	VTCR_HA = 21,
	VTCR_HD = 22,
	VTCR_DS = 32,
	VTCR_SL2 = 33,
	VTCR_S2PIE = 36,
};
enum { TCR2_PIE = 1, TCR2_E0POE = 2, TCR2_POE = 3, TCR2_AIE = 4 };
#define SCTLR_WXN  (1ull << 19)
#define SCTLR_EPAN (1ull << 57)

static unsigned field(uint64_t value, unsigned shift, unsigned bits)
{
	return (unsigned)(value >> shift) & ((1u << bits) - 1);
}

static bool bit(uint64_t value, unsigned shift)
{
	return value >> shift & 1;
}

/* -- address sizes -- */

/* By the encoding of TCR_ELx.IPS and ID_AA64MMFR0_EL1.PARange. */
static const uint8_t address_bits[] = {32, 36, 40, 42, 44, 48, 52, 52};

unsigned arm64_physical_bits(const struct arm64_cpu *pe)
{
	return address_bits[pe->sysreg[A64_ID_AA64MMFR0_EL1] & 7];
}

static uint8_t output_bits(const struct arm64_cpu *pe, unsigned encoding, bool wide)
{
	unsigned limit = wide ? arm64_physical_bits(pe) : 48;
	unsigned bits = address_bits[encoding];
	if (bits > arm64_physical_bits(pe))
		bits = arm64_physical_bits(pe);
	return (uint8_t)(bits < limit ? bits : limit);
}

/* Encodings of TG0; TG1 has its own. Reserved ones are 4 KiB. */
static uint8_t granule0(unsigned encoding)
{
	static const uint8_t bits[] = {12, 16, 14, 12};
	return bits[encoding];
}

static uint8_t granule1(unsigned encoding)
{
	static const uint8_t bits[] = {12, 14, 12, 16};
	return bits[encoding];
}

/* 52-bit addresses: of descriptors for 4 and 16 KiB with DS, always for 64 KiB. */
static void set_width(const struct arm64_cpu *pe, struct vmsa_layout *layout, bool ds)
{
	layout->lpa2 = layout->granule != 16 && ds && arm64_has(pe, A64_FEAT_LPA2);
	layout->lpa = layout->granule == 16 && arm64_physical_bits(pe) == 52;
}

/* False: the size is none that TnSZ may ask for (Arm ARM, D8.2.4). */
static bool set_input(const struct arm64_cpu *pe, struct vmsa_layout *layout, unsigned tsz)
{
	bool large = layout->lpa2 || (layout->granule == 16 && arm64_has(pe, A64_FEAT_LVA));
	unsigned least = large ? 12 : 16;
	unsigned most = !arm64_has(pe, A64_FEAT_TTST) ? 39 : layout->granule == 16 ? 47 : 48;
	if (tsz < least || tsz > most)
		return false;
	layout->input_bits = (uint8_t)(64 - tsz);
	return true;
}

/* -- stage 1 -- */

static void decode_half(const struct arm64_cpu *pe, struct arm64_half *half, uint64_t tcr,
			uint64_t ttbr, unsigned second)
{
	struct vmsa_layout *layout = &half->layout;
	layout->granule =
		second ? granule1(field(tcr, TCR_TG1, 2)) : granule0(field(tcr, TCR_TG0, 2));
	set_width(pe, layout, bit(tcr, TCR_DS));
	layout->output_bits = output_bits(pe, field(tcr, TCR_IPS, 3), layout->lpa || layout->lpa2);
	layout->update_access = arm64_has(pe, A64_FEAT_HAFDBS) && bit(tcr, TCR_HA);
	half->dirty = layout->update_access && bit(tcr, TCR_HD);
	half->flat = arm64_has(pe, A64_FEAT_HPDS) && bit(tcr, TCR_HPD0 + second);
	half->top_byte = bit(tcr, TCR_TBI0 + second);
	half->fetch_top =
		half->top_byte && !(arm64_has(pe, A64_FEAT_PAuth) && bit(tcr, TCR_TBID0 + second));
	half->not_el0 = arm64_has(pe, A64_FEAT_E0PD) && bit(tcr, TCR_E0PD0 + second);
	half->off = bit(tcr, second ? TCR_EPD1 : TCR_EPD0);
	if (!set_input(pe, layout, field(tcr, second ? TCR_TSZ1 : TCR_TSZ0, 6))) {
		half->off = true;
		return;
	}
	layout->start = (int8_t)vmsa_start_level(layout->granule, layout->input_bits);
	layout->root = vmsa_root(layout, ttbr);
}

/* Regimes with one half and one level of privilege. */
static void decode_single(const struct arm64_cpu *pe, struct arm64_half *half, uint64_t tcr,
			  uint64_t ttbr)
{
	struct vmsa_layout *layout = &half->layout;
	layout->granule = granule0(field(tcr, TCR_TG0, 2));
	set_width(pe, layout, bit(tcr, TCR_ONE_DS));
	layout->output_bits =
		output_bits(pe, field(tcr, TCR_ONE_PS, 3), layout->lpa || layout->lpa2);
	layout->update_access = arm64_has(pe, A64_FEAT_HAFDBS) && bit(tcr, TCR_ONE_HA);
	half->dirty = layout->update_access && bit(tcr, TCR_ONE_HD);
	half->flat = arm64_has(pe, A64_FEAT_HPDS) && bit(tcr, TCR_ONE_HPD);
	half->top_byte = bit(tcr, TCR_ONE_TBI);
	half->fetch_top =
		half->top_byte && !(arm64_has(pe, A64_FEAT_PAuth) && bit(tcr, TCR_ONE_TBID));
	half->off = !set_input(pe, layout, field(tcr, TCR_TSZ0, 6));
	if (half->off)
		return;
	layout->start = (int8_t)vmsa_start_level(layout->granule, layout->input_bits);
	layout->root = vmsa_root(layout, ttbr);
}

/* Registers of a regime, in the order of enum arm64_regime_id. */
static const struct {
	uint16_t sctlr, tcr, ttbr0, ttbr1, mair, mair2, tcr2, pir, por, pire0;
} regime_registers[] = {
	{A64_SCTLR_EL1, A64_TCR_EL1, A64_TTBR0_EL1, A64_TTBR1_EL1, A64_MAIR_EL1, A64_MAIR2_EL1,
	 A64_TCR2_EL1,     A64_PIR_EL1, A64_POR_EL1,      A64_PIRE0_EL1   },
	{A64_SCTLR_EL2, A64_TCR_EL2, A64_TTBR0_EL2, A64_TTBR1_EL2, A64_MAIR_EL2, A64_MAIR2_EL2,
	 A64_TCR2_EL2,     A64_PIR_EL2, A64_POR_EL2,      A64_PIRE0_EL2   },
	{A64_SCTLR_EL3, A64_TCR_EL3, A64_TTBR0_EL3, A64_TTBR0_EL3, A64_MAIR_EL3, A64_MAIR2_EL3,
	 A64_SYSREG_COUNT, A64_PIR_EL3, A64_SYSREG_COUNT, A64_SYSREG_COUNT},
};

static uint64_t register_of(const struct arm64_cpu *pe, unsigned reg)
{
	return reg == A64_SYSREG_COUNT ? 0 : pe->sysreg[reg];
}

/* Whether EL1 may use what TCR2_EL1 turns on: not with FEAT_HCX and HCRX_EL2.TCR2En=0. */
static uint64_t tcr2_of(const struct arm64_cpu *pe, enum arm64_regime_id id)
{
	enum { TCR2EN = 14 };
	bool guest = id == A64_REGIME_EL10 && pe->config.highest >= A64_EL2;
	if (!arm64_has(pe, A64_FEAT_TCR2) || (guest && !bit(arm64_hcrx(pe), TCR2EN)))
		return 0;
	return register_of(pe, regime_registers[id].tcr2);
}

static void decode_stage1(const struct arm64_cpu *pe, enum arm64_regime_id id,
			  struct arm64_stage1 *stage)
{
	uint64_t hcr = arm64_hcr(pe), sctlr = pe->sysreg[regime_registers[id].sctlr];
	uint64_t tcr = pe->sysreg[regime_registers[id].tcr], tcr2 = tcr2_of(pe, id);
	*stage = (struct arm64_stage1){
		.on = sctlr & SCTLR_M,
		.two = id == A64_REGIME_EL10 || (id == A64_REGIME_EL2 && hcr & HCR_E2H),
		.wxn = sctlr & SCTLR_WXN,
		.epan = arm64_has(pe, A64_FEAT_PAN3) && sctlr & SCTLR_EPAN,
		.mair = {pe->sysreg[regime_registers[id].mair],
			 pe->sysreg[regime_registers[id].mair2]            },
		.indirect = arm64_has(pe, A64_FEAT_S1PIE) && bit(tcr2, TCR2_PIE),
		.overlay = { arm64_has(pe,          A64_FEAT_S1POE) && bit(tcr2, TCR2_E0POE),
                         arm64_has(pe, A64_FEAT_S1POE) && bit(tcr2, TCR2_POE)},
		.pir = {					 register_of(pe,                            regime_registers[id].pire0),
			 register_of(pe, regime_registers[id].pir)},
		.por = {pe->sysreg[A64_POR_EL0],                        register_of(pe,          regime_registers[id].por)},
	};
	if (id == A64_REGIME_EL10) {
		stage->default_cacheable = hcr & HCR_DC;
		/* With TGE=1 there is no EL1, and what EL0 sees is flat. */
		if (hcr & (HCR_DC | HCR_TGE))
			stage->on = false;
	}
	if (!stage->two) {
		decode_single(pe, &stage->half[0], tcr, pe->sysreg[regime_registers[id].ttbr0]);
		return;
	}
	decode_half(pe, &stage->half[0], tcr, pe->sysreg[regime_registers[id].ttbr0], 0);
	decode_half(pe, &stage->half[1], tcr, pe->sysreg[regime_registers[id].ttbr1], 1);
}

/* -- stage 2 -- */

/* The start level, by SL0 and SL2; false: reserved (Arm ARM, D8.2.9). */
static bool set_start(struct vmsa_layout *layout, uint64_t vtcr)
{
	unsigned sl0 = field(vtcr, VTCR_SL0, 2);
	int start;
	if (layout->granule != 12)
		start = 3 - (int)sl0;
	else if (layout->lpa2 && bit(vtcr, VTCR_SL2))
		start = sl0 == 0 ? -1 : 4;
	else
		start = sl0 == 3 ? 3 : 2 - (int)sl0;
	bool deepest = layout->granule == 16   ? start >= 1
		       : layout->granule == 14 ? start >= (layout->lpa2 ? 0 : 1)
					       : true;
	if (start > 3 || !deepest)
		return false;
	layout->start = (int8_t)start;
	/* Up to 16 tables lie side by side, and at least one entry is looked at. */
	enum { CONCATENATED = 4 };
	unsigned bits = vmsa_level_bits(layout->granule, start);
	return layout->input_bits > bits &&
	       layout->input_bits <= bits + (layout->granule - 3u) + CONCATENATED;
}

static void decode_stage2(const struct arm64_cpu *pe, struct arm64_stage2 *stage)
{
	uint64_t hcr = arm64_hcr(pe), vtcr = pe->sysreg[A64_VTCR_EL2];
	struct vmsa_layout *layout = &stage->layout;
	*stage = (struct arm64_stage2){
		.on = hcr & (HCR_VM | HCR_DC),
		.force_type = hcr & HCR_FWB,
		.protect_tables = hcr & HCR_PTW,
		.xnx = arm64_has(pe, A64_FEAT_XNX),
		.indirect = arm64_has(pe, A64_FEAT_S2PIE) && bit(vtcr, VTCR_S2PIE),
		.pir = pe->sysreg[A64_S2PIR_EL2],
	};
	if (!stage->on)
		return;
	layout->granule = granule0(field(vtcr, VTCR_TG0, 2));
	set_width(pe, layout, bit(vtcr, VTCR_DS));
	layout->output_bits = output_bits(pe, field(vtcr, VTCR_PS, 3), layout->lpa || layout->lpa2);
	layout->update_access = arm64_has(pe, A64_FEAT_HAFDBS) && bit(vtcr, VTCR_HA);
	stage->dirty = layout->update_access && bit(vtcr, VTCR_HD);
	if (!set_input(pe, layout, field(vtcr, 0, 6)) || !set_start(layout, vtcr)) {
		stage->off = true;
		return;
	}
	layout->root = vmsa_root(layout, pe->sysreg[A64_VTTBR_EL2]);
}

/* -- keeping them -- */

#define ALL_REGIMES ((1u << A64_REGIMES) - 1)

const struct arm64_stage1 *arm64_stage1_of(struct arm64_cpu *pe, enum arm64_regime_id id)
{
	struct arm64_translation *translation = &pe->translation;
	if (translation->stale_regimes >> id & 1) {
		decode_stage1(pe, id, &translation->stage1[id]);
		if (id == A64_REGIME_EL10)
			decode_stage2(pe, &translation->stage2);
		translation->stale_regimes &= (uint8_t) ~(1u << id);
	}
	return &translation->stage1[id];
}

const struct arm64_stage2 *arm64_stage2_of(struct arm64_cpu *pe)
{
	arm64_stage1_of(pe, A64_REGIME_EL10);
	return &pe->translation.stage2;
}

void arm64_translation_changed(struct arm64_cpu *pe)
{
	pe->translation.stale_regimes = ALL_REGIMES;
	pe->translation.stale_modes = (1u << A64_TLB_COUNT) - 1;
	pe->pac.known = 0;
	arm64_forget_modes(pe);
}

enum arm64_regime_id arm64_regime_of_mode(unsigned mode)
{
	if (mode <= A64_TLB_EL1_PAN)
		return A64_REGIME_EL10;
	return mode == A64_TLB_EL3 ? A64_REGIME_EL3 : A64_REGIME_EL2;
}

unsigned arm64_modes_of_regime(enum arm64_regime_id id)
{
	switch (id) {
	case A64_REGIME_EL10: return 1u << A64_TLB_EL0 | 1u << A64_TLB_EL1 | 1u << A64_TLB_EL1_PAN;
	case A64_REGIME_EL2: return 1u << A64_TLB_EL20 | 1u << A64_TLB_EL2 | 1u << A64_TLB_EL2_PAN;
	default: return 1u << A64_TLB_EL3;
	}
}

static uint64_t asid_of(const struct arm64_cpu *pe, enum arm64_regime_id id)
{
	uint64_t tcr = pe->sysreg[regime_registers[id].tcr];
	unsigned reg = bit(tcr, TCR_A1) ? regime_registers[id].ttbr1 : regime_registers[id].ttbr0;
	return pe->sysreg[reg] >> 48;
}

/* What the entries of a TLB were made from. ASID and TTBR0 stand apart: they change often. */
static void make_key(struct arm64_cpu *pe, enum arm64_regime_id id, struct arm64_tlb_key *key)
{
	enum { ROOT = 48 };
	const struct arm64_stage1 *stage = arm64_stage1_of(pe, id);
	const struct arm64_stage2 *second = &pe->translation.stage2;
	uint64_t root_mask = (1ull << ROOT) - 1;
	*key = (struct arm64_tlb_key){
		.asid = stage->two ? asid_of(pe, id) : 0,
		.root = pe->sysreg[regime_registers[id].ttbr0] & root_mask,
		.all = {stage->on | stage->two << 1 | stage->wxn << 2 | stage->epan << 3 |
				stage->indirect << 4 | stage->overlay[0] << 5 |
				stage->overlay[1] << 6 | stage->default_cacheable << 7 |
				stage->more_types << 11,
			stage->mair[0], stage->mair[1], stage->pir[0], stage->pir[1], stage->por[0],
			stage->por[1], pe->sysreg[regime_registers[id].ttbr1] & root_mask,
			pe->sysreg[regime_registers[id].tcr]},
	};
	if (id == A64_REGIME_EL10 && second->on) {
		key->all[0] |= 1 << 8 | second->force_type << 9 | second->protect_tables << 10;
		key->all[9] = pe->sysreg[A64_VTTBR_EL2];
		key->all[10] = pe->sysreg[A64_VTCR_EL2];
		key->all[11] = pe->sysreg[A64_S2PIR_EL2];
	}
}

static bool same(const uint64_t *a, const uint64_t *b, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

void arm64_refresh_mode(struct arm64_cpu *pe, unsigned mode)
{
	struct arm64_tlb_key key, *old = &pe->translation.key[mode];
	pe->translation.stale_modes &= (uint8_t) ~(1u << mode);
	make_key(pe, arm64_regime_of_mode(mode), &key);
	if (!same(key.all, old->all, A64_TLB_KEYS))
		mmu_flush_modes(&pe->cpu, 1u << mode);
	else if (key.asid != old->asid || key.root != old->root)
		mmu_flush_local(&pe->cpu, 1u << mode);
	*old = key;
}

unsigned arm64_use_mode(struct arm64_cpu *pe, unsigned mode)
{
	if (pe->translation.stale_modes >> mode & 1)
		arm64_refresh_mode(pe, mode);
	return mode;
}
