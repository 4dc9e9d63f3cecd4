#include "tests/bus/fixture.h"

#include <inttypes.h>
#include <string.h>

static struct mb_region *keep(struct board *board, int error, struct mb_region *region)
{
	cr_assert_eq(error, 0);
	cr_assert_lt(board->count, BOARD_REGIONS);
	board->regions[board->count++] = region;
	return region;
}

void board_init(struct board *board, mb_size size, enum mb_space_kind kind)
{
	memset(board, 0, sizeof(*board));
	board->bus = mb_bus_new();
	cr_assert_not_null(board->bus);
	board->root = new_container(board, "root", size);
	cr_assert_eq(mb_space_new(board->bus, "space", board->root, kind, &board->space), 0);
}

void board_fini(struct board *board)
{
	mb_space_free(board->space);
	for (unsigned i = 0; i < board->count; i++)
		mb_region_unref(board->regions[i]);
	mb_bus_free(board->bus);
}

struct mb_region *new_container(struct board *board, const char *name, mb_size size)
{
	struct mb_region *region;
	int error = mb_region_container(board->bus, name, size, &region);

	return keep(board, error, region);
}

struct mb_region *new_ram(struct board *board, const char *name, mb_size size)
{
	struct mb_region *region;
	int error = mb_region_ram(board->bus, name, size, &region);

	return keep(board, error, region);
}

struct mb_region *new_rom(struct board *board, const char *name, mb_size size,
			  enum mb_rom_policy policy)
{
	struct mb_region *region;
	int error = mb_region_rom(board->bus, name, size, policy, &region);

	return keep(board, error, region);
}

struct mb_region *new_mmio(struct board *board, const char *name, mb_size size,
			   const struct mb_ops *ops, void *opaque)
{
	struct mb_region *region;
	int error = mb_region_mmio(board->bus, name, size, ops, opaque, &region);

	return keep(board, error, region);
}

struct mb_region *new_alias(struct board *board, const char *name, struct mb_region *target,
			    uint64_t offset, mb_size size)
{
	struct mb_region *region;
	int error = mb_region_alias(board->bus, name, target, offset, size, &region);

	return keep(board, error, region);
}

static mb_result null_read(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			   uint64_t *value)
{
	(void)opaque, (void)offset, (void)size, (void)attrs, (void)value;
	return MB_OK;
}

static mb_result null_write(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			    uint64_t value)
{
	(void)opaque, (void)offset, (void)size, (void)attrs, (void)value;
	return MB_OK;
}

struct mb_region *new_null(struct board *board, const char *name, mb_size size)
{
	static const struct mb_ops ops = {.read = null_read, .write = null_write};

	return new_mmio(board, name, size, &ops, NULL);
}

static mb_result record(struct recorder *recorder, struct call call)
{
	cr_assert_lt(recorder->count, 64u);
	recorder->calls[recorder->count] = call;
	return recorder->results[recorder->count++];
}

mb_result recorder_read(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			uint64_t *value)
{
	struct recorder *recorder = opaque;

	(void)attrs;
	*value = recorder->answers[offset / 4 % 64] >> 8 * (offset % 4);
	return record(recorder, (struct call){false, offset, size, 0});
}

mb_result recorder_write(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			 uint64_t value)
{
	(void)attrs;
	return record(opaque, (struct call){true, offset, size, value});
}

void expect_calls(struct recorder *recorder, const struct call *calls, unsigned count)
{
	cr_assert_eq(recorder->count, count, "%u calls, expected %u", recorder->count, count);
	for (unsigned i = 0; i < count; i++) {
		const struct call *got = &recorder->calls[i];

		cr_assert(got->is_write == calls[i].is_write && got->offset == calls[i].offset &&
				  got->size == calls[i].size && got->value == calls[i].value,
			  "call %u: %s offset %" PRIx64 " size %u value %" PRIx64, i,
			  got->is_write ? "write" : "read", got->offset, got->size, got->value);
	}
	recorder->count = 0;
}

void expect_view(struct mb_space *space, const struct expected_range *ranges, size_t count)
{
	struct mb_view *view = mb_view_acquire(space);
	const char *broken = mb_check_view(space);

	cr_assert_null(broken, "%s", broken);
	cr_assert_eq(mb_view_count(view), count, "%zu ranges, expected %zu", mb_view_count(view),
		     count);
	for (size_t i = 0; i < count; i++) {
		const struct mb_range *got = mb_view_range(view, i);

		cr_assert(got->first == ranges[i].first &&
				  (mb_size)got->last + 1 == ranges[i].end &&
				  got->section.region == ranges[i].region &&
				  got->section.offset_in_region == ranges[i].offset &&
				  got->section.readonly == ranges[i].readonly,
			  "range %zu: %" PRIx64 "-%" PRIx64 " %s+%" PRIx64 "%s", i, got->first,
			  got->last, mb_region_name(got->section.region),
			  got->section.offset_in_region, got->section.readonly ? " RO" : "");
	}
	mb_view_release(view);
}
