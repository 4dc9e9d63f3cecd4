/* Diagnostics for people: levels per part, written to one stream. */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <stdbool.h>
#include <stdio.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* The parts that `--log part=level` names. */
enum log_part {
	LOG_MACHINE,
	LOG_BUS,
	LOG_MMU,
	LOG_ENGINE,
	LOG_CPU,
	LOG_SBI,
	LOG_DEVICE,
	LOG_LOADER,
	LOG_PART_COUNT
};

struct log {
	FILE *stream; /* NULL: silent */
	enum log_level level[LOG_PART_COUNT];
};

/* Sets every part to level and writes to stream (may be NULL). */
void log_init(struct log *log, FILE *stream, enum log_level level);

/* Parses "part=level" or "level" as given to --log. Returns 0, or -1 if a name is unknown. */
int log_configure(struct log *log, const char *setting);

/* Writes one line "trapline: part: text" if the part's level admits it. log may be NULL. */
void log_write(const struct log *log, enum log_part part, enum log_level level, const char *format,
	       ...) __attribute__((format(printf, 4, 5)));

#endif
