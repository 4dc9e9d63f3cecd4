/* User errors as values: one line naming file, offset and expectation, with the exit code. */
#ifndef CORE_ERROR_H
#define CORE_ERROR_H

/* Exit codes of the command line (docs/command-line.md); stable. */
enum exit_code {
	EXIT_CODE_TIMEOUT = 124,
	EXIT_CODE_USAGE = 125,     /* wrong option, unreadable file, tool error */
	EXIT_CODE_BAD_IMAGE = 126, /* an image that cannot be run */
	EXIT_CODE_GUEST_ABORT = 127,
	EXIT_CODE_DIVERGED = 251, /* a replay does not do what was recorded */
	EXIT_CODE_ICOUNT_LIMIT = 252,
	EXIT_CODE_TRAP_LOOP = 253,
	EXIT_CODE_STRICT = 254,
	EXIT_CODE_PANIC = 255,
};

/* The exit status for one that a guest names: 0 to 123 as they are, more is 123. */
static inline int exit_code_of_guest(unsigned long long code)
{
	return code <= 123 ? (int)code : 123;
}

/* What went wrong, for the user. A zeroed value means "no error". */
struct error {
	int exit_code;  /* enum exit_code */
	char text[480]; /* one line, without the program's name and without newline */
};

/*
 * Records an error; the first one recorded is kept, later ones are dropped.
 * error may be NULL. Returns -1, so that callers can `return error_set(...)`.
 */
int error_set(struct error *error, int exit_code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
