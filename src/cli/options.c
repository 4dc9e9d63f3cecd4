#include "src/cli/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machines/board.h"

static bool takes_argument(const struct option *option)
{
	return option->argument && option->kind != OPTION_OPTIONAL;
}

static int parse_number(const char *text, uint64_t *value)
{
	char *end;
	errno = 0;
	*value = strtoull(text, &end, 0);
	return !isdigit((unsigned char)text[0]) || *end || errno ? -1 : 0;
}

/* A century: as nanoseconds, and added to the time of day, it still is a 64-bit number. */
#define DURATION_MAX_MS 3155760000000.0

/* 500ms, 60s, 60, 2m, 1h */
int option_parse_duration(const char *text, uint64_t *milliseconds)
{
	static const struct {
		const char *suffix;
		uint64_t factor;
	} units[] = {
		{"ms", 1      },
                {"s",  1000   },
                {"",   1000   },
                {"m",  60000  },
                {"h",  3600000}
        };
	char *end;
	errno = 0;
	double value = strtod(text, &end);
	if (end == text || errno || !(value >= 0) || value > 1e9)
		return -1;
	for (unsigned i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!strcmp(end, units[i].suffix)) {
			value *= (double)units[i].factor;
			if (value > DURATION_MAX_MS)
				return -1;
			/* 0 is "no limit"; what is less than a millisecond is not. */
			*milliseconds = value > 0 && value < 1 ? 1 : (uint64_t)value;
			return 0;
		}
	}
	return -1;
}

static int store(const struct option *option, void *target, const char *value, struct error *error)
{
	void *where = (char *)target + option->offset;
	if (!value)
		value = "";
	switch ((enum option_kind)option->kind) {
	case OPTION_FLAG: *(bool *)where = true; return 0;
	case OPTION_COUNT: ++*(int *)where; return 0;
	case OPTION_STRING:
	case OPTION_OPTIONAL: *(const char **)where = value; return 0;
	case OPTION_IGNORED: return 0;
	case OPTION_LIST: {
		struct option_list *list = where;
		if (list->count == OPTION_LIST_MAX)
			return error_set(error, EXIT_CODE_USAGE, "--%s: given more than %d times",
					 option->name, OPTION_LIST_MAX);
		list->items[list->count++] = value;
		return 0;
	}
	case OPTION_NUMBER:
		if (parse_number(value, where))
			return error_set(error, EXIT_CODE_USAGE, "--%s %s: expected a number",
					 option->name, value);
		return 0;
	case OPTION_SIZE:
		if (board_parse_size(value, where))
			return error_set(error, EXIT_CODE_USAGE,
					 "--%s %s: expected a size such as 512M or 2G",
					 option->name, value);
		return 0;
	case OPTION_DURATION:
		if (option_parse_duration(value, where))
			return error_set(error, EXIT_CODE_USAGE,
					 "--%s %s: expected a duration such as 60s or 500ms",
					 option->name, value);
		return 0;
	}
	return -1;
}

static const struct option *find_word(const struct option *table, const char *word, size_t length,
				      bool alias)
{
	for (; table->name; table++) {
		const char *name = alias ? table->alias : table->name;
		if (name && strlen(name) == length && !strncmp(name, word, length))
			return table;
	}
	return NULL;
}

static const struct option *find_letter(const struct option *table, char letter)
{
	for (; table->name; table++)
		if (table->letter == letter)
			return table;
	return NULL;
}

/* The cursor over argv. */
struct arguments {
	int argc, index;
	char **argv;
};

static int store_next(const struct option *option, void *target, struct arguments *arguments,
		      struct error *error)
{
	if (arguments->index + 1 >= arguments->argc)
		return error_set(error, EXIT_CODE_USAGE, "--%s: expected %s after it", option->name,
				 option->argument);
	return store(option, target, arguments->argv[++arguments->index], error);
}

static int parse_long(const struct option *table, void *target, struct arguments *arguments,
		      struct error *error)
{
	const char *word = arguments->argv[arguments->index] + 2;
	const char *equals = strchr(word, '=');
	size_t length = equals ? (size_t)(equals - word) : strlen(word);
	const struct option *option = find_word(table, word, length, false);
	if (!option)
		return error_set(error, EXIT_CODE_USAGE, "unknown option '--%.*s' (see --help)",
				 (int)length, word);
	if (equals) {
		if (!option->argument)
			return error_set(error, EXIT_CODE_USAGE, "--%s takes no value",
					 option->name);
		return store(option, target, equals + 1, error);
	}
	if (takes_argument(option))
		return store_next(option, target, arguments, error);
	return store(option, target, NULL, error);
}

/* "-smp 4" and the like come first, then letters: "-m512M", "-m 512M", "-qv". */
static int parse_short(const struct option *table, void *target, struct arguments *arguments,
		       struct error *error)
{
	const char *word = arguments->argv[arguments->index] + 1;
	const struct option *option = find_word(table, word, strlen(word), true);
	if (option) {
		if (takes_argument(option))
			return store_next(option, target, arguments, error);
		return store(option, target, NULL, error);
	}
	for (; *word; word++) {
		option = find_letter(table, *word);
		if (!option)
			return error_set(error, EXIT_CODE_USAGE, "unknown option '%s' (see --help)",
					 arguments->argv[arguments->index]);
		if (takes_argument(option)) {
			if (word[1])
				return store(option, target, word + 1, error);
			return store_next(option, target, arguments, error);
		}
		if (store(option, target, NULL, error))
			return -1;
	}
	return 0;
}

int options_parse(const struct option *table, void *target, int argc, char **argv,
		  struct option_list *positional, int *rest, struct error *error)
{
	struct arguments arguments = {argc, 0, argv};
	*rest = argc;
	for (; arguments.index < argc; arguments.index++) {
		const char *word = argv[arguments.index];
		if (!strcmp(word, "--")) {
			*rest = arguments.index + 1;
			return 0;
		}
		int result = 0;
		if (word[0] == '-' && word[1] == '-') {
			result = parse_long(table, target, &arguments, error);
		} else if (word[0] == '-' && word[1]) {
			result = parse_short(table, target, &arguments, error);
		} else if (positional->count == OPTION_LIST_MAX) {
			result = error_set(error, EXIT_CODE_USAGE, "too many arguments at '%s'",
					   word);
		} else {
			positional->items[positional->count++] = word;
		}
		if (result)
			return -1;
	}
	return 0;
}

void options_help(const struct option *table)
{
	for (; table->name; table++) {
		char text[80];
		if (!table->help)
			continue;
		const char *mark = table->kind == OPTION_OPTIONAL ? "[=" : " ";
		snprintf(text, sizeof(text), "%c%c%c --%s%s%s%s", table->letter ? '-' : ' ',
			 table->letter ? table->letter : ' ', table->letter ? ',' : ' ',
			 table->name, table->argument ? mark : "",
			 table->argument ? table->argument : "",
			 table->kind == OPTION_OPTIONAL ? "]" : "");
		printf("  %-34s %s\n", text, table->help);
	}
}
