/* SBI calls for the S-mode test programs (SBI 3.0). */
#pragma once

#include "test-roms/riscv/lib/rom.h"

enum sbi_error {
	SBI_SUCCESS = 0,
	SBI_FAILED = -1,
	SBI_NOT_SUPPORTED = -2,
	SBI_INVALID_PARAM = -3,
	SBI_DENIED = -4,
	SBI_INVALID_ADDRESS = -5,
	SBI_ALREADY_AVAILABLE = -6,
	SBI_DENIED_LOCKED = -14,
};

#define SBI_BASE   0x10
#define SBI_TIME   0x54494d45
#define SBI_IPI    0x735049
#define SBI_RFENCE 0x52464e43
#define SBI_HSM    0x48534d
#define SBI_SRST   0x53525354
#define SBI_DBCN   0x4442434e
#define SBI_SUSP   0x53555350
#define SBI_FWFT   0x46574654

struct sbi_return {
	s64 error;
	u64 value;
};

static inline struct sbi_return sbi_call6(u64 eid, u64 fid, u64 x0, u64 x1, u64 x2, u64 x3, u64 x4,
					  u64 x5)
{
	register u64 a0 __asm__("a0") = x0;
	register u64 a1 __asm__("a1") = x1;
	register u64 a2 __asm__("a2") = x2;
	register u64 a3 __asm__("a3") = x3;
	register u64 a4 __asm__("a4") = x4;
	register u64 a5 __asm__("a5") = x5;
	register u64 a6 __asm__("a6") = fid;
	register u64 a7 __asm__("a7") = eid;
	__asm__ volatile("ecall"
			 : "+r"(a0), "+r"(a1)
			 : "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a6), "r"(a7)
			 : "memory");
	return (struct sbi_return){(s64)a0, a1};
}

static inline struct sbi_return sbi_call(u64 eid, u64 fid, u64 x0, u64 x1, u64 x2)
{
	return sbi_call6(eid, fid, x0, x1, x2, 0, 0, 0);
}

static inline bool sbi_probe(u64 eid)
{
	return sbi_call(SBI_BASE, 3, eid, 0, 0).value != 0;
}

/* The calls that the programs make all the time. */
static inline s64 fwft_set(u64 feature, u64 value, u64 flags)
{
	return sbi_call(SBI_FWFT, 0, feature, value, flags).error;
}

static inline struct sbi_return fwft_get(u64 feature)
{
	return sbi_call(SBI_FWFT, 1, feature, 0, 0);
}

enum { HART_STARTED = 0, HART_STOPPED = 1, HART_SUSPENDED = 4 };
void hart_entry(void);

static inline s64 hart_start(u64 hart, u64 opaque)
{
	return sbi_call(SBI_HSM, 0, hart, (u64)hart_entry, opaque).error;
}

static inline struct sbi_return hart_status(u64 hart)
{
	return sbi_call(SBI_HSM, 2, hart, 0, 0);
}

static inline void hart_wait(u64 hart, u64 status)
{
	while (hart_status(hart).value != status)
		;
}

static inline void ipi_send(u64 hart)
{
	sbi_call(SBI_IPI, 0, 1, hart, 0);
}

#define SUSPEND_RETENTIVE     0x00000000ul
#define SUSPEND_NON_RETENTIVE 0x80000000ul

/* Suspend through HSM or SUSP: the error, or 0 after a resume.  A resume that enters at
 * the resume address counts in resume_record and stores what the hart saw there. */
s64 suspend_call(u64 eid, u64 fid, u64 type);

struct resume_record {
	u64 count, hart, satp, status;
};
extern volatile struct resume_record resume_record;
