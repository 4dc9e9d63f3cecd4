# Code that is executed for the first time: PASSES runs over COUNT instructions in a row.
# Prints "COLD <COUNT decimal> begin" once, then "COLD pass" before each run and at the end; ends the machine.
# Blocks are eight instructions, which is about what compiled code has.
#define UNITS 31250
#define PASSES 24
	.option norvc
	.globl _start
_start:	csrr t0, mhartid
1:	bnez t0, 1b
	la s1, buffer
	li s0, PASSES
	la a0, n_begin
	jal puts
again:	la a0, n_pass
	jal puts
	bnez s0, 1f
	la t0, off		# further than a jump reaches
	jr t0
1:	addi s0, s0, -1
	.rept UNITS
	ld a1, 0(s1)
	addi a2, a1, 7
	xor a3, a2, a1
	slli a4, a3, 3
	sd a4, 8(s1)
	add a5, a4, a2
	sltu a6, a5, a1
	beq a6, s1, 1f
1:
	.endr
	la t0, again
	jr t0

off:	li t0, 0x100000
	li t1, 0x5555
	sw t1, (t0)
1:	j 1b

puts:	li t0, 0x10000000
1:	lbu t1, (a0)
	beqz t1, 3f
2:	lbu t2, 5(t0)
	andi t2, t2, 0x20
	beqz t2, 2b
	sb t1, (t0)
	addi a0, a0, 1
	j 1b
3:	ret

	.section .rodata
n_begin: .asciz "COLD 250000 begin\n"
n_pass:	.asciz "COLD pass\n"
	.section .bss
	.balign 16
buffer:	.skip 64
