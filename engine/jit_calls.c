/*
 * The JIT's fallback: uop.def expanded to one plain C function per micro-op. Whatever has no
 * lowering is called here, and so are the slow paths of what has one.
 */
#include "engine/flags.h"
#include "engine/jit.h"

/* As jit_lower_flags() does it, whose code goes on after these. */
#define SET_FLAGS_LOW(x, y) flags_set_low(cpu, (enum cpu_flags)(uop->imm & 3), x, y)

#include "engine/verbs.h"

/* An access that shares a probe is here because another one has failed. */
#define LOAD_FAST(address, aligned, V)  verb_load_fast(cpu, address, sizeof(V), aligned, &(V))
#define STORE_FAST(address, aligned, V) verb_store_fast(cpu, address, sizeof(V), aligned, &(V))

#define LEFT(why) return cpu->uop = uop, cpu->exit = (why), (unsigned)(why)

#include "engine/verbs_plain.h"

/* Taken from the budget by host code: never called. */
#define HEAD() ((void)0)

/* Unlike in step.c, code goes on at cpu->pc when nobody wants attention. */
#define CALL_END()                                                                                 \
	do {                                                                                       \
		cpu->uop = uop;                                                                    \
		if (!uop_wide(uop, 1)->call.helper(cpu, uop))                                      \
			LEFT(CPU_EXIT_TRAP);                                                       \
		if (cpu->attention)                                                                \
			LEFT(CPU_EXIT_LOOKUP);                                                     \
	} while (0)

/*
 * Code holds host addresses from one access to the next: one that flushed TLBs (a device may move
 * memory) leaves the block after its instruction. Every flush changes the jump key.
 */
#define IS_ACCESS(op) ((op) >= UOP_LD8S && (op) <= UOP_FST64_A)

/* Micro-ops that compare the registers of the flags, which are not to be taken as they are. */
#define IS_COMPARISON(op) ((op) == UOP_XOR || (op) == UOP_SLT || (op) == UOP_SLTU)

#define UOP(name, kind, slots, ...)                                                                \
	static unsigned call_##name(struct cpu *cpu, const struct uop *uop)                        \
	{                                                                                          \
		(void)cpu, (void)uop;                                                              \
		uint64_t key = cpu->jump_key;                                                      \
		bool low = IS_COMPARISON(UOP_##name) && uop->a >= REG_FLAGS_A &&                   \
			   uop->a <= REG_FLAGS_B && cpu->flags & CPU_FLAGS_LOW;                    \
		uint64_t a = cpu->r[REG_FLAGS_A], b = cpu->r[REG_FLAGS_B];                         \
		if (low)                                                                           \
			cpu->r[REG_FLAGS_A] <<= 32, cpu->r[REG_FLAGS_B] <<= 32;                    \
		__VA_ARGS__;                                                                       \
		if (low)                                                                           \
			cpu->r[REG_FLAGS_A] = a, cpu->r[REG_FLAGS_B] = b;                          \
		if (IS_ACCESS(UOP_##name) && cpu->jump_key != key)                                 \
			LEFT(CPU_EXIT_AFTER);                                                      \
		return CPU_EXIT_NONE;                                                              \
	}
#include "engine/uop.def"
#undef UOP

unsigned jit_run(struct cpu *cpu, const struct uop *uop, const struct uop *last)
{
	unsigned why = jit_calls[uop->op](cpu, uop);
	while (why == CPU_EXIT_NONE && uop != last) {
		uop += uop_info[uop->op].slots;
		why = jit_calls[uop->op](cpu, uop);
	}
	return why;
}

jit_call *const jit_calls[UOP_COUNT] = {
#define UOP(name, ...) call_##name,
#include "engine/uop.def"
#undef UOP
};
