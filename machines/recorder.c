/* Recording: what comes from outside, with the tick of the poll that brought it. */
#include <stdlib.h>
#include <string.h>

#include "machines/replay_impl.h"

struct recorder_console {
	struct recorder *recorder;
	uint8_t source;
};

struct recorder {
	struct board *board;
	struct replay_writer writer;
	struct recorder_console console[BOARD_CONSOLES];
	uint64_t next_check;
	char *path;
};

static void input(void *opaque, const uint8_t *bytes, size_t length)
{
	const struct recorder_console *console = opaque;
	struct recorder *recorder = console->recorder;
	const struct machine *machine = &recorder->board->machine;
	while (length) {
		size_t part = length < REPLAY_PAYLOAD_MAX ? length : REPLAY_PAYLOAD_MAX;
		const struct replay_record record = {
			.kind = REPLAY_INPUT,
			.source = console->source,
			.tick = machine->clock.now,
			.step = machine->repeats,
			.payload = bytes,
			.length = (uint16_t)part,
		};
		replay_writer_put(&recorder->writer, &record);
		bytes += part;
		length -= part;
	}
}

static bool poll_input(void *opaque)
{
	struct recorder *recorder = opaque;
	const struct machine *machine = &recorder->board->machine;
	uint64_t now = machine->clock.now;
	if (now >= recorder->next_check) {
		replay_writer_put_check(&recorder->writer, now, machine->repeats,
					state_hash(&machine->state));
		recorder->next_check = now + REPLAY_CHECK_TICKS;
	}
	return board_poll_consoles(recorder->board);
}

static void connect_consoles(struct recorder *recorder, bool on)
{
	struct board *board = recorder->board;
	for (unsigned i = 0; i < BOARD_CONSOLES; i++) {
		recorder->console[i] = (struct recorder_console){recorder, (uint8_t)i};
		if (board_console(board, i))
			chardev_tap(board_console(board, i), on ? input : NULL,
				    &recorder->console[i]);
	}
	board->poll_input = on ? poll_input : NULL;
	board->poll_input_opaque = recorder;
}

int recorder_new(struct machine *machine, const struct board_config *config, const char *path,
		 struct recorder **out, struct error *error)
{
	struct identity identity = {0};
	struct recorder *recorder = calloc(1, sizeof(*recorder));
	*out = NULL;
	if (recorder)
		recorder->path = strdup(path);
	if (!recorder || !recorder->path) {
		free(recorder);
		return error_set(error, EXIT_CODE_USAGE, "out of memory");
	}
	recorder->board = board_of(machine);
	recorder->next_check = machine->clock.now;
	int status = identity_describe(&identity, machine, config, error);
	if (!status)
		status = replay_writer_open(&recorder->writer, path, &identity,
					    machine->icount_limit, error);
	identity_free(&identity);
	if (status) {
		free(recorder->path);
		free(recorder);
		return -1;
	}
	connect_consoles(recorder, true);
	*out = recorder;
	return 0;
}

/* A replay reaches states between rounds, and with one CPU those between instructions. */
static bool is_exact(const struct machine *machine, uint64_t tick)
{
	for (unsigned i = 0; i < machine->cpu_count; i++)
		if (cpu_now(machine->cpu[i]) != tick)
			return false;
	return clock_next(&machine->clock) > tick;
}

void recorder_end(struct recorder *recorder)
{
	const struct machine *machine = &recorder->board->machine;
	uint64_t tick = replay_position(machine);
	const struct replay_end end = {
		.kind = (uint8_t)machine->stop.kind,
		.exact = !replay_ended_by_host(machine->stop.kind) || is_exact(machine, tick),
		.status = machine->stop.status,
		.hash = state_hash(&machine->state),
	};
	replay_writer_put_end(&recorder->writer, tick,
			      tick == machine->clock.now ? machine->repeats : 0, &end);
}

int recorder_free(struct recorder *recorder, struct error *error)
{
	if (!recorder)
		return 0;
	connect_consoles(recorder, false);
	replay_writer_close(&recorder->writer);
	int failed = recorder->writer.failed;
	if (failed)
		error_set(error, EXIT_CODE_USAGE, "%s: cannot write the recording: %s",
			  recorder->path, strerror(failed));
	free(recorder->path);
	free(recorder);
	return failed ? -1 : 0;
}
