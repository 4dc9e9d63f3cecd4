#include "src/cli/relay.h"

static void end_line(struct relay *relay)
{
	fprintf(relay->stream, "%s%.*s\n", relay->prefix, (int)relay->length, relay->line);
	fflush(relay->stream);
	relay->length = 0;
}

static void output(struct chardev_filter *filter, const uint8_t *bytes, size_t length)
{
	struct relay *relay = filter->opaque;
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == '\n' || relay->length == sizeof(relay->line))
			end_line(relay);
		/* A guest must not be able to play with the terminal through a test log. */
		if (bytes[i] >= 0x20 || bytes[i] == '\t')
			relay->line[relay->length++] = (char)bytes[i];
	}
}

void relay_init(struct relay *relay, struct chardev *chardev, FILE *stream, const char *prefix)
{
	*relay = (struct relay){
		.filter = {.output = output, .opaque = relay},
		.stream = stream,
		.prefix = prefix,
	};
	chardev_filter_add(chardev, &relay->filter);
}

void relay_finish(struct relay *relay)
{
	if (relay->length)
		end_line(relay);
}
