/* CSR rules of the interrupt registers: mip, mie, mideleg and their supervisor views. */
#include "core/machine.h"
#include "cpu/riscv/csr.h"
#include "cpu/riscv/hart.h"
#include "engine/engine.h"

uint64_t riscv_interrupt_bits(const struct riscv_cpu *hart)
{
	uint64_t bits = RV_IRQ_S_BITS | RV_IRQ_M_BITS;
	if (!riscv_has(hart, RV_EXT_SSCOFPMF))
		bits &= ~RV_BIT(RV_IRQ_LCOFI);
	return bits;
}

/* With Sstc enabled, STIP is the comparator and nothing else; without it, a latch. */
static bool stip_is_comparator(const struct riscv_cpu *hart)
{
	return hart->menvcfg & MENVCFG_STCE;
}

uint64_t riscv_mip(const struct riscv_cpu *hart)
{
	const uint64_t stip = RV_BIT(RV_IRQ_STI);
	uint64_t pending = hart->mip | (hart->irq_level & ~stip);
	if (stip_is_comparator(hart))
		pending = (pending & ~stip) | (hart->irq_level & stip);
	return pending;
}

void riscv_observe_irq(struct riscv_cpu *hart, unsigned number, bool level)
{
	const struct cpu *cpu = &hart->cpu;
	const struct observer_list *observers = &cpu->machine->observers;
	if (!observer_wants(observers, OBSERVE_IRQ))
		return;
	/* Either an instruction of this hart caused it, or it comes between instructions. */
	bool inside = cpu->machine->running == cpu && cpu->uop && cpu->exit == CPU_EXIT_NONE;
	struct observation observation = {
		.kind = OBSERVE_IRQ,
		.icount = cpu->machine->clock.now,
		.pc = inside ? engine_pc(cpu) : cpu->pc,
		.irq = {number, level},
	};
	observer_notify(observers, cpu, &observation);
}

void riscv_irq_level(struct riscv_cpu *hart, unsigned number, bool level)
{
	bool wire = number == RV_IRQ_MSI || number == RV_IRQ_MTI || number == RV_IRQ_MEI ||
		    number == RV_IRQ_SEI;
	uint64_t *word = wire ? &hart->irq_level : &hart->mip;
	uint64_t bit = RV_BIT(number) & riscv_interrupt_bits(hart);
	if (bit && level != !!(*word & bit))
		riscv_observe_irq(hart, number, level);
	if (level)
		*word |= bit;
	else
		*word &= ~bit;
	cpu_attention(&hart->cpu);
}

static void wire_set(void *opaque, unsigned number, bool level)
{
	riscv_irq_level(opaque, number, level);
}

struct irq_line riscv_irq_line(struct riscv_cpu *hart, unsigned number)
{
	return (struct irq_line){.set = wire_set, .opaque = hart, .number = number};
}

uint64_t csr_read_mip(const struct riscv_cpu *hart, const struct csr *csr)
{
	(void)csr;
	return riscv_mip(hart);
}

void csr_write_mip(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	(void)csr;
	uint64_t writable = RV_IRQ_S_BITS & riscv_interrupt_bits(hart);
	if (stip_is_comparator(hart))
		writable &= ~RV_BIT(RV_IRQ_STI);
	hart->mip = (hart->mip & ~writable) | (value & writable);
	cpu_attention(&hart->cpu);
}

void csr_write_mie(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	csr_field_write(hart, csr, value & riscv_interrupt_bits(hart));
	cpu_attention(&hart->cpu);
}

void csr_write_mideleg(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	csr_field_write(hart, csr, value & RV_IRQ_S_BITS & riscv_interrupt_bits(hart));
	cpu_attention(&hart->cpu);
}

/* The views show what mideleg gives away; the rest reads as zero and ignores writes. */

uint64_t csr_read_sip(const struct riscv_cpu *hart, const struct csr *csr)
{
	(void)csr;
	return riscv_mip(hart) & hart->mideleg;
}

void csr_write_sip(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	(void)csr;
	uint64_t writable = hart->mideleg & (RV_BIT(RV_IRQ_SSI) | RV_BIT(RV_IRQ_LCOFI));
	hart->mip = (hart->mip & ~writable) | (value & writable);
	cpu_attention(&hart->cpu);
}

uint64_t csr_read_sie(const struct riscv_cpu *hart, const struct csr *csr)
{
	(void)csr;
	return hart->mie & hart->mideleg;
}

void csr_write_sie(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	(void)csr;
	hart->mie = (hart->mie & ~hart->mideleg) | (value & hart->mideleg);
	cpu_attention(&hart->cpu);
}
