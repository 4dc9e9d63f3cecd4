/* One record: an observation that outlives the moment, and its two printed forms. */
#ifndef TRACE_RECORD_H
#define TRACE_RECORD_H

#include <stdio.h>

#include "core/machine.h"
#include "trace/disassemble.h"
#include "trace/trace.h"

#define TRACE_SCHEMA 1

struct trace_record {
	struct observation what; /* its pointers are static strings, but for those below */
	union {
		struct trap trap; /* what.trap is not valid */
		char region[32];  /* what.mmio.region is not valid; cut if longer */
	};
	uint8_t cpu;
	uint8_t level; /* privilege level of the CPU; for traps and returns the one it left */
};

/* What it takes to print records. */
struct trace_printer {
	FILE *stream;
	const struct machine *machine;
	struct disassembler *disassembler; /* NULL: none */
	struct trace_names names;
};

/* Copies an observation. cpu is the CPU it happened on. */
void trace_record_fill(struct trace_record *record, const struct cpu *cpu,
		       const struct observation *observation);

/* The event's name: "insn", "trap" ... as in --trace and in the member "k". */
const char *trace_kind_name(enum observe_kind kind);

/* The name of a privilege level of the machine's CPUs. */
const char *trace_level_name(const struct machine *machine, unsigned level);

/*
 * The instruction of a record. bits gets its bits, text its disassembly: by Capstone, or the name
 * that the names callback knows, or nothing. Returns its length in bytes, 0 if the record has none.
 */
unsigned trace_record_insn(const struct trace_printer *printer, const struct trace_record *record,
			   uint64_t *bits, char *text, size_t size);

/* "ok", "device_error", "decode_error" ... of an MMIO access. */
const char *trace_mmio_result(unsigned result);

/* One line each. */
void trace_record_text(const struct trace_printer *printer, const struct trace_record *record);
void trace_record_json(const struct trace_printer *printer, const struct trace_record *record);

/* Writes text with everything but printable ASCII as \xXX: guests choose region and symbol names.
 */
void trace_put_text(FILE *stream, const char *text);

#endif
