/* Writing JSON (RFC 8259): strings are escaped to plain ASCII, commas come by themselves. */
#ifndef CORE_JSON_H
#define CORE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *stream; /* errors stay in it: see ferror() */
	bool comma;   /* something precedes at this level */
};

/* Writes text between quotes. Bytes that are no printable ASCII become \u00XX. NULL: null. */
void json_quote(FILE *stream, const char *text);

/* A document that is written to stream; nothing is written yet. */
void json_init(struct json *json, FILE *stream);

/*
 * Members of an object are written with their key; elements of an array, and the value at the top,
 * with a NULL key. Brackets are given as '{', '[' and '}', ']'.
 */
void json_open(struct json *json, const char *key, char bracket);
void json_close(struct json *json, char bracket);
void json_string(struct json *json, const char *key, const char *text);
void json_unsigned(struct json *json, const char *key, uint64_t value);
void json_signed(struct json *json, const char *key, int64_t value);
void json_bool(struct json *json, const char *key, bool value);

/* A 64-bit value as a string "0x...": JSON's own numbers lose bits above 2^53 in many readers. */
void json_hex(struct json *json, const char *key, uint64_t value);

/* Ends a line, and with it the value at the top. */
void json_line(struct json *json);

#endif
