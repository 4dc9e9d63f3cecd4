/* --lockstep: the same machine twice, the second in another engine, compared as they go. */
#ifndef SRC_CLI_LOCKSTEP_H
#define SRC_CLI_LOCKSTEP_H

#include "src/cli/session.h"

/* Runs both until the first stops. A difference is reported and stops both (STOP_DEBUG). */
enum stop_kind lockstep_run(struct session *session);

#endif
