/*
 * Stage 2 faults of a guest with stage 1 off: what ESR_EL2, FAR_EL2 and HPFAR_EL2 say
 * (arm64-el2-traps facts, 9).
 */
#include "../lib/rom.h"

#define VM (1ull << 0)

enum {
	LDR_W5_X0 = 0xb9400005,
	STRB_W2_X0 = 0x39000002,
	LDP_X2_X3_X0 = 0xa9400c02,
	BR_X0 = 0xd61f0000,
};

/* From level 1 on, 39 bits of address: a block is 1 GiB. */
static uint64_t table[512] __attribute__((aligned(4096)));

#define BLOCK(address, access) ((address) | 1 << 10 | 3 << 8 | (access) << 6 | 15 << 2 | 1)
enum { READ_ONLY = 1, READ_WRITE = 3 };

static void expect(uint32_t word, uint64_t address, uint64_t esr, const char *name)
{
	uint64_t found = rom_at_el1(word, address, 0);
	rom_print("# ESR_EL2 ");
	rom_hex(found);
	rom_print(", FAR_EL2 ");
	rom_hex(READ("far_el2"));
	rom_print(", HPFAR_EL2 ");
	rom_hex(READ("hpfar_el2"));
	rom_print("\n");
	rom_check(found == esr && READ("far_el2") == address, name);
}

void rom_main(void)
{
	table[1] = BLOCK(0x40000000ull, READ_WRITE);
	table[2] = BLOCK(0x80000000ull, READ_ONLY);
	WRITE("vtcr_el2", 1u << 31 | 2 << 16 | 3 << 12 | 1 << 10 | 1 << 8 | 1 << 6 | 25);
	WRITE("vttbr_el2", (uint64_t)table);
	__asm__ volatile("dsb ish\n\ttlbi vmalls12e1\n\tdsb ish\n\tisb" ::: "memory");
	WRITE("hcr_el2", HCR_GUEST | VM);
	rom_check(rom_at_el1(LDR_W5_X0, 0x40200000, 0) == ROM_EXECUTED, "a mapped page is read");
	expect(LDR_W5_X0, 0x09000018, 0x93850005, "a word of a device that is not mapped");
	rom_check(READ("hpfar_el2") == 0x90000, "HPFAR_EL2 has its page");
	expect(STRB_W2_X0, 0x09000018, 0x93020045, "a byte stored there");
	expect(LDP_X2_X3_X0, 0x09000018, 0x92000005, "a pair: without ISV");
	expect(STRB_W2_X0, 0x80000004, 0x9302004d, "a store where only reads are allowed");
	expect(BR_X0, 0x09000000, 0x82000005, "a fetch");
}
