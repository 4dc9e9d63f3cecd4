#include "trace/disassemble.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <capstone/capstone.h>

struct disassembler {
	csh handle;
	cs_insn *insn;
};

/* Guests that the Capstone of this build knows. */
static const struct target {
	const char *isa;
	cs_arch arch;
	unsigned mode;
} targets[] = {
#if TRAPLINE_CAPSTONE_RISCV
	{"riscv64", CS_ARCH_RISCV, CS_MODE_RISCV64 | CS_MODE_RISCVC},
#endif
	{"aarch64", CS_ARCH_ARM64, CS_MODE_ARM                     },
	{"x86_64",  CS_ARCH_X86,   CS_MODE_64                      },
};

static const struct target *find_target(const char *isa)
{
	for (const struct target *target = targets; target->isa; target++)
		if (!strcmp(target->isa, isa))
			return target;
	return NULL;
}

const char *disassembler_absence(const char *isa)
{
	const struct target *target = find_target(isa);
	if (!target)
		return "built with a Capstone that does not know this guest";
	return cs_support((int)target->arch) ? NULL
					     : "the Capstone installed does not know this guest";
}

struct disassembler *disassembler_new(const char *isa)
{
	const struct target *target = find_target(isa);
	struct disassembler *disassembler = target ? calloc(1, sizeof(*disassembler)) : NULL;
	if (!disassembler)
		return NULL;
	if (cs_open(target->arch, (cs_mode)target->mode, &disassembler->handle) != CS_ERR_OK) {
		free(disassembler);
		return NULL;
	}
	disassembler->insn = cs_malloc(disassembler->handle);
	if (!disassembler->insn) {
		disassembler_free(disassembler);
		return NULL;
	}
	return disassembler;
}

void disassembler_free(struct disassembler *disassembler)
{
	if (!disassembler)
		return;
	if (disassembler->insn)
		cs_free(disassembler->insn, 1);
	cs_close(&disassembler->handle);
	free(disassembler);
}

size_t disassemble(struct disassembler *disassembler, const uint8_t *bytes, size_t size,
		   uint64_t pc, char *text, size_t text_size)
{
	text[0] = 0;
	if (!disassembler)
		return 0;
	const cs_insn *insn = disassembler->insn;
	if (!cs_disasm_iter(disassembler->handle, &bytes, &size, &pc, disassembler->insn))
		return 0;
	snprintf(text, text_size, "%s%s%s", insn->mnemonic, insn->op_str[0] ? " " : "",
		 insn->op_str);
	return insn->size;
}
