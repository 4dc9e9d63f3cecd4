#include "cpu/arm64/explain.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/machine.h"
#include "cpu/arm64/arm64.h"
#include "cpu/arm64/sysreg.h"
#include "cpu/arm64/trap.h"

/* -- ESR_ELx -- */

static const struct {
	uint8_t class;
	const char *name, *meaning;
} classes[] = {
#define CLASS(class, name, meaning) {class, name, meaning},
#define ISS(...)
#include "cpu/arm64/esr.def"
#undef CLASS
#undef ISS
};

static const struct iss_field {
	uint8_t class;
	const char *name;
	uint8_t high, low;
	const char *meaning, *values;
} iss_fields[] = {
#define CLASS(...)
#define ISS(class, name, high, low, meaning, values) {class, name, high, low, meaning, values},
#include "cpu/arm64/esr.def"
#undef CLASS
#undef ISS
};

/* Classes that come from a lower level too, under the even number below. */
static bool has_lower_form(unsigned class)
{
	return class == 0x21 || class == 0x25 || class == 0x31 || class == 0x33 || class == 0x35;
}

/* The row that tells of a class, its form for a lower level or not. */
static unsigned row_class(unsigned class)
{
	return has_lower_form(class | 1) ? class | 1 : class;
}

/* Name number n of "a|b|c"; empty: there is none. */
static void pick_name(const char *values, uint64_t n, char *text, size_t size)
{
	while (values && n--)
		values = (values = strchr(values, '|')) ? values + 1 : NULL;
	snprintf(text, size, "%.*s", values ? (int)strcspn(values, "|") : 0, values ? values : "");
}

static void explain_iss_field(struct explanation *explanation, const struct iss_field *field,
			      uint64_t esr)
{
	char named[96], text[200];
	uint64_t value = esr >> field->low & ((1u << (field->high - field->low + 1)) - 1);
	pick_name(field->values, value, named, sizeof(named));
	if (field->values && !named[0])
		snprintf(named, sizeof(named), "reserved value");
	snprintf(text, sizeof(text), "%s%s%s", field->meaning,
		 field->meaning[0] && named[0] ? ": " : "", named);
	explain_field(explanation, field->name, field->high, field->low, esr, text);
}

/* IFSC and DFSC of aborts (facts, 9). */
static void fault_status(unsigned status, char *text, size_t size)
{
	static const struct {
		uint8_t status;
		const char *name;
	} single[] = {
		{0x10, "synchronous external abort"                     },
		{0x11, "tag check fault"                                },
		{0x13, "external abort on a walk, level -1"             },
		{0x18, "parity error"                                   },
		{0x21, "alignment fault"                                },
		{0x28, "granule protection fault"                       },
		{0x29, "address size fault, level -1"                   },
		{0x2b, "translation fault, level -1"                    },
		{0x30, "TLB conflict"                                   },
		{0x31, "unsupported hardware update of the access flag" },
		{0x34, "lockdown"				       },
		{0x35, "unsupported exclusive, atomic or 64-byte access"},
	};
	static const char *const levels[] = {"address size fault",
					     "translation fault",
					     "access flag fault",
					     "permission fault",
					     NULL,
					     "external abort on a walk",
					     NULL,
					     "parity error on a walk",
					     NULL,
					     "granule protection on a walk"};
	for (unsigned i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		if (single[i].status == status) {
			snprintf(text, size, "%s", single[i].name);
			return;
		}
	unsigned group = status >> 2;
	if (group < sizeof(levels) / sizeof(levels[0]) && levels[group])
		snprintf(text, size, "%s, level %u", levels[group], status & 3);
	else
		snprintf(text, size, "reserved value");
}

static unsigned trapped_encoding(uint64_t esr)
{
	return A64_ENCODING(esr >> 20 & 3, esr >> 14 & 7, esr >> 10 & 15, esr >> 1 & 15,
			    esr >> 17 & 7);
}

void arm64_format_encoding(unsigned encoding, char text[ARM64_ENCODING_SIZE])
{
	snprintf(text, ARM64_ENCODING_SIZE, "S%u_%u_C%u_C%u_%u", encoding >> 14 & 3,
		 encoding >> 11 & 7, encoding >> 7 & 15, encoding >> 3 & 15, encoding & 7);
}

/* What the fields of a trapped access amount to. */
static void explain_access(struct explanation *explanation, uint64_t esr)
{
	char number[ARM64_ENCODING_SIZE];
	unsigned encoding = trapped_encoding(esr);
	const char *name = arm64_operation_name(encoding);
	arm64_format_encoding(encoding, number);
	explain_fact(explanation, "access", "%s %s (%s)",
		     esr & 1               ? "read of"
		     : encoding >> 14 == 1 ? "execution of"
					   : "write of",
		     name ? name : "an encoding without a name", number);
}

static void explain_iss(struct explanation *explanation, uint64_t esr)
{
	unsigned class = esr >> 26 & 63;
	uint64_t known = 0;
	bool data = (class | 1) == 0x25, fetch = (class | 1) == 0x21;
	for (unsigned i = 0; i < sizeof(iss_fields) / sizeof(iss_fields[0]); i++) {
		const struct iss_field *field = &iss_fields[i];
		if (field->class != row_class(class))
			continue;
		/* Without ISV the description of the access is not there. */
		bool described = field->low >= 14 && field->high <= 23;
		known |= ((1ull << (field->high - field->low + 1)) - 1) << field->low;
		if (!(data && described && !(esr >> 24 & 1)))
			explain_iss_field(explanation, field, esr);
	}
	if (data || fetch) {
		char text[96];
		fault_status(esr & 63, text, sizeof(text));
		explain_field(explanation, data ? "DFSC" : "IFSC", 5, 0, esr, text);
		known |= 63;
	}
	if (class == A64_EC_SYSREG)
		explain_access(explanation, esr);
	if (esr & 0x1ffffff & ~known)
		explain_fact(explanation, "reserved", "0x%" PRIx64 ": bits without a meaning",
			     esr & 0x1ffffff & ~known);
}

static const char *class_of(unsigned class, const char **meaning)
{
	for (unsigned i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classes[i].class == row_class(class)) {
			*meaning = classes[i].meaning;
			return classes[i].name;
		}
	*meaning = "";
	return "reserved class";
}

const char *arm64_class_name(unsigned class)
{
	const char *meaning;
	return class_of(class, &meaning);
}

void arm64_explain_trap(const struct trap *trap, struct explanation *explanation)
{
	uint64_t esr = trap->syndrome;
	if (trap->interrupt)
		return;
	explain_field(explanation, "ec", 31, 26, esr, arm64_class_name(esr >> 26 & 63));
	explain_iss(explanation, esr);
}

int arm64_explain_esr(const char *text, struct explanation *explanation, struct error *error)
{
	uint64_t esr;
	if (explain_number(text, &esr))
		return error_set(error, EXIT_CODE_USAGE, "explain esr %.60s: expected a number",
				 text);
	unsigned class = esr >> 26 & 63;
	const char *meaning, *name = class_of(class, &meaning);
	memset(explanation, 0, sizeof(*explanation));
	const char *from = !has_lower_form(class | 1) ? ""
			   : class & 1                ? ", from the same level"
						      : ", from a lower level";
	snprintf(explanation->subject, sizeof(explanation->subject), "ESR 0x%" PRIx64 ": %s%s", esr,
		 name, from);
	snprintf(explanation->meaning, sizeof(explanation->meaning), "%s", meaning);
	if (esr >> 32)
		explain_field(explanation, "ISS2", 55, 32, esr, "more of the syndrome");
	explain_field(explanation, "EC", 31, 26, esr, name);
	explain_field(explanation, "IL", 25, 25, esr,
		      esr >> 25 & 1 ? "a 32-bit instruction" : "a 16-bit instruction");
	explain_iss(explanation, esr);
	if (class == A64_EC_SYSREG && arm64_operation_name(trapped_encoding(esr)))
		explain_fact(explanation, "see", "trapline explain sysreg %s",
			     arm64_operation_name(trapped_encoding(esr)));
	snprintf(explanation->source, sizeof(explanation->source),
		 "Arm Architecture Reference Manual (DDI 0487), \"ESR_ELx\"");
	return 0;
}

/* -- system registers -- */

static const char *const feature_names[] = {
#define FEATURE(id, kind) "FEAT_" #id,
#include "cpu/arm64/feature.def"
#undef FEATURE
};

static const struct fgt_bit {
	uint16_t reg; /* enum arm64_sysreg */
	uint8_t bit;
	char field[32], traps_at[8];
} fgt_bits[] = {
#define NEGATIVE                             "0 traps"
#define POSITIVE                             "1 traps"
#define FGT(reg, bit, field, polarity, need) {A64_##reg, bit, #field, polarity},
#define FGT_TRAP(...)
#include "cpu/arm64/fgt.def"
#undef FGT
#undef FGT_TRAP
#undef NEGATIVE
#undef POSITIVE
};

static const struct {
	uint16_t reg, bit, encoding;
} fgt_traps[] = {
#define FGT(...)
#define FGT_TRAP(reg, bit, access, ...) {A64_##reg, bit, A64_ENCODING(__VA_ARGS__)},
#include "cpu/arm64/fgt.def"
#undef FGT
#undef FGT_TRAP
};

static const struct {
	uint16_t reg, offset;
} vncr_offsets[] = {
#define VNCR(reg, offset, names) {A64_##reg, offset},
#include "cpu/arm64/vncr.def"
#undef VNCR
};

/* What has no encoding of a system register or operation. */
static const char *trapped_instruction(const char *field)
{
	static const char *const names[][2] = {
		{"SVC_EL0",     "SVC of EL0"             },
                {"SVC_EL1",     "SVC of EL1"             },
		{"ERET",        "ERET, ERETAA and ERETAB"},
                {"PSBCSYNC",    "PSB CSYNC"              },
		{"TSBCSYNC",    "TSB CSYNC"              },
                {"nGCSSTR_EL1", "GCSSTR and GCSSTTR"     },
	};
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i][0], field))
			return names[i][1];
	return NULL;
}

/* Names of what a bit traps, as many as fit. */
static void list_trapped(const struct fgt_bit *bit, char *text, size_t size)
{
	const char *instruction = trapped_instruction(bit->field);
	size_t used = (size_t)snprintf(text, size, "%s:%s%s", bit->traps_at, instruction ? " " : "",
				       instruction ? instruction : "");
	for (unsigned i = 0; i < sizeof(fgt_traps) / sizeof(fgt_traps[0]); i++) {
		if (fgt_traps[i].reg != bit->reg || fgt_traps[i].bit != bit->bit)
			continue;
		const char *name = arm64_operation_name(fgt_traps[i].encoding);
		if (!name || used + strlen(name) + 8 > size)
			continue;
		used += (size_t)snprintf(text + used, size - used, " %s", name);
	}
}

static void explain_fgt_bits(struct explanation *explanation, unsigned reg)
{
	for (unsigned i = 0; i < sizeof(fgt_bits) / sizeof(fgt_bits[0]); i++) {
		char text[200];
		if (fgt_bits[i].reg != reg)
			continue;
		list_trapped(&fgt_bits[i], text, sizeof(text));
		explain_bits(explanation, fgt_bits[i].field, fgt_bits[i].bit, fgt_bits[i].bit,
			     text);
	}
}

static const char *access_name(unsigned access)
{
	return access == A64_ACCESS_RW  ? "reads and writes"
	       : access == A64_ACCESS_R ? "reads"
	       : access == A64_ACCESS_W ? "writes"
					: "execution";
}

static void explain_traps(struct explanation *explanation, const struct arm64_operation *operation)
{
	const char *why;
	for (unsigned i = 0; (why = arm64_el0_enable(operation->encoding, i)); i++)
		explain_fact(explanation, "forbidden to EL0", "%s, or the host's twin of it", why);
	const struct arm64_trap_ref *ref = arm64_first_trap(operation);
	const struct arm64_trap_ref *end = arm64_first_trap(operation + 1);
	for (; ref < end; ref++)
		explain_fact(explanation, ref->coarse ? "coarse trap" : "fine-grained trap",
			     "%s: %s", arm64_trap_why(ref), access_name(ref->access));
}

/*
 * The value of a register after reset on a "max" processing element. Time and the interrupt
 * controller are not the element's.
 */
static void explain_reset(struct explanation *explanation, unsigned reg, const char *name)
{
	bool elsewhere =
		!strncmp(name, "CNT", 3) || !strncmp(name, "ICC_", 4) || !strncmp(name, "ICH_", 4);
	if (elsewhere)
		return;
	struct machine machine;
	struct arm64_config config;
	machine_init(&machine);
	arm64_config_default(&config);
	struct arm64_cpu *pe = arm64_cpu_new(&machine, &config, 0);
	if (pe)
		explain_fact(explanation, "reset", "0x%" PRIx64 " on --cpu max",
			     arm64_sysreg_get(pe, reg));
	arm64_cpu_free(pe);
	machine_fini(&machine);
}

static void explain_register(struct explanation *explanation,
			     const struct arm64_operation *operation)
{
	explain_reset(explanation, operation->row, arm64_operation_name(operation->encoding));
	for (unsigned i = 0; i < sizeof(vncr_offsets) / sizeof(vncr_offsets[0]); i++)
		if (vncr_offsets[i].reg == operation->row)
			explain_fact(explanation, "FEAT_NV2",
				     "EL1 finds it at VNCR_EL2.BADDR + 0x%03x",
				     vncr_offsets[i].offset);
}

/* S3_0_C1_C0_0, as assemblers have it. */
static bool parse_encoding(const char *text, unsigned *encoding)
{
	unsigned op0, op1, crn, crm, op2;
	int length = 0;
	// NOLINTNEXTLINE(cert-err34-c): out of range is checked
	if (sscanf(text, "%*1[sS]%1u_%1u_%*1[cC]%2u_%*1[cC]%2u_%1u%n", &op0, &op1, &crn, &crm, &op2,
		   &length) != 5 ||
	    text[length] || op0 > 3 || op1 > 7 || crn > 15 || crm > 15 || op2 > 7)
		return false;
	*encoding = A64_ENCODING(op0, op1, crn, crm, op2);
	return true;
}

static const struct arm64_operation *find_operation(const char *text)
{
	unsigned encoding;
	if (parse_encoding(text, &encoding))
		return arm64_operation_find(encoding);
	for (encoding = 0; encoding <= UINT16_MAX; encoding++) {
		const char *name = arm64_operation_name(encoding);
		if (name && !strcasecmp(name, text))
			return arm64_operation_find(encoding);
	}
	return NULL;
}

int arm64_explain_sysreg(const char *text, struct explanation *explanation, struct error *error)
{
	const struct arm64_operation *operation = find_operation(text);
	if (!operation)
		return error_set(error, EXIT_CODE_USAGE,
				 "explain sysreg %.60s: expected a name such as SCTLR_EL1 or "
				 "'TLBI VAE1IS', or S3_0_C1_C0_0",
				 text);
	unsigned encoding = operation->encoding;
	struct arm64_operation_info info = arm64_operation_info(operation);
	char number[ARM64_ENCODING_SIZE];
	arm64_format_encoding(encoding, number);
	memset(explanation, 0, sizeof(*explanation));
	snprintf(explanation->subject, sizeof(explanation->subject), "%s: %s", info.name, number);
	snprintf(explanation->meaning, sizeof(explanation->meaning), "%s of EL%u and above: %s",
		 operation->is_sysop ? "a system operation" : "a system register", info.level,
		 access_name(info.access));
	for (unsigned i = 0; i < info.need_count; i++)
		explain_fact(explanation, "needs", "%s", feature_names[info.need[i]]);
	if (!operation->is_sysop)
		explain_register(explanation, operation);
	explain_traps(explanation, operation);
	if (!operation->is_sysop)
		explain_fgt_bits(explanation, operation->row);
	snprintf(explanation->source, sizeof(explanation->source),
		 "Arm Architecture Reference Manual (DDI 0487), \"%s\"", info.name);
	return 0;
}
