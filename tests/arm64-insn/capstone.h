/* Capstone's view of a word. Behind a file of its own: its header and the emulator's share names.
 */
#ifndef TESTS_ARM64_INSN_CAPSTONE_H
#define TESTS_ARM64_INSN_CAPSTONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capstone;

/* NULL: this Capstone has no AArch64. */
struct capstone *capstone_new(void);
void capstone_free(struct capstone *capstone);

/* The mnemonic that it shows, without a condition behind a dot. False: it knows no such word. */
bool capstone_mnemonic(struct capstone *capstone, uint32_t word, char *name, size_t size);

#endif
