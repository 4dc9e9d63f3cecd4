/* The virt board: map, device tree, boot, reset, configuration errors. */
#include <criterion/criterion.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus/bus.h"
#include "machines/board.h"
#include "machines/virt_riscv.h"
#include "tests/machines/samples.h"

/* A board, its image file and what it prints. */
struct bench {
	char folder[32], path[64];
	struct board_config config;
	struct chardev *serial;
	struct machine *machine;
	struct error error;
};

static void bench_init(struct bench *bench, struct blob image)
{
	*bench = (struct bench){.folder = "/tmp/trapline-board-XXXXXX"};
	cr_assert_not_null(mkdtemp(bench->folder));
	snprintf(bench->path, sizeof(bench->path), "%s/image", bench->folder);
	FILE *file = fopen(bench->path, "w");
	cr_assert_eq(fwrite(image.data, 1, image.size, file), image.size);
	fclose(file);
	blob_free(&image);
	board_config_default(&bench->config);
	bench->config.memory_size = BOARD_MEMORY_MIN;
	bench->config.kernel = bench->path;
	bench->serial = chardev_buffer_new(NULL);
	bench->config.serial = bench->serial;
}

static void bench_build(struct bench *bench)
{
	int status = board_new(&bench->config, &bench->machine, &bench->error);
	cr_assert_eq(status, 0, "%s", bench->error.text);
}

static void bench_refused(struct bench *bench, int exit_code, const char *words)
{
	bench->error = (struct error){0};
	cr_assert_eq(board_new(&bench->config, &bench->machine, &bench->error), -1);
	cr_assert_null(bench->machine);
	cr_assert_eq(bench->error.exit_code, exit_code, "%s", bench->error.text);
	cr_assert_not_null(strstr(bench->error.text, words), "%s (expected: %s)", bench->error.text,
			   words);
}

static void bench_fini(struct bench *bench)
{
	board_free(bench->machine);
	chardev_free(bench->serial);
	unlink(bench->path);
	rmdir(bench->folder);
}

/* Instructions for the image. */
struct code {
	uint32_t words[64];
	unsigned count;
};

static struct blob code_blob(const struct code *code)
{
	return blob_copy(code->words, 4 * code->count);
}

/* Writes a word to the finisher: lui t0, 0x100; li t1, value; sw t1, 0(t0); j . */
static void emit_finish(struct code *code, uint32_t value)
{
	code->words[code->count++] = 0x001002b7;
	code->words[code->count++] = 0x00000337 | ((value + 0x800) & 0xfffff000);
	code->words[code->count++] = 0x00030313 | value << 20;
	code->words[code->count++] = 0x0062a023;
	code->words[code->count++] = 0x0000006f;
}

static struct blob finishing_image(uint32_t value)
{
	struct code code = {.count = 0};
	emit_finish(&code, value);
	return code_blob(&code);
}

Test(board, memory_map)
{
	struct bench bench;
	bench_init(&bench, finishing_image(0x5555));
	bench_build(&bench);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	mb_dump_view(bench.machine->memory, out);
	fclose(out);
	static const char *const expected[] = {
		"0000000000001000-000000000000ffff (rom): mrom",
		"0000000000100000-0000000000100fff (mmio): sifive_test",
		"0000000000101000-0000000000101fff (mmio): goldfish_rtc",
		"0000000002000000-000000000200ffff (mmio): clint",
		"000000000c000000-000000000c5fffff (mmio): plic",
		"0000000010000000-00000000100000ff (mmio): uart16550",
		"0000000010001000-0000000010001fff (mmio): virtio_mmio",
		"0000000010008000-0000000010008fff (mmio): virtio_mmio",
		"0000000080000000-0000000083ffffff (ram): ram",
	};
	for (unsigned i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		cr_assert_not_null(strstr(text, expected[i]), "%s is not in\n%s", expected[i],
				   text);
	cr_assert_null(mb_check_view(bench.machine->memory));
	free(text);
	bench_fini(&bench);
}

static int node(const struct blob *tree, const char *path)
{
	int offset = fdt_path_offset(tree->data, path);
	cr_assert_geq(offset, 0, "no node %s", path);
	return offset;
}

static uint32_t get_u32(const struct blob *tree, const char *path, const char *name, int index)
{
	int length;
	const fdt32_t *value = fdt_getprop(tree->data, node(tree, path), name, &length);
	cr_assert_not_null(value, "%s has no %s", path, name);
	cr_assert_lt(4 * index, length, "%s of %s", name, path);
	return fdt32_to_cpu(value[index]);
}

static void expect_u32(const struct blob *tree, const char *path, const char *name, uint32_t value)
{
	cr_assert_eq(get_u32(tree, path, name, 0), value, "%s of %s is %u", name, path,
		     get_u32(tree, path, name, 0));
}

static void expect_string(const struct blob *tree, const char *path, const char *name,
			  const char *value)
{
	int count = fdt_stringlist_search(tree->data, node(tree, path), name, value);
	cr_assert_geq(count, 0, "%s of %s is not \"%s\"", name, path, value);
}

static void expect_reg(const struct blob *tree, const char *path, uint64_t base, uint64_t size)
{
	cr_assert_eq((uint64_t)get_u32(tree, path, "reg", 0) << 32 | get_u32(tree, path, "reg", 1),
		     base);
	cr_assert_eq((uint64_t)get_u32(tree, path, "reg", 2) << 32 | get_u32(tree, path, "reg", 3),
		     size);
}

Test(device_tree, machine_nodes)
{
	struct bench bench;
	bench_init(&bench, finishing_image(0x5555));
	bench.config.append = "console=ttyS0 earlycon=sbi";
	bench.config.memory_size = 6ull << 30;
	bench_build(&bench);
	const struct blob *tree = board_device_tree(bench.machine);
	expect_string(tree, "/", "compatible", "riscv-virtio");
	expect_u32(tree, "/", "#address-cells", 2);
	expect_u32(tree, "/", "#size-cells", 2);
	expect_string(tree, "/chosen", "stdout-path", "/soc/serial@10000000");
	expect_string(tree, "/chosen", "bootargs", "console=ttyS0 earlycon=sbi");
	expect_string(tree, "/aliases", "serial0", "/soc/serial@10000000");
	expect_string(tree, "/memory@80000000", "device_type", "memory");
	expect_reg(tree, "/memory@80000000", 0x80000000, 6ull << 30);
	int length;
	fdt_getprop(tree->data, node(tree, "/chosen"), "rng-seed", &length);
	cr_assert_eq(length, 32);
	cr_assert_null(fdt_getprop(tree->data, node(tree, "/chosen"), "linux,initrd-start", NULL));
	cr_assert_eq(device_tree_check(tree->data, tree->size, "tree", &bench.error), 0, "%s",
		     bench.error.text);
	bench_fini(&bench);
}

Test(device_tree, cpus)
{
	struct bench bench;
	bench_init(&bench, finishing_image(0x5555));
	bench.config.cpu_count = 3;
	bench_build(&bench);
	const struct blob *tree = board_device_tree(bench.machine);
	expect_u32(tree, "/cpus", "timebase-frequency", 10000000);
	expect_u32(tree, "/cpus", "#address-cells", 1);
	expect_u32(tree, "/cpus", "#size-cells", 0);
	for (unsigned i = 0; i < 3; i++) {
		char path[64], map[64];
		snprintf(path, sizeof(path), "/cpus/cpu@%u", i);
		expect_u32(tree, path, "reg", i);
		expect_string(tree, path, "device_type", "cpu");
		expect_string(tree, path, "compatible", "riscv");
		expect_string(tree, path, "status", "okay");
		expect_string(tree, path, "riscv,isa-base", "rv64i");
		for (const char *c = "imafdc"; *c; c++)
			expect_string(tree, path, "riscv,isa-extensions", (char[]){*c, 0});
		expect_string(tree, path, "riscv,isa-extensions", "zicsr");
		expect_string(tree, path, "mmu-type", "riscv,sv57");
		expect_u32(tree, path, "riscv,cbom-block-size", 64);
		expect_u32(tree, path, "riscv,cbop-block-size", 64);
		expect_u32(tree, path, "riscv,cboz-block-size", 64);
		const char *isa = fdt_getprop(tree->data, node(tree, path), "riscv,isa", NULL);
		cr_assert_eq(strncmp(isa, "rv64imafdc", 10), 0, "%s", isa);
		cr_assert_null(strstr(isa, "zicclsm"));
		snprintf(map, sizeof(map), "/cpus/cpu-map/cluster0/core%u", i);
		expect_u32(tree, map, "cpu", get_u32(tree, path, "phandle", 0));
		size_t used = strlen(path);
		snprintf(path + used, sizeof(path) - used, "/interrupt-controller");
		expect_string(tree, path, "compatible", "riscv,cpu-intc");
		expect_u32(tree, path, "#interrupt-cells", 1);
		uint32_t intc = get_u32(tree, path, "phandle", 0);
		static const char plic[] = "/soc/interrupt-controller@c000000";
		cr_assert_eq(get_u32(tree, plic, "interrupts-extended", (int)(4 * i)), intc);
		cr_assert_eq(get_u32(tree, plic, "interrupts-extended", (int)(4 * i + 1)), 11);
		cr_assert_eq(get_u32(tree, plic, "interrupts-extended", (int)(4 * i + 3)), 9);
		static const char clint[] = "/soc/clint@2000000";
		cr_assert_eq(get_u32(tree, clint, "interrupts-extended", (int)(4 * i)), intc);
		cr_assert_eq(get_u32(tree, clint, "interrupts-extended", (int)(4 * i + 1)), 3);
		cr_assert_eq(get_u32(tree, clint, "interrupts-extended", (int)(4 * i + 3)), 7);
	}
	bench_fini(&bench);
}

Test(device_tree, small_cpu)
{
	struct bench bench;
	bench_init(&bench, finishing_image(0x5555));
	cr_assert_eq(riscv_config_parse(&bench.config.riscv, "rv64gc,mmu=sv39", &bench.error), 0);
	bench_build(&bench);
	const struct blob *tree = board_device_tree(bench.machine);
	expect_string(tree, "/cpus/cpu@0", "mmu-type", "riscv,sv39");
	cr_assert_null(
		fdt_getprop(tree->data, node(tree, "/cpus/cpu@0"), "riscv,cboz-block-size", NULL));
	bench_fini(&bench);
}

Test(device_tree, devices)
{
	struct bench bench;
	bench_init(&bench, finishing_image(0x5555));
	bench_build(&bench);
	const struct blob *tree = board_device_tree(bench.machine);
	expect_string(tree, "/soc", "compatible", "simple-bus");
	expect_string(tree, "/soc/serial@10000000", "compatible", "ns16550a");
	expect_u32(tree, "/soc/serial@10000000", "clock-frequency", 3686400);
	expect_u32(tree, "/soc/serial@10000000", "interrupts", 10);
	expect_reg(tree, "/soc/serial@10000000", 0x10000000, 0x100);
	expect_string(tree, "/soc/rtc@101000", "compatible", "google,goldfish-rtc");
	expect_u32(tree, "/soc/rtc@101000", "interrupts", 11);
	expect_string(tree, "/soc/clint@2000000", "compatible", "sifive,clint0");
	static const char plic[] = "/soc/interrupt-controller@c000000";
	expect_string(tree, plic, "compatible", "sifive,plic-1.0.0");
	expect_string(tree, plic, "compatible", "riscv,plic0");
	expect_u32(tree, plic, "riscv,ndev", 0x5f);
	expect_u32(tree, plic, "#address-cells", 0);
	expect_u32(tree, "/soc/serial@10000000", "interrupt-parent",
		   get_u32(tree, plic, "phandle", 0));
	for (unsigned i = 0; i < VIRT_RISCV_VIRTIO_SLOTS; i++) {
		char path[64];
		snprintf(path, sizeof(path), "/soc/virtio_mmio@%x", 0x10001000 + 0x1000 * i);
		expect_string(tree, path, "compatible", "virtio,mmio");
		expect_u32(tree, path, "interrupts", 1 + i);
	}
	static const char test[] = "/soc/test@100000";
	expect_string(tree, test, "compatible", "sifive,test0");
	expect_string(tree, test, "compatible", "syscon");
	uint32_t regmap = get_u32(tree, test, "phandle", 0);
	expect_string(tree, "/poweroff", "compatible", "syscon-poweroff");
	expect_u32(tree, "/poweroff", "regmap", regmap);
	expect_u32(tree, "/poweroff", "value", 0x5555);
	expect_u32(tree, "/poweroff", "offset", 0);
	expect_string(tree, "/reboot", "compatible", "syscon-reboot");
	expect_u32(tree, "/reboot", "regmap", regmap);
	expect_u32(tree, "/reboot", "value", 0x7777);
	bench_fini(&bench);
}

Test(device_tree, seed_decides_rng_seed)
{
	uint8_t seeds[3][32];
	for (unsigned i = 0; i < 3; i++) {
		struct bench bench;
		bench_init(&bench, finishing_image(0x5555));
		bench.config.seed = i / 2;
		bench_build(&bench);
		const struct blob *tree = board_device_tree(bench.machine);
		memcpy(seeds[i], fdt_getprop(tree->data, node(tree, "/chosen"), "rng-seed", NULL),
		       32);
		bench_fini(&bench);
	}
	cr_assert_arr_eq(seeds[0], seeds[1], 32);
	cr_assert_neq(memcmp(seeds[0], seeds[2], 32), 0);
}

Test(device_tree, sixteen_harts_pass_the_check)
{
	struct bench bench;
	bench_init(&bench, finishing_image(0x5555));
	bench.config.cpu_count = 16;
	bench_build(&bench);
	const struct blob *tree = board_device_tree(bench.machine);
	cr_assert_eq(device_tree_check(tree->data, tree->size, "tree", &bench.error), 0, "%s",
		     bench.error.text);
	bench_fini(&bench);
}

Test(device_tree, too_large_for_a_long_command_line)
{
	struct bench bench;
	bench_init(&bench, finishing_image(0x5555));
	char *append = malloc(3 << 20);
	memset(append, 'a', (3 << 20) - 1);
	append[(3 << 20) - 1] = 0;
	bench.config.append = append;
	bench_refused(&bench, EXIT_CODE_USAGE, "device tree: larger than 2097152 bytes");
	append[100000] = 0;
	bench_build(&bench);
	cr_assert_gt(board_device_tree(bench.machine)->size, 100000);
	free(append);
	bench_fini(&bench);
}

/* Every damaged tree is either accepted or refused with one line. */
Test(device_tree, check_survives_damage)
{
	struct bench bench;
	bench_init(&bench, finishing_image(0x5555));
	bench_build(&bench);
	const struct blob *tree = board_device_tree(bench.machine);
	unsigned refused = 0;
	for (size_t i = 0; i < tree->size; i++) {
		struct blob copy = blob_copy(tree->data, tree->size);
		struct error error = {0};
		copy.data[i] ^= 0x5a;
		if (device_tree_check(copy.data, copy.size, "tree", &error)) {
			refused++;
			cr_assert_eq(error.exit_code, EXIT_CODE_BAD_IMAGE);
			for (const char *c = error.text; *c; c++)
				cr_assert(*c >= 32 && *c < 127, "%s", error.text);
		}
		blob_free(&copy);
	}
	cr_assert_gt(refused, tree->size / 4);
	for (size_t size = 0; size < tree->size; size += 7) {
		struct blob copy = blob_copy(tree->data, size);
		cr_assert_eq(device_tree_check(copy.data, size, "tree", NULL), -1);
		blob_free(&copy);
	}
	bench_fini(&bench);
}

/* Changes a copy of the tree through libfdt and expects a complaint. */
static void expect_complaint(const struct blob *tree, int (*change)(void *fdt), const char *words)
{
	size_t size = tree->size + 1024;
	void *copy = malloc(size);
	struct error error = {0};
	cr_assert_eq(fdt_open_into(tree->data, copy, (int)size), 0);
	cr_assert_geq(change(copy), 0);
	cr_assert_eq(device_tree_check(copy, size, "tree", &error), -1, "expected: %s", words);
	cr_assert_not_null(strstr(error.text, words), "%s (expected: %s)", error.text, words);
	free(copy);
}

static int set_cell(void *fdt, const char *path, const char *name, uint32_t value)
{
	return fdt_setprop_u32(fdt, fdt_path_offset(fdt, path), name, value);
}

static int double_phandle(void *fdt)
{
	return set_cell(fdt, "/soc/test@100000", "phandle", 1);
}

static int dangling_regmap(void *fdt)
{
	return set_cell(fdt, "/reboot", "regmap", 999);
}

static int wrong_parent(void *fdt)
{
	return set_cell(fdt, "/soc/rtc@101000", "interrupt-parent", 1);
}

static int no_timebase(void *fdt)
{
	return fdt_delprop(fdt, fdt_path_offset(fdt, "/cpus"), "timebase-frequency");
}

static int no_atomics(void *fdt)
{
	return fdt_setprop(fdt, fdt_path_offset(fdt, "/cpus/cpu@0"), "riscv,isa-extensions", "i\0m",
			   4);
}

static int odd_block_size(void *fdt)
{
	return set_cell(fdt, "/cpus/cpu@0", "riscv,cbom-block-size", 48);
}

static int misnamed(void *fdt)
{
	return fdt_set_name(fdt, fdt_path_offset(fdt, "/soc/rtc@101000"), "rtc@101008");
}

static int short_reg(void *fdt)
{
	return set_cell(fdt, "/soc/rtc@101000", "reg", 0x101000);
}

static int no_memory(void *fdt)
{
	return fdt_del_node(fdt, fdt_path_offset(fdt, "/memory@80000000"));
}

static int bad_stdout(void *fdt)
{
	return fdt_setprop_string(fdt, fdt_path_offset(fdt, "/chosen"), "stdout-path",
				  "/soc/nothing:115200");
}

/* The clock grows over the CLINT. */
static int overlapping(void *fdt)
{
	const fdt32_t reg[4] = {0, cpu_to_fdt32(0x101000), 0, cpu_to_fdt32(0x2000000)};
	return fdt_setprop(fdt, fdt_path_offset(fdt, "/soc/rtc@101000"), "reg", reg, sizeof(reg));
}

Test(device_tree, check_finds_mistakes)
{
	struct bench bench;
	bench_init(&bench, finishing_image(0x5555));
	bench_build(&bench);
	const struct blob *tree = board_device_tree(bench.machine);
	expect_complaint(tree, double_phandle, "phandle 1");
	expect_complaint(tree, dangling_regmap, "regmap refers to phandle 999");
	expect_complaint(tree, wrong_parent, "expected a node with interrupt-controller");
	expect_complaint(tree, no_timebase, "timebase-frequency");
	expect_complaint(tree, no_atomics, "lacks \"a\"");
	expect_complaint(tree, odd_block_size, "expected a power of two");
	expect_complaint(tree, misnamed, "unit address");
	expect_complaint(tree, short_reg, "expected a multiple of 16");
	expect_complaint(tree, no_memory, "device_type \"memory\"");
	expect_complaint(tree, bad_stdout, "names no node");
	expect_complaint(tree, overlapping, "reg overlaps that of");
	bench_fini(&bench);
}

Test(board_boot, firmware_off_runs_in_machine_mode_until_the_finisher)
{
	struct bench bench;
	bench_init(&bench, finishing_image(7 << 16 | 0x3333));
	bench.config.firmware = BOARD_FIRMWARE_OFF;
	bench.config.cpu_count = 2;
	bench_build(&bench);
	cr_assert_eq(bench.machine->cpu[1]->level, RV_M);
	cr_assert_eq(bench.machine->cpu[1]->pc, VIRT_RISCV_ROM_BASE);
	cr_assert_not(bench.machine->cpu[1]->stopped);
	cr_assert_eq(machine_run_until(bench.machine, 1000), STOP_EXIT);
	cr_assert_eq(bench.machine->stop.status, 7);
	/* a1: the device tree, magic first. */
	uint32_t magic = 0;
	struct board_range tree = board_device_tree_range(bench.machine);
	cr_assert_eq(bench.machine->cpu[0]->r[11], tree.address);
	mb_ld32be(bench.machine->memory, tree.address, MB_ATTRS_NONE, &magic);
	cr_assert_eq(magic, FDT_MAGIC);
	bench_fini(&bench);
}

Test(board_boot, builtin_firmware_starts_hart_0_in_supervisor_mode)
{
	struct bench bench;
	bench_init(&bench, sample_linux());
	bench.config.cpu_count = 4;
	bench_build(&bench);
	struct cpu *boot = bench.machine->cpu[0];
	struct board_range tree = board_device_tree_range(bench.machine);
	cr_assert_eq(boot->pc, 0x80200000);
	cr_assert_eq(boot->level, RV_S);
	cr_assert_eq(boot->r[10], 0);
	cr_assert_eq(boot->r[11], tree.address);
	cr_assert_eq(tree.address % 0x200000, 0);
	cr_assert_geq(tree.address, 0x80204000);
	for (unsigned i = 1; i < 4; i++)
		cr_assert(bench.machine->cpu[i]->stopped);
	bench_fini(&bench);
}

Test(board_boot, initramfs_is_below_the_device_tree)
{
	struct bench bench;
	bench_init(&bench, sample_linux());
	struct blob initrd = blob_copy("070701 not really", 17);
	bench.config.initrd = &initrd;
	bench_build(&bench);
	struct board_range range = board_initrd_range(bench.machine);
	const struct blob *tree = board_device_tree(bench.machine);
	cr_assert_eq(range.size, 17);
	cr_assert_eq(get_u32(tree, "/chosen", "linux,initrd-start", 1), range.address);
	cr_assert_eq(get_u32(tree, "/chosen", "linux,initrd-end", 1), range.address + 17);
	cr_assert_leq(range.address + 17, board_device_tree_range(bench.machine).address);
	char text[18] = "";
	mb_read(bench.machine->memory, range.address, text, 17, MB_ATTRS_NONE, NULL);
	cr_assert_str_eq(text, "070701 not really");
	bench_fini(&bench);
	blob_free(&initrd);
}

Test(board_boot, htif_of_an_elf_ends_the_run)
{
	struct bench bench;
	struct blob elf = sample_elf();
	/* lui t0, 0x80001 (sign-extended: use auipc instead); auipc t0, 1; li t1, 11; sd; j . */
	static const uint32_t code[] = {0x00001297, 0x00b00313};
	memcpy(elf.data + 64 + 2 * 56, code, 8);
	bench_init(&bench, elf);
	bench.config.firmware = BOARD_FIRMWARE_OFF;
	bench_build(&bench);
	/* The program has no room for more: complete it in RAM. */
	mb_st64le(bench.machine->memory, 0x80000008, MB_ATTRS_NONE, 0x0000006f0062b023);
	cr_assert_eq(machine_run_until(bench.machine, 1000), STOP_EXIT);
	cr_assert_eq(bench.machine->stop.status, 5);
	bench_fini(&bench);
}

Test(board_boot, reset_loads_the_image_again)
{
	struct bench bench;
	bench_init(&bench, finishing_image(0x7777));
	bench.config.firmware = BOARD_FIRMWARE_OFF;
	bench_build(&bench);
	for (unsigned i = 0; i < 3; i++) {
		cr_assert_eq(machine_run_until(bench.machine, 10000), STOP_RESET);
		mb_st64le(bench.machine->memory, VIRT_RISCV_RAM_BASE, MB_ATTRS_NONE, 0);
		cr_assert_eq(board_reset(bench.machine, &bench.error), 0, "%s", bench.error.text);
		cr_assert_eq(bench.machine->cpu[0]->pc, VIRT_RISCV_ROM_BASE);
	}
	bench_fini(&bench);
}

/* The limit is one of the machine, whatever the number of harts. */
Test(board_boot, instruction_limit_counts_every_hart)
{
	static const struct code endless = {{0x0000006f}, 1};
	for (unsigned harts = 1; harts <= MACHINE_MAX_CPUS; harts += 5) {
		struct bench bench;
		uint64_t retired = 0;
		bench_init(&bench, code_blob(&endless));
		bench.config.firmware = BOARD_FIRMWARE_OFF;
		bench.config.cpu_count = harts;
		bench_build(&bench);
		bench.machine->icount_limit = 100003;
		cr_assert_eq(machine_run_until(bench.machine, 1000000), STOP_ICOUNT_LIMIT);
		for (unsigned i = 0; i < harts; i++)
			retired += cpu_retired(bench.machine->cpu[i]);
		cr_assert_eq(retired, 100003, "%u harts: %lu", harts, retired);
		bench_fini(&bench);
	}
}

Test(board_boot, huge_memory_is_not_touched)
{
	struct bench bench;
	bench_init(&bench, finishing_image(0x5555));
	bench.config.memory_size = BOARD_MEMORY_MAX;
	bench_build(&bench);
	uint64_t value = 1;
	cr_assert_eq(mb_ld64le(bench.machine->memory, VIRT_RISCV_RAM_BASE + BOARD_MEMORY_MAX - 8,
			       MB_ATTRS_NONE, &value),
		     MB_OK);
	cr_assert_eq(value, 0);
	bench_fini(&bench);
}

Test(board_config, two_boards_in_one_process)
{
	struct bench first, second;
	bench_init(&first, finishing_image(1 << 16 | 0x3333));
	bench_init(&second, finishing_image(2 << 16 | 0x3333));
	first.config.firmware = second.config.firmware = BOARD_FIRMWARE_OFF;
	bench_build(&first);
	bench_build(&second);
	cr_assert_eq(machine_run_until(second.machine, 1000), STOP_EXIT);
	cr_assert_eq(machine_run_until(first.machine, 1000), STOP_EXIT);
	cr_assert_eq(first.machine->stop.status, 1);
	cr_assert_eq(second.machine->stop.status, 2);
	bench_fini(&first);
	bench_fini(&second);
}

Test(board_config, devices)
{
	struct bench bench;
	bench_init(&bench, finishing_image(0x5555));
	char disk[128];
	snprintf(disk, sizeof(disk), "virtio-blk,file=%s,ro=on", bench.path);
	const char *devices[] = {"virtio-rng,seed=7", "virtio-console-device,chardev=null", disk};
	bench.config.devices = devices;
	bench.config.device_count = 3;
	bench_build(&bench);
	static const uint32_t ids[] = {4, 3, 2, 0}; /* virtio 1.2 section 5 */
	for (unsigned i = 0; i < 4; i++) {
		uint32_t id = 99;
		mb_ld32le(bench.machine->memory, VIRT_RISCV_VIRTIO_BASE + 0x1000 * i + 8,
			  MB_ATTRS_NONE, &id);
		cr_assert_eq(id, ids[i]);
	}
	bench_fini(&bench);
}

Test(board_config, bad_devices)
{
	static const struct {
		const char *value, *words;
	} cases[] = {
		{"e1000",                         "unknown device \"e1000\""     },
		{"virtio-gpu",                    "unknown device"               },
		{"",			      "unknown device"               },
		{"virtio-blk",                    "expected file=PATH"           },
		{"virtio-blk,file=",              "bad value"                    },
		{"virtio-blk,file=/none/such",    "/none/such"                   },
		{"virtio-blk,file=/tmp,ro=maybe", "bad value \"maybe\" of key ro"},
		{"virtio-blk,speed=9",            "unknown key \"speed\""        },
		{"virtio-rng,seed=abc",           "bad value"                    },
		{"virtio-rng,seed=-1",            "bad value"                    },
		{"virtio-rng,,",                  "unknown key \"\""             },
		{"virtio-console,chardev=pigeon", "pigeon"                       },
	};
	struct bench bench;
	bench_init(&bench, finishing_image(0x5555));
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bench.config.devices = &cases[i].value;
		bench.config.device_count = 1;
		bench_refused(&bench, EXIT_CODE_USAGE, cases[i].words);
	}
	const char *many[9];
	for (unsigned i = 0; i < 9; i++)
		many[i] = "virtio-rng";
	bench.config.devices = many;
	bench.config.device_count = 9;
	bench_refused(&bench, EXIT_CODE_USAGE, "8 virtio slots");
	bench_fini(&bench);
}

Test(board_config, bad_values)
{
	struct bench bench;
	bench_init(&bench, finishing_image(0x5555));
	bench.config.memory_size = BOARD_MEMORY_MIN - 4096;
	bench_refused(&bench, EXIT_CODE_USAGE, "expected 64M to 64G");
	bench.config.memory_size = BOARD_MEMORY_MAX + 4096;
	bench_refused(&bench, EXIT_CODE_USAGE, "expected 64M to 64G");
	bench.config.memory_size = BOARD_MEMORY_MIN;
	bench.config.cpu_count = 17;
	bench_refused(&bench, EXIT_CODE_USAGE, "17 CPUs, expected 1 to 16");
	bench.config.cpu_count = 1;
	bench.config.kernel = NULL;
	bench_refused(&bench, EXIT_CODE_USAGE, "no guest image");
	bench.config.without_image = true;
	bench_build(&bench);
	bench_fini(&bench);
}

Test(board_config, images_that_do_not_fit)
{
	struct bench bench;
	struct blob arm = sample_linux();
	memset(arm.data + 48, 0, 8);
	memcpy(arm.data + 56, "ARM\x64", 4);
	bench_init(&bench, arm);
	bench_refused(&bench, EXIT_CODE_BAD_IMAGE, "aarch64, expected one for riscv64");
	bench_fini(&bench);

	struct blob whole = sample_elf();
	((uint8_t *)whole.data)[64 + 56 + 40 + 3] = 0x03; /* p_memsz of the data: 48 MiB and more */
	((uint8_t *)whole.data)[64 + 56 + 40 + 2] = 0xff;
	bench_init(&bench, whole);
	bench_refused(&bench, EXIT_CODE_BAD_IMAGE, "device tree");
	bench_fini(&bench);

	bench_init(&bench, sample_linux());
	struct blob initrd = {.data = calloc(1, 62 << 20), .size = 62 << 20};
	bench.config.initrd = &initrd;
	bench.config.initrd_name = "huge.cpio";
	bench_refused(&bench, EXIT_CODE_BAD_IMAGE, "huge.cpio: 65011712 bytes do not fit");
	bench_fini(&bench);
	blob_free(&initrd);
}

Test(board_config, firmware_and_kernel_must_not_meet)
{
	struct bench bench;
	bench_init(&bench, sample_elf());
	bench.config.firmware = BOARD_FIRMWARE_FILE;
	bench.config.firmware_path = bench.path;
	bench_refused(&bench, EXIT_CODE_BAD_IMAGE, "where the firmware");
	bench.config.kernel = NULL;
	bench_build(&bench);
	cr_assert_not_null(board_firmware_image(bench.machine));
	cr_assert_null(board_image(bench.machine));
	bench_fini(&bench);
}

/* A damaged ELF file is refused with one line, or whatever it is now runs without harm. */
Test(board_boot, damaged_elf_files_do_no_harm)
{
	for (size_t i = 0; i < 64 + 2 * 56; i += 3) {
		struct bench bench;
		struct blob elf = sample_elf();
		elf.data[i] ^= 0x21;
		bench_init(&bench, elf);
		bench.config.firmware = BOARD_FIRMWARE_OFF;
		if (board_new(&bench.config, &bench.machine, &bench.error))
			cr_assert_eq(bench.error.exit_code, EXIT_CODE_BAD_IMAGE, "%s",
				     bench.error.text);
		else
			machine_run_until(bench.machine, 5000);
		bench_fini(&bench);
	}
}

Test(board_config, sizes)
{
	uint64_t size;
	cr_assert_eq(board_parse_size("512M", &size), 0);
	cr_assert_eq(size, 512 << 20);
	cr_assert_eq(board_parse_size("2g", &size), 0);
	cr_assert_eq(size, 2ull << 30);
	cr_assert_eq(board_parse_size("128", &size), 0);
	cr_assert_eq(size, 128 << 20);
	cr_assert_eq(board_parse_size("0x8000000", &size), 0);
	cr_assert_eq(size, 128 << 20);
	static const char *const bad[] = {
		"", "M", "-1", "12Q", "12MB", "99999999999999999999", "999999999999999G"};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(board_parse_size(bad[i], &size), -1, "%s", bad[i]);
}
