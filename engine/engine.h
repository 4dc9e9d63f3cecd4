/* Engines: how a CPU runs. All of them execute the same micro-ops and give the same results. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cpu.h"
#include "core/machine.h"

/* One instruction at a time, nothing kept: exact, hookable, the reference. */
extern const struct engine_ops engine_step;
/* Cached blocks, threaded interpreter. */
extern const struct engine_ops engine_interp;

/*
 * Hot blocks as host code, the rest interpreted: x86-64 only. Not with AddressSanitizer, which
 * would see nothing of what such code does.
 */
#if defined(__has_feature)
#define ENGINE_HAS_FEATURE(feature) __has_feature(feature)
#else
#define ENGINE_HAS_FEATURE(feature) 0
#endif
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !ENGINE_HAS_FEATURE(address_sanitizer)
#define ENGINE_HAS_JIT 1
extern const struct engine_ops engine_jit;
#else
#define ENGINE_HAS_JIT 0
#endif

/* The name of the engine to use unless told otherwise: the fastest of this host. */
#define ENGINE_DEFAULT (ENGINE_HAS_JIT ? "jit" : "interp")

/* The engine of that name, or NULL: unknown, or not available on this host. */
const struct engine_ops *engine_find(const char *name);

/* Every engine of this host, the reference, engine_step, first. */
enum { ENGINE_COUNT = 2 + ENGINE_HAS_JIT };
extern const struct engine_ops *const engine_all[ENGINE_COUNT];

/* Translated code of a machine, shared by its CPUs. Returns NULL when memory is out. */
struct code_cache *code_cache_new(struct machine *machine);
void code_cache_free(struct code_cache *cache);

/* Drops everything translated. Safe from helpers: takes effect when the CPU leaves its block. */
void code_cache_flush(struct code_cache *cache);

/* The code hook of every executable RAM (bus: mb_ram_set_code_hook): bytes are about to change. */
void code_cache_write(void *cache, struct mb_ram *ram, uint64_t offset, uint64_t length);

/* How often the JIT lets a block be interpreted before it compiles it: for tests, 0 to 255. */
void code_cache_set_executions(struct code_cache *cache, unsigned executions);

/* One part of a block's host code: it begins at an address and belongs to a micro-op. */
struct engine_code_line {
	uint64_t pc;   /* of the micro-op's instruction */
	uint32_t bits; /* of that, its first four bytes or fewer */
	const char *op;
	uint8_t operands[3]; /* d, a, b */
	int32_t imm;
	bool behind; /* behind the block: rarely executed */
	const uint8_t *at;
};

/* A block that the JIT has translated. */
struct engine_code {
	uint64_t pc;
	unsigned insn_count;
	const uint8_t *at;    /* where its code runs */
	const uint8_t *bytes; /* where it can be read, size of them */
	size_t size;
	const struct engine_code_line *lines;
	unsigned line_count;
};
typedef void engine_code_listener(void *context, const struct engine_code *code);

/*
 * Tells the listener of every block that the JIT translates from now on; what it is given is valid
 * during the call. Returns 0, or -1: there is no JIT, or memory is out.
 */
int code_cache_list(struct code_cache *cache, engine_code_listener *listener, void *context);

/* Figures for --stats. */
struct code_cache_stats {
	uint64_t blocks, instructions, uops, flushes, invalidations, bytes;
	uint64_t compiled, compiled_instructions, host_bytes; /* by the JIT */
};
/* The figures since the cache was made; bytes is what is in use now. */
void code_cache_stats(const struct code_cache *cache, struct code_cache_stats *stats);

/*
 * Makes machine->clock.now exact: to be called by whatever looks at time from within an
 * instruction (CSR helpers, device accesses; mmu/ does it for the latter).
 */
void engine_sync_clock(struct cpu *cpu);

/*
 * Completes an observation and tells those who asked for its kind. inside: it comes from the
 * instruction at cpu->uop; false: from what goes on between instructions, such as a fetch.
 */
void engine_notify(struct cpu *cpu, bool inside, struct observation *observation);

/* Executes exactly one instruction (or takes one interrupt or trap). For debuggers and tests. */
void engine_step_one(struct cpu *cpu);

/* The instruction at cpu->uop: its pc. Valid in helpers and slow paths. */
uint64_t engine_pc(const struct cpu *cpu);

/* The bits of the instruction at cpu->uop. */
uint64_t engine_insn(const struct cpu *cpu);

#endif
