/* initramfs_check(): sound archives of all shapes, and damaged ones. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "machines/cpio.h"
#include "machines/initramfs.h"
#include "tests/machines/samples.h"

#define LIMIT (1u << 20)

static struct blob sample_archive(void)
{
	struct cpio_writer writer;
	struct blob archive;
	cpio_init(&writer, LIMIT);
	cpio_add_directory(&writer, "dev", 0755, NULL);
	cpio_add_file(&writer, "init", 0755, "#!/bin/sh\n", 10, NULL);
	cr_assert_eq(cpio_finish(&writer, &archive, NULL), 0);
	return archive;
}

/* Checks a heap copy, so that ASan sees any access beyond the end. */
static int check(const struct blob *archive, size_t size, struct error *error)
{
	struct blob copy = blob_copy(archive->data, size);
	*error = (struct error){0};
	int status = initramfs_check(copy.data, copy.size, "sample", LIMIT, error);
	blob_free(&copy);
	return status;
}

static void expect_bad(const struct blob *archive, size_t size, const char *words)
{
	struct error error;
	cr_assert_eq(check(archive, size, &error), -1, "%zu bytes", size);
	cr_assert_eq(error.exit_code, EXIT_CODE_BAD_IMAGE);
	cr_assert_not_null(strstr(error.text, "sample: offset "), "%s", error.text);
	cr_assert_not_null(strstr(error.text, words), "%s (expected: %s)", error.text, words);
}

Test(initramfs, plain_and_compressed_archives)
{
	struct error error;
	struct blob plain = sample_archive();
	struct blob gzip = sample_gzip(&plain), zstd = sample_zstd(&plain);
	cr_assert_eq(check(&plain, plain.size, &error), 0, "%s", error.text);
	cr_assert_eq(check(&gzip, gzip.size, &error), 0, "%s", error.text);
	cr_assert_eq(check(&zstd, zstd.size, &error), 0, "%s", error.text);
	blob_free(&plain);
	blob_free(&gzip);
	blob_free(&zstd);
}

Test(initramfs, concatenated_archives)
{
	struct error error;
	struct cpio_writer writer;
	struct blob plain = sample_archive(), zstd = sample_zstd(&plain), all;
	cpio_init(&writer, LIMIT);
	cpio_append_archive(&writer, plain.data, plain.size, NULL);
	cpio_append_archive(&writer, zstd.data, zstd.size, NULL);
	cpio_append_archive(&writer, plain.data, plain.size, NULL);
	cr_assert_eq(cpio_finish(&writer, &all, NULL), 0);
	cr_assert_eq(check(&all, all.size, &error), 0, "%s", error.text);
	expect_bad(&all, all.size - 8, "truncated");
	blob_free(&plain);
	blob_free(&zstd);
	blob_free(&all);
}

Test(initramfs, unknown_contents_are_the_kernels_business)
{
	struct error error;
	struct blob xz = blob_copy("\xfd"
				   "7zXZ",
				   6);
	cr_assert_eq(check(&xz, xz.size, &error), 0);
	blob_free(&xz);
}

Test(initramfs, cut_anywhere_is_refused)
{
	struct blob plain = sample_archive();
	struct blob gzip = sample_gzip(&plain), zstd = sample_zstd(&plain);
	/* The padding of the trailer may be missing. */
	for (size_t size = 4; size < plain.size - 3; size++)
		expect_bad(&plain, size, "truncated");
	for (size_t size = 4; size < gzip.size; size++)
		expect_bad(&gzip, size, "truncated");
	for (size_t size = 4; size < zstd.size; size++)
		expect_bad(&zstd, size, "truncated");
	blob_free(&plain);
	blob_free(&gzip);
	blob_free(&zstd);
}

Test(initramfs, damage_is_named)
{
	struct blob plain = sample_archive();
	plain.data[9] = 'g';
	expect_bad(&plain, plain.size, "expected 8 hexadecimal digits");
	plain.data[9] = '0';
	memcpy(plain.data + 6 + 8 * 6, "7fffffff", 8);
	expect_bad(&plain, plain.size, "expected the rest of a file");
	memcpy(plain.data + 6 + 8 * 6, "00000000", 8);
	memcpy(plain.data + 6 + 8 * 11, "00000000", 8);
	expect_bad(&plain, plain.size, "bad name length");
	memcpy(plain.data + 6 + 8 * 11, "00000002", 8);
	expect_bad(&plain, plain.size, "final NUL");
	memcpy(plain.data + 6 + 8 * 11, "00000004", 8);
	plain.data[116] = 'X'; /* magic of the second entry */
	expect_bad(&plain, plain.size, "expected the magic 070701");
	memcpy(plain.data, "070707", 6);
	expect_bad(&plain, plain.size, "expected newc");
	blob_free(&plain);
}

Test(initramfs, damage_inside_compressed_archives)
{
	struct blob plain = sample_archive();
	plain.data[9] = 'g';
	struct blob zstd = sample_zstd(&plain);
	expect_bad(&zstd, zstd.size, "after decompression");
	blob_free(&zstd);
	blob_free(&plain);
	struct blob zeros = {.data = calloc(1, LIMIT + 1), .size = LIMIT + 1};
	struct blob bomb = sample_gzip(&zeros);
	expect_bad(&bomb, bomb.size, "more than the limit");
	blob_free(&bomb);
	blob_free(&zeros);
}

Test(initramfs, any_damaged_byte)
{
	struct blob plain = sample_archive();
	struct blob samples[] = {sample_gzip(&plain), sample_zstd(&plain), plain};
	for (unsigned s = 0; s < 3; s++) {
		for (size_t i = 0; i < samples[s].size; i++) {
			struct error error;
			samples[s].data[i] ^= 0x55;
			if (check(&samples[s], samples[s].size, &error))
				cr_assert_eq(error.exit_code, EXIT_CODE_BAD_IMAGE);
			samples[s].data[i] ^= 0x55;
		}
		blob_free(&samples[s]);
	}
}

Test(initramfs, files)
{
	struct blob blob;
	struct error error = {0};
	cr_assert_eq(initramfs_read(&blob, "/tmp", LIMIT, &error), -1);
	cr_assert_eq(error.exit_code, EXIT_CODE_USAGE);
	cr_assert_not_null(strstr(error.text, "is a directory"));
	cr_assert_null(blob.data);
}
