/*
 * The `virt` boards: memory, devices, images, device tree and boot protocols of a machine. They
 * keep the maps of QEMU's machines of that name, so that kernels and bare-metal programs for them
 * run: machines/virt_riscv.h and machines/virt_arm64.h say what is where.
 *
 *	struct board_config config;
 *	board_config_default(&config);
 *	config.kernel = "vmlinux";
 *	config.append = "console=ttyS0";
 *	config.serial = chardev_open("stdio", &error);
 *	struct machine *machine;
 *	if (board_new(&config, &machine, &error))
 *		return error.exit_code;
 *	while (machine_run(machine) == STOP_RESET)
 *		if (board_reset(machine, &error))
 *			break;
 *	board_free(machine);
 */
#ifndef MACHINES_BOARD_H
#define MACHINES_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "bus/ram.h"
#include "core/error.h"
#include "core/machine.h"
#include "cpu/arm64/arm64.h"
#include "cpu/riscv/riscv.h"
#include "devices/chardev.h"
#include "machines/blob.h"
#include "machines/image.h"
#include "sbi/sbi.h"

#define BOARD_MEMORY_MIN (64ull << 20)
#define BOARD_MEMORY_MAX (64ull << 30)
#define BOARD_CPUS_MAX   MACHINE_MAX_CPUS

#define BOARD_VIRTIO_SLOTS_MAX 32

/* What runs below the guest's kernel. */
enum board_firmware {
	/* Answered in process: SBI, hart 0 starts in S-mode; PSCI, CPU 0 starts at EL2 or EL1. */
	BOARD_FIRMWARE_BUILTIN,
	/* RISC-V: nothing, all harts start the image in M-mode. */
	BOARD_FIRMWARE_OFF,
	/*
	 * firmware_path. RISC-V: at the start of RAM (OpenSBI fw_dynamic, fw_jump). AArch64: a flat
	 * file is in flash, an ELF file where it says; PSCI stays in process without EL3.
	 */
	BOARD_FIRMWARE_FILE,
};

/* Everything that --mem, --cpus, --kernel ... say. Strings and objects stay the caller's; the
 * board copies what it needs, except for serial and the bytes of initrd, which must outlive it. */
struct board_config {
	uint64_t memory_size; /* bytes, multiple of 4096 */
	unsigned cpu_count;
	enum image_arch arch;      /* the board: IMAGE_ARCH_RISCV64 or IMAGE_ARCH_AARCH64 */
	struct riscv_config riscv; /* its CPUs; only that of arch counts */
	struct arm64_config arm64;
	/* AArch64: 2 or 3; 0: 3 if the CPUs have its interface. With 2 they lose it. */
	unsigned gic_version;
	bool semihosting; /* AArch64: HLT #0xF000 is a call, see machines/semihosting.h */

	const char *kernel; /* path; NULL only with BOARD_FIRMWARE_FILE or without_image */
	/* Bytes to load as initramfs, or NULL; see machines/cpio.h and machines/initramfs.h. */
	const struct blob *initrd;
	const char *initrd_name; /* for messages; NULL: "initramfs" */
	const char *append;      /* kernel command line, or NULL */
	const char
		*restored_from; /* path of the snapshot that goes on in it; for identities only */
	bool without_image;     /* nothing is loaded but the device tree: for `dt dump`, and for
				   snapshots, which bring all memory */
	/* RISC-V: addresses of the HTIF words (devices/htif.h); tohost 0: what the image says. */
	uint64_t htif_tohost, htif_fromhost;

	enum board_firmware firmware;
	const char *firmware_path;    /* for BOARD_FIRMWARE_FILE */
	const struct sbi_config *sbi; /* RISC-V, BOARD_FIRMWARE_BUILTIN; NULL: defaults */

	struct chardev *serial;     /* of the UART, SBI console and HTIF; NULL: nowhere */
	const char *const *devices; /* --device values, see board_device_help */
	unsigned device_count;

	uint64_t seed;         /* of rng-seed and of virtio-rng */
	uint64_t rtc_epoch_ns; /* wall-clock time at start, ns since 1970; 0: a fixed date */
	uint64_t ns_numerator, ns_denominator; /* of one instruction; see clock_init() */
	const struct engine_ops *engine;       /* NULL: engine_interp */
	const struct log *log;                 /* copied into the machine; NULL: silent */
};

/* RISC-V, 512 MiB, one CPU (rv64; max), built-in firmware, 1 ns per instruction, no image, no
 * console. */
void board_config_default(struct board_config *config);

/*
 * Sets the board's part of a config from "virt[,KEY=VALUE]..."; config->arch is set. Returns 0, or
 * -1 with error (125).
 */
int board_config_parse(struct board_config *config, const char *text, struct error *error);

/* A board of --machine. */
struct board_info {
	const char *name, *summary;
	const char *settings; /* KEY=VALUE|VALUE..., "" */
	enum image_arch arch;
	unsigned cpus_max;
};

/* Calls fn for each board. */
void board_list(void (*fn)(void *opaque, const struct board_info *info), void *opaque);

/* One line per kind of --device, with its keys; ends with NULL. */
extern const char *const board_device_help[];

/*
 * Builds a machine that is ready to run: devices, images in memory, device tree, harts at their
 * entry points. *out is freed with board_free(). Returns 0; or -1 with error: 125 for what the
 * command line says (sizes, unknown devices, unreadable files), 126 for images.
 * The machine's poll callback is board_poll(); callers may replace it, and should call it from
 * their own.
 */
int board_new(const struct board_config *config, struct machine **out, struct error *error);
void board_free(struct machine *machine);

/*
 * After STOP_RESET: resets harts and devices, loads the images again and clears machine->stop. RAM
 * keeps what no image overwrites, time goes on, as on hardware.
 */
int board_reset(struct machine *machine, struct error *error);

/*
 * The blocks of memory that a snapshot holds, "ram" and "mrom", into blocks; offsets in them count
 * from their start, not from their address. Returns how many there are.
 */
struct board_memory {
	const char *name;
	struct mb_ram *ram;
};
#define BOARD_MEMORY_BLOCKS 2
unsigned board_memory_blocks(const struct machine *machine,
			     struct board_memory blocks[BOARD_MEMORY_BLOCKS]);

/*
 * A hash of all registered state and of memory: equal for equal states, however they were reached.
 * It takes time in proportion to the memory that was ever touched.
 */
uint64_t board_hash(const struct machine *machine);

/* For machine->poll (see there), opaque is the machine: moves host input to the consoles. Sleeps
 * when all CPUs idle: until input if no event is due; in real time if the input is a terminal. */
bool board_poll(void *opaque, bool idle, uint64_t idle_until);

/* The guest image and the firmware file; NULL if there is none. Valid until board_free(). */
const struct image *board_image(const struct machine *machine);
const struct image *board_firmware_image(const struct machine *machine);

/* Physical address of the first byte of RAM. */
uint64_t board_ram_base(const struct machine *machine);

/* The flattened device tree that the guest gets (`trapline dt dump`). */
const struct blob *board_device_tree(const struct machine *machine);

/* Where the device tree and the initramfs are; size 0 if there is none. */
struct board_range {
	uint64_t address, size;
};
struct board_range board_device_tree_range(const struct machine *machine);
struct board_range board_initrd_range(const struct machine *machine);

/*
 * Parses sizes as users write them: "512M", "2G", "1048576", "0x10000000", "1024K"; a plain number
 * below 1 Mi counts as MiB, as -m does elsewhere. Returns 0 or -1.
 */
int board_parse_size(const char *text, uint64_t *size);

/*
 * Checks a flattened device tree for consistency (`trapline dt check`): structure, cells, unique
 * phandles and node names, references, unit addresses, overlapping ranges, what Linux requires of
 * cpu and memory nodes. Returns 0; or -1 with error (126) naming node and property.
 */
int device_tree_check(const void *data, size_t size, const char *name, struct error *error);

#endif
