// Dirty bitmaps and the clients that log.
//
// The bitmaps are stored inverted (1 = clean), so that the zero pages of a fresh mapping mean
// "dirty for all". A page has MB_PAGE_CLEAN exactly while some client's bit is clean.
#include "bus/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

unsigned region_dirty_mask(const struct mb_region *region)
{
	unsigned mask = 0;

	if (!region->ram)
		return 0;
	for (unsigned client = 0; client < MB_DIRTY_CLIENTS; client++)
		if (region->log_count[client])
			mask |= 1u << client;
	if (region->bus->global_reasons)
		mask |= 1u << MB_DIRTY_MIGRATION;
	return mask;
}

int mb_dirty_start(struct mb_region *region, enum mb_dirty_client client)
{
	if (!region->ram || client >= MB_DIRTY_CLIENTS || region->log_count[client] == UINT16_MAX)
		return -EINVAL;
	mb_txn_begin(region->bus);
	if (region->log_count[client]++ == 0)
		region_changed(region, false);
	mb_txn_commit(region->bus);
	return 0;
}

int mb_dirty_stop(struct mb_region *region, enum mb_dirty_client client)
{
	if (!region->ram || client >= MB_DIRTY_CLIENTS || region->log_count[client] == 0)
		return -EINVAL;
	mb_txn_begin(region->bus);
	if (--region->log_count[client] == 0)
		region_changed(region, false);
	mb_txn_commit(region->bus);
	return 0;
}

// All RAM gains or loses the migration client: render every space anew.
static void set_global_reasons(struct mb_bus *bus, unsigned reasons)
{
	bool flips = !bus->global_reasons != !reasons;

	mb_txn_begin(bus);
	bus->global_reasons = reasons;
	for (struct mb_space *space = bus->spaces; flips && space; space = space->next)
		space->dirty = true;
	mb_txn_commit(bus);
}

int mb_dirty_global_start(struct mb_bus *bus, unsigned reason)
{
	if (!reason)
		return -EINVAL;
	bus->postponed_reasons &= ~reason;
	if (!bus->global_reasons) {
		int error = listeners_global_start(bus);

		if (error)
			return error;
	}
	set_global_reasons(bus, bus->global_reasons | reason);
	return 0;
}

void mb_dirty_global_stop(struct mb_bus *bus, unsigned reason)
{
	if (!bus->running) {
		bus->postponed_reasons |= reason & bus->global_reasons;
		return;
	}
	if (!(bus->global_reasons & reason))
		return;
	set_global_reasons(bus, bus->global_reasons & ~reason);
	if (!bus->global_reasons)
		listeners_global_stop(bus);
}

void mb_bus_set_running(struct mb_bus *bus, bool running)
{
	unsigned postponed = bus->postponed_reasons;

	bus->running = running;
	if (!running || !postponed)
		return;
	bus->postponed_reasons = 0;
	mb_dirty_global_stop(bus, postponed);
}

void mb_dirty_sync(struct mb_bus *bus)
{
	for (struct mb_listener *listener = bus->listeners; listener; listener = listener->next) {
		const struct mb_view *view = listener->space->view;

		if (listener->log_sync_global)
			listener->log_sync_global(listener);
		for (size_t i = 0; listener->log_sync && i < view->count; i++)
			if (view->ranges[i].section.dirty_mask)
				listener->log_sync(listener, &view->ranges[i].section);
	}
}

// Bits of bitmap word @word that belong to pages @first to @last.
static uint64_t word_mask(uint64_t word, uint64_t first, uint64_t last)
{
	uint64_t mask = UINT64_MAX;

	if (word == first / 64)
		mask &= UINT64_MAX << (first % 64);
	if (word == last / 64)
		mask &= UINT64_MAX >> (63 - last % 64);
	return mask;
}

void mb_dirty_set(struct mb_ram *ram, uint64_t offset, uint64_t length)
{
	uint64_t first, last;

	if (!ram_pages(ram, offset, length, &first, &last))
		return;
	for (uint64_t word = first / 64; word <= last / 64; word++) {
		uint64_t mask = word_mask(word, first, last), cleaned = 0;

		for (unsigned client = 0; client < MB_DIRTY_CLIENTS; client++) {
			uint64_t *bits = &ram->state->clean[client][word];

			// Look before writing: untouched bitmap pages stay unallocated.
			if (__atomic_load_n(bits, __ATOMIC_RELAXED) & mask)
				cleaned |= __atomic_fetch_and(bits, ~mask, __ATOMIC_ACQ_REL) & mask;
		}
		for (; cleaned; cleaned &= cleaned - 1) {
			uint64_t page = word * 64 + (unsigned)__builtin_ctzll(cleaned);

			__atomic_fetch_and(&ram->page_state[page], (uint8_t)~MB_PAGE_CLEAN,
					   __ATOMIC_ACQ_REL);
		}
	}
}

uint64_t mb_dirty_count(const struct mb_ram *ram, enum mb_dirty_client client, uint64_t offset,
			uint64_t length)
{
	uint64_t first, last, count = 0;

	if (!ram_pages(ram, offset, length, &first, &last))
		return 0;
	for (uint64_t word = first / 64; word <= last / 64; word++) {
		uint64_t clean =
			__atomic_load_n(&ram->state->clean[client][word], __ATOMIC_ACQUIRE);

		count += (unsigned)__builtin_popcountll(~clean & word_mask(word, first, last));
	}
	return count;
}

bool mb_dirty_get(const struct mb_ram *ram, enum mb_dirty_client client, uint64_t offset,
		  uint64_t length)
{
	return mb_dirty_count(ram, client, offset, length) != 0;
}

// Cleans the pages first..last of a client. @copy, if given, receives the old dirty bits of each
// word.
static bool clear_pages(struct mb_ram *ram, enum mb_dirty_client client, uint64_t first,
			uint64_t last, uint64_t *copy)
{
	bool any = false, raised = false;

	for (uint64_t word = first / 64; word <= last / 64; word++) {
		uint64_t mask = word_mask(word, first, last);
		uint64_t old =
			__atomic_fetch_or(&ram->state->clean[client][word], mask, __ATOMIC_ACQ_REL);
		uint64_t dirty = ~old & mask;

		if (copy)
			copy[word - first / 64] = dirty;
		any |= dirty != 0;
		for (; dirty; dirty &= dirty - 1) {
			uint64_t page = word * 64 + (unsigned)__builtin_ctzll(dirty);

			raised |= !__atomic_fetch_or(&ram->page_state[page], MB_PAGE_CLEAN,
						     __ATOMIC_ACQ_REL);
		}
	}
	if (raised && ram->state->protect_hook)
		ram->state->protect_hook(ram->state->protect_opaque, ram, first << MB_PAGE_SHIFT,
					 (last - first + 1) << MB_PAGE_SHIFT);
	return any;
}

bool mb_dirty_test_clear(struct mb_ram *ram, enum mb_dirty_client client, uint64_t offset,
			 uint64_t length)
{
	uint64_t first, last;

	return ram_pages(ram, offset, length, &first, &last) &&
	       clear_pages(ram, client, first, last, NULL);
}

struct mb_dirty_snapshot {
	uint64_t first, last; // pages; none if last < first
	uint64_t dirty[];     // from the word that holds `first`
};

struct mb_dirty_snapshot *mb_dirty_snapshot(struct mb_ram *ram, enum mb_dirty_client client,
					    uint64_t offset, uint64_t length)
{
	struct mb_dirty_snapshot *snapshot;
	uint64_t first = 1, last = 0, words = 0;

	if (ram_pages(ram, offset, length, &first, &last))
		words = last / 64 - first / 64 + 1;
	snapshot = calloc(1, sizeof(*snapshot) + words * sizeof(uint64_t));
	if (!snapshot)
		return NULL;
	snapshot->first = first;
	snapshot->last = last;
	if (words)
		clear_pages(ram, client, first, last, snapshot->dirty);
	return snapshot;
}

bool mb_dirty_snapshot_get(const struct mb_dirty_snapshot *snapshot, uint64_t offset,
			   uint64_t length)
{
	uint64_t first = offset >> MB_PAGE_SHIFT, last;

	if (length == 0)
		return false;
	last = offset + (length - 1) < offset ? UINT64_MAX : offset + (length - 1);
	last >>= MB_PAGE_SHIFT;
	if (first < snapshot->first)
		first = snapshot->first;
	if (last > snapshot->last)
		last = snapshot->last;
	for (uint64_t page = first; page <= last && last >= snapshot->first; page++)
		if (snapshot->dirty[page / 64 - snapshot->first / 64] >> (page % 64) & 1)
			return true;
	return false;
}

void mb_dirty_snapshot_free(struct mb_dirty_snapshot *snapshot)
{
	free(snapshot);
}
