/*
 * The GICv2 distributor (IHI 0048, 4.3). What is not listed here reads as zero and ignores writes,
 * as do accesses of sizes that a register does not have.
 */
#include "devices/gic_v2_impl.h"

enum {
	GICD_CTLR = 0x000,
	GICD_TYPER = 0x004,
	GICD_IIDR = 0x008,
	GICD_ITARGETSR = 0x800,
	GICD_ITARGETSR_END = 0xc00,
	GICD_SGIR = 0xf00,
	GICD_CPENDSGIR = 0xf10,
	GICD_SPENDSGIR = 0xf20,
	GICD_SPENDSGIR_END = 0xf30,
	GICD_ID = 0xfd0,
	GICD_END = 0x1000,
};

/* -- who gets what -- */

static bool is_target(const struct gic_v2 *gic, unsigned cpu, unsigned spi)
{
	/* With one PE there are no targets. */
	return gic->banks.cpu_count == 1 || gic->targets[spi] >> cpu & 1;
}

static uint8_t *senders_of(struct gic_v2 *gic, unsigned cpu, unsigned sgi)
{
	return &gic->senders[cpu * GIC_V2_SGIS + sgi];
}

/* An INTID as GICC_IAR has it: of several PEs that sent it, the one with the lowest number. */
static uint32_t with_sender(const struct gic_v2 *gic, unsigned cpu, unsigned intid)
{
	if (intid >= GIC_V2_SGIS)
		return intid;
	unsigned senders = gic->senders[cpu * GIC_V2_SGIS + intid];
	unsigned sender = senders ? (unsigned)__builtin_ctz(senders) : 0;
	return intid | sender << GIC_V2_SENDER_SHIFT;
}

static void look_at_bank(const struct gic_v2 *gic, unsigned cpu, unsigned bank, unsigned first,
			 unsigned groups, struct gic_v2_candidate *best)
{
	const struct gic_banks *banks = &gic->banks;
	uint32_t bits = gic_bank_candidates(banks, bank, groups);
	for (; bits; bits &= bits - 1) {
		unsigned bit = (unsigned)__builtin_ctz(bits);
		uint8_t priority = banks->priority[bank * GIC_BANK + bit];
		if (best->id != GIC_INTID_NONE && priority >= best->priority)
			continue;
		if (first && !is_target(gic, cpu, first + bit - GIC_SPI_FIRST))
			continue;
		*best = (struct gic_v2_candidate){.id = with_sender(gic, cpu, first + bit),
						  .priority = priority,
						  .group = banks->group[bank] >> bit & 1};
	}
}

struct gic_v2_candidate gic_v2_highest(const struct gic_v2 *gic, unsigned cpu, unsigned groups)
{
	struct gic_v2_candidate best = {.id = GIC_INTID_NONE, .priority = GIC_IDLE};
	groups &= gic->ctlr;
	if (!groups)
		return best;
	look_at_bank(gic, cpu, cpu, 0, groups, &best);
	for (unsigned n = 1; n <= gic->banks.spi_count / GIC_BANK; n++)
		look_at_bank(gic, cpu, gic_spi_bank(n), n * GIC_BANK, groups, &best);
	return best;
}

/* An SGI is pending as long as somebody has sent it. */
static void set_senders(struct gic_v2 *gic, unsigned cpu, unsigned sgi, unsigned senders)
{
	uint32_t bit = 1u << sgi, *latch = &gic->banks.latch[cpu];
	senders &= (1u << gic->banks.cpu_count) - 1;
	*senders_of(gic, cpu, sgi) = (uint8_t)senders;
	*latch = senders ? *latch | bit : *latch & ~bit;
}

void gic_v2_activate(struct gic_v2 *gic, unsigned cpu, uint32_t id)
{
	unsigned bank, intid = id & GIC_V2_INTID_MASK;
	uint32_t bit;
	if (!gic_bank_find(&gic->banks, cpu, intid, &bank, &bit))
		return;
	if (intid < GIC_V2_SGIS)
		set_senders(gic, cpu, intid,
			    *senders_of(gic, cpu, intid) &
				    ~(1u << (id >> GIC_V2_SENDER_SHIFT & 7)));
	else
		gic->banks.latch[bank] &= ~bit;
	gic->banks.active[bank] |= bit;
	gic_v2_changed(gic, bank);
}

void gic_v2_deactivate(struct gic_v2 *gic, unsigned cpu, uint32_t id)
{
	unsigned bank;
	uint32_t bit;
	if (!gic_bank_find(&gic->banks, cpu, id & GIC_V2_INTID_MASK, &bank, &bit))
		return;
	gic->banks.active[bank] &= ~bit;
	gic_v2_changed(gic, bank);
}

/* -- registers -- */

static void send_sgi(struct gic_v2 *gic, unsigned sender, uint32_t value)
{
	enum { LISTED, OTHERS, SELF };
	unsigned sgi = value & 15, filter = value >> 24 & 3, targets = 0;
	if (filter == LISTED)
		targets = value >> 16 & 0xff;
	else if (filter == OTHERS)
		targets = ~(1u << sender);
	else if (filter == SELF)
		targets = 1u << sender;
	for (unsigned cpu = 0; cpu < gic->banks.cpu_count; cpu++) {
		if (!(targets >> cpu & 1))
			continue;
		set_senders(gic, cpu, sgi, *senders_of(gic, cpu, sgi) | 1u << sender);
		gic_v2_update(gic, cpu);
	}
}

/* Registers of one byte for each interrupt. */

static uint8_t read_target(const struct gic_v2 *gic, unsigned cpu, unsigned intid)
{
	if (gic->banks.cpu_count == 1 || intid >= GIC_SPI_FIRST + gic->banks.spi_count)
		return 0;
	return intid < GIC_SPI_FIRST ? (uint8_t)(1u << cpu) : gic->targets[intid - GIC_SPI_FIRST];
}

static void write_target(struct gic_v2 *gic, unsigned intid, uint8_t value)
{
	const struct gic_banks *banks = &gic->banks;
	if (banks->cpu_count > 1 && intid >= GIC_SPI_FIRST &&
	    intid < GIC_SPI_FIRST + banks->spi_count)
		gic->targets[intid - GIC_SPI_FIRST] = value & ((1u << banks->cpu_count) - 1);
}

/* The byte at an offset of ITARGETSR, CPENDSGIR or SPENDSGIR; false: there is none. */
static bool read_byte(struct gic_v2 *gic, unsigned cpu, uint64_t offset, uint8_t *value)
{
	if (offset >= GICD_ITARGETSR && offset < GICD_ITARGETSR_END)
		*value = read_target(gic, cpu, (unsigned)offset - GICD_ITARGETSR);
	else if (offset >= GICD_CPENDSGIR && offset < GICD_SPENDSGIR_END)
		*value = *senders_of(gic, cpu, offset & 15);
	else
		return false;
	return true;
}

static bool write_byte(struct gic_v2 *gic, unsigned cpu, uint64_t offset, uint8_t value)
{
	unsigned sgi = offset & 15;
	if (offset >= GICD_ITARGETSR && offset < GICD_ITARGETSR_END)
		write_target(gic, (unsigned)offset - GICD_ITARGETSR, value);
	else if (offset >= GICD_CPENDSGIR && offset < GICD_SPENDSGIR)
		set_senders(gic, cpu, sgi, *senders_of(gic, cpu, sgi) & ~(unsigned)value);
	else if (offset >= GICD_SPENDSGIR && offset < GICD_SPENDSGIR_END)
		set_senders(gic, cpu, sgi, *senders_of(gic, cpu, sgi) | value);
	else
		return false;
	return true;
}

static bool find_place(const struct gic_v2 *gic, unsigned cpu, uint64_t offset,
		       struct gic_place *place)
{
	unsigned n;
	if (!gic_place_find(offset, place, &n) || n > gic->banks.spi_count / GIC_BANK)
		return false;
	place->bank = n ? gic_spi_bank(n) : cpu;
	return true;
}

/* Identification: PIDR2 says architecture version 2. */
static uint32_t identification(uint64_t offset)
{
	static const uint8_t values[] = {4, 0, 0, 0, 0x90, 0xb4, 0x2b, 0, 0x0d, 0xf0, 0x05, 0xb1};
	return offset >= GICD_ID && offset < GICD_END ? values[(offset - GICD_ID) / 4] : 0;
}

static uint32_t read_word(const struct gic_v2 *gic, uint64_t offset)
{
	const struct gic_banks *banks = &gic->banks;
	switch (offset) {
	case GICD_CTLR: return gic->ctlr;
	case GICD_TYPER: return (banks->cpu_count - 1) << 5 | banks->spi_count / GIC_BANK;
	case GICD_IIDR: return GIC_V2_IIDR;
	default: return identification(offset);
	}
}

static mb_result gicd_read(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			   uint64_t *value)
{
	struct gic_v2 *gic = opaque;
	unsigned cpu = gic_v2_requester(gic, attrs);
	struct gic_place place;
	uint8_t byte;
	if (!gic_place_has_size(size))
		return MB_OK;
	if (find_place(gic, cpu, offset, &place)) {
		*value = gic_place_read(&gic->banks, &place, size);
	} else if (read_byte(gic, cpu, offset, &byte)) {
		*value = byte;
		for (unsigned i = 1; i < size && read_byte(gic, cpu, offset + i, &byte); i++)
			*value |= (uint64_t)byte << 8 * i;
	} else if (size == 4) {
		*value = read_word(gic, offset);
	}
	return MB_OK;
}

/* What is pending of SGIs is for CPENDSGIR and SPENDSGIR to say. */
static void write_place(struct gic_v2 *gic, const struct gic_place *place, unsigned size,
			uint32_t value)
{
	bool pending = place->kind == GICD_ISPENDR || place->kind == GICD_ICPENDR;
	if (pending && gic_bank_is_private(place->bank))
		value &= ~(uint32_t)GIC_SGIS;
	gic_place_write(&gic->banks, place, size, value);
	gic_v2_changed(gic, place->bank);
}

static mb_result gicd_write(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			    uint64_t value)
{
	struct gic_v2 *gic = opaque;
	unsigned cpu = gic_v2_requester(gic, attrs);
	struct gic_place place;
	if (!gic_place_has_size(size))
		return MB_OK;
	if (find_place(gic, cpu, offset, &place)) {
		write_place(gic, &place, size, (uint32_t)value);
	} else if (write_byte(gic, cpu, offset, (uint8_t)value)) {
		for (unsigned i = 1; i < size; i++)
			write_byte(gic, cpu, offset + i, (uint8_t)(value >> 8 * i));
		gic_v2_all_changed(gic);
	} else if (size == 4 && offset == GICD_CTLR) {
		gic->ctlr = value & GICD_GROUPS;
		gic_v2_all_changed(gic);
	} else if (size == 4 && offset == GICD_SGIR) {
		send_sgi(gic, cpu, (uint32_t)value);
	}
	return MB_OK;
}

const struct mb_ops gic_v2_distributor_registers = {
	.read = gicd_read,
	.write = gicd_write,
	.endian = MB_LITTLE,
	.valid = {.min = 1, .max = 8},
	.impl = {.min = 1, .max = 8},
};
