/* The device tree of the RISC-V board (Linux bindings riscv/cpus.yaml, riscv/extensions.yaml). */
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machines/board_impl.h"
#include "machines/virt_riscv.h"

enum {
	CACHE_BLOCK_SIZE = 64, /* cbo.*: bytes */
	EXTENSION_LIST_SIZE = 2048,
};

struct tree {
	struct board *board;
	struct device_fdt *fdt;
	uint32_t cpu_phandle[BOARD_CPUS_MAX], intc_phandle[BOARD_CPUS_MAX];
	uint32_t plic_phandle, finisher_phandle;
};

static void assign_phandles(struct tree *tree)
{
	uint32_t next = 1;
	for (unsigned i = 0; i < tree->board->cpu_count; i++) {
		tree->cpu_phandle[i] = next++;
		tree->intc_phandle[i] = next++;
	}
	tree->plic_phandle = next++;
	tree->finisher_phandle = next++;
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
	const struct riscv_config *config = &tree->board->riscv.cpu;
	struct device_fdt *fdt = tree->fdt;
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
	const struct riscv_config *config = &tree->board->riscv.cpu;
	struct device_fdt *fdt = tree->fdt;
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
	struct device_fdt *fdt = tree->fdt;
	char name[16];
	snprintf(name, sizeof(name), "cpu@%x", index);
	device_fdt_node(fdt, name);
	device_fdt_string(fdt, "device_type", "cpu");
	device_fdt_u32(fdt, "reg", index);
	device_fdt_string(fdt, "status", "okay");
	device_fdt_string(fdt, "compatible", "riscv");
	put_isa(tree);
	put_cache_blocks(tree);
	device_fdt_string(fdt, "mmu-type", mmu_type(&tree->board->riscv.cpu));
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
	struct device_fdt *fdt = tree->fdt;
	unsigned count = tree->board->cpu_count;
	device_fdt_node(fdt, "cpus");
	device_tree_put_cell_sizes(fdt, 1, 0);
	device_fdt_u32(fdt, "timebase-frequency", (uint32_t)tree->board->riscv.cpu.timebase_hz);
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
	struct device_fdt *fdt = tree->fdt;
	fdt->phandle = phandle;
	fdt->interrupt_parent = irq ? tree->plic_phandle : 0;
	fdt->interrupt_cells = irq ? 1 : 0;
	fdt->interrupt[0] = irq;
	device_describe(device, fdt);
}

static void put_soc(struct tree *tree)
{
	struct board *board = tree->board;
	struct device_fdt *fdt = tree->fdt;
	device_fdt_node(fdt, "soc");
	device_tree_put_cell_sizes(fdt, 2, 2);
	device_fdt_string(fdt, "compatible", "simple-bus");
	device_fdt_flag(fdt, "ranges");
	put_device(tree, board->riscv.finisher, tree->finisher_phandle, 0);
	put_device(tree, board->riscv.rtc, 0, VIRT_RISCV_RTC_IRQ);
	put_device(tree, board->riscv.clint, 0, 0);
	put_device(tree, board->riscv.plic, tree->plic_phandle, 0);
	put_device(tree, board->uart, 0, VIRT_RISCV_UART_IRQ);
	for (unsigned i = 0; i < VIRT_RISCV_VIRTIO_SLOTS; i++)
		put_device(tree, board->virtio[i], 0, VIRT_RISCV_VIRTIO_IRQ + i);
	device_fdt_end(fdt);
	fdt->phandle = tree->finisher_phandle;
	device_describe_root(board->riscv.finisher, fdt);
}

void virt_riscv_write_tree(struct board *board, struct device_fdt *fdt)
{
	struct tree tree = {.board = board, .fdt = fdt};
	char console[64];
	assign_phandles(&tree);
	fdt->cpu_intc = tree.intc_phandle;
	fdt->cpu_count = board->cpu_count;
	device_tree_put_cell_sizes(fdt, 2, 2);
	device_fdt_string(fdt, "compatible", "riscv-virtio");
	device_fdt_string(fdt, "model", "riscv-virtio,trapline");
	snprintf(console, sizeof(console), "/soc/serial@%llx", VIRT_RISCV_UART_BASE);
	device_tree_put_chosen(board, fdt, console);
	device_tree_put_memory(board, fdt);
	put_cpus(&tree);
	put_soc(&tree);
}
