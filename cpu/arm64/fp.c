#include "cpu/arm64/fp.h"

#include "cpu/arm64/pe.h"
#include "cpu/arm64/trap.h"

#define CPTR_TFP (1ull << 10)

/* -- access -- */

/* An FPEN field, of CPACR_EL1 or CPTR_EL2. */
enum fpen { FPEN_AT = 20, FPEN_NOT_EL0 = 1, FPEN_FREE = 3 };

static unsigned fpen(uint64_t control)
{
	return control >> FPEN_AT & 3;
}

struct refusal {
	unsigned to;
	unsigned class;
	const char *why;
};

static bool el1_refuses(const struct arm64_cpu *pe, struct refusal *refusal)
{
	if (pe->cpu.level > A64_EL1 || arm64_is_host_el0(pe))
		return false;
	unsigned code = fpen(pe->sysreg[A64_CPACR_EL1]);
	if (code == FPEN_FREE || (code == FPEN_NOT_EL0 && pe->cpu.level != A64_EL0))
		return false;
	refusal->to = arm64_default_target(pe);
	/* TGE took it away from EL1, whose register EL2 does not know. */
	refusal->class = refusal->to == A64_EL2 ? A64_EC_UNKNOWN : A64_EC_FP;
	refusal->why = code == FPEN_NOT_EL0 ? "CPACR_EL1.FPEN=1" : "CPACR_EL1.FPEN=0";
	return true;
}

static bool el2_refuses(const struct arm64_cpu *pe, struct refusal *refusal)
{
	if (pe->config.highest < A64_EL2 || pe->cpu.level > A64_EL2)
		return false;
	uint64_t hcr = arm64_hcr(pe), cptr = pe->sysreg[A64_CPTR_EL2];
	refusal->to = A64_EL2;
	refusal->class = A64_EC_FP;
	if (!(hcr & HCR_E2H)) {
		refusal->why = "CPTR_EL2.TFP=1";
		return cptr & CPTR_TFP;
	}
	refusal->why = "CPTR_EL2.FPEN=0";
	if (fpen(cptr) == FPEN_FREE)
		return false;
	if (fpen(cptr) != FPEN_NOT_EL0)
		return true;
	refusal->why = "CPTR_EL2.FPEN=1";
	return pe->cpu.level == A64_EL0 && hcr & HCR_TGE;
}

static bool refused(const struct arm64_cpu *pe, struct refusal *refusal)
{
	if (el1_refuses(pe, refusal) || el2_refuses(pe, refusal))
		return true;
	if (pe->config.highest < A64_EL3 || !(pe->sysreg[A64_CPTR_EL3] & CPTR_TFP))
		return false;
	*refusal = (struct refusal){A64_EL3, A64_EC_FP, "CPTR_EL3.TFP=1"};
	return true;
}

bool arm64_fp_trapped(const struct arm64_cpu *pe)
{
	struct refusal refusal;
	return refused(pe, &refusal);
}

bool arm64_fp_may_use(struct arm64_cpu *pe)
{
	enum { ANY_CONDITION = 0x1e << 20 };
	struct refusal refusal;
	if (!refused(pe, &refusal))
		return true;
	uint32_t iss = refusal.class == A64_EC_FP ? ANY_CONDITION : 0;
	return arm64_raise_to(pe, refusal.to, arm64_esr(refusal.class, iss), refusal.why);
}

/* -- control and status -- */

void arm64_set_fpcr(struct arm64_cpu *pe, uint32_t value)
{
	static const uint8_t rounding[] = {FP_RNE, FP_RUP, FP_RDN, FP_RTZ};
	struct fp_env *env = &pe->cpu.fp;
	uint32_t exists = FPCR_RMODE | FPCR_FZ | FPCR_DN | FPCR_AHP;
	if (arm64_has(pe, A64_FEAT_FP16))
		exists |= FPCR_FZ16;
	pe->fpcr = value & exists;
	env->rm = pe->cpu.rounding = rounding[(value & FPCR_RMODE) >> FPCR_RMODE_AT];
	env->flush = value & FPCR_FZ ? FP_FLUSH_INPUTS | FP_FLUSH_RESULTS | FP_FLUSH_TELLS |
					       FP_FLUSH_UNDERFLOW
				     : 0;
	env->nan_rule = value & FPCR_DN ? FP_NAN_CANONICAL : FP_NAN_SIGNALING;
	env->tininess_before_rounding = true;
	env->nan_to_zero = true;
}

/* FPSR's place of each flag. */
static const struct {
	uint8_t flag, at;
} flag_places[] = {
	{FP_NV, 0},
        {FP_DZ, 1},
        {FP_OF, 2},
        {FP_UF, 3},
        {FP_NX, 4},
        {FP_ID, 7},
};
#define FLAGS (sizeof(flag_places) / sizeof(flag_places[0]))

uint32_t arm64_fpsr(const struct arm64_cpu *pe)
{
	uint32_t fpsr = pe->fpsr & FPSR_QC;
	for (unsigned i = 0; i < FLAGS; i++)
		if (pe->cpu.fp.flags & flag_places[i].flag)
			fpsr |= 1u << flag_places[i].at;
	return fpsr;
}

void arm64_set_fpsr(struct arm64_cpu *pe, uint32_t value)
{
	pe->fpsr = value & FPSR_QC;
	pe->cpu.fp.flags = 0;
	for (unsigned i = 0; i < FLAGS; i++)
		if (value >> flag_places[i].at & 1)
			pe->cpu.fp.flags |= flag_places[i].flag;
}

struct fp_env arm64_fp_half_env(const struct arm64_cpu *pe)
{
	struct fp_env env = pe->cpu.fp;
	env.flush =
		pe->fpcr & FPCR_FZ16 ? FP_FLUSH_INPUTS | FP_FLUSH_RESULTS | FP_FLUSH_UNDERFLOW : 0;
	return env;
}

void arm64_fp_apply(struct arm64_cpu *pe, union arm64_fp_shape shape, union cpu_vector *d,
		    const union cpu_vector *a, const union cpu_vector *b)
{
	if (shape.size != A64_FP_H) {
		arm64_fp_lanes(&pe->cpu.fp, shape, d, a, b);
		return;
	}
	struct fp_env env = arm64_fp_half_env(pe);
	arm64_fp_lanes(&env, shape, d, a, b);
	arm64_fp_half_done(pe, &env);
}
