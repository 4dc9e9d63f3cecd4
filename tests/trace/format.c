/* The two printed forms of every kind of record: what docs/tracing.md promises. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "core/explain.h"

#include "fixture.h"

/* The second line of a jsonl trace, after the header. */
static void expect_json(const struct observation *observation, const char *events,
			const char *expected)
{
	struct bench bench;
	bench_init(&bench);
	bench_trace(&bench, events, ",fmt=jsonl");
	bench_notify(&bench, 1, *observation);
	char *text = bench_result(&bench);
	char *line = text_line(text, 1);
	cr_assert_not_null(line);
	cr_expect_str_eq(line, expected);
	cr_expect(json_valid(line));
	free(text);
	bench_fini(&bench);
}

static void expect_text(const struct observation *observation, const char *events,
			const char *expected)
{
	struct bench bench;
	bench_init(&bench);
	bench_trace(&bench, events, "");
	bench_notify(&bench, 1, *observation);
	char *text = bench_result(&bench), *line = text;
	while (*line == '#')
		line = strchr(line, '\n') + 1;
	text_line(line, 0);
	cr_expect_str_eq(line, expected);
	free(text);
	bench_fini(&bench);
}

#if TRAPLINE_CAPSTONE_RISCV
#define DIS_LW      ",\"dis\":\"lw a2, 0(a0)\""
#define TEXT_LW     "00052603  lw a2, 0(a0)"
#define DIS_ADDI    ",\"dis\":\"addi a0, a0, 1\""
#define TEXT_ADDI   "0505      c.addi a0, 1"
#define TEXT_SH1ADD "20a52533  sh1add"
#else
#define DIS_LW      ""
#define TEXT_LW     "00052603"
#define DIS_ADDI    ""
#define TEXT_ADDI   "0505"
#define TEXT_SH1ADD "20a52533"
#endif

static const struct observation trap = {
	.kind = OBSERVE_TRAP, .icount = 77, .pc = 0x80000010, .trap = &misaligned_load};

Test(trace_format, trap_says_why_and_where_to)
{
	expect_json(
		&trap, "trap",
		"{\"i\":77,\"c\":1,\"k\":\"trap\",\"pc\":\"0x80000010\",\"sym\":\"_start\","
		"\"off\":16,\"from\":\"U\",\"to\":\"S\",\"cause\":\"load_address_misaligned\","
		"\"code\":4,\"interrupt\":false,\"syn\":{\"tval\":\"0x1001\",\"tinst\":\"0x1603\"},"
		"\"why\":\"misaligned=trap\",\"insn\":\"0x52603\"" DIS_LW "}");
	expect_text(&trap, "trap",
		    "          77  1 U  trap  0000000080000010  U -> S load_address_misaligned "
		    "tval=0x1001 tinst=0x1603 (misaligned=trap)  " TEXT_LW "  <_start+0x10>");
}

Test(trace_format, interrupt_has_no_value)
{
	const struct trap timer = {
		.cause = 5, .interrupt = true, .why = "mideleg=1", .pc = 0x40, .from = 1, .to = 1};
	expect_text(
		&(struct observation){
			.kind = OBSERVE_TRAP, .icount = 5, .pc = 0x40, .trap = &timer},
		"trap",
		"           5  1 S  trap  0000000000000040  S -> S timer_interrupt (mideleg=1)");
}

Test(trace_format, instruction)
{
	const struct observation insn = {
		.kind = OBSERVE_INSN, .icount = 3, .pc = 0x80000000, .insn = {0x0505, 2}
        };
	expect_text(&insn, "insn",
		    "           3  1 S  insn  0000000080000000  " TEXT_ADDI "  <_start>");
	const struct observation unknown = {
		.kind = OBSERVE_INSN, .icount = 3, .pc = 0x100, .insn = {0x20a52533, 4}
        };
	expect_text(&unknown, "insn", "           3  1 S  insn  0000000000000100  " TEXT_SH1ADD);
}

Test(trace_format, return_from_a_handler)
{
	const struct observation ret = {
		.kind = OBSERVE_RET,
		.icount = 9,
		.pc = 0x100,
		.ret = {.target = 0x200, .from = 3, .to = 0}
        };
	expect_json(&ret, "ret",
		    "{\"i\":9,\"c\":1,\"k\":\"ret\",\"pc\":\"0x100\",\"from\":\"M\",\"to\":\"U\","
		    "\"target\":\"0x200\"}");
	expect_text(&ret, "ret", "           9  1 M  ret   0000000000000100  M -> U pc 0x200");
}

Test(trace_format, csr_read_and_write)
{
	struct observation csr = {
		.kind = OBSERVE_CSR,
		.icount = 9,
		.pc = 0x100,
		.csr = {"sscratch", 0x140, true, 1, UINT64_MAX}
        };
	expect_json(&csr, "csr",
		    "{\"i\":9,\"c\":1,\"k\":\"csr\",\"pc\":\"0x100\",\"level\":\"S\","
		    "\"csr\":\"sscratch\",\"number\":\"0x140\",\"op\":\"write\",\"before\":\"0x1\","
		    "\"after\":\"0xffffffffffffffff\"}");
	expect_text(
		&csr, "sysreg",
		"           9  1 S  csr   0000000000000100  sscratch 0x1 -> 0xffffffffffffffff");
	csr.csr.write = false;
	expect_text(&csr, "csr",
		    "           9  1 S  csr   0000000000000100  sscratch is 0xffffffffffffffff");
}

Test(trace_format, memory_access)
{
	const struct observation mem = {
		.kind = OBSERVE_MEM,
		.icount = 9,
		.pc = 0x100,
		.mem = {0xffff0000, 0x80000000, 0x12, 4, true}
        };
	expect_json(
		&mem, "mem",
		"{\"i\":9,\"c\":1,\"k\":\"mem\",\"pc\":\"0x100\",\"level\":\"S\",\"op\":\"store\","
		"\"va\":\"0xffff0000\",\"pa\":\"0x80000000\",\"size\":4,\"value\":\"0x12\"}");
	expect_text(&mem, "mem",
		    "           9  1 S  mem   0000000000000100  store32 0xffff0000 "
		    "(physical 0x80000000) <- 0x12");
}

Test(trace_format, device_access)
{
	const struct observation mmio = {
		.kind = OBSERVE_MMIO,
		.icount = 9,
		.pc = 0x100,
		.mmio = {"uart", 0x10000005, 0x60, 1, 1, false}
        };
	expect_json(
		&mmio, "mmio",
		"{\"i\":9,\"c\":1,\"k\":\"mmio\",\"pc\":\"0x100\",\"level\":\"S\",\"op\":\"read\","
		"\"region\":\"uart\",\"pa\":\"0x10000005\",\"size\":1,\"value\":\"0x60\","
		"\"result\":\"device_error\"}");
	expect_text(&mmio, "mmio",
		    "           9  1 S  mmio  0000000000000100  uart read8 0x10000005 is 0x60 "
		    "device_error");
}

Test(trace_format, page_table_walk)
{
	struct observation walk = {
		.kind = OBSERVE_WALK,
		.icount = 9,
		.pc = 0x100,
		.walk = {.address = 0x4000,
			 .physical = 0x80004000,
			 .pte = {1, 2, 0xcf},
			 .levels = 3},
	};
	expect_json(&walk, "walk",
		    "{\"i\":9,\"c\":1,\"k\":\"walk\",\"pc\":\"0x100\",\"level\":\"S\",\"va\":"
		    "\"0x4000\","
		    "\"pa\":\"0x80004000\",\"pte\":[\"0x1\",\"0x2\",\"0xcf\"]}");
	walk.walk.failure = "PTE.V=0";
	walk.walk.levels = 1;
	expect_text(&walk, "walk",
		    "           9  1 S  walk  0000000000000100  0x4000 -> fault (PTE.V=0)  ptes 1");
}

Test(trace_format, page_table_walk_of_two_stages)
{
	struct observation walk = {
		.kind = OBSERVE_WALK,
		.icount = 9,
		.pc = 0x100,
		.walk = {.address = 0x4000,
			 .physical = 0x80004000,
			 .pte = {1, 0xcf},
			 .levels = 2,
			 .first_level = -1,
			 .stage = 1},
	};
	expect_json(&walk, "walk",
		    "{\"i\":9,\"c\":1,\"k\":\"walk\",\"pc\":\"0x100\",\"level\":\"S\","
		    "\"stage\":1,\"table\":false,\"first\":-1,\"va\":\"0x4000\","
		    "\"pa\":\"0x80004000\",\"pte\":[\"0x1\",\"0xcf\"]}");
	walk.walk.stage = 2;
	walk.walk.of_table = true;
	walk.walk.first_level = 1;
	expect_text(
		&walk, "walk",
		"           9  1 S  walk  0000000000000100  stage 2 table 0x4000 -> 0x80004000  "
		"level 1  ptes 1 cf");
}

static void explain_trap(const struct trap *syndrome, struct explanation *explanation)
{
	explain_field(explanation, "ec", 31, 26, syndrome->syndrome, "a class");
	explain_field(explanation, "Rt", 9, 5, syndrome->syndrome, "register");
	explain_field(explanation, "WnR", 6, 6, 0, "access");
	explain_fact(explanation, "access", "read of A");
}

/* An ISA that knows what is in a syndrome. */
Test(trace_format, fields_of_a_syndrome)
{
	const struct trap access = {
		.cause = 4, .syndrome = 0x62300461, .why = "A=1", .pc = 0x40, .from = 0, .to = 1};
	struct bench bench;
	bench_init(&bench);
	struct isa isa = *bench.cpu[0]->isa;
	isa.explain_trap = explain_trap;
	bench.cpu[0]->isa = &isa;
	bench_trace(&bench, "trap", "");
	bench_trap(&bench, 5, &access);
	char *text = bench_result(&bench);
	cr_expect(strstr(text, " tinst=0x62300461 read of A (A=1)"), "%s", text);
	free(text);
	bench_trace(&bench, "trap", ",fmt=jsonl");
	bench_trap(&bench, 5, &access);
	text = bench_result(&bench);
	cr_expect(strstr(text, "\"tinst\":\"0x62300461\",\"ec\":24,\"iss\":{\"Rt\":3,\"WnR\":0,"
			       "\"access\":\"read of A\"}}"),
		  "%s", text);
	free(text);
	bench_fini(&bench);
}

Test(trace_format, flush_and_interrupt_input)
{
	const struct observation tlb = {
		.kind = OBSERVE_TLB, .icount = 9, .pc = 0x100, .tlb = {"sfence.vma"}};
	expect_text(&tlb, "tlb", "           9  1 S  tlb   0000000000000100  sfence.vma");
	const struct observation irq = {
		.kind = OBSERVE_IRQ, .icount = 9, .pc = 0x100, .irq = {5, true}
        };
	expect_text(&irq, "irq",
		    "           9  1 S  irq   0000000000000100  timer_interrupt (5) rises");
	expect_json(&irq, "irq",
		    "{\"i\":9,\"c\":1,\"k\":\"irq\",\"pc\":\"0x100\",\"level\":\"S\","
		    "\"irq\":\"timer_interrupt\",\"number\":5,\"value\":1}");
}

Test(trace_format, firmware_call)
{
	struct observation sbi = {
		.kind = OBSERVE_SBI,
		.icount = 9,
		.pc = 0x100,
		.sbi = {.extension = "FWFT",
			.function = "set",
			.eid = 0x46574654,
			.args = {0, 1, 1},
			.error = -14},
	};
	expect_json(
		&sbi, "sbi",
		"{\"i\":9,\"c\":1,\"k\":\"sbi\",\"pc\":\"0x100\",\"level\":\"S\",\"ext\":\"FWFT\","
		"\"fn\":\"set\",\"eid\":\"0x46574654\",\"fid\":0,\"args\":[\"0x0\",\"0x1\",\"0x1\","
		"\"0x0\",\"0x0\",\"0x0\"],\"error\":-14,\"error_name\":\"SBI_ERR_DENIED_LOCKED\","
		"\"value\":\"0x0\"}");
	sbi.sbi.extension = sbi.sbi.function = NULL;
	sbi.sbi.fid = 7;
	sbi.sbi.error = -2;
	expect_text(
		&sbi, "sbi",
		"           9  1 S  sbi   0000000000000100  0x46574654.7(0x0, 0x1, 0x1, 0x0, 0x0, "
		"0x0) = -2, 0x0");
}

Test(trace_format, header_carries_the_configuration)
{
	struct bench bench;
	bench_init(&bench);
	bench_trace(&bench, "trap", ",fmt=jsonl");
	char *text = bench_result(&bench);
	char *line = text_line(text, 0);
	cr_expect(json_valid(line));
	const char *start = "{\"schema\":1,\"arch\":\"riscv64\",\"cpus\":2,\"cpu\":\"rv64\","
			    "\"image\":\"odd\\\"name\\u000a\",\"seed\":\"1\"";
	cr_expect_eq(strncmp(line, start, strlen(start)), 0, "%s", line);
	free(text);
	bench_fini(&bench);
}

Test(trace_format, a_guests_names_never_reach_a_terminal_raw)
{
	const struct observation mmio = {
		.kind = OBSERVE_MMIO, .pc = 0x100, .mmio = {"\033[2Jq\x80\"", 0, 0, 1, 0, true}
        };
	expect_text(
		&mmio, "mmio",
		"           0  1 S  mmio  0000000000000100  \\x1b[2Jq\\x80\" write8 0x0 <- 0x0");
	expect_json(
		&mmio, "mmio",
		"{\"i\":0,\"c\":1,\"k\":\"mmio\",\"pc\":\"0x100\",\"level\":\"S\",\"op\":\"write\","
		"\"region\":\"\\u001b[2Jq\\u0080\\\"\",\"pa\":\"0x0\",\"size\":1,\"value\":\"0x0\","
		"\"result\":\"ok\"}");
}
