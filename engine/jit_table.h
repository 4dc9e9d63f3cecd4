/* How each micro-op is lowered: internal to the JIT. */
#ifndef ENGINE_JIT_TABLE_H
#define ENGINE_JIT_TABLE_H

#include "engine/jit_lower.h"

struct jit_row {
	jit_lower *lower; /* NULL: call the micro-op's function */
	uint8_t insn;     /* enum x86_insn, enum x86_condition or a shift count: see the function */
	uint16_t flags;   /* enum jit_flags */
};

extern const struct jit_row jit_rows[UOP_COUNT];

#endif
