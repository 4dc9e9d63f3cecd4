/*
 * A trap is a value: built where the condition is found, delivered by one function per ISA, and
 * read by trace, explain, fuzz triage and tests.
 */
#ifndef CORE_TRAP_H
#define CORE_TRAP_H

#include <stdbool.h>
#include <stdint.h>

/* An unsettled level: the delivery function decides and fills it in. */
#define TRAP_LEVEL_NONE 0xff

struct trap {
	uint64_t cause;    /* RISC-V: xcause without the interrupt bit; others: their own code */
	uint64_t value;    /* xtval, FAR, EXITINFO2 ... */
	uint64_t value2;   /* mtval2/htval, HPFAR, EXITINFO1 ... */
	uint64_t syndrome; /* mtinst/htinst, ESR ... */
	uint64_t pc;       /* of the trapped instruction, or where the interrupt was taken */
	uint64_t insn;     /* instruction bits if known, else 0 */
	const char
		*why; /* the rule or control bit that caused it, e.g. "misaligned=trap"; static */
	bool interrupt;
	bool value_is_virtual; /* value is a guest virtual address (GVA) */
	bool value2_is_valid;  /* AArch64: value2 goes into HPFAR_EL2 */
	uint8_t from;          /* privilege level the trap came from, in the ISA's numbering */
	uint8_t to;            /* level it is delivered to; TRAP_LEVEL_NONE before delivery */
};

#endif
