// Sized loads and stores.
#include "bus/internal.h"
#include "bus/sized.h"

// Does the access stay inside the range?
static bool range_holds(const struct mb_range *range, uint64_t address, unsigned size)
{
	return range && range->last - address >= size - 1;
}

static bool has_callbacks(const struct mb_range *range)
{
	return range->section.region->ops != NULL;
}

// Everything but direct RAM; @bytes are in guest address order.
static mb_result access_slow(struct mb_space *space, const struct mb_range *range, uint64_t address,
			     unsigned size, bool is_write, struct mb_attrs attrs, uint8_t *bytes)
{
	bool ports = space->kind == MB_SPACE_PORTS;
	bool callback = range && has_callbacks(range) && !range_is_direct(range, is_write, attrs) &&
			!(is_write && range->section.readonly);

	if (callback && (ports || range_holds(range, address, size))) {
		struct mb_view *view = mb_view_acquire(space);
		struct mmio_access access = {space, range, address, size, is_write, attrs, bytes};
		mb_result result = mmio_transfer(&access);

		mb_view_release(view);
		return result;
	}
	if (ports && (!range || range->section.region->kind == MB_KIND_RESERVED)) {
		if (!is_write)
			memset(bytes, space_fill_byte(space), size);
		return space_unassigned(space);
	}
	return is_write ? mb_write(space, address, bytes, size, attrs, NULL)
			: mb_read(space, address, bytes, size, attrs, NULL);
}

mb_result mb_ld(struct mb_space *space, uint64_t address, unsigned size, enum mb_endian endian,
		struct mb_attrs attrs, uint64_t *value)
{
	const struct mb_range *range;
	uint8_t bytes[8];
	mb_result result;

	if (!size_is_sized(size)) {
		*value = space_fill_byte(space) ? UINT64_MAX : 0;
		return MB_DECODE | MB_SHAPE;
	}
	range = space_lookup(space, address);
	if (range_holds(range, address, size) && range_is_direct(range, false, attrs)) {
		*value = host_load(range->ram->host + range_offset(range, address), size, endian);
		return MB_OK;
	}
	result = access_slow(space, range, address, size, false, attrs, bytes);
	*value = bytes_get(bytes, size, endian);
	return result;
}

mb_result mb_st(struct mb_space *space, uint64_t address, unsigned size, enum mb_endian endian,
		struct mb_attrs attrs, uint64_t value)
{
	const struct mb_range *range;
	uint8_t bytes[8];

	if (!size_is_sized(size))
		return MB_DECODE | MB_SHAPE;
	if (size < 8)
		value &= (1ull << 8 * size) - 1;
	range = space_lookup(space, address);
	if (range_holds(range, address, size) && range_is_direct(range, true, attrs)) {
		struct mb_ram *ram = range->ram;
		uint64_t offset = range_offset(range, address);

		if (ram->page_state[offset >> MB_PAGE_SHIFT] |
		    ram->page_state[(offset + size - 1) >> MB_PAGE_SHIFT])
			mb_ram_note_write(ram, offset, size);
		host_store(ram->host + offset, size, endian, value);
		return MB_OK;
	}
	bytes_put(bytes, size, endian, value);
	return access_slow(space, range, address, size, true, attrs, bytes);
}

// clang-format off
#define FIXED_ACCESS(bits, suffix, endian)                                                          \
	mb_result mb_ld##bits##suffix(struct mb_space *space, uint64_t address,                     \
				      struct mb_attrs attrs, uint##bits##_t *value)                 \
	{                                                                                           \
		uint64_t wide;                                                                      \
		mb_result result = mb_ld(space, address, bits / 8, endian, attrs, &wide);           \
                                                                                                    \
		*value = (uint##bits##_t)wide;                                                      \
		return result;                                                                      \
	}                                                                                           \
	mb_result mb_st##bits##suffix(struct mb_space *space, uint64_t address,                     \
				      struct mb_attrs attrs, uint##bits##_t value)                  \
	{                                                                                           \
		return mb_st(space, address, bits / 8, endian, attrs, value);                       \
	}

FIXED_ACCESS(8, , MB_LITTLE)
FIXED_ACCESS(16, le, MB_LITTLE)
FIXED_ACCESS(32, le, MB_LITTLE)
FIXED_ACCESS(64, le, MB_LITTLE)
FIXED_ACCESS(16, be, MB_BIG)
FIXED_ACCESS(32, be, MB_BIG)
FIXED_ACCESS(64, be, MB_BIG)
// clang-format on
