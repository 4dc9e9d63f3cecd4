/*
 * Instructions that trap with a class of their own: the 64-byte loads and stores, PSB CSYNC, SVC
 * and ERET of EL1 (arm64-el2-traps facts, 3.3 and 4).
 */
#include "../lib/rom.h"

enum {
	LD64B_X0_X8 = 0xf83fd100,
	ST64B_X0_X8 = 0xf83f9100,
	ST64BV_X9_X0_X8 = 0xf829b100,
	ST64BV0_X9_X0_X8 = 0xf829a100,
	MSR_ACCDATA_X2 = 0xd518d0a2,
	PSB_CSYNC = 0xd503223f,
	SVC_0x123 = 0xd4002461,
	ERET = 0xd69f03e0,
};

#define NEGATIVE_R (0xfff4ull << 48)
#define NEGATIVE_I (0x0f80ull << 48)

static const struct {
	const char *name;
	uint64_t hcrx, hfgwtr, hfgitr;
	uint32_t instruction;
	uint64_t esr;
} rows[] = {
	{"LD64B, HCRX_EL2.EnALS=0",                5, NEGATIVE_R,                 NEGATIVE_I,              LD64B_X0_X8,      0x2a000002  },
	{"ST64B, HCRX_EL2.EnALS=0",                5, NEGATIVE_R,                 NEGATIVE_I,              ST64B_X0_X8,      0x2a000002  },
	{"ST64BV, HCRX_EL2.EnASR=0",               3, NEGATIVE_R,                 NEGATIVE_I,              ST64BV_X9_X0_X8,  0x2a000000  },
	{"ST64BV0, HCRX_EL2.EnAS0=0",              6, NEGATIVE_R,                 NEGATIVE_I,              ST64BV0_X9_X0_X8, 0x2a000001  },
	{"ACCDATA_EL1, HFGWTR_EL2.nACCDATA_EL1=0", 7, NEGATIVE_R & ~(1ull << 50), NEGATIVE_I,
	 MSR_ACCDATA_X2,												     0x623a3440  },
	{"ACCDATA_EL1, not trapped",               7, NEGATIVE_R,                 NEGATIVE_I,              MSR_ACCDATA_X2,   ROM_EXECUTED},
	{"PSB CSYNC, HFGITR_EL2.PSBCSYNC=1",       7, NEGATIVE_R,                 NEGATIVE_I | 1ull << 63, PSB_CSYNC,
	 0x2a000004														      },
	{"PSB CSYNC, not trapped",                 7, NEGATIVE_R,                 NEGATIVE_I,              PSB_CSYNC,        ROM_EXECUTED},
	{"SVC, HFGITR_EL2.SVC_EL1=1",              7, NEGATIVE_R,                 NEGATIVE_I | 1ull << 53, SVC_0x123,
	 0x56000123														      },
	{"SVC, not trapped",                       7, NEGATIVE_R,                 NEGATIVE_I,              SVC_0x123,        ROM_EL1     },
	{"ERET, HFGITR_EL2.ERET=1",                7, NEGATIVE_R,                 NEGATIVE_I | 1ull << 51, ERET,             0x6a000000  },
};

void rom_main(void)
{
	WRITE("hcr_el2", HCR_GUEST);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		WRITE("s3_4_c1_c2_2", rows[i].hcrx);
		WRITE("s3_4_c1_c1_5", rows[i].hfgwtr);
		WRITE("s3_4_c1_c1_6", rows[i].hfgitr);
		uint64_t esr = rom_at_el1(rows[i].instruction, 0, 0);
		rom_print("# ESR_EL2 ");
		rom_hex(esr);
		rom_print("\n");
		rom_check(esr == rows[i].esr, rows[i].name);
	}
}
