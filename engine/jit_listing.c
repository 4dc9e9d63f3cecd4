#include "engine/jit_listing.h"

void jit_listing_note(struct jit_listing *listing, const struct x86_code *code,
		      const struct block *block, const struct uop *uop, bool behind)
{
	const uint8_t *at = x86_here(code);
	while (listing->count > 0 && listing->lines[listing->count - 1].at >= at)
		listing->count--;
	if (listing->count == JIT_LISTING_LINES)
		return;
	const struct block_insn *insn = &block->insns[block_insn_at(block, uop)];
	listing->lines[listing->count++] = (struct engine_code_line){
		.pc = block->pc + insn->offset,
		.bits = insn->bits,
		.op = uop_info[uop->op].name,
		.operands = {uop->d, uop->a, uop->b},
		.imm = uop->imm,
		.behind = behind,
		.at = at,
	};
}

void jit_listing_end(struct jit_listing *listing, const struct x86_code *code,
		     const struct block *block, const uint8_t *start)
{
	const struct engine_code made = {
		.pc = block->pc,
		.insn_count = block->insn_count,
		.at = start,
		.bytes = start - code->run,
		.size = (size_t)(x86_here(code) - start),
		.lines = listing->lines,
		.line_count = listing->count,
	};
	listing->listener(listing->context, &made);
	listing->count = 0;
}
