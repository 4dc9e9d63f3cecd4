#include "machines/image.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus/access.h"
#include "machines/checksum.h"

const char *image_arch_name(enum image_arch arch)
{
	static const char *const names[] = {
		[IMAGE_ARCH_UNKNOWN] = "unknown",
		[IMAGE_ARCH_RISCV64] = "riscv64",
		[IMAGE_ARCH_AARCH64] = "aarch64",
		[IMAGE_ARCH_X86_64] = "x86_64",
	};
	return names[arch];
}

void image_fini(struct image *image)
{
	symbol_table_fini(&image->symbols);
	blob_free(&image->content);
	free(image->segments);
	free(image->path);
	if (image->is_file)
		close(image->file);
	*image = (struct image){0};
}

/* Replaces the content by its decompressed form if it is compressed at offset. */
static int unpack(struct image *image, enum compression compression, uint64_t offset, uint64_t size,
		  uint64_t limit, struct error *error)
{
	struct blob plain;
	if (decompress(compression, image->content.data + offset, (size_t)size, image->path, offset,
		       limit, &plain, NULL, error))
		return -1;
	blob_free(&image->content);
	image->content = plain;
	return 0;
}

static int unpack_all(struct image *image, uint64_t limit, struct error *error)
{
	enum compression compression = compression_of(image->content.data, image->content.size);
	if (compression != COMPRESSION_NONE &&
	    unpack(image, compression, 0, image->content.size, limit, error))
		return -1;
	uint64_t offset, size;
	int zboot = image_zboot_payload(image, &offset, &size, &compression, error);
	if (zboot < 0)
		return -1;
	if (zboot)
		return unpack(image, compression, offset, size, limit, error);
	return 0;
}

static int single_segment(struct image *image, struct error *error)
{
	image->segments = calloc(1, sizeof(*image->segments));
	if (!image->segments)
		return error_set(error, EXIT_CODE_USAGE, "%s: out of memory", image->path);
	image->segments[0].file_size = image->content.size;
	image->segments[0].memory_size = image->content.size;
	image->segment_count = 1;
	return 0;
}

static int parse(struct image *image, uint64_t limit, struct error *error)
{
	if (!image->path)
		return error_set(error, EXIT_CODE_USAGE, "out of memory");
	if (!image->content.size)
		return error_set(error, EXIT_CODE_BAD_IMAGE, "%s: offset 0: empty image",
				 image->path);
	if (unpack_all(image, limit, error))
		return -1;
	const uint8_t *data = image->content.data;
	if (image->content.size >= 4 && !memcmp(data, "\177ELF", 4)) {
		image->kind = IMAGE_ELF;
		return image_parse_elf(image, error);
	}
	int linux_image = image_parse_linux(image, error);
	if (linux_image < 0)
		return -1;
	image->kind = linux_image ? IMAGE_LINUX : IMAGE_FLAT;
	return single_segment(image, error);
}

int image_parse(struct image *image, const char *name, struct blob content, uint64_t limit,
		struct error *error)
{
	*image = (struct image){.path = strdup(name), .content = content};
	if (!parse(image, limit, error)) {
		image->size = image->content.size;
		image->checksum = checksum_bytes(image->content.data, image->content.size);
		return 0;
	}
	image_fini(image);
	return -1;
}

static bool fits(const struct image_memory *memory, uint64_t address, uint64_t size)
{
	return address >= memory->base && address - memory->base <= memory->size &&
	       size <= memory->size - (address - memory->base);
}

/* Moves a position-independent ELF file that is not linked for RAM to the base of RAM. */
static void place_relocatable(struct image *image, const struct image_memory *memory)
{
	uint64_t lowest = UINT64_MAX;
	for (size_t i = 0; i < image->segment_count; i++)
		if (image->segments[i].address < lowest)
			lowest = image->segments[i].address;
	lowest &= ~(uint64_t)0xfff;
	if (fits(memory, lowest, 0))
		return;
	uint64_t bias = memory->base - lowest;
	for (size_t i = 0; i < image->segment_count; i++)
		image->segments[i].address += bias;
	for (size_t i = 0; i < image->symbols.count; i++)
		image->symbols.symbols[i].address += bias;
	image->entry += bias;
	image->tohost += bias;
	image->fromhost += bias;
}

static int check_overlaps(const struct image *image, struct error *error)
{
	for (size_t i = 0; i < image->segment_count; i++)
		for (size_t j = 0; j < i; j++) {
			const struct image_segment *a = &image->segments[i];
			const struct image_segment *b = &image->segments[j];
			if (a->address < b->address + b->memory_size &&
			    b->address < a->address + a->memory_size)
				return error_set(error, EXIT_CODE_BAD_IMAGE,
						 "%s: offset 0x%" PRIx64 ": segment at 0x%" PRIx64
						 " overlaps the one at 0x%" PRIx64
						 ", expected disjoint segments",
						 image->path, a->offset, a->address, b->address);
		}
	return 0;
}

int image_place(struct image *image, const struct image_memory *memory, uint64_t flat_address,
		struct error *error)
{
	if (image->kind == IMAGE_ELF) {
		if (image->relocatable)
			place_relocatable(image, memory);
	} else {
		uint64_t address = flat_address;
		if (image->kind == IMAGE_LINUX)
			address = memory->base + image->text_offset;
		image->segments[0].address = address;
		image->entry = address;
		if (image->image_size > image->segments[0].memory_size)
			image->segments[0].memory_size = image->image_size;
	}
	for (size_t i = 0; i < image->segment_count; i++) {
		const struct image_segment *segment = &image->segments[i];
		if (!fits(memory, segment->address, segment->memory_size))
			return error_set(error, EXIT_CODE_BAD_IMAGE,
					 "%s: offset 0x%" PRIx64 ": 0x%" PRIx64
					 " bytes for address 0x%" PRIx64
					 " do not fit, expected RAM 0x%" PRIx64 "-0x%" PRIx64,
					 image->path, segment->offset, segment->memory_size,
					 segment->address, memory->base,
					 memory->base + memory->size - 1);
	}
	return check_overlaps(image, error);
}

void image_extent(const struct image *image, uint64_t *first, uint64_t *end)
{
	*first = UINT64_MAX;
	*end = 0;
	for (size_t i = 0; i < image->segment_count; i++) {
		const struct image_segment *segment = &image->segments[i];
		if (segment->address < *first)
			*first = segment->address;
		if (segment->address + segment->memory_size > *end)
			*end = segment->address + segment->memory_size;
	}
}

static int load_refused(const struct image *image, const struct image_segment *segment,
			struct error *error)
{
	return error_set(error, EXIT_CODE_BAD_IMAGE,
			 "%s: offset 0x%" PRIx64 ": cannot be loaded to 0x%" PRIx64
			 ", expected RAM there",
			 image->path, segment->offset, segment->address);
}

static int load_segments(const struct image *image, const uint8_t *content, struct mb_space *space,
			 bool fresh, struct error *error)
{
	for (size_t i = 0; i < image->segment_count; i++) {
		const struct image_segment *segment = &image->segments[i];
		if (mb_write_rom(space, segment->address, content + segment->offset,
				 segment->file_size, NULL) != MB_OK)
			return load_refused(image, segment, error);
		/* Linux clears its own bss; what an ELF file calls zero must be zero. */
		uint64_t rest = segment->memory_size - segment->file_size;
		if (rest && !fresh && image->kind == IMAGE_ELF &&
		    mb_fill(space, segment->address + segment->file_size, 0, rest, MB_ATTRS_DEBUG,
			    NULL) != MB_OK)
			return load_refused(image, segment, error);
	}
	return 0;
}

int image_load(const struct image *image, struct mb_space *space, bool fresh, struct error *error)
{
	if (image->content.data)
		return load_segments(image, image->content.data, space, fresh, error);
	struct blob content;
	if (image_recall(image, &content, error))
		return -1;
	int status = load_segments(image, content.data, space, fresh, error);
	blob_free(&content);
	return status;
}
