/* Split virtqueues (virtio 1.2 section 2.7), with indirect descriptors and event indices. */
#include <string.h>

#include "devices/virtio.h"

enum {
	DESC_NEXT = 1,
	DESC_WRITE = 2,
	DESC_INDIRECT = 4,
	DESC_SIZE = 16,

	RING_INDEX = 2, /* offsets in the driver's and the device's part */
	RING_ENTRIES = 4,
	USED_ENTRY_SIZE = 8,
	AVAIL_NO_INTERRUPT = 1,
};

struct descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next;
};

/*
 * Rings, descriptors and buffers are RAM. Devices as targets of DMA are refused, so no chain can
 * make a device call itself or another one.
 */
static struct mb_attrs dma_attrs(void)
{
	return (struct mb_attrs){.memory_only = 1};
}

static bool dma_read(struct virtio *virtio, uint64_t address, void *buffer, uint64_t length)
{
	mb_result result =
		mb_read(virtio->device.host.memory, address, buffer, length, dma_attrs(), NULL);
	if (result == MB_OK)
		return true;
	virtio_break(virtio, "DMA read from an address that is no RAM");
	return false;
}

static bool dma_write(struct virtio *virtio, uint64_t address, const void *buffer, uint64_t length)
{
	mb_result result =
		mb_write(virtio->device.host.memory, address, buffer, length, dma_attrs(), NULL);
	if (result == MB_OK)
		return true;
	virtio_break(virtio, "DMA write to an address that is no RAM");
	return false;
}

static bool read_u16(struct virtio *virtio, uint64_t address, uint16_t *value)
{
	uint8_t bytes[2];
	if (!dma_read(virtio, address, bytes, sizeof(bytes)))
		return false;
	*value = mb_get16le(bytes);
	return true;
}

static bool write_u16(struct virtio *virtio, uint64_t address, uint16_t value)
{
	uint8_t bytes[2];
	mb_put16le(bytes, value);
	return dma_write(virtio, address, bytes, sizeof(bytes));
}

static bool read_descriptor(struct virtio *virtio, uint64_t table, unsigned index,
			    struct descriptor *out)
{
	uint8_t bytes[DESC_SIZE];
	if (!dma_read(virtio, table + (uint64_t)index * DESC_SIZE, bytes, sizeof(bytes)))
		return false;
	out->address = mb_get64le(bytes);
	out->length = mb_get32le(bytes + 8);
	out->flags = mb_get16le(bytes + 12);
	out->next = mb_get16le(bytes + 14);
	return true;
}

static bool broken(struct virtio *virtio, const char *why)
{
	virtio_break(virtio, why);
	return false;
}

static bool add_segment(struct virtio *virtio, struct virtio_chain *chain,
			const struct descriptor *desc)
{
	unsigned count = chain->readable + chain->writable;
	if (count >= VIRTIO_QUEUE_SIZE_MAX)
		return broken(virtio, "descriptor chain is too long, or a loop");
	if (desc->length > UINT64_MAX - desc->address)
		return broken(virtio, "descriptor runs past the end of memory");
	if (desc->flags & DESC_WRITE) {
		chain->writable++;
		chain->write_length += desc->length;
	} else {
		if (chain->writable)
			return broken(virtio, "readable descriptor after a writable one");
		chain->readable++;
		chain->read_length += desc->length;
	}
	chain->segment[count] = (struct virtio_segment){desc->address, desc->length};
	return true;
}

/*
 * Follows a chain from `index` of a table of `entries`. Each step adds a segment, and these are
 * limited: that ends loops. An indirect descriptor ends the outer chain (section 2.7.5.3.1) and
 * its table holds no further ones.
 */
static bool follow(struct virtio *virtio, struct virtio_chain *chain, uint64_t table,
		   uint32_t entries, unsigned index, bool indirect)
{
	struct descriptor desc;
	do {
		if (index >= entries)
			return broken(virtio, "descriptor index is outside of its table");
		if (!read_descriptor(virtio, table, index, &desc))
			return false;
		if (desc.flags & DESC_INDIRECT) {
			if (indirect || (desc.flags & DESC_NEXT) ||
			    !(virtio->accepted & VIRTIO_F_INDIRECT_DESC) || !desc.length ||
			    desc.length % DESC_SIZE)
				return broken(virtio, "malformed indirect descriptor");
			return follow(virtio, chain, desc.address, desc.length / DESC_SIZE, 0,
				      true);
		}
		if (!add_segment(virtio, chain, &desc))
			return false;
		index = desc.next;
	} while (desc.flags & DESC_NEXT);
	return true;
}

bool virtio_pop(struct virtio *virtio, unsigned number, struct virtio_chain *chain)
{
	struct virtio_queue *queue = &virtio->queue[number];
	uint16_t available;
	if (!virtio_running(virtio) || !queue->ready)
		return false;
	if (!read_u16(virtio, queue->driver + RING_INDEX, &available))
		return false;
	uint16_t waiting = available - queue->next_available;
	if (!waiting)
		return false;
	if (waiting > queue->size)
		return broken(virtio, "available index is too far ahead");
	uint64_t slot = queue->next_available % queue->size;
	chain->readable = chain->writable = 0;
	chain->read_length = chain->write_length = 0;
	if (!read_u16(virtio, queue->driver + RING_ENTRIES + 2 * slot, &chain->head))
		return false;
	if (!follow(virtio, chain, queue->descriptors, queue->size, chain->head, false))
		return false;
	queue->next_available++;
	return true;
}

/* The two copies differ only in direction. */
static bool copy(struct virtio *virtio, const struct virtio_segment *segment, unsigned count,
		 uint64_t offset, uint8_t *buffer, size_t length, bool write)
{
	for (unsigned i = 0; i < count && length; i++) {
		if (offset >= segment[i].length) {
			offset -= segment[i].length;
			continue;
		}
		uint64_t part = segment[i].length - offset;
		if (part > length)
			part = length;
		uint64_t address = segment[i].address + offset;
		if (!(write ? dma_write(virtio, address, buffer, part)
			    : dma_read(virtio, address, buffer, part)))
			return false;
		buffer += part;
		length -= part;
		offset = 0;
	}
	return length == 0 || broken(virtio, "request is shorter than its header says");
}

bool virtio_read(struct virtio *virtio, const struct virtio_chain *chain, uint64_t offset,
		 void *buffer, size_t length)
{
	return copy(virtio, chain->segment, chain->readable, offset, buffer, length, false);
}

bool virtio_write(struct virtio *virtio, const struct virtio_chain *chain, uint64_t offset,
		  const void *buffer, size_t length)
{
	/* The buffer is only read from in this direction. */
	return copy(virtio, chain->segment + chain->readable, chain->writable, offset,
		    (uint8_t *)buffer, length, true);
}

void virtio_push(struct virtio *virtio, unsigned number, const struct virtio_chain *chain,
		 uint32_t written)
{
	struct virtio_queue *queue = &virtio->queue[number];
	if (!virtio_running(virtio) || !queue->ready)
		return;
	uint8_t entry[USED_ENTRY_SIZE];
	mb_put32le(entry, chain->head);
	mb_put32le(entry + 4, written);
	uint64_t slot = queue->used % queue->size;
	if (!dma_write(virtio, queue->device + RING_ENTRIES + USED_ENTRY_SIZE * slot, entry,
		       sizeof(entry)))
		return;
	if (write_u16(virtio, queue->device + RING_INDEX, queue->used + 1))
		queue->used++;
}

/* Whether the driver wants an interrupt for what was pushed since the last one. */
static bool wants_interrupt(struct virtio *virtio, struct virtio_queue *queue)
{
	uint16_t value;
	if (!(virtio->accepted & VIRTIO_F_EVENT_IDX))
		return read_u16(virtio, queue->driver, &value) && !(value & AVAIL_NO_INTERRUPT);
	if (!read_u16(virtio, queue->driver + RING_ENTRIES + 2 * queue->size, &value))
		return false;
	if (!queue->signalled_valid)
		return true;
	uint16_t ahead = queue->used - value - 1, pushed = queue->used - queue->signalled;
	return ahead < pushed;
}

void virtio_signal(struct virtio *virtio, unsigned number)
{
	struct virtio_queue *queue = &virtio->queue[number];
	if (!virtio_running(virtio) || !queue->ready)
		return;
	/* "Tell me of the next one": we look at the ring only when told. */
	if ((virtio->accepted & VIRTIO_F_EVENT_IDX) &&
	    !write_u16(virtio, queue->device + RING_ENTRIES + USED_ENTRY_SIZE * queue->size,
		       queue->next_available))
		return;
	if (queue->signalled_valid && queue->used == queue->signalled)
		return;
	if (!queue->signalled_valid && !queue->used)
		return;
	bool wanted = wants_interrupt(virtio, queue);
	queue->signalled = queue->used;
	queue->signalled_valid = 1;
	if (wanted && virtio_running(virtio))
		virtio_interrupt(virtio, VIRTIO_INTERRUPT_USED);
}
