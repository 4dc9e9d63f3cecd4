/*
 * Exclusive and atomic accesses of memory: what the micro-op ATOMIC does. All CPUs of a machine
 * take turns on one host thread, so plain host accesses between two instructions are atomic.
 */
#ifndef ENGINE_ATOMIC_H
#define ENGINE_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

#include "core/cpu.h"
#include "engine/uop.h"

/*
 * [a] is the memory, old what was there. All but LOAD and STORE have old as their result in d, and
 * write what is said here.
 */
enum atomic_op {
	ATOMIC_SWAP, /* b */
	ATOMIC_ADD,  /* old + b */
	ATOMIC_XOR,
	ATOMIC_AND,
	ATOMIC_CLEAR, /* old & ~b */
	ATOMIC_OR,
	ATOMIC_MIN, /* the lesser of old and b */
	ATOMIC_MAX,
	ATOMIC_MINU,
	ATOMIC_MAXU,
	ATOMIC_COMPARE, /* b, if old is the third register; reads as needed, writes if equal */
	ATOMIC_LOAD,    /* d = old, and reserves the place */
	ATOMIC_STORE,   /* b if the reservation holds; d = 0 if so, else 1; ends the reservation */
};

/* The immediate: the third register in bits 5:0, log2 of the size in bits 7:6, flags, operation. */
#define ATOMIC_SIGNED   (1 << 8) /* the result is sign-extended */
#define ATOMIC_IN_BLOCK (1 << 9) /* may be misaligned inside an aligned block of 16 bytes */

static inline int32_t atomic_immediate(enum atomic_op op, unsigned log2_size, int32_t flags,
				       unsigned third)
{
	return (int32_t)((unsigned)op << 12 | log2_size << 6 | third) | flags;
}

static inline enum atomic_op atomic_operation(const struct uop *uop)
{
	return (enum atomic_op)(uop->imm >> 12 & 15);
}

static inline unsigned atomic_log2_size(const struct uop *uop)
{
	return uop->imm >> 6 & 3;
}

/*
 * A reservation is a physical address, a width, and the value read there (docs/quirks.md). It ends
 * with the CPU's turn (core/machine.c), so that a store by another is never missed.
 */
#define ATOMIC_NO_RESERVATION    UINT64_MAX
#define ATOMIC_RESERVATION_SHIFT 4 /* log2 of the width is below the address */
static inline uint64_t atomic_reservation(uint64_t physical, unsigned log2_size)
{
	return physical << ATOMIC_RESERVATION_SHIFT | log2_size;
}

/* Performs the micro-op. Returns false with cpu->trap if it faults; nothing has changed then. */
bool atomic_execute(struct cpu *cpu, const struct uop *uop);

#endif
