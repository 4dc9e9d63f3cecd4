#include "trace/spec.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/observer.h"

static const struct event {
	const char *name;
	uint32_t kinds; /* 0: known, but not in this version */
} events[] = {
	{"insn",   OBSERVE_BIT(OBSERVE_INSN) },
	{"block",  OBSERVE_BIT(OBSERVE_BLOCK)},
	{"trap",   OBSERVE_BIT(OBSERVE_TRAP) },
	{"ret",    OBSERVE_BIT(OBSERVE_RET)  },
	{"sysreg", OBSERVE_BIT(OBSERVE_CSR)  },
	{"csr",    OBSERVE_BIT(OBSERVE_CSR)  },
	{"mem",    OBSERVE_BIT(OBSERVE_MEM)  },
	{"mmio",   OBSERVE_BIT(OBSERVE_MMIO) },
	{"walk",   OBSERVE_BIT(OBSERVE_WALK) },
	{"tlb",    OBSERVE_BIT(OBSERVE_TLB)  },
	{"irq",    OBSERVE_BIT(OBSERVE_IRQ)  },
	{"sbi",    OBSERVE_BIT(OBSERVE_SBI)  },
	{"psci",   OBSERVE_BIT(OBSERVE_SBI)  },
	{"vmexit", 0			 },
	{"vmrun",  0			 },
	{"rmp",    0			 },
};

static int parse_event(struct trace_spec *spec, const char *name, struct error *error)
{
	for (unsigned i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		if (strcmp(events[i].name, name) != 0)
			continue;
		if (!events[i].kinds)
			return error_set(error, EXIT_CODE_USAGE,
					 "--trace: event '%s' is not available in this version",
					 name);
		spec->kinds |= events[i].kinds;
		return 0;
	}
	return error_set(
		error, EXIT_CODE_USAGE,
		"--trace: no event '%.40s'; expected insn, block, trap, ret, csr (sysreg), "
		"mem, mmio, walk, tlb, irq or sbi (psci)",
		name);
}

static int parse_number(const char *text, const char *end, uint64_t *value)
{
	char *stop;
	errno = 0;
	*value = strtoull(text, &stop, 0);
	return !isdigit((unsigned char)*text) || stop != end || errno ? -1 : 0;
}

static int parse_format(struct trace_spec *spec, const char *value, struct error *error)
{
	if (!strcmp(value, "perfetto"))
		return error_set(error, EXIT_CODE_USAGE,
				 "--trace: fmt=perfetto is not available in this version");
	spec->jsonl = !strcmp(value, "jsonl");
	if (!spec->jsonl && strcmp(value, "text") != 0)
		return error_set(error, EXIT_CODE_USAGE,
				 "--trace: fmt=%.40s: expected text or jsonl", value);
	return 0;
}

/* A-B, both inclusive, or one address. */
static int parse_pc(struct trace_spec *spec, const char *value, struct error *error)
{
	const char *end = value + strlen(value), *dash = strchr(value, '-');
	int result = parse_number(value, dash ? dash : end, &spec->pc_first);
	spec->pc_last = spec->pc_first;
	if (dash && !result)
		result = parse_number(dash + 1, end, &spec->pc_last);
	if (result || spec->pc_first > spec->pc_last)
		return error_set(error, EXIT_CODE_USAGE,
				 "--trace: pc=%.60s: expected two addresses, the lower one first, "
				 "as in pc=0x80000000-0x8000ffff",
				 value);
	return 0;
}

static int parse_level(struct trace_spec *spec, const char *value, struct error *error)
{
	if (!*value || strlen(value) >= sizeof(spec->levels))
		return error_set(error, EXIT_CODE_USAGE,
				 "--trace: level=%.40s: expected privilege levels as in level=U+S",
				 value);
	snprintf(spec->levels, sizeof(spec->levels), "%s", value);
	return 0;
}

static int parse_last(struct trace_spec *spec, const char *value, struct error *error)
{
	if (parse_number(value, value + strlen(value), &spec->last) || spec->last == 0 ||
	    spec->last > TRACE_LAST_MAX)
		return error_set(error, EXIT_CODE_USAGE, "--trace: last=%.40s: expected 1 to %d",
				 value, TRACE_LAST_MAX);
	return 0;
}

static const struct key {
	const char *name;
	int (*parse)(struct trace_spec *spec, const char *value, struct error *error);
} keys[] = {
	{"fmt",   parse_format},
	{"pc",    parse_pc    },
	{"level", parse_level },
	{"last",  parse_last  },
};

static int parse_key(struct trace_spec *spec, const char *item, const char *equals,
		     struct error *error)
{
	size_t length = (size_t)(equals - item);
	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strlen(keys[i].name) == length && !strncmp(keys[i].name, item, length))
			return keys[i].parse(spec, equals + 1, error);
	return error_set(error, EXIT_CODE_USAGE,
			 "--trace: '%.60s': expected fmt=, pc=, level= or last=", item);
}

static int parse_file(struct trace_spec *spec, const char *path, struct error *error)
{
	if (spec->file[0])
		return error_set(error, EXIT_CODE_USAGE, "--trace: a second file '%.200s'", path);
	if (!*path)
		return error_set(error, EXIT_CODE_USAGE, "--trace: expected a file after ':'");
	snprintf(spec->file, sizeof(spec->file), "%s", path);
	return 0;
}

/* One item between commas: EVENT or KEY=VALUE, and :FILE after it. */
static int parse_item(struct trace_spec *spec, char *item, struct error *error)
{
	char *colon = strchr(item, ':');
	if (colon) {
		*colon = 0;
		if (parse_file(spec, colon + 1, error))
			return -1;
	}
	const char *equals = strchr(item, '=');
	return equals ? parse_key(spec, item, equals, error) : parse_event(spec, item, error);
}

int trace_spec_parse(struct trace_spec *spec, const char *text, struct error *error)
{
	char copy[sizeof(spec->file)];
	*spec = (struct trace_spec){.pc_last = UINT64_MAX};
	if (strlen(text) >= sizeof(copy))
		return error_set(error, EXIT_CODE_USAGE, "--trace: longer than %zu characters",
				 sizeof(copy) - 1);
	snprintf(copy, sizeof(copy), "%s", text);
	char *rest = copy, *item;
	while ((item = strsep(&rest, ",")))
		if (parse_item(spec, item, error))
			return -1;
	if (!spec->kinds)
		return error_set(error, EXIT_CODE_USAGE,
				 "--trace %.80s: expected at least one event", text);
	return 0;
}
