/* Trap entry, delegation, return, and the privileged instructions. */
#include <criterion/criterion.h>

#include "guest.h"

#define MEDELEG 0x302
#define MIDELEG 0x303

#define LD_A2_A0 0x00053603u /* ld a2, 0(a0) */
#define SD_A2_A0 0x00c53023u /* sd a2, 0(a0) */
#define A0       10
#define HOLE     0x40000000ull

/* An instruction that traps, with what the trap must carry. */
static const struct exception {
	uint32_t insn;
	uint64_t a0;
	enum riscv_cause cause;
	uint64_t value;
} exceptions[] = {
	{0xffffffff, 0,             RV_CAUSE_ILLEGAL,          0xffffffff   },
	{0x00000000, 0,             RV_CAUSE_ILLEGAL,          0            },
	{EBREAK,     0,             RV_CAUSE_BREAKPOINT,       GUEST_CODE   },
	{LD_A2_A0,   GUEST_RAM + 1, RV_CAUSE_LOAD_MISALIGNED,  GUEST_RAM + 1},
	{SD_A2_A0,   GUEST_RAM + 1, RV_CAUSE_STORE_MISALIGNED, GUEST_RAM + 1},
	{LD_A2_A0,   HOLE,          RV_CAUSE_LOAD_ACCESS,      HOLE         },
	{SD_A2_A0,   HOLE,          RV_CAUSE_STORE_ACCESS,     HOLE         },
};

static void check_s_entry(struct guest *guest, enum riscv_level from, uint64_t cause,
			  uint64_t value)
{
	struct riscv_cpu *hart = guest->hart;
	cr_assert_eq(hart->cpu.level, RV_S);
	cr_assert_eq(hart->scause, cause);
	cr_assert_eq(hart->stval, value, "stval 0x%lx", hart->stval);
	cr_assert_eq(hart->sepc, GUEST_CODE);
	cr_assert_eq(hart->cpu.pc, GUEST_STVEC);
	cr_assert_eq(!!(hart->mstatus & MSTATUS_SPP), from == RV_S);
	cr_assert_eq(hart->mstatus & (MSTATUS_SIE | MSTATUS_SPIE), MSTATUS_SPIE);
	cr_assert_eq(hart->mcause, 0, "M-level CSRs are not touched");
}

static void check_m_entry(struct guest *guest, enum riscv_level from, uint64_t cause,
			  uint64_t value)
{
	struct riscv_cpu *hart = guest->hart;
	cr_assert_eq(hart->cpu.level, RV_M);
	cr_assert_eq(hart->mcause, cause);
	cr_assert_eq(hart->mtval, value, "mtval 0x%lx", hart->mtval);
	cr_assert_eq(hart->mepc, GUEST_CODE);
	cr_assert_eq(hart->cpu.pc, GUEST_VECTOR);
	cr_assert_eq((hart->mstatus & MSTATUS_MPP) >> MSTATUS_MPP_SHIFT, (uint64_t)from);
	cr_assert_eq(hart->mstatus & (MSTATUS_MIE | MSTATUS_MPIE), MSTATUS_MPIE);
	cr_assert_eq(hart->scause, 0, "S-level CSRs are not touched");
}

static void check_exception(const struct exception *row, enum riscv_level level, bool delegate)
{
	struct guest *guest = guest_new("rv64,misaligned=trap", "step");
	guest_set_csr(guest, MEDELEG, delegate ? 1ull << row->cause : ~(1ull << row->cause));
	guest_set_csr(guest, 0x300, MSTATUS_MIE | MSTATUS_SIE);
	guest_level(guest, level);
	guest->hart->cpu.r[A0] = row->a0;
	cr_assert_not(guest_step(guest, row->insn));
	if (delegate && level != RV_M)
		check_s_entry(guest, level, row->cause, row->value);
	else
		check_m_entry(guest, level, row->cause, row->value);
	guest_free(guest);
}

Test(riscv_trap, exceptions_follow_medeleg)
{
	for (unsigned i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++)
		for (int delegate = 0; delegate < 2; delegate++) {
			check_exception(&exceptions[i], RV_U, delegate);
			check_exception(&exceptions[i], RV_S, delegate);
			check_exception(&exceptions[i], RV_M, delegate);
		}
}

Test(riscv_trap, calls)
{
	static const struct {
		enum riscv_level level;
		uint64_t cause;
		bool delegated; /* with every bit of medeleg set */
	} rows[] = {
		{RV_U, 8,  true },
                {RV_S, 9,  false},
                {RV_M, 11, false}
        };
	for (unsigned i = 0; i < 3; i++) {
		struct guest *guest = guest_new("rv64", "step");
		guest_set_csr(guest, MEDELEG, ~0ull);
		guest_set_csr(guest, 0x300, MSTATUS_MIE | MSTATUS_SIE);
		guest_level(guest, rows[i].level);
		cr_assert_not(guest_step(guest, ECALL));
		if (rows[i].delegated)
			check_s_entry(guest, rows[i].level, rows[i].cause, 0);
		else
			check_m_entry(guest, rows[i].level, rows[i].cause, 0);
		guest_free(guest);
	}
}

Test(riscv_trap, vectored_mode_is_for_interrupts)
{
	struct guest *guest = guest_new("rv64", "step");
	guest_set_csr(guest, 0x305, GUEST_VECTOR | 1);
	cr_assert_not(guest_step(guest, ECALL));
	cr_assert_eq(guest->hart->cpu.pc, GUEST_VECTOR, "exceptions go to the base");
	guest_set_csr(guest, 0x304, 0x8);
	guest_set_csr(guest, 0x300, MSTATUS_MIE);
	riscv_irq_level(guest->hart, RV_IRQ_MSI, true);
	cr_assert_not(guest_step(guest, NOP));
	cr_assert_eq(guest->hart->cpu.pc, GUEST_VECTOR + 4 * RV_IRQ_MSI);
	cr_assert_eq(guest->hart->mcause, 1ull << 63 | RV_IRQ_MSI);
	cr_assert_eq(guest->hart->mepc, GUEST_CODE, "before the instruction");
	cr_assert_eq(guest->hart->mtval, 0);
	guest_free(guest);
}

Test(riscv_trap, mret)
{
	for (unsigned mpp = 0; mpp < 4; mpp++) {
		if (mpp == 2)
			continue;
		struct guest *guest = guest_new("rv64", "step");
		guest_set_csr(guest, 0x341, GUEST_CODE + 0x40);
		guest_set_csr(guest, 0x300,
			      (uint64_t)mpp << 11 | MSTATUS_MPIE | MSTATUS_MPRV | MSTATUS_SIE);
		cr_assert(guest_step(guest, MRET));
		cr_assert_eq(guest->hart->cpu.level, mpp);
		cr_assert_eq(guest->hart->cpu.pc, GUEST_CODE + 0x40);
		cr_assert_eq(guest->hart->mstatus & 0xffffffff,
			     MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_SIE |
				     (mpp == RV_M ? MSTATUS_MPRV : 0));
		guest_free(guest);
	}
}

Test(riscv_trap, sret)
{
	for (unsigned spp = 0; spp < 2; spp++) {
		struct guest *guest = guest_new("rv64", "step");
		guest_set_csr(guest, 0x141, GUEST_CODE + 0x40);
		guest_set_csr(guest, 0x300, (spp ? MSTATUS_SPP : 0) | MSTATUS_SIE | MSTATUS_MPRV);
		guest_level(guest, spp ? RV_S : RV_M); /* M-mode may use it, too */
		cr_assert(guest_step(guest, SRET));
		cr_assert_eq(guest->hart->cpu.level, spp);
		cr_assert_eq(guest->hart->cpu.pc, GUEST_CODE + 0x40);
		cr_assert_eq(guest->hart->mstatus & 0xffffffff, MSTATUS_SPIE,
			     "SIE from SPIE=0, SPIE set, SPP and MPRV clear");
		guest_free(guest);
	}
}

/* Privileged instructions by level and control bit. */
static const struct privileged {
	uint32_t insn;
	enum riscv_level level;
	uint64_t mstatus;
	const char *why; /* NULL: allowed */
} privileged[] = {
	{MRET,       RV_M, 0,           NULL                  },
	{MRET,       RV_S, 0,           "MRET below M-mode"   },
	{MRET,       RV_U, 0,           "MRET below M-mode"   },
	{SRET,       RV_S, 0,           NULL                  },
	{SRET,       RV_S, MSTATUS_TSR, "mstatus.TSR=1"       },
	{SRET,       RV_M, MSTATUS_TSR, NULL                  },
	{SRET,       RV_U, 0,           "SRET in U-mode"      },
	{WFI,        RV_M, MSTATUS_TW,  NULL                  },
	{WFI,        RV_S, 0,           NULL                  },
	{WFI,        RV_S, MSTATUS_TW,  "mstatus.TW=1"        },
	{WFI,        RV_U, 0,           "WFI in U-mode"       },
	{0x12000073, RV_M, MSTATUS_TVM, NULL                  }, /* sfence.vma */
	{0x12000073, RV_S, 0,           NULL                  },
	{0x12000073, RV_S, MSTATUS_TVM, "mstatus.TVM=1"       },
	{0x12000073, RV_U, 0,           "SFENCE.VMA in U-mode"},
	{0x16000073, RV_S, MSTATUS_TVM, "mstatus.TVM=1"       }, /* sinval.vma */
	{0x16000073, RV_U, 0,           "SFENCE.VMA in U-mode"},
};

Test(riscv_trap, privileged_instructions)
{
	for (unsigned i = 0; i < sizeof(privileged) / sizeof(privileged[0]); i++) {
		const struct privileged *row = &privileged[i];
		struct guest *guest = guest_new("rv64", "step");
		guest_observe(guest, OBSERVE_TRAP);
		guest_set_csr(guest, 0x300, row->mstatus | MSTATUS_MIE);
		guest_level(guest, row->level);
		bool done = guest_step(guest, row->insn);
		cr_assert_eq(done, !row->why, "row %u", i);
		if (row->why) {
			cr_assert_str_eq(guest->seen_trap.why, row->why, "row %u", i);
			check_m_entry(guest, row->level, RV_CAUSE_ILLEGAL, row->insn);
		}
		guest_free(guest);
	}
}

Test(riscv_trap, wfi_waits_for_enabled_interrupts)
{
	struct guest *guest = guest_new("rv64", "step");
	struct riscv_cpu *hart = guest->hart;
	cr_assert(guest_step(guest, WFI));
	cr_assert(hart->cpu.halted);
	cr_assert_eq(hart->cpu.pc, GUEST_CODE + 4);
	riscv_irq_level(hart, RV_IRQ_SSI, true);
	cr_assert_not(riscv_isa.wakeup(&hart->cpu), "not enabled");
	guest_set_csr(guest, 0x304, 2);
	cr_assert(riscv_isa.wakeup(&hart->cpu), "whatever MIE says");
	cr_assert(guest_step(guest, WFI));
	cr_assert_not(hart->cpu.halted, "one is pending already");
	guest_free(guest);
}

/* -- interrupts -- */

/* Highest first; both levels use this order for what they take. */
static const unsigned order[] = {RV_IRQ_MEI, RV_IRQ_MSI, RV_IRQ_MTI,  RV_IRQ_SEI,
				 RV_IRQ_SSI, RV_IRQ_STI, RV_IRQ_LCOFI};

Test(riscv_trap, interrupt_priority_matrix)
{
	struct guest *guest = guest_new("rv64,+sscofpmf", "step");
	struct riscv_cpu *hart = guest->hart;
	guest_set_csr(guest, 0x304, ~0ull);
	for (unsigned deleg = 0; deleg < 2; deleg++) {
		guest_set_csr(guest, MIDELEG, deleg ? ~0ull : 0);
		for (unsigned i = 0; i < 7; i++)
			for (unsigned j = i; j < 7; j++) {
				struct trap trap;
				hart->mip = 1ull << order[i] | 1ull << order[j];
				guest_level(guest, RV_U);
				cr_assert(riscv_isa.interrupt(&hart->cpu, &trap));
				cr_assert_eq(trap.cause, order[i], "%u before %u", order[i],
					     order[j]);
				cr_assert(trap.interrupt);
				cr_assert_eq(trap.from, RV_U);
			}
	}
	/* What goes to M-mode comes before what goes to S-mode, whatever the numbers. */
	struct trap trap;
	guest_set_csr(guest, MIDELEG, 0x222);
	hart->mip = 1ull << RV_IRQ_SEI | 1ull << RV_IRQ_LCOFI;
	cr_assert(riscv_isa.interrupt(&hart->cpu, &trap));
	cr_assert_eq(trap.cause, RV_IRQ_LCOFI);
	guest_free(guest);
}

Test(riscv_trap, interrupt_enables_by_level)
{
	static const struct {
		enum riscv_level level;
		uint64_t mstatus;
		bool delegated, taken;
	} rows[] = {
		{RV_U, 0,                         false, true },
		{RV_S, 0,                         false, true },
		{RV_M, 0,                         false, false},
		{RV_M, MSTATUS_MIE,               false, true },
		{RV_U, 0,                         true,  true },
		{RV_S, 0,                         true,  false},
		{RV_S, MSTATUS_SIE,               true,  true },
		{RV_M, MSTATUS_MIE | MSTATUS_SIE, true,  false},
		{RV_S, MSTATUS_MIE,               true,  false},
		{RV_M, MSTATUS_SIE,               false, false},
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct guest *guest = guest_new("rv64", "step");
		guest_set_csr(guest, MIDELEG, rows[i].delegated ? 0x222 : 0);
		guest_set_csr(guest, 0x300, rows[i].mstatus);
		riscv_irq_level(guest->hart, RV_IRQ_SSI, true);
		guest_level(guest, rows[i].level);
		cr_assert(guest_step(guest, NOP), "not enabled in mie");
		guest_set_csr(guest, 0x304, 2);
		guest_level(guest, rows[i].level);
		cr_assert_eq(guest_step(guest, NOP), !rows[i].taken, "row %u", i);
		if (rows[i].taken)
			cr_assert_eq(guest->hart->cpu.level, rows[i].delegated ? RV_S : RV_M);
		guest_free(guest);
	}
}

Test(riscv_trap, s_interrupt_entry)
{
	struct guest *guest = guest_new("rv64", "step");
	guest_observe(guest, OBSERVE_TRAP);
	guest_set_csr(guest, MIDELEG, 0x222);
	guest_set_csr(guest, 0x304, 0x222);
	guest_set_csr(guest, 0x105, GUEST_STVEC | 1);
	guest_set_csr(guest, 0x300, MSTATUS_SIE);
	guest_level(guest, RV_S);
	riscv_irq_level(guest->hart, RV_IRQ_STI, true);
	cr_assert_not(guest_step(guest, NOP));
	cr_assert_eq(guest->hart->scause, 1ull << 63 | 5);
	cr_assert_eq(guest->hart->cpu.pc, GUEST_STVEC + 20);
	cr_assert(guest->seen_trap.interrupt);
	cr_assert_eq(guest->seen_trap.to, RV_S);
	cr_assert_eq(guest->seen_trap.from, RV_S);
	cr_assert_str_eq(riscv_isa.cause_name(&guest->seen_trap), "supervisor_timer_interrupt");
	guest_free(guest);
}

/* -- firmware -- */

struct firmware {
	unsigned calls;
	struct trap trap;
	bool handles;
};

static bool firmware(void *opaque, struct riscv_cpu *hart, struct trap *trap)
{
	struct firmware *firmware = opaque;
	firmware->calls++;
	firmware->trap = *trap;
	if (firmware->handles)
		hart->cpu.pc = trap->pc + 4;
	return firmware->handles;
}

Test(riscv_trap, firmware_takes_the_place_of_m_mode)
{
	struct guest *guest = guest_new("rv64", "step");
	struct firmware state = {.handles = true};
	guest->hart->firmware = firmware;
	guest->hart->firmware_opaque = &state;
	guest_set_csr(guest, MEDELEG, 1u << RV_CAUSE_ILLEGAL);
	guest_level(guest, RV_S);
	cr_assert_not(guest_step(guest, ECALL));
	cr_assert_eq(state.calls, 1);
	cr_assert_eq(state.trap.cause, RV_CAUSE_ECALL_S);
	cr_assert_eq(state.trap.to, RV_M);
	cr_assert_eq(guest->hart->cpu.level, RV_S);
	cr_assert_eq(guest->hart->cpu.pc, GUEST_CODE + 4);
	cr_assert_not(guest_step(guest, 0xffffffff));
	cr_assert_eq(state.calls, 1, "what medeleg gives to S-mode does not get there");
	cr_assert_eq(guest->machine.stop.kind, STOP_NONE);
	state.handles = false;
	guest_step(guest, EBREAK);
	cr_assert_eq(guest->machine.stop.kind, STOP_PANIC);
	guest_free(guest);
}

/* -- values that traps carry -- */

Test(riscv_trap, UN_01_accesses_to_nothing)
{
	static const struct {
		uint32_t insn;
		uint64_t cause;
	} rows[] = {
		{LD_A2_A0,   RV_CAUSE_LOAD_ACCESS },
		{SD_A2_A0,   RV_CAUSE_STORE_ACCESS},
		{0x00b526af, RV_CAUSE_STORE_ACCESS}, /* amoadd.w a3, a1, (a0) */
		{0x100536af, RV_CAUSE_LOAD_ACCESS }, /* lr.d a3, (a0) */
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct guest *guest = guest_new("rv64", "step");
		guest->hart->cpu.r[A0] = HOLE;
		guest_set_csr(guest, 0x300, MSTATUS_MIE);
		cr_assert_not(guest_step(guest, rows[i].insn));
		check_m_entry(guest, RV_M, rows[i].cause, HOLE);
		guest_free(guest);
	}
	struct guest *guest = guest_new("rv64", "step");
	cr_assert_not(guest_step_at(guest, HOLE));
	cr_assert_eq(guest->hart->mcause, RV_CAUSE_FETCH_ACCESS);
	cr_assert_eq(guest->hart->mtval, HOLE);
	cr_assert_eq(guest->hart->mepc, HOLE);
	guest_free(guest);
}

Test(riscv_trap, UN_09_bus_errors_can_be_ignored)
{
	struct guest *guest = guest_new("rv64,bus-errors=ignore", "step");
	guest->hart->cpu.r[A0] = HOLE;
	guest->hart->cpu.r[12] = 5;
	cr_assert(guest_step(guest, LD_A2_A0));
	cr_assert_eq(guest->hart->cpu.r[12], 0);
	cr_assert(guest_step(guest, SD_A2_A0));
	guest_free(guest);
}

Test(riscv_trap, syndrome_is_the_transformed_instruction)
{
	static const struct {
		uint32_t insn;
		unsigned base;
		uint64_t value;
		uint32_t syndrome;
	} rows[] = {
		{0x00053603, 10, HOLE,      0x00003603}, /* ld a2,0(a0) */
		{0xffd4a783, 9,  HOLE + 3,  0x00002783}, /* lw a5,-3(s1) */
		{0x01213423, 2,  HOLE - 8,  0x01203023}, /* sd s2,8(sp) */
		{0x6110,     10, HOLE,      0x00003601}, /* c.ld a2,0(a0) */
		{0xc63e,     2,  HOLE - 12, 0x00f02021}, /* c.swsp a5,12(sp) */
		{0x06b626af, 12, HOLE,      0x06b026af}, /* amoadd.w.aqrl a3,a1,(a2) */
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct guest *guest = guest_new("rv64", "step");
		guest_observe(guest, OBSERVE_TRAP);
		guest->hart->cpu.r[rows[i].base] = rows[i].value;
		cr_assert_not(guest_step(guest, rows[i].insn));
		cr_assert_eq(guest->seen_trap.syndrome, rows[i].syndrome, "row %u: 0x%lx", i,
			     guest->seen_trap.syndrome);
		cr_assert_eq(guest->seen_trap.insn, rows[i].insn);
		guest_free(guest);
	}
}

Test(riscv_trap, returns_are_observed)
{
	struct guest *guest = guest_new("rv64", "step");
	guest_observe(guest, OBSERVE_RET);
	guest_set_csr(guest, 0x341, GUEST_CODE + 0x40);
	guest_set_csr(guest, 0x300, 1ull << 11);
	cr_assert(guest_step(guest, MRET));
	cr_assert_eq(guest->seen_count, 1);
	cr_assert_eq(guest->seen.pc, GUEST_CODE);
	cr_assert_eq(guest->seen.ret.target, GUEST_CODE + 0x40);
	cr_assert_eq(guest->seen.ret.from, RV_M);
	cr_assert_eq(guest->seen.ret.to, RV_S);
	guest_free(guest);
}
