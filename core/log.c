#include "core/log.h"

#include <stdarg.h>
#include <string.h>

static const char *const part_names[LOG_PART_COUNT] = {
	[LOG_MACHINE] = "machine", [LOG_BUS] = "bus",       [LOG_MMU] = "mmu",
	[LOG_ENGINE] = "engine",   [LOG_CPU] = "cpu",       [LOG_SBI] = "sbi",
	[LOG_DEVICE] = "device",   [LOG_LOADER] = "loader",
};

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARN] = "warn",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

void log_init(struct log *log, FILE *stream, enum log_level level)
{
	log->stream = stream;
	for (int part = 0; part < LOG_PART_COUNT; part++)
		log->level[part] = level;
}

static int find_name(const char *const *names, int count, const char *text, size_t length)
{
	for (int i = 0; i < count; i++)
		if (strlen(names[i]) == length && !strncmp(names[i], text, length))
			return i;
	return -1;
}

int log_configure(struct log *log, const char *setting)
{
	const char *equals = strchr(setting, '=');
	const char *level_text = equals ? equals + 1 : setting;
	int level = find_name(level_names, 4, level_text, strlen(level_text));
	if (level < 0)
		return -1;
	if (!equals) {
		for (int part = 0; part < LOG_PART_COUNT; part++)
			log->level[part] = level;
		return 0;
	}
	int part = find_name(part_names, LOG_PART_COUNT, setting, equals - setting);
	if (part < 0)
		return -1;
	log->level[part] = level;
	return 0;
}

void log_write(const struct log *log, enum log_part part, enum log_level level, const char *format,
	       ...)
{
	if (!log || !log->stream || level > log->level[part])
		return;
	va_list args;
	va_start(args, format);
	fprintf(log->stream, "trapline: %s: ", part_names[part]);
	vfprintf(log->stream, format, args);
	fputc('\n', log->stream);
	va_end(args);
}
