// Memory accesses other than plain callbacks: ROM, ROM devices, range ends, ports. AC-24 to AC-36,
// UN-07, UN-08.
#include "tests/bus/fixture.h"

#include <string.h>

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

TestSuite(access, .init = setup, .fini = teardown);

static uint64_t load(uint64_t address, unsigned size, mb_result expected)
{
	uint64_t value = 0x5a5a5a5a5a5a5a5a;
	mb_result result = mb_ld(board.space, address, size, MB_LITTLE, MB_ATTRS_NONE, &value);

	cr_assert_eq(result, expected, "result %u", result);
	return value;
}

static mb_result store(uint64_t address, unsigned size, uint64_t value)
{
	return mb_st(board.space, address, size, MB_LITTLE, MB_ATTRS_NONE, value);
}

static mb_result dma_write(uint64_t address, const void *bytes, uint64_t length)
{
	return mb_write(board.space, address, bytes, length, MB_ATTRS_NONE, NULL);
}

static void check_rom_policy(enum mb_rom_policy policy, mb_result expected)
{
	struct mb_region *rom = new_rom(&board, "rom", 0x1000, policy);

	mb_attach(board.root, 0, rom);
	cr_assert_eq(store(0x10, 4, 0x12345678), expected);
	cr_assert_eq(dma_write(0x10, "abcd", 4), expected);
	cr_assert_eq(load(0x10, 4, MB_OK), 0);
}

Test(access, AC_24_rom_that_ignores)
{
	check_rom_policy(MB_ROM_IGNORE, MB_OK);
}

Test(access, AC_25_rom_that_refuses)
{
	check_rom_policy(MB_ROM_ERROR, MB_DEVICE);
}

Test(access, AC_26_debug_write_reaches_rom)
{
	struct mb_region *rom = new_rom(&board, "rom", 0x1000, MB_ROM_ERROR);

	mb_attach(board.root, 0, rom);
	cr_assert_eq(mb_st32le(board.space, 0x10, MB_ATTRS_DEBUG, 0x12345678), MB_OK);
	cr_assert_eq(load(0x10, 4, MB_OK), 0x12345678);
	cr_assert_eq(mb_write_rom(board.space, 0x20, "abcd", 4, NULL), MB_OK);
	cr_assert_eq(load(0x20, 4, MB_OK), 0x64636261);
}

Test(access, AC_26_debug_access_leaves_mmio_alone)
{
	static const struct mb_ops ops = RECORDER_OPS(.endian = MB_LITTLE);
	uint32_t value;

	mb_attach(board.root, 0, new_mmio(&board, "device", 0x1000, &ops, &device));
	cr_assert_eq(mb_ld32le(board.space, 0, MB_ATTRS_DEBUG, &value), MB_DENIED);
	cr_assert_eq(mb_write_rom(board.space, 0, "abcd", 4, NULL), MB_DENIED);
	cr_assert_eq(device.count, 0);
}

Test(access, AC_27_readonly_alias_of_writable_ram)
{
	struct mb_region *ram = new_ram(&board, "ram", 0x10000);
	struct mb_region *a1 = new_alias(&board, "a1", ram, 0x4000, 0x8000);
	struct mb_region *a2 = new_alias(&board, "a2", a1, 0x1000, 0x2000);

	mb_set_readonly(a2, true);
	mb_attach(board.root, 0, ram);
	mb_attach_overlap(board.root, 0x1000, a2, 1);
	host_of(ram)[0x5800] = 0x77;
	cr_assert_eq(store(0x1800, 1, 0x11), MB_OK);
	cr_assert_eq(dma_write(0x1800, "\x22", 1), MB_OK);
	cr_assert_eq(host_of(ram)[0x5800], 0x77);
	cr_assert_eq(store(0x5800, 1, 0x33), MB_OK);
	cr_assert_eq(load(0x1800, 1, MB_OK), 0x33);
}

Test(access, AC_28_rom_device)
{
	static const struct mb_ops ops = RECORDER_OPS(.endian = MB_LITTLE);
	struct mb_region *romd;
	uint64_t number;

	cr_assert_eq(mb_region_romd(board.bus, "flash", 0x1000, &ops, &device, &romd), 0);
	mb_attach(board.root, 0, romd);
	host_of(romd)[0] = 0x99;
	device.answers[0] = 0x55;
	cr_assert_eq(load(0, 1, MB_OK), 0x99);
	cr_assert_eq(device.count, 0);
	cr_assert_eq(store(0, 1, 0x40), MB_OK);
	EXPECT_CALLS(&device, {true, 0, 1, 0x40});
	cr_assert_eq(host_of(romd)[0], 0x99);

	number = mb_space_view_number(board.space);
	cr_assert_eq(mb_set_romd(romd, false), 0);
	cr_assert_eq(mb_space_view_number(board.space), number + 1);
	cr_assert_eq(load(0, 1, MB_OK), 0x55);
	EXPECT_CALLS(&device, {false, 0, 1, 0});
	cr_assert_eq(mb_set_romd(romd, true), 0);
	cr_assert_eq(mb_space_view_number(board.space), number + 2);
	cr_assert_eq(load(0, 1, MB_OK), 0x99);
	cr_assert_eq(mb_write_rom(board.space, 0, "z", 1, NULL), MB_OK);
	cr_assert_eq(load(0, 1, MB_OK), 'z');
	cr_assert_eq(device.count, 0);
	mb_region_unref(romd);
}

Test(access, AC_29_store_over_two_ram_ranges)
{
	struct mb_region *a = new_ram(&board, "a", 0x1000), *b = new_ram(&board, "b", 0x1000);

	mb_attach(board.root, 0, a);
	mb_attach(board.root, 0x1000, b);
	cr_assert_eq(store(0xffe, 4, 0x44332211), MB_OK);
	cr_assert_eq(host_of(a)[0xffe], 0x11);
	cr_assert_eq(host_of(a)[0xfff], 0x22);
	cr_assert_eq(host_of(b)[0], 0x33);
	cr_assert_eq(host_of(b)[1], 0x44);
	cr_assert_eq(load(0xffe, 4, MB_OK), 0x44332211);
}

Test(access, AC_30_load_that_runs_into_a_hole)
{
	struct mb_region *ram = new_ram(&board, "ram", 0x1000);

	mb_attach(board.root, 0, ram);
	host_of(ram)[0xffe] = 0x11;
	host_of(ram)[0xfff] = 0x22;
	cr_assert_eq(load(0xffe, 4, MB_DECODE), 0x2211);
}

Test(access, AC_31_chunk_ends_with_the_range)
{
	static const struct mb_ops ops =
		RECORDER_OPS(.valid = {1, 8, true, NULL}, .impl = {1, 8, true});
	uint8_t buffer[8];
	uint64_t done;

	mb_attach(board.root, 0x1000, new_mmio(&board, "device", 0x10, &ops, &device));
	cr_assert_eq(mb_read(board.space, 0x100c, buffer, 8, MB_ATTRS_NONE, &done), MB_DECODE);
	cr_assert_eq(done, 4);
	EXPECT_CALLS(&device, {false, 0xc, 4, 0});
}

static const struct mb_ops port_ops = RECORDER_OPS(.valid.unaligned = true);
static const struct mb_ops byte_port_ops = RECORDER_OPS(.valid.unaligned = true, .impl.max = 1);

Test(access, AC_32_start_port_owns_the_access)
{
	struct recorder p = {0}, q = {0};
	struct board ports;
	struct mb_region *pr, *qr;

	board_init(&ports, 0x10000, MB_SPACE_PORTS);
	pr = new_mmio(&ports, "P", 4, &port_ops, &p);
	qr = new_mmio(&ports, "Q", 1, &port_ops, &q);
	mb_attach(ports.root, 0xcf8, pr);
	mb_attach_overlap(ports.root, 0xcf9, qr, 1);
	cr_assert_eq(mb_st32le(ports.space, 0xcf8, MB_ATTRS_NONE, 0x80000000), MB_OK);
	EXPECT_CALLS(&p, {true, 0, 4, 0x80000000});
	cr_assert_eq(q.count, 0);
	cr_assert_eq(mb_st8(ports.space, 0xcf9, MB_ATTRS_NONE, 6), MB_OK);
	EXPECT_CALLS(&q, {true, 0, 1, 6});
	cr_assert_eq(p.count, 0);
	EXPECT_VIEW(ports.space, {0xcf8, 0xcf9, pr, 0, false}, {0xcf9, 0xcfa, qr, 0, false},
		    {0xcfa, 0xcfc, pr, 2, false});
	board_fini(&ports);
}

Test(access, AC_33_unassigned_ports)
{
	static const uint64_t ones[] = {0xff, 0xffff, 0xffffffff};
	struct recorder neighbour = {0};
	struct board ports;

	board_init(&ports, 0x10000, MB_SPACE_PORTS);
	mb_attach(ports.root, 0x82, new_mmio(&ports, "neighbour", 1, &port_ops, &neighbour));
	for (unsigned i = 0; i < 3; i++) {
		uint64_t value = 0;

		cr_assert_eq(mb_ld(ports.space, 0x80, 1u << i, MB_LITTLE, MB_ATTRS_NONE, &value),
			     MB_OK);
		cr_assert_eq(value, ones[i]);
		cr_assert_eq(mb_st(ports.space, 0x80, 1u << i, MB_LITTLE, MB_ATTRS_NONE, 1), MB_OK);
	}
	cr_assert_eq(neighbour.count, 0);
	board_fini(&ports);
}

Test(access, AC_34_wide_access_at_the_last_port)
{
	struct recorder pair = {.answers = {0x4321}};
	struct board ports;
	uint16_t value = 0;

	board_init(&ports, 0x10000, MB_SPACE_PORTS);
	mb_attach(ports.root, 0x60, new_mmio(&ports, "pair", 2, &byte_port_ops, &pair));
	cr_assert_eq(mb_ld16le(ports.space, 0x61, MB_ATTRS_NONE, &value), MB_OK);
	cr_assert_eq(value, 0xff43);
	EXPECT_CALLS(&pair, {false, 1, 1, 0});
	board_fini(&ports);
}

Test(access, AC_34_callback_never_sees_beyond_its_region)
{
	static const struct mb_ops ops =
		RECORDER_OPS(.valid.unaligned = true, .impl = {1, 8, true});
	struct recorder odd = {0};
	struct board ports;
	uint64_t value;

	board_init(&ports, 0x10000, MB_SPACE_PORTS);
	mb_attach(ports.root, 0x60, new_mmio(&ports, "odd", 3, &ops, &odd));
	cr_assert_eq(mb_ld(ports.space, 0x60, 8, MB_LITTLE, MB_ATTRS_NONE, &value), MB_OK);
	cr_assert_eq(value, 0xffffffffff000000);
	EXPECT_CALLS(&odd, {false, 0, 2, 0}, {false, 2, 1, 0});
	board_fini(&ports);
}

Test(access, AC_35_nothing_wraps_at_the_top)
{
	struct mb_region *top = new_ram(&board, "top", 0x1000);
	struct mb_region *low = new_ram(&board, "low", 0x1000);
	uint8_t buffer[8];
	uint64_t done, value;

	mb_attach(board.root, 0xfffffffffffff000, top);
	mb_attach(board.root, 0, low);
	memset(host_of(top) + 0xffc, 0x11, 4);
	memset(host_of(low), 0x22, 8);
	cr_assert_eq(mb_read(board.space, 0xfffffffffffffffc, buffer, 8, MB_ATTRS_NONE, &done),
		     MB_DECODE);
	cr_assert_eq(done, 4);
	cr_assert_arr_eq(buffer, "\x11\x11\x11\x11\0\0\0\0", 8);
	cr_assert_eq(mb_ld(board.space, 0xfffffffffffffffc, 8, MB_LITTLE, MB_ATTRS_NONE, &value),
		     MB_DECODE);
	cr_assert_eq(value, 0x11111111);
	cr_assert_eq(mb_write(board.space, 0xfffffffffffffffc, "abcdefgh", 8, MB_ATTRS_NONE, &done),
		     MB_DECODE);
	cr_assert_eq(done, 4);
	cr_assert_eq(host_of(low)[0], 0x22);
	cr_assert_eq(mb_fill(board.space, 0xfffffffffffffffe, 0x33, 16, MB_ATTRS_NONE, &done),
		     MB_DECODE);
	cr_assert_eq(done, 2);
	cr_assert_eq(host_of(low)[0], 0x22);
}

Test(access, AC_36_length_zero_does_nothing)
{
	static const struct mb_ops ops = RECORDER_OPS(.endian = MB_LITTLE);
	struct mb_region *region = new_ram(&board, "ram", 0x1000);
	struct mb_ram *ram = mb_region_get_ram(region);
	uint64_t done = 7;

	mb_attach(board.root, 0, region);
	mb_attach(board.root, 0x1000, new_mmio(&board, "device", 0x100, &ops, &device));
	mb_dirty_test_clear(ram, MB_DIRTY_MIGRATION, 0, 0x1000);
	for (uint64_t address = 0; address < 0x3000; address += 0x800) {
		cr_assert_eq(mb_write(board.space, address, NULL, 0, MB_ATTRS_NONE, &done), MB_OK);
		cr_assert_eq(mb_read(board.space, address, NULL, 0, MB_ATTRS_NONE, &done), MB_OK);
		cr_assert_eq(done, 0);
	}
	cr_assert_eq(device.count, 0);
	cr_assert_not(mb_dirty_get(ram, MB_DIRTY_MIGRATION, 0, 0x1000));
}

Test(access, UN_07_x86_hole_reads_ones)
{
	struct board x86;
	uint32_t value;

	board_init(&x86, MB_WHOLE, MB_SPACE_MEMORY_ONES);
	cr_assert_eq(mb_ld32le(x86.space, 0x1000, MB_ATTRS_NONE, &value), MB_DECODE);
	cr_assert_eq(value, 0xffffffff);
	cr_assert_eq(mb_st32le(x86.space, 0x1000, MB_ATTRS_NONE, 1), MB_DECODE);
	board_fini(&x86);
}

Test(access, UN_08_dma_to_a_hole)
{
	uint64_t done;

	cr_assert_eq(mb_write(board.space, 0x1000, "abcd", 4, MB_ATTRS_NONE, &done), MB_DECODE);
	cr_assert_eq(done, 0);
	cr_assert_eq(load(0x1000, 8, MB_DECODE), 0);
}

Test(access, reserved_region_follows_the_unassigned_policy)
{
	struct mb_region *reserved, *ram = new_ram(&board, "ram", 0x2000);
	struct mb_resolved where;

	cr_assert_eq(mb_region_reserved(board.bus, "reserved", 0x1000, &reserved), 0);
	mb_attach(board.root, 0, ram);
	mb_attach_overlap(board.root, 0, reserved, 1);
	memset(host_of(ram), 0x11, 0x2000);
	cr_assert_eq(load(0, 4, MB_DECODE), 0);
	cr_assert_eq(store(0, 4, 1), MB_DECODE);
	cr_assert_eq(mb_resolve(board.space, 0, MB_READ, MB_ATTRS_NONE, &where), MB_DECODE);
	cr_assert_eq(load(0xffe, 4, MB_DECODE), 0x11110000);
	mb_region_unref(reserved);
}

Test(access, ram_device_takes_sized_accesses)
{
	uint64_t memory[4] = {0x8877665544332211, 0, 0, 0};
	struct mb_region *region;
	uint8_t buffer[16];

	cr_assert_eq(mb_region_ramdev(board.bus, "bar", sizeof(memory), memory, &region), 0);
	mb_attach(board.root, 0x1000, region);
	cr_assert_eq(load(0x1001, 4, MB_OK), 0x55443322);
	cr_assert_eq(store(0x1008, 8, 0x1234), MB_OK);
	cr_assert_eq(memory[1], 0x1234);
	cr_assert_eq(mb_read(board.space, 0x1000, buffer, 15, MB_ATTRS_NONE, NULL), MB_OK);
	cr_assert_eq(buffer[7], 0x88);
	cr_assert_eq(buffer[8], 0x34);
	cr_assert_eq(load(0x101c, 8, MB_DECODE), 0);
	mb_region_unref(region);
}

Test(access, sizes_and_byte_orders)
{
	struct mb_region *ram = new_ram(&board, "ram", 0x1000);
	uint16_t half;
	uint32_t word;
	uint64_t value;

	mb_attach(board.root, 0, ram);
	for (unsigned i = 0; i < 16; i++)
		host_of(ram)[i] = (uint8_t)(i + 1);
	mb_ld16be(board.space, 1, MB_ATTRS_NONE, &half);
	cr_assert_eq(half, 0x0203);
	mb_ld32be(board.space, 4, MB_ATTRS_NONE, &word);
	cr_assert_eq(word, 0x05060708);
	mb_ld64be(board.space, 8, MB_ATTRS_NONE, &value);
	cr_assert_eq(value, 0x090a0b0c0d0e0f10);
	mb_ld64le(board.space, 3, MB_ATTRS_NONE, &value);
	cr_assert_eq(value, 0x0b0a090807060504);
	mb_st32be(board.space, 0x100, MB_ATTRS_NONE, 0x11223344);
	cr_assert_arr_eq(host_of(ram) + 0x100, "\x11\x22\x33\x44", 4);
	mb_st16be(board.space, 0x103, MB_ATTRS_NONE, 0x5566);
	cr_assert_arr_eq(host_of(ram) + 0x103, "\x55\x66", 2);
	for (unsigned size = 0; size < 20; size++)
		if (size != 1 && size != 2 && size != 4 && size != 8)
			cr_assert_eq(store(0, size, 0), MB_DECODE | MB_SHAPE);
}
