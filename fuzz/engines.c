#include "fuzz/engines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Static, for the fuzzing engine calls without any context; [.][0] is not used. */
static struct {
	const struct fuzz_isa *isa;
	struct guest *guest[FUZZ_VARIANTS][ENGINE_COUNT];
} kept;

void must(bool done)
{
	if (!done)
		abort();
}

/* -- a guest -- */

static void code_written(void *opaque, struct mb_ram *ram, uint64_t offset, uint64_t length)
{
	struct guest *guest = opaque;
	code_cache_write(guest->code, ram, offset, length);
}

static struct guest *guest_new(const struct fuzz_isa *isa, const struct engine_ops *engine,
			       uint8_t options)
{
	struct guest *guest = calloc(1, isa->guest_size);
	must(guest);
	machine_init(&guest->machine);
	guest->machine.engine = engine;
	guest->bus = mb_bus_new();
	must(guest->bus);
	must(!mb_region_container(guest->bus, "root", MB_WHOLE, &guest->root));
	must(!mb_region_ram(guest->bus, "ram", isa->ram_size, &guest->ram));
	must(!mb_attach(guest->root, isa->ram_base, guest->ram));
	must(!mb_space_new(guest->bus, "memory", guest->root, MB_SPACE_MEMORY,
			   &guest->machine.memory));
	isa->make(guest, options);
	guest->code = code_cache_new(&guest->machine);
	must(guest->code);
	code_cache_set_executions(guest->code, 0);
	guest->watch = mmu_watch_new(&guest->machine, code_written, guest);
	must(guest->watch);
	return guest;
}

static void guest_free(const struct fuzz_isa *isa, struct guest *guest)
{
	reset_point_free(guest->point);
	mmu_watch_free(guest->watch);
	code_cache_free(guest->code);
	isa->unmake(guest);
	mb_space_free(guest->machine.memory);
	mb_region_unref(guest->ram);
	mb_region_unref(guest->root);
	mb_bus_free(guest->bus);
	machine_fini(&guest->machine);
	free(guest);
}

static void free_kept(void)
{
	for (unsigned variant = 0; variant < FUZZ_VARIANTS; variant++)
		for (unsigned i = 0; i < ENGINE_COUNT; i++)
			if (kept.guest[variant][i])
				guest_free(kept.isa, kept.guest[variant][i]);
}

/* A guest that was used before, set back; or a new one. */
static struct guest *guest_kept(const struct fuzz_isa *isa, unsigned engine, uint8_t options)
{
	struct guest **guest = &kept.guest[isa->variant(options)][engine];
	if (!kept.isa)
		must(!atexit(free_kept));
	kept.isa = isa;
	if (*guest) {
		must(!reset_point_return((*guest)->point));
	} else {
		*guest = guest_new(isa, engine_all[engine], options);
		must(!reset_point_new(&(*guest)->machine, &(*guest)->point));
	}
	return *guest;
}

static uint8_t *guest_host(const struct guest *guest)
{
	return mb_region_get_ram(guest->ram)->host;
}

void guest_write(const struct fuzz_isa *isa, const struct guest *guest, uint64_t offset,
		 const void *bytes, size_t size)
{
	must(mb_write(guest->machine.memory, isa->ram_base + offset, bytes, size, MB_ATTRS_NONE,
		      NULL) == MB_OK);
}

/* -- comparing -- */

static void report_section(const struct state_section *left, const struct state_section *right)
{
	for (size_t i = 0; i < left->field_count && !left->unhashed; i++) {
		const struct state_field *field = &left->fields[i];
		for (uint32_t k = 0; k < field->count; k++) {
			size_t offset = field->offset + (size_t)k * field->size;
			if (memcmp((char *)left->base + offset, (char *)right->base + offset,
				   field->size))
				fprintf(stderr, "engines differ in %s[%u]\n", field->name, k);
		}
	}
}

/* Names the fields in which two guests differ. */
static void report_difference(const struct fuzz_isa *isa, const struct guest *a,
			      const struct guest *b)
{
	for (size_t i = 0; i < a->machine.state.count; i++)
		report_section(&a->machine.state.sections[i], &b->machine.state.sections[i]);
	for (size_t i = 0; i < isa->ram_size; i++)
		if (guest_host(a)[i] != guest_host(b)[i]) {
			fprintf(stderr, "engines differ in memory at offset 0x%zx\n", i);
			break;
		}
	for (unsigned i = 0; i < a->machine.cpu_count; i++)
		fprintf(stderr, "CPU %u: pc 0x%llx and 0x%llx\n", i,
			(unsigned long long)a->machine.cpu[i]->pc,
			(unsigned long long)b->machine.cpu[i]->pc);
}

void fuzz_engines(const struct fuzz_isa *isa, const uint8_t *data, size_t size)
{
	uint8_t options = data[0];
	struct guest *first = guest_new(isa, engine_all[0], options);
	isa->start(first, options, data + 1, size - 1);
	uint64_t expected = state_hash(&first->machine.state);
	for (unsigned i = 1; i < ENGINE_COUNT; i++) {
		struct guest *guest = guest_kept(isa, i, options);
		isa->start(guest, options, data + 1, size - 1);
		if (state_hash(&guest->machine.state) == expected &&
		    !memcmp(guest_host(first), guest_host(guest), isa->ram_size))
			continue;
		fprintf(stderr, "%s and %s:\n", engine_all[0]->name, engine_all[i]->name);
		report_difference(isa, first, guest);
		abort();
	}
	guest_free(isa, first);
}
