/*
 * A bench with a GICv3 and two processing elements: the second one is stopped and has an interface
 * like any other. Guest programs are words of instructions, in every engine.
 */
#ifndef TESTS_ARM64_GIC_BOARD_H
#define TESTS_ARM64_GIC_BOARD_H

#include <criterion/criterion.h>

#include "cpu/arm64/pe.h"
#include "cpu/arm64/sysreg.h"
#include "devices/gic_v3.h"
#include "tests/arm64-insn/bench.h"

#define GICD 0x08000000ull
#define GICR (GICD + GIC_V3_REDISTRIBUTORS)
#define SGI  (GICR + 0x10000)

struct board {
	struct bench bench;
	struct arm64_cpu *other;
	struct device *gic;
};

/* Group 1 is on everywhere, PMR lets everything through, all private interrupts are group 1. */
void board_init(struct board *board, const char *engine);
void board_fini(struct board *board);

/* Registers of the distributor by physical address, 4 bytes. */
uint32_t board_read(struct board *board, uint64_t address);
void board_write(struct board *board, uint64_t address, uint32_t value);

/* Makes a private interrupt of PE 0 or a shared one group 1, enabled, of a priority. */
void board_enable(struct board *board, unsigned intid, uint8_t priority);

/* System registers of PE 0, as its current level reaches them; the access is permitted. */
uint64_t board_get(struct board *board, enum arm64_sysreg reg);
void board_set(struct board *board, enum arm64_sysreg reg, uint64_t value);

/* Drives a shared interrupt's wire. */
void board_wire(struct board *board, unsigned intid, bool level);

/* Lets time pass for whatever PE 0 runs. */
void board_pass(struct board *board, uint64_t ticks);

#endif
