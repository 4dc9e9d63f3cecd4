/* A machine without code, to be told what it does, and the files that traces write. */
#ifndef TESTS_TRACE_FIXTURE_H
#define TESTS_TRACE_FIXTURE_H

#include "trace/trace.h"

struct bench {
	struct machine machine;
	struct cpu *cpu[2];
	char path[64];
	struct trace *trace;
};

/* Two CPUs at level S. */
void bench_init(struct bench *bench);
void bench_fini(struct bench *bench);

/* Starts a trace into the bench's file; options begin with a comma or are empty. */
void bench_trace(struct bench *bench, const char *events, const char *options);

/* Ends the trace and returns the file, to be freed. */
char *bench_result(struct bench *bench);

/* Line number n (0 first) of text, or NULL; overwrites text. */
char *text_line(char *text, unsigned n);

/* Tells the observers. */
void bench_notify(struct bench *bench, unsigned cpu, struct observation observation);
void bench_insn(struct bench *bench, uint64_t icount, uint64_t pc, uint32_t bits);
void bench_trap(struct bench *bench, uint64_t icount, const struct trap *trap);

/* A load at 0x80000010 of S-mode that is misaligned: lw a2,0(a0). */
extern const struct trap misaligned_load;

/* True if text is one JSON value. */
int json_valid(const char *text);

#endif
