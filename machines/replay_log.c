#include "machines/replay_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bus/host.h"
#include "core/machine.h"

static const char magic[] = "TLREPLAY";
#define FILE_MAX (1ull << 30)

enum {
	MAGIC_SIZE = 8,
	HEADER_SIZE = 24,
	CHAIN_SIZE = 4,
	RECORD_SIZE = 16, /* without payload and chain */
	CHECK_SIZE = 8,
	END_SIZE = 16,
};

#define CHAIN_START 0xcbf29ce484222325ull

/* FNV-1a, 64 bits. */
static uint64_t chain_add(uint64_t chain, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		chain = (chain ^ bytes[i]) * 0x100000001b3ull;
	return chain;
}

/* Writing */

static void put_all(struct replay_writer *writer, uint8_t *bytes, size_t size)
{
	writer->chain = chain_add(writer->chain, bytes, size - CHAIN_SIZE);
	mb_put32le(bytes + size - CHAIN_SIZE, (uint32_t)writer->chain);
	for (size_t done = 0; done < size && !writer->failed;) {
		ssize_t count = write(writer->fd, bytes + done, size - done);
		if (count > 0)
			done += (size_t)count;
		else if (count == 0 || errno != EINTR)
			writer->failed = count ? errno : ENOSPC;
	}
}

/* Whether opening for a new recording destroys nothing but an old one. */
static bool may_replace(int fd)
{
	struct stat status;
	char start[MAGIC_SIZE];
	if (fstat(fd, &status) || !S_ISREG(status.st_mode) || !status.st_size)
		return true;
	return pread(fd, start, sizeof(start), 0) == (ssize_t)sizeof(start) &&
	       !memcmp(start, magic, sizeof(start));
}

static int create(const char *path, struct error *error)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
	if (fd < 0)
		return error_set(error, EXIT_CODE_USAGE, "%s: cannot write a recording: %s", path,
				 strerror(errno));
	if (may_replace(fd) && (!ftruncate(fd, 0) || errno == EINVAL))
		return fd;
	close(fd);
	return error_set(error, EXIT_CODE_USAGE,
			 "%s: offset 0: holds something else, expected a recording or a new file",
			 path);
}

int replay_writer_open(struct replay_writer *writer, const char *path,
		       const struct identity *identity, uint64_t icount_limit, struct error *error)
{
	*writer = (struct replay_writer){.fd = create(path, error), .chain = CHAIN_START};
	if (writer->fd < 0)
		return -1;
	size_t size = HEADER_SIZE + identity->size + CHAIN_SIZE;
	uint8_t *bytes = identity->size <= IDENTITY_MAX ? calloc(1, size) : NULL;
	if (bytes) {
		memcpy(bytes, magic, MAGIC_SIZE);
		mb_put32le(bytes + 8, REPLAY_LOG_VERSION);
		mb_put32le(bytes + 12, (uint32_t)identity->size);
		mb_put64le(bytes + 16, icount_limit);
		if (identity->size)
			memcpy(bytes + HEADER_SIZE, identity->text, identity->size);
		put_all(writer, bytes, size);
		free(bytes);
		if (!writer->failed)
			return 0;
	}
	error_set(error, EXIT_CODE_USAGE, "%s: cannot write a recording: %s", path,
		  strerror(bytes ? writer->failed : ENOMEM));
	replay_writer_close(writer);
	return -1;
}

void replay_writer_put(struct replay_writer *writer, const struct replay_record *record)
{
	uint8_t bytes[RECORD_SIZE + REPLAY_PAYLOAD_MAX + CHAIN_SIZE];
	bytes[0] = (uint8_t)record->kind;
	bytes[1] = record->source;
	mb_put16le(bytes + 2, record->length);
	mb_put32le(bytes + 4, record->step);
	mb_put64le(bytes + 8, record->tick);
	memcpy(bytes + RECORD_SIZE, record->payload, record->length);
	put_all(writer, bytes, RECORD_SIZE + (size_t)record->length + CHAIN_SIZE);
}

void replay_writer_put_check(struct replay_writer *writer, uint64_t tick, uint32_t step,
			     uint64_t hash)
{
	uint8_t payload[CHECK_SIZE];
	mb_put64le(payload, hash);
	replay_writer_put(writer, &(struct replay_record){.kind = REPLAY_CHECK,
							  .tick = tick,
							  .step = step,
							  .payload = payload,
							  .length = sizeof(payload)});
}

void replay_writer_put_end(struct replay_writer *writer, uint64_t tick, uint32_t step,
			   const struct replay_end *end)
{
	uint8_t payload[END_SIZE] = {end->kind, end->exact};
	mb_put32le(payload + 4, (uint32_t)end->status);
	mb_put64le(payload + 8, end->hash);
	replay_writer_put(writer, &(struct replay_record){.kind = REPLAY_END,
							  .tick = tick,
							  .step = step,
							  .payload = payload,
							  .length = sizeof(payload)});
}

void replay_writer_close(struct replay_writer *writer)
{
	if (writer->fd >= 0 && close(writer->fd) && !writer->failed && errno != EINTR)
		writer->failed = errno;
	writer->fd = -1;
}

/* Reading */

uint64_t replay_record_hash(const struct replay_record *record)
{
	return mb_get64le(record->payload);
}

struct replay_end replay_record_end(const struct replay_record *record)
{
	return (struct replay_end){
		.kind = record->payload[0],
		.exact = record->payload[1],
		.status = (int32_t)mb_get32le(record->payload + 4),
		.hash = mb_get64le(record->payload + 8),
	};
}

static struct replay_record record_at(const uint8_t *bytes)
{
	return (struct replay_record){
		.kind = bytes[0],
		.source = bytes[1],
		.length = mb_get16le(bytes + 2),
		.step = mb_get32le(bytes + 4),
		.tick = mb_get64le(bytes + 8),
		.payload = bytes + RECORD_SIZE,
	};
}

static int bad(const struct replay_log *log, size_t offset, struct error *error, const char *what)
{
	return error_set(error, EXIT_CODE_BAD_IMAGE, "%s: offset %zu: %s", log->name, offset, what);
}

/* The kind of a record, its length, and order; all that the chain of a forger can get wrong. */
static const char *record_flaw(const struct replay_record *record,
			       const struct replay_record *previous)
{
	switch (record->kind) {
	case REPLAY_INPUT:
		if (!record->length || record->length > REPLAY_PAYLOAD_MAX)
			return "bad length of an input, expected 1 to 4096 bytes";
		break;
	case REPLAY_CHECK:
		if (record->length != CHECK_SIZE)
			return "bad length of a check, expected 8 bytes";
		break;
	case REPLAY_END:
		if (record->length != END_SIZE)
			return "bad length of an end, expected 16 bytes";
		break;
	default: return "unknown record, expected input (1), check (2) or end (3)";
	}
	if (record->tick == UINT64_MAX || record->tick < previous->tick ||
	    (record->tick == previous->tick && record->step < previous->step))
		return "time goes backwards, expected ticks in ascending order";
	return NULL;
}

static int check_end(const struct replay_log *log, size_t offset,
		     const struct replay_record *record, struct error *error)
{
	const struct replay_end end = replay_record_end(record);
	if (end.kind == STOP_NONE || end.kind >= STOP_KIND_COUNT)
		return bad(log, offset + RECORD_SIZE, error,
			   "unknown kind of end, expected one of this version");
	if (offset + RECORD_SIZE + END_SIZE + CHAIN_SIZE != log->file.size)
		return bad(log, offset + RECORD_SIZE + END_SIZE + CHAIN_SIZE, error,
			   "more bytes after the end of the session, expected the end of the file");
	return 0;
}

static int check_records(struct replay_log *log, uint64_t chain, struct error *error)
{
	struct replay_record previous = {.tick = 0};
	size_t at = log->first;
	while (log->file.size - at >= RECORD_SIZE + CHAIN_SIZE) {
		const uint8_t *bytes = log->file.data + at;
		struct replay_record record = record_at(bytes);
		const char *flaw = record_flaw(&record, &previous);
		if (flaw)
			return bad(log, at, error, flaw);
		size_t size = RECORD_SIZE + (size_t)record.length;
		if (log->file.size - at < size + CHAIN_SIZE)
			break;
		chain = chain_add(chain, bytes, size);
		if (mb_get32le(bytes + size) != (uint32_t)chain)
			return bad(log, at, error,
				   "damaged record, its check sum is not as expected");
		if (record.kind == REPLAY_END && check_end(log, at, &record, error))
			return -1;
		log->complete = record.kind == REPLAY_END;
		log->last_tick = record.tick;
		previous = record;
		at += size + CHAIN_SIZE;
	}
	log->end = at;
	return 0;
}

static int check_file(struct replay_log *log, struct error *error)
{
	const uint8_t *bytes = log->file.data;
	size_t size = log->file.size;
	if (size < MAGIC_SIZE || memcmp(bytes, magic, MAGIC_SIZE) != 0)
		return bad(log, 0, error, "no recording, expected \"TLREPLAY\"");
	if (size < HEADER_SIZE)
		return bad(log, size, error, "the file ends, expected a header of 24 bytes");
	if (mb_get32le(bytes + 8) != REPLAY_LOG_VERSION)
		return error_set(error, EXIT_CODE_BAD_IMAGE,
				 "%s: offset 8: recording of version %" PRIu32 ", expected %d",
				 log->name, mb_get32le(bytes + 8), REPLAY_LOG_VERSION);
	size_t text = mb_get32le(bytes + 12);
	if (text > IDENTITY_MAX)
		return bad(log, 12, error, "too long a machine, expected at most 1 MiB");
	if (size - HEADER_SIZE < text + CHAIN_SIZE)
		return bad(log, size, error, "the file ends, expected what the machine was");
	uint64_t chain = chain_add(CHAIN_START, bytes, HEADER_SIZE + text);
	if (mb_get32le(bytes + HEADER_SIZE + text) != (uint32_t)chain)
		return bad(log, HEADER_SIZE, error,
			   "damaged header, its check sum is not as expected");
	const char *rows = (const char *)bytes + HEADER_SIZE;
	if (!identity_valid(rows, text))
		return bad(log, HEADER_SIZE, error, "bad machine, expected rows of three strings");
	log->identity.text = text ? malloc(text) : NULL;
	if (text && !log->identity.text)
		return error_set(error, EXIT_CODE_USAGE, "out of memory");
	if (text)
		memcpy(log->identity.text, rows, text);
	log->identity.size = text;
	log->icount_limit = mb_get64le(bytes + 16);
	log->first = log->position = HEADER_SIZE + text + CHAIN_SIZE;
	return check_records(log, chain, error);
}

int replay_log_parse(struct replay_log *log, const char *name, struct blob file,
		     struct error *error)
{
	*log = (struct replay_log){.name = strdup(name), .file = file};
	int status = log->name ? check_file(log, error)
			       : error_set(error, EXIT_CODE_USAGE, "out of memory");
	if (status)
		replay_log_fini(log);
	return status;
}

int replay_log_read(struct replay_log *log, const char *path, struct error *error)
{
	struct blob file = {0};
	*log = (struct replay_log){.name = NULL};
	if (blob_read_file(&file, path, "recording", FILE_MAX, error))
		return -1;
	return replay_log_parse(log, path, file, error);
}

void replay_log_fini(struct replay_log *log)
{
	free(log->name);
	blob_free(&log->file);
	identity_free(&log->identity);
	*log = (struct replay_log){.name = NULL};
}

bool replay_log_peek(const struct replay_log *log, struct replay_record *record)
{
	if (log->position >= log->end)
		return false;
	*record = record_at(log->file.data + log->position);
	return true;
}

void replay_log_skip(struct replay_log *log)
{
	struct replay_record record;
	if (replay_log_peek(log, &record))
		log->position += RECORD_SIZE + (size_t)record.length + CHAIN_SIZE;
}
