/* 16550A: the data sheet's rules, and the probe sequence of Linux's 8250 driver. */
#include "bench.h"
#include "devices/uart16550.h"

#define UART 0x10000000ull

enum { RBR, IER, IIR, LCR, MCR, LSR, MSR, SCR, FCR = IIR, THR = RBR };

static struct bench bench;
static struct chardev *chardev;

static void setup(void)
{
	bench_init(&bench);
	chardev = chardev_buffer_new(NULL);
	const struct uart16550_config config = {.chardev = chardev};
	bench_add(&bench, &uart16550_ops, UART, &config);
}

static void teardown(void)
{
	bench_fini(&bench);
	chardev_free(chardev);
}

TestSuite(uart, .init = setup, .fini = teardown);

static uint8_t in(unsigned offset)
{
	return bench_read(&bench, UART + offset, 1);
}

static void out(unsigned offset, uint8_t value)
{
	bench_write(&bench, UART + offset, 1, value);
}

static void type(const char *text)
{
	cr_assert_eq(chardev_push(chardev, (const uint8_t *)text, strlen(text)), strlen(text));
}

Test(uart, output_is_immediate)
{
	for (const char *p = "hello\n"; *p; p++) {
		cr_assert_eq(in(LSR)&0x60, 0x60);
		out(THR, *p);
	}
	cr_assert_str_eq(chardev_text(chardev, NULL), "hello\n");
}

Test(uart, registers_after_reset)
{
	cr_assert_eq(in(IER), 0);
	cr_assert_eq(in(IIR), 0x01);
	cr_assert_eq(in(LCR), 0);
	cr_assert_eq(in(MCR), 0);
	cr_assert_eq(in(LSR), 0x60);
	cr_assert_eq(in(MSR), 0xb0);
	cr_assert(!bench.wire[0]);
}

Test(uart, divisor_latch_is_separate)
{
	out(IER, 0x05);
	out(LCR, 0x83);
	out(0, 0x12);
	out(1, 0x34);
	cr_assert_eq(in(0), 0x12);
	cr_assert_eq(in(1), 0x34);
	out(LCR, 0x03);
	cr_assert_eq(in(IER), 0x05);
	size_t length;
	chardev_text(chardev, &length);
	cr_assert_eq(length, 0, "the divisor went out as a character");
}

/* The steps by which the 8250 driver tells a 16550A from its relatives. */
Test(uart, linux_8250_finds_a_16550A)
{
	out(IER, 0);
	cr_assert_eq(in(IER)&0x0f, 0);
	out(IER, 0x0f);
	cr_assert_eq(in(IER), 0x0f, "IER has four bits and no UUE");
	out(IER, 0x40);
	cr_assert_eq(in(IER)&0x40, 0);
	out(IER, 0);

	out(MCR, 0x1a); /* loop, OUT2, RTS */
	cr_assert_eq(in(MSR)&0xf0, 0x90);
	out(MCR, 0x00);

	out(LCR, 0xbf);
	out(2, 0);
	out(LCR, 0);
	out(FCR, 0x01);
	cr_assert_eq(in(IIR) >> 6, 3, "FIFOs are there and work");
	cr_assert_eq(in(IIR)&0x20, 0, "no 64-byte FIFO");
	out(SCR, 0xa5);
	cr_assert_eq(in(SCR), 0xa5);
	out(LCR, 0xe0);
	cr_assert_eq(in(2) & 0x10, 0, "no extended control register");
}

/* The driver enables the THR interrupt twice and expects it both times. */
Test(uart, thre_interrupt_comes_again_when_enabled_again)
{
	out(IER, 0x02);
	cr_assert(bench.wire[0]);
	cr_assert_eq(in(IIR), 0x02);
	cr_assert(!bench.wire[0], "reading IIR answers it");
	cr_assert_eq(in(IIR), 0x01);
	out(IER, 0);
	out(IER, 0x02);
	cr_assert_eq(in(LSR)&0x40, 0x40);
	cr_assert_eq(in(IIR), 0x02);
	out(THR, 'x');
	cr_assert_eq(in(IIR), 0x02, "THR became empty once more");
}

/* Handlers that only look at LSR get out of the interrupt; IIR still tells those that read it. */
Test(uart, line_status_lowers_the_wire_of_an_empty_transmitter)
{
	out(IER, 0x03);
	cr_assert(bench.wire[0]);
	cr_assert_eq(in(LSR), 0x60);
	cr_assert(!bench.wire[0]);
	cr_assert_eq(in(IIR), 0x02);
	cr_assert_eq(in(IIR), 0x01);
	out(THR, 'x');
	cr_assert(bench.wire[0], "THR became empty once more");
	cr_assert_eq(in(LSR), 0x60);
	cr_assert(!bench.wire[0]);
	out(THR, 'y');
	cr_assert(bench.wire[0]);
}

Test(uart, receive_trigger_level_and_timeout)
{
	out(FCR, 0x81); /* trigger at 8 */
	out(IER, 0x01);
	type("1234567");
	cr_assert(!bench.wire[0]);
	cr_assert_eq(in(LSR)&1, 1);
	bench_pass(&bench, 10000000);
	cr_assert(bench.wire[0]);
	cr_assert_eq(in(IIR), 0xcc, "character timeout");
	cr_assert_eq(in(RBR), '1');
	cr_assert_eq(in(IIR), 0xc1, "a read answers it");
	bench_pass(&bench, 10000000);
	cr_assert_eq(in(IIR), 0xcc, "the rest waits again");
	type("89");
	cr_assert_eq(in(IIR), 0xc4);
	cr_assert_eq(in(RBR), '2');
	cr_assert_eq(in(IIR), 0xc1, "below the level, not timed out");
}

Test(uart, timeout_lasts_four_characters_of_the_programmed_rate)
{
	out(LCR, 0x83);
	out(0, 2); /* 115,200 baud: four characters of 10 bits are 347,222 ns */
	out(LCR, 0x03);
	out(FCR, 0x41);
	out(IER, 0x01);
	type("a");
	bench_pass(&bench, 347000);
	cr_assert(!bench.wire[0]);
	bench_pass(&bench, 300);
	cr_assert(bench.wire[0]);
}

Test(uart, input_waits_outside_while_the_fifo_is_full)
{
	out(FCR, 0x01);
	out(IER, 0x01);
	type("abcdefghijklmnopqrstuvwxyz");
	cr_assert_eq(chardev_pending(chardev), 10);
	for (int c = 'a'; c <= 'z'; c++)
		cr_assert_eq(in(RBR), c);
	cr_assert_eq(in(LSR), 0x60, "nothing is left, nothing overran");
}

Test(uart, loopback_stays_inside_and_can_overrun)
{
	out(FCR, 0x01);
	out(MCR, 0x10);
	type("outside");
	for (int i = 0; i < 17; i++)
		out(THR, 'A' + i);
	cr_assert_eq(in(LSR)&0x03, 0x03, "overrun and data");
	cr_assert_eq(in(LSR)&0x02, 0, "reading LSR clears the overrun");
	for (int i = 0; i < 16; i++)
		cr_assert_eq(in(RBR), 'A' + i);
	size_t length;
	chardev_text(chardev, &length);
	cr_assert_eq(length, 0);
	out(MCR, 0);
	out(IER, 0x01);
	chardev_deliver(chardev);
	cr_assert_eq(in(RBR), 'o', "input from outside resumes");
}

Test(uart, overrun_interrupt_has_the_highest_priority)
{
	out(MCR, 0x10);
	out(IER, 0x0f);
	out(THR, 'a');
	out(THR, 'b');
	cr_assert_eq(in(IIR), 0x06);
	in(LSR);
	cr_assert_eq(in(IIR), 0x04);
	cr_assert_eq(in(RBR), 'b', "without FIFO the newer character stays");
	cr_assert_eq(in(IIR), 0x02);
	cr_assert_eq(in(IIR), 0x00, "the loop changed the modem lines");
	in(MSR);
	cr_assert_eq(in(IIR), 0x01);
}

Test(uart, modem_deltas_in_loopback)
{
	out(MCR, 0x1f);
	cr_assert_eq(in(MSR)&0xf0, 0xf0);
	out(MCR, 0x1b); /* OUT1 off: trailing edge of the ring indicator */
	cr_assert_eq(in(MSR), 0xb4);
	out(MCR, 0x1f);
	cr_assert_eq(in(MSR), 0xf0, "its leading edge is not reported");
	out(MCR, 0x1d); /* RTS off */
	cr_assert_eq(in(MSR), 0xe1);
}

Test(uart, switching_the_fifo_empties_it)
{
	out(IER, 0x01);
	out(FCR, 0x01);
	type("abc");
	cr_assert_eq(in(LSR)&1, 1);
	out(FCR, 0x03);
	cr_assert_eq(in(LSR)&1, 0);
	type("abc");
	out(FCR, 0x00);
	cr_assert_eq(in(LSR)&1, 0);
	cr_assert_eq(in(IIR), 0x01);
}

Test(uart, only_byte_accesses)
{
	cr_assert_eq(bench_access(&bench, UART, 4, false), MB_DECODE | MB_SHAPE);
	cr_assert_eq(bench_access(&bench, UART, 2, true), MB_DECODE | MB_SHAPE);
}

Test(uart, state_survives_a_reload)
{
	out(FCR, 0xc1);
	out(IER, 0x01);
	type("abc");
	static uint8_t saved[1 << 16];
	cr_assert_leq(state_capacity(&bench.machine.state), sizeof(saved));
	size_t size = state_save(&bench.machine.state, saved);
	out(FCR, 0x03);
	cr_assert_null(bench.machine.clock.head, "nothing waits, no timeout");
	cr_assert_eq(state_load(&bench.machine.state, saved, size), 0);
	bench_pass(&bench, 10000000);
	cr_assert(bench.wire[0], "the timeout runs again");
	cr_assert_eq(in(RBR), 'a');
}

Test(uart, input_waits_until_the_guest_listens)
{
	uint8_t byte;
	type("abc");
	cr_assert_eq(chardev_take(chardev, &byte, 1), 1, "the firmware's console may have it");
	out(FCR, 0x07);
	cr_assert_eq(in(LSR)&1, 0);
	cr_assert_eq(chardev_pending(chardev), 2, "a driver that starts does not lose it");
	out(IER, 0x01);
	chardev_deliver(chardev);
	cr_assert_eq(in(RBR), 'b');
	cr_assert_eq(in(RBR), 'c');
}

Test(uart, polling_the_status_is_listening)
{
	type("a");
	for (int i = 0; i < 100; i++) {
		cr_assert_eq(in(LSR)&1, 0);
		out(THR, '.'); /* waits for the transmitter only */
	}
	int reads = 0;
	while (!(in(LSR)&1))
		cr_assert_lt(++reads, 20);
	cr_assert_eq(in(RBR), 'a');
}
