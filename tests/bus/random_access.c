// Property: whatever the layout, the byte orders and the sizes that devices implement, a store of
// any shape changes exactly the bytes that the tree search names, and a load sees them. RAM and
// devices are overlaid at random; every device keeps its registers as bytes, so both are compared
// against plain arrays.
#include "tests/bus/fixture.h"

#include <string.h>

#define SPACE_SIZE   0x1000
#define REGIONS      12
#define REGION_BYTES 0x400

struct bytes_device {
	const struct mb_ops *ops;
	uint8_t bytes[REGION_BYTES];
	uint8_t model[REGION_BYTES];
};

static mb_result device_read(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			     uint64_t *value)
{
	struct bytes_device *device = opaque;

	(void)attrs;
	cr_assert_leq(offset + size, REGION_BYTES);
	for (unsigned i = 0; i < size; i++) {
		unsigned lane = device->ops->endian == MB_LITTLE ? i : size - 1 - i;

		*value |= (uint64_t)device->bytes[offset + i] << 8 * lane;
	}
	return MB_OK;
}

static mb_result device_write(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			      uint64_t value)
{
	struct bytes_device *device = opaque;

	(void)attrs;
	cr_assert_leq(offset + size, REGION_BYTES);
	cr_assert(size == 8 || value >> 8 * size == 0);
	for (unsigned i = 0; i < size; i++) {
		unsigned lane = device->ops->endian == MB_LITTLE ? i : size - 1 - i;

		device->bytes[offset + i] = (uint8_t)(value >> 8 * lane);
	}
	return MB_OK;
}

#define DEVICE_OPS(order, min, max, any)                                                           \
	{                                                                                          \
		.read = device_read, .write = device_write, .endian = order,                       \
		.valid.unaligned = true, .impl = {min, max, any}, .narrow_write = MB_NARROW_MERGE  \
	}

static const struct mb_ops device_ops[] = {
	DEVICE_OPS(MB_LITTLE, 1, 1, false), DEVICE_OPS(MB_BIG, 1, 2, false),
	DEVICE_OPS(MB_LITTLE, 2, 4, false), DEVICE_OPS(MB_BIG, 4, 4, false),
	DEVICE_OPS(MB_LITTLE, 8, 8, false), DEVICE_OPS(MB_BIG, 8, 8, false),
	DEVICE_OPS(MB_BIG, 1, 8, true),
};

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 8;
}

static struct board board;
static struct bytes_device devices[REGIONS]; // also the model of the RAM regions
static struct mb_region *regions[REGIONS];

static void build(uint64_t *random)
{
	memset(devices, 0, sizeof(devices));
	board_init(&board, SPACE_SIZE, MB_SPACE_MEMORY);
	for (unsigned i = 0; i < REGIONS; i++) {
		unsigned pick = (unsigned)(next_random(random) % 14);
		unsigned priority = (unsigned)(next_random(random) % 3);

		if (pick < 7) {
			devices[i].ops = &device_ops[pick];
			regions[i] = new_mmio(&board, "device", REGION_BYTES, devices[i].ops,
					      &devices[i]);
		} else {
			regions[i] = new_ram(&board, "ram", REGION_BYTES);
		}
		mb_attach_overlap(board.root, next_random(random) % SPACE_SIZE, regions[i],
				  (int)priority);
	}
}

// The model's byte for an address; NULL in a hole.
static uint8_t *model_byte(uint64_t address)
{
	struct mb_section found;

	if (!mb_search(board.root, address, &found))
		return NULL;
	for (unsigned i = 0; i < REGIONS; i++)
		if (regions[i] == found.region)
			return &devices[i].model[found.offset_in_region];
	cr_assert(false, "search found a strange region");
	return NULL;
}

static void one_store(uint64_t *random, uint64_t address, unsigned size)
{
	enum mb_endian endian = next_random(random) & 1 ? MB_BIG : MB_LITTLE;
	uint64_t value = next_random(random) << 8 ^ next_random(random);
	mb_result expected = MB_OK;

	for (unsigned i = 0; i < size; i++) {
		uint8_t *byte = model_byte(address + i);
		unsigned lane = endian == MB_LITTLE ? i : size - 1 - i;

		if (byte)
			*byte = (uint8_t)(value >> 8 * lane);
		else
			expected = MB_DECODE;
	}
	cr_assert_eq(mb_st(board.space, address, size, endian, MB_ATTRS_NONE, value), expected);
}

static void one_load(uint64_t *random, uint64_t address, unsigned size)
{
	enum mb_endian endian = next_random(random) & 1 ? MB_BIG : MB_LITTLE;
	uint64_t value, wanted = 0;
	mb_result expected = MB_OK;

	for (unsigned i = 0; i < size; i++) {
		uint8_t *byte = model_byte(address + i);
		unsigned lane = endian == MB_LITTLE ? i : size - 1 - i;

		if (byte)
			wanted |= (uint64_t)*byte << 8 * lane;
		else
			expected = MB_DECODE;
	}
	cr_assert_eq(mb_ld(board.space, address, size, endian, MB_ATTRS_NONE, &value), expected);
	cr_assert_eq(value, wanted);
}

static void one_bulk(uint64_t *random, uint64_t address)
{
	uint8_t buffer[300] = {0};
	uint64_t length = next_random(random) % sizeof(buffer), done, good = 0;

	for (unsigned i = 0; i < length; i++) {
		uint8_t *byte = model_byte(address + i);

		buffer[i] = (uint8_t)next_random(random);
		good += byte != NULL;
		if (byte)
			*byte = buffer[i];
	}
	mb_write(board.space, address, buffer, length, MB_ATTRS_NONE, &done);
	cr_assert_eq(done, good);
	memset(buffer, 0xa5, sizeof(buffer));
	mb_read(board.space, address, buffer, length, MB_ATTRS_NONE, &done);
	cr_assert_eq(done, good);
	for (unsigned i = 0; i < length; i++) {
		const uint8_t *byte = model_byte(address + i);

		cr_assert_eq(buffer[i], byte ? *byte : 0);
	}
}

static void compare_backing(uint64_t seed)
{
	for (unsigned i = 0; i < REGIONS; i++) {
		const struct mb_ram *ram = mb_region_get_ram(regions[i]);
		const uint8_t *bytes = ram ? ram->host : devices[i].bytes;

		cr_assert_arr_eq(bytes, devices[i].model, REGION_BYTES, "seed %lu region %u",
				 (unsigned long)seed, i);
	}
}

Test(random_access, stores_change_what_the_search_names)
{
	for (uint64_t seed = 1; seed <= 30; seed++) {
		uint64_t random = seed * 0x9e3779b97f4a7c15;

		build(&random);
		for (unsigned i = 0; i < 400; i++) {
			uint64_t address = next_random(&random) % SPACE_SIZE;
			unsigned size = 1u << next_random(&random) % 4;

			switch (next_random(&random) % 4) {
			case 0: one_bulk(&random, address); break;
			case 1: one_load(&random, address, size); break;
			default: one_store(&random, address, size); break;
			}
		}
		compare_backing(seed);
		board_fini(&board);
	}
}
