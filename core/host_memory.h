/*
 * Large pieces of host memory. The first touch of a page costs a fault, which is dear where the
 * host itself is a virtual machine (6 to 40 us), so that what will be used in full is backed by
 * huge pages where the host has them.
 */
#ifndef CORE_HOST_MEMORY_H
#define CORE_HOST_MEMORY_H

#include <stddef.h>

/* What Linux calls a transparent huge page on hosts with 4 KiB pages. */
#define HOST_HUGE_PAGE (2ul << 20)

/*
 * Zeroed memory that takes nothing from the host until it is touched, at least size bytes, readable
 * and writable, aligned to HOST_HUGE_PAGE if it is at least as large. Returns NULL when the host
 * has no address space left. Freed with host_memory_free().
 */
void *host_memory_new(size_t size);

/* memory: of host_memory_new() with the same size, or NULL. */
void host_memory_free(void *memory, size_t size);

/* Asks for huge pages behind whatever whole ones of them lie in memory; no promise, no error. */
void host_memory_prefer_huge(void *memory, size_t size);

#endif
