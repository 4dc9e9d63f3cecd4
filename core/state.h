/*
 * The state registry: every CPU and device registers its fields once; snapshots, state hashes
 * (comparison of engines) and the debugger all read that one description.
 */
#ifndef CORE_STATE_H
#define CORE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One field: count elements of size bytes (1, 2, 4 or 8; integers in host order) at an offset.
 *
 * counter is for arrays that are mostly empty: 1 + the offset of a uint32_t, itself registered
 * earlier, that says how many elements are in use. Only these are hashed and saved. 0: all of them.
 */
struct state_field {
	const char *name;
	uint32_t offset;
	uint32_t size;
	uint32_t count;
	uint32_t counter;
};

/* clang-format off */
#define STATE_FIELD(type, member) \
	{ #member, offsetof(type, member), sizeof(((type *)0)->member), 1, 0 }
#define STATE_ARRAY(type, member) \
	{ #member, offsetof(type, member), sizeof(((type *)0)->member[0]), \
	  sizeof(((type *)0)->member) / sizeof(((type *)0)->member[0]), 0 }
#define STATE_COUNTED(type, member, in_use) \
	{ #member, offsetof(type, member), sizeof(((type *)0)->member[0]), \
	  sizeof(((type *)0)->member) / sizeof(((type *)0)->member[0]), offsetof(type, in_use) + 1 }
/* A scheduled event (core/clock.h); loaded() calls clock_restore() on it. */
#define STATE_EVENT(type, member) \
	STATE_FIELD(type, member.when), STATE_FIELD(type, member.sequence)
/* clang-format on */

/* The fields of one object. name and fields must outlive the registry. */
struct state_section {
	const char *name;  /* "cpu", "uart", ... */
	unsigned instance; /* distinguishes several of one name */
	unsigned version;  /* raised when fields change meaning */
	void *base;
	const struct state_field *fields;
	size_t field_count;
	/*
	 * What only the host side sees (its own schedule, input that waits): saved, but no part of
	 * the hash, which compares what guests can see.
	 */
	bool unhashed;
	/* Before the fields are read: bring them into a form that depends on the state alone. May
	 * be NULL. */
	void (*saving)(void *base);
	/*
	 * After the fields were overwritten: recompute derived state. The fields may hold anything,
	 * for a snapshot may be damaged: what is out of range is brought into it. May be NULL.
	 */
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

/* The most bytes that state_save() can need. */
size_t state_capacity(const struct state_registry *registry);

/*
 * Copies all registered fields into buffer, of state_capacity() bytes, in registration order and
 * host order; without a CPU running. Returns the bytes used.
 */
size_t state_save(const struct state_registry *registry, void *buffer);

/*
 * The reverse: overwrites all registered fields with what state_save() of an equal registry wrote,
 * then calls every loaded() in registration order. RAM is not part of it. Returns 0; or -1 if size
 * bytes do not fit the registry, and nothing has changed.
 */
int state_load(const struct state_registry *registry, const void *buffer, size_t size);

/* Calls loaded() of all sections, after somebody has overwritten fields in place. */
void state_loaded(const struct state_registry *registry);

/* Calls saving() of all sections, before somebody reads fields in place. */
void state_prepare(const struct state_registry *registry);

/* Number of elements of a field in use. */
uint32_t state_field_used(const struct state_section *section, const struct state_field *field);

/* Makes a bool whose byte may be anything a valid one. */
void state_fix_bool(bool *value);

#endif
