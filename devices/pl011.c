/*
 * ARM PrimeCell UART (PL011 Technical Reference Manual, DDI 0183). Output leaves at once, whether
 * the UART is enabled or not, as small programs expect; input waits in the back end while the
 * receive FIFO is full.
 */
#include "devices/pl011.h"

#include <string.h>

#define CLOCK_HZ  24000000ull /* UARTCLK of the board */
#define FIFO_SIZE 16u

/* Who reads FR that often without sending waits for input, not for the transmitter. */
#define POLLING_READS 16u

enum { /* register offsets */
       DR = 0x00,
       RSR_ECR = 0x04,
       FR = 0x18,
       ILPR = 0x20,
       IBRD = 0x24,
       FBRD = 0x28,
       LCRH = 0x2c,
       CR = 0x30,
       IFLS = 0x34,
       IMSC = 0x38,
       RIS = 0x3c,
       MIS = 0x40,
       ICR = 0x44,
       DMACR = 0x48,
       IDS = 0xfe0,
};

enum {
	DR_OE = 1 << 11,
	RSR_OE = 1 << 3,

	FR_CONNECTED = 0x07, /* CTS, DSR and DCD: somebody listens */
	FR_RXFE = 1 << 4,
	FR_RXFF = 1 << 6,
	FR_TXFE = 1 << 7,

	LCRH_FEN = 1 << 4,
	LCRH_BITS = 0xff,
	CR_LBE = 1 << 7,
	CR_RESET = 0x300, /* TXE, RXE */
	CR_BITS = 0xff87,
	IFLS_RESET = 0x12, /* half full, both ways */
	IFLS_BITS = 0x3f,

	INT_RX = 1 << 4,
	INT_TX = 1 << 5,
	INT_RT = 1 << 6,
	INT_OE = 1 << 10,
	INT_BITS = 0x7ff,
};

struct pl011 {
	struct device device;
	struct chardev *chardev;
	uint16_t ris, imsc, cr, ibrd;
	uint8_t fbrd, lcrh, ifls, ilpr, dmacr;
	uint8_t overrun;      /* RSR.OE */
	uint8_t lost;         /* a character went lost before the next one to come */
	uint8_t status_reads; /* of FR in a row, up to POLLING_READS */
	uint8_t fifo[FIFO_SIZE];
	uint8_t fifo_head, fifo_count;
	struct clock_event timeout;
};

static unsigned fifo_capacity(const struct pl011 *uart)
{
	return uart->lcrh & LCRH_FEN ? FIFO_SIZE : 1;
}

/* UARTIFLS.RXIFLSEL; reserved values act as the last one. */
static unsigned trigger_level(const struct pl011 *uart)
{
	static const uint8_t levels[] = {2, 4, 8, 12, 14, 14, 14, 14};
	return uart->lcrh & LCRH_FEN ? levels[uart->ifls >> 3 & 7] : 1;
}

static void update_irq(struct pl011 *uart)
{
	device_set_irq(&uart->device, 0, uart->ris & uart->imsc);
}

/* 32 bit periods (TRM 2.8.2); the divisor has 6 fractional bits, each bit takes 16 clocks. */
static uint64_t timeout_ns(const struct pl011 *uart)
{
	enum { DIVISOR_115200 = 13 << 6 | 1 };
	uint64_t divisor = (uint64_t)uart->ibrd << 6 | uart->fbrd;
	return 32 * 16 * (divisor ? divisor : DIVISOR_115200) * 1000000000 / (64 * CLOCK_HZ);
}

/* Input waits: its timeout starts anew with every character that comes. */
static void restart_timeout(struct pl011 *uart)
{
	struct clock *clock = uart->device.host.clock;
	uint64_t when = CLOCK_NEVER;
	if (uart->fifo_count)
		when = clock_tick_at_ns(clock, clock_ns(clock) + timeout_ns(uart));
	clock_schedule(clock, &uart->timeout, when);
}

static void timeout_fired(void *opaque, uint64_t now)
{
	(void)now;
	struct pl011 *uart = opaque;
	if (uart->fifo_count)
		uart->ris |= INT_RT;
	update_irq(uart);
}

/* The receive interrupts follow what is in the FIFO. */
static void fifo_shrunk(struct pl011 *uart)
{
	if (uart->fifo_count < trigger_level(uart))
		uart->ris &= ~INT_RX;
	if (!uart->fifo_count)
		uart->ris &= ~INT_RT;
}

static void fifo_clear(struct pl011 *uart)
{
	uart->fifo_head = uart->fifo_count = 0;
	fifo_shrunk(uart);
	restart_timeout(uart);
}

/* A character comes in, from outside or by loopback. */
static void receive_byte(struct pl011 *uart, uint8_t byte)
{
	if (uart->fifo_count == fifo_capacity(uart)) {
		uart->ris |= INT_OE;
		uart->overrun = uart->lost = 1;
		return;
	}
	uart->fifo[(uart->fifo_head + uart->fifo_count) % FIFO_SIZE] = byte;
	uart->fifo_count++;
	if (uart->fifo_count >= trigger_level(uart))
		uart->ris |= INT_RX;
	restart_timeout(uart);
}

/*
 * Input waits outside until the guest listens: Linux empties the FIFO when it opens the port, and
 * should not lose what was typed before.
 */
static bool listening(const struct pl011 *uart)
{
	return (uart->imsc & (INT_RX | INT_RT)) || uart->status_reads >= POLLING_READS;
}

static size_t front_room(void *opaque)
{
	const struct pl011 *uart = opaque;
	if (!listening(uart) || (uart->cr & CR_LBE))
		return 0;
	return fifo_capacity(uart) - uart->fifo_count;
}

static void front_receive(void *opaque, const uint8_t *bytes, size_t length)
{
	struct pl011 *uart = opaque;
	for (size_t i = 0; i < length; i++)
		receive_byte(uart, bytes[i]);
	update_irq(uart);
}

static uint32_t read_dr(struct pl011 *uart)
{
	if (!uart->fifo_count)
		return 0;
	uint32_t value = uart->fifo[uart->fifo_head] | (uart->lost ? DR_OE : 0);
	uart->lost = 0;
	uart->fifo_head = (uart->fifo_head + 1) % FIFO_SIZE;
	uart->fifo_count--;
	fifo_shrunk(uart);
	restart_timeout(uart);
	if (uart->chardev)
		chardev_deliver(uart->chardev);
	return value;
}

static uint32_t read_fr(struct pl011 *uart)
{
	uint32_t value = FR_TXFE | (uart->chardev ? FR_CONNECTED : 0);
	if (uart->status_reads < POLLING_READS)
		uart->status_reads++;
	else if (uart->chardev && !uart->fifo_count)
		chardev_deliver(uart->chardev);
	if (!uart->fifo_count)
		value |= FR_RXFE;
	if (uart->fifo_count == fifo_capacity(uart))
		value |= FR_RXFF;
	return value;
}

static uint32_t read_id(uint64_t offset)
{
	static const uint8_t ids[] = {0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
	return offset >= IDS && !(offset & 3) ? ids[(offset - IDS) >> 2] : 0;
}

static mb_result pl011_read(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			    uint64_t *value)
{
	(void)size, (void)attrs;
	struct pl011 *uart = opaque;
	switch (offset) {
	case DR: *value = read_dr(uart); break;
	case RSR_ECR: *value = uart->overrun ? RSR_OE : 0; break;
	case FR: *value = read_fr(uart); break;
	case ILPR: *value = uart->ilpr; break;
	case IBRD: *value = uart->ibrd; break;
	case FBRD: *value = uart->fbrd; break;
	case LCRH: *value = uart->lcrh; break;
	case CR: *value = uart->cr; break;
	case IFLS: *value = uart->ifls; break;
	case IMSC: *value = uart->imsc; break;
	case RIS: *value = uart->ris; break;
	case MIS: *value = uart->ris & uart->imsc; break;
	case DMACR: *value = uart->dmacr; break;
	default: *value = read_id(offset); break;
	}
	update_irq(uart);
	return MB_OK;
}

/* The transmit FIFO is empty again at once, which is an event whatever its trigger level is. */
static void write_dr(struct pl011 *uart, uint8_t byte)
{
	if (uart->cr & CR_LBE)
		receive_byte(uart, byte);
	else if (uart->chardev)
		chardev_write(uart->chardev, &byte, 1);
	uart->ris |= INT_TX;
	uart->status_reads = 0;
}

static void write_lcrh(struct pl011 *uart, uint8_t value)
{
	bool toggled = (value ^ uart->lcrh) & LCRH_FEN;
	uart->lcrh = value & LCRH_BITS;
	if (toggled)
		fifo_clear(uart);
}

static mb_result pl011_write(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			     uint64_t value)
{
	(void)size, (void)attrs;
	struct pl011 *uart = opaque;
	switch (offset) {
	case DR: write_dr(uart, (uint8_t)value); break;
	case RSR_ECR: uart->overrun = 0; break;
	case ILPR: uart->ilpr = (uint8_t)value; break;
	case IBRD: uart->ibrd = (uint16_t)value; break;
	case FBRD: uart->fbrd = value & 63; break;
	case LCRH: write_lcrh(uart, (uint8_t)value); break;
	case CR: uart->cr = value & CR_BITS; break;
	case IFLS: uart->ifls = value & IFLS_BITS; break;
	case IMSC: uart->imsc = value & INT_BITS; break;
	case ICR: uart->ris &= ~(value & INT_BITS); break;
	case DMACR: uart->dmacr = value & 7; break;
	default: break; /* the others are read-only */
	}
	update_irq(uart);
	return MB_OK;
}

static const struct mb_ops pl011_registers = {
	.read = pl011_read,
	.write = pl011_write,
	.endian = MB_LITTLE,
	.valid = {.min = 1, .max = 4},
	.impl = {.min = 1, .max = 4},
};

static int pl011_create(struct device *device, const void *config, struct error *error)
{
	(void)error;
	const struct pl011_config *wanted = config;
	struct pl011 *uart = (struct pl011 *)device;
	uart->chardev = wanted ? wanted->chardev : NULL;
	clock_event_init(&uart->timeout, timeout_fired, uart);
	if (uart->chardev) {
		const struct chardev_front front = {front_room, front_receive, uart};
		chardev_attach(uart->chardev, &front);
	}
	return 0;
}

static void pl011_destroy(struct device *device)
{
	struct pl011 *uart = (struct pl011 *)device;
	clock_cancel(device->host.clock, &uart->timeout);
	if (uart->chardev)
		chardev_attach(uart->chardev, NULL);
}

static void pl011_reset(struct device *device)
{
	struct pl011 *uart = (struct pl011 *)device;
	uart->ris = uart->imsc = uart->ibrd = 0;
	uart->fbrd = uart->lcrh = uart->ilpr = uart->dmacr = 0;
	uart->overrun = uart->lost = uart->status_reads = 0;
	uart->cr = CR_RESET;
	uart->ifls = IFLS_RESET;
	memset(uart->fifo, 0, sizeof(uart->fifo));
	fifo_clear(uart);
	update_irq(uart);
}

static void pl011_loaded(void *opaque)
{
	struct pl011 *uart = opaque;
	/* A damaged snapshot must not make us index outside of the FIFO. */
	uart->fifo_head %= FIFO_SIZE;
	if (uart->fifo_count > fifo_capacity(uart))
		uart->fifo_count = (uint8_t)fifo_capacity(uart);
	if (uart->status_reads > POLLING_READS)
		uart->status_reads = POLLING_READS;
	uart->ris &= INT_BITS;
	uart->imsc &= INT_BITS;
	uart->cr &= CR_BITS;
	uart->ifls &= IFLS_BITS;
	uart->fbrd &= 63;
	clock_restore(uart->device.host.clock, &uart->timeout);
	update_irq(uart);
}

static void pl011_fdt(const struct device *device, struct device_fdt *fdt)
{
	static const char compatible[] = "arm,pl011\0arm,primecell", names[] = "uartclk\0apb_pclk";
	const uint32_t clocks[] = {fdt->clock, fdt->clock};
	device_fdt_begin(device, fdt, "pl011", device->ops->region_size);
	device_fdt_strings(fdt, "compatible", compatible, sizeof(compatible));
	device_fdt_cells(fdt, "clocks", clocks, 2);
	device_fdt_strings(fdt, "clock-names", names, sizeof(names));
	device_fdt_end(fdt);
}

static const struct state_field pl011_fields[] = {
	STATE_FIELD(struct pl011, ris),        STATE_FIELD(struct pl011, imsc),
	STATE_FIELD(struct pl011, cr),         STATE_FIELD(struct pl011, ibrd),
	STATE_FIELD(struct pl011, fbrd),       STATE_FIELD(struct pl011, lcrh),
	STATE_FIELD(struct pl011, ifls),       STATE_FIELD(struct pl011, ilpr),
	STATE_FIELD(struct pl011, dmacr),      STATE_FIELD(struct pl011, overrun),
	STATE_FIELD(struct pl011, lost),       STATE_FIELD(struct pl011, status_reads),
	STATE_ARRAY(struct pl011, fifo),       STATE_FIELD(struct pl011, fifo_head),
	STATE_FIELD(struct pl011, fifo_count), STATE_EVENT(struct pl011, timeout),
};

const struct device_ops pl011_ops = {
	.name = "pl011",
	.summary = "ARM PrimeCell UART: serial console",
	.object_size = sizeof(struct pl011),
	.region_size = 0x1000,
	.registers = &pl011_registers,
	.create = pl011_create,
	.destroy = pl011_destroy,
	.reset = pl011_reset,
	.fdt = pl011_fdt,
	.fields = pl011_fields,
	.field_count = sizeof(pl011_fields) / sizeof(pl011_fields[0]),
	.version = 1,
	.loaded = pl011_loaded,
};
