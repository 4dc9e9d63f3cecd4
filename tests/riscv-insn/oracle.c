/*
 * Capstone as an oracle: for every row, the free bits are filled at random and the mnemonics
 * compared. Rows that Capstone 5.0 does not know carry a reason.
 */
#if TRAPLINE_CAPSTONE_RISCV /* older ones have no RISC-V */

#include <criterion/criterion.h>

#include "support.h"

#include <capstone/capstone.h>

#define TRIES 200

/* Extensions whose rows Capstone does not know. */
static const struct {
	uint8_t extension;
	const char *reason;
} unknown_extensions[] = {
	{RV_EXT_ZBA,         "no bit manipulation"                },
	{RV_EXT_ZBB,         "no bit manipulation"                },
	{RV_EXT_ZBC,         "no bit manipulation"                },
	{RV_EXT_ZBS,         "no bit manipulation"                },
	{RV_EXT_ZBKB,        "no bit manipulation"                },
	{RV_EXT_ZICOND,      "newer than its tables"              },
	{RV_EXT_ZICBOM,      "newer than its tables"              },
	{RV_EXT_ZICBOZ,      "newer than its tables"              },
	{RV_EXT_ZICBOP,      "newer than its tables; shown as ori"},
	{RV_EXT_ZAWRS,       "newer than its tables"              },
	{RV_EXT_ZIHINTPAUSE, "shown as fence"                     },
	{RV_EXT_ZIHINTNTL,   "shown as add"                       },
	{RV_EXT_ZIMOP,       "newer than its tables"              },
	{RV_EXT_ZCMOP,       "shown as c.lui"                     },
	{RV_EXT_ZCB,         "newer than its tables"              },
	{RV_EXT_ZFHMIN,      "no binary16"                        },
	{RV_EXT_ZFH,         "no binary16"                        },
	{RV_EXT_ZFA,         "newer than its tables"              },
	{RV_EXT_ZACAS,       "newer than its tables"              },
	{RV_EXT_ZABHA,       "newer than its tables"              },
	{RV_EXT_SVINVAL,     "newer than its tables"              },
};

/* Rows of which Capstone knows a part: mask and value must hold for the comparison. */
static const struct {
	const char *name;
	uint32_t mask, value;
	const char *reason;
} partly_known[] = {
	{"fence",     0xf00f8f80, 0, "reserved fields must be ignored, it wants zeros"  },
	{"fence.i",   0xffff8f80, 0, "reserved fields must be ignored, it wants zeros"  },
	{"fcvt.d.s",  0x7000,     0, "exact, so any rounding mode will do; it wants RNE"},
	{"fcvt.d.w",  0x7000,     0, "exact, so any rounding mode will do; it wants RNE"},
	{"fcvt.d.wu", 0x7000,     0, "exact, so any rounding mode will do; it wants RNE"},
	{"c.nop",     0x107c,     0, "HINT not shown"                                   },
};

/* The same for compressed rows whose HINTs Capstone does not show: (bits & mask) must not be 0. */
static const struct {
	const char *name;
	uint16_t mask;
} hints_unknown[] = {
	{"c.li",   0x0f80},
        {"c.lui",  0x0f80},
        {"c.mv",   0x0f80},
	{"c.add",  0x0f80},
        {"c.slli", 0x0f80},
        {"c.slli", 0x107c},
	{"c.srli", 0x107c},
        {"c.srai", 0x107c},
        {"c.addi", 0x107c},
};

static bool known(const struct riscv_need *need)
{
	for (unsigned i = 0; i < sizeof(unknown_extensions) / sizeof(unknown_extensions[0]); i++)
		for (unsigned j = 0; j < need->count; j++)
			if (need->extension[j] == unknown_extensions[i].extension)
				return false;
	return true;
}

static uint32_t restrict_to_known(const char *name, uint32_t bits)
{
	for (unsigned i = 0; i < sizeof(partly_known) / sizeof(partly_known[0]); i++)
		if (!strcmp(partly_known[i].name, name))
			bits = (bits & ~partly_known[i].mask) | partly_known[i].value;
	return bits;
}

/* Capstone's name of an instruction without acquire and release; "" if it does not know it. */
static void capstone_name(csh handle, uint32_t bits, unsigned length, char *name, size_t size)
{
	cs_insn *insn;
	size_t count = cs_disasm(handle, (const uint8_t *)&bits, length, 0x1000, 1, &insn);
	snprintf(name, size, "%s", count ? cs_insn_name(handle, insn->id) : "");
	if (count)
		cs_free(insn, count);
	static const char *const suffixes[] = {".aqrl", ".aq", ".rl"};
	for (unsigned i = 0; i < 3; i++) {
		size_t cut = strlen(suffixes[i]), all = strlen(name);
		if (all > cut && !strcmp(name + all - cut, suffixes[i]))
			name[all - cut] = 0;
	}
}

static csh capstone_open(void)
{
	csh handle;
	if (cs_open(CS_ARCH_RISCV, CS_MODE_RISCV64 | CS_MODE_RISCVC, &handle))
		cr_skip_test("this Capstone has no RISC-V");
	return handle;
}

Test(riscv_oracle, capstone_agrees_on_32_bit_rows)
{
	csh handle = capstone_open();
	struct riscv_cpu *hart = hart_with_everything();
	uint64_t state = 3;
	unsigned compared = 0;
	for (unsigned i = 0; i < riscv_row_count; i++) {
		const struct riscv_row *row = &riscv_rows[i];
		if (!known(&row->need))
			continue;
		for (unsigned n = 0; n < TRIES; n++) {
			uint32_t bits = random_instance(row, &state);
			bits = restrict_to_known(row->name, bits);
			const char *why;
			if (riscv_decode(hart, bits, &why) != row)
				continue; /* a HINT of its own */
			char name[40];
			capstone_name(handle, bits, 4, name, sizeof(name));
			cr_expect_str_eq(name, row->name, "%08x: %s, not %s", bits, name,
					 row->name);
			compared++;
		}
	}
	cr_expect_gt(compared, 150 * TRIES / 2);
	free(hart);
	cs_close(&handle);
}

static bool is_unknown_hint(const char *name, uint16_t bits)
{
	for (unsigned i = 0; i < sizeof(hints_unknown) / sizeof(hints_unknown[0]); i++)
		if (!strcmp(hints_unknown[i].name, name) && !(bits & hints_unknown[i].mask))
			return true;
	return false;
}

/* All 65536 words: name where there is a row, nothing where there is none. */
Test(riscv_oracle, capstone_agrees_on_compressed_rows)
{
	csh handle = capstone_open();
	struct riscv_cpu *hart = hart_with_everything();
	for (unsigned bits = 0; bits < 0x10000; bits++) {
		const char *why;
		if ((bits & 3) == 3)
			continue;
		const struct riscv_row16 *row = riscv_decode16(hart, (uint16_t)bits, &why);
		char name[40];
		capstone_name(handle, bits, 2, name, sizeof(name));
		if (!row) {
			/* It shows the all-zero word, and c.lui with the reserved immediate 0. */
			cr_expect(!name[0] || !strcmp(name, "c.unimp") ||
					  (!strcmp(name, "c.lui") && !(bits & 0x107c)),
				  "%04x: %s", bits, name);
			continue;
		}
		if (!known(&row->need) || is_unknown_hint(row->name, (uint16_t)bits) ||
		    restrict_to_known(row->name, bits) != bits)
			continue;
		cr_expect_str_eq(name, row->name, "%04x: %s, not %s", bits, name, row->name);
	}
	free(hart);
	cs_close(&handle);
}

/* Nothing that Capstone calls an instruction is illegal here. */
Test(riscv_oracle, capstone_knows_nothing_more)
{
	static const char *const other[] = {"uret", "hfence.vvma", "hfence.gvma", "mnret", "dret"};
	csh handle = capstone_open();
	struct riscv_cpu *hart = hart_with_everything();
	uint64_t state = 4;
	for (unsigned n = 0; n < 300000; n++) {
		const char *why;
		uint32_t bits = (uint32_t)random_next(&state) | 3;
		if (n & 1) /* system instructions are rare otherwise */
			bits = (bits & 0xfff00000) | 0x73;
		if (riscv_decode(hart, bits, &why))
			continue;
		char name[40];
		capstone_name(handle, bits, 4, name, sizeof(name));
		bool fine = !name[0];
		for (unsigned i = 0; i < sizeof(other) / sizeof(other[0]); i++)
			fine |= !strcmp(name, other[i]);
		cr_expect(fine, "%08x: %s", bits, name);
	}
	free(hart);
	cs_close(&handle);
}

#endif
