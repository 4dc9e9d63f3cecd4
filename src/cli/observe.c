#include "src/cli/observe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bus/bus.h"
#include "cpu/arm64/insn.h"
#include "cpu/riscv/insn.h"
#include "engine/engine.h"
#include "psci/psci.h"
#include "src/cli/build_id.h"
#include "trace/trace.h"

/* -- names -- */

static const char *symbol(void *opaque, uint64_t address, uint64_t *offset)
{
	const struct session *session = opaque;
	const struct image *images[] = {board_image(session->machine),
					board_firmware_image(session->machine)};
	for (unsigned i = 0; i < 2; i++) {
		const struct symbol *found =
			images[i] ? symbol_table_find(&images[i]->symbols, address, offset) : NULL;
		if (found)
			return found->name;
	}
	return NULL;
}

static const char *arm64_insn_name(const struct session *session, uint64_t bits)
{
	const char *why;
	const struct arm64_row *row =
		arm64_decode(arm64_cpu(session->machine->cpu[0]), (uint32_t)bits, &why);
	return row ? row->name : NULL;
}

static const char *insn_name(void *opaque, uint64_t bits)
{
	const struct session *session = opaque;
	if (session->config.arch == IMAGE_ARCH_AARCH64)
		return arm64_insn_name(session, bits);
	const struct riscv_cpu *hart = riscv_cpu(session->machine->cpu[0]);
	const char *why;
	if ((bits & 3) == 3) {
		const struct riscv_row *row = riscv_decode(hart, (uint32_t)bits, &why);
		return row ? row->name : NULL;
	}
	const struct riscv_row16 *row = riscv_decode16(hart, (uint16_t)bits, &why);
	return row ? row->name : NULL;
}

static struct trace_names names(struct session *session)
{
	bool arm = session->config.arch == IMAGE_ARCH_AARCH64;
	return (struct trace_names){
		.symbol = symbol,
		.insn = insn_name,
		.firmware_error = arm ? psci_error_name : sbi_error_name,
		.opaque = session,
	};
}

/* -- the first line -- */

static void hash_image(const struct image *image, char *text, size_t size)
{
	snprintf(text, size, "sum64:%016" PRIx64, image->checksum);
}

struct properties {
	struct trace_property rows[16];
	unsigned count;
	char isa[1024], build[64], image_hash[40], firmware_hash[40], seed[24], memory[24];
};

static void add_property(struct properties *properties, const char *name, const char *text)
{
	if (text)
		properties->rows[properties->count++] = (struct trace_property){name, text};
}

static void add_feature(void *opaque, const char *name)
{
	struct properties *properties = opaque;
	size_t used = strlen(properties->isa), size = sizeof(properties->isa);
	snprintf(properties->isa + used, size - used, "%s%s", used ? "," : "", name);
}

static void describe_cpu(const struct session *session, struct properties *properties)
{
	struct cpu *cpu = session->machine->cpu[0];
	if (session->config.arch == IMAGE_ARCH_AARCH64) {
		properties->isa[0] = 0;
		arm64_config_features(&arm64_cpu(cpu)->config, add_feature, properties);
		add_property(properties, "arch", "aarch64");
		add_property(properties, "isa", properties->isa);
		return;
	}
	const struct riscv_config *config = &riscv_cpu(cpu)->config;
	riscv_isa_string(config, properties->isa, sizeof(properties->isa));
	add_property(properties, "isa", properties->isa);
	add_property(properties, "misaligned", config->misaligned_trap ? "trap" : "hw");
	add_property(properties, "sbi", session->options->sbi ? session->options->sbi : "on");
}

static void describe(const struct session *session, struct properties *properties)
{
	const struct machine_options *options = session->options;
	const struct image *image = board_image(session->machine);
	const struct image *firmware = board_firmware_image(session->machine);

	properties->count = 0;
	snprintf(properties->seed, sizeof(properties->seed), "%" PRIu64, options->seed);
	snprintf(properties->memory, sizeof(properties->memory), "%" PRIu64, options->memory);
	add_property(properties, "version", TRAPLINE_VERSION);
	add_property(properties, "build", build_id(properties->build, sizeof(properties->build)));
	if (image) {
		hash_image(image, properties->image_hash, sizeof(properties->image_hash));
		add_property(properties, "image", image->path);
		add_property(properties, "image_hash", properties->image_hash);
	}
	if (firmware) {
		hash_image(firmware, properties->firmware_hash, sizeof(properties->firmware_hash));
		add_property(properties, "firmware", firmware->path);
		add_property(properties, "firmware_hash", properties->firmware_hash);
	}
	describe_cpu(session, properties);
	add_property(properties, "memory", properties->memory);
	add_property(properties, "engine", options->engine);
	add_property(properties, "seed", properties->seed);
}

/* -- device accesses -- */

/* The bus knows no CPU and no observers; this makes observations of its events. */
static void mmio_event(void *opaque, const struct mb_mmio_event *event)
{
	struct machine *machine = opaque;
	const struct cpu *cpu = machine->running ? machine->running : machine->cpu[0];
	bool inside = machine->running && cpu->block && cpu->uop;
	struct observation observation = {
		.kind = OBSERVE_MMIO,
		.icount = machine->clock.now,
		.pc = inside ? engine_pc(cpu) : cpu->pc,
		.mmio = {event->region, event->address, event->value, event->size, event->result,
			 event->is_write},
	};
	observer_notify(&machine->observers, cpu, &observation);
}

/* -- */

int observe_open(struct session *session, struct error *error)
{
	const struct option_list *specs = &session->options->traces;
	for (unsigned i = 0; i < specs->count; i++) {
		session->traces[i] = trace_new(specs->items[i], error);
		if (!session->traces[i])
			return -1;
	}
	return 0;
}

int observe_attach(struct session *session, struct error *error)
{
	struct machine *machine = session->machine;
	struct properties properties;
	struct trace_context context = {.names = names(session)};
	session->ring = trap_ring_new(machine, &context.names);
	if (!session->ring)
		return error_set(error, EXIT_CODE_USAGE, "out of memory");
	if (!session->options->traces.count)
		return 0;
	describe(session, &properties);
	context.properties = properties.rows;
	context.property_count = properties.count;
	for (unsigned i = 0; i < session->options->traces.count; i++)
		if (trace_attach(session->traces[i], machine, &context, error))
			return -1;
	if (observer_wants(&machine->observers, OBSERVE_MMIO))
		mb_space_set_observer(machine->memory, mmio_event, machine);
	return 0;
}

void observe_flush(struct session *session)
{
	for (unsigned i = 0; i < session->options->traces.count; i++)
		trace_flush(session->traces[i]);
}

int observe_close(struct session *session, struct error *error)
{
	int result = 0;
	if (session->machine && session->options->traces.count)
		mb_space_set_observer(session->machine->memory, NULL, NULL);
	for (unsigned i = 0; i < session->options->traces.count; i++) {
		result |= trace_close(session->traces[i], error);
		session->traces[i] = NULL;
	}
	return result;
}
