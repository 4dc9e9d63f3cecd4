/* Block device: requests, errors, images of odd shapes. Images are temporary files. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ring.h"

#define HEADER (BENCH_RAM_BASE + 0x40000)
#define STATUS (BENCH_RAM_BASE + 0x41000)
#define DATA   (BENCH_RAM_BASE + 0x50000)

#define FEATURE_RO    (1ull << 5)
#define FEATURE_FLUSH (1ull << 9)

enum { IN = 0, OUT = 1, FLUSH = 4, GET_ID = 8, DISCARD = 11, WRITE_ZEROES = 13 };
enum { OK = 0, IOERR = 1, UNSUPP = 2 };

static struct bench bench;
static char path[64];
static uint16_t served;

static void fill(size_t size)
{
	FILE *file = fopen(path, "w");
	cr_assert_not_null(file);
	for (size_t i = 0; i < size; i++)
		fputc('a' + i / 512 % 26, file);
	cr_assert_eq(fclose(file), 0);
}

static void open_image(bool read_only)
{
	const struct virtio_blk_config blk = {.path = path, .read_only = read_only};
	const struct virtio_mmio_config config = {&virtio_blk_ops, &blk};
	bench_add(&bench, &virtio_mmio_ops, SLOT, &config);
}

static void setup(void)
{
	snprintf(path, sizeof(path), "/tmp/trapline-test-XXXXXX");
	int fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	close(fd);
	bench_init(&bench);
	served = 0;
}

static void teardown(void)
{
	bench_fini(&bench);
	unlink(path);
}

TestSuite(virtio_blk, .init = setup, .fini = teardown);

/* One request with `length` bytes of data at DATA. Returns its status byte. */
static uint8_t request(uint32_t type, uint64_t sector, uint32_t length, bool to_guest)
{
	bench_write(&bench, HEADER, 4, type);
	bench_write(&bench, HEADER + 4, 4, 0);
	bench_write(&bench, HEADER + 8, 8, sector);
	bench_write(&bench, STATUS, 1, 0xff);
	ring_desc(&bench, 0, 0, HEADER, 16, NEXT, length ? 1 : 2);
	ring_desc(&bench, 0, 1, DATA, length, NEXT | (to_guest ? WRITE : 0), 2);
	ring_desc(&bench, 0, 2, STATUS, 1, WRITE, 0);
	ring_offer(&bench, 0, 0);
	ring_notify(&bench, 0);
	cr_assert_eq(ring_used(&bench, 0), ++served);
	return bench_read(&bench, STATUS, 1);
}

static uint8_t range_request(uint32_t type, uint64_t sector, uint32_t count, uint32_t flags)
{
	bench_write(&bench, DATA, 8, sector);
	bench_write(&bench, DATA + 8, 4, count);
	bench_write(&bench, DATA + 12, 4, flags);
	return request(type, 0, 16, false);
}

static int file_byte(long offset)
{
	FILE *file = fopen(path, "r");
	cr_assert_not_null(file);
	fseek(file, offset, SEEK_SET);
	int byte = fgetc(file);
	fclose(file);
	return byte;
}

static off_t file_size(void)
{
	struct stat info;
	cr_assert_eq(stat(path, &info), 0);
	return info.st_size;
}

Test(virtio_blk, configuration)
{
	fill(8192);
	open_image(false);
	cr_assert_eq(slot_in(&bench, 8), 2);
	cr_assert_eq(bench_read(&bench, SLOT + REG_CONFIG, 8), 16, "capacity in sectors");
	cr_assert_eq(bench_read(&bench, SLOT + REG_CONFIG + 20, 4), 512);
	cr_assert_eq(bench_read(&bench, SLOT + REG_CONFIG + 0x60, 4), 0, "nothing behind it");
}

Test(virtio_blk, reads_across_sectors)
{
	fill(8192);
	open_image(false);
	ring_start(&bench, FEATURE_FLUSH, 1);
	cr_assert_eq(request(IN, 3, 1024, true), OK);
	cr_assert_eq(bench_read(&bench, DATA, 1), 'd');
	cr_assert_eq(bench_read(&bench, DATA + 1023, 1), 'e');
	cr_assert_eq(ring_used_length(&bench, 0, 0), 1025);
}

Test(virtio_blk, writes_reach_the_file)
{
	fill(8192);
	open_image(false);
	ring_start(&bench, FEATURE_FLUSH, 1);
	mb_fill(bench.machine.memory, DATA, 'Z', 512, MB_ATTRS_NONE, NULL);
	cr_assert_eq(request(OUT, 5, 512, false), OK);
	cr_assert_eq(ring_used_length(&bench, 0, 0), 1);
	cr_assert_eq(request(FLUSH, 0, 0, false), OK);
	cr_assert_eq(file_byte(5 * 512 - 1), 'e');
	cr_assert_eq(file_byte(5 * 512), 'Z');
	cr_assert_eq(file_byte(6 * 512), 'g');
	cr_assert_eq(file_size(), 8192);
}

Test(virtio_blk, large_transfer_in_chunks)
{
	fill(400 * 1024);
	open_image(true);
	ring_start(&bench, FEATURE_FLUSH, 1);
	cr_assert_eq(request(IN, 0, 400 * 1024, true), OK);
	for (unsigned sector = 0; sector < 800; sector++)
		cr_assert_eq(bench_read(&bench, DATA + 512 * sector, 1), 'a' + sector % 26);
}

Test(virtio_blk, range_checks)
{
	fill(8192);
	open_image(false);
	ring_start(&bench, FEATURE_FLUSH, 1);
	cr_assert_eq(request(IN, 15, 512, true), OK);
	cr_assert_eq(request(IN, 16, 512, true), IOERR);
	cr_assert_eq(request(IN, 15, 1024, true), IOERR);
	cr_assert_eq(request(IN, UINT64_MAX, 512, true), IOERR);
	cr_assert_eq(request(IN, UINT64_MAX / 512 + 1, 512, true), IOERR);
	cr_assert_eq(request(OUT, 16, 512, false), IOERR);
	cr_assert_eq(request(IN, 0, 511, true), IOERR, "no whole sector");
	cr_assert_eq(file_size(), 8192);
}

Test(virtio_blk, read_only_image)
{
	fill(8192);
	cr_assert_eq(chmod(path, 0444), 0);
	open_image(true);
	slot_out(&bench, 0x14, 0);
	cr_assert(slot_in(&bench, 0x10) & FEATURE_RO);
	ring_start(&bench, FEATURE_FLUSH | FEATURE_RO, 1);
	cr_assert_eq(request(OUT, 0, 512, false), IOERR);
	cr_assert_eq(range_request(WRITE_ZEROES, 0, 1, 0), IOERR);
	cr_assert_eq(request(IN, 0, 512, true), OK);
	cr_assert_eq(file_byte(0), 'a');
}

Test(virtio_blk, odd_size_is_rounded_up)
{
	fill(1000);
	open_image(false);
	ring_start(&bench, FEATURE_FLUSH, 1);
	cr_assert_eq(bench_read(&bench, SLOT + REG_CONFIG, 8), 2);
	mb_fill(bench.machine.memory, DATA, 0xff, 1024, MB_ATTRS_NONE, NULL);
	cr_assert_eq(request(IN, 1, 512, true), OK);
	cr_assert_eq(bench_read(&bench, DATA + 487, 1), 'b');
	cr_assert_eq(bench_read(&bench, DATA + 488, 1), 0, "zeros behind the end");
	cr_assert_eq(file_size(), 1000, "reading changes nothing");
	cr_assert_eq(request(OUT, 1, 512, false), OK);
	cr_assert_eq(file_size(), 1024);
}

Test(virtio_blk, empty_image)
{
	open_image(false);
	ring_start(&bench, FEATURE_FLUSH, 1);
	cr_assert_eq(bench_read(&bench, SLOT + REG_CONFIG, 8), 0);
	cr_assert_eq(request(IN, 0, 512, true), IOERR);
	cr_assert_eq(request(FLUSH, 0, 0, false), OK);
}

Test(virtio_blk, identity_and_unknown_requests)
{
	fill(512);
	open_image(false);
	ring_start(&bench, FEATURE_FLUSH, 1);
	cr_assert_eq(request(GET_ID, 0, 20, true), OK);
	char serial[21] = {0};
	mb_read(bench.machine.memory, DATA, serial, 20, MB_ATTRS_NONE, NULL);
	cr_assert_str_eq(serial, "trapline");
	cr_assert_eq(request(99, 0, 512, true), UNSUPP);
	cr_assert_eq(request(3, 0, 0, true), UNSUPP);
}

Test(virtio_blk, discard_and_write_zeroes)
{
	fill(8192);
	open_image(false);
	ring_start(&bench, FEATURE_FLUSH | 1ull << 13 | 1ull << 14, 1);
	cr_assert_eq(range_request(WRITE_ZEROES, 2, 3, 0), OK);
	cr_assert_eq(file_byte(2 * 512), 0);
	cr_assert_eq(file_byte(5 * 512 - 1), 0);
	cr_assert_eq(file_byte(5 * 512), 'f');
	cr_assert_eq(range_request(WRITE_ZEROES, 6, 1, 1), OK);
	cr_assert_eq(file_byte(6 * 512), 0);
	cr_assert_eq(range_request(DISCARD, 8, 1, 0), OK);
	cr_assert_eq(range_request(DISCARD, 0, 1, 1), UNSUPP, "flag of write-zeroes only");
	cr_assert_eq(range_request(WRITE_ZEROES, 0, 1, 2), UNSUPP);
	cr_assert_eq(range_request(WRITE_ZEROES, 15, 2, 0), IOERR);
	cr_assert_eq(range_request(WRITE_ZEROES, UINT64_MAX, 1, 0), IOERR);
	cr_assert_eq(range_request(WRITE_ZEROES, 0, UINT32_MAX, 0), IOERR);
	cr_assert_eq(file_byte(0), 'a');
	cr_assert_eq(file_size(), 8192);
}

/* A limit on the file's size fails a write in its middle, like a full disk. */
Test(virtio_blk, full_disk_gives_ioerr)
{
	fill(512);
	cr_assert_eq(truncate(path, 1 << 20), 0);
	open_image(false);
	ring_start(&bench, FEATURE_FLUSH, 1);
	signal(SIGXFSZ, SIG_IGN);
	const struct rlimit limit = {4096, RLIM_INFINITY};
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	uint8_t beyond = request(OUT, 100, 512, false);
	uint8_t across = request(OUT, 4, 8192, false);
	uint8_t zeroes = range_request(WRITE_ZEROES, 100, 100, 0);
	uint8_t within = request(OUT, 0, 512, false);
	const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
	setrlimit(RLIMIT_FSIZE, &none);
	cr_assert_eq(beyond, IOERR);
	cr_assert_eq(across, IOERR);
	cr_assert_eq(within, OK);
	cr_assert(zeroes == IOERR || zeroes == OK, "the file system may have room in the hole");
	cr_assert_eq(slot_in(&bench, REG_STATUS), 15, "the device goes on");
}

Test(virtio_blk, image_that_shrinks_gives_ioerr)
{
	fill(8192);
	open_image(false);
	ring_start(&bench, FEATURE_FLUSH, 1);
	cr_assert_eq(truncate(path, 1024), 0);
	cr_assert_eq(request(IN, 4, 512, true), IOERR);
	cr_assert_eq(request(IN, 0, 512, true), OK);
}

Test(virtio_blk, header_and_data_cut_anyhow)
{
	fill(8192);
	open_image(false);
	ring_start(&bench, FEATURE_FLUSH, 1);
	bench_write(&bench, HEADER, 8, IN);
	bench_write(&bench, HEADER + 8, 8, 2);
	ring_desc(&bench, 0, 0, HEADER, 3, NEXT, 1);
	ring_desc(&bench, 0, 1, HEADER + 3, 13, NEXT, 2);
	ring_desc(&bench, 0, 2, DATA, 500, WRITE | NEXT, 3);
	ring_desc(&bench, 0, 3, DATA + 0x1000, 13, WRITE, 0); /* 12 bytes and the status */
	ring_offer(&bench, 0, 0);
	ring_notify(&bench, 0);
	cr_assert_eq(ring_used_length(&bench, 0, 0), 513);
	cr_assert_eq(bench_read(&bench, DATA + 499, 1), 'c');
	cr_assert_eq(bench_read(&bench, DATA + 0x100b, 1), 'c');
	cr_assert_eq(bench_read(&bench, DATA + 0x100c, 1), OK);
}

Test(virtio_blk, hostile_requests_break_the_device)
{
	fill(8192);
	open_image(false);
	static const struct {
		uint32_t header, data, status;
		uint64_t address;
	} bad[] = {
		{15, 512, 1, DATA             }, /* short header */
		{16, 0,   0, DATA             }, /* no status */
		{16, 512, 1, 0x7fff00000000ull}, /* no memory there */
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ring_start(&bench, FEATURE_FLUSH, 1);
		bench_write(&bench, HEADER, 8, IN);
		bench_write(&bench, HEADER + 8, 8, 0);
		ring_desc(&bench, 0, 0, HEADER, bad[i].header, NEXT, 1);
		ring_desc(&bench, 0, 1, bad[i].address, bad[i].data, WRITE | NEXT, 2);
		ring_desc(&bench, 0, 2, STATUS, bad[i].status, WRITE, 0);
		ring_offer(&bench, 0, 0);
		ring_notify(&bench, 0);
		ring_expect_broken(&bench);
	}
}

Test(virtio_blk, gigantic_request_is_an_error)
{
	fill(8192);
	open_image(false);
	ring_start(&bench, FEATURE_FLUSH, 1);
	bench_write(&bench, HEADER, 8, IN);
	bench_write(&bench, HEADER + 8, 8, 0);
	ring_desc(&bench, 0, 0, HEADER, 16, NEXT, 1);
	for (unsigned i = 1; i < 7; i++)
		ring_desc(&bench, 0, i, DATA, 0xffffffff, WRITE | NEXT, i + 1);
	ring_desc(&bench, 0, 7, STATUS, 1, WRITE, 0);
	ring_offer(&bench, 0, 0);
	ring_notify(&bench, 0);
	cr_assert_eq(bench_read(&bench, STATUS, 1), IOERR);
}

static void expect_error(const char *image, bool read_only, const char *text)
{
	struct error error = {0};
	const struct virtio_blk_config blk = {.path = image, .read_only = read_only};
	const struct virtio_mmio_config config = {&virtio_blk_ops, &blk};
	cr_assert_null(bench_try(&bench, &virtio_mmio_ops, SLOT, &config, &error));
	cr_assert_eq(error.exit_code, EXIT_CODE_USAGE);
	cr_assert(strstr(error.text, text), "%s", error.text);
	cr_assert(!image || strstr(error.text, image), "%s", error.text);
}

Test(virtio_blk, bad_images_are_user_errors)
{
	expect_error("/nonexistent/image", false, "No such file");
	expect_error("/", true, "regular file");
	expect_error("/dev/null", true, "regular file");
	expect_error(NULL, true, "image file");
	char fifo[80];
	snprintf(fifo, sizeof(fifo), "%s.fifo", path);
	cr_assert_eq(mkfifo(fifo, 0600), 0);
	expect_error(fifo, true, "regular file");
	unlink(fifo);
}

Test(virtio_blk, one_writer_or_many_readers)
{
	fill(512);
	open_image(false);
	expect_error(path, false, "in use");
	expect_error(path, true, "in use");
}

Test(virtio_blk, many_readers)
{
	fill(512);
	open_image(true);
	const struct virtio_blk_config blk = {.path = path, .read_only = true};
	const struct virtio_mmio_config config = {&virtio_blk_ops, &blk};
	bench_add(&bench, &virtio_mmio_ops, 0x10002000, &config);
	cr_assert_eq(bench_read(&bench, 0x10002008, 4), 2);
}
