#include "trace/record.h"

#include <inttypes.h>
#include <string.h>

static const char *const kind_names[OBSERVE_KIND_COUNT] = {
	[OBSERVE_INSN] = "insn", [OBSERVE_BLOCK] = "block", [OBSERVE_TRAP] = "trap",
	[OBSERVE_RET] = "ret",   [OBSERVE_CSR] = "csr",     [OBSERVE_MEM] = "mem",
	[OBSERVE_MMIO] = "mmio", [OBSERVE_WALK] = "walk",   [OBSERVE_TLB] = "tlb",
	[OBSERVE_IRQ] = "irq",   [OBSERVE_SBI] = "sbi",
};

const char *trace_kind_name(enum observe_kind kind)
{
	return kind_names[kind];
}

const char *trace_level_name(const struct machine *machine, unsigned level)
{
	const struct cpu *cpu = machine->cpu[0];
	return cpu->isa->level_name(cpu, level);
}

/* The bits of enum mb_result (bus/types.h), which trace/ does not see. */
const char *trace_mmio_result(unsigned result)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = {
		{8, "private"     },
                {4, "denied"      },
                {2, "decode_error"},
                {1, "device_error"}
        };
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (result & names[i].bit)
			return names[i].name;
	return "ok";
}

static uint8_t level_of(const struct cpu *cpu, const struct observation *observation)
{
	switch (observation->kind) {
	case OBSERVE_TRAP: return observation->trap->from;
	case OBSERVE_RET: return observation->ret.from;
	default: return cpu->level;
	}
}

void trace_record_fill(struct trace_record *record, const struct cpu *cpu,
		       const struct observation *observation)
{
	record->what = *observation;
	record->cpu = (uint8_t)cpu->index;
	record->level = level_of(cpu, observation);
	if (observation->kind == OBSERVE_TRAP) {
		record->trap = *observation->trap;
		record->what.trap = NULL;
	} else if (observation->kind == OBSERVE_MMIO) {
		const char *name = observation->mmio.region;
		snprintf(record->region, sizeof(record->region), "%s", name ? name : "");
		record->what.mmio.region = NULL;
	}
}

static unsigned insn_bits(const struct trace_record *record, uint64_t *bits)
{
	switch (record->what.kind) {
	case OBSERVE_INSN:
	case OBSERVE_BLOCK: *bits = record->what.insn.bits; return record->what.insn.length;
	case OBSERVE_TRAP:
		/* Nobody said how long it is; the disassembler may find out that it is more. */
		*bits = record->trap.insn;
		return *bits >> 32 ? 8 : *bits >> 16 ? 4 : *bits ? 2 : 0;
	default: return 0;
	}
}

unsigned trace_record_insn(const struct trace_printer *printer, const struct trace_record *record,
			   uint64_t *bits, char *text, size_t size)
{
	unsigned length = insn_bits(record, bits);
	uint8_t bytes[8];
	text[0] = 0;
	if (!length)
		return 0;
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(*bits >> 8 * i);
	size_t found = disassemble(printer->disassembler, bytes, sizeof(bytes), record->what.pc,
				   text, size);
	if (found)
		return (unsigned)found;
	const char *name = NULL;
	if (printer->disassembler && printer->names.insn)
		name = printer->names.insn(printer->names.opaque, *bits);
	snprintf(text, size, "%s", name ? name : "");
	return length;
}

void trace_put_text(FILE *stream, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c < 0x20 || c >= 0x7f)
			fprintf(stream, "\\x%02x", c);
		else
			fputc(c, stream);
	}
}
