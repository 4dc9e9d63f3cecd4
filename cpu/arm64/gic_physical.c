/* The physical GIC CPU interface: priorities, and the ICC_* registers that stand for either. */
#include "cpu/arm64/gic.h"

#include "cpu/arm64/pe.h"
#include "cpu/arm64/sysreg_special.h"
#include "cpu/arm64/trap.h"

/* -- priorities, of both interfaces -- */

uint8_t gic_running_priority(const struct gic_active *active)
{
	return gic_most_urgent((uint32_t)(*active->group[0] | *active->group[1]));
}

void gic_raise_priority(const struct gic_active *active, unsigned group, uint8_t priority)
{
	*active->group[group] |= gic_priority_bit(priority);
}

bool gic_drop_priority(const struct gic_active *active, unsigned group)
{
	uint32_t own = (uint32_t)*active->group[group];
	uint32_t other = (uint32_t)*active->group[!group];
	if (!own || (other && __builtin_ctz(other) < __builtin_ctz(own)))
		return false;
	*active->group[group] = own & (own - 1);
	return true;
}

/* -- the physical interface -- */

static struct gic_active active_of(const struct arm64_cpu *pe)
{
	uint64_t *sysreg = (uint64_t *)pe->sysreg;
	return (struct gic_active){
		{&sysreg[A64_ICC_AP0R0_EL1], &sysreg[A64_ICC_AP1R0_EL1]}
        };
}

static uint8_t group_priority(const struct arm64_cpu *pe, const struct gic_pending *pending)
{
	return gic_group_priority(pending->group, pe->sysreg[A64_ICC_CTLR_EL1] & ICC_CTLR_CBPR,
				  (unsigned)pe->sysreg[A64_ICC_BPR0_EL1],
				  (unsigned)pe->sysreg[A64_ICC_BPR1_EL1], pending->priority);
}

/* Whether what is pending is urgent enough to be signalled, and so acknowledged. */
static bool can_signal(const struct arm64_cpu *pe)
{
	const struct gic_pending *pending = &pe->pending;
	if (pending->intid == GIC_INTID_NONE || pending->priority >= pe->sysreg[A64_ICC_PMR_EL1])
		return false;
	struct gic_active active = active_of(pe);
	uint8_t running = gic_running_priority(&active);
	return running == GIC_IDLE || group_priority(pe, pending) < running;
}

uint32_t gic_physical_lines(const struct arm64_cpu *pe)
{
	if (!can_signal(pe))
		return 0;
	return pe->pending.group == GIC_GROUP0 ? A64_LINE_FIQ : A64_LINE_IRQ;
}

static void enable_groups(struct arm64_cpu *pe)
{
	const struct gic_distributor *gic = &pe->distributor;
	unsigned groups = (pe->sysreg[A64_ICC_IGRPEN0_EL1] & 1) |
			  (pe->sysreg[A64_ICC_IGRPEN1_EL1] & 1) << GIC_GROUP1;
	if (gic->ops)
		gic->ops->enable_groups(gic->opaque, pe->cpu.index, groups);
}

void gic_update(struct arm64_cpu *pe)
{
	uint32_t lines = pe->irq_wires | gic_physical_lines(pe) | gic_virtual_lines(pe);
	uint32_t changed = lines ^ pe->irq_level;
	if (!changed)
		return;
	if (changed & lines)
		cpu_attention(&pe->cpu);
	pe->irq_level = lines;
	arm64_observe_lines(pe, changed);
}

void gic_refresh(struct arm64_cpu *pe)
{
	const struct gic_distributor *gic = &pe->distributor;
	pe->pending = gic->ops ? gic->ops->highest(gic->opaque, pe->cpu.index)
			       : (struct gic_pending){GIC_INTID_NONE, GIC_IDLE, GIC_GROUP0};
	gic_update(pe);
}

void gic_restart(struct arm64_cpu *pe)
{
	uint64_t *sysreg = pe->sysreg;
	sysreg[A64_ICC_PMR_EL1] &= GIC_PRIORITY_MASK;
	sysreg[A64_ICC_BPR0_EL1] = gic_binary_point(GIC_BPR0_MIN, sysreg[A64_ICC_BPR0_EL1]);
	sysreg[A64_ICC_BPR1_EL1] = gic_binary_point(GIC_BPR1_MIN, sysreg[A64_ICC_BPR1_EL1]);
	pe->irq_wires &= A64_LINES;
	gic_restart_virtual(pe);
	enable_groups(pe);
	gic_refresh(pe);
}

static void gic_changed(void *opaque, unsigned number, bool level)
{
	(void)number, (void)level;
	gic_refresh(opaque);
}

struct irq_line arm64_gic_line(struct arm64_cpu *pe)
{
	return (struct irq_line){.set = gic_changed, .opaque = pe};
}

void arm64_connect_gic(struct arm64_cpu *pe, struct gic_distributor distributor)
{
	pe->distributor = distributor;
	gic_restart(pe);
}

static void wire_changed(void *opaque, unsigned number, bool level)
{
	struct arm64_cpu *pe = opaque;
	uint32_t bit = 1u << number & A64_LINES;
	pe->irq_wires = level ? pe->irq_wires | bit : pe->irq_wires & ~bit;
	gic_update(pe);
}

struct irq_line arm64_interrupt_line(struct arm64_cpu *pe, unsigned line)
{
	return (struct irq_line){.set = wire_changed, .opaque = pe, .number = line & 3};
}

/* -- acknowledge and end -- */

static uint64_t acknowledge(struct arm64_cpu *pe, unsigned group)
{
	const struct gic_distributor *gic = &pe->distributor;
	struct gic_pending pending = pe->pending;
	if (pending.group != group || !can_signal(pe))
		return GIC_INTID_NONE;
	struct gic_active active = active_of(pe);
	gic_raise_priority(&active, group, group_priority(pe, &pending));
	gic->ops->activate(gic->opaque, pe->cpu.index, pending.intid);
	gic_update(pe);
	return pending.intid;
}

static void deactivate(struct arm64_cpu *pe, uint64_t intid)
{
	const struct gic_distributor *gic = &pe->distributor;
	if (gic->ops)
		gic->ops->deactivate(gic->opaque, pe->cpu.index, (uint32_t)intid);
}

static bool splits_end(const struct arm64_cpu *pe)
{
	return pe->sysreg[A64_ICC_CTLR_EL1] & ICC_CTLR_EOIMODE;
}

static void end(struct arm64_cpu *pe, unsigned group, uint64_t intid)
{
	struct gic_active active = active_of(pe);
	if (intid >= GIC_SPECIAL || !gic_drop_priority(&active, group))
		return;
	if (!splits_end(pe))
		deactivate(pe, intid);
	gic_update(pe);
}

/* -- registers -- */

enum { GROUP0 = 1 << GIC_GROUP0, GROUP1 = 1 << GIC_GROUP1, EITHER = GROUP0 | GROUP1 };

bool gic_is_virtual(const struct arm64_cpu *pe, unsigned groups)
{
	uint64_t routed = (groups & GROUP0 ? HCR_FMO : 0) | (groups & GROUP1 ? HCR_IMO : 0);
	return pe->cpu.level == A64_EL1 && arm64_hcr(pe) & routed;
}

/* The group of a register that exists for both: its row. */
static unsigned group_of(enum arm64_sysreg reg)
{
	switch (reg) {
	case A64_ICC_IAR0_EL1:
	case A64_ICC_EOIR0_EL1:
	case A64_ICC_HPPIR0_EL1:
	case A64_ICC_BPR0_EL1:
	case A64_ICC_AP0R0_EL1:
	case A64_ICC_IGRPEN0_EL1: return GIC_GROUP0;
	default: return GIC_GROUP1;
	}
}

uint64_t read_icc_iar(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	unsigned group = group_of(reg);
	return gic_is_virtual(pe, 1u << group) ? gic_virtual_acknowledge(pe, group)
					       : acknowledge(pe, group);
}

/* No interrupt has superpriority, physical or virtual. */
uint64_t read_icc_nmiar(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	(void)pe, (void)reg;
	return GIC_INTID_NONE;
}

void write_icc_eoir(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	unsigned group = group_of(reg);
	if (gic_is_virtual(pe, 1u << group))
		gic_virtual_end(pe, group, value & GIC_INTID_MASK);
	else
		end(pe, group, value & GIC_INTID_MASK);
}

/* With EOImode=0 a write is UNPREDICTABLE: ignored. */
void write_icc_dir(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	(void)reg;
	if (gic_is_virtual(pe, EITHER))
		gic_virtual_deactivate(pe, value & GIC_INTID_MASK);
	else if (splits_end(pe))
		deactivate(pe, value & GIC_INTID_MASK);
}

uint64_t read_icc_hppir(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	unsigned group = group_of(reg);
	if (gic_is_virtual(pe, 1u << group))
		return gic_virtual_highest(pe, group);
	return pe->pending.group == group ? pe->pending.intid : GIC_INTID_NONE;
}

uint64_t read_icc_rpr(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	(void)reg;
	if (gic_is_virtual(pe, EITHER))
		return gic_virtual_running(pe);
	struct gic_active active = active_of(pe);
	return gic_running_priority(&active);
}

uint64_t read_icc_pmr(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	return gic_is_virtual(pe, EITHER) ? gic_virtual_priority_mask(pe) : pe->sysreg[reg];
}

void write_icc_pmr(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	if (gic_is_virtual(pe, EITHER)) {
		gic_virtual_set_priority_mask(pe, value);
		return;
	}
	pe->sysreg[reg] = value & GIC_PRIORITY_MASK;
	gic_update(pe);
}

/* With CBPR=1 group 1 uses the binary point of group 0, and shows it as one more. */
uint64_t read_icc_bpr(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	unsigned group = group_of(reg);
	if (gic_is_virtual(pe, 1u << group))
		return gic_virtual_binary_point(pe, group);
	uint64_t shared = pe->sysreg[A64_ICC_BPR0_EL1] + 1;
	if (group == GIC_GROUP1 && pe->sysreg[A64_ICC_CTLR_EL1] & ICC_CTLR_CBPR)
		return shared < 7 ? shared : 7;
	return pe->sysreg[reg];
}

void write_icc_bpr(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	unsigned group = group_of(reg);
	unsigned least = group == GIC_GROUP0 ? GIC_BPR0_MIN : GIC_BPR1_MIN;
	value &= 7;
	if (gic_is_virtual(pe, 1u << group)) {
		gic_virtual_set_binary_point(pe, group, value);
		return;
	}
	if (group == GIC_GROUP1 && pe->sysreg[A64_ICC_CTLR_EL1] & ICC_CTLR_CBPR)
		return;
	pe->sysreg[reg] = gic_binary_point(least, value);
	gic_update(pe);
}

/* Five bits of priority, 16 of INTID. */
uint64_t read_icc_ctlr(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	uint64_t fixed = ICC_CTLR_A3V | 4 << ICC_CTLR_PRIBITS_SHIFT;
	return fixed | (gic_is_virtual(pe, EITHER) ? gic_virtual_control(pe) : pe->sysreg[reg]);
}

void write_icc_ctlr(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	value &= ICC_CTLR_CBPR | ICC_CTLR_EOIMODE;
	if (gic_is_virtual(pe, EITHER)) {
		gic_virtual_set_control(pe, value);
		return;
	}
	pe->sysreg[reg] = value;
	gic_update(pe);
}

uint64_t read_icc_igrpen(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	unsigned group = group_of(reg);
	return gic_is_virtual(pe, 1u << group) ? gic_virtual_enabled(pe, group) : pe->sysreg[reg];
}

void write_icc_igrpen(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	unsigned group = group_of(reg);
	if (gic_is_virtual(pe, 1u << group)) {
		gic_virtual_enable(pe, group, value & 1);
		return;
	}
	pe->sysreg[reg] = value & 1;
	enable_groups(pe);
	gic_refresh(pe);
}

/* Of 32 preemption levels all are in the first register. */
uint64_t read_icc_apr(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	unsigned group = group_of(reg);
	if (!gic_is_virtual(pe, 1u << group))
		return pe->sysreg[reg];
	return pe->sysreg[group == GIC_GROUP0 ? A64_ICH_AP0R0_EL2 : A64_ICH_AP1R0_EL2];
}

void write_icc_apr(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	unsigned group = group_of(reg);
	if (gic_is_virtual(pe, 1u << group))
		reg = group == GIC_GROUP0 ? A64_ICH_AP0R0_EL2 : A64_ICH_AP1R0_EL2;
	pe->sysreg[reg] = (uint32_t)value;
	gic_update(pe);
}

/*
 * EL3 has its own names for bits of the one security state that there is: of group 1 those of the
 * non-secure side count.
 */
enum { EL3_CBPR = 1 << 1, EL3_EOIMODE = 7 << 2 };

uint64_t read_icc_ctlr_el3(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	(void)reg;
	uint64_t ctlr = pe->sysreg[A64_ICC_CTLR_EL1];
	return ICC_CTLR_A3V | 4 << ICC_CTLR_PRIBITS_SHIFT | (ctlr & ICC_CTLR_CBPR ? EL3_CBPR : 0) |
	       (ctlr & ICC_CTLR_EOIMODE ? EL3_EOIMODE : 0);
}

void write_icc_ctlr_el3(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	(void)reg;
	enum { EOIMODE_EL1NS = 1 << 4 };
	pe->sysreg[A64_ICC_CTLR_EL1] = (value & EL3_CBPR ? ICC_CTLR_CBPR : 0) |
				       (value & EOIMODE_EL1NS ? ICC_CTLR_EOIMODE : 0);
	gic_update(pe);
}

uint64_t read_icc_igrpen1_el3(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	(void)reg;
	return pe->sysreg[A64_ICC_IGRPEN1_EL1];
}

void write_icc_igrpen1_el3(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	(void)reg;
	pe->sysreg[A64_ICC_IGRPEN1_EL1] = value & 1;
	enable_groups(pe);
	gic_refresh(pe);
}

/* There is no other way to the interface than system registers. */
uint64_t read_icc_sre(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	enum { SRE = 1, DFB = 2, DIB = 4 };
	return SRE | DFB | DIB | pe->sysreg[reg];
}

/* Enable: whether EL1 may look at its register. */
void write_icc_sre_el2(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	pe->sysreg[reg] = value & ICC_SRE_EL2_Enable;
}

/*
 * ICC_SGI1R_EL1 makes interrupts of either group, the other two of group 0 only: there is one
 * security state. Bits 15:0 are targets by Aff0 above 16 * RS, bit 40 means all others.
 */
void write_icc_sgir(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	const struct gic_distributor *gic = &pe->distributor;
	const struct gic_sgi sgi = {
		.intid = value >> 24 & 15,
		.groups = reg == A64_ICC_SGI1R_EL1 ? EITHER : GROUP0,
		.all_others = value >> 40 & 1,
		.cluster = (uint32_t)((value >> 16 & 0xff) | (value >> 32 & 0xff) << 8 |
				      (value >> 48 & 0xff) << 16),
		.first = (uint8_t)((value >> 44 & 15) * 16),
		.targets = (uint16_t)value,
	};
	if (gic->ops)
		gic->ops->send_sgi(gic->opaque, pe->cpu.index, &sgi);
}
