/* --cpu: which extensions a hart has, and its other properties. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/riscv/hart.h"

enum extension_default { ON_REQUEST, IN_RV64, ALWAYS };

struct extension {
	const char *name;
	enum extension_default availability;
};

static const struct extension extensions[RV_EXTENSION_COUNT] = {
#define EXTENSION(id, name, availability) {name, availability},
#include "cpu/riscv/extension.def"
#undef EXTENSION
};

/* The first cannot be without the second. */
static const struct dependency {
	uint8_t extension, needs;
} dependencies[] = {
	{RV_EXT_D,        RV_EXT_F     },
	{RV_EXT_ZFA,      RV_EXT_F     },
	{RV_EXT_ZFH,      RV_EXT_F     },
	{RV_EXT_ZFHMIN,   RV_EXT_F     },
	{RV_EXT_ZFH,      RV_EXT_ZFHMIN},
	{RV_EXT_C,        RV_EXT_ZCA   },
	{RV_EXT_ZCA,      RV_EXT_C     },
	{RV_EXT_ZCB,      RV_EXT_C     },
	{RV_EXT_ZCMOP,    RV_EXT_C     },
	{RV_EXT_ZCD,      RV_EXT_C     },
	{RV_EXT_ZCD,      RV_EXT_D     },
	{RV_EXT_ZAMA16B,  RV_EXT_A     },
	{RV_EXT_SSCOFPMF, RV_EXT_ZIHPM },
};

/* Of "rv64gc": what G and C stand for, and nothing that a later profile added. */
static const uint8_t rv64gc[] = {
	RV_EXT_F, RV_EXT_D, RV_EXT_C, RV_EXT_ZCA, RV_EXT_ZCD, RV_EXT_ZIHPM, RV_EXT_SVADE,
};

/* A set under construction: what is in it, and what the user named. */
struct selection {
	struct riscv_config *config;
	bool wanted[RV_EXTENSION_COUNT], unwanted[RV_EXTENSION_COUNT];
	const char *text; /* the whole option, for messages */
};

static void set_extension(struct riscv_config *config, unsigned extension, bool on)
{
	uint64_t bit = 1ull << extension % 64;
	if (on)
		config->extension[extension / 64] |= bit;
	else
		config->extension[extension / 64] &= ~bit;
}

static bool has_extension(const struct riscv_config *config, unsigned extension)
{
	return config->extension[extension / 64] >> extension % 64 & 1;
}

static void select_model(struct riscv_config *config, bool all)
{
	for (unsigned i = 0; i < RV_EXTENSION_COUNT; i++)
		set_extension(config, i,
			      extensions[i].availability == ALWAYS ||
				      (all && extensions[i].availability == IN_RV64));
	for (unsigned i = 0; !all && i < sizeof(rv64gc); i++)
		set_extension(config, rv64gc[i], true);
}

void riscv_config_default(struct riscv_config *config)
{
	*config = (struct riscv_config){
		.max_satp_mode = 10,
		.pmp_entries = 16,
		.timebase_hz = 10000000,
	};
	select_model(config, true);
}

/* -- values -- */

static int parse_number(const char *key, const char *value, uint64_t *number, struct error *error)
{
	char *end;
	errno = 0;
	*number = strtoull(value, &end, 0);
	if (!*value || *value == '-' || *end || errno)
		return error_set(error, EXIT_CODE_USAGE, "--cpu: %s=%s: expected a number", key,
				 value);
	return 0;
}

/* The position of value in a NULL-terminated list, or -1. */
static int choice(const char *value, const char *const *list)
{
	for (int i = 0; list[i]; i++)
		if (!strcmp(value, list[i]))
			return i;
	return -1;
}

static int parse_misaligned(struct riscv_config *config, const char *value, struct error *error)
{
	static const char *const values[] = {"hw", "trap", NULL};
	int found = choice(value, values);
	if (found < 0)
		return error_set(error, EXIT_CODE_USAGE,
				 "--cpu: misaligned=%s: expected hw or trap", value);
	config->misaligned_trap = found;
	return 0;
}

static int parse_bus_errors(struct riscv_config *config, const char *value, struct error *error)
{
	static const char *const values[] = {"trap", "ignore", NULL};
	int found = choice(value, values);
	if (found < 0)
		return error_set(error, EXIT_CODE_USAGE,
				 "--cpu: bus-errors=%s: expected trap or ignore", value);
	config->ignore_bus_errors = found;
	return 0;
}

static int parse_mmu(struct riscv_config *config, const char *value, struct error *error)
{
	static const char *const values[] = {"sv39", "sv48", "sv57", NULL};
	int found = choice(value, values);
	if (found < 0)
		return error_set(error, EXIT_CODE_USAGE,
				 "--cpu: mmu=%s: expected sv39, sv48 or sv57", value);
	config->max_satp_mode = (uint8_t)(8 + found);
	return 0;
}

static int parse_pmp(struct riscv_config *config, const char *value, struct error *error)
{
	static const char *const values[] = {"0", "16", "64", NULL};
	static const uint8_t entries[] = {0, 16, 64};
	int found = choice(value, values);
	if (found < 0)
		return error_set(error, EXIT_CODE_USAGE, "--cpu: pmp=%s: expected 0, 16 or 64",
				 value);
	config->pmp_entries = entries[found];
	return 0;
}

static int parse_mvendorid(struct riscv_config *config, const char *value, struct error *error)
{
	return parse_number("mvendorid", value, &config->mvendorid, error);
}

static int parse_marchid(struct riscv_config *config, const char *value, struct error *error)
{
	return parse_number("marchid", value, &config->marchid, error);
}

static int parse_mimpid(struct riscv_config *config, const char *value, struct error *error)
{
	return parse_number("mimpid", value, &config->mimpid, error);
}

static const struct key {
	const char *name;
	int (*parse)(struct riscv_config *config, const char *value, struct error *error);
} keys[] = {
	{"misaligned", parse_misaligned},
	{"mmu",        parse_mmu       },
	{"pmp",        parse_pmp       },
	{"bus-errors", parse_bus_errors},
	{"mvendorid",  parse_mvendorid },
	{"marchid",    parse_marchid   },
	{"mimpid",     parse_mimpid    },
};

static int parse_key(struct riscv_config *config, const char *item, struct error *error)
{
	size_t length = strcspn(item, "=");
	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strlen(keys[i].name) == length && !strncmp(keys[i].name, item, length))
			return keys[i].parse(config, item + length + 1, error);
	return error_set(error, EXIT_CODE_USAGE,
			 "--cpu: '%.40s': expected +EXTENSION, -EXTENSION, or misaligned=, mmu=, "
			 "pmp=, bus-errors=, mvendorid=, marchid=, mimpid=",
			 item);
}

/* -- extensions -- */

static int unknown_extension(const char *name, struct error *error)
{
	char known[400];
	size_t used = 0;
	known[0] = 0;
	for (unsigned i = 0; i < RV_EXTENSION_COUNT && used < sizeof(known); i++)
		used += (size_t)snprintf(known + used, sizeof(known) - used, " %s",
					 extensions[i].name);
	return error_set(error, EXIT_CODE_USAGE, "--cpu: no extension '%.20s'; known:%s", name,
			 known);
}

static int parse_extension(struct selection *selection, const char *item, struct error *error)
{
	bool on = item[0] == '+';
	const char *name = item + 1;
	unsigned i = 0;
	while (i < RV_EXTENSION_COUNT && strcmp(name, extensions[i].name))
		i++;
	if (i == RV_EXTENSION_COUNT)
		return unknown_extension(name, error);
	if (!on && extensions[i].availability == ALWAYS)
		return error_set(error, EXIT_CODE_USAGE, "--cpu: -%s: %s is always there", name,
				 name);
	selection->wanted[i] = on;
	selection->unwanted[i] = !on;
	set_extension(selection->config, i, on);
	return 0;
}

/*
 * What the user asks for brings what it needs, and what he refuses takes along what needs it; only
 * a contradiction is an error. A chain is at most as long as the table.
 */
static int settle_dependencies(struct selection *selection, struct error *error)
{
	const unsigned count = sizeof(dependencies) / sizeof(dependencies[0]);
	for (unsigned round = 0; round < count; round++) {
		for (unsigned i = 0; i < count; i++) {
			unsigned extension = dependencies[i].extension;
			unsigned needs = dependencies[i].needs;
			if (!has_extension(selection->config, extension) ||
			    has_extension(selection->config, needs))
				continue;
			if (!selection->wanted[extension]) {
				set_extension(selection->config, extension, false);
				selection->unwanted[extension] = true;
				continue;
			}
			if (selection->unwanted[needs])
				return error_set(error, EXIT_CODE_USAGE, "--cpu %.80s: %s needs %s",
						 selection->text, extensions[extension].name,
						 extensions[needs].name);
			set_extension(selection->config, needs, true);
			selection->wanted[needs] = true;
		}
	}
	return 0;
}

/* C with D is Zca and Zcd by definition. */
static void settle_compressed(struct riscv_config *config)
{
	if (has_extension(config, RV_EXT_C) && has_extension(config, RV_EXT_D))
		set_extension(config, RV_EXT_ZCD, true);
}

static int parse_model(struct riscv_config *config, const char *model, struct error *error)
{
	static const char *const models[] = {"rv64", "max", "rv64gc", NULL};
	int found = choice(model, models);
	if (found < 0)
		return error_set(error, EXIT_CODE_USAGE,
				 "--cpu: no model '%.40s'; known: rv64 rv64gc max", model);
	riscv_config_default(config);
	select_model(config, found < 2);
	return 0;
}

int riscv_config_parse(struct riscv_config *config, const char *text, struct error *error)
{
	char buffer[512];
	if (strlen(text) >= sizeof(buffer))
		return error_set(error, EXIT_CODE_USAGE, "--cpu: longer than %zu characters",
				 sizeof(buffer) - 1);
	memcpy(buffer, text, strlen(text) + 1);
	struct riscv_config result = {0};
	struct selection selection = {.config = &result, .text = text};
	char *rest = buffer;
	if (parse_model(&result, strsep(&rest, ","), error))
		return -1;
	while (rest) {
		const char *item = strsep(&rest, ",");
		bool extension = *item == '+' || *item == '-';
		if (extension ? parse_extension(&selection, item, error)
			      : parse_key(&result, item, error))
			return -1;
	}
	if (settle_dependencies(&selection, error))
		return -1;
	settle_compressed(&result);
	*config = result;
	return 0;
}

/* -- the set as others see it -- */

int riscv_isa_string(const struct riscv_config *config, char *buffer, unsigned size)
{
	int used = snprintf(buffer, size, "rv64");
	for (unsigned i = 0; i < RV_EXTENSION_COUNT; i++) {
		if (!has_extension(config, i))
			continue;
		unsigned at = (unsigned)used < size ? (unsigned)used : size;
		bool single = !extensions[i].name[1];
		used += snprintf(buffer + at, size - at, "%s%s", single ? "" : "_",
				 extensions[i].name);
	}
	return used;
}

void riscv_isa_extensions(const struct riscv_config *config,
			  void (*fn)(void *opaque, const char *name), void *opaque)
{
	for (unsigned i = 0; i < RV_EXTENSION_COUNT; i++)
		if (has_extension(config, i))
			fn(opaque, extensions[i].name);
}

uint64_t riscv_misa(const struct riscv_config *config)
{
	uint64_t misa = 2ull << 62 | 1ull << ('s' - 'a') | 1ull << ('u' - 'a');
	for (unsigned i = 0; i < RV_EXTENSION_COUNT; i++)
		if (has_extension(config, i) && !extensions[i].name[1])
			misa |= 1ull << (extensions[i].name[0] - 'a');
	/* B is Zba, Zbb and Zbs together. */
	if (has_extension(config, RV_EXT_ZBA) && has_extension(config, RV_EXT_ZBB) &&
	    has_extension(config, RV_EXT_ZBS))
		misa |= 1ull << ('b' - 'a');
	return misa;
}
