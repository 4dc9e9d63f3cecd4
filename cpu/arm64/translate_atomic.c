/*
 * Exclusives, ordered accesses, atomics. What single registers do is engine/atomic.h's; memory is
 * sequentially consistent.
 */
#include "cpu/arm64/emit.h"

#include <string.h>

#include "mmu/mmu.h"

static unsigned sink_if_zero(unsigned number)
{
	return number == 31 ? REG_SINK : number;
}

void emit_exclusive(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	unsigned base = emit_base(builder, word), size = arm64_field(word, 31, 30);
	if (arm64_field(word, 22, 22))
		build_op(builder, UOP_ATOMIC, emit_rd(word), base, A64_REG_ZR,
			 atomic_immediate(ATOMIC_LOAD, size, 0, A64_REG_ZR));
	else
		build_op(builder, UOP_ATOMIC, sink_if_zero(emit_rm(word)), base, word & 31,
			 atomic_immediate(ATOMIC_STORE, size, 0, A64_REG_ZR));
}

/* -- pairs of registers; imm of the helpers: log2 of the size of one -- */

static unsigned operand_size(const struct uop *uop)
{
	return 1u << uop->imm;
}

static uint64_t pair_reservation(const struct uop *uop, uint64_t physical)
{
	return atomic_reservation(physical, (unsigned)uop->imm + 1);
}

static uint64_t load_host(const void *host, unsigned size)
{
	uint64_t value = 0;
	memcpy(&value, host, size < 8 ? size : 8);
	return value;
}

/* b: the second register. */
static bool help_load_pair(struct cpu *cpu, const struct uop *uop)
{
	unsigned size = operand_size(uop), bytes = 2 * size;
	uint64_t address = cpu->r[uop->a], physical;
	char *host = mmu_atomic(cpu, address, bytes, MMU_READ, &physical);
	if (!host)
		return false;
	mmu_observe(cpu, address, physical, bytes, false, host);
	cpu->reservation = pair_reservation(uop, physical);
	cpu->reservation_value = load_host(host, bytes);
	uint64_t second = load_host(host + size, size);
	cpu->r[uop->d] = load_host(host, size);
	cpu->r[uop->b] = second;
	return true;
}

/* d: the status; b: the value; argument: the second register. */
static bool help_store_pair(struct cpu *cpu, const struct uop *uop)
{
	unsigned size = operand_size(uop), bytes = 2 * size;
	uint64_t address = cpu->r[uop->a], physical;
	char *host = mmu_atomic(cpu, address, bytes, MMU_WRITE, &physical);
	if (!host)
		return false;
	bool success = cpu->reservation == pair_reservation(uop, physical) &&
		       cpu->reservation_value == load_host(host, bytes);
	if (success) {
		memcpy(host, &cpu->r[uop->b], size);
		memcpy(host + size, &cpu->r[uop_wide(uop, 1)->call.argument], size);
		mmu_observe(cpu, address, physical, bytes, true, host);
	}
	cpu->reservation = ATOMIC_NO_RESERVATION;
	cpu->r[uop->d] = !success;
	return true;
}

void emit_exclusive_pair(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	unsigned base = emit_base(builder, word), rt2 = arm64_field(word, 14, 10);
	int32_t size = (int32_t)arm64_field(word, 31, 30);
	if (arm64_field(word, 22, 22))
		build_call(builder, help_load_pair, emit_rd(word), base, sink_if_zero(rt2), size,
			   0);
	else
		build_call(builder, help_store_pair, sink_if_zero(emit_rm(word)), base, word & 31,
			   size, rt2);
}

static bool help_clrex(struct cpu *cpu, const struct uop *uop)
{
	(void)uop;
	cpu->reservation = ATOMIC_NO_RESERVATION;
	return true;
}

void emit_clrex(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)word, (void)row;
	build_call(builder, help_clrex, 0, 0, 0, 0, 0);
}

/*
 * Acquire and release: every access is ordered already. An access that is not aligned faults,
 * since FEAT_LSE2 is absent.
 */
static bool help_misaligned(struct cpu *cpu, const struct uop *uop)
{
	uint64_t argument = uop_wide(uop, 1)->call.argument;
	cpu->isa->access_fault(cpu, cpu->r[uop->a], (unsigned)argument, MMU_FAULT_MISALIGNED,
			       &cpu->trap);
	return false;
}

void emit_aligned_check(struct builder *builder, unsigned base, int32_t bits, unsigned access)
{
	build_call_if(builder, help_misaligned, base, bits, access);
}

static void ordered_access(struct builder *builder, uint32_t word, unsigned base)
{
	static const enum uop_op loads[] = {UOP_LD8U, UOP_LD16U, UOP_LD32U, UOP_LD64};
	static const enum uop_op stores[] = {UOP_ST8, UOP_ST16, UOP_ST32, UOP_ST64};
	unsigned size = arm64_field(word, 31, 30);
	/* LDAPR is among the atomics, where bit 22 is something else. */
	bool load = arm64_field(word, 29, 24) != 0x08 || arm64_field(word, 22, 22);
	if (size)
		build_call_if(builder, help_misaligned, base, (1 << size) - 1,
			      load ? MMU_READ : MMU_WRITE);
	if (load)
		build_memory(builder, loads[size], emit_rd(word), base, 0);
	else
		build_memory(builder, stores[size], word & 31, base, 0);
}

void emit_ordered(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	ordered_access(builder, word, emit_base(builder, word));
}

/* STLR with pre-index and LDAPR with post-index, by the size of the register. */
void emit_ordered_indexed(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	unsigned base = emit_base(builder, word), size = arm64_field(word, 31, 30);
	bool load = arm64_field(word, 22, 22);
	int32_t bytes = 1 << size;
	build_call_if(builder, help_misaligned, base, bytes - 1, load ? MMU_READ : MMU_WRITE);
	if (load)
		build_memory(builder, size == 3 ? UOP_LD64 : UOP_LD32U, emit_rd(word), base, 0);
	else
		build_memory(builder, size == 3 ? UOP_ST64 : UOP_ST32, word & 31, base, -bytes);
	build_op(builder, UOP_ADDI, base, base, 0, load ? bytes : -bytes);
	if (base == A64_REG_SP)
		emit_sp_written(builder);
}

/* -- read-modify-write -- */

void emit_atomic(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	unsigned size = arm64_field(word, 31, 30);
	build_op(builder, UOP_ATOMIC, emit_rd(word), emit_base(builder, word), emit_rm(word),
		 atomic_immediate(row->argument, size, 0, A64_REG_ZR));
}

/* Rs is what is expected, and where the old value goes; Rt is the new value. */
void emit_compare_swap(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	unsigned size = arm64_field(word, 31, 30), expected = emit_rm(word);
	build_op(builder, UOP_ATOMIC, sink_if_zero(expected), emit_base(builder, word), word & 31,
		 atomic_immediate(ATOMIC_COMPARE, size, 0, expected));
}

/* The same for pairs of registers; number 31 of a pair is the zero register. */
static bool help_compare_swap_pair(struct cpu *cpu, const struct uop *uop)
{
	unsigned size = operand_size(uop), expected = uop->d, desired = uop->b;
	uint64_t address = cpu->r[uop->a], physical;
	char *host = mmu_atomic(cpu, address, 2 * size, MMU_READ | MMU_WRITE, &physical);
	if (!host)
		return false;
	mmu_observe(cpu, address, physical, 2 * size, false, host);
	uint64_t old[2] = {load_host(host, size), load_host(host + size, size)};
	if (memcmp(&cpu->r[expected], &old[0], size) == 0 &&
	    memcmp(&cpu->r[expected + 1], &old[1], size) == 0) {
		memcpy(host, &cpu->r[desired], size);
		memcpy(host + size, &cpu->r[desired + 1], size);
		mmu_observe(cpu, address, physical, 2 * size, true, host);
	}
	cpu->r[expected] = old[0];
	if (expected + 1 != A64_REG_ZR)
		cpu->r[expected + 1] = old[1];
	return true;
}

void emit_compare_swap_pair(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	build_call(builder, help_compare_swap_pair, emit_rm(word), emit_base(builder, word),
		   word & 31, arm64_field(word, 30, 30) ? 3 : 2, 0);
}
