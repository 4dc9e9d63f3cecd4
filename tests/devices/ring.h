/* A driver for one virtio-mmio slot, so small that tests can also misuse it. */
#ifndef TESTS_DEVICES_RING_H
#define TESTS_DEVICES_RING_H

#include "bench.h"
#include "devices/virtio.h"
#include "devices/virtio_mmio.h"

#define SLOT          0x10001000ull
#define RING_SIZE     8u
#define RING_AREA     0x1000ull
#define RING(q)       (BENCH_RAM_BASE + 0x10000 + (q)*3 * RING_AREA)
#define RING_DESC(q)  RING(q)
#define RING_AVAIL(q) (RING(q) + RING_AREA)
#define RING_USED(q)  (RING(q) + 2 * RING_AREA)

/* Register offsets that tests use. */
enum {
	REG_QUEUE_SEL = 0x30,
	REG_QUEUE_NUM_MAX = 0x34,
	REG_QUEUE_NUM = 0x38,
	REG_QUEUE_READY = 0x44,
	REG_NOTIFY = 0x50,
	REG_INTERRUPT_STATUS = 0x60,
	REG_INTERRUPT_ACK = 0x64,
	REG_STATUS = 0x70,
	REG_CONFIG = 0x100,
};

enum { NEXT = 1, WRITE = 2, INDIRECT = 4 };

uint32_t slot_in(struct bench *bench, unsigned offset);
void slot_out(struct bench *bench, unsigned offset, uint32_t value);

/* Negotiates `features` (VERSION_1 is added), sets up `queues` rings, sets DRIVER_OK. */
void ring_start(struct bench *bench, uint64_t features, unsigned queues);

/* Writes descriptor `index` of a queue's table. */
void ring_desc(struct bench *bench, unsigned queue, unsigned index, uint64_t address,
	       uint32_t length, uint16_t flags, uint16_t next);

/* Makes a chain available without telling. */
void ring_offer(struct bench *bench, unsigned queue, uint16_t head);

void ring_notify(struct bench *bench, unsigned queue);

uint16_t ring_used(struct bench *bench, unsigned queue);
/* Length of the used entry number `index`. */
uint32_t ring_used_length(struct bench *bench, unsigned queue, uint16_t index);

/* Asserts that the device has given up, and says so. */
void ring_expect_broken(struct bench *bench);

#endif
