/*
 * Where guest registers are at one point of a block's host code, and what is known of their values:
 * internal to the JIT.
 *
 * Code enters and leaves blocks with the canonical map: the hot registers of the ISA in the host
 * registers that jit_pinned[] gives them, everything else in cpu->r[]. A block that jumps to itself
 * may use another map inside (jit_loop.c).
 */
#ifndef ENGINE_JIT_MAP_H
#define ENGINE_JIT_MAP_H

#include <stdint.h>

#include "core/cpu.h"
#include "engine/x86_emit.h"

#define JIT_HOSTS    16
#define JIT_NO_GUEST 0xff

struct jit_map {
	uint8_t host_of[CPU_REGISTERS]; /* enum x86_register; X86_NONE: in cpu->r[] only */
	uint8_t guest_of[JIT_HOSTS];    /* the inverse, or JIT_NO_GUEST */
	uint16_t dirty;                 /* host registers that are newer than cpu->r[] */
	/*
	 * Guest registers whose host register lacks its upper half: the value is the sign extension
	 * of the lower one. Where that half is needed it is made (jit_map_widen); most results of
	 * 32-bit operations are overwritten before.
	 */
	uint64_t narrow;
	/* Guest registers whose value is known to be the sign extension of its lower half. */
	uint64_t word;
};
_Static_assert(CPU_REGISTERS <= 64, "sets of guest registers are 64 bits");

/* Nothing is mapped. */
void jit_map_clear(struct jit_map *map);

/* Puts guest into host, which must hold nothing else. */
void jit_map_assign(struct jit_map *map, unsigned guest, unsigned host);

/* The guest register is in cpu->r[] only. */
void jit_map_drop(struct jit_map *map, unsigned guest);

/* Makes the upper halves of a set of guest registers. */
void jit_map_widen(struct jit_map *map, struct x86_code *code, uint64_t guests);

/* cpu->r[] = the host registers of mask that are dirty; they stay mapped and are clean. */
void jit_map_store(struct jit_map *map, struct x86_code *code, uint16_t mask);

/* The host registers = cpu->r[]. */
void jit_map_load(const struct jit_map *map, struct x86_code *code);

/*
 * Moves values so that those who expect `to` find what `from` says. Values go through cpu->r[];
 * flags are kept. Every value that `to` maps and does not call dirty is stored.
 */
void jit_map_change(struct jit_map *from, const struct jit_map *to, struct x86_code *code);

/* Whether jit_map_change() would emit nothing. */
bool jit_map_fits(const struct jit_map *from, const struct jit_map *to);

#endif
