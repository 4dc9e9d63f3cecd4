/* Relays a guest's console line by line, each line with a prefix: nested test output. */
#ifndef SRC_CLI_RELAY_H
#define SRC_CLI_RELAY_H

#include <stdio.h>

#include "devices/chardev.h"

struct relay {
	struct chardev_filter filter;
	FILE *stream;
	const char *prefix;
	char line[512];
	size_t length;
};

/* Inserts the relay; add it before other filters that take things out of the stream. */
void relay_init(struct relay *relay, struct chardev *chardev, FILE *stream, const char *prefix);

/* Writes what is left of an unfinished line. */
void relay_finish(struct relay *relay);

#endif
