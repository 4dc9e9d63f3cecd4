/* Entry at EL2, and the way to EL1 and back: one instruction at a time. */
	.section .start, "ax"
	.global _start
_start:
	ldr	x0, =_stack
	mov	sp, x0
	ldr	x0, =vectors_el2
	msr	vbar_el2, x0
	ldr	x0, =vectors_el1
	msr	vbar_el1, x0
	isb
	bl	rom_main
	b	rom_end

	.text
/*
 * uint64_t el1_run(const uint32_t *code, uint64_t x0, uint64_t *result): executes at EL1 until
 * something takes it to EL2; returns ESR_EL2, and X0 of then in *result.
 */
	.global el1_run
el1_run:
	stp	x29, x30, [sp, #-112]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	str	x2, [sp, #96]
	msr	elr_el2, x0
	mov	x3, #0x3c5		/* EL1h, all masked */
	msr	spsr_el2, x3
	ldr	x3, =_stack - 0x8000
	msr	sp_el1, x3
	mov	x0, x1
	isb
	eret
from_el1:
	ldr	x2, [sp, #96]
	cbz	x2, 1f
	str	x0, [x2]
1:	mrs	x0, esr_el2
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #112
	ret

	.balign	2048
vectors_el2:
	.rept	8
	b	rom_lost
	.balign	128
	.endr
	b	from_el1
	.balign	128
	.rept	7
	b	rom_lost
	.balign	128
	.endr

/* What EL1 itself takes goes on to EL2, and says so. */
	.balign	2048
vectors_el1:
	.rept	16
	hvc	#0x66
	.balign	128
	.endr
