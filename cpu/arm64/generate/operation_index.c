/* Prints the table of operation_index.h as C. Runs at build time, on the build host. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "cpu/arm64/operation_index.h"

/* clang-format off */
static struct arm64_operation operations[] = {
#define SYSREG(id, op0, op1, crn, crm, op2, ...) \
	{A64_ENCODING(op0, op1, crn, crm, op2), 0, 0, 0},
#include "cpu/arm64/sysreg.def"
#undef SYSREG
#define SYSOP(id, name, op0, op1, crn, crm, op2, ...) \
	{A64_ENCODING(op0, op1, crn, crm, op2), 0, 1, 0},
#include "cpu/arm64/sysop.def"
#undef SYSOP
};
/* clang-format on */
#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

/* Rows of fgt.def by name, so that a trap finds its bit. */
enum fgt_row {
#define FGT(reg, bit, ...) ROW_##reg##_##bit,
#define FGT_TRAP(...)
#include "cpu/arm64/fgt.def"
#undef FGT
#undef FGT_TRAP
};

enum coarse_row {
#define COARSE(id, ...)      COARSE_##id,
#define COARSE_RULE(id, ...) COARSE_##id,
#define CGT(...)
#include "cpu/arm64/cgt.def"
#undef COARSE
#undef COARSE_RULE
#undef CGT
};

struct trap {
	struct arm64_trap_ref ref;
	uint16_t first, last;
};

/* clang-format off */
static const struct trap traps[] = {
#define FGT(...)
#define FGT_TRAP(reg, bit, access, op0, op1, crn, crm, op2) \
	{{A64_ACCESS_##access, 0, ROW_##reg##_##bit}, \
	 A64_ENCODING(op0, op1, crn, crm, op2), A64_ENCODING(op0, op1, crn, crm, op2)},
#include "cpu/arm64/fgt.def"
#undef FGT
#undef FGT_TRAP
#define COARSE(...)
#define COARSE_RULE(...)
#define CGT(id, access, op0, op1, crn, crm, op2, op0_, op1_, crn_, crm_, op2_) \
	{{A64_ACCESS_##access, 1, COARSE_##id}, \
	 A64_ENCODING(op0, op1, crn, crm, op2), A64_ENCODING(op0_, op1_, crn_, crm_, op2_)},
#include "cpu/arm64/cgt.def"
};
/* clang-format on */

static int by_encoding(const void *left, const void *right)
{
	const struct arm64_operation *a = left, *b = right;
	return (int)a->encoding - (int)b->encoding;
}

int main(void)
{
	unsigned registers = 0, sysops = 0, total = 0;
	for (unsigned i = 0; i < OPERATIONS; i++)
		operations[i].row = (uint16_t)(operations[i].is_sysop ? sysops++ : registers++);
	qsort(operations, OPERATIONS, sizeof(operations[0]), by_encoding);
	printf("/* Generated from sysreg.def, sysop.def, fgt.def and cgt.def. */\n\n"
	       "static const struct arm64_trap_ref trap_refs[] = {\n");
	for (unsigned i = 0; i < OPERATIONS; i++) {
		operations[i].first_trap = (uint16_t)total;
		for (unsigned t = 0; t < sizeof(traps) / sizeof(traps[0]); t++) {
			if (operations[i].encoding < traps[t].first ||
			    operations[i].encoding > traps[t].last)
				continue;
			printf("\t{%u, %u, %u},\n", traps[t].ref.access, traps[t].ref.coarse,
			       traps[t].ref.row);
			total++;
		}
	}
	printf("};\n\nstatic const struct arm64_operation operations[] = {\n");
	for (unsigned i = 0; i < OPERATIONS; i++)
		printf("\t{0x%04x, %u, %u, %u},\n", operations[i].encoding, operations[i].row,
		       operations[i].is_sysop, operations[i].first_trap);
	printf("\t{0xffff, 0, 0, %u}, /* the end of the last one's traps */\n};\n", total);
	return ferror(stdout) || fflush(stdout);
}
