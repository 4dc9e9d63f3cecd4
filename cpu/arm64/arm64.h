/*
 * The AArch64 processing element: state and configuration. Names are the Arm ARM's own.
 */
#ifndef CPU_ARM64_ARM64_H
#define CPU_ARM64_ARM64_H

#include <stdbool.h>
#include <stdint.h>

#include "core/clock.h"
#include "core/cpu.h"
#include "core/error.h"
#include "core/gic.h"
#include "core/irq.h"
#include "cpu/arm64/regime.h"

/* Features: one bit each, in the order of cpu/arm64/feature.def. */
enum arm64_feature {
#define FEATURE(id, ...) A64_FEAT_##id,
#include "cpu/arm64/feature.def"
#undef FEATURE
	A64_FEATURE_COUNT
};
_Static_assert(A64_FEATURE_COUNT <= 192, "struct arm64_config holds 192 features");

/* Where guest registers are in cpu->r[]: X0 to X30, then these. */
enum {
	A64_REG_LR = 30,
	A64_REG_ZR = 31, /* always 0 */
	A64_REG_SP = 32, /* the stack pointer in use */
};

/* Exception levels; cpu->level. */
enum arm64_level { A64_EL0, A64_EL1, A64_EL2, A64_EL3, A64_LEVELS };

/* What a processing element is; fixed at creation. */
struct arm64_config {
	uint64_t feature[3]; /* bit set over enum arm64_feature */
	uint64_t cntfrq_hz;  /* frequency of the system counter */
	uint64_t midr;       /* MIDR_EL1 */
	uint8_t highest;     /* highest exception level: A64_EL1 .. A64_EL3 */
	uint8_t entry;       /* exception level after reset */
};

/* PSTATE without the condition flags, at their places in SPSR_ELx (Arm ARM, C5.2.19). */
enum {
	PSTATE_SPSEL = 1,
	PSTATE_EL_SHIFT = 2,
	PSTATE_EL = 3 << PSTATE_EL_SHIFT,
	PSTATE_M4 = 1 << 4, /* AArch32 */
	PSTATE_F = 1 << 6,
	PSTATE_I = 1 << 7,
	PSTATE_A = 1 << 8,
	PSTATE_D = 1 << 9,
	PSTATE_DAIF = PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F,
	PSTATE_BTYPE_SHIFT = 10,
	PSTATE_BTYPE = 3 << PSTATE_BTYPE_SHIFT,
	PSTATE_SSBS = 1 << 12,
	PSTATE_ALLINT = 1 << 13,
	PSTATE_IL = 1 << 20,
	PSTATE_SS = 1 << 21,
	PSTATE_PAN = 1 << 22,
	PSTATE_UAO = 1 << 23,
	PSTATE_DIT = 1 << 24,
	PSTATE_TCO = 1 << 25,
	PSTATE_NZCV_SHIFT = 28,
};
#define PSTATE_NZCV (15ull << PSTATE_NZCV_SHIFT)

/* Exception classes: ESR_ELx.EC (Arm ARM, D24.2.40). */
enum arm64_exception_class {
	A64_EC_UNKNOWN = 0x00,
	A64_EC_WFX = 0x01,
	A64_EC_FP = 0x07,
	A64_EC_PAC = 0x09,
	A64_EC_OTHER = 0x0a, /* LS64 family, TSB CSYNC, PSB CSYNC */
	A64_EC_BTI = 0x0d,
	A64_EC_ILLEGAL = 0x0e,
	A64_EC_SVC = 0x15,
	A64_EC_HVC = 0x16,
	A64_EC_SMC = 0x17,
	A64_EC_SYSREG = 0x18,
	A64_EC_ERET = 0x1a,
	A64_EC_FPAC = 0x1c,
	A64_EC_FETCH_LOWER = 0x20, /* + 1: from the same level */
	A64_EC_PC_ALIGNMENT = 0x22,
	A64_EC_DATA_LOWER = 0x24, /* + 1: from the same level */
	A64_EC_SP_ALIGNMENT = 0x26,
	A64_EC_GCS = 0x2d,
	A64_EC_SERROR = 0x2f,
	A64_EC_BREAKPOINT_LOWER = 0x30,
	A64_EC_STEP_LOWER = 0x32,
	A64_EC_WATCHPOINT_LOWER = 0x34,
	A64_EC_BRK = 0x3c,
};

/* What trap->cause tells: the kind of exception, which picks the vector. */
enum arm64_cause { A64_SYNCHRONOUS, A64_IRQ, A64_FIQ, A64_SERROR };

/* ESR_ELx of an exception class; IL = 1: all instructions have 32 bits. */
#define A64_ESR_IL (1u << 25)
static inline uint64_t arm64_esr(enum arm64_exception_class class, uint32_t iss)
{
	return (uint64_t) class << 26 | A64_ESR_IL | iss;
}

/* The mode word: every state bit that changes decoding or translation. cpu->mode. */
enum arm64_mode {
	A64_MODE_LEVEL = 3,             /* bits 1:0 */
	A64_MODE_SP_CHECK = 1 << 2,     /* SP is checked for alignment */
	A64_MODE_FP_TRAP = 1 << 3,      /* FP and SIMD instructions trap */
	A64_MODE_ILLEGAL = 1 << 4,      /* PSTATE.IL */
	A64_MODE_ALIGNED = 1 << 5,      /* data accesses must be aligned */
	A64_MODE_UNPRIVILEGED = 1 << 6, /* LDTR and STTR access memory as EL0 does */
	A64_MODE_SP_EL0 = 1 << 7,       /* SP is SP_EL0 above EL0 */
	/* bits 16 on: self-hosted debug, see debug.h */
	A64_MODE_STEP = 1 << 16,         /* software step is active */
	A64_MODE_STEP_PENDING = 1 << 17, /* and its exception is due */
	A64_MODE_BREAK = 1 << 18,        /* breakpoints are on at this level */
	A64_MODE_HOST = 1 << 19,         /* EL2 with E2H=1, or EL0 with TGE=1 too */
	A64_MODE_BTYPE_SHIFT = 20,
	A64_MODE_BTYPE = 3 << A64_MODE_BTYPE_SHIFT, /* PSTATE.BTYPE; it is nowhere else */
	A64_MODE_BT = 1 << 22,                      /* SCTLR_ELx.BT for this level */
};

/* System registers, in the order of cpu/arm64/sysreg.def. */
enum arm64_sysreg {
#define SYSREG(id, ...) A64_##id,
#include "cpu/arm64/sysreg.def"
#undef SYSREG
	A64_SYSREG_COUNT
};

/* Interrupt inputs of a PE; bits of irq_level. */
enum arm64_line {
	A64_LINE_IRQ = 1 << 0,
	A64_LINE_FIQ = 1 << 1,
	A64_LINE_VIRTUAL_IRQ = 1 << 2,
	A64_LINE_VIRTUAL_FIQ = 1 << 3,
	A64_LINES = 15,
};

/* Wires that a PE drives, each a private interrupt: its INTID (arm64-board facts, 1). */
enum arm64_wire {
	A64_WIRE_CNTP,        /* 30: EL1 physical timer */
	A64_WIRE_CNTV,        /* 27: virtual timer */
	A64_WIRE_CNTHP,       /* 26: EL2 physical timer */
	A64_WIRE_CNTHV,       /* 28: EL2 virtual timer */
	A64_WIRE_MAINTENANCE, /* 25: virtual CPU interface */
	A64_WIRE_COUNT,
	A64_TIMERS = A64_WIRE_CNTHV + 1,
};

/* The INTID that a wire has on every board. */
static inline unsigned arm64_wire_intid(enum arm64_wire wire)
{
	static const uint8_t intids[] = {30, 27, 26, 28, 25};
	return intids[wire];
}

/* What a halted PE waits for. */
enum arm64_wait { A64_WAIT_INTERRUPT, A64_WAIT_EVENT };

/* What pointer authentication needs to know of a level; derived, see pauth.h. */
struct arm64_pac_level {
	uint8_t enabled;      /* bit n: instructions of enum arm64_key n do something */
	bool trapped;         /* these are taken to EL2 or EL3 */
	uint8_t range_bit[2]; /* the bit of a pointer that picks the range; [1]: of data */
	struct {
		uint64_t code;  /* the bits that hold one */
		uint64_t upper; /* those that are 1 in addresses of the upper range, 0 in others */
	} bits[2][2][2];        /* [data][bit 55][upper range] */
};

/* What some bits of PSTATE mean with the registers as they are; derived, see pe.c. */
struct arm64_modes {
	uint32_t key; /* these bits; 0: nothing is known */
	uint32_t word;
	uint8_t fetch, data; /* TLB modes */
};
#define A64_MODES 16

struct arm64_timer {
	struct clock_event event; /* when the condition will be met */
	struct arm64_cpu *pe;
};

struct arm64_cpu {
	struct cpu cpu;
	struct arm64_config config;

	/*
	 * PSTATE without NZCV (see flags_nzcv()) and BTYPE (see mode). Its EL field equals
	 * cpu.level. SP of the other levels and SP_EL0 are in sp[]; the one in use is
	 * cpu.r[A64_REG_SP].
	 */
	uint32_t pstate;
	uint32_t pstate_bits; /* that exist here; fixed at creation */
	uint64_t sp[A64_LEVELS];
	uint64_t sysreg[A64_SYSREG_COUNT];

	struct arm64_translation translation;
	struct arm64_modes modes[A64_MODES];
	struct {
		uint8_t known; /* bit n: level[n] holds */
		struct arm64_pac_level level[A64_LEVELS];
	} pac;

	uint64_t mpidr;
	uint32_t fpcr;
	uint32_t fpsr; /* only QC; see cpu/arm64/fp.h */
	bool event;    /* the event register of WFE */
	bool after;    /* the exception being raised returns to the next instruction */
	bool os_lock;  /* OSLSR_EL1.OSLK */
	struct {
		uint64_t pc;    /* of the instruction that is stepped */
		bool begun;     /* it has been begun and no exception taken since */
		bool exclusive; /* it is a load-exclusive */
	} step;

	/*
	 * In-process firmware: called for SMC where there is no EL3, and for HVC where there is no
	 * EL2. X0 to X17 are at cpu.r[], the next instruction at cpu.pc.
	 */
	void (*firmware)(void *opaque, struct arm64_cpu *pe);
	void *firmware_opaque;
	/* The same for HLT #0xF000 above EL0, which is UNDEFINED if this is NULL. */
	void (*semihosting)(void *opaque, struct arm64_cpu *pe);
	void *semihosting_opaque;

	/* Interrupts. irq_level: enum arm64_line; from the wires, and from the GIC if there is one.
	 */
	uint32_t irq_level;
	uint32_t irq_wires;
	struct gic_distributor distributor;
	struct gic_pending pending; /* the most urgent one that the distributor has; derived */
	struct irq_line wire[A64_WIRE_COUNT];

	struct arm64_timer timer[A64_TIMERS];

	/* WFI, WFE and their forms with a timeout. */
	struct clock_event timeout;
	bool woken;               /* by an event or the end of the time */
	uint8_t wait;             /* enum arm64_wait */
	uint64_t stream_position; /* of the event stream, when somebody last looked */
};

static inline struct arm64_cpu *arm64_cpu(struct cpu *cpu)
{
	return (struct arm64_cpu *)cpu;
}

static inline bool arm64_has(const struct arm64_cpu *pe, enum arm64_feature feature)
{
	return pe->config.feature[feature / 64] >> (feature % 64) & 1;
}

/* The guest that engine and machine see. */
extern const struct isa arm64_isa;

/* Sets the defaults of "max": every feature of feature.def, EL2 highest, entry at EL2. */
void arm64_config_default(struct arm64_config *config);

/*
 * Parses "MODEL[,+FEATURE][,-FEATURE][,KEY=VALUE]..." (cpu/arm64/model.def; EL2 and EL3 are
 * features too; keys: midr, cntfrq). Features that are asked for bring what they need; those of the
 * model go with what they need. Returns 0, or -1 with error (125), also for a feature that is asked
 * for when another one that it needs is switched off.
 */
int arm64_config_parse(struct arm64_config *config, const char *text, struct error *error);

/* Calls fn for each feature that is there, in the order of feature.def; "EL2" and "EL3" first. */
void arm64_config_features(const struct arm64_config *config,
			   void (*fn)(void *opaque, const char *name), void *opaque);

/* Whether a feature is there; and takes it away. Nothing else must need it. */
bool arm64_config_has(const struct arm64_config *config, enum arm64_feature feature);
void arm64_config_remove(struct arm64_config *config, enum arm64_feature feature);

/* The models of --cpu: sets name and summary of number index; false if there are not as many. */
bool arm64_model(unsigned index, const char **name, const char **summary);

/* How far a feature is there: see feature.def. */
enum arm64_feature_kind { ARM64_MODELLED, ARM64_REGISTERS, ARM64_OPTION, ARM64_ABSENT };
enum arm64_feature_kind arm64_feature_kind(enum arm64_feature feature);

/* The Arm ARM's name without FEAT_. */
const char *arm64_feature_name(enum arm64_feature feature);

/*
 * Creates a processing element in its reset state (config.entry, pc 0), adds it to the machine and
 * registers its state. NULL: out of memory, or the machine is full.
 */
struct arm64_cpu *arm64_cpu_new(struct machine *machine, const struct arm64_config *config,
				uint64_t mpidr);
void arm64_cpu_free(struct arm64_cpu *pe);

/*
 * Interrupt inputs without a GICv3: bit `line` of enum arm64_line, counted from 0. A GICv2 drives
 * these; so may a test.
 */
struct irq_line arm64_interrupt_line(struct arm64_cpu *pe, unsigned line);

/*
 * Connects the PE's CPU interface to a GICv3 whose PE number cpu.index it is. The GIC's wire to
 * the PE must be arm64_gic_line(), whose level does not matter: each call means that what is
 * pending may have changed.
 */
void arm64_connect_gic(struct arm64_cpu *pe, struct gic_distributor distributor);
struct irq_line arm64_gic_line(struct arm64_cpu *pe);

/* Says where a wire of the PE goes, and drives it. */
void arm64_connect_wire(struct arm64_cpu *pe, enum arm64_wire wire, struct irq_line line);

/* PSTATE with its condition flags, as SPSR_ELx shows it. */
uint64_t arm64_pstate(const struct arm64_cpu *pe);

/*
 * Sets PSTATE with all its effects: level, stack pointer, mode word, flags. Reserved bits are
 * dropped. The caller has checked that the level may be entered.
 */
void arm64_set_pstate(struct arm64_cpu *pe, uint64_t pstate);

/* Fills cpu->trap with a synchronous exception for the current instruction. Always false. */
bool arm64_raise(struct arm64_cpu *pe, uint64_t esr, const char *why);

#endif
