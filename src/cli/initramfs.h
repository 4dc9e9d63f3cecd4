/* The initramfs of a session: --root, --initrd, our init and its command, extra files. */
#ifndef SRC_CLI_INITRAMFS_H
#define SRC_CLI_INITRAMFS_H

#include "src/cli/session.h"

/* Builds it into out, which stays empty if there is nothing to put in. Returns 0, or -1. */
int initramfs_build(struct session *session, struct blob *out, const struct log *log,
		    struct error *error);

#define INITRAMFS_COMMAND_MAX 32768

/* The session's command as init reads it: each argument ended by a NUL. *used gets the bytes.
 * Returns 0, or -1 with error. */
int initramfs_command(const struct session *session, char text[INITRAMFS_COMMAND_MAX], size_t *used,
		      struct error *error);

/* The embedded guest program of that name (test-roms/linux) for an architecture, or NULL. */
const struct guest_program *guest_program_find(enum image_arch arch, const char *name);

#endif
