/* BASE (SBI 3.0, chapter 4): what this firmware is and offers. Never fails. */
#include "sbi/internal.h"

void sbi_handle_base(struct sbi_call *call)
{
	const struct sbi_config *config = &call->sbi->config;
	const struct riscv_config *cpu = &call->hart->cpu->config;
	switch (call->fid) {
	case 0: call->value = config->spec_version; break;
	case 1: call->value = config->impl_id; break;
	case 2: call->value = config->impl_version; break;
	case 3: call->value = sbi_offers(call->sbi, (uint32_t)call->args[0]); break;
	case 4: call->value = cpu->mvendorid; break;
	case 5: call->value = cpu->marchid; break;
	case 6: call->value = cpu->mimpid; break;
	default: call->error = SBI_ERR_NOT_SUPPORTED;
	}
}
