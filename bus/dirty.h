// Dirty tracking: three clients, a bitmap each per RAM block, one bit per 4 KiB page of the block.
// New RAM is dirty for everybody. Bitmaps belong to the block, so aliases share them.
#pragma once

#include "bus/types.h"

enum mb_dirty_client {
	MB_DIRTY_DISPLAY,
	MB_DIRTY_CODE,
	MB_DIRTY_MIGRATION,
	MB_DIRTY_CLIENTS,
};

// mb_dirty_start(), mb_dirty_stop() - a client begins or ceases to log a RAM region; listeners hear
// log_start or log_stop. Calls are counted per client. -EINVAL if the region is not RAM, or on a
// stop without start.
int mb_dirty_start(struct mb_region *region, enum mb_dirty_client client);
int mb_dirty_stop(struct mb_region *region, enum mb_dirty_client client);

// mb_dirty_global_start() - log everything for migration.
// @reason: non-zero bit set of who asks; tracking is on while any reason is left
// Returns 0 or the error of the listener that refused; tracking is then as before.
int mb_dirty_global_start(struct mb_bus *bus, unsigned reason);

// mb_dirty_global_stop() - take reasons away. While the machine is paused, a stop is postponed.
void mb_dirty_global_stop(struct mb_bus *bus, unsigned reason);

// mb_bus_set_running() - tell the bus whether the machine runs; a new bus counts as running.
void mb_bus_set_running(struct mb_bus *bus, bool running);

// mb_dirty_sync() - have all listeners of @bus pull in what they know (log_sync, log_sync_global).
void mb_dirty_sync(struct mb_bus *bus);

// mb_dirty_set() - mark every page touched by [offset, offset+length) dirty for all clients. length
// 0: none.
void mb_dirty_set(struct mb_ram *ram, uint64_t offset, uint64_t length);

// mb_dirty_get() - is any page touched by the range dirty?
bool mb_dirty_get(const struct mb_ram *ram, enum mb_dirty_client client, uint64_t offset,
		  uint64_t length);

// mb_dirty_test_clear() - read and clear, atomically per 64 pages. Write permission of the pages is
// dropped (MB_PAGE_CLEAN, protect hook) before it returns, so the caller may then look at the
// memory. Returns whether any page was dirty.
bool mb_dirty_test_clear(struct mb_ram *ram, enum mb_dirty_client client, uint64_t offset,
			 uint64_t length);

// mb_dirty_count() - number of dirty pages among those touched by the range.
uint64_t mb_dirty_count(const struct mb_ram *ram, enum mb_dirty_client client, uint64_t offset,
			uint64_t length);

// mb_dirty_snapshot() - copy and clear a range; query the copy at leisure. NULL when out of memory.
struct mb_dirty_snapshot *mb_dirty_snapshot(struct mb_ram *ram, enum mb_dirty_client client,
					    uint64_t offset, uint64_t length);

// mb_dirty_snapshot_get() - was any page touched by the range (block offsets) dirty?
bool mb_dirty_snapshot_get(const struct mb_dirty_snapshot *snapshot, uint64_t offset,
			   uint64_t length);
void mb_dirty_snapshot_free(struct mb_dirty_snapshot *snapshot);
