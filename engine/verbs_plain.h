/*
 * Verbs of uop.def for engines that run one micro-op at a time: every jump goes back to the
 * dispatcher. LEFT(why) must be defined: it stores uop and why into the CPU and leaves. So must
 * LOAD_FAST(address, aligned, V) and STORE_FAST(address, aligned, V): whether V could be moved
 * without mmu/.
 */
#ifndef ENGINE_VERBS_PLAIN_H
#define ENGINE_VERBS_PLAIN_H

#include "engine/verbs.h"

#define LOAD(type, aligned, put)                                                                   \
	do {                                                                                       \
		type V;                                                                            \
		if (LOAD_FAST(A + (uint64_t)IMM, aligned, V)) {                                    \
			put;                                                                       \
			break;                                                                     \
		}                                                                                  \
		if (!verb_load_slow(cpu, uop, A + (uint64_t)IMM, sizeof(type)))                    \
			LEFT(CPU_EXIT_TRAP);                                                       \
		V = (type)cpu->slow_value;                                                         \
		put;                                                                               \
		if (cpu->attention)                                                                \
			LEFT(CPU_EXIT_AFTER);                                                      \
	} while (0)

#define STORE(type, aligned, value)                                                                \
	do {                                                                                       \
		type V = (type)(value);                                                            \
		if (STORE_FAST(A + (uint64_t)IMM, aligned, V))                                     \
			break;                                                                     \
		if (!verb_store_slow(cpu, uop, A + (uint64_t)IMM, sizeof(type), V))                \
			LEFT(CPU_EXIT_TRAP);                                                       \
		if (cpu->attention)                                                                \
			LEFT(CPU_EXIT_AFTER);                                                      \
	} while (0)

#define LOAD_VECTOR()                                                                              \
	do {                                                                                       \
		if (LOAD_FAST(A + (uint64_t)IMM, false, cpu->v[uop->d]))                           \
			break;                                                                     \
		if (!verb_load_vector_slow(cpu, uop, A + (uint64_t)IMM))                           \
			LEFT(CPU_EXIT_TRAP);                                                       \
		if (cpu->attention)                                                                \
			LEFT(CPU_EXIT_AFTER);                                                      \
	} while (0)

#define STORE_VECTOR()                                                                             \
	do {                                                                                       \
		if (STORE_FAST(A + (uint64_t)IMM, false, cpu->v[uop->b]))                          \
			break;                                                                     \
		if (!verb_store_vector_slow(cpu, uop, A + (uint64_t)IMM))                          \
			LEFT(CPU_EXIT_TRAP);                                                       \
		if (cpu->attention)                                                                \
			LEFT(CPU_EXIT_AFTER);                                                      \
	} while (0)

#define GO_TO(where)                                                                               \
	do {                                                                                       \
		cpu->pc = (where);                                                                 \
		LEFT(CPU_EXIT_LOOKUP);                                                             \
	} while (0)

#define BRANCH(condition) GO_TO(uop_wide(uop, (condition) ? 1 : 2)->jump.pc)
#define JUMP()            GO_TO(uop_wide(uop, 1)->jump.pc)
#define LEAVE()           GO_TO(WIDE)

#define JUMP_REGISTER(where, link)                                                                 \
	do {                                                                                       \
		uint64_t target = (where);                                                         \
		link;                                                                              \
		GO_TO(target);                                                                     \
	} while (0)

#define ATOMIC()                                                                                   \
	do {                                                                                       \
		cpu->uop = uop;                                                                    \
		if (!atomic_execute(cpu, uop))                                                     \
			LEFT(CPU_EXIT_TRAP);                                                       \
		if (cpu->attention)                                                                \
			LEFT(CPU_EXIT_AFTER);                                                      \
	} while (0)

#define CALL()                                                                                     \
	do {                                                                                       \
		cpu->uop = uop;                                                                    \
		if (!uop_wide(uop, 1)->call.helper(cpu, uop))                                      \
			LEFT(CPU_EXIT_TRAP);                                                       \
		if (cpu->attention)                                                                \
			LEFT(CPU_EXIT_AFTER);                                                      \
	} while (0)

#endif
