/*
 * What every guest CPU has in common: registers, time slice, TLB and jump cache, and what a guest
 * ISA supplies (struct isa). One flat value; an ISA's own state follows the head.
 */
#ifndef CORE_CPU_H
#define CORE_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/fp_env.h"
#include "core/trap.h"

struct block;
struct builder;
struct cpu;
struct machine;
struct mb_ram;
struct mb_space;
struct mmu_translation;
struct code_cache;
struct explanation;
struct uop;
union uop_wide;

#define CPU_REGISTERS     64
#define CPU_TLB_ENTRIES   1024
#define CPU_TLB_MODES     8
#define CPU_JUMP_CACHE    4096
#define CPU_JUMP_PAGES    16384
#define CPU_KEPT          4096
#define CPU_HOT_REGISTERS 10
#define CPU_PAGE_BITS     12
#define CPU_PAGE_SIZE     (1ull << CPU_PAGE_BITS)
#define CPU_PAGE_MASK     (~(CPU_PAGE_SIZE - 1))

/* A tag that no page address equals. */
#define CPU_TLB_EMPTY UINT64_MAX

/*
 * One cached translation, both stages and all checks combined. A tag is the virtual page address if
 * that access may go straight to host + virtual address; any other value sends it to the slow path.
 */
struct cpu_tlb_entry {
	uint64_t read, write, fetch;
	uintptr_t host; /* host address minus virtual address */
};

/* What the slow path remembers of the same translation. */
struct cpu_tlb_slow {
	uint64_t page;       /* virtual page address; CPU_TLB_EMPTY when unused */
	uint64_t physical;   /* physical page address */
	struct mb_ram *ram;  /* NULL: not RAM */
	uint64_t ram_offset; /* of the page in ram */
	uint8_t access;      /* enum mmu_access bits that the translation allows */
	uint8_t page_bits;   /* log2 of the guest's page, 12 at least */
	uint8_t attributes;  /* the ISA's own, see struct mmu_translation */
	uint8_t code_kind;   /* the same */
	bool local;          /* goes when the address space changes */
	bool device;         /* accesses must be aligned */
	bool watched;        /* every access asks isa->watch() */
};

/* Where in one half of the address space pages lie that are larger than an entry's. */
struct cpu_tlb_span {
	uint64_t first, last; /* first > last: nowhere */
	bool fetch;           /* some of them can be executed */
};

struct cpu_tlb {
	struct cpu_tlb_entry entry[CPU_TLB_ENTRIES];
	struct cpu_tlb_slow slow[CPU_TLB_ENTRIES];
	uint64_t used[CPU_TLB_ENTRIES / 64]; /* entries filled since the last flush */
	struct cpu_tlb_span large[2];        /* by bit 63 of the address */
	bool local_fetch;                    /* some local ones could be executed */
};

/*
 * What one place of host code remembers of the page that it accessed last: a copy of the TLB's
 * answer, which goes whenever an entry of a TLB does.
 */
struct cpu_kept {
	uint64_t page;  /* virtual page address */
	uint64_t limit; /* offsets in it that the access may begin at are below; 0: nothing is known
			 */
	uintptr_t host; /* host address minus virtual address */
};

struct cpu_jump {
	uint64_t pc;
	uint64_t key; /* mode word and salt */
	struct block *block;
	uint64_t unused; /* makes 32 bytes: host code shifts where it would multiply */
};

#define CPU_UNBOX 0xffffffff00000000ull

/* 128 bits of a vector or FP register; scalar FP lives in d[0]. */
union cpu_vector {
	uint64_t d[2];
	uint32_t s[4];
	uint16_t h[8];
	uint8_t b[16];
};

/* Why a CPU left generated or interpreted code. */
enum cpu_exit {
	CPU_EXIT_NONE,
	CPU_EXIT_LOOKUP, /* cpu->pc is set: find the next block */
	CPU_EXIT_BUDGET, /* the slice is (nearly) used up */
	CPU_EXIT_TRAP,   /* cpu->trap is set, cpu->uop tells where */
	CPU_EXIT_AFTER,  /* leave after the instruction that cpu->uop belongs to */
};

struct cpu {
	/* For loads and stores in the current mode. First: host code reads it most often. */
	struct cpu_tlb *data_tlb;
	/*
	 * Integer registers of any guest. The guest's constant-zero register is a slot that nobody
	 * writes; REG_SINK takes what would be written to it. Temporaries live at REG_TEMP.
	 */
	uint64_t r[CPU_REGISTERS];
	uint64_t pc;
	int64_t budget;         /* instructions left in this slice */
	uint64_t jump_key;      /* mode word << 32 | salt: what a jump-cache entry must carry */
	const struct uop *uop;  /* where execution stood when it left or called out */
	struct block *block;    /* the block being executed */
	uint32_t mode;          /* the mode word: see isa->update_mode */
	uint8_t exit;           /* enum cpu_exit */
	bool attention;         /* interrupt inputs, events or stop changed: leave soon */
	uint8_t fetch_mode;     /* index into tlb[] for fetches */
	uint8_t data_mode;      /* index into tlb[] for data */
	uint8_t level;          /* current privilege level, in the ISA's numbering */
	bool aligned_only;      /* misaligned data accesses trap before translation */
	bool ignore_bus_errors; /* refused accesses read the fill value and write nothing */
	bool halted;            /* waits for an interrupt (WFI) */
	bool stopped;           /* held by firmware, not running at all */
	uint8_t flags;          /* enum cpu_flags */
	uint8_t rounding;       /* dynamic rounding mode; 5-7 are reserved values */
	struct fp_env fp;       /* rm follows rounding whenever that is valid */
	union cpu_vector v[32];
	/*
	 * 0: what is narrower than 64 bits is NaN-boxed in an FP register, and read as a NaN where
	 * it is not (RISC-V). The bits above a binary32: it has zeros above it, and is read
	 * whatever is there (isa->unboxed).
	 */
	uint64_t unbox;

	uint64_t slice_end;  /* virtual time at which budget reaches 0 */
	uint64_t idle_ticks; /* ticks that passed without retiring an instruction */
	/*
	 * Physical address of an LR reservation; UINT64_MAX: none. It ends with the CPU's turn, so
	 * that nobody else's store can go unseen.
	 */
	uint64_t reservation;
	uint64_t reservation_value;
	struct trap trap; /* the trap being raised */
	uint64_t trap_count;
	uint64_t interrupt_count; /* that many of them had no instruction */
	uint64_t trap_loop_pc;    /* where the last trap was taken */
	unsigned traps_in_a_row;  /* at that pc without a return from a handler; see
				     machine->trap_loop */
	uint64_t slow_value;      /* between the memory slow path and the micro-op that called it */
	union uop_wide *link;     /* the direct jump that asked for a lookup, or NULL */

	unsigned index; /* position in the machine, 0 based */
	const struct isa *isa;
	struct machine *machine;
	struct mb_space *memory;
	struct code_cache *code; /* shared by the CPUs of a machine */

	struct cpu_tlb *tlb; /* CPU_TLB_MODES of them */
	uint8_t tlb_ready;   /* bit n: tlb[n] is in use; those of other modes stay untouched */
	struct cpu_kept kept[CPU_KEPT];
	uint64_t kept_words;                   /* of the next, those that are not 0 */
	uint64_t kept_used[CPU_KEPT / 64];     /* those with a limit */
	uint8_t kept_data_mode[CPU_TLB_MODES]; /* whose translations they are, by fetch_mode */
	struct cpu_jump jump[CPU_JUMP_CACHE];
	uint32_t jump_salt[CPU_TLB_MODES]; /* low half of jump_key, by fetch_mode */
	uint32_t last_salt;                /* the highest that was given out */
	/* Of which virtual pages, hashed, the jump cache may hold entries that still match. */
	uint64_t jump_pages[CPU_JUMP_PAGES / 64];
};

enum {
	REG_FLAGS_A = 46, /* what the condition flags follow from; see cpu->flags */
	REG_FLAGS_B = 47,
	REG_TEMP = 48, /* 48 .. 61: temporaries of one instruction */
	REG_SINK = 63,
};

/*
 * How the condition flags follow from r[REG_FLAGS_A] (a) and r[REG_FLAGS_B] (b), of guests that
 * have such. A 32-bit operation has its operands in the upper halves.
 */
enum cpu_flags {
	CPU_FLAGS_NZCV, /* a is NZCV, N in bit 3 */
	CPU_FLAGS_ADD,  /* those of a + b; of logic: a is the result, b is 0 */
	CPU_FLAGS_SUB,  /* those of a - b; carry means no borrow */
	/* With one of those two: of the lower halves of a and b, whatever their upper halves are.
	 */
	CPU_FLAGS_LOW = 4,
};

/* What a guest architecture supplies. */
struct isa {
	const char *name;                  /* "riscv64" */
	size_t cpu_size;                   /* of its struct, whose first member is struct cpu */
	const char *const *register_names; /* of r[0..register_count-1] */
	unsigned register_count;
	unsigned max_insn_length; /* bytes */
	unsigned min_insn_length;

	/* The integer registers that programs use most, hottest first; 0xff ends the list early. */
	uint8_t hot_registers[CPU_HOT_REGISTERS];
	/* The integer register that always reads zero and is never written; REG_SINK: none does. */
	uint8_t zero_register;
	/* FP registers are not NaN-boxed: cpu->unbox is CPU_UNBOX. */
	bool unboxed;

	/* Power-on state. */
	void (*reset)(struct cpu *cpu);

	/*
	 * Recomputes mode, fetch_mode, data_mode, level, aligned_only, data_tlb and jump_key from
	 * architectural state. Every state bit that changes decoding or translation is in the mode
	 * word. Called after any change to such a bit.
	 */
	void (*update_mode)(struct cpu *cpu);

	/*
	 * Translates from guest bytes into the builder: one instruction per call. See
	 * engine/builder.h; the builder knows pc, and calls this until the block ends.
	 */
	void (*translate)(struct cpu *cpu, struct builder *builder);

	/*
	 * Translates one virtual page for an access (enum mmu_access) in TLB mode index mode.
	 * Returns true and fills result, or returns false and fills *trap (all but pc and from).
	 * Bits 15:8 of access are the size in bytes, 0 if unknown. See mmu/mmu.h.
	 */
	bool (*walk)(struct cpu *cpu, uint64_t address, unsigned access, unsigned mode,
		     struct mmu_translation *result, struct trap *trap);

	/*
	 * Whether an access to data may be done that a page of the walker's choice (struct
	 * mmu_translation.watched) is asked for, which it permits. False: cpu->trap is set. NULL
	 * where the walker never chooses one. access, size and mode as above.
	 */
	bool (*watch)(struct cpu *cpu, uint64_t address, unsigned size, unsigned access,
		      unsigned mode);

	/*
	 * Makes the trap value of a data or fetch access that failed for another reason than
	 * translation: misaligned, or refused by the bus. access and reason: see mmu/mmu.h.
	 */
	void (*access_fault)(struct cpu *cpu, uint64_t address, unsigned access, unsigned reason,
			     struct trap *trap);

	/*
	 * Delivers cpu->trap (pc and from are set): updates state, pc and mode. Asks for attention
	 * where the CPU must not simply go on at pc: an interrupt can be taken now, or it stopped.
	 */
	void (*deliver)(struct cpu *cpu, struct trap *trap);

	/* Fills *trap if an interrupt is to be taken now. */
	bool (*interrupt)(struct cpu *cpu, struct trap *trap);

	/* True if a halted CPU should go on (pending and enabled, whatever the global mask). */
	bool (*wakeup)(const struct cpu *cpu);

	/* The printable name of a privilege level. */
	const char *(*level_name)(const struct cpu *cpu, unsigned level);

	/* The architectural name of a trap cause, for records; never NULL. */
	const char *(*cause_name)(const struct trap *trap);

	/* Names of trap->value, ->value2 and ->syndrome in records; NULL: not shown. */
	const char *trap_value_names[3];
	/*
	 * Adds to an empty explanation what a trap's syndrome says: first a field that is the class
	 * of the trap, then those of that class, and facts. Adds nothing for traps without one.
	 * May be NULL.
	 */
	void (*explain_trap)(const struct trap *trap, struct explanation *explanation);
};

/* Virtual time of the CPU between instructions. */
static inline uint64_t cpu_now(const struct cpu *cpu)
{
	return cpu->slice_end - (uint64_t)cpu->budget;
}

/* Instructions retired since reset. */
static inline uint64_t cpu_retired(const struct cpu *cpu)
{
	return cpu_now(cpu) - cpu->idle_ticks;
}

/* Lets ticks pass for a CPU without retiring anything: the cost of work done outside the guest. */
static inline void cpu_charge(struct cpu *cpu, uint64_t ticks)
{
	cpu->budget -= (int64_t)ticks;
	cpu->idle_ticks += ticks;
}

/* The bit of jump_pages that stands for the page of pc. */
static inline unsigned cpu_jump_page(uint64_t pc)
{
	return (unsigned)(pc >> CPU_PAGE_BITS ^ pc >> (CPU_PAGE_BITS + 14)) & (CPU_JUMP_PAGES - 1);
}

/* Asks a CPU to look at interrupts, events and stop requests at its next instruction boundary. */
static inline void cpu_attention(struct cpu *cpu)
{
	cpu->attention = true;
}

#endif
