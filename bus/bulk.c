// Bulk transfers: resolve, move one run or one chunk, resolve again.
#include "bus/internal.h"
#include "bus/sized.h"

struct bulk {
	struct mb_space *space;
	bool is_write;
	struct mb_attrs attrs;
};

// Bytes of @left that lie at or below @last.
static uint64_t clip_length(uint64_t address, uint64_t last, uint64_t left)
{
	return last - address < left ? last - address + 1 : left;
}

static mb_result move_unassigned(const struct bulk *bulk, const struct mb_range *range,
				 uint64_t address, uint8_t *buffer, uint64_t *length)
{
	const struct mb_view *view = bulk->space->view;
	uint64_t last = UINT64_MAX;

	if (range) {
		last = range->last;
	} else {
		size_t next = view_lower_bound(view, address);

		if (next < view->count)
			last = view->ranges[next].first - 1;
	}
	*length = clip_length(address, last, *length);
	if (!bulk->is_write)
		memset(buffer, space_fill_byte(bulk->space), *length);
	return space_unassigned(bulk->space);
}

static void move_ram(const struct bulk *bulk, struct mb_ram *ram, uint64_t offset, uint8_t *buffer,
		     uint64_t length)
{
	if (!bulk->is_write) {
		memmove(buffer, ram->host + offset, length);
		return;
	}
	if (ram_is_noted(ram, offset, length))
		mb_ram_note_write(ram, offset, length);
	memmove(ram->host + offset, buffer, length);
}

static mb_result move_ramdev(const struct bulk *bulk, const struct mb_range *range,
			     uint64_t address, uint8_t *buffer, uint64_t *length)
{
	uint8_t *host = range->section.region->ramdev + range_offset(range, address);

	if (bulk->attrs.memory_only) {
		if (!bulk->is_write)
			memset(buffer, space_fill_byte(bulk->space), *length);
		return MB_DENIED;
	}
	*length = *length < 8 ? power_floor(*length) : 8;
	if (bulk->is_write)
		device_store(host, (unsigned)*length, buffer);
	else
		device_load(host, (unsigned)*length, buffer);
	return MB_OK;
}

static mb_result move_mmio(const struct bulk *bulk, const struct mb_range *range, uint64_t address,
			   uint8_t *buffer, uint64_t *length)
{
	const struct mb_ops *ops = range->section.region->ops;
	uint64_t offset = range_offset(range, address);
	uint64_t max = ops->valid.max ? ops->valid.max : 4;
	uint64_t chunk = power_floor(*length < max ? *length : max);
	struct mb_view *view = mb_view_acquire(bulk->space);
	struct mmio_access access;
	mb_result result;

	if (!ops->impl.unaligned && (offset & (chunk - 1)))
		chunk = offset & -offset;
	*length = chunk;
	access = (struct mmio_access){
		bulk->space, range, address, (unsigned)chunk, bulk->is_write, bulk->attrs, buffer,
	};
	result = mmio_transfer(&access);
	mb_view_release(view);
	return result;
}

// Moves what can be moved in one go. @length: bytes wanted, at least 1; bytes dealt with on return.
static mb_result move(const struct bulk *bulk, uint64_t address, uint8_t *buffer, uint64_t *length)
{
	const struct mb_range *range = space_lookup(bulk->space, address);
	const struct mb_region *region = range ? range->section.region : NULL;

	if (!range || region->kind == MB_KIND_RESERVED)
		return move_unassigned(bulk, range, address, buffer, length);
	*length = clip_length(address, range->last, *length);
	if (range_is_direct(range, bulk->is_write, bulk->attrs)) {
		move_ram(bulk, range->ram, range_offset(range, address), buffer, *length);
		return MB_OK;
	}
	if (bulk->is_write && range->section.readonly)
		return region->rom_policy == MB_ROM_ERROR ? MB_DEVICE : MB_OK;
	if (region->kind == MB_KIND_RAMDEV)
		return move_ramdev(bulk, range, address, buffer, length);
	return move_mmio(bulk, range, address, buffer, length);
}

static mb_result transfer(const struct bulk *bulk, uint64_t address, uint8_t *buffer,
			  uint64_t length, uint64_t *done)
{
	uint64_t beyond = 0, good = 0;
	mb_result result = MB_OK;

	if (length && address + (length - 1) < address) {
		beyond = length + address; // modulo 2^64: the part above the end
		length -= beyond;
	}
	while (length) {
		uint64_t step = length;
		mb_result part = move(bulk, address, buffer, &step);

		result |= part;
		if (part == MB_OK)
			good += step;
		address += step;
		buffer += step;
		length -= step;
	}
	if (beyond) {
		if (!bulk->is_write)
			memset(buffer, space_fill_byte(bulk->space), beyond);
		result |= MB_DECODE;
	}
	if (done)
		*done = good;
	return result;
}

mb_result mb_read(struct mb_space *space, uint64_t address, void *buffer, uint64_t length,
		  struct mb_attrs attrs, uint64_t *done)
{
	struct bulk bulk = {space, false, attrs};

	return transfer(&bulk, address, buffer, length, done);
}

mb_result mb_write(struct mb_space *space, uint64_t address, const void *buffer, uint64_t length,
		   struct mb_attrs attrs, uint64_t *done)
{
	struct bulk bulk = {space, true, attrs};

	// A write only reads the buffer.
	return transfer(&bulk, address, (uint8_t *)buffer, length, done);
}

mb_result mb_fill(struct mb_space *space, uint64_t address, uint8_t byte, uint64_t length,
		  struct mb_attrs attrs, uint64_t *done)
{
	uint8_t block[MB_PAGE_SIZE];
	uint64_t good = 0;
	mb_result result = MB_OK;

	memset(block, byte, sizeof(block));
	while (length) {
		// Whole pages after the first step, so that chunks to devices stay aligned.
		uint64_t step = MB_PAGE_SIZE - (address & (MB_PAGE_SIZE - 1));
		uint64_t part = 0;

		if (step > length)
			step = length;
		result |= mb_write(space, address, block, step, attrs, &part);
		good += part;
		length -= step;
		address += step;
		if (address == 0 && length) {
			result |= MB_DECODE;
			break;
		}
	}
	if (done)
		*done = good;
	return result;
}

mb_result mb_write_rom(struct mb_space *space, uint64_t address, const void *buffer,
		       uint64_t length, uint64_t *done)
{
	return mb_write(space, address, buffer, length, MB_ATTRS_DEBUG, done);
}
