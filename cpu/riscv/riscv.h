/*
 * The RISC-V hart: state and configuration. Names are the privileged manual's own.
 */
#ifndef CPU_RISCV_RISCV_H
#define CPU_RISCV_RISCV_H

#include <stdbool.h>
#include <stdint.h>

#include "core/cpu.h"
#include "core/error.h"
#include "core/irq.h"
#include "mmu/pmp.h"

/* Extensions that a hart may have: one bit each, in the order of cpu/riscv/extension.def. */
enum riscv_extension {
#define EXTENSION(id, name, ...) RV_EXT_##id,
#include "cpu/riscv/extension.def"
#undef EXTENSION
	RV_EXTENSION_COUNT
};
_Static_assert(RV_EXTENSION_COUNT <= 128, "struct riscv_config holds 128 extensions");

/* Privilege levels; cpu->level. V=1 levels come with H. */
enum riscv_level { RV_U = 0, RV_S = 1, RV_M = 3 };

/* Exception causes (privileged manual, table of mcause values). */
enum riscv_cause {
	RV_CAUSE_FETCH_MISALIGNED = 0,
	RV_CAUSE_FETCH_ACCESS = 1,
	RV_CAUSE_ILLEGAL = 2,
	RV_CAUSE_BREAKPOINT = 3,
	RV_CAUSE_LOAD_MISALIGNED = 4,
	RV_CAUSE_LOAD_ACCESS = 5,
	RV_CAUSE_STORE_MISALIGNED = 6,
	RV_CAUSE_STORE_ACCESS = 7,
	RV_CAUSE_ECALL_U = 8,
	RV_CAUSE_ECALL_S = 9,
	RV_CAUSE_ECALL_VS = 10,
	RV_CAUSE_ECALL_M = 11,
	RV_CAUSE_FETCH_PAGE = 12,
	RV_CAUSE_LOAD_PAGE = 13,
	RV_CAUSE_STORE_PAGE = 15,
};

/* Interrupt numbers: bits of mip, mie, mideleg. */
enum riscv_interrupt {
	RV_IRQ_SSI = 1,
	RV_IRQ_MSI = 3,
	RV_IRQ_STI = 5,
	RV_IRQ_MTI = 7,
	RV_IRQ_SEI = 9,
	RV_IRQ_MEI = 11,
	RV_IRQ_LCOFI = 13,
};

/* The longest wait of PAUSE and of Zawrs, in ticks of virtual time. */
#define RISCV_PAUSE_TICKS 1000

/* What a hart is; fixed at creation. Parsed from --cpu by riscv_config_parse(). */
struct riscv_config {
	uint64_t extension[2]; /* bit set over enum riscv_extension */
	bool misaligned_trap;  /* misaligned=trap: scalar and FP accesses trap instead of working */
	bool ignore_bus_errors; /* bus-errors=ignore: holes read 0 and swallow writes */
	uint8_t max_satp_mode;  /* 8 Sv39, 9 Sv48, 10 Sv57 */
	uint8_t pmp_entries;    /* 0, 16 or 64 */
	uint64_t mvendorid, marchid, mimpid;
	uint64_t timebase_hz; /* frequency of the time CSR */
};

/* TLB mode indices. Data accesses with SUM=1 use their own index, so that SUM costs no flush. */
enum riscv_tlb_mode { RV_TLB_U = 0, RV_TLB_S = 1, RV_TLB_S_SUM = 2, RV_TLB_M = 3, RV_TLB_COUNT };

/*
 * The mode word: every state bit that changes decoding or translation. cpu->mode. The data TLB
 * index is derived state and not part of it except through the bits below.
 */
enum riscv_mode {
	RV_MODE_LEVEL = 3,            /* bits 1:0 */
	RV_MODE_FS_OFF = 1 << 2,      /* FP instructions are illegal */
	RV_MODE_FS_CLEAN = 1 << 3,    /* the first FP write must set FS to dirty */
	RV_MODE_FRM_INVALID = 1 << 4, /* frm is 5..7: dynamic rounding is illegal */
	RV_MODE_VM = 1 << 5,          /* fetches are translated */
};

struct riscv_cpu {
	struct cpu cpu;
	struct riscv_config config;

	/* Machine level. mstatus holds FS, SD is computed on read. */
	uint64_t mstatus, misa, medeleg, mideleg, mie, mtvec, mscratch, mepc, mcause, mtval;
	uint64_t mcounteren, mcountinhibit, menvcfg, mseccfg;
	uint64_t mip;       /* software-writable and latched bits; see irq_level */
	uint64_t irq_level; /* levels that wires drive: MSIP MTIP MEIP SEIP */
	uint64_t mstateen[4];
	uint64_t mcycle_offset, minstret_offset; /* what was written minus the count then */
	uint64_t mhpmcounter[29], mhpmevent[29]; /* index 0 = counter 3; not counting */

	/* Supervisor level. sstatus, sie, sip are views of the machine CSRs. */
	uint64_t stvec, sscratch, sepc, scause, stval, satp, scounteren, senvcfg;
	uint64_t sstateen[4];
	uint64_t stimecmp;

	struct pmp pmp;

	/*
	 * Addresses (lower and upper half) of which superpage translations may be cached, in 4 KiB
	 * pieces: SFENCE.VMA of one address there must drop all pieces. Empty: first > last.
	 */
	struct {
		uint64_t first, last;
	} superpages[2];

	uint64_t hartid;
	struct clock_event *stimer; /* fires when time >= stimecmp; owned by riscv_cpu_new */

	/*
	 * In-process firmware: called instead of entering M-mode when set (S-mode ecall, and traps
	 * that medeleg leaves to M). Returns true if it dealt with the trap: it has set cpu->pc or
	 * redirected. trap->pc is the trapped instruction.
	 */
	bool (*firmware)(void *opaque, struct riscv_cpu *hart, struct trap *trap);
	void *firmware_opaque;
};

static inline struct riscv_cpu *riscv_cpu(struct cpu *cpu)
{
	return (struct riscv_cpu *)cpu;
}

static inline bool riscv_has(const struct riscv_cpu *hart, enum riscv_extension extension)
{
	return hart->config.extension[extension / 64] >> (extension % 64) & 1;
}

/* The guest that engine and machine see. */
extern const struct isa riscv_isa;

/* Sets the defaults of "rv64": everything implemented, misaligned accesses done in hardware. */
void riscv_config_default(struct riscv_config *config);

/*
 * Parses a --cpu value: MODEL[,+ext,-ext,key=value...]. Models: "rv64" (all), "rv64gc" (that and
 * no more), "max". Keys: misaligned=hw|trap, mmu=sv39|sv48|sv57, pmp=0|16|64,
 * bus-errors=trap|ignore, mvendorid, marchid, mimpid. Returns 0, or -1 with error naming the item
 * and what is known.
 */
int riscv_config_parse(struct riscv_config *config, const char *text, struct error *error);

/*
 * Creates a hart in its power-on state (M-mode, pc 0), adds it to the machine and registers its
 * state. The caller sets cpu.memory (machine->memory if that is set already) and cpu.code before it
 * runs. NULL: out of memory, or the machine is full.
 */
struct riscv_cpu *riscv_cpu_new(struct machine *machine, const struct riscv_config *config,
				uint64_t hartid);
void riscv_cpu_free(struct riscv_cpu *hart);

/* The device tree's riscv,isa string ("rv64imafdc_zicsr..."), into buffer. Returns its length. */
int riscv_isa_string(const struct riscv_config *config, char *buffer, unsigned size);

/* Calls fn for each extension name as the device tree's riscv,isa-extensions lists them. */
void riscv_isa_extensions(const struct riscv_config *config,
			  void (*fn)(void *opaque, const char *name), void *opaque);

/* -- CSRs (csr.c) -- */

/*
 * A CSR access as an instruction at the current level does it: existence, permission, read-only,
 * gates, WARL. The new value is (old & ~mask) | (value & mask); CSRRW passes mask ~0, CSRRS mask
 * rs1 with value ~0, CSRRC mask rs1 with value 0. read and write tell which halves the instruction
 * performs (rd = x0, rs1 = x0 rules). *old gets the value read. Callers must sync the clock first.
 * False: illegal instruction, cpu->trap is filled and nothing has changed.
 */
bool riscv_csr_access(struct riscv_cpu *hart, unsigned number, bool read, bool write, uint64_t mask,
		      uint64_t value, uint64_t *old);

/* Privilege-free access by firmware, debuggers and tests. False: no such CSR. */
bool riscv_csr_read(struct riscv_cpu *hart, unsigned number, uint64_t *value);
bool riscv_csr_write(struct riscv_cpu *hart, unsigned number, uint64_t value);

/* Name of a CSR, or NULL; number of a name, or -1. */
const char *riscv_csr_name(unsigned number);
int riscv_csr_number(const char *name);

/* The time CSR at this instant (exact when called from an instruction or device access). */
uint64_t riscv_time(const struct riscv_cpu *hart);

/*
 * Writes stimecmp and reschedules its event; values that time never reaches switch it off. mip.STIP
 * follows it with menvcfg.STCE=1.
 */
void riscv_set_stimecmp(struct riscv_cpu *hart, uint64_t value);

/* The first tick of the machine's clock at which the time CSR is at least time, or CLOCK_NEVER. */
uint64_t riscv_tick_at_time(const struct riscv_cpu *hart, uint64_t time);

/* -- interrupts and traps (trap.c) -- */

/* Sets or clears one bit of mip driven by a wire (MSIP, MTIP, MEIP, SEIP) or firmware (SSIP,
 * STIP); tells the CPU to look. */
void riscv_irq_level(struct riscv_cpu *hart, unsigned number, bool level);

/* A wire to the hart: devices connect PLIC and CLINT outputs to this. */
struct irq_line riscv_irq_line(struct riscv_cpu *hart, unsigned number);

/* mip as a CSR read sees it: latched bits, wires, timers. */
uint64_t riscv_mip(const struct riscv_cpu *hart);

/* Fills cpu->trap: helpers for instructions and CSRs. Always returns false. */
bool riscv_raise(struct riscv_cpu *hart, uint64_t cause, uint64_t value, const char *why);

/* Enters the trap in S-mode whatever medeleg says: what firmware does to redirect. */
void riscv_enter_s(struct riscv_cpu *hart, struct trap *trap);

/* Sets mstatus.FS to dirty, as whatever changes FP state does, and the mode word with it. */
void riscv_set_fs_dirty(struct riscv_cpu *hart);

/* The transformed instruction for mtinst/htinst (riscv-misaligned facts; privileged manual,
 * "Transformed Instruction or Pseudoinstruction"); 0 if there is none for these bits. */
uint32_t riscv_transform_insn(uint32_t insn, uint64_t address_offset);

/* Expands a 16-bit instruction to its 32-bit equivalent, 0 if reserved or none. */
uint32_t riscv_expand_compressed(uint16_t insn);

#endif
