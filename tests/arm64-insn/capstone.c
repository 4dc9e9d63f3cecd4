#include "capstone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <capstone/capstone.h>

struct capstone {
	csh handle;
};

struct capstone *capstone_new(void)
{
	struct capstone *capstone = malloc(sizeof(*capstone));
	if (capstone && cs_open(CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, &capstone->handle)) {
		free(capstone);
		return NULL;
	}
	return capstone;
}

void capstone_free(struct capstone *capstone)
{
	cs_close(&capstone->handle);
	free(capstone);
}

bool capstone_mnemonic(struct capstone *capstone, uint32_t word, char *name, size_t size)
{
	const uint8_t bytes[] = {(uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16),
				 (uint8_t)(word >> 24)};
	cs_insn *insn;
	size_t count = cs_disasm(capstone->handle, bytes, sizeof(bytes), 0x1000, 1, &insn);
	if (!count)
		return false;
	snprintf(name, size, "%.*s", (int)strcspn(insn->mnemonic, "."), insn->mnemonic);
	cs_free(insn, count);
	return true;
}
