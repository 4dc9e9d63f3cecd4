/* Results and flags of every F, D, Zfh and Zfa instruction on the operands of
 * vectors.py, with the rounding mode in the instruction or in frm. */
#include "test-roms/riscv/lib/rom.h"

struct vector {
	const char *name;
	u32 instruction; /* rd 12, rs1 10, rs2 11, rs3 13, in either register file */
	u8 frm, flags;
	u8 integer_in, integer_out;
	u64 a, b, c, result;
};

static const struct vector vectors[] = {
#include "vectors.h"
};

struct answer {
	u64 result, flags, cause;
};

static struct answer execute(const struct vector *vector)
{
	struct guest guest = {.mode = MODE_M};
	guest.pc = (u64)guest_instruction(vector->instruction);
	guest.x[A0] = vector->a;
	csr_write(fcsr, vector->frm << 5);
	__asm__ volatile(
		"fmv.d.x f10, %0\n fmv.d.x f11, %1\n fmv.d.x f13, %2\n fmv.d.x f12, zero" ::"r"(
			vector->integer_in ? 0 : vector->a),
		"r"(vector->b), "r"(vector->c));
	guest_run(&guest);
	struct answer answer = {guest.x[A2], csr_read(fflags), guest.cause};
	if (!vector->integer_out)
		__asm__ volatile("fmv.x.d %0, f12" : "=r"(answer.result));
	return answer;
}

static bool same_name(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static bool right(const struct vector *vector, bool *reported)
{
	struct answer answer = execute(vector);
	bool pass = answer.cause == BREAKPOINT && answer.result == vector->result &&
		    answer.flags == vector->flags;
	if (pass || *reported)
		return pass;
	*reported = true;
	console_printf("# %s 0x%x frm %u, operands 0x%lx 0x%lx 0x%lx\n", vector->name,
		       vector->instruction, (unsigned)vector->frm, vector->a, vector->b, vector->c);
	console_printf("# got 0x%lx flags 0x%lx cause %lu, want 0x%lx flags 0x%x\n", answer.result,
		       answer.flags, answer.cause, vector->result, (unsigned)vector->flags);
	return false;
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	csr_write(medeleg, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(vectors);) {
		const struct vector *first = &vectors[i];
		unsigned wrong = 0, count = 0;
		bool reported = false;
		for (; i < ARRAY_SIZE(vectors) && same_name(vectors[i].name, first->name); i++) {
			wrong += !right(&vectors[i], &reported);
			count++;
		}
		check_eq(wrong, 0, "%s: %u operands", first->name, count);
	}
}
