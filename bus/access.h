// Loads, stores and bulk transfers through an address space.
//
// Results are values (see mb_result); nothing unwinds. Reads that fail give the fill value of the
// space in the bytes that failed. RAM writes obey the page state: they drop translated code and
// mark pages dirty.
#pragma once

#include "bus/types.h"

// mb_ld() - sized load.
// @size: 1, 2, 4 or 8 bytes; anything else is MB_DECODE|MB_SHAPE
// @endian: byte order in which the guest wants to see the bytes
// @value: zero-extended; set also on errors
// An aligned RAM access is one host access. An access that runs over the end of a range is done
// bytewise, lowest address first; addresses beyond 2^64-1 are MB_DECODE and never wrap.
mb_result mb_ld(struct mb_space *space, uint64_t address, unsigned size, enum mb_endian endian,
		struct mb_attrs attrs, uint64_t *value);

// mb_st() - sized store; as mb_ld().
mb_result mb_st(struct mb_space *space, uint64_t address, unsigned size, enum mb_endian endian,
		struct mb_attrs attrs, uint64_t value);

// Fixed shapes of the two.
mb_result mb_ld8(struct mb_space *space, uint64_t address, struct mb_attrs attrs, uint8_t *value);
mb_result mb_ld16le(struct mb_space *space, uint64_t address, struct mb_attrs attrs,
		    uint16_t *value);
mb_result mb_ld32le(struct mb_space *space, uint64_t address, struct mb_attrs attrs,
		    uint32_t *value);
mb_result mb_ld64le(struct mb_space *space, uint64_t address, struct mb_attrs attrs,
		    uint64_t *value);
mb_result mb_ld16be(struct mb_space *space, uint64_t address, struct mb_attrs attrs,
		    uint16_t *value);
mb_result mb_ld32be(struct mb_space *space, uint64_t address, struct mb_attrs attrs,
		    uint32_t *value);
mb_result mb_ld64be(struct mb_space *space, uint64_t address, struct mb_attrs attrs,
		    uint64_t *value);
mb_result mb_st8(struct mb_space *space, uint64_t address, struct mb_attrs attrs, uint8_t value);
mb_result mb_st16le(struct mb_space *space, uint64_t address, struct mb_attrs attrs,
		    uint16_t value);
mb_result mb_st32le(struct mb_space *space, uint64_t address, struct mb_attrs attrs,
		    uint32_t value);
mb_result mb_st64le(struct mb_space *space, uint64_t address, struct mb_attrs attrs,
		    uint64_t value);
mb_result mb_st16be(struct mb_space *space, uint64_t address, struct mb_attrs attrs,
		    uint16_t value);
mb_result mb_st32be(struct mb_space *space, uint64_t address, struct mb_attrs attrs,
		    uint32_t value);
mb_result mb_st64be(struct mb_space *space, uint64_t address, struct mb_attrs attrs,
		    uint64_t value);

// mb_read() - bulk read in address order; MMIO is read in the largest chunks that the device
// accepts.
// @length: 0 is MB_OK and does nothing; the part beyond 2^64 is MB_DECODE
// @done: bytes that were transferred without error; may be NULL
mb_result mb_read(struct mb_space *space, uint64_t address, void *buffer, uint64_t length,
		  struct mb_attrs attrs, uint64_t *done);

// mb_write() - bulk write; as mb_read().
mb_result mb_write(struct mb_space *space, uint64_t address, const void *buffer, uint64_t length,
		   struct mb_attrs attrs, uint64_t *done);

// mb_fill() - bulk write of one byte value.
mb_result mb_fill(struct mb_space *space, uint64_t address, uint8_t byte, uint64_t length,
		  struct mb_attrs attrs, uint64_t *done);

// mb_write_rom() - bulk write that reaches ROM and ROM-device backing and no MMIO: for loaders.
mb_result mb_write_rom(struct mb_space *space, uint64_t address, const void *buffer,
		       uint64_t length, uint64_t *done);
