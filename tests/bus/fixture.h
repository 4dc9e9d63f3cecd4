// What the bus tests share: a board that frees itself, a device that records, and view comparison.
#pragma once

#include "bus/bus.h"

#include <criterion/criterion.h>

#define BOARD_REGIONS 128

struct board {
	struct mb_bus *bus;
	struct mb_region *root;
	struct mb_space *space;
	struct mb_region
		*regions[BOARD_REGIONS]; // made by the helpers below; freed by board_fini()
	unsigned count;
};

void board_init(struct board *board, mb_size size, enum mb_space_kind kind);
void board_fini(struct board *board);

struct mb_region *new_container(struct board *board, const char *name, mb_size size);
struct mb_region *new_ram(struct board *board, const char *name, mb_size size);
struct mb_region *new_rom(struct board *board, const char *name, mb_size size,
			  enum mb_rom_policy policy);
struct mb_region *new_mmio(struct board *board, const char *name, mb_size size,
			   const struct mb_ops *ops, void *opaque);
struct mb_region *new_alias(struct board *board, const char *name, struct mb_region *target,
			    uint64_t offset, mb_size size);
// MMIO without a device of interest behind it.
struct mb_region *new_null(struct board *board, const char *name, mb_size size);

struct call {
	bool is_write;
	uint64_t offset;
	unsigned size;
	uint64_t value; // of a write
};

// A device that notes its callbacks. Reads give answers[offset / 4] shifted to the offset's byte;
// results come from `results` in call order.
struct recorder {
	struct call calls[64];
	unsigned count;
	uint64_t answers[64];
	mb_result results[64];
};

mb_result recorder_read(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			uint64_t *value);
mb_result recorder_write(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			 uint64_t value);

#define RECORDER_OPS(...)                                                                          \
	{                                                                                          \
		.read = recorder_read, .write = recorder_write, __VA_ARGS__                        \
	}

// Compare the recorded calls with a list, then forget them.
void expect_calls(struct recorder *recorder, const struct call *calls, unsigned count);
#define EXPECT_CALLS(recorder, ...)                                                                \
	expect_calls(recorder, (const struct call[]){__VA_ARGS__},                                 \
		     sizeof((const struct call[]){__VA_ARGS__}) / sizeof(struct call))

struct expected_range {
	uint64_t first;
	mb_size end;
	struct mb_region *region;
	uint64_t offset;
	bool readonly;
};

// Compare the current view with a list, and check the invariants.
void expect_view(struct mb_space *space, const struct expected_range *ranges, size_t count);
#define EXPECT_VIEW(space, ...)                                                                    \
	expect_view(space, (const struct expected_range[]){__VA_ARGS__},                           \
		    sizeof((const struct expected_range[]){__VA_ARGS__}) /                         \
			    sizeof(struct expected_range))

static inline uint8_t *host_of(struct mb_region *region)
{
	return mb_region_get_ram(region)->host;
}
