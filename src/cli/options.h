/*
 * Command-line options as tables: one row is parser and help at once. Accepts GNU long options,
 * single letters, and the single-dash words that QEMU users type.
 */
#ifndef SRC_CLI_OPTIONS_H
#define SRC_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

enum option_kind {
	OPTION_FLAG,     /* bool: true */
	OPTION_COUNT,    /* int: incremented each time */
	OPTION_STRING,   /* const char *: the last one wins */
	OPTION_OPTIONAL, /* const char *: --name or --name=VALUE; "" without a value */
	OPTION_LIST,     /* struct option_list: all of them */
	OPTION_NUMBER,   /* uint64_t */
	OPTION_SIZE,     /* uint64_t, bytes: 512M, 2G */
	OPTION_DURATION, /* uint64_t, milliseconds: 60s, 500ms, 2m */
	OPTION_IGNORED,  /* accepted for compatibility; takes an argument if it is named */
};

#define OPTION_LIST_MAX 32

struct option_list {
	const char *items[OPTION_LIST_MAX];
	unsigned count;
};

struct option {
	const char *name;     /* long name without dashes */
	char letter;          /* short form, or 0 */
	const char *alias;    /* another spelling after one dash ("smp"), or NULL */
	uint8_t kind;         /* enum option_kind */
	const char *argument; /* what --help calls the value, NULL if there is none */
	size_t offset;        /* of the value in the target */
	const char *help;     /* NULL: not listed */
};

/*
 * Parses argv[0..argc-1] by a table that ends with a NULL name. Values are written into target.
 * Positional arguments are collected in positional. Everything after "--" is left: *rest is its
 * index in argv, or argc. Returns 0, or -1 with error (125).
 */
int options_parse(const struct option *table, void *target, int argc, char **argv,
		  struct option_list *positional, int *rest, struct error *error);

/* Parses 500ms, 60s, 60, 2m or 1h. Returns 0, or -1. */
int option_parse_duration(const char *text, uint64_t *milliseconds);

/* Writes one line per option to standard output. */
void options_help(const struct option *table);

#endif
