/* Linux boot images: RISC-V and AArch64 Image, x86 bzImage (recognition only), EFI zboot. */
#include <inttypes.h>
#include <string.h>

#include "bus/host.h"
#include "machines/image.h"

enum {
	HEADER_SIZE = 64,
	TEXT_OFFSET_AT = 8,
	IMAGE_SIZE_AT = 16,
	FLAGS_AT = 24,
	FLAG_BIG_ENDIAN = 1,
	RISCV_MAGIC_AT = 48,
	MAGIC2_AT = 56, /* "RSC\x05" or "ARM\x64" */
	PE_OFFSET_AT = 60,
	ZBOOT_MAGIC_AT = 4,
	ZBOOT_PAYLOAD_AT = 8,
	ZBOOT_SIZE_AT = 12,
	ZBOOT_TYPE_AT = 24,
	ZBOOT_TYPE_LENGTH = 32,
	BZIMAGE_MAGIC_AT = 0x202,
	/* PE/COFF, Microsoft "PE Format": file header after the signature, then section headers. */
	COFF_SECTIONS_AT = 6,
	COFF_OPTIONAL_SIZE_AT = 20,
	COFF_SIZE = 24,
	PE_SECTION_SIZE = 40,
	PE_RAW_SIZE_AT = 16,
	PE_RAW_OFFSET_AT = 20,
};

/* True if the content has these bytes at an offset. */
static bool has_bytes(const struct blob *content, uint64_t offset, const void *bytes, size_t size)
{
	return offset <= content->size && size <= content->size - offset &&
	       !memcmp(content->data + offset, bytes, size);
}

int image_zboot_payload(const struct image *image, uint64_t *offset, uint64_t *size,
			enum compression *compression, struct error *error)
{
	const struct blob *content = &image->content;
	if (!has_bytes(content, 0, "MZ", 2) || !has_bytes(content, ZBOOT_MAGIC_AT, "zimg", 4))
		return 0;
	if (content->size < ZBOOT_TYPE_AT + ZBOOT_TYPE_LENGTH)
		return error_set(error, EXIT_CODE_BAD_IMAGE,
				 "%s: offset %zu: truncated EFI zboot header, expected %d bytes",
				 image->path, content->size, ZBOOT_TYPE_AT + ZBOOT_TYPE_LENGTH);
	*offset = mb_get32le(content->data + ZBOOT_PAYLOAD_AT);
	*size = mb_get32le(content->data + ZBOOT_SIZE_AT);
	if (*offset > content->size || *size > content->size - *offset)
		return error_set(error, EXIT_CODE_BAD_IMAGE,
				 "%s: offset %d: EFI zboot payload 0x%" PRIx64 "+0x%" PRIx64
				 " is not inside the file of %zu bytes",
				 image->path, ZBOOT_PAYLOAD_AT, *offset, *size, content->size);
	*compression = compression_of(content->data + *offset, (size_t)*size);
	if (*compression == COMPRESSION_NONE)
		return error_set(
			error, EXIT_CODE_BAD_IMAGE,
			"%s: offset 0x%" PRIx64
			": unknown compression of the EFI zboot payload, expected gzip or zstd",
			image->path, *offset);
	return 1;
}

/*
 * The EFI stub's section table tells where the file must end, which the Image header does not
 * (image_size counts the bss). Files without a PE header are not checked.
 */
static int check_pe_sections(const struct image *image, struct error *error)
{
	const struct blob *content = &image->content;
	uint64_t pe = mb_get32le(content->data + PE_OFFSET_AT);
	if (!has_bytes(content, 0, "MZ", 2) || !pe)
		return 0;
	if (pe + COFF_SIZE > content->size)
		return error_set(error, EXIT_CODE_BAD_IMAGE,
				 "%s: offset %zu: truncated, expected a PE header at 0x%" PRIx64,
				 image->path, content->size, pe);
	if (!has_bytes(content, pe, "PE\0\0", 4))
		return error_set(error, EXIT_CODE_BAD_IMAGE,
				 "%s: offset 0x%" PRIx64 ": bad PE signature, expected \"PE\"",
				 image->path, pe);
	unsigned sections = mb_get16le(content->data + pe + COFF_SECTIONS_AT);
	uint64_t table = pe + COFF_SIZE + mb_get16le(content->data + pe + COFF_OPTIONAL_SIZE_AT);
	for (unsigned i = 0; i < sections; i++) {
		uint64_t at = table + (uint64_t)i * PE_SECTION_SIZE;
		if (at + PE_SECTION_SIZE > content->size)
			return error_set(
				error, EXIT_CODE_BAD_IMAGE,
				"%s: offset %zu: truncated, expected PE section header %u at "
				"0x%" PRIx64,
				image->path, content->size, i, at);
		uint64_t end = (uint64_t)mb_get32le(content->data + at + PE_RAW_OFFSET_AT) +
			       mb_get32le(content->data + at + PE_RAW_SIZE_AT);
		if (end > content->size)
			return error_set(
				error, EXIT_CODE_BAD_IMAGE,
				"%s: offset %zu: truncated, PE section %u (header at 0x%" PRIx64
				") expects %" PRIu64 " bytes",
				image->path, content->size, i, at, end);
	}
	return 0;
}

static int check_header(struct image *image, struct error *error)
{
	const uint8_t *data = image->content.data;
	image->text_offset = mb_get64le(data + TEXT_OFFSET_AT);
	image->image_size = mb_get64le(data + IMAGE_SIZE_AT);
	uint64_t flags = mb_get64le(data + FLAGS_AT);
	if (flags & FLAG_BIG_ENDIAN)
		return error_set(error, EXIT_CODE_BAD_IMAGE,
				 "%s: offset %d: big-endian kernel, expected a little-endian one",
				 image->path, FLAGS_AT);
	if (image->text_offset >= 1ull << 40)
		return error_set(error, EXIT_CODE_BAD_IMAGE,
				 "%s: offset %d: text offset 0x%" PRIx64
				 " is not sensible, expected less than 0x10000000000",
				 image->path, TEXT_OFFSET_AT, image->text_offset);
	if (image->image_size >= 1ull << 48)
		return error_set(error, EXIT_CODE_BAD_IMAGE,
				 "%s: offset %d: image size 0x%" PRIx64
				 " is not sensible, expected less than 0x1000000000000",
				 image->path, IMAGE_SIZE_AT, image->image_size);
	return check_pe_sections(image, error);
}

int image_parse_linux(struct image *image, struct error *error)
{
	const struct blob *content = &image->content;
	if (has_bytes(content, BZIMAGE_MAGIC_AT, "HdrS", 4)) {
		image->arch = IMAGE_ARCH_X86_64;
		return 1;
	}
	if (has_bytes(content, MAGIC2_AT, "RSC\005", 4) ||
	    has_bytes(content, RISCV_MAGIC_AT, "RISCV\0\0\0", 8))
		image->arch = IMAGE_ARCH_RISCV64;
	else if (has_bytes(content, MAGIC2_AT, "ARM\x64", 4))
		image->arch = IMAGE_ARCH_AARCH64;
	else if (content->size >= HEADER_SIZE || !has_bytes(content, 0, "MZ", 2))
		return 0;
	if (content->size < HEADER_SIZE)
		return error_set(error, EXIT_CODE_BAD_IMAGE,
				 "%s: offset %zu: truncated Image header, expected %d bytes",
				 image->path, content->size, HEADER_SIZE);
	return check_header(image, error) ? -1 : 1;
}
