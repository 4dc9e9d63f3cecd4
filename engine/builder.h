/*
 * Building blocks of micro-ops: what an ISA's translate() uses. All functions are safe at any
 * time: when the block is full they only note it, and the instruction is dropped and begun anew in
 * the next block.
 *
 * Rules for translate(): a micro-op that can fault comes before the first architectural write of
 * its instruction (so a fault leaves whole state behind). Whatever may unmask an interrupt or
 * change the mode word ends the block (build_leave, build_call_end).
 */
#ifndef ENGINE_BUILDER_H
#define ENGINE_BUILDER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/uop.h"

struct builder {
	struct cpu *cpu;
	uint64_t pc;         /* virtual address of the instruction being translated */
	uint64_t insn;       /* its bits, set by translate(); only the low 32 are kept */
	unsigned length;     /* its length in bytes, set by translate() before any branch */
	uint64_t note;       /* translate()'s own, 0 at the start of a block */
	bool end;            /* the block ends with this instruction */
	bool last;           /* no further instruction joins the block */
	bool full;           /* did not fit */
	bool failed;         /* fetch failed; nothing may be emitted */
	struct block *block; /* being built */
	unsigned capacity;   /* of its uops[] */
	uint64_t page_left;  /* bytes up to the end of the page, from pc */
	uint8_t page_kind;   /* struct mmu_translation.code_kind of the page of pc */
	const uint8_t *host; /* of pc */
	uint32_t exit_mode;  /* the mode word after what has been built so far: build_mode() */
};

/*
 * Reads length bytes (1, 2, 4, 8) at pc + offset, little endian. False: the bytes could not be
 * fetched; translate() returns at once and the builder raises the fetch fault or ends the block.
 */
bool build_fetch(struct builder *builder, unsigned offset, unsigned length, uint64_t *value);

/*
 * d = a op b, d = a op imm, d = op a. Registers are indices into cpu->r[] (v[] for FP kinds). For
 * UOP_GET (into d) and UOP_PUT (from a), imm is the offset of a uint64_t in the CPU's struct: one
 * that nothing else follows from, such as interrupts to be taken or the mode word.
 */
void build_op(struct builder *builder, enum uop_op op, unsigned d, unsigned a, unsigned b,
	      int32_t imm);

/* d = any 64-bit constant. */
void build_constant(struct builder *builder, unsigned d, uint64_t value);

/*
 * Loads and stores: op is the plain form (UOP_LD32S, UOP_ST64, UOP_FLD64 ...); the aligned-only
 * form is taken when cpu->aligned_only. value is the d register of a load, the b of a store.
 */
void build_memory(struct builder *builder, enum uop_op op, unsigned value, unsigned base,
		  int32_t offset);

/* Conditional branch to target or to the next instruction; ends the block. op: UOP_BEQ ... */
void build_branch(struct builder *builder, enum uop_op op, unsigned a, unsigned b, uint64_t target);

/* Direct jump; ends the block. Write the link register with build_constant first. */
void build_jump(struct builder *builder, uint64_t target);

/* pc = (a + imm) & ~1 (computed first), d = pc + length; ends the block. */
void build_jump_register(struct builder *builder, unsigned d, unsigned a, int32_t imm);

/*
 * Calls helper(cpu, uop) with d, a, b, imm in the uop and argument in uop_wide(uop, 1). False from
 * the helper raises cpu->trap at this instruction. The block goes on, but is left after this
 * instruction when cpu->attention is set.
 */
void build_call(struct builder *builder, uop_helper *helper, unsigned d, unsigned a, unsigned b,
		int32_t imm, uint64_t argument);

/*
 * Sets the mode word. What is built after it in the block still runs as translated for the old one:
 * only for bits from which nothing but the translation of later blocks follows.
 */
void build_mode(struct builder *builder, uint32_t mode);

/* A helper that only computes on vector registers, and never fails: engine/vector.h. */
void build_vector(struct builder *builder, uop_helper *helper, unsigned d, unsigned a, unsigned b,
		  int32_t imm, uint64_t argument);

/* Ends the block; goes on at the next instruction after looking at mode and interrupts. */
void build_leave(struct builder *builder);

/*
 * The same, but only if register a has a bit of imm: for a check that hardly ever fails. The helper
 * changes neither registers nor translations unless it traps.
 */
void build_call_if(struct builder *builder, uop_helper *helper, unsigned a, int32_t imm,
		   uint64_t argument);

/* Like build_call, but the helper sets cpu->pc, and the block ends. */
void build_call_end(struct builder *builder, uop_helper *helper, unsigned d, unsigned a, unsigned b,
		    int32_t imm, uint64_t argument);

/* pc = a, d = pc + length; ends the block. */
void build_jump_exact(struct builder *builder, unsigned d, unsigned a);

/* Like build_trap with a syndrome instead of a value. */
void build_trap_syndrome(struct builder *builder, uint64_t cause, uint64_t syndrome,
			 const char *why);

/* The instruction raises a trap always: cause, value and why go into cpu->trap; ends the block. */
void build_trap(struct builder *builder, uint64_t cause, uint64_t value, const char *why);

#endif
