/* Image recognition, placement and loading; damaged images of every kind. */
#include <criterion/criterion.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bus/bus.h"
#include "machines/image.h"
#include "tests/machines/samples.h"

static const struct image_memory memory = {0x80000000, 64 << 20};

static int parse(struct image *image, struct blob content, struct error *error)
{
	*error = (struct error){0};
	return image_parse(image, "sample", content, memory.size, error);
}

/* One printable line with the file's name. */
static void check_error(const struct error *error, int exit_code)
{
	cr_assert_eq(error->exit_code, exit_code, "%s", error->text);
	cr_assert(strstr(error->text, "sample"), "%s", error->text);
	for (const char *c = error->text; *c; c++)
		cr_assert(*c >= ' ' && *c <= '~', "%s", error->text);
}

static void expect_bad(struct blob content, const char *words)
{
	struct image image;
	struct error error = {0};
	int status = parse(&image, content, &error);
	if (!status) {
		status = image_place(&image, &memory, memory.base, &error);
		image_fini(&image);
	}
	cr_assert_eq(status, -1);
	check_error(&error, EXIT_CODE_BAD_IMAGE);
	cr_assert(strstr(error.text, words), "%s (expected: %s)", error.text, words);
	cr_assert(strstr(error.text, "offset"), "%s", error.text);
}

static Elf64_Ehdr *elf_header(struct blob *elf)
{
	return (Elf64_Ehdr *)elf->data;
}

static Elf64_Phdr *elf_load(struct blob *elf, unsigned index)
{
	return (Elf64_Phdr *)(elf->data + sizeof(Elf64_Ehdr)) + index;
}

Test(image, elf_segments_entry_and_symbols)
{
	struct image image;
	struct error error;
	cr_assert_eq(parse(&image, sample_elf(), &error), 0, "%s", error.text);
	cr_assert_eq(image.kind, IMAGE_ELF);
	cr_assert_eq(image.arch, IMAGE_ARCH_RISCV64);
	cr_assert_eq(image_place(&image, &memory, 0, &error), 0, "%s", error.text);
	cr_assert_eq(image.entry, 0x80000000);
	cr_assert_eq(image.segment_count, 2);
	cr_assert_eq(image.segments[1].memory_size, 0x108);
	cr_assert(image.has_tohost && image.has_fromhost);
	cr_assert_eq(image.tohost, 0x80001000);
	cr_assert_eq(image.fromhost, 0x80001040);
	uint64_t first, end;
	image_extent(&image, &first, &end);
	cr_assert_eq(first, 0x80000000);
	cr_assert_eq(end, 0x80001108);
	image_fini(&image);
}

Test(image, symbols_are_found_by_address)
{
	struct image image;
	struct error error;
	uint64_t offset = 99;
	cr_assert_eq(parse(&image, sample_elf(), &error), 0);
	const struct symbol *symbol = symbol_table_find(&image.symbols, 0x80000002, &offset);
	cr_assert(symbol);
	cr_assert_str_eq(symbol->name, "_start");
	cr_assert_eq(offset, 2);
	cr_assert_str_eq(symbol_table_find(&image.symbols, 0x80000007, NULL)->name, "main");
	cr_assert_null(symbol_table_find(&image.symbols, 0x80000008, NULL)); /* main has 4 bytes */
	cr_assert_null(symbol_table_find(&image.symbols, 0x7fffffff, NULL));
	cr_assert_null(symbol_table_named(&image.symbols, "$x"));
	cr_assert_eq(symbol_table_named(&image.symbols, "main")->address, 0x80000004);
	cr_assert_null(symbol_table_find(NULL, 0, NULL));
	image_fini(&image);
}

Test(image, relocatable_elf_goes_to_ram)
{
	struct image image;
	struct error error;
	struct blob elf = sample_elf();
	elf_header(&elf)->e_type = ET_DYN;
	elf_header(&elf)->e_entry = 4;
	for (unsigned i = 0; i < 2; i++) {
		elf_load(&elf, i)->p_paddr -= 0x80000000;
		elf_load(&elf, i)->p_vaddr -= 0x80000000;
	}
	cr_assert_eq(parse(&image, elf, &error), 0, "%s", error.text);
	cr_assert_eq(image_place(&image, &memory, 0, &error), 0, "%s", error.text);
	cr_assert_eq(image.entry, 0x80000004);
	cr_assert_eq(image.segments[1].address, 0x80001000);
	image_fini(&image);
}

Test(image, virtual_entry_becomes_physical)
{
	struct image image;
	struct error error;
	struct blob elf = sample_elf();
	elf_load(&elf, 0)->p_vaddr = 0xffffffff80000000;
	elf_header(&elf)->e_entry = 0xffffffff80000004;
	cr_assert_eq(parse(&image, elf, &error), 0, "%s", error.text);
	cr_assert_eq(image.entry, 0x80000004);
	image_fini(&image);
}

Test(image, linux_header)
{
	struct image image;
	struct error error;
	cr_assert_eq(parse(&image, sample_linux(), &error), 0, "%s", error.text);
	cr_assert_eq(image.kind, IMAGE_LINUX);
	cr_assert_eq(image.arch, IMAGE_ARCH_RISCV64);
	cr_assert_eq(image_place(&image, &memory, 0, &error), 0, "%s", error.text);
	cr_assert_eq(image.entry, 0x80200000);
	uint64_t first, end;
	image_extent(&image, &first, &end);
	cr_assert_eq(end, 0x80204000); /* image_size, not the size of the file */
	image_fini(&image);
}

Test(image, flat_binary_goes_where_told)
{
	struct image image;
	struct error error;
	cr_assert_eq(parse(&image, blob_copy("\x13\0\0\0", 4), &error), 0);
	cr_assert_eq(image.kind, IMAGE_FLAT);
	cr_assert_eq(image.arch, IMAGE_ARCH_UNKNOWN);
	cr_assert_eq(image_place(&image, &memory, 0x80200000, &error), 0);
	cr_assert_eq(image.entry, 0x80200000);
	image_fini(&image);
}

Test(image, compressed_forms_are_the_same_image)
{
	struct blob plain[2] = {sample_elf(), sample_linux()};
	for (unsigned i = 0; i < 2; i++) {
		struct blob gzip = sample_gzip(&plain[i]), zstd = sample_zstd(&plain[i]);
		struct blob forms[] = {blob_copy(gzip.data, gzip.size),
				       blob_copy(zstd.data, zstd.size), sample_zboot(&gzip, "gzip"),
				       sample_zboot(&zstd, "zstd")};
		for (unsigned f = 0; f < 4; f++) {
			struct image image;
			struct error error;
			cr_assert_eq(parse(&image, forms[f], &error), 0, "%s", error.text);
			cr_assert_eq(image.kind, i ? IMAGE_LINUX : IMAGE_ELF);
			cr_assert_eq(image.content.size, plain[i].size);
			cr_assert_arr_eq(image.content.data, plain[i].data, plain[i].size);
			image_fini(&image);
		}
		blob_free(&gzip);
		blob_free(&zstd);
		blob_free(&plain[i]);
	}
}

Test(image, other_architectures_are_recognised)
{
	struct image image;
	struct error error;
	struct blob arm = sample_linux();
	memset(arm.data + 48, 0, 8);
	memcpy(arm.data + 56, "ARM\x64", 4);
	cr_assert_eq(parse(&image, arm, &error), 0);
	cr_assert_str_eq(image_arch_name(image.arch), "aarch64");
	image_fini(&image);

	struct blob pc = blob_copy(NULL, 0);
	blob_free(&pc);
	pc = (struct blob){.data = calloc(1, 0x300), .size = 0x300};
	memcpy(pc.data + 0x202, "HdrS", 4);
	cr_assert_eq(parse(&image, pc, &error), 0);
	cr_assert_str_eq(image_arch_name(image.arch), "x86_64");
	image_fini(&image);

	struct blob elf = sample_elf();
	elf_header(&elf)->e_machine = EM_X86_64;
	cr_assert_eq(parse(&image, elf, &error), 0);
	cr_assert_str_eq(image_arch_name(image.arch), "x86_64");
	image_fini(&image);
}

#define BAD_ELF(test, change, words)                                                               \
	Test(image_bad, test)                                                                      \
	{                                                                                          \
		struct blob elf = sample_elf();                                                    \
		change;                                                                            \
		expect_bad(elf, words);                                                            \
	}

BAD_ELF(elf_class, elf.data[EI_CLASS] = ELFCLASS32, "expected ELFCLASS64")
BAD_ELF(elf_big_endian, elf.data[EI_DATA] = ELFDATA2MSB, "expected ELFDATA2LSB")
BAD_ELF(elf_version, elf.data[EI_VERSION] = 9, "version")
BAD_ELF(elf_machine, elf_header(&elf)->e_machine = EM_MIPS, "expected 243 (RISC-V)")
BAD_ELF(elf_object_file, elf_header(&elf)->e_type = ET_REL, "expected an executable")
BAD_ELF(elf_no_program_headers, elf_header(&elf)->e_phnum = 0, "no program headers")
BAD_ELF(elf_header_entry_size, elf_header(&elf)->e_phentsize = 32, "expected 56")
BAD_ELF(elf_program_headers_outside, elf_header(&elf)->e_phoff = UINT64_MAX - 8, "not inside")
BAD_ELF(elf_section_headers_outside, elf_header(&elf)->e_shoff = 1 << 20, "truncated")
BAD_ELF(elf_segment_outside, elf_load(&elf, 1)->p_offset = UINT64_MAX - 4, "not inside the file")
BAD_ELF(elf_segment_longer_than_memory, elf_load(&elf, 1)->p_memsz = 4, "expected at most its 0x4")
BAD_ELF(elf_segment_wraps, elf_load(&elf, 1)->p_paddr = UINT64_MAX - 16, "wraps")
BAD_ELF(elf_segments_overlap, elf_load(&elf, 1)->p_paddr = 0x80000004, "overlaps")
BAD_ELF(elf_below_ram, elf_load(&elf, 0)->p_paddr = 0x1000, "expected RAM")
BAD_ELF(elf_larger_than_ram, elf_load(&elf, 1)->p_memsz = 64 << 20, "do not fit")
BAD_ELF(elf_nothing_to_load, (elf_load(&elf, 0)->p_type = elf_load(&elf, 1)->p_type = PT_NOTE),
	"no loadable segment")

Test(image_bad, linux_images)
{
	struct blob image = sample_linux();
	image.data[24] = 1;
	expect_bad(image, "big-endian");
	image = sample_linux();
	image.data[14] = 1; /* text offset 2^48 */
	expect_bad(image, "text offset");
	image = sample_linux();
	image.data[22] = 1; /* image size 2^48 */
	expect_bad(image, "image size");
	image = sample_linux();
	image.data[19] = 4; /* image size 64 MiB + 16 KiB */
	expect_bad(image, "do not fit");
	image = sample_linux();
	image.data[0x78 + 21] = 3; /* section data ends beyond the file */
	expect_bad(image, "truncated");
}

Test(image_bad, linux_image_cut_anywhere_is_truncated)
{
	struct blob whole = sample_linux();
	for (size_t size = 2; size < whole.size; size++)
		expect_bad(blob_copy(whole.data, size), "truncated");
	blob_free(&whole);
}

Test(image_bad, elf_cut_anywhere_is_refused)
{
	struct blob whole = sample_elf();
	for (size_t size = 4; size < whole.size; size++)
		expect_bad(blob_copy(whole.data, size), "");
	blob_free(&whole);
}

Test(image_bad, compressed_files_cut_anywhere_are_refused)
{
	struct blob plain = sample_elf();
	struct blob packed[2] = {sample_gzip(&plain), sample_zstd(&plain)};
	for (unsigned i = 0; i < 2; i++) {
		for (size_t size = 4; size < packed[i].size; size++)
			expect_bad(blob_copy(packed[i].data, size), "truncated");
		blob_free(&packed[i]);
	}
	blob_free(&plain);
}

Test(image_bad, bytes_after_compressed_data)
{
	struct blob plain = sample_elf();
	struct blob packed[2] = {sample_gzip(&plain), sample_zstd(&plain)};
	for (unsigned i = 0; i < 2; i++) {
		uint8_t *more = calloc(1, packed[i].size + 8);
		memcpy(more, packed[i].data, packed[i].size);
		struct image image;
		struct error error;
		cr_assert_eq(parse(&image, blob_copy(more, packed[i].size + 8), &error), 0);
		image_fini(&image);
		more[packed[i].size + 7] = 'x';
		expect_bad(blob_copy(more, packed[i].size + 8), "unknown bytes after");
		free(more);
		blob_free(&packed[i]);
	}
	blob_free(&plain);
}

Test(image_bad, decompression_stops_at_the_size_of_ram)
{
	struct blob zeros = {.data = calloc(1, memory.size + 1), .size = memory.size + 1};
	struct blob bombs[2] = {sample_gzip(&zeros), sample_zstd(&zeros)};
	for (unsigned i = 0; i < 2; i++)
		expect_bad(bombs[i], "more than the limit of 67108864 bytes");
	/* Exactly the limit is fine. */
	zeros.size--;
	struct image image;
	struct error error;
	cr_assert_eq(parse(&image, sample_gzip(&zeros), &error), 0, "%s", error.text);
	image_fini(&image);
	cr_assert_eq(parse(&image, sample_zstd(&zeros), &error), 0, "%s", error.text);
	cr_assert_eq(image.content.size, memory.size);
	image_fini(&image);
	blob_free(&zeros);
}

Test(image_bad, zboot_wrappers)
{
	struct blob plain = sample_linux(), packed = sample_gzip(&plain);
	struct blob zboot = sample_zboot(&packed, "gzip");
	zboot.data[11] = 0x7f;
	expect_bad(zboot, "not inside the file");
	expect_bad(sample_zboot(&plain, "lzma"), "expected gzip or zstd");
	zboot = sample_zboot(&packed, "gzip");
	expect_bad(blob_copy(zboot.data, 40), "truncated EFI zboot header");
	blob_free(&zboot);
	blob_free(&packed);
	blob_free(&plain);
}

Test(image_bad, empty)
{
	expect_bad(blob_copy("", 0), "empty image");
}

/* Whatever a damaged byte does, it must not be an access outside the file (ASan decides). */
static void damage_every_byte(struct blob sample)
{
	static const uint8_t masks[] = {0xff, 0x80, 0x01};
	for (size_t i = 0; i < sample.size; i++)
		for (unsigned m = 0; m < sizeof(masks); m++) {
			struct image image;
			struct error error;
			struct blob copy = blob_copy(sample.data, sample.size);
			copy.data[i] ^= masks[m];
			if (parse(&image, copy, &error)) {
				check_error(&error, EXIT_CODE_BAD_IMAGE);
				continue;
			}
			if (image_place(&image, &memory, memory.base, &error))
				check_error(&error, EXIT_CODE_BAD_IMAGE);
			image_fini(&image);
		}
	blob_free(&sample);
}

Test(image_bad, damaged_bytes_never_crash)
{
	struct blob plain = sample_elf();
	damage_every_byte(sample_gzip(&plain));
	damage_every_byte(sample_zstd(&plain));
	damage_every_byte(plain);
	damage_every_byte(sample_linux());
}

Test(image_files, missing_unreadable_and_odd_files)
{
	struct image image;
	struct error error = {0};
	char folder[] = "/tmp/sample-XXXXXX", path[64];
	cr_assert(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/none", folder);
	cr_assert_eq(image_read(&image, path, "guest image", memory.size, &error), -1);
	check_error(&error, EXIT_CODE_USAGE);
	cr_assert(strstr(error.text, "No such file"));

	error = (struct error){0};
	cr_assert_eq(image_read(&image, folder, "guest image", memory.size, &error), -1);
	check_error(&error, EXIT_CODE_USAGE);
	cr_assert(strstr(error.text, "is a directory"));

	error = (struct error){0};
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_assert_eq(image_read(&image, path, "guest image", memory.size, &error), -1);
	check_error(&error, EXIT_CODE_USAGE);
	unlink(path);

	error = (struct error){0};
	FILE *file = fopen(path, "w");
	cr_assert_eq(ftruncate(fileno(file), 1ll << 40), 0); /* sparse */
	fclose(file);
	cr_assert_eq(image_read(&image, path, "guest image", memory.size, &error), -1);
	check_error(&error, EXIT_CODE_BAD_IMAGE);
	cr_assert(strstr(error.text, "does not fit"));

	error = (struct error){0};
	cr_assert_eq(truncate(path, 0), 0);
	cr_assert_eq(image_read(&image, path, "firmware", memory.size, &error), -1);
	check_error(&error, EXIT_CODE_BAD_IMAGE);
	cr_assert(strstr(error.text, "empty file, expected content (firmware)"));
	unlink(path);
	rmdir(folder);
}

Test(image_files, a_released_image_is_read_again_unless_it_changed)
{
	enum { SIZE = 3 << 20 };
	struct image image;
	struct error error = {0};
	struct blob content;
	char path[] = "/tmp/sample-XXXXXX", byte;
	int fd = mkstemp(path);
	cr_assert_eq(ftruncate(fd, SIZE), 0);
	cr_assert_eq(pwrite(fd, "abc", 3, SIZE - 3), 3);
	cr_assert_eq(image_read(&image, path, "guest image", memory.size, &error), 0);
	cr_assert_eq(image.size, SIZE);
	image_release(&image);
	cr_assert_null(image.content.data);

	unlink(path); /* the open file is what counts */
	cr_assert_eq(image_recall(&image, &content, &error), 0, "%s", error.text);
	cr_assert_eq(content.size, SIZE);
	cr_assert_arr_eq(content.data + SIZE - 3, "abc", 3);
	blob_free(&content);

	byte = 'x';
	cr_assert_eq(pwrite(fd, &byte, 1, 0), 1);
	cr_assert_eq(image_recall(&image, &content, &error), -1);
	check_error(&error, EXIT_CODE_USAGE);
	cr_assert(strstr(error.text, "changed since"));
	cr_assert_null(content.data);

	error = (struct error){0};
	cr_assert_eq(ftruncate(fd, 0), 0);
	cr_assert_eq(image_recall(&image, &content, &error), -1);
	check_error(&error, EXIT_CODE_BAD_IMAGE);
	cr_assert_null(content.data);
	close(fd);
	image_fini(&image);
}

Test(image_files, a_small_image_is_kept)
{
	struct image image;
	struct error error = {0};
	char path[] = "/tmp/sample-XXXXXX";
	int fd = mkstemp(path);
	cr_assert_eq(write(fd, "abcd", 4), 4);
	close(fd);
	cr_assert_eq(image_read(&image, path, "guest image", memory.size, &error), 0);
	unlink(path);
	image_release(&image);
	cr_assert_eq(image.content.size, 4);
	image_fini(&image);
}

Test(image_load, bytes_reach_ram_and_bss_is_cleared_again)
{
	struct mb_bus *bus = mb_bus_new();
	struct mb_region *root, *ram;
	struct mb_space *space;
	cr_assert_eq(mb_region_container(bus, "system", MB_WHOLE, &root), 0);
	cr_assert_eq(mb_region_ram(bus, "ram", memory.size, &ram), 0);
	cr_assert_eq(mb_attach(root, memory.base, ram), 0);
	cr_assert_eq(mb_space_new(bus, "memory", root, MB_SPACE_MEMORY, &space), 0);
	struct image image;
	struct error error;
	cr_assert_eq(parse(&image, sample_elf(), &error), 0);
	cr_assert_eq(image_place(&image, &memory, 0, &error), 0);
	cr_assert_eq(image_load(&image, space, true, &error), 0, "%s", error.text);
	uint64_t value;
	mb_ld64le(space, 0x80001000, MB_ATTRS_NONE, &value);
	cr_assert_eq(value, 0x0807060504030201);
	mb_st64le(space, 0x80001008, MB_ATTRS_NONE, 42);
	cr_assert_eq(image_load(&image, space, false, &error), 0);
	mb_ld64le(space, 0x80001008, MB_ATTRS_NONE, &value);
	cr_assert_eq(value, 0);
	image_fini(&image);
	mb_space_free(space);
	mb_region_unref(ram);
	mb_region_unref(root);
	mb_bus_free(bus);
}
