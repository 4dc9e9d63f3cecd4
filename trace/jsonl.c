/* Records for programs: one JSON object in each line. */
#include <inttypes.h>

#include "core/explain.h"
#include "core/json.h"
#include "trace/record.h"

static void put_symbol(struct json *json, const struct trace_printer *printer, uint64_t pc)
{
	uint64_t offset = 0;
	const char *symbol = NULL;
	if (printer->names.symbol)
		symbol = printer->names.symbol(printer->names.opaque, pc, &offset);
	if (!symbol)
		return;
	json_string(json, "sym", symbol);
	json_unsigned(json, "off", offset);
}

static void put_insn(struct json *json, const struct trace_printer *printer,
		     const struct trace_record *record)
{
	uint64_t bits;
	char text[160];
	if (!trace_record_insn(printer, record, &bits, text, sizeof(text)))
		return;
	json_hex(json, "insn", bits);
	if (text[0])
		json_string(json, "dis", text);
}

/* The first item is the class, what follows are its fields and what they amount to. */
static void put_syndrome(struct json *json, const struct isa *isa, const struct trap *trap)
{
	struct explanation explanation;
	explanation.count = 0;
	if (isa->explain_trap)
		isa->explain_trap(trap, &explanation);
	if (!explanation.count)
		return;
	json_unsigned(json, explanation.items[0].name, explanation.items[0].value);
	json_open(json, "iss", '{');
	for (unsigned i = 1; i < explanation.count; i++) {
		const struct explain_item *item = &explanation.items[i];
		if (item->has_value)
			json_unsigned(json, item->name, item->value);
		else
			json_string(json, item->name, item->text);
	}
	json_close(json, '}');
}

static void put_trap(struct json *json, const struct trace_printer *printer,
		     const struct trace_record *record)
{
	const struct trap *trap = &record->trap;
	const struct isa *isa = printer->machine->cpu[0]->isa;
	const uint64_t values[] = {trap->value, trap->value2, trap->syndrome};
	json_string(json, "from", trace_level_name(printer->machine, trap->from));
	json_string(json, "to", trace_level_name(printer->machine, trap->to));
	json_string(json, "cause", isa->cause_name(trap));
	json_unsigned(json, "code", trap->cause);
	json_bool(json, "interrupt", trap->interrupt);
	json_open(json, "syn", '{');
	for (unsigned i = 0; i < 3; i++)
		if (isa->trap_value_names[i])
			json_hex(json, isa->trap_value_names[i], values[i]);
	put_syndrome(json, isa, trap);
	json_close(json, '}');
	if (trap->why)
		json_string(json, "why", trap->why);
	put_insn(json, printer, record);
}

static void put_csr(struct json *json, const struct observation *what)
{
	json_string(json, "csr", what->csr.name);
	json_hex(json, "number", what->csr.number);
	json_string(json, "op", what->csr.write ? "write" : "read");
	if (what->csr.write) {
		json_hex(json, "before", what->csr.before);
		json_hex(json, "after", what->csr.after);
	} else {
		json_hex(json, "value", what->csr.after);
	}
}

static void put_mem(struct json *json, const struct observation *what)
{
	json_string(json, "op", what->mem.write ? "store" : "load");
	json_hex(json, "va", what->mem.address);
	json_hex(json, "pa", what->mem.physical);
	json_unsigned(json, "size", what->mem.size);
	json_hex(json, "value", what->mem.value);
}

static void put_mmio(struct json *json, const struct trace_record *record)
{
	const struct observation *what = &record->what;
	json_string(json, "op", what->mmio.write ? "write" : "read");
	json_string(json, "region", record->region);
	json_hex(json, "pa", what->mmio.address);
	json_unsigned(json, "size", what->mmio.size);
	json_hex(json, "value", what->mmio.value);
	json_string(json, "result", trace_mmio_result(what->mmio.result));
}

static void put_walk(struct json *json, const struct observation *what)
{
	if (what->walk.stage) {
		json_unsigned(json, "stage", what->walk.stage);
		json_bool(json, "table", what->walk.of_table);
		json_signed(json, "first", what->walk.first_level);
	}
	json_hex(json, what->walk.stage == 2 ? "ipa" : "va", what->walk.address);
	if (what->walk.failure)
		json_string(json, "fault", what->walk.failure);
	else
		json_hex(json, "pa", what->walk.physical);
	json_open(json, "pte", '[');
	for (unsigned i = 0; i < what->walk.levels; i++)
		json_hex(json, NULL, what->walk.pte[i]);
	json_close(json, ']');
}

static void put_irq(struct json *json, const struct trace_printer *printer,
		    const struct observation *what)
{
	const struct trap cause = {.cause = what->irq.number, .interrupt = true};
	json_string(json, "irq", printer->machine->cpu[0]->isa->cause_name(&cause));
	json_unsigned(json, "number", what->irq.number);
	json_unsigned(json, "value", what->irq.level);
}

static void put_sbi(struct json *json, const struct trace_printer *printer,
		    const struct observation *what)
{
	const char *error = NULL;
	if (printer->names.firmware_error)
		error = printer->names.firmware_error(what->sbi.error);
	json_string(json, "ext", what->sbi.extension);
	json_string(json, "fn", what->sbi.function);
	json_hex(json, "eid", what->sbi.eid);
	json_unsigned(json, "fid", what->sbi.fid);
	json_open(json, "args", '[');
	for (unsigned i = 0; i < 6; i++)
		json_hex(json, NULL, what->sbi.args[i]);
	json_close(json, ']');
	json_signed(json, "error", what->sbi.error);
	if (error)
		json_string(json, "error_name", error);
	json_hex(json, "value", what->sbi.value);
}

static void put_detail(struct json *json, const struct trace_printer *printer,
		       const struct trace_record *record)
{
	const struct observation *what = &record->what;
	switch (what->kind) {
	case OBSERVE_INSN:
	case OBSERVE_BLOCK: put_insn(json, printer, record); break;
	case OBSERVE_TRAP: put_trap(json, printer, record); break;
	case OBSERVE_RET:
		json_string(json, "from", trace_level_name(printer->machine, what->ret.from));
		json_string(json, "to", trace_level_name(printer->machine, what->ret.to));
		json_hex(json, "target", what->ret.target);
		break;
	case OBSERVE_CSR: put_csr(json, what); break;
	case OBSERVE_MEM: put_mem(json, what); break;
	case OBSERVE_MMIO: put_mmio(json, record); break;
	case OBSERVE_WALK: put_walk(json, what); break;
	case OBSERVE_TLB: json_string(json, "reason", what->tlb.reason); break;
	case OBSERVE_IRQ: put_irq(json, printer, what); break;
	case OBSERVE_SBI: put_sbi(json, printer, what); break;
	case OBSERVE_KIND_COUNT: break;
	}
}

void trace_record_json(const struct trace_printer *printer, const struct trace_record *record)
{
	const struct observation *what = &record->what;
	struct json json;
	json_init(&json, printer->stream);
	json_open(&json, NULL, '{');
	json_unsigned(&json, "i", what->icount);
	json_unsigned(&json, "c", record->cpu);
	json_string(&json, "k", trace_kind_name(what->kind));
	json_hex(&json, "pc", what->pc);
	put_symbol(&json, printer, what->pc);
	if (what->kind != OBSERVE_TRAP && what->kind != OBSERVE_RET)
		json_string(&json, "level", trace_level_name(printer->machine, record->level));
	put_detail(&json, printer, record);
	json_close(&json, '}');
	json_line(&json);
}
