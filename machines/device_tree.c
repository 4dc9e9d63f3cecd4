/*
 * The board's flattened device tree (Devicetree Specification 0.4; Linux bindings riscv/cpus.yaml
 * and riscv/extensions.yaml). Devices write their own nodes.
 */
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machines/board_impl.h"

enum {
	FIRST_SIZE = 16 << 10,
	CACHE_BLOCK_SIZE = 64, /* cbo.*: bytes */
	EXTENSION_LIST_SIZE = 2048,
};

/* One attempt to write the tree into a buffer of fixed size. */
struct tree {
	struct board *board;
	struct device_fdt fdt;
	uint32_t cpu_phandle[BOARD_CPUS_MAX], intc_phandle[BOARD_CPUS_MAX];
	uint32_t plic_phandle, finisher_phandle;
};

static void assign_phandles(struct tree *tree)
{
	uint32_t next = 1;
	for (unsigned i = 0; i < tree->board->hart_count; i++) {
		tree->cpu_phandle[i] = next++;
		tree->intc_phandle[i] = next++;
	}
	tree->plic_phandle = next++;
	tree->finisher_phandle = next++;
}

static void put_u64(struct device_fdt *fdt, const char *property, uint64_t value)
{
	const uint32_t cells[2] = {(uint32_t)(value >> 32), (uint32_t)value};
	device_fdt_cells(fdt, property, cells, 2);
}

static void put_cell_sizes(struct device_fdt *fdt, uint32_t address, uint32_t size)
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

static void put_chosen(struct tree *tree)
{
	struct board *board = tree->board;
	struct device_fdt *fdt = &tree->fdt;
	char path[64];
	snprintf(path, sizeof(path), "/soc/serial@%llx", BOARD_UART_BASE);
	device_fdt_node(fdt, "aliases");
	device_fdt_string(fdt, "serial0", path);
	device_fdt_end(fdt);

	device_fdt_node(fdt, "chosen");
	device_fdt_string(fdt, "stdout-path", path);
	device_fdt_string(fdt, "bootargs", board->append);
	uint64_t state = board->seed;
	uint32_t random[8];
	for (unsigned i = 0; i < 8; i++)
		random[i] = (uint32_t)next_random(&state);
	device_fdt_cells(fdt, "rng-seed", random, 8);
	if (board->initrd_range.size) {
		put_u64(fdt, "linux,initrd-start", board->initrd_range.address);
		put_u64(fdt, "linux,initrd-end",
			board->initrd_range.address + board->initrd_range.size);
	}
	device_fdt_end(fdt);
}

static void put_memory(struct tree *tree)
{
	struct device_fdt *fdt = &tree->fdt;
	uint64_t size = tree->board->memory_size;
	char name[32];
	snprintf(name, sizeof(name), "memory@%llx", BOARD_RAM_BASE);
	device_fdt_node(fdt, name);
	device_fdt_string(fdt, "device_type", "memory");
	const uint32_t reg[4] = {(uint32_t)(BOARD_RAM_BASE >> 32), (uint32_t)BOARD_RAM_BASE,
				 (uint32_t)(size >> 32), (uint32_t)size};
	device_fdt_cells(fdt, "reg", reg, 4);
	device_fdt_end(fdt);
}

/* Names separated by NUL, as a string-list property wants them. */
struct string_list {
	char text[EXTENSION_LIST_SIZE];
	size_t length;
	bool overflow;
};

static void add_string(void *opaque, const char *name)
{
	struct string_list *list = opaque;
	size_t size = strlen(name) + 1;
	if (size > sizeof(list->text) - list->length) {
		list->overflow = true;
		return;
	}
	memcpy(list->text + list->length, name, size);
	list->length += size;
}

static void put_isa(struct tree *tree)
{
	const struct riscv_config *config = &tree->board->cpu;
	struct device_fdt *fdt = &tree->fdt;
	char isa[EXTENSION_LIST_SIZE];
	struct string_list list = {.length = 0};
	int length = riscv_isa_string(config, isa, sizeof(isa));
	riscv_isa_extensions(config, add_string, &list);
	if (list.overflow || length < 0 || (size_t)length >= sizeof(isa)) {
		fdt->error = -FDT_ERR_NOSPACE;
		return;
	}
	device_fdt_string(fdt, "riscv,isa", isa);
	device_fdt_string(fdt, "riscv,isa-base", "rv64i");
	device_fdt_strings(fdt, "riscv,isa-extensions", list.text, list.length);
}

static bool has_extension(const struct riscv_config *config, enum riscv_extension extension)
{
	return config->extension[extension / 64] >> (extension % 64) & 1;
}

static void put_cache_blocks(struct tree *tree)
{
	const struct riscv_config *config = &tree->board->cpu;
	struct device_fdt *fdt = &tree->fdt;
	if (has_extension(config, RV_EXT_ZICBOM))
		device_fdt_u32(fdt, "riscv,cbom-block-size", CACHE_BLOCK_SIZE);
	if (has_extension(config, RV_EXT_ZICBOP))
		device_fdt_u32(fdt, "riscv,cbop-block-size", CACHE_BLOCK_SIZE);
	if (has_extension(config, RV_EXT_ZICBOZ))
		device_fdt_u32(fdt, "riscv,cboz-block-size", CACHE_BLOCK_SIZE);
}

static const char *mmu_type(const struct riscv_config *config)
{
	switch (config->max_satp_mode) {
	case 10: return "riscv,sv57";
	case 9: return "riscv,sv48";
	case 8: return "riscv,sv39";
	default: return "riscv,none";
	}
}

static void put_cpu(struct tree *tree, unsigned index)
{
	struct device_fdt *fdt = &tree->fdt;
	char name[16];
	snprintf(name, sizeof(name), "cpu@%x", index);
	device_fdt_node(fdt, name);
	device_fdt_string(fdt, "device_type", "cpu");
	device_fdt_u32(fdt, "reg", index);
	device_fdt_string(fdt, "status", "okay");
	device_fdt_string(fdt, "compatible", "riscv");
	put_isa(tree);
	put_cache_blocks(tree);
	device_fdt_string(fdt, "mmu-type", mmu_type(&tree->board->cpu));
	device_fdt_u32(fdt, "phandle", tree->cpu_phandle[index]);
	device_fdt_node(fdt, "interrupt-controller");
	device_fdt_string(fdt, "compatible", "riscv,cpu-intc");
	device_fdt_flag(fdt, "interrupt-controller");
	device_fdt_u32(fdt, "#interrupt-cells", 1);
	device_fdt_u32(fdt, "phandle", tree->intc_phandle[index]);
	device_fdt_end(fdt);
	device_fdt_end(fdt);
}

static void put_cpus(struct tree *tree)
{
	struct device_fdt *fdt = &tree->fdt;
	unsigned count = tree->board->hart_count;
	device_fdt_node(fdt, "cpus");
	put_cell_sizes(fdt, 1, 0);
	device_fdt_u32(fdt, "timebase-frequency", (uint32_t)tree->board->cpu.timebase_hz);
	for (unsigned i = 0; i < count; i++)
		put_cpu(tree, i);
	device_fdt_node(fdt, "cpu-map");
	device_fdt_node(fdt, "cluster0");
	for (unsigned i = 0; i < count; i++) {
		char name[16];
		snprintf(name, sizeof(name), "core%u", i);
		device_fdt_node(fdt, name);
		device_fdt_u32(fdt, "cpu", tree->cpu_phandle[i]);
		device_fdt_end(fdt);
	}
	device_fdt_end(fdt);
	device_fdt_end(fdt);
	device_fdt_end(fdt);
}

/* irq 0: the device has no line to the PLIC. */
static void put_device(struct tree *tree, const struct device *device, uint32_t phandle,
		       uint32_t irq)
{
	struct device_fdt *fdt = &tree->fdt;
	fdt->phandle = phandle;
	fdt->interrupt_parent = irq ? tree->plic_phandle : 0;
	fdt->interrupt_cells = irq ? 1 : 0;
	fdt->interrupt[0] = irq;
	device_describe(device, fdt);
}

static void put_soc(struct tree *tree)
{
	struct board *board = tree->board;
	struct device_fdt *fdt = &tree->fdt;
	device_fdt_node(fdt, "soc");
	put_cell_sizes(fdt, 2, 2);
	device_fdt_string(fdt, "compatible", "simple-bus");
	device_fdt_flag(fdt, "ranges");
	put_device(tree, board->finisher, tree->finisher_phandle, 0);
	put_device(tree, board->rtc, 0, BOARD_RTC_IRQ);
	put_device(tree, board->clint, 0, 0);
	put_device(tree, board->plic, tree->plic_phandle, 0);
	put_device(tree, board->uart, 0, BOARD_UART_IRQ);
	for (unsigned i = 0; i < BOARD_VIRTIO_SLOTS; i++)
		put_device(tree, board->virtio[i], 0, BOARD_VIRTIO_IRQ + i);
	device_fdt_end(fdt);
	fdt->phandle = tree->finisher_phandle;
	device_describe_root(board->finisher, fdt);
}

/* Returns 0 or a negative libfdt error. */
static int write_tree(struct tree *tree, void *buffer, int size)
{
	struct device_fdt *fdt = &tree->fdt;
	*fdt = (struct device_fdt){.blob = buffer,
				   .cpu_intc = tree->intc_phandle,
				   .cpu_count = tree->board->hart_count};
	fdt->error = fdt_create(buffer, size);
	if (!fdt->error)
		fdt->error = fdt_finish_reservemap(buffer);
	device_fdt_node(fdt, "");
	put_cell_sizes(fdt, 2, 2);
	device_fdt_string(fdt, "compatible", "riscv-virtio");
	device_fdt_string(fdt, "model", "riscv-virtio,trapline");
	put_chosen(tree);
	put_memory(tree);
	put_cpus(tree);
	put_soc(tree);
	device_fdt_end(fdt);
	return fdt->error ? fdt->error : fdt_finish(buffer);
}

int device_tree_build(struct board *board, struct error *error)
{
	struct tree tree = {.board = board};
	assign_phandles(&tree);
	blob_free(&board->device_tree);
	int status = -FDT_ERR_NOSPACE;
	for (size_t size = FIRST_SIZE; status == -FDT_ERR_NOSPACE && size <= DEVICE_TREE_MAX;
	     size *= 2) {
		uint8_t *buffer = calloc(1, size);
		if (!buffer)
			return error_set(error, EXIT_CODE_USAGE, "device tree: out of memory");
		status = write_tree(&tree, buffer, (int)size);
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
