/* The initramfs writer: round trips through a parser of our own, and through the host's cpio. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "machines/cpio.h"

#define LIMIT (16ull << 20)

/* One entry as the Linux kernel would read it. */
struct parsed {
	uint32_t inode, mode, uid, gid, links, mtime, size, major, minor;
	const char *path;
	const uint8_t *data;
};

static uint32_t field(const uint8_t *header, unsigned index)
{
	char digits[9] = {0};
	memcpy(digits, header + 6 + 8 * index, 8);
	return (uint32_t)strtoul(digits, NULL, 16);
}

static size_t aligned(size_t offset)
{
	return (offset + 3) & ~(size_t)3;
}

/* Reads the entry at *offset and moves on; false at the trailer. */
static bool next_entry(const struct blob *archive, size_t *offset, struct parsed *entry)
{
	cr_assert_eq(*offset % 4, 0);
	cr_assert_leq(*offset + 110, archive->size);
	const uint8_t *header = archive->data + *offset;
	cr_assert_eq(memcmp(header, "070701", 6), 0);
	*entry = (struct parsed){.inode = field(header, 0),
				 .mode = field(header, 1),
				 .uid = field(header, 2),
				 .gid = field(header, 3),
				 .links = field(header, 4),
				 .mtime = field(header, 5),
				 .size = field(header, 6),
				 .major = field(header, 9),
				 .minor = field(header, 10),
				 .path = (const char *)header + 110};
	size_t name_size = field(header, 11);
	cr_assert_eq(strlen(entry->path) + 1, name_size);
	size_t data = aligned(*offset + 110 + name_size);
	entry->data = archive->data + data;
	*offset = aligned(data + entry->size);
	cr_assert_leq(*offset, archive->size);
	return strcmp(entry->path, "TRAILER!!!") != 0;
}

/* Finds a path in an archive. */
static struct parsed find_entry(const struct blob *archive, const char *path)
{
	struct parsed entry;
	size_t offset = 0;
	while (next_entry(archive, &offset, &entry))
		if (!strcmp(entry.path, path))
			return entry;
	cr_assert_fail("%s is not in the archive", path);
	return entry;
}

static void expect_entry(const struct blob *archive, const char *path, uint32_t mode,
			 const char *data)
{
	struct parsed entry = find_entry(archive, path);
	cr_assert_eq(entry.mode, mode, "%s: mode %o", path, entry.mode);
	cr_assert_eq(entry.size, strlen(data), "%s", path);
	cr_assert_eq(memcmp(entry.data, data, entry.size), 0, "%s", path);
}

Test(cpio, entries_from_memory)
{
	struct cpio_writer writer;
	struct error error = {0};
	struct blob archive;
	cpio_init(&writer, LIMIT);
	cr_assert_eq(cpio_add_directory(&writer, "/dev", 0755, &error), 0);
	cr_assert_eq(cpio_add_device(&writer, "dev/console", S_IFCHR | 0600, 5, 1, &error), 0);
	cr_assert_eq(cpio_add_file(&writer, "/init", 0755, "#!x\n", 4, &error), 0);
	cr_assert_eq(cpio_add_symlink(&writer, "bin", "usr/bin", &error), 0);
	cr_assert_eq(cpio_finish(&writer, &archive, &error), 0);
	expect_entry(&archive, "dev", S_IFDIR | 0755, "");
	expect_entry(&archive, "init", S_IFREG | 0755, "#!x\n");
	expect_entry(&archive, "bin", S_IFLNK | 0777, "usr/bin");
	struct parsed console = find_entry(&archive, "dev/console");
	cr_assert_eq(console.mode, S_IFCHR | 0600);
	cr_assert_eq(console.major, 5);
	cr_assert_eq(console.minor, 1);
	cr_assert_neq(console.inode, find_entry(&archive, "init").inode);
	blob_free(&archive);
}

Test(cpio, archives_are_concatenated_at_multiples_of_four)
{
	struct cpio_writer writer;
	struct error error = {0};
	struct blob archive;
	cpio_init(&writer, LIMIT);
	cr_assert_eq(cpio_append_archive(&writer, "\x1f\x8b\x08zip", 6, &error), 0);
	cr_assert_eq(cpio_add_file(&writer, "one", 0644, "1", 1, &error), 0);
	cr_assert_eq(cpio_append_archive(&writer, "070701", 6, &error), 0);
	cr_assert_eq(cpio_add_file(&writer, "two", 0644, "2", 1, &error), 0);
	cr_assert_eq(cpio_finish(&writer, &archive, &error), 0);
	cr_assert_eq(memcmp(archive.data, "\x1f\x8b\x08zip\0\0", 8), 0);
	size_t offset = 8;
	struct parsed entry;
	cr_assert(next_entry(&archive, &offset, &entry));
	cr_assert_str_eq(entry.path, "one");
	cr_assert_not(next_entry(&archive, &offset, &entry));
	cr_assert_eq(memcmp(archive.data + offset, "070701\0\0", 8), 0);
	offset += 8;
	cr_assert(next_entry(&archive, &offset, &entry));
	cr_assert_str_eq(entry.path, "two");
	cr_assert_not(next_entry(&archive, &offset, &entry));
	cr_assert_eq(offset, archive.size);
	blob_free(&archive);
}

Test(cpio, limits)
{
	struct cpio_writer writer;
	struct error error = {0};
	char path[5000];
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	cpio_init(&writer, 1000);
	cr_assert_eq(cpio_add_file(&writer, "big", 0644, path, 1000, &error), -1);
	cr_assert_eq(error.exit_code, EXIT_CODE_BAD_IMAGE);
	cr_assert_not_null(strstr(error.text, "the limit is 1000 bytes"));
	error = (struct error){0};
	cr_assert_eq(cpio_add_file(&writer, path, 0644, "", 0, &error), -1);
	cr_assert_not_null(strstr(error.text, "path of 4999 bytes"));
	error = (struct error){0};
	cr_assert_eq(cpio_add_file(&writer, "///", 0644, "", 0, &error), -1);
	cr_assert_not_null(strstr(error.text, "empty path"));
	error = (struct error){0};
	cr_assert_eq(cpio_add_file(&writer, "huge", 0644, path, 1ull << 32, &error), -1);
	cr_assert_not_null(strstr(error.text, "less than 4 GiB"));
	cpio_fini(&writer);
}

/* A folder with one of everything, below the current directory. */
static void make_file(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");
	cr_assert_not_null(file);
	fputs(text, file);
	fclose(file);
	cr_assert_eq(chmod(path, mode), 0);
}

static void make_folder(char *folder)
{
	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
	mkdir("tree", 0755);
	mkdir("tree/sub", 0700);
	make_file("tree/zeta", "last\n", 0640);
	make_file("tree/sub/program", "#!/bin/sh\n", 0755);
	make_file("tree/empty", "", 0600);
	cr_assert_eq(link("tree/zeta", "tree/alpha"), 0);
	cr_assert_eq(symlink("../nowhere", "tree/dangling"), 0);
	cr_assert_eq(mkfifo("tree/fifo", 0622), 0);
	chmod("tree/fifo", 0622);
	struct timespec times[2] = {
		{1000000000, 0},
                {1000000000, 0}
        };
	cr_assert_eq(utimensat(AT_FDCWD, "tree/zeta", times, 0), 0);
}

static void remove_folder(const char *folder)
{
	char command[128];
	cr_assert_eq(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	cr_assert_eq(system(command), 0);
}

static void pack_tree(struct blob *archive)
{
	struct cpio_writer writer;
	struct error error = {0};
	cpio_init(&writer, LIMIT);
	cr_assert_eq(cpio_add_folder(&writer, "tree", NULL, &error), 0, "%s", error.text);
	cr_assert_eq(cpio_finish(&writer, archive, &error), 0);
}

Test(cpio_folder, every_type_in_sorted_order)
{
	char folder[] = "/tmp/trapline-cpio-XXXXXX";
	struct blob archive;
	make_folder(folder);
	pack_tree(&archive);
	static const char *const order[] = {"alpha", "dangling",    "empty", "fifo",
					    "sub",   "sub/program", "zeta"};
	size_t offset = 0;
	struct parsed entry;
	for (unsigned i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		cr_assert(next_entry(&archive, &offset, &entry));
		cr_assert_str_eq(entry.path, order[i]);
		cr_assert_eq(entry.uid, 0);
		cr_assert_eq(entry.gid, 0);
	}
	cr_assert_not(next_entry(&archive, &offset, &entry));
	expect_entry(&archive, "sub", S_IFDIR | 0700, "");
	expect_entry(&archive, "sub/program", S_IFREG | 0755, "#!/bin/sh\n");
	expect_entry(&archive, "dangling", S_IFLNK | 0777, "../nowhere");
	expect_entry(&archive, "fifo", S_IFIFO | 0622, "");
	expect_entry(&archive, "empty", S_IFREG | 0600, "");
	blob_free(&archive);
	remove_folder(folder);
}

Test(cpio_folder, hard_links_share_an_inode_and_times_are_kept)
{
	char folder[] = "/tmp/trapline-cpio-XXXXXX";
	struct blob archive;
	make_folder(folder);
	pack_tree(&archive);
	struct parsed first = find_entry(&archive, "alpha"), second = find_entry(&archive, "zeta");
	cr_assert_eq(first.inode, second.inode);
	cr_assert_eq(first.links, 2);
	cr_assert_eq(first.size, 5);
	cr_assert_eq(second.size, 0);
	cr_assert_eq(first.mtime, 1000000000);
	cr_assert_neq(find_entry(&archive, "empty").inode, first.inode);
	blob_free(&archive);
	remove_folder(folder);
}

Test(cpio_folder, same_folder_same_bytes)
{
	char folder[] = "/tmp/trapline-cpio-XXXXXX";
	struct blob once, again;
	make_folder(folder);
	pack_tree(&once);
	pack_tree(&again);
	cr_assert_eq(once.size, again.size);
	cr_assert_arr_eq(once.data, again.data, once.size);
	blob_free(&once);
	blob_free(&again);
	remove_folder(folder);
}

Test(cpio_folder, sockets_are_left_out_with_a_warning)
{
	char folder[] = "/tmp/trapline-cpio-XXXXXX", text[256] = "";
	struct blob archive;
	make_folder(folder);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "tree/socket"};
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	struct cpio_writer writer;
	struct error error = {0};
	struct log log;
	FILE *stream = fmemopen(text, sizeof(text), "w");
	log_init(&log, stream, LOG_WARN);
	cpio_init(&writer, LIMIT);
	cr_assert_eq(cpio_add_folder(&writer, "tree", &log, &error), 0);
	cr_assert_eq(cpio_finish(&writer, &archive, &error), 0);
	fclose(stream);
	close(fd);
	cr_assert_not_null(strstr(text, "tree/socket: is a socket"), "%s", text);
	size_t offset = 0;
	struct parsed entry;
	while (next_entry(&archive, &offset, &entry))
		cr_assert_str_neq(entry.path, "socket");
	blob_free(&archive);
	remove_folder(folder);
}

Test(cpio_folder, what_cannot_be_packed_is_one_line)
{
	char folder[] = "/tmp/trapline-cpio-XXXXXX";
	struct cpio_writer writer;
	struct error error = {0};
	make_folder(folder);
	cpio_init(&writer, LIMIT);
	cr_assert_eq(cpio_add_folder(&writer, "none", NULL, &error), -1);
	cr_assert_eq(error.exit_code, EXIT_CODE_USAGE);
	cr_assert_not_null(strstr(error.text, "none: cannot open the root folder"));
	error = (struct error){0};
	cr_assert_eq(cpio_add_folder(&writer, "tree/zeta", NULL, &error), -1);
	cr_assert_eq(error.exit_code, EXIT_CODE_USAGE);
	error = (struct error){0};
	cr_assert_eq(truncate("tree/sub/program", 1ll << 40), 0);
	cr_assert_eq(cpio_add_folder(&writer, "tree", NULL, &error), -1);
	cr_assert_eq(error.exit_code, EXIT_CODE_BAD_IMAGE);
	cr_assert_not_null(strstr(error.text, "tree/sub/program"), "%s", error.text);
	cpio_fini(&writer);
	remove_folder(folder);
}

Test(cpio_folder, the_hosts_cpio_unpacks_it)
{
	if (system("cpio --version >/dev/null 2>&1"))
		cr_skip_test("cpio is not installed");
	char folder[] = "/tmp/trapline-cpio-XXXXXX";
	struct blob archive;
	make_folder(folder);
	pack_tree(&archive);
	FILE *file = fopen("archive", "w");
	cr_assert_eq(fwrite(archive.data, 1, archive.size, file), archive.size);
	fclose(file);
	cr_assert_eq(system("mkdir out && cd out && cpio -idm --quiet <../archive"), 0);
	cr_assert_eq(system("diff -r --no-dereference -x fifo tree out"), 0);
	struct stat alpha, zeta;
	cr_assert_eq(stat("out/alpha", &alpha), 0);
	cr_assert_eq(stat("out/zeta", &zeta), 0);
	cr_assert_eq(alpha.st_ino, zeta.st_ino);
	cr_assert_eq(zeta.st_mtime, 1000000000);
	cr_assert_eq(zeta.st_mode, S_IFREG | 0640);
	blob_free(&archive);
	remove_folder(folder);
}
