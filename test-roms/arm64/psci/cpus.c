/* PSCI by SMC: versions, features, a second CPU on and off, and wrong calls (DEN0022). */
#include "../lib/rom.h"

enum {
	PSCI_VERSION = 0x84000000,
	CPU_OFF = 0x84000002,
	PSCI_FEATURES = 0x8400000a,
	SUCCESS = 0,
	NOT_SUPPORTED = -1,
	INVALID_PARAMETERS = -2,
	ALREADY_ON = -4,
	STATE_ON = 0,
	STATE_OFF = 1,
};
#define CPU_ON        0xc4000003ull
#define AFFINITY_INFO 0xc4000004ull
#define AFFINITY      0xff00ffffffull

static volatile uint64_t seen;

static int64_t call(uint64_t function, uint64_t a, uint64_t b, uint64_t c)
{
	register uint64_t x0 __asm__("x0") = function;
	register uint64_t x1 __asm__("x1") = a;
	register uint64_t x2 __asm__("x2") = b;
	register uint64_t x3 __asm__("x3") = c;
	__asm__ volatile("smc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::"memory");
	return (int64_t)x0;
}

/* Where the second CPU starts: X0 is the context, and there is no stack. */
void second(void);
__asm__("	.text\n"
	"second:\n"
	"	adrp	x1, seen\n"
	"	add	x1, x1, :lo12:seen\n"
	"	str	x0, [x1]\n"
	"	movz	x0, #0x8400, lsl #16\n"
	"	movk	x0, #2\n"
	"	smc	#0\n"
	"	b	.\n");

void rom_main(void)
{
	uint64_t self = READ("mpidr_el1") & AFFINITY;
	rom_check(call(PSCI_VERSION, 0, 0, 0) >= 0x10000, "PSCI 1.0 or later");
	rom_check(call(PSCI_FEATURES, CPU_ON, 0, 0) == SUCCESS, "CPU_ON is a feature");
	rom_check((int32_t)call(PSCI_FEATURES, 0x84001234, 0, 0) == NOT_SUPPORTED,
		  "a function that does not exist is none");
	rom_check((int32_t)call(0x84001234, 0, 0, 0) == NOT_SUPPORTED, "nor can it be called");
	rom_check(call(CPU_ON, self, 0x40200000, 0) == ALREADY_ON, "this CPU is on");
	rom_check(call(CPU_ON, 0x7700, 0x40200000, 0) == INVALID_PARAMETERS, "no such CPU");
	rom_check(call(AFFINITY_INFO, self, 0, 0) == STATE_ON, "AFFINITY_INFO of this CPU");
	rom_check(call(AFFINITY_INFO, 1, 0, 0) == STATE_OFF, "and of the second");
	rom_check(call(CPU_ON, 1, (uint64_t)second, 0x1234) == SUCCESS, "the second is started");
	while (!seen || call(AFFINITY_INFO, 1, 0, 0) != STATE_OFF)
		__asm__ volatile("yield");
	rom_check(seen == 0x1234, "it got its context, and has switched itself off");
}
