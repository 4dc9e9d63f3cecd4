// Loads and stores on host pointers of any alignment, with an explicit byte order.
#pragma once

#include <stdint.h>
#include <string.h>

// clang-format off
#define MB_HOST_ACCESSORS(bits, suffix, big)                                                        \
	/* mb_get<bits><suffix>() - load from p, which need not be aligned. */                      \
	static inline uint##bits##_t mb_get##bits##suffix(const void *p)                            \
	{                                                                                           \
		uint##bits##_t value;                                                               \
		memcpy(&value, p, sizeof(value));                                                   \
		return big == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) ? value                      \
								       : __builtin_bswap##bits(value); \
	}                                                                                           \
	/* mb_put<bits><suffix>() - store to p, which need not be aligned. */                       \
	static inline void mb_put##bits##suffix(void *p, uint##bits##_t value)                      \
	{                                                                                           \
		if (big != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__))                                \
			value = __builtin_bswap##bits(value);                                       \
		memcpy(p, &value, sizeof(value));                                                   \
	}

MB_HOST_ACCESSORS(16, le, 0)
MB_HOST_ACCESSORS(32, le, 0)
MB_HOST_ACCESSORS(64, le, 0)
MB_HOST_ACCESSORS(16, be, 1)
MB_HOST_ACCESSORS(32, be, 1)
MB_HOST_ACCESSORS(64, be, 1)

#undef MB_HOST_ACCESSORS
// clang-format on
