/* The virtual GIC CPU interface: list registers, ICH_*, and what ICC_* names are to a guest. */
#include "cpu/arm64/gic.h"

#include "cpu/arm64/pe.h"
#include "cpu/arm64/sysreg_special.h"
#include "cpu/arm64/trap.h"

/* ICH_HCR_EL2 */
enum {
	ICH_HCR_EN = 1 << 0,
	ICH_HCR_UIE = 1 << 1,
	ICH_HCR_LRENPIE = 1 << 2,
	ICH_HCR_NPIE = 1 << 3,
	ICH_HCR_GROUP_SHIFT = 4, /* VGrp0EIE, VGrp0DIE, VGrp1EIE, VGrp1DIE */
	ICH_HCR_TRAPS = 0x7c00,  /* TC, TALL0, TALL1, TSEI, TDIR */
	ICH_HCR_TSEI = 1 << 13,
	ICH_HCR_EOICOUNT_SHIFT = 27,
};
#define ICH_HCR_EOICOUNT (31u << ICH_HCR_EOICOUNT_SHIFT)

/* ICH_VMCR_EL2 */
enum {
	VMCR_VENG0 = 1 << 0, /* VENG1 is the next bit */
	VMCR_VFIQEN = 1 << 3,
	VMCR_VCBPR = 1 << 4,
	VMCR_VEOIM = 1 << 9,
	VMCR_VBPR1_SHIFT = 18,
	VMCR_VBPR0_SHIFT = 21,
	VMCR_VPMR_SHIFT = 24,
};

/* ICH_LR<n>_EL2 */
#define LR_INTID(lr)    ((uint32_t)(lr))
#define LR_PINTID(lr)   ((uint32_t)((lr) >> 32 & 0x1fff))
#define LR_PRIORITY(lr) ((uint8_t)((lr) >> 48))
#define LR_GROUP(lr)    ((unsigned)((lr) >> 60 & 1))
#define LR_EOI          (1ull << 41) /* with HW=0 */
#define LR_HW           (1ull << 61)
#define LR_PENDING      (1ull << 62)
#define LR_ACTIVE       (1ull << 63)
#define LR_STATE        (LR_PENDING | LR_ACTIVE)
#define LR_BITS         (0xf0ff1fffffffffffull)

static uint64_t *list_registers(struct arm64_cpu *pe)
{
	return &pe->sysreg[A64_ICH_LR0_EL2];
}
_Static_assert(A64_ICH_LR15_EL2 == A64_ICH_LR0_EL2 + GIC_LIST_REGISTERS - 1,
	       "the list registers are in a row");

static uint64_t list_register(const struct arm64_cpu *pe, unsigned n)
{
	return pe->sysreg[A64_ICH_LR0_EL2 + n];
}

static struct gic_active active_of(const struct arm64_cpu *pe)
{
	uint64_t *sysreg = (uint64_t *)pe->sysreg;
	return (struct gic_active){
		{&sysreg[A64_ICH_AP0R0_EL2], &sysreg[A64_ICH_AP1R0_EL2]}
        };
}

static unsigned vmcr_field(const struct arm64_cpu *pe, unsigned shift, unsigned mask)
{
	return pe->sysreg[A64_ICH_VMCR_EL2] >> shift & mask;
}

static bool is_on(const struct arm64_cpu *pe)
{
	return pe->sysreg[A64_ICH_HCR_EL2] & ICH_HCR_EN;
}

bool gic_virtual_enabled(const struct arm64_cpu *pe, unsigned group)
{
	return vmcr_field(pe, group, 1);
}

static bool is_common(const struct arm64_cpu *pe)
{
	return pe->sysreg[A64_ICH_VMCR_EL2] & VMCR_VCBPR;
}

static bool splits_end(const struct arm64_cpu *pe)
{
	return pe->sysreg[A64_ICH_VMCR_EL2] & VMCR_VEOIM;
}

static uint8_t group_priority(const struct arm64_cpu *pe, uint64_t lr)
{
	return gic_group_priority(LR_GROUP(lr), is_common(pe), vmcr_field(pe, VMCR_VBPR0_SHIFT, 7),
				  vmcr_field(pe, VMCR_VBPR1_SHIFT, 7), LR_PRIORITY(lr));
}

/* -- which interrupt -- */

/* The list register with the most urgent pending interrupt of an enabled group; -1: none. */
static int find_pending(const struct arm64_cpu *pe)
{
	int best = -1;
	if (!is_on(pe))
		return best;
	for (unsigned n = 0; n < GIC_LIST_REGISTERS; n++) {
		uint64_t lr = list_register(pe, n);
		if ((lr & LR_STATE) != LR_PENDING || !gic_virtual_enabled(pe, LR_GROUP(lr)))
			continue;
		if (best < 0 || LR_PRIORITY(lr) < LR_PRIORITY(list_register(pe, (unsigned)best)))
			best = (int)n;
	}
	return best;
}

/* The list register where an interrupt is active; -1: none. */
static int find_active(const struct arm64_cpu *pe, uint64_t intid)
{
	for (unsigned n = 0; n < GIC_LIST_REGISTERS; n++) {
		uint64_t lr = list_register(pe, n);
		if (lr & LR_ACTIVE && LR_INTID(lr) == intid)
			return (int)n;
	}
	return -1;
}

static bool can_signal(const struct arm64_cpu *pe, uint64_t lr)
{
	if (LR_PRIORITY(lr) >= vmcr_field(pe, VMCR_VPMR_SHIFT, 0xff))
		return false;
	struct gic_active active = active_of(pe);
	uint8_t running = gic_running_priority(&active);
	return running == GIC_IDLE || group_priority(pe, lr) < running;
}

uint32_t gic_virtual_lines(const struct arm64_cpu *pe)
{
	int n = find_pending(pe);
	if (n < 0 || !can_signal(pe, list_register(pe, (unsigned)n)))
		return 0;
	return LR_GROUP(list_register(pe, (unsigned)n)) == GIC_GROUP0 ? A64_LINE_VIRTUAL_FIQ
								      : A64_LINE_VIRTUAL_IRQ;
}

uint64_t gic_virtual_highest(const struct arm64_cpu *pe, unsigned group)
{
	int n = find_pending(pe);
	if (n < 0 || LR_GROUP(list_register(pe, (unsigned)n)) != group)
		return GIC_INTID_NONE;
	return LR_INTID(list_register(pe, (unsigned)n));
}

uint64_t gic_virtual_running(const struct arm64_cpu *pe)
{
	struct gic_active active = active_of(pe);
	return gic_running_priority(&active);
}

/* -- the maintenance interrupt -- */

static uint64_t ended(const struct arm64_cpu *pe)
{
	uint64_t bits = 0;
	for (unsigned n = 0; n < GIC_LIST_REGISTERS; n++)
		if (!(list_register(pe, n) & (LR_STATE | LR_HW)) && list_register(pe, n) & LR_EOI)
			bits |= 1ull << n;
	return bits;
}

/* Number of list registers with any of the states. */
static unsigned count_states(const struct arm64_cpu *pe, uint64_t states)
{
	unsigned count = 0;
	for (unsigned n = 0; n < GIC_LIST_REGISTERS; n++)
		count += (list_register(pe, n) & states) != 0;
	return count;
}

static bool none_pending(const struct arm64_cpu *pe)
{
	for (unsigned n = 0; n < GIC_LIST_REGISTERS; n++)
		if ((list_register(pe, n) & LR_STATE) == LR_PENDING)
			return false;
	return true;
}

/* ICH_MISR_EL2: why EL2 wants to be told. */
static uint64_t maintenance(const struct arm64_cpu *pe)
{
	uint64_t hcr = pe->sysreg[A64_ICH_HCR_EL2];
	uint64_t misr = ended(pe) != 0;
	if (hcr & ICH_HCR_UIE && count_states(pe, LR_STATE) <= 1)
		misr |= ICH_HCR_UIE;
	if (hcr & ICH_HCR_LRENPIE && hcr & ICH_HCR_EOICOUNT)
		misr |= ICH_HCR_LRENPIE;
	if (hcr & ICH_HCR_NPIE && none_pending(pe))
		misr |= ICH_HCR_NPIE;
	for (unsigned group = 0; group < 2; group++) {
		unsigned when_enabled = 1u << (ICH_HCR_GROUP_SHIFT + 2 * group);
		misr |= hcr & (gic_virtual_enabled(pe, group) ? when_enabled : when_enabled << 1);
	}
	return misr;
}

/* After anything that the virtual interface consists of has changed. */
static void virtual_changed(struct arm64_cpu *pe)
{
	irq_set(&pe->wire[A64_WIRE_MAINTENANCE], is_on(pe) && maintenance(pe));
	gic_update(pe);
}

/* -- acknowledge and end -- */

uint64_t gic_virtual_acknowledge(struct arm64_cpu *pe, unsigned group)
{
	int n = find_pending(pe);
	if (n < 0)
		return GIC_INTID_NONE;
	uint64_t *lr = &list_registers(pe)[n];
	if (LR_GROUP(*lr) != group || !can_signal(pe, *lr))
		return GIC_INTID_NONE;
	uint32_t intid = LR_INTID(*lr);
	struct gic_active active = active_of(pe);
	gic_raise_priority(&active, group, group_priority(pe, *lr));
	/* LPIs have no active state. */
	*lr = (*lr & ~LR_STATE) | (intid < GIC_LPI_FIRST ? LR_ACTIVE : 0);
	virtual_changed(pe);
	return intid;
}

/* An interrupt that is in no list register: EL2 gets to know how many. */
static void count_end(struct arm64_cpu *pe, uint64_t intid)
{
	uint64_t *hcr = &pe->sysreg[A64_ICH_HCR_EL2];
	if (intid >= GIC_LPI_FIRST)
		return;
	uint64_t count = (*hcr + (1ull << ICH_HCR_EOICOUNT_SHIFT)) & ICH_HCR_EOICOUNT;
	*hcr = (*hcr & ~(uint64_t)ICH_HCR_EOICOUNT) | count;
}

static void deactivate_entry(struct arm64_cpu *pe, int n)
{
	uint64_t *lr = &list_registers(pe)[n];
	const struct gic_distributor *gic = &pe->distributor;
	*lr &= ~LR_ACTIVE;
	if (*lr & LR_HW && LR_PINTID(*lr) < GIC_SPECIAL && gic->ops)
		gic->ops->deactivate(gic->opaque, pe->cpu.index, LR_PINTID(*lr));
}

static void deactivate(struct arm64_cpu *pe, uint64_t intid)
{
	int n = find_active(pe, intid);
	if (n < 0)
		count_end(pe, intid);
	else
		deactivate_entry(pe, n);
}

static bool is_special(uint64_t intid)
{
	return intid >= GIC_SPECIAL && intid <= GIC_INTID_NONE;
}

void gic_virtual_end(struct arm64_cpu *pe, unsigned group, uint64_t intid)
{
	struct gic_active active = active_of(pe);
	if (is_special(intid) || !gic_drop_priority(&active, group))
		return;
	if (!splits_end(pe))
		deactivate(pe, intid);
	virtual_changed(pe);
}

/* With VEOIM=0 a write is UNPREDICTABLE: ignored. */
void gic_virtual_deactivate(struct arm64_cpu *pe, uint64_t intid)
{
	if (is_special(intid) || !splits_end(pe))
		return;
	deactivate(pe, intid);
	virtual_changed(pe);
}

/* -- fields of ICH_VMCR_EL2 by their ICV names -- */

static void set_vmcr_field(struct arm64_cpu *pe, unsigned shift, uint64_t mask, uint64_t value)
{
	uint64_t *vmcr = &pe->sysreg[A64_ICH_VMCR_EL2];
	*vmcr = (*vmcr & ~(mask << shift)) | (value & mask) << shift;
	virtual_changed(pe);
}

uint64_t gic_virtual_priority_mask(const struct arm64_cpu *pe)
{
	return vmcr_field(pe, VMCR_VPMR_SHIFT, 0xff);
}

void gic_virtual_set_priority_mask(struct arm64_cpu *pe, uint64_t value)
{
	set_vmcr_field(pe, VMCR_VPMR_SHIFT, 0xff, value & GIC_PRIORITY_MASK);
}

uint64_t gic_virtual_binary_point(const struct arm64_cpu *pe, unsigned group)
{
	unsigned shared = vmcr_field(pe, VMCR_VBPR0_SHIFT, 7);
	if (group == GIC_GROUP0)
		return shared;
	if (is_common(pe))
		return shared < 7 ? shared + 1 : 7;
	return vmcr_field(pe, VMCR_VBPR1_SHIFT, 7);
}

void gic_virtual_set_binary_point(struct arm64_cpu *pe, unsigned group, uint64_t value)
{
	if (group == GIC_GROUP0)
		set_vmcr_field(pe, VMCR_VBPR0_SHIFT, 7, gic_binary_point(GIC_BPR0_MIN, value));
	else if (!is_common(pe))
		set_vmcr_field(pe, VMCR_VBPR1_SHIFT, 7, gic_binary_point(GIC_BPR1_MIN, value));
}

uint64_t gic_virtual_control(const struct arm64_cpu *pe)
{
	return (is_common(pe) ? ICC_CTLR_CBPR : 0) | (splits_end(pe) ? ICC_CTLR_EOIMODE : 0);
}

void gic_virtual_set_control(struct arm64_cpu *pe, uint64_t value)
{
	uint64_t bits = VMCR_VCBPR | VMCR_VEOIM;
	set_vmcr_field(pe, 0, bits,
		       (value & ICC_CTLR_CBPR ? VMCR_VCBPR : 0) |
			       (value & ICC_CTLR_EOIMODE ? VMCR_VEOIM : 0));
}

void gic_virtual_enable(struct arm64_cpu *pe, unsigned group, bool enable)
{
	set_vmcr_field(pe, group, 1, enable);
}

/* -- EL2's registers -- */

/* 16 list registers, five bits of priority; system errors cannot be virtual ones of the GIC. */
uint64_t read_ich_vtr(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	(void)pe, (void)reg;
	enum { A3V = 1 << 21, NO_GICV4 = 1 << 20, TDS = 1 << 19 };
	return 4u << 29 | 4u << 26 | A3V | NO_GICV4 | TDS | (GIC_LIST_REGISTERS - 1);
}

uint64_t read_ich_misr(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	(void)reg;
	return maintenance(pe);
}

uint64_t read_ich_eisr(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	(void)reg;
	return ended(pe);
}

uint64_t read_ich_elrsr(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	(void)reg;
	uint64_t bits = 0;
	for (unsigned n = 0; n < GIC_LIST_REGISTERS; n++) {
		uint64_t lr = list_register(pe, n);
		if (!(lr & LR_STATE) && (lr & LR_HW || !(lr & LR_EOI)))
			bits |= 1ull << n;
	}
	return bits;
}

void write_ich_hcr(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	uint64_t bits = 0xff | (ICH_HCR_TRAPS & ~ICH_HCR_TSEI) | ICH_HCR_EOICOUNT;
	pe->sysreg[reg] = value & bits;
	virtual_changed(pe);
}

/* Binary points below the smallest become it; VFIQEn is 1 without memory-mapped access. */
void write_ich_vmcr(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	uint64_t bpr0 = gic_binary_point(GIC_BPR0_MIN, value >> VMCR_VBPR0_SHIFT);
	uint64_t bpr1 = gic_binary_point(GIC_BPR1_MIN, value >> VMCR_VBPR1_SHIFT);
	uint64_t kept = VMCR_VENG0 * 3 | VMCR_VCBPR | VMCR_VEOIM |
			(uint64_t)GIC_PRIORITY_MASK << VMCR_VPMR_SHIFT;
	pe->sysreg[reg] =
		(value & kept) | VMCR_VFIQEN | bpr0 << VMCR_VBPR0_SHIFT | bpr1 << VMCR_VBPR1_SHIFT;
	virtual_changed(pe);
}

void write_ich_lr(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	uint64_t priority = (uint64_t)(LR_PRIORITY(value) & GIC_PRIORITY_MASK) << 48;
	pe->sysreg[reg] = (value & LR_BITS & ~(0xffull << 48)) | priority;
	virtual_changed(pe);
}

void write_ich_apr(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	pe->sysreg[reg] = (uint32_t)value;
	virtual_changed(pe);
}

void gic_restart_virtual(struct arm64_cpu *pe)
{
	for (unsigned n = 0; n < GIC_LIST_REGISTERS; n++)
		write_ich_lr(pe, A64_ICH_LR0_EL2 + n, list_register(pe, n));
	write_ich_hcr(pe, A64_ICH_HCR_EL2, pe->sysreg[A64_ICH_HCR_EL2]);
	write_ich_vmcr(pe, A64_ICH_VMCR_EL2, pe->sysreg[A64_ICH_VMCR_EL2]);
}
