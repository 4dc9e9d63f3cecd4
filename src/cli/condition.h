/* A point in a run, as --snapshot-at names it. */
#ifndef SRC_CLI_CONDITION_H
#define SRC_CLI_CONDITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/machine.h"
#include "devices/chardev.h"
#include "machines/symbols.h"

enum condition_kind {
	CONDITION_NONE,
	CONDITION_INSN,    /* insn:N, or N: N instructions retired, all harts together */
	CONDITION_TIME,    /* time:1500ms: virtual time */
	CONDITION_PC,      /* pc:ADDRESS or pc:SYMBOL: after an instruction there */
	CONDITION_CONSOLE, /* console:TEXT: TEXT has appeared on the console */
	CONDITION_USER,    /* user: the first return to U-mode */
	CONDITION_GUEST,   /* guest: when the guest asks, by ESC ] trapline;snapshot BEL */
};

/* Embedded in its owner, which does not move while the condition is armed. */
struct condition {
	enum condition_kind kind;
	uint64_t number;      /* instructions, nanoseconds, pc */
	const char *text;     /* the user's whole text */
	const char *argument; /* what follows the colon; of `guest`: the word that is awaited */
	bool met;

	struct machine *machine;
	struct observer observer;
	struct chardev *console;
	struct chardev_filter filter;
	char tail[256]; /* the end of the output so far, as long as the argument */
	size_t tail_length;
};

/* Parses text, which is kept. Returns 0, or -1 with error (125). */
int condition_parse(struct condition *condition, const char *text, struct error *error);

/*
 * Starts looking. symbols may be NULL, and is needed for pc:SYMBOL only; console may be NULL, and
 * is needed for console:TEXT only. Returns 0, or -1 with error (125).
 */
int condition_arm(struct condition *condition, struct machine *machine,
		  const struct symbol_table *symbols, struct chardev *console, struct error *error);
void condition_disarm(struct condition *condition);

/*
 * As machine_run(), but returns when the condition is met: then condition->met is set, the machine
 * stands between two instructions, and its stop is STOP_NONE. Another stop at the same instruction
 * comes first.
 */
enum stop_kind condition_run(struct condition *condition);

/* Instructions that a machine has retired, all harts together: what insn:N counts. */
uint64_t condition_instructions(const struct machine *machine);

/* The guest has printed ESC ] trapline;WORD BEL: for whoever watches the console. */
void condition_request(struct condition *condition, const char *word);

#endif
