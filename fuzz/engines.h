/*
 * A guest that is run by every engine: all must end in the same state, memory included. What the
 * targets fuzz/riscv.c and fuzz/arm64.c share; an ISA makes CPUs and devices and starts them.
 */
#ifndef FUZZ_ENGINES_H
#define FUZZ_ENGINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/bus.h"
#include "engine/engine.h"
#include "machines/reset.h"
#include "mmu/mmu.h"

#define FUZZ_VARIANTS 4

/* The head of an ISA's guest. */
struct guest {
	struct machine machine;
	struct mb_bus *bus;
	struct mb_region *root, *ram;
	struct mmu_watch *watch;
	struct code_cache *code;
	struct reset_point *point; /* before anything ran; NULL for guests that are used once */
};

/* What an ISA does in its own way. */
struct fuzz_isa {
	uint64_t ram_base;
	uint32_t ram_size;
	size_t guest_size;
	/* Which machine the options ask for: below FUZZ_VARIANTS. */
	unsigned (*variant)(uint8_t options);
	/* Makes CPUs and devices. */
	void (*make)(struct guest *guest, uint8_t options);
	void (*unmake)(struct guest *guest);
	/* Puts the program into memory, sets registers and runs it. */
	void (*start)(struct guest *guest, uint8_t options, const uint8_t *program, size_t size);
};

/*
 * Runs an input: its first byte are options, the rest is the program. Aborts if engines differ.
 * The step engine gets a new guest each time. The guests of the others are made once and set back
 * in memory, with their translated code, so that comparing the engines tests this, too. Always the
 * same isa in one process.
 */
void fuzz_engines(const struct fuzz_isa *isa, const uint8_t *data, size_t size);

/* Ends the process, with a core for the fuzzing engine, if something did not work. */
void must(bool done);

/* Writes to RAM through the bus, which tells the reset point. */
void guest_write(const struct fuzz_isa *isa, const struct guest *guest, uint64_t offset,
		 const void *bytes, size_t size);

#endif
