/* --jit-dump: what the JIT has made of every block, for developers (docs/performance.md). */
#ifndef SRC_CLI_JIT_DUMP_H
#define SRC_CLI_JIT_DUMP_H

#include "core/error.h"
#include "core/machine.h"

struct jit_dump;

/*
 * jit_dump_start() - writes every block that the JIT translates from now on to a file.
 * @machine: lives as long as the dump
 * @path: of the file, which is created or replaced
 * @dump: the result; NULL when it fails
 * Returns 0, or -1 with error: no file, no JIT, no memory.
 */
int jit_dump_start(struct machine *machine, const char *path, struct jit_dump **dump,
		   struct error *error);

/* Closes the file. Nothing may be translated after it. NULL is allowed. */
void jit_dump_free(struct jit_dump *dump);

#endif
