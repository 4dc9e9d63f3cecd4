#include "engine/atomic.h"

#include <string.h>

#include "mmu/mmu.h"

/* Little-endian hosts only, as engine/interp.c is. */
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

/*
 * Where the bytes are. A fault of a misaligned access in a block is reported at the address of the
 * access.
 */
static void *find_place(struct cpu *cpu, const struct uop *uop, unsigned size, unsigned access,
			uint64_t *physical)
{
	uint64_t address = cpu->r[uop->a];
	unsigned in_block = address & 15;
	if ((address & (size - 1)) == 0 || in_block + size > 16 || !(uop->imm & ATOMIC_IN_BLOCK))
		return mmu_atomic(cpu, address, size, access, physical);
	uint8_t *block = mmu_atomic(cpu, address - in_block, 16, access, physical);
	if (block) {
		*physical += in_block;
		return block + in_block;
	}
	cpu->trap.value = address;
	return NULL;
}

/* What is written. old and operand are sign-extended, which keeps the unsigned order too. */
static uint64_t combine(enum atomic_op op, uint64_t old, uint64_t operand)
{
	switch (op) {
	case ATOMIC_ADD: return old + operand;
	case ATOMIC_XOR: return old ^ operand;
	case ATOMIC_AND: return old & operand;
	case ATOMIC_CLEAR: return old & ~operand;
	case ATOMIC_OR: return old | operand;
	case ATOMIC_MIN: return (int64_t)old < (int64_t)operand ? old : operand;
	case ATOMIC_MAX: return (int64_t)old > (int64_t)operand ? old : operand;
	case ATOMIC_MINU: return old < operand ? old : operand;
	case ATOMIC_MAXU: return old > operand ? old : operand;
	default: return operand;
	}
}

static unsigned access_of(enum atomic_op op)
{
	switch (op) {
	case ATOMIC_LOAD: return MMU_READ;
	case ATOMIC_STORE: return MMU_WRITE;
	default: return MMU_READ | MMU_WRITE;
	}
}

/* Whether the operation writes; what an exclusive access does to the reservation. */
static bool decide(struct cpu *cpu, const struct uop *uop, uint64_t reservation, uint64_t old)
{
	unsigned size = 1u << atomic_log2_size(uop);
	bool reserved = cpu->reservation == reservation && cpu->reservation_value == old;
	switch (atomic_operation(uop)) {
	case ATOMIC_LOAD:
		cpu->reservation = reservation;
		cpu->reservation_value = old;
		return false;
	case ATOMIC_STORE: cpu->reservation = ATOMIC_NO_RESERVATION; return reserved;
	case ATOMIC_COMPARE: return load_host(&cpu->r[uop->imm & 63], size) == old;
	default: return true;
	}
}

bool atomic_execute(struct cpu *cpu, const struct uop *uop)
{
	enum atomic_op op = atomic_operation(uop);
	unsigned size = 1u << atomic_log2_size(uop), access = access_of(op);
	uint64_t address = cpu->r[uop->a], physical;
	void *host = find_place(cpu, uop, size, access, &physical);
	if (!host)
		return false;
	if (access & MMU_READ)
		mmu_observe(cpu, address, physical, size, false, host);
	uint64_t old = load_host(host, size);
	uint64_t reservation = atomic_reservation(physical, atomic_log2_size(uop));
	bool writes = decide(cpu, uop, reservation, old);
	if (writes) {
		uint64_t result =
			combine(op, sign_extend(old, size), sign_extend(cpu->r[uop->b], size));
		memcpy(host, &result, size);
		mmu_observe(cpu, address, physical, size, true, host);
	}
	if (op == ATOMIC_STORE)
		cpu->r[uop->d] = !writes;
	else
		cpu->r[uop->d] = uop->imm & ATOMIC_SIGNED ? sign_extend(old, size) : old;
	return true;
}
