/*
 * The TLB: per privilege mode a direct-mapped table of combined translations. An entry's tags say
 * which accesses may use the host pointer without looking further; the slow record beside it keeps
 * what the slow path needs, also for devices.
 */
#include "mmu/tlb.h"

#include <string.h>

#include "bus/bus.h"
#include "core/host_memory.h"
#include "core/machine.h"

void mmu_fini(struct cpu *cpu)
{
	host_memory_free(cpu->tlb, CPU_TLB_MODES * sizeof(struct cpu_tlb));
	cpu->tlb = NULL;
	cpu->data_tlb = NULL;
}

static void clear_entry(struct cpu_tlb *tlb, unsigned index)
{
	tlb->entry[index] = (struct cpu_tlb_entry){
		.read = CPU_TLB_EMPTY,
		.write = CPU_TLB_EMPTY,
		.fetch = CPU_TLB_EMPTY,
	};
	tlb->slow[index].page = CPU_TLB_EMPTY;
}

/*
 * The TLB of a mode: most modes of most machines are never used. Zeroed entries need no further
 * set-up: their tag is that of page 0, which only the first entry is compared with, and the last
 * one by accesses that wrap around the end of the address space.
 */
static struct cpu_tlb *tlb_of_mode(struct cpu *cpu, unsigned mode)
{
	struct cpu_tlb *tlb = &cpu->tlb[mode];
	if (!(cpu->tlb_ready >> mode & 1)) {
		clear_entry(tlb, 0);
		clear_entry(tlb, CPU_TLB_ENTRIES - 1);
		cpu->tlb_ready |= 1u << mode;
	}
	return tlb;
}

void mmu_prepare_data_mode(struct cpu *cpu)
{
	tlb_of_mode(cpu, cpu->data_mode);
}

static void flush_mode(struct cpu_tlb *tlb)
{
	for (unsigned word = 0; word < CPU_TLB_ENTRIES / 64; word++) {
		uint64_t used = tlb->used[word];
		tlb->used[word] = 0;
		for (; used; used &= used - 1)
			clear_entry(tlb, word * 64 + (unsigned)__builtin_ctzll(used));
	}
}

/* Jump-cache entries made under the old translations stop matching. */
static void change_salt(struct cpu *cpu)
{
	uint32_t salt = (uint32_t)cpu->jump_key + 1;
	if (salt == 0) { /* after 2^32 flushes an old entry might match again */
		memset(cpu->jump, 0, sizeof(cpu->jump));
		salt = 1;
	}
	cpu->jump_key = (cpu->jump_key & ~0xffffffffull) | salt;
	memset(cpu->jump_pages, 0, sizeof(cpu->jump_pages));
}

void mmu_flush_modes(struct cpu *cpu, unsigned mode_mask)
{
	for (unsigned mode = 0; mode < CPU_TLB_MODES; mode++)
		if ((mode_mask & cpu->tlb_ready) >> mode & 1)
			flush_mode(&cpu->tlb[mode]);
	change_salt(cpu);
}

void mmu_flush(struct cpu *cpu)
{
	mmu_flush_modes(cpu, (1u << CPU_TLB_MODES) - 1);
}

int mmu_init(struct cpu *cpu)
{
	cpu->tlb = host_memory_new(CPU_TLB_MODES * sizeof(struct cpu_tlb));
	cpu->tlb_ready = 0;
	if (!cpu->tlb)
		return -1;
	mmu_use_data_mode(cpu);
	mmu_flush(cpu);
	return 0;
}

void mmu_flush_page(struct cpu *cpu, uint64_t address)
{
	unsigned index = tlb_index(address);
	for (unsigned mode = 0; mode < CPU_TLB_MODES; mode++)
		if (cpu->tlb_ready >> mode & 1 &&
		    cpu->tlb[mode].slow[index].page == (address & CPU_PAGE_MASK))
			clear_entry(&cpu->tlb[mode], index);
	/* Kernels flush pages of data by the thousand; jumps to code elsewhere stay good. */
	unsigned page = cpu_jump_page(address);
	if (cpu->jump_pages[page / 64] >> page % 64 & 1)
		change_salt(cpu);
}

/* Asks the bus what lies at page->physical; fills the rest of page. */
static void find_backing(struct cpu *cpu, struct tlb_page *page)
{
	struct mb_resolved resolved;
	mb_resolve(cpu->memory, page->physical, MB_READ, MB_ATTRS_NONE, &resolved);
	page->ram = NULL;
	page->host = NULL;
	page->writable = false;
	if (resolved.ram && resolved.host && !resolved.mixed) {
		page->ram = resolved.ram;
		page->ram_offset = resolved.ram_offset;
		page->host = resolved.host;
		page->writable = !resolved.readonly && !resolved.range->section.romd;
	}
}

static void install(struct cpu *cpu, unsigned mode, uint64_t address, const struct tlb_page *page,
		    unsigned allowed)
{
	struct cpu_tlb *tlb = &cpu->tlb[mode];
	unsigned index = tlb_index(address);
	uint64_t tag = address & CPU_PAGE_MASK;
	struct cpu_tlb_slow *slow = &tlb->slow[index];

	clear_entry(tlb, index);
	tlb->used[index / 64] |= 1ull << index % 64;
	*slow = (struct cpu_tlb_slow){
		.page = tag,
		.physical = page->physical,
		.ram = page->ram,
		.ram_offset = page->ram_offset,
		.access = (uint8_t)allowed,
	};
	/* Somebody who watches data accesses wants to see all of them. */
	if (!page->ram || observer_wants(&cpu->machine->observers, OBSERVE_MEM))
		return;
	struct cpu_tlb_entry *entry = &tlb->entry[index];
	entry->host = (uintptr_t)page->host - tag;
	if (allowed & MMU_READ)
		entry->read = tag;
	if (allowed & MMU_FETCH)
		entry->fetch = tag;
	if ((allowed & MMU_WRITE) && page->writable &&
	    !page->ram->page_state[page->ram_offset >> MB_PAGE_SHIFT])
		entry->write = tag;
}

bool tlb_lookup(struct cpu *cpu, unsigned mode, uint64_t address, unsigned size, unsigned access,
		struct tlb_page *page)
{
	const struct cpu_tlb *tlb = tlb_of_mode(cpu, mode);
	const struct cpu_tlb_slow *slow = &tlb->slow[tlb_index(address)];
	unsigned wanted = access & MMU_ACCESS_MASK;
	bool known = slow->page == (address & CPU_PAGE_MASK) && (slow->access & wanted) == wanted;

	page->uncached = false;
	if (known) {
		page->physical = slow->physical;
		page->ram = slow->ram;
		page->ram_offset = slow->ram_offset;
		page->host = slow->ram ? slow->ram->host + slow->ram_offset : NULL;
		page->writable = false;
		/* Only RAM that is worth it gets here often; the bus knows about the rest. */
		if ((wanted & MMU_WRITE) && slow->ram)
			find_backing(cpu, page);
		if (page->writable && !(access & MMU_DEBUG))
			install(cpu, mode, address, page, slow->access);
		return true;
	}
	struct mmu_translation translation;
	if (!cpu->isa->walk(cpu, address, access | size << MMU_SIZE_SHIFT, mode, &translation,
			    &cpu->trap))
		return false;
	page->physical = translation.physical & CPU_PAGE_MASK;
	page->uncached = translation.uncached;
	find_backing(cpu, page);
	if (!translation.uncached && !(access & MMU_DEBUG))
		install(cpu, mode, address, page, translation.access);
	return true;
}

static void protect_mode(struct cpu_tlb *tlb, const struct mb_ram *ram, uint64_t first,
			 uint64_t last)
{
	for (unsigned word = 0; word < CPU_TLB_ENTRIES / 64; word++) {
		for (uint64_t used = tlb->used[word]; used; used &= used - 1) {
			unsigned index = word * 64 + (unsigned)__builtin_ctzll(used);
			const struct cpu_tlb_slow *slow = &tlb->slow[index];
			if (slow->ram == ram && slow->ram_offset >= first &&
			    slow->ram_offset <= last)
				tlb->entry[index].write = CPU_TLB_EMPTY;
		}
	}
}

void tlb_protect(struct machine *machine, struct mb_ram *ram, uint64_t offset, uint64_t length)
{
	if (!length)
		return;
	uint64_t first = offset & CPU_PAGE_MASK, last = offset + length - 1;
	for (unsigned i = 0; i < machine->cpu_count; i++)
		for (unsigned mode = 0; mode < CPU_TLB_MODES; mode++)
			if (machine->cpu[i]->tlb_ready >> mode & 1)
				protect_mode(&machine->cpu[i]->tlb[mode], ram, first, last);
}
