/* trapline info: what this version models, from the tables that model it. */
#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "cpu/arm64/explain.h"
#include "cpu/arm64/insn.h"
#include "cpu/arm64/sysreg.h"
#include "cpu/arm64/trap.h"
#include "cpu/riscv/csr.h"
#include "cpu/riscv/explain.h"
#include "cpu/riscv/insn.h"
#include "devices/device.h"
#include "machines/board.h"
#include "psci/psci.h"
#include "sbi/sbi.h"
#include "src/cli/cli.h"

#define COLUMNS_MAX 6

/* A table on standard output: rows of strings, aligned or as JSON objects. */
struct table {
	struct json json;
	bool as_json;
	unsigned columns;
	const char *keys[COLUMNS_MAX];
	int widths[COLUMNS_MAX]; /* the last one's does not matter */
};

static void put_line(const struct table *table, const char *const *cells)
{
	for (unsigned i = 0; i + 1 < table->columns; i++)
		printf("%-*s  ", table->widths[i], cells[i]);
	printf("%s\n", cells[table->columns - 1]);
}

static void table_begin(struct table *table)
{
	json_init(&table->json, stdout);
	if (table->as_json)
		json_open(&table->json, NULL, '[');
	else
		put_line(table, table->keys);
}

static void table_row(struct table *table, const char *const *cells)
{
	if (!table->as_json) {
		put_line(table, cells);
		return;
	}
	json_open(&table->json, NULL, '{');
	for (unsigned i = 0; i < table->columns; i++)
		json_string(&table->json, table->keys[i], cells[i]);
	json_close(&table->json, '}');
}

static void table_end(struct table *table)
{
	if (!table->as_json)
		return;
	json_close(&table->json, ']');
	json_line(&table->json);
}

/* -- cpus -- */

static void info_cpus(struct table *table)
{
	static const char *const models[][2] = {
		{"rv64",   "all extensions of trapline info features but those on request"},
		{"rv64gc", "G and C and what they need, no more"                          },
		{"max",    "the same as rv64"					     },
	};
	table->columns = 3;
	table->keys[0] = "model", table->widths[0] = 6;
	table->keys[1] = "what", table->widths[1] = 62;
	table->keys[2] = "isa";
	table_begin(table);
	for (unsigned i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
		struct riscv_config config;
		char isa[512];
		if (riscv_config_parse(&config, models[i][0], NULL))
			continue;
		riscv_isa_string(&config, isa, sizeof(isa));
		table_row(table, (const char *[]){models[i][0], models[i][1], isa});
	}
}

/* -- features -- */

static const struct {
	const char *name;
	unsigned availability;
} extensions[RV_EXTENSION_COUNT] = {
#define EXTENSION(id, name, availability) {name, availability},
#include "cpu/riscv/extension.def"
#undef EXTENSION
};

static void info_features(struct table *table)
{
	static const char *const availability[] = {"on request", "yes", "always"};
	struct riscv_config gc;
	riscv_config_default(&gc);
	riscv_config_parse(&gc, "rv64gc", NULL);
	table->columns = 3;
	table->keys[0] = "extension", table->widths[0] = 12;
	table->keys[1] = "rv64", table->widths[1] = 10;
	table->keys[2] = "rv64gc";
	table_begin(table);
	for (unsigned i = 0; i < RV_EXTENSION_COUNT; i++) {
		bool in_gc = gc.extension[i / 64] >> i % 64 & 1;
		table_row(table, (const char *[]){extensions[i].name,
						  availability[extensions[i].availability],
						  in_gc ? "yes" : "on request"});
	}
}

/* -- insns -- */

static void format_need(const struct riscv_need *need, char *text, size_t size)
{
	text[0] = 0;
	for (unsigned i = 0; i < need->count; i++) {
		size_t used = strlen(text);
		snprintf(text + used, size - used, "%s%s", i ? need->any ? "|" : "+" : "",
			 extensions[need->extension[i]].name);
	}
}

static void info_insns(struct table *table)
{
	char need[40], mask[16], match[16];
	table->columns = 4;
	table->keys[0] = "instruction", table->widths[0] = 16;
	table->keys[1] = "extension", table->widths[1] = 16;
	table->keys[2] = "mask", table->widths[2] = 10;
	table->keys[3] = "match";
	table_begin(table);
	const char *const cells[] = {NULL, need, mask, match};
	for (unsigned i = 0; i < riscv_row_count; i++) {
		const struct riscv_row *row = &riscv_rows[i];
		format_need(&row->need, need, sizeof(need));
		snprintf(mask, sizeof(mask), "0x%08x", row->mask);
		snprintf(match, sizeof(match), "0x%08x", row->match);
		table_row(table, (const char *[]){row->name, cells[1], cells[2], cells[3]});
	}
	for (unsigned i = 0; i < riscv_row16_count; i++) {
		const struct riscv_row16 *row = &riscv_rows16[i];
		format_need(&row->need, need, sizeof(need));
		snprintf(mask, sizeof(mask), "0x%04x", row->mask);
		snprintf(match, sizeof(match), "0x%04x", row->match);
		table_row(table, (const char *[]){row->name, cells[1], cells[2], cells[3]});
	}
}

/* -- sysregs -- */

static void info_sysregs(struct table *table)
{
	static const char *const levels[] = {"U", "S", "HS", "M"};
	table->columns = 6;
	table->keys[0] = "number", table->widths[0] = 6;
	table->keys[1] = "csr", table->widths[1] = 14;
	table->keys[2] = "level", table->widths[2] = 5;
	table->keys[3] = "access", table->widths[3] = 6;
	table->keys[4] = "extension", table->widths[4] = 9;
	table->keys[5] = "what";
	table_begin(table);
	for (unsigned i = 0; i < riscv_csr_count; i++) {
		const struct csr *csr = &riscv_csrs[i];
		const char *summary = riscv_csr_summary(csr->name);
		char number[8];
		snprintf(number, sizeof(number), "0x%03x", csr->number);
		table_row(table, (const char *[]){number, csr->name, levels[csr->number >> 8 & 3],
						  csr->number >> 10 == 3 ? "RO" : "RW",
						  extensions[csr->extension].name,
						  summary ? summary : ""});
	}
}

/* -- machines -- */

static void machine_row(void *opaque, const struct board_info *info)
{
	char cpus[16];
	snprintf(cpus, sizeof(cpus), "%u", info->cpus_max);
	table_row(opaque, (const char *[COLUMNS_MAX]){info->name, image_arch_name(info->arch), cpus,
						      info->settings, info->summary});
}

static void info_machines(struct table *table)
{
	table->columns = 5;
	table->keys[0] = "machine", table->widths[0] = 7;
	table->keys[1] = "arch", table->widths[1] = 8;
	table->keys[2] = "cpus", table->widths[2] = 4;
	table->keys[3] = "settings", table->widths[3] = 15;
	table->keys[4] = "what";
	table_begin(table);
	board_list(machine_row, table);
}

/* -- devices -- */

static void info_devices(struct table *table)
{
	table->columns = 2;
	table->keys[0] = "device", table->widths[0] = 12;
	table->keys[1] = "what";
	table_begin(table);
	for (size_t i = 0; i < device_table_count; i++)
		table_row(table, (const char *[]){device_table[i]->name, device_table[i]->summary});
	for (const char *const *help = board_device_help; *help; help++)
		table_row(table, (const char *[]){"--device", *help});
}

/* -- sbi -- */

struct sbi_rows {
	struct table *table;
	const char *wanted; /* extension whose calls are being listed */
	bool offered;
};

static void sbi_call_row(void *opaque, const char *extension, const char *function, unsigned fid,
			 const char *arguments, const char *meaning)
{
	struct sbi_rows *rows = opaque;
	char number[8], call[160];
	if (strcmp(extension, rows->wanted) != 0)
		return;
	snprintf(number, sizeof(number), "%u", fid);
	snprintf(call, sizeof(call), "%s(%s)", function, arguments);
	table_row(rows->table,
		  (const char *[]){extension, number, rows->offered ? "yes" : "no", call, meaning});
}

static void sbi_extension_row(void *opaque, const char *name, uint32_t first, uint32_t last,
			      bool offered)
{
	struct sbi_rows *rows = opaque;
	(void)first;
	(void)last;
	rows->wanted = name;
	rows->offered = offered;
	sbi_list_calls(sbi_call_row, rows);
}

static void info_sbi(struct table *table)
{
	struct sbi_rows rows = {.table = table};
	table->columns = 5;
	table->keys[0] = "extension", table->widths[0] = 9;
	table->keys[1] = "fid", table->widths[1] = 3;
	table->keys[2] = "offered", table->widths[2] = 7;
	table->keys[3] = "call", table->widths[3] = 50;
	table->keys[4] = "what";
	table_begin(table);
	sbi_list(sbi_extension_row, &rows);
}

/* -- AArch64 -- */

static void info_arm64_cpus(struct table *table)
{
	const char *name, *summary;
	table->columns = 2;
	table->keys[0] = "model", table->widths[0] = 12;
	table->keys[1] = "what";
	table_begin(table);
	for (unsigned i = 0; arm64_model(i, &name, &summary); i++)
		table_row(table, (const char *[]){name, summary});
}

static void info_arm64_features(struct table *table)
{
	static const char *const kinds[] = {"yes", "registers, on request", "on request", "no"};
	table->columns = 2;
	table->keys[0] = "feature", table->widths[0] = 12;
	table->keys[1] = "max";
	table_begin(table);
	table_row(table, (const char *[]){"EL2", kinds[ARM64_MODELLED]});
	table_row(table, (const char *[]){"EL3", kinds[ARM64_OPTION]});
	for (unsigned i = 0; i < A64_FEATURE_COUNT; i++)
		table_row(table,
			  (const char *[]){arm64_feature_name(i), kinds[arm64_feature_kind(i)]});
}

static void info_arm64_insns(struct table *table)
{
	char mask[16], match[16];
	table->columns = 3;
	table->keys[0] = "instruction", table->widths[0] = 44;
	table->keys[1] = "mask", table->widths[1] = 10;
	table->keys[2] = "match";
	table_begin(table);
	for (unsigned i = 0; i < arm64_row_count; i++) {
		snprintf(mask, sizeof(mask), "0x%08x", arm64_rows[i].mask);
		snprintf(match, sizeof(match), "0x%08x", arm64_rows[i].match);
		table_row(table, (const char *[]){arm64_rows[i].name, mask, match});
	}
}

/* What can trap an operation to EL2, most specific first. */
static void list_traps(const struct arm64_operation *operation, char *text, size_t size)
{
	const struct arm64_trap_ref *ref = arm64_first_trap(operation);
	const struct arm64_trap_ref *end = arm64_first_trap(operation + 1);
	size_t used = 0;
	text[0] = 0;
	for (; ref < end && used < size; ref++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
					 arm64_trap_why(ref));
}

static void list_needs(const struct arm64_operation_info *info, char *text, size_t size)
{
	size_t used = 0;
	text[0] = 0;
	for (unsigned i = 0; i < info->need_count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", used ? "+" : "",
					 arm64_feature_name(info->need[i]));
}

static void info_arm64_sysregs(struct table *table)
{
	static const char *const levels[] = {"EL0", "EL1", "EL2", "EL3"};
	static const char *const access[] = {
		[A64_ACCESS_R] = "RO",
		[A64_ACCESS_W] = "WO",
		[A64_ACCESS_RW] = "RW",
		[A64_ACCESS_X] = "X",
	};
	table->columns = 6;
	table->keys[0] = "encoding", table->widths[0] = 15;
	table->keys[1] = "name", table->widths[1] = 18;
	table->keys[2] = "level", table->widths[2] = 5;
	table->keys[3] = "access", table->widths[3] = 6;
	table->keys[4] = "feature", table->widths[4] = 14;
	table->keys[5] = "traps";
	table_begin(table);
	for (unsigned i = 1; i <= arm64_operation_count(); i++) {
		const struct arm64_operation *operation = arm64_operation_by_number(i);
		struct arm64_operation_info info = arm64_operation_info(operation);
		char number[ARM64_ENCODING_SIZE], needs[64], traps[512];
		arm64_format_encoding(operation->encoding, number);
		list_needs(&info, needs, sizeof(needs));
		list_traps(operation, traps, sizeof(traps));
		table_row(table, (const char *[]){number, info.name, levels[info.level],
						  access[info.access], needs, traps});
	}
}

static void psci_row(void *opaque, uint32_t id, const char *family, const char *name)
{
	char number[16];
	snprintf(number, sizeof(number), "0x%08x", id);
	table_row(opaque, (const char *[COLUMNS_MAX]){number, family, name});
}

static void info_psci(struct table *table)
{
	table->columns = 3;
	table->keys[0] = "id", table->widths[0] = 10;
	table->keys[1] = "family", table->widths[1] = 6;
	table->keys[2] = "function";
	table_begin(table);
	psci_list(psci_row, table);
}

/* -- */

static const struct topic {
	const char *name;
	void (*print)(struct table *table);       /* RISC-V; NULL: it has none */
	void (*print_arm64)(struct table *table); /* --arch aarch64 */
	const char *summary;
} topics[] = {
	{"cpus",     info_cpus,     info_arm64_cpus,     "models for --cpu"                                              },
	{"features", info_features, info_arm64_features, "for --cpu MODEL,+FEATURE,-FEATURE"                             },
	{"insns",    info_insns,    info_arm64_insns,    "instructions"                                                  },
	{"sysregs",  info_sysregs,  info_arm64_sysregs,
	 "control and status registers; system registers and operations"                                                 },
	{"machines", info_machines, info_machines,       "boards for --machine, one for each --arch"                     },
	{"devices",  info_devices,  info_devices,        "devices of the boards and for --device"                        },
	{"sbi",      info_sbi,      NULL,                "firmware calls and whether the in-process firmware offers them"},
	{"psci",     NULL,          info_psci,           "the same of AArch64"                                           },
};
#define TOPIC_COUNT (sizeof(topics) / sizeof(topics[0]))

struct info_options {
	bool json, help;
	const char *arch;
};

static const struct option info_table[] = {
	{"arch",  'A', NULL, OPTION_STRING, "ARCH", offsetof(struct info_options, arch),
	 "riscv64 or aarch64 (riscv64)"},
	{"json",   0, NULL, OPTION_FLAG, NULL, offsetof(struct info_options, json),
	 "an array of JSON objects"},
	{"help", 'h', NULL, OPTION_FLAG, NULL, offsetof(struct info_options, help), "this text"},
	{0 },
};

static void print_help(void)
{
	printf("usage: trapline info TOPIC [--arch ARCH] [--json]\n\n");
	for (unsigned i = 0; i < TOPIC_COUNT; i++)
		printf("  %-10s %s\n", topics[i].name, topics[i].summary);
	printf("\n");
	options_help(info_table);
}

static void list_topics(char *text, size_t size)
{
	size_t used = 0;
	for (unsigned i = 0; i < TOPIC_COUNT && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "",
					 topics[i].name);
}

static int print_topic(const struct info_options *options, const char *name, struct error *error)
{
	bool arm = options->arch && !strcmp(options->arch, "aarch64");
	if (options->arch && !arm && strcmp(options->arch, "riscv64") != 0)
		return error_set(error, EXIT_CODE_USAGE,
				 "--arch %.40s: expected riscv64 or aarch64", options->arch);
	for (unsigned i = 0; i < TOPIC_COUNT; i++) {
		struct table table = {.as_json = options->json};
		if (strcmp(topics[i].name, name) != 0)
			continue;
		bool only_arm = !topics[i].print;
		void (*print)(struct table * table) =
			arm || only_arm ? topics[i].print_arm64 : topics[i].print;
		if (!print)
			return error_set(error, EXIT_CODE_USAGE,
					 "info %s: not there for aarch64, expected riscv64", name);
		print(&table);
		table_end(&table);
		return 0;
	}
	char topics[160];
	list_topics(topics, sizeof(topics));
	return error_set(error, EXIT_CODE_USAGE, "info '%.40s': expected one of %s", name, topics);
}

int cli_info(int argc, char **argv)
{
	struct info_options options = {0};
	struct option_list words = {.count = 0};
	struct error error = {0};
	int rest;
	if (options_parse(info_table, &options, argc, argv, &words, &rest, &error))
		return cli_fail(&error);
	if (options.help) {
		print_help();
		return 0;
	}
	if (words.count == 1) {
		print_topic(&options, words.items[0], &error);
	} else {
		char topics[160];
		list_topics(topics, sizeof(topics));
		error_set(&error, EXIT_CODE_USAGE, "info: expected one of %s", topics);
	}
	return error.exit_code ? cli_fail(&error) : 0;
}
