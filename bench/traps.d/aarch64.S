// AArch64 trap-cost loops: a monitor at EL2 (HCR_EL2.TID3), measured code at EL1.
// The lines TRAP name count begin and TRAP name end stand around each loop.
#ifndef N
#define N 2000000
#endif
#define UART 0x09000000

	.globl _start
_start:	adrp	x0, stack_top
	add	x0, x0, :lo12:stack_top
	mov	sp, x0
	adr	x0, vectors
	msr	vbar_el2, x0
	mov	x0, #1 << 31			// HCR_EL2.RW: EL1 is AArch64
	orr	x0, x0, #1 << 18		// TID3: reads of ID registers trap
	msr	hcr_el2, x0
	isb

	ldr	x20, =N * 100
	adr	x19, n_loop
	adr	x21, e_loop
	bl	measure
	ldr	x20, =N
	adr	x19, n_hvc
	adr	x21, e_hvc
	bl	measure
	adr	x19, n_tid3
	adr	x21, e_tid3
	bl	measure

	ldr	w0, =0x84000008			// PSCI SYSTEM_OFF
	smc	#0
1:	b	1b

// Runs the loop at x21 at EL1 with x20 rounds; its last HVC (#1) comes back here.
measure:
	mov	x22, x30
	adr	x0, n_trap
	bl	puts
	mov	x0, x19
	bl	puts
	adr	x0, n_space
	bl	puts
	mov	x0, x20
	bl	putdec
	adr	x0, n_begin
	bl	puts
	mov	x23, x20
	msr	elr_el2, x21
	mov	x0, #0x3c5			// EL1h, DAIF
	msr	spsr_el2, x0
	eret
measured:
	adr	x0, n_trap
	bl	puts
	mov	x0, x19
	bl	puts
	adr	x0, n_end
	bl	puts
	ret	x22

e_loop:	subs	x23, x23, #1
	b.ne	e_loop
	hvc	#1
e_hvc:	hvc	#0
	subs	x23, x23, #1
	b.ne	e_hvc
	hvc	#1
e_tid3:	mrs	x1, id_aa64isar0_el1
	subs	x23, x23, #1
	b.ne	e_tid3
	hvc	#1

// From EL1: HVC #0 returns at once, HVC #1 ends the loop, a trapped read reads 0.
	.ltorg
from_el1:
	mrs	x2, esr_el2
	lsr	x3, x2, #26
	cmp	x3, #0x16
	b.ne	1f
	tbnz	x2, #0, measured
	eret
1:	mrs	x3, elr_el2
	add	x3, x3, #4
	msr	elr_el2, x3
	mov	x1, #0
	eret

puts:	ldr	x1, =UART
1:	ldrb	w2, [x0], #1
	cbz	w2, 2f
	strb	w2, [x1]
	b	1b
2:	ret

putdec:	adrp	x1, digits_end
	add	x1, x1, :lo12:digits_end
	mov	x2, #10
1:	udiv	x3, x0, x2
	msub	x4, x3, x2, x0
	add	w4, w4, #'0'
	strb	w4, [x1, #-1]!
	mov	x0, x3
	cbnz	x0, 1b
	mov	x0, x1
	b	puts

	.balign	2048
vectors:
	.rept	8
	b	.
	.balign	128
	.endr
	b	from_el1
	.balign	128
	.rept	7
	b	.
	.balign	128
	.endr

n_trap:	.asciz	"TRAP "
n_loop:	.asciz	"loop"
n_hvc:	.asciz	"hvc-EL1-to-EL2"
n_tid3:	.asciz	"TID3-EL1-to-EL2"
n_space: .asciz	" "
n_begin: .asciz	" begin\n"
n_end:	.asciz	" end\n"

	.bss
digits:	.space	24
digits_end: .space 8
	.balign	16
	.space	256
stack_top:
