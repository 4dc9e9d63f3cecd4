/* The AArch64 `virt` board: CPUs, firmware and fixed devices. */
#include "machines/virt_arm64.h"

#include <inttypes.h>
#include <string.h>

#include "devices/gic_v2.h"
#include "devices/gic_v3.h"
#include "devices/pl011.h"
#include "devices/pl031.h"
#include "machines/board_impl.h"
#include "machines/identity.h"
#include "psci/psci.h"

static bool set(struct board_config *config, const char *key, const char *value)
{
	bool known = !strcmp(value, "2") || !strcmp(value, "3");
	if (strcmp(key, "gic-version") != 0 || !known)
		return false;
	config->gic_version = (unsigned)(*value - '0');
	return true;
}

/* The CPUs have the interface of a GICv3, or the board a GICv2. */
static int choose_gic(struct board *board, unsigned version, struct error *error)
{
	struct arm64_config *cpu = &board->arm64.cpu;
	bool interface = arm64_config_has(cpu, A64_FEAT_GICv3);
	if (version == 3 && !interface)
		return error_set(error, EXIT_CODE_USAGE,
				 "--machine virt,gic-version=3: the CPU model has no GICv3, "
				 "expected --cpu MODEL,+GICv3 or gic-version=2");
	if (version == 2)
		arm64_config_remove(cpu, A64_FEAT_GICv3);
	board->arm64.gic_version = version ? version : interface ? 3 : 2;
	return 0;
}

static int configure(struct board *board, const struct board_config *config, struct error *error)
{
	/* A machine that is restored has it in memory. */
	if (config->firmware == BOARD_FIRMWARE_OFF && !config->without_image)
		return error_set(error, EXIT_CODE_USAGE,
				 "--sbi off: aarch64 has its own firmware in process, expected "
				 "'on' or a file");
	board->arm64.cpu = config->arm64;
	board->arm64.has_semihosting = config->semihosting;
	return choose_gic(board, config->gic_version, error);
}

static uint64_t flat_address(const struct board *board)
{
	(void)board;
	return VIRT_ARM64_RAM_BASE + VIRT_ARM64_FLAT_OFFSET;
}

static int make_cpus(struct board *board, struct error *error)
{
	struct board_arm64 *arm64 = &board->arm64;
	const uint64_t mpidr_res1 = 1u << 31;
	for (unsigned i = 0; i < board->cpu_count; i++) {
		arm64->pe[i] = arm64_cpu_new(&board->machine, &arm64->cpu, mpidr_res1 | i);
		if (!arm64->pe[i])
			return error_set(error, EXIT_CODE_USAGE, "out of memory for CPU %u", i);
	}
	return 0;
}

static struct irq_line shared_irq(const struct board *board, unsigned number)
{
	struct device *gic = board->arm64.gic;
	return board->arm64.gic_version == 2 ? gic_v2_spi(gic, number) : gic_v3_spi(gic, number);
}

static struct device *make_wired(struct board *board, const struct device_ops *ops, uint64_t base,
				 unsigned irq, const void *config, struct error *error)
{
	const struct irq_line line = shared_irq(board, irq);
	return board_make_device(board, ops, base, 0, &line, 1, config, error);
}

static int make_gic_v3(struct board *board, struct error *error)
{
	struct board_arm64 *arm64 = &board->arm64;
	struct irq_line lines[VIRT_ARM64_CPUS_MAX];
	uint64_t mpidr[VIRT_ARM64_CPUS_MAX];
	for (unsigned i = 0; i < board->cpu_count; i++) {
		lines[i] = arm64_gic_line(arm64->pe[i]);
		mpidr[i] = arm64->pe[i]->mpidr;
	}
	const struct gic_v3_config config = {.cpu_count = board->cpu_count, .mpidr = mpidr};
	arm64->gic = board_make_device(board, &gic_v3_ops, VIRT_ARM64_GIC_BASE, 0, lines,
				       board->cpu_count, &config, error);
	if (!arm64->gic)
		return -1;
	for (unsigned i = 0; i < board->cpu_count; i++) {
		arm64_connect_gic(arm64->pe[i], gic_v3_distributor(arm64->gic));
		for (unsigned wire = 0; wire < A64_WIRE_COUNT; wire++)
			arm64_connect_wire(arm64->pe[i], wire,
					   gic_v3_ppi(arm64->gic, i, arm64_wire_intid(wire)));
	}
	return 0;
}

/* A GICv2 has the CPU interfaces, and drives the maintenance interrupts itself. */
static int make_gic_v2(struct board *board, struct error *error)
{
	static const uint8_t line_numbers[GIC_V2_LINES] = {
		[GIC_V2_IRQ] = 0,
		[GIC_V2_FIQ] = 1,
		[GIC_V2_VIRTUAL_IRQ] = 2,
		[GIC_V2_VIRTUAL_FIQ] = 3,
	};
	struct board_arm64 *arm64 = &board->arm64;
	struct irq_line lines[VIRT_ARM64_CPUS_MAX * GIC_V2_LINES];
	for (unsigned i = 0; i < board->cpu_count * GIC_V2_LINES; i++)
		lines[i] = arm64_interrupt_line(arm64->pe[i / GIC_V2_LINES],
						line_numbers[i % GIC_V2_LINES]);
	const struct gic_v2_config config = {
		.cpu_count = board->cpu_count,
		.virtual = arm64->cpu.highest >= A64_EL2,
	};
	arm64->gic = board_make_device(board, &gic_v2_ops, VIRT_ARM64_GIC_BASE, 0, lines,
				       board->cpu_count * GIC_V2_LINES, &config, error);
	if (!arm64->gic)
		return -1;
	for (unsigned i = 0; i < board->cpu_count; i++)
		for (unsigned wire = 0; wire < A64_WIRE_COUNT; wire++)
			if (wire != A64_WIRE_MAINTENANCE)
				arm64_connect_wire(
					arm64->pe[i], wire,
					gic_v2_ppi(arm64->gic, i, arm64_wire_intid(wire)));
	return 0;
}

static int make_gic(struct board *board, struct error *error)
{
	return board->arm64.gic_version == 2 ? make_gic_v2(board, error)
					     : make_gic_v3(board, error);
}

static int make_devices(struct board *board, const struct board_config *config, struct error *error)
{
	struct board_arm64 *arm64 = &board->arm64;
	if (make_gic(board, error))
		return -1;
	const struct pl011_config uart = {.chardev = config->serial};
	board->uart = make_wired(board, &pl011_ops, VIRT_ARM64_UART_BASE, VIRT_ARM64_UART_IRQ,
				 &uart, error);
	const struct pl031_config rtc = {.epoch_ns = config->rtc_epoch_ns};
	arm64->rtc =
		make_wired(board, &pl031_ops, VIRT_ARM64_RTC_BASE, VIRT_ARM64_RTC_IRQ, &rtc, error);
	return board->uart && arm64->rtc ? 0 : -1;
}

static int make_firmware(struct board *board, const struct board_config *config,
			 struct error *error)
{
	struct board_arm64 *arm64 = &board->arm64;
	arm64->semihosting =
		(struct semihosting){.machine = &board->machine, .console = config->serial};
	if (arm64->has_semihosting)
		semihosting_start(&arm64->semihosting);
	arm64->psci = psci_new(&board->machine, board->seed);
	return arm64->psci ? 0 : error_set(error, EXIT_CODE_USAGE, "out of memory");
}

static void start_cpus(struct board *board)
{
	psci_boot(board->arm64.psci, board->entry, board->device_tree_range.address);
}

static struct irq_line virtio_irq(const struct board *board, unsigned slot)
{
	return shared_irq(board, VIRT_ARM64_VIRTIO_IRQ + slot);
}

static void each_device(struct board *board, void (*fn)(struct device *device))
{
	struct device *const devices[] = {board->arm64.rtc, board->uart, board->arm64.gic};
	for (unsigned i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		if (devices[i])
			fn(devices[i]);
}

static void free_cpus(struct board *board)
{
	psci_free(board->arm64.psci);
	for (unsigned i = 0; i < board->cpu_count; i++)
		arm64_cpu_free(board->arm64.pe[i]);
}

/* -- what snapshots and recordings say of it -- */

static void describe_feature(void *opaque, const char *name)
{
	fprintf(opaque, " %s", name);
}

static void describe(const struct board *board, FILE *out)
{
	const struct arm64_config *config = &board->arm64.cpu;
	fprintf(out, "cpu.extensions=");
	arm64_config_features(config, describe_feature, out);
	fprintf(out, "\ngic=%u\nsemihosting=%d", board->arm64.gic_version,
		board->arm64.has_semihosting);
	fprintf(out, "\ncpu.midr=0x%" PRIx64 "\ncpu.cntfrq=%" PRIu64 "\n", config->midr,
		config->cntfrq_hz);
}

/* Names with spaces before them, as many as fit. */
struct names {
	char text[1024];
	size_t length;
};

static void add_name(void *opaque, const char *name)
{
	struct names *names = opaque;
	size_t room = sizeof(names->text) - names->length;
	int length = snprintf(names->text + names->length, room, " %s", name);
	names->length += (size_t)length < room ? (size_t)length : room - 1;
}

static void identify(const struct board *board, const struct board_config *config,
		     struct identity *identity)
{
	const struct arm64_config *cpu = &board->arm64.cpu;
	struct names names = {.length = 0};
	(void)config;
	arm64_config_features(cpu, add_name, &names);
	identity_add(identity, "features", NULL, "%s", names.text);
	identity_add(identity, "midr", NULL, "0x%" PRIx64, cpu->midr);
	identity_add(identity, "semihosting", NULL, "%d", board->arm64.has_semihosting);
	identity_add(identity, "gic", NULL, "%u", board->arm64.gic_version);
	identity_add(identity, "cntfrq", NULL, "%" PRIu64, cpu->cntfrq_hz);
}

const struct board_kind virt_arm64_kind = {
	.info = {.name = "virt",
		 .arch = IMAGE_ARCH_AARCH64,
		 .cpus_max = VIRT_ARM64_CPUS_MAX,
		 .settings = "gic-version=2|3",
		 .summary = "EL0 to EL2 with PSCI, GIC, PL011, PL031, 32 virtio-mmio slots"},
	.map =
		{
                 .ram_base = VIRT_ARM64_RAM_BASE,
                 .rom_base = VIRT_ARM64_ROM_BASE,
                 .rom_size = VIRT_ARM64_ROM_SIZE,
                 .firmware_in_rom = true,
                 .virtio_base = VIRT_ARM64_VIRTIO_BASE,
                 .virtio_stride = VIRT_ARM64_VIRTIO_STRIDE,
                 .virtio_slots = VIRT_ARM64_VIRTIO_SLOTS,
		 },
	.set = set,
	.configure = configure,
	.flat_address = flat_address,
	.make_cpus = make_cpus,
	.make_devices = make_devices,
	.make_firmware = make_firmware,
	.write_tree = virt_arm64_write_tree,
	.start_cpus = start_cpus,
	.virtio_irq = virtio_irq,
	.each_device = each_device,
	.describe = describe,
	.identify = identify,
	.free_cpus = free_cpus,
};
