/* Console, checks, exit and guest_run() of the bare-metal test programs. */
#include "test-roms/riscv/lib/rom.h"
#include <stdarg.h>

u64 boot_hart;
bool stvec_keep;
static u64 checks_passed, checks_failed, checks_skipped;

extern volatile u64 tohost;
void guest_switch(struct guest *guest);

void *memset(void *to, int value, size_t size)
{
	u8 *bytes = to;
	while (size--)
		*bytes++ = (u8)value;
	return to;
}

void *memcpy(void *to, const void *from, size_t size)
{
	u8 *out = to;
	const u8 *in = from;
	while (size--)
		*out++ = *in++;
	return to;
}

/* ---- console --------------------------------------------------------------- */

void console_putc(char c)
{
	while (!(mmio_read8(UART_BASE + 5) & 0x20))
		;
	mmio_write8(UART_BASE, (u8)c);
}

static void put_string(const char *text)
{
	while (*text)
		console_putc(*text++);
}

static void put_number(u64 value, unsigned base)
{
	char digits[24];
	unsigned count = 0;
	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (count)
		console_putc(digits[--count]);
}

static void put_integer(char conversion, u64 value)
{
	if (conversion == 'd' && (s64)value < 0) {
		console_putc('-');
		value = -value;
	}
	put_number(value, conversion == 'x' ? 16 : 10);
}

static void put_format(const char *format, va_list arguments)
{
	for (; *format; format++) {
		if (*format != '%') {
			console_putc(*format);
			continue;
		}
		bool wide = false;
		for (format++; *format == 'l'; format++)
			wide = true;
		if (*format == 's')
			put_string(va_arg(arguments, const char *));
		else if (*format == 'c')
			console_putc((char)va_arg(arguments, int));
		else if (*format == '%')
			console_putc('%');
		else if (wide)
			put_integer(*format, va_arg(arguments, u64));
		else if (*format == 'd')
			put_integer('d', (u64)(s64)va_arg(arguments, int));
		else
			put_integer(*format, va_arg(arguments, unsigned));
	}
}

void console_printf(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	put_format(format, arguments);
	va_end(arguments);
}

/* ---- checks ------------------------------------------------------------------- */

static void result_line(bool pass, const char *name, va_list arguments)
{
	if (checks_passed + checks_failed + checks_skipped == 0)
		put_string("TAP version 13\n");
	*(pass ? &checks_passed : &checks_failed) += 1;
	console_printf("%sok %lu ", pass ? "" : "not ",
		       (unsigned long)(checks_passed + checks_failed + checks_skipped));
	put_format(name, arguments);
}

#define RESULT_LINE(pass, name)                                                                    \
	do {                                                                                       \
		va_list arguments_;                                                                \
		va_start(arguments_, name);                                                        \
		result_line(pass, name, arguments_);                                               \
		va_end(arguments_);                                                                \
	} while (0)

bool check_eq(u64 got, u64 want, const char *name, ...)
{
	bool pass = got == want;
	RESULT_LINE(pass, name);
	if (!pass)
		console_printf(" # got 0x%lx want 0x%lx", got, want);
	console_putc('\n');
	return pass;
}

bool check_true(bool pass, const char *name, ...)
{
	RESULT_LINE(pass, name);
	console_putc('\n');
	return pass;
}

void check_skip(const char *reason, const char *name, ...)
{
	RESULT_LINE(true, name);
	checks_passed--;
	checks_skipped++;
	console_printf(" # SKIP %s\n", reason);
}

static void print_trap(enum mode level, u64 cause, u64 tval)
{
	console_printf("%c cause %s%lu tval 0x%lx", "US?M"[level], cause & IRQ ? "irq " : "",
		       cause & ~IRQ, tval);
}

bool check_trap(const struct guest *guest, enum mode level, u64 cause, u64 tval, const char *name,
		...)
{
	bool pass = guest->level == level && guest->cause == cause && guest->tval == tval;
	RESULT_LINE(pass, name);
	if (!pass) {
		put_string(" # got ");
		print_trap(guest->level, guest->cause, guest->tval);
		console_printf(" epc 0x%lx want ", guest->epc);
		print_trap(level, cause, tval);
	}
	console_putc('\n');
	return pass;
}

static bool ends_in_breakpoint(const struct guest *guest)
{
	return guest->cause == BREAKPOINT;
}

bool check_end(const struct guest *guest, const char *name, ...)
{
	bool pass = ends_in_breakpoint(guest);
	RESULT_LINE(pass, name);
	if (!pass) {
		put_string(" # got ");
		print_trap(guest->level, guest->cause, guest->tval);
		console_printf(" epc 0x%lx want completion", guest->epc);
	}
	console_putc('\n');
	return pass;
}

/* ---- exit ---------------------------------------------------------------------- */

static void __attribute__((noreturn)) machine_exit(u64 code)
{
#ifndef ROM_SBI
	tohost = code << 1 | 1;
#endif
	mmio_write32(FINISHER_BASE, code ? (u32)(code << 16 | 0x3333) : 0x5555);
	for (;;)
		__asm__ volatile("wfi");
}

bool rom_failed(void)
{
	return checks_failed || !checks_passed;
}

void rom_summary(void)
{
	console_printf("1..%lu\n", checks_passed + checks_failed + checks_skipped);
	console_printf("# Totals: pass:%lu fail:%lu xfail:0 xpass:0 skip:%lu error:0\n",
		       checks_passed, checks_failed, checks_skipped);
}

void rom_exit(void)
{
	rom_summary();
	machine_exit(rom_failed());
}

void rom_fatal(u64 cause, u64 epc, u64 tval)
{
	console_printf("Bail out! unexpected trap cause 0x%lx epc 0x%lx tval 0x%lx\n", cause, epc,
		       tval);
	machine_exit(2);
}

/* ---- guests --------------------------------------------------------------------- */

#ifdef ROM_SBI
void guest_run(struct guest *guest)
{
	u64 status = csr_read(sstatus);
	u64 entry = status & ~(STATUS_SPP | STATUS_SPIE | guest->status_clear);
	entry |= guest->mode == MODE_S ? STATUS_SPP : 0;
	csr_write(sstatus, entry | guest->status_set);
	guest_switch(guest);
	guest->level = MODE_S;
	csr_write(sstatus, status | STATUS_FS);
}
#else
static bool in_supervisor_stub(u64 pc)
{
	return pc - (u64)supervisor_stub < 64;
}

void guest_run(struct guest *guest)
{
	u64 status = csr_read(mstatus);
	u64 entry = status & ~(STATUS_MPP | STATUS_MPIE | guest->status_clear);
	if (!stvec_keep)
		csr_write(stvec, supervisor_stub);
	csr_write(mstatus, entry | (u64)guest->mode << 11 | guest->status_set);
	guest_switch(guest);
	guest->level = MODE_M;
	if (guest->cause == ECALL_S && in_supervisor_stub(guest->epc)) {
		guest->level = MODE_S;
		guest->slot = (guest->epc - (u64)supervisor_stub) / 4;
		guest->cause = csr_read(scause);
		guest->epc = csr_read(sepc);
		guest->tval = csr_read(stval);
		guest->status = csr_read(sstatus);
	}
	csr_write(mstatus, status | STATUS_FS);
}
#endif

__asm__(".pushsection .guest, \"awx\"\n.balign 8\n.globl guest_scratch\nguest_scratch: .dword 0, "
	"0\n.popsection\n");
extern u16 guest_scratch[];

char *guest_instruction(u32 instruction)
{
	u16 *out = guest_scratch;
	*out++ = (u16)instruction;
	if ((instruction & 3) == 3)
		*out++ = (u16)(instruction >> 16);
	*out = 0x9002; /* c.ebreak */
	fence_i();
	return (char *)guest_scratch;
}
