/* trapline explain esr and sysreg: every register and every class has an answer. */
#include <criterion/criterion.h>
#include <string.h>

#include "cpu/arm64/explain.h"
#include "cpu/arm64/sysreg.h"

static bool has_fact(const struct explanation *explanation, const char *name, const char *part)
{
	for (unsigned i = 0; i < explanation->count; i++)
		if (!strcmp(explanation->items[i].name, name) &&
		    strstr(explanation->items[i].text, part))
			return true;
	return false;
}

Test(arm64_explain, every_named_operation)
{
	static struct explanation explanation;
	struct error error;
	unsigned found = 0;
	for (unsigned encoding = 0; encoding < 0x10000; encoding++) {
		char name[64];
		const char *known = arm64_operation_name(encoding);
		if (!known)
			continue;
		found++;
		snprintf(name, sizeof(name), "%s", known);
		cr_assert_eq(arm64_explain_sysreg(name, &explanation, &error), 0, "%s", name);
		cr_expect(explanation.subject[0] && explanation.source[0], "%s", name);
	}
	cr_expect_gt(found, 1000);
}

Test(arm64_explain, traps_and_bits)
{
	static struct explanation explanation;
	struct error error;
	cr_assert_eq(arm64_explain_sysreg("CTR_EL0", &explanation, &error), 0);
	cr_expect(has_fact(&explanation, "forbidden to EL0", "SCTLR_EL1.UCT=0"));
	cr_expect(has_fact(&explanation, "coarse trap", "HCR_EL2.TID2=1"));
	cr_expect(has_fact(&explanation, "fine-grained trap", "HFGRTR_EL2.CTR_EL0=1"));
	cr_assert_eq(arm64_explain_sysreg("HFGITR_EL2", &explanation, &error), 0);
	cr_expect(has_fact(&explanation, "PSBCSYNC", "1 traps: PSB CSYNC"));
	cr_expect(has_fact(&explanation, "DCZVA", "DC ZVA"));
	cr_expect(has_fact(&explanation, "FEAT_NV2", "0x1c8"));
	cr_expect_eq(arm64_explain_sysreg("S3_9_C0_C0_0", &explanation, &error), -1);
	cr_expect_eq(arm64_explain_sysreg("", &explanation, &error), -1);
}

Test(arm64_explain, every_class_of_syndrome)
{
	static struct explanation explanation;
	struct error error;
	for (unsigned class = 0; class < 64; class ++)
		for (unsigned n = 0; n < 26; n++) {
			char text[32];
			unsigned long iss = n == 25 ? 0x1ffffff : 1ul << n;
			snprintf(text, sizeof(text), "0x%lx",
				 (unsigned long)class << 26 | 1ul << 25 | iss);
			cr_assert_eq(arm64_explain_esr(text, &explanation, &error), 0);
		}
	cr_assert_eq(arm64_explain_esr("0x96002050", &explanation, &error), 0);
	cr_expect(has_fact(&explanation, "VNCR", "yes"));
	cr_expect(has_fact(&explanation, "DFSC", "synchronous external abort"));
	cr_expect_eq(arm64_explain_esr("0x", &explanation, &error), -1);
}
