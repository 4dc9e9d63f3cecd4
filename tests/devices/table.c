/* Every row of the device table: lookup, device-tree nodes, saved state, random pokes. */
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "devices/clint.h"
#include "devices/gic_v2.h"
#include "devices/gic_v3.h"
#include "devices/htif.h"
#include "devices/plic.h"
#include "devices/uart16550.h"
#include "devices/virtio_mmio.h"

#define BASE 0x10000000ull

static struct bench bench;

/* An instance of any row, with a configuration where the row needs one. */
static struct device *add_any(const struct device_ops *ops)
{
	static const struct htif_config htif = {.tohost = BASE, .fromhost = BASE + 64};
	static const struct virtio_mmio_config virtio = {.kind = &virtio_rng_ops};
	static const struct gic_v2_config gic_v2 = {.cpu_count = 4, .virtual = true};
	static const struct gic_v3_config gic_v3 = {.cpu_count = 4};
	const void *config = NULL;
	if (ops == &gic_v2_ops)
		config = &gic_v2;
	else if (ops == &gic_v3_ops)
		config = &gic_v3;
	else if (ops == &htif_ops)
		config = &htif;
	else if (ops == &virtio_mmio_ops)
		config = &virtio;
	return bench_add(&bench, ops, BASE, config);
}

Test(table, rows_are_found_by_name)
{
	cr_assert_eq(device_find("uart16550"), &uart16550_ops);
	cr_assert_null(device_find("toaster"));
	for (size_t i = 0; i < device_table_count; i++) {
		cr_assert_eq(device_find(device_table[i]->name), device_table[i], "unique names");
		cr_assert_gt(strlen(device_table[i]->summary), 10);
		cr_assert_geq(device_table[i]->object_size, sizeof(struct device));
	}
	const char *name, *summary;
	unsigned kinds = 0;
	for (; virtio_list(kinds, &name, &summary); kinds++)
		cr_assert_not_null(virtio_find(name));
	cr_assert_eq(kinds, 3);
	cr_assert_null(virtio_find("gpu"));
}

static void open_tree(struct device_fdt *fdt, char *blob, int size)
{
	fdt->blob = blob;
	cr_assert_eq(fdt_create(blob, size), 0);
	fdt_finish_reservemap(blob);
	fdt_begin_node(blob, "");
	fdt_begin_node(blob, "soc");
}

static const void *property(const void *blob, const char *path, const char *name, int *length)
{
	int node = fdt_path_offset(blob, path);
	cr_assert_geq(node, 0, "%s: %s", path, fdt_strerror(node));
	const void *value = fdt_getprop(blob, node, name, length);
	cr_assert_not_null(value, "%s: no %s", path, name);
	return value;
}

static void expect_string(const void *blob, const char *path, const char *name, const char *text)
{
	int length;
	const char *value = property(blob, path, name, &length);
	cr_assert(fdt_stringlist_contains(value, length, text), "%s/%s", path, name);
}

static void expect_cell(const void *blob, const char *path, const char *name, unsigned index,
			uint32_t cell)
{
	int length;
	const fdt32_t *value = property(blob, path, name, &length);
	cr_assert_gt(length, (int)(4 * index));
	cr_assert_eq(fdt32_to_cpu(value[index]), cell, "%s/%s[%u]", path, name, index);
}

Test(table, device_tree_nodes)
{
	static char blob[8192];
	static const uint32_t intc[] = {21, 22};
	struct device_fdt fdt = {
		.phandle = 5,
		.interrupt_parent = 9,
		.interrupt = {10},
		.interrupt_cells = 1,
		.cpu_intc = intc,
		.cpu_count = 2,
	};
	bench_init(&bench);
	open_tree(&fdt, blob, sizeof(blob));
	const struct clint_config clint = {.hart_count = 2};
	const struct plic_config plic = {.hart_count = 2};
	device_describe(bench_add(&bench, &uart16550_ops, 0x10000000, NULL), &fdt);
	struct device *finisher = bench_add(&bench, &sifive_test_ops, 0x100000, NULL);
	device_describe(finisher, &fdt);
	fdt.interrupt_parent = 0;
	device_describe(bench_add(&bench, &clint_ops, 0x2000000, &clint), &fdt);
	device_describe(bench_add(&bench, &plic_ops, 0xc000000, &plic), &fdt);
	fdt_end_node(blob);
	device_describe_root(finisher, &fdt);
	fdt_end_node(blob);
	cr_assert_eq(fdt_finish(blob), 0);
	cr_assert_eq(fdt.error, 0);

	expect_string(blob, "/soc/serial@10000000", "compatible", "ns16550a");
	expect_cell(blob, "/soc/serial@10000000", "clock-frequency", 0, 3686400);
	expect_cell(blob, "/soc/serial@10000000", "interrupts", 0, 10);
	expect_cell(blob, "/soc/serial@10000000", "interrupt-parent", 0, 9);
	expect_cell(blob, "/soc/serial@10000000", "reg", 1, 0x10000000);
	expect_cell(blob, "/soc/serial@10000000", "reg", 3, 0x100);
	expect_string(blob, "/soc/test@100000", "compatible", "syscon");
	expect_cell(blob, "/soc/test@100000", "phandle", 0, 5);
	expect_string(blob, "/poweroff", "compatible", "syscon-poweroff");
	expect_cell(blob, "/poweroff", "regmap", 0, 5);
	expect_cell(blob, "/poweroff", "value", 0, 0x5555);
	expect_cell(blob, "/reboot", "value", 0, 0x7777);
	expect_string(blob, "/soc/clint@2000000", "compatible", "riscv,clint0");
	expect_cell(blob, "/soc/clint@2000000", "interrupts-extended", 4, 22);
	expect_cell(blob, "/soc/clint@2000000", "interrupts-extended", 7, 7);
	expect_string(blob, "/soc/interrupt-controller@c000000", "compatible", "riscv,plic0");
	expect_cell(blob, "/soc/interrupt-controller@c000000", "riscv,ndev", 0, 0x5f);
	expect_cell(blob, "/soc/interrupt-controller@c000000", "interrupts-extended", 1, 11);
	expect_cell(blob, "/soc/interrupt-controller@c000000", "interrupts-extended", 7, 9);
	bench_fini(&bench);
}

Test(table, a_full_device_tree_is_an_error_value)
{
	static char blob[256];
	struct device_fdt fdt = {.blob = blob};
	bench_init(&bench);
	open_tree(&fdt, blob, sizeof(blob));
	struct device *uart = bench_add(&bench, &uart16550_ops, BASE, NULL);
	for (unsigned i = 0; i < 10; i++)
		device_describe(uart, &fdt);
	cr_assert_eq(fdt.error, -FDT_ERR_NOSPACE);
	bench_fini(&bench);
}

/* Offsets that matter come often, in each frame of 64 KiB; the rest sometimes. */
static uint64_t random_offset(uint64_t *seed, uint64_t size)
{
	uint64_t offset = bench_random(seed), frame = (offset >> 32 & 7) << 16;
	return (offset & 7 ? frame + (offset >> 8 & 0x1ff) : offset >> 8) % size;
}

static void poke(struct device *device, uint64_t *seed, unsigned count)
{
	uint64_t size = mb_region_size(device->region);
	for (unsigned i = 0; i < count; i++) {
		uint64_t address = device->base + random_offset(seed, size), value;
		unsigned width = 1u << (bench_random(seed) & 3);
		struct mb_space *memory = bench.machine.memory;
		uint64_t choice = bench_random(seed) % 16;
		struct mb_attrs attrs = {.requester = bench_random(seed) % 5};
		if (choice < 7)
			mb_ld(memory, address, width, MB_LITTLE, attrs, &value);
		else if (choice < 14)
			mb_st(memory, address, width, MB_LITTLE, attrs, bench_random(seed));
		else if (choice == 14)
			bench_pass(&bench, bench_random(seed) % 1000000000);
		else if (bench_random(seed) % 64)
			irq_set(&(struct irq_line){0}, true);
		else
			device_reset(device);
	}
}

/* Whatever a guest writes: no crash, no event left behind, and equal runs end in equal states. */
Test(table, random_pokes)
{
	for (size_t row = 0; row < device_table_count; row++) {
		uint64_t hash[2];
		for (unsigned run = 0; run < 2; run++) {
			uint64_t seed = 0x123456789 + row;
			bench_init(&bench);
			struct device *device = add_any(device_table[row]);
			poke(device, &seed, 8000);
			hash[run] = state_hash(&bench.machine.state);
			bench_fini(&bench);
		}
		cr_assert_eq(hash[0], hash[1], "%s", device_table[row]->name);
	}
}

/* What a device does after its state went through state_save() and state_load() into another one.
 */
Test(table, saved_state_goes_on_in_another_machine)
{
	static uint8_t saved[1 << 20], memory[BENCH_RAM_SIZE];
	for (size_t row = 0; row < device_table_count; row++) {
		const char *name = device_table[row]->name;
		uint64_t seed = 0x5eed + row;
		bench_init(&bench);
		struct device *device = add_any(device_table[row]);
		poke(device, &seed, 3000);
		cr_assert_leq(state_capacity(&bench.machine.state), sizeof(saved));
		size_t size = state_save(&bench.machine.state, saved);
		uint64_t hash = state_hash(&bench.machine.state), after_seed = seed;
		memcpy(memory, mb_region_get_ram(bench.ram)->host, sizeof(memory));
		poke(device, &seed, 500);
		uint64_t after = state_hash(&bench.machine.state);
		bench_fini(&bench);

		bench_init(&bench);
		device = add_any(device_table[row]);
		memcpy(mb_region_get_ram(bench.ram)->host, memory, sizeof(memory));
		cr_assert_eq(state_load(&bench.machine.state, saved, size), 0, "%s", name);
		cr_assert_eq(state_hash(&bench.machine.state), hash, "%s", name);
		poke(device, &after_seed, 500);
		cr_assert_eq(state_hash(&bench.machine.state), after, "%s", name);
		cr_assert_eq(state_load(&bench.machine.state, saved, size + 1), -1, "%s", name);
		bench_fini(&bench);
	}
}

/* As a damaged snapshot would: random bytes in all registered fields, then more pokes. */
Test(table, random_state)
{
	for (size_t row = 0; row < device_table_count; row++) {
		uint64_t seed = 0x9876543 + row;
		bench_init(&bench);
		struct device *device = add_any(device_table[row]);
		for (unsigned round = 0; round < 20; round++) {
			for (size_t s = 0; s < bench.machine.state.count; s++) {
				const struct state_section *section =
					&bench.machine.state.sections[s];
				for (size_t f = 0; f < section->field_count; f++) {
					const struct state_field *field = &section->fields[f];
					uint8_t *bytes = (uint8_t *)section->base + field->offset;
					for (uint32_t i = 0; i < field->size * field->count; i++)
						bytes[i] = bench_random(&seed);
				}
				if (section->loaded)
					section->loaded(section->base);
			}
			poke(device, &seed, 200);
		}
		bench_fini(&bench);
	}
}
