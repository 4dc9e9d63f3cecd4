#include "tests/bench.h"

#include <criterion/criterion.h>
#include <string.h>

const char *const bench_engines[BENCH_ENGINES] = {
	"step",
	"interp",
#if ENGINE_HAS_JIT
	"jit",
#endif
};

void bench_open(struct bench *bench, const char *engine, uint64_t ram, uint64_t size)
{
	memset(bench, 0, sizeof(*bench));
	machine_init(&bench->machine);
	bench->bus = mb_bus_new();
	cr_assert_not_null(bench->bus);
	cr_assert_eq(mb_region_container(bench->bus, "system", MB_WHOLE, &bench->root), 0);
	cr_assert_eq(mb_region_ram(bench->bus, "ram", size, &bench->ram), 0);
	cr_assert_eq(mb_attach(bench->root, ram, bench->ram), 0);
	cr_assert_eq(
		mb_space_new(bench->bus, "memory", bench->root, MB_SPACE_MEMORY, &bench->space), 0);
	bench->machine.memory = bench->space;
	bench->machine.trap_loop = 0;
	bench->machine.engine = engine_find(engine);
}

void bench_add_code_cache(struct bench *bench)
{
	struct code_cache *code = code_cache_new(&bench->machine);
	cr_assert_not_null(code);
	code_cache_set_executions(code, 0);
}

void bench_close(struct bench *bench)
{
	machine_fini(&bench->machine);
	mb_space_free(bench->space);
	mb_region_unref(bench->ram);
	mb_region_unref(bench->root);
	mb_bus_free(bench->bus);
}

uint64_t bench_load(struct bench *bench, uint64_t address, unsigned size)
{
	uint64_t value = 0;
	cr_assert_eq(mb_ld(bench->space, address, size, MB_LITTLE, MB_ATTRS_NONE, &value), MB_OK);
	return value;
}

void bench_store(struct bench *bench, uint64_t address, unsigned size, uint64_t value)
{
	cr_assert_eq(mb_st(bench->space, address, size, MB_LITTLE, MB_ATTRS_NONE, value), MB_OK);
}
