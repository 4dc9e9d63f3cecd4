#include "tests/jit/disassemble.h"

#include <capstone/capstone.h>
#include <criterion/criterion.h>

const char *disassemble_one(const uint8_t *bytes, size_t size)
{
	static char text[256];
	csh handle;
	cs_insn *insn;
	cr_assert_eq(cs_open(CS_ARCH_X86, CS_MODE_64, &handle), CS_ERR_OK);
	size_t count = cs_disasm(handle, bytes, size, 0x1000, 0, &insn);
	cr_assert_eq(count, 1, "%zu instructions, first byte %02x", count, bytes[0]);
	cr_assert_eq(insn[0].size, size, "%s %s", insn[0].mnemonic, insn[0].op_str);
	snprintf(text, sizeof(text), "%s %s", insn[0].mnemonic, insn[0].op_str);
	cs_free(insn, count);
	cs_close(&handle);
	return text;
}
