#include "core/explain.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"

static struct explain_item *add_item(struct explanation *explanation, const char *name)
{
	if (explanation->count == EXPLAIN_ITEMS_MAX)
		return NULL;
	struct explain_item *item = &explanation->items[explanation->count++];
	memset(item, 0, sizeof(*item));
	snprintf(item->name, sizeof(item->name), "%s", name);
	return item;
}

void explain_fact(struct explanation *explanation, const char *name, const char *format, ...)
{
	struct explain_item *item = add_item(explanation, name);
	va_list args;
	if (!item)
		return;
	va_start(args, format);
	vsnprintf(item->text, sizeof(item->text), format, args);
	va_end(args);
}

void explain_bits(struct explanation *explanation, const char *name, unsigned high, unsigned low,
		  const char *text)
{
	struct explain_item *item = add_item(explanation, name);
	if (!item)
		return;
	item->has_bits = true;
	item->high = (uint8_t)high;
	item->low = (uint8_t)low;
	snprintf(item->text, sizeof(item->text), "%s", text ? text : "");
}

uint64_t explain_field(struct explanation *explanation, const char *name, unsigned high,
		       unsigned low, uint64_t value, const char *text)
{
	unsigned width = high - low + 1;
	uint64_t field = value >> low & (width == 64 ? UINT64_MAX : (1ull << width) - 1);
	unsigned before = explanation->count;
	explain_bits(explanation, name, high, low, text);
	if (explanation->count > before) {
		explanation->items[before].has_value = true;
		explanation->items[before].value = field;
	}
	return field;
}

/* -- text -- */

static void print_bits(const struct explain_item *item, char *text, size_t size)
{
	if (item->high == item->low)
		snprintf(text, size, "[%u]", item->low);
	else
		snprintf(text, size, "[%u:%u]", item->high, item->low);
}

/* Columns are as wide as what stands in them. */
static void measure(const struct explanation *explanation, int *name, int *value)
{
	*name = *value = 0;
	for (unsigned i = 0; i < explanation->count; i++) {
		const struct explain_item *item = &explanation->items[i];
		int length = (int)strlen(item->name);
		*name = length > *name ? length : *name;
		length = item->has_value ? snprintf(NULL, 0, "0x%" PRIx64, item->value) : 0;
		*value = length > *value ? length : *value;
	}
}

static void print_text(const struct explanation *explanation, FILE *stream)
{
	int name, width;
	measure(explanation, &name, &width);
	fprintf(stream, "%s\n", explanation->subject);
	if (explanation->meaning[0])
		fprintf(stream, "  %s\n", explanation->meaning);
	for (unsigned i = 0; i < explanation->count; i++) {
		const struct explain_item *item = &explanation->items[i];
		char bits[16] = "", value[24] = "";
		if (item->has_bits)
			print_bits(item, bits, sizeof(bits));
		if (item->has_value)
			snprintf(value, sizeof(value), "0x%" PRIx64, item->value);
		if (item->has_bits)
			fprintf(stream, "  %-8s%-*s  %*s%s%s\n", bits, name, item->name, width,
				value, width ? "  " : "", item->text);
		else
			fprintf(stream, "  %-*s  %s\n", name, item->name, item->text);
	}
	if (explanation->source[0])
		fprintf(stream, "  See: %s\n", explanation->source);
}

/* -- JSON -- */

static void print_item(struct json *json, const struct explain_item *item)
{
	json_open(json, NULL, '{');
	json_string(json, "name", item->name);
	if (item->has_bits) {
		json_unsigned(json, "high", item->high);
		json_unsigned(json, "low", item->low);
	}
	if (item->has_value)
		json_hex(json, "value", item->value);
	json_string(json, "text", item->text);
	json_close(json, '}');
}

static void print_json(const struct explanation *explanation, FILE *stream)
{
	struct json json;
	json_init(&json, stream);
	json_open(&json, NULL, '{');
	json_string(&json, "subject", explanation->subject);
	json_string(&json, "meaning", explanation->meaning);
	json_string(&json, "source", explanation->source);
	json_open(&json, "items", '[');
	for (unsigned i = 0; i < explanation->count; i++)
		print_item(&json, &explanation->items[i]);
	json_close(&json, ']');
	json_close(&json, '}');
	json_line(&json);
}

void explanation_print(const struct explanation *explanation, FILE *stream, bool json)
{
	if (json)
		print_json(explanation, stream);
	else
		print_text(explanation, stream);
}

int explain_number(const char *text, uint64_t *value)
{
	bool negative = *text == '-';
	char *end;
	text += negative;
	if (!isdigit((unsigned char)*text))
		return -1;
	errno = 0;
	if (text[0] == '0' && (text[1] == 'b' || text[1] == 'B') && text[2])
		*value = strtoull(text + 2, &end, 2);
	else if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		*value = strtoull(text, &end, 16);
	else
		*value = strtoull(text, &end, 10);
	if (*end || errno)
		return -1;
	if (negative)
		*value = -*value;
	return 0;
}
