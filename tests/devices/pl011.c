/* PL011: the manual's rules, and what Linux's amba-pl011 driver relies on. */
#include "devices/pl011.h"
#include "bench.h"

#define UART 0x09000000ull

enum {
	DR = 0x00,
	RSR = 0x04,
	FR = 0x18,
	IBRD = 0x24,
	LCRH = 0x2c,
	CR = 0x30,
	IFLS = 0x34,
	IMSC = 0x38,
	RIS = 0x3c,
	MIS = 0x40,
	ICR = 0x44,
	ID = 0xfe0,
};
enum { RX = 1 << 4, TX = 1 << 5, RT = 1 << 6, OE = 1 << 10 };
enum { RXFE = 1 << 4, RXFF = 1 << 6, TXFE = 1 << 7, FEN = 1 << 4, LOOP = 1 << 7 };

static struct bench bench;
static struct chardev *chardev;

static void setup(void)
{
	bench_init(&bench);
	chardev = chardev_buffer_new(NULL);
	const struct pl011_config config = {.chardev = chardev};
	bench_add(&bench, &pl011_ops, UART, &config);
}

static void teardown(void)
{
	bench_fini(&bench);
	chardev_free(chardev);
}

TestSuite(pl011, .init = setup, .fini = teardown);

static uint32_t in(unsigned offset)
{
	return (uint32_t)bench_read(&bench, UART + offset, 4);
}

static void out(unsigned offset, uint32_t value)
{
	bench_write(&bench, UART + offset, 4, value);
}

static void type(const char *text)
{
	cr_assert_eq(chardev_push(chardev, (const uint8_t *)text, strlen(text)), strlen(text));
}

Test(pl011, output_is_immediate_even_while_disabled)
{
	out(CR, 0);
	for (const char *p = "hello\n"; *p; p++)
		bench_write(&bench, UART, 1, (uint8_t)*p);
	cr_assert_str_eq(chardev_text(chardev, NULL), "hello\n");
	cr_assert_eq(in(FR) & (TXFE | RXFE), TXFE | RXFE);
}

Test(pl011, registers_after_reset)
{
	cr_assert_eq(in(CR), 0x300);
	cr_assert_eq(in(IFLS), 0x12);
	cr_assert_eq(in(IMSC), 0);
	cr_assert_eq(in(RIS), 0);
	cr_assert(!bench.wire[0]);
}

Test(pl011, the_bus_driver_finds_its_id)
{
	static const uint8_t ids[] = {0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
	for (unsigned i = 0; i < 8; i++)
		cr_assert_eq(in(ID + 4 * i), ids[i]);
}

Test(pl011, sending_raises_the_transmit_interrupt)
{
	out(IMSC, TX);
	cr_assert(!bench.wire[0]);
	out(DR, 'x');
	cr_assert_eq(in(MIS), TX);
	cr_assert(bench.wire[0]);
	out(ICR, TX);
	cr_assert_eq(in(RIS), 0);
	cr_assert(!bench.wire[0]);
}

Test(pl011, input_waits_until_the_guest_listens)
{
	type("ab");
	cr_assert_eq(in(FR)&RXFE, RXFE);
	out(IMSC, RX | RT);
	chardev_deliver(chardev);
	cr_assert_eq(in(DR), 'a');
	cr_assert_eq(in(DR), 'b');
	cr_assert_eq(in(FR)&RXFE, RXFE);
}

Test(pl011, polling_guests_get_their_input)
{
	type("k");
	for (unsigned i = 0; i < 20 && in(FR)&RXFE; i++)
		;
	cr_assert_eq(in(DR), 'k');
}

Test(pl011, fifo_level_raises_the_receive_interrupt)
{
	out(LCRH, 0x60 | FEN);
	out(IFLS, 0); /* 2 of 16 */
	out(IMSC, RX);
	type("a");
	cr_assert_eq(in(RIS)&RX, 0);
	type("b");
	cr_assert_eq(in(MIS), RX);
	cr_assert(bench.wire[0]);
	cr_assert_eq(in(DR), 'a');
	cr_assert_eq(in(RIS)&RX, 0);
	cr_assert(!bench.wire[0]);
}

Test(pl011, one_character_waits_for_the_timeout)
{
	out(LCRH, 0x60 | FEN);
	out(IBRD, 13);
	out(IMSC, RX | RT);
	type("a");
	cr_assert_eq(in(RIS), 0);
	/* 32 bits at 115,384 baud take 277 us. */
	bench_pass(&bench, 270000);
	cr_assert_eq(in(RIS), 0);
	bench_pass(&bench, 10000);
	cr_assert_eq(in(MIS), RT);
	cr_assert(bench.wire[0]);
	cr_assert_eq(in(DR), 'a');
	cr_assert_eq(in(RIS), 0);
}

Test(pl011, without_fifo_one_character_fits)
{
	out(IMSC, RX);
	type("ab");
	cr_assert_eq(in(FR)&RXFF, RXFF);
	cr_assert_eq(in(MIS), RX);
	cr_assert_eq(in(DR), 'a');
	cr_assert_eq(in(DR), 'b');
	cr_assert(!bench.wire[0]);
}

Test(pl011, loopback_overruns)
{
	out(CR, 0x300 | LOOP);
	out(DR, '1');
	out(DR, '2');
	cr_assert_eq(in(RIS)&OE, OE);
	cr_assert_eq(in(RSR), 8);
	out(RSR, 0);
	cr_assert_eq(in(RSR), 0);
	cr_assert_eq(in(DR), 1 << 11 | '1');
	size_t length;
	chardev_text(chardev, &length);
	cr_assert_eq(length, 0);
}
