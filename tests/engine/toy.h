/*
 * A guest for testing engines: instructions are micro-ops, 16 bytes each, so that every micro-op
 * can be put anywhere. One level, no translation, identity mapping, RAM at TOY_RAM.
 */
#ifndef TESTS_ENGINE_TOY_H
#define TESTS_ENGINE_TOY_H

#include "bus/bus.h"
#include "core/machine.h"
#include "engine/engine.h"
#include "engine/uop.h"
#include "mmu/mmu.h"

#define TOY_RAM      0x80000000ull
#define TOY_RAM_SIZE 0x100000ull
#define TOY_DATA     (TOY_RAM + 0x80000) /* where tests keep data */
#define TOY_DEVICE   0x1000ull           /* an MMIO page that counts accesses */
#define TOY_VECTOR   (TOY_RAM + 0x70000) /* where traps go */

/* The engines of this host, the reference first. */
static const char *const toy_engines[] = {
	"step",
	"interp",
#if ENGINE_HAS_JIT
	"jit",
#endif
};
#define TOY_ENGINES (sizeof(toy_engines) / sizeof(toy_engines[0]))

/* One instruction. Control micro-ops use wide as the target. */
struct toy_insn {
	uint32_t op : 14, d : 6, a : 6, b : 6;
	int32_t imm;
	uint64_t wide;
};

/*
 * Beyond the micro-ops: an instruction that stops the machine, and two that call a helper, which
 * mixes time, place and operands into d; TOY_NONE is illegal. imm bit 0: it traps; bit 1: it asks
 * to leave the block. TOY_CALL_END goes on at wide.
 */
enum { TOY_STOP = UOP_COUNT, TOY_CALL, TOY_CALL_END, TOY_OPS, TOY_NONE = 0x3fff };

struct toy {
	struct cpu cpu;
	struct machine machine;
	struct mb_bus *bus;
	struct mb_region *root, *ram, *device;
	struct code_cache *code;
	uint8_t *host; /* of TOY_RAM */
	unsigned device_reads, device_writes;
	uint64_t last_trap_pc, last_trap_value, last_trap_cause;
	uint64_t trap_digest; /* of all traps */
	bool resume;          /* traps go on behind the instruction, interrupts where they came */
	bool aligned_only;
	uint64_t state[8];          /* what GET and PUT access */
	bool translated[UOP_COUNT]; /* which micro-ops were ever made */
	unsigned interrupts;        /* to be taken at the next boundaries */
};

/* A machine with the named engine; the JIT compiles at once. Aborts the test without memory. */
struct toy *toy_new(const char *engine);
void toy_free(struct toy *toy);

/* Puts instructions at an address, followed by TOY_STOP. */
void toy_program(struct toy *toy, uint64_t address, const struct toy_insn *insns, unsigned count);

/* Runs from pc until the program stops or limit ticks have passed. */
void toy_run(struct toy *toy, uint64_t pc, uint64_t limit);

#endif
