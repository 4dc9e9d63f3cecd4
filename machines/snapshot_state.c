/*
 * Registered fields in a snapshot file: each section and field by name, so that a file can be read
 * without a machine (info, diff) and a mismatch can be told.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bus/host.h"
#include "machines/snapshot_impl.h"

#define NAME_MAX_LENGTH 63

/* -- encoding -- */

struct encoder {
	uint8_t *at; /* NULL: only count */
	size_t size;
};

static void put(struct encoder *encoder, const void *bytes, size_t size)
{
	if (encoder->at) {
		memcpy(encoder->at, bytes, size);
		encoder->at += size;
	}
	encoder->size += size;
}

static void put_u32(struct encoder *encoder, uint32_t value)
{
	uint8_t bytes[4];
	mb_put32le(bytes, value);
	put(encoder, bytes, sizeof(bytes));
}

static void put_name(struct encoder *encoder, const char *name)
{
	size_t length = strlen(name);
	uint8_t byte = (uint8_t)(length < NAME_MAX_LENGTH ? length : NAME_MAX_LENGTH);
	put(encoder, &byte, 1);
	put(encoder, name, byte);
}

/* Between host order and little-endian, either way. */
static void swap_elements(uint8_t *bytes, uint32_t size, uint32_t count)
{
	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
		return;
	for (uint32_t i = 0; i < count; i++, bytes += size)
		for (uint32_t k = 0; k < size / 2; k++) {
			uint8_t byte = bytes[k];
			bytes[k] = bytes[size - 1 - k];
			bytes[size - 1 - k] = byte;
		}
}

static void put_section(struct encoder *encoder, const struct state_section *section)
{
	put_name(encoder, section->name);
	put_u32(encoder, section->instance);
	put_u32(encoder, section->version);
	put_u32(encoder, (uint32_t)section->field_count);
	for (size_t i = 0; i < section->field_count; i++) {
		const struct state_field *field = &section->fields[i];
		uint32_t used = state_field_used(section, field);
		put_name(encoder, field->name);
		put_u32(encoder, field->size);
		put_u32(encoder, used);
		put(encoder, (const char *)section->base + field->offset,
		    (size_t)field->size * used);
		if (encoder->at)
			swap_elements(encoder->at - (size_t)field->size * used, field->size, used);
	}
}

static void put_registry(struct encoder *encoder, const struct state_registry *registry)
{
	put_u32(encoder, (uint32_t)registry->count);
	for (size_t i = 0; i < registry->count; i++)
		put_section(encoder, &registry->sections[i]);
}

int snapshot_encode_state(const struct state_registry *registry, struct blob *out)
{
	struct encoder encoder = {0};
	state_prepare(registry);
	put_registry(&encoder, registry);
	out->size = encoder.size;
	out->data = malloc(out->size);
	if (!out->data)
		return -1;
	encoder = (struct encoder){.at = out->data};
	put_registry(&encoder, registry);
	return 0;
}

/* -- reading -- */

void snapshot_cursor_init(struct snapshot_cursor *cursor, const struct snapshot *snapshot)
{
	*cursor = (struct snapshot_cursor){.snapshot = snapshot, .sections_left = UINT32_MAX};
}

static int damaged(const struct snapshot_cursor *cursor, struct error *error)
{
	return snapshot_bad(cursor->snapshot,
			    cursor->snapshot->section[SNAPSHOT_STATE].offset + cursor->at, error,
			    "damaged state, expected another section or field");
}

static bool take_bytes(struct snapshot_cursor *cursor, size_t size, const uint8_t **bytes)
{
	const struct blob *state = &cursor->snapshot->state;
	if (size > state->size - cursor->at)
		return false;
	*bytes = state->data + cursor->at;
	cursor->at += size;
	return true;
}

static bool take_u32(struct snapshot_cursor *cursor, uint32_t *value)
{
	const uint8_t *bytes;
	if (!take_bytes(cursor, 4, &bytes))
		return false;
	*value = mb_get32le(bytes);
	return true;
}

/* Names are shown to people: letters, digits and the punctuation of C only. */
static bool take_name(struct snapshot_cursor *cursor, char name[NAME_MAX_LENGTH + 1])
{
	const uint8_t *length, *bytes;
	if (!take_bytes(cursor, 1, &length) || *length > NAME_MAX_LENGTH ||
	    !take_bytes(cursor, *length, &bytes))
		return false;
	for (unsigned i = 0; i < *length; i++)
		if (bytes[i] <= ' ' || bytes[i] >= 0x7f)
			return false;
	memcpy(name, bytes, *length);
	name[*length] = 0;
	return true;
}

static bool begin_section(struct snapshot_cursor *cursor)
{
	struct snapshot_field *current = &cursor->current;
	return take_name(cursor, current->section) && take_u32(cursor, &current->instance) &&
	       take_u32(cursor, &current->version) && take_u32(cursor, &cursor->fields_left);
}

int snapshot_cursor_next(struct snapshot_cursor *cursor, struct error *error)
{
	struct snapshot_field *current = &cursor->current;
	if (cursor->sections_left == UINT32_MAX && !take_u32(cursor, &cursor->sections_left))
		return damaged(cursor, error);
	while (!cursor->fields_left) {
		if (!cursor->sections_left)
			return cursor->at == cursor->snapshot->state.size ? 0
									  : damaged(cursor, error);
		cursor->sections_left--;
		if (!begin_section(cursor))
			return damaged(cursor, error);
	}
	cursor->fields_left--;
	if (!take_name(cursor, current->field) || !take_u32(cursor, &current->size) ||
	    !take_u32(cursor, &current->count) ||
	    (current->size != 1 && current->size != 2 && current->size != 4 &&
	     current->size != 8) ||
	    current->count > STATE_MAX ||
	    !take_bytes(cursor, (size_t)current->size * current->count, &current->bytes))
		return damaged(cursor, error);
	return 1;
}

/* -- decoding -- */

static int mismatch(const struct snapshot_cursor *cursor, struct error *error,
		    const struct state_section *section, const struct state_field *field)
{
	const struct snapshot_field *current = &cursor->current;
	uint64_t at = cursor->snapshot->section[SNAPSHOT_STATE].offset + cursor->at;
	if (!section)
		return snapshot_bad(cursor->snapshot, at, error,
				    "state of %s.%u, which this machine has not", current->section,
				    current->instance);
	return snapshot_bad(cursor->snapshot, at, error,
			    "%s.%u version %u has %s[%u], expected version %u with %s[%u]",
			    current->section, current->instance, current->version, current->field,
			    current->count, section->version, field->name, field->count);
}

static bool fits(const struct snapshot_field *current, const struct state_section *section,
		 const struct state_field *field)
{
	return !strcmp(current->section, section->name) && current->instance == section->instance &&
	       current->version == section->version && !strcmp(current->field, field->name) &&
	       current->size == field->size &&
	       (field->counter ? current->count <= field->count : current->count == field->count);
}

int snapshot_decode_state(const struct snapshot *snapshot, const struct state_registry *registry,
			  struct blob *out, struct error *error)
{
	struct snapshot_cursor cursor;
	out->size = 0;
	out->data = malloc(state_capacity(registry) + 1);
	if (!out->data)
		return error_set(error, EXIT_CODE_USAGE, "%s: out of memory", snapshot->path);
	snapshot_cursor_init(&cursor, snapshot);
	for (size_t s = 0; s < registry->count; s++) {
		const struct state_section *section = &registry->sections[s];
		for (size_t f = 0; f < section->field_count; f++) {
			const struct state_field *field = &section->fields[f];
			int more = snapshot_cursor_next(&cursor, error);
			if (more < 0)
				return -1;
			if (!more)
				return snapshot_bad(
					snapshot, snapshot->section[SNAPSHOT_STATE].offset, error,
					"no state of %s.%u", section->name, section->instance);
			if (!fits(&cursor.current, section, field))
				return mismatch(&cursor, error, section, field);
			size_t bytes = (size_t)field->size * cursor.current.count;
			if (bytes && cursor.current.bytes)
				memcpy(out->data + out->size, cursor.current.bytes, bytes);
			swap_elements(out->data + out->size, field->size, cursor.current.count);
			out->size += bytes;
		}
	}
	int more = snapshot_cursor_next(&cursor, error);
	return more > 0 ? mismatch(&cursor, error, NULL, NULL) : more;
}
