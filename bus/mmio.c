// Accesses to callback regions: shape check, re-entrancy guard, and splitting to implemented sizes.
//
// Data travels as bytes in guest address order, and each callback's value is assembled in the
// device's byte order. That makes the rule "the byte at guest address X meets device byte X" hold
// however an access is split.
#include "bus/internal.h"
#include "bus/sized.h"

static unsigned impl_min(const struct mb_ops *ops)
{
	return ops->impl.min ? ops->impl.min : 1;
}

static unsigned impl_max(const struct mb_ops *ops)
{
	return ops->impl.max ? ops->impl.max : 4;
}

static mb_result check_shape(const struct mmio_access *access, uint64_t offset)
{
	const struct mb_region *region = access->range->section.region;
	const struct mb_ops *ops = region->ops;
	unsigned size = access->size;

	if (ops->valid.accepts &&
	    !ops->valid.accepts(region->opaque, offset, size, access->is_write, access->attrs))
		return MB_DECODE;
	if (!ops->valid.unaligned && (offset & (size - 1)))
		return MB_DECODE | MB_SHAPE;
	if (ops->valid.max && (size < ops->valid.min || size > ops->valid.max))
		return MB_DECODE | MB_SHAPE;
	return MB_OK;
}

static void observe(const struct mmio_access *access, uint64_t base, uint64_t offset, unsigned size,
		    bool is_write, uint64_t value, mb_result result)
{
	struct mb_space *space = access->space;
	struct mb_mmio_event event = {
		.space = space,
		.region = access->range->section.region->name,
		.address = access->address - base + offset,
		.offset = offset,
		.size = size,
		.is_write = is_write,
		.value = value,
		.result = result,
		.attrs = access->attrs,
	};

	if (space->observer)
		space->observer(space->observer_opaque, &event);
}

// One callback. @base is the offset of the whole access, @bytes the bytes of this piece.
static mb_result call_read(const struct mmio_access *access, uint64_t base, uint64_t offset,
			   unsigned size, uint8_t *bytes)
{
	const struct mb_region *region = access->range->section.region;
	uint64_t value = 0;
	mb_result result;

	result = region->ops->read(region->opaque, offset, size, access->attrs, &value);
	if (size < 8)
		value &= (1ull << 8 * size) - 1;
	observe(access, base, offset, size, false, value, result);
	bytes_put(bytes, size, region->ops->endian, value);
	return result;
}

static mb_result call_write(const struct mmio_access *access, uint64_t base, uint64_t offset,
			    unsigned size, const uint8_t *bytes)
{
	const struct mb_region *region = access->range->section.region;
	uint64_t value = bytes_get(bytes, size, region->ops->endian);
	mb_result result;

	result = region->ops->write(region->opaque, offset, size, access->attrs, value);
	observe(access, base, offset, size, true, value, result);
	return result;
}

// The part of an access that lies in one unit of impl.min bytes: @count bytes from @offset on.
static mb_result transfer_narrow(const struct mmio_access *access, uint64_t base, uint64_t offset,
				 unsigned count, uint8_t *bytes)
{
	const struct mb_region *region = access->range->section.region;
	unsigned unit = impl_min(region->ops);
	uint64_t start = offset & ~(uint64_t)(unit - 1);
	uint8_t whole[8] = {0};
	mb_result result;

	if ((mb_size)start + unit > region->size) {
		if (!access->is_write)
			memset(bytes, space_fill_byte(access->space), count);
		return MB_DECODE | MB_SHAPE;
	}
	if (access->is_write && region->ops->narrow_write == MB_NARROW_REJECT)
		return MB_DEVICE;
	result = call_read(access, base, start, unit, whole);
	if (!access->is_write) {
		memcpy(bytes, whole + (offset - start), count);
		return result;
	}
	if (result != MB_OK)
		return result;
	memcpy(whole + (offset - start), bytes, count);
	return call_write(access, base, start, unit, whole);
}

// Size of the next callback: a power of two, natural unless the device copes, inside the region.
static unsigned next_piece(const struct mb_region *region, uint64_t offset, unsigned left)
{
	unsigned size = (unsigned)power_floor(left);

	if (size > impl_max(region->ops))
		size = impl_max(region->ops);
	if (!region->ops->impl.unaligned && (offset & (size - 1)))
		size = (unsigned)(offset & -offset);
	while ((mb_size)offset + size > region->size)
		size /= 2;
	return size;
}

static mb_result transfer_pieces(const struct mmio_access *access, uint64_t base)
{
	const struct mb_region *region = access->range->section.region;
	unsigned min = impl_min(region->ops);
	mb_result result = MB_OK;

	for (unsigned done = 0; done < access->size;) {
		uint64_t offset = base + done;
		unsigned left = access->size - done;
		uint8_t *bytes = access->bytes + done;
		unsigned piece;

		// Only port accesses can run over the end of their region.
		if (offset < base || offset >= region->size) {
			if (!access->is_write)
				memset(bytes, space_fill_byte(access->space), left);
			return result | space_unassigned(access->space);
		}
		piece = next_piece(region, offset, left);
		if (piece < min) {
			piece = min - (unsigned)(offset & (min - 1));
			if (piece > left)
				piece = left;
			result |= transfer_narrow(access, base, offset, piece, bytes);
		} else if (access->is_write) {
			result |= call_write(access, base, offset, piece, bytes);
		} else {
			result |= call_read(access, base, offset, piece, bytes);
		}
		done += piece;
	}
	return result;
}

mb_result mmio_transfer(const struct mmio_access *access)
{
	struct mb_region *region = access->range->section.region;
	struct mb_guard *guard = region->guard;
	uint64_t offset = range_offset(access->range, access->address);
	bool guarded = !region->reentry_reason;
	mb_result result;

	if (access->attrs.memory_only || access->attrs.debug || access->attrs.encrypted)
		result = MB_DENIED;
	else
		result = check_shape(access, offset);
	if (result == MB_OK && guarded && guard->busy)
		result = MB_DENIED;
	if (result != MB_OK) {
		if (!access->is_write)
			memset(access->bytes, space_fill_byte(access->space), access->size);
		return result;
	}
	if (guarded)
		guard->busy = true;
	result = transfer_pieces(access, offset);
	if (guarded)
		guard->busy = false;
	return result;
}
