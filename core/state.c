#include "core/state.h"

#include <stdlib.h>
#include <string.h>

void state_init(struct state_registry *registry)
{
	*registry = (struct state_registry){0};
}

void state_fini(struct state_registry *registry)
{
	free(registry->sections);
	state_init(registry);
}

int state_register(struct state_registry *registry, const struct state_section *section)
{
	for (size_t i = 0; i < registry->count; i++)
		if (registry->sections[i].instance == section->instance &&
		    !strcmp(registry->sections[i].name, section->name))
			return -1;
	if (registry->count == registry->capacity) {
		size_t capacity = registry->capacity ? 2 * registry->capacity : 16;
		void *grown = realloc(registry->sections, capacity * sizeof(*section));
		if (!grown)
			return -1;
		registry->sections = grown;
		registry->capacity = capacity;
	}
	registry->sections[registry->count++] = *section;
	return 0;
}

/* FNV-1a, 64 bits. */
static uint64_t hash_bytes(uint64_t hash, const void *data, size_t length)
{
	const uint8_t *bytes = data;
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3ull;
	return hash;
}

uint32_t state_field_used(const struct state_section *section, const struct state_field *field)
{
	if (!field->counter)
		return field->count;
	uint32_t used = *(const uint32_t *)((const char *)section->base + field->counter - 1);
	return used < field->count ? used : field->count;
}

static void *field_address(const struct state_section *section, const struct state_field *field)
{
	return (char *)section->base + field->offset;
}

static size_t field_bytes(const struct state_section *section, const struct state_field *field)
{
	return (size_t)field->size * state_field_used(section, field);
}

void state_prepare(const struct state_registry *registry)
{
	for (size_t i = 0; i < registry->count; i++)
		if (registry->sections[i].saving)
			registry->sections[i].saving(registry->sections[i].base);
}

uint64_t state_hash(const struct state_registry *registry)
{
	uint64_t hash = 0xcbf29ce484222325ull;
	state_prepare(registry);
	for (size_t i = 0; i < registry->count; i++) {
		const struct state_section *section = &registry->sections[i];
		for (size_t f = 0; f < section->field_count && !section->unhashed; f++) {
			const struct state_field *field = &section->fields[f];
			hash = hash_bytes(hash, field_address(section, field),
					  field_bytes(section, field));
		}
	}
	return hash;
}

size_t state_capacity(const struct state_registry *registry)
{
	size_t size = 0;
	for (size_t i = 0; i < registry->count; i++)
		for (size_t f = 0; f < registry->sections[i].field_count; f++) {
			const struct state_field *field = &registry->sections[i].fields[f];
			size += (size_t)field->size * field->count;
		}
	return size;
}

size_t state_save(const struct state_registry *registry, void *buffer)
{
	char *to = buffer;
	state_prepare(registry);
	for (size_t i = 0; i < registry->count; i++) {
		const struct state_section *section = &registry->sections[i];
		for (size_t f = 0; f < section->field_count; f++) {
			const struct state_field *field = &section->fields[f];
			size_t bytes = field_bytes(section, field);
			memcpy(to, field_address(section, field), bytes);
			to += bytes;
		}
	}
	return (size_t)(to - (char *)buffer);
}

/* The bytes that a saved section takes from size bytes; SIZE_MAX if they are too few. A counter is
 * read from the saved bytes, as the object still has its old one. */
static size_t saved_size(const struct state_section *section, const char *from, size_t size)
{
	size_t done = 0;
	for (size_t f = 0; f < section->field_count; f++) {
		const struct state_field *field = &section->fields[f];
		uint32_t used = field->count;
		size_t at = 0;
		for (size_t c = 0; c < f && field->counter; c++) {
			if (section->fields[c].offset == field->counter - 1)
				memcpy(&used, from + at, sizeof(used));
			at += (size_t)section->fields[c].size * section->fields[c].count;
		}
		if (used > field->count || (size_t)field->size * used > size - done)
			return SIZE_MAX;
		done += (size_t)field->size * used;
	}
	return done;
}

static const char *load_section(const struct state_section *section, const char *from)
{
	for (size_t f = 0; f < section->field_count; f++) {
		const struct state_field *field = &section->fields[f];
		size_t bytes = field_bytes(section, field);
		memcpy(field_address(section, field), from, bytes);
		from += bytes;
	}
	return from;
}

void state_loaded(const struct state_registry *registry)
{
	for (size_t i = 0; i < registry->count; i++)
		if (registry->sections[i].loaded)
			registry->sections[i].loaded(registry->sections[i].base);
}

int state_load(const struct state_registry *registry, const void *buffer, size_t size)
{
	const char *from = buffer;
	size_t done = 0;
	for (size_t i = 0; i < registry->count; i++) {
		size_t bytes = saved_size(&registry->sections[i], from + done, size - done);
		if (bytes == SIZE_MAX)
			return -1;
		done += bytes;
	}
	if (done != size)
		return -1;
	for (size_t i = 0; i < registry->count; i++)
		from = load_section(&registry->sections[i], from);
	state_loaded(registry);
	return 0;
}

void state_fix_bool(bool *value)
{
	unsigned char byte;
	memcpy(&byte, value, 1);
	*value = byte != 0;
}
