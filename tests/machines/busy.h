/*
 * A program that keeps all parts of a machine busy: each hart takes timer interrupts, counts in
 * shared memory with AMOs and LR/SC, adds in floating point, polls the UART and waits. It never
 * ends. For --sbi off; made from assembly, one instruction a line.
 */
#ifndef TESTS_MACHINES_BUSY_H
#define TESTS_MACHINES_BUSY_H

#include <stdint.h>

// clang-format off
static const uint32_t busy_program[] = {
	0xf14022f3, /* csrrs t0,mhartid,zero */
	0x00000317, /* auipc t1,0x0 */
	0x09430313, /* addi t1,t1,148 */
	0x30531073, /* csrrw zero,mtvec,t1 */
	0x02004537, /* lui a0,0x2004 */
	0x00329393, /* slli t2,t0,0x3 */
	0x00750533, /* add a0,a0,t2 */
	0x0200c5b7, /* lui a1,0x200c */
	0xff85be03, /* ld t3,-8(a1) */
	0x003e0e13, /* addi t3,t3,3 */
	0x01c53023, /* sd t3,0(a0) */
	0x08000e93, /* addi t4,zero,128 */
	0x304e9073, /* csrrw zero,mie,t4 */
	0x00006437, /* lui s0,0x6 */
	0x30042073, /* csrrs zero,mstatus,s0 */
	0x30046073, /* csrrsi zero,mstatus,8 */
	0xd2028053, /* fcvt.d.w ft0,t0 */
	0x00300f13, /* addi t5,zero,3 */
	0xd20f00d3, /* fcvt.d.w ft1,t5 */
	0x1a00f0d3, /* fdiv.d ft1,ft1,ft0 */
	0x800104b7, /* lui s1,0x80010 */
	0x02049493, /* slli s1,s1,0x20 */
	0x0204d493, /* srli s1,s1,0x20 */
	0x10000637, /* lui a2,0x10000 */
	0x00190913, /* addi s2,s2,1 */
	0x0124b9af, /* amoadd.d s3,s2,(s1) */
	0x1004baaf, /* lr.d s5,(s1) */
	0x013acab3, /* xor s5,s5,s3 */
	0x1954bb2f, /* sc.d s6,s5,(s1) */
	0xfe0b1ae3, /* bne s6,zero,80000068 */
	0x02107053, /* fadd.d ft0,ft0,ft1 */
	0x00564b83, /* lbu s7,5(a2) */
	0x00064c03, /* lbu s8,0(a2) */
	0x018c8cb3, /* add s9,s9,s8 */
	0x03f97f93, /* andi t6,s2,63 */
	0xfc0f9ae3, /* bne t6,zero,80000060 */
	0x10500073, /* wfi */
	0xfcdff06f, /* jal zero,80000060 */
	0xff85be03, /* ld t3,-8(a1) */
	0x005e0e13, /* addi t3,t3,5 */
	0x005e0e33, /* add t3,t3,t0 */
	0x01c53023, /* sd t3,0(a0) */
	0x001a0a13, /* addi s4,s4,1 */
	0x30200073, /* mret */
};
// clang-format on

#endif
