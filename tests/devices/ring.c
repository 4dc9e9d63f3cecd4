#include "ring.h"

uint32_t slot_in(struct bench *bench, unsigned offset)
{
	return bench_read(bench, SLOT + offset, 4);
}

void slot_out(struct bench *bench, unsigned offset, uint32_t value)
{
	bench_write(bench, SLOT + offset, 4, value);
}

static void set_up_queue(struct bench *bench, unsigned queue)
{
	slot_out(bench, REG_QUEUE_SEL, queue);
	slot_out(bench, REG_QUEUE_NUM, RING_SIZE);
	const uint64_t parts[] = {RING_DESC(queue), RING_AVAIL(queue), RING_USED(queue)};
	for (unsigned i = 0; i < 3; i++) {
		slot_out(bench, 0x80 + 0x10 * i, parts[i]);
		slot_out(bench, 0x84 + 0x10 * i, parts[i] >> 32);
	}
	mb_fill(bench->machine.memory, RING(queue), 0, 3 * RING_AREA, MB_ATTRS_NONE, NULL);
	slot_out(bench, REG_QUEUE_READY, 1);
}

void ring_start(struct bench *bench, uint64_t features, unsigned queues)
{
	features |= VIRTIO_F_VERSION_1;
	slot_out(bench, REG_STATUS, 0);
	slot_out(bench, REG_STATUS, 1);
	slot_out(bench, REG_STATUS, 3);
	for (unsigned half = 0; half < 2; half++) {
		slot_out(bench, 0x24, half);
		slot_out(bench, 0x20, features >> 32 * half);
	}
	slot_out(bench, REG_STATUS, 11);
	cr_assert_eq(slot_in(bench, REG_STATUS), 11, "FEATURES_OK stays");
	for (unsigned queue = 0; queue < queues; queue++)
		set_up_queue(bench, queue);
	slot_out(bench, REG_STATUS, 15);
}

void ring_desc(struct bench *bench, unsigned queue, unsigned index, uint64_t address,
	       uint32_t length, uint16_t flags, uint16_t next)
{
	uint64_t desc = RING_DESC(queue) + 16 * index;
	bench_write(bench, desc, 8, address);
	bench_write(bench, desc + 8, 4, length);
	bench_write(bench, desc + 12, 2, flags);
	bench_write(bench, desc + 14, 2, next);
}

void ring_offer(struct bench *bench, unsigned queue, uint16_t head)
{
	uint16_t index = bench_read(bench, RING_AVAIL(queue) + 2, 2);
	bench_write(bench, RING_AVAIL(queue) + 4 + 2 * (index % RING_SIZE), 2, head);
	bench_write(bench, RING_AVAIL(queue) + 2, 2, (uint16_t)(index + 1));
}

void ring_notify(struct bench *bench, unsigned queue)
{
	slot_out(bench, REG_NOTIFY, queue);
}

uint16_t ring_used(struct bench *bench, unsigned queue)
{
	return bench_read(bench, RING_USED(queue) + 2, 2);
}

uint32_t ring_used_length(struct bench *bench, unsigned queue, uint16_t index)
{
	return bench_read(bench, RING_USED(queue) + 8 + 8 * (index % RING_SIZE), 4);
}

void ring_expect_broken(struct bench *bench)
{
	cr_assert(slot_in(bench, REG_STATUS) & VIRTIO_STATUS_NEEDS_RESET);
	cr_assert(slot_in(bench, REG_INTERRUPT_STATUS) & VIRTIO_INTERRUPT_CONFIG);
	cr_assert(bench->wire[0]);
}
