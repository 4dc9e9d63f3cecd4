/* Loads, stores, atomics and fetches that miss the fast path. */
#include <endian.h>
#include <string.h>

#include "bus/bus.h"
#include "core/machine.h"
#include "mmu/tlb.h"

static bool crosses_page(uint64_t address, unsigned size)
{
	return (address & ~CPU_PAGE_MASK) + size > CPU_PAGE_SIZE;
}

/* Devices, and holes: whatever no memory backs. */
static bool is_device(struct cpu *cpu, uint64_t physical)
{
	struct mb_resolved resolved;
	mb_resolve(cpu->memory, physical, MB_READ, MB_ATTRS_NONE, &resolved);
	return !resolved.ram;
}

static bool fail(struct cpu *cpu, uint64_t address, unsigned access, enum mmu_fault reason)
{
	cpu->isa->access_fault(cpu, address, access, reason, &cpu->trap);
	return false;
}

/*
 * A misaligned access that the CPU does not perform. On a device it is an access fault, so that
 * nobody emulates it bytewise; to know that, the address is translated without side effects.
 */
static bool fail_misaligned(struct cpu *cpu, unsigned mode, uint64_t address, unsigned access)
{
	struct mmu_translation translation;
	struct trap ignored;
	unsigned quiet = (access & MMU_ACCESS_MASK) | MMU_DEBUG | 1u << MMU_SIZE_SHIFT;
	bool device = cpu->isa->walk(cpu, address, quiet, mode, &translation, &ignored) &&
		      is_device(cpu, translation.physical);
	return fail(cpu, address, access,
		    device ? MMU_FAULT_MISALIGNED_DEVICE : MMU_FAULT_MISALIGNED);
}

/* Firmware accesses memory between instructions, too; time is exact then. */
static void sync_clock(struct cpu *cpu)
{
	if (cpu->exit == CPU_EXIT_NONE)
		cpu->machine->engine->sync_clock(cpu);
}

static void observe(struct cpu *cpu, uint64_t address, uint64_t physical, unsigned size, bool write,
		    uint64_t value)
{
	const struct observer_list *observers = &cpu->machine->observers;
	if (!observer_wants(observers, OBSERVE_MEM))
		return;
	sync_clock(cpu);
	struct observation observation = {
		.kind = OBSERVE_MEM,
		.icount = cpu->machine->clock.now,
		.pc = cpu->pc,
		.mem = {address, physical, value, size, write},
	};
	observer_notify(observers, cpu, &observation);
}

static uint64_t host_load(const void *host, unsigned size)
{
	uint64_t value = 0;
	switch (size) {
	case 1: return *(const uint8_t *)host;
	case 2: {
		uint16_t half;
		memcpy(&half, host, 2);
		return le16toh(half);
	}
	case 4: {
		uint32_t word;
		memcpy(&word, host, 4);
		return le32toh(word);
	}
	default: memcpy(&value, host, 8); return le64toh(value);
	}
}

static void host_store(void *host, unsigned size, uint64_t value)
{
	switch (size) {
	case 1: *(uint8_t *)host = (uint8_t)value; break;
	case 2: {
		uint16_t half = htole16((uint16_t)value);
		memcpy(host, &half, 2);
		break;
	}
	case 4: {
		uint32_t word = htole32((uint32_t)value);
		memcpy(host, &word, 4);
		break;
	}
	default: value = htole64(value); memcpy(host, &value, 8);
	}
}

void mmu_observe(struct cpu *cpu, uint64_t address, uint64_t physical, unsigned size, bool write,
		 const void *host)
{
	const uint8_t *bytes = host;
	for (unsigned done = 0; done < size; done += 8) {
		unsigned piece = size - done < 8 ? size - done : 8;
		observe(cpu, address + done, physical + done, piece, write,
			host_load(bytes + done, piece));
	}
}

/* Through the bus: devices, ROM, pages with more than one thing on them. */
static bool bus_access(struct cpu *cpu, uint64_t address, uint64_t physical, unsigned size,
		       unsigned access, uint64_t *value)
{
	if ((address & (size - 1)) && is_device(cpu, physical))
		return fail(cpu, address, access, MMU_FAULT_MISALIGNED_DEVICE);
	struct mb_attrs attrs = {.requester = cpu->index, .user = cpu->level == 0};
	sync_clock(cpu);
	mb_result result;
	if (access & MMU_WRITE) {
		result = mb_st(cpu->memory, physical, size, MB_LITTLE, attrs, *value);
		machine_look(cpu->machine);
	} else {
		result = mb_ld(cpu->memory, physical, size, MB_LITTLE, attrs, value);
	}
	return result == MB_OK || cpu->ignore_bus_errors ||
	       fail(cpu, address, access, MMU_FAULT_BUS);
}

/* One access that stays in one page. */
static bool page_load(struct cpu *cpu, const struct tlb_page *page, uint64_t address, unsigned size,
		      uint64_t *value)
{
	uint64_t offset = address & ~CPU_PAGE_MASK;
	if (page->host)
		*value = host_load(page->host + offset, size);
	else if (!bus_access(cpu, address, page->physical + offset, size, MMU_READ, value))
		return false;
	observe(cpu, address, page->physical + offset, size, false, *value);
	return true;
}

static bool page_store(struct cpu *cpu, const struct tlb_page *page, uint64_t address,
		       unsigned size, uint64_t value)
{
	uint64_t offset = address & ~CPU_PAGE_MASK;
	if (page->ram && page->host && page->writable) {
		uint64_t at = page->ram_offset + offset;
		if (page->ram->page_state[at >> MB_PAGE_SHIFT])
			mb_ram_note_write(page->ram, at, size);
		host_store(page->host + offset, size, value);
	} else if (!bus_access(cpu, address, page->physical + offset, size, MMU_WRITE, &value)) {
		return false;
	}
	observe(cpu, address, page->physical + offset, size, true, value);
	return true;
}

/* Both pages are translated before a byte moves, so that a fault leaves everything as it was. */
static bool split_access(struct cpu *cpu, unsigned mode, uint64_t address, unsigned size,
			 unsigned access, uint64_t *value)
{
	struct tlb_page page[2];
	uint64_t second = (address + size - 1) & CPU_PAGE_MASK;
	unsigned low = (unsigned)(second - address);
	if (!tlb_lookup(cpu, mode, address, low, access, &page[0]) ||
	    !tlb_lookup(cpu, mode, second, size - low, access, &page[1]))
		return false;
	for (int i = 0; i < 2; i++)
		if (page[i].device)
			return fail(cpu, address, access, MMU_FAULT_MISALIGNED_DEVICE);
	for (int i = 0; i < 2; i++)
		if (!page[i].ram && is_device(cpu, page[i].physical + (i ? 0 : address & 0xfff)))
			return fail(cpu, i ? second : address, access, MMU_FAULT_MISALIGNED_DEVICE);
	uint64_t result = 0;
	for (unsigned i = 0; i < size; i++) {
		const struct tlb_page *at = &page[i >= low];
		uint64_t byte = *value >> 8 * i & 0xff;
		bool ok = access & MMU_WRITE ? page_store(cpu, at, address + i, 1, byte)
					     : page_load(cpu, at, address + i, 1, &byte);
		if (!ok)
			return false;
		result |= byte << 8 * i;
	}
	if (!(access & MMU_WRITE))
		*value = result;
	return true;
}

static bool access_any(struct cpu *cpu, unsigned mode, uint64_t address, unsigned size,
		       unsigned access, uint64_t *value)
{
	if (crosses_page(address, size))
		return split_access(cpu, mode, address, size, access, value);
	struct tlb_page page;
	if (!tlb_lookup(cpu, mode, address, size, access, &page))
		return false;
	if (page.device && address & (size - 1))
		return fail(cpu, address, access, MMU_FAULT_MISALIGNED_DEVICE);
	if (access & MMU_WRITE)
		return page_store(cpu, &page, address, size, *value);
	return page_load(cpu, &page, address, size, value);
}

bool mmu_load(struct cpu *cpu, uint64_t address, unsigned size, uint64_t *value)
{
	if (cpu->aligned_only && (address & (size - 1)))
		return fail_misaligned(cpu, cpu->data_mode, address, MMU_READ);
	*value = 0;
	return access_any(cpu, cpu->data_mode, address, size, MMU_READ, value);
}

bool mmu_store(struct cpu *cpu, uint64_t address, unsigned size, uint64_t value)
{
	if (cpu->aligned_only && (address & (size - 1)))
		return fail_misaligned(cpu, cpu->data_mode, address, MMU_WRITE);
	return access_any(cpu, cpu->data_mode, address, size, MMU_WRITE, &value);
}

bool mmu_load_mode(struct cpu *cpu, unsigned mode, uint64_t address, unsigned size,
		   bool execute_as_read, uint64_t *value)
{
	*value = 0;
	return access_any(cpu, mode, address, size, execute_as_read ? MMU_FETCH : MMU_READ, value);
}

bool mmu_store_mode(struct cpu *cpu, unsigned mode, uint64_t address, unsigned size, uint64_t value)
{
	return access_any(cpu, mode, address, size, MMU_WRITE, &value);
}

void *mmu_atomic(struct cpu *cpu, uint64_t address, unsigned size, unsigned access,
		 uint64_t *physical)
{
	access |= MMU_ATOMIC;
	if (address & (size - 1)) {
		fail_misaligned(cpu, cpu->data_mode, address, access);
		return NULL;
	}
	struct tlb_page page;
	if (!tlb_lookup(cpu, cpu->data_mode, address, size, access, &page))
		return NULL;
	uint64_t offset = address & ~CPU_PAGE_MASK;
	if (!page.host || ((access & MMU_WRITE) && !page.writable)) {
		fail(cpu, address, access, MMU_FAULT_ATOMIC);
		return NULL;
	}
	uint64_t at = page.ram_offset + offset;
	if ((access & MMU_WRITE) && page.ram->page_state[at >> MB_PAGE_SHIFT])
		mb_ram_note_write(page.ram, at, size);
	if (physical)
		*physical = page.physical + offset;
	return page.host + offset;
}

bool mmu_check(struct cpu *cpu, uint64_t address, unsigned access, uint64_t *physical)
{
	struct tlb_page page;
	if (!tlb_lookup(cpu, cpu->data_mode, address, 1, access, &page))
		return false;
	if (physical)
		*physical = page.physical + (address & ~CPU_PAGE_MASK);
	return true;
}

bool mmu_page_attributes(struct cpu *cpu, uint64_t address, unsigned access, uint8_t *attributes)
{
	struct tlb_page page;
	if (!tlb_lookup(cpu, cpu->data_mode, address, 1, access, &page))
		return false;
	*attributes = page.attributes;
	return true;
}

bool mmu_fetch(struct cpu *cpu, uint64_t address, struct mmu_code *code)
{
	struct tlb_page page;
	if (address & (cpu->isa->min_insn_length - 1))
		return fail(cpu, address, MMU_FETCH, MMU_FAULT_MISALIGNED);
	if (!tlb_lookup(cpu, cpu->fetch_mode, address, cpu->isa->min_insn_length, MMU_FETCH, &page))
		return false;
	uint64_t offset = address & ~CPU_PAGE_MASK;
	code->physical = page.physical + offset;
	code->uncached = page.uncached;
	code->kind = page.code_kind;
	/* Where protection is finer than a page, every part of an instruction has its own check. */
	code->length = page.uncached ? cpu->isa->min_insn_length : CPU_PAGE_SIZE - offset;
	if (code->length > CPU_PAGE_SIZE - offset)
		code->length = CPU_PAGE_SIZE - offset;
	if (page.host) {
		code->host = page.host + offset;
		code->ram = page.ram;
		code->ram_offset = page.ram_offset + offset;
		return true;
	}
	/* A page with several things on it: fine as long as memory backs this byte. */
	struct mb_resolved resolved;
	mb_resolve(cpu->memory, code->physical, MB_FETCH, MB_ATTRS_NONE, &resolved);
	if (!resolved.host)
		return fail(cpu, address, MMU_FETCH, MMU_FAULT_BUS);
	code->host = resolved.host;
	code->ram = resolved.ram;
	code->ram_offset = resolved.ram_offset;
	code->uncached = true;
	if (resolved.length < code->length)
		code->length = resolved.length;
	return true;
}

bool mmu_debug_translate(struct cpu *cpu, uint64_t address, unsigned access, uint64_t *physical)
{
	struct mmu_translation translation;
	struct trap ignored;
	unsigned mode = access & MMU_FETCH ? cpu->fetch_mode : cpu->data_mode;
	if (!cpu->isa->walk(cpu, address, access | MMU_DEBUG, mode, &translation, &ignored))
		return false;
	*physical = translation.physical;
	return true;
}

uint64_t mmu_debug_read(struct cpu *cpu, uint64_t address, void *buffer, uint64_t length)
{
	uint64_t done = 0;
	while (done < length) {
		uint64_t at = address + done, physical, moved = 0;
		uint64_t chunk = CPU_PAGE_SIZE - (at & ~CPU_PAGE_MASK);
		if (chunk > length - done)
			chunk = length - done;
		if (!mmu_debug_translate(cpu, at, MMU_FETCH, &physical) &&
		    !mmu_debug_translate(cpu, at, MMU_READ, &physical))
			break;
		struct mb_attrs attrs = {.debug = 1, .memory_only = 1};
		if (mb_read(cpu->memory, physical, (char *)buffer + done, chunk, attrs, &moved))
			return done + moved;
		done += chunk;
	}
	return done;
}

/* The host address of a page-table entry in RAM, or NULL. */
static void *pte_host(struct cpu *cpu, uint64_t physical, unsigned size, enum mb_access access,
		      struct mb_ram **ram, uint64_t *offset)
{
	struct mb_resolved resolved;
	if (mb_resolve(cpu->memory, physical, access, MB_ATTRS_NONE, &resolved) || !resolved.host ||
	    resolved.length < size)
		return NULL;
	*ram = resolved.readonly ? NULL : resolved.ram;
	*offset = resolved.ram_offset;
	return resolved.host;
}

bool mmu_pte_load(struct cpu *cpu, uint64_t physical, unsigned size, uint64_t *value)
{
	struct mb_ram *ram;
	uint64_t offset;
	void *host = pte_host(cpu, physical, size, MB_READ, &ram, &offset);
	if (!host)
		return false;
	*value = host_load(host, size);
	return true;
}

bool mmu_pte_update(struct cpu *cpu, uint64_t physical, unsigned size, uint64_t expected,
		    uint64_t desired, bool *done)
{
	struct mb_ram *ram;
	uint64_t offset;
	void *host = pte_host(cpu, physical, size, MB_WRITE, &ram, &offset);
	if (!host || !ram)
		return false;
	*done = host_load(host, size) == expected;
	if (*done) {
		if (ram->page_state[offset >> MB_PAGE_SHIFT])
			mb_ram_note_write(ram, offset, size);
		host_store(host, size, desired);
	}
	return true;
}
