/* The virt boards: their parts, made, reset and freed. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "machines/board_impl.h"

void board_config_default(struct board_config *config)
{
	*config = (struct board_config){.memory_size = 512ull << 20,
					.cpu_count = 1,
					.arch = IMAGE_ARCH_RISCV64,
					.ns_numerator = 1,
					.ns_denominator = 1};
	riscv_config_default(&config->riscv);
	arm64_config_default(&config->arm64);
}

int board_parse_size(const char *text, uint64_t *size)
{
	if (*text < '0' || *text > '9')
		return -1;
	char *end;
	errno = 0;
	uint64_t value = strtoull(text, &end, 0);
	unsigned shift = 0;
	switch (*end) {
	case 'k':
	case 'K': shift = 10; break;
	case 'm':
	case 'M': shift = 20; break;
	case 'g':
	case 'G': shift = 30; break;
	case 0: shift = value < 1 << 20 ? 20 : 0; break;
	default: return -1;
	}
	if (*end)
		end++;
	if (*end || errno || value > UINT64_MAX >> shift)
		return -1;
	*size = value << shift;
	return 0;
}

static const struct board_kind *const kinds[] = {&virt_riscv_kind, &virt_arm64_kind};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

void board_list(void (*fn)(void *opaque, const struct board_info *info), void *opaque)
{
	for (unsigned i = 0; i < KIND_COUNT; i++)
		fn(opaque, &kinds[i]->info);
}

static const struct board_kind *find_kind(enum image_arch arch)
{
	for (unsigned i = 0; i < KIND_COUNT; i++)
		if (kinds[i]->info.arch == arch)
			return kinds[i];
	return NULL;
}

int board_config_parse(struct board_config *config, const char *text, struct error *error)
{
	const struct board_kind *kind = find_kind(config->arch);
	char buffer[128];
	if (!kind || strlen(text) >= sizeof(buffer))
		return error_set(error, EXIT_CODE_USAGE, "--machine %.100s: expected 'virt'", text);
	memcpy(buffer, text, strlen(text) + 1);
	char *rest = buffer;
	if (strcmp(strsep(&rest, ","), kind->info.name) != 0)
		return error_set(error, EXIT_CODE_USAGE, "--machine %s: expected '%s'", text,
				 kind->info.name);
	while (rest) {
		char *value = strsep(&rest, ",");
		const char *key = strsep(&value, "=");
		if (value && kind->set && kind->set(config, key, value))
			continue;
		return error_set(error, EXIT_CODE_USAGE, "--machine %s: '%s', expected %s", text,
				 key, *kind->info.settings ? kind->info.settings : "no settings");
	}
	return 0;
}

static int check_config(const struct board *board, const struct board_config *config,
			struct error *error)
{
	if (!board->kind)
		return error_set(error, EXIT_CODE_USAGE,
				 "no board for %s, expected riscv64 or aarch64",
				 image_arch_name(config->arch));
	if (config->memory_size < BOARD_MEMORY_MIN || config->memory_size > BOARD_MEMORY_MAX ||
	    config->memory_size % MB_PAGE_SIZE)
		return error_set(error, EXIT_CODE_USAGE,
				 "memory of %" PRIu64 " bytes, expected 64M to 64G in steps of 4K",
				 config->memory_size);
	if (!config->cpu_count || config->cpu_count > board->kind->info.cpus_max)
		return error_set(error, EXIT_CODE_USAGE, "%u CPUs, expected 1 to %u",
				 config->cpu_count, board->kind->info.cpus_max);
	if (!config->ns_numerator || !config->ns_denominator)
		return error_set(error, EXIT_CODE_USAGE,
				 "time of 0 for an instruction, expected more");
	return 0;
}

static int copy_config(struct board *board, const struct board_config *config, struct error *error)
{
	board->firmware_kind = config->firmware;
	board->memory_size = config->memory_size;
	board->cpu_count = config->cpu_count;
	board->seed = config->seed;
	board->serial = config->serial;
	if (config->initrd)
		board->initrd = *config->initrd;
	board->append = strdup(config->append ? config->append : "");
	board->initrd_name = strdup(config->initrd_name ? config->initrd_name : "initramfs");
	if (!board->append || !board->initrd_name)
		return error_set(error, EXIT_CODE_USAGE, "out of memory");
	board->machine.clock.ns_numerator = config->ns_numerator;
	board->machine.clock.ns_denominator = config->ns_denominator;
	return board->kind->configure(board, config, error);
}

static int make_memory(struct board *board, struct error *error)
{
	const struct board_map *map = &board->kind->map;
	board->bus = mb_bus_new();
	if (!board->bus || mb_region_container(board->bus, "system", MB_WHOLE, &board->root) ||
	    mb_region_ram(board->bus, "ram", board->memory_size, &board->ram) ||
	    mb_region_rom(board->bus, "mrom", map->rom_size, MB_ROM_IGNORE, &board->rom) ||
	    mb_attach(board->root, map->ram_base, board->ram) ||
	    mb_attach(board->root, map->rom_base, board->rom) ||
	    mb_space_new(board->bus, "memory", board->root, MB_SPACE_MEMORY,
			 &board->machine.memory))
		return error_set(error, EXIT_CODE_USAGE,
				 "out of memory for a guest with %" PRIu64 " bytes",
				 board->memory_size);
	return 0;
}

static int make_cpus(struct board *board, struct error *error)
{
	if (board->kind->make_cpus(board, error))
		return -1;
	board->code = code_cache_new(&board->machine);
	if (!board->code)
		return error_set(error, EXIT_CODE_USAGE, "out of memory for translated code");
	return 0;
}

/* Device accesses become observations. */
static void mmio_seen(void *opaque, const struct mb_mmio_event *event)
{
	const struct board *board = opaque;
	const struct machine *machine = &board->machine;
	if (!observer_wants(&machine->observers, OBSERVE_MMIO))
		return;
	const struct cpu *cpu = machine->running;
	const struct observation observation = {
		.kind = OBSERVE_MMIO,
		.icount = machine->clock.now,
		.pc = cpu ? engine_pc(cpu) : 0,
		.mmio = {.region = event->region,
			 .address = event->address,
			 .value = event->value,
			 .size = event->size,
			 .result = event->result,
			 .write = event->is_write},
	};
	observer_notify(&machine->observers, cpu, &observation);
}

static void connect_host(struct board *board)
{
	board->machine.poll = board_poll;
	board->machine.poll_opaque = &board->machine;
	mb_space_set_observer(board->machine.memory, mmio_seen, board);
}

static int build(struct board *board, const struct board_config *config, struct error *error)
{
	const struct board_kind *kind = board->kind;
	if (copy_config(board, config, error) || board_read_images(board, config, error) ||
	    make_memory(board, error) || make_cpus(board, error) ||
	    board_make_devices(board, config, error) || kind->make_firmware(board, config, error) ||
	    board_plan(board, error) || board_load(board, true, error))
		return -1;
	/* After loading: its registers would be in the way of the image. */
	if (kind->make_overlay && kind->make_overlay(board, error))
		return -1;
	kind->start_cpus(board);
	connect_host(board);
	return 0;
}

int board_new(const struct board_config *config, struct machine **out, struct error *error)
{
	*out = NULL;
	struct board *board = calloc(1, sizeof(*board));
	if (!board)
		return error_set(error, EXIT_CODE_USAGE, "out of memory");
	machine_init(&board->machine);
	board->machine.board = board;
	board->kind = find_kind(config->arch);
	board->machine.engine = config->engine ? config->engine : &engine_interp;
	if (config->log)
		board->machine.log = *config->log;
	if (check_config(board, config, error) || build(board, config, error)) {
		board_free(&board->machine);
		return -1;
	}
	*out = &board->machine;
	return 0;
}

void board_free(struct machine *machine)
{
	if (!machine)
		return;
	struct board *board = board_of(machine);
	if (board->serial)
		chardev_attach(board->serial, NULL);
	/* First whoever listens to the memory map, then what is in it. */
	if (board->code)
		code_cache_free(board->code);
	if (board->kind) {
		board_free_devices(board);
		board->kind->free_cpus(board);
	}
	machine_fini(machine);
	mb_space_free(machine->memory);
	mb_region_unref(board->rom);
	mb_region_unref(board->ram);
	mb_region_unref(board->root);
	mb_bus_free(board->bus);
	image_fini(&board->kernel);
	image_fini(&board->firmware);
	blob_free(&board->device_tree);
	free(board->append);
	free(board->initrd_name);
	free(board);
}

int board_reset(struct machine *machine, struct error *error)
{
	struct board *board = board_of(machine);
	machine->stop = (struct stop){.kind = STOP_NONE};
	if (board->overlay)
		mb_enable(board->overlay->region, false);
	int status = board_load(board, false, error);
	if (board->overlay)
		mb_enable(board->overlay->region, true);
	if (status)
		return -1;
	board->kind->start_cpus(board);
	board_each_device(board, device_reset);
	code_cache_flush(board->code);
	return 0;
}

unsigned board_memory_blocks(const struct machine *machine,
			     struct board_memory blocks[BOARD_MEMORY_BLOCKS])
{
	const struct board *board = board_of(machine);
	blocks[0] = (struct board_memory){"ram", mb_region_get_ram(board->ram)};
	blocks[1] = (struct board_memory){"mrom", mb_region_get_ram(board->rom)};
	return BOARD_MEMORY_BLOCKS;
}

const struct image *board_image(const struct machine *machine)
{
	const struct board *board = board_of(machine);
	return board->has_kernel ? &board->kernel : NULL;
}

const struct image *board_firmware_image(const struct machine *machine)
{
	const struct board *board = board_of(machine);
	return board->has_firmware ? &board->firmware : NULL;
}

uint64_t board_ram_base(const struct machine *machine)
{
	return board_of(machine)->kind->map.ram_base;
}

const struct blob *board_device_tree(const struct machine *machine)
{
	return &board_of(machine)->device_tree;
}

struct board_range board_device_tree_range(const struct machine *machine)
{
	return board_of(machine)->device_tree_range;
}

struct board_range board_initrd_range(const struct machine *machine)
{
	return board_of(machine)->initrd_range;
}
