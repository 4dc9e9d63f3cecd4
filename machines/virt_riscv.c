/* The virt board: its parts, made, reset and freed. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "machines/board_impl.h"

enum { TIMEBASE_HZ = 10000000 };

void board_config_default(struct board_config *config)
{
	*config = (struct board_config){.memory_size = 512ull << 20,
					.cpu_count = 1,
					.ns_numerator = 1,
					.ns_denominator = 1};
	riscv_config_default(&config->cpu);
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

static int check_config(const struct board_config *config, struct error *error)
{
	if (config->memory_size < BOARD_MEMORY_MIN || config->memory_size > BOARD_MEMORY_MAX ||
	    config->memory_size % MB_PAGE_SIZE)
		return error_set(error, EXIT_CODE_USAGE,
				 "memory of %" PRIu64 " bytes, expected 64M to 64G in steps of 4K",
				 config->memory_size);
	if (!config->cpu_count || config->cpu_count > BOARD_CPUS_MAX)
		return error_set(error, EXIT_CODE_USAGE, "%u CPUs, expected 1 to %d",
				 config->cpu_count, BOARD_CPUS_MAX);
	if (!config->ns_numerator || !config->ns_denominator)
		return error_set(error, EXIT_CODE_USAGE,
				 "time of 0 for an instruction, expected more");
	if (config->cpu.timebase_hz > UINT32_MAX)
		return error_set(error, EXIT_CODE_USAGE,
				 "timebase of %" PRIu64 " Hz, expected at most %u",
				 config->cpu.timebase_hz, UINT32_MAX);
	if (config->firmware == BOARD_SBI_FILE && !config->firmware_path)
		return error_set(error, EXIT_CODE_USAGE, "no firmware file, expected --sbi FILE");
	return 0;
}

static int copy_config(struct board *board, const struct board_config *config, struct error *error)
{
	board->cpu = config->cpu;
	if (!board->cpu.timebase_hz)
		board->cpu.timebase_hz = TIMEBASE_HZ;
	board->firmware_kind = config->firmware;
	board->memory_size = config->memory_size;
	board->hart_count = config->cpu_count;
	board->seed = config->seed;
	board->serial = config->serial;
	board->htif_config.tohost = config->htif_tohost;
	board->htif_config.fromhost = config->htif_fromhost;
	if (config->initrd)
		board->initrd = *config->initrd;
	board->append = strdup(config->append ? config->append : "");
	board->initrd_name = strdup(config->initrd_name ? config->initrd_name : "initramfs");
	if (!board->append || !board->initrd_name)
		return error_set(error, EXIT_CODE_USAGE, "out of memory");
	board->machine.clock.ns_numerator = config->ns_numerator;
	board->machine.clock.ns_denominator = config->ns_denominator;
	return 0;
}

static int make_memory(struct board *board, struct error *error)
{
	board->bus = mb_bus_new();
	if (!board->bus || mb_region_container(board->bus, "system", MB_WHOLE, &board->root) ||
	    mb_region_ram(board->bus, "ram", board->memory_size, &board->ram) ||
	    mb_region_rom(board->bus, "mrom", BOARD_ROM_SIZE, MB_ROM_IGNORE, &board->rom) ||
	    mb_attach(board->root, BOARD_RAM_BASE, board->ram) ||
	    mb_attach(board->root, BOARD_ROM_BASE, board->rom) ||
	    mb_space_new(board->bus, "memory", board->root, MB_SPACE_MEMORY,
			 &board->machine.memory))
		return error_set(error, EXIT_CODE_USAGE,
				 "out of memory for a guest with %" PRIu64 " bytes",
				 board->memory_size);
	return 0;
}

static int make_harts(struct board *board, struct error *error)
{
	for (unsigned i = 0; i < board->hart_count; i++) {
		board->hart[i] = riscv_cpu_new(&board->machine, &board->cpu, i);
		if (!board->hart[i])
			return error_set(error, EXIT_CODE_USAGE, "out of memory for CPU %u", i);
	}
	board->code = code_cache_new(&board->machine);
	if (!board->code)
		return error_set(error, EXIT_CODE_USAGE, "out of memory for translated code");
	return 0;
}

static void console_write(void *opaque, const uint8_t *bytes, size_t length)
{
	chardev_write(opaque, bytes, length);
}

static size_t console_read(void *opaque, uint8_t *bytes, size_t length)
{
	return chardev_take(opaque, bytes, length);
}

static int make_firmware(struct board *board, const struct sbi_config *wanted, struct error *error)
{
	if (board->firmware_kind != BOARD_SBI_BUILTIN)
		return 0;
	struct sbi_config config;
	sbi_config_default(&config);
	const struct sbi_console console = {
		.write = console_write, .read = console_read, .opaque = board->serial};
	board->sbi = sbi_new(&board->machine, wanted ? wanted : &config,
			     board->serial ? &console : NULL);
	return board->sbi ? 0 : error_set(error, EXIT_CODE_USAGE, "out of memory");
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
	if (copy_config(board, config, error) || board_read_images(board, config, error) ||
	    make_memory(board, error) || make_harts(board, error) ||
	    board_make_devices(board, config, error) || make_firmware(board, config->sbi, error) ||
	    board_plan(board, error) || board_load(board, true, error))
		return -1;
	/* After loading: its registers would be in the way of the image. */
	if (board_make_htif(board, error))
		return -1;
	board_start_harts(board);
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
	board->machine.engine = config->engine ? config->engine : &engine_interp;
	if (config->log)
		board->machine.log = *config->log;
	if (check_config(config, error) || build(board, config, error)) {
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
	board_free_devices(board);
	sbi_free(board->sbi);
	for (unsigned i = 0; i < board->hart_count; i++)
		riscv_cpu_free(board->hart[i]);
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
	if (board->htif)
		mb_enable(board->htif->region, false);
	int status = board_load(board, false, error);
	if (board->htif)
		mb_enable(board->htif->region, true);
	if (status)
		return -1;
	board_start_harts(board);
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
