/* What the files of the virt board share; of no use to anybody else. */
#ifndef MACHINES_BOARD_IMPL_H
#define MACHINES_BOARD_IMPL_H

#include "bus/bus.h"
#include "devices/device.h"
#include "devices/htif.h"
#include "engine/engine.h"
#include "machines/board.h"
#include "sbi/sbi.h"

/* Largest device tree: Linux maps no more (arch/riscv, one PMD entry). */
#define DEVICE_TREE_MAX (2u << 20)

struct board {
	struct machine machine; /* first: a machine of this board is its board */
	struct riscv_config cpu;
	enum board_firmware firmware_kind;
	uint64_t memory_size;
	unsigned hart_count;
	uint64_t seed;
	char *append; /* never NULL once built */

	struct mb_bus *bus;
	struct mb_region *root, *ram, *rom;
	struct code_cache *code;
	struct riscv_cpu *hart[BOARD_CPUS_MAX];
	struct sbi *sbi; /* NULL unless firmware_kind is BOARD_SBI_BUILTIN */

	struct device *finisher, *rtc, *clint, *plic, *uart;
	struct device *htif; /* NULL without tohost */
	struct htif_config htif_config;
	struct device *virtio[BOARD_VIRTIO_SLOTS];
	struct chardev *serial;                             /* the caller's */
	struct chardev *virtio_console[BOARD_VIRTIO_SLOTS]; /* ours */

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

/* Makes all devices and maps all but htif. Returns 0, or -1 with error. */
int board_make_devices(struct board *board, const struct board_config *config, struct error *error);

/* Makes the htif overlay if the kernel image has tohost. */
int board_make_htif(struct board *board, struct error *error);

void board_free_devices(struct board *board);

/* Calls fn for each device that exists. */
void board_each_device(struct board *board, void (*fn)(struct device *device));

/* board_boot.c: layout, loading, entry. */

/* Reads the images that config names. */
int board_read_images(struct board *board, const struct board_config *config, struct error *error);

/* Decides where everything goes; builds the device tree. */
int board_plan(struct board *board, struct error *error);

/* Copies images, initramfs, device tree and reset vector to memory. fresh: RAM is all zero. */
int board_load(struct board *board, bool fresh, struct error *error);

/* Puts all harts at their start. */
void board_start_harts(struct board *board);

/* board_poll.c: moves host input to the consoles; true if a device got some. */
bool board_poll_consoles(struct board *board);

/* The consoles: 0 the serial line, 1 + n that of virtio slot n; NULL where there is none. */
#define BOARD_CONSOLES (1 + BOARD_VIRTIO_SLOTS)
static inline struct chardev *board_console(const struct board *board, unsigned index)
{
	return index ? board->virtio_console[index - 1] : board->serial;
}

/* device_tree.c: makes board->device_tree. */
int device_tree_build(struct board *board, struct error *error);

#endif
