/* What a bare-metal RISC-V test program is written with: console, checks, CSR
 * access, and guest_run(), which runs a snippet in any mode and returns the trap
 * that ended it. */
#pragma once

#include "test-roms/riscv/lib/entry.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t u64;
typedef int64_t s64;
typedef uint32_t u32;
typedef int32_t s32;
typedef uint16_t u16;
typedef uint8_t u8;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n)        (1ul << (n))

/* ---- devices of the board ------------------------------------------------- */
#define UART_BASE     0x10000000ul
#define FINISHER_BASE 0x00100000ul
#define CLINT_BASE    0x02000000ul
#define PLIC_BASE     0x0c000000ul
#define RAM_BASE      0x80000000ul

static inline void mmio_write8(u64 address, u8 value)
{
	*(volatile u8 *)address = value;
}
static inline u8 mmio_read8(u64 address)
{
	return *(volatile u8 *)address;
}
static inline void mmio_write32(u64 address, u32 value)
{
	*(volatile u32 *)address = value;
}
static inline u32 mmio_read32(u64 address)
{
	return *(volatile u32 *)address;
}
static inline void mmio_write64(u64 address, u64 value)
{
	*(volatile u64 *)address = value;
}
static inline u64 mmio_read64(u64 address)
{
	return *(volatile u64 *)address;
}

/* ---- CSRs ------------------------------------------------------------------
 * `csr` is a number or a name the assembler knows. */
#define CSR_STR_(x) #x
#define CSR_STR(x)  CSR_STR_(x)
#define csr_read(csr)                                                                              \
	({                                                                                         \
		u64 csr_value_;                                                                    \
		__asm__ volatile("csrr %0, " CSR_STR(csr) : "=r"(csr_value_)::"memory");           \
		csr_value_;                                                                        \
	})
#define csr_write(csr, value)                                                                      \
	__asm__ volatile("csrw " CSR_STR(csr) ", %0" ::"r"((u64)(value)) : "memory")
#define csr_set(csr, value)                                                                        \
	__asm__ volatile("csrs " CSR_STR(csr) ", %0" ::"r"((u64)(value)) : "memory")
#define csr_clear(csr, value)                                                                      \
	__asm__ volatile("csrc " CSR_STR(csr) ", %0" ::"r"((u64)(value)) : "memory")

#define fence_i()    __asm__ volatile("fence.i" ::: "memory")
#define sfence_vma() __asm__ volatile("sfence.vma" ::: "memory")

#define STATUS_SIE  BIT(1)
#define STATUS_MIE  BIT(3)
#define STATUS_SPIE BIT(5)
#define STATUS_MPIE BIT(7)
#define STATUS_SPP  BIT(8)
#define STATUS_MPP  (3ul << 11)
#define STATUS_FS   (3ul << 13)
#define STATUS_MPRV BIT(17)
#define STATUS_SUM  BIT(18)
#define STATUS_MXR  BIT(19)
#define STATUS_TVM  BIT(20)
#define STATUS_TW   BIT(21)
#define STATUS_TSR  BIT(22)
#define STATUS_SD   BIT(63)

#define IRQ BIT(63)

enum mode { MODE_U = 0, MODE_S = 1, MODE_M = 3 };

enum cause {
	FETCH_MISALIGNED = 0,
	FETCH_ACCESS = 1,
	ILLEGAL = 2,
	BREAKPOINT = 3,
	LOAD_MISALIGNED = 4,
	LOAD_ACCESS = 5,
	STORE_MISALIGNED = 6,
	STORE_ACCESS = 7,
	ECALL_U = 8,
	ECALL_S = 9,
	ECALL_M = 11,
	FETCH_PAGE = 12,
	LOAD_PAGE = 13,
	STORE_PAGE = 15,
};

/* ---- register names, as indices of guest.x -------------------------------- */
enum {
	RA = 1,
	SP = 2,
	GP = 3,
	TP = 4,
	T0 = 5,
	T1 = 6,
	S0 = 8,
	S1 = 9,
	A0 = 10,
	A1,
	A2,
	A3,
	A4,
	A5,
	A6,
	A7,
	S2 = 18,
};

/* ---- running code in another mode ----------------------------------------- */
struct guest {
	u64 x[32]; /* in: at entry; out: at the trap */
	u64 pc;
	/* out: the trap that ended the run, from the CSRs of the level that took it */
	u64 cause;
	u64 epc;
	u64 tval;
	u64 status; /* mstatus or sstatus right after trap entry */
	u64 slot;   /* vectored interrupts: the slot of xtvec used, else 0 */
	u64 host_sp;
	enum mode mode;               /* in: mode to enter */
	enum mode level;              /* out: M or S: who took the trap */
	u64 status_set, status_clear; /* in: xstatus bits to change before entry */
};

_Static_assert(offsetof(struct guest, pc) == GUEST_PC, "entry.h");
_Static_assert(offsetof(struct guest, cause) == GUEST_CAUSE, "entry.h");
_Static_assert(offsetof(struct guest, epc) == GUEST_EPC, "entry.h");
_Static_assert(offsetof(struct guest, tval) == GUEST_TVAL, "entry.h");
_Static_assert(offsetof(struct guest, status) == GUEST_STATUS, "entry.h");
_Static_assert(offsetof(struct guest, slot) == GUEST_SLOT, "entry.h");
_Static_assert(offsetof(struct guest, host_sp) == GUEST_HOST_SP, "entry.h");

/* Enter guest->mode at guest->pc and return at the next trap.  In an M-mode
 * program, traps that medeleg sends to S-mode are seen through supervisor_stub
 * (stvec is set to it by guest_run when stvec_keep is false) and reported with
 * level = MODE_S and the values of scause, sepc, stval and sstatus. */
void guest_run(struct guest *guest);
extern bool stvec_keep;
extern char supervisor_stub[], trap_vectors[];

/* A snippet called `name`: assembly text, then an ebreak that ends the run.
 * Snippets are position independent and not compressed unless they say so. */
#define GUEST_CODE(name, text)                                                                     \
	extern const char name[];                                                                  \
	__asm__(".pushsection .guest, \"awx\"\n.balign 4\n.option push\n.option norvc\n" #name     \
		":\n" text "\n\tebreak\n.option pop\n.popsection\n")

extern char guest_start[], guest_end[];

/* Write `instruction` (2 or 4 bytes by its low bits) and an ebreak to the scratch
 * snippet, make it visible to fetch, and return its address. */
char *guest_instruction(u32 instruction);

/* ---- console and checks ----------------------------------------------------- */
void console_putc(char c);
/* %s %c %d %u %x (64 bit with l) and %% only. */
void console_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Each call prints one `ok N name` or `not ok N name # got X want Y` line. */
bool check_eq(u64 got, u64 want, const char *name, ...) __attribute__((format(printf, 3, 4)));
bool check_true(bool pass, const char *name, ...) __attribute__((format(printf, 2, 3)));
void check_skip(const char *reason, const char *name, ...) __attribute__((format(printf, 2, 3)));
/* The run ended with this trap: level, cause and tval all match. */
bool check_trap(const struct guest *guest, enum mode level, u64 cause, u64 tval, const char *name,
		...) __attribute__((format(printf, 5, 6)));
/* The run reached the ebreak that ends a snippet. */
bool check_end(const struct guest *guest, const char *name, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- program ------------------------------------------------------------------ */
void rom_main(u64 hart, u64 device_tree);      /* written by each test program */
void rom_secondary(u64 hart, u64 opaque);      /* other harts; sleeps unless defined */
void rom_exit(void) __attribute__((noreturn)); /* what a return from rom_main() does */
/* For programs that end the machine in their own way. */
bool rom_failed(void);
void rom_summary(void);
void rom_fatal(u64 cause, u64 epc, u64 tval) __attribute__((noreturn));
extern u64 boot_hart;

void *memset(void *to, int value, size_t size);
void *memcpy(void *to, const void *from, size_t size);
