// FV-21: on random trees the flat view agrees with the search at every address, and its invariants
// hold.
#include "tests/bus/fixture.h"

#define SPACE_SIZE  0x10000
#define REGIONS_MAX 40

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static unsigned below(uint64_t *state, unsigned limit)
{
	return (unsigned)(next_random(state) >> 20) % limit;
}

static struct mb_region *random_region(struct board *board, uint64_t *state)
{
	unsigned size = below(state, 4) ? 0x10 * below(state, 0x400) : below(state, SPACE_SIZE);
	struct mb_region *region;

	switch (below(state, 6)) {
	case 0:
	case 1: region = new_container(board, "c", size); break;
	case 2: region = new_ram(board, "r", size); break;
	case 3: region = new_null(board, "m", size); break;
	default:
		region = new_alias(board, "a", board->regions[below(state, board->count)],
				   below(state, 0x4000), size);
		break;
	}
	mb_set_readonly(region, !below(state, 5));
	mb_set_unmergeable(region, !below(state, 12));
	mb_enable(region, below(state, 8));
	return region;
}

static void compare_everywhere(struct board *board)
{
	struct mb_view *view = mb_view_acquire(board->space);

	for (uint64_t address = 0; address < SPACE_SIZE; address++) {
		const struct mb_range *range = mb_view_lookup(view, address);
		struct mb_section found;
		bool hit = mb_search(board->root, address, &found);

		cr_assert_eq(hit, range != NULL, "address %lx", (unsigned long)address);
		if (!hit)
			continue;
		cr_assert_eq(found.region, range->section.region);
		cr_assert_eq(found.offset_in_region,
			     range->section.offset_in_region + (address - range->first));
		cr_assert_eq(found.readonly, range->section.readonly);
	}
	mb_view_release(view);
}

static void check_random_tree(uint64_t seed)
{
	uint64_t state = seed * 0x9e3779b97f4a7c15 + 1;
	struct board board;
	unsigned regions;
	const char *broken;

	board_init(&board, SPACE_SIZE, MB_SPACE_MEMORY);
	regions = 1 + below(&state, REGIONS_MAX - 1);
	for (unsigned i = 0; i < regions; i++) {
		struct mb_region *region = random_region(&board, &state);
		struct mb_region *parent = board.regions[below(&state, board.count)];

		// Refusals (cycles, aliases as parents, full depth) are part of the game.
		mb_attach_overlap(parent, below(&state, SPACE_SIZE), region,
				  (int)below(&state, 5) - 2);
	}
	for (unsigned i = 0; i < 5; i++) {
		struct mb_region *region = board.regions[below(&state, board.count)];

		switch (below(&state, 3)) {
		case 0: mb_move(region, below(&state, SPACE_SIZE)); break;
		case 1: mb_enable(region, below(&state, 2)); break;
		case 2: mb_detach(region); break;
		}
	}
	broken = mb_check_view(board.space);
	cr_assert_null(broken, "seed %lu: %s", (unsigned long)seed, broken);
	compare_everywhere(&board);
	board_fini(&board);
}

Test(random_tree, FV_21_view_equals_search)
{
	for (uint64_t seed = 1; seed <= 60; seed++)
		check_random_tree(seed);
}
