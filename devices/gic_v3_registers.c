/*
 * Registers of the GICv3 distributor and redistributors (IHI 0069, chapter 12). What is not listed
 * here reads as zero and ignores writes, as do accesses of sizes that a register does not have.
 */
#include "devices/gic_v3_impl.h"

/* Of a distributor. */
enum {
	GICD_CTLR = 0x0000,
	GICD_TYPER = 0x0004,
	GICD_IIDR = 0x0008,
	GICD_IROUTER = 0x6000,
};

/* Of the RD frame of a redistributor. */
enum {
	GICR_IIDR = 0x0004,
	GICR_TYPER = 0x0008,
	GICR_WAKER = 0x0014,
	FRAME = 0x10000,
};

#define IIDR 0x43bu /* Arm */

/* Identification registers at the end of each frame. */
static uint32_t identification(uint64_t offset)
{
	enum { FIRST = 0xffd0 };
	static const uint8_t values[] = {0x44, 0,    0,    0,    0x92, 0xb4,
					 0x3b, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
	return offset >= FIRST && offset < FRAME ? values[(offset - FIRST) / 4] : 0;
}

/* The part of a 64-bit register that an access of 4 or 8 bytes sees. */
static uint64_t part_of(uint64_t value, uint64_t offset, unsigned size)
{
	return size == 8 ? value : offset & 4 ? value >> 32 : (uint32_t)value;
}

/* The register after a write of a part. */
static uint64_t with_part(uint64_t old, uint64_t offset, unsigned size, uint64_t value)
{
	if (size == 8)
		return value;
	return offset & 4 ? (uint32_t)old | value << 32 : (old & ~0xffffffffull) | (uint32_t)value;
}

/* -- the distributor -- */

/* With affinity routing the private interrupts are the redistributors'. */
static bool find_shared(const struct gic_v3 *gic, uint64_t offset, struct gic_place *place)
{
	unsigned n;
	if (!gic_place_find(offset, place, &n) || n == 0 || n > gic->banks.spi_count / GIC_BANK)
		return false;
	place->bank = gic_spi_bank(n);
	return true;
}

/* The SPI of the GICD_IROUTER<n> at an offset; false: there is none. */
static bool find_router(const struct gic_v3 *gic, uint64_t offset, unsigned *spi)
{
	if (offset < GICD_IROUTER + 8 * GIC_BANK)
		return false;
	*spi = (unsigned)(offset - GICD_IROUTER) / 8 - GIC_BANK;
	return *spi < gic->banks.spi_count;
}

/* 16 bits of INTID, A3V; no security, no LPIs, no message-based interrupts. */
static uint32_t typer(const struct gic_v3 *gic)
{
	enum { ID_BITS = 15 << 19, A3V = 1 << 24 };
	return A3V | ID_BITS | gic->banks.spi_count / GIC_BANK;
}

static uint32_t read_distributor(const struct gic_v3 *gic, uint64_t offset)
{
	switch (offset) {
	case GICD_CTLR: return gic->ctlr | GICD_ARE | GICD_DS;
	case GICD_TYPER: return typer(gic);
	case GICD_IIDR: return IIDR;
	default: return identification(offset);
	}
}

static mb_result gicd_read(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			   uint64_t *value)
{
	(void)attrs;
	const struct gic_v3 *gic = opaque;
	struct gic_place place;
	unsigned spi;
	if (gic_place_has_size(size) && find_shared(gic, offset, &place))
		*value = gic_place_read(&gic->banks, &place, size);
	else if (size >= 4 && find_router(gic, offset, &spi))
		*value = part_of(gic->router[spi], offset, size);
	else if (size == 4)
		*value = read_distributor(gic, offset);
	return MB_OK;
}

static mb_result gicd_write(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			    uint64_t value)
{
	(void)attrs;
	struct gic_v3 *gic = opaque;
	struct gic_place place;
	unsigned spi;
	if (gic_place_has_size(size) && find_shared(gic, offset, &place)) {
		gic_place_write(&gic->banks, &place, size, (uint32_t)value);
		gic_v3_changed(gic, place.bank);
	} else if (size >= 4 && find_router(gic, offset, &spi)) {
		gic->router[spi] = with_part(gic->router[spi], offset, size, value) &
				   (GICD_AFFINITY | GICD_ANY_PE);
		gic_v3_all_changed(gic);
	} else if (size == 4 && offset == GICD_CTLR) {
		gic->ctlr = value & GICD_GROUPS;
		gic_v3_all_changed(gic);
	}
	return MB_OK;
}

const struct mb_ops gic_v3_distributor_registers = {
	.read = gicd_read,
	.write = gicd_write,
	.endian = MB_LITTLE,
	.valid = {.min = 1, .max = 8},
	.impl = {.min = 1, .max = 8},
};

/* -- the redistributors -- */

/* Affinity, number, and whether it is the last one of the row. */
static uint64_t redistributor_typer(const struct gic_v3 *gic, unsigned cpu)
{
	enum { LAST = 1 << 4 };
	uint64_t affinity = (gic->affinity[cpu] & 0xffffff) | gic->affinity[cpu] >> 32 << 24;
	return affinity << 32 | cpu << 8 | (cpu + 1 == gic->banks.cpu_count ? LAST : 0);
}

/* ChildrenAsleep follows ProcessorSleep at once. */
static uint32_t waker(const struct gic_v3 *gic, unsigned cpu)
{
	return gic->waker[cpu] ? GICR_PROCESSOR_SLEEP | GICR_CHILDREN_ASLEEP : 0;
}

static uint64_t read_rd_frame(const struct gic_v3 *gic, unsigned cpu, uint64_t offset,
			      unsigned size)
{
	if (size >= 4 && (offset & ~7ull) == GICR_TYPER)
		return part_of(redistributor_typer(gic, cpu), offset, size);
	if (size != 4)
		return 0;
	switch (offset) {
	case GICR_IIDR: return IIDR;
	case GICR_WAKER: return waker(gic, cpu);
	default: return identification(offset);
	}
}

static bool find_private(unsigned cpu, uint64_t offset, struct gic_place *place)
{
	unsigned n;
	place->bank = cpu;
	return gic_place_find(offset - FRAME, place, &n) && n == 0;
}

static mb_result gicr_read(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			   uint64_t *value)
{
	(void)attrs;
	const struct gic_v3 *gic = opaque;
	unsigned cpu = (unsigned)(offset / GIC_V3_STRIDE);
	offset %= GIC_V3_STRIDE;
	struct gic_place place;
	if (offset < FRAME)
		*value = read_rd_frame(gic, cpu, offset, size);
	else if (gic_place_has_size(size) && find_private(cpu, offset, &place))
		*value = gic_place_read(&gic->banks, &place, size);
	else if (size == 4)
		*value = identification(offset - FRAME);
	return MB_OK;
}

static mb_result gicr_write(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			    uint64_t value)
{
	(void)attrs;
	struct gic_v3 *gic = opaque;
	unsigned cpu = (unsigned)(offset / GIC_V3_STRIDE);
	offset %= GIC_V3_STRIDE;
	struct gic_place place;
	if (offset < FRAME) {
		if (offset != GICR_WAKER || size != 4)
			return MB_OK;
		gic->waker[cpu] = value & GICR_PROCESSOR_SLEEP;
		gic_v3_all_changed(gic);
	} else if (gic_place_has_size(size) && find_private(cpu, offset, &place)) {
		gic_place_write(&gic->banks, &place, size, (uint32_t)value);
		gic_v3_changed(gic, place.bank);
	}
	return MB_OK;
}

const struct mb_ops gic_v3_redistributor_registers = {
	.read = gicr_read,
	.write = gicr_write,
	.endian = MB_LITTLE,
	.valid = {.min = 1, .max = 8},
	.impl = {.min = 1, .max = 8},
};
