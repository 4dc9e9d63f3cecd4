/* What the files of sbi/ share. */
#ifndef SBI_INTERNAL_H
#define SBI_INTERNAL_H

#include "sbi/sbi.h"

/* Error codes (SBI 3.0, "Standard SBI Errors"): X-macro rows (name, value). */
#define SBI_ERRORS(X)                                                                              \
	X(SUCCESS, 0)                                                                              \
	X(ERR_FAILED, -1)                                                                          \
	X(ERR_NOT_SUPPORTED, -2)                                                                   \
	X(ERR_INVALID_PARAM, -3)                                                                   \
	X(ERR_DENIED, -4)                                                                          \
	X(ERR_INVALID_ADDRESS, -5)                                                                 \
	X(ERR_ALREADY_AVAILABLE, -6)                                                               \
	X(ERR_ALREADY_STARTED, -7)                                                                 \
	X(ERR_ALREADY_STOPPED, -8)                                                                 \
	X(ERR_NO_SHMEM, -9)                                                                        \
	X(ERR_INVALID_STATE, -10)                                                                  \
	X(ERR_BAD_RANGE, -11)                                                                      \
	X(ERR_TIMEOUT, -12)                                                                        \
	X(ERR_IO, -13)                                                                             \
	X(ERR_DENIED_LOCKED, -14)

enum sbi_error {
#define X(name, value) SBI_##name = (value),
	SBI_ERRORS(X)
#undef X
};

/* HSM states (SBI 3.0, "HSM Hart States"). Pending states are left at once. */
enum sbi_hart_state {
	SBI_HART_STARTED = 0,
	SBI_HART_STOPPED = 1,
	SBI_HART_SUSPENDED = 4,
};

/* FWFT features that the specification names. */
enum sbi_feature {
	SBI_FWFT_MISALIGNED_EXC_DELEG,
	SBI_FWFT_LANDING_PAD,
	SBI_FWFT_SHADOW_STACK,
	SBI_FWFT_DOUBLE_TRAP,
	SBI_FWFT_PTE_AD_HW_UPDATING,
	SBI_FWFT_POINTER_MASKING_PMLEN,
	SBI_FWFT_COUNT
};

struct sbi_hart {
	struct sbi *sbi;
	struct riscv_cpu *cpu;
	uint8_t state;                  /* enum sbi_hart_state */
	uint64_t suspended_at;          /* instructions retired when it was suspended */
	uint8_t locked[SBI_FWFT_COUNT]; /* FWFT features locked until hart reset */
};

struct sbi {
	struct machine *machine;
	struct sbi_config config;
	struct sbi_console console;
	unsigned hart_count;
	struct sbi_hart hart[MACHINE_MAX_CPUS];
};

/* One call: what came in a0-a7 and what goes back in a0 and a1. */
struct sbi_call {
	struct sbi *sbi;
	struct sbi_hart *hart;
	uint32_t eid, fid;
	uint64_t args[6];
	int64_t error;
	uint64_t value;
	bool legacy;    /* only a0 is written */
	bool no_return; /* registers and pc are set already, or the hart stopped */
};

typedef void sbi_handler(struct sbi_call *call);

sbi_handler sbi_handle_legacy, sbi_handle_base, sbi_handle_time, sbi_handle_ipi, sbi_handle_rfence,
	sbi_handle_hsm, sbi_handle_srst, sbi_handle_dbcn, sbi_handle_fwft;

/* Whether an extension id is offered: what probe answers. */
bool sbi_offers(const struct sbi *sbi, uint32_t eid);

/* Puts the FWFT features of a hart at their reset values and takes the locks off. */
void sbi_fwft_reset(struct sbi_hart *hart);

/* Firmware state of a hart that begins at pc: CSRs that firmware owns, a0, a1, S-mode. */
void sbi_hart_enter(struct sbi_hart *hart, uint64_t pc, uint64_t opaque);

/* Programs the S-mode timer for an absolute time; all ones is never. */
void sbi_timer_set(struct sbi_hart *hart, uint64_t time);

/* True if [address, address+size) is RAM that S-mode may use. size may be 0. */
bool sbi_memory_ok(const struct sbi *sbi, uint64_t address, uint64_t size);

/* Emulates the misaligned access of a trap (cause 4 or 6), or redirects it. Always deals with it.
 */
bool sbi_emulate_misaligned(struct sbi_hart *hart, struct trap *trap);

/*
 * Calls fn for the harts of (mask, base) as RFENCE, IPI take them. Returns SBI_SUCCESS, or
 * SBI_ERR_INVALID_PARAM, in which case nothing was done.
 */
enum sbi_error sbi_for_harts(struct sbi *sbi, uint64_t mask, uint64_t base,
			     void (*fn)(struct sbi_hart *hart));

/* The console of DBCN and of the legacy calls; get returns how many bytes there were. */
void sbi_console_put(struct sbi *sbi, const uint8_t *bytes, size_t length);
size_t sbi_console_get(struct sbi *sbi, uint8_t *bytes, size_t length);

/* What IPI and RFENCE, and their legacy forms, do to each hart: for sbi_for_harts(). */
void sbi_hart_raise_ipi(struct sbi_hart *hart);
void sbi_hart_fence_i(struct sbi_hart *hart);
void sbi_hart_sfence(struct sbi_hart *hart);

#endif
