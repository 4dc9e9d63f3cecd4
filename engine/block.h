/* Blocks of translated code and the cache that keeps them: internal to engine/. */
#ifndef ENGINE_BLOCK_H
#define ENGINE_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/machine.h"
#include "engine/engine.h"
#include "engine/uop.h"
#include "mmu/mmu.h"

#define BLOCK_MAX_INSNS 64
#define BLOCK_MAX_UOPS  200 /* slots */
/* One instruction takes at most this many slots; a block ends when fewer are left. */
#define BLOCK_INSN_UOPS 26

/* Which guest instruction micro-ops belong to. */
struct block_insn {
	uint32_t bits;   /* its first four bytes, or fewer */
	uint16_t offset; /* from block->pc, bytes */
	uint8_t first;   /* its first micro-op slot */
	uint8_t length;  /* bytes */
};
_Static_assert(BLOCK_MAX_UOPS <= 255, "struct block_insn counts slots in a byte");

struct block {
	/* Key: the same bytes at another address or in another mode are another block. So they are
	   in a page of another kind. */
	uint64_t physical;
	uint64_t pc;
	uint32_t mode;
	uint32_t exit_mode; /* that its jumps are made in */
	uint16_t insn_count;
	uint16_t uop_count;
	uint8_t kind;   /* struct mmu_code.kind of its page */
	bool dead;      /* its bytes were overwritten */
	bool straddles; /* its one instruction crosses a page; second_physical is part of the key */
	bool compiled;  /* code is this block's host code */
	uint8_t cold;   /* executions until it is to be compiled */
	/* Offsets of its direct jumps in the JIT's region: not taken or only, taken. 0: none. */
	uint32_t jump_site[2];
	const uint8_t *code; /* what the JIT jumps to; NULL without JIT */
	uint64_t second_physical;
	struct mb_ram *ram;
	uint64_t ram_offset; /* of pc in ram */
	struct block *hash_next;
	struct block_insn *insns; /* insn_count of them */
	struct uop uops[];
};

/* The block whose first micro-op this is. */
static inline struct block *block_of_head(const struct uop *uop)
{
	return (struct block *)((char *)(uintptr_t)uop - offsetof(struct block, uops));
}

/* Index of the instruction that a micro-op of the block belongs to. */
unsigned block_insn_at(const struct block *block, const struct uop *uop);

/*
 * The block at cpu->pc in the current mode: cached, or translated now. NULL: cpu->trap is set (the
 * fetch failed). limit: 0, or at most that many instructions, not cached, valid until the next
 * call.
 */
struct block *code_cache_find(struct cpu *cpu, unsigned limit);

/* Remembers that a block's direct jump leads to target, if that may be. */
void code_cache_link(struct cpu *cpu, struct block *from, union uop_wide *jump,
		     struct block *target);

/*
 * Says what observers see of the code that runs from now on; code that was translated for others is
 * dropped. kinds: OBSERVE_BIT()s that translation depends on. Not while code runs.
 */
void code_cache_observe(struct code_cache *cache, uint32_t kinds);

/* Performs a flush that was asked for while code was running. */
void code_cache_settle(struct code_cache *cache);

/*
 * Translates at cpu->pc into block (room for BLOCK_MAX_UOPS slots, insns for limit instructions).
 * code is where the bytes are. Returns false with cpu->trap when the first byte cannot be fetched.
 */
bool builder_run(struct cpu *cpu, struct block *block, const struct mmu_code *code, unsigned limit);

/* Where in the jump cache a pc is: the upper bits of a product, which host code computes too. */
#define JUMP_HASH  0x9e3779b1u
#define JUMP_SHIFT 20
_Static_assert(CPU_JUMP_CACHE == 1 << (32 - JUMP_SHIFT), "what is left of 32 bits");
static inline unsigned jump_index(uint64_t pc)
{
	return (uint32_t)pc * JUMP_HASH >> JUMP_SHIFT;
}

/* Where a jump-cache entry for pc lives. */
static inline struct cpu_jump *jump_slot(struct cpu *cpu, uint64_t pc)
{
	return &cpu->jump[jump_index(pc)];
}

/* Handlers of the threaded interpreter, by micro-op. */
extern uop_fn *const interp_handlers[UOP_COUNT];

/* HEAD of blocks that are to be compiled: counts, and leaves once there is or should be code. */
uop_fn interp_counting_head;

/* Runs a block (and what it is linked to) until code is left; cpu->exit says why. */
void interp_execute(struct cpu *cpu, struct block *block);
/* The same, one micro-op at a time, without leaving the block. */
void step_execute(struct cpu *cpu, struct block *block);

/*
 * Delivers the trap that helper or memory access at cpu->uop has put into cpu->trap; run_raise_last
 * one of the last instruction of cpu->block, known since its translation. Code may go on at cpu->pc
 * unless cpu->attention is set.
 */
void run_trapped(struct cpu *cpu);
void run_raise_last(struct cpu *cpu, uint64_t cause, uint64_t value, uint64_t syndrome,
		    const char *why);

/*
 * Code was left after a micro-op that is not the last of its instruction: runs the rest of it.
 */
void step_finish_insn(struct cpu *cpu);

/* The machine's JIT, or NULL. */
struct jit *code_cache_jit(const struct code_cache *cache);

/* Raised by every flush: pointers into the cache from before are dead. */
uint64_t code_cache_generation(const struct code_cache *cache);

/* Runs a CPU to the end of its slice with one of the two. */
void run_slice(struct cpu *cpu, uint64_t until, bool single,
	       void (*execute)(struct cpu *cpu, struct block *block));

#endif
