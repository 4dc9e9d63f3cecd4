#include "fixture.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

static const char *level_name(const struct cpu *cpu, unsigned level)
{
	(void)cpu;
	static const char *const names[] = {"U", "S", "reserved", "M"};
	return level < 4 ? names[level] : "none";
}

static const char *cause_name(const struct trap *trap)
{
	return trap->interrupt ? "timer_interrupt" : "load_address_misaligned";
}

static const struct isa isa = {
	.name = "riscv64",
	.level_name = level_name,
	.cause_name = cause_name,
	.trap_value_names = {"tval", NULL, "tinst"},
};

const struct trap misaligned_load = {
	.cause = 4,
	.value = 0x1001,
	.syndrome = 0x1603,
	.pc = 0x80000010,
	.insn = 0x00052603,
	.why = "misaligned=trap",
	.from = 0,
	.to = 1,
};

void bench_init(struct bench *bench)
{
	memset(bench, 0, sizeof(*bench));
	machine_init(&bench->machine);
	for (int i = 0; i < 2; i++) {
		bench->cpu[i] = calloc(1, sizeof(struct cpu));
		bench->cpu[i]->isa = &isa;
		bench->cpu[i]->level = 1;
		machine_add_cpu(&bench->machine, bench->cpu[i]);
	}
	strcpy(bench->path, "/tmp/trapline-trace-XXXXXX");
	close(mkstemp(bench->path));
}

void bench_fini(struct bench *bench)
{
	cr_assert_eq(trace_close(bench->trace, NULL), 0);
	unlink(bench->path);
	machine_fini(&bench->machine);
	free(bench->cpu[0]);
	free(bench->cpu[1]);
}

static const char *symbol(void *opaque, uint64_t address, uint64_t *offset)
{
	(void)opaque;
	if (address < 0x80000000 || address > 0x800000ff)
		return NULL;
	*offset = address - 0x80000000;
	return "_start";
}

static const char *insn_name(void *opaque, uint64_t bits)
{
	(void)opaque;
	return bits == 0x20a52533 ? "sh1add" : NULL;
}

static const char *firmware_error(int64_t code)
{
	return code == -14 ? "SBI_ERR_DENIED_LOCKED" : NULL;
}

void bench_trace(struct bench *bench, const char *events, const char *options)
{
	static const struct trace_property properties[] = {
		{"cpu",   "rv64"       },
                {"image", "odd\"name\n"},
                {"seed",  "1"          }
        };
	struct error error = {0};
	char spec[256];
	const struct trace_context context = {
		.names = {symbol, insn_name, firmware_error, NULL},
		.properties = properties,
		.property_count = 3,
	};
	snprintf(spec, sizeof(spec), "%s:%s%s", events, bench->path, options);
	bench->trace = trace_new(spec, &error);
	cr_assert_not_null(bench->trace, "%s", error.text);
	cr_assert_eq(trace_attach(bench->trace, &bench->machine, &context, &error), 0, "%s",
		     error.text);
}

char *bench_result(struct bench *bench)
{
	struct error error = {0};
	cr_assert_eq(trace_close(bench->trace, &error), 0, "%s", error.text);
	bench->trace = NULL;
	FILE *stream = fopen(bench->path, "r");
	cr_assert_not_null(stream);
	char *text = calloc(1, 1 << 20);
	size_t size = fread(text, 1, (1 << 20) - 1, stream);
	cr_assert_lt(size, (1 << 20) - 1);
	fclose(stream);
	return text;
}

char *text_line(char *text, unsigned n)
{
	for (; n; n--) {
		text = strchr(text, '\n');
		if (!text)
			return NULL;
		text++;
	}
	char *end = strchr(text, '\n');
	if (!end)
		return NULL;
	*end = 0;
	return text;
}

void bench_notify(struct bench *bench, unsigned cpu, struct observation observation)
{
	observer_notify(&bench->machine.observers, bench->cpu[cpu], &observation);
}

void bench_insn(struct bench *bench, uint64_t icount, uint64_t pc, uint32_t bits)
{
	bench_notify(bench, 0,
		     (struct observation){
			     .kind = OBSERVE_INSN,
			     .icount = icount,
			     .pc = pc,
			     .insn = {bits, (bits & 3) == 3 ? 4 : 2}
        });
}

void bench_trap(struct bench *bench, uint64_t icount, const struct trap *trap)
{
	bench->machine.clock.now = icount;
	machine_note_trap(&bench->machine, bench->machine.cpu[0], trap);
}

/* -- a strict reader of JSON -- */

static const char *value(const char *p);

static const char *string(const char *p)
{
	if (*p++ != '"')
		return NULL;
	for (; *p != '"'; p++) {
		if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
			return NULL;
		if (*p == '\\' && !strchr("\"\\/bfnrtu", *++p))
			return NULL;
	}
	return p + 1;
}

static const char *members(const char *p, char end, int keys)
{
	if (*p == end)
		return p + 1;
	for (;;) {
		if (keys && (!(p = string(p)) || *p++ != ':'))
			return NULL;
		if (!(p = value(p)))
			return NULL;
		if (*p == end)
			return p + 1;
		if (*p++ != ',')
			return NULL;
	}
}

static const char *value(const char *p)
{
	static const char *const words[] = {"true", "false", "null"};
	if (*p == '{' || *p == '[')
		return members(p + 1, *p == '{' ? '}' : ']', *p == '{');
	if (*p == '"')
		return string(p);
	for (int i = 0; i < 3; i++)
		if (!strncmp(p, words[i], strlen(words[i])))
			return p + strlen(words[i]);
	if (*p == '-')
		p++;
	if (!isdigit((unsigned char)*p))
		return NULL;
	return p + strspn(p, "0123456789");
}

int json_valid(const char *text)
{
	const char *end = value(text);
	return end && *end == 0;
}
