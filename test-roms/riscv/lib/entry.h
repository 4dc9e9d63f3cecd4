/* Which privilege mode the harness itself runs in, as seen by its assembly.
 * An M-mode program owns the machine; a program built with ROM_SBI runs in
 * S-mode above a firmware. */
#pragma once

#ifdef ROM_SBI
#define XSTATUS  sstatus
#define XTVEC    stvec
#define XSCRATCH sscratch
#define XEPC     sepc
#define XCAUSE   scause
#define XTVAL    stval
#define XRET     sret
#else
#define XSTATUS  mstatus
#define XTVEC    mtvec
#define XSCRATCH mscratch
#define XEPC     mepc
#define XCAUSE   mcause
#define XTVAL    mtval
#define XRET     mret
#endif

/* Offsets in struct guest (rom.h), checked there. */
#define GUEST_PC      256
#define GUEST_CAUSE   264
#define GUEST_EPC     272
#define GUEST_TVAL    280
#define GUEST_STATUS  288
#define GUEST_SLOT    296
#define GUEST_HOST_SP 304

#define HART_STACK_SHIFT 13
#define MAX_HARTS        8
