/*
 * virtio entropy device (virtio 1.2 section 5.4). The bytes come from a generator that the run's
 * seed starts, so that runs repeat: this is no source of secrets.
 */
#include "devices/virtio.h"
#include "devices/virtio_mmio.h"

/* Most bytes given for one request; the driver asks again for more. */
#define REQUEST_MAX 4096u

struct rng {
	uint64_t state;
};

/* SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): a counter and a mixing function. */
static uint64_t next_random(struct rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15ull;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static void rng_notify(struct virtio *virtio, unsigned number)
{
	struct rng *rng = virtio->kind_state;
	struct virtio_chain chain;
	for (unsigned left = virtio->queue[number].size; left && virtio_pop(virtio, number, &chain);
	     left--) {
		uint8_t bytes[REQUEST_MAX];
		uint32_t length =
			chain.write_length < REQUEST_MAX ? chain.write_length : REQUEST_MAX;
		for (uint32_t i = 0; i < length; i += 8)
			mb_put64le(bytes + i, next_random(rng));
		if (!virtio_write(virtio, &chain, 0, bytes, length))
			return;
		virtio_push(virtio, number, &chain, length);
	}
	virtio_signal(virtio, number);
}

static int rng_create(struct virtio *virtio, const void *config, struct error *error)
{
	(void)error;
	const struct virtio_rng_config *wanted = config;
	struct rng *rng = virtio->kind_state;
	rng->state = wanted ? wanted->seed : 0;
	return 0;
}

static const struct state_field rng_fields[] = {STATE_FIELD(struct rng, state)};

const struct virtio_ops virtio_rng_ops = {
	.name = "rng",
	.summary = "entropy source, deterministic from --seed",
	.state_name = "virtio_rng",
	.device_id = 4,
	.queue_count = 1,
	.object_size = sizeof(struct rng),
	.create = rng_create,
	.notify = rng_notify,
	.fields = rng_fields,
	.field_count = sizeof(rng_fields) / sizeof(rng_fields[0]),
};
