/*
 * RISC-V PLIC (riscv-plic-1.0). Each source has a level-sensitive gateway: a high wire makes the
 * source pending once; the gateway forwards nothing more until the claim is completed, and then
 * looks at the wire again. A pending source stays pending when its wire drops.
 */
#include "devices/plic.h"

#include <string.h>

enum {
	PRIORITY = 0x0,
	PENDING = 0x1000,
	ENABLE = 0x2000,
	ENABLE_STRIDE = 0x80,
	CONTEXT = 0x200000,
	CONTEXT_STRIDE = 0x1000,
	THRESHOLD = 0, /* within a context */
	CLAIM = 4,
	PLIC_SIZE = 0x600000,

	PRIORITY_BITS = 7,
	WORDS = PLIC_SOURCE_MAX / 32,
};

struct plic {
	struct device device;
	unsigned source_count; /* source 0 included */
	unsigned context_count;
	uint8_t priority[PLIC_SOURCE_MAX];
	uint32_t level[WORDS];   /* wires */
	uint32_t pending[WORDS]; /* forwarded by the gateway, not claimed */
	uint32_t claimed[WORDS]; /* claimed, not completed: the gateway is shut */
	uint32_t enable[PLIC_CONTEXT_MAX * WORDS];
	uint8_t threshold[PLIC_CONTEXT_MAX];
};

static bool test_bit(const uint32_t *words, unsigned bit)
{
	return words[bit / 32] >> (bit % 32) & 1;
}

static void put_bit(uint32_t *words, unsigned bit, bool value)
{
	uint32_t mask = 1u << (bit % 32);
	words[bit / 32] = value ? words[bit / 32] | mask : words[bit / 32] & ~mask;
}

/* Bits of a word of sources that exist; source 0 does not. */
static uint32_t existing(const struct plic *plic, unsigned word)
{
	unsigned left = plic->source_count - 32 * word;
	if (plic->source_count <= 32 * word)
		return 0;
	uint32_t mask = left >= 32 ? UINT32_MAX : (1u << left) - 1;
	return word ? mask : mask & ~1u;
}

/* The enabled pending source of highest priority, lowest number among equals; 0: none. */
static unsigned best_source(const struct plic *plic, unsigned context)
{
	unsigned best = 0, best_priority = 0;
	for (unsigned word = 0; word < WORDS; word++) {
		uint32_t bits = plic->pending[word] & plic->enable[context * WORDS + word];
		for (; bits; bits &= bits - 1) {
			unsigned source = 32 * word + __builtin_ctz(bits);
			if (plic->priority[source] > best_priority) {
				best = source;
				best_priority = plic->priority[source];
			}
		}
	}
	return best;
}

static void update_lines(struct plic *plic)
{
	for (unsigned context = 0; context < plic->context_count; context++) {
		unsigned source = best_source(plic, context);
		device_set_irq(&plic->device, context,
			       plic->priority[source] > plic->threshold[context] && source);
	}
}

/* The gateway: forwards a high wire unless a request of the source is under way. */
static void gateway(struct plic *plic, unsigned source)
{
	if (test_bit(plic->level, source) && !test_bit(plic->claimed, source))
		put_bit(plic->pending, source, true);
}

static void plic_input(struct device *device, unsigned number, bool level)
{
	struct plic *plic = (struct plic *)device;
	if (number == 0 || number >= plic->source_count || test_bit(plic->level, number) == level)
		return;
	put_bit(plic->level, number, level);
	gateway(plic, number);
	update_lines(plic);
}

/* The threshold does not matter for claims (section 9). */
static uint32_t claim(struct plic *plic, unsigned context)
{
	unsigned source = best_source(plic, context);
	if (!source)
		return 0;
	put_bit(plic->pending, source, false);
	put_bit(plic->claimed, source, true);
	update_lines(plic);
	return source;
}

/* Ignored unless the source is enabled for the context (section 10). */
static void complete(struct plic *plic, unsigned context, uint32_t source)
{
	if (source == 0 || source >= plic->source_count ||
	    !test_bit(&plic->enable[context * WORDS], source))
		return;
	put_bit(plic->claimed, source, false);
	gateway(plic, source);
	update_lines(plic);
}

static uint32_t read_context(struct plic *plic, uint64_t offset)
{
	unsigned context = offset / CONTEXT_STRIDE;
	if (context >= plic->context_count)
		return 0;
	switch (offset % CONTEXT_STRIDE) {
	case THRESHOLD: return plic->threshold[context];
	case CLAIM: return claim(plic, context);
	default: return 0;
	}
}

static void write_context(struct plic *plic, uint64_t offset, uint32_t value)
{
	unsigned context = offset / CONTEXT_STRIDE;
	if (context >= plic->context_count)
		return;
	switch (offset % CONTEXT_STRIDE) {
	case THRESHOLD:
		plic->threshold[context] = value & PRIORITY_BITS;
		update_lines(plic);
		break;
	case CLAIM: complete(plic, context, value); break;
	}
}

/* The word of enable bits at an offset from ENABLE, or NULL. */
static uint32_t *enable_word(struct plic *plic, uint64_t offset, unsigned *word)
{
	unsigned context = offset / ENABLE_STRIDE;
	*word = offset % ENABLE_STRIDE / 4;
	if (context >= plic->context_count || *word >= WORDS)
		return NULL;
	return &plic->enable[context * WORDS + *word];
}

static mb_result plic_read(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			   uint64_t *value)
{
	(void)size, (void)attrs;
	struct plic *plic = opaque;
	unsigned word;
	*value = 0;
	if (offset >= CONTEXT) {
		*value = read_context(plic, offset - CONTEXT);
	} else if (offset >= ENABLE) {
		const uint32_t *enable = enable_word(plic, offset - ENABLE, &word);
		*value = enable ? *enable : 0;
	} else if (offset >= PENDING) {
		word = (offset - PENDING) / 4;
		*value = word < WORDS ? plic->pending[word] : 0;
	} else if (offset / 4 < plic->source_count) {
		*value = plic->priority[offset / 4];
	}
	return MB_OK;
}

static mb_result plic_write(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			    uint64_t value)
{
	(void)size, (void)attrs;
	struct plic *plic = opaque;
	if (offset >= CONTEXT) {
		write_context(plic, offset - CONTEXT, value);
	} else if (offset >= ENABLE) {
		unsigned word;
		uint32_t *enable = enable_word(plic, offset - ENABLE, &word);
		if (enable)
			*enable = value & existing(plic, word);
		update_lines(plic);
	} else if (offset < PENDING && offset > 0 && offset / 4 < plic->source_count) {
		plic->priority[offset / 4] = value & PRIORITY_BITS;
		update_lines(plic);
	}
	return MB_OK;
}

static const struct mb_ops plic_registers = {
	.read = plic_read,
	.write = plic_write,
	.endian = MB_LITTLE,
	.valid = {.min = 4, .max = 4},
	.impl = {.min = 4, .max = 4},
};

static int plic_create(struct device *device, const void *config, struct error *error)
{
	static const struct plic_config defaults;
	const struct plic_config *wanted = config ? config : &defaults;
	struct plic *plic = (struct plic *)device;
	unsigned harts = wanted->hart_count ? wanted->hart_count : 1;
	plic->source_count = wanted->source_count ? wanted->source_count : PLIC_SOURCE_MAX;
	if (harts > PLIC_CONTEXT_MAX / 2)
		return error_set(error, EXIT_CODE_USAGE, "plic: %u harts, at most %u expected",
				 harts, PLIC_CONTEXT_MAX / 2);
	if (plic->source_count < 2 || plic->source_count > PLIC_SOURCE_MAX)
		return error_set(error, EXIT_CODE_USAGE, "plic: %u sources, 2 to %u expected",
				 plic->source_count, PLIC_SOURCE_MAX);
	plic->context_count = 2 * harts;
	return 0;
}

/* Wires keep their level through a reset: it is their driver's. */
static void plic_reset(struct device *device)
{
	struct plic *plic = (struct plic *)device;
	memset(plic->priority, 0, sizeof(plic->priority));
	memset(plic->claimed, 0, sizeof(plic->claimed));
	memset(plic->enable, 0, sizeof(plic->enable));
	memset(plic->threshold, 0, sizeof(plic->threshold));
	memcpy(plic->pending, plic->level, sizeof(plic->pending));
	update_lines(plic);
}

/* Sources that do not exist are never pending, or a claim would index with them. */
static void plic_loaded(void *opaque)
{
	struct plic *plic = opaque;
	for (unsigned word = 0; word < WORDS; word++) {
		uint32_t sources = existing(plic, word);
		plic->level[word] &= sources;
		plic->pending[word] &= sources;
		plic->claimed[word] &= sources;
		for (unsigned context = 0; context < PLIC_CONTEXT_MAX; context++)
			plic->enable[context * WORDS + word] &= sources;
	}
	for (unsigned source = 0; source < PLIC_SOURCE_MAX; source++)
		plic->priority[source] &= PRIORITY_BITS;
	for (unsigned context = 0; context < PLIC_CONTEXT_MAX; context++)
		plic->threshold[context] &= PRIORITY_BITS;
	update_lines(plic);
}

static void plic_fdt(const struct device *device, struct device_fdt *fdt)
{
	static const char compatible[] = "sifive,plic-1.0.0\0riscv,plic0";
	const struct plic *plic = (const struct plic *)device;
	uint32_t cells[2 * PLIC_CONTEXT_MAX];
	unsigned harts = plic->context_count / 2;
	if (harts > fdt->cpu_count)
		harts = fdt->cpu_count;
	for (unsigned hart = 0; hart < harts; hart++) {
		cells[4 * hart] = cells[4 * hart + 2] = fdt->cpu_intc[hart];
		cells[4 * hart + 1] = 11; /* machine external interrupt */
		cells[4 * hart + 3] = 9;  /* supervisor external interrupt */
	}
	device_fdt_begin(device, fdt, "interrupt-controller", PLIC_SIZE);
	device_fdt_strings(fdt, "compatible", compatible, sizeof(compatible));
	device_fdt_flag(fdt, "interrupt-controller");
	device_fdt_u32(fdt, "#interrupt-cells", 1);
	device_fdt_u32(fdt, "#address-cells", 0);
	device_fdt_u32(fdt, "riscv,ndev", plic->source_count - 1);
	device_fdt_cells(fdt, "interrupts-extended", cells, 4 * harts);
	device_fdt_end(fdt);
}

static const struct state_field plic_fields[] = {
	STATE_ARRAY(struct plic, priority), STATE_ARRAY(struct plic, level),
	STATE_ARRAY(struct plic, pending),  STATE_ARRAY(struct plic, claimed),
	STATE_ARRAY(struct plic, enable),   STATE_ARRAY(struct plic, threshold),
};

const struct device_ops plic_ops = {
	.name = "plic",
	.summary = "RISC-V platform-level interrupt controller, 95 sources, M and S of 16 harts",
	.object_size = sizeof(struct plic),
	.region_size = PLIC_SIZE,
	.registers = &plic_registers,
	.create = plic_create,
	.reset = plic_reset,
	.input = plic_input,
	.fdt = plic_fdt,
	.fields = plic_fields,
	.field_count = sizeof(plic_fields) / sizeof(plic_fields[0]),
	.version = 1,
	.loaded = plic_loaded,
};
