/* The file of a recorded session: what is written is read, and nothing else is believed. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/machine.h"
#include "machines/checksum.h"
#include "machines/replay_log.h"

#define NAME "session.rec"

/* The bytes of a small recording: two inputs, a check, an end. */
static struct blob sample(void)
{
	char path[] = "/tmp/trapline-log-XXXXXX";
	int fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	close(fd);
	struct identity identity = {0};
	identity_add(&identity, "cpus", NULL, "%d", 4);
	identity_add(&identity, "kernel", "/boot/vmlinux", "%016x", 7);
	struct replay_writer writer;
	cr_assert_eq(replay_writer_open(&writer, path, &identity, 1000, NULL), 0);
	static const uint8_t bytes[] = "typed";
	const struct replay_record inputs[] = {
		{.kind = REPLAY_INPUT, .tick = 10, .payload = bytes, .length = 5},
		{ .kind = REPLAY_INPUT,
		 .source = 3,
		 .tick = 10,
		 .step = 2,
		 .payload = bytes,
		 .length = 1},
	};
	replay_writer_put(&writer, &inputs[0]);
	replay_writer_put(&writer, &inputs[1]);
	replay_writer_put_check(&writer, 20, 0, 0x1122334455667788);
	const struct replay_end end = {
		.kind = STOP_EXIT, .exact = true, .status = -3, .hash = UINT64_MAX};
	replay_writer_put_end(&writer, 30, 1, &end);
	cr_assert_eq(writer.failed, 0);
	replay_writer_close(&writer);
	identity_free(&identity);
	struct blob blob;
	cr_assert_eq(blob_read_file(&blob, path, "recording", 1 << 20, NULL), 0);
	unlink(path);
	return blob;
}

static struct blob copy(const struct blob *blob, size_t size)
{
	struct blob result = {malloc(size + 1), size};
	memcpy(result.data, blob->data, size < blob->size ? size : blob->size);
	return result;
}

Test(replay_log, what_is_written_is_read)
{
	struct replay_log log;
	struct replay_record record;
	struct error error = {0};
	cr_assert_eq(replay_log_parse(&log, NAME, sample(), &error), 0, "%s", error.text);
	cr_assert(log.complete);
	cr_assert_eq(log.icount_limit, 1000);
	cr_assert_eq(log.last_tick, 30);
	cr_assert_str_eq(identity_find(&log.identity, "cpus"), "4");
	cr_assert(replay_log_peek(&log, &record));
	cr_assert_eq(record.kind, REPLAY_INPUT);
	cr_assert_eq(record.tick, 10);
	cr_assert_eq(record.length, 5);
	cr_assert_arr_eq(record.payload, "typed", 5);
	replay_log_skip(&log);
	cr_assert(replay_log_peek(&log, &record));
	cr_assert_eq(record.source, 3);
	cr_assert_eq(record.step, 2);
	replay_log_skip(&log);
	cr_assert(replay_log_peek(&log, &record));
	cr_assert_eq(record.kind, REPLAY_CHECK);
	cr_assert_eq(replay_record_hash(&record), 0x1122334455667788);
	replay_log_skip(&log);
	cr_assert(replay_log_peek(&log, &record));
	struct replay_end end = replay_record_end(&record);
	cr_assert_eq(end.kind, STOP_EXIT);
	cr_assert(end.exact);
	cr_assert_eq(end.status, -3);
	cr_assert_eq(end.hash, UINT64_MAX);
	replay_log_skip(&log);
	cr_assert_not(replay_log_peek(&log, &record));
	replay_log_skip(&log);
	cr_assert_not(replay_log_peek(&log, &record));
	replay_log_fini(&log);
}

/* Refused with one line that names file and offset: true. Accepted: false, and all can be read. */
static bool refused(struct blob file, bool *complete)
{
	struct replay_log log;
	struct error error = {0};
	if (replay_log_parse(&log, NAME, file, &error)) {
		cr_assert_eq(error.exit_code, EXIT_CODE_BAD_IMAGE);
		cr_assert_eq(strncmp(error.text, NAME ": offset ", 20), 0, "%s", error.text);
		cr_assert_null(strchr(error.text, '\n'));
		return true;
	}
	*complete = log.complete;
	struct replay_record record;
	size_t position = 0;
	struct identity_row row;
	while (identity_next(&log.identity, &position, &row))
		cr_assert_not_null(row.value);
	for (; replay_log_peek(&log, &record); replay_log_skip(&log))
		cr_assert_leq(record.length, REPLAY_PAYLOAD_MAX);
	replay_log_fini(&log);
	return false;
}

Test(replay_log, each_beginning_is_usable_or_refused)
{
	struct blob whole = sample();
	size_t header = 0;
	for (size_t size = 0; size < whole.size; size++) {
		bool complete = true;
		if (refused(copy(&whole, size), &complete))
			header = size;
		else
			cr_assert_not(complete, "%zu bytes", size);
	}
	/* From the header's end on, all that was recorded before the break is kept. */
	struct replay_log log;
	cr_assert_eq(replay_log_parse(&log, NAME, copy(&whole, header + 1), NULL), 0);
	cr_assert_eq(log.first, header + 1);
	replay_log_fini(&log);
	struct replay_record record;
	cr_assert_eq(replay_log_parse(&log, NAME, copy(&whole, header + 1 + 16 + 5 + 4), NULL), 0);
	cr_assert(replay_log_peek(&log, &record));
	cr_assert_eq(record.length, 5);
	cr_assert_eq(log.last_tick, 10);
	replay_log_fini(&log);
	blob_free(&whole);
}

Test(replay_log, no_changed_byte_goes_unseen)
{
	struct blob whole = sample();
	for (size_t at = 0; at < whole.size; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			struct blob file = copy(&whole, whole.size);
			bool complete = true;
			file.data[at] ^= 1u << bit;
			/* A longer record may reach beyond the end: then it is cut off. */
			if (!refused(file, &complete))
				cr_assert_not(complete, "byte %zu, bit %u", at, bit);
		}
	blob_free(&whole);
}

Test(replay_log, damaged_files_do_no_harm)
{
	struct blob whole = sample();
	srand(1);
	for (unsigned round = 0; round < 20000; round++) {
		struct blob file = copy(&whole, (size_t)rand() % (whole.size + 40));
		for (size_t i = whole.size; i < file.size; i++)
			file.data[i] = (uint8_t)rand();
		for (int n = rand() % 8; n > 0 && file.size; n--)
			file.data[(size_t)rand() % file.size] = (uint8_t)rand();
		bool complete;
		refused(file, &complete);
	}
	blob_free(&whole);
}

static void expect_flaw(struct blob file, const char *words)
{
	struct replay_log log;
	struct error error = {0};
	cr_assert_eq(replay_log_parse(&log, NAME, file, &error), -1);
	cr_assert_not_null(strstr(error.text, words), "%s (expected: %s)", error.text, words);
}

Test(replay_log, refusals_say_what_was_expected)
{
	struct blob whole = sample();
	expect_flaw((struct blob){0}, NAME ": offset 0: no recording, expected \"TLREPLAY\"");
	expect_flaw(copy(&whole, 20), NAME ": offset 20: the file ends, expected a header");
	expect_flaw(copy(&whole, 30), NAME ": offset 30: the file ends, expected what the machine");
	struct blob file = copy(&whole, whole.size);
	file.data[8] = 2;
	expect_flaw(file, NAME ": offset 8: recording of version 2, expected 1");
	file = copy(&whole, whole.size);
	file.data[40] ^= 1;
	expect_flaw(file, NAME ": offset 24: damaged header");
	file = copy(&whole, whole.size);
	file.data[whole.size - 1] ^= 1;
	expect_flaw(file, "damaged record");
	file = copy(&whole, whole.size + 1);
	file.data[whole.size] = 0;
	expect_flaw(file, "more bytes after the end of the session");
	blob_free(&whole);
}

Test(replay_log, only_recordings_are_replaced)
{
	char path[] = "/tmp/trapline-log-XXXXXX";
	int fd = mkstemp(path);
	struct identity identity = {0};
	struct replay_writer writer;
	struct error error = {0};
	cr_assert_eq(write(fd, "a kernel", 8), 8);
	cr_assert_eq(replay_writer_open(&writer, path, &identity, 0, &error), -1);
	cr_assert_not_null(strstr(error.text, "holds something else"), "%s", error.text);
	cr_assert_eq(lseek(fd, 0, SEEK_END), 8);
	cr_assert_eq(ftruncate(fd, 0), 0);
	for (unsigned round = 0; round < 2; round++) {
		cr_assert_eq(replay_writer_open(&writer, path, &identity, 0, NULL), 0);
		replay_writer_close(&writer);
	}
	cr_assert_eq(replay_writer_open(&writer, "/dev/full", &identity, 0, &error), -1);
	close(fd);
	unlink(path);
}

Test(replay_identity, a_comparison_names_all_that_differs)
{
	struct identity recorded = {0}, here = {0};
	struct error error = {0};
	identity_add(&recorded, "cpus", NULL, "4");
	identity_add(&recorded, "seed", NULL, "1");
	identity_add(&recorded, "kernel", "/boot/a", "01");
	identity_add(&here, "cpus", NULL, "4");
	identity_add(&here, "seed", NULL, "1");
	identity_add(&here, "kernel", "/boot/b", "01");
	cr_assert_eq(identity_compare(&recorded, &here, NAME, &error), 0);
	identity_add(&here, "disk 0", "/srv/disk", "02");
	identity_add(&recorded, "initramfs", "init\nramfs", "03");
	cr_assert_eq(identity_compare(&recorded, &here, NAME, &error), -1);
	cr_assert_str_eq(error.text,
			 NAME ": recorded with initramfs init?ramfs, here there is none; "
			      "recorded without disk 0, here /srv/disk");
	identity_free(&recorded);
	identity_free(&here);
	identity_add(&recorded, "kernel", "/boot/a", "01");
	identity_add(&recorded, "cpus", NULL, "4");
	identity_add(&here, "kernel", "/boot/b", "02");
	identity_add(&here, "cpus", NULL, "1");
	error = (struct error){0};
	cr_assert_eq(identity_compare(&recorded, &here, NAME, &error), -1);
	cr_assert_eq(error.exit_code, EXIT_CODE_USAGE);
	cr_assert_str_eq(error.text,
			 NAME ": kernel /boot/a has changed since the recording (was 01, "
			      "is 02); recorded with cpus 4, here 1");
	identity_free(&recorded);
	identity_free(&here);
}

Test(replay_checksum, of_files_and_bytes_agree)
{
	static uint8_t bytes[3 << 20];
	char path[] = "/tmp/trapline-sum-XXXXXX";
	int fd = mkstemp(path);
	const size_t size = sizeof(bytes) - 5;
	memset(bytes + 100, 7, 9000);
	memset(bytes + (2 << 20) + 4000, 9, 3);
	bytes[size - 1] = 1;
	cr_assert_eq(ftruncate(fd, (off_t)size), 0);
	cr_assert_eq(pwrite(fd, bytes, 10000, 0), 10000);
	cr_assert_eq(pwrite(fd, bytes + (2 << 20), 8192, 2 << 20), 8192);
	cr_assert_eq(pwrite(fd, bytes + size - 1, 1, (off_t)size - 1), 1);
	uint64_t sum, found;
	cr_assert_eq(checksum_file(path, "disk", &sum, &found, NULL), 0);
	cr_assert_eq(found, size);
	cr_assert_eq(sum, checksum_bytes(bytes, size));
	bytes[5000] ^= 1;
	cr_assert_neq(sum, checksum_bytes(bytes, size));
	bytes[5000] ^= 1;
	cr_assert_neq(sum, checksum_bytes(bytes, size + 1));
	/* Blocks that change places are another content. */
	cr_assert_neq(checksum_bytes("\1", 1), checksum_bytes("\0\1", 2));
	struct error error = {0};
	unlink(path);
	cr_assert_eq(checksum_file(path, "disk", &sum, &found, &error), -1);
	cr_assert_not_null(strstr(error.text, "cannot read the disk"), "%s", error.text);
	close(fd);
}
