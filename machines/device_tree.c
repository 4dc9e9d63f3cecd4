/*
 * Flattened device trees (Devicetree Specification 0.4): the frame, and the nodes that all boards
 * have. Devices write their own nodes.
 */
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machines/board_impl.h"

enum { FIRST_SIZE = 8 << 10 };

void device_tree_put_u64(struct device_fdt *fdt, const char *property, uint64_t value)
{
	const uint32_t cells[2] = {(uint32_t)(value >> 32), (uint32_t)value};
	device_fdt_cells(fdt, property, cells, 2);
}

void device_tree_put_cell_sizes(struct device_fdt *fdt, uint32_t address, uint32_t size)
{
	device_fdt_u32(fdt, "#address-cells", address);
	device_fdt_u32(fdt, "#size-cells", size);
}

/* SplitMix64: spreads the seed over the 32 bytes of rng-seed. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t value = *state += 0x9e3779b97f4a7c15ull;
	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ull;
	value = (value ^ value >> 27) * 0x94d049bb133111ebull;
	return value ^ value >> 31;
}

void device_tree_put_chosen(struct board *board, struct device_fdt *fdt, const char *console)
{
	device_fdt_node(fdt, "aliases");
	device_fdt_string(fdt, "serial0", console);
	device_fdt_end(fdt);

	device_fdt_node(fdt, "chosen");
	device_fdt_string(fdt, "stdout-path", console);
	device_fdt_string(fdt, "bootargs", board->append);
	uint64_t state = board->seed;
	uint32_t random[8];
	for (unsigned i = 0; i < 8; i++)
		random[i] = (uint32_t)next_random(&state);
	device_fdt_cells(fdt, "rng-seed", random, 8);
	if (board->initrd_range.size) {
		device_tree_put_u64(fdt, "linux,initrd-start", board->initrd_range.address);
		device_tree_put_u64(fdt, "linux,initrd-end",
				    board->initrd_range.address + board->initrd_range.size);
	}
	device_fdt_end(fdt);
}

void device_tree_put_memory(struct board *board, struct device_fdt *fdt)
{
	uint64_t base = board->kind->map.ram_base, size = board->memory_size;
	char name[32];
	snprintf(name, sizeof(name), "memory@%" PRIx64, base);
	device_fdt_node(fdt, name);
	device_fdt_string(fdt, "device_type", "memory");
	const uint32_t reg[4] = {(uint32_t)(base >> 32), (uint32_t)base, (uint32_t)(size >> 32),
				 (uint32_t)size};
	device_fdt_cells(fdt, "reg", reg, 4);
	device_fdt_end(fdt);
}

/* Returns 0 or a negative libfdt error. */
static int write_tree(struct board *board, void *buffer, int size)
{
	struct device_fdt tree = {.blob = buffer}, *fdt = &tree;
	fdt->error = fdt_create(buffer, size);
	if (!fdt->error)
		fdt->error = fdt_finish_reservemap(buffer);
	device_fdt_node(fdt, "");
	board->kind->write_tree(board, fdt);
	device_fdt_end(fdt);
	return fdt->error ? fdt->error : fdt_finish(buffer);
}

int device_tree_build(struct board *board, struct error *error)
{
	blob_free(&board->device_tree);
	int status = -FDT_ERR_NOSPACE;
	for (size_t size = FIRST_SIZE; status == -FDT_ERR_NOSPACE && size <= DEVICE_TREE_MAX;
	     size *= 2) {
		uint8_t *buffer = calloc(1, size);
		if (!buffer)
			return error_set(error, EXIT_CODE_USAGE, "device tree: out of memory");
		status = write_tree(board, buffer, (int)size);
		if (!status)
			board->device_tree =
				(struct blob){.data = buffer, .size = fdt_totalsize(buffer)};
		else
			free(buffer);
	}
	if (status == -FDT_ERR_NOSPACE)
		return error_set(error, EXIT_CODE_USAGE,
				 "device tree: larger than %u bytes with a command line of %zu "
				 "bytes, expected a shorter one",
				 DEVICE_TREE_MAX, strlen(board->append));
	if (status)
		return error_set(error, EXIT_CODE_USAGE, "device tree: %s", fdt_strerror(status));
	return 0;
}
