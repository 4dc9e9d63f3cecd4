// The memory bus: regions, address spaces, accesses, listeners, dirty tracking.
//
// A machine owns one `struct mb_bus`. Regions (bus/region.h) form trees; an address space
// (bus/space.h) renders the tree below its root to a flat view of disjoint ranges; CPUs and DMA
// masters go through the space (bus/access.h). Listeners (bus/listener.h) hear of every change of a
// view. RAM blocks (bus/ram.h) carry the page state that the engine's fast path obeys; bus/dirty.h
// has the per-client dirty bitmaps.
//
// Nothing here knows a guest: endianness, fill values and address width are run-time values. All
// functions that return `int` give 0 or a negative errno value. Addresses are uint64_t, sizes
// `mb_size` (128 bit).
//
// A typical board:
//
//	struct mb_bus *bus = mb_bus_new();
//	struct mb_region *root, *ram, *uart;
//	struct mb_space *space;
//	mb_region_container(bus, "system", MB_WHOLE, &root);
//	mb_region_ram(bus, "ram", 128 << 20, &ram);
//	mb_region_mmio(bus, "uart", 0x100, &uart_ops, uart_state, &uart);
//	mb_attach(root, 0x80000000, ram);
//	mb_attach(root, 0x10000000, uart);
//	mb_space_new(bus, "memory", root, MB_SPACE_MEMORY, &space);
//	...
//	mb_space_free(space); mb_region_unref(uart); mb_region_unref(ram); mb_region_unref(root);
// mb_bus_free(bus);
#pragma once

#include "bus/access.h"
#include "bus/dirty.h"
#include "bus/dump.h"
#include "bus/host.h"
#include "bus/listener.h"
#include "bus/loan.h"
#include "bus/ram.h"
#include "bus/region.h"
#include "bus/space.h"
#include "bus/types.h"
