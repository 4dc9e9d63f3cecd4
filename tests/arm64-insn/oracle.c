/*
 * Capstone as an oracle: for every row, the free bits are filled at random and the mnemonics
 * compared; and what no row takes Capstone must not know. Exceptions carry a reason.
 */
#if TRAPLINE_CAPSTONE_RISCV /* version 5: older ones lack half of the rows */

#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

#include "bench.h"
#include "capstone.h"

#define TRIES 200

/* Features whose rows Capstone 5.0 does not know. */
static const struct {
	uint8_t feature;
	const char *reason;
} unknown_features[] = {
	{A64_FEAT_CSSC,   "newer than its tables"},
	{A64_FEAT_GCS,    "newer than its tables"},
	{A64_FEAT_LRCPC3, "newer than its tables"},
};

/* Fields that the manual has ignored, and Capstone wants at one value: rows by how names begin. */
static const struct {
	const char *rows;
	uint32_t mask, value;
} wanted_fields[] = {
	{"LDXR",   0x001f7c00, 0x001f7c00},
	{"LDAXR",  0x001f7c00, 0x001f7c00},
	{"LDAR",   0x001f7c00, 0x001f7c00},
	{"STLR",   0x001f7c00, 0x001f7c00},
	{"LDLAR",  0x001f7c00, 0x001f7c00},
	{"STLLR",  0x001f7c00, 0x001f7c00},
	{"LDAPR",  0x001f0000, 0x001f0000},
	{"CFINV",  0x00000f00, 0         },
	{"XAFLAG", 0x00000f00, 0         },
	{"AXFLAG", 0x00000f00, 0         },
	{"SB",     0x00000f00, 0         },
};

/* Rows of which Capstone does not know the CONSTRAINED UNPREDICTABLE words, that are done here. */
static const struct {
	const char *rows, *reason;
} choosy[] = {
	{"LDP",   "twice the same register, or the base written back"},
	{"STP",   "the base written back"                            },
	{"LDNP",  "twice the same register"                          },
	{"LDXP",  "twice the same register"                          },
	{"LDAXP", "twice the same register"                          },
	{"LDR",   "the base written back"                            },
	{"LDTR",  "treated as if the base was written back"          },
	{"STR",   "the base written back"                            },
	{"STTR",  "treated as if the base was written back"          },
};

/* Names that the manual prefers for some operands, or that Capstone has for the row. */
static const struct {
	const char *row, *mnemonic;
} aliases[] = {
	{"B.cond",  "b"     },
        {"BC.cond", "bc"    },
        {"MOVN",    "mov"   },
        {"MOVZ",    "mov"   },
	{"ORR",     "mov"   },
        {"SBFM",    "sbfx"  },
        {"SBFM",    "sbfiz" },
        {"SBFM",    "asr"   },
	{"SBFM",    "sxtb"  },
        {"SBFM",    "sxth"  },
        {"SBFM",    "sxtw"  },
        {"UBFM",    "ubfx"  },
	{"UBFM",    "ubfiz" },
        {"UBFM",    "lsr"   },
        {"UBFM",    "lsl"   },
        {"UBFM",    "uxtb"  },
	{"UBFM",    "uxth"  },
        {"BFM",     "bfi"   },
        {"BFM",     "bfxil" },
        {"BFM",     "bfc"   },
	{"EXTR",    "ror"   },
        {"ADD",     "mov"   },
        {"ADDS",    "cmn"   },
        {"SUBS",    "cmp"   },
	{"SUBS",    "negs"  },
        {"SUB",     "neg"   },
        {"ANDS",    "tst"   },
        {"CSINC",   "cinc"  },
	{"CSINC",   "cset"  },
        {"CSINV",   "cinv"  },
        {"CSINV",   "csetm" },
        {"CSNEG",   "cneg"  },
	{"LSLV",    "lsl"   },
        {"LSRV",    "lsr"   },
        {"ASRV",    "asr"   },
        {"RORV",    "ror"   },
	{"MADD",    "mul"   },
        {"MSUB",    "mneg"  },
        {"SMADDL",  "smull" },
        {"SMSUBL",  "smnegl"},
	{"UMADDL",  "umull" },
        {"UMSUBL",  "umnegl"},
        {"ORN",     "mvn"   },
        {"SBC",     "ngc"   },
	{"SBCS",    "ngcs"  },
        {"RPRFM",   "prfm"  },
        {"UMOV",    "mov"   },
        {"NOT",     "mvn"   },
	{"INS",     "mov"   },
        {"DUP",     "mov"   },
        {"GCSB",    "hint"  },
        {"CLRBHB",  "hint"  },
	{"CHKFEAT", "hint"  },
        {"DSB",     "pssbb" },
        {"DSB",     "ssbb"  },
        {"DSB",     "dfb"   },
	{"SYS",     "tlbi"  },
        {"SYS",     "dc"    },
        {"SYS",     "ic"    },
        {"SYS",     "at"    },
	{"SYS",     "cfp"   },
        {"SYS",     "dvp"   },
        {"SYS",     "cpp"   },
        {"SSHLL",   "sxtl"  },
	{"USHLL",   "uxtl"  },
        {"SSHLL",   "sxtl2" },
        {"USHLL",   "uxtl2" },
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool begins(const char *name, const char *with)
{
	return !strncmp(name, with, strlen(with));
}

static bool known(const struct arm64_row *row)
{
	for (unsigned i = 0; i < COUNT(unknown_features); i++)
		for (unsigned n = 0; n < row->need_count; n++)
			if (row->need[n] == unknown_features[i].feature)
				return false;
	return true;
}

static bool is_choosy(const struct arm64_row *row)
{
	for (unsigned i = 0; i < COUNT(choosy); i++)
		if (begins(row->name, choosy[i].rows))
			return true;
	return false;
}

/*
 * Whether a mnemonic is one that a name of rows stands for: "LDADD{A}{L}B" for ldaddb, ldaddab and
 * so on, up to a blank. What is in braces may be missing.
 */
static bool spells(const char *pattern, const char *mnemonic)
{
	for (; *pattern && *pattern != ' ' && *pattern != '/'; pattern++) {
		if (*pattern == '{') {
			const char *close = strchr(pattern, '}');
			if (spells(close + 1, mnemonic))
				return true;
		} else if (*pattern != '}') {
			if (tolower((unsigned char)*pattern) != *mnemonic)
				return false;
			mnemonic++;
		}
	}
	return !*mnemonic;
}

/* The same for a row's name, which may list several: "PACIA/PACIZA". */
static bool is_named(const struct arm64_row *row, const char *mnemonic)
{
	for (const char *name = row->name; name; name = strchr(name, '/'))
		if (spells(name += *name == '/', mnemonic))
			return true;
	for (unsigned i = 0; i < COUNT(aliases); i++) {
		size_t length = strlen(aliases[i].row);
		/* strchr() finds the end of the string, too. */
		if (begins(row->name, aliases[i].row) && strchr(" {", row->name[length]) &&
		    !strcmp(aliases[i].mnemonic, mnemonic))
			return true;
	}
	/* Atomics whose result nobody wants: STADD for LDADD. */
	char load[40];
	snprintf(load, sizeof(load), "ld%s", begins(mnemonic, "st") ? mnemonic + 2 : "");
	return strstr(row->name, "{A}{L}") && spells(row->name, load);
}

/* A word of the row that Capstone may know. */
static uint32_t sample(const struct arm64_row *row, uint64_t *state)
{
	uint32_t word = ((uint32_t)bench_random(state) & ~row->mask) | row->match;
	for (unsigned i = 0; i < COUNT(wanted_fields); i++)
		if (begins(row->name, wanted_fields[i].rows))
			word = (word & ~(wanted_fields[i].mask & ~row->mask)) |
			       (wanted_fields[i].value & ~row->mask);
	return word;
}

Test(arm64_oracle, capstone_agrees_on_rows)
{
	struct capstone *capstone = capstone_new();
	if (!capstone)
		cr_skip_test("this Capstone has no AArch64");
	uint64_t state = 3;
	for (unsigned i = 0; i < arm64_row_count; i++) {
		const struct arm64_row *row = &arm64_rows[i];
		unsigned agreed = 0, tried = 0;
		for (unsigned n = 0; n < TRIES && known(row); n++) {
			uint32_t word = sample(row, &state);
			const char *why;
			char name[40];
			if (arm64_decode(NULL, word, &why) != row)
				continue; /* its operands are reserved, or another row's */
			tried++;
			if (!capstone_mnemonic(capstone, word, name, sizeof(name))) {
				cr_expect(is_choosy(row), "%08x: %s is nothing", word, row->name);
				continue;
			}
			cr_expect(is_named(row, name), "%08x: %s, not %s", word, name, row->name);
			agreed++;
		}
		cr_expect(agreed || !tried, "%s was never compared", row->name);
	}
	capstone_free(capstone);
}

/* What Capstone knows and nobody has here: how mnemonics begin, and the feature that is absent. */
static const struct {
	const char *mnemonics, *feature;
} absent[] = {
	{"cpy",     "FEAT_MOPS"},
        {"set",     "FEAT_MOPS"},
        {"irg",     "FEAT_MTE" },
	{"gmi",     "FEAT_MTE" },
        {"addg",    "FEAT_MTE" },
        {"subg",    "FEAT_MTE" },
	{"subp",    "FEAT_MTE" },
        {"ldg",     "FEAT_MTE" },
        {"stg",     "FEAT_MTE" },
	{"st2g",    "FEAT_MTE" },
        {"stz2g",   "FEAT_MTE" },
        {"stzg",    "FEAT_MTE" },
	{"tcancel", "FEAT_TME" },
        {"tcommit", "FEAT_TME" },
        {"tstart",  "FEAT_TME" },
	{"ttest",   "FEAT_TME" },
        {"smst",    "FEAT_SME" },
};

static bool is_absent(uint32_t word, const char *mnemonic)
{
	enum { SME = 0, SVE = 2, MSR_MRS = 0x354, OP0_2 = 1 << 20 };
	unsigned group = word >> 25 & 15;
	/* op0 of 0 and 1 is no system register's, which it does not mind. */
	bool system = word >> 22 == MSR_MRS && !(word & OP0_2);
	if (group == SME || group == SVE || system)
		return true;
	for (unsigned i = 0; i < COUNT(absent); i++)
		if (begins(mnemonic, absent[i].mnemonics))
			return true;
	return false;
}

Test(arm64_oracle, capstone_knows_nothing_more)
{
	struct capstone *capstone = capstone_new();
	if (!capstone)
		cr_skip_test("this Capstone has no AArch64");
	uint64_t state = 4;
	unsigned undefined = 0;
	for (unsigned n = 0; n < 300000; n++) {
		uint32_t word = (uint32_t)bench_random(&state);
		const char *why;
		char name[40];
		if (n & 1) { /* near a row: two bits of its mask are free */
			uint64_t random = bench_random(&state);
			const struct arm64_row *row = &arm64_rows[random % arm64_row_count];
			uint32_t mask = row->mask & ~(1u << (random >> 32 & 31)) &
					~(1u << (random >> 37 & 31));
			word = (word & ~mask) | (row->match & mask);
		}
		if (arm64_decode(NULL, word, &why))
			continue;
		undefined++;
		if (capstone_mnemonic(capstone, word, name, sizeof(name)))
			cr_expect(is_absent(word, name), "%08x: %s, but %s", word, name, why);
	}
	cr_expect_gt(undefined, 50000);
	capstone_free(capstone);
}

#endif
