// Plain types that every part of the bus shares.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mb_bus;
struct mb_region;
struct mb_space;
struct mb_view;
struct mb_ram;

// A size in bytes, 0 to 2^64 inclusive. 128 bit so that 2^64 and 2^64-1 are both expressible.
typedef unsigned __int128 mb_size;

// The size of a whole 64-bit space.
#define MB_WHOLE ((mb_size)1 << 64)

// Result of an access: a set of bits, 0 when all went well. The results of the pieces of one access
// are OR-ed, and every piece is attempted even after an error.
typedef unsigned mb_result;

enum {
	MB_OK = 0,
	MB_DEVICE = 1,  // the device answered with an error, or the ROM policy says so
	MB_DECODE = 2,  // nothing there, or the access shape is not accepted
	MB_DENIED = 4,  // attributes forbid it, or a device accesses itself (re-entrancy)
	MB_PRIVATE = 8, // shared-view access to a private block (reserved for private memory)
	MB_SHAPE = 16,  // with MB_DECODE: a region exists but refuses this size or alignment
};

// Byte order of an access or of a device's registers. There is no "guest native" value.
enum mb_endian {
	MB_LITTLE,
	MB_BIG,
};

// What an access is for, as the TLB distinguishes it.
enum mb_access {
	MB_READ,
	MB_WRITE,
	MB_FETCH,
};

// Security state of the requester (Arm), or 0 where the guest has no such notion.
enum mb_world {
	MB_WORLD_NONSECURE,
	MB_WORLD_SECURE,
	MB_WORLD_ROOT,
	MB_WORLD_REALM,
};

// Transaction attributes, passed by value with every access. All zero is an ordinary privileged
// data access of requester 0.
struct mb_attrs {
	uint64_t secure : 1;
	uint64_t world : 2; // enum mb_world
	uint64_t user : 1;  // unprivileged
	uint64_t fetch : 1; // instruction fetch
	uint64_t walk : 1;  // page-table walk
	uint64_t debug : 1; // debugger or loader: writes reach ROM; MMIO is left alone (MB_DENIED)
	uint64_t memory_only : 1; // refuse anything but RAM with MB_DENIED
	uint64_t encrypted : 1;   // C-bit; already stripped from the address
	uint64_t atomic : 1;      // part of an atomic read-modify-write
	uint64_t unspecified : 1; // the requester gave no attributes
	uint64_t requester : 16;  // hart or DMA master
	uint64_t pasid : 20;
};

// No attributes: plain access by the machine itself.
#define MB_ATTRS_NONE ((struct mb_attrs){0})

// Attributes of a debugger or loader.
#define MB_ATTRS_DEBUG ((struct mb_attrs){.debug = 1})

// Part of a region as seen in a space. Valid only while the view that it came from is held.
struct mb_section {
	struct mb_region *region;  // terminating region, never an alias or a pure container
	uint64_t offset_in_region; // offset that corresponds to offset_in_space
	uint64_t offset_in_space;
	mb_size size;
	bool readonly;      // the region or anything on the path to it is read-only
	bool nonvolatile;   // likewise
	bool unmergeable;   // likewise
	bool romd;          // a ROM device in its directly readable mode
	uint8_t dirty_mask; // 1 << enum mb_dirty_client for every client that logs this range
};

// mb_section_intersect() - cut a section to a range of its region.
// @section: changed in place when the result is not empty, else left alone; pass a copy of a
// listener's one
// @offset: start of the range, in region coordinates
// @size: its size; 0 gives an empty result
// Returns whether anything is left. Ends are computed in 128 bit, so ends at 2^64 are right.
bool mb_section_intersect(struct mb_section *section, uint64_t offset, mb_size size);
