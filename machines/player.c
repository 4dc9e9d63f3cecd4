/* Replay: the recorded input at the recorded ticks, and the proof that the run is the same. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machines/replay_impl.h"

struct player {
	struct board *board; /* NULL until player_start() */
	struct replay_log log;
	uint64_t checked; /* tick of the last hash that was right */
	char cut_off[160];
};

int player_open(const char *path, struct player **out, struct error *error)
{
	*out = NULL;
	struct player *player = calloc(1, sizeof(*player));
	if (!player)
		return error_set(error, EXIT_CODE_USAGE, "out of memory");
	if (replay_log_read(&player->log, path, error)) {
		free(player);
		return -1;
	}
	*out = player;
	return 0;
}

void player_configure(const struct player *player, struct board_config *config)
{
	const char *rtc = identity_find(&player->log.identity, "rtc");
	if (rtc)
		config->rtc_epoch_ns = strtoull(rtc, NULL, 10);
}

/* -- what the machine does against what it did -- */

/* machine_stop() keeps the first request, but here the machine may have stopped already. */
static void diverge(struct player *player, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void diverge(struct player *player, const char *format, ...)
{
	struct machine *machine = &player->board->machine;
	char text[sizeof(machine->stop.text)];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	machine->stop.kind = STOP_NONE;
	machine_stop(machine, STOP_DIVERGED, 0, "%s", text);
	player->log.position = player->log.end;
}

/* Close to a limit that the recorded run did not have, turns of several CPUs are shorter. */
static bool is_near_limit(const struct player *player)
{
	const struct machine *machine = &player->board->machine;
	uint64_t total = machine->cpu_count * machine->quantum;
	if (machine->cpu_count == 1 || machine->icount_limit >= player->log.icount_limit)
		return false;
	for (unsigned i = 0; i < machine->cpu_count; i++)
		total += cpu_retired(machine->cpu[i]) + machine->cpu[i]->trap_count;
	return total >= machine->icount_limit;
}

static void check(struct player *player, const struct replay_record *record)
{
	if (is_near_limit(player))
		return;
	uint64_t hash = state_hash(&player->board->machine.state);
	if (hash == replay_record_hash(record))
		player->checked = record->tick;
	else
		diverge(player,
			"replay diverges between count %" PRIu64 " and %" PRIu64
			": the state has hash %016" PRIx64 ", recorded %016" PRIx64,
			player->checked, record->tick, hash, replay_record_hash(record));
}

static void give_input(struct player *player, const struct replay_record *record)
{
	struct chardev *console = record->source < BOARD_CONSOLES
					  ? board_console(player->board, record->source)
					  : NULL;
	if (!console || chardev_push(console, record->payload, record->length) != record->length)
		diverge(player,
			"replay diverges at count %" PRIu64 ": input of %u bytes for console %u, "
			"which does not take it",
			record->tick, record->length, record->source);
}

/* Does what the recording has for this poll. False when it has nothing more. */
static bool play_record(struct player *player)
{
	const struct machine *machine = &player->board->machine;
	uint64_t now = machine->clock.now;
	struct replay_record record;
	if (!replay_log_peek(&player->log, &record) || record.tick > now ||
	    (record.tick == now && record.step > machine->repeats) ||
	    (record.tick == now && record.kind == REPLAY_END))
		return false;
	if (record.tick < now || record.step < machine->repeats) {
		diverge(player,
			"replay diverges between count %" PRIu64 " and %" PRIu64
			": %s then, and this "
			"run goes on to %" PRIu64,
			player->checked, record.tick,
			record.kind == REPLAY_END ? "the recorded run ended"
						  : "the recorded run waited for input",
			now);
		return false;
	}
	if (record.kind == REPLAY_CHECK)
		check(player, &record);
	else
		give_input(player, &record);
	replay_log_skip(&player->log);
	return true;
}

static bool poll_input(void *opaque)
{
	struct player *player = opaque;
	bool moved = false;
	while (play_record(player))
		moved = true;
	return board_poll_consoles(player->board) || moved;
}

int player_start(struct player *player, struct machine *machine, const struct board_config *config,
		 struct error *error)
{
	struct identity here = {0};
	int status = identity_describe(&here, machine, config, error);
	if (!status)
		status = identity_compare(&player->log.identity, &here, player->log.name, error);
	identity_free(&here);
	if (status)
		return -1;
	struct board *board = board_of(machine);
	player->board = board;
	player->checked = machine->clock.now;
	if (player->log.icount_limit < machine->icount_limit)
		machine->icount_limit = player->log.icount_limit;
	for (unsigned i = 0; i < BOARD_CONSOLES; i++)
		if (board_console(board, i))
			chardev_mute(board_console(board, i));
	board->poll_input = poll_input;
	board->poll_input_opaque = player;
	return 0;
}

/* -- the end -- */

/* The end record, if the recording has one. */
static bool find_end(const struct player *player, struct replay_end *end)
{
	struct replay_log log = player->log;
	struct replay_record record;
	for (; replay_log_peek(&log, &record); replay_log_skip(&log)) {
		if (record.kind != REPLAY_END)
			continue;
		*end = replay_record_end(&record);
		return true;
	}
	return false;
}

/* How far to run: to where the host ended it, or where a recording stops. */
static uint64_t run_limit(const struct player *player)
{
	const struct replay_log *log = &player->log;
	struct replay_end end;
	if (!log->complete) /* the recording broke off within this many ticks */
		return log->last_tick + REPLAY_CHECK_TICKS;
	if (find_end(player, &end) && replay_ended_by_host(end.kind))
		return log->last_tick;
	return CLOCK_NEVER;
}

static void end_cut_off(struct player *player)
{
	struct machine *machine = &player->board->machine;
	snprintf(player->cut_off, sizeof(player->cut_off),
		 "%.60s: offset %zu: the recording breaks off, expected more records; replayed to "
		 "count %" PRIu64,
		 player->log.name, player->log.end, machine->clock.now);
	machine->stop = (struct stop){.kind = STOP_NONE};
	machine_stop(machine, STOP_QUIT, 0, "%s", player->cut_off);
}

/* The host ended the recorded run here. */
static void end_by_host(struct player *player, const struct replay_end *end)
{
	struct machine *machine = &player->board->machine;
	struct replay_record record;
	while (play_record(player))
		;
	if (machine->stop.kind != STOP_NONE)
		return;
	bool late = !replay_log_peek(&player->log, &record) || record.kind != REPLAY_END;
	if (end->exact && !late && state_hash(&machine->state) != end->hash) {
		diverge(player,
			"replay diverges between count %" PRIu64 " and %" PRIu64
			", where the recorded run was ended: the state differs",
			player->checked, player->log.last_tick);
		return;
	}
	player->log.position = player->log.end;
	machine_stop(machine, end->kind, end->status,
		     "the recorded run was ended here, at %" PRIu64, player->log.last_tick);
}

/* The guest stopped by itself: as it did when it was recorded? */
static void end_by_guest(struct player *player)
{
	struct machine *machine = &player->board->machine;
	struct replay_record record;
	if (!replay_log_peek(&player->log, &record))
		return;
	bool at_end = record.kind == REPLAY_END && record.tick == replay_position(machine);
	if (!at_end && machine->stop.kind == STOP_RESET && record.tick >= machine->clock.now)
		return; /* it was reset and went on */
	struct replay_end end = at_end ? replay_record_end(&record) : (struct replay_end){0};
	if (at_end && end.kind == machine->stop.kind && end.status == machine->stop.status &&
	    end.hash == state_hash(&machine->state)) {
		replay_log_skip(&player->log);
		return;
	}
	if (at_end && machine->stop.kind == STOP_RESET && end.kind != STOP_RESET)
		return;
	const struct stop stop = machine->stop; /* the line is about to be overwritten */
	diverge(player,
		"replay diverges between count %" PRIu64 " and %" PRIu64
		": this run stops%s (%.60s)",
		player->checked, replay_position(machine), at_end ? " in another state" : "",
		stop.text);
}

/* What this process's own host and limits do to a replay is no divergence. */
static bool stopped_by_us(const struct player *player)
{
	const struct machine *machine = &player->board->machine;
	switch (machine->stop.kind) {
	case STOP_SIGNAL:
	case STOP_QUIT:
	case STOP_TIMEOUT:
	case STOP_DEBUG:
	case STOP_DIVERGED: return true;
	case STOP_ICOUNT_LIMIT: return machine->icount_limit < player->log.icount_limit;
	default: return false;
	}
}

enum stop_kind player_run(struct player *player)
{
	struct machine *machine = &player->board->machine;
	struct replay_end end;
	machine_run_until(machine, run_limit(player));
	bool records_left = player->log.position < player->log.end;
	if (stopped_by_us(player))
		return machine->stop.kind;
	if (!player->log.complete && (machine->stop.kind == STOP_NONE ||
				      (machine->stop.kind == STOP_DEADLOCK && !records_left)))
		end_cut_off(player);
	else if (machine->stop.kind != STOP_NONE)
		end_by_guest(player);
	else if (find_end(player, &end))
		end_by_host(player, &end);
	return machine->stop.kind;
}

bool player_at_end(const struct player *player)
{
	return player->log.position >= player->log.end;
}

const char *player_cut_off(const struct player *player)
{
	return player->cut_off[0] ? player->cut_off : NULL;
}

void player_free(struct player *player)
{
	if (!player)
		return;
	if (player->board)
		player->board->poll_input = NULL;
	replay_log_fini(&player->log);
	free(player);
}
