// Loans: host pointers for DMA.
#pragma once

#include "bus/listener.h"
#include "bus/types.h"

// A granted mapping; caller-allocated, filled in by mb_map(). After mb_unmap() the pointer is dead.
struct mb_loan {
	void *host;       // NULL: nothing was granted
	uint64_t length;  // bytes granted, possibly fewer than asked
	mb_result result; // of filling a bounce buffer
	// private to the bus
	struct mb_space *space;
	struct mb_region *region;
	uint64_t address;
	uint64_t ram_offset;
	struct mb_attrs attrs;
	bool is_write;
	bool bounced;
};

// mb_map() - lend a stretch of guest memory as a host pointer.
// @length: bytes wanted; the grant ends where contiguous backing ends
// @is_write: the device will write to the memory; else it will read it
// RAM is lent directly. Anything else goes through a bounce buffer, filled now for reads; all
// bounce buffers of a space together are limited (mb_space_set_bounce_limit()); over the limit,
// host is NULL and length 0, and mb_map_wait() tells when to try again. Returns loan->host.
void *mb_map(struct mb_space *space, uint64_t address, uint64_t length, bool is_write,
	     struct mb_attrs attrs, struct mb_loan *loan);

// mb_unmap() - end a loan. No-op for a loan that was not granted.
// @access_length: bytes that were really written, at most loan->length: marked dirty or written
// back Returns the result of writing back.
mb_result mb_unmap(struct mb_loan *loan, uint64_t access_length);

// Somebody who waits for bounce space. Caller-allocated.
struct mb_map_waiter {
	void (*retry)(void *opaque);
	void *opaque;
	struct mb_map_waiter *next; // private to the bus
};

// mb_map_wait() - have waiter->retry called once, when bounce space has been freed.
void mb_map_wait(struct mb_space *space, struct mb_map_waiter *waiter);
void mb_map_cancel(struct mb_space *space, struct mb_map_waiter *waiter);

// A read-mostly loan that is kept (virtqueues): re-resolved by itself when the view changes.
// Caller-allocated and not movable while initialised.
struct mb_loan_cache {
	struct mb_space *space;
	uint64_t address;
	uint64_t length;
	struct mb_attrs attrs;
	// private to the bus
	struct mb_view *view;
	struct mb_ram *ram; // NULL: not contiguous RAM, use the slow way
	uint64_t ram_offset;
	bool readonly;
	bool valid;
	struct mb_listener listener;
};

// mb_loan_cache_init() - cache access to [address, address+length). Returns 0 or the error of
// mb_listen().
int mb_loan_cache_init(struct mb_loan_cache *cache, struct mb_space *space, uint64_t address,
		       uint64_t length, struct mb_attrs attrs);

// mb_loan_cache_inval() - drop what is cached; the next access resolves anew.
void mb_loan_cache_inval(struct mb_loan_cache *cache);
void mb_loan_cache_release(struct mb_loan_cache *cache);

// mb_loan_cache_read(), mb_loan_cache_write() - copy at @offset of the cached stretch; MB_DECODE if
// it ends outside. Falls back to mb_read() and mb_write() where the stretch is not plain RAM.
mb_result mb_loan_cache_read(struct mb_loan_cache *cache, uint64_t offset, void *buffer,
			     uint64_t length);
mb_result mb_loan_cache_write(struct mb_loan_cache *cache, uint64_t offset, const void *buffer,
			      uint64_t length);
