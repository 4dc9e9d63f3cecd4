/*
 * The threaded interpreter: uop.def expanded to one function per micro-op, each ending in a jump
 * to the next. Slow paths are functions of their own, so that the fast ones need no stack frame.
 *
 * Where the compiler makes no tail calls (no optimisation, sanitizers), a handler returns the next
 * micro-op instead, and a loop calls it.
 */
#include "engine/block.h"
#include "engine/verbs.h"

#if defined(__clang__) && __has_attribute(musttail) && !defined(TRAPLINE_NO_TAIL_CALLS)
#define TAIL_RETURN __attribute__((musttail)) return
#define TAIL_CALLS  1
#elif defined(__OPTIMIZE__) && !defined(TRAPLINE_NO_TAIL_CALLS)
#define TAIL_RETURN return
#define TAIL_CALLS  1
#else
#define TAIL_CALLS 0
#endif

#if TAIL_CALLS
#define GO(next) TAIL_RETURN(next)->fn(cpu, (next))
#else
#define GO(next) return (next)
#endif

#if TAIL_CALLS
#define TAIL(function) TAIL_RETURN function(cpu, uop)
#else
#define TAIL(function) return function(cpu, uop)
#endif

#define HANDLER(name) static const struct uop *name(struct cpu *cpu, const struct uop *uop)
#define COLD_HANDLER(name)                                                                         \
	static __attribute__((noinline)) const struct uop *name(struct cpu *cpu,                   \
								const struct uop *uop)

/* Code is left; cpu->exit tells why. */
#define LEFT(why) return cpu->uop = uop, cpu->exit = (why), (const struct uop *)NULL

COLD_HANDLER(leave_after)
{
	LEFT(CPU_EXIT_AFTER);
}

COLD_HANDLER(leave_budget)
{
	cpu->pc = block_of_head(uop)->pc;
	LEFT(CPU_EXIT_BUDGET);
}

/* cpu->pc is set: go there through the jump cache, or ask for a lookup. */
HANDLER(go_to_pc)
{
	const struct cpu_jump *jump = jump_slot(cpu, cpu->pc);
	if (LIKELY(jump->pc == cpu->pc && jump->key == cpu->jump_key)) {
		const struct uop *next = jump->block->uops;
		GO(next);
	}
	LEFT(CPU_EXIT_LOOKUP);
}

COLD_HANDLER(leave_trapped)
{
	cpu->uop = uop;
	run_trapped(cpu);
	if (UNLIKELY(cpu->attention))
		LEFT(CPU_EXIT_LOOKUP);
	TAIL(go_to_pc);
}

/* uop is the wide operand of a direct jump that is not linked. */
COLD_HANDLER(go_unlinked)
{
	union uop_wide *wide = (union uop_wide *)(uintptr_t)uop;
	cpu->pc = wide->jump.pc;
	const struct cpu_jump *jump = jump_slot(cpu, cpu->pc);
	if (LIKELY(jump->pc == cpu->pc && jump->key == cpu->jump_key)) {
		code_cache_link(cpu, cpu->block, wide, jump->block);
		const struct uop *next = jump->block->uops;
		GO(next);
	}
	cpu->link = wide;
	LEFT(CPU_EXIT_LOOKUP);
}

#define DIRECT(n)                                                                                  \
	do {                                                                                       \
		uop += (n);                                                                        \
		struct block *next = uop_wide(uop, 0)->jump.target;                                \
		if (LIKELY(next != NULL))                                                          \
			GO(next->uops);                                                            \
		TAIL(go_unlinked);                                                                 \
	} while (0)

#define HEAD()                                                                                     \
	do {                                                                                       \
		int64_t left = cpu->budget - uop->imm;                                             \
		if (UNLIKELY(left < 0))                                                            \
			TAIL(leave_budget);                                                        \
		cpu->budget = left;                                                                \
		cpu->block = block_of_head(uop);                                                   \
	} while (0)

#define BRANCH(condition)                                                                          \
	do {                                                                                       \
		if (condition)                                                                     \
			DIRECT(1);                                                                 \
		DIRECT(2);                                                                         \
	} while (0)

#define JUMP() DIRECT(1)

#define JUMP_REGISTER(where, link)                                                                 \
	do {                                                                                       \
		uint64_t target = (where);                                                         \
		link;                                                                              \
		cpu->pc = target;                                                                  \
		TAIL(go_to_pc);                                                                    \
	} while (0)

#define LEAVE()                                                                                    \
	do {                                                                                       \
		cpu->pc = WIDE;                                                                    \
		if (UNLIKELY(cpu->attention))                                                      \
			TAIL(leave_lookup);                                                        \
		TAIL(go_to_pc);                                                                    \
	} while (0)

#define CALL()                                                                                     \
	do {                                                                                       \
		cpu->uop = uop;                                                                    \
		if (UNLIKELY(!uop_wide(uop, 1)->call.helper(cpu, uop)))                            \
			TAIL(leave_trapped);                                                       \
		if (UNLIKELY(cpu->attention))                                                      \
			TAIL(leave_after);                                                         \
	} while (0)

#define ATOMIC()                                                                                   \
	do {                                                                                       \
		cpu->uop = uop;                                                                    \
		if (UNLIKELY(!atomic_execute(cpu, uop)))                                           \
			TAIL(leave_trapped);                                                       \
		if (UNLIKELY(cpu->attention))                                                      \
			TAIL(leave_after);                                                         \
	} while (0)

#define CALL_END()                                                                                 \
	do {                                                                                       \
		cpu->uop = uop;                                                                    \
		if (UNLIKELY(!uop_wide(uop, 1)->call.helper(cpu, uop)))                            \
			TAIL(leave_trapped);                                                       \
		if (UNLIKELY(cpu->attention))                                                      \
			TAIL(leave_lookup);                                                        \
		TAIL(go_to_pc);                                                                    \
	} while (0)

COLD_HANDLER(leave_lookup)
{
	LEFT(CPU_EXIT_LOOKUP);
}

/* -- the cold halves of loads and stores -- */

#define LOAD(type, aligned, put)                                                                   \
	do {                                                                                       \
		if (!verb_load_slow(cpu, uop, A + (uint64_t)IMM, sizeof(type)))                    \
			TAIL(leave_trapped);                                                       \
		type V = (type)cpu->slow_value;                                                    \
		put;                                                                               \
		if (cpu->attention)                                                                \
			TAIL(leave_after);                                                         \
	} while (0)
#define STORE(type, aligned, value)                                                                \
	do {                                                                                       \
		if (!verb_store_slow(cpu, uop, A + (uint64_t)IMM, sizeof(type), (type)(value)))    \
			TAIL(leave_trapped);                                                       \
		if (cpu->attention)                                                                \
			TAIL(leave_after);                                                         \
	} while (0)

#define LOAD_VECTOR()                                                                              \
	do {                                                                                       \
		if (!verb_load_vector_slow(cpu, uop, A + (uint64_t)IMM))                           \
			TAIL(leave_trapped);                                                       \
		if (cpu->attention)                                                                \
			TAIL(leave_after);                                                         \
	} while (0)
#define STORE_VECTOR()                                                                             \
	do {                                                                                       \
		if (!verb_store_vector_slow(cpu, uop, A + (uint64_t)IMM))                          \
			TAIL(leave_trapped);                                                       \
		if (cpu->attention)                                                                \
			TAIL(leave_after);                                                         \
	} while (0)

#define COLD_LOAD(name, slots, ...)                                                                \
	COLD_HANDLER(cold_##name)                                                                  \
	{                                                                                          \
		__VA_ARGS__;                                                                       \
		uop += (slots);                                                                    \
		GO(uop);                                                                           \
	}
#define COLD_RRR(name, slots, ...)
#define COLD_RRI(name, slots, ...)
#define COLD_RRRI(name, slots, ...)
#define COLD_RRRR(name, slots, ...)
#define COLD_FLAGS(name, slots, ...)
#define COLD_RR(name, slots, ...)
#define COLD_RI(name, slots, ...)
#define COLD_STORE  COLD_LOAD
#define COLD_FLOAD  COLD_LOAD
#define COLD_FSTORE COLD_LOAD
#define COLD_ATOMIC(name, slots, ...)
#define COLD_STATE(name, slots, ...)
#define COLD_BRANCH(name, slots, ...)
#define COLD_CONTROL(name, slots, ...)
#define COLD_FFF(name, slots, ...)
#define COLD_FFFF(name, slots, ...)
#define COLD_FF(name, slots, ...)
#define COLD_RFF(name, slots, ...)
#define COLD_RF(name, slots, ...)
#define COLD_FR(name, slots, ...)
#define COLD_VVV(name, slots, ...)
#define COLD_VR(name, slots, ...)

#define UOP(name, kind, slots, ...) COLD_##kind(name, slots, __VA_ARGS__)
#include "engine/uop.def"
#undef UOP
#undef LOAD
#undef STORE
#undef LOAD_VECTOR
#undef STORE_VECTOR

/* -- the handlers -- */

#if TAIL_CALLS
#define TAIL_COLD TAIL_RETURN cold(cpu, uop)
#else
#define TAIL_COLD return cold(cpu, uop)
#endif

#define LOAD(type, aligned, put)                                                                   \
	do {                                                                                       \
		uint64_t address = A + (uint64_t)IMM;                                              \
		const struct cpu_tlb_entry *entry = tlb_entry(cpu, address);                       \
		if (UNLIKELY(entry->read != tlb_probe(address, sizeof(type), aligned)))            \
			TAIL_COLD;                                                                 \
		type V;                                                                            \
		__builtin_memcpy(&V, (const void *)(entry->host + address), sizeof(V));            \
		put;                                                                               \
	} while (0)
#define STORE(type, aligned, value)                                                                \
	do {                                                                                       \
		uint64_t address = A + (uint64_t)IMM;                                              \
		const struct cpu_tlb_entry *entry = tlb_entry(cpu, address);                       \
		if (UNLIKELY(entry->write != tlb_probe(address, sizeof(type), aligned)))           \
			TAIL_COLD;                                                                 \
		type stored = (type)(value);                                                       \
		__builtin_memcpy((void *)(entry->host + address), &stored, sizeof(stored));        \
	} while (0)

#define LOAD_VECTOR()                                                                              \
	do {                                                                                       \
		uint64_t address = A + (uint64_t)IMM;                                              \
		const struct cpu_tlb_entry *entry = tlb_entry(cpu, address);                       \
		if (UNLIKELY(entry->read != tlb_probe(address, 16, false)))                        \
			TAIL_COLD;                                                                 \
		__builtin_memcpy(&cpu->v[uop->d], (const void *)(entry->host + address), 16);      \
	} while (0)
#define STORE_VECTOR()                                                                             \
	do {                                                                                       \
		uint64_t address = A + (uint64_t)IMM;                                              \
		const struct cpu_tlb_entry *entry = tlb_entry(cpu, address);                       \
		if (UNLIKELY(entry->write != tlb_probe(address, 16, false)))                       \
			TAIL_COLD;                                                                 \
		__builtin_memcpy((void *)(entry->host + address), &cpu->v[uop->b], 16);            \
	} while (0)

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the fast path stores guest memory in host order: little-endian hosts only"
#endif

/* Every handler of a memory micro-op knows its cold half. */
#define COLD_OF_LOAD(name) uop_fn *const cold = cold_##name;
#define COLD_OF_STORE      COLD_OF_LOAD
#define COLD_OF_FLOAD      COLD_OF_LOAD
#define COLD_OF_FSTORE     COLD_OF_LOAD
#define COLD_OF_RRR(name)
#define COLD_OF_RRI(name)
#define COLD_OF_RRRI(name)
#define COLD_OF_RRRR(name)
#define COLD_OF_FLAGS(name)
#define COLD_OF_RR(name)
#define COLD_OF_RI(name)
#define COLD_OF_ATOMIC(name)
#define COLD_OF_STATE(name)
#define COLD_OF_BRANCH(name)
#define COLD_OF_CONTROL(name)
#define COLD_OF_FFF(name)
#define COLD_OF_FFFF(name)
#define COLD_OF_FF(name)
#define COLD_OF_RFF(name)
#define COLD_OF_RF(name)
#define COLD_OF_FR(name)
#define COLD_OF_VVV(name)
#define COLD_OF_VR(name)

#define UOP(name, kind, slots, ...)                                                                \
	HANDLER(handle_##name)                                                                     \
	{                                                                                          \
		COLD_OF_##kind(name) __VA_ARGS__;                                                  \
		uop += (slots);                                                                    \
		GO(uop);                                                                           \
	}
#include "engine/uop.def"
#undef UOP

uop_fn *const interp_handlers[UOP_COUNT] = {
#define UOP(name, ...) handle_##name,
#include "engine/uop.def"
#undef UOP
};

const struct uop *interp_counting_head(struct cpu *cpu, const struct uop *uop)
{
	struct block *block = block_of_head(uop);
	if (block->cold == 0) {
		cpu->pc = block->pc;
		LEFT(CPU_EXIT_LOOKUP);
	}
	block->cold--;
	return handle_HEAD(cpu, uop);
}

void interp_execute(struct cpu *cpu, struct block *block)
{
	const struct uop *uop = block->uops;
	while (uop)
		uop = uop->fn(cpu, uop);
}

static void run_interp(struct cpu *cpu, uint64_t until)
{
	run_slice(cpu, until, false, interp_execute);
}

const struct engine_ops engine_interp = {
	.name = "interp",
	.run = run_interp,
	.sync_clock = engine_sync_clock,
};
