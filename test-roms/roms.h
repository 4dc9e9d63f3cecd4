/* The guest programs of test-roms/, built by a cross compiler and embedded.  Both
 * tables are empty when no cross compiler was found at build time. */
#pragma once

#include <stddef.h>

/* A bare-metal program.  It prints TAP lines on the UART and ends the machine with
 * status 0 (all passed), 1 (a check failed) or 2 (the program itself trapped). */
struct test_rom {
	const char *arch;  /* as for --arch */
	const char *topic; /* folder under test-roms/<isa>/ */
	const char *name;
	const char *options;        /* `trapline run` options that it needs, space separated */
	const unsigned char *image; /* an ELF file */
	size_t size;
};

extern const struct test_rom test_roms[];
extern const size_t test_rom_count;

/* A static Linux program, to be put into an initramfs: see test-roms/linux. */
struct guest_program {
	const char *arch;
	const char *name;
	const unsigned char *image; /* an ELF file */
	size_t size;
};

extern const struct guest_program guest_programs[];
extern const size_t guest_program_count;
