/* What is where in RAM, how it gets there, and how CPUs start. */
#include <inttypes.h>
#include <string.h>

#include "bus/host.h"
#include "core/host_memory.h"
#include "machines/board_impl.h"

#define ALIGN_PAGE 0x1000ull
#define ALIGN_2M   0x200000ull
/* Linux maps device tree and initramfs early; below this they are within reach of any kernel. */
#define LOW_RAM_SIZE (3ull << 30)
/* Of the device tree at the start of RAM; flat binaries are behind it. */
#define FIRMWARE_TREE_MAX 0x80000ull

static struct image_memory ram_of(const struct board *board)
{
	return (struct image_memory){.base = board->kind->map.ram_base, .size = board->memory_size};
}

static int check_arch(const struct board *board, const struct image *image, struct error *error)
{
	if (image->arch == board->kind->info.arch || image->arch == IMAGE_ARCH_UNKNOWN)
		return 0;
	return error_set(error, EXIT_CODE_BAD_IMAGE,
			 "%s: offset 0: image for %s, expected one for %s", image->path,
			 image_arch_name(image->arch), image_arch_name(board->kind->info.arch));
}

static int read_image(struct board *board, struct image *image, const char *path, const char *kind,
		      struct error *error)
{
	return image_read(image, path, kind, board->memory_size, error) ||
			       check_arch(board, image, error)
		       ? -1
		       : 0;
}

/* Flash, or RAM: where an ELF file says. */
static int place_firmware(struct board *board, struct error *error)
{
	const struct board_map *map = &board->kind->map;
	struct image_memory memory = ram_of(board);
	uint64_t first, end;
	image_extent(&board->firmware, &first, &end);
	bool in_ram = board->firmware.kind == IMAGE_ELF && first >= memory.base;
	if (map->firmware_in_rom && !in_ram)
		memory = (struct image_memory){.base = map->rom_base, .size = map->rom_size};
	return image_place(&board->firmware, &memory, memory.base, error);
}

int board_read_images(struct board *board, const struct board_config *config, struct error *error)
{
	if (config->without_image)
		return 0;
	if (board->firmware_kind == BOARD_FIRMWARE_FILE) {
		board->has_firmware = true;
		if (read_image(board, &board->firmware, config->firmware_path, "firmware", error) ||
		    place_firmware(board, error))
			return -1;
	}
	if (config->kernel) {
		const struct image_memory ram = ram_of(board);
		board->has_kernel = true;
		return read_image(board, &board->kernel, config->kernel, "guest image", error) ||
				       image_place(&board->kernel, &ram,
						   board->kind->flat_address(board), error)
			       ? -1
			       : 0;
	}
	if (board->has_firmware)
		return 0;
	return error_set(error, EXIT_CODE_USAGE,
			 "no guest image, expected a kernel, ELF or ROM file");
}

/* Ranges of RAM that are taken. */
struct layout {
	uint64_t base; /* of RAM */
	struct board_range used[4];
	unsigned count;
};

static bool meet(struct board_range a, struct board_range b)
{
	return a.address < b.address + b.size && b.address < a.address + a.size;
}

static void layout_add_image(struct layout *layout, const struct image *image)
{
	uint64_t first, end;
	image_extent(image, &first, &end);
	layout->used[layout->count++] = (struct board_range){first, end - first};
}

/*
 * Finds the highest free place below ceiling; address 0 if there is none. Each used range can push
 * the candidate down once, so as many rounds as ranges are enough.
 */
static uint64_t layout_find(const struct layout *layout, uint64_t ceiling, uint64_t size,
			    uint64_t alignment)
{
	uint64_t top = ceiling;
	for (unsigned round = 0; round <= layout->count; round++) {
		if (top < size || top - size < layout->base)
			return 0;
		struct board_range wanted = {(top - size) & ~(alignment - 1), size};
		if (wanted.address < layout->base)
			return 0;
		bool free_place = true;
		for (unsigned i = 0; i < layout->count && free_place; i++)
			if (meet(wanted, layout->used[i])) {
				top = layout->used[i].address;
				free_place = false;
			}
		if (free_place)
			return wanted.address;
	}
	return 0;
}

static int place(struct layout *layout, struct board *board, struct board_range *range,
		 uint64_t size, uint64_t room, uint64_t alignment, const char *name,
		 struct error *error)
{
	uint64_t low = board->memory_size < LOW_RAM_SIZE ? board->memory_size : LOW_RAM_SIZE;
	uint64_t address = layout_find(layout, layout->base + low, room, alignment);
	if (!address)
		return error_set(error, EXIT_CODE_BAD_IMAGE,
				 "%s: %" PRIu64 " bytes do not fit beside the guest image into "
				 "%" PRIu64 " bytes of memory, expected more --mem",
				 name, size, board->memory_size);
	*range = (struct board_range){address, size};
	layout->used[layout->count++] = (struct board_range){address, room};
	return 0;
}

static int check_images_disjoint(struct board *board, const struct layout *layout,
				 struct error *error)
{
	if (layout->count < 2 || !meet(layout->used[0], layout->used[1]))
		return 0;
	return error_set(error, EXIT_CODE_BAD_IMAGE,
			 "%s: offset 0: goes to 0x%" PRIx64 "-0x%" PRIx64
			 ", where the firmware %s is, expected a higher address",
			 board->kernel.path, layout->used[1].address,
			 layout->used[1].address + layout->used[1].size - 1, board->firmware.path);
}

/*
 * The room above the tree is for firmware that adds nodes to it. Firmware that looks for the tree
 * by itself looks at the start of RAM.
 */
static int place_device_tree(struct layout *layout, struct board *board, struct error *error)
{
	const struct board_map *map = &board->kind->map;
	struct board_range *range = &board->device_tree_range;
	if (!board->has_firmware || !map->firmware_in_rom)
		return place(layout, board, range, DEVICE_TREE_MAX, DEVICE_TREE_MAX, ALIGN_2M,
			     "device tree", error);
	*range = (struct board_range){map->ram_base, FIRMWARE_TREE_MAX};
	for (unsigned i = 0; i < layout->count; i++)
		if (meet(*range, layout->used[i]))
			return error_set(error, EXIT_CODE_BAD_IMAGE,
					 "an image goes to 0x%" PRIx64 ", where the firmware "
					 "expects the device tree, expected a higher address",
					 layout->used[i].address);
	layout->used[layout->count++] = *range;
	return 0;
}

int board_plan(struct board *board, struct error *error)
{
	struct layout layout = {.base = board->kind->map.ram_base};
	if (board->has_firmware)
		layout_add_image(&layout, &board->firmware);
	if (board->has_kernel)
		layout_add_image(&layout, &board->kernel);
	if (check_images_disjoint(board, &layout, error))
		return -1;
	if (place_device_tree(&layout, board, error))
		return -1;
	if (board->initrd.size && place(&layout, board, &board->initrd_range, board->initrd.size,
					board->initrd.size, ALIGN_PAGE, board->initrd_name, error))
		return -1;
	uint64_t room = board->device_tree_range.size;
	if (device_tree_build(board, error))
		return -1;
	if (board->device_tree.size > room)
		return error_set(error, EXIT_CODE_USAGE,
				 "device tree: %zu bytes, expected at most %" PRIu64,
				 board->device_tree.size, room);
	board->device_tree_range.size = board->device_tree.size;
	board->entry = board->has_firmware ? board->firmware.entry : board->kernel.entry;
	return 0;
}

int board_put_bytes(struct board *board, uint64_t address, const void *data, uint64_t size,
		    const char *name, struct error *error)
{
	if (mb_write_rom(board->machine.memory, address, data, size, NULL) == MB_OK)
		return 0;
	return error_set(error, EXIT_CODE_BAD_IMAGE,
			 "%s: cannot be loaded to 0x%" PRIx64 ", expected RAM there", name,
			 address);
}

/* An operating system goes on to use much of its memory; of a small program, little is worth it. */
static void choose_pages(const struct board *board)
{
	const struct mb_ram *ram = mb_region_get_ram(board->ram);
	if (board->has_kernel && board->kernel.size >= HOST_HUGE_PAGE)
		host_memory_prefer_huge(ram->host, ram->size);
}

int board_load(struct board *board, bool fresh, struct error *error)
{
	struct mb_space *memory = board->machine.memory;
	choose_pages(board);
	if (board->has_firmware && image_load(&board->firmware, memory, fresh, error))
		return -1;
	if (board->has_kernel && image_load(&board->kernel, memory, fresh, error))
		return -1;
	image_release(&board->kernel);
	image_release(&board->firmware);
	if (board_put_bytes(board, board->device_tree_range.address, board->device_tree.data,
			    board->device_tree.size, "device tree", error) ||
	    board_put_bytes(board, board->initrd_range.address, board->initrd.data,
			    board->initrd.size, board->initrd_name, error))
		return -1;
	return board->kind->load ? board->kind->load(board, error) : 0;
}
