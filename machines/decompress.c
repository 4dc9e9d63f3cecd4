#include "machines/blob.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum { OUTPUT_START = 1 << 20 };

/* What every decompressor works on. */
struct job {
	const uint8_t *data;
	size_t size, consumed;
	const char *name;
	uint64_t base, limit;
	struct blob out;
	size_t capacity;
	struct error *error;
};

enum compression compression_of(const uint8_t *data, size_t size)
{
	if (size >= 3 && data[0] == 0x1f && data[1] == 0x8b && data[2] == 8)
		return COMPRESSION_GZIP;
	if (size >= 4 && data[0] == 0x28 && data[1] == 0xb5 && data[2] == 0x2f && data[3] == 0xfd)
		return COMPRESSION_ZSTD;
	return COMPRESSION_NONE;
}

/* Makes room for at least one more byte of output. */
static int job_grow(struct job *job)
{
	if (job->out.size < job->capacity)
		return 0;
	if (job->capacity >= job->limit)
		return error_set(job->error, EXIT_CODE_BAD_IMAGE,
				 "%s: offset %" PRIu64
				 ": decompresses to more than the limit of %" PRIu64
				 " bytes (guest memory)",
				 job->name, job->base + job->consumed, job->limit);
	size_t capacity = job->capacity ? 2 * job->capacity : OUTPUT_START;
	if (capacity > job->limit)
		capacity = (size_t)job->limit;
	uint8_t *grown = realloc(job->out.data, capacity);
	if (!grown)
		return error_set(job->error, EXIT_CODE_USAGE, "%s: out of memory for %zu bytes",
				 job->name, capacity);
	job->out.data = grown;
	job->capacity = capacity;
	return 0;
}

static int job_corrupt(struct job *job, const char *format, const char *detail)
{
	return error_set(job->error, EXIT_CODE_BAD_IMAGE,
			 "%s: offset %" PRIu64 ": corrupt %s data (%s)", job->name,
			 job->base + job->consumed, format, detail);
}

static int job_truncated(struct job *job, const char *format)
{
	return error_set(job->error, EXIT_CODE_BAD_IMAGE,
			 "%s: offset %" PRIu64 ": truncated %s data, expected more bytes",
			 job->name, job->base + job->size, format);
}

/* True when only padding is left. */
static bool job_at_padding(const struct job *job)
{
	for (size_t i = job->consumed; i < job->size; i++)
		if (job->data[i])
			return false;
	return true;
}

static int gzip_member(struct job *job, z_stream *stream)
{
	int status = Z_OK;
	while (status != Z_STREAM_END) {
		/* One byte of room beyond the limit is needed to see the end of the stream. */
		uint8_t spill;
		bool full = job->out.size == job->limit;
		if (!full && job_grow(job))
			return -1;
		size_t room = full ? 1 : job->capacity - job->out.size;
		size_t input = job->size - job->consumed;
		/* zlib counts in 32 bits. */
		stream->avail_in = input > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uInt)input;
		stream->next_in = (Bytef *)(uintptr_t)(job->data + job->consumed);
		stream->avail_out = room > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uInt)room;
		stream->next_out = full ? &spill : job->out.data + job->out.size;
		uInt in_before = stream->avail_in, out_before = stream->avail_out;
		status = inflate(stream, Z_NO_FLUSH);
		job->consumed += in_before - stream->avail_in;
		size_t produced = out_before - stream->avail_out;
		if (full && produced)
			return job_grow(job);
		job->out.size += produced;
		if (status == Z_BUF_ERROR && job->consumed == job->size)
			return job_truncated(job, "gzip");
		if (status == Z_MEM_ERROR)
			return error_set(job->error, EXIT_CODE_USAGE, "%s: out of memory",
					 job->name);
		if (status != Z_OK && status != Z_STREAM_END)
			return job_corrupt(job, "gzip", stream->msg ? stream->msg : "bad stream");
		if (status == Z_OK && job->consumed == job->size && !produced)
			return job_truncated(job, "gzip");
	}
	return 0;
}

static int gzip_run(struct job *job)
{
	z_stream stream = {0};
	if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK)
		return error_set(job->error, EXIT_CODE_USAGE, "%s: out of memory", job->name);
	int status = 0;
	do {
		status = gzip_member(job, &stream);
		inflateReset(&stream);
	} while (!status && compression_of(job->data + job->consumed, job->size - job->consumed) ==
				    COMPRESSION_GZIP);
	inflateEnd(&stream);
	return status;
}

static int zstd_frame(struct job *job, ZSTD_DCtx *context)
{
	size_t status = 1;
	while (status) {
		uint8_t spill;
		bool full = job->out.size == job->limit;
		if (!full && job_grow(job))
			return -1;
		ZSTD_inBuffer input = {job->data, job->size, job->consumed};
		ZSTD_outBuffer output = {full ? &spill : job->out.data, full ? 1 : job->capacity,
					 full ? 0 : job->out.size};
		size_t in_before = input.pos, out_before = output.pos;
		status = ZSTD_decompressStream(context, &output, &input);
		job->consumed = input.pos;
		if (ZSTD_isError(status))
			return job_corrupt(job, "zstd", ZSTD_getErrorName(status));
		if (full && output.pos)
			return job_grow(job);
		if (!full)
			job->out.size = output.pos;
		if (status && input.pos == in_before && output.pos == out_before)
			return job_truncated(job, "zstd");
	}
	return 0;
}

static int zstd_run(struct job *job)
{
	ZSTD_DCtx *context = ZSTD_createDCtx();
	if (!context)
		return error_set(job->error, EXIT_CODE_USAGE, "%s: out of memory", job->name);
	int status = 0;
	do {
		status = zstd_frame(job, context);
	} while (!status && compression_of(job->data + job->consumed, job->size - job->consumed) ==
				    COMPRESSION_ZSTD);
	ZSTD_freeDCtx(context);
	return status;
}

int decompress(enum compression compression, const uint8_t *data, size_t size, const char *name,
	       uint64_t base, uint64_t limit, struct blob *out, size_t *consumed,
	       struct error *error)
{
	struct job job = {.data = data,
			  .size = size,
			  .name = name,
			  .base = base,
			  .limit = limit < SIZE_MAX / 4 ? limit : SIZE_MAX / 4,
			  .error = error};
	int status = compression == COMPRESSION_GZIP ? gzip_run(&job) : zstd_run(&job);
	if (consumed)
		*consumed = job.consumed;
	if (!status && !consumed && !job_at_padding(&job))
		status = error_set(error, EXIT_CODE_BAD_IMAGE,
				   "%s: offset %" PRIu64
				   ": unknown bytes after the compressed data, expected the end",
				   name, base + job.consumed);
	if (!status && !job.out.size)
		status = error_set(error, EXIT_CODE_BAD_IMAGE,
				   "%s: offset %" PRIu64 ": decompresses to nothing", name, base);
	if (status) {
		blob_free(&job.out);
		*out = job.out;
		return -1;
	}
	*out = job.out;
	return 0;
}
