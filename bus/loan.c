// Loans of host pointers, bounce buffers, and the cached loan.
#include "bus/internal.h"

#include <stdlib.h>
#include <string.h>

// Bytes from @address that are backed without a break by the block of @range, at most @length.
static uint64_t contiguous(struct mb_space *space, const struct mb_range *range, uint64_t address,
			   uint64_t length, bool is_write, struct mb_attrs attrs)
{
	const struct mb_range *end = space->view->ranges + space->view->count;
	uint64_t last = range->last;

	for (const struct mb_range *next = range + 1; next < end && last - address < length - 1;
	     range = next++) {
		if (next->first != last + 1 || next->ram != range->ram ||
		    next->section.offset_in_region !=
			    range->section.offset_in_region + range->section.size ||
		    !range_is_direct(next, is_write, attrs))
			break;
		last = next->last;
	}
	return last - address < length - 1 ? last - address + 1 : length;
}

static void *map_direct(struct mb_loan *loan, const struct mb_range *range, uint64_t length)
{
	loan->ram_offset = range_offset(range, loan->address);
	loan->length =
		contiguous(loan->space, range, loan->address, length, loan->is_write, loan->attrs);
	loan->region = range->section.region;
	region_hold(loan->region);
	loan->host = range->ram->host + loan->ram_offset;
	return loan->host;
}

static void *map_bounce(struct mb_loan *loan, const struct mb_range *range, uint64_t length)
{
	struct mb_space *space = loan->space;
	uint64_t room = space->bounce_limit - space->bounce_used;
	struct mb_resolved where;

	mb_resolve(space, loan->address, MB_READ, loan->attrs, &where);
	if (length > where.length)
		length = where.length;
	if (space->bounce_used >= space->bounce_limit)
		return NULL;
	if (length > room)
		length = room;
	loan->host = calloc(1, length);
	if (!loan->host)
		return NULL;
	loan->length = length;
	loan->bounced = true;
	space->bounce_used += length;
	if (range) {
		loan->region = range->section.region;
		region_hold(loan->region);
	}
	if (!loan->is_write)
		loan->result = mb_read(space, loan->address, loan->host, length, loan->attrs, NULL);
	return loan->host;
}

void *mb_map(struct mb_space *space, uint64_t address, uint64_t length, bool is_write,
	     struct mb_attrs attrs, struct mb_loan *loan)
{
	const struct mb_range *range = space_lookup(space, address);

	*loan = (struct mb_loan){
		.space = space,
		.address = address,
		.attrs = attrs,
		.is_write = is_write,
	};
	if (length == 0)
		return NULL;
	if (range && range_is_direct(range, is_write, attrs))
		return map_direct(loan, range, length);
	return map_bounce(loan, range, length);
}

static void retry_waiters(struct mb_space *space)
{
	if (space->retrying)
		return; // an outer call is at it already
	space->retrying = space->waiters;
	space->waiters = NULL;
	while (space->retrying) {
		struct mb_map_waiter *waiter = space->retrying;

		space->retrying = waiter->next;
		waiter->next = NULL;
		waiter->retry(waiter->opaque);
	}
}

mb_result mb_unmap(struct mb_loan *loan, uint64_t access_length)
{
	struct mb_space *space = loan->space;
	mb_result result = MB_OK;
	bool bounced = loan->bounced;

	if (!loan->host)
		return MB_OK;
	if (access_length > loan->length)
		access_length = loan->length;
	if (!bounced && loan->is_write)
		mb_ram_note_write(loan->region->ram, loan->ram_offset, access_length);
	if (bounced && loan->is_write)
		result = mb_write(space, loan->address, loan->host, access_length, loan->attrs,
				  NULL);
	if (bounced) {
		free(loan->host);
		space->bounce_used -= loan->length;
	}
	if (loan->region)
		region_drop(loan->region);
	loan->host = NULL;
	loan->region = NULL;
	loan->length = 0;
	if (bounced)
		retry_waiters(space);
	return result;
}

void mb_map_wait(struct mb_space *space, struct mb_map_waiter *waiter)
{
	struct mb_map_waiter **link = &space->waiters;

	while (*link)
		link = &(*link)->next;
	waiter->next = NULL;
	*link = waiter;
}

static void remove_waiter(struct mb_map_waiter **link, struct mb_map_waiter *waiter)
{
	while (*link && *link != waiter)
		link = &(*link)->next;
	if (*link)
		*link = waiter->next;
}

void mb_map_cancel(struct mb_space *space, struct mb_map_waiter *waiter)
{
	remove_waiter(&space->waiters, waiter);
	remove_waiter(&space->retrying, waiter);
}

static void cache_view_changed(struct mb_listener *listener, const struct mb_change *change)
{
	(void)change;
	mb_loan_cache_inval(listener->opaque);
}

int mb_loan_cache_init(struct mb_loan_cache *cache, struct mb_space *space, uint64_t address,
		       uint64_t length, struct mb_attrs attrs)
{
	*cache = (struct mb_loan_cache){
		.space = space,
		.address = address,
		.length = length,
		.attrs = attrs,
		.listener =
			{
				   .name = "loan cache",
				   .opaque = cache,
				   .view_changed = cache_view_changed,
				   },
	};
	return mb_listen(space, &cache->listener);
}

void mb_loan_cache_inval(struct mb_loan_cache *cache)
{
	mb_view_release(cache->view);
	cache->view = NULL;
	cache->ram = NULL;
	cache->valid = false;
}

void mb_loan_cache_release(struct mb_loan_cache *cache)
{
	mb_loan_cache_inval(cache);
	mb_unlisten(&cache->listener);
}

static void cache_fill(struct mb_loan_cache *cache)
{
	const struct mb_range *range = space_lookup(cache->space, cache->address);

	cache->valid = true;
	if (!range || !cache->length || !range_is_direct(range, false, cache->attrs) ||
	    contiguous(cache->space, range, cache->address, cache->length, false, cache->attrs) <
		    cache->length)
		return;
	cache->view = mb_view_acquire(cache->space);
	cache->ram = range->ram;
	cache->ram_offset = range_offset(range, cache->address);
	cache->readonly = !range_is_direct(range, true, cache->attrs) ||
			  contiguous(cache->space, range, cache->address, cache->length, true,
				     cache->attrs) < cache->length;
}

static bool cache_holds(const struct mb_loan_cache *cache, uint64_t offset, uint64_t length)
{
	return offset <= cache->length && length <= cache->length - offset;
}

mb_result mb_loan_cache_read(struct mb_loan_cache *cache, uint64_t offset, void *buffer,
			     uint64_t length)
{
	if (!cache_holds(cache, offset, length))
		return MB_DECODE;
	if (!cache->valid)
		cache_fill(cache);
	if (!cache->ram)
		return mb_read(cache->space, cache->address + offset, buffer, length, cache->attrs,
			       NULL);
	memcpy(buffer, cache->ram->host + cache->ram_offset + offset, length);
	return MB_OK;
}

mb_result mb_loan_cache_write(struct mb_loan_cache *cache, uint64_t offset, const void *buffer,
			      uint64_t length)
{
	if (!cache_holds(cache, offset, length))
		return MB_DECODE;
	if (!cache->valid)
		cache_fill(cache);
	if (!cache->ram || cache->readonly)
		return mb_write(cache->space, cache->address + offset, buffer, length, cache->attrs,
				NULL);
	offset += cache->ram_offset;
	if (ram_is_noted(cache->ram, offset, length))
		mb_ram_note_write(cache->ram, offset, length);
	memcpy(cache->ram->host + offset, buffer, length);
	return MB_OK;
}
