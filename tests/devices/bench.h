/* A machine without CPUs: a bus with RAM, a clock, wires that are only recorded. */
#ifndef TESTS_DEVICES_BENCH_H
#define TESTS_DEVICES_BENCH_H

#include <criterion/criterion.h>
#include <stdint.h>

#include "bus/bus.h"
#include "core/machine.h"
#include "devices/device.h"

#define BENCH_RAM_BASE 0x80000000ull
#define BENCH_RAM_SIZE 0x100000ull
#define BENCH_DEVICES  4

struct bench {
	struct machine machine;
	struct mb_bus *bus;
	struct mb_region *root, *ram;
	struct device *device[BENCH_DEVICES];
	unsigned device_count;
	bool wire[DEVICE_IRQ_MAX]; /* of all devices together, by wire index */
	unsigned rises[DEVICE_IRQ_MAX];
};

/* One clock tick is 1 ns. */
void bench_init(struct bench *bench);
void bench_fini(struct bench *bench);

/* Makes and maps a device; fails the test if it cannot. */
struct device *bench_add(struct bench *bench, const struct device_ops *ops, uint64_t base,
			 const void *config);
/* As bench_add(), returning NULL with the error. */
struct device *bench_try(struct bench *bench, const struct device_ops *ops, uint64_t base,
			 const void *config, struct error *error);

uint64_t bench_read(struct bench *bench, uint64_t address, unsigned size);
void bench_write(struct bench *bench, uint64_t address, unsigned size, uint64_t value);
/* The result only. */
mb_result bench_access(struct bench *bench, uint64_t address, unsigned size, bool write);

/* Lets virtual time pass, in ns. */
void bench_pass(struct bench *bench, uint64_t ns);

/* Pseudo-random numbers that are the same in each run. */
uint64_t bench_random(uint64_t *state);

#endif
