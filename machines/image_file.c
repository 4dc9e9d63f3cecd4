#include <string.h>
#include <unistd.h>

#include "bus/host.h"
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

/* e_machine of ELF files, and the machine of PE headers, which EFI zboot images have. */
static enum image_arch arch_of_elf(unsigned machine)
{
	switch (machine) {
	case 243: return IMAGE_ARCH_RISCV64;
	case 183: return IMAGE_ARCH_AARCH64;
	case 62: return IMAGE_ARCH_X86_64;
	default: return IMAGE_ARCH_UNKNOWN;
	}
}

static enum image_arch arch_of_pe(unsigned machine)
{
	switch (machine) {
	case 0x5064: return IMAGE_ARCH_RISCV64;
	case 0xaa64: return IMAGE_ARCH_AARCH64;
	case 0x8664: return IMAGE_ARCH_X86_64;
	default: return IMAGE_ARCH_UNKNOWN;
	}
}

static enum image_arch arch_of_head(const uint8_t *head, size_t size)
{
	enum { HEADER = 64, MAGIC2 = 56, PE_OFFSET = 60, PE_MACHINE = 4 };
	if (size >= 20 && !memcmp(head, "\177ELF", 4))
		return arch_of_elf(mb_get16le(head + 18));
	if (size < HEADER)
		return IMAGE_ARCH_UNKNOWN;
	if (!memcmp(head + MAGIC2, "ARM\x64", 4))
		return IMAGE_ARCH_AARCH64;
	if (!memcmp(head + MAGIC2, "RSC\005", 4))
		return IMAGE_ARCH_RISCV64;
	uint64_t pe = mb_get32le(head + PE_OFFSET);
	if (!memcmp(head, "MZ", 2) && pe + PE_MACHINE + 2 <= size)
		return arch_of_pe(mb_get16le(head + pe + PE_MACHINE));
	return IMAGE_ARCH_UNKNOWN;
}

enum image_arch image_guess_arch(const char *path, uint64_t limit)
{
	uint8_t head[4096];
	int fd = blob_open(path, "guest image", NULL);
	if (fd < 0)
		return IMAGE_ARCH_UNKNOWN;
	ssize_t size = pread(fd, head, sizeof(head), 0);
	close(fd);
	if (size < 20)
		return IMAGE_ARCH_UNKNOWN;
	if (compression_of(head, (size_t)size) == COMPRESSION_NONE)
		return arch_of_head(head, (size_t)size);
	struct image image;
	if (image_read(&image, path, "guest image", limit, NULL))
		return IMAGE_ARCH_UNKNOWN;
	enum image_arch arch = image.arch;
	image_fini(&image);
	return arch;
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
