/*
 * The x86-64 JIT: internal to engine/. Blocks that have run a few times in the interpreter become
 * host code. A fixed set of guest registers lives in host registers while such code runs:
 *
 *   rbp = cpu + 128, r15 = cpu->budget, JIT_PINNED others = the hottest registers of the ISA;
 *   rax, rcx, rdx and xmm0-15 are scratch.
 *
 * What is not lowered is called: every micro-op is also a C function (jit_calls).
 */
#ifndef ENGINE_JIT_H
#define ENGINE_JIT_H

#include "engine/block.h"
#include "engine/jit_map.h"
#include "engine/x86_emit.h"

/* Address space of one machine's host code; directly behind the blocks' arena. */
#define JIT_REGION_BYTES (64ull << 20)
/* More than any block needs. */
#define JIT_BLOCK_BYTES (256u << 10)
/* How often a block runs in the interpreter before it is worth translating. */
#define JIT_EXECUTIONS 6

#define JIT_PINNED 10
#define JIT_BUDGET X86_R15
#define JIT_BASE   X86_RBP

/* The displacement of a member of struct cpu from rbp: the first 32 registers need one byte. */
#define JIT_CPU_BIAS  128
#define JIT_CPU(what) ((int32_t)offsetof(struct cpu, what) - JIT_CPU_BIAS)

struct jit {
	struct x86_code code;
	const uint8_t *arena; /* where blocks are */
	uint8_t *region;      /* where code runs */
	uint8_t *writable;    /* where it is written: the same, or another mapping */
	uint8_t *first;       /* where the code of blocks begins in writable */
	uint8_t executions;
	unsigned kept; /* entries of cpu->kept that code has for itself */
	uint64_t compiled, compiled_instructions, host_bytes; /* since the beginning */
	bool has_lzcnt, has_tzcnt, has_popcnt;                /* of the host */
	bool has_fma, has_round, has_rorx, has_sse42, has_aes;
	uint8_t zero_register;       /* of the ISA, or REG_SINK */
	bool boxes;                  /* FP registers of the ISA are NaN-boxed */
	struct jit_map canonical;    /* at the edges of blocks */
	struct jit_listing *listing; /* NULL: nobody wants one */

	/* Shared code, see jit_thunks.c. */
	void (*enter)(struct cpu *cpu, const uint8_t *code);
	const uint8_t *call_any;    /* rax = micro-op, rcx = block */
	const uint8_t *call_stored; /* the same; all registers are in cpu->r[] */
	const uint8_t *call_helper; /* the same for CALL */
	const uint8_t *call_last;   /* the same for CALL_END */
	const uint8_t *call_data;   /* rax = micro-op that is nothing but arithmetic */
	/*
	 * Called with a slot (jit_slot) behind the call:
	 * slow: the micro-op, and JIT_WAY_BYTES that lead from the slot to where code goes on.
	 * run: the first of a group, the way, and a byte for the slot of its last micro-op. As with
	 * call_any and call_stored, the second expects registers in memory and leaves them there.
	 */
	const uint8_t *slow;
	const uint8_t *run, *run_stored;
	const uint8_t *leave_unlinked; /* wide operand of a direct jump */
	const uint8_t *leave_budget;   /* the head, which has taken what is not there */
	const uint8_t *leave_lookup;   /* jumped to; rax = pc */
	const uint8_t *cold_entry;     /* jumped to; rdx = block that is not compiled */
};

#define JIT_WAY_BYTES 2

/* How code names a slot of a block: 31 bits for the block's place in the arena and the slot. */
#define JIT_SLOT_BITS       8
#define JIT_BLOCK_ALIGNMENT 16
static inline uint32_t jit_slot(const struct jit *jit, const struct block *block,
				const struct uop *uop)
{
	size_t place = (size_t)((const uint8_t *)block - jit->arena) / JIT_BLOCK_ALIGNMENT;
	return (uint32_t)(place << JIT_SLOT_BITS | (size_t)(uop - block->uops));
}

/* Host registers that hold guest registers, in the order in which they are given away. */
extern const uint8_t jit_pinned[JIT_PINNED];
/* Whether a C function keeps the host register. */
static inline bool jit_is_preserved(unsigned host)
{
	return host == X86_RBX || host >= X86_R12;
}

/* Every micro-op as a C function: CPU_EXIT_NONE to go on, else it has set cpu->exit and uop. */
typedef unsigned jit_call(struct cpu *cpu, const struct uop *uop);
extern jit_call *const jit_calls[UOP_COUNT];
/* The same of all micro-ops from first to last. */
unsigned jit_run(struct cpu *cpu, const struct uop *first, const struct uop *last);

/*
 * arena: where all blocks are. region: JIT_REGION_BYTES of reserved address space within 2 GiB of
 * it. Returns NULL when the host gives no executable memory: then everything is interpreted.
 */
struct jit *jit_new(const struct isa *isa, const uint8_t *arena, uint8_t *region);
void jit_free(struct jit *jit);

/* Drops all code of blocks. */
void jit_reset(struct jit *jit);

/* A new block: it is counted, and may be compiled later. */
void jit_adopt(const struct jit *jit, struct block *block);

/* The block's jump is linked to target: lead host code there too, where there is any. */
void jit_link(const struct jit *jit, const struct block *from, const union uop_wide *jump,
	      const struct block *target);

/* Emits the shared code at the beginning of the region. */
void jit_emit_thunks(struct jit *jit);

/* Translates a block. Returns false when the region is full. */
bool jit_compile(struct jit *jit, struct block *block);

#endif
