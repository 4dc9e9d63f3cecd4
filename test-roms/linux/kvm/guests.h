/* The guests of kvm.c, and what they and it know of each other. */
#pragma once

/* The VM's map: code where RAM begins, nothing at `DEVICE` but this program. */
enum { DISTRIBUTOR = 0x8000000, REDISTRIBUTOR = 0x80a0000, DEVICE = 0x9000000 };
enum { RAM = 0x40000000, RAM_SIZE = 0x10000 };
enum { TIMER_INTID = 27, WIRE_INTID = 40 };

/* Offsets in the device: a store says what happened, a load asks. */
enum {
	SAY_LEVEL = 0x00,        /* CurrentEL */
	SAY_ISAR0 = 0x08,        /* ID_AA64ISAR0_EL1, which traps: this program chose its value */
	SAY_ACTLR = 0x10,        /* ACTLR_EL1, which traps */
	SAY_UNDEF = 0x18,        /* ESR_EL1 of a register that does not exist */
	SAY_ANSWER = 0x20,       /* what the load gave, plus 1 */
	SAY_IRQ = 0x28,          /* an interrupt's number, acknowledged */
	SAY_PSCI = 0x30,         /* PSCI_VERSION, by HVC */
	SAY_WAITING = 0x38,      /* WFI comes next: raise the wire */
	SAY_CLEAR = 0x40,        /* lower the wire */
	SAY_NESTED_LEVEL = 0x48, /* CurrentEL of the guest's guest */
	SAY_NESTED_TRAP = 0x50,  /* ESR_EL2 of what it trapped by */
	ASK = 0x100,
};
#define ANSWER 0x1122334455667788ull

/* A guest at EL1.  Position-independent as both, MMU off, vectors first. */

extern const char guest_begin[], guest_start[], guest_end[];

__asm__(".pushsection .rodata\n"
	".balign 2048\n"
	"guest_begin:\n"
	/* Synchronous exception of the current level: say ESR_EL1, skip the instruction. */
	".org guest_begin + 0x200\n"
	"	mrs x0, esr_el1\n"
	"	str x0, [x20, #0x18]\n"
	"	mrs x0, elr_el1\n"
	"	add x0, x0, #4\n"
	"	msr elr_el1, x0\n"
	"	eret\n"
	/* IRQ: acknowledge, stop the timer or have the wire lowered, say which, end. */
	".org guest_begin + 0x280\n"
	"	mrs x0, S3_0_C12_C12_0\n" /* ICC_IAR1_EL1 */
	"	msr cntv_ctl_el0, xzr\n"
	"	cmp x0, #40\n"
	"	b.ne 1f\n"
	"	str xzr, [x20, #0x40]\n"
	"1:	str x0, [x20, #0x28]\n"
	"	msr S3_0_C12_C12_1, x0\n" /* ICC_EOIR1_EL1 */
	"	mov x21, x0\n"
	"	eret\n"

	".org guest_begin + 0x800\n"
	"guest_start:\n"
	"	adr x0, guest_begin\n"
	"	msr vbar_el1, x0\n"
	"	mov x20, #0x9000000\n"
	"	isb\n"
	"	mrs x0, currentel\n"
	"	str x0, [x20]\n"
	"	mrs x0, id_aa64isar0_el1\n"
	"	str x0, [x20, #0x08]\n"
	"	mrs x0, actlr_el1\n"
	"	str x0, [x20, #0x10]\n"
	"	mrs x0, S3_0_C15_C15_7\n"
	"	ldr x0, [x20, #0x100]\n"
	"	add x0, x0, #1\n"
	"	str x0, [x20, #0x20]\n"
	/* The interrupt controller: group 1 on, PPI 27 and SPI 40 enabled, in group 1. */
	"	mov x1, #0x8000000\n"
	"	mov w0, #0x12\n" /* ARE, EnableGrp1 */
	"	str w0, [x1]\n"
	"	mov w0, #1 << 8\n"
	"	str w0, [x1, #0x84]\n"  /* GICD_IGROUPR1 */
	"	str w0, [x1, #0x104]\n" /* GICD_ISENABLER1 */
	"	mov x2, #0x80b0000\n"   /* the redistributor's SGI frame */
	"	mov w0, #1 << 27\n"
	"	str w0, [x2, #0x80]\n"  /* GICR_IGROUPR0 */
	"	str w0, [x2, #0x100]\n" /* GICR_ISENABLER0 */
	"	mov x0, #0xf0\n"
	"	msr S3_0_C4_C6_0, x0\n" /* ICC_PMR_EL1 */
	"	mov x0, #1\n"
	"	msr S3_0_C12_C12_7, x0\n" /* ICC_IGRPEN1_EL1 */
	"	isb\n"
	/* The virtual timer ends the first wait, a wire of the device the second.  A masked
	 * interrupt ends WFI and is taken after it, so that none gets lost in between. */
	"	mov x0, #0x10000\n"
	"	msr cntv_tval_el0, x0\n"
	"	mov x0, #1\n"
	"	msr cntv_ctl_el0, x0\n"
	"	bl wait_for_interrupt\n"
	"	str xzr, [x20, #0x38]\n"
	"	bl wait_for_interrupt\n"
	"	mov w0, #0x84000000\n" /* PSCI_VERSION */
	"	hvc #0\n"
	"	str x0, [x20, #0x30]\n"
	"	mov w0, #0x84000000\n"
	"	add w0, w0, #8\n" /* SYSTEM_OFF */
	"	hvc #0\n"
	"	b .\n"
	"wait_for_interrupt:\n"
	"	mov x21, xzr\n"
	"2:	wfi\n"
	"	msr daifclr, #2\n"
	"	isb\n"
	"	msr daifset, #2\n"
	"	cbz x21, 2b\n"
	"	ret\n"
	"guest_end:\n"
	".popsection\n");

/* A guest hypervisor at EL2, which is virtual (FEAT_NV2): it sets HCR_EL2.TID3, lets its own
 * guest run at EL1, and says what that one traps by; HVC ends both. */
extern const char hypervisor_begin[], hypervisor_start[], hypervisor_end[];

__asm__(".pushsection .rodata\n"
	".balign 2048\n"
	"hypervisor_begin:\n"
	/* Synchronous exception of a lower level. */
	".org hypervisor_begin + 0x400\n"
	"	mrs x0, esr_el2\n"
	"	str x0, [x20, #0x50]\n"
	"	lsr x0, x0, #26\n"
	"	cmp x0, #0x16\n" /* HVC */
	"	b.eq 1f\n"
	"	mrs x0, elr_el2\n"
	"	add x0, x0, #4\n"
	"	msr elr_el2, x0\n"
	"	eret\n"
	"1:	mov w0, #0x84000000\n"
	"	add w0, w0, #8\n" /* SYSTEM_OFF */
	"	smc #0\n"
	"	b .\n"

	".org hypervisor_begin + 0x800\n"
	"hypervisor_start:\n"
	"	adr x0, hypervisor_begin\n"
	"	msr vbar_el2, x0\n"
	"	mov x20, #0x9000000\n"
	"	isb\n"
	"	mrs x0, currentel\n"
	"	str x0, [x20]\n"
	"	mov x0, #1 << 34\n"     /* E2H */
	"	orr x0, x0, #1 << 31\n" /* RW */
	"	orr x0, x0, #1 << 18\n" /* TID3 */
	"	msr hcr_el2, x0\n"
	"	isb\n"
	"	adr x0, 2f\n"
	"	msr elr_el2, x0\n"
	"	mov x0, #0x3c5\n" /* EL1h, everything masked */
	"	msr spsr_el2, x0\n"
	"	eret\n"
	"2:	mrs x0, currentel\n"
	"	str x0, [x20, #0x48]\n"
	"	mrs x0, id_aa64mmfr0_el1\n"
	"	hvc #7\n"
	"	b .\n"
	"hypervisor_end:\n"
	".popsection\n");
