/* CSR existence, permission, WARL rules, views and gates. */
#include <criterion/criterion.h>

#include "guest.h"

static const enum riscv_level levels[] = {RV_U, RV_S, RV_M};

/* Opens every gate, so that only existence and level decide. */
static void open_gates(struct guest *guest)
{
	guest_set_csr(guest, 0x306, UINT64_MAX);
	guest_set_csr(guest, 0x106, UINT64_MAX);
	guest_set_csr(guest, 0x30a, UINT64_MAX);
	for (unsigned i = 0; i < 4; i++)
		guest_set_csr(guest, 0x30c + i, UINT64_MAX);
	guest_set_csr(guest, 0x300, MSTATUS_FS);
}

static void check_illegal(struct guest *guest, uint32_t insn, const char *what)
{
	cr_assert_eq(guest->hart->mcause, RV_CAUSE_ILLEGAL, "%s", what);
	cr_assert_eq(guest->hart->mtval, insn, "%s", what);
	cr_assert_eq(guest->hart->mepc, GUEST_CODE, "%s", what);
}

Test(riscv_csr, every_number_at_every_level)
{
	struct guest *guest = guest_new("rv64,+sscofpmf", "step");
	guest->machine.trap_loop = 0;
	for (unsigned number = 0; number < 4096; number++) {
		bool exists = riscv_csr_find(guest->hart, number);
		bool pmp = number >= 0x3a0 && number < 0x3f0;
		if (pmp)
			exists = (number < 0x3b0 && number % 2 == 0 && number < 0x3a4) ||
				 (number >= 0x3b0 && number < 0x3c0);
		for (unsigned i = 0; i < 3; i++) {
			uint64_t value;
			open_gates(guest);
			guest_level(guest, levels[i]);
			bool allowed = exists && (number >> 8 & 3) <= levels[i];
			cr_assert_eq(guest_csr_read(guest, number, &value), allowed,
				     "CSR 0x%03x at level %d", number, levels[i]);
			if (!allowed)
				check_illegal(guest, insn_csr(2, 6, number, 0), "read");
			guest_level(guest, levels[i]);
			if (number >> 10 == 3) {
				cr_assert_not(guest_csr_write(guest, number, 0), "CSR 0x%03x",
					      number);
				check_illegal(guest, insn_csr(1, 0, number, 5), "write");
			}
		}
	}
	guest_free(guest);
}

Test(riscv_csr, hypervisor_vector_and_aia_registers_are_absent)
{
	static const unsigned absent[] = {0x008, 0xc20, 0xc22, 0x600, 0x602, 0x680, 0x200, 0x280,
					  0xe12, 0x150, 0x151, 0x15c, 0xdb0, 0x350, 0x308, 0xfb0,
					  0x34a, 0x34b, 0x015, 0x017, 0x3a1, 0x7b0, 0xc80};
	struct guest *guest = guest_new("max", "step");
	for (unsigned i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
		cr_assert_null(riscv_csr_name(absent[i]), "0x%x", absent[i]);
		cr_assert_not(guest_csr_write(guest, absent[i], 0), "0x%x", absent[i]);
	}
	guest_free(guest);
}

Test(riscv_csr, rows_are_consistent)
{
	for (unsigned i = 0; i < riscv_csr_count; i++) {
		const struct csr *csr = &riscv_csrs[i];
		cr_assert_eq(riscv_csr_number(csr->name), csr->number, "%s", csr->name);
		cr_assert_str_eq(riscv_csr_name(csr->number), csr->name);
		if (csr->number >> 10 == 3)
			cr_assert_null(csr->write, "%s is read-only", csr->name);
		for (unsigned j = 0; j < i; j++)
			cr_assert_neq(riscv_csrs[j].number, csr->number, "%s", csr->name);
	}
}

/* Written in M-mode from the reset value (or first), and what is read back. */
static const struct warl {
	const char *name;
	const char *cpu;
	uint64_t first, written, expected;
} warl[] = {
	{"mstatus",       "rv64",                      0,              ~0ull,                              0x8000000a007e79aaull             },
	{"mstatus",       "rv64",                      0,              2ull << 11,                         0x0000000a00000000ull             },
	{"mstatus",       "rv64",                      1ull << 11,     2ull << 11,                         0x0000000a00000800ull             },
	{"mstatus",       "rv64,-f",                   0,              ~0ull,                              0x0000000a007e19aaull             },
	{"sstatus",       "rv64",                      0,              ~0ull,                              0x80000002000c6122ull             },
	{"misa",          "rv64",                      0,              0,				  0x800000000014112full             },
	{"misa",          "rv64,-zbs",                 0,              0,                                  0x800000000014112dull             },
	{"misa",          "rv64gc,-c",                 0,              0,                                  0x8000000000141129ull             },
	{"medeleg",       "rv64",                      0,              ~0ull,                              0xb1fe                            },
	{"medeleg",       "rv64,-c",                   0,              ~0ull,                              0xb1ff                            },
	{"mideleg",       "rv64",                      0,              ~0ull,                              0x222                             },
	{"mideleg",       "rv64,+sscofpmf",            0,              ~0ull,                              0x2222                            },
	{"mie",           "rv64",                      0,              ~0ull,                              0xaaa                             },
	{"mip",           "rv64",                      0,              ~0ull,                              0x222                             },
	{"mip",           "rv64,+sscofpmf",            0,              ~0ull,                              0x2222                            },
	{"sie",           "rv64",                      0,              ~0ull,                              0                                 },
	{"mtvec",         "rv64",                      0,              0x1235,                             0x1235                            },
	{"mtvec",         "rv64",                      0x1001,         0x2002,                             0x2001                            },
	{"stvec",         "rv64",                      0x1000,         0x2003,                             0x2000                            },
	{"mcounteren",    "rv64",                      0,              ~0ull,                              0xffffffff                        },
	{"mcounteren",    "rv64,-zihpm",               0,              ~0ull,                              7                                 },
	{"scounteren",    "rv64",                      0,              ~0ull,                              0xffffffff                        },
	{"mcountinhibit", "rv64",                      0,              ~0ull,                              0xfffffffd                        },
	{"menvcfg",       "rv64",                      0,              ~0ull,                              0xe0000000000000f1ull             },
	{"menvcfg",       "rv64,-svadu,-svpbmt,-sstc", 0,              ~0ull,                              0xf1                              },
	{"menvcfg",       "rv64,-zicboz",              0,              ~0ull,                              0xe000000000000071ull             },
	{"senvcfg",       "rv64",                      0,              ~0ull,                              0xf1                              },
	{"senvcfg",       "rv64",                      0x10,           0x20,                               0x10                              }, /* CBIE=2 is reserved */
	{"senvcfg",       "rv64,-zicbom",              0,              ~0ull,                              0x81                              },
	{"sepc",          "rv64",                      0,              ~0ull,                              ~1ull                             },
	{"sepc",          "rv64,-c",                   0,              ~0ull,                              ~3ull                             },
	{"mepc",          "rv64",                      0,              0x1003,                             0x1002                            },
	{"mcause",        "rv64",                      0,              ~0ull,                              ~0ull                             },
	{"mtval",         "rv64",                      0,              ~0ull,                              ~0ull                             },
	{"scause",        "rv64",                      0,              1ull << 63 | 5,                     1ull << 63 | 5                    },
	{"stval",         "rv64",                      0,              ~0ull,                              ~0ull                             },
	{"sscratch",      "rv64",                      0,              ~0ull,                              ~0ull                             },
	{"mscratch",      "rv64",                      0,              ~0ull,                              ~0ull                             },
	{"satp",          "rv64",                      0,              10ull << 60 | 0xffff123456789abull, 10ull << 60 | 0xffff123456789abull},
	{"satp",          "rv64,mmu=sv48",             5,              10ull << 60 | 7,                    5                                 },
	{"satp",          "rv64,mmu=sv39",             8ull << 60 | 5, 9ull << 60 | 7,                     8ull << 60 | 5                    },
	{"satp",          "rv64",                      8ull << 60,     1ull << 60 | 7,                     8ull << 60                        },
	{"satp",          "rv64",                      8ull << 60,     11ull << 60 | 7,                    8ull << 60                        },
	{"stimecmp",      "rv64",                      0,              ~0ull - 7,                          ~0ull - 7                         },
	{"mstateen0",     "rv64",                      0,              ~0ull,                              0xc000000000000000ull             },
	{"mstateen1",     "rv64",                      0,              ~0ull,                              0x8000000000000000ull             },
	{"sstateen0",     "rv64",                      0,              ~0ull,                              0                                 },
	{"fflags",        "rv64",                      0,              ~0ull,                              0x1f                              },
	{"frm",           "rv64",                      0,              ~0ull,                              7                                 },
	{"fcsr",          "rv64",                      0,              ~0ull,                              0xff                              },
	{"mvendorid",     "rv64,mvendorid=0x489",      0,              0,                                  0x489                             },
	{"marchid",       "rv64,marchid=7",            0,              0,                                  7                                 },
	{"mimpid",        "rv64,mimpid=9",             0,              0,                                  9                                 },
	{"mconfigptr",    "rv64",                      0,              0,                                  0                                 },
	{"mhpmcounter3",  "rv64",                      0,              77,                                 77                                },
	{"mhpmcounter31", "rv64,-zihpm",               0,              77,                                 0                                 },
	{"mhpmevent3",    "rv64",                      0,              ~0ull,                              0                                 },
	{"mhpmevent3",    "rv64,+sscofpmf",            0,              ~0ull,                              0xf000000000000000ull             },
	{"pmpaddr1",      "rv64",                      0,              ~0ull,                              0x3fffffffffffffull               },
	{"pmpcfg2",       "rv64",                      0,              0x7e7d,                             0x1c1d                            },
	{"tselect",       "rv64",                      0,              5,				  0                                 },
	{"tdata1",        "rv64",                      0,              ~0ull,                              0                                 },
	{"tinfo",         "rv64",                      0,              0,				  1				 },
};

Test(riscv_csr, warl)
{
	for (unsigned i = 0; i < sizeof(warl) / sizeof(warl[0]); i++) {
		const struct warl *row = &warl[i];
		struct guest *guest = guest_new(row->cpu, "step");
		int number = riscv_csr_number(row->name);
		cr_assert_geq(number, 0, "%s", row->name);
		if (number < 4)
			guest_set_csr(guest, 0x300, MSTATUS_FS);
		if (row->first)
			cr_assert(guest_csr_write(guest, (unsigned)number, row->first));
		if (number >> 10 != 3)
			cr_assert(guest_csr_write(guest, (unsigned)number, row->written), "%s",
				  row->name);
		uint64_t value;
		cr_assert(guest_csr_read(guest, (unsigned)number, &value), "%s", row->name);
		cr_expect_eq(value, row->expected, "%s (%s) row %u: 0x%lx, expected 0x%lx",
			     row->name, row->cpu, i, value, row->expected);
		guest_free(guest);
	}
}

Test(riscv_csr, read_and_write_halves)
{
	struct guest *guest = guest_new("rv64", "step");
	struct cpu *cpu = &guest->hart->cpu;
	guest_set_csr(guest, 0x340, 0xf0);
	cpu->r[5] = 0x0f;
	cr_assert(guest_step(guest, insn_csr(2, 6, 0x340, 5))); /* csrrs */
	cr_assert_eq(cpu->r[6], 0xf0);
	cr_assert_eq(guest->hart->mscratch, 0xff);
	cpu->r[5] = 0xf0;
	cr_assert(guest_step(guest, insn_csr(3, 6, 0x340, 5))); /* csrrc */
	cr_assert_eq(cpu->r[6], 0xff);
	cr_assert_eq(guest->hart->mscratch, 0x0f);
	cr_assert(guest_step(guest, insn_csr(5, 6, 0x340, 21))); /* csrrwi */
	cr_assert_eq(guest->hart->mscratch, 21);
	cr_assert(guest_step(guest, insn_csr(6, 6, 0x340, 2))); /* csrrsi */
	cr_assert_eq(guest->hart->mscratch, 23);
	cr_assert(guest_step(guest, insn_csr(7, 6, 0x340, 1))); /* csrrci */
	cr_assert_eq(guest->hart->mscratch, 22);
	/* Read-only CSRs may be named by instructions that do not write. */
	cr_assert(guest_step(guest, insn_csr(2, 6, 0xf14, 0)));
	cr_assert(guest_step(guest, insn_csr(7, 6, 0xf14, 0)));
	cr_assert_not(guest_step(guest, insn_csr(2, 6, 0xf14, 5)));
	cr_assert_not(guest_step(guest, insn_csr(6, 6, 0xf14, 1)));
	guest_free(guest);
}

Test(riscv_csr, supervisor_views)
{
	struct guest *guest = guest_new("rv64,+sscofpmf", "step");
	struct riscv_cpu *hart = guest->hart;
	/* sstatus leaves the machine fields of mstatus alone. */
	guest_set_csr(guest, 0x300, MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_TW | MSTATUS_MPP);
	guest_set_csr(guest, 0x100, MSTATUS_SUM | MSTATUS_SIE);
	cr_assert_eq(guest_csr(guest, 0x300) & 0xffffffff, MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_TW |
								   MSTATUS_MPP | MSTATUS_SUM |
								   MSTATUS_SIE);
	/* sie and sip show what is delegated and nothing else. */
	guest_set_csr(guest, 0x304, ~0ull);
	guest_set_csr(guest, 0x344, ~0ull);
	for (unsigned deleg = 0; deleg < 16; deleg++) {
		uint64_t mideleg = (deleg & 1 ? 2 : 0) | (deleg & 2 ? 0x20 : 0) |
				   (deleg & 4 ? 0x200 : 0) | (deleg & 8 ? 0x2000 : 0);
		guest_set_csr(guest, 0x303, mideleg);
		cr_assert_eq(guest_csr(guest, 0x104), mideleg);
		cr_assert_eq(guest_csr(guest, 0x144), mideleg);
		guest_set_csr(guest, 0x104, 0);
		cr_assert_eq(hart->mie, 0x2aaa & ~mideleg);
		guest_set_csr(guest, 0x304, ~0ull);
		/* Only SSIP and LCOFIP can be written through sip. */
		guest_set_csr(guest, 0x144, 0);
		cr_assert_eq(hart->mip, 0x2222 & ~(mideleg & 0x2002));
		guest_set_csr(guest, 0x344, ~0ull);
	}
	guest_free(guest);
}

Test(riscv_csr, seip_latch_is_not_set_by_the_wire)
{
	struct guest *guest = guest_new("rv64", "step");
	struct irq_line line = riscv_irq_line(guest->hart, RV_IRQ_SEI);
	irq_set(&line, true);
	cr_assert_eq(guest_csr(guest, 0x344), 0x200);
	guest->hart->cpu.r[5] = 2;
	cr_assert(guest_step(guest, insn_csr(2, 6, 0x344, 5))); /* csrrs mip, SSIP */
	cr_assert_eq(guest->hart->cpu.r[6], 0x200, "the read sees the wire");
	irq_set(&line, false);
	cr_assert_eq(guest_csr(guest, 0x344), 2, "the wire did not get into the latch");
	guest_set_csr(guest, 0x344, 0x200);
	cr_assert_eq(guest_csr(guest, 0x344), 0x200, "M-mode's latch works without a wire");
	guest_free(guest);
}

Test(riscv_csr, floating_point_state)
{
	struct guest *guest = guest_new("rv64", "step");
	uint64_t value;
	cr_assert_not(guest_csr_read(guest, 3, &value), "FS=0");
	cr_assert_not(guest_csr_write(guest, 1, 0), "FS=0");
	guest_set_csr(guest, 0x300, (uint64_t)FS_CLEAN << MSTATUS_FS_SHIFT);
	cr_assert(guest_csr_read(guest, 3, &value));
	cr_assert_eq(guest->hart->mstatus & MSTATUS_FS, (uint64_t)FS_CLEAN << MSTATUS_FS_SHIFT,
		     "reading leaves FS");
	cr_assert(guest_csr_write(guest, 3, 0x65));
	cr_assert_eq(guest->hart->mstatus & MSTATUS_FS, MSTATUS_FS, "writing makes it dirty");
	cr_assert(guest_csr(guest, 0x100) & MSTATUS_SD);
	cr_assert_eq(guest->hart->cpu.fp.rm, FP_RUP);
	cr_assert_eq(guest->hart->cpu.fp.flags, 5);
	cr_assert(guest_csr_write(guest, 2, 6));
	cr_assert(guest->hart->cpu.mode & RV_MODE_FRM_INVALID);
	cr_assert_eq(guest->hart->cpu.fp.rm, FP_RUP, "the last valid mode stays");
	cr_assert(guest_csr_write(guest, 2, 1));
	cr_assert_not(guest->hart->cpu.mode & RV_MODE_FRM_INVALID);
	guest_free(guest);
}

/* A CSR that one control bit opens: (level, CSR, gate CSR, gate bit). */
static const struct gate {
	enum riscv_level level;
	unsigned number, gate;
	uint64_t bit;
	bool opens; /* set bit opens; else it closes */
	const char *why;
} gates[] = {
	{RV_S, 0xc00, 0x306, 1,               true,  "mcounteren.CY=0"   },
	{RV_S, 0xc01, 0x306, 2,               true,  "mcounteren.TM=0"   },
	{RV_S, 0xc02, 0x306, 4,               true,  "mcounteren.IR=0"   },
	{RV_S, 0xc1f, 0x306, 1ull << 31,      true,  "mcounteren.HPM=0"  },
	{RV_U, 0xc01, 0x306, 2,               true,  "mcounteren.TM=0"   },
	{RV_U, 0xc00, 0x106, 1,               true,  "scounteren.CY=0"   },
	{RV_U, 0xc01, 0x106, 2,               true,  "scounteren.TM=0"   },
	{RV_U, 0xc02, 0x106, 4,               true,  "scounteren.IR=0"   },
	{RV_U, 0xc03, 0x106, 8,               true,  "scounteren.HPM=0"  },
	{RV_S, 0x14d, 0x306, 2,               true,  "mcounteren.TM=0"   },
	{RV_S, 0x14d, 0x30a, MENVCFG_STCE,    true,  "menvcfg.STCE=0"    },
	{RV_S, 0x180, 0x300, MSTATUS_TVM,     false, "mstatus.TVM=1"     },
	{RV_S, 0x10a, 0x30c, MSTATEEN_ENVCFG, true,  "mstateen0.ENVCFG=0"},
	{RV_S, 0x10c, 0x30c, MSTATEEN_SE,     true,  "mstateen0.SE0=0"   },
	{RV_S, 0x10f, 0x30f, MSTATEEN_SE,     true,  "mstateen3.SE=0"    },
};

Test(riscv_csr, gates)
{
	struct guest *guest = guest_new("rv64", "step");
	guest_observe(guest, OBSERVE_TRAP);
	for (unsigned i = 0; i < sizeof(gates) / sizeof(gates[0]); i++) {
		const struct gate *gate = &gates[i];
		uint64_t value, all;
		open_gates(guest);
		all = guest_csr(guest, gate->gate) & ~gate->bit;
		guest_set_csr(guest, gate->gate, gate->opens ? all | gate->bit : all);
		guest_level(guest, gate->level);
		cr_assert(guest_csr_read(guest, gate->number, &value), "%s", gate->why);
		guest_set_csr(guest, gate->gate, gate->opens ? all : all | gate->bit);
		guest_level(guest, gate->level);
		cr_assert_not(guest_csr_read(guest, gate->number, &value), "%s", gate->why);
		cr_assert_str_eq(guest->seen_trap.why, gate->why);
		check_illegal(guest, insn_csr(2, 6, gate->number, 0), gate->why);
		/* M-mode is above all of them. */
		guest_level(guest, RV_M);
		cr_assert(guest_csr_read(guest, gate->number, &value), "%s in M", gate->why);
	}
	guest_free(guest);
}

Test(riscv_csr, extensions_bring_their_registers)
{
	static const struct {
		const char *cpu;
		unsigned number;
	} rows[] = {
		{"rv64,-sstc",      0x14d},
                {"rv64,-smstateen", 0x10c},
                {"rv64,-smstateen", 0x30f},
		{"rv64",            0xda0},
                {"rv64,-f",         0x003},
                {"rv64,-zihpm",     0xc03},
		{"rv64,pmp=0",      0x3a0},
                {"rv64,pmp=0",      0x3b0},
                {"rv64",            0x3a4},
		{"rv64",            0x3c0},
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct guest *guest = guest_new(rows[i].cpu, "step");
		uint64_t value;
		cr_assert_not(guest_csr_read(guest, rows[i].number, &value), "%s: 0x%x",
			      rows[i].cpu, rows[i].number);
		guest_free(guest);
	}
	struct guest *guest = guest_new("rv64,pmp=64", "step");
	uint64_t value;
	cr_assert(guest_csr_read(guest, 0x3ae, &value));
	cr_assert(guest_csr_read(guest, 0x3ef, &value));
	guest_free(guest);
}

Test(riscv_csr, observers_see_every_access)
{
	struct guest *guest = guest_new("rv64", "step");
	guest_observe(guest, OBSERVE_CSR);
	guest_csr_write(guest, 0x105, 0x2003);
	cr_assert_eq(guest->seen_count, 1);
	cr_assert_str_eq(guest->seen.csr.name, "stvec");
	cr_assert(guest->seen.csr.write);
	cr_assert_eq(guest->seen.csr.before, GUEST_STVEC);
	cr_assert_eq(guest->seen.csr.after, 0x2000, "the value that WARL left");
	cr_assert_eq(guest->seen.pc, GUEST_CODE);
	uint64_t value;
	guest_csr_read(guest, 0x105, &value);
	cr_assert_eq(guest->seen_count, 2);
	cr_assert_not(guest->seen.csr.write);
	guest_set_csr(guest, 0x302, 0x10);
	cr_assert_eq(guest->seen_count, 3, "firmware writes are seen, too");
	cr_assert_eq(guest->seen.csr.after, 0x10);
	guest_free(guest);
}

Test(riscv_csr, counters_count_and_stop)
{
	struct guest *guest = guest_new("rv64", "step");
	uint64_t first, second;
	cr_assert(guest_csr_write(guest, 0xb02, 1000));
	cr_assert(guest_csr_read(guest, 0xb02, &first));
	cr_assert_eq(first, 1000, "the next instruction reads what was written");
	cr_assert(guest_csr_read(guest, 0xc02, &second));
	cr_assert_eq(second, 1001);
	cr_assert(guest_csr_write(guest, 0x320, 5)); /* inhibit CY and IR */
	cr_assert(guest_csr_read(guest, 0xb02, &first));
	guest_step(guest, NOP);
	cr_assert(guest_csr_read(guest, 0xb02, &second));
	cr_assert_eq(first, second);
	cr_assert(guest_csr_write(guest, 0xb00, 50));
	guest_step(guest, NOP);
	cr_assert_eq(guest_csr(guest, 0xb00), 50);
	cr_assert(guest_csr_write(guest, 0x320, 0));
	guest_step(guest, NOP);
	guest_step(guest, NOP);
	cr_assert_gt(guest_csr(guest, 0xb00), 50);
	guest_free(guest);
}

Test(riscv_csr, time_is_the_clock_in_timebase_ticks)
{
	struct guest *guest = guest_new("rv64", "step");
	uint64_t value;
	guest->machine.quantum = 1;
	guest_store32(guest, GUEST_CODE + 0x100, 0x0000006f); /* j . */
	guest->hart->cpu.pc = GUEST_CODE + 0x100;
	machine_run_until(&guest->machine, 12345);
	cr_assert(guest_csr_read(guest, 0xc01, &value));
	cr_assert_eq(value, 123, "1 ns an instruction, 10 MHz");
	cr_assert_eq(riscv_tick_at_time(guest->hart, 123), 12300);
	cr_assert_eq(riscv_tick_at_time(guest->hart, UINT64_MAX), CLOCK_NEVER);
	guest_free(guest);
}

Test(riscv_csr, stimecmp_drives_stip_exactly)
{
	struct guest *guest = guest_new("rv64", "step");
	open_gates(guest);
	guest_set_csr(guest, 0x303, 0x222);
	guest_store32(guest, GUEST_CODE + 0x100, 0x0000006f); /* j . */
	guest_set_csr(guest, 0x14d, 20);
	guest->hart->cpu.pc = GUEST_CODE + 0x100;
	machine_run_until(&guest->machine, 1999);
	cr_assert_eq(guest_csr(guest, 0x144), 0);
	machine_run_until(&guest->machine, 2000);
	cr_assert_eq(guest_csr(guest, 0x144), 0x20);
	cr_assert(guest_csr_write(guest, 0x144, 0));
	cr_assert_eq(guest_csr(guest, 0x144), 0x20, "STIP follows the comparator only");
	guest_set_csr(guest, 0x344, 0);
	cr_assert_eq(guest_csr(guest, 0x344), 0x20, "for M-mode, too");
	guest_set_csr(guest, 0x14d, UINT64_MAX);
	cr_assert_eq(guest_csr(guest, 0x144), 0);
	guest_set_csr(guest, 0x14d, 0);
	cr_assert_eq(guest_csr(guest, 0x144), 0x20, "a time that has passed is due at once");
	guest_set_csr(guest, 0x30a, 0);
	cr_assert_eq(guest_csr(guest, 0x344), 0, "STCE=0: STIP is a latch");
	guest_set_csr(guest, 0x344, 0x20);
	cr_assert_eq(guest_csr(guest, 0x344), 0x20);
	guest_free(guest);
}

Test(riscv_csr, scountovf_shows_what_mcounteren_lets_through)
{
	struct guest *guest = guest_new("rv64,+sscofpmf", "step");
	uint64_t value;
	guest_set_csr(guest, 0x323, MHPMEVENT_OF);
	guest_set_csr(guest, 0x325, MHPMEVENT_OF);
	cr_assert(guest_csr_read(guest, 0xda0, &value));
	cr_assert_eq(value, 0x28);
	guest_set_csr(guest, 0x306, 0x20);
	guest_level(guest, RV_S);
	cr_assert(guest_csr_read(guest, 0xda0, &value));
	cr_assert_eq(value, 0x20);
	guest_free(guest);
}

Test(riscv_csr, locked_pmp_entries_stay)
{
	struct guest *guest = guest_new("rv64", "step");
	guest_set_csr(guest, 0x3b1, 0x1000);
	guest_set_csr(guest, 0x3b2, 0x2000);
	guest_set_csr(guest, 0x3a0, 0x1full | 0x8full << 16); /* entry 2: TOR, locked */
	guest_set_csr(guest, 0x3b1, 5);
	guest_set_csr(guest, 0x3b2, 5);
	cr_assert_eq(guest_csr(guest, 0x3b1), 0x1000, "the base of a locked TOR entry");
	cr_assert_eq(guest_csr(guest, 0x3b2), 0x2000);
	guest_set_csr(guest, 0x3a0, 0);
	cr_assert_eq(guest_csr(guest, 0x3a0), 0x8full << 16);
	riscv_isa.reset(&guest->hart->cpu);
	cr_assert_eq(guest_csr(guest, 0x3a0), 0, "until reset");
	guest_free(guest);
}
