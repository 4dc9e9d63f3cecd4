/* cpio_add_folder(): a host folder as archive entries. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "machines/cpio.h"

enum { PATH_LIMIT = 4096, FIRST_LINKS = 64 };

/* A file with several names: which archive inode its first name got. */
struct link {
	dev_t device;
	ino_t number;
	uint32_t inode; /* 0: free slot */
};

struct walk {
	struct cpio_writer *writer;
	const char *folder;
	const struct log *log;
	struct error *error;
	uid_t user;
	gid_t group;
	char path[PATH_LIMIT]; /* of the current entry, relative to folder */
	size_t length;
	struct link *links; /* open addressing, power of two */
	size_t link_count, link_capacity;
};

static int walk_directory(struct walk *walk, int fd);

static int host_error(struct walk *walk, const char *what)
{
	return error_set(walk->error, EXIT_CODE_USAGE, "%s/%s: %s: %s", walk->folder, walk->path,
			 what, strerror(errno));
}

static struct link *link_slot(struct link *links, size_t capacity, const struct stat *status)
{
	uint64_t hash = (status->st_ino ^ (status->st_dev << 32)) * 0x9e3779b97f4a7c15ull;
	size_t i = (size_t)(hash >> 32) & (capacity - 1);
	while (links[i].inode &&
	       (links[i].device != status->st_dev || links[i].number != status->st_ino))
		i = (i + 1) & (capacity - 1);
	return &links[i];
}

static int links_grow(struct walk *walk)
{
	size_t capacity = walk->link_capacity ? 2 * walk->link_capacity : FIRST_LINKS;
	struct link *links = calloc(capacity, sizeof(*links));
	if (!links)
		return error_set(walk->error, EXIT_CODE_USAGE, "%s: out of memory", walk->folder);
	for (size_t i = 0; i < walk->link_capacity; i++) {
		const struct link *old = &walk->links[i];
		struct stat key = {.st_dev = old->device, .st_ino = old->number};
		if (old->inode)
			*link_slot(links, capacity, &key) = *old;
	}
	free(walk->links);
	walk->links = links;
	walk->link_capacity = capacity;
	return 0;
}

/*
 * Finds out whether a file was added before under another name. *inode gets its archive inode, 0
 * for the first name, which is then remembered as the next inode.
 */
static int link_lookup(struct walk *walk, const struct stat *status, uint32_t *inode)
{
	*inode = 0;
	if (status->st_nlink < 2)
		return 0;
	if (2 * walk->link_count >= walk->link_capacity && links_grow(walk))
		return -1;
	struct link *link = link_slot(walk->links, walk->link_capacity, status);
	*inode = link->inode;
	if (!link->inode) {
		*link = (struct link){status->st_dev, status->st_ino, walk->writer->next_inode};
		walk->link_count++;
	}
	return 0;
}

static struct cpio_entry entry_of(const struct walk *walk, const struct stat *status)
{
	return (struct cpio_entry){
		.path = walk->path,
		.mode = status->st_mode,
		.uid = status->st_uid == walk->user ? 0 : status->st_uid,
		.gid = status->st_gid == walk->group ? 0 : status->st_gid,
		.mtime = status->st_mtime,
		.link_count = (uint32_t)status->st_nlink,
	};
}

static int read_content(struct walk *walk, int fd, uint8_t *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t got = read(fd, data + done, size - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return host_error(walk, "cannot be read");
		if (!got)
			return error_set(walk->error, EXIT_CODE_USAGE,
					 "%s/%s: offset %zu: the file shrank while being read, "
					 "expected %zu bytes",
					 walk->folder, walk->path, done, size);
		done += (size_t)got;
	}
	return 0;
}

static int add_content(struct walk *walk, int fd, struct cpio_entry *entry, size_t size)
{
	uint8_t *data = malloc(size ? size : 1);
	if (!data)
		return error_set(walk->error, EXIT_CODE_USAGE, "%s/%s: out of memory for %zu bytes",
				 walk->folder, walk->path, size);
	entry->data = data;
	entry->size = size;
	int status = read_content(walk, fd, data, size);
	if (!status)
		status = cpio_add(walk->writer, entry, walk->error);
	free(data);
	return status;
}

static int add_file(struct walk *walk, int parent, const char *name, const struct stat *status)
{
	struct cpio_entry entry = entry_of(walk, status);
	if (link_lookup(walk, status, &entry.inode))
		return -1;
	if (entry.inode) /* the content came with the first name */
		return cpio_add(walk->writer, &entry, walk->error);
	/* Checked before reading, so that a sparse giant costs nothing. */
	if ((uint64_t)status->st_size > walk->writer->limit)
		return error_set(
			walk->error, EXIT_CODE_BAD_IMAGE,
			"%s/%s: %" PRIu64 " bytes do not fit into the initramfs, the limit "
			"is %" PRIu64 " bytes (guest memory)",
			walk->folder, walk->path, (uint64_t)status->st_size, walk->writer->limit);
	int fd = openat(parent, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return host_error(walk, "cannot be read");
	int result = add_content(walk, fd, &entry, (size_t)status->st_size);
	close(fd);
	return result;
}

static int add_symlink(struct walk *walk, int parent, const char *name, const struct stat *status)
{
	char target[PATH_LIMIT];
	ssize_t size = readlinkat(parent, name, target, sizeof(target));
	if (size < 0)
		return host_error(walk, "cannot read the symbolic link");
	struct cpio_entry entry = entry_of(walk, status);
	entry.link_count = 1;
	entry.data = target;
	entry.size = (uint64_t)size;
	return cpio_add(walk->writer, &entry, walk->error);
}

static int add_directory(struct walk *walk, int parent, const char *name, const struct stat *status)
{
	struct cpio_entry entry = entry_of(walk, status);
	entry.link_count = 2; /* the host's count depends on its file system */
	if (cpio_add(walk->writer, &entry, walk->error))
		return -1;
	int fd = openat(parent, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_DIRECTORY);
	if (fd < 0)
		return host_error(walk, "cannot be read");
	int result = walk_directory(walk, fd);
	close(fd);
	return result;
}

static int add_node(struct walk *walk, const struct stat *status)
{
	struct cpio_entry entry = entry_of(walk, status);
	entry.link_count = 1;
	entry.major = S_ISFIFO(status->st_mode) ? 0 : major(status->st_rdev);
	entry.minor = S_ISFIFO(status->st_mode) ? 0 : minor(status->st_rdev);
	return cpio_add(walk->writer, &entry, walk->error);
}

static int add_entry(struct walk *walk, int parent, const char *name)
{
	struct stat status;
	if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW))
		return host_error(walk, "cannot be read");
	switch (status.st_mode & S_IFMT) {
	case S_IFREG: return add_file(walk, parent, name, &status);
	case S_IFLNK: return add_symlink(walk, parent, name, &status);
	case S_IFDIR: return add_directory(walk, parent, name, &status);
	case S_IFBLK:
	case S_IFCHR:
	case S_IFIFO: return add_node(walk, &status);
	default:
		log_write(walk->log, LOG_LOADER, LOG_WARN,
			  "%s/%s: is a socket or of an unknown type, left out of the initramfs",
			  walk->folder, walk->path);
		return 0;
	}
}

/* Descends to a name, adds it, and comes back. */
static int visit(struct walk *walk, int parent, const char *name)
{
	size_t before = walk->length, name_length = strlen(name);
	if (before + 1 + name_length >= sizeof(walk->path))
		return error_set(
			walk->error, EXIT_CODE_USAGE,
			"%s/%.64s...: path of more than %d bytes, too long for an initramfs",
			walk->folder, walk->path, PATH_LIMIT - 1);
	if (before)
		walk->path[walk->length++] = '/';
	memcpy(walk->path + walk->length, name, name_length + 1);
	walk->length += name_length;
	int status = add_entry(walk, parent, name);
	walk->length = before;
	walk->path[before] = 0;
	return status;
}

struct name_list {
	char **names;
	size_t count, capacity;
};

static int names_add(struct name_list *list, const char *name)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 32;
		char **grown = realloc(list->names, capacity * sizeof(*grown));
		if (!grown)
			return -1;
		list->names = grown;
		list->capacity = capacity;
	}
	list->names[list->count] = strdup(name);
	return list->names[list->count++] ? 0 : -1;
}

static void names_fini(struct name_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->names[i]);
	free(list->names);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_names(struct walk *walk, int fd, struct name_list *list)
{
	int copy = dup(fd); /* closedir() closes it */
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	if (!stream) {
		int status = host_error(walk, "cannot be read");
		if (copy >= 0)
			close(copy);
		return status;
	}
	int status = 0;
	struct dirent *entry;
	for (errno = 0; !status && (entry = readdir(stream)); errno = 0) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (names_add(list, entry->d_name))
			status = error_set(walk->error, EXIT_CODE_USAGE, "%s: out of memory",
					   walk->folder);
	}
	if (!status && errno)
		status = host_error(walk, "cannot be read");
	closedir(stream);
	if (!status && list->count)
		qsort(list->names, list->count, sizeof(*list->names), compare_names);
	return status;
}

static int walk_directory(struct walk *walk, int fd)
{
	struct name_list list = {0};
	int status = list_names(walk, fd, &list);
	for (size_t i = 0; !status && i < list.count; i++)
		status = visit(walk, fd, list.names[i]);
	names_fini(&list);
	return status;
}

int cpio_add_folder(struct cpio_writer *writer, const char *folder, const struct log *log,
		    struct error *error)
{
	int fd = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
	if (fd < 0)
		return error_set(error, EXIT_CODE_USAGE, "%s: cannot open the root folder: %s",
				 folder, strerror(errno));
	struct walk *walk = calloc(1, sizeof(*walk));
	int status = walk ? 0 : error_set(error, EXIT_CODE_USAGE, "%s: out of memory", folder);
	if (walk) {
		walk->writer = writer;
		walk->folder = folder;
		walk->log = log;
		walk->error = error;
		walk->user = geteuid();
		walk->group = getegid();
		status = walk_directory(walk, fd);
		free(walk->links);
		free(walk);
	}
	close(fd);
	return status;
}
