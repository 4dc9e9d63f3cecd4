/*
 * A monitor at EL2 that sets each fine-grained trap by itself, has EL1 execute what is under it,
 * and prints what ESR_EL2 says. The bits and what they trap come from the emulator's own table.
 */
#include "../lib/rom.h"

enum polarity { POSITIVE, NEGATIVE };
enum access { R = 1, W = 0, X = 2 };

struct bit {
	const char *name, *field;
	uint8_t reg, bit, polarity;
};

enum reg {
	HFGRTR_EL2,
	HFGWTR_EL2,
	HFGITR_EL2,
	HDFGRTR_EL2,
	HDFGWTR_EL2,
	HAFGRTR_EL2,
	HFGRTR2_EL2,
	HFGWTR2_EL2,
	HFGITR2_EL2,
	HDFGRTR2_EL2,
	HDFGWTR2_EL2,
	REGISTERS,
	/* FEAT_GCIE is off by default. */
	ICH_HFGRTR_EL2,
	ICH_HFGWTR_EL2,
	ICH_HFGITR_EL2,
};

static const struct bit bits[] = {
#define FGT(reg, bit, field, polarity, need) {#reg, #field, reg, bit, polarity},
#define FGT_TRAP(...)
#include "cpu/arm64/fgt.def"
#undef FGT
#undef FGT_TRAP
};

static const struct {
	uint8_t reg, bit, access, op0, op1, crn, crm, op2;
} traps[] = {
#define FGT(...)
#define FGT_TRAP(...) {__VA_ARGS__},
#include "cpu/arm64/fgt.def"
#undef FGT
#undef FGT_TRAP
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void set(unsigned reg, uint64_t value)
{
	switch (reg) {
	case HFGRTR_EL2: WRITE("s3_4_c1_c1_4", value); break;
	case HFGWTR_EL2: WRITE("s3_4_c1_c1_5", value); break;
	case HFGITR_EL2: WRITE("s3_4_c1_c1_6", value); break;
	case HDFGRTR_EL2: WRITE("s3_4_c3_c1_4", value); break;
	case HDFGWTR_EL2: WRITE("s3_4_c3_c1_5", value); break;
	case HFGRTR2_EL2: WRITE("s3_4_c3_c1_2", value); break;
	case HFGWTR2_EL2: WRITE("s3_4_c3_c1_3", value); break;
	case HFGITR2_EL2: WRITE("s3_4_c3_c1_7", value); break;
	case HDFGRTR2_EL2: WRITE("s3_4_c3_c1_0", value); break;
	case HDFGWTR2_EL2: WRITE("s3_4_c3_c1_1", value); break;
	default: break; /* HAFGRTR_EL2 needs FEAT_AMUv1, which is off by default */
	}
}

/* The bits of a register that exist here: the others are RES0. */
static uint64_t existing(unsigned reg)
{
	switch (reg) {
	case HFGRTR_EL2: set(reg, ~0ull); return READ("s3_4_c1_c1_4");
	case HFGWTR_EL2: set(reg, ~0ull); return READ("s3_4_c1_c1_5");
	case HFGITR_EL2: set(reg, ~0ull); return READ("s3_4_c1_c1_6");
	case HDFGRTR_EL2: set(reg, ~0ull); return READ("s3_4_c3_c1_4");
	case HDFGWTR_EL2: set(reg, ~0ull); return READ("s3_4_c3_c1_5");
	case HFGRTR2_EL2: set(reg, ~0ull); return READ("s3_4_c3_c1_2");
	case HFGWTR2_EL2: set(reg, ~0ull); return READ("s3_4_c3_c1_3");
	case HFGITR2_EL2: set(reg, ~0ull); return READ("s3_4_c3_c1_7");
	case HDFGRTR2_EL2: set(reg, ~0ull); return READ("s3_4_c3_c1_0");
	case HDFGWTR2_EL2: set(reg, ~0ull); return READ("s3_4_c3_c1_1");
	default: return 0;
	}
}

/* The value of a register with which nothing traps. */
static uint64_t quiet(unsigned reg)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < COUNT(bits); i++)
		if (bits[i].reg == reg && bits[i].polarity == NEGATIVE)
			value |= 1ull << bits[i].bit;
	return value;
}

static uint32_t instruction(unsigned trap)
{
	return 0xd5000000u | (uint32_t)(traps[trap].access == R) << 21 |
	       (uint32_t)traps[trap].op0 << 19 | (uint32_t)traps[trap].op1 << 16 |
	       (uint32_t)traps[trap].crn << 12 | (uint32_t)traps[trap].crm << 8 |
	       (uint32_t)traps[trap].op2 << 5;
}

static void print_row(const struct bit *bit, uint32_t word, uint64_t esr)
{
	rom_print("# ");
	rom_print(bit->name);
	rom_print(".");
	rom_print(bit->field);
	rom_print(bit->polarity == NEGATIVE ? "=0: " : "=1: ");
	rom_hex(word);
	rom_print(" -> ESR_EL2 ");
	rom_hex(esr);
	rom_print("\n");
}

/* What ESR_EL2 has to say of a trapped access with X0. */
static uint64_t expected_esr(uint32_t word)
{
	return 0x62000000u | (word >> 19 & 3) << 20 | (word >> 5 & 7) << 17 |
	       (word >> 16 & 7) << 14 | (word >> 12 & 15) << 10 | (word >> 8 & 15) << 1 |
	       (word >> 21 & 1);
}

static bool try_bit(const struct bit *bit)
{
	bool right = true;
	uint64_t value = quiet(bit->reg);
	for (unsigned i = 0; i < COUNT(traps); i++) {
		if (traps[i].reg != bit->reg || traps[i].bit != bit->bit)
			continue;
		uint32_t word = instruction(i);
		set(bit->reg, value ^ 1ull << bit->bit);
		uint64_t esr = rom_at_el1(word, 0, 0);
		set(bit->reg, value);
		/* MTE's operations are under bits that exist, and are undefined. */
		if (esr == ROM_EL1)
			continue;
		print_row(bit, word, esr);
		right &= esr == expected_esr(word);
		/* Reads do no harm where nothing traps them. */
		if (traps[i].access == R)
			right &= rom_at_el1(word, 0, 0) != esr;
	}
	return right;
}

void rom_main(void)
{
	WRITE("hcr_el2", HCR_GUEST);
	WRITE("s3_4_c1_c2_2", 0xc7c007 & ~0x50ull); /* HCRX_EL2: everything enabled */
	WRITE("mdcr_el2", 1 << 24 | 3 << 12 | 6);
	WRITE("cnthctl_el2", 3);
	WRITE("cptr_el2", 0x33ff);
	for (unsigned reg = 0; reg < REGISTERS; reg++) {
		uint64_t exist = existing(reg);
		set(reg, quiet(reg));
		for (unsigned i = 0; i < COUNT(bits); i++)
			if (bits[i].reg == reg && exist >> bits[i].bit & 1)
				rom_check(try_bit(&bits[i]), bits[i].field);
	}
}
