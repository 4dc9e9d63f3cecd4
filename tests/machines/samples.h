/* Well-formed little images to load, and to damage. */
#ifndef TESTS_MACHINES_SAMPLES_H
#define TESTS_MACHINES_SAMPLES_H

#include <stdint.h>

#include "machines/blob.h"

/* A copy on the heap, so that ASan sees every access beyond the end. */
struct blob blob_copy(const void *data, size_t size);

/*
 * An ELF64 RISC-V executable: two segments at 0x80000000 (8 bytes of code) and 0x80001000 (8 bytes
 * of data and 0x100 of bss), symbols _start, main (local label $x and a section symbol too),
 * tohost (0x80001000), fromhost (0x80001040).
 */
struct blob sample_elf(void);

/* A RISC-V Linux Image with PE header: text offset 0x200000, image size 0x4000, 0x400 bytes. */
struct blob sample_linux(void);

struct blob sample_gzip(const struct blob *plain);
struct blob sample_zstd(const struct blob *plain);

/* An EFI zboot wrapper around compressed bytes. */
struct blob sample_zboot(const struct blob *payload, const char *type);

#endif
