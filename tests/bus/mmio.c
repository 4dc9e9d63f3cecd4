// Callback regions: shape checks, splitting, byte order, guard. Acceptance cases AC-01 to AC-23.
#include "tests/bus/fixture.h"

static struct board board;
static struct recorder device;

static void setup(void)
{
	board_init(&board, MB_WHOLE, MB_SPACE_MEMORY);
	device = (struct recorder){0};
}

static void teardown(void)
{
	board_fini(&board);
}

TestSuite(mmio, .init = setup, .fini = teardown);

#define DEVICE_AT 0x1000

static struct mb_region *attach_device(const struct mb_ops *ops)
{
	struct mb_region *region = new_mmio(&board, "device", 0x100, ops, &device);

	cr_assert_eq(mb_attach(board.root, DEVICE_AT, region), 0);
	return region;
}

static mb_result store(uint64_t offset, unsigned size, enum mb_endian endian, uint64_t value)
{
	return mb_st(board.space, DEVICE_AT + offset, size, endian, MB_ATTRS_NONE, value);
}

static void expect_load(uint64_t offset, unsigned size, enum mb_endian endian, mb_result result,
			uint64_t expected)
{
	uint64_t value = 0x5a5a5a5a5a5a5a5a;

	cr_assert_eq(mb_ld(board.space, DEVICE_AT + offset, size, endian, MB_ATTRS_NONE, &value),
		     result);
	cr_assert_eq(value, expected, "%lx", (unsigned long)value);
}

static mb_result read_bytes(uint64_t offset, unsigned length)
{
	uint8_t buffer[64];

	return mb_read(board.space, DEVICE_AT + offset, buffer, length, MB_ATTRS_NONE, NULL);
}

Test(mmio, AC_01_little_device_byte_callbacks)
{
	static const struct mb_ops ops = RECORDER_OPS(.endian = MB_LITTLE, .impl.max = 1);

	attach_device(&ops);
	cr_assert_eq(store(0x10, 4, MB_LITTLE, 0x11223344), MB_OK);
	EXPECT_CALLS(&device, {true, 0x10, 1, 0x44}, {true, 0x11, 1, 0x33}, {true, 0x12, 1, 0x22},
		     {true, 0x13, 1, 0x11});
}

Test(mmio, AC_02_big_device_sees_the_same_bytes)
{
	static const struct mb_ops ops = RECORDER_OPS(.endian = MB_BIG, .impl.max = 1);

	attach_device(&ops);
	cr_assert_eq(store(0x10, 4, MB_LITTLE, 0x11223344), MB_OK);
	EXPECT_CALLS(&device, {true, 0x10, 1, 0x44}, {true, 0x11, 1, 0x33}, {true, 0x12, 1, 0x22},
		     {true, 0x13, 1, 0x11});
}

Test(mmio, AC_03_big_store_to_big_device)
{
	static const struct mb_ops ops = RECORDER_OPS(.endian = MB_BIG, .impl.max = 1);

	attach_device(&ops);
	cr_assert_eq(store(0x10, 4, MB_BIG, 0x11223344), MB_OK);
	EXPECT_CALLS(&device, {true, 0x10, 1, 0x11}, {true, 0x11, 1, 0x22}, {true, 0x12, 1, 0x33},
		     {true, 0x13, 1, 0x44});
}

Test(mmio, AC_04_64_bit_store_in_two)
{
	static const struct mb_ops ops = RECORDER_OPS(.endian = MB_LITTLE);

	attach_device(&ops);
	cr_assert_eq(store(0x10, 8, MB_LITTLE, 0x1122334455667788), MB_OK);
	EXPECT_CALLS(&device, {true, 0x10, 4, 0x55667788}, {true, 0x14, 4, 0x11223344});
}

Test(mmio, AC_05_64_bit_store_in_two_big_device)
{
	static const struct mb_ops ops = RECORDER_OPS(.endian = MB_BIG);

	attach_device(&ops);
	cr_assert_eq(store(0x10, 8, MB_LITTLE, 0x1122334455667788), MB_OK);
	EXPECT_CALLS(&device, {true, 0x10, 4, 0x88776655}, {true, 0x14, 4, 0x44332211});
}

Test(mmio, AC_06_64_bit_load_in_two)
{
	static const struct mb_ops ops = RECORDER_OPS(.endian = MB_LITTLE);

	attach_device(&ops);
	device.answers[0x20 / 4] = 0xaabbccdd;
	device.answers[0x24 / 4] = 0x11223344;
	expect_load(0x20, 8, MB_LITTLE, MB_OK, 0x11223344aabbccdd);
}

Test(mmio, AC_07_64_bit_load_in_two_big)
{
	static const struct mb_ops ops = RECORDER_OPS(.endian = MB_BIG);

	attach_device(&ops);
	device.answers[0x20 / 4] = 0xaabbccdd;
	device.answers[0x24 / 4] = 0x11223344;
	expect_load(0x20, 8, MB_BIG, MB_OK, 0xaabbccdd11223344);
}

Test(mmio, AC_08_refused_size)
{
	static const struct mb_ops ops = RECORDER_OPS(.valid = {4, 4, false, NULL});

	attach_device(&ops);
	device.answers[0] = 0xffffffff;
	expect_load(0, 1, MB_LITTLE, MB_DECODE | MB_SHAPE, 0);
	expect_load(0, 8, MB_LITTLE, MB_DECODE | MB_SHAPE, 0);
	cr_assert_eq(device.count, 0);
}

Test(mmio, AC_09_refused_alignment)
{
	static const struct mb_ops ops = RECORDER_OPS(.endian = MB_LITTLE);

	attach_device(&ops);
	device.answers[0] = 0xffffffff;
	expect_load(2, 4, MB_LITTLE, MB_DECODE | MB_SHAPE, 0);
	cr_assert_eq(store(2, 4, MB_LITTLE, 1), MB_DECODE | MB_SHAPE);
	cr_assert_eq(device.count, 0);
}

Test(mmio, AC_10_bulk_splits_where_sized_refuses)
{
	static const struct mb_ops ops = RECORDER_OPS(.endian = MB_LITTLE);

	attach_device(&ops);
	cr_assert_eq(read_bytes(2, 4), MB_OK);
	EXPECT_CALLS(&device, {false, 2, 2, 0}, {false, 4, 2, 0});
}

Test(mmio, AC_10_bulk_refused_by_size)
{
	static const struct mb_ops ops = RECORDER_OPS(.valid = {4, 4, false, NULL});

	attach_device(&ops);
	cr_assert_eq(read_bytes(2, 4), MB_DECODE | MB_SHAPE);
	cr_assert_eq(device.count, 0);
}

static const struct mb_ops wide_ops =
	RECORDER_OPS(.valid = {1, 8, false, NULL}, .impl = {1, 8, false});

Test(mmio, AC_11_bulk_chunks_grow_with_alignment)
{
	attach_device(&wide_ops);
	cr_assert_eq(read_bytes(1, 7), MB_OK);
	EXPECT_CALLS(&device, {false, 1, 1, 0}, {false, 2, 2, 0}, {false, 4, 4, 0});
}

Test(mmio, AC_12_bulk_chunks_shrink_at_the_end)
{
	attach_device(&wide_ops);
	cr_assert_eq(read_bytes(3, 10), MB_OK);
	EXPECT_CALLS(&device, {false, 3, 1, 0}, {false, 4, 4, 0}, {false, 8, 4, 0},
		     {false, 0xc, 1, 0});
}

Test(mmio, AC_13_bulk_default_chunk_is_4)
{
	static const struct mb_ops ops = RECORDER_OPS(.impl.max = 8);

	attach_device(&ops);
	cr_assert_eq(read_bytes(0, 16), MB_OK);
	EXPECT_CALLS(&device, {false, 0, 4, 0}, {false, 4, 4, 0}, {false, 8, 4, 0},
		     {false, 0xc, 4, 0});
}

Test(mmio, AC_14_bulk_8_then_4)
{
	attach_device(&wide_ops);
	cr_assert_eq(read_bytes(0, 12), MB_OK);
	EXPECT_CALLS(&device, {false, 0, 8, 0}, {false, 8, 4, 0});
}

static const struct mb_ops narrow_reject =
	RECORDER_OPS(.valid = {1, 4, false, NULL}, .impl = {4, 4, false});
static const struct mb_ops narrow_merge =
	RECORDER_OPS(.valid = {1, 4, false, NULL}, .impl = {4, 4, false},
		     .narrow_write = MB_NARROW_MERGE);

Test(mmio, AC_15_narrow_load_reads_the_unit)
{
	attach_device(&narrow_reject);
	device.answers[1] = 0xddccbbaa;
	expect_load(5, 1, MB_LITTLE, MB_OK, 0xbb);
	EXPECT_CALLS(&device, {false, 4, 4, 0});
}

Test(mmio, AC_16_narrow_store_is_refused)
{
	attach_device(&narrow_reject);
	cr_assert_eq(store(5, 1, MB_LITTLE, 0x7f), MB_DEVICE);
	cr_assert_eq(device.count, 0);
}

Test(mmio, AC_17_narrow_store_merges)
{
	attach_device(&narrow_merge);
	device.answers[1] = 0xddccbbaa;
	cr_assert_eq(store(5, 1, MB_LITTLE, 0x7f), MB_OK);
	EXPECT_CALLS(&device, {false, 4, 4, 0}, {true, 4, 4, 0xddcc7faa});
}

Test(mmio, AC_17_failed_read_leaves_the_unit_alone)
{
	attach_device(&narrow_merge);
	device.results[0] = MB_DEVICE;
	cr_assert_eq(store(5, 1, MB_LITTLE, 0x7f), MB_DEVICE);
	EXPECT_CALLS(&device, {false, 4, 4, 0});
}

Test(mmio, AC_18_unaligned_store_in_natural_pieces)
{
	static const struct mb_ops ops = RECORDER_OPS(.valid = {1, 8, true, NULL});

	attach_device(&ops);
	cr_assert_eq(store(1, 4, MB_LITTLE, 0x44332211), MB_OK);
	EXPECT_CALLS(&device, {true, 1, 1, 0x11}, {true, 2, 2, 0x3322}, {true, 4, 1, 0x44});
}

Test(mmio, AC_19_all_pieces_are_attempted)
{
	static const struct mb_ops ops = RECORDER_OPS(.endian = MB_LITTLE);

	attach_device(&ops);
	device.results[1] = MB_DEVICE;
	cr_assert_eq(store(0, 8, MB_LITTLE, 0), MB_DEVICE);
	EXPECT_CALLS(&device, {true, 0, 4, 0}, {true, 4, 4, 0});
	device.results[0] = MB_DEVICE;
	device.results[1] = MB_OK;
	cr_assert_eq(store(0, 8, MB_LITTLE, 0), MB_DEVICE);
	EXPECT_CALLS(&device, {true, 0, 4, 0}, {true, 4, 4, 0});
}

Test(mmio, AC_20_results_of_all_runs_are_joined)
{
	static const struct mb_ops ops = RECORDER_OPS(.endian = MB_LITTLE);
	uint64_t done = 99;
	uint8_t buffer[12];

	attach_device(&ops);
	device.results[1] = MB_DEVICE;
	cr_assert_eq(mb_read(board.space, DEVICE_AT + 0xf8, buffer, 12, MB_ATTRS_NONE, &done),
		     MB_DEVICE | MB_DECODE);
	cr_assert_eq(done, 4);
}

Test(mmio, AC_21_memory_only)
{
	static const struct mb_ops ops = RECORDER_OPS(.endian = MB_LITTLE);
	struct mb_attrs attrs = {.memory_only = 1};
	struct mb_resolved where;

	attach_device(&ops);
	cr_assert_eq(mb_st32le(board.space, DEVICE_AT, attrs, 1), MB_DENIED);
	cr_assert_eq(mb_resolve(board.space, DEVICE_AT, MB_WRITE, attrs, &where), MB_DENIED);
	cr_assert_eq(device.count, 0);
}

// A device that answers every register write with a DMA write to its own registers.
struct looper {
	struct mb_guard guard;
	unsigned depth, deepest;
	mb_result inner;
};

static mb_result looper_read(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			     uint64_t *value)
{
	(void)opaque, (void)offset, (void)size, (void)attrs, (void)value;
	return MB_OK;
}

static mb_result looper_write(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			      uint64_t value)
{
	struct looper *looper = opaque;

	(void)offset, (void)size, (void)value;
	if (++looper->depth > looper->deepest)
		looper->deepest = looper->depth;
	if (looper->depth < 3)
		looper->inner = mb_st32le(board.space, DEVICE_AT, attrs, 1);
	looper->depth--;
	return MB_OK;
}

static const struct mb_ops looper_ops = {.read = looper_read, .write = looper_write};

static struct mb_region *attach_looper(struct looper *looper)
{
	struct mb_region *region = new_mmio(&board, "looper", 0x100, &looper_ops, looper);

	mb_region_set_guard(region, &looper->guard);
	mb_attach(board.root, DEVICE_AT, region);
	return region;
}

Test(mmio, AC_22_device_cannot_reach_itself)
{
	struct looper looper = {0};

	attach_looper(&looper);
	cr_assert_eq(store(0, 4, MB_LITTLE, 1), MB_OK);
	cr_assert_eq(looper.inner, MB_DENIED);
	cr_assert_eq(looper.deepest, 1);
	cr_assert_not(looper.guard.busy);
}

Test(mmio, AC_22_deferred_work_cannot_reach_its_device)
{
	struct looper looper = {0};
	bool previous;

	attach_looper(&looper);
	previous = mb_guard_enter(&looper.guard);
	cr_assert_eq(store(0, 4, MB_LITTLE, 1), MB_DENIED);
	mb_guard_leave(&looper.guard, previous);
	cr_assert_eq(looper.deepest, 0);
	cr_assert_eq(store(0, 4, MB_LITTLE, 1), MB_OK);
}

Test(mmio, AC_22_guard_is_there_without_asking)
{
	struct looper looper = {0};
	struct mb_region *region = new_mmio(&board, "looper", 0x100, &looper_ops, &looper);

	mb_attach(board.root, DEVICE_AT, region);
	cr_assert_eq(store(0, 4, MB_LITTLE, 1), MB_OK);
	cr_assert_eq(looper.inner, MB_DENIED);
}

Test(mmio, AC_22_ram_behind_the_same_device_is_exempt)
{
	struct mb_guard guard = {0};
	struct mb_region *ram = new_ram(&board, "script ram", 0x1000);
	bool previous = mb_guard_enter(&guard);

	mb_region_set_guard(ram, &guard);
	mb_attach(board.root, DEVICE_AT, ram);
	cr_assert_eq(store(0, 4, MB_LITTLE, 0x1234), MB_OK);
	expect_load(0, 4, MB_LITTLE, MB_OK, 0x1234);
	mb_guard_leave(&guard, previous);
}

Test(mmio, AC_23_opting_out_of_the_guard)
{
	struct looper looper = {0};
	struct mb_region *region = attach_looper(&looper);

	mb_region_allow_reentry(region, "the test loops on purpose");
	cr_assert_eq(store(0, 4, MB_LITTLE, 1), MB_OK);
	cr_assert_eq(looper.inner, MB_OK);
	cr_assert_eq(looper.deepest, 3);
}

static bool only_first_word(void *opaque, uint64_t offset, unsigned size, bool is_write,
			    struct mb_attrs attrs)
{
	(void)opaque, (void)size, (void)attrs;
	return offset == 0 && !is_write;
}

Test(mmio, predicate_has_the_last_word)
{
	static const struct mb_ops ops = RECORDER_OPS(.valid.accepts = only_first_word);

	attach_device(&ops);
	expect_load(0, 4, MB_LITTLE, MB_OK, 0);
	expect_load(4, 4, MB_LITTLE, MB_DECODE, 0);
	cr_assert_eq(store(0, 4, MB_LITTLE, 1), MB_DECODE);
	EXPECT_CALLS(&device, {false, 0, 4, 0});
}

Test(mmio, bytes_meet_bytes_whatever_the_split)
{
	static const struct mb_ops ops[] = {
		RECORDER_OPS(.endian = MB_LITTLE, .valid.unaligned = true, .impl = {1, 1, false}),
		RECORDER_OPS(.endian = MB_BIG, .valid.unaligned = true, .impl = {1, 2, false}),
		RECORDER_OPS(.endian = MB_LITTLE, .valid.unaligned = true, .impl = {1, 4, true}),
		RECORDER_OPS(.endian = MB_BIG, .valid.unaligned = true, .impl = {1, 8, true}),
	};

	for (unsigned i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		struct mb_region *region = attach_device(&ops[i]);
		uint8_t bytes[16] = {0};

		store(3, 8, MB_LITTLE, 0x8877665544332211);
		for (unsigned c = 0; c < device.count; c++)
			for (unsigned b = 0; b < device.calls[c].size; b++) {
				unsigned lane = ops[i].endian == MB_LITTLE
							? b
							: device.calls[c].size - 1 - b;

				bytes[device.calls[c].offset + b] =
					(uint8_t)(device.calls[c].value >> 8 * lane);
			}
		for (unsigned b = 0; b < 8; b++)
			cr_assert_eq(bytes[3 + b], 0x11 * (b + 1), "ops %u byte %u", i, b);
		device.count = 0;
		mb_detach(region);
	}
}

Test(mmio, bad_ops_are_refused)
{
	static const struct mb_ops bad[] = {
		{.read = recorder_read},
		{.write = recorder_write},
		RECORDER_OPS(.impl.unaligned = true),
		RECORDER_OPS(.impl.max = 3),
		RECORDER_OPS(.impl = {8, 4, false}),
		RECORDER_OPS(.valid = {4, 2, false, NULL}),
	};

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct mb_region *region;

		cr_assert_neq(mb_region_mmio(board.bus, "bad", 16, &bad[i], NULL, &region), 0,
			      "ops %u", i);
		cr_assert_null(region);
	}
}

struct seen {
	unsigned count;
	struct mb_mmio_event last;
};

static void observer(void *opaque, const struct mb_mmio_event *event)
{
	struct seen *seen = opaque;

	seen->count++;
	seen->last = *event;
}

Test(mmio, observer_sees_each_callback)
{
	static const struct mb_ops ops = RECORDER_OPS(.endian = MB_LITTLE);
	struct seen seen = {0};

	attach_device(&ops);
	mb_space_set_observer(board.space, observer, &seen);
	device.results[1] = MB_DEVICE;
	store(0x20, 8, MB_LITTLE, 0x1122334455667788);
	cr_assert_eq(seen.count, 2);
	cr_assert_str_eq(seen.last.region, "device");
	cr_assert_eq(seen.last.address, DEVICE_AT + 0x24);
	cr_assert_eq(seen.last.offset, 0x24);
	cr_assert_eq(seen.last.size, 4);
	cr_assert(seen.last.is_write);
	cr_assert_eq(seen.last.value, 0x11223344);
	cr_assert_eq(seen.last.result, MB_DEVICE);
	mb_space_set_observer(board.space, NULL, NULL);
	store(0x20, 4, MB_LITTLE, 1);
	cr_assert_eq(seen.count, 2);
}

// A register write that takes the device itself off the bus, as moving a BAR does.
static mb_result vanish_write(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			      uint64_t value)
{
	(void)offset, (void)size, (void)attrs, (void)value;
	mb_detach(opaque);
	return MB_OK;
}

static const struct mb_ops vanish_ops = {.read = looper_read, .write = vanish_write};

Test(mmio, device_may_detach_itself_in_a_callback)
{
	struct mb_region *region, *box = new_container(&board, "bar", 0x100);

	cr_assert_eq(mb_region_mmio(board.bus, "vanishing", 0x100, &vanish_ops, box, &region), 0);
	mb_attach(box, 0, region);
	mb_region_unref(region);
	mb_attach(board.root, DEVICE_AT, box);
	cr_assert_eq(store(0, 8, MB_LITTLE, 1), MB_OK);
	cr_assert_eq(store(0, 4, MB_LITTLE, 1), MB_DECODE);
}
