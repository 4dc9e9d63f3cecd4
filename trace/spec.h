/* The value of --trace, parsed. */
#ifndef TRACE_SPEC_H
#define TRACE_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

#define TRACE_LAST_MAX 1000000

struct trace_spec {
	uint32_t kinds; /* OBSERVE_BIT(...) */
	bool jsonl;
	char file[4096];            /* empty: standard error; "-": standard output */
	uint64_t pc_first, pc_last; /* inclusive */
	char levels[64];            /* names with + between them; empty: all */
	uint64_t last;              /* keep that many records; 0: all */
};

/* Returns 0, or -1 with error (125) naming the item and what was expected. */
int trace_spec_parse(struct trace_spec *spec, const char *text, struct error *error);

#endif
