#include "rom.h"

#define UART ((volatile uint32_t *)0x09000000)

static unsigned checks, failures;
static bool ending;

uint64_t el1_run(const uint32_t *code, uint64_t x0, uint64_t *result);

void rom_print(const char *text)
{
	for (; *text; text++)
		*UART = (uint8_t)*text;
}

void rom_hex(uint64_t value)
{
	char text[19] = "0x";
	unsigned digits = 1, at = 2;
	while (digits < 16 && value >> 4 * digits)
		digits++;
	while (digits--)
		text[at++] = "0123456789abcdef"[value >> 4 * digits & 15];
	text[at] = 0;
	rom_print(text);
}

static void print_number(unsigned value)
{
	if (value >= 10)
		print_number(value / 10);
	char text[2] = {(char)('0' + value % 10), 0};
	rom_print(text);
}

void rom_check(bool passed, const char *name)
{
	failures += !passed;
	rom_print(passed ? "ok " : "not ok ");
	print_number(++checks);
	rom_print(" - ");
	rom_print(name);
	rom_print("\n");
}

static _Noreturn void power_off(void)
{
	register uint64_t function __asm__("x0") = 0x84000008; /* PSCI SYSTEM_OFF */
	for (;;)
		__asm__ volatile("smc #0" : "+r"(function)::"x1", "x2", "x3", "memory");
}

/* By semihosting, which has a status; where there is none, it is undefined and rom_lost() goes on.
 */
static _Noreturn void leave(uint64_t status)
{
	static uint64_t block[2] = {0x20026}; /* the application ended */
	register uint64_t operation __asm__("x0") = 0x18;
	register uint64_t *parameter __asm__("x1") = block;
	block[1] = status;
	ending = true;
	__asm__ volatile("hlt #0xf000" : "+r"(operation) : "r"(parameter) : "memory");
	power_off();
}

void rom_end(void)
{
	rom_print("1..");
	print_number(checks);
	rom_print("\n");
	leave(failures ? 1 : 0);
}

void rom_lost(void)
{
	if (ending)
		power_off();
	rom_print("Bail out! an exception at EL2, ESR_EL2 ");
	rom_hex(READ("esr_el2"));
	rom_print(", ELR_EL2 ");
	rom_hex(READ("elr_el2"));
	rom_print("\n");
	leave(2);
}

uint64_t rom_at_el1(uint32_t instruction, uint64_t x0, uint64_t *result)
{
	static volatile uint32_t code[2];
	code[0] = instruction;
	code[1] = 0xd4000ee2; /* HVC #0x77 */
	__asm__ volatile("dsb ish\n\tic iallu\n\tdsb ish\n\tisb" ::: "memory");
	return el1_run((const uint32_t *)code, x0, result);
}
