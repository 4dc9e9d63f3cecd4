#include "src/cli/jit_dump.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "src/cli/cli.h"
#include "trace/disassemble.h"

struct jit_dump {
	FILE *file;
	struct disassembler *guest, *host;
};

static void write_line(struct jit_dump *dump, const struct engine_code_line *line, bool new_insn)
{
	char text[128];
	uint8_t bytes[4];
	memcpy(bytes, &line->bits, sizeof(bytes));
	if (new_insn) {
		disassemble(dump->guest, bytes, sizeof(bytes), line->pc, text, sizeof(text));
		fprintf(dump->file, " %" PRIx64 ": %08x %s\n", line->pc, (unsigned)line->bits,
			text);
	}
	fprintf(dump->file, "  %s%s d=%u a=%u b=%u imm=%d\n", line->behind ? "behind: " : "",
		line->op, line->operands[0], line->operands[1], line->operands[2], line->imm);
}

/* Data between instructions, such as slots behind calls, may look like some. */
static void write_host(struct jit_dump *dump, const struct engine_code *code, const uint8_t *from,
		       const uint8_t *to)
{
	while (from < to) {
		char text[128];
		const uint8_t *bytes = code->bytes + (from - code->at);
		size_t length = disassemble(dump->host, bytes, (size_t)(to - from), (uintptr_t)from,
					    text, sizeof(text));
		fprintf(dump->file, "   %" PRIxPTR ":", (uintptr_t)from);
		if (!length)
			fprintf(dump->file, " .byte 0x%02x\n", bytes[0]);
		else
			fprintf(dump->file, " %s\n", text);
		from += length ? length : 1;
	}
}

static void write_block(void *context, const struct engine_code *code)
{
	struct jit_dump *dump = context;
	fprintf(dump->file, "block %" PRIx64 " %u instructions, host %" PRIxPTR " %zu bytes\n",
		code->pc, code->insn_count, (uintptr_t)code->at, code->size);
	if (code->line_count > 0)
		write_host(dump, code, code->at, code->lines[0].at);
	for (unsigned i = 0; i < code->line_count; i++) {
		const struct engine_code_line *line = &code->lines[i];
		write_line(dump, line, i == 0 || line->pc != line[-1].pc);
		write_host(dump, code, line->at,
			   i + 1 < code->line_count ? line[1].at : code->at + code->size);
	}
}

int jit_dump_start(struct machine *machine, const char *path, struct jit_dump **dump,
		   struct error *error)
{
	*dump = calloc(1, sizeof(**dump));
	if (!*dump)
		return error_set(error, EXIT_CODE_USAGE, "--jit-dump: out of memory");
	(*dump)->file = fopen(path, "we");
	if (!(*dump)->file) {
		error_set(error, EXIT_CODE_USAGE, "--jit-dump %s: %s", path, strerror(errno));
	} else if (code_cache_list(machine->cpu[0]->code, write_block, *dump)) {
		error_set(error, EXIT_CODE_USAGE, "--jit-dump: expected --engine jit");
	} else {
		(*dump)->guest = disassembler_new(machine->cpu[0]->isa->name);
		(*dump)->host = disassembler_new("x86_64");
		return 0;
	}
	jit_dump_free(*dump);
	*dump = NULL;
	return -1;
}

void jit_dump_free(struct jit_dump *dump)
{
	if (!dump)
		return;
	disassembler_free(dump->guest);
	disassembler_free(dump->host);
	if (dump->file)
		fclose(dump->file);
	free(dump);
}
