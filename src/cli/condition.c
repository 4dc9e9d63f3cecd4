#include "src/cli/condition.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/options.h"

/* -- parsing -- */

static int parse_number(const char *text, uint64_t *number)
{
	char *end;
	errno = 0;
	*number = strtoull(text, &end, 0);
	return *text < '0' || *text > '9' || *end || errno ? -1 : 0;
}

static int parse_argument(struct condition *condition)
{
	uint64_t milliseconds;
	switch (condition->kind) {
	case CONDITION_INSN: return parse_number(condition->argument, &condition->number);
	case CONDITION_TIME:
		if (option_parse_duration(condition->argument, &milliseconds))
			return -1;
		condition->number = milliseconds * 1000000ull;
		return 0;
	case CONDITION_CONSOLE:
		return *condition->argument && strlen(condition->argument) < sizeof(condition->tail)
			       ? 0
			       : -1;
	case CONDITION_PC: return *condition->argument ? 0 : -1;
	case CONDITION_USER:
	case CONDITION_GUEST: return *condition->argument ? -1 : 0;
	default: return -1;
	}
}

int condition_parse(struct condition *condition, const char *text, struct error *error)
{
	static const struct {
		const char *word;
		enum condition_kind kind;
	} words[] = {
		{"insn:",    CONDITION_INSN   },
                {"time:",    CONDITION_TIME   },
		{"pc:",      CONDITION_PC     },
                {"console:", CONDITION_CONSOLE},
		{"user",     CONDITION_USER   },
                {"guest",    CONDITION_GUEST  },
		{"",         CONDITION_INSN   },
	};
	unsigned i = 0;
	while (strncmp(text, words[i].word, strlen(words[i].word)) != 0)
		i++;
	*condition = (struct condition){
		.kind = words[i].kind, .text = text, .argument = text + strlen(words[i].word)};
	if (!parse_argument(condition)) {
		if (condition->kind == CONDITION_GUEST)
			condition->argument = "snapshot";
		return 0;
	}
	return error_set(error, EXIT_CODE_USAGE,
			 "--snapshot-at %.100s: expected insn:N, time:DURATION, pc:ADDRESS or "
			 "SYMBOL, console:TEXT, user or guest",
			 text);
}

/* -- watching -- */

/* The first time only: the run that follows may meet the condition again. */
static void meet(struct condition *condition)
{
	if (condition->met || condition->machine->stop.kind != STOP_NONE)
		return;
	condition->met = true;
	machine_stop(condition->machine, STOP_DEBUG, 0, "--snapshot-at %.100s", condition->text);
}

void condition_request(struct condition *condition, const char *word)
{
	if (condition->kind == CONDITION_GUEST && condition->machine &&
	    !strcmp(word, condition->argument))
		meet(condition);
}

static void observe(void *opaque, const struct cpu *cpu, const struct observation *observation)
{
	struct condition *condition = opaque;
	(void)cpu;
	if (observation->kind == OBSERVE_RET ? observation->ret.to == 0
					     : observation->pc == condition->number)
		meet(condition);
}

static void watch_byte(struct condition *condition, uint8_t byte)
{
	size_t length = strlen(condition->argument);
	if (condition->tail_length == length)
		memmove(condition->tail, condition->tail + 1, --condition->tail_length);
	condition->tail[condition->tail_length++] = (char)byte;
	if (condition->tail_length == length &&
	    !memcmp(condition->tail, condition->argument, length))
		meet(condition);
}

static void watch_output(struct chardev_filter *filter, const uint8_t *bytes, size_t length)
{
	struct condition *condition = filter->opaque;
	for (size_t i = 0; i < length; i++)
		watch_byte(condition, bytes[i]);
	chardev_pass(filter, bytes, length);
}

static int find_pc(struct condition *condition, const struct symbol_table *symbols,
		   struct error *error)
{
	if (!parse_number(condition->argument, &condition->number))
		return 0;
	const struct symbol *symbol = symbol_table_named(symbols, condition->argument);
	if (!symbol)
		return error_set(error, EXIT_CODE_USAGE,
				 "--snapshot-at %.100s: expected an address or a symbol of the "
				 "image",
				 condition->text);
	condition->number = symbol->address;
	return 0;
}

int condition_arm(struct condition *condition, struct machine *machine,
		  const struct symbol_table *symbols, struct chardev *console, struct error *error)
{
	condition->machine = machine;
	condition->observer.notify = observe;
	condition->observer.opaque = condition;
	if (condition->kind == CONDITION_PC) {
		if (find_pc(condition, symbols, error))
			return -1;
		condition->observer.kinds = OBSERVE_BIT(OBSERVE_INSN);
	} else if (condition->kind == CONDITION_USER) {
		condition->observer.kinds = OBSERVE_BIT(OBSERVE_RET);
	}
	if (condition->observer.kinds)
		observer_add(&machine->observers, &condition->observer);
	if (condition->kind == CONDITION_CONSOLE && console) {
		condition->console = console;
		condition->filter.output = watch_output;
		condition->filter.opaque = condition;
		chardev_filter_add(console, &condition->filter);
	}
	return 0;
}

void condition_disarm(struct condition *condition)
{
	if (condition->machine && condition->observer.kinds)
		observer_remove(&condition->machine->observers, &condition->observer);
	if (condition->console)
		chardev_filter_remove(condition->console, &condition->filter);
	*condition = (struct condition){.met = condition->met};
}

/* -- running -- */

uint64_t condition_instructions(const struct machine *machine)
{
	uint64_t total = 0;
	for (unsigned i = 0; i < machine->cpu_count; i++)
		total += cpu_retired(machine->cpu[i]);
	return total;
}

/* In strides that cannot go past the count: idle harts only make it need more of them. */
static enum stop_kind run_to_count(struct condition *condition)
{
	struct machine *machine = condition->machine;
	while (machine->stop.kind == STOP_NONE) {
		uint64_t done = condition_instructions(machine);
		if (done >= condition->number) {
			condition->met = true;
			return STOP_NONE;
		}
		uint64_t stride = (condition->number - done) / machine->cpu_count;
		uint64_t now = machine->clock.now;
		if (stride == 0)
			stride = 1;
		machine_run_until(machine, stride < UINT64_MAX - now ? now + stride : UINT64_MAX);
	}
	return machine->stop.kind;
}

static enum stop_kind run_to_time(struct condition *condition)
{
	struct machine *machine = condition->machine;
	uint64_t tick = clock_tick_at_ns(&machine->clock, condition->number);
	enum stop_kind kind = machine_run_until(machine, tick);
	condition->met = kind == STOP_NONE;
	return kind;
}

enum stop_kind condition_run(struct condition *condition)
{
	struct machine *machine = condition->machine;
	if (condition->kind == CONDITION_INSN)
		return run_to_count(condition);
	if (condition->kind == CONDITION_TIME)
		return run_to_time(condition);
	enum stop_kind kind = machine_run(machine);
	if (!condition->met)
		return kind;
	machine->stop = (struct stop){.kind = STOP_NONE};
	return STOP_NONE;
}
