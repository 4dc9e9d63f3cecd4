/* Semihosting of AArch64 programs: exit status, console, and who may not. */
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "bus/bus.h"
#include "machines/board.h"
#include "machines/virt_arm64.h"

enum { HLT_F000 = 0xd45e0000, HLT_F001 = 0xd45e0020, B_SELF = 0x14000000 };
#define ENTRY (VIRT_ARM64_RAM_BASE + VIRT_ARM64_FLAT_OFFSET)
#define DATA  (VIRT_ARM64_RAM_BASE + 0x100000)

static struct {
	char path[64];
	struct board_config config;
	struct machine *machine;
	struct chardev *serial;
	struct error error;
} bench;

static void setup(void)
{
	snprintf(bench.path, sizeof(bench.path), "/tmp/trapline-semihosting-XXXXXX");
	int fd = mkstemp(bench.path);
	cr_assert_geq(fd, 0);
	const uint32_t code[] = {HLT_F000, B_SELF};
	cr_assert_eq(write(fd, code, sizeof(code)), (ssize_t)sizeof(code));
	close(fd);
	board_config_default(&bench.config);
	bench.config.arch = IMAGE_ARCH_AARCH64;
	bench.config.memory_size = BOARD_MEMORY_MIN;
	bench.config.kernel = bench.path;
	bench.config.semihosting = true;
	bench.serial = chardev_buffer_new(NULL);
	bench.config.serial = bench.serial;
}

static void teardown(void)
{
	board_free(bench.machine);
	chardev_free(bench.serial);
	unlink(bench.path);
}

TestSuite(semihosting, .init = setup, .fini = teardown);

static struct arm64_cpu *build(void)
{
	cr_assert_eq(board_new(&bench.config, &bench.machine, &bench.error), 0, "%s",
		     bench.error.text);
	return arm64_cpu(bench.machine->cpu[0]);
}

/* Executes the HLT of the image; returns X0. */
static uint64_t call(struct arm64_cpu *pe, uint64_t operation, uint64_t parameter)
{
	pe->cpu.r[0] = operation;
	pe->cpu.r[1] = parameter;
	pe->cpu.pc = ENTRY;
	machine_run_until(bench.machine, bench.machine->clock.now + 1);
	return pe->cpu.r[0];
}

static void put(uint64_t address, const void *bytes, size_t size)
{
	cr_assert_eq(mb_write(bench.machine->memory, address, bytes, size, MB_ATTRS_NONE, NULL),
		     MB_OK);
}

Test(semihosting, exit_status)
{
	static const struct {
		uint64_t operation, reason, status;
		int expected;
	} rows[] = {
		{0x18, 0x20026, 0,              0  },
                {0x18, 0x20026, 7,              7  },
		{0x20, 0x20026, 123,            123},
                {0x20, 0x20026, 0x100000000000, 123},
		{0x18, 0x20024, 0,              1  },
	};
	struct arm64_cpu *pe = build();
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint64_t block[] = {rows[i].reason, rows[i].status};
		put(DATA, block, sizeof(block));
		call(pe, rows[i].operation, DATA);
		cr_expect_eq(bench.machine->stop.kind, STOP_EXIT);
		cr_expect_eq(bench.machine->stop.status, rows[i].expected, "row %u", i);
		cr_expect_eq(pe->cpu.pc, ENTRY + 4);
		bench.machine->stop = (struct stop){0};
	}
}

Test(semihosting, console)
{
	struct arm64_cpu *pe = build();
	put(DATA, "hello", 6);
	call(pe, 0x04, DATA);
	call(pe, 0x03, DATA + 1);
	size_t length;
	const char *text = chardev_text(bench.serial, &length);
	cr_expect_eq(length, 6);
	cr_expect(!memcmp(text, "helloe", 6));
}

/* Blocks and text where there is no memory, or no end. */
Test(semihosting, bad_addresses)
{
	static const uint64_t addresses[] = {0x50000000, UINT64_MAX - 7, 1ull << 63,
					     VIRT_ARM64_UART_BASE};
	struct arm64_cpu *pe = build();
	for (unsigned i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		call(pe, 0x03, addresses[i]);
		call(pe, 0x04, addresses[i]);
		call(pe, 0x08, addresses[i]);
		call(pe, 0x18, addresses[i]);
		cr_expect_eq(bench.machine->stop.kind, STOP_EXIT);
		cr_expect_eq(bench.machine->stop.status, 1);
		bench.machine->stop = (struct stop){0};
	}
	static uint8_t endless[1 << 17];
	memset(endless, 'x', sizeof(endless));
	put(DATA, endless, sizeof(endless));
	call(pe, 0x04, DATA);
	size_t length;
	chardev_text(bench.serial, &length);
	cr_expect_eq(length, 1 << 16, "text ends somewhere");
}

Test(semihosting, the_host_has_no_files)
{
	struct arm64_cpu *pe = build();
	static const uint64_t operations[] = {0x01, 0x02, 0x05, 0x06, 0x09, 0x0c,
					      0x0e, 0x0f, 0x12, 0x15, 0x16, 0x1234};
	for (unsigned i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		cr_expect_eq(call(pe, operations[i], DATA), UINT64_MAX, "0x%lx", operations[i]);
}

static void expect_undefined(struct arm64_cpu *pe)
{
	uint64_t vectors = VIRT_ARM64_RAM_BASE + 0x200000;
	pe->sysreg[A64_VBAR_EL1] = pe->sysreg[A64_VBAR_EL2] = vectors;
	call(pe, 0x18, DATA);
	cr_expect_eq(bench.machine->stop.kind, STOP_NONE);
	cr_expect_eq(pe->cpu.pc & ~0x7ffull, vectors);
}

Test(semihosting, undefined_at_el0)
{
	struct arm64_cpu *pe = build();
	arm64_set_pstate(pe, 0);
	expect_undefined(pe);
	cr_expect_eq(pe->sysreg[A64_ESR_EL1], 0x02000000);
}

Test(semihosting, other_halts_are_undefined)
{
	struct arm64_cpu *pe = build();
	const uint32_t other = HLT_F001;
	put(ENTRY, &other, sizeof(other));
	expect_undefined(pe);
	cr_expect_eq(pe->sysreg[A64_ESR_EL2], 0x02000000);
}

Test(semihosting, undefined_unless_asked_for)
{
	bench.config.semihosting = false;
	expect_undefined(build());
}
