#include "usual.h"

#include <criterion/criterion.h>

#include "cpu/arm64/pe.h"
#include "cpu/arm64/sysreg.h"
#include "tests/arm64-insn/bench.h"

const enum arm64_sysreg usual_fgt_registers[] = {
	A64_HFGRTR_EL2,     A64_HFGWTR_EL2,     A64_HFGITR_EL2,   A64_HDFGRTR_EL2,
	A64_HDFGWTR_EL2,    A64_HAFGRTR_EL2,    A64_HFGRTR2_EL2,  A64_HFGWTR2_EL2,
	A64_HFGITR2_EL2,    A64_HDFGRTR2_EL2,   A64_HDFGWTR2_EL2, A64_ICH_HFGRTR_EL2,
	A64_ICH_HFGWTR_EL2, A64_ICH_HFGITR_EL2,
};
const unsigned usual_fgt_register_count =
	sizeof(usual_fgt_registers) / sizeof(usual_fgt_registers[0]);

uint64_t usual_negative_bits(enum arm64_sysreg reg)
{
	enum { POSITIVE, NEGATIVE };
	static const struct {
		uint16_t reg;
		uint8_t bit, negative;
	} rows[] = {
#define FGT(reg, bit, field, polarity, need) {A64_##reg, bit, polarity},
#define FGT_TRAP(...)
#include "cpu/arm64/fgt.def"
#undef FGT
#undef FGT_TRAP
	};
	uint64_t bits = 0;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].reg == reg && rows[i].negative)
			bits |= 1ull << rows[i].bit;
	return bits;
}

void usual_config(struct arm64_config *config)
{
	/* Off by default; case 102 is about it. */
	cr_assert_eq(arm64_config_parse(config, "max,+nmi", NULL), 0);
}

void usual_state(struct arm64_cpu *pe)
{
	/* What EL3 enables, if there is one. */
	if (pe->config.highest == A64_EL3)
		arm64_sysreg_set(pe, A64_SCR_EL3,
				 SCR_HCE | SCR_APK | SCR_API | SCR_FGTEn | SCR_EnAS0 | SCR_ADEn |
					 SCR_HXEn | SCR_FGTEn2);
	arm64_sysreg_set(pe, A64_HCR_EL2,
			 HCR_RW | (arm64_has(pe, A64_FEAT_PAuth) ? HCR_APK | HCR_API : 0) |
				 HCR_EnSCXT | HCR_FIEN);
	arm64_sysreg_set(pe, A64_HCRX_EL2, UINT64_MAX & ~(HCRX_FGTnXS | HCRX_TALLINT));
	for (unsigned i = 0; i < usual_fgt_register_count; i++)
		arm64_sysreg_set(pe, usual_fgt_registers[i],
				 usual_negative_bits(usual_fgt_registers[i]));
	/* Something to push on, and leave to. */
	enum { PUSHMEn = 1 << 8 };
	pe->sysreg[A64_GCSCR_EL1] = pe->sysreg[A64_GCSCR_EL2] = PUSHMEn;
	pe->sysreg[A64_GCSCRE0_EL1] = PUSHMEn;
	pe->sysreg[A64_GCSPR_EL0] = pe->sysreg[A64_GCSPR_EL1] = BENCH_DATA;
	pe->sysreg[A64_GCSPR_EL2] = BENCH_DATA;
	/* Timers of EL1 and EL0 are EL1's own; trace and statistical buffers do not trap. */
	enum { EL1PCTEN = 1, EL1PCEN = 2, E2PB = 1 << 12, E2TB = 1 << 24 };
	arm64_sysreg_set(pe, A64_CNTHCTL_EL2, EL1PCTEN | EL1PCEN);
	arm64_sysreg_set(pe, A64_MDCR_EL2, E2PB | E2TB | 6);
}
