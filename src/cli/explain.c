/* trapline explain: what a value means, without a guest. */
#include <stdio.h>
#include <string.h>

#include "core/explain.h"
#include "cpu/arm64/explain.h"
#include "cpu/riscv/explain.h"
#include "sbi/sbi.h"
#include "src/cli/cli.h"

typedef int explain_fn(const char *kind, const char *text, struct explanation *explanation,
		       struct error *error);

static int explain_csr(const char *kind, const char *text, struct explanation *explanation,
		       struct error *error)
{
	(void)kind;
	return riscv_explain_csr(text, explanation, error);
}

static int explain_sbi(const char *kind, const char *text, struct explanation *explanation,
		       struct error *error)
{
	(void)kind;
	return sbi_explain(text, explanation, error);
}

static int explain_esr(const char *kind, const char *text, struct explanation *explanation,
		       struct error *error)
{
	(void)kind;
	return arm64_explain_esr(text, explanation, error);
}

static int explain_sysreg(const char *kind, const char *text, struct explanation *explanation,
			  struct error *error)
{
	(void)kind;
	return arm64_explain_sysreg(text, explanation, error);
}

static const struct kind {
	const char *name;
	explain_fn *explain;
	const char *later; /* the machine that brings it, if explain is NULL */
} kinds[] = {
	{"mcause",   riscv_explain_cause, NULL    },
	{"scause",   riscv_explain_cause, NULL    },
	{"csr",      explain_csr,         NULL    },
	{"sbi",      explain_sbi,         NULL    },
	{"esr",      explain_esr,         NULL    },
	{"sysreg",   explain_sysreg,      NULL    },
	{"vmcb",     NULL,                "x86-64"},
	{"exitcode", NULL,                "x86-64"},
};

static const struct kind *find_kind(const char *name, struct error *error)
{
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, name) != 0)
			continue;
		if (kinds[i].explain)
			return &kinds[i];
		error_set(error, EXIT_CODE_USAGE, "explain %s comes with the %s machine", name,
			  kinds[i].later);
		return NULL;
	}
	error_set(error, EXIT_CODE_USAGE,
		  "explain '%.40s': expected mcause, scause, csr, sbi, esr or sysreg", name);
	return NULL;
}

static void print_help(void)
{
	printf("usage: trapline explain mcause|scause VALUE|NAME\n"
	       "       trapline explain csr NAME|NUMBER[=VALUE]\n"
	       "       trapline explain sbi EXTENSION[.FUNCTION]|ERROR|FEATURE\n"
	       "       trapline explain esr VALUE\n"
	       "       trapline explain sysreg NAME|S3_0_C1_C0_0\n"
	       "Says what the value means and which section of which manual tells more.\n\n"
	       "      --json   one JSON object\n\n"
	       "  trapline explain mcause 0x8000000000000005\n"
	       "  trapline explain csr mstatus=0xa00001800\n"
	       "  trapline explain sbi FWFT.set\n"
	       "  trapline explain sbi -14\n"
	       "  trapline explain esr 0x2a000004\n"
	       "  trapline explain sysreg SCTLR_EL1\n");
}

/* Values may begin with a minus sign, so this is not the parser of options.h. */
struct arguments {
	const char *words[3];
	unsigned count;
	bool json, help;
};

static int parse(struct arguments *arguments, int argc, char **argv, struct error *error)
{
	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			arguments->json = true;
		else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			arguments->help = true;
		else if (!strcmp(argv[i], "--arch") && i + 1 < argc)
			i++; /* the kind says of which machine it is */
		else if (argv[i][0] == '-' && argv[i][1] == '-')
			return error_set(error, EXIT_CODE_USAGE,
					 "unknown option '%.60s' (see --help)", argv[i]);
		else if (arguments->count == 3)
			return error_set(error, EXIT_CODE_USAGE,
					 "explain: too many arguments at '%.60s'", argv[i]);
		else
			arguments->words[arguments->count++] = argv[i];
	}
	return 0;
}

static int finish(const struct kind *kind, const char *name, const char *text, bool json,
		  struct error *error)
{
	struct explanation explanation;
	if (kind->explain(name, text, &explanation, error))
		return -1;
	explanation_print(&explanation, stdout, json);
	return 0;
}

static int explain(const struct arguments *arguments, struct error *error)
{
	char joined[128];
	if (arguments->count == 0)
		return error_set(
			error, EXIT_CODE_USAGE,
			"explain: expected mcause, scause, csr, sbi, esr or sysreg, and a value");
	const char *name = arguments->words[0], *text = arguments->words[1];
	const struct kind *kind = find_kind(name, error);
	if (!kind)
		return -1;
	if (arguments->count == 1)
		return error_set(error, EXIT_CODE_USAGE, "explain %s: expected a value", name);
	if (arguments->count == 3) {
		if (strcmp(name, "sysreg") == 0) {
			/* TLBI VAE1IS */
			snprintf(joined, sizeof(joined), "%.60s %.60s", text, arguments->words[2]);
			return finish(kind, name, joined, arguments->json, error);
		}
		if (strcmp(name, "csr") != 0)
			return error_set(error, EXIT_CODE_USAGE,
					 "explain %s: expected one value, not '%.60s' too", name,
					 arguments->words[2]);
		snprintf(joined, sizeof(joined), "%.60s=%.60s", text, arguments->words[2]);
		text = joined;
	}
	return finish(kind, name, text, arguments->json, error);
}

int cli_explain(int argc, char **argv)
{
	struct arguments arguments = {.count = 0};
	struct error error = {0};
	if (parse(&arguments, argc, argv, &error))
		return cli_fail(&error);
	if (arguments.help) {
		print_help();
		return 0;
	}
	return explain(&arguments, &error) ? cli_fail(&error) : 0;
}
