/* Entry of the bare-metal programs.
 *
 * M-mode: every hart arrives here at once; hart 0 runs rom_main(), the others
 * run rom_secondary(hart, a1), which by default sleeps for ever.
 * S-mode: the firmware sends exactly one hart, a0 = hart id, a1 = device tree.
 * hart_entry is the address to give to sbi_hart_start(). */
#include "test-roms/riscv/lib/entry.h"

	.section .text.start, "ax"
	.globl	_start
	.option	norvc
_start:
	la	t0, trap_vectors
	csrw	XTVEC, t0
	csrw	XSCRATCH, zero
#ifndef ROM_SBI
	/* All of memory is open to S and U until a test says otherwise. */
	li	t0, -1
	csrw	pmpaddr0, t0
	li	t0, 0x1f
	csrw	pmpcfg0, t0
	csrr	a0, mhartid
	li	a1, 0
	csrw	mie, zero
	li	t0, 0x6000
	csrw	mstatus, t0
	bnez	a0, hart_entry
#else
	csrw	sie, zero
	li	t0, 0x6000
	csrs	sstatus, t0
#endif
	la	t0, bss_start
	la	t1, bss_end
1:	bgeu	t0, t1, 2f
	sd	zero, 0(t0)
	addi	t0, t0, 8
	j	1b
2:	la	t0, boot_hart
	sd	a0, 0(t0)
	call	set_stack
	call	rom_main
	call	rom_exit
3:	wfi
	j	3b

	.globl	hart_entry
hart_entry:
	la	t0, trap_vectors
	csrw	XTVEC, t0
	csrw	XSCRATCH, zero
	call	set_stack
	call	rom_secondary
4:	wfi
	j	4b

/* sp = top of the stack of hart a0; hart ids from MAX_HARTS up sleep. */
set_stack:
	li	t0, MAX_HARTS
	bgeu	a0, t0, 4b
	la	t0, hart_stacks
	addi	t1, a0, 1
	slli	t1, t1, HART_STACK_SHIFT
	add	sp, t0, t1
	ret

	.text
	.weak	rom_secondary
rom_secondary:
	wfi
	j	rom_secondary

	.bss
	.balign	16
hart_stacks:
	.space	MAX_HARTS << HART_STACK_SHIFT

	.section .tohost, "aw"
	.balign	64
	.globl	tohost
tohost:	.dword	0
	.balign	64
	.globl	fromhost
fromhost:
	.dword	0
