#include "cpu/riscv/csr.h"

#include <string.h>

#include "core/machine.h"
#include "engine/engine.h"

#define CSR_NUMBERS 4096
#define CSR_MIP     0x344

#define ALL           UINT64_MAX
#define FIELD(member) offsetof(struct riscv_cpu, member)
#define NOFIELD       0

const struct csr riscv_csrs[] = {
#define CSR(number, name, extension, field, mask, reset, read, write, gate)                        \
	{#name, number, RV_EXT_##extension, field, mask, reset, read, write, gate},
#include "cpu/riscv/csr.def"
#undef CSR
};

const unsigned riscv_csr_count = sizeof(riscv_csrs) / sizeof(riscv_csrs[0]);

/* Row numbers, to find a row without searching; 0 is "none", so they count from 1. */
enum {
	CSR_ROW_NONE,
#define CSR(number, name, ...) CSR_ROW_##name,
#include "cpu/riscv/csr.def"
#undef CSR
};

static const uint16_t csr_rows[CSR_NUMBERS] = {
#define CSR(number, name, ...) [number] = CSR_ROW_##name,
#include "cpu/riscv/csr.def"
#undef CSR
};

const struct csr *riscv_csr_find(const struct riscv_cpu *hart, unsigned number)
{
	if (number >= CSR_NUMBERS || !csr_rows[number])
		return NULL;
	const struct csr *csr = &riscv_csrs[csr_rows[number] - 1];
	return riscv_has(hart, csr->extension) ? csr : NULL;
}

uint64_t csr_field_read(const struct riscv_cpu *hart, const struct csr *csr)
{
	if (!csr->field)
		return 0;
	return *(const uint64_t *)((const char *)hart + csr->field);
}

void csr_field_write(struct riscv_cpu *hart, const struct csr *csr, uint64_t value)
{
	if (!csr->field)
		return;
	uint64_t *field = (uint64_t *)((char *)hart + csr->field);
	*field = (*field & ~csr->mask) | (value & csr->mask);
}

static uint64_t csr_load(const struct riscv_cpu *hart, const struct csr *csr)
{
	return csr->read ? csr->read(hart, csr) : csr_field_read(hart, csr);
}

static void csr_observe(struct riscv_cpu *hart, const struct csr *csr, uint64_t pc, bool write,
			uint64_t before, uint64_t after)
{
	const struct machine *machine = hart->cpu.machine;
	struct observation observation = {
		.kind = OBSERVE_CSR,
		.icount = machine->clock.now,
		.pc = pc,
		.csr = {csr->name, csr->number, write, before, after},
	};
	observer_notify(&machine->observers, &hart->cpu, &observation);
}

/* The one place where a CSR changes by a write, so that no observer misses one. pc is for them. */
static void csr_store(struct riscv_cpu *hart, const struct csr *csr, uint64_t pc, uint64_t value)
{
	bool observed = observer_wants(&hart->cpu.machine->observers, OBSERVE_CSR);
	uint64_t before = observed ? csr_load(hart, csr) : 0;
	if (csr->write)
		csr->write(hart, csr, value);
	else
		csr_field_write(hart, csr, value);
	if (observed)
		csr_observe(hart, csr, pc, true, before, csr_load(hart, csr));
}

static const char *csr_refusal(const struct riscv_cpu *hart, const struct csr *csr, bool write)
{
	if (!csr)
		return "no such CSR";
	if ((csr->number >> 8 & 3) > hart->cpu.level)
		return "CSR of a higher privilege level";
	if (write && csr->number >> 10 == 3)
		return "read-only CSR";
	return csr->gate ? csr->gate(hart, csr) : NULL;
}

/*
 * What read-modify-write starts from. mip.SEIP reads as latch OR wire, but CSRRS and CSRRC must not
 * copy the wire into the latch (privileged manual, "Machine Interrupt Pending Registers").
 */
static uint64_t csr_modify_base(const struct riscv_cpu *hart, const struct csr *csr, uint64_t read)
{
	if (csr->number != CSR_MIP)
		return read;
	return (read & ~RV_BIT(RV_IRQ_SEI)) | (hart->mip & RV_BIT(RV_IRQ_SEI));
}

bool riscv_csr_access(struct riscv_cpu *hart, unsigned number, bool read, bool write, uint64_t mask,
		      uint64_t value, uint64_t *old)
{
	const struct csr *csr = riscv_csr_find(hart, number);
	const char *why = csr_refusal(hart, csr, write);
	if (why)
		return riscv_raise(hart, RV_CAUSE_ILLEGAL, engine_insn(&hart->cpu), why);
	uint64_t current = read || mask != ALL ? csr_load(hart, csr) : 0;
	if (old)
		*old = current;
	bool observed = observer_wants(&hart->cpu.machine->observers, OBSERVE_CSR);
	uint64_t pc = observed ? engine_pc(&hart->cpu) : 0;
	if (write) {
		uint64_t base = csr_modify_base(hart, csr, current);
		csr_store(hart, csr, pc, (base & ~mask) | (value & mask));
	} else if (observed) {
		csr_observe(hart, csr, pc, false, current, current);
	}
	return true;
}

bool riscv_csr_read(struct riscv_cpu *hart, unsigned number, uint64_t *value)
{
	const struct csr *csr = riscv_csr_find(hart, number);
	if (csr)
		*value = csr_load(hart, csr);
	return csr != NULL;
}

bool riscv_csr_write(struct riscv_cpu *hart, unsigned number, uint64_t value)
{
	const struct csr *csr = riscv_csr_find(hart, number);
	if (csr)
		csr_store(hart, csr, hart->cpu.pc, value);
	return csr != NULL;
}

const char *riscv_csr_name(unsigned number)
{
	if (number >= CSR_NUMBERS || !csr_rows[number])
		return NULL;
	return riscv_csrs[csr_rows[number] - 1].name;
}

int riscv_csr_number(const char *name)
{
	for (unsigned i = 0; i < riscv_csr_count; i++)
		if (!strcmp(riscv_csrs[i].name, name))
			return riscv_csrs[i].number;
	return -1;
}
