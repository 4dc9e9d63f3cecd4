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
