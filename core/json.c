#include "core/json.h"

#include <inttypes.h>

void json_quote(FILE *stream, const char *text)
{
	if (!text) {
		fputs("null", stream);
		return;
	}
	fputc('"', stream);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '"' || c == '\\')
			fprintf(stream, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			fprintf(stream, "\\u%04x", c);
		else
			fputc(c, stream);
	}
	fputc('"', stream);
}

void json_init(struct json *json, FILE *stream)
{
	json->stream = stream;
	json->comma = false;
}

static void begin_value(struct json *json, const char *key)
{
	if (json->comma)
		fputc(',', json->stream);
	json->comma = true;
	if (key) {
		json_quote(json->stream, key);
		fputc(':', json->stream);
	}
}

void json_open(struct json *json, const char *key, char bracket)
{
	begin_value(json, key);
	fputc(bracket, json->stream);
	json->comma = false;
}

void json_close(struct json *json, char bracket)
{
	fputc(bracket, json->stream);
	json->comma = true;
}

void json_string(struct json *json, const char *key, const char *text)
{
	begin_value(json, key);
	json_quote(json->stream, text);
}

void json_unsigned(struct json *json, const char *key, uint64_t value)
{
	begin_value(json, key);
	fprintf(json->stream, "%" PRIu64, value);
}

void json_signed(struct json *json, const char *key, int64_t value)
{
	begin_value(json, key);
	fprintf(json->stream, "%" PRId64, value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin_value(json, key);
	fputs(value ? "true" : "false", json->stream);
}

void json_hex(struct json *json, const char *key, uint64_t value)
{
	begin_value(json, key);
	fprintf(json->stream, "\"0x%" PRIx64 "\"", value);
}

void json_line(struct json *json)
{
	fputc('\n', json->stream);
	json->comma = false;
}
