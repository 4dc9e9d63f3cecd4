#include "src/cli/console.h"

#include <stdlib.h>
#include <string.h>

/* test-roms/linux/README.md, "Protocol between init and the host". */
static const char command_start[] = "\033]trapline;";
static const char exit_word[] = "exit=";
#define WORD_MAX 24

static void end_line(struct console_watch *watch)
{
	static const char panic_text[] = "Kernel panic - not syncing";
	watch->line[watch->line_length] = 0;
	if (!watch->panicked && strstr(watch->line, panic_text)) {
		watch->panicked = true;
		snprintf(watch->panic, sizeof(watch->panic), "%s", strstr(watch->line, panic_text));
	}
	memcpy(watch->lines[watch->line_count++ % CONSOLE_LINES], watch->line, sizeof(watch->line));
	watch->line_length = 0;
	/* The kernel's last words follow the first line; "---[ end" comes when all is said. */
	if (watch->panicked && watch->machine && strstr(watch->line, "---[ end Kernel panic"))
		machine_stop(watch->machine, STOP_PANIC, 0, "%s", watch->panic);
}

static void pass_byte(struct console_watch *watch, uint8_t byte)
{
	if (byte == '\n')
		end_line(watch);
	/* What is kept goes to the user's terminal later: no control characters of a guest. */
	else if ((byte >= ' ' || byte == '\t') && byte != 0x7f &&
		 watch->line_length < CONSOLE_LINE_LENGTH - 1)
		watch->line[watch->line_length++] = (char)byte;
}

static void pass(struct console_watch *watch, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		pass_byte(watch, bytes[i]);
	if (!watch->reported || !watch->mute_after)
		chardev_pass(&watch->filter, bytes, length);
}

static void release_held(struct console_watch *watch)
{
	pass(watch, (const uint8_t *)watch->held, watch->held_length);
	watch->held_length = 0;
}

/* True if text could still become (or is) a command: a word of letters, digits, '=' and '-'. */
static bool could_be_command(const char *text, size_t length, bool *complete)
{
	size_t start = sizeof(command_start) - 1;
	*complete = false;
	if (length <= start)
		return !memcmp(text, command_start, length);
	if (memcmp(text, command_start, start) || length > start + WORD_MAX + 1)
		return false;
	char last = text[length - 1];
	*complete = last == '\a' && length > start + 1;
	return *complete || (last >= '0' && last <= '9') || (last >= 'a' && last <= 'z') ||
	       last == '=' || last == '-';
}

static void obey(struct console_watch *watch, const char *word)
{
	size_t length = sizeof(exit_word) - 1;
	if (!strncmp(word, exit_word, length)) {
		watch->reported = true;
		watch->status = atoi(word + length) & 0xff;
	} else if (watch->request) {
		watch->request(watch->request_opaque, word);
	}
}

static void watch_byte(struct console_watch *watch, uint8_t byte)
{
	bool complete;
	if (watch->held_length == 0 && byte != command_start[0]) {
		pass(watch, &byte, 1);
		return;
	}
	watch->held[watch->held_length++] = (char)byte;
	if (!could_be_command(watch->held, watch->held_length, &complete)) {
		/* The last byte may begin another sequence. */
		watch->held_length--;
		release_held(watch);
		watch_byte(watch, byte);
		return;
	}
	if (complete) {
		watch->held[watch->held_length - 1] = 0; /* the BEL */
		watch->held_length = 0;
		obey(watch, watch->held + sizeof(command_start) - 1);
	}
}

static void output(struct chardev_filter *filter, const uint8_t *bytes, size_t length)
{
	struct console_watch *watch = filter->opaque;
	size_t done = 0;
	while (done < length) {
		/* Runs without an escape go on in one piece. */
		const uint8_t *escape = memchr(bytes + done, command_start[0], length - done);
		size_t plain = escape ? (size_t)(escape - bytes) - done : length - done;
		if (watch->held_length == 0 && plain) {
			pass(watch, bytes + done, plain);
			done += plain;
			continue;
		}
		watch_byte(watch, bytes[done++]);
	}
}

static void flush(struct chardev_filter *filter)
{
	release_held(filter->opaque);
}

void console_watch_init(struct console_watch *watch, struct chardev *chardev)
{
	memset(watch, 0, sizeof(*watch));
	watch->filter = (struct chardev_filter){
		.output = output,
		.flush = flush,
		.opaque = watch,
	};
	chardev_filter_add(chardev, &watch->filter);
}

void console_watch_fini(struct console_watch *watch)
{
	release_held(watch);
	chardev_filter_remove(watch->filter.chardev, &watch->filter);
}

void console_watch_print(const struct console_watch *watch, FILE *stream, const char *prefix)
{
	unsigned count = watch->line_count < CONSOLE_LINES ? watch->line_count : CONSOLE_LINES;
	for (unsigned i = watch->line_count - count; i < watch->line_count; i++)
		fprintf(stream, "%s%s\n", prefix, watch->lines[i % CONSOLE_LINES]);
	if (watch->line_length)
		fprintf(stream, "%s%.*s\n", prefix, (int)watch->line_length, watch->line);
}
