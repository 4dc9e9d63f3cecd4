/* Atomic memory operations: every AMO of every width (A, Zabha), compare-and-swap
 * (Zacas), with result, memory and neighbours (unprivileged manual). */
#include "test-roms/riscv/lib/rom.h"

enum operation { SWAP, ADD, XOR, AND, OR, MIN, MAX, MINU, MAXU, OPERATIONS };

static const struct {
	const char *name;
	u32 funct5;
} operations[OPERATIONS] = {
	[SWAP] = {"amoswap", 1 },
          [ADD] = {"amoadd",  0 },
          [XOR] = {"amoxor",  4 },
	[AND] = {"amoand",  12},
          [OR] = {"amoor",   8 },
          [MIN] = {"amomin",  16},
	[MAX] = {"amomax",  20},
          [MINU] = {"amominu", 24},
          [MAXU] = {"amomaxu", 28},
};

static const u64 operands[] = {0,
			       1,
			       -1ul,
			       0x7f,
			       0x80,
			       0x7fff,
			       0x8000,
			       0x7fffffff,
			       0x80000000,
			       0x7fffffffffffffff,
			       0x8000000000000000,
			       0x123456789abcdef0};

static u64 memory[6] __attribute__((aligned(64)));

static u64 sign_extend(u64 value, unsigned size)
{
	unsigned shift = 64 - 8 * size;
	return (u64)((s64)(value << shift) >> shift);
}

static u64 zero_extend(u64 value, unsigned size)
{
	unsigned shift = 64 - 8 * size;
	return value << shift >> shift;
}

static u64 apply(enum operation operation, u64 old, u64 operand, unsigned size)
{
	s64 left = (s64)sign_extend(old, size), right = (s64)sign_extend(operand, size);
	u64 a = zero_extend(old, size), b = zero_extend(operand, size);
	switch (operation) {
	case SWAP: return operand;
	case ADD: return old + operand;
	case XOR: return old ^ operand;
	case AND: return old & operand;
	case OR: return old | operand;
	case MIN: return left < right ? old : operand;
	case MAX: return left > right ? old : operand;
	case MINU: return a < b ? old : operand;
	default: return a > b ? old : operand;
	}
}

/* op a3, a1, (a2) */
static struct guest run(u32 instruction, void *address, u64 operand)
{
	struct guest guest = {.mode = MODE_M, .pc = (u64)guest_instruction(instruction)};
	guest.x[A1] = operand;
	guest.x[A2] = (u64)address;
	guest_run(&guest);
	return guest;
}

static u32 encoding(u32 funct5, unsigned width, unsigned ordering)
{
	return funct5 << 27 | ordering << 25 | 11u << 20 | 12u << 15 | width << 12 | 13u << 7 |
	       0x2f;
}

static u64 load(const u8 *at, unsigned size)
{
	u64 value = 0;
	for (unsigned i = 0; i < size; i++)
		value |= (u64)at[i] << (8 * i);
	return value;
}

static void check_operation(enum operation operation, unsigned width)
{
	unsigned size = 1u << width;
	unsigned wrong = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(operands) * ARRAY_SIZE(operands); i++) {
		u64 old = operands[i / ARRAY_SIZE(operands)];
		u64 operand = operands[i % ARRAY_SIZE(operands)];
		u8 *at = (u8 *)memory + 16 + (size < 8 ? size : 0);
		memset(memory, 0x5a, sizeof(memory));
		memcpy(at, &old, size);
		struct guest guest =
			run(encoding(operations[operation].funct5, width, i & 3), at, operand);
		u64 want = zero_extend(apply(operation, old, operand, size), size);
		wrong += guest.cause != BREAKPOINT || guest.x[A3] != sign_extend(old, size);
		wrong += load(at, size) != want || at[-1] != 0x5a || at[size] != 0x5a;
	}
	check_eq(wrong, 0, "%s.%c", operations[operation].name, "bhwd"[width]);
}

/* amocas a3, a1, (a2): swaps when memory equals a3. */
static void check_compare_and_swap(unsigned width)
{
	unsigned size = 1u << width;
	for (unsigned equal = 0; equal < 2; equal++) {
		u64 old = 0x8182838485868788;
		memset(memory, 0x5a, sizeof(memory));
		memcpy(&memory[2], &old, size);
		struct guest guest = {.mode = MODE_M};
		guest.pc = (u64)guest_instruction(encoding(5, width, 3));
		guest.x[A1] = 0x1122334455667799;
		guest.x[A2] = (u64)&memory[2];
		/* Bits above the width do not take part in the comparison. */
		guest.x[A3] = (equal ? old : old ^ 1) ^ (size < 8 ? 1ul << 8 * size : 0);
		guest_run(&guest);
		check_end(&guest, "amocas.%c", "bhwd"[width]);
		check_eq(guest.x[A3], sign_extend(old, size), "amocas.%c returns memory, equal=%u",
			 "bhwd"[width], equal);
		check_eq(load((u8 *)&memory[2], size), zero_extend(equal ? guest.x[A1] : old, size),
			 "amocas.%c memory, equal=%u", "bhwd"[width], equal);
		check_eq(load((u8 *)&memory[2] + size, 1), 0x5a, "amocas.%c neighbour",
			 "bhwd"[width]);
	}
}

/* amocas.q a4, a6, (a2): pairs a4/a5 and a6/a7. */
static struct guest compare_and_swap_16(u64 low, u64 high)
{
	struct guest guest = {.mode = MODE_M};
	guest.pc = (u64)guest_instruction(0x28000000 | 16u << 20 | 12u << 15 | 4u << 12 | 14u << 7 |
					  0x2f);
	memory[2] = 0x1111;
	memory[3] = 0x2222;
	guest.x[A2] = (u64)&memory[2];
	guest.x[A4] = low;
	guest.x[A5] = high;
	guest.x[A6] = 0x3333;
	guest.x[A7] = 0x4444;
	guest_run(&guest);
	return guest;
}

static void check_pairs(void)
{
	struct guest guest = compare_and_swap_16(0x1111, 0x2222);
	check_end(&guest, "amocas.q");
	check_eq(memory[2], 0x3333, "amocas.q equal: low half");
	check_eq(memory[3], 0x4444, "amocas.q equal: high half");
	guest = compare_and_swap_16(0x1111, 0x2223);
	check_eq(memory[2], 0x1111, "amocas.q unequal: low half kept");
	check_eq(memory[3], 0x2222, "amocas.q unequal: high half kept");
	check_eq(guest.x[A4], 0x1111, "amocas.q returns the low half");
	check_eq(guest.x[A5], 0x2222, "amocas.q returns the high half");
	guest = run(encoding(5, 4, 0), &memory[2], 0); /* rd = 13 */
	check_eq(guest.cause, ILLEGAL, "amocas.q with odd registers is illegal");
}

static void faults(void)
{
	struct guest guest = run(encoding(0, 3, 0), (void *)0x0a000000, 1);
	check_trap(&guest, MODE_M, STORE_ACCESS, 0x0a000000, "amoadd.d outside memory");
	guest = run(encoding(0, 7, 0), memory, 1);
	check_eq(guest.cause, ILLEGAL, "an AMO of no width is illegal");
	guest = run(encoding(31, 3, 0), memory, 1);
	check_eq(guest.cause, ILLEGAL, "an AMO of no operation is illegal");
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	csr_write(medeleg, 0);
	for (enum operation operation = SWAP; operation < OPERATIONS; operation++)
		for (unsigned width = 0; width < 4; width++)
			check_operation(operation, width);
	for (unsigned width = 0; width < 4; width++)
		check_compare_and_swap(width);
	check_pairs();
	faults();
}
