/* One number for the state of a whole machine. */
#include <string.h>

#include "bus/ram.h"
#include "machines/board.h"

#define PAGE_WORDS (MB_PAGE_SIZE / sizeof(uint64_t))

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

/* Pages of zeros count for nothing, whether or not somebody has touched them. */
static uint64_t hash_page(uint64_t hash, const uint8_t *page, uint64_t number)
{
	uint64_t words[PAGE_WORDS], any = 0, sum = number;
	memcpy(words, page, sizeof(words));
	for (unsigned i = 0; i < PAGE_WORDS; i++) {
		any |= words[i];
		sum = mix(sum, words[i]);
	}
	return any ? mix(hash, sum) : hash;
}

static uint64_t hash_ram(uint64_t hash, const struct mb_ram *ram)
{
	uint64_t pages = ram->size / MB_PAGE_SIZE;
	for (uint64_t first = 0; first < pages; first += 64) {
		uint64_t touched, count = pages - first < 64 ? pages - first : 64;
		mb_ram_touched(ram, first, count, &touched);
		if (count < 64)
			touched &= (1ull << count) - 1;
		for (; touched; touched &= touched - 1) {
			uint64_t page = first + (unsigned)__builtin_ctzll(touched);
			hash = hash_page(hash, ram->host + page * MB_PAGE_SIZE, page);
		}
	}
	return hash;
}

uint64_t board_hash(const struct machine *machine)
{
	struct board_memory blocks[BOARD_MEMORY_BLOCKS];
	unsigned count = board_memory_blocks(machine, blocks);
	uint64_t hash = state_hash(&machine->state);
	for (unsigned i = 0; i < count; i++)
		hash = hash_ram(mix(hash, i), blocks[i].ram);
	return hash;
}
