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

#define ALL_MODES ((1u << CPU_TLB_MODES) - 1)

void mmu_fini(struct cpu *cpu)
{
	host_memory_free(cpu->tlb, CPU_TLB_MODES * sizeof(struct cpu_tlb));
	cpu->tlb = NULL;
	cpu->data_tlb = NULL;
}

static void clear_tags(struct cpu_tlb_entry *entry)
{
	*entry = (struct cpu_tlb_entry){
		.read = CPU_TLB_EMPTY,
		.write = CPU_TLB_EMPTY,
		.fetch = CPU_TLB_EMPTY,
	};
}

static void clear_entry(struct cpu_tlb *tlb, unsigned index)
{
	clear_tags(&tlb->entry[index]);
	tlb->slow[index].page = CPU_TLB_EMPTY;
}

static void forget_large(struct cpu_tlb *tlb)
{
	for (unsigned half = 0; half < 2; half++)
		tlb->large[half] = (struct cpu_tlb_span){.first = UINT64_MAX};
}

/*
 * The TLB of a mode: most modes of most machines are never used. Zeroed entries need no further
 * set-up: their tag is that of page 0, which only the first entry is compared with, and the last
 * one by accesses that wrap around the end of the address space (by tag only: the slow path looks
 * for the page of the first byte).
 */
static struct cpu_tlb *tlb_of_mode(struct cpu *cpu, unsigned mode)
{
	struct cpu_tlb *tlb = &cpu->tlb[mode];
	if (!(cpu->tlb_ready >> mode & 1)) {
		clear_entry(tlb, 0);
		clear_tags(&tlb->entry[CPU_TLB_ENTRIES - 1]);
		forget_large(tlb);
		cpu->tlb_ready |= 1u << mode;
	}
	return tlb;
}

/* Code must ask the TLB again. */
static void forget_kept(struct cpu *cpu)
{
	_Static_assert(CPU_KEPT / 64 <= 64, "a bit for each word of kept_used");
	for (; cpu->kept_words; cpu->kept_words &= cpu->kept_words - 1) {
		unsigned word = (unsigned)__builtin_ctzll(cpu->kept_words);
		for (uint64_t used = cpu->kept_used[word]; used; used &= used - 1)
			cpu->kept[word * 64 + (unsigned)__builtin_ctzll(used)].limit = 0;
		cpu->kept_used[word] = 0;
	}
}

void mmu_prepare_data_mode(struct cpu *cpu)
{
	tlb_of_mode(cpu, cpu->data_mode);
	cpu->kept_data_mode[cpu->fetch_mode] = cpu->data_mode;
	forget_kept(cpu);
}

/* Bits 63:56 may hold a tag; an address without one repeats bit 55 there. */
static uint64_t untagged(uint64_t address)
{
	return (uint64_t)((int64_t)(address << 8) >> 8);
}

static void note_large(struct cpu_tlb *tlb, uint64_t address, unsigned page_bits, bool fetch)
{
	uint64_t offset = page_bits < 64 ? (1ull << page_bits) - 1 : UINT64_MAX;
	struct cpu_tlb_span *span = &tlb->large[untagged(address) >> 63];
	if ((untagged(address) & ~offset) < span->first)
		span->first = untagged(address) & ~offset;
	if ((untagged(address) | offset) > span->last)
		span->last = untagged(address) | offset;
	span->fetch |= fetch;
}

static void flush_mode(struct cpu_tlb *tlb)
{
	for (unsigned word = 0; word < CPU_TLB_ENTRIES / 64; word++) {
		uint64_t used = tlb->used[word];
		tlb->used[word] = 0;
		for (; used; used &= used - 1)
			clear_entry(tlb, word * 64 + (unsigned)__builtin_ctzll(used));
	}
	forget_large(tlb);
}

/* Jump-cache entries made under the old translations of some modes stop matching. */
static void change_salt(struct cpu *cpu, unsigned mode_mask)
{
	/* After 2^32 flushes an old entry might match again. */
	if (cpu->last_salt >= UINT32_MAX - CPU_TLB_MODES) {
		memset(cpu->jump, 0, sizeof(cpu->jump));
		cpu->last_salt = 0;
		mode_mask = ALL_MODES;
	}
	for (unsigned mode = 0; mode < CPU_TLB_MODES; mode++)
		if (mode_mask >> mode & 1)
			cpu->jump_salt[mode] = ++cpu->last_salt;
	if (mode_mask == ALL_MODES)
		memset(cpu->jump_pages, 0, sizeof(cpu->jump_pages));
	cpu->jump_key = (cpu->jump_key & ~0xffffffffull) | cpu->jump_salt[cpu->fetch_mode];
}

void mmu_forget_jumps(struct cpu *cpu)
{
	forget_kept(cpu);
	change_salt(cpu, ALL_MODES);
}

void mmu_flush_modes(struct cpu *cpu, unsigned mode_mask)
{
	forget_kept(cpu);
	for (unsigned mode = 0; mode < CPU_TLB_MODES; mode++)
		if ((mode_mask & cpu->tlb_ready) >> mode & 1)
			flush_mode(&cpu->tlb[mode]);
	change_salt(cpu, mode_mask);
}

void mmu_flush(struct cpu *cpu)
{
	mmu_flush_modes(cpu, ALL_MODES);
}

int mmu_init(struct cpu *cpu)
{
	cpu->tlb = host_memory_new(CPU_TLB_MODES * sizeof(struct cpu_tlb));
	cpu->tlb_ready = 0;
	if (!cpu->tlb)
		return -1;
	mmu_flush(cpu);
	return 0;
}

void mmu_flush_page(struct cpu *cpu, uint64_t address)
{
	unsigned index = tlb_index(address);
	forget_kept(cpu);
	for (unsigned mode = 0; mode < CPU_TLB_MODES; mode++)
		if (cpu->tlb_ready >> mode & 1 &&
		    cpu->tlb[mode].slow[index].page == (address & CPU_PAGE_MASK))
			clear_entry(&cpu->tlb[mode], index);
	/* Kernels flush pages of data by the thousand; jumps to code elsewhere stay good. */
	unsigned page = cpu_jump_page(address);
	if (cpu->jump_pages[page / 64] >> page % 64 & 1)
		change_salt(cpu, ALL_MODES);
}

/* Drops the entries that a rule picks; tells whether code could be fetched through one. */
static bool drop_if(struct cpu_tlb *tlb,
		    bool (*rule)(const struct cpu_tlb_slow *slow, uint64_t first, uint64_t last),
		    uint64_t first, uint64_t last)
{
	bool fetch = false;
	for (unsigned word = 0; word < CPU_TLB_ENTRIES / 64; word++) {
		for (uint64_t used = tlb->used[word]; used; used &= used - 1) {
			unsigned index = word * 64 + (unsigned)__builtin_ctzll(used);
			const struct cpu_tlb_slow *slow = &tlb->slow[index];
			if (!rule(slow, first, last))
				continue;
			fetch |= (slow->access & MMU_FETCH) != 0;
			clear_entry(tlb, index);
			tlb->used[word] &= ~(1ull << index % 64);
		}
	}
	return fetch;
}

static bool is_local(const struct cpu_tlb_slow *slow, uint64_t first, uint64_t last)
{
	(void)first, (void)last;
	return slow->page != CPU_TLB_EMPTY && slow->local;
}

void mmu_flush_local(struct cpu *cpu, unsigned mode_mask)
{
	unsigned changed = 0;
	forget_kept(cpu);
	for (unsigned mode = 0; mode < CPU_TLB_MODES; mode++) {
		if (!((mode_mask & cpu->tlb_ready) >> mode & 1))
			continue;
		struct cpu_tlb *tlb = &cpu->tlb[mode];
		drop_if(tlb, is_local, 0, 0);
		/* The jump cache may know code that no entry leads to any more. */
		if (tlb->local_fetch)
			changed |= 1u << mode;
		tlb->local_fetch = false;
	}
	if (changed)
		change_salt(cpu, changed);
}

/* Whether an entry's guest page has a byte in [first, last]. */
static bool is_within(const struct cpu_tlb_slow *slow, uint64_t first, uint64_t last)
{
	uint64_t offset = (1ull << slow->page_bits) - 1, page = untagged(slow->page);
	return slow->page != CPU_TLB_EMPTY && (page & ~offset) <= last && (page | offset) >= first;
}

static bool in_large(const struct cpu_tlb *tlb, uint64_t first, uint64_t last)
{
	return (first <= tlb->large[0].last && last >= tlb->large[0].first) ||
	       (first <= tlb->large[1].last && last >= tlb->large[1].first);
}

/* Drops what a TLB has of a range; tells whether the jump cache may know code from there. */
static bool flush_range_of(const struct cpu *cpu, struct cpu_tlb *tlb, uint64_t first,
			   uint64_t last)
{
	enum { FEW_PAGES = 32 };
	if (in_large(tlb, first, last)) {
		drop_if(tlb, is_within, first, last);
		return tlb->large[0].fetch || tlb->large[1].fetch;
	}
	if ((last - first) >> CPU_PAGE_BITS >= FEW_PAGES) {
		drop_if(tlb, is_within, first, last);
		return true;
	}
	bool code = false;
	for (uint64_t left = ((last - first) >> CPU_PAGE_BITS) + 1; left; left--) {
		unsigned index = tlb_index(first), page = cpu_jump_page(first);
		if (is_within(&tlb->slow[index], first, last))
			clear_entry(tlb, index);
		code |= cpu->jump_pages[page / 64] >> page % 64 & 1;
		first += CPU_PAGE_SIZE;
	}
	return code;
}

void mmu_flush_range(struct cpu *cpu, unsigned mode_mask, uint64_t first, uint64_t last)
{
	unsigned changed = 0;
	forget_kept(cpu);
	first = untagged(first) & CPU_PAGE_MASK;
	last = untagged(last) | ~CPU_PAGE_MASK;
	for (unsigned mode = 0; mode < CPU_TLB_MODES; mode++)
		if ((mode_mask & cpu->tlb_ready) >> mode & 1 &&
		    flush_range_of(cpu, &cpu->tlb[mode], first, last))
			changed |= 1u << mode;
	if (changed)
		change_salt(cpu, changed);
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
		    const struct mmu_translation *translation)
{
	unsigned allowed = translation->access;
	struct cpu_tlb *tlb = &cpu->tlb[mode];
	unsigned index = tlb_index(address);
	uint64_t tag = address & CPU_PAGE_MASK;
	struct cpu_tlb_slow *slow = &tlb->slow[index];

	clear_entry(tlb, index);
	forget_kept(cpu); /* perhaps of the page that was there */
	tlb->used[index / 64] |= 1ull << index % 64;
	*slow = (struct cpu_tlb_slow){
		.page = tag,
		.physical = page->physical,
		.ram = page->ram,
		.ram_offset = page->ram_offset,
		.access = (uint8_t)allowed,
		.page_bits = translation->page_bits ? translation->page_bits : CPU_PAGE_BITS,
		.attributes = translation->attributes,
		.code_kind = translation->code_kind,
		.local = translation->local,
		.device = translation->device,
		.watched = translation->watched,
	};
	if (slow->page_bits > CPU_PAGE_BITS)
		note_large(tlb, tag, slow->page_bits, allowed & MMU_FETCH);
	tlb->local_fetch |= slow->local && allowed & MMU_FETCH;
	if (slow->device || slow->watched)
		return;
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

/* Watched pages that are no longer watched: writes may go straight there again. */
static void allow_writes(struct cpu *cpu, unsigned mode, uint64_t address,
			 const struct tlb_page *page)
{
	const struct cpu_tlb_slow *slow = &cpu->tlb[mode].slow[tlb_index(address)];
	struct mmu_translation same = {
		.physical = slow->physical,
		.access = slow->access,
		.device = slow->device,
		.watched = slow->watched,
		.local = slow->local,
		.page_bits = slow->page_bits,
		.attributes = slow->attributes,
		.code_kind = slow->code_kind,
	};
	install(cpu, mode, address, page, &same);
}

static bool look_up(struct cpu *cpu, unsigned mode, uint64_t address, unsigned size,
		    unsigned access, struct tlb_page *page)
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
		page->device = slow->device;
		page->watched = slow->watched;
		page->attributes = slow->attributes;
		page->code_kind = slow->code_kind;
		/* Only RAM that is worth it gets here often; the bus knows about the rest. */
		if ((wanted & MMU_WRITE) && slow->ram)
			find_backing(cpu, page);
		if (page->writable && !(access & MMU_DEBUG))
			allow_writes(cpu, mode, address, page);
		return true;
	}
	struct mmu_translation translation;
	if (!cpu->isa->walk(cpu, address, access | size << MMU_SIZE_SHIFT, mode, &translation,
			    &cpu->trap))
		return false;
	page->physical = translation.physical & CPU_PAGE_MASK;
	page->uncached = translation.uncached;
	page->device = translation.device;
	page->watched = translation.watched;
	page->attributes = translation.attributes;
	page->code_kind = translation.code_kind;
	find_backing(cpu, page);
	if (!translation.uncached && !(access & MMU_DEBUG))
		install(cpu, mode, address, page, &translation);
	return true;
}

bool tlb_lookup(struct cpu *cpu, unsigned mode, uint64_t address, unsigned size, unsigned access,
		struct tlb_page *page)
{
	if (!look_up(cpu, mode, address, size, access, page))
		return false;
	if (!page->watched || access & (MMU_FETCH | MMU_DEBUG))
		return true;
	return cpu->isa->watch(cpu, address, size, access, mode);
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
	for (unsigned i = 0; i < machine->cpu_count; i++) {
		struct cpu *cpu = machine->cpu[i];
		forget_kept(cpu);
		for (unsigned mode = 0; mode < CPU_TLB_MODES; mode++)
			if (cpu->tlb_ready >> mode & 1)
				protect_mode(&cpu->tlb[mode], ram, first, last);
	}
}
