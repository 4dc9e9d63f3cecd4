/*
 * Guest memory as instructions see it: TLB, translation through the ISA's walker, then RAM or bus.
 *
 * The fast path (a TLB hit) is inlined in the engines; everything here is the slow path and is
 * exact: permissions, page crossing, devices, self-modifying code, dirty bits.
 */
#ifndef MMU_MMU_H
#define MMU_MMU_H

#include <stdbool.h>
#include <stdint.h>

#include "core/cpu.h"

/* What an access does. Reads and writes may be combined (AMO). */
enum mmu_access {
	MMU_READ = 1,
	MMU_WRITE = 2,
	MMU_FETCH = 4,
	MMU_ATOMIC = 8, /* LR (read), SC (write), AMO (both) */
	MMU_DEBUG = 16, /* no side effects: no A/D update, no observation */
	MMU_CBO = 32,   /* cache-block operation: reported as a store */
	MMU_ACCESS_MASK = MMU_READ | MMU_WRITE | MMU_FETCH,
	MMU_SIZE_SHIFT = 8, /* walkers find the size in bytes from here on; 0: unknown */
};

/* Why an access failed although its address may translate: isa->access_fault(reason). */
enum mmu_fault {
	MMU_FAULT_MISALIGNED,        /* alignment is required and missing */
	MMU_FAULT_MISALIGNED_DEVICE, /* a misaligned access to a device */
	MMU_FAULT_BUS,               /* nothing there, or the device refused */
	MMU_FAULT_ATOMIC,            /* the region does not support atomics */
};

/* A walker's answer for one 4 KiB page. */
struct mmu_translation {
	uint64_t physical;  /* physical address of the byte asked for */
	uint8_t access;     /* MMU_READ | MMU_WRITE | MMU_FETCH that may be cached as allowed */
	bool uncached;      /* protection finer than a page: ask again every time */
	bool device;        /* memory of device type: misaligned accesses fault */
	bool local;         /* mmu_flush_local() drops it */
	bool watched;       /* every access to data asks isa->watch() */
	uint8_t page_bits;  /* log2 of the page that the tables map; 0: CPU_PAGE_BITS */
	uint8_t attributes; /* for mmu_page_attributes(): the ISA's own */
	uint8_t code_kind;  /* code from pages that differ in it is translated apart: the ISA's own
			     */
};

/*
 * Connects a machine's CPUs to its address space: listens to changes of the memory map (TLBs are
 * flushed) and of page states (cached write permissions go). Call once, when memory is set.
 * Returns NULL when out of memory.
 */
struct mmu_watch *mmu_watch_new(struct machine *machine,
				void (*code_written)(void *opaque, struct mb_ram *ram,
						     uint64_t offset, uint64_t length),
				void *opaque);
void mmu_watch_free(struct mmu_watch *watch);

/* Allocates the TLBs; isa->update_mode points data_tlb at one. Returns 0, or -1 when memory is out.
 */
int mmu_init(struct cpu *cpu);
void mmu_fini(struct cpu *cpu);

/* Sets up the tags of the TLB of cpu->data_mode; drops what code has kept of another. */
void mmu_prepare_data_mode(struct cpu *cpu);

/*
 * Points cpu->data_tlb at the TLB of cpu->data_mode: for isa->update_mode, which has set fetch_mode
 * before. The same code may run with several of them (SUM, PAN), one after the other.
 */
static inline void mmu_use_data_mode(struct cpu *cpu)
{
	cpu->data_tlb = &cpu->tlb[cpu->data_mode];
	if (cpu->kept_data_mode[cpu->fetch_mode] != cpu->data_mode ||
	    !(cpu->tlb_ready >> cpu->data_mode & 1))
		mmu_prepare_data_mode(cpu);
}

/* Drops cached translations: all; of one virtual page in all modes; of the modes in a bit mask. */
void mmu_flush(struct cpu *cpu);
void mmu_flush_page(struct cpu *cpu, uint64_t address);
void mmu_flush_modes(struct cpu *cpu, unsigned mode_mask);

/* Makes the whole jump cache stop matching; translations stay. */
void mmu_forget_jumps(struct cpu *cpu);

/* Drops cached translations of the modes in a bit mask that are marked as local. */
void mmu_flush_local(struct cpu *cpu, unsigned mode_mask);

/*
 * Drops cached translations of the modes in a bit mask that come from guest pages, of whatever
 * size, with a byte in [first, last]. Addresses are compared without their topmost byte, which
 * guests may use for tags.
 */
void mmu_flush_range(struct cpu *cpu, unsigned mode_mask, uint64_t first, uint64_t last);

/* Sets the mode word where nothing that the TLBs depend on changes. */
static inline void mmu_set_mode_word(struct cpu *cpu, uint32_t mode)
{
	cpu->mode = mode;
	cpu->jump_key = (uint64_t)mode << 32 | (uint32_t)cpu->jump_key;
}

/* Sets cpu->jump_key from mode and fetch_mode: for isa->update_mode. */
static inline void mmu_use_jump_key(struct cpu *cpu)
{
	cpu->jump_key = (uint64_t)cpu->mode << 32 | cpu->jump_salt[cpu->fetch_mode];
}

/*
 * Loads or stores size (1, 2, 4, 8) bytes, little endian, at any alignment, in cpu->data_mode.
 * alignment checks follow cpu->aligned_only. On failure false is returned, cpu->trap is filled and
 * nothing was read or written. After success the caller must look at cpu->attention.
 */
bool mmu_load(struct cpu *cpu, uint64_t address, unsigned size, uint64_t *value);
bool mmu_store(struct cpu *cpu, uint64_t address, unsigned size, uint64_t value);

/*
 * The same in a given TLB mode index and without alignment checks: what firmware does on behalf of
 * a trapped context. execute_as_read adds MMU_FETCH permission to loads (MPRV with MXR).
 */
bool mmu_load_mode(struct cpu *cpu, unsigned mode, uint64_t address, unsigned size,
		   bool execute_as_read, uint64_t *value);
bool mmu_store_mode(struct cpu *cpu, unsigned mode, uint64_t address, unsigned size,
		    uint64_t value);

/* Whether data loads of the current mode are known to reach the page of address without a fault. */
static inline bool mmu_is_readable(const struct cpu *cpu, uint64_t address)
{
	return cpu->data_tlb->entry[address >> CPU_PAGE_BITS & (CPU_TLB_ENTRIES - 1)].read ==
	       (address & CPU_PAGE_MASK);
}

/*
 * The host address of the byte that a data store to address reaches, if it and the rest of its page
 * may be written with no more ado: RAM that no one watches, and no device by its type. NULL: who
 * knows; mmu_store() does.
 */
static inline uint8_t *mmu_writable(const struct cpu *cpu, uint64_t address)
{
	const struct cpu_tlb_entry *entry =
		&cpu->data_tlb->entry[address >> CPU_PAGE_BITS & (CPU_TLB_ENTRIES - 1)];
	return entry->write == (address & CPU_PAGE_MASK) ? (uint8_t *)(entry->host + address)
							 : NULL;
}

/*
 * The host address of size naturally aligned bytes (1 to 16) for an atomic access: MMU_READ (LR),
 * MMU_WRITE (SC), or both (AMO). Alignment always counts (cause by access). Dirty bits and code are
 * taken care of as if the write happened. *physical (may be NULL) gets the address. NULL and
 * cpu->trap on failure; a region that is not RAM refuses.
 */
void *mmu_atomic(struct cpu *cpu, uint64_t address, unsigned size, unsigned access,
		 uint64_t *physical);

/*
 * Tells observers of data accesses about one at the place that mmu_atomic() gave: call it before a
 * change with write false, after it with write true. Reported in pieces of at most 8 bytes.
 */
void mmu_observe(struct cpu *cpu, uint64_t address, uint64_t physical, unsigned size, bool write,
		 const void *host);

/* Checks that [address, address+size) (within one page) may be accessed, in cpu->data_mode. */
bool mmu_check(struct cpu *cpu, uint64_t address, unsigned access, uint64_t *physical);

/*
 * What the walker said of the page of address (struct mmu_translation.attributes), for an access in
 * cpu->data_mode. False: cpu->trap is filled.
 */
bool mmu_page_attributes(struct cpu *cpu, uint64_t address, unsigned access, uint8_t *attributes);

/* Where instructions come from. */
struct mmu_code {
	const uint8_t *host; /* of the byte asked for; NULL: cannot be executed from (fault) */
	struct mb_ram *ram;  /* never NULL on success; ROM is backed too */
	uint64_t ram_offset; /* of the byte asked for */
	uint64_t physical;   /* of the byte asked for */
	uint64_t length;     /* bytes from there on that the answer holds for, within the page */
	bool uncached;       /* do not keep blocks from here */
	uint8_t kind;        /* what the walker said: struct mmu_translation.code_kind */
};

/* Translates a fetch in cpu->fetch_mode. On failure false and cpu->trap. */
bool mmu_fetch(struct cpu *cpu, uint64_t address, struct mmu_code *code);

/* Translation without side effects in cpu->data_mode, for debuggers and traces. */
bool mmu_debug_translate(struct cpu *cpu, uint64_t address, unsigned access, uint64_t *physical);

/* Reads bytes without side effects (RAM and ROM only); returns how many were readable. */
uint64_t mmu_debug_read(struct cpu *cpu, uint64_t address, void *buffer, uint64_t length);

/*
 * A page-table entry at a physical address, size 4 or 8. False: no memory there (the walker
 * reports an access fault). update stores desired if the entry still is expected; *done tells.
 */
bool mmu_pte_load(struct cpu *cpu, uint64_t physical, unsigned size, uint64_t *value);
bool mmu_pte_update(struct cpu *cpu, uint64_t physical, unsigned size, uint64_t expected,
		    uint64_t desired, bool *done);

#endif
