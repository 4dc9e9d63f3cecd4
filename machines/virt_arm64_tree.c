/* The device tree of the AArch64 board (Linux bindings arm/cpus.yaml, arm/psci.yaml ...). */
#include <stdio.h>

#include "machines/board_impl.h"
#include "machines/virt_arm64.h"

enum { GIC_PHANDLE = 1, CLOCK_PHANDLE = 2 };

/* Interrupt specifiers: kind, number, trigger. */
enum { SPI = 0, PPI = 1, EDGE = 1, LEVEL = 4 };

static void put_cpus(struct board *board, struct device_fdt *fdt)
{
	device_fdt_node(fdt, "cpus");
	device_tree_put_cell_sizes(fdt, 1, 0);
	for (unsigned i = 0; i < board->cpu_count; i++) {
		char name[16];
		snprintf(name, sizeof(name), "cpu@%x", i);
		device_fdt_node(fdt, name);
		device_fdt_string(fdt, "device_type", "cpu");
		device_fdt_string(fdt, "compatible", "arm,armv8");
		device_fdt_u32(fdt, "reg", i);
		device_fdt_string(fdt, "enable-method", "psci");
		device_fdt_end(fdt);
	}
	device_fdt_end(fdt);
}

/* A kernel at EL2 has HVC for itself. */
static void put_psci(struct board *board, struct device_fdt *fdt)
{
	static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2\0arm,psci";
	device_fdt_node(fdt, "psci");
	device_fdt_strings(fdt, "compatible", compatible, sizeof(compatible));
	device_fdt_string(fdt, "method", board->arm64.cpu.highest >= A64_EL2 ? "smc" : "hvc");
	device_fdt_u32(fdt, "cpu_suspend", 0xc4000001);
	device_fdt_u32(fdt, "cpu_off", 0x84000002);
	device_fdt_u32(fdt, "cpu_on", 0xc4000003);
	device_fdt_end(fdt);
}

/* Secure and non-secure EL1 physical, virtual, EL2 physical, EL2 virtual. */
static void put_timer(struct board *board, struct device_fdt *fdt)
{
	static const char compatible[] = "arm,armv8-timer\0arm,armv7-timer";
	static const uint8_t private[] = {13, 14, 11, 10, 12};
	/* GICv2 wants to know at which CPUs they are. */
	uint32_t flags = LEVEL;
	if (board->arm64.gic_version == 2)
		flags |= ((1u << board->cpu_count) - 1) << 8;
	uint32_t interrupts[3 * sizeof(private)];
	for (unsigned i = 0; i < sizeof(private); i++) {
		interrupts[3 * i] = PPI;
		interrupts[3 * i + 1] = private[i];
		interrupts[3 * i + 2] = flags;
	}
	device_fdt_node(fdt, "timer");
	device_fdt_strings(fdt, "compatible", compatible, sizeof(compatible));
	device_fdt_flag(fdt, "always-on");
	device_fdt_cells(fdt, "interrupts", interrupts, sizeof(interrupts) / sizeof(uint32_t));
	device_fdt_end(fdt);
}

static void put_clock(struct device_fdt *fdt)
{
	device_fdt_node(fdt, "apb-pclk");
	device_fdt_string(fdt, "compatible", "fixed-clock");
	device_fdt_u32(fdt, "#clock-cells", 0);
	device_fdt_u32(fdt, "clock-frequency", 24000000);
	device_fdt_string(fdt, "clock-output-names", "clk24mhz");
	device_fdt_u32(fdt, "phandle", CLOCK_PHANDLE);
	device_fdt_end(fdt);
}

static void put_device(struct device_fdt *fdt, const struct device *device, uint32_t irq,
		       uint32_t trigger)
{
	fdt->interrupt_parent = GIC_PHANDLE;
	fdt->interrupt_cells = 3;
	fdt->interrupt[0] = SPI;
	fdt->interrupt[1] = irq;
	fdt->interrupt[2] = trigger;
	device_describe(device, fdt);
}

void virt_arm64_write_tree(struct board *board, struct device_fdt *fdt)
{
	char console[64];
	fdt->clock = CLOCK_PHANDLE;
	device_tree_put_cell_sizes(fdt, 2, 2);
	device_fdt_string(fdt, "compatible", "linux,dummy-virt");
	device_fdt_string(fdt, "model", "linux,dummy-virt");
	device_fdt_u32(fdt, "interrupt-parent", GIC_PHANDLE);
	device_fdt_flag(fdt, "dma-coherent");
	snprintf(console, sizeof(console), "/pl011@%llx", VIRT_ARM64_UART_BASE);
	device_tree_put_chosen(board, fdt, console);
	device_tree_put_memory(board, fdt);
	put_cpus(board, fdt);
	put_psci(board, fdt);
	put_timer(board, fdt);
	put_clock(fdt);
	fdt->phandle = GIC_PHANDLE;
	device_describe(board->arm64.gic, fdt);
	fdt->phandle = 0;
	put_device(fdt, board->uart, VIRT_ARM64_UART_IRQ, LEVEL);
	put_device(fdt, board->arm64.rtc, VIRT_ARM64_RTC_IRQ, LEVEL);
	for (unsigned i = 0; i < VIRT_ARM64_VIRTIO_SLOTS; i++)
		put_device(fdt, board->virtio[i], VIRT_ARM64_VIRTIO_IRQ + i, EDGE);
}
