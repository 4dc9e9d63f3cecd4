#include "machines/reset.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bus/bus.h"
#include "bus/ram.h"
#include "mmu/mmu.h"

/* Code caches know which bytes they have translated in units of this size (engine/cache.c). */
#define GRANULE 64u

/* One RAM block: what its pages held, and which were written since the last return. */
struct kept_ram {
	struct reset_point *point;
	struct mb_ram *ram;
	uint8_t *shadow; /* as large as the block; only pages with `kept` have memory */
	uint8_t *kept;   /* a byte per page: the shadow holds it */
	uint64_t pages;
	uint32_t *written;
	size_t written_count, written_capacity;
	struct kept_ram *next;
};

/* Fields that lie side by side are copied in one piece. */
struct piece {
	char *live;
	size_t offset; /* in reset_point.state */
	size_t size;
};

/* A section of the state registry. */
struct kept_section {
	void *base;
	void (*loaded)(void *base);
	bool always;           /* more than its fields may have changed: set it back in any case */
	bool changed;          /* found while setting it back */
	unsigned first, count; /* pieces */
};

struct reset_point {
	struct machine *machine;
	struct kept_ram *rams;
	char *state;
	struct kept_section *sections;
	size_t section_count;
	struct piece *pieces;
	bool lost; /* a copy could not be made */
	struct reset_figures figures;
};

/* -- memory -- */

static bool note_written(struct kept_ram *kept, uint64_t page)
{
	if (kept->written_count == kept->written_capacity) {
		size_t capacity = kept->written_capacity ? 2 * kept->written_capacity : 64;
		void *grown = realloc(kept->written, capacity * sizeof(*kept->written));
		if (!grown)
			return false;
		kept->written = grown;
		kept->written_capacity = capacity;
	}
	kept->written[kept->written_count++] = (uint32_t)page;
	return true;
}

static size_t page_size(const struct kept_ram *kept, uint64_t page)
{
	uint64_t left = kept->ram->size - (page << MB_PAGE_SHIFT);
	return left < MB_PAGE_SIZE ? left : MB_PAGE_SIZE;
}

/* A page is about to be written for the first time since the point, or the last return to it. */
static void keep_page(struct kept_ram *kept, uint64_t page)
{
	uint64_t offset = page << MB_PAGE_SHIFT;
	if (!kept->kept[page]) {
		memcpy(kept->shadow + offset, kept->ram->host + offset, page_size(kept, page));
		kept->kept[page] = 1;
		kept->point->figures.pages_copied++;
	}
	if (!note_written(kept, page))
		kept->point->lost = true;
	mb_ram_unmark(kept->ram, offset, 1, MB_PAGE_COPY);
}

static void before_write(void *opaque, struct mb_ram *ram, uint64_t offset, uint64_t length)
{
	struct kept_ram *kept = opaque;
	uint64_t last = (offset + length - 1) >> MB_PAGE_SHIFT;
	for (uint64_t page = offset >> MB_PAGE_SHIFT; page <= last && page < kept->pages; page++)
		if (ram->page_state[page] & MB_PAGE_COPY)
			keep_page(kept, page);
}

/* Memory that costs nothing until it is touched; NULL: none left. */
static void *map_lazy(uint64_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

static void free_ram(struct kept_ram *kept)
{
	if (kept->point) {
		mb_ram_set_copy_hook(kept->ram, NULL, NULL);
		mb_ram_unmark(kept->ram, 0, kept->ram->size, MB_PAGE_COPY);
	}
	if (kept->shadow)
		munmap(kept->shadow, kept->ram->size);
	if (kept->kept)
		munmap(kept->kept, kept->pages);
	free(kept->written);
	free(kept);
}

static int keep_ram(struct reset_point *point, struct mb_ram *ram)
{
	for (const struct kept_ram *kept = point->rams; kept; kept = kept->next)
		if (kept->ram == ram)
			return 0; /* visible at a second place */
	struct kept_ram *kept = calloc(1, sizeof(*kept));
	if (!kept)
		return -1;
	kept->ram = ram;
	kept->pages = (ram->size + MB_PAGE_SIZE - 1) >> MB_PAGE_SHIFT;
	kept->shadow = map_lazy(ram->size);
	kept->kept = map_lazy(kept->pages);
	if (!kept->shadow || !kept->kept || kept->pages > UINT32_MAX ||
	    mb_ram_set_copy_hook(ram, before_write, kept)) {
		free_ram(kept);
		return -1;
	}
	kept->point = point;
	kept->next = point->rams;
	point->rams = kept;
	mb_ram_mark(ram, 0, ram->size, MB_PAGE_COPY);
	return 0;
}

static int keep_memory(struct reset_point *point)
{
	struct mb_view *view = mb_view_acquire(point->machine->memory);
	int status = 0;
	for (size_t i = 0; i < mb_view_count(view) && !status; i++) {
		struct mb_ram *ram = mb_view_range(view, i)->ram;
		if (ram && ram->size)
			status = keep_ram(point, ram);
	}
	mb_view_release(view);
	return status;
}

/* Tells whoever keeps something about a page which bytes are about to be others. */
static void announce(struct kept_ram *kept, uint64_t offset, size_t size)
{
	const uint8_t *now = kept->ram->host + offset, *then = kept->shadow + offset;
	if (!(kept->ram->page_state[offset >> MB_PAGE_SHIFT] & MB_PAGE_CODE)) {
		mb_ram_note_write(kept->ram, offset, size);
		return;
	}
	for (size_t at = 0; at < size; at += GRANULE) {
		size_t length = size - at < GRANULE ? size - at : GRANULE;
		if (memcmp(now + at, then + at, length) != 0)
			mb_ram_note_write(kept->ram, offset + at, length);
	}
}

static void return_ram(struct kept_ram *kept)
{
	for (size_t i = 0; i < kept->written_count; i++) {
		uint64_t page = kept->written[i], offset = page << MB_PAGE_SHIFT;
		size_t size = page_size(kept, page);
		if (kept->ram->page_state[page])
			announce(kept, offset, size);
		memcpy(kept->ram->host + offset, kept->shadow + offset, size);
	}
	mb_ram_mark_pages(kept->ram, kept->written, kept->written_count, MB_PAGE_COPY);
	kept->point->figures.pages += kept->written_count;
	kept->written_count = 0;
}

/* -- registers and devices -- */

/* Whether a field belongs to an event that is scheduled: then its section restores the event. */
static bool is_scheduled(const struct clock *clock, const void *field)
{
	for (const struct clock_event *event = clock->head; event; event = event->next)
		if (field == &event->when)
			return true;
	return false;
}

static void add_piece(struct reset_point *point, struct kept_section *section, char *live,
		      size_t offset, size_t size)
{
	struct piece *next = &point->pieces[section->first + section->count];
	if (!size)
		return;
	if (section->count && next[-1].live + next[-1].size == live) {
		next[-1].size += size;
		return;
	}
	*next = (struct piece){live, offset, size};
	section->count++;
}

/* Follows state_save() through a section; returns the offset behind it. */
static size_t keep_section(struct reset_point *point, const struct state_section *described,
			   struct kept_section *section, size_t offset)
{
	section->base = described->base;
	section->loaded = described->loaded;
	section->always = described->saving != NULL;
	for (size_t f = 0; f < described->field_count; f++) {
		const struct state_field *field = &described->fields[f];
		char *live = (char *)described->base + field->offset;
		size_t size = (size_t)field->size * state_field_used(described, field);
		section->always |= is_scheduled(&point->machine->clock, live);
		add_piece(point, section, live, offset, size);
		offset += size;
	}
	return offset;
}

static int keep_state(struct reset_point *point)
{
	const struct state_registry *registry = &point->machine->state;
	size_t fields = 0, offset = 0;
	unsigned pieces = 0;
	for (size_t i = 0; i < registry->count; i++)
		fields += registry->sections[i].field_count;
	point->state = malloc(state_capacity(registry) + 1);
	point->sections = calloc(registry->count + 1, sizeof(*point->sections));
	point->pieces = calloc(fields + 1, sizeof(*point->pieces));
	if (!point->state || !point->sections || !point->pieces)
		return -1;
	point->figures.state_bytes = state_save(registry, point->state);
	for (size_t i = 0; i < registry->count; i++) {
		struct kept_section *section = &point->sections[point->section_count++];
		section->first = pieces;
		offset = keep_section(point, &registry->sections[i], section, offset);
		pieces += section->count;
	}
	return 0;
}

static bool is_changed(const struct reset_point *point, const struct kept_section *section)
{
	for (unsigned i = 0; i < section->count; i++) {
		const struct piece *piece = &point->pieces[section->first + i];
		if (memcmp(piece->live, point->state + piece->offset, piece->size) != 0)
			return true;
	}
	return false;
}

/* As state_load(), for the sections that need it: fields of all, then what follows from them. */
static void return_state(struct reset_point *point)
{
	for (size_t s = 0; s < point->section_count; s++) {
		struct kept_section *section = &point->sections[s];
		section->changed = section->always || is_changed(point, section);
		for (unsigned i = 0; i < section->count && section->changed; i++) {
			const struct piece *piece = &point->pieces[section->first + i];
			memcpy(piece->live, point->state + piece->offset, piece->size);
		}
	}
	for (size_t s = 0; s < point->section_count; s++)
		if (point->sections[s].changed && point->sections[s].loaded)
			point->sections[s].loaded(point->sections[s].base);
}

/* -- */

/* Cached translations are no state: nobody shall see those of another time. */
static void forget_translations(struct machine *machine)
{
	for (unsigned i = 0; i < machine->cpu_count; i++) {
		mmu_flush(machine->cpu[i]);
		cpu_attention(machine->cpu[i]);
	}
}

int reset_point_new(struct machine *machine, struct reset_point **out)
{
	*out = NULL;
	struct reset_point *point = calloc(1, sizeof(*point));
	if (!point)
		return -1;
	point->machine = machine;
	if (keep_state(point) || keep_memory(point)) {
		reset_point_free(point);
		return -1;
	}
	forget_translations(machine);
	*out = point;
	return 0;
}

int reset_point_return(struct reset_point *point)
{
	struct machine *machine = point->machine;
	if (point->lost)
		return -1;
	machine->stop = (struct stop){.kind = STOP_NONE};
	machine->repeats = 0;
	return_state(point);
	forget_translations(machine);
	for (struct kept_ram *kept = point->rams; kept; kept = kept->next)
		return_ram(kept);
	point->figures.returns++;
	return 0;
}

void reset_point_free(struct reset_point *point)
{
	if (!point)
		return;
	while (point->rams) {
		struct kept_ram *kept = point->rams;
		point->rams = kept->next;
		free_ram(kept);
	}
	free(point->state);
	free(point->sections);
	free(point->pieces);
	free(point);
}

void reset_point_figures(const struct reset_point *point, struct reset_figures *figures)
{
	*figures = point->figures;
}
