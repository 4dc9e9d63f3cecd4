/* virtio with random memory: rings, descriptors and buffers full of noise. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ring.h"

static struct bench bench;

/* An address that is often near something of interest. */
static uint64_t random_address(uint64_t *seed)
{
	switch (bench_random(seed) % 8) {
	case 0: return bench_random(seed);
	case 1: return SLOT + bench_random(seed) % 0x200;
	case 2: return BENCH_RAM_BASE + BENCH_RAM_SIZE - bench_random(seed) % 64;
	case 3: return RING_USED(0) + bench_random(seed) % 64;
	default: return BENCH_RAM_BASE + bench_random(seed) % BENCH_RAM_SIZE;
	}
}

static void random_descriptors(uint64_t *seed, unsigned queue)
{
	for (unsigned i = 0; i < RING_SIZE; i++) {
		uint32_t length =
			bench_random(seed) % 16 ? bench_random(seed) % 4096 : bench_random(seed);
		if (bench_random(seed) % 8 == 0)
			length &= ~15u;
		uint16_t flags =
			bench_random(seed) % 4 ? bench_random(seed) % 4 : bench_random(seed) % 8;
		ring_desc(&bench, queue, i, random_address(seed), length, flags,
			  bench_random(seed) % (RING_SIZE + 1));
	}
}

/* Block requests need a plausible header to get anywhere. */
static void random_headers(uint64_t *seed)
{
	static const uint8_t types[] = {0, 1, 4, 8, 11, 13, 99};
	for (unsigned i = 0; i < RING_SIZE; i++) {
		uint64_t header = bench_read(&bench, RING_DESC(0) + 16 * i, 8);
		if (header < BENCH_RAM_BASE || header + 32 > BENCH_RAM_BASE + BENCH_RAM_SIZE)
			continue;
		bench_write(&bench, header, 4, types[bench_random(seed) % sizeof(types)]);
		bench_write(&bench, header + 8, 8, bench_random(seed) % 20);
	}
}

static void round_of(uint64_t *seed, unsigned queues)
{
	ring_start(&bench, bench_random(seed) % 2 * (VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX),
		   queues);
	for (unsigned step = 0; step < 4; step++) {
		unsigned queue = bench_random(seed) % queues;
		random_descriptors(seed, queue);
		random_headers(seed);
		for (unsigned i = bench_random(seed) % (RING_SIZE + 2); i; i--)
			ring_offer(&bench, queue, bench_random(seed) % (RING_SIZE + 1));
		ring_notify(&bench, queue);
		slot_out(&bench, REG_INTERRUPT_ACK, bench_random(seed));
		if (bench_random(seed) % 8 == 0)
			slot_out(&bench, bench_random(seed) % 64 * 4, bench_random(seed));
	}
}

static void fuzz(const struct virtio_ops *kind, const void *kind_config, unsigned queues)
{
	const struct virtio_mmio_config config = {kind, kind_config};
	uint64_t seed = 0xfeedface;
	bench_init(&bench);
	bench_add(&bench, &virtio_mmio_ops, SLOT, &config);
	for (unsigned round = 0; round < 500; round++)
		round_of(&seed, queues);
	slot_out(&bench, REG_STATUS, 0);
	cr_assert_eq(slot_in(&bench, REG_STATUS), 0, "a reset always helps");
	cr_assert(!bench.wire[0]);
	bench_fini(&bench);
}

Test(virtio_fuzz, rng)
{
	fuzz(&virtio_rng_ops, NULL, 1);
}

Test(virtio_fuzz, console)
{
	struct chardev *chardev = chardev_null_new(NULL);
	const struct virtio_console_config console = {chardev};
	uint8_t text[100] = {0};
	chardev_push(chardev, text, sizeof(text));
	fuzz(&virtio_console_ops, &console, 2);
	chardev_free(chardev);
}

Test(virtio_fuzz, blk)
{
	char path[] = "/tmp/trapline-test-XXXXXX";
	int fd = mkstemp(path);
	cr_assert_eq(ftruncate(fd, 8192 + 100), 0);
	close(fd);
	const struct virtio_blk_config blk = {.path = path};
	fuzz(&virtio_blk_ops, &blk, 1);
	unlink(path);
}
