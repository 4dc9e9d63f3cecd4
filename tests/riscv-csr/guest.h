/*
 * A hart with RAM at GUEST_RAM and a device page, without firmware: tests put one instruction at a
 * time into memory and look at what it did.
 */
#ifndef TESTS_RISCV_CSR_GUEST_H
#define TESTS_RISCV_CSR_GUEST_H

#include "bus/bus.h"
#include "core/machine.h"
#include "cpu/riscv/bits.h"
#include "cpu/riscv/csr.h"
#include "cpu/riscv/riscv.h"
#include "engine/engine.h"

#define GUEST_RAM      0x80000000ull
#define GUEST_RAM_SIZE 0x400000ull
/* Where guest_step() puts instructions: the last of a page, so that a block is one of them. */
#define GUEST_CODE   (GUEST_RAM + 0x1ffc)
#define GUEST_VECTOR (GUEST_RAM + 0x3000) /* mtvec; stvec is 0x100 further */
#define GUEST_STVEC  (GUEST_VECTOR + 0x100)
#define GUEST_TABLES (GUEST_RAM + 0x100000) /* page tables: root first */
#define GUEST_DEVICE 0x10000000ull          /* 4 KiB of registers that read as 0 */

#define NOP    0x00000013u
#define MRET   0x30200073u
#define SRET   0x10200073u
#define WFI    0x10500073u
#define ECALL  0x00000073u
#define EBREAK 0x00100073u

struct guest {
	struct machine machine;
	struct mb_bus *bus;
	struct mb_region *root, *ram, *device;
	struct code_cache *code;
	struct riscv_cpu *hart;
	struct observer observer;
	struct observation seen; /* the last one; see guest_observe() */
	struct trap seen_trap;
	unsigned seen_count;
	uint64_t next_table;
};

/*
 * The engine is the one named, or that of TRAPLINE_TEST_ENGINE, so that all tests here can be run
 * in each. cpu is a --cpu value. mtvec and stvec are set; PMP entry 0 opens everything if there is
 * one.
 */
struct guest *guest_new(const char *cpu, const char *engine);
void guest_free(struct guest *guest);

/* Sets the privilege level as if an xRET had done it. */
void guest_level(struct guest *guest, enum riscv_level level);

/* Executes one instruction at GUEST_CODE, or at pc. True if it did not trap. */
bool guest_step(struct guest *guest, uint32_t insn);
bool guest_step_at(struct guest *guest, uint64_t pc);

/* CSRRW x0, number, value and CSRRS value, number, x0 at the current level. True if no trap. */
bool guest_csr_write(struct guest *guest, unsigned number, uint64_t value);
bool guest_csr_read(struct guest *guest, unsigned number, uint64_t *value);

/* What a CSR holds, seen from outside; it must exist. */
uint64_t guest_csr(struct guest *guest, unsigned number);
void guest_set_csr(struct guest *guest, unsigned number, uint64_t value);

uint64_t guest_load(struct guest *guest, uint64_t physical);
void guest_store(struct guest *guest, uint64_t physical, uint64_t value);
void guest_store32(struct guest *guest, uint64_t physical, uint32_t value);

/* Maps one 4 KiB page in Sv39 tables at GUEST_TABLES: flags are PTE bits. Returns the PTE's
 * physical address. */
uint64_t guest_map(struct guest *guest, uint64_t address, uint64_t physical, uint64_t flags);
/* Writes satp for those tables. */
void guest_paging(struct guest *guest);

/* Counts observations of a kind from now on; guest->seen is the last. */
void guest_observe(struct guest *guest, enum observe_kind kind);

/* Encodings. */
uint32_t insn_csr(unsigned funct3, unsigned rd, unsigned number, unsigned rs1);

#endif
