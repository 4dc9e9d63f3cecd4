/* Booted guests that are kept for the next test: docs/snapshots.md, "trapline test". */
#ifndef SRC_CLI_BOOT_CACHE_H
#define SRC_CLI_BOOT_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "machines/blob.h"
#include "src/cli/session.h"

/* One test's use of the cache; embedded, and in place until boot_cache_end(). */
struct boot_cache {
	char *key;  /* lines: everything that the boot depends on */
	char *path; /* of the file for this key */
	struct blob payload;
	uint32_t *pages; /* where it goes: RAM pages */
	size_t page_count;
	bool restored;
	bool verbose;
	bool useless; /* the boot cannot be kept: run without */
};

/*
 * Makes a session, not open yet, one that starts from a kept boot or keeps its own. Its files and
 * command are given to the guest after the boot. Returns false if this session cannot use the
 * cache; it is then as it was.
 */
bool boot_cache_begin(struct boot_cache *cache, struct session *session);

/* The session is open: if it was restored, the guest gets its files. Returns 0; or -1 with error if
 * it is to be run without the cache. */
int boot_cache_start(struct boot_cache *cache, struct session *session, struct error *error);

/* A kept boot did not serve: its file goes, why is told with -v. */
void boot_cache_drop(const struct boot_cache *cache, const char *why);

void boot_cache_end(struct boot_cache *cache);

#endif
