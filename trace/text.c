/* Records for people: one aligned line each. */
#include <inttypes.h>

#include "core/explain.h"
#include "trace/record.h"

static void put_insn(const struct trace_printer *printer, const struct trace_record *record,
		     const char *before)
{
	uint64_t bits;
	char text[160];
	unsigned length = trace_record_insn(printer, record, &bits, text, sizeof(text));
	if (!length)
		return;
	fprintf(printer->stream, "%s%0*" PRIx64 "%*s%s", before, (int)length * 2, bits,
		text[0] ? (int)(10 - 2 * (length < 4 ? length : 4)) : 0, "", text);
}

/* What the syndrome amounts to, or those of its fields that are not 0. */
static void put_syndrome(FILE *stream, const struct isa *isa, const struct trap *trap)
{
	struct explanation explanation;
	explanation.count = 0;
	if (!isa->explain_trap)
		return;
	isa->explain_trap(trap, &explanation);
	bool summed_up = false;
	for (unsigned i = 1; i < explanation.count; i++)
		summed_up |= !explanation.items[i].has_value;
	for (unsigned i = 1; i < explanation.count; i++) {
		const struct explain_item *item = &explanation.items[i];
		if (!item->has_value)
			fprintf(stream, " %s", item->text);
		else if (item->value && !summed_up)
			fprintf(stream, " %s=0x%" PRIx64, item->name, item->value);
	}
}

static void put_trap(const struct trace_printer *printer, const struct trace_record *record)
{
	const struct trap *trap = &record->trap;
	const struct isa *isa = printer->machine->cpu[0]->isa;
	const uint64_t values[] = {trap->value, trap->value2, trap->syndrome};
	fprintf(printer->stream, "%s -> %s %s", trace_level_name(printer->machine, trap->from),
		trace_level_name(printer->machine, trap->to), isa->cause_name(trap));
	for (unsigned i = 0; i < 3; i++)
		if (isa->trap_value_names[i] && (values[i] || (i == 0 && !trap->interrupt)))
			fprintf(printer->stream, " %s=0x%" PRIx64, isa->trap_value_names[i],
				values[i]);
	put_syndrome(printer->stream, isa, trap);
	if (trap->why)
		fprintf(printer->stream, " (%s)", trap->why);
	put_insn(printer, record, "  ");
}

static void put_csr(FILE *stream, const struct observation *what)
{
	if (what->csr.write)
		fprintf(stream, "%s 0x%" PRIx64 " -> 0x%" PRIx64, what->csr.name, what->csr.before,
			what->csr.after);
	else
		fprintf(stream, "%s is 0x%" PRIx64, what->csr.name, what->csr.after);
}

static void put_mem(FILE *stream, const struct observation *what)
{
	fprintf(stream, "%s%u 0x%" PRIx64, what->mem.write ? "store" : "load", what->mem.size * 8,
		what->mem.address);
	if (what->mem.physical != what->mem.address)
		fprintf(stream, " (physical 0x%" PRIx64 ")", what->mem.physical);
	fprintf(stream, " %s 0x%" PRIx64, what->mem.write ? "<-" : "is", what->mem.value);
}

static void put_mmio(FILE *stream, const struct trace_record *record)
{
	const struct observation *what = &record->what;
	trace_put_text(stream, record->region);
	fprintf(stream, " %s%u 0x%" PRIx64 " %s 0x%" PRIx64, what->mmio.write ? "write" : "read",
		what->mmio.size * 8, what->mmio.address, what->mmio.write ? "<-" : "is",
		what->mmio.value);
	if (what->mmio.result)
		fprintf(stream, " %s", trace_mmio_result(what->mmio.result));
}

static void put_walk(FILE *stream, const struct observation *what)
{
	if (what->walk.stage)
		fprintf(stream, "stage %u %s", what->walk.stage,
			what->walk.of_table ? "table " : "");
	fprintf(stream, "0x%" PRIx64 " -> ", what->walk.address);
	if (what->walk.failure)
		fprintf(stream, "fault (%s)", what->walk.failure);
	else
		fprintf(stream, "0x%" PRIx64, what->walk.physical);
	if (what->walk.stage && what->walk.levels)
		fprintf(stream, "  level %d", what->walk.first_level);
	for (unsigned i = 0; i < what->walk.levels; i++)
		fprintf(stream, "%s%" PRIx64, i ? " " : "  ptes ", what->walk.pte[i]);
}

static void put_irq(const struct trace_printer *printer, const struct observation *what)
{
	const struct trap cause = {.cause = what->irq.number, .interrupt = true};
	fprintf(printer->stream, "%s (%u) %s", printer->machine->cpu[0]->isa->cause_name(&cause),
		what->irq.number, what->irq.level ? "rises" : "falls");
}

static void put_sbi(const struct trace_printer *printer, const struct observation *what)
{
	FILE *stream = printer->stream;
	const char *error = NULL;
	if (printer->names.firmware_error)
		error = printer->names.firmware_error(what->sbi.error);
	if (what->sbi.extension)
		fputs(what->sbi.extension, stream);
	else
		fprintf(stream, "0x%" PRIx64, what->sbi.eid);
	if (what->sbi.function)
		fprintf(stream, ".%s(", what->sbi.function);
	else
		fprintf(stream, ".%" PRIu64 "(", what->sbi.fid);
	for (unsigned i = 0; i < 6; i++)
		fprintf(stream, "%s0x%" PRIx64, i ? ", " : "", what->sbi.args[i]);
	fprintf(stream, ") = %" PRId64, what->sbi.error);
	if (error)
		fprintf(stream, " %s", error);
	fprintf(stream, ", 0x%" PRIx64, what->sbi.value);
}

static void put_detail(const struct trace_printer *printer, const struct trace_record *record)
{
	const struct observation *what = &record->what;
	FILE *stream = printer->stream;
	switch (what->kind) {
	case OBSERVE_INSN:
	case OBSERVE_BLOCK: put_insn(printer, record, ""); break;
	case OBSERVE_TRAP: put_trap(printer, record); break;
	case OBSERVE_RET:
		fprintf(stream, "%s -> %s pc 0x%" PRIx64,
			trace_level_name(printer->machine, what->ret.from),
			trace_level_name(printer->machine, what->ret.to), what->ret.target);
		break;
	case OBSERVE_CSR: put_csr(stream, what); break;
	case OBSERVE_MEM: put_mem(stream, what); break;
	case OBSERVE_MMIO: put_mmio(stream, record); break;
	case OBSERVE_WALK: put_walk(stream, what); break;
	case OBSERVE_TLB: fputs(what->tlb.reason, stream); break;
	case OBSERVE_IRQ: put_irq(printer, what); break;
	case OBSERVE_SBI: put_sbi(printer, what); break;
	case OBSERVE_KIND_COUNT: break;
	}
}

static void put_symbol(const struct trace_printer *printer, uint64_t pc)
{
	uint64_t offset = 0;
	const char *symbol = NULL;
	if (printer->names.symbol)
		symbol = printer->names.symbol(printer->names.opaque, pc, &offset);
	if (!symbol)
		return;
	fputs("  <", printer->stream);
	trace_put_text(printer->stream, symbol);
	if (offset)
		fprintf(printer->stream, "+0x%" PRIx64, offset);
	fputc('>', printer->stream);
}

void trace_record_text(const struct trace_printer *printer, const struct trace_record *record)
{
	const struct observation *what = &record->what;
	fprintf(printer->stream, "%12" PRIu64 " %2u %-2s %-5s %016" PRIx64 "  ", what->icount,
		record->cpu, trace_level_name(printer->machine, record->level),
		trace_kind_name(what->kind), what->pc);
	put_detail(printer, record);
	put_symbol(printer, what->pc);
	fputc('\n', printer->stream);
}
