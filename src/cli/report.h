/* How a run ended: exit status, the report on standard error, --exit-json, --stats. */
#ifndef SRC_CLI_REPORT_H
#define SRC_CLI_REPORT_H

#include "src/cli/session.h"

/* Reports and returns the exit status of the process. host_ns: how long the run took. */
int report_end(struct session *session, uint64_t host_ns);

#endif
