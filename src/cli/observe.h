/* --trace and the ring of last traps in a session: what trace/ cannot know is added here. */
#ifndef SRC_CLI_OBSERVE_H
#define SRC_CLI_OBSERVE_H

#include "src/cli/session.h"

/* Parses the --trace options and opens their files, before the machine is built. */
int observe_open(struct session *session, struct error *error);

/* Attaches traces and ring to the machine. Returns 0, or -1 with error. */
int observe_attach(struct session *session, struct error *error);

/* Prints what waits for standard error. Called between rounds. */
void observe_flush(struct session *session);

/* Ends the traces; the ring stays. Returns 0, or -1 with error if one could not be written. */
int observe_close(struct session *session, struct error *error);

#endif
