/*
 * Condition flags, kept as the operands of the operation that set them (enum cpu_flags) and
 * computed when somebody looks. Numbering of flags and conditions: AArch64's (Arm ARM, C1.2.4).
 */
#ifndef ENGINE_FLAGS_H
#define ENGINE_FLAGS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/cpu.h"

enum {
	FLAG_N = 8,
	FLAG_Z = 4,
	FLAG_C = 2,
	FLAG_V = 1,
};

/* NZCV of a + b + carry. */
static inline unsigned flags_of_add(uint64_t a, uint64_t b, unsigned carry)
{
	uint64_t sum = a + b + carry;
	unsigned carry_out = carry ? sum <= a : sum < a;
	unsigned overflow = (unsigned)((~(a ^ b) & (a ^ sum)) >> 63);
	return (unsigned)(sum >> 63) * FLAG_N | (sum == 0) * FLAG_Z | carry_out * FLAG_C |
	       overflow * FLAG_V;
}

/* NZCV of a floating-point comparison (enum fp_order). */
static inline unsigned flags_of_order(int order)
{
	static const uint8_t flags[] = {FLAG_N, FLAG_Z | FLAG_C, FLAG_C, FLAG_C | FLAG_V};
	return flags[order + 1];
}

/* A number x for which x - 1 has these flags. */
static inline uint64_t flags_order_operand(int order)
{
	static const uint64_t operands[] = {0, 1, 2, 1ull << 63};
	return operands[order + 1];
}

/* The flags now: NZCV, N in bit 3. */
static inline unsigned flags_nzcv(const struct cpu *cpu)
{
	uint64_t a = cpu->r[REG_FLAGS_A], b = cpu->r[REG_FLAGS_B];
	switch (cpu->flags) {
	case CPU_FLAGS_ADD: return flags_of_add(a, b, 0);
	case CPU_FLAGS_SUB: return flags_of_add(a, ~b, 1);
	case CPU_FLAGS_ADD | CPU_FLAGS_LOW: return flags_of_add(a << 32, b << 32, 0);
	case CPU_FLAGS_SUB | CPU_FLAGS_LOW: return flags_of_add(a << 32, ~(b << 32), 1);
	default: return (unsigned)a & 15;
	}
}

/* Sets the flags to a value. */
static inline void flags_set(struct cpu *cpu, unsigned nzcv)
{
	cpu->flags = CPU_FLAGS_NZCV;
	cpu->r[REG_FLAGS_A] = nzcv;
	cpu->r[REG_FLAGS_B] = 0;
}

/* Sets the flags of a 32-bit operation; what is no sum or difference has its operands shifted up.
 */
static inline void flags_set_low(struct cpu *cpu, enum cpu_flags kind, uint64_t a, uint64_t b)
{
	bool low = kind == CPU_FLAGS_ADD || kind == CPU_FLAGS_SUB;
	cpu->flags = (uint8_t)(low ? (unsigned)kind | CPU_FLAGS_LOW : (unsigned)kind);
	cpu->r[REG_FLAGS_A] = low ? a : a << 32;
	cpu->r[REG_FLAGS_B] = low ? b : b << 32;
}

/* Whether a condition (0 EQ .. 13 LE, 14 and 15 always) holds for flags. */
static inline bool flags_condition(unsigned nzcv, unsigned condition)
{
	bool n = nzcv & FLAG_N, z = nzcv & FLAG_Z, c = nzcv & FLAG_C, v = nzcv & FLAG_V, holds;
	switch (condition >> 1) {
	case 0: holds = z; break;
	case 1: holds = c; break;
	case 2: holds = n; break;
	case 3: holds = v; break;
	case 4: holds = c && !z; break;
	case 5: holds = n == v; break;
	case 6: holds = n == v && !z; break;
	default: return true;
	}
	return holds != (condition & 1);
}

/* Whether a condition holds now: 0 or 1. */
static inline uint64_t flags_hold(const struct cpu *cpu, unsigned condition)
{
	return flags_condition(flags_nzcv(cpu), condition);
}

/* The carry flag now: 0 or 1. */
static inline uint64_t flags_carry(const struct cpu *cpu)
{
	return flags_nzcv(cpu) / FLAG_C & 1;
}

/*
 * Operands whose difference has given flags, so that code which may or may not compare leaves the
 * same kind of flags behind. Flags that no subtraction gives have both operands 0 and valid false.
 */
struct flags_operands {
	uint64_t a, b;
	bool valid;
};
extern const struct flags_operands flags_as_difference[16];

/*
 * Sets the flags of operands (imm bits 1:0 = enum cpu_flags) if r[imm >> 8] is not zero (or, with
 * bit 2 of imm, is zero), otherwise to the value in bits 7:4: as a difference if that is the kind,
 * and it can be.
 */
static inline void flags_set_if(struct cpu *cpu, uint32_t imm, uint64_t a, uint64_t b)
{
	const struct flags_operands *fixed = &flags_as_difference[imm >> 4 & 15];
	bool holds = (cpu->r[imm >> 8 & 63] != 0) != (imm >> 2 & 1);
	if (!holds && !((imm & 3) == CPU_FLAGS_SUB && fixed->valid)) {
		flags_set(cpu, imm >> 4 & 15);
		return;
	}
	cpu->flags = (uint8_t)(imm & 3);
	cpu->r[REG_FLAGS_A] = holds ? a : fixed->a;
	cpu->r[REG_FLAGS_B] = holds ? b : fixed->b;
}

/* a + b + carry; sets the flags. */
static inline uint64_t flags_add_carry(struct cpu *cpu, uint64_t a, uint64_t b)
{
	unsigned carry = (unsigned)flags_carry(cpu);
	flags_set(cpu, flags_of_add(a, b, carry));
	return a + b + carry;
}

/* The same in 32 bits. The carry goes in where the upper halves' sum begins. */
static inline uint64_t flags_add_carry32(struct cpu *cpu, uint64_t a, uint64_t b)
{
	uint64_t carry = flags_carry(cpu);
	/* The lower half of one operand is all ones, so that the carry moves up. */
	flags_set(cpu, flags_of_add(a << 32 | UINT32_MAX, b << 32, (unsigned)carry) & ~FLAG_Z);
	uint32_t sum = (uint32_t)(a + b + carry);
	if (sum == 0)
		cpu->r[REG_FLAGS_A] |= FLAG_Z;
	return sum;
}

#endif
