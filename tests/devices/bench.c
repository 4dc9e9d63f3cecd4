#include "bench.h"

static void record(void *opaque, unsigned number, bool level)
{
	struct bench *bench = opaque;
	if (level && !bench->wire[number])
		bench->rises[number]++;
	bench->wire[number] = level;
}

void bench_init(struct bench *bench)
{
	memset(bench, 0, sizeof(*bench));
	machine_init(&bench->machine);
	bench->bus = mb_bus_new();
	cr_assert_not_null(bench->bus);
	cr_assert_eq(mb_region_container(bench->bus, "system", MB_WHOLE, &bench->root), 0);
	cr_assert_eq(mb_region_ram(bench->bus, "ram", BENCH_RAM_SIZE, &bench->ram), 0);
	cr_assert_eq(mb_attach(bench->root, BENCH_RAM_BASE, bench->ram), 0);
	cr_assert_eq(mb_space_new(bench->bus, "memory", bench->root, MB_SPACE_MEMORY,
				  &bench->machine.memory),
		     0);
}

void bench_fini(struct bench *bench)
{
	for (unsigned i = 0; i < bench->device_count; i++)
		device_free(bench->device[i]);
	cr_assert_eq(clock_next(&bench->machine.clock), CLOCK_NEVER,
		     "a freed device left an event");
	mb_space_free(bench->machine.memory);
	mb_region_unref(bench->ram);
	mb_region_unref(bench->root);
	mb_bus_free(bench->bus);
	machine_fini(&bench->machine);
}

struct device *bench_try(struct bench *bench, const struct device_ops *ops, uint64_t base,
			 const void *config, struct error *error)
{
	struct irq_line irq[DEVICE_IRQ_MAX];
	for (unsigned i = 0; i < DEVICE_IRQ_MAX; i++)
		irq[i] = (struct irq_line){record, bench, i};
	const struct device_host host = {
		.machine = &bench->machine,
		.clock = &bench->machine.clock,
		.state = &bench->machine.state,
		.log = &bench->machine.log,
		.bus = bench->bus,
		.memory = bench->machine.memory,
	};
	const struct device_place place = {
		.base = base,
		.instance = bench->device_count,
		.irq = irq,
		.irq_count = DEVICE_IRQ_MAX,
	};
	struct device *device = device_new(ops, &host, &place, config, error);
	if (!device)
		return NULL;
	cr_assert_eq(device_map(device, bench->root), 0);
	cr_assert_lt(bench->device_count, BENCH_DEVICES);
	bench->device[bench->device_count++] = device;
	return device;
}

struct device *bench_add(struct bench *bench, const struct device_ops *ops, uint64_t base,
			 const void *config)
{
	struct error error = {0};
	struct device *device = bench_try(bench, ops, base, config, &error);
	cr_assert_not_null(device, "%s: %s", ops->name, error.text);
	return device;
}

uint64_t bench_read(struct bench *bench, uint64_t address, unsigned size)
{
	uint64_t value = 0;
	mb_result result =
		mb_ld(bench->machine.memory, address, size, MB_LITTLE, MB_ATTRS_NONE, &value);
	cr_assert_eq(result, MB_OK, "read of %u at 0x%llx: result %u", size,
		     (unsigned long long)address, result);
	return value;
}

void bench_write(struct bench *bench, uint64_t address, unsigned size, uint64_t value)
{
	mb_result result =
		mb_st(bench->machine.memory, address, size, MB_LITTLE, MB_ATTRS_NONE, value);
	cr_assert_eq(result, MB_OK, "write of %u at 0x%llx: result %u", size,
		     (unsigned long long)address, result);
}

mb_result bench_access(struct bench *bench, uint64_t address, unsigned size, bool write)
{
	uint64_t value = 0;
	if (write)
		return mb_st(bench->machine.memory, address, size, MB_LITTLE, MB_ATTRS_NONE, 0);
	return mb_ld(bench->machine.memory, address, size, MB_LITTLE, MB_ATTRS_NONE, &value);
}

void bench_pass(struct bench *bench, uint64_t ns)
{
	clock_advance(&bench->machine.clock, bench->machine.clock.now + ns);
}

uint64_t bench_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}
