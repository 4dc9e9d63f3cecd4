/* What the programs share: EL2 without an operating system, EL1 as its guest. */
#ifndef TEST_ROMS_ARM64_ROM_H
#define TEST_ROMS_ARM64_ROM_H

#include <stdbool.h>
#include <stdint.h>

#define WRITE(reg, value) __asm__ volatile("msr " reg ", %0\n\tisb" ::"r"((uint64_t)(value)))
#define READ(reg)                                                                                  \
	({                                                                                         \
		uint64_t value_;                                                                   \
		__asm__ volatile("mrs %0, " reg : "=r"(value_));                                   \
		value_;                                                                            \
	})

/* HCR_EL2 of a guest that is not trapped but by what a program adds. */
#define HCR_GUEST (1ull << 31 | 1ull << 40 | 1ull << 41 | 1ull << 47 | 1ull << 53)

/* The program. */
void rom_main(void);

/* Text on the UART; numbers in hexadecimal, without and with leading zeros. */
void rom_print(const char *text);
void rom_hex(uint64_t value);

/* A TAP line. */
void rom_check(bool passed, const char *name);

/*
 * Prints the plan and ends the machine, with semihosting with status 0 (all passed) or 1. A program
 * that itself takes an exception ends with 2.
 */
void rom_end(void);

/*
 * Executes one instruction at EL1 with X0 given; *result (may be NULL) is X0 afterwards. Returns
 * ESR_EL2: ROM_EXECUTED if nothing was trapped, ROM_EL1 if EL1 took an exception.
 */
uint64_t rom_at_el1(uint32_t instruction, uint64_t x0, uint64_t *result);
#define ROM_EXECUTED 0x5a000077ull
#define ROM_EL1      0x5a000066ull

#endif
