/* virtio console: both directions, waiting input, emergency output. */
#include "ring.h"

#define DATA (BENCH_RAM_BASE + 0x40000)

enum { RX = 0, TX = 1 };

static struct bench bench;
static struct chardev *chardev;

static void setup(void)
{
	bench_init(&bench);
	chardev = chardev_buffer_new(NULL);
	const struct virtio_console_config console = {chardev};
	const struct virtio_mmio_config config = {&virtio_console_ops, &console};
	bench_add(&bench, &virtio_mmio_ops, SLOT, &config);
	ring_start(&bench, 0, 2);
}

static void teardown(void)
{
	bench_fini(&bench);
	chardev_free(chardev);
}

TestSuite(virtio_console, .init = setup, .fini = teardown);

static void type(const char *text)
{
	chardev_push(chardev, (const uint8_t *)text, strlen(text));
}

static void expect_memory(uint64_t address, const char *text)
{
	char bytes[256] = {0};
	mb_read(bench.machine.memory, address, bytes, strlen(text), MB_ATTRS_NONE, NULL);
	cr_assert_str_eq(bytes, text);
}

Test(virtio_console, output)
{
	mb_write(bench.machine.memory, DATA, "hello, world\n", 13, MB_ATTRS_NONE, NULL);
	ring_desc(&bench, TX, 0, DATA, 7, NEXT, 1);
	ring_desc(&bench, TX, 1, DATA + 7, 6, 0, 0);
	ring_offer(&bench, TX, 0);
	ring_notify(&bench, TX);
	cr_assert_str_eq(chardev_text(chardev, NULL), "hello, world\n");
	cr_assert_eq(ring_used(&bench, TX), 1);
	cr_assert_eq(ring_used_length(&bench, TX, 0), 0);
}

Test(virtio_console, input_goes_to_waiting_buffers)
{
	for (unsigned i = 0; i < 3; i++) {
		ring_desc(&bench, RX, i, DATA + 0x100 * i, 4, WRITE, 0);
		ring_offer(&bench, RX, i);
	}
	ring_notify(&bench, RX);
	cr_assert_eq(ring_used(&bench, RX), 0);
	type("abcdef");
	cr_assert_eq(ring_used(&bench, RX), 2);
	expect_memory(DATA, "abcd");
	expect_memory(DATA + 0x100, "ef");
	cr_assert(bench.wire[0]);
}

Test(virtio_console, input_waits_for_buffers)
{
	char long_text[201];
	for (unsigned i = 0; i < 200; i++)
		long_text[i] = '0' + i % 10;
	long_text[200] = '\0';
	type(long_text);
	cr_assert_eq(chardev_pending(chardev), 136, "64 are held by the device");
	ring_desc(&bench, RX, 0, DATA, 256, WRITE, 0);
	ring_desc(&bench, RX, 1, DATA + 64, 256, WRITE, 0);
	ring_desc(&bench, RX, 2, DATA + 128, 256, WRITE, 0);
	ring_desc(&bench, RX, 3, DATA + 192, 256, WRITE, 0);
	for (unsigned i = 0; i < 4; i++)
		ring_offer(&bench, RX, i);
	ring_notify(&bench, RX);
	cr_assert_eq(chardev_pending(chardev), 0);
	expect_memory(DATA, long_text);
}

Test(virtio_console, emergency_output_needs_no_driver)
{
	slot_out(&bench, REG_STATUS, 0);
	slot_out(&bench, REG_CONFIG + 8, '!');
	bench_write(&bench, SLOT + REG_CONFIG + 8, 1, '?');
	cr_assert_str_eq(chardev_text(chardev, NULL), "!?");
}

Test(virtio_console, endless_output_breaks)
{
	ring_desc(&bench, TX, 0, DATA, 0xffffffff, 0, 0);
	ring_offer(&bench, TX, 0);
	ring_notify(&bench, TX);
	ring_expect_broken(&bench);
}

Test(virtio_console, input_into_hostile_buffers)
{
	ring_desc(&bench, RX, 0, 0xdead0000, 8, WRITE, 0);
	ring_offer(&bench, RX, 0);
	type("abc");
	ring_expect_broken(&bench);
	type("more");
	slot_out(&bench, REG_STATUS, 0);
	cr_assert_eq(chardev_pending(chardev), 4, "kept for the driver after the reset");
}
