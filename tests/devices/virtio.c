/* virtio-mmio transport and split queues, well-behaved and hostile drivers. */
#include "ring.h"

static struct bench bench;

#define DATA (BENCH_RAM_BASE + 0x40000)

static void setup(void)
{
	bench_init(&bench);
	const struct virtio_rng_config rng = {.seed = 42};
	const struct virtio_mmio_config config = {&virtio_rng_ops, &rng};
	bench_add(&bench, &virtio_mmio_ops, SLOT, &config);
}

static void teardown(void)
{
	bench_fini(&bench);
}

TestSuite(virtio, .init = setup, .fini = teardown);

Test(virtio, identity)
{
	cr_assert_eq(slot_in(&bench, 0x00), 0x74726976);
	cr_assert_eq(slot_in(&bench, 0x04), 2);
	cr_assert_eq(slot_in(&bench, 0x08), 4);
	cr_assert_eq(slot_in(&bench, 0x0c), 0x554d4551, "the vendor that drivers look for");
	slot_out(&bench, 0x14, 1);
	cr_assert_eq(slot_in(&bench, 0x10) & 1, 1, "VERSION_1");
	slot_out(&bench, 0x14, 2);
	cr_assert_eq(slot_in(&bench, 0x10), 0);
	cr_assert_eq(slot_in(&bench, REG_QUEUE_NUM_MAX), 256);
	slot_out(&bench, REG_QUEUE_SEL, 1);
	cr_assert_eq(slot_in(&bench, REG_QUEUE_NUM_MAX), 0, "one queue only");
	cr_assert_eq(slot_in(&bench, 0xb0), 0xffffffff, "no shared memory");
}

Test(virtio, registers_are_words_and_config_takes_any_size)
{
	cr_assert_eq(bench_access(&bench, SLOT, 1, false), MB_DECODE);
	cr_assert_eq(bench_access(&bench, SLOT, 8, false), MB_DECODE);
	cr_assert_eq(bench_access(&bench, SLOT + REG_CONFIG, 1, false), MB_OK);
	cr_assert_eq(bench_access(&bench, SLOT + REG_CONFIG, 8, false), MB_OK);
	cr_assert_eq(bench_access(&bench, SLOT + 0xff8, 8, true), MB_OK);
}

Test(virtio, empty_slot_has_device_id_zero)
{
	bench_add(&bench, &virtio_mmio_ops, 0x10002000, NULL);
	cr_assert_eq(bench_read(&bench, 0x10002000, 4), 0x74726976);
	cr_assert_eq(bench_read(&bench, 0x10002008, 4), 0);
	for (unsigned offset = 0; offset < 0x1000; offset += 4) {
		bench_write(&bench, 0x10002000 + offset, 4, 0xffffffff);
		bench_read(&bench, 0x10002000 + offset, 4);
	}
	cr_assert_eq(bench_read(&bench, 0x10002070, 4), 0);
}

Test(virtio, features_ok_needs_an_offered_set)
{
	slot_out(&bench, REG_STATUS, 3);
	slot_out(&bench, 0x24, 1);
	slot_out(&bench, 0x20, 1);
	slot_out(&bench, 0x24, 0);
	slot_out(&bench, 0x20, 1 << 20);
	slot_out(&bench, REG_STATUS, 11);
	cr_assert_eq(slot_in(&bench, REG_STATUS), 3, "a feature that was not offered");
	slot_out(&bench, REG_STATUS, 7);
	cr_assert_eq(slot_in(&bench, REG_STATUS), 3, "no DRIVER_OK before FEATURES_OK");
	slot_out(&bench, 0x20, 0);
	slot_out(&bench, REG_STATUS, 11);
	cr_assert_eq(slot_in(&bench, REG_STATUS), 11);
	slot_out(&bench, REG_STATUS, 0);
	slot_out(&bench, REG_STATUS, 3);
	slot_out(&bench, REG_STATUS, 11);
	cr_assert_eq(slot_in(&bench, REG_STATUS), 11, "not even VERSION_1 is asked for");
}

Test(virtio, request_fills_buffers_and_interrupts)
{
	ring_start(&bench, 0, 1);
	ring_desc(&bench, 0, 0, DATA, 5, WRITE | NEXT, 3);
	ring_desc(&bench, 0, 3, DATA + 0x100, 11, WRITE, 0);
	ring_offer(&bench, 0, 0);
	ring_notify(&bench, 0);
	cr_assert_eq(ring_used(&bench, 0), 1);
	cr_assert_eq(ring_used_length(&bench, 0, 0), 16);
	cr_assert(bench.wire[0]);
	cr_assert_eq(slot_in(&bench, REG_INTERRUPT_STATUS), 1);
	slot_out(&bench, REG_INTERRUPT_ACK, 1);
	cr_assert(!bench.wire[0]);
	cr_assert_eq(bench_read(&bench, DATA + 5, 1), 0, "no byte past the first part");
	cr_assert_neq(bench_read(&bench, DATA + 0x100, 8), 0);
	cr_assert_eq(bench_read(&bench, DATA + 0x10b, 1), 0, "no byte past the second");
}

Test(virtio, entropy_repeats_with_the_seed)
{
	ring_start(&bench, 0, 1);
	ring_desc(&bench, 0, 0, DATA, 64, WRITE, 0);
	ring_offer(&bench, 0, 0);
	ring_notify(&bench, 0);
	struct bench other = bench;
	setup();
	ring_start(&bench, 0, 1);
	ring_desc(&bench, 0, 0, DATA, 64, WRITE, 0);
	ring_offer(&bench, 0, 0);
	ring_notify(&bench, 0);
	for (unsigned i = 0; i < 64; i += 8)
		cr_assert_eq(bench_read(&bench, DATA + i, 8), bench_read(&other, DATA + i, 8));
	cr_assert_neq(bench_read(&bench, DATA, 8), bench_read(&bench, DATA + 8, 8));
	bench_fini(&other);
}

Test(virtio, indices_wrap)
{
	ring_start(&bench, 0, 1);
	ring_desc(&bench, 0, 1, DATA, 8, WRITE, 0);
	for (unsigned i = 0; i < 70000; i++) {
		ring_offer(&bench, 0, 1);
		ring_notify(&bench, 0);
	}
	cr_assert_eq(ring_used(&bench, 0), 70000 - 65536);
	cr_assert_eq(slot_in(&bench, REG_STATUS), 15);
}

Test(virtio, no_interrupt_flag)
{
	ring_start(&bench, 0, 1);
	ring_desc(&bench, 0, 0, DATA, 8, WRITE, 0);
	bench_write(&bench, RING_AVAIL(0), 2, 1);
	ring_offer(&bench, 0, 0);
	ring_notify(&bench, 0);
	cr_assert_eq(ring_used(&bench, 0), 1);
	cr_assert(!bench.wire[0]);
}

Test(virtio, event_index)
{
	ring_start(&bench, VIRTIO_F_EVENT_IDX, 1);
	ring_desc(&bench, 0, 0, DATA, 8, WRITE, 0);
	bench_write(&bench, RING_AVAIL(0) + 4 + 2 * RING_SIZE, 2, 2); /* tell after the third */
	for (unsigned i = 0; i < 5; i++) {
		ring_offer(&bench, 0, 0);
		ring_notify(&bench, 0);
		bool wanted = i == 0 || i == 2; /* the first after set-up is always told */
		cr_assert_eq(bench.wire[0], wanted, "after request %u", i);
		slot_out(&bench, REG_INTERRUPT_ACK, 1);
		cr_assert_eq(bench_read(&bench, RING_USED(0) + 4 + 8 * RING_SIZE, 2), i + 1,
			     "the device asks to be told of the next chain");
	}
}

Test(virtio, indirect_descriptors)
{
	ring_start(&bench, VIRTIO_F_INDIRECT_DESC, 1);
	for (unsigned i = 0; i < 100; i++) {
		uint64_t desc = DATA + 16 * i;
		bench_write(&bench, desc, 8, DATA + 0x1000 + 2 * i);
		bench_write(&bench, desc + 8, 4, 1);
		bench_write(&bench, desc + 12, 2, i < 99 ? WRITE | NEXT : WRITE);
		bench_write(&bench, desc + 14, 2, i + 1);
	}
	ring_desc(&bench, 0, 2, DATA, 1600, INDIRECT, 0);
	ring_offer(&bench, 0, 2);
	ring_notify(&bench, 0);
	cr_assert_eq(ring_used(&bench, 0), 1);
	cr_assert_eq(ring_used_length(&bench, 0, 0), 100);
	cr_assert_eq(bench_read(&bench, RING_USED(0) + 4, 4), 2, "the head is the outer one");
}

/* Hostile drivers: one broken rule each. */

static void expect_refused(void)
{
	ring_notify(&bench, 0);
	ring_expect_broken(&bench);
	cr_assert_eq(ring_used(&bench, 0), 0);
	ring_notify(&bench, 0); /* and nothing more happens until a reset */
	cr_assert_eq(ring_used(&bench, 0), 0);
	ring_start(&bench, 0, 1);
	ring_desc(&bench, 0, 0, DATA, 8, WRITE, 0);
	ring_offer(&bench, 0, 0);
	ring_notify(&bench, 0);
	cr_assert_eq(ring_used(&bench, 0), 1, "works again after the reset");
}

Test(virtio, hostile_loop)
{
	ring_start(&bench, 0, 1);
	ring_desc(&bench, 0, 0, DATA, 8, WRITE | NEXT, 1);
	ring_desc(&bench, 0, 1, DATA, 8, WRITE | NEXT, 0);
	ring_offer(&bench, 0, 0);
	expect_refused();
}

Test(virtio, hostile_head_index)
{
	ring_start(&bench, 0, 1);
	ring_offer(&bench, 0, RING_SIZE);
	expect_refused();
}

Test(virtio, hostile_next_index)
{
	ring_start(&bench, 0, 1);
	ring_desc(&bench, 0, 0, DATA, 8, WRITE | NEXT, 0xffff);
	ring_offer(&bench, 0, 0);
	expect_refused();
}

Test(virtio, hostile_buffer_address)
{
	ring_start(&bench, 0, 1);
	ring_desc(&bench, 0, 0, 0xdead00000000, 8, WRITE, 0);
	ring_offer(&bench, 0, 0);
	expect_refused();
}

Test(virtio, hostile_buffer_over_the_end_of_ram)
{
	ring_start(&bench, 0, 1);
	ring_desc(&bench, 0, 0, BENCH_RAM_BASE + BENCH_RAM_SIZE - 4, 8, WRITE, 0);
	ring_offer(&bench, 0, 0);
	expect_refused();
}

Test(virtio, hostile_buffer_over_the_end_of_memory)
{
	ring_start(&bench, 0, 1);
	ring_desc(&bench, 0, 0, UINT64_MAX - 3, 0xffffffff, WRITE, 0);
	ring_offer(&bench, 0, 0);
	expect_refused();
}

Test(virtio, hostile_buffer_is_the_device_itself)
{
	ring_start(&bench, 0, 1);
	ring_desc(&bench, 0, 0, SLOT + REG_NOTIFY, 4, WRITE, 0);
	ring_offer(&bench, 0, 0);
	expect_refused();
}

Test(virtio, hostile_order_of_parts)
{
	ring_start(&bench, 0, 1);
	ring_desc(&bench, 0, 0, DATA, 8, WRITE | NEXT, 1);
	ring_desc(&bench, 0, 1, DATA, 8, 0, 0);
	ring_offer(&bench, 0, 0);
	expect_refused();
}

Test(virtio, hostile_available_index)
{
	ring_start(&bench, 0, 1);
	bench_write(&bench, RING_AVAIL(0) + 2, 2, RING_SIZE + 1);
	expect_refused();
}

Test(virtio, hostile_indirect_without_the_feature)
{
	ring_start(&bench, 0, 1);
	ring_desc(&bench, 0, 0, DATA, 16, INDIRECT, 0);
	ring_offer(&bench, 0, 0);
	expect_refused();
}

Test(virtio, hostile_indirect_shapes)
{
	static const struct {
		uint32_t length;
		uint16_t flags;
	} bad[] = {
		{0,  INDIRECT       },
                {17, INDIRECT       },
                {16, INDIRECT | NEXT}
        };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ring_start(&bench, VIRTIO_F_INDIRECT_DESC, 1);
		ring_desc(&bench, 0, 0, DATA, bad[i].length, bad[i].flags, 1);
		ring_offer(&bench, 0, 0);
		expect_refused();
	}
}

Test(virtio, hostile_nested_indirect)
{
	ring_start(&bench, VIRTIO_F_INDIRECT_DESC, 1);
	bench_write(&bench, DATA, 8, DATA);
	bench_write(&bench, DATA + 8, 4, 16);
	bench_write(&bench, DATA + 12, 2, INDIRECT);
	ring_desc(&bench, 0, 0, DATA, 16, INDIRECT, 0);
	ring_offer(&bench, 0, 0);
	expect_refused();
}

Test(virtio, hostile_indirect_loop)
{
	ring_start(&bench, VIRTIO_F_INDIRECT_DESC, 1);
	bench_write(&bench, DATA, 8, DATA + 0x100);
	bench_write(&bench, DATA + 8, 4, 1);
	bench_write(&bench, DATA + 12, 2, WRITE | NEXT);
	bench_write(&bench, DATA + 14, 2, 0);
	ring_desc(&bench, 0, 0, DATA, 16, INDIRECT, 0);
	ring_offer(&bench, 0, 0);
	expect_refused();
}

Test(virtio, hostile_rings_outside_of_ram)
{
	for (unsigned part = 0; part < 3; part++) {
		ring_start(&bench, 0, 1);
		slot_out(&bench, REG_QUEUE_READY, 0);
		slot_out(&bench, 0x80 + 0x10 * part, 0xfffffff0);
		slot_out(&bench, 0x84 + 0x10 * part, 0xffffffff);
		slot_out(&bench, REG_QUEUE_READY, 1);
		ring_desc(&bench, 0, 0, DATA, 8, WRITE, 0);
		ring_offer(&bench, 0, 0);
		expect_refused();
	}
}

Test(virtio, ready_without_size_breaks)
{
	slot_out(&bench, REG_QUEUE_READY, 1);
	cr_assert_eq(slot_in(&bench, REG_QUEUE_READY), 0);
	cr_assert(slot_in(&bench, REG_STATUS) & VIRTIO_STATUS_NEEDS_RESET);
}

Test(virtio, bad_queue_sizes_and_late_changes_have_no_effect)
{
	ring_start(&bench, 0, 1);
	slot_out(&bench, REG_QUEUE_NUM, 256);
	slot_out(&bench, 0x80, 0);
	ring_desc(&bench, 0, 0, DATA, 8, WRITE, 0);
	ring_offer(&bench, 0, 0);
	ring_notify(&bench, 0);
	cr_assert_eq(ring_used(&bench, 0), 1, "a ready queue cannot be changed");
	slot_out(&bench, REG_STATUS, 0);
	for (uint32_t size = 0; size < 1024; size += 3)
		slot_out(&bench, REG_QUEUE_NUM, size | 3);
	slot_out(&bench, REG_QUEUE_NUM, 512);
	slot_out(&bench, REG_QUEUE_READY, 1);
	cr_assert_eq(slot_in(&bench, REG_QUEUE_READY), 0, "no valid size was set");
}

Test(virtio, notify_before_driver_ok_does_nothing)
{
	ring_start(&bench, 0, 1);
	slot_out(&bench, REG_STATUS, 0);
	ring_notify(&bench, 0);
	ring_notify(&bench, 7);
	cr_assert_eq(slot_in(&bench, REG_STATUS), 0);
	cr_assert(!bench.wire[0]);
}
