#include "trace/disassemble.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <capstone/capstone.h>
#include <dlfcn.h>

/*
 * The library, loaded when something is first disassembled: its tables take the dynamic linker
 * several milliseconds, which runs without a trace should not pay.
 */
struct capstone {
	void *library;
	__typeof__(cs_open) *open;
	__typeof__(cs_close) *close;
	__typeof__(cs_malloc) *malloc;
	__typeof__(cs_free) *free;
	__typeof__(cs_disasm_iter) *disasm_iter;
	__typeof__(cs_support) *support;
};

struct disassembler {
	struct capstone capstone;
	csh handle;
	cs_insn *insn;
};

#define STRING_OF(x)        #x
#define LIBRARY_NAME(major) "libcapstone.so." STRING_OF(major)

static void capstone_unload(struct capstone *capstone)
{
	if (capstone->library)
		dlclose(capstone->library);
	capstone->library = NULL;
}

static bool capstone_load(struct capstone *capstone)
{
	capstone->library = dlopen(LIBRARY_NAME(CS_API_MAJOR), RTLD_LAZY | RTLD_LOCAL);
	if (!capstone->library)
		return false;
	const struct {
		const char *name;
		void *where;
	} symbols[] = {
		{"cs_open",        &capstone->open       },
		{"cs_close",       &capstone->close      },
		{"cs_malloc",      &capstone->malloc     },
		{"cs_free",        &capstone->free       },
		{"cs_disasm_iter", &capstone->disasm_iter},
		{"cs_support",     &capstone->support    },
	};
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		void *address = dlsym(capstone->library, symbols[i].name);
		if (!address) {
			capstone_unload(capstone);
			return false;
		}
		memcpy(symbols[i].where, &address, sizeof(address));
	}
	return true;
}

/* Guests that the Capstone of this build knows. */
static const struct target {
	const char *isa;
	cs_arch arch;
	unsigned mode;
} targets[] = {
#if TRAPLINE_CAPSTONE_RISCV
	{"riscv64",			 CS_ARCH_RISCV, CS_MODE_RISCV64 | CS_MODE_RISCVC},
#endif
	{"aarch64", CS_ARCH_ARM64, CS_MODE_ARM},
	{"x86_64",			 CS_ARCH_X86, CS_MODE_64},
	{0		     },
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
	struct capstone capstone;
	if (!target)
		return "built with a Capstone that does not know this guest";
	if (!capstone_load(&capstone))
		return LIBRARY_NAME(CS_API_MAJOR) " is not installed";
	bool known = capstone.support((int)target->arch);
	capstone_unload(&capstone);
	return known ? NULL : "the Capstone installed does not know this guest";
}

struct disassembler *disassembler_new(const char *isa)
{
	const struct target *target = find_target(isa);
	struct disassembler *disassembler = target ? calloc(1, sizeof(*disassembler)) : NULL;
	if (!disassembler)
		return NULL;
	struct capstone *capstone = &disassembler->capstone;
	if (!capstone_load(capstone) || capstone->open(target->arch, (cs_mode)target->mode,
						       &disassembler->handle) != CS_ERR_OK) {
		capstone_unload(capstone);
		free(disassembler);
		return NULL;
	}
	disassembler->insn = capstone->malloc(disassembler->handle);
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
		disassembler->capstone.free(disassembler->insn, 1);
	disassembler->capstone.close(&disassembler->handle);
	capstone_unload(&disassembler->capstone);
	free(disassembler);
}

size_t disassemble(struct disassembler *disassembler, const uint8_t *bytes, size_t size,
		   uint64_t pc, char *text, size_t text_size)
{
	text[0] = 0;
	if (!disassembler)
		return 0;
	const cs_insn *insn = disassembler->insn;
	if (!disassembler->capstone.disasm_iter(disassembler->handle, &bytes, &size, &pc,
						disassembler->insn))
		return 0;
	snprintf(text, text_size, "%s%s%s", insn->mnemonic, insn->op_str[0] ? " " : "",
		 insn->op_str);
	return insn->size;
}
