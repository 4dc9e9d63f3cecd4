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

uint64_t state_hash(const struct state_registry *registry)
{
	uint64_t hash = 0xcbf29ce484222325ull;
	for (size_t i = 0; i < registry->count; i++) {
		const struct state_section *section = &registry->sections[i];
		for (size_t f = 0; f < section->field_count; f++) {
			const struct state_field *field = &section->fields[f];
			hash = hash_bytes(hash, (const char *)section->base + field->offset,
					  (size_t)field->size * field->count);
		}
	}
	return hash;
}
