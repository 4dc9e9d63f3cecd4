#include "test-roms/riscv/lib/operations.h"

enum { RANDOM_PAIRS = 48, SHIFT_PAIRS = 70 };

static const u64 specials[] = {
	0,
	1,
	2,
	-1ul,
	-2ul,
	1ul << 63,
	(1ul << 63) - 1,
	1ul << 31,
	(1ul << 31) - 1,
	0xffffffff,
	0xffffffff80000000,
	0x8080808080808080,
	0x0102030405060708,
};
enum { SPECIALS = ARRAY_SIZE(specials) };

static u64 random_next(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static u32 complete(const struct operation *row, u64 b)
{
	switch (row->kind) {
	case REGISTERS: return row->instruction | 11u << 20 | 10u << 15 | 12u << 7;
	case SINGLE: return row->instruction | 10u << 15 | 12u << 7;
	case SHIFT_6: return row->instruction | (u32)(b & 63) << 20 | 10u << 15 | 12u << 7;
	case SHIFT_5: return row->instruction | (u32)(b & 31) << 20 | 10u << 15 | 12u << 7;
	default: return row->instruction;
	}
}

static bool right(const struct operation *row, u64 a, u64 b, bool report)
{
	struct guest guest = {.mode = MODE_M};
	guest.pc = (u64)guest_instruction(complete(row, b));
	guest.x[A0] = a;
	guest.x[A1] = b;
	guest.x[A2] = a; /* SHORT forms take their operand here */
	u64 want = row->reference(a, b);
	guest_run(&guest);
	if (guest.cause == BREAKPOINT && guest.x[A2] == want)
		return true;
	if (report)
		console_printf("# %s 0x%lx, 0x%lx: got 0x%lx cause %lu, want 0x%lx\n", row->name, a,
			       b, guest.x[A2], guest.cause, want);
	return false;
}

static void operand_pair(unsigned i, u64 *state, u64 *a, u64 *b)
{
	if (i < SPECIALS * SPECIALS) {
		*a = specials[i / SPECIALS];
		*b = specials[i % SPECIALS];
		return;
	}
	*a = random_next(state);
	*b = random_next(state);
	if (i & 1)
		*b >>= i & 63;
}

void check_operations(const struct operation *rows, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		u64 state = 0x9e3779b97f4a7c15;
		unsigned wrong = 0;
		for (unsigned pair = 0; pair < SPECIALS * SPECIALS + RANDOM_PAIRS; pair++) {
			u64 a, b;
			operand_pair(pair, &state, &a, &b);
			wrong += !right(&rows[i], a, b, !wrong);
		}
		for (unsigned b = 0; b < SHIFT_PAIRS; b++)
			wrong += !right(&rows[i], random_next(&state), b, !wrong);
		check_eq(wrong, 0, "%s", rows[i].name);
	}
}
