/*
 * Files for a guest that has booted already: test-roms/linux/README.md, "Files after the boot".
 */
#ifndef SRC_CLI_PAYLOAD_H
#define SRC_CLI_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "core/machine.h"
#include "machines/blob.h"

struct session;

/* Fills the file of the initramfs: each page begins with a mark and its number. */
void payload_mark(uint8_t *bytes, size_t size);

/*
 * Finds the marked pages of a file of count pages in the guest's RAM: pages[i] gets the number of
 * the RAM page that holds page i. Returns 0; or -1 if one is missing or is there twice.
 */
int payload_find(const struct machine *machine, uint32_t *pages, size_t count);

/* What the guest's init unpacks: the files of the session and its command. Returns 0, or -1. */
int payload_build(const struct session *session, struct blob *out, struct error *error);

/* Writes it over the pages. Returns 0; or -1 if they are too few, or outside of RAM. */
int payload_write(const struct machine *machine, const uint32_t *pages, size_t count,
		  const struct blob *payload);

#endif
