#include "machines/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/host_memory.h"

void blob_free(struct blob *blob)
{
	free(blob->data);
	*blob = (struct blob){0};
}

/* Memory for a whole file, to be freed with free(). */
static void *allocate(size_t size)
{
	void *data = NULL;
	if (size < HOST_HUGE_PAGE)
		return malloc(size);
	if (posix_memalign(&data, HOST_HUGE_PAGE, size))
		return NULL;
	host_memory_prefer_huge(data, size);
	return data;
}

/* Reads exactly size bytes; returns how many there were, or -1 with errno. */
static ssize_t read_fully(int fd, uint8_t *data, size_t size)
{
	size_t done = 0;
	while (done < size) {
		ssize_t got = pread(fd, data + done, size - done, (off_t)done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (!got)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

static int read_open_file(struct blob *blob, int fd, const char *path, const char *kind,
			  uint64_t limit, struct error *error)
{
	struct stat status;
	if (fstat(fd, &status))
		return error_set(error, EXIT_CODE_USAGE, "%s: cannot read the %s: %s", path, kind,
				 strerror(errno));
	if (S_ISDIR(status.st_mode))
		return error_set(error, EXIT_CODE_USAGE, "%s: is a directory, expected a file (%s)",
				 path, kind);
	if (!S_ISREG(status.st_mode))
		return error_set(error, EXIT_CODE_USAGE,
				 "%s: is not a regular file, expected a file (%s)", path, kind);
	if (!status.st_size)
		return error_set(error, EXIT_CODE_BAD_IMAGE,
				 "%s: offset 0: empty file, expected content (%s)", path, kind);
	if ((uint64_t)status.st_size > limit)
		return error_set(error, EXIT_CODE_BAD_IMAGE,
				 "%s: %s of %" PRIu64 " bytes does not fit, the limit is %" PRIu64
				 " bytes (guest memory)",
				 path, kind, (uint64_t)status.st_size, limit);
	blob->size = (size_t)status.st_size;
	blob->data = allocate(blob->size);
	if (!blob->data)
		return error_set(error, EXIT_CODE_USAGE, "%s: out of memory for %zu bytes", path,
				 blob->size);
	ssize_t got = read_fully(fd, blob->data, blob->size);
	if (got < 0)
		return error_set(error, EXIT_CODE_USAGE, "%s: cannot read the %s: %s", path, kind,
				 strerror(errno));
	if ((size_t)got != blob->size)
		return error_set(
			error, EXIT_CODE_BAD_IMAGE,
			"%s: offset %zd: the file shrank while being read, expected %zu bytes",
			path, got, blob->size);
	return 0;
}

int blob_open(const char *path, const char *kind, struct error *error)
{
	/* O_NONBLOCK: a FIFO must not block before fstat() refuses it. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		error_set(error, EXIT_CODE_USAGE, "%s: cannot open the %s: %s", path, kind,
			  strerror(errno));
	return fd;
}

int blob_read(struct blob *blob, int fd, const char *path, const char *kind, uint64_t limit,
	      struct error *error)
{
	*blob = (struct blob){0};
	if (!read_open_file(blob, fd, path, kind, limit, error))
		return 0;
	blob_free(blob);
	return -1;
}

int blob_read_file(struct blob *blob, const char *path, const char *kind, uint64_t limit,
		   struct error *error)
{
	*blob = (struct blob){0};
	int fd = blob_open(path, kind, error);
	if (fd < 0)
		return -1;
	int status = blob_read(blob, fd, path, kind, limit, error);
	close(fd);
	return status;
}
