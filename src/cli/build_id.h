/* Which build of trapline this is. */
#ifndef SRC_CLI_BUILD_ID_H
#define SRC_CLI_BUILD_ID_H

#include <stddef.h>

/* The GNU build id of the running program in hexadecimal, in text; NULL if it was linked without.
 */
const char *build_id(char *text, size_t size);

#endif
