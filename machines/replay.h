/*
 * Recording a session and replaying it (docs/record-and-replay.md).
 *
 * A run of a machine depends on what it is (machines/identity.h) and on its external input, which
 * comes at polls only. A recorder notes each input with the tick of its poll, and now and then the
 * hash of the state; a player hands the same input over at the same ticks and compares the hashes.
 * Any engine may do either.
 */
#ifndef MACHINES_REPLAY_H
#define MACHINES_REPLAY_H

#include "core/error.h"
#include "core/machine.h"
#include "machines/board.h"

/* At most so many ticks between two state hashes of a recording while the guest is not idle. */
#define REPLAY_CHECK_TICKS 4000000

struct recorder;
struct player;

/*
 * Starts recording what a machine built from config does from now on; limits and turns of the
 * machine are set already. Its poll must be board_poll(), or call it. The file is created; see
 * replay_writer_open(). Returns 0, or -1 with error (125).
 */
int recorder_new(struct machine *machine, const struct board_config *config, const char *path,
		 struct recorder **out, struct error *error);

/* Notes how the session ended: machine->stop. Call it at most once, after the last run. */
void recorder_end(struct recorder *recorder);

/* Ends the recording before the machine is freed. Returns 0, or -1 with error (125) if not all
 * could be written. recorder may be NULL. */
int recorder_free(struct recorder *recorder, struct error *error);

/* Reads a recording. Returns 0, or -1 with error: see replay_log_read(). */
int player_open(const char *path, struct player **out, struct error *error);

/* Before the machine is built: the recorded time of the clock goes into config. */
void player_configure(const struct player *player, struct board_config *config);

/*
 * Connects the machine, which was built from config and has not run: its consoles get their input
 * from the recording only, and its limit of instructions is the recorded one unless it is lower.
 * Returns 0; or -1 with error (125) that says how the machine is not the recorded one.
 */
int player_start(struct player *player, struct machine *machine, const struct board_config *config,
		 struct error *error);

/*
 * In place of machine_run(): runs until the machine stops or the recording ends. At its end the
 * machine stops as the recorded one did. A machine that does something else stops with
 * STOP_DIVERGED and a text that says at which count. After STOP_RESET, reset and call it again,
 * unless player_at_end().
 */
enum stop_kind player_run(struct player *player);

/* Whether the recording is used up. */
bool player_at_end(const struct player *player);

/* A line for the user if the recording stops without an end, and it was played to there; else NULL.
 */
const char *player_cut_off(const struct player *player);

/* Before the machine is freed. player may be NULL. */
void player_free(struct player *player);

#endif
