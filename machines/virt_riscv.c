/* The RISC-V `virt` board: harts, firmware and fixed devices. */
#include "machines/virt_riscv.h"

#include <inttypes.h>
#include <string.h>

#include "bus/host.h"
#include "devices/clint.h"
#include "devices/goldfish_rtc.h"
#include "devices/htif.h"
#include "devices/plic.h"
#include "devices/sifive_test.h"
#include "devices/uart16550.h"
#include "machines/board_impl.h"
#include "machines/identity.h"
#include "mmu/mmu.h"
#include "sbi/sbi.h"

enum { TIMEBASE_HZ = 10000000 };

static int configure(struct board *board, const struct board_config *config, struct error *error)
{
	struct board_riscv *riscv = &board->riscv;
	if (config->riscv.timebase_hz > UINT32_MAX)
		return error_set(error, EXIT_CODE_USAGE,
				 "timebase of %" PRIu64 " Hz, expected at most %u",
				 config->riscv.timebase_hz, UINT32_MAX);
	if (config->firmware == BOARD_FIRMWARE_FILE && !config->firmware_path)
		return error_set(error, EXIT_CODE_USAGE, "no firmware file, expected --sbi FILE");
	riscv->cpu = config->riscv;
	if (!riscv->cpu.timebase_hz)
		riscv->cpu.timebase_hz = TIMEBASE_HZ;
	riscv->htif.tohost = config->htif_tohost;
	riscv->htif.fromhost = config->htif_fromhost;
	return 0;
}

/* Below it there is room for firmware. */
static uint64_t flat_address(const struct board *board)
{
	bool alone = board->firmware_kind == BOARD_FIRMWARE_OFF;
	return VIRT_RISCV_RAM_BASE + (alone ? 0 : VIRT_RISCV_KERNEL_OFFSET);
}

static int make_harts(struct board *board, struct error *error)
{
	struct board_riscv *riscv = &board->riscv;
	for (unsigned i = 0; i < board->cpu_count; i++) {
		riscv->hart[i] = riscv_cpu_new(&board->machine, &riscv->cpu, i);
		if (!riscv->hart[i])
			return error_set(error, EXIT_CODE_USAGE, "out of memory for CPU %u", i);
	}
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

static int make_firmware(struct board *board, const struct board_config *board_config,
			 struct error *error)
{
	if (board->firmware_kind != BOARD_FIRMWARE_BUILTIN)
		return 0;
	const struct sbi_config *wanted = board_config->sbi;
	struct sbi_config config;
	sbi_config_default(&config);
	const struct sbi_console console = {
		.write = console_write, .read = console_read, .opaque = board->serial};
	board->riscv.sbi = sbi_new(&board->machine, wanted ? wanted : &config,
				   board->serial ? &console : NULL);
	return board->riscv.sbi ? 0 : error_set(error, EXIT_CODE_USAGE, "out of memory");
}

/* A device with one wire to a PLIC source. */
static struct device *make_wired(struct board *board, const struct device_ops *ops, uint64_t base,
				 unsigned irq, const void *config, struct error *error)
{
	const struct irq_line line = device_input(board->riscv.plic, irq);
	return board_make_device(board, ops, base, 0, &line, 1, config, error);
}

static int make_interrupt_controllers(struct board *board, struct error *error)
{
	struct board_riscv *riscv = &board->riscv;
	struct irq_line local[2 * BOARD_CPUS_MAX], external[2 * BOARD_CPUS_MAX];
	unsigned count = board->cpu_count;
	for (unsigned i = 0; i < count; i++) {
		local[2 * i] = riscv_irq_line(riscv->hart[i], RV_IRQ_MSI);
		local[2 * i + 1] = riscv_irq_line(riscv->hart[i], RV_IRQ_MTI);
		external[2 * i] = riscv_irq_line(riscv->hart[i], RV_IRQ_MEI);
		external[2 * i + 1] = riscv_irq_line(riscv->hart[i], RV_IRQ_SEI);
	}
	const struct clint_config clint = {.hart_count = count,
					   .timebase_hz = riscv->cpu.timebase_hz};
	riscv->clint = board_make_device(board, &clint_ops, VIRT_RISCV_CLINT_BASE, 0, local,
					 2 * count, &clint, error);
	const struct plic_config plic = {.hart_count = count};
	riscv->plic = board_make_device(board, &plic_ops, VIRT_RISCV_PLIC_BASE, 0, external,
					2 * count, &plic, error);
	return riscv->clint && riscv->plic ? 0 : -1;
}

static int make_devices(struct board *board, const struct board_config *config, struct error *error)
{
	struct board_riscv *riscv = &board->riscv;
	if (make_interrupt_controllers(board, error))
		return -1;
	riscv->finisher = board_make_device(board, &sifive_test_ops, VIRT_RISCV_FINISHER_BASE, 0,
					    NULL, 0, NULL, error);
	const struct goldfish_rtc_config rtc = {.epoch_ns = config->rtc_epoch_ns};
	riscv->rtc = make_wired(board, &goldfish_rtc_ops, VIRT_RISCV_RTC_BASE, VIRT_RISCV_RTC_IRQ,
				&rtc, error);
	const struct uart16550_config uart = {.chardev = config->serial};
	board->uart = make_wired(board, &uart16550_ops, VIRT_RISCV_UART_BASE, VIRT_RISCV_UART_IRQ,
				 &uart, error);
	return riscv->finisher && riscv->rtc && board->uart ? 0 : -1;
}

static struct irq_line virtio_irq(const struct board *board, unsigned slot)
{
	return device_input(board->riscv.plic, VIRT_RISCV_VIRTIO_IRQ + slot);
}

static int make_htif(struct board *board, struct error *error)
{
	const struct image *image = &board->kernel;
	struct htif_config *config = &board->riscv.htif;
	config->chardev = board->serial;
	if (!config->tohost && board->has_kernel && image->has_tohost) {
		config->tohost = image->tohost;
		config->fromhost = image->has_fromhost ? image->fromhost : 0;
	}
	if (!config->tohost)
		return 0;
	board->overlay = board_make_device(board, &htif_ops, 0, 0, NULL, 0, config, error);
	return board->overlay ? 0 : -1;
}

static void each_device(struct board *board, void (*fn)(struct device *device))
{
	struct board_riscv *riscv = &board->riscv;
	struct device *const devices[] = {riscv->finisher, riscv->rtc,  board->uart,
					  riscv->clint,    riscv->plic, board->overlay};
	for (unsigned i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		if (devices[i])
			fn(devices[i]);
}

/*
 * The reset vector: a0 = hart id, a1 = device tree, a2 = struct fw_dynamic_info, jump. Each hart
 * runs it. Followed by its data; offsets are from VIRT_RISCV_ROM_BASE.
 */
enum {
	ROM_ENTRY_AT = 24,
	ROM_DEVICE_TREE_AT = 32,
	ROM_INFO_AT = 40,
	ROM_USED = ROM_INFO_AT + 6 * 8,
};

/* OpenSBI docs/firmware/fw_dynamic.md. */
enum { INFO_MAGIC = 0x4942534f, INFO_VERSION = 2, INFO_NEXT_MODE_S = 1 };

static void make_reset_vector(const struct board *board, uint8_t rom[ROM_USED])
{
	static const uint32_t code[] = {
		0x00000297,                            /* auipc t0, 0 */
		0x00028613 | ROM_INFO_AT << 20,        /* addi  a2, t0, ROM_INFO_AT */
		0xf1402573,                            /* csrr  a0, mhartid */
		0x0002b583 | ROM_DEVICE_TREE_AT << 20, /* ld    a1, ROM_DEVICE_TREE_AT(t0) */
		0x0002b283 | ROM_ENTRY_AT << 20,       /* ld    t0, ROM_ENTRY_AT(t0) */
		0x00028067,                            /* jr    t0 */
	};
	_Static_assert(sizeof(code) == ROM_ENTRY_AT, "data follows the code");
	uint64_t next = VIRT_RISCV_RAM_BASE + VIRT_RISCV_KERNEL_OFFSET;
	if (board->has_kernel)
		next = board->kernel.entry;
	const uint64_t data[] = {
		board->entry,
		board->device_tree_range.address,
		INFO_MAGIC,
		INFO_VERSION,
		next,
		INFO_NEXT_MODE_S,
		0, /* options */
		0, /* boot hart */
	};
	_Static_assert(ROM_ENTRY_AT + sizeof(data) == ROM_USED, "layout of the data");
	for (unsigned i = 0; i < sizeof(code) / sizeof(code[0]); i++)
		mb_put32le(rom + 4 * i, code[i]);
	for (unsigned i = 0; i < sizeof(data) / sizeof(data[0]); i++)
		mb_put64le(rom + ROM_ENTRY_AT + 8 * i, data[i]);
}

static int load(struct board *board, struct error *error)
{
	if (board->riscv.sbi)
		return 0;
	uint8_t rom[ROM_USED];
	make_reset_vector(board, rom);
	return board_put_bytes(board, VIRT_RISCV_ROM_BASE, rom, sizeof(rom), "reset vector", error);
}

static void start_harts(struct board *board)
{
	struct board_riscv *riscv = &board->riscv;
	if (riscv->sbi) {
		sbi_boot(riscv->sbi, 0, board->entry, board->device_tree_range.address);
		return;
	}
	for (unsigned i = 0; i < board->cpu_count; i++) {
		struct cpu *cpu = &riscv->hart[i]->cpu;
		cpu->isa->reset(cpu);
		cpu->pc = VIRT_RISCV_ROM_BASE;
		cpu->stopped = false;
		cpu->isa->update_mode(cpu);
		mmu_flush(cpu);
		cpu_attention(cpu);
	}
}

static void free_harts(struct board *board)
{
	sbi_free(board->riscv.sbi);
	for (unsigned i = 0; i < board->cpu_count; i++)
		riscv_cpu_free(board->riscv.hart[i]);
}

/* -- what snapshots and recordings say of it -- */

static const char *satp_name(unsigned mode)
{
	return mode == 8 ? "sv39" : mode == 9 ? "sv48" : "sv57";
}

static void describe_extension(void *opaque, const char *name)
{
	fprintf(opaque, " %s", name);
}

static void describe_cpu(const struct riscv_config *config, FILE *out)
{
	fprintf(out, "cpu.extensions=");
	riscv_isa_extensions(config, describe_extension, out);
	fputc('\n', out);
	fprintf(out, "cpu.misaligned=%s\n", config->misaligned_trap ? "trap" : "hw");
	fprintf(out, "cpu.bus-errors=%s\n", config->ignore_bus_errors ? "ignore" : "trap");
	fprintf(out, "cpu.mmu=%s\n", satp_name(config->max_satp_mode));
	fprintf(out, "cpu.pmp=%u\n", config->pmp_entries);
	fprintf(out, "cpu.mvendorid=0x%" PRIx64 "\n", config->mvendorid);
	fprintf(out, "cpu.marchid=0x%" PRIx64 "\n", config->marchid);
	fprintf(out, "cpu.mimpid=0x%" PRIx64 "\n", config->mimpid);
	fprintf(out, "cpu.timebase=%" PRIu64 "\n", config->timebase_hz);
}

/* A firmware file is memory like any other. */
static void describe_firmware(const struct board *board, FILE *out)
{
	fprintf(out, "sbi=%s\n", board->riscv.sbi ? "on" : "off");
	if (!board->riscv.sbi)
		return;
	const struct sbi_config *config = sbi_get_config(board->riscv.sbi);
	fprintf(out, "sbi.spec-version=%u.%u\n", config->spec_version >> 24,
		config->spec_version & 0xffffff);
	fprintf(out, "sbi.impl-id=0x%" PRIx64 "\n", config->impl_id);
	fprintf(out, "sbi.impl-version=0x%" PRIx64 "\n", config->impl_version);
	fprintf(out, "sbi.denied=0x%x\n", config->denied);
	fprintf(out, "sbi.fwft-misaligned=%d\n", config->fwft_misaligned);
}

static void describe(const struct board *board, FILE *out)
{
	describe_cpu(&board->riscv.cpu, out);
	describe_firmware(board, out);
}

static void describe_htif(const struct board *board, FILE *out)
{
	const struct htif_config *htif = &board->riscv.htif;
	if (board->overlay)
		fprintf(out, "htif=0x%" PRIx64 ",0x%" PRIx64 "\n", htif->tohost, htif->fromhost);
}

static void add_cpu(struct identity *identity, const struct riscv_config *cpu)
{
	char isa[512];
	riscv_isa_string(cpu, isa, sizeof(isa));
	identity_add(identity, "isa", NULL, "%s", isa);
	identity_add(identity, "misaligned", NULL, "%s", cpu->misaligned_trap ? "trap" : "hw");
	identity_add(identity, "bus-errors", NULL, "%s",
		     cpu->ignore_bus_errors ? "ignore" : "trap");
	identity_add(identity, "mmu", NULL, "sv%d", 39 + 9 * (cpu->max_satp_mode - 8));
	identity_add(identity, "pmp", NULL, "%d", cpu->pmp_entries);
	identity_add(identity, "mvendorid", NULL, "0x%" PRIx64, cpu->mvendorid);
	identity_add(identity, "marchid", NULL, "0x%" PRIx64, cpu->marchid);
	identity_add(identity, "mimpid", NULL, "0x%" PRIx64, cpu->mimpid);
	identity_add(identity, "timebase", NULL, "%" PRIu64, cpu->timebase_hz);
}

static void add_firmware(struct identity *identity, const struct board_config *config)
{
	struct sbi_config sbi;
	sbi_config_default(&sbi);
	if (config->sbi)
		sbi = *config->sbi;
	switch (config->firmware) {
	case BOARD_FIRMWARE_OFF: identity_add(identity, "sbi", NULL, "off"); break;
	case BOARD_FIRMWARE_FILE: identity_add(identity, "sbi", NULL, "file"); break;
	case BOARD_FIRMWARE_BUILTIN:
		identity_add(identity, "sbi", NULL,
			     "on,spec-version=%u.%u,impl-id=%" PRIu64 ",impl-version=%" PRIu64
			     ",deny=0x%x,fwft.misaligned=%d",
			     sbi.spec_version >> 24, sbi.spec_version & 0xffffff, sbi.impl_id,
			     sbi.impl_version, sbi.denied, sbi.fwft_misaligned);
		break;
	}
}

static void identify(const struct board *board, const struct board_config *config,
		     struct identity *identity)
{
	add_cpu(identity, &board->riscv.cpu);
	add_firmware(identity, config);
}

const struct board_kind virt_riscv_kind = {
	.info = {.name = "virt",
		 .arch = IMAGE_ARCH_RISCV64,
		 .cpus_max = BOARD_CPUS_MAX,
		 .settings = "",
		 .summary = "with SBI, PLIC, CLINT, 16550 UART, 8 virtio-mmio slots"},
	.map =
		{
                 .ram_base = VIRT_RISCV_RAM_BASE,
                 .rom_base = VIRT_RISCV_ROM_BASE,
                 .rom_size = VIRT_RISCV_ROM_SIZE,
                 .virtio_base = VIRT_RISCV_VIRTIO_BASE,
                 .virtio_stride = VIRT_RISCV_VIRTIO_STRIDE,
                 .virtio_slots = VIRT_RISCV_VIRTIO_SLOTS,
		 },
	.configure = configure,
	.flat_address = flat_address,
	.make_cpus = make_harts,
	.make_devices = make_devices,
	.make_firmware = make_firmware,
	.write_tree = virt_riscv_write_tree,
	.load = load,
	.make_overlay = make_htif,
	.start_cpus = start_harts,
	.virtio_irq = virtio_irq,
	.each_device = each_device,
	.describe = describe,
	.describe_devices = describe_htif,
	.identify = identify,
	.free_cpus = free_harts,
};
