/* trapline explain: the tables are whole, and values are decoded as the manuals say. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "core/explain.h"
#include "cpu/riscv/csr.h"
#include "cpu/riscv/explain.h"
#include "fixture.h"
#include "sbi/sbi.h"

static const struct explain_item *item(const struct explanation *explanation, const char *name)
{
	for (unsigned i = 0; i < explanation->count; i++)
		if (!strcmp(explanation->items[i].name, name))
			return &explanation->items[i];
	cr_assert_fail("%s has no item %s", explanation->subject, name);
	return NULL;
}

static void expect_field(const struct explanation *explanation, const char *name, uint64_t value,
			 const char *text)
{
	const struct explain_item *found = item(explanation, name);
	cr_expect(found->has_value);
	cr_expect_eq(found->value, value, "%s is 0x%llx", name, (unsigned long long)found->value);
	cr_expect_not_null(strstr(found->text, text), "%s: %s", name, found->text);
}

static struct explanation csr(const char *text)
{
	static struct explanation explanation;
	struct error error = {0};
	cr_assert_eq(riscv_explain_csr(text, &explanation, &error), 0, "%s", error.text);
	return explanation;
}

static struct explanation sbi(const char *text)
{
	static struct explanation explanation;
	struct error error = {0};
	cr_assert_eq(sbi_explain(text, &explanation, &error), 0, "%s", error.text);
	return explanation;
}

/* -- numbers -- */

Test(explain_number, as_users_write_them)
{
	uint64_t value;
	cr_expect_eq(explain_number("010", &value), 0);
	cr_expect_eq(value, 10);
	cr_expect_eq(explain_number("0x10", &value), 0);
	cr_expect_eq(value, 16);
	cr_expect_eq(explain_number("0b101", &value), 0);
	cr_expect_eq(value, 5);
	cr_expect_eq(explain_number("-2", &value), 0);
	cr_expect_eq(value, UINT64_MAX - 1);
	cr_expect_eq(explain_number("18446744073709551615", &value), 0);
	static const char *const bad[] = {
		"", "-", "x", "0xg", "1 ", " 1", "+1", "0x", "18446744073709551616", "--1", "0b2"};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_neq(explain_number(bad[i], &value), 0, "'%s'", bad[i]);
}

/* -- causes -- */

Test(explain_cause, exceptions_and_interrupts)
{
	struct explanation explanation;
	cr_assert_eq(riscv_explain_cause("mcause", "4", &explanation, NULL), 0);
	cr_expect_str_eq(explanation.subject, "mcause 0x4: load_address_misaligned");
	cr_expect_not_null(strstr(explanation.source, "Machine Cause (mcause) Register"));
	cr_expect_not_null(strstr(item(&explanation, "mtval")->text, "first byte"));
	cr_expect_not_null(strstr(item(&explanation, "delegation")->text, "medeleg bit 4"));
	cr_assert_eq(riscv_explain_cause("scause", "0x8000000000000005", &explanation, NULL), 0);
	cr_expect_str_eq(explanation.subject,
			 "scause 0x8000000000000005: supervisor_timer_interrupt");
	cr_expect_not_null(strstr(explanation.source, "Supervisor Cause (scause) Register"));
	expect_field(&explanation, "Interrupt", 1, "an interrupt");
	cr_expect_not_null(strstr(item(&explanation, "delegation")->text, "mideleg bit 5"));
}

Test(explain_cause, names_as_traces_write_them)
{
	struct explanation explanation;
	const struct trap trap = {.cause = RV_CAUSE_STORE_PAGE};
	const char *name = riscv_isa.cause_name(&trap);
	cr_assert_eq(riscv_explain_cause("mcause", name, &explanation, NULL), 0);
	cr_expect_str_eq(explanation.subject, "mcause 0xf: store_page_fault");
	cr_assert_eq(riscv_explain_cause("mcause", "machine_timer_interrupt", &explanation, NULL),
		     0);
	cr_expect_str_eq(explanation.subject, "mcause 0x8000000000000007: machine_timer_interrupt");
}

Test(explain_cause, values_without_a_meaning)
{
	struct explanation explanation;
	struct error error = {0};
	cr_assert_eq(riscv_explain_cause("mcause", "14", &explanation, NULL), 0);
	cr_expect_str_eq(explanation.subject, "mcause 0xe: reserved");
	cr_assert_eq(riscv_explain_cause("mcause", "24", &explanation, NULL), 0);
	cr_expect_str_eq(explanation.subject, "mcause 0x18: designated for custom or platform use");
	cr_assert_eq(riscv_explain_cause("mcause", "-1", &explanation, NULL), 0);
	cr_expect_neq(riscv_explain_cause("mcause", "nonsense", &explanation, &error), 0);
	cr_expect_eq(error.exit_code, EXIT_CODE_USAGE);
	cr_expect_str_eq(error.text, "explain mcause nonsense: expected a number or a name such as "
				     "load_page_fault");
}

/* -- CSRs -- */

Test(explain_csr, every_csr_has_a_text_and_fields)
{
	for (unsigned i = 0; i < riscv_csr_count; i++) {
		char text[64];
		struct explanation explanation = csr(riscv_csrs[i].name);
		cr_expect_str_eq(explanation.subject, riscv_csrs[i].name);
		cr_expect_neq(explanation.meaning[0], 0, "%s", riscv_csrs[i].name);
		cr_expect_geq(explanation.count, 2, "%s", riscv_csrs[i].name);
		cr_expect_not_null(strstr(explanation.source, "RISC-V"));
		snprintf(text, sizeof(text), "0x%x=-1", riscv_csrs[i].number);
		explanation = csr(text);
		cr_expect_lt(explanation.count, EXPLAIN_ITEMS_MAX);
		cr_expect(explanation.items[0].has_value, "%s", riscv_csrs[i].name);
	}
}

Test(explain_csr, fields_do_not_overlap)
{
	for (unsigned i = 0; i < riscv_csr_count; i++) {
		struct explanation explanation = csr(riscv_csrs[i].name);
		uint64_t seen = 0;
		for (unsigned j = 0; j < explanation.count; j++) {
			const struct explain_item *field = &explanation.items[j];
			for (unsigned bit = field->low; field->has_bits && bit <= field->high;
			     bit++) {
				cr_expect_eq(seen >> bit & 1, 0, "%s.%s, bit %u",
					     riscv_csrs[i].name, field->name, bit);
				seen |= 1ull << bit;
			}
		}
	}
}

Test(explain_csr, mstatus)
{
	const struct explanation mstatus = csr("mstatus=0x8000000a000060a2");
	expect_field(&mstatus, "SIE", 1, "on");
	expect_field(&mstatus, "MIE", 0, "off");
	expect_field(&mstatus, "MPP", 0, ": U");
	expect_field(&mstatus, "FS", 3, "dirty");
	expect_field(&mstatus, "UXL", 2, "64 bits");
	expect_field(&mstatus, "SD", 1, "yes");
	const struct explanation reserved = csr("mstatus=0x1001");
	expect_field(&reserved, "MPP", 2, "reserved value");
	cr_expect_str_eq(item(&reserved, "reserved")->text, "0x1: bits without a meaning");
}

Test(explain_csr, translation_and_protection)
{
	const struct explanation satp = csr("satp=0x9000100000080001");
	expect_field(&satp, "MODE", 9, "Sv48");
	expect_field(&satp, "ASID", 1, "");
	cr_expect_str_eq(item(&satp, "root table")->text, "at physical address 0x80001000");
	const struct explanation pmpcfg = csr("pmpcfg2=0x9f00");
	expect_field(&pmpcfg, "pmp9cfg", 0x9f, "NAPOT RWX, locked");
	const struct explanation pmpaddr = csr("pmpaddr3=0x20001fff");
	cr_expect_str_eq(item(&pmpaddr, "with NAPOT")->text, "0x80000000 to 0x8000ffff");
	const struct explanation everything = csr("pmpaddr0=0x3fffffffffffff");
	cr_expect_str_eq(item(&everything, "with NAPOT")->text, "0x0 to 0x1ffffffffffffff");
}

Test(explain_csr, traps_and_interrupts)
{
	const struct explanation medeleg = csr("medeleg=0x50");
	expect_field(&medeleg, "load_address_misaligned", 1, "to S-mode");
	expect_field(&medeleg, "load_access_fault", 0, "to M-mode");
	const struct explanation mip = csr("mip=0x80");
	expect_field(&mip, "MTIP", 1, "machine timer");
	expect_field(&mip, "STIP", 0, "supervisor timer");
	const struct explanation sie = csr("sie=0x20");
	expect_field(&sie, "STIE", 1, "supervisor timer");
	const struct explanation mideleg = csr("mideleg=0x222");
	expect_field(&mideleg, "SEI", 1, "supervisor external");
	const struct explanation stvec = csr("stvec=0x80001001");
	expect_field(&stvec, "MODE", 1, "BASE + 4 x cause");
	cr_expect_str_eq(item(&stvec, "handler")->text, "at 0x80001000");
	const struct explanation scause = csr("scause=0x8000000000000009");
	cr_expect_not_null(strstr(item(&scause, "cause")->text, "supervisor_external_interrupt"));
}

Test(explain_csr, environment_counters_and_state)
{
	const struct explanation menvcfg = csr("MENVCFG=0x80000000000000f0");
	expect_field(&menvcfg, "STCE", 1, "on");
	expect_field(&menvcfg, "CBIE", 3, "invalidates");
	expect_field(&menvcfg, "ADUE", 0, "page fault");
	const struct explanation senvcfg = csr("senvcfg=0x40");
	expect_field(&senvcfg, "CBCFE", 1, "allowed");
	const struct explanation mcounteren = csr("0x306=2");
	cr_expect_str_eq(mcounteren.subject, "mcounteren = 0x2");
	expect_field(&mcounteren, "TM", 1, "time");
	const struct explanation mstateen0 = csr("mstateen0=0x4000000000000000");
	expect_field(&mstateen0, "ENVCFG", 1, "senvcfg");
	const struct explanation fcsr = csr("fcsr=0x81");
	expect_field(&fcsr, "NX", 1, "inexact");
	expect_field(&fcsr, "frm", 4, "RMM");
	const struct explanation misa = csr("misa=0x800000000014112d");
	expect_field(&misa, "Extensions", 0x14112d, "ACDFIMSU");
	expect_field(&misa, "MXL", 2, "64-bit");
}

Test(explain_csr, mistakes_are_named)
{
	static const char *const bad[] = {
		"nonsense", "hstatus",   "4096",
		"-1",       "",          "=1",
		"mstatus=", "mstatus=x", "a_very_long_name_that_is_no_csr_at_all"};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct explanation explanation;
		struct error error = {0};
		cr_expect_neq(riscv_explain_csr(bad[i], &explanation, &error), 0, "%s", bad[i]);
		cr_expect_eq(error.exit_code, EXIT_CODE_USAGE);
		cr_expect_eq(strncmp(error.text, "explain csr ", 12), 0, "%s", error.text);
	}
}

/* -- SBI -- */

Test(explain_sbi, extensions_calls_errors_features)
{
	const struct explanation fwft = sbi("0x46574654");
	cr_expect_str_eq(fwft.subject, "SBI FWFT, extension 0x46574654");
	cr_expect_not_null(strstr(item(&fwft, "feature 0")->text, "MISALIGNED_EXC_DELEG"));
	cr_expect_str_eq(sbi("fwft.set").subject, "SBI FWFT.set(feature, value, flags)");
	cr_expect_str_eq(sbi("FWFT.1").subject, "SBI FWFT.get(feature)");
	cr_expect_str_eq(sbi("RFNC").subject, "SBI RFENCE, extension 0x52464e43");
	cr_expect_str_eq(sbi("8").subject, "SBI LEGACY.shutdown()");
	cr_expect_str_eq(sbi("-14").subject, "SBI error -14: SBI_ERR_DENIED_LOCKED");
	cr_expect_str_eq(sbi("denied_locked").subject, "SBI error -14: SBI_ERR_DENIED_LOCKED");
	cr_expect_str_eq(sbi("SBI_ERR_FAILED").subject, "SBI error -1: SBI_ERR_FAILED");
	cr_expect_str_eq(sbi("PTE_AD_HW_UPDATING").subject, "FWFT feature 0x4: PTE_AD_HW_UPDATING");
	cr_expect_str_eq(sbi("FWFT.misaligned_exc_deleg").subject,
			 "FWFT feature 0x0: MISALIGNED_EXC_DELEG");
	cr_expect_str_eq(item(&fwft, "in process")->text, "offered");
	const struct explanation pmu = sbi("PMU");
	cr_expect_not_null(strstr(item(&pmu, "in process")->text, "not offered"));
}

Test(explain_sbi, every_error_code_has_the_firmwares_name)
{
	for (int code = 0; code >= -14; code--) {
		char text[8], end[64];
		snprintf(text, sizeof(text), "%d", code);
		snprintf(end, sizeof(end), ": %s", sbi_error_name(code));
		const struct explanation explanation = sbi(code ? text : "SUCCESS");
		cr_expect_not_null(strstr(explanation.subject, end), "%s", explanation.subject);
		cr_expect_neq(explanation.meaning[0], 0);
	}
	cr_expect_null(sbi_error_name(-15));
}

static void check_call(void *opaque, const char *extension, const char *function, unsigned fid,
		       const char *arguments, const char *meaning)
{
	char text[80], subject[120];
	(void)fid;
	++*(unsigned *)opaque;
	cr_assert_not_null(function, "%s.%u", extension, fid);
	cr_expect_neq(meaning[0], 0);
	snprintf(text, sizeof(text), "%s.%s", extension, function);
	snprintf(subject, sizeof(subject), "SBI %s.%s(%s)", extension, function, arguments);
	const struct explanation explanation = sbi(text);
	cr_expect_eq(strncmp(explanation.subject, subject, 60), 0, "%s", explanation.subject);
}

/* Counts the functions that the firmware can name; of legacy calls each extension is one. */
static void count_names(void *opaque, const char *name, uint32_t first, uint32_t last, bool offered)
{
	unsigned *count = opaque;
	(void)name, (void)offered;
	if (first != last) {
		*count += last - first + 1;
		return;
	}
	for (unsigned fid = 0; sbi_function_name(first, fid); fid++)
		++*count;
}

Test(explain_sbi, every_call_that_has_a_name_is_explained)
{
	unsigned calls = 0, named = 0;
	sbi_list_calls(check_call, &calls);
	sbi_list(count_names, &named);
	cr_expect_eq(calls, named, "%u calls are explained, %u have names", calls, named);
}

Test(explain_sbi, mistakes_are_named)
{
	static const char *const bad[] = {"",         ".", "FWFT.", "FWFT.2",        "nonsense",
					  "BASE.set", "9", "-15",   "0x100000000000"};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct explanation explanation;
		struct error error = {0};
		cr_expect_neq(sbi_explain(bad[i], &explanation, &error), 0, "'%s'", bad[i]);
		cr_expect_eq(error.exit_code, EXIT_CODE_USAGE);
	}
}

/* -- printing -- */

static char *print(const struct explanation *explanation, bool json)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	explanation_print(explanation, stream, json);
	fclose(stream);
	return text;
}

Test(explain_print, text)
{
	const struct explanation fflags = csr("fflags=0x3");
	char *text = print(&fflags, false);
	cr_expect_str_eq(text, "fflags = 0x3\n"
			       "  accrued floating-point exceptions\n"
			       "  [0]     NX      0x1  inexact\n"
			       "  [1]     UF      0x1  underflow\n"
			       "  [2]     OF      0x0  overflow\n"
			       "  [3]     DZ      0x0  division by zero\n"
			       "  [4]     NV      0x0  invalid operation\n"
			       "  access  CSR 0x001, read and write from U-mode on\n"
			       "  See: RISC-V Unprivileged ISA, \"Floating-Point Control and "
			       "Status Register\"\n");
	free(text);
}

Test(explain_print, json_is_valid_for_every_csr)
{
	for (unsigned i = 0; i < riscv_csr_count; i++) {
		char value[40];
		snprintf(value, sizeof(value), "%s=-1", riscv_csrs[i].name);
		const struct explanation explanation = csr(value);
		char *text = print(&explanation, true);
		cr_expect(json_valid(text_line(text, 0)), "%s", text);
		free(text);
	}
}

Test(explain_print, more_items_than_there_is_room_for_are_dropped)
{
	static struct explanation explanation;
	for (unsigned i = 0; i < EXPLAIN_ITEMS_MAX + 5; i++) {
		explain_fact(&explanation, "fact", "%u", i);
		explain_field(&explanation, "field", 63, 0, i, NULL);
	}
	cr_expect_eq(explanation.count, EXPLAIN_ITEMS_MAX);
}
