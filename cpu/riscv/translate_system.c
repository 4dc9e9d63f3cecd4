/*
 * CSR accesses, environment calls, and the privileged instructions.
 */
#include "cpu/riscv/emit.h"

#include "core/machine.h"
#include "cpu/riscv/bits.h"
#include "cpu/riscv/csr.h"
#include "cpu/riscv/hart.h"
#include "cpu/riscv/trap.h"
#include "engine/engine.h"

/* -- CSRs (unprivileged manual, "Zicsr") -- */

/* argument of help_csr */
#define CSR_ARGUMENT(operation, zimm, read, write)                                                 \
	((uint64_t)(operation) | (uint64_t)(zimm) << 8 | (uint64_t)(read) << 16 |                  \
	 (uint64_t)(write) << 17)
#define CSR_IMMEDIATE (1 << 18)
#define CSR_TIMELESS  (1 << 19) /* neither reads nor writes look at the clock */

#define CSR_SSTATUS 0x100

static bool help_csr(struct cpu *cpu, const struct uop *uop)
{
	uint64_t argument = uop_wide(uop, 1)->call.argument;
	uint64_t operand = argument & CSR_IMMEDIATE ? argument >> 8 & 31 : cpu->r[uop->a];
	bool read = argument >> 16 & 1, write = argument >> 17 & 1;
	uint64_t mask = operand, value = 0;
	switch ((enum riscv_csr_operation)(argument & 3)) {
	case CSR_WRITE:
		mask = UINT64_MAX;
		value = operand;
		break;
	case CSR_SET: value = UINT64_MAX; break;
	case CSR_CLEAR: break;
	}
	uint64_t old = 0;
	if (!(argument & CSR_TIMELESS) || observer_wants(&cpu->machine->observers, OBSERVE_CSR))
		engine_sync_clock(cpu);
	if (!riscv_csr_access(riscv_cpu(cpu), (unsigned)uop->imm, read, write, mask, value, &old))
		return false;
	if (read)
		cpu->r[uop->d] = old;
	return true;
}

/*
 * CSRs whose value neither is part of the mode word nor bears on interrupts or translation: a
 * write need not end the block.
 */
static bool csr_write_is_local(const struct builder *builder, unsigned number)
{
	switch (number) {
	case 0x001: /* fflags; the first write sets FS to dirty */
		return !(builder->cpu->mode & RV_MODE_FS_CLEAN);
	case 0x105: /* stvec */
	case 0x140: /* sscratch */
	case 0x141: /* sepc */
	case 0x142: /* scause */
	case 0x143: /* stval */
	case 0x305: /* mtvec */
	case 0x340: /* mscratch */
	case 0x341: /* mepc */
	case 0x342: /* mcause */
	case 0x343: /* mtval */ return true;
	default: return false;
	}
}

/* Often accessed CSRs that have rules of their own, but none about time. */
static bool csr_is_timeless(unsigned number)
{
	switch (number) {
	case CSR_SSTATUS:
	case 0x104: /* sie */
	case 0x144: /* sip */
	case 0x180: /* satp */
	case 0x300: /* mstatus */
	case 0x304: /* mie */
	case 0x344: /* mip */ return true;
	default: return false;
	}
}

/* CSRRSI and CSRRCI of sstatus.SIE. imm: the new SIE. */
static bool help_interrupt_enable(struct cpu *cpu, const struct uop *uop)
{
	struct riscv_cpu *hart = riscv_cpu(cpu);
	uint64_t old = csr_read_sstatus(hart, NULL);
	if (uop->imm)
		hart->mstatus |= MSTATUS_SIE;
	else
		hart->mstatus &= ~MSTATUS_SIE;
	if (uop->imm && riscv_wakeup(cpu))
		cpu_attention(cpu);
	cpu->r[uop->d] = old;
	return true;
}

/*
 * What kernels do all the time: interrupts off and on again. SIE is not in the mode word, and a
 * pending interrupt leaves the block after the instruction: it goes on.
 */
static bool riscv_emit_interrupt_enable(struct builder *builder, const struct riscv_operands *o)
{
	unsigned operation = o->row->argument;
	if (o->imm != CSR_SSTATUS || riscv_emit_level(builder) == RV_U || operation == CSR_WRITE ||
	    o->row->format != RV_FORMAT_CSR_I || o->rs1 != MSTATUS_SIE)
		return false;
	build_call(builder, help_interrupt_enable, riscv_emit_destination(o), 0, 0,
		   operation == CSR_SET, 0);
	return true;
}

/* The row if accesses at this level are always allowed and are plain ones of a field; or NULL. */
static const struct csr *plain_csr(const struct builder *builder, unsigned number, bool write)
{
	const struct riscv_cpu *hart = riscv_cpu(builder->cpu);
	const struct csr *csr = riscv_csr_find(hart, number);
	if (!csr || csr->gate || csr->read || !csr->field ||
	    (number >> 8 & 3) > riscv_emit_level(builder))
		return NULL;
	if (!write)
		return csr;
	bool whole = csr->mask == UINT64_MAX && (!csr->write || csr->write == csr_write_xepc);
	return whole && csr_write_is_local(builder, number) ? csr : NULL;
}

#define TEMP_VALUE REG_TEMP
#define TEMP_OLD   (REG_TEMP + 1)

/* The register that holds what CSRRW writes; it outlives rd = old value. */
static unsigned riscv_emit_csr_value(struct builder *builder, const struct riscv_operands *o,
				     bool read)
{
	if (o->row->format == RV_FORMAT_CSR_I)
		build_constant(builder, TEMP_VALUE, o->rs1);
	else if (read && o->rd == o->rs1)
		build_op(builder, UOP_MOV, TEMP_VALUE, o->rs1, 0, 0);
	else
		return o->rs1;
	return TEMP_VALUE;
}

/* What CSRRS and CSRRC write, from TEMP_OLD. */
static unsigned riscv_emit_csr_modified(struct builder *builder, const struct riscv_operands *o)
{
	bool set = o->row->argument == CSR_SET;
	if (o->row->format != RV_FORMAT_CSR_I)
		build_op(builder, set ? UOP_OR : UOP_ANDN, TEMP_VALUE, TEMP_OLD, o->rs1, 0);
	else if (set)
		build_op(builder, UOP_ORI, TEMP_VALUE, TEMP_OLD, 0, (int32_t)o->rs1);
	else
		build_op(builder, UOP_ANDI, TEMP_VALUE, TEMP_OLD, 0, ~(int32_t)o->rs1);
	return TEMP_VALUE;
}

/* A plain CSR: a move from or to its field. */
static void riscv_emit_plain_csr(struct builder *builder, const struct riscv_operands *o,
				 const struct csr *csr, bool read, bool write)
{
	int32_t field = (int32_t)csr->field;
	if (!write) {
		build_op(builder, UOP_GET, riscv_emit_destination(o), 0, 0, field);
		return;
	}
	bool modify = o->row->argument != CSR_WRITE;
	if (modify)
		build_op(builder, UOP_GET, TEMP_OLD, 0, 0, field);
	unsigned value = modify ? riscv_emit_csr_modified(builder, o)
				: riscv_emit_csr_value(builder, o, read);
	if (csr->write == csr_write_xepc) {
		int32_t aligned = riscv_has(riscv_cpu(builder->cpu), RV_EXT_C) ? ~1 : ~3;
		build_op(builder, UOP_ANDI, TEMP_VALUE, value, 0, aligned);
		value = TEMP_VALUE;
	}
	if (read && o->rd && modify)
		build_op(builder, UOP_MOV, o->rd, TEMP_OLD, 0, 0);
	else if (read && o->rd)
		build_op(builder, UOP_GET, o->rd, 0, 0, field);
	build_op(builder, UOP_PUT, 0, value, 0, field);
}

void riscv_emit_csr(struct builder *builder, const struct riscv_operands *o)
{
	unsigned operation = o->row->argument, number = (unsigned)o->imm;
	bool immediate = o->row->format == RV_FORMAT_CSR_I;
	/* CSRRW to x0 does not read; setting or clearing with x0 or 0 does not write. */
	bool read = operation != CSR_WRITE || o->rd;
	bool write = operation == CSR_WRITE || o->rs1;
	const struct csr *plain = plain_csr(builder, number, write);
	if (!observer_wants(&builder->cpu->machine->observers, OBSERVE_CSR)) {
		if (riscv_emit_interrupt_enable(builder, o))
			return;
		if (plain) {
			riscv_emit_plain_csr(builder, o, plain, read, write);
			return;
		}
	}
	uint64_t argument = CSR_ARGUMENT(operation, immediate ? o->rs1 : 0, read, write);
	if (immediate)
		argument |= CSR_IMMEDIATE;
	if (csr_is_timeless(number))
		argument |= CSR_TIMELESS;
	build_call(builder, help_csr, riscv_emit_destination(o), immediate ? 0 : o->rs1, 0,
		   (int32_t)number, argument);
	if (write && !csr_write_is_local(builder, number))
		build_leave(builder);
}

/* -- traps on purpose -- */

void riscv_emit_ecall(struct builder *builder, const struct riscv_operands *o)
{
	(void)o;
	build_trap(builder, RV_CAUSE_ECALL_U + riscv_emit_level(builder), 0, "ecall");
}

void riscv_emit_ebreak(struct builder *builder, const struct riscv_operands *o)
{
	(void)o;
	build_trap(builder, RV_CAUSE_BREAKPOINT, builder->pc, "ebreak");
}

/* -- privileged instructions: trap.c does the work -- */

static bool help_mret(struct cpu *cpu, const struct uop *uop)
{
	(void)uop;
	return riscv_mret(riscv_cpu(cpu));
}

static bool help_sret(struct cpu *cpu, const struct uop *uop)
{
	(void)uop;
	return riscv_sret(riscv_cpu(cpu));
}

static bool help_wfi(struct cpu *cpu, const struct uop *uop)
{
	engine_sync_clock(cpu);
	if (!riscv_wfi(riscv_cpu(cpu)))
		return false;
	cpu->pc = uop_wide(uop, 1)->call.argument;
	if (cpu->halted)
		cpu_attention(cpu);
	return true;
}

void riscv_emit_privileged(struct builder *builder, const struct riscv_operands *o)
{
	static uop_helper *const helper[] = {
		[PRIVILEGED_MRET] = help_mret,
		[PRIVILEGED_SRET] = help_sret,
		[PRIVILEGED_WFI] = help_wfi,
	};
	build_call_end(builder, helper[o->row->argument], 0, 0, 0, 0,
		       builder->pc + builder->length);
}

/*
 * Zihintpause, Zawrs: a bounded wait, here of some virtual time without instructions. Loops that
 * spin on the clock or on another hart then see time pass between their reads, as on hardware, and
 * cost the host little.
 */
static bool help_pause(struct cpu *cpu, const struct uop *uop)
{
	int64_t ticks = cpu->budget < RISCV_PAUSE_TICKS ? cpu->budget : RISCV_PAUSE_TICKS;
	cpu->budget -= ticks;
	cpu->idle_ticks += (uint64_t)ticks;
	cpu->pc = uop_wide(uop, 1)->call.argument;
	return true;
}

void riscv_emit_pause(struct builder *builder, const struct riscv_operands *o)
{
	(void)o;
	build_call_end(builder, help_pause, 0, 0, 0, 0, builder->pc + builder->length);
}

/* imm: bit 0: rs1 is not x0, bit 1: rs2 is not x0. The registers' values do not decide that. */
static bool help_sfence_vma(struct cpu *cpu, const struct uop *uop)
{
	if (!riscv_sfence_vma(riscv_cpu(cpu), uop->imm & 1, cpu->r[uop->a], uop->imm & 2,
			      cpu->r[uop->b]))
		return false;
	cpu->pc = uop_wide(uop, 1)->call.argument;
	return true;
}

void riscv_emit_sfence_vma(struct builder *builder, const struct riscv_operands *o)
{
	int32_t given = (o->rs1 ? 1 : 0) | (o->rs2 ? 2 : 0);
	build_call_end(builder, help_sfence_vma, 0, o->rs1, o->rs2, given,
		       builder->pc + builder->length);
}

/* SFENCE.W.INVAL, SFENCE.INVAL.IR: SINVAL.VMA already does all that SFENCE.VMA does. */
void riscv_emit_sfence_order(struct builder *builder, const struct riscv_operands *o)
{
	(void)o;
	if (riscv_emit_level(builder) == RV_U)
		riscv_emit_illegal(builder, "not in U-mode");
	else
		build_leave(builder);
}

/* Stores to code take effect at once; a new block is all that FENCE.I asks for. */
void riscv_emit_fence_i(struct builder *builder, const struct riscv_operands *o)
{
	(void)o;
	build_leave(builder);
}
