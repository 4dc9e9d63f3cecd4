/* The JIT engine: its memory, which blocks are compiled, and links between them. */
#include "engine/jit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void jit_free(struct jit *jit)
{
	if (!jit)
		return;
	/* The region itself belongs to the arena's mapping. */
	if (jit->writable != jit->region)
		munmap(jit->writable, JIT_REGION_BYTES);
	free(jit->listing);
	free(jit);
}

void jit_reset(struct jit *jit)
{
	jit->code.at = jit->first;
	jit->code.full = false;
	jit->kept = 0;
}

void jit_adopt(const struct jit *jit, struct block *block)
{
	block->cold = jit->executions;
	block->code = jit->cold_entry;
	block->uops[0].fn = interp_counting_head;
}

void jit_link(const struct jit *jit, const struct block *from, const union uop_wide *jump,
	      const struct block *target)
{
	if (!from->compiled || !target->compiled)
		return;
	/* A block's direct jumps are its last slots. */
	unsigned slot = (unsigned)((const struct uop *)jump - from->uops);
	unsigned site = from->jump_site[from->uop_count - 1 - slot];
	if (!site)
		return;
	uint8_t *opcode = jit->writable + site - 1;
	if (*opcode == X86_CALL_OPCODE)
		*opcode = X86_JUMP_OPCODE;
	x86_patch(&jit->code, jit->writable + site, target->code);
}

#if ENGINE_HAS_JIT

#include <cpuid.h>

/*
 * Makes the region executable: directly, or where the host allows no memory that is both writable
 * and executable, as one of two mappings of the same pages. False: not at all.
 */
static bool map_region(struct jit *jit)
{
	jit->writable = jit->region;
	if (!mprotect(jit->region, JIT_REGION_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC))
		return true;
	int file = memfd_create("trapline-jit", MFD_CLOEXEC);
	if (file < 0)
		return false;
	jit->writable = MAP_FAILED;
	if (!ftruncate(file, JIT_REGION_BYTES) &&
	    mmap(jit->region, JIT_REGION_BYTES, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, file,
		 0) != MAP_FAILED)
		jit->writable =
			mmap(NULL, JIT_REGION_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	close(file);
	return jit->writable != MAP_FAILED;
}

/* Not every compiler's __builtin_cpu_supports() knows this one. */
static bool host_has_lzcnt(void)
{
	unsigned a, b, c, d;
	return __get_cpuid(0x80000001, &a, &b, &c, &d) && (c & bit_LZCNT);
}

static void map_registers(struct jit *jit, const struct isa *isa)
{
	struct jit_map *map = &jit->canonical;
	jit_map_clear(map);
	for (unsigned i = 0; i < JIT_PINNED && isa->hot_registers[i] < CPU_REGISTERS; i++) {
		jit_map_assign(map, isa->hot_registers[i], jit_pinned[i]);
		map->dirty |= (uint16_t)(1u << jit_pinned[i]);
	}
	if (isa->zero_register != REG_SINK)
		map->word = 1ull << isa->zero_register;
}

struct jit *jit_new(const struct isa *isa, const uint8_t *arena, uint8_t *region)
{
	struct jit *jit = calloc(1, sizeof(*jit));
	if (!jit)
		return NULL;
	jit->arena = arena;
	jit->region = region;
	if (!map_region(jit)) {
		free(jit);
		return NULL;
	}
	jit->executions = JIT_EXECUTIONS;
	jit->has_lzcnt = host_has_lzcnt();
	jit->has_tzcnt = __builtin_cpu_supports("bmi");
	jit->has_popcnt = __builtin_cpu_supports("popcnt");
	jit->has_fma = __builtin_cpu_supports("fma");
	jit->has_rorx = __builtin_cpu_supports("bmi2");
	jit->has_sse42 = __builtin_cpu_supports("sse4.2");
	jit->has_aes = __builtin_cpu_supports("aes");
	jit->has_round = __builtin_cpu_supports("sse4.1");
	jit->zero_register = isa->zero_register;
	jit->boxes = !isa->unboxed;
	map_registers(jit, isa);
	jit->code = (struct x86_code){
		.at = jit->writable,
		.end = jit->writable + JIT_REGION_BYTES,
		.run = region - jit->writable,
	};
	jit_emit_thunks(jit);
	jit->first = jit->code.at;
	return jit;
}

static void jit_execute(struct cpu *cpu, struct block *block)
{
	struct jit *jit = code_cache_jit(cpu->code);
	if (!jit) {
		interp_execute(cpu, block);
		return;
	}
	if (block->cold == 0 && !block->compiled && !jit_compile(jit, block))
		code_cache_flush(cpu->code);
	if (block->compiled)
		jit->enter(cpu, block->code);
	else
		interp_execute(cpu, block);
}

static void run_jit(struct cpu *cpu, uint64_t until)
{
	run_slice(cpu, until, false, jit_execute);
}

const struct engine_ops engine_jit = {
	.name = "jit",
	.run = run_jit,
	.sync_clock = engine_sync_clock,
};

#endif
