# One hot path of an emulator, N times: -DN=<count> -DPATH_<name>. Two runs with different
# counts tell what one time costs, without start-up. tests/e2e/hot-paths.py has the names.
	.option norvc
	.globl _start
_start:	csrr t0, mhartid
1:	bnez t0, 1b
	li t0, -1
	csrw pmpaddr0, t0
	li t0, 0x1f
	csrw pmpcfg0, t0
	li t0, 0x2000			# FS
	csrs mstatus, t0
	la s1, buffer
	li s0, N

#if defined PATH_integer		// ten instructions
1:	addi a0, a0, 3
	xor a1, a1, a0
	slli a2, a1, 5
	add a3, a3, a2
	srli a4, a3, 7
	sub a5, a4, a0
	and a6, a5, a3
	or a7, a6, a2
	addi s0, s0, -1
	bnez s0, 1b

#elif defined PATH_memory		// ten instructions, eight of them accesses
1:	ld a0, 0(s1)
	sd a0, 8(s1)
	lw a1, 16(s1)
	sw a1, 24(s1)
	lbu a2, 32(s1)
	sb a2, 40(s1)
	ld a3, 48(s1)
	sd a3, 56(s1)
	addi s0, s0, -1
	bnez s0, 1b

#elif defined PATH_atomic		// six instructions: a reservation, two others, and the loop
1:	lr.d a0, (s1)
	sc.d a1, s0, (s1)
	amoadd.w a2, a0, (s1)
	amomax.d a3, s0, (s1)
	addi s0, s0, -1
	bnez s0, 1b

#elif defined PATH_call			// four instructions
1:	jal callee
	addi s0, s0, -1
	bnez s0, 1b
	j off
callee:	ret

#elif defined PATH_float		// four instructions
	fcvt.d.l fa0, s0
	li t0, 7
	fcvt.d.l fa1, t0
	fdiv.d fa1, fa0, fa1		# inexact, as results are as a rule
1:	fadd.d fa2, fa0, fa1
	fmul.d fa3, fa2, fa2
	addi s0, s0, -1
	bnez s0, 1b

#elif defined PATH_csr			// a write and a read
1:	csrw mscratch, s0
	csrr t0, mscratch
	addi s0, s0, -1
	bnez s0, 1b

#elif defined PATH_trap			// ecall from S-mode to M-mode and back
	la t0, handler
	csrw mtvec, t0
	la t0, 1f
	csrw mepc, t0
	li t0, 0x1800			# MPP
	csrc mstatus, t0
	li t0, 0x800
	csrs mstatus, t0
	mret
1:	ecall
	addi s0, s0, -1
	bnez s0, 1b
	j off
	.balign 4
handler: csrr t0, mepc
	addi t0, t0, 4
	csrw mepc, t0
	mret

#elif defined PATH_tlb			// two misses: pages with the same TLB slot, through three levels of Sv39
	la t0, root
	la t1, middle
	la t2, leaf
	li t3, 0xc7			# DAWRV: the first GiB as it is, for the finisher
	sd t3, 0(t0)
	srli t3, t1, 2
	ori t3, t3, 1			# V: a table
	sd t3, 16(t0)			# 0x80000000
	li t3, 0x80000000 >> 2 | 0xcf	# DAXWRV: the first 2 MiB as they are
	sd t3, 0(t1)
	srli t3, t2, 2
	ori t3, t3, 1
	sd t3, 8(t1)			# 0x80200000 and, 4 MiB further,
	sd t3, 24(t1)			# 0x80600000: the same table
	srli t3, s1, 2
	andi t3, t3, ~0x3ff
	ori t3, t3, 0xc7
	sd t3, 0(t2)
	srli t0, t0, 12
	li t1, 8 << 60
	or t0, t0, t1
	csrw satp, t0
	la t0, 1f
	csrw mepc, t0
	li t0, 0x1800
	csrc mstatus, t0
	li t0, 0x800
	csrs mstatus, t0
	li s1, 0x80200000
	li s2, 0x80600000
	sfence.vma
	mret
1:	ld a0, 0(s1)
	ld a1, 0(s2)
	addi s0, s0, -1
	bnez s0, 1b

#elif defined PATH_cold			// N blocks of eight instructions, PASSES times
	li s0, PASSES
again:	.rept N
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
	addi s0, s0, -1
	beqz s0, off
	la t0, again
	jr t0
#endif

off:	li t0, 0x100000			# test finisher
	li t1, 0x5555
	sw t1, (t0)
1:	j 1b

	.section .bss
	.balign 4096
root:	.skip 4096
middle:	.skip 4096
leaf:	.skip 4096
buffer:	.skip 4096
