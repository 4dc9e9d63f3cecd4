/* Snapshots without a machine: figures, and what differs between two. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bus/host.h"
#include "machines/snapshot_impl.h"

static int count_state(const struct snapshot *snapshot, struct snapshot_figures *figures,
		       struct error *error)
{
	struct snapshot_cursor cursor;
	int more;
	snapshot_cursor_init(&cursor, snapshot);
	while ((more = snapshot_cursor_next(&cursor, error)) > 0)
		;
	figures->state_size = snapshot->state.size;
	figures->state_sections = snapshot->state.size >= 4 ? mb_get32le(snapshot->state.data) : 0;
	return more;
}

static int count_block(struct snapshot_pages *pages, struct snapshot_figures *figures)
{
	int more;
	figures->memory_size += pages->block_size;
	while ((more = snapshot_pages_window(pages)) > 0) {
		if (snapshot_pages_read(pages, NULL))
			return -1;
		figures->memory_pages += (uint64_t)__builtin_popcountll(pages->bitmap);
		figures->memory_bytes += pages->frame_size;
	}
	return more;
}

int snapshot_measure(struct snapshot *snapshot, struct snapshot_figures *figures,
		     struct error *error)
{
	struct snapshot_pages pages;
	int more;
	*figures = (struct snapshot_figures){.file_size = snapshot->size};
	if (count_state(snapshot, figures, error))
		return -1;
	int result = snapshot_pages_init(&pages, snapshot, error);
	while (!result && (more = snapshot_pages_block(&pages)))
		result = more < 0 ? -1 : count_block(&pages, figures);
	snapshot_pages_fini(&pages);
	return result;
}

/* -- diff -- */

struct diff {
	struct snapshot *left, *right;
	FILE *out;
	struct error *error;
	int lines;
	bool reverse; /* comparing what only the right one has */
	/* The range of memory that differs and is not told yet; length 0: none. */
	char block[BLOCK_NAME + 1];
	uint64_t first, length;
};

static void diff_line(void *opaque, const char *key, const char *value)
{
	struct diff *diff = opaque;
	char other[1024];
	bool there =
		snapshot_value(diff->reverse ? diff->left : diff->right, key, other, sizeof(other));
	if (there && (diff->reverse || !strncmp(other, value, sizeof(other) - 1)))
		return;
	diff->lines++;
	if (there)
		fprintf(diff->out, "%s: %s | %s\n", key, value, other);
	else
		fprintf(diff->out, "%s: %s | %s\n", key, diff->reverse ? "none" : value,
			diff->reverse ? value : "none");
}

static uint64_t element(const struct snapshot_field *field, uint32_t index)
{
	uint64_t value = 0;
	for (uint32_t i = field->size; i > 0; i--)
		value = value << 8 | field->bytes[(size_t)index * field->size + i - 1];
	return value;
}

static bool same_place(const struct snapshot_field *a, const struct snapshot_field *b)
{
	return !strcmp(a->section, b->section) && a->instance == b->instance &&
	       !strcmp(a->field, b->field) && a->size == b->size;
}

static void diff_field(struct diff *diff, const struct snapshot_field *a,
		       const struct snapshot_field *b)
{
	uint32_t count = a->count < b->count ? a->count : b->count;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t left = element(a, i), right = element(b, i);
		if (left == right)
			continue;
		diff->lines++;
		fprintf(diff->out, "%s.%u.%s", a->section, a->instance, a->field);
		if (a->count > 1)
			fprintf(diff->out, "[%u]", i);
		fprintf(diff->out, ": 0x%" PRIx64 " | 0x%" PRIx64 "\n", left, right);
	}
	if (a->count != b->count) {
		diff->lines++;
		fprintf(diff->out, "%s.%u.%s: %u elements | %u\n", a->section, a->instance,
			a->field, a->count, b->count);
	}
}

/* Machines of one build have the same fields in the same order; others are told apart and no more.
 */
static int diff_state(struct diff *diff)
{
	struct snapshot_cursor a, b;
	snapshot_cursor_init(&a, diff->left);
	snapshot_cursor_init(&b, diff->right);
	for (;;) {
		int left = snapshot_cursor_next(&a, diff->error);
		int right = snapshot_cursor_next(&b, diff->error);
		if (left < 0 || right < 0)
			return -1;
		if (!left && !right)
			return 0;
		if (left != right || !same_place(&a.current, &b.current)) {
			diff->lines++;
			fprintf(diff->out, "state: %s.%u.%s | %s.%u.%s\n",
				left ? a.current.section : "end", a.current.instance,
				a.current.field, right ? b.current.section : "end",
				b.current.instance, b.current.field);
			return 0;
		}
		diff_field(diff, &a.current, &b.current);
	}
}

static void flush_range(struct diff *diff)
{
	if (!diff->length)
		return;
	diff->lines++;
	fprintf(diff->out, "%s: 0x%" PRIx64 "-0x%" PRIx64 "\n", diff->block, diff->first,
		diff->first + diff->length - 1);
	diff->length = 0;
}

static void add_page(struct diff *diff, uint64_t offset)
{
	if (diff->length && diff->first + diff->length == offset) {
		diff->length += MB_PAGE_SIZE;
		return;
	}
	flush_range(diff);
	diff->first = offset;
	diff->length = MB_PAGE_SIZE;
}

/* A page that is not stored is zero, and none that is stored is: presence alone tells. */
static void diff_window(struct diff *diff, const struct snapshot_pages *a,
			const struct snapshot_pages *b, uint32_t window)
{
	uint64_t left = a ? a->bitmap : 0, right = b ? b->bitmap : 0;
	const uint8_t *left_data = a ? a->data : NULL, *right_data = b ? b->data : NULL;
	for (uint64_t any = left | right; any; any &= any - 1) {
		uint64_t page = (uint64_t)__builtin_ctzll(any), bit = 1ull << page;
		if (!(left & bit) || !(right & bit) ||
		    memcmp(left_data, right_data, MB_PAGE_SIZE) != 0)
			add_page(diff, (uint64_t)window * WINDOW_BYTES + (page << MB_PAGE_SHIFT));
		if (left & bit)
			left_data += MB_PAGE_SIZE;
		if (right & bit)
			right_data += MB_PAGE_SIZE;
	}
}

static int advance(struct snapshot_pages *pages)
{
	int more = snapshot_pages_window(pages);
	return more > 0 && snapshot_pages_read(pages, NULL) ? -1 : more;
}

static int diff_block(struct diff *diff, struct snapshot_pages *a, struct snapshot_pages *b)
{
	int left = advance(a), right = advance(b);
	while (left > 0 || right > 0) {
		if (left < 0 || right < 0)
			return -1;
		bool use_a = left && (!right || a->window <= b->window);
		bool use_b = right && (!left || b->window <= a->window);
		diff_window(diff, use_a ? a : NULL, use_b ? b : NULL,
			    use_a ? a->window : b->window);
		if (use_a)
			left = advance(a);
		if (use_b)
			right = advance(b);
	}
	flush_range(diff);
	return left < 0 || right < 0 ? -1 : 0;
}

static int diff_memory(struct diff *diff)
{
	struct snapshot_pages a = {0}, b = {0};
	int result = snapshot_pages_init(&a, diff->left, diff->error);
	if (!result)
		result = snapshot_pages_init(&b, diff->right, diff->error);
	while (!result) {
		int left = snapshot_pages_block(&a), right = snapshot_pages_block(&b);
		if (left < 0 || right < 0)
			result = -1;
		else if (!left || !right || strcmp(a.block, b.block) != 0)
			break;
		else {
			memcpy(diff->block, a.block, sizeof(diff->block));
			result = diff_block(diff, &a, &b);
		}
	}
	snapshot_pages_fini(&a);
	snapshot_pages_fini(&b);
	return result;
}

int snapshot_diff(struct snapshot *left, struct snapshot *right, FILE *out, struct error *error)
{
	struct diff diff = {.left = left, .right = right, .out = out, .error = error};
	snapshot_lines(left, diff_line, &diff);
	diff.reverse = true;
	snapshot_lines(right, diff_line, &diff);
	if (diff_state(&diff) || diff_memory(&diff))
		return -1;
	return diff.lines;
}
