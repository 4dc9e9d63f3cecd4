/*
 * The state registry: every CPU and device registers its fields once; snapshots, state hashes
 * (comparison of engines) and the debugger all read that one description.
 */
#ifndef CORE_STATE_H
#define CORE_STATE_H

#include <stddef.h>
#include <stdint.h>

/* One field: count elements of size bytes (1, 2, 4 or 8; integers in host order) at an offset. */
struct state_field {
	const char *name;
	uint32_t offset;
	uint32_t size;
	uint32_t count;
};

/* clang-format off */
#define STATE_FIELD(type, member) \
	{ #member, offsetof(type, member), sizeof(((type *)0)->member), 1 }
#define STATE_ARRAY(type, member) \
	{ #member, offsetof(type, member), sizeof(((type *)0)->member[0]), \
	  sizeof(((type *)0)->member) / sizeof(((type *)0)->member[0]) }
/* clang-format on */

/* The fields of one object. name and fields must outlive the registry. */
struct state_section {
	const char *name;  /* "cpu", "uart", ... */
	unsigned instance; /* distinguishes several of one name */
	unsigned version;  /* raised when fields change meaning */
	void *base;
	const struct state_field *fields;
	size_t field_count;
	/* After the fields were overwritten: recompute derived state. May be NULL. */
	void (*loaded)(void *base);
};

struct state_registry {
	struct state_section *sections;
	size_t count, capacity;
};

/* An empty registry; and the end of one, which frees what it holds but no registered state. */
void state_init(struct state_registry *registry);
void state_fini(struct state_registry *registry);

/* Copies the description. Returns 0, or -1 when memory is out or (name, instance) is taken. */
int state_register(struct state_registry *registry, const struct state_section *section);

/* 64-bit hash over all registered fields in registration order; equal states have equal hashes. */
uint64_t state_hash(const struct state_registry *registry);

#endif
