// Private: accesses of 1, 2, 4 or 8 bytes on host memory and byte arrays.
#pragma once

#include "bus/types.h"

#include <string.h>

// Size of a register-sized access.
static inline bool size_is_sized(unsigned size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

// bytes_get() - assemble a number from bytes in address order.
static inline uint64_t bytes_get(const uint8_t *bytes, unsigned size, enum mb_endian endian)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value |= (uint64_t)bytes[i] << 8 * (endian == MB_LITTLE ? i : size - 1 - i);
	return value;
}

// bytes_put() - the reverse.
static inline void bytes_put(uint8_t *bytes, unsigned size, enum mb_endian endian, uint64_t value)
{
	for (unsigned i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> 8 * (endian == MB_LITTLE ? i : size - 1 - i));
}

static inline uint64_t swap_if_foreign(uint64_t value, unsigned size, enum mb_endian endian)
{
	bool host_is_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

	if (size == 1 || (endian == MB_BIG) == host_is_big)
		return value;
	return __builtin_bswap64(value) >> (64 - 8 * size);
}

// host_load() - one host access if p is aligned; may tear otherwise.
static inline uint64_t host_load(const uint8_t *p, unsigned size, enum mb_endian endian)
{
	uint64_t value = 0;

	if ((uintptr_t)p & (size - 1)) {
		uint8_t bytes[8];

		memcpy(bytes, p, size);
		return bytes_get(bytes, size, endian);
	}
	switch (size) {
	case 1: value = __atomic_load_n(p, __ATOMIC_RELAXED); break;
	case 2: value = __atomic_load_n((const uint16_t *)p, __ATOMIC_RELAXED); break;
	case 4: value = __atomic_load_n((const uint32_t *)p, __ATOMIC_RELAXED); break;
	case 8: value = __atomic_load_n((const uint64_t *)p, __ATOMIC_RELAXED); break;
	}
	return swap_if_foreign(value, size, endian);
}

// host_store() - likewise; value has no bits above size bytes.
static inline void host_store(uint8_t *p, unsigned size, enum mb_endian endian, uint64_t value)
{
	if ((uintptr_t)p & (size - 1)) {
		uint8_t bytes[8];

		bytes_put(bytes, size, endian, value);
		memcpy(p, bytes, size);
		return;
	}
	value = swap_if_foreign(value, size, endian);
	switch (size) {
	case 1: __atomic_store_n(p, (uint8_t)value, __ATOMIC_RELAXED); break;
	case 2: __atomic_store_n((uint16_t *)p, (uint16_t)value, __ATOMIC_RELAXED); break;
	case 4: __atomic_store_n((uint32_t *)p, (uint32_t)value, __ATOMIC_RELAXED); break;
	case 8: __atomic_store_n((uint64_t *)p, value, __ATOMIC_RELAXED); break;
	}
}

// Device memory: exactly one host access of this size even where p is not aligned, in host byte
// order.
struct unaligned16 {
	uint16_t value;
} __attribute__((packed));
struct unaligned32 {
	uint32_t value;
} __attribute__((packed));
struct unaligned64 {
	uint64_t value;
} __attribute__((packed));

static inline void device_load(const uint8_t *p, unsigned size, uint8_t *bytes)
{
	union {
		uint8_t u8;
		uint16_t u16;
		uint32_t u32;
		uint64_t u64;
	} value = {0};

	switch (size) {
	case 1: value.u8 = *(const volatile uint8_t *)p; break;
	case 2: value.u16 = ((const volatile struct unaligned16 *)p)->value; break;
	case 4: value.u32 = ((const volatile struct unaligned32 *)p)->value; break;
	case 8: value.u64 = ((const volatile struct unaligned64 *)p)->value; break;
	}
	memcpy(bytes, &value, size);
}

static inline void device_store(uint8_t *p, unsigned size, const uint8_t *bytes)
{
	union {
		uint8_t u8;
		uint16_t u16;
		uint32_t u32;
		uint64_t u64;
	} value = {0};

	memcpy(&value, bytes, size);
	switch (size) {
	case 1: *(volatile uint8_t *)p = value.u8; break;
	case 2: ((volatile struct unaligned16 *)p)->value = value.u16; break;
	case 4: ((volatile struct unaligned32 *)p)->value = value.u32; break;
	case 8: ((volatile struct unaligned64 *)p)->value = value.u64; break;
	}
}
