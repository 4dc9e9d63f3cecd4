/*
 * Exclusives, ordered accesses, atomics. All CPUs of a machine take turns on one host thread, so
 * plain host accesses between two instructions are atomic, and memory is sequentially consistent.
 *
 * A reservation is a physical address, a width, and the value read there. It ends with the CPU's
 * turn (core/machine.c), so that a store by another is never missed.
 */
#include "cpu/arm64/emit.h"

#include <string.h>

#include "mmu/mmu.h"

#define NO_RESERVATION UINT64_MAX

/* Reserved addresses are aligned to 1 at least; the size goes into the top bits. */
static uint64_t reservation_of(uint64_t physical, unsigned size)
{
	return physical | (uint64_t)size << 56;
}

/* imm of the helpers: log2 of the size of one register, and more from bit 8 on. */
static unsigned operand_size(const struct uop *uop)
{
	return 1u << (uop->imm & 7);
}

static uint64_t load_host(const void *host, unsigned size)
{
	uint64_t value = 0;
	memcpy(&value, host, size < 8 ? size : 8);
	return value;
}

/* b: the second register of a pair; imm bit 8: it is one. */
static bool help_load_exclusive(struct cpu *cpu, const struct uop *uop)
{
	unsigned size = operand_size(uop);
	bool pair = uop->imm & 0x100;
	unsigned bytes = pair ? 2 * size : size;
	uint64_t address = cpu->r[uop->a], physical;
	void *host = mmu_atomic(cpu, address, bytes, MMU_READ, &physical);
	if (!host)
		return false;
	mmu_observe(cpu, address, physical, bytes, false, host);
	cpu->reservation = reservation_of(physical, bytes);
	cpu->reservation_value = load_host(host, bytes);
	uint64_t second = pair ? load_host((char *)host + size, size) : 0;
	cpu->r[uop->d] = load_host(host, size);
	if (pair)
		cpu->r[uop->b] = second;
	return true;
}

/* d: the status; b: the value; argument: the second register of a pair. */
static bool help_store_exclusive(struct cpu *cpu, const struct uop *uop)
{
	unsigned size = operand_size(uop);
	bool pair = uop->imm & 0x100;
	unsigned bytes = pair ? 2 * size : size;
	uint64_t address = cpu->r[uop->a], physical;
	void *host = mmu_atomic(cpu, address, bytes, MMU_WRITE, &physical);
	if (!host)
		return false;
	bool success = cpu->reservation == reservation_of(physical, bytes) &&
		       cpu->reservation_value == load_host(host, bytes);
	if (success) {
		memcpy(host, &cpu->r[uop->b], size);
		if (pair)
			memcpy((char *)host + size, &cpu->r[uop_wide(uop, 1)->call.argument], size);
		mmu_observe(cpu, address, physical, bytes, true, host);
	}
	cpu->reservation = NO_RESERVATION;
	cpu->r[uop->d] = !success;
	return true;
}

static unsigned sink_if_zero(unsigned number)
{
	return number == 31 ? REG_SINK : number;
}

void emit_exclusive(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	bool pair = arm64_field(word, 21, 21);
	unsigned base = emit_base(builder, word), rt2 = arm64_field(word, 14, 10);
	int32_t imm = (int32_t)arm64_field(word, 31, 30) | pair << 8;
	if (arm64_field(word, 22, 22))
		build_call(builder, help_load_exclusive, emit_rd(word), base, sink_if_zero(rt2),
			   imm, 0);
	else
		build_call(builder, help_store_exclusive, sink_if_zero(emit_rm(word)), base,
			   word & 31, imm, rt2);
}

static bool help_clrex(struct cpu *cpu, const struct uop *uop)
{
	(void)uop;
	cpu->reservation = NO_RESERVATION;
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

static uint64_t sign_extend(uint64_t value, unsigned size)
{
	unsigned unused = 64 - 8 * size;
	return (uint64_t)((int64_t)(value << unused) >> unused);
}

/* What an atomic stores. Sign extension keeps the unsigned order too. */
static uint64_t atomic_result(enum arm64_atomic operation, uint64_t old, uint64_t operand)
{
	switch (operation) {
	case A64_ATOMIC_ADD: return old + operand;
	case A64_ATOMIC_CLR: return old & ~operand;
	case A64_ATOMIC_EOR: return old ^ operand;
	case A64_ATOMIC_SET: return old | operand;
	case A64_ATOMIC_SMAX: return (int64_t)old > (int64_t)operand ? old : operand;
	case A64_ATOMIC_SMIN: return (int64_t)old < (int64_t)operand ? old : operand;
	case A64_ATOMIC_UMAX: return old > operand ? old : operand;
	case A64_ATOMIC_UMIN: return old < operand ? old : operand;
	default: return operand;
	}
}

static bool help_atomic(struct cpu *cpu, const struct uop *uop)
{
	unsigned size = operand_size(uop);
	uint64_t address = cpu->r[uop->a], physical;
	void *host = mmu_atomic(cpu, address, size, MMU_READ | MMU_WRITE, &physical);
	if (!host)
		return false;
	mmu_observe(cpu, address, physical, size, false, host);
	uint64_t old = load_host(host, size);
	uint64_t result = atomic_result(uop->imm >> 8, sign_extend(old, size),
					sign_extend(cpu->r[uop->b], size));
	memcpy(host, &result, size);
	mmu_observe(cpu, address, physical, size, true, host);
	cpu->r[uop->d] = old;
	return true;
}

void emit_atomic(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	build_call(builder, help_atomic, emit_rd(word), emit_base(builder, word), emit_rm(word),
		   (int32_t)arm64_field(word, 31, 30) | row->argument << 8, 0);
}

/* d = Rs: what is expected, and where the old value goes; b = Rt: the new value. */
static bool help_compare_swap(struct cpu *cpu, const struct uop *uop)
{
	unsigned size = operand_size(uop);
	uint64_t address = cpu->r[uop->a], physical;
	void *host = mmu_atomic(cpu, address, size, MMU_READ | MMU_WRITE, &physical);
	if (!host)
		return false;
	mmu_observe(cpu, address, physical, size, false, host);
	uint64_t old = load_host(host, size);
	uint64_t expected = uop->d == REG_SINK ? 0 : cpu->r[uop->d];
	if (memcmp(&expected, &old, size) == 0) {
		memcpy(host, &cpu->r[uop->b], size);
		mmu_observe(cpu, address, physical, size, true, host);
	}
	cpu->r[uop->d] = old;
	return true;
}

void emit_compare_swap(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	build_call(builder, help_compare_swap, sink_if_zero(emit_rm(word)),
		   emit_base(builder, word), word & 31, (int32_t)arm64_field(word, 31, 30), 0);
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
