/* The rows as a table: nothing ambiguous, nothing missing, gates honoured. */
#include <criterion/criterion.h>
#include <string.h>

#include "bench.h"

/* The one row that others go before. */
static bool is_fallback(const struct arm64_row *row)
{
	return !strcmp(row->name, "HINT (unallocated)");
}

/* Two rows may match the same word only if their conditions exclude each other. */
Test(arm64_table, rows_do_not_overlap)
{
	uint64_t state = 0x9e3779b97f4a7c15ull;
	for (unsigned i = 0; i < arm64_row_count; i++)
		for (unsigned j = i + 1; j < arm64_row_count; j++) {
			const struct arm64_row *a = &arm64_rows[i], *b = &arm64_rows[j];
			if ((a->match ^ b->match) & a->mask & b->mask || is_fallback(a) ||
			    is_fallback(b))
				continue;
			for (unsigned n = 0; n < 2000; n++) {
				uint32_t word = (uint32_t)bench_random(&state);
				word = (word & ~a->mask) | a->match;
				word = (word & ~b->mask) | b->match;
				cr_assert(!arm64_row_allows(a, word) || !arm64_row_allows(b, word),
					  "%08x: %s and %s", word, a->name, b->name);
			}
		}
}

Test(arm64_table, match_lies_within_mask)
{
	for (unsigned i = 0; i < arm64_row_count; i++)
		cr_expect_eq(arm64_rows[i].match & ~arm64_rows[i].mask, 0, "%s",
			     arm64_rows[i].name);
}

static const struct arm64_row *linear_search(uint32_t word)
{
	const struct arm64_row *fallback = NULL;
	for (unsigned i = 0; i < arm64_row_count; i++) {
		const struct arm64_row *row = &arm64_rows[i];
		if ((word & row->mask) != row->match || !arm64_row_allows(row, word))
			continue;
		if (!is_fallback(row))
			return row;
		fallback = row;
	}
	return fallback;
}

/* The index finds what a search through all rows finds. */
Test(arm64_table, index_agrees_with_linear_search)
{
	uint64_t state = 1;
	for (unsigned n = 0; n < 300000; n++) {
		/* Half of them random, half of them near a row. */
		uint32_t word = (uint32_t)bench_random(&state);
		const struct arm64_row *near = &arm64_rows[bench_random(&state) % arm64_row_count];
		if (n & 1)
			word = (word & ~near->mask) | near->match;
		const char *why;
		cr_assert_eq(arm64_decode(NULL, word, &why), linear_search(word), "%08x", word);
	}
}

/* Every row decodes with the features it names, and not without. */
Test(arm64_table, features_gate_rows)
{
	static struct arm64_cpu pe;
	uint64_t state = 3;
	for (unsigned i = 0; i < arm64_row_count; i++) {
		const struct arm64_row *row = &arm64_rows[i];
		uint32_t word;
		do {
			word = ((uint32_t)bench_random(&state) & ~row->mask) | row->match;
		} while (!arm64_row_allows(row, word));
		const char *why;
		memset(&pe.config, 0, sizeof(pe.config));
		if (row->need_count) {
			cr_expect_neq(arm64_decode(&pe, word, &why), row, "%s", row->name);
			cr_expect(strstr(why, "is absent"), "%s: %s", row->name, why);
		}
		for (unsigned n = 0; n < row->need_count; n++)
			pe.config.feature[row->need[n] / 64] |= 1ull << row->need[n] % 64;
		const struct arm64_row *found = arm64_decode(&pe, word, &why);
		cr_expect(found == row || (is_fallback(row) && found), "%s", row->name);
	}
}
