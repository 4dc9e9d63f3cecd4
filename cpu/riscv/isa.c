/* What engine and machine see of RISC-V: struct isa, the mode word, names. */
#include "cpu/riscv/bits.h"
#include "cpu/riscv/mode.h"
#include "cpu/riscv/translate.h"

static const char *const register_names[] = {
	"zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
	"a1",   "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
	"s6",   "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
};

const struct isa riscv_isa = {
	.name = "riscv64",
	.cpu_size = sizeof(struct riscv_cpu),
	.register_names = register_names,
	.register_count = sizeof(register_names) / sizeof(register_names[0]),
	.max_insn_length = 4,
	.min_insn_length = 2,
 /* a5 a4 a0 a3 a2 s0 sp a1 s1 a6 */
	.hot_registers = {15,  14, 10, 13, 12, 8, 2, 11, 9, 16},
	.zero_register = 0,
	.reset = riscv_reset,
	.update_mode = riscv_update_mode,
	.translate = riscv_translate,
	.walk = riscv_walk,
	.access_fault = riscv_access_fault,
	.deliver = riscv_deliver,
	.interrupt = riscv_interrupt,
	.wakeup = riscv_wakeup,
	.level_name = riscv_level_name,
	.cause_name = riscv_cause_name,
	.trap_value_names = {"tval", NULL,  "tinst"  },
};

void riscv_update_mode(struct cpu *cpu)
{
	struct riscv_cpu *hart = riscv_cpu(cpu);
	cpu->aligned_only = hart->config.misaligned_trap;
	cpu->ignore_bus_errors = hart->config.ignore_bus_errors;
	riscv_refresh_mode(hart);
}

void riscv_set_mstatus(struct riscv_cpu *hart, uint64_t value)
{
	riscv_change_mstatus(hart, value);
}

void riscv_set_fs_dirty(struct riscv_cpu *hart)
{
	hart->mstatus |= MSTATUS_FS;
	riscv_update_mode(&hart->cpu);
}

const char *riscv_level_name(const struct cpu *cpu, unsigned level)
{
	(void)cpu;
	static const char *const names[] = {"U", "S", "reserved", "M"};
	return level < sizeof(names) / sizeof(names[0]) ? names[level] : "none";
}

static const char *const exception_names[] = {
#define EXCEPTION(code, name, ...) [code] = name,
#define INTERRUPT(code, name, ...)
#include "cpu/riscv/cause.def"
#undef EXCEPTION
#undef INTERRUPT
};

static const char *const interrupt_names[] = {
#define EXCEPTION(code, name, ...)
#define INTERRUPT(code, name, ...) [code] = name,
#include "cpu/riscv/cause.def"
#undef EXCEPTION
#undef INTERRUPT
};

const char *riscv_cause_name(const struct trap *trap)
{
	const char *const *names = trap->interrupt ? interrupt_names : exception_names;
	uint64_t count = trap->interrupt ? sizeof(interrupt_names) / sizeof(interrupt_names[0])
					 : sizeof(exception_names) / sizeof(exception_names[0]);
	const char *name = trap->cause < count ? names[trap->cause] : NULL;
	return name ? name : "reserved";
}
