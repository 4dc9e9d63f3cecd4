/* The PLIC with two of its sources: the UART (10) and the RTC's alarm (11).  Console
 * output waits until the UART's interrupt is off. */
#include "test-roms/riscv/lib/rom.h"

enum { UART_IRQ = 10, RTC_IRQ = 11, MACHINE = 0, SUPERVISOR = 1 };
enum { MEI = 11, SEI = 9 };

#define PRIORITY(irq)      (PLIC_BASE + 4 * (irq))
#define PENDING            (PLIC_BASE + 0x1000)
#define ENABLE(context)    (PLIC_BASE + 0x2000 + 0x80 * (context))
#define THRESHOLD(context) (PLIC_BASE + 0x200000 + 0x1000 * (context))
#define CLAIM(context)     (THRESHOLD(context) + 4)

#define RTC_BASE    0x00101000ul
#define UART_IER    (UART_BASE + 1)
#define UART_IIR    (UART_BASE + 2)
#define UART_MCR    (UART_BASE + 4)
#define UART_LSR    (UART_BASE + 5)
#define IER_RECEIVE 1
#define IER_EMPTY   2
#define LOOPBACK    0x10

GUEST_CODE(run_loop, "1: j 1b");

static void uart_drain(void)
{
	while (!(mmio_read8(UART_LSR) & 0x40))
		;
}

/* An empty transmitter raises the interrupt as soon as it is enabled. */
static void uart_raise(void)
{
	uart_drain();
	mmio_write8(UART_IER, 0);
	mmio_write8(UART_IER, IER_EMPTY);
}

static void uart_lower(void)
{
	mmio_write8(UART_IER, 0);
}

static void rtc_raise(void)
{
	mmio_write32(RTC_BASE + 0x10, 1);
	mmio_write32(RTC_BASE + 0x0c, 0);
	mmio_write32(RTC_BASE + 0x08, 1); /* an alarm long ago: at once */
}

static void rtc_lower(void)
{
	mmio_write32(RTC_BASE + 0x1c, 1);
	mmio_write32(RTC_BASE + 0x10, 0);
}

static void reset(void)
{
	uart_lower();
	rtc_lower();
	for (unsigned context = MACHINE; context <= SUPERVISOR; context++) {
		mmio_write32(ENABLE(context), 1u << UART_IRQ | 1u << RTC_IRQ);
		mmio_write32(THRESHOLD(context), 0);
		u32 irq;
		while ((irq = mmio_read32(CLAIM(context))))
			mmio_write32(CLAIM(context), irq);
		mmio_write32(ENABLE(context), 0);
	}
	mmio_write32(PRIORITY(UART_IRQ), 0);
	mmio_write32(PRIORITY(RTC_IRQ), 0);
	csr_write(mie, 0);
	csr_write(mideleg, 0);
}

static bool external(unsigned bit)
{
	return csr_read(mip) >> bit & 1;
}

static void registers(void)
{
	reset();
	mmio_write32(PRIORITY(UART_IRQ), 7);
	check_eq(mmio_read32(PRIORITY(UART_IRQ)), 7, "priority reads back");
	mmio_write32(ENABLE(SUPERVISOR), 1u << UART_IRQ);
	check_eq(mmio_read32(ENABLE(SUPERVISOR)), 1u << UART_IRQ, "enable reads back");
	check_eq(mmio_read32(ENABLE(MACHINE)), 0, "enables are per context");
	mmio_write32(THRESHOLD(SUPERVISOR), 5);
	check_eq(mmio_read32(THRESHOLD(SUPERVISOR)), 5, "threshold reads back");
	check_eq(mmio_read32(CLAIM(SUPERVISOR)), 0, "claim with nothing pending is 0");
	mmio_write32(PRIORITY(0), 3);
	check_eq(mmio_read32(PRIORITY(0)), 0, "source 0 has no priority");
}

static void gate(void)
{
	reset();
	uart_raise();
	u32 pending = mmio_read32(PENDING);
	bool disabled = external(MEI);
	mmio_write32(ENABLE(MACHINE), 1u << UART_IRQ);
	bool zero = external(MEI);
	mmio_write32(PRIORITY(UART_IRQ), 1);
	bool low = external(MEI);
	mmio_write32(THRESHOLD(MACHINE), 1);
	bool masked = external(MEI);
	mmio_write32(PRIORITY(UART_IRQ), 2);
	bool above = external(MEI);
	uart_lower();
	check_eq(pending >> UART_IRQ & 1, 1, "an active source is pending");
	check_eq(disabled, 0, "not enabled: no interrupt");
	check_eq(zero, 0, "priority 0: no interrupt");
	check_eq(low, 1, "priority above the threshold: interrupt");
	check_eq(masked, 0, "priority equal to the threshold: none");
	check_eq(above, 1, "priority above it again: interrupt");
}

static void claim_and_complete(void)
{
	reset();
	mmio_write32(PRIORITY(UART_IRQ), 1);
	mmio_write32(ENABLE(MACHINE), 1u << UART_IRQ);
	uart_raise();
	u32 claimed = mmio_read32(CLAIM(MACHINE));
	bool after_claim = external(MEI);
	u32 again = mmio_read32(CLAIM(MACHINE));
	u32 pending = mmio_read32(PENDING) >> UART_IRQ & 1;
	mmio_write32(CLAIM(MACHINE), UART_IRQ);
	bool level = external(MEI);
	u32 second = mmio_read32(CLAIM(MACHINE));
	uart_lower();
	mmio_write32(CLAIM(MACHINE), UART_IRQ);
	bool finished = external(MEI);
	check_eq(claimed, UART_IRQ, "claim gives the source");
	check_eq(after_claim, 0, "a claim lowers the interrupt");
	check_eq(again, 0, "a second claim is 0");
	check_eq(pending, 0, "a claim clears pending");
	check_eq(level, 1, "still active at completion: pending again");
	check_eq(second, UART_IRQ, "and claimed again");
	check_eq(finished, 0, "inactive at completion: done");
}

/* Completion by a context that has not enabled the source is ignored. */
static void completion_needs_enable(void)
{
	reset();
	mmio_write32(PRIORITY(UART_IRQ), 1);
	mmio_write32(ENABLE(MACHINE), 1u << UART_IRQ);
	uart_raise();
	u32 claimed = mmio_read32(CLAIM(MACHINE));
	mmio_write32(ENABLE(MACHINE), 0);
	mmio_write32(CLAIM(MACHINE), UART_IRQ);
	mmio_write32(ENABLE(MACHINE), 1u << UART_IRQ);
	bool ignored = !external(MEI);
	mmio_write32(CLAIM(MACHINE), UART_IRQ);
	bool accepted = external(MEI);
	uart_lower();
	check_eq(claimed, UART_IRQ, "claimed");
	check_true(ignored, "completion while disabled is ignored");
	check_true(accepted, "completion while enabled counts");
}

static void two_sources(void)
{
	static const struct {
		u8 uart, rtc, first;
	} rows[] = {
		{1, 2, RTC_IRQ },
                {2, 1, UART_IRQ},
                {3, 3, UART_IRQ}
        };
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		reset();
		mmio_write32(PRIORITY(UART_IRQ), rows[i].uart);
		mmio_write32(PRIORITY(RTC_IRQ), rows[i].rtc);
		mmio_write32(ENABLE(SUPERVISOR), 1u << UART_IRQ | 1u << RTC_IRQ);
		uart_raise();
		rtc_raise();
		u32 first = mmio_read32(CLAIM(SUPERVISOR));
		u32 second = mmio_read32(CLAIM(SUPERVISOR));
		uart_lower();
		rtc_lower();
		mmio_write32(CLAIM(SUPERVISOR), first);
		mmio_write32(CLAIM(SUPERVISOR), second);
		check_eq(first, rows[i].first, "priorities %u and %u: first claim", rows[i].uart,
			 rows[i].rtc);
		check_eq(first + second, UART_IRQ + RTC_IRQ, "priorities %u and %u: then the other",
			 rows[i].uart, rows[i].rtc);
	}
}

static void delivery(void)
{
	for (unsigned context = MACHINE; context <= SUPERVISOR; context++) {
		unsigned number = context == MACHINE ? MEI : SEI;
		reset();
		mmio_write32(PRIORITY(UART_IRQ), 1);
		mmio_write32(ENABLE(context), 1u << UART_IRQ);
		csr_write(mideleg, BIT(SEI));
		csr_write(mie, BIT(MEI) | BIT(SEI));
		uart_raise();
		struct guest guest = {.mode = MODE_U, .pc = (u64)run_loop};
		guest_run(&guest);
		uart_lower();
		check_trap(&guest, context == MACHINE ? MODE_M : MODE_S, IRQ | number, 0,
			   "context %u interrupts as %u", context, number);
		reset();
	}
}

/* A byte sent in loopback comes back and interrupts until it is read. */
static void receive_interrupt(void)
{
	reset();
	mmio_write32(PRIORITY(UART_IRQ), 1);
	mmio_write32(ENABLE(MACHINE), 1u << UART_IRQ);
	uart_drain();
	while (mmio_read8(UART_LSR) & 1)
		mmio_read8(UART_BASE);
	mmio_write8(UART_MCR, LOOPBACK);
	mmio_write8(UART_IER, IER_RECEIVE);
	bool before = external(MEI);
	mmio_write8(UART_BASE, 'x');
	while (!(mmio_read8(UART_LSR) & 1))
		;
	bool raised = external(MEI);
	u8 cause = mmio_read8(UART_IIR) & 0xf;
	u8 byte = mmio_read8(UART_BASE);
	u32 claimed = mmio_read32(CLAIM(MACHINE));
	mmio_write32(CLAIM(MACHINE), UART_IRQ);
	bool after = external(MEI);
	mmio_write8(UART_IER, 0);
	mmio_write8(UART_MCR, 0);
	check_eq(before, 0, "nothing received: no interrupt");
	check_eq(raised, 1, "a received byte interrupts");
	check_true(cause == 4 || cause == 12, "IIR says data or FIFO timeout");
	check_eq(byte, 'x', "the byte that was sent");
	check_eq(claimed, UART_IRQ, "claimed");
	check_eq(after, 0, "read: no longer");
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	csr_write(medeleg, 0);
	registers();
	gate();
	claim_and_complete();
	completion_needs_enable();
	two_sources();
	delivery();
	receive_interrupt();
	reset();
}
