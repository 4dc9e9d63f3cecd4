#include "core/host_memory.h"

#include <stdint.h>
#include <sys/mman.h>

/* Never zero bytes long. */
static size_t mapped_size(size_t size)
{
	return size ? size : 1;
}

void host_memory_prefer_huge(void *memory, size_t size)
{
	uintptr_t first = ((uintptr_t)memory + HOST_HUGE_PAGE - 1) & ~(HOST_HUGE_PAGE - 1);
	uintptr_t end = ((uintptr_t)memory + size) & ~(HOST_HUGE_PAGE - 1);
	if (first < end)
		madvise((char *)memory + (first - (uintptr_t)memory), end - first, MADV_HUGEPAGE);
}

void *host_memory_new(size_t size)
{
	size = mapped_size(size);
	size_t slack = size >= HOST_HUGE_PAGE ? HOST_HUGE_PAGE : 0;
	if (size > SIZE_MAX - slack)
		return NULL;
	char *mapping = mmap(NULL, size + slack, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mapping == MAP_FAILED)
		return NULL;
	if (!slack)
		return mapping;
	/* Give back what lies before the first aligned address, and the same behind the end. */
	size_t before = -(uintptr_t)mapping & (HOST_HUGE_PAGE - 1);
	size_t pages = (size + 4095) & ~(size_t)4095;
	if (before)
		munmap(mapping, before);
	if (size + slack > before + pages)
		munmap(mapping + before + pages, size + slack - before - pages);
	return mapping + before;
}

void host_memory_free(void *memory, size_t size)
{
	if (memory)
		munmap(memory, mapped_size(size));
}
