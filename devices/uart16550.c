/*
 * 16550A UART (National PC16550D data sheet). Output leaves at once, so the transmitter is always
 * empty; input waits in the back end while the receive FIFO is full.
 */
#include "devices/uart16550.h"

#include <string.h>

#define DEFAULT_CLOCK_HZ 3686400u
#define FIFO_SIZE        16u

/* Who reads LSR that often without sending waits for input, not for the transmitter. */
#define POLLING_READS 16u

enum { /* register offsets */
       RBR_THR_DLL = 0,
       IER_DLM = 1,
       IIR_FCR = 2,
       LCR = 3,
       MCR = 4,
       LSR = 5,
       MSR = 6,
       SCR = 7,
};

enum {
	IER_RDA = 0x01,
	IER_THRE = 0x02,
	IER_RLS = 0x04,
	IER_MODEM = 0x08,
	IER_BITS = 0x0f,

	IIR_NONE = 0x01,
	IIR_MODEM = 0x00,
	IIR_THRE = 0x02,
	IIR_RDA = 0x04,
	IIR_RLS = 0x06,
	IIR_TIMEOUT = 0x0c,
	IIR_FIFO = 0xc0,

	FCR_ENABLE = 0x01,
	FCR_CLEAR_RX = 0x02,

	LCR_DLAB = 0x80,

	MCR_BITS = 0x1f,
	MCR_LOOP = 0x10,

	LSR_DR = 0x01,
	LSR_OE = 0x02,
	LSR_THRE = 0x20,
	LSR_TEMT = 0x40,

	MSR_RI = 0x40,
	MSR_TERI = 0x04,
	MSR_CONNECTED = 0xb0, /* DCD, DSR and CTS: somebody listens */
};

struct uart {
	struct device device;
	struct chardev *chardev;
	uint32_t clock_hz;
	uint8_t ier, fcr, lcr, mcr, msr, scr, dll, dlm;
	uint8_t status_reads; /* of LSR in a row, up to POLLING_READS */
	uint8_t overrun;
	uint8_t thre_pending;    /* "THR has become empty" not told yet */
	uint8_t thre_seen;       /* ... but LSR said so */
	uint8_t timeout_pending; /* input waited below the trigger level for four characters */
	uint8_t fifo[FIFO_SIZE];
	uint8_t fifo_head, fifo_count;
	struct clock_event timeout;
};

static bool fifo_enabled(const struct uart *uart)
{
	return uart->fcr & FCR_ENABLE;
}

static unsigned fifo_capacity(const struct uart *uart)
{
	return fifo_enabled(uart) ? FIFO_SIZE : 1;
}

static unsigned trigger_level(const struct uart *uart)
{
	static const uint8_t levels[] = {1, 4, 8, 14};
	return fifo_enabled(uart) ? levels[uart->fcr >> 6] : 1;
}

/* The interrupt of highest priority that is enabled, as IIR bits 3:0 (data sheet table V). */
static uint8_t interrupt_id(const struct uart *uart)
{
	if ((uart->ier & IER_RLS) && uart->overrun)
		return IIR_RLS;
	if ((uart->ier & IER_RDA) && uart->fifo_count >= trigger_level(uart))
		return IIR_RDA;
	if ((uart->ier & IER_RDA) && uart->timeout_pending)
		return IIR_TIMEOUT;
	if ((uart->ier & IER_THRE) && uart->thre_pending)
		return IIR_THRE;
	if ((uart->ier & IER_MODEM) && (uart->msr & 0x0f))
		return IIR_MODEM;
	return IIR_NONE;
}

/*
 * IIR is where drivers learn of an empty THR, and reading it ends the interrupt. xv6 and programs
 * after its pattern look at LSR alone; that lowers the wire, or they would be interrupted forever.
 * IIR still tells.
 */
static void update_irq(struct uart *uart)
{
	uint8_t id = interrupt_id(uart);
	device_set_irq(&uart->device, 0, id != IIR_NONE && !(id == IIR_THRE && uart->thre_seen));
}

static void thr_empty(struct uart *uart)
{
	uart->thre_pending = 1;
	uart->thre_seen = 0;
}

static uint64_t four_characters_ns(const struct uart *uart)
{
	uint32_t divisor = uart->dlm << 8 | uart->dll;
	/* Start, 5 to 8 data bits, parity, stop; 16 clocks a bit. */
	unsigned bits = 1 + 5 + (uart->lcr & 3) + !!(uart->lcr & 8) + 1 + !!(uart->lcr & 4);
	return 4ull * bits * 16 * (divisor ? divisor : 1) * 1000000000ull / uart->clock_hz;
}

/* Input waits: its timeout starts anew with every character that comes or is taken. */
static void restart_timeout(struct uart *uart)
{
	struct clock *clock = uart->device.host.clock;
	uint64_t when = CLOCK_NEVER;
	uart->timeout_pending = 0;
	if (fifo_enabled(uart) && uart->fifo_count)
		when = clock_tick_at_ns(clock, clock_ns(clock) + four_characters_ns(uart));
	clock_schedule(clock, &uart->timeout, when);
}

static void timeout_fired(void *opaque, uint64_t now)
{
	(void)now;
	struct uart *uart = opaque;
	uart->timeout_pending = uart->fifo_count > 0;
	update_irq(uart);
}

static void fifo_clear(struct uart *uart)
{
	uart->fifo_head = uart->fifo_count = 0;
	restart_timeout(uart);
}

/* A character comes in, from outside or by loopback. */
static void receive_byte(struct uart *uart, uint8_t byte)
{
	unsigned capacity = fifo_capacity(uart);
	if (uart->fifo_count == capacity) {
		uart->overrun = 1;
		if (fifo_enabled(uart))
			return; /* only the shift register is overwritten */
		uart->fifo_count = 0;
	}
	uart->fifo[(uart->fifo_head + uart->fifo_count) % FIFO_SIZE] = byte;
	uart->fifo_count++;
}

/*
 * Input waits outside until the guest listens. Drivers clear the FIFO when they start, and guests
 * that use the firmware's console never look here: neither should lose what was typed before.
 */
static bool listening(const struct uart *uart)
{
	return (uart->ier & IER_RDA) || uart->status_reads >= POLLING_READS;
}

static size_t front_room(void *opaque)
{
	const struct uart *uart = opaque;
	if (!listening(uart) || (uart->mcr & MCR_LOOP))
		return 0;
	return fifo_capacity(uart) - uart->fifo_count;
}

static void front_receive(void *opaque, const uint8_t *bytes, size_t length)
{
	struct uart *uart = opaque;
	for (size_t i = 0; i < length; i++)
		receive_byte(uart, bytes[i]);
	restart_timeout(uart);
	update_irq(uart);
}

static uint8_t read_rbr(struct uart *uart)
{
	if (!uart->fifo_count)
		return 0;
	uint8_t byte = uart->fifo[uart->fifo_head];
	uart->fifo_head = (uart->fifo_head + 1) % FIFO_SIZE;
	uart->fifo_count--;
	restart_timeout(uart);
	if (uart->chardev)
		chardev_deliver(uart->chardev);
	return byte;
}

static uint8_t read_iir(struct uart *uart)
{
	uint8_t id = interrupt_id(uart);
	if (id == IIR_THRE)
		uart->thre_pending = 0;
	return id | (fifo_enabled(uart) ? IIR_FIFO : 0);
}

static uint8_t read_lsr(struct uart *uart)
{
	uint8_t value = LSR_THRE | LSR_TEMT;
	if (uart->status_reads < POLLING_READS)
		uart->status_reads++;
	else if (uart->chardev && !uart->fifo_count)
		chardev_deliver(uart->chardev);
	if (uart->fifo_count)
		value |= LSR_DR;
	if (uart->overrun)
		value |= LSR_OE;
	uart->overrun = 0;
	uart->thre_seen = 1;
	return value;
}

static uint8_t read_msr(struct uart *uart)
{
	uint8_t value = uart->msr;
	uart->msr &= 0xf0;
	return value;
}

static mb_result uart_read(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			   uint64_t *value)
{
	(void)size, (void)attrs;
	struct uart *uart = opaque;
	bool divisor = uart->lcr & LCR_DLAB;
	switch (offset) {
	case RBR_THR_DLL: *value = divisor ? uart->dll : read_rbr(uart); break;
	case IER_DLM: *value = divisor ? uart->dlm : uart->ier; break;
	case IIR_FCR: *value = read_iir(uart); break;
	case LCR: *value = uart->lcr; break;
	case MCR: *value = uart->mcr; break;
	case LSR: *value = read_lsr(uart); break;
	case MSR: *value = read_msr(uart); break;
	case SCR: *value = uart->scr; break;
	default: *value = 0; break;
	}
	update_irq(uart);
	return MB_OK;
}

/* The modem inputs: what is plugged in, or in loopback our own outputs (DTR, RTS, OUT1, OUT2). */
static uint8_t modem_lines(const struct uart *uart)
{
	if (!(uart->mcr & MCR_LOOP))
		return uart->chardev ? MSR_CONNECTED : 0;
	return (uart->mcr & 0x02) << 3 | (uart->mcr & 0x01) << 5 | (uart->mcr & 0x0c) << 4;
}

/* Notes which inputs changed; the ring indicator reports its trailing edge only. */
static void update_modem(struct uart *uart)
{
	uint8_t lines = modem_lines(uart);
	uint8_t changed = (lines ^ uart->msr) & 0xf0;
	uint8_t delta = changed >> 4;
	if ((changed & MSR_RI) && (lines & MSR_RI))
		delta &= ~MSR_TERI;
	uart->msr = lines | (uart->msr & 0x0f) | delta;
}

static void write_thr(struct uart *uart, uint8_t byte)
{
	if (uart->mcr & MCR_LOOP) {
		receive_byte(uart, byte);
		restart_timeout(uart);
	} else if (uart->chardev) {
		chardev_write(uart->chardev, &byte, 1);
	}
	thr_empty(uart);
	uart->status_reads = 0;
}

static void write_ier(struct uart *uart, uint8_t value)
{
	/* Enabling the THR interrupt while THR is empty raises it; drivers test for that. */
	if (value & ~uart->ier & IER_THRE)
		thr_empty(uart);
	uart->ier = value & IER_BITS;
}

static void write_fcr(struct uart *uart, uint8_t value)
{
	bool toggled = (value ^ uart->fcr) & FCR_ENABLE;
	if (!(value & FCR_ENABLE))
		value = 0; /* the other bits are only written with this one set */
	uart->fcr = value & (0xc0 | FCR_ENABLE);
	if (toggled || (value & FCR_CLEAR_RX))
		fifo_clear(uart);
}

static void write_mcr(struct uart *uart, uint8_t value)
{
	uart->mcr = value & MCR_BITS;
	update_modem(uart);
}

static mb_result uart_write(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			    uint64_t value)
{
	(void)size, (void)attrs;
	struct uart *uart = opaque;
	bool divisor = uart->lcr & LCR_DLAB;
	switch (offset) {
	case RBR_THR_DLL:
		if (divisor)
			uart->dll = value;
		else
			write_thr(uart, value);
		break;
	case IER_DLM:
		if (divisor)
			uart->dlm = value;
		else
			write_ier(uart, value);
		break;
	case IIR_FCR: write_fcr(uart, value); break;
	case LCR: uart->lcr = value; break;
	case MCR: write_mcr(uart, value); break;
	case SCR: uart->scr = value; break;
	default: break; /* LSR and MSR are for factory tests */
	}
	update_irq(uart);
	return MB_OK;
}

static const struct mb_ops uart_registers = {
	.read = uart_read,
	.write = uart_write,
	.endian = MB_LITTLE,
	.valid = {.min = 1, .max = 1},
	.impl = {.min = 1, .max = 1},
};

static int uart_create(struct device *device, const void *config, struct error *error)
{
	(void)error;
	static const struct uart16550_config defaults;
	const struct uart16550_config *wanted = config ? config : &defaults;
	struct uart *uart = (struct uart *)device;
	uart->clock_hz = wanted->clock_frequency ? wanted->clock_frequency : DEFAULT_CLOCK_HZ;
	uart->chardev = wanted->chardev;
	clock_event_init(&uart->timeout, timeout_fired, uart);
	if (uart->chardev) {
		const struct chardev_front front = {front_room, front_receive, uart};
		chardev_attach(uart->chardev, &front);
	}
	return 0;
}

static void uart_destroy(struct device *device)
{
	struct uart *uart = (struct uart *)device;
	clock_cancel(device->host.clock, &uart->timeout);
	if (uart->chardev)
		chardev_attach(uart->chardev, NULL);
}

static void uart_reset(struct device *device)
{
	struct uart *uart = (struct uart *)device;
	uart->ier = uart->fcr = uart->lcr = uart->mcr = uart->scr = 0;
	uart->dlm = uart->status_reads = 0;
	uart->dll = 2; /* 115,200 baud from 3.6864 MHz: what firmware would have left */
	uart->overrun = 0;
	thr_empty(uart);
	uart->msr = modem_lines(uart);
	memset(uart->fifo, 0, sizeof(uart->fifo));
	fifo_clear(uart);
	update_irq(uart);
}

static void uart_loaded(void *opaque)
{
	struct uart *uart = opaque;
	/* A damaged snapshot must not make us index outside of the FIFO. */
	uart->fifo_head %= FIFO_SIZE;
	if (uart->fifo_count > FIFO_SIZE)
		uart->fifo_count = FIFO_SIZE;
	if (uart->status_reads > POLLING_READS)
		uart->status_reads = POLLING_READS;
	uart->ier &= IER_BITS;
	uart->fcr &= 0xc0 | FCR_ENABLE;
	uart->mcr &= MCR_BITS;
	clock_restore(uart->device.host.clock, &uart->timeout);
	update_irq(uart);
}

static void uart_fdt(const struct device *device, struct device_fdt *fdt)
{
	const struct uart *uart = (const struct uart *)device;
	device_fdt_begin(device, fdt, "serial", device->ops->region_size);
	device_fdt_string(fdt, "compatible", "ns16550a");
	device_fdt_u32(fdt, "clock-frequency", uart->clock_hz);
	device_fdt_end(fdt);
}

static const struct state_field uart_fields[] = {
	STATE_FIELD(struct uart, ier),          STATE_FIELD(struct uart, fcr),
	STATE_FIELD(struct uart, lcr),          STATE_FIELD(struct uart, mcr),
	STATE_FIELD(struct uart, msr),          STATE_FIELD(struct uart, scr),
	STATE_FIELD(struct uart, dll),          STATE_FIELD(struct uart, dlm),
	STATE_FIELD(struct uart, status_reads), STATE_FIELD(struct uart, overrun),
	STATE_FIELD(struct uart, thre_pending), STATE_FIELD(struct uart, timeout_pending),
	STATE_ARRAY(struct uart, fifo),         STATE_FIELD(struct uart, fifo_head),
	STATE_FIELD(struct uart, fifo_count),   STATE_FIELD(struct uart, thre_seen),
	STATE_EVENT(struct uart, timeout),
};

const struct device_ops uart16550_ops = {
	.name = "uart16550",
	.summary = "16550A UART: serial console",
	.object_size = sizeof(struct uart),
	.region_size = 0x100,
	.registers = &uart_registers,
	.create = uart_create,
	.destroy = uart_destroy,
	.reset = uart_reset,
	.fdt = uart_fdt,
	.fields = uart_fields,
	.field_count = sizeof(uart_fields) / sizeof(uart_fields[0]),
	.version = 2,
	.loaded = uart_loaded,
};
