/* What a snapshot says of its machine, and putting a machine into the state of one. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/host_memory.h"
#include "devices/virtio_mmio.h"
#include "machines/board_impl.h"
#include "machines/snapshot_impl.h"

/* -- description -- */

static void describe_devices(const struct board *board, FILE *out)
{
	char text[128];
	for (unsigned i = 0; i < board->kind->map.virtio_slots; i++) {
		virtio_describe(board->virtio[i], text, sizeof(text));
		fprintf(out, "device%u=%s\n", i, text);
	}
	if (board->kind->describe_devices)
		board->kind->describe_devices(board, out);
}

char *snapshot_describe(const struct machine *machine)
{
	const struct board *board = board_of(machine);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	fprintf(out, "machine=%s-virt\nmemory=%" PRIu64 "\ncpus=%u\n",
		image_arch_name(board->kind->info.arch), board->memory_size, board->cpu_count);
	fprintf(out, "clock=%" PRIu64 "/%" PRIu64 "\n", machine->clock.ns_numerator,
		machine->clock.ns_denominator);
	board->kind->describe(board, out);
	describe_devices(board, out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

/* -- lines -- */

/* The next line of a text, cut into key and value; NULL at the end. *text moves on. */
static char *next_line(char **text, char **value)
{
	char *line = *text;
	if (!*line)
		return NULL;
	char *end = line + strcspn(line, "\n");
	*text = *end ? end + 1 : end;
	*end = 0;
	char *equals = strchr(line, '=');
	*value = equals ? equals + 1 : end;
	if (equals)
		*equals = 0;
	return line;
}

/* Text of a file goes to terminals. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

void snapshot_lines(const struct snapshot *snapshot,
		    void (*fn)(void *opaque, const char *key, const char *value), void *opaque)
{
	for (unsigned i = 0; i < 2; i++) {
		char *copy = strdup((const char *)snapshot->text[i].data), *rest = copy, *value;
		for (char *key; rest && (key = next_line(&rest, &value));) {
			make_printable(key);
			make_printable(value);
			fn(opaque, key, value);
		}
		free(copy);
	}
}

struct lookup {
	const char *key;
	char *value;
	size_t size;
	bool found;
};

static void look_up(void *opaque, const char *key, const char *value)
{
	struct lookup *lookup = opaque;
	if (lookup->found || strcmp(key, lookup->key) != 0)
		return;
	lookup->found = true;
	snprintf(lookup->value, lookup->size, "%s", value);
}

bool snapshot_value(const struct snapshot *snapshot, const char *key, char *value, size_t size)
{
	struct lookup lookup = {.key = key, .value = value, .size = size};
	snapshot_lines(snapshot, look_up, &lookup);
	return lookup.found;
}

/* -- comparing -- */

/* The value of a key in a text that is intact; an empty one if it has none. */
static const char *value_of(const char *text, const char *key, int *length)
{
	size_t key_length = strlen(key);
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if (strncmp(text, key, key_length) != 0 || text[key_length] != '=')
			continue;
		text += key_length + 1;
		*length = (int)strcspn(text, "\n");
		return text;
	}
	*length = 4;
	return "none";
}

/* Whether a list has a word; each word has a space before it. */
static bool has_word(const char *list, int length, const char *word, int size)
{
	for (int at = 0; at + size <= length; at++)
		if (!memcmp(list + at, word, (size_t)size) &&
		    (at + size == length || list[at + size] == ' '))
			return true;
	return false;
}

/* The first word of a list that another one has not: its length, 0 if there is none. */
static int missing_word(const char *list, int length, const char *other, int other_length,
			const char **word)
{
	for (int at = 0, size; at < length; at += size) {
		size = 1;
		while (at + size < length && list[at + size] != ' ')
			size++;
		*word = list + at + 1;
		if (!has_word(other, other_length, list + at, size))
			return size - 1;
	}
	return 0;
}

static int tell_difference(const struct snapshot *snapshot, const char *key, const char *their,
			   int their_length, const char *our, int our_length, struct error *error)
{
	const char *word = "";
	if (strcmp(key, "cpu.extensions") != 0)
		return error_set(
			error, EXIT_CODE_USAGE,
			"%.120s: offset %d: made by a machine with %.40s=%.*s, expected %.*s",
			snapshot->path, TABLE_END, key, their_length > 120 ? 120 : their_length,
			their, our_length > 120 ? 120 : our_length, our);
	int size = missing_word(their, their_length, our, our_length, &word);
	bool with = size > 0;
	if (!with)
		size = missing_word(our, our_length, their, their_length, &word);
	return error_set(error, EXIT_CODE_USAGE,
			 "%.120s: offset %d: made by a CPU %s %.*s, expected one %s it",
			 snapshot->path, TABLE_END, with ? "with" : "without",
			 size > 40 ? 40 : size, word, with ? "without" : "with");
}

int snapshot_compare_machine(const struct snapshot *snapshot, const struct machine *machine,
			     struct error *error)
{
	char *ours = snapshot_describe(machine);
	const char *theirs = (const char *)snapshot->text[0].data;
	if (!ours)
		return error_set(error, EXIT_CODE_USAGE, "%s: out of memory", snapshot->path);
	int result = 0;
	/* Both ways: a key may be missing on either side. */
	for (unsigned side = 0; side < 2 && !result && strcmp(ours, theirs) != 0; side++) {
		char *copy = strdup(side ? theirs : ours), *rest = copy, *value, *key;
		while (rest && !result && (key = next_line(&rest, &value))) {
			int our_length, their_length;
			const char *our = value_of(ours, key, &our_length);
			const char *their = value_of(theirs, key, &their_length);
			if (our_length == their_length && !memcmp(our, their, (size_t)our_length))
				continue;
			make_printable(key);
			result = tell_difference(snapshot, key, their, their_length, our,
						 our_length, error);
		}
		free(copy);
	}
	free(ours);
	return result;
}

/* -- restoring -- */

/* Fewer pages in a row than that are not worth a system call. */
#define RUN_MIN 4

/* One host page fault for each page would take half of the time. Small guests do without. */
static void choose_pages(const struct snapshot *snapshot, const struct mb_ram *ram)
{
	if (snapshot->section[SNAPSHOT_MEMORY].size >= HOST_HUGE_PAGE)
		host_memory_prefer_huge(ram->host, ram->size);
}

/* The same, where the host has no huge pages. */
static void populate(const struct mb_ram *ram, const struct snapshot_pages *pages)
{
#ifdef MADV_POPULATE_WRITE
	uint8_t *window = ram->host + (uint64_t)pages->window * WINDOW_BYTES;
	uint64_t left = pages->bitmap;
	while (left) {
		unsigned first = (unsigned)__builtin_ctzll(left);
		uint64_t gaps = ~(left >> first);
		unsigned run = gaps ? (unsigned)__builtin_ctzll(gaps) : WINDOW_PAGES;
		if (run > WINDOW_PAGES - first)
			run = WINDOW_PAGES - first;
		if (run >= RUN_MIN)
			(void)madvise(window + ((size_t)first << MB_PAGE_SHIFT),
				      (size_t)run << MB_PAGE_SHIFT, MADV_POPULATE_WRITE);
		left &= first + run < WINDOW_PAGES ? UINT64_MAX << (first + run) : 0;
	}
#else
	(void)ram, (void)pages;
#endif
}

static int restore_window(struct snapshot_pages *pages, const struct mb_ram *ram)
{
	uint64_t base = (uint64_t)pages->window * WINDOW_BYTES;
	populate(ram, pages);
	if (pages->bitmap == UINT64_MAX)
		return snapshot_pages_read(pages, ram->host + base);
	if (snapshot_pages_read(pages, NULL))
		return -1;
	const uint8_t *from = pages->data;
	for (uint64_t left = pages->bitmap; left; left &= left - 1) {
		uint64_t page = (uint64_t)__builtin_ctzll(left);
		uint64_t offset = base + (page << MB_PAGE_SHIFT);
		uint64_t size = ram->size - offset;
		memcpy(ram->host + offset, from, size < MB_PAGE_SIZE ? size : MB_PAGE_SIZE);
		from += MB_PAGE_SIZE;
	}
	return 0;
}

static int restore_block(struct snapshot_pages *pages, const struct board_memory *block)
{
	int more = snapshot_pages_block(pages);
	if (more < 0)
		return -1;
	if (!more || strcmp(pages->block, block->name) != 0 ||
	    pages->block_size != block->ram->size)
		return snapshot_bad(pages->snapshot, pages->at - BLOCK_SIZE, pages->error,
				    "expected %s of %" PRIu64 " bytes", block->name,
				    block->ram->size);
	mb_ram_clear(block->ram);
	choose_pages(pages->snapshot, block->ram);
	while ((more = snapshot_pages_window(pages)) > 0)
		if (restore_window(pages, block->ram))
			return -1;
	return more;
}

static int restore_memory(struct snapshot *snapshot, struct machine *machine, struct error *error)
{
	struct board_memory blocks[BOARD_MEMORY_BLOCKS];
	struct snapshot_pages pages;
	unsigned count = board_memory_blocks(machine, blocks);
	int result = snapshot_pages_init(&pages, snapshot, error);
	for (unsigned i = 0; i < count && !result; i++)
		result = restore_block(&pages, &blocks[i]);
	if (!result)
		result = snapshot_pages_block(&pages);
	if (result > 0)
		result = snapshot_bad(snapshot, pages.at - BLOCK_SIZE, error,
				      "expected no more memory than the machine has");
	snapshot_pages_fini(&pages);
	return result;
}

int snapshot_restore(struct snapshot *snapshot, struct machine *machine, struct error *error)
{
	struct blob state = {0};
	int result = -1;
	if (!snapshot_compare_machine(snapshot, machine, error) &&
	    !snapshot_decode_state(snapshot, &machine->state, &state, error) &&
	    !restore_memory(snapshot, machine, error)) {
		result = state_load(&machine->state, state.data, state.size);
		if (result)
			snapshot_bad(snapshot, snapshot->section[SNAPSHOT_STATE].offset, error,
				     "a count of the state does not fit, expected what was saved");
		machine->stop = (struct stop){.kind = STOP_NONE};
	}
	blob_free(&state);
	return result;
}
