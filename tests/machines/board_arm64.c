/* The AArch64 virt board: entry, map, firmware calls, configuration errors. */
#include <criterion/criterion.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus/bus.h"
#include "machines/board.h"
#include "machines/snapshot.h"
#include "machines/virt_arm64.h"

/* A board whose image is one call of the firmware after the other. */
struct bench {
	char path[64];
	struct board_config config;
	struct chardev *serial;
	struct machine *machine;
	struct error error;
};

static struct bench bench;

enum { SMC = 0xd4000003, HVC = 0xd4000002 };

static void setup(void)
{
	snprintf(bench.path, sizeof(bench.path), "/tmp/trapline-arm64-XXXXXX");
	int fd = mkstemp(bench.path);
	cr_assert_geq(fd, 0);
	const uint32_t code[] = {SMC, SMC, SMC, SMC, HVC, HVC};
	cr_assert_eq(write(fd, code, sizeof(code)), (ssize_t)sizeof(code));
	close(fd);
	board_config_default(&bench.config);
	bench.config.arch = IMAGE_ARCH_AARCH64;
	bench.config.memory_size = BOARD_MEMORY_MIN;
	bench.config.kernel = bench.path;
	bench.serial = chardev_buffer_new(NULL);
	bench.config.serial = bench.serial;
}

static void teardown(void)
{
	board_free(bench.machine);
	chardev_free(bench.serial);
	unlink(bench.path);
}

TestSuite(board_arm64, .init = setup, .fini = teardown);

static void build(unsigned cpus)
{
	bench.config.cpu_count = cpus;
	cr_assert_eq(board_new(&bench.config, &bench.machine, &bench.error), 0, "%s",
		     bench.error.text);
}

static struct cpu *first_cpu(void)
{
	return bench.machine->cpu[0];
}

#define ENTRY (VIRT_ARM64_RAM_BASE + VIRT_ARM64_FLAT_OFFSET)

/* Executes the first instruction of the image, a call; returns X0. */
static int64_t call(uint64_t id, uint64_t a, uint64_t b, uint64_t c)
{
	struct cpu *cpu = first_cpu();
	const uint64_t args[] = {id, a, b, c, 4, 5};
	memcpy(cpu->r, args, sizeof(args));
	cpu->pc = ENTRY;
	machine_run_until(bench.machine, bench.machine->clock.now + 1);
	cr_assert_eq(cpu->r[4], 4, "X4 is not the firmware's");
	return (int64_t)cpu->r[0];
}

Test(board_arm64, starts_at_el2_with_the_device_tree)
{
	build(2);
	const struct cpu *cpu = first_cpu();
	cr_assert_eq(cpu->level, A64_EL2);
	cr_assert_eq(cpu->pc, ENTRY);
	cr_assert_eq(cpu->r[0], board_device_tree_range(bench.machine).address);
	cr_assert_eq(cpu->r[1], 0);
	cr_assert(bench.machine->cpu[1]->stopped);
}

Test(board_arm64, starts_at_el1_without_el2)
{
	cr_assert_eq(arm64_config_parse(&bench.config.arm64, "max,-el2", &bench.error), 0);
	build(1);
	cr_assert_eq(first_cpu()->level, A64_EL1);
	cr_assert_not(arm64_has(arm64_cpu(first_cpu()), A64_FEAT_VHE));
}

Test(board_arm64, hvc_is_the_conduit_without_el2)
{
	cr_assert_eq(arm64_config_parse(&bench.config.arm64, "max,-el2", &bench.error), 0);
	build(1);
	const uint32_t hvc = HVC;
	mb_write(bench.machine->memory, ENTRY, &hvc, sizeof(hvc), MB_ATTRS_NONE, NULL);
	cr_assert_eq(call(0x84000000, 0, 0, 0), 0x10001);
	const void *tree = board_device_tree(bench.machine)->data;
	int psci = fdt_path_offset(tree, "/psci");
	cr_assert_str_eq(fdt_getprop(tree, psci, "method", NULL), "hvc");
}

Test(board_arm64, psci_tells_what_it_is)
{
	build(1);
	cr_assert_eq(call(0x84000000, 0, 0, 0), 0x10001);
	cr_assert_eq(call(0x80000000, 0, 0, 0), 0x10001);
	cr_assert_eq(call(0x84000006, 0, 0, 0), 2);
	cr_assert_eq(call(0x8400000a, 0xc4000003, 0, 0), 0);
	cr_assert_eq(call(0x8400000a, 0x80000000, 0, 0), 0);
	cr_assert_eq(call(0x8400000a, 0xc400000e, 0, 0), -1);
	cr_assert_eq(call(0x80000001, 0x80008000, 0, 0), -1);
	cr_assert_eq(call(0xdeadbeef, 0, 0, 0), -1);
}

Test(board_arm64, cpu_on_checks_and_starts)
{
	build(2);
	enum { ON = 0xc4000003, INFO = 0xc4000004 };
	struct cpu *second = bench.machine->cpu[1];
	cr_assert_eq(call(ON, 7, ENTRY, 0), -2);
	cr_assert_eq(call(ON, 1 | 1u << 31, ENTRY, 0), -2);
	cr_assert_eq(call(ON, 0, ENTRY, 0), -4);
	cr_assert_eq(call(ON, 1, 0xdead0000, 0), -9);
	cr_assert_eq(call(ON, 1, VIRT_ARM64_UART_BASE, 0), -9);
	cr_assert_eq(call(ON, 1, ENTRY + 1, 0), -9);
	cr_assert_eq(call(ON, 1, UINT64_MAX & ~3ull, 0), -9);
	cr_assert_eq(call(INFO, 1, 0, 0), 1);
	cr_assert(second->stopped);
	cr_assert_eq(call(ON, 1, ENTRY, 0x84000002), 0);
	cr_assert_eq(second->level, A64_EL2);
	/* Its context is the call by which it goes off again. */
	cr_assert_eq(second->pc, ENTRY + 4);
	cr_assert_eq(call(INFO, 1, 1, 0), -2);
	cr_assert(second->stopped);
	cr_assert_eq(call(INFO, 1, 0, 0), 1);
}

Test(board_arm64, random_numbers_repeat_and_fit)
{
	enum { RND = 0xc4000053, RND32 = 0x84000053 };
	build(1);
	const uint64_t *x = first_cpu()->r;
	cr_assert_eq(call(0x84000050, 0, 0, 0), 0x10000);
	cr_assert_eq(call(0x84000051, RND, 0, 0), 0);
	cr_assert_eq(call(0x84000051, 0x84000000, 0, 0), -1);
	cr_assert_eq(call(RND, 0, 0, 0), -2);
	cr_assert_eq(call(RND, 193, 0, 0), -2);
	cr_assert_eq(call(RND32, 97, 0, 0), -2);
	cr_assert_eq(call(RND, 192, 0, 0), 0);
	uint64_t first = x[3];
	cr_assert(x[1] && x[2] && first);
	cr_assert_eq(call(RND, 5, 0, 0), 0);
	cr_assert_eq(x[1] | x[2] | x[3] >> 5, 0);
	board_free(bench.machine);
	build(1);
	cr_assert_eq(call(RND, 192, 0, 0), 0);
	cr_assert_eq(first_cpu()->r[3], first);
}

Test(board_arm64, system_calls_end_or_reset)
{
	build(1);
	call(0x84000008, 0, 0, 0);
	cr_assert_eq(bench.machine->stop.kind, STOP_EXIT);
	cr_assert_eq(bench.machine->stop.status, 0);
	bench.machine->stop.kind = STOP_NONE;
	call(0x84000009, 0, 0, 0);
	cr_assert_eq(bench.machine->stop.kind, STOP_RESET);
	cr_assert_eq(board_reset(bench.machine, &bench.error), 0);
	cr_assert_eq(first_cpu()->pc, ENTRY);
	cr_assert_eq(call(0xc4000012, 5, 0, 0), -2);
	call(0xc4000012, 0, 0, 0);
	cr_assert_eq(bench.machine->stop.kind, STOP_RESET);
}

Test(board_arm64, device_tree_is_consistent)
{
	build(8);
	const struct blob *tree = board_device_tree(bench.machine);
	cr_assert_eq(device_tree_check(tree->data, tree->size, "tree", &bench.error), 0, "%s",
		     bench.error.text);
	cr_assert_geq(fdt_path_offset(tree->data, "/cpus/cpu@7"), 0);
	cr_assert_geq(fdt_path_offset(tree->data, "/pl011@9000000"), 0);
	cr_assert_geq(fdt_path_offset(tree->data, "/virtio_mmio@a003e00"), 0);
}

Test(board_arm64, refuses_what_it_cannot_be)
{
	bench.config.cpu_count = 9;
	cr_assert_eq(board_new(&bench.config, &bench.machine, &bench.error), -1);
	cr_assert_not_null(strstr(bench.error.text, "expected 1 to 8"));
	bench.config.cpu_count = 1;
	bench.config.firmware = BOARD_FIRMWARE_OFF;
	cr_assert_eq(board_new(&bench.config, &bench.machine, &bench.error), -1);
	bench.config.firmware = BOARD_FIRMWARE_BUILTIN;
	bench.config.arch = IMAGE_ARCH_X86_64;
	cr_assert_eq(board_new(&bench.config, &bench.machine, &bench.error), -1);
}

Test(board_arm64, features_bring_what_they_need_or_are_refused)
{
	static const struct {
		const char *text;
		const char *refusal; /* NULL: fine */
	} cases[] = {
		{"max",                  NULL                 },
		{"max,-el2",             NULL                 },
		{"cortex-a57,+flagm2",   NULL                 },
		{"neoverse-n2,-sve2",    "no feature 'sve2'"  },
		{"cortex-a57,+vhe,-lse", "VHE needs LSE"      },
		{"max,+nv,-el2",         "NV needs EL2"       },
		{"max,+mte",             "MTE is not modelled"},
		{"max,cntfrq=5",         "expected +FEATURE"  },
		{"host",                 "no model 'host'"    },
	};
	struct arm64_config config;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error error = {0};
		int status = arm64_config_parse(&config, cases[i].text, &error);
		cr_assert_eq(status, cases[i].refusal ? -1 : 0, "%s: %s", cases[i].text,
			     error.text);
		if (cases[i].refusal)
			cr_assert_not_null(strstr(error.text, cases[i].refusal), "%s: %s",
					   cases[i].text, error.text);
	}
	cr_assert_eq(arm64_config_parse(&config, "cortex-a57,+flagm2", NULL), 0);
	cr_assert(config.feature[A64_FEAT_FlagM / 64] >> A64_FEAT_FlagM % 64 & 1);
}

static void expect_refused(const char *machine, const char *reason)
{
	bench.error = (struct error){0};
	cr_expect_eq(board_config_parse(&bench.config, machine, &bench.error), -1, "%s", machine);
	cr_expect(strstr(bench.error.text, reason), "%s", bench.error.text);
	cr_expect_eq(bench.error.exit_code, 125);
}

Test(board_arm64, settings_of_the_machine)
{
	cr_expect_eq(board_config_parse(&bench.config, "virt", &bench.error), 0);
	cr_expect_eq(bench.config.gic_version, 0);
	cr_expect_eq(board_config_parse(&bench.config, "virt,gic-version=2", &bench.error), 0);
	cr_expect_eq(bench.config.gic_version, 2);
	expect_refused("virt,gic-version=4", "'gic-version', expected gic-version=2|3");
	expect_refused("virt,gic-version", "'gic-version'");
	expect_refused("virt,", "''");
	expect_refused("q35", "expected 'virt'");
	bench.config.arch = IMAGE_ARCH_RISCV64;
	expect_refused("virt,gic-version=2", "expected no settings");
	bench.config.arch = IMAGE_ARCH_AARCH64;
}

/* A GICv2 has no system registers, and the device tree has its four parts. */
Test(board_arm64, gic_v2)
{
	bench.config.gic_version = 2;
	build(2);
	cr_expect_not(arm64_has(arm64_cpu(first_cpu()), A64_FEAT_GICv3));
	const void *tree = board_device_tree(bench.machine)->data;
	int length, node = fdt_path_offset(tree, "/intc@8000000");
	cr_assert_str_eq(fdt_getprop(tree, node, "compatible", NULL), "arm,cortex-a15-gic");
	const fdt32_t *reg = fdt_getprop(tree, node, "reg", &length);
	cr_assert_eq(length, 4 * 16);
	cr_expect_eq(fdt32_to_cpu(reg[5]), 0x08010000);
	cr_expect_eq(fdt32_to_cpu(reg[9]), 0x08030000);
	cr_expect_eq(fdt32_to_cpu(reg[13]), 0x08040000);
	node = fdt_path_offset(tree, "/timer");
	const fdt32_t *interrupts = fdt_getprop(tree, node, "interrupts", &length);
	cr_assert_eq(length, 5 * 12);
	cr_expect_eq(fdt32_to_cpu(interrupts[2]), 0x304, "for both CPUs");
}

/* An interrupt of the UART goes through the distributor to the CPU's IRQ input. */
Test(board_arm64, gic_v2_drives_the_cpus)
{
	const uint32_t enable = 1, all = 0xff, uart = 1 << 1, transmit = 1 << 5;
	bench.config.gic_version = 2;
	build(1);
	struct mb_space *memory = bench.machine->memory;
	const struct {
		uint64_t address;
		uint32_t value;
	} writes[] = {
		{0x08000000, enable  },
                {0x08010000, enable  },
                {0x08010004, all     },
                {0x08000104, uart    },
		{0x09000038, transmit},
                {0x09000030, 0x301   },
                {0x09000000, 'x'     },
	};
	for (unsigned i = 0; i < sizeof(writes) / sizeof(writes[0]); i++)
		cr_assert_eq(mb_st(memory, writes[i].address, 4, MB_LITTLE, MB_ATTRS_NONE,
				   writes[i].value),
			     MB_OK);
	cr_expect_eq(arm64_cpu(first_cpu())->irq_level, A64_LINE_IRQ);
}

/* Without the interface of a GICv3 the board takes a GICv2, unless it is told otherwise. */
Test(board_arm64, gic_follows_the_cpu)
{
	cr_assert_eq(arm64_config_parse(&bench.config.arm64, "max,-gicv3", &bench.error), 0);
	build(1);
	const void *tree = board_device_tree(bench.machine)->data;
	int node = fdt_path_offset(tree, "/intc@8000000");
	cr_assert_str_eq(fdt_getprop(tree, node, "compatible", NULL), "arm,cortex-a15-gic");
	board_free(bench.machine);
	bench.machine = NULL;
	bench.config.gic_version = 3;
	cr_expect_eq(board_new(&bench.config, &bench.machine, &bench.error), -1);
	cr_expect(strstr(bench.error.text, "gic-version=2"), "%s", bench.error.text);
}

/* A flat file is in flash, and finds the device tree at the start of RAM. */
Test(board_arm64, firmware_in_flash)
{
	bench.config.kernel = NULL;
	bench.config.firmware = BOARD_FIRMWARE_FILE;
	bench.config.firmware_path = bench.path;
	build(2);
	const struct cpu *cpu = first_cpu();
	cr_expect_eq(cpu->pc, 0);
	cr_expect_eq(cpu->level, A64_EL2);
	cr_expect_eq(cpu->r[0], VIRT_ARM64_RAM_BASE);
	cr_expect_eq(board_device_tree_range(bench.machine).address, VIRT_ARM64_RAM_BASE);
	uint32_t word = 0;
	struct mb_space *memory = bench.machine->memory;
	cr_expect_eq(mb_read(memory, 0, &word, sizeof(word), MB_ATTRS_NONE, NULL), MB_OK);
	cr_expect_eq(word, SMC);
	cr_expect_eq(mb_read(memory, VIRT_ARM64_RAM_BASE, &word, 4, MB_ATTRS_NONE, NULL), MB_OK);
	cr_expect_eq(word, 0xedfe0dd0, "a device tree");
	/* PSCI is still there. */
	bench.machine->cpu[0]->r[0] = 0x84000000;
	machine_run_until(bench.machine, bench.machine->clock.now + 1);
	cr_expect_eq(cpu->r[0], 0x10001);
	/* Flash cannot be written, and is whole again after a reset. */
	mb_st(memory, 0, 4, MB_LITTLE, MB_ATTRS_NONE, 0);
	cr_assert_eq(board_reset(bench.machine, &bench.error), 0);
	cr_expect_eq(cpu->pc, 0);
	cr_expect_eq(mb_read(memory, 0, &word, sizeof(word), MB_ATTRS_NONE, NULL), MB_OK);
	cr_expect_eq(word, SMC);
}

/* The image is loaded beside it. */
Test(board_arm64, firmware_and_image)
{
	bench.config.firmware = BOARD_FIRMWARE_FILE;
	bench.config.firmware_path = bench.path;
	build(1);
	uint32_t word = 0;
	cr_expect_eq(first_cpu()->pc, 0);
	cr_expect_eq(mb_read(bench.machine->memory, ENTRY, &word, 4, MB_ATTRS_NONE, NULL), MB_OK);
	cr_expect_eq(word, SMC);
}

Test(board_arm64, firmware_at_el3)
{
	bench.config.kernel = NULL;
	bench.config.firmware = BOARD_FIRMWARE_FILE;
	bench.config.firmware_path = bench.path;
	cr_assert_eq(arm64_config_parse(&bench.config.arm64, "max,+el3", &bench.error), 0);
	build(1);
	cr_expect_eq(first_cpu()->pc, 0);
	cr_expect_eq(first_cpu()->level, A64_EL3);
}
