/* CSR instructions, environment calls, privileged and cache-block instructions, what is illegal. */
#include <criterion/criterion.h>

#include "bench.h"
#include "engine/engine.h"
#include "support.h"

#define CSR_FFLAGS   0x001
#define CSR_FRM      0x002
#define CSR_FCSR     0x003
#define CSR_SSTATUS  0x100
#define CSR_MSTATUS  0x300
#define CSR_MSCRATCH 0x340
#define CSR_INSTRET  0xc02
#define CSR_MHARTID  0xf14

#define MSTATUS_MPP_S (1ull << 11)
#define MSTATUS_MPIE  (1ull << 7)
#define MSTATUS_TVM   (1ull << 20)
#define MSTATUS_TW    (1ull << 21)
#define MSTATUS_TSR   (1ull << 22)

Test(riscv_system, csr_instructions_read_and_write)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		struct cpu *cpu = &bench.hart->cpu;
		static const struct {
			const char *name;
			uint64_t after;
		} cases[] = {
			{"csrrw", 0xf0},
			{"csrrs", 0xff},
			{"csrrc", 0x0f},
		};
		for (unsigned i = 0; i < 3; i++) {
			bench.hart->mscratch = 0x0f | (i == 2 ? 0xf0 : 0);
			uint64_t before = bench.hart->mscratch;
			cpu->r[11] = 0xf0;
			cr_expect(bench_insn(
				&bench, bench_encode_imm(cases[i].name, 10, 11, 0, CSR_MSCRATCH)));
			cr_expect_eq(cpu->r[10], before);
			cr_expect_eq(bench.hart->mscratch, cases[i].after);
		}
		/* rd is rs1: the old value arrives, the new one was the register's. */
		bench.hart->mscratch = 1;
		cpu->r[10] = 2;
		cr_expect(bench_insn(&bench, bench_encode_imm("csrrw", 10, 10, 0, CSR_MSCRATCH)));
		cr_expect(cpu->r[10] == 1 && bench.hart->mscratch == 2);
		/* Immediates are unsigned. */
		cr_expect(bench_insn(&bench, bench_encode_imm("csrrwi", 10, 31, 0, CSR_MSCRATCH)));
		cr_expect_eq(bench.hart->mscratch, 31);
		cr_expect(bench_insn(&bench, bench_encode_imm("csrrci", 10, 3, 0, CSR_MSCRATCH)));
		cr_expect_eq(bench.hart->mscratch, 28);
		cr_expect(bench_insn(&bench, bench_encode_imm("csrrsi", 0, 1, 0, CSR_MSCRATCH)));
		cr_expect_eq(bench.hart->mscratch, 29);
		cr_expect_eq(cpu->r[0], 0);
		bench_fini(&bench);
	}
}

/* Setting or clearing with x0 or 0 is no write: legal on read-only CSRs. */
Test(riscv_system, csr_reads_of_read_only_registers)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		struct cpu *cpu = &bench.hart->cpu;
		static const char *const reads[] = {"csrrs", "csrrc", "csrrsi", "csrrci"};
		for (unsigned i = 0; i < 4; i++) {
			cpu->r[10] = 9;
			cr_expect(bench_insn(&bench,
					     bench_encode_imm(reads[i], 10, 0, 0, CSR_MHARTID)));
			cr_expect_eq(cpu->r[10], 0);
			/* A register that holds zero still is a write. */
			cpu->r[11] = 0;
			uint32_t insn = bench_encode_imm(reads[i], 10, 11, 0, CSR_MHARTID);
			cr_expect_not(bench_insn(&bench, insn), "%s", reads[i]);
			cr_expect_eq(bench.hart->mcause, RV_CAUSE_ILLEGAL);
			cr_expect_eq(bench.hart->mtval, insn);
		}
		cr_expect_not(bench_insn(&bench, bench_encode_imm("csrrw", 10, 0, 0, CSR_MHARTID)));
		/* No such CSR; and one above the current level. */
		cr_expect_not(bench_insn(&bench, bench_encode_imm("csrrs", 10, 0, 0, 0x7ff)));
		bench_set_level(&bench, RV_S);
		cr_expect_not(bench_insn(&bench, bench_encode_imm("csrrs", 10, 0, 0, CSR_MHARTID)));
		cr_expect_eq(bench.hart->mcause, RV_CAUSE_ILLEGAL);
		bench_fini(&bench);
	}
}

/* instret counts exactly, wherever in a block it is read. */
Test(riscv_system, instret_is_exact_within_a_block)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		struct cpu *cpu = &bench.hart->cpu;
		uint32_t read = bench_encode_imm("csrrs", 10, 0, 0, CSR_INSTRET), nop = 0x13;
		uint32_t again = bench_encode_imm("csrrs", 11, 0, 0, CSR_INSTRET);
		uint32_t code[] = {nop, read, nop, 0x0001, nop, again, nop};
		cr_expect(bench_run(&bench, code, 7));
		cr_expect_eq(cpu->r[11] - cpu->r[10], 4);
		bench_fini(&bench);
	}
}

/* A change of frm, or of FS, is seen by the very next instruction. */
Test(riscv_system, csr_writes_take_effect_at_once)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		struct cpu *cpu = &bench.hart->cpu;
		cpu->v[1].d[0] = 0x3ff0000000000000;
		cpu->v[2].d[0] = 0x3c30000000000000;
		uint32_t add = bench_encode("fadd.d", 3, 1, 2) | 7 << 12;
		uint32_t up[] = {bench_encode_imm("csrrwi", 0, 3, 0, CSR_FRM), add};
		cr_expect(bench_run(&bench, up, 2));
		cr_expect_eq(cpu->v[3].d[0], 0x3ff0000000000001);
		uint32_t reserved[] = {bench_encode_imm("csrrwi", 0, 5, 0, CSR_FRM), add};
		cr_expect_not(bench_run(&bench, reserved, 2));
		cr_expect_eq(bench.hart->mepc, BENCH_CODE + 4);
		cr_expect_eq(bench.hart->mcause, RV_CAUSE_ILLEGAL);
		cpu->r[11] = 3ull << 13;
		uint32_t off[] = {bench_encode_imm("csrrwi", 0, 0, 0, CSR_FRM),
				  bench_encode_imm("csrrc", 0, 11, 0, CSR_MSTATUS), add};
		cr_expect_not(bench_run(&bench, off, 3));
		cr_expect_eq(bench.hart->mepc, BENCH_CODE + 8);
		/* fflags: writes set FS to dirty. */
		bench_set_fs(&bench, 1);
		uint32_t flags[] = {bench_encode_imm("csrrwi", 0, 17, 0, CSR_FFLAGS),
				    bench_encode_imm("csrrs", 10, 0, 0, CSR_FCSR)};
		cr_expect(bench_run(&bench, flags, 2));
		cr_expect_eq(cpu->r[10], 17);
		cr_expect_eq(bench_fs(&bench), 3);
		bench_fini(&bench);
	}
}

Test(riscv_system, environment_calls_and_breakpoints)
{
	static const struct {
		unsigned level, cause;
	} levels[] = {
		{RV_U, 8 },
                {RV_S, 9 },
                {RV_M, 11}
        };
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		for (unsigned i = 0; i < 3; i++) {
			bench_set_level(&bench, levels[i].level);
			cr_expect_not(bench_insn(&bench, 0x00000073));
			cr_expect_eq(bench.hart->mcause, levels[i].cause);
			cr_expect_eq(bench.hart->mtval, 0);
			cr_expect_eq(bench.hart->mepc, BENCH_CODE);
		}
		uint32_t code[] = {0x0001, 0x9002}; /* c.nop, c.ebreak */
		bench_run(&bench, code, 2);
		cr_expect_eq(bench.hart->mcause, RV_CAUSE_BREAKPOINT);
		cr_expect_eq(bench.hart->mepc, BENCH_CODE + 2);
		cr_expect_eq(bench.hart->mtval, BENCH_CODE + 2);
		bench_fini(&bench);
	}
}

/* What is illegal where: levels from which an instruction works, and the mstatus bit that forbids.
 */
Test(riscv_system, privileged_instructions_check_the_level)
{
	static const struct {
		const char *name;
		uint32_t insn;
		unsigned from;   /* lowest level at which it is legal */
		uint64_t forbid; /* mstatus bit that makes it illegal in S-mode */
	} cases[] = {
		{"mret",             0x30200073, RV_M, 0          },
		{"sret",             0x10200073, RV_S, MSTATUS_TSR},
		{"wfi",              0x10500073, RV_S, MSTATUS_TW },
		{"sfence.vma",       0x12000073, RV_S, MSTATUS_TVM},
		{"sfence.vma a0,a1", 0x12b50073, RV_S, MSTATUS_TVM},
		{"sinval.vma",       0x16b50073, RV_S, MSTATUS_TVM},
		{"sfence.w.inval",   0x18000073, RV_S, 0          },
		{"sfence.inval.ir",  0x18100073, RV_S, 0          },
		{"wrs.nto",          0x00d00073, RV_U, 0          },
		{"wrs.sto",          0x01d00073, RV_U, 0          },
		{"pause",            0x0100000f, RV_U, 0          },
		{"fence",            0x0ff0000f, RV_U, 0          },
		{"fence.i",          0x0000100f, RV_U, 0          },
		{"prefetch.w",       0x00306013, RV_U, 0          },
		{"ntl.all",          0x00500033, RV_U, 0          },
	};
	static const uint8_t levels[] = {RV_U, RV_S, RV_M};
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
			for (unsigned n = 0; n < 6; n++) {
				unsigned level = levels[n / 2];
				struct bench bench;
				bench_init(&bench, bench_engines[e], NULL);
				struct riscv_cpu *hart = bench.hart;
				hart->mstatus |= n & 1 ? cases[i].forbid : 0;
				hart->mepc = hart->sepc = BENCH_CODE + 4;
				bench_set_level(&bench, level);
				bool legal = level >= cases[i].from &&
					     !(level == RV_S && n & 1 && cases[i].forbid);
				bench_insn(&bench, cases[i].insn);
				bool trapped = hart->mcause == RV_CAUSE_ILLEGAL &&
					       hart->mepc == BENCH_CODE;
				cr_expect_eq(!trapped, legal, "%s at level %u", cases[i].name,
					     level);
				if (trapped)
					cr_expect_eq(hart->mtval, cases[i].insn);
				bench_fini(&bench);
			}
	}
}

Test(riscv_system, trap_returns_change_level)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		/* csrw mepc,a0; mret to S-mode: the ecall there has cause 9. */
		uint32_t code[] = {bench_encode_imm("csrrw", 0, 10, 0, 0x341), 0x30200073,
				   0x00000073};
		bench.hart->cpu.r[10] = BENCH_CODE + 8;
		bench.hart->mstatus |= MSTATUS_MPP_S | MSTATUS_MPIE;
		cr_expect_not(bench_run(&bench, code, 3));
		cr_expect_eq(bench.hart->mcause, RV_CAUSE_ECALL_S);
		cr_expect_eq(bench.hart->mepc, BENCH_CODE + 8);
		/* sret from there to U-mode. */
		uint32_t down[] = {bench_encode_imm("csrrw", 0, 10, 0, 0x141), 0x10200073,
				   0x00000073};
		bench_set_level(&bench, RV_S);
		bench.hart->mstatus &= ~(1ull << 8);
		cr_expect_not(bench_run(&bench, down, 3));
		cr_expect_eq(bench.hart->mcause, RV_CAUSE_ECALL_U);
		bench_fini(&bench);
	}
}

Test(riscv_system, wfi_halts_after_itself)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		cr_expect_not(bench_insn(&bench, 0x10500073));
		cr_expect(bench.hart->cpu.halted);
		cr_expect_eq(bench.hart->cpu.pc, BENCH_CODE + 4);
		bench_fini(&bench);
	}
}

/* Time passes without instructions, at most to the end of the slice. */
Test(riscv_system, pauses_let_time_pass)
{
	static const uint32_t insns[] = {0x0100000f, 0x00d00073, 0x01d00073};
	for (unsigned e = 0; e < 2; e++)
		for (unsigned i = 0; i < 3; i++) {
			struct bench bench;
			bench_init(&bench, bench_engines[e], NULL);
			struct cpu *cpu = &bench.hart->cpu;
			bench_store(&bench, BENCH_CODE, 4, insns[i]);
			bench_store(&bench, BENCH_CODE + 4, 4, insns[i]);
			cpu->pc = BENCH_CODE;
			machine_run_until(&bench.machine, RISCV_PAUSE_TICKS + 1);
			cr_expect_eq(cpu->pc, BENCH_CODE + 4);
			cr_expect_eq(cpu_retired(cpu), 1);
			machine_run_until(&bench.machine, RISCV_PAUSE_TICKS + 10);
			cr_expect_eq(cpu->pc, BENCH_CODE + 8);
			cr_expect_eq(cpu_retired(cpu), 2);
			cr_expect_eq(cpu_now(cpu), RISCV_PAUSE_TICKS + 10);
			bench_fini(&bench);
		}
}

#define CBIE_FLUSH (1ull << 4)
#define CBIE_INVAL (3ull << 4)
#define CBCFE      (1ull << 6)
#define CBZE       (1ull << 7)

/* Zicbom, Zicboz: menvcfg enables below M-mode, senvcfg as well for U-mode. */
Test(riscv_system, cache_block_operations_need_their_enables)
{
	static const struct {
		const char *name;
		uint64_t enable;
	} cases[] = {
		{"cbo.inval", CBIE_FLUSH},
                {"cbo.inval", CBIE_INVAL},
                {"cbo.clean", CBCFE     },
		{"cbo.flush", CBCFE     },
                {"cbo.zero",  CBZE      },
	};
	static const uint8_t levels[] = {RV_U, RV_S, RV_M};
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
			for (unsigned n = 0; n < 12; n++) {
				unsigned level = levels[n / 4];
				bool m = n & 1, s = n & 2;
				bench.hart->menvcfg = m ? cases[i].enable : 0;
				bench.hart->senvcfg = s ? cases[i].enable : 0;
				bool legal = level == RV_M || (m && (s || level == RV_S));
				bench.hart->cpu.r[11] = BENCH_DATA;
				bench_set_level(&bench, level);
				uint32_t insn = bench_encode(cases[i].name, 0, 11, 0);
				cr_expect_eq(bench_insn(&bench, insn), legal, "%s %u",
					     cases[i].name, n);
				if (!legal) {
					cr_expect_eq(bench.hart->mcause, RV_CAUSE_ILLEGAL);
					cr_expect_eq(bench.hart->mtval, insn);
				}
			}
		bench_fini(&bench);
	}
}

Test(riscv_system, cbo_zero_clears_its_block)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		for (unsigned i = 0; i < 24; i++)
			bench_store(&bench, BENCH_DATA + 8 * i, 8, ~0ull);
		uint32_t insn = bench_encode("cbo.zero", 0, 11, 0);
		bench.hart->cpu.r[11] = BENCH_DATA + 64 + 37; /* anywhere in the block */
		cr_expect(bench_insn(&bench, insn));
		for (unsigned i = 0; i < 24; i++)
			cr_expect_eq(bench_load(&bench, BENCH_DATA + 8 * i, 8),
				     i >= 8 && i < 16 ? 0 : ~0ull);
		/* No RAM there: a store access fault at the address as given. */
		bench.hart->cpu.r[11] = BENCH_NOTHING + 37;
		cr_expect_not(bench_insn(&bench, insn));
		cr_expect_eq(bench.hart->mcause, RV_CAUSE_STORE_ACCESS);
		cr_expect_eq(bench.hart->mtval, BENCH_NOTHING + 37);
		/* Code in the block is forgotten. */
		bench.hart->cpu.r[11] = BENCH_CODE + 64;
		uint32_t code[18];
		for (unsigned i = 0; i < 18; i++)
			code[i] = 0x13;
		code[0] = insn;
		cr_expect_not(bench_run(&bench, code, 18));
		cr_expect_eq(bench.hart->mcause, RV_CAUSE_ILLEGAL);
		cr_expect_eq(bench.hart->mepc, BENCH_CODE + 64);
		bench_fini(&bench);
	}
}

/* Sv39 page tables: user pages with permissions of choice, for the checks of cbo and prefetch. */
static void map_user_page(struct bench *bench, uint64_t bits)
{
	uint64_t root = BENCH_RAM + 0x20000, middle = root + 0x1000, leaf = middle + 0x1000;
	bench_store(bench, root, 8, middle >> 12 << 10 | 1);
	bench_store(bench, middle, 8, leaf >> 12 << 10 | 1);
	bench_store(bench, leaf + 8, 8, BENCH_DATA >> 12 << 10 | bits); /* va 0x1000 */
	/* The code's gigabyte, for user: V R X U A. */
	bench_store(bench, root + 8 * 2, 8, BENCH_RAM >> 12 << 10 | 0x5b);
	bench->hart->satp = 8ull << 60 | root >> 12;
	bench->hart->menvcfg = bench->hart->senvcfg = CBIE_INVAL | CBCFE | CBZE;
}

Test(riscv_system, cache_block_operations_are_translated)
{
	enum { V = 1, R = 2, W = 4, X = 8, U = 16, A = 64, D = 128 };
	static const struct {
		const char *name;
		uint64_t bits;
		unsigned cause; /* 0: works */
	} cases[] = {
		{"cbo.clean",  V | R | W | U | A | D, 0 },
		{"cbo.clean",  V | R | U | A,         0 }, /* a load is allowed, D does not matter */
		{"cbo.flush",  V | R | W | U | A,     0 },
		{"cbo.inval",  V | R | U,             15}, /* A does (Svade) */
		{"cbo.clean",  V | X | U | A,         15}, /* execute only */
		{"cbo.clean",  0,                     15},
		{"cbo.clean",  V | R | W | A | D,     15}, /* not for user */
		{"cbo.zero",   V | R | W | U | A | D, 0 },
		{"cbo.zero",   V | R | U | A | D,     15},
		{"cbo.zero",   V | R | W | U | A,     15}, /* D matters */
		{"prefetch.w", 0,                     0 },
		{"prefetch.r", V | R | U,             0 },
	};
	for (unsigned e = 0; e < BENCH_ENGINES; e++)
		for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct bench bench;
			bench_init(&bench, bench_engines[e], NULL);
			map_user_page(&bench, cases[i].bits);
			bench.hart->cpu.r[11] = 0x1234;
			bench_set_level(&bench, RV_U);
			bool works = bench_insn(&bench, bench_encode(cases[i].name, 0, 11, 0));
			cr_expect_eq(works, cases[i].cause == 0, "%u %s: cause %lu tval %lx", i,
				     cases[i].name, bench.hart->mcause, bench.hart->mtval);
			if (!works) {
				cr_expect_eq(bench.hart->mcause, cases[i].cause, "%u", i);
				cr_expect_eq(bench.hart->mtval, 0x1234);
			}
			bench_fini(&bench);
		}
}

/* Encodings of what is not there: illegal, with the instruction's bits in mtval. */
Test(riscv_system, the_rest_is_illegal)
{
	static const uint32_t words[] = {
		0xffffffff, 0x02050007, 0x02056427,
		0x0d007057,                         /* V: vle8.v, vse32.v, vsetvli */
		0x22000073, 0x62000073, 0x6c05c573, /* H: hfence.vvma, hfence.gvma, hlv.d */
		0x7b200073, 0x70200073, 0x10400073, /* dret, mnret, sctrclr */
		0x4820252f,                         /* ssamoswap.w */
		0x0000000b, 0x0000005b,             /* custom-0, custom-2 */
		0x0000001f, 0x0000007f,             /* longer than 32 bits */
		0x04001013, 0x0200101b,             /* slli, slliw with a bit beyond the amount */
		0x0000,     0x6001,     0x6101,     /* all zero; c.lui, c.addi16sp with 0 */
		0x2001,     0x4002,     0x6002,
		0x8002, /* c.addiw, c.lwsp, c.ldsp, c.jr with x0 */
		0x9c79,     0x9c7d,     0x8c40,
		0x9c00, /* reserved next to Zcb */
	};
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
			cr_expect_not(bench_insn(&bench, words[i]));
			cr_expect_eq(bench.hart->mcause, RV_CAUSE_ILLEGAL, "%08x", words[i]);
			cr_expect_eq(bench.hart->mtval, words[i], "%08x: %lx", words[i],
				     bench.hart->mtval);
			cr_expect_eq(bench.hart->mepc, BENCH_CODE);
		}
		bench_fini(&bench);
	}
}

/* Compressed instructions run and take two bytes. */
Test(riscv_system, compressed_instructions_run)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		struct cpu *cpu = &bench.hart->cpu;
		uint32_t code[] = {
			0x4515,     /* c.li a0,5 */
			0x0509,     /* c.addi a0,2 */
			0x85aa,     /* c.mv a1,a0 */
			0x95aa,     /* c.add a1,a0 */
			0x6605,     /* c.lui a2,1 */
			0x00c58633, /* add a2,a1,a2 */
			0x6781,     /* c.mop.15 */
		};
		cr_expect(bench_run(&bench, code, sizeof(code) / sizeof(code[0])));
		cr_expect_eq(cpu->r[10], 7);
		cr_expect_eq(cpu->r[11], 14);
		cr_expect_eq(cpu->r[12], 0x1000 + 14);
		cpu->r[2] = BENCH_DATA;
		cpu->r[8] = 0x1122334455667788;
		uint32_t memory[] = {0xe422, 0x64a2,
				     0x9c61}; /* c.sdsp s0,8; c.ldsp s1,8; c.zext.b s0 */
		cr_expect(bench_run(&bench, memory, 3));
		cr_expect_eq(cpu->r[9], 0x1122334455667788);
		cr_expect_eq(cpu->r[8], 0x88);
		bench_fini(&bench);
	}
}
