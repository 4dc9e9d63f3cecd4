/*
 * The GICv3 CPU interface of a PE (IHI 0069, chapters 4 to 6 and 12): ICC_*, ICV_* and ICH_*. All
 * its state is in pe->sysreg[]; what is pending in the distributor is asked through core/gic.h.
 */
#ifndef CPU_ARM64_GIC_H
#define CPU_ARM64_GIC_H

#include "cpu/arm64/arm64.h"

enum {
	GIC_LIST_REGISTERS = 16,
	GIC_LPI_FIRST = 8192,
	GIC_INTID_MASK = 0xffffff,
};

/* ICC_CTLR_EL1 and ICV_CTLR_EL1. */
enum {
	ICC_CTLR_CBPR = 1 << 0,
	ICC_CTLR_EOIMODE = 1 << 1,
	ICC_CTLR_PRIBITS_SHIFT = 8,
	ICC_CTLR_A3V = 1 << 15,
};

/* The active priorities of an interface, physical or virtual. */
struct gic_active {
	uint64_t *group[2];
};

/* The priority of the most urgent active interrupt; GIC_IDLE: none. */
uint8_t gic_running_priority(const struct gic_active *active);

/* Marks the (group) priority of an acknowledged interrupt. */
void gic_raise_priority(const struct gic_active *active, unsigned group, uint8_t priority);

/* Drops the most urgent one. It must be of the group; false: it is not, or there is none. */
bool gic_drop_priority(const struct gic_active *active, unsigned group);

/* What can be signalled of the physical and the virtual interface: bits of enum arm64_line. */
uint32_t gic_physical_lines(const struct arm64_cpu *pe);
uint32_t gic_virtual_lines(const struct arm64_cpu *pe);

/* Whether an access at the current level reaches the virtual interface: by HCR_EL2.FMO, .IMO. */
bool gic_is_virtual(const struct arm64_cpu *pe, unsigned groups);

/* Redoes lines and the maintenance interrupt; asks for attention if a line rose. */
void gic_update(struct arm64_cpu *pe);

/* Asks the distributor again first. */
void gic_refresh(struct arm64_cpu *pe);

/* Fields back in their ranges and the distributor told, after a reset or a loaded snapshot. */
void gic_restart(struct arm64_cpu *pe);

/* gic_restart() for the virtual interface; redoes the maintenance interrupt. */
void gic_restart_virtual(struct arm64_cpu *pe);

/* -- the virtual interface behind ICC names; group: enum gic_group -- */

uint64_t gic_virtual_acknowledge(struct arm64_cpu *pe, unsigned group);
void gic_virtual_end(struct arm64_cpu *pe, unsigned group, uint64_t intid);
void gic_virtual_deactivate(struct arm64_cpu *pe, uint64_t intid);
uint64_t gic_virtual_highest(const struct arm64_cpu *pe, unsigned group);
uint64_t gic_virtual_running(const struct arm64_cpu *pe);
uint64_t gic_virtual_priority_mask(const struct arm64_cpu *pe);
void gic_virtual_set_priority_mask(struct arm64_cpu *pe, uint64_t value);
uint64_t gic_virtual_binary_point(const struct arm64_cpu *pe, unsigned group);
void gic_virtual_set_binary_point(struct arm64_cpu *pe, unsigned group, uint64_t value);
uint64_t gic_virtual_control(const struct arm64_cpu *pe);
void gic_virtual_set_control(struct arm64_cpu *pe, uint64_t value);
bool gic_virtual_enabled(const struct arm64_cpu *pe, unsigned group);
void gic_virtual_enable(struct arm64_cpu *pe, unsigned group, bool enable);

#endif
