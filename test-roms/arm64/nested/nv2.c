/*
 * FEAT_NV2: what EL1 that believes it is EL2 reads and writes of EL2's registers is memory at
 * VNCR_EL2.BADDR (arm64-el2-traps facts, 8).
 */
#include "../lib/rom.h"

#define NV  (1ull << 42)
#define NV1 (1ull << 43)
#define NV2 (1ull << 45)

enum {
	MRS_X0_HCR_EL2 = 0xd53c1100,
	MSR_HCR_EL2_X0 = 0xd51c1100,
	MRS_X0_VBAR_EL2 = 0xd53cc000,
	MRS_X0_SCTLR_EL12 = 0xd53d1000,
	MRS_X0_CURRENTEL = 0xd5384240,
	ERET = 0xd69f03e0,
};

static uint64_t page[512] __attribute__((aligned(4096)));

void rom_main(void)
{
	uint64_t x0 = 0;
	WRITE("s3_4_c2_c2_0", (uint64_t)page); /* VNCR_EL2 */
	WRITE("hcr_el2", HCR_GUEST | NV | NV2);
	page[0x078 / 8] = 0x1234;
	page[0x110 / 8] = 0x5678;
	rom_check(rom_at_el1(MRS_X0_HCR_EL2, 0, &x0) == ROM_EXECUTED && x0 == 0x1234,
		  "HCR_EL2 is read at 0x078");
	rom_check(rom_at_el1(MSR_HCR_EL2_X0, 0x99, 0) == ROM_EXECUTED && page[0x078 / 8] == 0x99,
		  "and written there");
	rom_check(READ("hcr_el2") == (HCR_GUEST | NV | NV2), "the real one has not changed");
	rom_check(rom_at_el1(MRS_X0_SCTLR_EL12, 0, &x0) == ROM_EXECUTED && x0 == 0x5678,
		  "SCTLR_EL12 is read at 0x110");
	rom_check(rom_at_el1(MRS_X0_VBAR_EL2, 0, 0) == 0x62313001, "VBAR_EL2 traps");
	rom_check(rom_at_el1(MRS_X0_CURRENTEL, 0, &x0) == ROM_EXECUTED && x0 == 8,
		  "CurrentEL says EL2");
	rom_check(rom_at_el1(ERET, 0, 0) == 0x6a000000, "ERET traps");
	WRITE("hcr_el2", HCR_GUEST | NV);
	rom_check(rom_at_el1(MRS_X0_HCR_EL2, 0, 0) >> 26 == 0x18, "without NV2 all of it traps");
}
