#include "cpu/riscv/explain.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "cpu/riscv/csr.h"

/* -- causes -- */

struct cause {
	uint8_t code;
	bool interrupt;
	const char *name, *meaning, *value;
};

static const struct cause causes[] = {
#define EXCEPTION(code, name, meaning, value) {code, false, name, meaning, value},
#define INTERRUPT(code, name, meaning)        {code, true, name, meaning, "0"},
#include "cpu/riscv/cause.def"
#undef EXCEPTION
#undef INTERRUPT
};
#define CAUSE_COUNT (sizeof(causes) / sizeof(causes[0]))

static const struct cause *find_cause(uint64_t value)
{
	for (unsigned i = 0; i < CAUSE_COUNT; i++)
		if (causes[i].code == (value & ~XCAUSE_INTERRUPT) &&
		    causes[i].interrupt == (value >> 63))
			return &causes[i];
	return NULL;
}

static int parse_cause(const char *text, uint64_t *value)
{
	if (!explain_number(text, value))
		return 0;
	for (unsigned i = 0; i < CAUSE_COUNT; i++) {
		if (strcasecmp(causes[i].name, text) != 0)
			continue;
		*value = causes[i].code | (causes[i].interrupt ? XCAUSE_INTERRUPT : 0);
		return 0;
	}
	return -1;
}

static const char *reserved_cause(uint64_t value)
{
	uint64_t code = value & ~XCAUSE_INTERRUPT;
	bool custom =
		value >> 63 ? code >= 16 : (code >= 24 && code <= 31) || (code >= 48 && code <= 63);
	return custom ? "designated for custom or platform use" : "reserved";
}

int riscv_explain_cause(const char *csr, const char *text, struct explanation *explanation,
			struct error *error)
{
	uint64_t value;
	if (parse_cause(text, &value))
		return error_set(error, EXIT_CODE_USAGE,
				 "explain %s %.60s: expected a number or a name such as "
				 "load_page_fault",
				 csr, text);
	const struct cause *cause = find_cause(value);
	bool machine = csr[0] == 'm';
	uint64_t code = value & ~XCAUSE_INTERRUPT;
	memset(explanation, 0, sizeof(*explanation));
	snprintf(explanation->subject, sizeof(explanation->subject), "%s 0x%" PRIx64 ": %s", csr,
		 value, cause ? cause->name : reserved_cause(value));
	if (cause)
		snprintf(explanation->meaning, sizeof(explanation->meaning), "%s", cause->meaning);
	explain_field(explanation, "Interrupt", 63, 63, value,
		      value >> 63 ? "an interrupt" : "an exception");
	explain_field(explanation, "code", 62, 0, value, cause ? cause->name : "");
	if (cause)
		explain_fact(explanation, machine ? "mtval" : "stval", "%s", cause->value);
	if (code < 64)
		explain_fact(explanation, "delegation",
			     "goes to S-mode if %s bit %" PRIu64 " is 1 and it was not taken in "
			     "M-mode",
			     value >> 63 ? "mideleg" : "medeleg", code);
	snprintf(explanation->source, sizeof(explanation->source),
		 "RISC-V Privileged Architecture, \"%s Cause (%s) Register\"",
		 machine ? "Machine" : "Supervisor", csr);
	return 0;
}

/* -- fields -- */

struct field {
	const char *name;
	uint8_t high, low;
	const char *meaning, *values;
};

/* clang-format off */
#define LAYOUT(id) static const struct field id##_fields[] = {
#define FIELD(name, high, low, meaning, values) {name, high, low, meaning, values},
#define LAYOUT_END {0}};
/* clang-format on */
#include "cpu/riscv/field.def"
#undef LAYOUT
#undef FIELD
#undef LAYOUT_END

/* Layouts that are no list of fields. */
static const struct field medeleg_fields[1], misa_fields[1], pmpcfg_fields[1], pmpaddr_fields[1];

struct csr_text {
	const char *name;
	const struct field *fields;
	const char *suffix, *meaning, *section;
};

static const struct csr_text csr_texts[] = {
#define CSR_TEXT(name, layout, suffix, meaning, section)                                           \
	{name, layout##_fields, suffix, meaning, section},
#include "cpu/riscv/csr_text.def"
#undef CSR_TEXT
};

/* The name's own pattern, or one with # for its number. */
static bool name_matches(const char *pattern, const char *name)
{
	size_t length = strcspn(pattern, "#");
	if (strncmp(pattern, name, length) != 0)
		return false;
	if (!pattern[length])
		return !name[length];
	size_t digits = strspn(name + length, "0123456789");
	return digits && !name[length + digits];
}

static const struct csr_text *find_text(const char *name)
{
	for (unsigned i = 0; i < sizeof(csr_texts) / sizeof(csr_texts[0]); i++)
		if (name_matches(csr_texts[i].name, name))
			return &csr_texts[i];
	return NULL;
}

const char *riscv_csr_summary(const char *name)
{
	const struct csr_text *text = find_text(name);
	return text ? text->meaning : NULL;
}

/* Copies name number n of "a|b|c"; empty if there is none. */
static void value_name(const char *values, uint64_t n, char *text, size_t size)
{
	while (values && n--)
		values = (values = strchr(values, '|')) ? values + 1 : NULL;
	snprintf(text, size, "%.*s", values ? (int)strcspn(values, "|") : 0, values ? values : "");
}

static uint64_t field_mask(unsigned high, unsigned low)
{
	return (high - low == 63 ? UINT64_MAX : (1ull << (high - low + 1)) - 1) << low;
}

static void explain_one(struct explanation *explanation, const struct csr_text *text,
			const struct field *field, const uint64_t *value)
{
	char name[32], meaning[200], named[96];
	snprintf(name, sizeof(name), "%s%s", field->name, text->suffix);
	if (!value) {
		explain_bits(explanation, name, field->high, field->low, field->meaning);
		return;
	}
	value_name(field->values, (*value & field_mask(field->high, field->low)) >> field->low,
		   named, sizeof(named));
	if (field->values && !named[0])
		snprintf(named, sizeof(named), "reserved value");
	snprintf(meaning, sizeof(meaning), "%s%s%s", field->meaning, named[0] ? ": " : "", named);
	explain_field(explanation, name, field->high, field->low, *value, meaning);
}

static void explain_fields(struct explanation *explanation, const struct csr_text *text,
			   const uint64_t *value)
{
	uint64_t known = 0;
	for (const struct field *field = text->fields; field->name; field++) {
		explain_one(explanation, text, field, value);
		known |= field_mask(field->high, field->low);
	}
	if (value && *value & ~known)
		explain_fact(explanation, "reserved", "0x%" PRIx64 ": bits without a meaning",
			     *value & ~known);
}

/* -- registers with a shape of their own -- */

static void explain_medeleg(struct explanation *explanation, const uint64_t *value)
{
	for (unsigned i = 0; i < CAUSE_COUNT; i++) {
		if (causes[i].interrupt)
			continue;
		if (value)
			explain_field(explanation, causes[i].name, causes[i].code, causes[i].code,
				      *value,
				      *value >> causes[i].code & 1 ? "to S-mode" : "to M-mode");
		else
			explain_bits(explanation, causes[i].name, causes[i].code, causes[i].code,
				     "1: to S-mode");
	}
}

static void explain_misa(struct explanation *explanation, const uint64_t *value)
{
	if (!value) {
		explain_bits(explanation, "Extensions", 25, 0, "bit n: letter 'A' + n");
		explain_bits(explanation, "MXL", 63, 62, "register width: 1 is 32, 2 is 64 bits");
		return;
	}
	char letters[27];
	unsigned count = 0;
	for (unsigned i = 0; i < 26; i++)
		if (*value >> i & 1)
			letters[count++] = (char)('A' + i);
	letters[count] = 0;
	explain_field(explanation, "Extensions", 25, 0, *value, letters);
	uint64_t mxl = *value >> 62;
	explain_field(explanation, "MXL", 63, 62, *value,
		      mxl == 2   ? "64-bit registers"
		      : mxl == 1 ? "32-bit registers"
				 : "reserved value");
}

static void explain_pmpcfg(struct explanation *explanation, unsigned number, const uint64_t *value)
{
	static const char *const kinds[] = {"OFF", "TOR", "NA4", "NAPOT"};
	for (unsigned i = 0; i < 8; i++) {
		char name[16], text[96];
		snprintf(name, sizeof(name), "pmp%ucfg", number * 4 + i);
		if (!value) {
			explain_bits(explanation, name, 8 * i + 7, 8 * i,
				     "L (7), A (4:3: OFF TOR NA4 NAPOT), X (2), W (1), R (0)");
			continue;
		}
		unsigned entry = *value >> 8 * i & 0xff;
		snprintf(text, sizeof(text), "%s %s%s%s%s%s", kinds[entry >> 3 & 3],
			 entry & 1 ? "R" : "-", entry & 2 ? "W" : "-", entry & 4 ? "X" : "-",
			 entry & 0x80 ? ", locked" : "",
			 (entry & 3) == 2 ? ", reserved: W without R" : "");
		explain_field(explanation, name, 8 * i + 7, 8 * i, *value, text);
	}
}

static void explain_pmpaddr(struct explanation *explanation, const uint64_t *value)
{
	if (!value) {
		explain_bits(explanation, "address", 53, 0, "physical address bits 55:2");
		return;
	}
	uint64_t bits = *value & field_mask(53, 0);
	explain_field(explanation, "address", 53, 0, *value, "physical address bits 55:2");
	explain_fact(explanation, "with TOR", "up to, not including, 0x%" PRIx64, bits << 2);
	explain_fact(explanation, "with NA4", "the four bytes at 0x%" PRIx64, bits << 2);
	uint64_t ones = bits ^ (bits + 1); /* the lowest zero and the ones below */
	uint64_t first = (bits & ~ones) << 2, size = (ones + 1) << 2;
	explain_fact(explanation, "with NAPOT", "0x%" PRIx64 " to 0x%" PRIx64, first,
		     first + (size - 1));
	if (*value & ~field_mask(53, 0))
		explain_fact(explanation, "reserved", "bits 63:54 are always 0");
}

/* What the fields of some registers amount to. */
static void explain_more(struct explanation *explanation, const char *name, uint64_t value)
{
	if (!strcmp(name, "satp"))
		explain_fact(explanation, "root table", "at physical address 0x%llx",
			     (value & SATP_PPN) << 12);
	if (!strcmp(name, "mtvec") || !strcmp(name, "stvec"))
		explain_fact(explanation, "handler", "at 0x%llx", value & ~XTVEC_MODE);
	const struct cause *cause = find_cause(value);
	if (!strcmp(name + 1, "cause"))
		explain_fact(explanation, "cause", "%s: %s",
			     cause ? cause->name : reserved_cause(value),
			     cause ? cause->meaning : "");
}

/* -- csr -- */

static void explain_row(struct explanation *explanation, const struct csr *csr,
			const struct csr_text *text, const uint64_t *value)
{
	static const char *const levels[] = {"U", "S", "HS", "M"};
	unsigned number = csr->number;
	if (text->fields == medeleg_fields)
		explain_medeleg(explanation, value);
	else if (text->fields == misa_fields)
		explain_misa(explanation, value);
	else if (text->fields == pmpcfg_fields)
		explain_pmpcfg(explanation, number & 15, value);
	else if (text->fields == pmpaddr_fields)
		explain_pmpaddr(explanation, value);
	else
		explain_fields(explanation, text, value);
	if (value)
		explain_more(explanation, csr->name, *value);
	explain_fact(explanation, "access", "CSR 0x%03x, %s from %s-mode on", number,
		     number >> 10 == 3 ? "read-only" : "read and write", levels[number >> 8 & 3]);
}

/* The row of a name or number, or NULL. */
static const struct csr *find_csr(const char *name)
{
	uint64_t number;
	bool numeric = !explain_number(name, &number);
	for (unsigned i = 0; i < riscv_csr_count; i++)
		if (numeric ? riscv_csrs[i].number == number : !strcmp(riscv_csrs[i].name, name))
			return &riscv_csrs[i];
	return NULL;
}

/* Copies the part before =VALUE in lower case. */
static void copy_name(const char *text, char *name, size_t size)
{
	size_t length = strcspn(text, "=");
	for (size_t i = 0; i < size; i++)
		name[i] = (char)(i < length && i < size - 1 ? tolower((unsigned char)text[i]) : 0);
}

static void set_csr_source(struct explanation *explanation, const char *section)
{
	bool unprivileged = !strncmp(section, "U: ", 3);
	snprintf(explanation->source, sizeof(explanation->source), "RISC-V %s, \"%s\"",
		 unprivileged ? "Unprivileged ISA" : "Privileged Architecture",
		 section + (unprivileged ? 3 : 0));
}

int riscv_explain_csr(const char *text, struct explanation *explanation, struct error *error)
{
	char name[40];
	const char *equals = strchr(text, '=');
	uint64_t value = 0;
	copy_name(text, name, sizeof(name));
	const struct csr *csr = find_csr(name);
	const struct csr_text *about = csr ? find_text(csr->name) : NULL;
	if (!about)
		return error_set(error, EXIT_CODE_USAGE,
				 "explain csr %s: no such CSR in this version (trapline info "
				 "sysregs lists them)",
				 name);
	if (equals && explain_number(equals + 1, &value))
		return error_set(error, EXIT_CODE_USAGE,
				 "explain csr %s: '%.60s': expected a number", csr->name,
				 equals + 1);
	memset(explanation, 0, sizeof(*explanation));
	if (equals)
		snprintf(explanation->subject, sizeof(explanation->subject), "%s = 0x%" PRIx64,
			 csr->name, value);
	else
		snprintf(explanation->subject, sizeof(explanation->subject), "%s", csr->name);
	snprintf(explanation->meaning, sizeof(explanation->meaning), "%s", about->meaning);
	explain_row(explanation, csr, about, equals ? &value : NULL);
	set_csr_source(explanation, about->section);
	return 0;
}
