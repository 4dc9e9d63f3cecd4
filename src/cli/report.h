/* How a run ended: exit status, the report on standard error, --exit-json, --stats. */
#ifndef SRC_CLI_REPORT_H
#define SRC_CLI_REPORT_H

#include "src/cli/session.h"

/* Opens the file of --exit-json. Returns 0, or -1 with error (125). */
int report_open(struct session *session, struct error *error);

/* Closes it when nothing was written; report_end() has closed it otherwise. */
void report_close(struct session *session);

/* Reports and returns the exit status of the process. host_ns: how long the run took. */
int report_end(struct session *session, uint64_t host_ns);

#endif
