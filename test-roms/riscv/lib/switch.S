/* guest_run(): the world switch of the harness.
 *
 * It loads all registers of a struct guest, enters its mode at its pc, and comes
 * back with the registers as they were at the next trap that arrives here.  The
 * same table serves MODE=0 and MODE=1 of xtvec: slot N of a vectored interrupt is
 * recorded in guest.slot, everything else arrives in slot 0. */
#include "test-roms/riscv/lib/entry.h"

	.option	norvc
	.text
	.globl	guest_switch
guest_switch:
	addi	sp, sp, -112
	sd	ra, 0(sp)
	sd	gp, 8(sp)
	sd	tp, 16(sp)
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
	sd	s\n, 24 + 8 * \n(sp)
	.endr
	addi	sp, sp, -16
	sd	s11, 0(sp)
	sd	sp, GUEST_HOST_SP(a0)
	csrw	XSCRATCH, a0
	ld	t0, GUEST_PC(a0)
	csrw	XEPC, t0
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24
	ld	x\n, 8 * \n(a0)
	.endr
	.irp	n, 25, 26, 27, 28, 29, 30, 31, 10
	ld	x\n, 8 * \n(a0)
	.endr
	XRET

	.balign	256
	.globl	trap_vectors
trap_vectors:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	j	slot\n
	.endr
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
slot\n:
	csrrw	a0, XSCRATCH, a0
	beqz	a0, fatal
	sd	t0, 8 * 5(a0)
	li	t0, \n
	j	save
	.endr

save:
	sd	t0, GUEST_SLOT(a0)
	.irp	n, 1, 2, 3, 4, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24
	sd	x\n, 8 * \n(a0)
	.endr
	.irp	n, 25, 26, 27, 28, 29, 30, 31
	sd	x\n, 8 * \n(a0)
	.endr
	csrrw	t0, XSCRATCH, zero
	sd	t0, 8 * 10(a0)
	csrr	t0, XCAUSE
	sd	t0, GUEST_CAUSE(a0)
	csrr	t0, XEPC
	sd	t0, GUEST_EPC(a0)
	csrr	t0, XTVAL
	sd	t0, GUEST_TVAL(a0)
	csrr	t0, XSTATUS
	sd	t0, GUEST_STATUS(a0)
	ld	sp, GUEST_HOST_SP(a0)
	ld	s11, 0(sp)
	addi	sp, sp, 16
	ld	ra, 0(sp)
	ld	gp, 8(sp)
	ld	tp, 16(sp)
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
	ld	s\n, 24 + 8 * \n(sp)
	.endr
	addi	sp, sp, 112
	ret

/* A trap that no guest_run() was waiting for: the harness itself faulted. */
fatal:
	csrr	a0, XCAUSE
	csrr	a1, XEPC
	csrr	a2, XTVAL
	la	sp, fatal_stack_top
	call	rom_fatal
1:	j	1b

	.bss
	.balign	16
	.space	4096
fatal_stack_top:

#ifndef ROM_SBI
/* Where delegated traps go in an M-mode program: each slot of stvec is one ecall,
 * so M-mode sees the whole register file of the trapped code untouched, and the
 * address of the ecall tells the slot. */
	.text
	.balign	64
	.globl	supervisor_stub
supervisor_stub:
	.rept	16
	ecall
	.endr
#endif

#ifdef ROM_SBI
/* s64 suspend_call(eid, fid, type): an SBI suspend call that may come back at a resume
 * address.  Returns the SBI error, or 0 through resume_entry, which counts and records
 * what a resumed hart sees. */
	.text
	.globl	suspend_call
suspend_call:
	addi	sp, sp, -112
	sd	ra, 0(sp)
	sd	gp, 8(sp)
	sd	tp, 16(sp)
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
	sd	s\n, 24 + 8 * \n(sp)
	.endr
	addi	sp, sp, -16
	sd	s11, 0(sp)
	mv	a7, a0
	mv	a6, a1
	mv	a0, a2
	la	a1, resume_entry
	mv	a2, sp
	ecall
	j	1f

	.balign	4
resume_entry:
	mv	sp, a1
	la	t0, resume_record
	ld	t1, 0(t0)
	addi	t1, t1, 1
	sd	t1, 0(t0)
	sd	a0, 8(t0)
	csrr	t1, satp
	sd	t1, 16(t0)
	csrr	t1, sstatus
	sd	t1, 24(t0)
	la	t0, trap_vectors
	csrw	stvec, t0
	csrw	sscratch, zero
	li	a0, 0
1:	ld	s11, 0(sp)
	addi	sp, sp, 16
	ld	ra, 0(sp)
	ld	gp, 8(sp)
	ld	tp, 16(sp)
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
	ld	s\n, 24 + 8 * \n(sp)
	.endr
	addi	sp, sp, 112
	ret

	.data
	.balign	8
	.globl	resume_record
resume_record:
	.dword	0, 0, 0, 0
#endif
