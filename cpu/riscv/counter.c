/*
 * Counters and timers. Time is derived from the machine's clock; mcycle counts its ticks and
 * minstret those in which this hart retired an instruction. clock.now is exact here: whoever calls
 * from within an instruction has synchronized it.
 */
#include "core/machine.h"
#include "cpu/riscv/csr.h"
#include "cpu/riscv/hart.h"

#define NS_PER_SECOND 1000000000ull

typedef unsigned __int128 wide;

/* -- time and stimecmp -- */

uint64_t riscv_time(const struct riscv_cpu *hart)
{
	uint64_t ns = clock_ns(&hart->cpu.machine->clock);
	return (uint64_t)((wide)ns * hart->config.timebase_hz / NS_PER_SECOND);
}

uint64_t riscv_tick_at_time(const struct riscv_cpu *hart, uint64_t time)
{
	uint64_t hz = hart->config.timebase_hz;
	wide ns = ((wide)time * NS_PER_SECOND + hz - 1) / hz;
	if (ns > UINT64_MAX)
		return CLOCK_NEVER;
	return clock_tick_at_ns(&hart->cpu.machine->clock, (uint64_t)ns);
}

static void set_stip(struct riscv_cpu *hart, bool level)
{
	const uint64_t stip = RV_BIT(RV_IRQ_STI);
	if (level != !!(hart->irq_level & stip))
		riscv_observe_irq(hart, RV_IRQ_STI, level);
	hart->irq_level = level ? hart->irq_level | stip : hart->irq_level & ~stip;
	cpu_attention(&hart->cpu);
}

void riscv_stimer_fire(void *opaque, uint64_t now)
{
	(void)now;
	set_stip(opaque, true);
}

void riscv_set_stimecmp(struct riscv_cpu *hart, uint64_t value)
{
	struct clock *clock = &hart->cpu.machine->clock;
	hart->stimecmp = value;
	bool due = riscv_time(hart) >= value;
	clock_schedule(clock, hart->stimer, due ? CLOCK_NEVER : riscv_tick_at_time(hart, value));
	set_stip(hart, due);
}

void csr_write_stimecmp(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	(void)csr;
	riscv_set_stimecmp(hart, value);
}

const char *csr_gate_stimecmp(const struct riscv_cpu *hart, const struct csr *csr)
{
	(void)csr;
	if (hart->cpu.level == RV_M)
		return NULL;
	if (!(hart->menvcfg & MENVCFG_STCE))
		return "menvcfg.STCE=0";
	return hart->mcounteren & COUNTEREN_TM ? NULL : "mcounteren.TM=0";
}

uint64_t csr_read_time(const struct riscv_cpu *hart, const struct csr *csr)
{
	(void)csr;
	return riscv_time(hart);
}

/* -- mcycle and minstret -- */

static uint64_t cycles(const struct riscv_cpu *hart)
{
	return hart->cpu.machine->clock.now;
}

static uint64_t retired(const struct riscv_cpu *hart)
{
	return hart->cpu.machine->clock.now - hart->cpu.idle_ticks;
}

/* An offset is relative to the count while it runs, and the value itself while inhibited. */
static uint64_t counter_read(const struct riscv_cpu *hart, uint64_t offset, uint64_t inhibit,
			     uint64_t count)
{
	return hart->mcountinhibit & inhibit ? offset : offset + count;
}

/* The writing instruction is not counted any more: what it writes is what the next one reads. */
static void counter_write(struct riscv_cpu *hart, uint64_t *offset, uint64_t inhibit,
			  uint64_t count, uint64_t value)
{
	*offset = hart->mcountinhibit & inhibit ? value : value - (count + 1);
}

uint64_t csr_read_cycle(const struct riscv_cpu *hart, const struct csr *csr)
{
	(void)csr;
	return counter_read(hart, hart->mcycle_offset, COUNTEREN_CY, cycles(hart));
}

uint64_t csr_read_instret(const struct riscv_cpu *hart, const struct csr *csr)
{
	(void)csr;
	return counter_read(hart, hart->minstret_offset, COUNTEREN_IR, retired(hart));
}

void csr_write_mcycle(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	(void)csr;
	counter_write(hart, &hart->mcycle_offset, COUNTEREN_CY, cycles(hart), value);
}

void csr_write_minstret(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	(void)csr;
	counter_write(hart, &hart->minstret_offset, COUNTEREN_IR, retired(hart), value);
}

static uint64_t hpm_bits(const struct riscv_cpu *hart)
{
	return riscv_has(hart, RV_EXT_ZIHPM) ? 0xfffffff8ull : 0;
}

/* Stops and starts counters: an offset changes its meaning without changing the value read. */
void csr_write_mcountinhibit(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	uint64_t next = value & (COUNTEREN_CY | COUNTEREN_IR | hpm_bits(hart));
	uint64_t changed = hart->mcountinhibit ^ next;
	if (changed & COUNTEREN_CY)
		hart->mcycle_offset += next & COUNTEREN_CY ? cycles(hart) : -cycles(hart);
	if (changed & COUNTEREN_IR)
		hart->minstret_offset += next & COUNTEREN_IR ? retired(hart) : -retired(hart);
	csr_field_write(hart, csr, next);
}

/* -- mhpmcounter, mhpmevent: registers that hold, as no event is implemented -- */

#define HPM_FIRST 3

static unsigned hpm_index(const struct csr *csr)
{
	return (csr->number & 31) - HPM_FIRST;
}

uint64_t csr_read_hpmcounter(const struct riscv_cpu *hart, const struct csr *csr)
{
	return hart->mhpmcounter[hpm_index(csr)];
}

void csr_write_mhpmcounter(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	if (hpm_bits(hart))
		hart->mhpmcounter[hpm_index(csr)] = value;
}

uint64_t csr_read_mhpmevent(const struct riscv_cpu *hart, const struct csr *csr)
{
	return hart->mhpmevent[hpm_index(csr)];
}

void csr_write_mhpmevent(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	if (riscv_has(hart, RV_EXT_SSCOFPMF) && hpm_bits(hart))
		hart->mhpmevent[hpm_index(csr)] = value & (MHPMEVENT_OF | MHPMEVENT_INH);
}

uint64_t csr_read_scountovf(const struct riscv_cpu *hart, const struct csr *csr)
{
	(void)csr;
	uint64_t overflow = 0;
	for (unsigned i = 0; i < sizeof(hart->mhpmevent) / sizeof(hart->mhpmevent[0]); i++)
		if (hart->mhpmevent[i] & MHPMEVENT_OF)
			overflow |= RV_BIT(i + HPM_FIRST);
	return hart->cpu.level == RV_M ? overflow : overflow & hart->mcounteren;
}

/* -- access to the counters from below -- */

void csr_write_counteren(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	uint64_t writable = COUNTEREN_CY | COUNTEREN_TM | COUNTEREN_IR | hpm_bits(hart);
	csr_field_write(hart, csr, value & writable);
}

const char *csr_gate_counter(const struct riscv_cpu *hart, const struct csr *csr)
{
	static const char *const machine[] = {"mcounteren.CY=0", "mcounteren.TM=0",
					      "mcounteren.IR=0", "mcounteren.HPM=0"};
	static const char *const supervisor[] = {"scounteren.CY=0", "scounteren.TM=0",
						 "scounteren.IR=0", "scounteren.HPM=0"};
	unsigned counter = csr->number & 31;
	unsigned name = counter < HPM_FIRST ? counter : HPM_FIRST;
	if (hart->cpu.level < RV_M && !(hart->mcounteren >> counter & 1))
		return machine[name];
	if (hart->cpu.level < RV_S && !(hart->scounteren >> counter & 1))
		return supervisor[name];
	return NULL;
}
