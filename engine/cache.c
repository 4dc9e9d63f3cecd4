/*
 * The cache of translated blocks. Blocks are bump-allocated in one reserved arena and never freed
 * one by one: overwritten code is unlinked and marked dead, and when the arena is full everything
 * goes at once.
 *
 * For every RAM page that has blocks, a mask of 64-byte granules says where the translated bytes
 * are, so that data on the same page can be written without throwing code away.
 */
#include <stdlib.h>
#include <string.h>

#include "bus/bus.h"
#include "core/host_memory.h"
#include "engine/block.h"
#include "engine/jit.h"
#include "engine/jit_listing.h"

#define ARENA_BYTES (128ull << 20)
/*
 * What is in huge pages begins this far into the arena and into the JIT's region behind it, so
 * that short runs do without.
 */
#define SMALL_BYTES    (128u << 10)
#define MAPPING_BYTES  (HOST_HUGE_PAGE + ARENA_BYTES + JIT_REGION_BYTES)
#define HASH_BITS      16
#define PAGE_HASH_BITS 14
#define GRANULE_SHIFT  6

_Static_assert(ARENA_BYTES / JIT_BLOCK_ALIGNMENT <= 1ull << (32 - JIT_SLOT_BITS),
	       "a slot of a block has a 32-bit name");

/* The blocks of one RAM page. A block that crosses into the next page is listed in both. */
struct code_page {
	struct mb_ram *ram;
	uint64_t index;                     /* page number in ram */
	uint64_t granules;                  /* bit n: bytes 64n .. 64n+63 are translated */
	struct code_page *hash_next, *next; /* in its bucket; of all */
	struct block **blocks;
	unsigned count, capacity;
};

struct code_cache {
	struct machine *machine;
	struct mmu_watch *watch;
	uint8_t *mapping, *arena;
	size_t used;
	uint64_t generation;
	bool flush_wanted;
	uint32_t observed; /* what observers wanted when blocks were translated */
	struct jit *jit;   /* NULL: nothing is compiled */
	struct block *hash[1 << HASH_BITS];
	struct code_page *pages[1 << PAGE_HASH_BITS];
	struct code_page *all_pages;
	struct code_cache_stats stats;
	/* Where blocks are translated before their size is known, and where single ones live. */
	_Alignas(struct block) char scratch[sizeof(struct block) +
					    BLOCK_MAX_UOPS * sizeof(struct uop)];
	struct block_insn scratch_insns[BLOCK_MAX_INSNS];
};

static struct block *scratch_block(struct code_cache *cache)
{
	return (struct block *)cache->scratch;
}

static struct jit *new_jit(struct code_cache *cache)
{
#if ENGINE_HAS_JIT
	struct machine *machine = cache->machine;
	if (machine->engine == &engine_jit && machine->cpu_count > 0)
		return jit_new(machine->cpu[0]->isa, cache->arena, cache->arena + ARENA_BYTES);
#endif
	(void)cache;
	return NULL;
}

struct code_cache *code_cache_new(struct machine *machine)
{
	struct code_cache *cache = host_memory_new(sizeof(*cache));
	if (!cache)
		return NULL;
	cache->machine = machine;
	scratch_block(cache)->insns = cache->scratch_insns;
	cache->mapping = host_memory_new(MAPPING_BYTES);
	if (!cache->mapping)
		goto fail;
	cache->arena = cache->mapping + HOST_HUGE_PAGE - SMALL_BYTES;
	host_memory_prefer_huge(cache->arena + SMALL_BYTES, ARENA_BYTES - HOST_HUGE_PAGE);
	host_memory_prefer_huge(cache->arena + ARENA_BYTES + SMALL_BYTES, JIT_REGION_BYTES);
	cache->jit = new_jit(cache);
	cache->watch = mmu_watch_new(machine, code_cache_write, cache);
	if (!cache->watch)
		goto fail;
	for (unsigned i = 0; i < machine->cpu_count; i++)
		machine->cpu[i]->code = cache;
	return cache;
fail:
	jit_free(cache->jit);
	host_memory_free(cache->mapping, MAPPING_BYTES);
	host_memory_free(cache, sizeof(*cache));
	return NULL;
}

static unsigned page_hash(const struct mb_ram *ram, uint64_t index)
{
	uint64_t key = ((uintptr_t)ram >> 4) + index;
	return (unsigned)(key * 0x9e3779b97f4a7c15ull >> (64 - PAGE_HASH_BITS));
}

static unsigned block_hash(uint64_t physical, uint64_t pc, uint32_t mode)
{
	uint64_t key = physical ^ pc << 20 ^ (uint64_t)mode << 48;
	return (unsigned)(key * 0x9e3779b97f4a7c15ull >> (64 - HASH_BITS));
}

static struct code_page *find_page(struct code_cache *cache, struct mb_ram *ram, uint64_t index)
{
	struct code_page *page = cache->pages[page_hash(ram, index)];
	while (page && (page->ram != ram || page->index != index))
		page = page->hash_next;
	return page;
}

/* Jump-cache entries of all CPUs stop matching. */
static void forget_jumps(struct code_cache *cache)
{
	for (unsigned i = 0; i < cache->machine->cpu_count; i++)
		mmu_forget_jumps(cache->machine->cpu[i]);
}

static void free_pages(struct code_cache *cache)
{
	while (cache->all_pages) {
		struct code_page *page = cache->all_pages;
		cache->all_pages = page->next;
		mb_ram_unmark(page->ram, page->index << MB_PAGE_SHIFT, MB_PAGE_SIZE, MB_PAGE_CODE);
		free(page->blocks);
		free(page);
	}
}

static void flush_now(struct code_cache *cache)
{
	free_pages(cache);
	memset(cache->pages, 0, sizeof(cache->pages));
	memset(cache->hash, 0, sizeof(cache->hash));
	cache->used = 0;
	if (cache->jit)
		jit_reset(cache->jit);
	cache->generation++;
	cache->flush_wanted = false;
	cache->stats.flushes++;
	forget_jumps(cache);
}

void code_cache_free(struct code_cache *cache)
{
	if (!cache)
		return;
	free_pages(cache);
	mmu_watch_free(cache->watch);
	jit_free(cache->jit);
	host_memory_free(cache->mapping, MAPPING_BYTES);
	host_memory_free(cache, sizeof(*cache));
}

uint64_t code_cache_generation(const struct code_cache *cache)
{
	return cache->generation;
}

void code_cache_flush(struct code_cache *cache)
{
	cache->flush_wanted = true;
	for (unsigned i = 0; i < cache->machine->cpu_count; i++)
		cpu_attention(cache->machine->cpu[i]);
}

void code_cache_settle(struct code_cache *cache)
{
	if (cache->flush_wanted)
		flush_now(cache);
}

void code_cache_observe(struct code_cache *cache, uint32_t kinds)
{
	if (cache->observed == kinds)
		return;
	cache->observed = kinds;
	flush_now(cache);
}

struct jit *code_cache_jit(const struct code_cache *cache)
{
	return cache->jit;
}

void code_cache_set_executions(struct code_cache *cache, unsigned executions)
{
	if (cache->jit)
		cache->jit->executions = (uint8_t)executions;
}

int code_cache_list(struct code_cache *cache, engine_code_listener *listener, void *context)
{
	if (!cache->jit)
		return -1;
	struct jit_listing *listing = calloc(1, sizeof(*listing));
	if (!listing)
		return -1;
	listing->listener = listener;
	listing->context = context;
	free(cache->jit->listing);
	cache->jit->listing = listing;
	return 0;
}

void code_cache_stats(const struct code_cache *cache, struct code_cache_stats *stats)
{
	*stats = cache->stats;
	stats->bytes = cache->used;
	if (cache->jit) {
		stats->compiled = cache->jit->compiled;
		stats->compiled_instructions = cache->jit->compiled_instructions;
		stats->host_bytes = cache->jit->host_bytes;
	}
}

static void unhash(struct code_cache *cache, struct block *block)
{
	struct block **link = &cache->hash[block_hash(block->physical, block->pc, block->mode)];
	while (*link && *link != block)
		link = &(*link)->hash_next;
	if (*link)
		*link = block->hash_next;
	block->dead = true;
}

static void kill_page(struct code_cache *cache, struct code_page *page)
{
	for (unsigned i = 0; i < page->count; i++)
		if (!page->blocks[i]->dead)
			unhash(cache, page->blocks[i]);
	page->count = 0;
	page->granules = 0;
	mb_ram_unmark(page->ram, page->index << MB_PAGE_SHIFT, MB_PAGE_SIZE, MB_PAGE_CODE);
	cache->stats.invalidations++;
	forget_jumps(cache);
	if (cache->machine->running)
		cpu_attention(cache->machine->running);
}

/* Granules of one page that [offset, offset + length) touches; offset is within the page. */
static uint64_t granule_mask(uint64_t offset, uint64_t length)
{
	unsigned first = (unsigned)(offset >> GRANULE_SHIFT);
	unsigned last = (unsigned)((offset + length - 1) >> GRANULE_SHIFT);
	return (~0ull >> (63 - last)) & (~0ull << first);
}

void code_cache_write(void *opaque, struct mb_ram *ram, uint64_t offset, uint64_t length)
{
	struct code_cache *cache = opaque;
	while (length) {
		uint64_t within = offset & (MB_PAGE_SIZE - 1);
		uint64_t here = MB_PAGE_SIZE - within < length ? MB_PAGE_SIZE - within : length;
		struct code_page *page = find_page(cache, ram, offset >> MB_PAGE_SHIFT);
		if (page && (page->granules & granule_mask(within, here)))
			kill_page(cache, page);
		offset += here;
		length -= here;
	}
}

/* Lists the block under the page and marks the page, so that writes to it are noticed. */
static bool list_block(struct code_cache *cache, struct block *block, uint64_t offset,
		       uint64_t length)
{
	uint64_t index = offset >> MB_PAGE_SHIFT;
	struct code_page *page = find_page(cache, block->ram, index);
	if (!page) {
		page = calloc(1, sizeof(*page));
		if (!page)
			return false;
		page->ram = block->ram;
		page->index = index;
		struct code_page **bucket = &cache->pages[page_hash(block->ram, index)];
		page->hash_next = *bucket;
		*bucket = page;
		page->next = cache->all_pages;
		cache->all_pages = page;
	}
	if (page->count == page->capacity) {
		unsigned capacity = page->capacity ? 2 * page->capacity : 8;
		void *grown = realloc(page->blocks, capacity * sizeof(*page->blocks));
		if (!grown)
			return false;
		page->blocks = grown;
		page->capacity = capacity;
	}
	page->blocks[page->count++] = block;
	page->granules |= granule_mask(offset & (MB_PAGE_SIZE - 1), length);
	mb_ram_mark(block->ram, index << MB_PAGE_SHIFT, MB_PAGE_SIZE, MB_PAGE_CODE);
	return true;
}

static unsigned block_length(const struct block *block)
{
	const struct block_insn *last = &block->insns[block->insn_count - 1];
	return last->offset + last->length;
}

static bool list_everywhere(struct code_cache *cache, struct block *block,
			    const struct mmu_code *second)
{
	unsigned length = block_length(block);
	uint64_t left = MB_PAGE_SIZE - (block->ram_offset & (MB_PAGE_SIZE - 1));
	if (!block->straddles)
		return list_block(cache, block, block->ram_offset, length);
	if (!list_block(cache, block, block->ram_offset, left))
		return false;
	/* The second page may lie in another block of RAM altogether. */
	struct mb_ram *ram = block->ram;
	block->ram = second->ram;
	bool listed = list_block(cache, block, second->ram_offset, length - left);
	block->ram = ram;
	return listed;
}

/* Copies the scratch block into the arena and makes it findable. NULL: no memory, use it once. */
static struct block *keep(struct code_cache *cache, const struct block *made,
			  const struct mmu_code *second)
{
	size_t uops = made->uop_count * sizeof(struct uop);
	size_t insns = made->insn_count * sizeof(struct block_insn);
	size_t size = (sizeof(struct block) + uops + insns + JIT_BLOCK_ALIGNMENT - 1) &
		      ~(JIT_BLOCK_ALIGNMENT - 1ull);
	if (cache->used + size > ARENA_BYTES)
		flush_now(cache);
	struct block *block = (struct block *)(cache->arena + cache->used);
	memcpy(block, made, sizeof(*made) + uops);
	block->insns = (struct block_insn *)((char *)block->uops + uops);
	memcpy(block->insns, made->insns, insns);
	if (!list_everywhere(cache, block, second))
		return NULL;
	cache->used += size;
	if (cache->jit)
		jit_adopt(cache->jit, block);
	struct block **bucket = &cache->hash[block_hash(block->physical, block->pc, block->mode)];
	block->hash_next = *bucket;
	*bucket = block;
	cache->stats.blocks++;
	cache->stats.instructions += block->insn_count;
	cache->stats.uops += block->uop_count;
	return block;
}

static void remember_jump(struct cpu *cpu, struct block *block)
{
	if (block->straddles)
		return;
	*jump_slot(cpu, block->pc) =
		(struct cpu_jump){.pc = block->pc, .key = cpu->jump_key, .block = block};
	unsigned page = cpu_jump_page(block->pc);
	cpu->jump_pages[page / 64] |= 1ull << page % 64;
}

/* Is this the block for the CPU's state? A crossing block also depends on its second page. */
static bool matches(struct cpu *cpu, const struct block *block, const struct mmu_code *code)
{
	if (block->physical != code->physical || block->pc != cpu->pc || block->mode != cpu->mode ||
	    block->kind != code->kind)
		return false;
	if (!block->straddles)
		return true;
	struct mmu_code second;
	uint64_t page = (block->pc + CPU_PAGE_SIZE - 1) & CPU_PAGE_MASK;
	return mmu_fetch(cpu, page, &second) && second.physical == block->second_physical;
}

struct block *code_cache_find(struct cpu *cpu, unsigned limit)
{
	struct code_cache *cache = cpu->code;
	struct mmu_code code, second = {0};
	struct block *scratch = scratch_block(cache);

	if (!limit) {
		const struct cpu_jump *jump = jump_slot(cpu, cpu->pc);
		if (jump->pc == cpu->pc && jump->key == cpu->jump_key && jump->block)
			return jump->block;
	}
	if (!mmu_fetch(cpu, cpu->pc, &code))
		return NULL;
	if (code.uncached)
		limit = 1;
	if (!limit) {
		struct block *block = cache->hash[block_hash(code.physical, cpu->pc, cpu->mode)];
		for (; block; block = block->hash_next) {
			if (matches(cpu, block, &code)) {
				remember_jump(cpu, block);
				return block;
			}
		}
	}
	if (!builder_run(cpu, scratch, &code, limit ? limit : BLOCK_MAX_INSNS))
		return NULL;
	if (limit)
		return scratch;
	if (scratch->straddles) {
		uint64_t page = (cpu->pc + CPU_PAGE_SIZE - 1) & CPU_PAGE_MASK;
		if (!mmu_fetch(cpu, page, &second) || second.uncached)
			return scratch;
	}
	struct block *block = keep(cache, scratch, &second);
	if (!block)
		return scratch;
	remember_jump(cpu, block);
	return block;
}

void code_cache_link(struct cpu *cpu, struct block *from, union uop_wide *jump,
		     struct block *target)
{
	struct block *scratch = scratch_block(cpu->code);
	if (!from || from == scratch || target == scratch || from->dead || target->dead)
		return;
	/* Within one page both go at once when its bytes or its mapping change. */
	if (from->straddles || target->straddles || from->ram != target->ram ||
	    from->exit_mode != target->mode || from->kind != target->kind ||
	    ((from->pc ^ target->pc) & CPU_PAGE_MASK) ||
	    ((from->ram_offset ^ target->ram_offset) & CPU_PAGE_MASK))
		return;
	jump->jump.target = target;
	if (cpu->code->jit)
		jit_link(cpu->code->jit, from, jump, target);
}
