/*
 * Guest images: recognition, checks, and where their bytes go. Kinds: ELF64, Linux Image (with
 * EFI stub or without; also inside an EFI zboot wrapper), flat binary; each also compressed with
 * gzip or zstd. Headers: Linux Documentation/arch/riscv/boot-image-header.rst.
 */
#ifndef MACHINES_IMAGE_H
#define MACHINES_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "machines/blob.h"
#include "machines/symbols.h"

struct mb_space;

enum image_kind { IMAGE_FLAT, IMAGE_LINUX, IMAGE_ELF };
enum image_arch { IMAGE_ARCH_UNKNOWN, IMAGE_ARCH_RISCV64, IMAGE_ARCH_AARCH64, IMAGE_ARCH_X86_64 };

/* Bytes that go to one place: file_size bytes from the content, then zeros up to memory_size. */
struct image_segment {
	uint64_t address; /* physical */
	uint64_t offset;  /* in image->content */
	uint64_t file_size, memory_size;
};

struct image {
	char *path;              /* for messages */
	struct blob content;     /* decompressed; empty after image_release() */
	uint64_t size, checksum; /* of the content: machines/checksum.h */
	enum image_kind kind;
	enum image_arch arch;
	uint64_t entry; /* physical; set by image_place() for flat and Linux images */
	struct image_segment *segments;
	size_t segment_count;
	struct symbol_table symbols;
	bool relocatable; /* ELF ET_DYN: image_place() may move it */
	/* ELF symbols tohost and fromhost (HTIF), physical addresses. */
	bool has_tohost, has_fromhost;
	uint64_t tohost, fromhost;
	/* Linux Image header. */
	uint64_t text_offset, image_size;
	/* To read the content again: the file, open if is_file, and what bounds it. */
	bool is_file;
	int file;
	uint64_t limit;
};

/* RAM of a board, as the loaders need to know it. size is not 0. */
struct image_memory {
	uint64_t base, size;
};

/*
 * Reads, decompresses and checks a file. kind is what messages call it ("firmware"). limit bounds
 * the file and what it decompresses to (use the RAM size). Returns 0; or -1 with 125 (cannot be
 * read) or 126 (bad image). image is then empty.
 */
int image_read(struct image *image, const char *path, const char *kind, uint64_t limit,
	       struct error *error);

/*
 * The architecture that a file is for, without reading more of it than that takes; UNKNOWN for flat
 * binaries and for files that cannot be read.
 */
enum image_arch image_guess_arch(const char *path, uint64_t limit);

/* image_read() for bytes that are in memory already; takes content over, also on errors. */
int image_parse(struct image *image, const char *name, struct blob content, uint64_t limit,
		struct error *error);

/*
 * Decides addresses. Flat binaries go to flat_address, Linux images to a multiple of 2 MiB at RAM
 * base + text_offset, ELF files to their physical addresses; relocatable ELF files that are not
 * linked for RAM go to its base. Checks that everything fits into RAM and nothing overlaps.
 */
int image_place(struct image *image, const struct image_memory *memory, uint64_t flat_address,
		struct error *error);

/* The lowest and one past the highest address in use (includes a Linux image's image_size). */
void image_extent(const struct image *image, uint64_t *first, uint64_t *end);

/*
 * Copies a placed image through the space (ROM too). fresh: RAM is known to be zero, so that zero
 * bytes need not be written. Returns 0, or -1 with error if the bus refuses, or if a released image
 * cannot be read again.
 */
int image_load(const struct image *image, struct mb_space *space, bool fresh, struct error *error);

/*
 * Gives back the memory of the content of a large image that came from a file: image_load() reads
 * it again, through the descriptor that stays open.
 */
void image_release(struct image *image);

/*
 * The content of a released image, to be freed by the caller. Returns 0, or -1 with error if the
 * file cannot be read or is not what it was.
 */
int image_recall(const struct image *image, struct blob *content, struct error *error);

/* "riscv64", "aarch64", "x86_64" or "unknown". */
const char *image_arch_name(enum image_arch arch);

void image_fini(struct image *image);

/* For image.c: fills segments, entry and symbols from an ELF file (image_elf.c). */
int image_parse_elf(struct image *image, struct error *error);

/* For image.c: recognises and checks Linux images of all architectures (image_linux.c). Returns 1
 * if it is one, 0 if not, -1 with error. */
int image_parse_linux(struct image *image, struct error *error);

/* For image.c: finds the payload of an EFI zboot image (image_linux.c). Returns 1 and the payload,
 * 0 if it is no zboot image, -1 with error. */
int image_zboot_payload(const struct image *image, uint64_t *offset, uint64_t *size,
			enum compression *compression, struct error *error);

#endif
