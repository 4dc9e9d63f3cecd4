#include <string.h>
#include <unistd.h>

#include "machines/image.h"

/* Below this, the memory of an image is not worth an open file. */
#define RELEASE_SIZE (1 << 20)

int image_read(struct image *image, const char *path, const char *kind, uint64_t limit,
	       struct error *error)
{
	struct blob content;
	*image = (struct image){0};
	int fd = blob_open(path, kind, error);
	if (fd < 0)
		return -1;
	if (blob_read(&content, fd, path, kind, limit, error) ||
	    image_parse(image, path, content, limit, error)) {
		close(fd);
		return -1;
	}
	image->is_file = true;
	image->file = fd;
	image->limit = limit;
	return 0;
}

void image_release(struct image *image)
{
	if (image->is_file && image->size >= RELEASE_SIZE)
		blob_free(&image->content);
}

int image_recall(const struct image *image, struct blob *content, struct error *error)
{
	struct image again;
	*content = (struct blob){0};
	if (blob_read(content, image->file, image->path, "guest image", image->limit, error) ||
	    image_parse(&again, image->path, *content, image->limit, error)) {
		*content = (struct blob){0};
		return -1;
	}
	*content = again.content;
	again.content = (struct blob){0};
	bool same = again.size == image->size && again.checksum == image->checksum;
	image_fini(&again);
	if (same)
		return 0;
	blob_free(content);
	return error_set(
		error, EXIT_CODE_USAGE,
		"%s: changed since the machine was made, expected the image that it booted",
		image->path);
}
