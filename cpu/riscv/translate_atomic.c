/*
 * Atomics: LR, SC, AMO, AMOCAS. All CPUs of a machine take turns on one host thread, so plain host
 * accesses between two instructions are atomic.
 *
 * A reservation is a physical address, a width, and the value read there. SC succeeds if all three
 * still hold. machine.c drops the reservation at the end of a hart's turn, so a store by another
 * hart is never missed; one of the same value by a device is (docs/quirks.md).
 */
#include "cpu/riscv/emit.h"

#include <string.h>

#include "mmu/mmu.h"

#define NO_RESERVATION UINT64_MAX

/* Reserved addresses are aligned, so their lowest bit can tell LR.D from LR.W. */
static uint64_t reservation_of(uint64_t physical, unsigned size)
{
	return physical | (size == 8);
}

static uint64_t load_host(const void *host, unsigned size)
{
	uint64_t value = 0;
	memcpy(&value, host, size);
	return value;
}

static uint64_t sign_extend(uint64_t value, unsigned size)
{
	unsigned unused = 64 - 8 * size;
	return (uint64_t)((int64_t)(value << unused) >> unused);
}

/* imm of the helpers below: the size in bytes, and the operation << 8. */
static unsigned operand_size(const struct uop *uop)
{
	return uop->imm & 0xff;
}

/*
 * The place of a read-modify-write. Zama16b lets one be misaligned inside an aligned 16-byte block;
 * a fault is then reported at the address of the access.
 */
static void *amo_place(struct cpu *cpu, uint64_t address, unsigned size, uint64_t *physical)
{
	unsigned in_block = address & 15;
	unsigned access = MMU_READ | MMU_WRITE | MMU_ATOMIC;
	if ((address & (size - 1)) == 0 || in_block + size > 16 ||
	    !riscv_has(riscv_cpu(cpu), RV_EXT_ZAMA16B))
		return mmu_atomic(cpu, address, size, access, physical);
	uint8_t *block = mmu_atomic(cpu, address - in_block, 16, access, physical);
	if (block) {
		*physical += in_block;
		return block + in_block;
	}
	cpu->trap.value = address;
	return NULL;
}

static bool help_lr(struct cpu *cpu, const struct uop *uop)
{
	unsigned size = operand_size(uop);
	uint64_t physical;
	void *host = mmu_atomic(cpu, cpu->r[uop->a], size, MMU_READ | MMU_ATOMIC, &physical);
	if (!host)
		return false;
	uint64_t value = load_host(host, size);
	mmu_observe(cpu, cpu->r[uop->a], physical, size, false, host);
	cpu->reservation = reservation_of(physical, size);
	cpu->reservation_value = value;
	cpu->r[uop->d] = sign_extend(value, size);
	return true;
}

static bool help_sc(struct cpu *cpu, const struct uop *uop)
{
	unsigned size = operand_size(uop);
	uint64_t physical;
	void *host = mmu_atomic(cpu, cpu->r[uop->a], size, MMU_WRITE | MMU_ATOMIC, &physical);
	if (!host)
		return false;
	bool success = cpu->reservation == reservation_of(physical, size) &&
		       cpu->reservation_value == load_host(host, size);
	if (success) {
		memcpy(host, &cpu->r[uop->b], size);
		mmu_observe(cpu, cpu->r[uop->a], physical, size, true, host);
	}
	cpu->reservation = NO_RESERVATION;
	cpu->r[uop->d] = !success;
	return true;
}

/* What an AMO stores. old and operand are sign-extended, which keeps the unsigned order too. */
static uint64_t amo_result(enum riscv_amo operation, uint64_t old, uint64_t operand)
{
	switch (operation) {
	case AMO_ADD: return old + operand;
	case AMO_XOR: return old ^ operand;
	case AMO_AND: return old & operand;
	case AMO_OR: return old | operand;
	case AMO_MIN: return (int64_t)old < (int64_t)operand ? old : operand;
	case AMO_MAX: return (int64_t)old > (int64_t)operand ? old : operand;
	case AMO_MINU: return old < operand ? old : operand;
	case AMO_MAXU: return old > operand ? old : operand;
	default: return operand;
	}
}

static bool help_amo(struct cpu *cpu, const struct uop *uop)
{
	unsigned size = operand_size(uop);
	uint64_t address = cpu->r[uop->a], physical;
	void *host = amo_place(cpu, address, size, &physical);
	if (!host)
		return false;
	mmu_observe(cpu, address, physical, size, false, host);
	uint64_t old = sign_extend(load_host(host, size), size);
	uint64_t operand = sign_extend(cpu->r[uop->b], size);
	uint64_t result = amo_result(uop->imm >> 8, old, operand);
	memcpy(host, &result, size);
	mmu_observe(cpu, address, physical, size, true, host);
	cpu->r[uop->d] = old;
	return true;
}

/* AMOCAS compares with rd, which is also where the old value goes. */
static bool help_amocas(struct cpu *cpu, const struct uop *uop)
{
	unsigned size = operand_size(uop);
	uint64_t address = cpu->r[uop->a], physical;
	void *host = amo_place(cpu, address, size, &physical);
	if (!host)
		return false;
	mmu_observe(cpu, address, physical, size, false, host);
	uint64_t old = load_host(host, size);
	uint64_t expected = uop->d == REG_SINK ? 0 : cpu->r[uop->d];
	if (memcmp(&expected, &old, size) == 0) {
		memcpy(host, &cpu->r[uop->b], size);
		mmu_observe(cpu, address, physical, size, true, host);
	}
	cpu->r[uop->d] = sign_extend(old, size);
	return true;
}

/* AMOCAS.Q: register pairs; a pair that starts with x0 reads as zero and is not written. */
static bool help_amocas_pair(struct cpu *cpu, const struct uop *uop)
{
	static const uint64_t zero[2];
	uint64_t address = cpu->r[uop->a], physical;
	void *host = mmu_atomic(cpu, address, 16, MMU_READ | MMU_WRITE | MMU_ATOMIC, &physical);
	if (!host)
		return false;
	mmu_observe(cpu, address, physical, 16, false, host);
	const uint64_t *expected = uop->d ? &cpu->r[uop->d] : zero;
	const uint64_t *desired = uop->b ? &cpu->r[uop->b] : zero;
	uint64_t old[2];
	memcpy(old, host, 16);
	if (memcmp(old, expected, 16) == 0) {
		memcpy(host, desired, 16);
		mmu_observe(cpu, address, physical, 16, true, host);
	}
	if (uop->d)
		memcpy(&cpu->r[uop->d], old, 16);
	return true;
}

void riscv_emit_amo(struct builder *builder, const struct riscv_operands *o)
{
	unsigned operation = o->row->argument;
	unsigned size = 1u << (o->row->match >> 12 & 7);
	int32_t imm = (int32_t)(size | operation << 8);
	uop_helper *helper = help_amo;
	unsigned destination = riscv_emit_destination(o);
	switch (operation) {
	case AMO_LR: helper = help_lr; break;
	case AMO_SC: helper = help_sc; break;
	case AMO_CAS: helper = help_amocas; break;
	case AMO_CAS_PAIR:
		helper = help_amocas_pair;
		destination = o->rd;
		break;
	}
	build_call(builder, helper, destination, o->rs1, o->rs2, imm, 0);
}
