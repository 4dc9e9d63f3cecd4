#include "src/cli/boot_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bus/ram.h"
#include "machines/snapshot.h"
#include "src/cli/build_id.h"
#include "src/cli/initramfs.h"
#include "src/cli/payload.h"

/* Room for files: the smallest, and the part of the guest's memory that it may be. */
#define ROOM_MIN   (4ull << 20)
#define ROOM_SHARE 16

/* The cache keeps the files used last, up to this many and this large together. */
#define FILES_MAX 16
#define BYTES_MAX (1ull << 30)

/* A temporary file of that age (seconds) belongs to nobody any more. */
#define STALE_AGE 3600

/* -- key -- */

/* FNV-1a over words: names a file; the key itself is compared. */
static uint64_t hash_bytes(const void *data, size_t size)
{
	const uint8_t *bytes = data;
	uint64_t hash = 0xcbf29ce484222325ull;
	for (; size >= 8; size -= 8, bytes += 8) {
		uint64_t word;
		memcpy(&word, bytes, 8);
		hash = (hash ^ word) * 0x100000001b3ull;
		hash ^= hash >> 29;
	}
	for (; size; size--)
		hash = (hash ^ *bytes++) * 0x100000001b3ull;
	return hash ^ hash >> 32;
}

static int key_file(FILE *out, const char *name, const char *path)
{
	struct stat info;
	if (stat(path, &info))
		return -1;
	fprintf(out, "key.%s=%llu %llu %lld.%09ld %lld\n", name, (unsigned long long)info.st_ino,
		(unsigned long long)info.st_dev, (long long)info.st_mtim.tv_sec,
		info.st_mtim.tv_nsec, (long long)info.st_size);
	return 0;
}

static void key_text(FILE *out, const char *name, const char *text)
{
	fprintf(out, "key.%s=%016llx\n", name,
		(unsigned long long)hash_bytes(text ? text : "", text ? strlen(text) : 0));
}

/* What a boot depends on. Engines give the same results and are no part of it. */
static char *make_key(const struct session *session)
{
	const struct machine_options *options = session->options;
	char build[64], *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	const char *id = build_id(build, sizeof(build));
	int result = key_file(out, "kernel", options->kernel);
	fprintf(out, "key.build=%s\n", id ? id : "none");
	fprintf(out, "key.initramfs=%016llx %zu\n",
		(unsigned long long)hash_bytes(session->initrd.data, session->initrd.size),
		session->initrd.size);
	fprintf(out, "key.arch=%s\n", image_arch_name(session->config.arch));
	fprintf(out, "key.machine=%llu %llu %llu %llu %llu %d\n",
		(unsigned long long)options->memory, (unsigned long long)options->cpus,
		(unsigned long long)options->insn_ns, (unsigned long long)options->quantum,
		(unsigned long long)options->seed, options->verbose > 0);
	key_text(out, "append", options->append);
	key_text(out, "cpu", options->cpu);
	key_text(out, "board", options->machine);
	key_text(out, "semihosting", options->semihosting ? "1" : NULL);
	key_text(out, "sbi", options->sbi);
	key_text(out, "rtc", options->rtc);
	if (options->sbi && !access(options->sbi, F_OK))
		result |= key_file(out, "firmware", options->sbi);
	for (unsigned i = 0; i < options->devices.count; i++) {
		char name[32];
		snprintf(name, sizeof(name), "device%u", i);
		key_text(out, name, options->devices.items[i]);
	}
	if (!fclose(out) && id && !result)
		return text;
	free(text);
	return NULL;
}

/* -- folder -- */

static int make_folder(char *path, size_t size)
{
	const char *cache = getenv("TRAPLINE_CACHE"), *xdg = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	int length = -1;
	if (cache && *cache)
		length = snprintf(path, size, "%s/boots", cache);
	else if (xdg && *xdg)
		length = snprintf(path, size, "%s/trapline/boots", xdg);
	else if (home && *home)
		length = snprintf(path, size, "%s/.cache/trapline/boots", home);
	if (length < 0 || (size_t)length >= size)
		return -1;
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		(void)mkdir(path, 0755);
		*slash = '/';
	}
	return mkdir(path, 0700) && errno != EEXIST ? -1 : 0;
}

struct kept {
	char name[64];
	uint64_t size;
	struct timespec used;
};

static int newest_first(const void *a, const void *b)
{
	const struct timespec *left = &((const struct kept *)a)->used;
	const struct timespec *right = &((const struct kept *)b)->used;
	if (left->tv_sec != right->tv_sec)
		return left->tv_sec < right->tv_sec ? 1 : -1;
	return (left->tv_nsec < right->tv_nsec) - (left->tv_nsec > right->tv_nsec);
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t length = strlen(name), end = strlen(suffix);
	return length > end && !strcmp(name + length - end, suffix);
}

/* Others may do the same at the same time: a file that is gone already is no error, and one that
 * is open stays readable. */
static void trim(const char *folder)
{
	struct kept kept[256];
	size_t count = 0;
	uint64_t bytes = 0;
	DIR *list = opendir(folder);
	int fd = list ? dirfd(list) : -1;
	for (struct dirent *entry; list && (entry = readdir(list));) {
		struct stat info;
		bool snapshot = has_suffix(entry->d_name, ".snap");
		if (!(snapshot || has_suffix(entry->d_name, ".tmp")) ||
		    strlen(entry->d_name) >= sizeof(kept[0].name) ||
		    fstatat(fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW))
			continue;
		if (!snapshot && time(NULL) - info.st_mtime > STALE_AGE)
			(void)unlinkat(fd, entry->d_name, 0);
		if (!snapshot || count == sizeof(kept) / sizeof(kept[0]))
			continue;
		struct kept *one = &kept[count++];
		snprintf(one->name, sizeof(one->name), "%s", entry->d_name);
		one->size = (uint64_t)info.st_size;
		one->used = info.st_mtim;
	}
	qsort(kept, count, sizeof(kept[0]), newest_first);
	for (size_t i = 0; i < count; i++) {
		bytes += kept[i].size;
		if (i > 0 && (i >= FILES_MAX || bytes > BYTES_MAX))
			(void)unlinkat(fd, kept[i].name, 0);
	}
	if (list)
		closedir(list);
}

/* -- pages in the notes: "first+count" and so on -- */

static void write_pages(FILE *out, const uint32_t *pages, size_t count)
{
	fprintf(out, "payload=");
	for (size_t i = 0, run; i < count; i += run) {
		run = 1;
		while (i + run < count && pages[i + run] == pages[i] + run)
			run++;
		fprintf(out, "%s%u+%zu", i ? "," : "", pages[i], run);
	}
	fprintf(out, "\n");
}

static int read_pages(const char *text, uint32_t *pages, size_t count)
{
	size_t at = 0;
	while (*text) {
		char *end;
		unsigned long first = strtoul(text, &end, 10);
		unsigned long run = *end == '+' ? strtoul(end + 1, &end, 10) : 0;
		if (run > count - at || first > UINT32_MAX - run || (*end && *end != ','))
			return -1;
		for (unsigned long i = 0; i < run; i++)
			pages[at++] = (uint32_t)(first + i);
		text = *end ? end + 1 : end;
	}
	return at == count ? 0 : -1;
}

/* -- use -- */

static void say(const struct boot_cache *cache, const char *what, const char *why)
{
	if (cache->verbose)
		fprintf(stderr, "trapline: %s: %s%s%s\n", cache->path, what, why ? ": " : "",
			why ? why : "");
}

static int keep_boot(struct boot_cache *cache, struct session *session)
{
	char *more = NULL;
	size_t size;
	FILE *out = open_memstream(&more, &size);
	if (!out)
		return -1;
	fputs(cache->key, out);
	write_pages(out, cache->pages, cache->page_count);
	char *notes = fclose(out) ? NULL : snapshot_notes(session, more);
	struct error error = {0};
	int result = notes ? snapshot_save(session->machine, notes, cache->path, &error) : -1;
	say(cache, result ? "the boot is not kept" : "the boot is kept",
	    result ? error.text : NULL);
	free(more);
	free(notes);
	char *slash = strrchr(cache->path, '/');
	*slash = 0;
	trim(cache->path);
	*slash = '/';
	return result;
}

/* The guest has booted: it waits for its files. */
static int booted(void *opaque, struct session *session)
{
	struct boot_cache *cache = opaque;
	if (payload_find(session->machine, cache->pages, cache->page_count)) {
		say(cache, "the boot is not kept", "the guest's memory does not show its files");
		cache->useless = true;
		return -1;
	}
	(void)keep_boot(cache, session);
	return payload_write(session->machine, cache->pages, cache->page_count, &cache->payload);
}

/* Whether the session's run is one that a kept boot cannot change: what looks at the boot itself,
 * or has a state outside of the machine, goes without. */
static bool may_use(const struct session *session)
{
	const struct machine_options *options = session->options;
	for (unsigned i = 0; i < options->devices.count; i++)
		if (strstr(options->devices.items[i], "file"))
			return false;
	return options->kernel && session->command && !options->no_cache && !options->lockstep &&
	       !options->record && !options->replay && !options->snapshot_at && !options->restore &&
	       !options->traces.count && !options->state_hash_every && !options->icount_limit &&
	       guest_program_find(session->config.arch, "init") &&
	       (!options->rtc || strcmp(options->rtc, "host") != 0);
}

static int make_room(struct boot_cache *cache, struct session *session)
{
	struct error error = {0};
	struct log log;
	size_t room = ROOM_MIN;
	log_init(&log, NULL, LOG_ERROR);
	if (payload_build(session, &cache->payload, &error))
		return -1;
	while (room < cache->payload.size)
		room *= 2;
	if (room > session->options->memory / ROOM_SHARE)
		return -1;
	cache->page_count = room / MB_PAGE_SIZE;
	cache->pages = calloc(cache->page_count, sizeof(*cache->pages));
	session->payload_room = room;
	return cache->pages ? initramfs_build(session, &session->initrd, &log, &error) : -1;
}

/* A file that does not serve, for whatever reason, is made anew. */
static struct snapshot *open_kept(struct boot_cache *cache)
{
	struct error error = {0};
	if (access(cache->path, F_OK))
		return NULL;
	struct snapshot *snapshot = snapshot_open(cache->path, &error);
	if (!snapshot) {
		say(cache, "made anew", error.text);
		return NULL;
	}
	size_t size = cache->page_count * 24 + 1;
	char *text = malloc(size), *mine = strdup(cache->key), *save = NULL, value[128];
	bool fits = text && mine && snapshot_value(snapshot, "payload", text, size) &&
		    !read_pages(text, cache->pages, cache->page_count);
	for (char *line = fits ? strtok_r(mine, "\n", &save) : NULL; line && fits;
	     line = strtok_r(NULL, "\n", &save)) {
		char *equals = strchr(line, '=');
		*equals = 0;
		fits = snapshot_value(snapshot, line, value, sizeof(value)) &&
		       !strcmp(value, equals + 1);
	}
	free(text);
	free(mine);
	if (fits) {
		(void)utimensat(AT_FDCWD, cache->path, NULL, 0);
		return snapshot;
	}
	say(cache, "made anew", "it is of another boot");
	snapshot_close(snapshot);
	return NULL;
}

bool boot_cache_begin(struct boot_cache *cache, struct session *session)
{
	char folder[4000];
	struct error error = {0};
	*cache = (struct boot_cache){.verbose = session->options->verbose > 0};
	if (session_choose_arch(session->options, &session->config, &error) || !may_use(session))
		return false;
	if (make_room(cache, session) || !(cache->key = make_key(session)) ||
	    make_folder(folder, sizeof(folder)) ||
	    asprintf(&cache->path, "%s/%016llx.snap", folder,
		     (unsigned long long)hash_bytes(cache->key, strlen(cache->key))) < 0) {
		session->payload_room = 0;
		blob_free(&session->initrd);
		boot_cache_end(cache);
		return false;
	}
	session->snapshot.from = open_kept(cache);
	cache->restored = session->snapshot.from != NULL;
	session->tree_only = cache->restored;
	if (!cache->restored) {
		session->snapshot.condition =
			(struct condition){.kind = CONDITION_GUEST, .argument = "ready"};
		session->snapshot.reached = booted;
		session->snapshot.opaque = cache;
	}
	return true;
}

int boot_cache_start(struct boot_cache *cache, struct session *session, struct error *error)
{
	if (!cache->restored ||
	    !payload_write(session->machine, cache->pages, cache->page_count, &cache->payload))
		return 0;
	return error_set(error, EXIT_CODE_USAGE, "%s: the files do not fit", cache->path);
}

void boot_cache_drop(const struct boot_cache *cache, const char *why)
{
	say(cache, "made anew", why);
	(void)unlink(cache->path);
}

void boot_cache_end(struct boot_cache *cache)
{
	free(cache->key);
	free(cache->path);
	free(cache->pages);
	blob_free(&cache->payload);
	*cache = (struct boot_cache){0};
}
