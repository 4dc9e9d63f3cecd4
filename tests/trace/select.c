/* Which records a trace takes: --trace values, filters, last=N, blocks, the trap ring. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "fixture.h"

/* -- the --trace value -- */

static void refuse(const char *spec, const char *text)
{
	struct error error = {0};
	struct trace *trace = trace_new(spec, &error);
	cr_expect_null(trace, "%s was accepted", spec);
	cr_expect_eq(error.exit_code, EXIT_CODE_USAGE);
	cr_expect_not_null(strstr(error.text, text), "%s: %s", spec, error.text);
	cr_expect_null(strchr(error.text, '\n'));
}

Test(trace_spec, mistakes_are_named)
{
	refuse("", "no event ''");
	refuse("insn,", "no event ''");
	refuse("insm", "no event 'insm'; expected insn, block");
	refuse("fmt=jsonl", "at least one event");
	refuse("insn,fmt=xml", "fmt=xml: expected text or jsonl");
	refuse("insn,fmt=perfetto", "perfetto is not available in this version");
	refuse("trap,vmexit", "'vmexit' is not available in this version");
	refuse("vmrun", "'vmrun' is not available in this version");
	refuse("rmp", "'rmp' is not available in this version");
	refuse("insn,pc=main", "pc=main: expected two addresses");
	refuse("insn,pc=8-4", "lower one first");
	refuse("insn,pc=1-0x1ffffffffffffffff", "expected two addresses");
	refuse("insn,last=0", "last=0: expected 1 to");
	refuse("insn,last=1000001", "expected 1 to");
	refuse("insn,last=-1", "expected 1 to");
	refuse("insn,level=", "expected privilege levels");
	refuse("insn,size=4", "expected fmt=, pc=, level= or last=");
	refuse("insn:", "expected a file");
	refuse("insn:a,trap:b", "a second file 'b'");
	refuse("insn:/nonexistent/trace", "/nonexistent/trace: cannot open for a trace: No such");
}

Test(trace_spec, endless_value)
{
	char *spec = calloc(1, 10000);
	memset(spec, 'a', 9999);
	refuse(spec, "longer than 4095 characters");
	free(spec);
}

Test(trace_spec, a_level_that_the_machine_lacks)
{
	struct bench bench;
	struct error error = {0};
	const struct trace_context context = {0};
	bench_init(&bench);
	bench.trace = trace_new("insn,level=U+VS", &error);
	cr_assert_not_null(bench.trace);
	cr_expect_neq(trace_attach(bench.trace, &bench.machine, &context, &error), 0);
	cr_expect_not_null(strstr(error.text, "'VS' is no privilege level"), "%s", error.text);
	bench_fini(&bench);
}

/* -- filters -- */

/* Records in the file, without the header. */
static unsigned count_records(struct bench *bench)
{
	char *text = bench_result(bench);
	unsigned lines = 0;
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	free(text);
	return lines - 1;
}

Test(trace_filter, program_counters_both_ends_included)
{
	struct bench bench;
	bench_init(&bench);
	bench_trace(&bench, "insn", ",fmt=jsonl,pc=0x1000-0x1004");
	for (uint64_t pc = 0xffe; pc <= 0x1006; pc += 2)
		bench_insn(&bench, 0, pc, 1);
	cr_expect_eq(count_records(&bench), 3);
	bench_fini(&bench);
}

Test(trace_filter, one_program_counter)
{
	struct bench bench;
	bench_init(&bench);
	bench_trace(&bench, "insn", ",fmt=jsonl,pc=4096");
	for (uint64_t pc = 0xffe; pc <= 0x1006; pc += 2)
		bench_insn(&bench, 0, pc, 1);
	cr_expect_eq(count_records(&bench), 1);
	bench_fini(&bench);
}

Test(trace_filter, levels_and_both_ends_of_traps)
{
	struct bench bench;
	struct trap from_u = misaligned_load, within_s = misaligned_load;
	within_s.from = 1;
	bench_init(&bench);
	bench_trace(&bench, "insn,trap", ",fmt=jsonl,level=U+M");
	bench_insn(&bench, 0, 0, 1); /* the CPU is at S */
	bench_trap(&bench, 1, &within_s);
	bench_trap(&bench, 2, &from_u);
	bench.cpu[0]->level = 3;
	bench_insn(&bench, 3, 0, 1);
	cr_expect_eq(count_records(&bench), 2);
	bench_fini(&bench);
}

Test(trace_filter, events_that_nobody_asked_for)
{
	struct bench bench;
	bench_init(&bench);
	bench_trace(&bench, "trap", ",fmt=jsonl");
	cr_expect(observer_wants(&bench.machine.observers, OBSERVE_TRAP));
	cr_expect_not(observer_wants(&bench.machine.observers, OBSERVE_INSN));
	bench_insn(&bench, 0, 0, 1);
	cr_expect_eq(count_records(&bench), 0);
	cr_expect_eq(bench.machine.observers.kinds, 0);
	bench_fini(&bench);
}

Test(trace_filter, blocks_begin_where_control_flow_went)
{
	static const uint64_t pcs[] = {0x100, 0x102, 0x104, 0x200, 0x202, 0x100, 0x100};
	struct bench bench;
	bench_init(&bench);
	bench_trace(&bench, "block", ",fmt=jsonl");
	for (unsigned i = 0; i < sizeof(pcs) / sizeof(pcs[0]); i++)
		bench_notify(&bench, 0,
			     (struct observation){
				     .kind = OBSERVE_BLOCK, .pc = pcs[i], .insn = {1, 2}
                });
	cr_expect_eq(count_records(&bench), 4);
	bench_fini(&bench);
}

/* -- how many are kept -- */

Test(trace_last, keeps_the_last_records)
{
	struct bench bench;
	bench_init(&bench);
	bench_trace(&bench, "insn", ",fmt=jsonl,last=3");
	for (uint64_t i = 0; i < 5000; i++)
		bench_insn(&bench, i, 0x1000, 1);
	char *text = bench_result(&bench);
	char *third = strstr(text, "{\"i\":4997,");
	cr_assert_not_null(third);
	cr_expect_null(strstr(text, "{\"i\":4996,"));
	cr_expect_not_null(strstr(third, "{\"i\":4998,"));
	cr_expect_not_null(strstr(third, "{\"i\":4999,"));
	free(text);
	bench_fini(&bench);
}

Test(trace_last, records_that_a_filter_drops_do_not_count)
{
	struct bench bench;
	bench_init(&bench);
	bench_trace(&bench, "insn", ",fmt=jsonl,last=2,pc=0x1000");
	bench_insn(&bench, 1, 0x1000, 1);
	bench_insn(&bench, 2, 0x1000, 1);
	for (uint64_t i = 0; i < 100; i++)
		bench_insn(&bench, 3, 0x2000, 1);
	cr_expect_eq(count_records(&bench), 2);
	bench_fini(&bench);
}

Test(trace_last, without_it_all_are_written_in_order)
{
	struct bench bench;
	bench_init(&bench);
	bench_trace(&bench, "insn", ",fmt=jsonl");
	for (uint64_t i = 0; i < 5000; i++)
		bench_insn(&bench, i, 0x1000, 1);
	char *text = bench_result(&bench), *at = strchr(text, '\n') + 1;
	for (uint64_t i = 0; i < 5000; i++) {
		char start[32];
		snprintf(start, sizeof(start), "{\"i\":%llu,", (unsigned long long)i);
		cr_assert_eq(strncmp(at, start, strlen(start)), 0);
		at = strchr(at, '\n') + 1;
	}
	cr_expect_eq(*at, 0);
	free(text);
	bench_fini(&bench);
}

/* -- files that cannot take it -- */

Test(trace_output, a_full_disk_is_reported_once)
{
	struct bench bench;
	struct error error = {0};
	const struct trace_context context = {0};
	bench_init(&bench);
	struct trace *trace = trace_new("insn:/dev/full", &error);
	cr_assert_not_null(trace);
	cr_assert_eq(trace_attach(trace, &bench.machine, &context, &error), 0);
	for (uint64_t i = 0; i < 5000; i++)
		bench_insn(&bench, i, 0x1000, 1);
	cr_expect_neq(trace_close(trace, &error), 0);
	cr_expect_eq(error.exit_code, EXIT_CODE_USAGE);
	cr_expect_str_eq(error.text, "/dev/full: cannot write the trace: No space left on device");
	bench_fini(&bench);
}

Test(trace_output, a_full_disk_at_the_very_end)
{
	struct bench bench;
	struct error error = {0};
	const struct trace_context context = {0};
	bench_init(&bench);
	struct trace *trace = trace_new("insn:/dev/full", &error);
	cr_assert_not_null(trace);
	cr_assert_eq(trace_attach(trace, &bench.machine, &context, &error), 0);
	cr_expect_neq(trace_close(trace, &error), 0);
	cr_expect_str_eq(error.text, "/dev/full: cannot write the trace: No space left on device");
	bench_fini(&bench);
}

/* -- the last traps -- */

Test(trap_ring, keeps_the_last_sixteen)
{
	struct bench bench;
	bench_init(&bench);
	struct trap_ring *ring = trap_ring_new(&bench.machine, NULL);
	cr_assert_not_null(ring);
	struct trap trap = misaligned_load;
	for (uint64_t i = 0; i < 40; i++) {
		trap.pc = 0x1000 + 4 * i;
		bench_trap(&bench, i, &trap);
	}
	FILE *stream = fopen(bench.path, "w+");
	cr_expect_eq(trap_ring_print(ring, stream, "  "), TRAP_RING_SIZE);
	rewind(stream);
	char line[300];
	for (uint64_t i = 24; i < 40; i++) {
		char pc[32];
		snprintf(pc, sizeof(pc), " %016llx ", 0x1000ull + 4 * i);
		cr_assert_not_null(fgets(line, sizeof(line), stream));
		cr_expect_eq(strncmp(line, "  ", 2), 0);
		cr_expect_not_null(strstr(line, pc), "%s", line);
		cr_expect_not_null(strstr(line, "(misaligned=trap)"));
	}
	cr_expect_null(fgets(line, sizeof(line), stream));
	fclose(stream);
	trap_ring_free(ring);
	bench_fini(&bench);
}

Test(trap_ring, of_nothing)
{
	struct bench bench;
	bench_init(&bench);
	struct trap_ring *ring = trap_ring_new(&bench.machine, NULL);
	cr_expect_eq(trap_ring_print(ring, stderr, ""), 0);
	cr_expect_eq(trap_ring_print(NULL, stderr, ""), 0);
	trap_ring_free(ring);
	cr_expect_eq(bench.machine.observers.kinds, 0);
	bench_fini(&bench);
}
