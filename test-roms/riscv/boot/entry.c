/* What an S-mode program finds at its first instruction, and the device tree it is given
 * (SBI 3.0, HSM; devicetree specification). */
#include "test-roms/riscv/lib/sbi.h"

#define FDT_MAGIC 0xd00dfeedu

static u32 big_endian(const u8 *at)
{
	return (u32)at[0] << 24 | (u32)at[1] << 16 | (u32)at[2] << 8 | at[3];
}

static bool same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

/* The first property of that name, anywhere in the tree; NULL when there is none. */
static const u8 *find_property(const u8 *tree, const char *name, u32 *size)
{
	const u8 *at = tree + big_endian(tree + 8);
	const u8 *end = tree + big_endian(tree + 4);
	const char *strings = (const char *)tree + big_endian(tree + 12);
	while (at < end) {
		u32 token = big_endian(at);
		at += 4;
		if (token == 1) { /* node: its name, padded to 4 */
			while (*at)
				at++;
			at = (const u8 *)(((u64)at + 4) & ~3ul);
		} else if (token == 3) { /* property: size, name, value */
			*size = big_endian(at);
			const char *found = strings + big_endian(at + 4);
			if (same(found, name))
				return at + 8;
			at = (const u8 *)(((u64)at + 8 + *size + 3) & ~3ul);
		} else if (token == 9) {
			return NULL;
		}
	}
	return NULL;
}

static void device_tree_checks(const u8 *tree, u64 hart)
{
	u32 size = 0;
	check_eq((u64)tree & 7, 0, "the device tree is 8-byte aligned");
	if (!check_eq(big_endian(tree), FDT_MAGIC, "a1 points to a device tree"))
		return;
	check_true(big_endian(tree + 20) >= 17, "format version 17 or later");
	const u8 *value = find_property(tree, "timebase-frequency", &size);
	check_true(value && size == 4 && big_endian(value), "timebase-frequency");
	value = find_property(tree, "riscv,isa-base", &size);
	check_true(value && same((const char *)value, "rv64i"), "riscv,isa-base is rv64i");
	value = find_property(tree, "riscv,isa", &size);
	check_true(value && size > 7 && value[4] == 'i', "riscv,isa starts with rv64i");
	value = find_property(tree, "mmu-type", &size);
	check_true(value && value[0] == 'r', "mmu-type");
	value = find_property(tree, "stdout-path", &size);
	check_true(value && size > 1, "stdout-path");
	check_eq(hart_status(hart).value, HART_STARTED, "a0 is the hart that runs");
}

void rom_main(u64 hart, u64 device_tree)
{
	check_eq(csr_read(satp), 0, "satp is 0");
	check_eq(csr_read(sstatus) & STATUS_SIE, 0, "SIE is 0");
	check_eq(csr_read(sie), 0, "sie is 0");
	device_tree_checks((const u8 *)device_tree, hart);

	/* The firmware opens the counters to S-mode. */
	u64 time_value = csr_read(time);
	check_true(csr_read(time) >= time_value, "time is readable");
	check_true(csr_read(cycle) != 0, "cycle is readable");
	check_true(csr_read(instret) != 0, "instret is readable");
}
