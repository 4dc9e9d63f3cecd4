/* Observers: whoever wants to see what a machine does, without any part knowing who looks. */
#ifndef CORE_OBSERVER_H
#define CORE_OBSERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/trap.h"

struct cpu;

enum observe_kind {
	OBSERVE_INSN,  /* about to execute one instruction */
	OBSERVE_BLOCK, /* entering a block */
	OBSERVE_TRAP,  /* a trap was delivered */
	OBSERVE_RET,   /* return from a trap handler (mret, sret, ERET, ...) */
	OBSERVE_CSR,   /* CSR or system register access */
	OBSERVE_MEM,   /* data access by an instruction */
	OBSERVE_MMIO,  /* device access */
	OBSERVE_WALK,  /* one page-table walk finished */
	OBSERVE_TLB,   /* a TLB flush */
	OBSERVE_IRQ,   /* an interrupt input changed */
	OBSERVE_SBI,   /* a firmware call returned */
	OBSERVE_KIND_COUNT
};

#define OBSERVE_BIT(kind) (1u << (kind))

/* What happened. The member named like the kind is valid; pointers are valid during the call. */
struct observation {
	enum observe_kind kind;
	uint64_t icount; /* virtual time in ticks, before the instruction */
	uint64_t pc;
	union {
		struct {
			uint64_t bits;   /* the instruction, zero-extended */
			unsigned length; /* bytes */
		} insn;
		const struct trap *trap;
		struct {
			uint64_t target;
			uint8_t from, to;
		} ret;
		struct {
			const char *name; /* architectural name */
			unsigned number;
			bool write;
			uint64_t before, after; /* read: both are the value */
		} csr;
		struct {
			uint64_t address, physical, value;
			unsigned size;
			bool write;
		} mem;
		struct {
			const char *region;
			uint64_t address, value; /* physical address */
			unsigned size, result;   /* result: enum mb_result bits */
			bool write;
		} mmio;
		struct {
			uint64_t address, physical;
			uint64_t pte[5];     /* entries read, root first */
			unsigned levels;     /* how many */
			const char *failure; /* NULL: translated */
			/* Guests that number their levels: of the first entry; and the stage, 0:
			 * there is but one. Each stage's walk is an observation. */
			int8_t first_level;
			uint8_t stage;
			bool of_table; /* stage 2: of where stage 1 has a table */
		} walk;
		struct {
			const char *reason;
		} tlb;
		struct {
			unsigned number;
			bool level;
		} irq;
		struct {
			const char *extension, *function; /* NULL when unknown */
			uint64_t eid, fid;
			uint64_t args[6];
			int64_t error;
			uint64_t value;
		} sbi;
	};
};

struct observer {
	uint32_t kinds; /* OBSERVE_BIT(...) of interest */
	void (*notify)(void *opaque, const struct cpu *cpu, const struct observation *observation);
	void *opaque;
	struct observer *next;
};

/* The observers of one machine; kinds is the union of what they want. */
struct observer_list {
	struct observer *head;
	uint32_t kinds;
};

/* Adds at the end; the observer stays the caller's and must outlive its membership. */
void observer_add(struct observer_list *list, struct observer *observer);
void observer_remove(struct observer_list *list, struct observer *observer);

/* Tells everyone who asked for observation->kind. */
void observer_notify(const struct observer_list *list, const struct cpu *cpu,
		     const struct observation *observation);

/* True if anyone wants the kind: check before building an observation. */
static inline bool observer_wants(const struct observer_list *list, enum observe_kind kind)
{
	return list->kinds & OBSERVE_BIT(kind);
}

#endif
