/*
 * What the host looks for in the guest's console output: the exit status that our init reports, a
 * kernel panic, and the last lines for the report when a run ends badly.
 */
#ifndef SRC_CLI_CONSOLE_H
#define SRC_CLI_CONSOLE_H

#include <stdbool.h>
#include <stdio.h>

#include "core/machine.h"
#include "devices/chardev.h"

#define CONSOLE_LINES       20
#define CONSOLE_LINE_LENGTH 256

struct console_watch {
	struct chardev_filter filter;
	struct machine *machine; /* told of a panic; NULL: nobody */
	/* Told of ESC ] trapline;WORD BEL, other than the exit status; may be NULL. */
	void (*request)(void *opaque, const char *word);
	void *request_opaque;
	bool reported;   /* init reported a status */
	bool mute_after; /* show nothing after that: the farewell of the kernel at power-off */
	int status;
	bool panicked;
	char panic[CONSOLE_LINE_LENGTH]; /* the panic's first line */

	/* The last complete lines, and the one being written. */
	char lines[CONSOLE_LINES][CONSOLE_LINE_LENGTH];
	unsigned line_count; /* ever */
	char line[CONSOLE_LINE_LENGTH];
	size_t line_length;

	char held[64]; /* a beginning of the exit sequence, held back */
	size_t held_length;
};

/* Starts watching a console. */
void console_watch_init(struct console_watch *watch, struct chardev *chardev);
void console_watch_fini(struct console_watch *watch);

/* The last lines, oldest first, each with a prefix. */
void console_watch_print(const struct console_watch *watch, FILE *stream, const char *prefix);

#endif
