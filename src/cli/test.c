/*
 * trapline test: runs test programs, each in a guest of its own, and prints KTAP. The console of
 * each guest appears as comments under its result.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/cli/boot_cache.h"
#include "src/cli/initramfs.h"
#include "src/cli/relay.h"
#include "test-roms/roms.h"

#define STATUS_SKIP 4 /* of kselftest */
#define TESTS_MAX   1024

/* One test: an image to boot, or a program to run under a kernel. */
struct test {
	char name[128];
	const char *options;        /* further machine options, space separated; NULL: none */
	const char *image;          /* file to boot; NULL: the kernel of --kernel */
	const unsigned char *bytes; /* the image or program, if it is in memory */
	size_t size;
	char *program; /* path in the guest of what to run; NULL: image is all */
	char *file;    /* host file that becomes the program; NULL: bytes, or in root */
	const char *root;
};

struct suite {
	const char *name;
	struct test *tests;
	unsigned count;
	unsigned passed, failed, skipped;
};

static struct test *add_test(struct suite *suite)
{
	if (suite->count == TESTS_MAX)
		return NULL;
	struct test *test = &suite->tests[suite->count++];
	memset(test, 0, sizeof(*test));
	return test;
}

/* -- collecting -- */

/* arch: NULL for all. */
static bool wanted(const struct option_list *names, const char *arch, const struct test_rom *rom)
{
	if (arch && strcmp(arch, rom->arch) != 0)
		return false;
	for (unsigned i = 0; i < names->count; i++)
		if (!strcmp(names->items[i], rom->topic) || !strcmp(names->items[i], rom->name))
			return true;
	return names->count == 0;
}

static int collect_roms(struct suite *suite, const struct option_list *names, const char *arch,
			struct error *error)
{
	size_t known = 0;
	for (size_t i = 0; i < test_rom_count; i++)
		known += !arch || !strcmp(arch, test_roms[i].arch);
	if (known == 0)
		return error_set(error, EXIT_CODE_USAGE,
				 "this build has no test ROMs%s%.40s: no cross compiler was found "
				 "when it was built",
				 arch ? " for " : "", arch ? arch : "");
	for (size_t i = 0; i < test_rom_count; i++) {
		const struct test_rom *rom = &test_roms[i];
		struct test *test = wanted(names, arch, rom) ? add_test(suite) : NULL;
		if (!test)
			continue;
		snprintf(test->name, sizeof(test->name), "%s/%s", rom->topic, rom->name);
		test->options = rom->options;
		test->bytes = rom->image;
		test->size = rom->size;
	}
	if (suite->count == 0)
		return error_set(error, EXIT_CODE_USAGE, "roms: no topic or ROM is called '%s'",
				 names->items[0]);
	return 0;
}

static int add_program(struct suite *suite, const char *name)
{
	const struct guest_program *program = guest_program_find(IMAGE_ARCH_RISCV64, name);
	struct test *test = program ? add_test(suite) : NULL;
	if (!test)
		return -1;
	snprintf(test->name, sizeof(test->name), "%s", name);
	test->bytes = program->image;
	test->size = program->size;
	if (asprintf(&test->program, "/%s", name) < 0)
		return -1;
	return 0;
}

static int is_test(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int collect_folder(struct suite *suite, const char *folder, struct error *error)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_test, alphasort);
	if (count < 0)
		return error_set(error, EXIT_CODE_USAGE, "%s: cannot read: %s", folder,
				 strerror(errno));
	for (int i = 0; i < count; i++) {
		char path[4096];
		struct stat info;
		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		bool runs = !stat(path, &info) && S_ISREG(info.st_mode) && (info.st_mode & 0111);
		struct test *test = runs ? add_test(suite) : NULL;
		if (runs && !test)
			error_set(error, EXIT_CODE_USAGE, "%s: more than %d tests", folder,
				  TESTS_MAX);
		if (test) {
			snprintf(test->name, sizeof(test->name), "%.127s", entries[i]->d_name);
			test->root = folder;
			if (asprintf(&test->program, "/%s", entries[i]->d_name) < 0)
				test->program = NULL;
		}
		free(entries[i]);
	}
	free(entries);
	if (error->exit_code)
		return -1;
	if (suite->count == 0)
		return error_set(error, EXIT_CODE_USAGE, "%s: no executable file in this folder",
				 folder);
	return 0;
}

static int collect_file(struct suite *suite, const char *path, struct error *error)
{
	struct stat info;
	if (stat(path, &info))
		return error_set(error, EXIT_CODE_USAGE, "%s: cannot open: %s", path,
				 strerror(errno));
	if (S_ISDIR(info.st_mode))
		return collect_folder(suite, path, error);
	struct test *test = add_test(suite);
	const char *slash = strrchr(path, '/');
	if (!test)
		return error_set(error, EXIT_CODE_USAGE, "more than %d tests", TESTS_MAX);
	snprintf(test->name, sizeof(test->name), "%.127s", slash ? slash + 1 : path);
	if (asprintf(&test->program, "/%s", test->name) < 0)
		return error_set(error, EXIT_CODE_USAGE, "out of memory");
	test->file = strdup(path);
	return 0;
}

/* kselftest: our own programs without a name, else embedded ones, files and folders. */
static int collect_kselftest(struct suite *suite, const struct option_list *names,
			     struct error *error)
{
	if (names->count == 0) {
		if (add_program(suite, "misaligned"))
			return error_set(error, EXIT_CODE_USAGE,
					 "this build has no guest programs: no RISC-V cross "
					 "compiler was found when it was built");
		return 0;
	}
	for (unsigned i = 0; i < names->count; i++) {
		if (!strchr(names->items[i], '/') && access(names->items[i], F_OK) &&
		    !add_program(suite, names->items[i]))
			continue;
		if (collect_file(suite, names->items[i], error))
			return -1;
	}
	return 0;
}

static int collect_images(struct suite *suite, const struct option_list *names, struct error *error)
{
	if (names->count == 0)
		return error_set(error, EXIT_CODE_USAGE,
				 "kvm-unit-tests: expected one or more .flat or .elf files");
	for (unsigned i = 0; i < names->count; i++) {
		const char *slash = strrchr(names->items[i], '/');
		struct test *test = add_test(suite);
		if (!test)
			return error_set(error, EXIT_CODE_USAGE, "more than %d tests", TESTS_MAX);
		snprintf(test->name, sizeof(test->name), "%.127s",
			 slash ? slash + 1 : names->items[i]);
		test->image = names->items[i];
	}
	return 0;
}

/* -- running -- */

/* A file name for bytes in memory. */
static int memory_file(const struct test *test, char *path, size_t size, struct error *error)
{
	int fd = memfd_create(test->name, MFD_CLOEXEC);
	size_t done = 0;
	while (fd >= 0 && done < test->size) {
		ssize_t wrote = write(fd, test->bytes + done, test->size - done);
		if (wrote <= 0)
			break;
		done += (size_t)wrote;
	}
	if (fd < 0 || done < test->size) {
		error_set(error, EXIT_CODE_USAGE, "%s: cannot keep it in memory: %s", test->name,
			  strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	snprintf(path, size, "/proc/self/fd/%d", fd);
	return fd;
}

static int apply_options(struct machine_options *options, char *text, struct error *error)
{
	char *argv[32], *save = NULL;
	int argc = 0, rest;
	struct option_list none = {.count = 0};
	for (char *word = strtok_r(text, " ", &save); word && argc < 32;
	     word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	return options_parse(machine_option_table, options, argc, argv, &none, &rest, error);
}

/* What the guest's program is made of. */
static int add_program_file(struct session *session, const struct test *test, struct blob *blob,
			    struct error *error)
{
	struct session_file file = {test->program, 0755, test->bytes, test->size};
	if (test->file) {
		if (blob_read_file(blob, test->file, "test program", session->options->memory,
				   error))
			return -1;
		file.data = blob->data;
		file.size = blob->size;
	}
	if (file.data)
		session_add_file(session, &file);
	return 0;
}

static int run_session(struct session *session, struct boot_cache *cache, struct error *error)
{
	struct relay relay;
	struct chardev *serial = chardev_null_new(error);
	if (!serial)
		return -1;
	relay_init(&relay, serial, stdout, "# ");
	session_set_serial(session, serial);
	int status =
		session_open(session, error) || (cache && boot_cache_start(cache, session, error))
			? -1
			: session_run(session);
	relay_finish(&relay);
	return status;
}

/* As run_session(), from a kept boot if there is one. A session is over then. */
static int run_cached(struct session *session, struct error *error)
{
	const struct session fresh = *session;
	struct machine_options options = *session->options;
	struct boot_cache cache;
	struct error ours = {0};
	for (unsigned attempt = 0; attempt < 2; attempt++) {
		/* A guest that reboots would boot without its program. */
		options.no_reboot = true;
		session->options = &options;
		if (!boot_cache_begin(&cache, session)) {
			*session = fresh;
			break;
		}
		int status = run_session(session, &cache, &ours);
		bool again = ours.exit_code || cache.useless;
		/* What a kept boot cannot do may be due to its file: the next attempt makes it
		 * anew, and the one after that does without. */
		if (again && cache.restored)
			boot_cache_drop(&cache, ours.text);
		boot_cache_end(&cache);
		if (!again) {
			session->options = fresh.options;
			return status;
		}
		session_close(session);
		*session = fresh;
		ours = (struct error){0};
	}
	return run_session(session, NULL, error);
}

/*
 * Returns the status of the test, or -1 with error when it could not be run. *signal is that which
 * ended it, or 0.
 */
static int run_test(const struct test *test, const struct machine_options *base, int *signal,
		    struct error *error)
{
	struct machine_options options = *base;
	struct session session;
	struct blob blob = {0};
	char path[64], *text = test->options ? strdup(test->options) : NULL;
	char *command[] = {test->program};
	int status = -1, fd = -1;

	session_init(&session, &options);
	if (text && apply_options(&options, text, error))
		goto out;
	if (test->root)
		options.root = test->root;
	if (test->program) {
		session.command = command;
		session.command_count = 1;
		if (add_program_file(&session, test, &blob, error))
			goto out;
	} else if (test->image) {
		options.kernel = test->image;
	} else {
		fd = memory_file(test, path, sizeof(path), error);
		if (fd < 0)
			goto out;
		options.kernel = path;
	}
	if (!options.kernel) {
		error_set(error, EXIT_CODE_USAGE, "a test program needs a kernel: --kernel FILE");
		goto out;
	}
	status = run_cached(&session, error);
	*signal = session.signal;
	session_close(&session);
out:
	if (fd >= 0)
		close(fd);
	free(text);
	blob_free(&blob);
	return status;
}

static int run_suite(struct suite *suite, const struct machine_options *options,
		     struct error *error)
{
	printf("KTAP version 1\n1..%u\n", suite->count);
	for (unsigned i = 0; i < suite->count; i++) {
		const struct test *test = &suite->tests[i];
		printf("# selftests: %s: %s\n", suite->name, test->name);
		fflush(stdout);
		int signal = 0, status = run_test(test, options, &signal, error);
		if (error->exit_code)
			return -1;
		if (signal) {
			printf("Bail out! signal %d\n", signal);
			return 128 + signal;
		}
		const char *verdict = status == 0 || status == STATUS_SKIP ? "ok" : "not ok";
		printf("%s %u selftests: %s: %s", verdict, i + 1, suite->name, test->name);
		if (status == STATUS_SKIP)
			printf(" # SKIP");
		else if (status)
			printf(" # exit=%d", status);
		printf("\n");
		suite->passed += status == 0;
		suite->skipped += status == STATUS_SKIP;
		suite->failed += status != 0 && status != STATUS_SKIP;
	}
	printf("# Totals: pass:%u fail:%u xfail:0 xpass:0 skip:%u error:0\n", suite->passed,
	       suite->failed, suite->skipped);
	if (suite->failed)
		return 1;
	return suite->passed ? 0 : STATUS_SKIP;
}

static void free_suite(struct suite *suite)
{
	for (unsigned i = 0; i < suite->count; i++) {
		free(suite->tests[i].program);
		free(suite->tests[i].file);
	}
	free(suite->tests);
}

static void print_help(void)
{
	printf("usage: trapline test [OPTION]... roms [TOPIC|NAME]...\n"
	       "       trapline test [OPTION]... -k KERNEL kselftest [NAME|FILE|FOLDER]...\n"
	       "       trapline test [OPTION]... kvm-unit-tests FILE...\n"
	       "       trapline test [OPTION]... -k KERNEL FILE...\n"
	       "Runs each test in a guest of its own; KTAP on standard output. Exit status: 0 all\n"
	       "passed, 1 some failed, 4 all skipped, 128+n ended by signal n. Without a name "
	       "kselftest\n"
	       "is our program of the 23 misaligned-access tests; roms are the embedded bare-metal "
	       "programs,\n"
	       "all of them or those of --arch.\n"
	       "The booted guest of a kernel is kept (TRAPLINE_CACHE, ~/.cache/trapline) and the "
	       "next program\n"
	       "starts from there; --no-cache boots each time.\n\n");
	options_help(machine_option_table);
}

int cli_test(int argc, char **argv)
{
	struct machine_options options;
	struct option_list words = {.count = 0}, names;
	struct suite suite = {.tests = calloc(TESTS_MAX, sizeof(struct test))};
	struct error error = {0};
	int rest, status = 0, collected;
	machine_options_default(&options);
	options.serial = "null";
	if (options_parse(machine_option_table, &options, argc, argv, &words, &rest, &error))
		goto out;
	if (options.help) {
		print_help();
		goto out;
	}
	if (options.record || options.replay) {
		error_set(&error, EXIT_CODE_USAGE,
			  "test: --record and --replay are for `trapline run`");
		goto out;
	}
	if (words.count == 0) {
		error_set(&error, EXIT_CODE_USAGE,
			  "test: expected roms, kselftest, kvm-unit-tests or a file");
		goto out;
	}
	names = words;
	names.count--;
	memmove(names.items, names.items + 1, names.count * sizeof(names.items[0]));
	suite.name = words.items[0];
	if (!strcmp(suite.name, "roms")) {
		collected = collect_roms(&suite, &names, options.arch, &error);
	} else if (!strcmp(suite.name, "kselftest")) {
		collected = collect_kselftest(&suite, &names, &error);
	} else if (!strcmp(suite.name, "kvm-unit-tests")) {
		collected = collect_images(&suite, &names, &error);
	} else {
		suite.name = "file";
		collected = collect_kselftest(&suite, &words, &error);
	}
	if (!collected)
		status = run_suite(&suite, &options, &error);
out:
	free_suite(&suite);
	return error.exit_code ? cli_fail(&error) : status;
}
