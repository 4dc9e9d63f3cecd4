/* Large pieces of host memory. */
#include <criterion/criterion.h>
#include <stdint.h>

#include "core/host_memory.h"

Test(host_memory, is_zero_aligned_and_writable_to_the_end)
{
	static const size_t sizes[] = {0, 1, 4096, 100000, HOST_HUGE_PAGE, 3 * HOST_HUGE_PAGE + 5};
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		unsigned char *memory = host_memory_new(sizes[i]);
		cr_assert_not_null(memory, "%zu bytes", sizes[i]);
		cr_assert_eq((uintptr_t)memory % 4096, 0);
		if (sizes[i] >= HOST_HUGE_PAGE)
			cr_assert_eq((uintptr_t)memory % HOST_HUGE_PAGE, 0);
		size_t last = sizes[i] ? sizes[i] - 1 : 0;
		cr_assert_eq(memory[0] | memory[last], 0);
		memory[last] = 1;
		host_memory_free(memory, sizes[i]);
	}
}

Test(host_memory, too_much_is_refused)
{
	cr_assert_null(host_memory_new(SIZE_MAX));
	cr_assert_null(host_memory_new(SIZE_MAX - HOST_HUGE_PAGE + 1));
	host_memory_free(NULL, 1);
}
