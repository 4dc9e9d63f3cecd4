/*
 * What the floating-point lowerings share: internal to the JIT.
 *
 * Within a block, FP registers are kept in xmm3 to xmm15, as much of them as is asked for. Every
 * write also goes to cpu->v[], so that calls, traps and the ends of blocks find all values there:
 * the copies are for reading only, and are loaded again after a call. xmm0 to xmm2 are scratch.
 *
 * A block that rounds is translated twice. Its first code is entered if the guest rounds to
 * nearest, flushes nothing and has raised NX, which it tests once; the second tests for that at
 * every micro-op.
 */
#ifndef ENGINE_JIT_FP_H
#define ENGINE_JIT_FP_H

#include "engine/jit_lower.h"

#define XMM_SCRATCH  0 /* results without a register of their own */
#define XMM_SCRATCH1 1
#define XMM_SCRATCH2 2
#define XMM_FIRST    3 /* of those that hold guest registers */
#define XMM_COUNT    16

/*
 * Where an FP operand can be read: its xmm register, loaded if need be, or memory if it has none.
 * single: a binary32, whose NaN box is tested; a wrong one goes to slow.
 */
struct x86_rm jit_fp_operand(struct jit_lowering *l, struct jit_stub *slow, unsigned guest,
			     bool single);
/* The same in a register; scratch if it has none of its own. */
unsigned jit_fp_register(struct jit_lowering *l, struct jit_stub *slow, unsigned guest, bool single,
			 unsigned scratch);
/* xmm = operand, which jit_fp_operand() gave. */
void jit_fp_move(struct jit_lowering *l, unsigned xmm, struct x86_rm operand, bool single);

/* The register of d, or XMM_SCRATCH. It may be written at once: slow paths read memory. */
unsigned jit_fp_target(const struct jit_lowering *l);
/* d of the micro-op = xmm, a binary64 or, if single, a binary32 to be NaN-boxed. */
void jit_fp_write(struct jit_lowering *l, unsigned xmm, bool single);
/* d of the micro-op has been written in cpu->v[]. */
void jit_fp_written(struct jit_lowering *l);

/* A register with all 128 bits of a vector register, to be read; scratch if it has none. */
unsigned jit_fp_whole(struct jit_lowering *l, unsigned guest, unsigned scratch);
/* d of the micro-op = all 128 bits of xmm. */
void jit_fp_write_whole(struct jit_lowering *l, unsigned xmm);

/* Goes to slow unless host arithmetic is what the guest asks for, flags included. */
void jit_fp_require_trusted(struct jit_lowering *l, struct jit_stub *slow);
/* The same for what neither rounds nor raises flags for numbers: operands are not flushed. */
void jit_fp_require_unflushed(struct jit_lowering *l, struct jit_stub *slow);
/*
 * Goes to slow unless the result in xmm can be trusted: neither NaN nor infinity and, with tiny,
 * not tiny either (fph_trusted of fp_host.h says why).
 */
void jit_fp_require_result(struct jit_lowering *l, struct jit_stub *slow, unsigned xmm, bool single,
			   bool tiny);
/*
 * To be called next. If a zero of that result is right as soon as one of the first count operands
 * (a, b) is zero, stub goes on with it; nothing else may lead to that stub.
 */
void jit_fp_accept_zero(struct jit_lowering *l, struct jit_stub *stub, unsigned xmm, bool single,
			unsigned count);

#endif
