/*
 * An x86-64 assembler as small as the JIT needs: one table row per instruction form, one function
 * that encodes any of them. Knows nothing of guests.
 */
#ifndef ENGINE_X86_EMIT_H
#define ENGINE_X86_EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Integer registers; the same numbers are xmm0-15 where an instruction has vector operands. */
enum x86_register {
	X86_RAX,
	X86_RCX,
	X86_RDX,
	X86_RBX,
	X86_RSP,
	X86_RBP,
	X86_RSI,
	X86_RDI,
	X86_R8,
	X86_R9,
	X86_R10,
	X86_R11,
	X86_R12,
	X86_R13,
	X86_R14,
	X86_R15,
	X86_NONE = 0xff,
};

/* Conditions, as jcc, setcc and cmovcc number them. */
enum x86_condition {
	X86_O,
	X86_NO,
	X86_B,
	X86_AE,
	X86_E,
	X86_NE,
	X86_BE,
	X86_A,
	X86_S,
	X86_NS,
	X86_P,
	X86_NP,
	X86_L,
	X86_GE,
	X86_LE,
	X86_G,
};

/* The r/m operand of an instruction: a register, or memory at base + index << scale + disp. */
struct x86_rm {
	bool memory;
	uint8_t base;  /* the register itself when !memory */
	uint8_t index; /* X86_NONE: no index */
	uint8_t scale; /* 0 to 3 */
	int32_t disp;
};

static inline struct x86_rm x86_reg(unsigned reg)
{
	return (struct x86_rm){.base = (uint8_t)reg, .index = X86_NONE};
}

static inline struct x86_rm x86_mem(unsigned base, int32_t disp)
{
	return (struct x86_rm){true, (uint8_t)base, X86_NONE, 0, disp};
}

static inline struct x86_rm x86_mem_index(unsigned base, unsigned index, unsigned scale,
					  int32_t disp)
{
	return (struct x86_rm){true, (uint8_t)base, (uint8_t)index, (uint8_t)scale, disp};
}

enum x86_insn {
#define X86_INSN(name, ...) X86_##name,
#include "engine/x86_insn.def"
#undef X86_INSN
	X86_INSN_COUNT
};

/* Where code goes. It may be written through another mapping than it runs from. */
struct x86_code {
	uint8_t *at, *end;
	ptrdiff_t run; /* address that a byte runs from, minus the one that it is written to */
	bool full;     /* something did not fit; nothing beyond end was written */
};

/* The address at which the next byte will run. */
static inline uint8_t *x86_here(const struct x86_code *code)
{
	return code->at + code->run;
}

/* One row's instruction; wide: 64-bit operation (REX.W). reg is ignored where the row has a /n. */
void x86_op(struct x86_code *code, enum x86_insn insn, bool wide, unsigned reg, struct x86_rm rm);

/* The same, followed by the row's immediate. */
void x86_op_imm(struct x86_code *code, enum x86_insn insn, bool wide, unsigned reg,
		struct x86_rm rm, int32_t imm);

/* setcc, cmovcc. */
void x86_setcc(struct x86_code *code, enum x86_condition condition, unsigned reg);
void x86_cmov(struct x86_code *code, enum x86_condition condition, bool wide, unsigned reg,
	      struct x86_rm rm);

/*
 * Fused multiply-add of FMA3 in binary64, or binary32 if single: reg is the addend and takes the
 * result.
 */
enum x86_fma {
	X86_FMADD = 0xb9,  /* factor * rm + reg */
	X86_FMSUB = 0xbb,  /* factor * rm - reg */
	X86_FNMADD = 0xbd, /* -(factor * rm) + reg */
	X86_FNMSUB = 0xbf, /* -(factor * rm) - reg */
};
void x86_fma(struct x86_code *code, enum x86_fma operation, bool single, unsigned reg,
	     unsigned factor, struct x86_rm rm);

/* rorx of BMI2: reg = rm rotated right by imm; flags stay. */
void x86_rorx(struct x86_code *code, bool wide, unsigned reg, struct x86_rm rm, unsigned imm);

/* add, or, and, sub, xor, cmp with an immediate in its shortest form. insn: X86_ADD_I32 ... */
void x86_arith_imm(struct x86_code *code, enum x86_insn insn, bool wide, struct x86_rm rm,
		   int32_t imm);

/* reg = value in the shortest form; may change flags. */
void x86_constant(struct x86_code *code, unsigned reg, uint64_t value);

/* reg = target, an address within 2 GiB of the code. */
void x86_address(struct x86_code *code, unsigned reg, const void *target);

/* The low bytes of value, count of them, for code to read. */
void x86_data(struct x86_code *code, uint64_t value, unsigned count);

void x86_push(struct x86_code *code, unsigned reg);
void x86_pop(struct x86_code *code, unsigned reg);
void x86_bswap(struct x86_code *code, unsigned reg);
void x86_ret(struct x86_code *code);

/* A call is made a jump to the same place by changing its first byte. */
#define X86_CALL_OPCODE 0xe8
#define X86_JUMP_OPCODE 0xe9

/*
 * Jumps and calls to an address in code. Jumps take two bytes if the target is known and near. They
 * return where their 32-bit displacement was written, for x86_patch() (NULL: in one byte, which
 * stays); target NULL: to be patched.
 */
uint8_t *x86_jump(struct x86_code *code, const void *target);
uint8_t *x86_jump_if(struct x86_code *code, enum x86_condition condition, const void *target);
uint8_t *x86_call(struct x86_code *code, const void *target);

/* Lets a jump lead to target (an address that runs). */
void x86_patch(const struct x86_code *code, uint8_t *displacement, const void *target);

#endif
