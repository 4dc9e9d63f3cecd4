/* What the files of the virt boards share; of no use to anybody else. */
#ifndef MACHINES_BOARD_IMPL_H
#define MACHINES_BOARD_IMPL_H

#include <stdio.h>

#include "bus/bus.h"
#include "devices/device.h"
#include "devices/htif.h"
#include "engine/engine.h"
#include "machines/board.h"
#include "machines/semihosting.h"
#include "sbi/sbi.h"

/* Largest device tree: Linux maps no more (one PMD entry). */
#define DEVICE_TREE_MAX (2u << 20)

struct board;
struct identity;

/* What is where. */
struct board_map {
	uint64_t ram_base;
	uint64_t rom_base, rom_size;
	bool firmware_in_rom; /* flat files are; the device tree is then at RAM's start */
	uint64_t virtio_base, virtio_stride; /* of slot 0; to the next slot */
	unsigned virtio_slots;
};

/* What one board does in its own way. Constant; the functions are called in this order. */
struct board_kind {
	struct board_info info;
	struct board_map map;

	/* Sets what a key of --machine says; false: no such key or value. May be NULL. */
	bool (*set)(struct board_config *config, const char *key, const char *value);
	/* Checks and copies the board's part of config. */
	int (*configure)(struct board *board, const struct board_config *config,
			 struct error *error);
	/* Where flat binaries go. */
	uint64_t (*flat_address)(const struct board *board);
	/* Makes board->cpu_count CPUs. */
	int (*make_cpus)(struct board *board, struct error *error);
	/* Makes interrupt controllers and the other fixed devices, board->uart among them. */
	int (*make_devices)(struct board *board, const struct board_config *config,
			    struct error *error);
	/* Makes in-process firmware. */
	int (*make_firmware)(struct board *board, const struct board_config *config,
			     struct error *error);
	/* Writes the contents of the device tree's root. */
	void (*write_tree)(struct board *board, struct device_fdt *fdt);
	/* Puts more into memory after the images. */
	int (*load)(struct board *board, struct error *error);
	/* Makes board->overlay, if there is any. */
	int (*make_overlay)(struct board *board, struct error *error);
	/* Puts all CPUs at their start. */
	void (*start_cpus)(struct board *board);

	/* The wire of a virtio slot. */
	struct irq_line (*virtio_irq)(const struct board *board, unsigned slot);
	/* Calls fn for each device that make_devices made; interrupt controllers come last. */
	void (*each_device)(struct board *board, void (*fn)(struct device *device));
	/* "key=value" lines of a snapshot: CPU and firmware; devices other than virtio. */
	void (*describe)(const struct board *board, FILE *out);
	void (*describe_devices)(const struct board *board, FILE *out);
	/* Rows of a recording's identity: CPU and firmware. */
	void (*identify)(const struct board *board, const struct board_config *config,
			 struct identity *identity);
	void (*free_cpus)(struct board *board);
};

extern const struct board_kind virt_riscv_kind, virt_arm64_kind;

/* The parts of the RISC-V board (virt_riscv.c). */
struct board_riscv {
	struct riscv_config cpu;
	struct riscv_cpu *hart[BOARD_CPUS_MAX];
	struct sbi *sbi; /* NULL unless firmware_kind is BOARD_FIRMWARE_BUILTIN */
	struct device *finisher, *rtc, *clint, *plic;
	struct htif_config htif;
};

/* The parts of the AArch64 board (virt_arm64.c). */
struct board_arm64 {
	struct arm64_config cpu;
	struct arm64_cpu *pe[BOARD_CPUS_MAX];
	struct psci *psci;
	struct device *rtc, *gic;
	unsigned gic_version;
	bool has_semihosting;
	struct semihosting semihosting;
};

struct board {
	struct machine machine; /* first: a machine of this board is its board */
	const struct board_kind *kind;
	enum board_firmware firmware_kind;
	uint64_t memory_size;
	unsigned cpu_count;
	uint64_t seed;
	char *append; /* never NULL once built */

	struct mb_bus *bus;
	struct mb_region *root, *ram, *rom;
	struct code_cache *code;

	struct device *uart;
	struct device *overlay; /* in the way of images: off while they are loaded. May be NULL */
	struct device *virtio[BOARD_VIRTIO_SLOTS_MAX];
	struct chardev *serial;                                 /* the caller's */
	struct chardev *virtio_console[BOARD_VIRTIO_SLOTS_MAX]; /* ours */

	struct image kernel, firmware;
	bool has_kernel, has_firmware;
	struct blob initrd; /* the caller's bytes */
	char *initrd_name;
	struct blob device_tree;

	/* Where things are; size 0: absent. */
	struct board_range device_tree_range, initrd_range;
	uint64_t entry; /* of whatever runs first */

	/* Recording and replay move input instead of board_poll_consoles(); NULL: nobody does. */
	bool (*poll_input)(void *opaque);
	void *poll_input_opaque;

	/* board_poll(): the event that is being waited for, and when it is due in host time. */
	uint64_t idle_until, idle_deadline;

	union { /* by kind */
		struct board_riscv riscv;
		struct board_arm64 arm64;
	};
};

static inline struct board *board_of(const struct machine *machine)
{
	return (struct board *)machine->board;
}

/* board_devices.c: the --device list. */

/* One parsed --device value. text owns what the strings point into. */
struct board_device {
	const struct virtio_ops *kind;
	const char *file, *serial_number, *chardev;
	bool read_only;
	bool has_seed;
	uint64_t seed;
	char *text;
};

/* Returns 0, or -1 with error (125) naming the item and what is known. Free text afterwards. */
int board_device_parse(struct board_device *device, const char *value, struct error *error);

/*
 * Makes and maps a device; irq: the wires that it drives, in its own order. NULL with error.
 */
struct device *board_make_device(struct board *board, const struct device_ops *ops, uint64_t base,
				 unsigned instance, const struct irq_line *irq, unsigned irq_count,
				 const void *config, struct error *error);

/* Makes and maps all devices but the overlay. Returns 0, or -1 with error. */
int board_make_devices(struct board *board, const struct board_config *config, struct error *error);

void board_free_devices(struct board *board);

/* Calls fn for each device that exists. */
void board_each_device(struct board *board, void (*fn)(struct device *device));

/* board_boot.c: layout, loading, entry. */

/* Reads the images that config names. */
int board_read_images(struct board *board, const struct board_config *config, struct error *error);

/* Decides where everything goes; builds the device tree. */
int board_plan(struct board *board, struct error *error);

/* Copies images, initramfs and device tree to memory. fresh: RAM is all zero. */
int board_load(struct board *board, bool fresh, struct error *error);

/* Copies bytes to memory, ROM too. name: for messages. Returns 0, or -1 with error (126). */
int board_put_bytes(struct board *board, uint64_t address, const void *data, uint64_t size,
		    const char *name, struct error *error);

/* board_poll.c: moves host input to the consoles; true if a device got some. */
bool board_poll_consoles(struct board *board);

/* The consoles: 0 the serial line, 1 + n that of virtio slot n; NULL where there is none. */
#define BOARD_CONSOLES (1 + BOARD_VIRTIO_SLOTS_MAX)
static inline struct chardev *board_console(const struct board *board, unsigned index)
{
	return index ? board->virtio_console[index - 1] : board->serial;
}

/* device_tree.c: makes board->device_tree. */
int device_tree_build(struct board *board, struct error *error);

/* For write_tree(): */
void device_tree_put_u64(struct device_fdt *fdt, const char *property, uint64_t value);
void device_tree_put_cell_sizes(struct device_fdt *fdt, uint32_t address, uint32_t size);
/* Writes /chosen; stdout: the console's path. */
void device_tree_put_chosen(struct board *board, struct device_fdt *fdt, const char *console);
/* Writes /memory@... */
void device_tree_put_memory(struct board *board, struct device_fdt *fdt);

/* virt_riscv_tree.c */
void virt_riscv_write_tree(struct board *board, struct device_fdt *fdt);

/* virt_arm64_tree.c */
void virt_arm64_write_tree(struct board *board, struct device_fdt *fdt);

#endif
