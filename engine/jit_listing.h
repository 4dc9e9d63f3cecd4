/* Listings of host code for developers: what was made of which micro-op. Internal to engine/. */
#ifndef ENGINE_JIT_LISTING_H
#define ENGINE_JIT_LISTING_H

#include "engine/block.h"
#include "engine/x86_emit.h"

/* Micro-ops of a block, twice if it has code for any FP environment, and what stands behind it. */
#define JIT_LISTING_LINES 2048

struct jit_listing {
	engine_code_listener *listener;
	void *context;
	unsigned count;
	struct engine_code_line lines[JIT_LISTING_LINES];
};

/*
 * Notes that the code from here on belongs to a micro-op of the block; behind: it is rarely
 * executed code behind the block. Lines of code that was taken back are dropped.
 */
void jit_listing_note(struct jit_listing *listing, const struct x86_code *code,
		      const struct block *block, const struct uop *uop, bool behind);

/* Tells the listener of a block whose code begins at start, an address that runs. */
void jit_listing_end(struct jit_listing *listing, const struct x86_code *code,
		     const struct block *block, const uint8_t *start);

#endif
