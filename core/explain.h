/*
 * What an architectural value means, for people: the answer of `trapline explain`. Whoever owns the
 * tables fills it in; it prints as text or JSON.
 */
#ifndef CORE_EXPLAIN_H
#define CORE_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define EXPLAIN_ITEMS_MAX 96

/* A field of a register, or a further fact (has_bits false). */
struct explain_item {
	char name[40];
	char text[256];
	bool has_bits, has_value;
	uint8_t high, low; /* bit numbers */
	uint64_t value;    /* of the field, shifted down */
};

struct explanation {
	char subject[96];  /* "mcause 0x5: load_access_fault" */
	char meaning[320]; /* one sentence or two */
	char source[160];  /* manual and section */
	struct explain_item items[EXPLAIN_ITEMS_MAX];
	unsigned count;
};

/* A further fact: name and text. Silently dropped when the table is full, as fields are. */
void explain_fact(struct explanation *explanation, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A field without a value: what bits high:low are. */
void explain_bits(struct explanation *explanation, const char *name, unsigned high, unsigned low,
		  const char *text);

/* A field of value. text may be NULL. Returns the field's value. */
uint64_t explain_field(struct explanation *explanation, const char *name, unsigned high,
		       unsigned low, uint64_t value, const char *text);

/* Writes it for people, or as one JSON object with a newline. */
void explanation_print(const struct explanation *explanation, FILE *stream, bool json);

/* Numbers as users write them: decimal, 0x..., 0b..., or negative (two's complement). Returns 0 or
 * -1. */
int explain_number(const char *text, uint64_t *value);

#endif
