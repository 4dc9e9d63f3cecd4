/* DBCN: write, read, write_byte, and bad memory. */
#include "test-roms/riscv/lib/sbi.h"

#define HOLE 0x0a000000ul

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	static const char text[] = "# written through the debug console\n";
	u64 size = sizeof(text) - 1;
	struct sbi_return written = sbi_call(SBI_DBCN, 0, size, (u64)text, 0);
	check_eq(written.error, 0, "write");
	check_eq(written.value, size, "write: all bytes");
	written = sbi_call(SBI_DBCN, 0, 0, (u64)text, 0);
	check_eq(written.error, 0, "write of nothing");
	check_eq(written.value, 0, "write of nothing: 0 bytes");
	console_printf("# ");
	check_eq(sbi_call(SBI_DBCN, 2, 0x64636261, 0, 0).error, 0, "write_byte takes 8 bits");
	check_eq(sbi_call(SBI_DBCN, 2, '\n', 0, 0).value, 0, "write_byte: value 0");

	check_eq(sbi_call(SBI_DBCN, 0, 8, HOLE, 0).error, SBI_INVALID_PARAM,
		 "write from no memory");
	check_eq(sbi_call(SBI_DBCN, 0, 8, (u64)text, 1).error, SBI_INVALID_PARAM,
		 "write, high address word not 0");
	check_eq(sbi_call(SBI_DBCN, 0, -1ul, (u64)text, 0).error, SBI_INVALID_PARAM,
		 "write, size wraps");
	check_eq(sbi_call(SBI_DBCN, 1, 8, HOLE, 0).error, SBI_INVALID_PARAM, "read to no memory");

	char buffer[8];
	struct sbi_return got = sbi_call(SBI_DBCN, 1, sizeof(buffer), (u64)buffer, 0);
	check_eq(got.error, 0, "read");
	check_true(got.value <= sizeof(buffer), "read: at most the size");
}
