/* Options of the firmware. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sbi/internal.h"

static const char *const extension_names[SBI_EXT_COUNT] = {
#define SBI_EXTENSION(id, name, ...) [SBI_EXT_##id] = name,
#include "sbi/extension.def"
#undef SBI_EXTENSION
};

void sbi_config_default(struct sbi_config *config)
{
	/* No assigned implementation id is ours; this one is in nobody's list. */
	*config = (struct sbi_config){
		.spec_version = 3u << 24,
		.impl_id = 0x54524150, /* "TRAP" */
		.impl_version = 1,
	};
}

static int parse_number(const char *text, uint64_t *value)
{
	char *end;
	if (!isdigit((unsigned char)*text))
		return -1;
	errno = 0;
	*value = strtoull(text, &end, 0);
	return *end || errno ? -1 : 0;
}

static int parse_deny(struct sbi_config *config, char *names, struct error *error)
{
	char *save = NULL;
	for (char *name = strtok_r(names, ":", &save); name; name = strtok_r(NULL, ":", &save)) {
		unsigned i = 0;
		while (i < SBI_EXT_COUNT && strcasecmp(extension_names[i], name))
			i++;
		if (i == SBI_EXT_COUNT)
			return error_set(error, EXIT_CODE_USAGE,
					 "--sbi: deny=%s: no such SBI extension", name);
		if (i == SBI_EXT_BASE)
			return error_set(error, EXIT_CODE_USAGE,
					 "--sbi: deny=base: BASE is mandatory");
		config->denied |= 1u << i;
	}
	return 0;
}

static int parse_item(struct sbi_config *config, const char *key, char *value, struct error *error)
{
	uint64_t number = 0;
	unsigned major, minor;
	char rest;
	if (!strcmp(key, "deny"))
		return parse_deny(config, value, error);
	if (!strcmp(key, "spec-version")) {
		if (sscanf(value, "%u.%u%c", &major, &minor, &rest) != 2 || major > 127 ||
		    minor > 0xffffff)
			return error_set(error, EXIT_CODE_USAGE,
					 "--sbi: spec-version=%s: expected MAJOR.MINOR", value);
		config->spec_version = major << 24 | minor;
		return 0;
	}
	bool known = !strcmp(key, "fwft.misaligned") || !strcmp(key, "impl-id") ||
		     !strcmp(key, "impl-version");
	if (!known)
		return error_set(error, EXIT_CODE_USAGE,
				 "--sbi: unknown key '%s' (known: fwft.misaligned, deny, impl-id, "
				 "impl-version, spec-version)",
				 key);
	if (parse_number(value, &number))
		return error_set(error, EXIT_CODE_USAGE, "--sbi: %s=%s: expected a number", key,
				 value);
	if (!strcmp(key, "impl-id")) {
		config->impl_id = number;
	} else if (!strcmp(key, "impl-version")) {
		config->impl_version = number;
	} else {
		if (number > 1)
			return error_set(error, EXIT_CODE_USAGE,
					 "--sbi: fwft.misaligned=%s: expected 0 or 1", value);
		config->fwft_misaligned = number;
	}
	return 0;
}

int sbi_config_parse(struct sbi_config *config, const char *text, struct error *error)
{
	char *copy = strdup(text), *save = NULL;
	int result = copy ? 0 : error_set(error, EXIT_CODE_USAGE, "--sbi: out of memory");
	for (char *item = copy ? strtok_r(copy, ",", &save) : NULL; item && !result;
	     item = strtok_r(NULL, ",", &save)) {
		char *equals = strchr(item, '=');
		if (!equals) {
			result = error_set(error, EXIT_CODE_USAGE,
					   "--sbi: '%s': expected KEY=VALUE", item);
			break;
		}
		*equals = 0;
		result = parse_item(config, item, equals + 1, error);
	}
	free(copy);
	return result;
}
