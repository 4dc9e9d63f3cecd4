/*
 * virtio block device (virtio 1.2 section 5.2) on a raw image. Requests are done at once. A size
 * that is no multiple of 512 is rounded up: the missing bytes read as zeros, and a write to them
 * makes the file longer.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "devices/virtio.h"
#include "devices/virtio_mmio.h"

#define SECTOR 512u

#define VIRTIO_BLK_F_SIZE_MAX     (1ull << 1)
#define VIRTIO_BLK_F_SEG_MAX      (1ull << 2)
#define VIRTIO_BLK_F_RO           (1ull << 5)
#define VIRTIO_BLK_F_BLK_SIZE     (1ull << 6)
#define VIRTIO_BLK_F_FLUSH        (1ull << 9)
#define VIRTIO_BLK_F_DISCARD      (1ull << 13)
#define VIRTIO_BLK_F_WRITE_ZEROES (1ull << 14)

enum {
	REQUEST_IN = 0,
	REQUEST_OUT = 1,
	REQUEST_FLUSH = 4,
	REQUEST_GET_ID = 8,
	REQUEST_DISCARD = 11,
	REQUEST_WRITE_ZEROES = 13,

	STATUS_OK = 0,
	STATUS_IOERR = 1,
	STATUS_UNSUPPORTED = 2,

	HEADER_SIZE = 16,
	RANGE_SIZE = 16, /* one range of a discard or write-zeroes request */
	RANGE_UNMAP = 1, /* its only flag */
	SERIAL_SIZE = 20,

	SEGMENT_MAX = 126,
	SEGMENT_SIZE_MAX = 1 << 20,
	RANGE_SECTORS_MAX = 1 << 16,
	CHUNK = 1 << 16,
};

/* More than the advertised limits allow; keeps one request from taking for ever. */
#define REQUEST_MAX ((uint64_t)SEGMENT_MAX * SEGMENT_SIZE_MAX)

struct blk {
	int fd;
	bool read_only;
	uint64_t size;    /* bytes of the image when it was opened */
	uint64_t sectors; /* capacity, rounded up */
	char serial[SERIAL_SIZE];
	uint8_t *chunk; /* CHUNK bytes */
};

struct request {
	uint32_t type;
	uint64_t sector;
	uint64_t payload; /* bytes: after the header, or before the status */
	uint32_t written; /* bytes of payload put into the guest's buffers */
};

/* Whether [sector, sector + bytes) is whole sectors of the disk. */
static bool range_valid(const struct blk *blk, uint64_t sector, uint64_t bytes)
{
	return bytes % SECTOR == 0 && sector <= blk->sectors &&
	       bytes / SECTOR <= blk->sectors - sector;
}

/* Reads exactly length bytes; what lies behind the end of the image is zero. */
static bool image_read(const struct blk *blk, uint64_t offset, uint8_t *bytes, size_t length)
{
	while (length) {
		ssize_t count = pread(blk->fd, bytes, length, offset);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 || (count == 0 && offset < blk->size))
			return false;
		if (count == 0) {
			memset(bytes, 0, length);
			return true;
		}
		bytes += count;
		offset += count;
		length -= count;
	}
	return true;
}

static bool image_write(const struct blk *blk, uint64_t offset, const uint8_t *bytes, size_t length)
{
	while (length) {
		ssize_t count = pwrite(blk->fd, bytes, length, offset);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return false;
		bytes += count;
		offset += count;
		length -= count;
	}
	return true;
}

static bool image_flush(const struct blk *blk)
{
	int result;
	do
		result = fdatasync(blk->fd);
	while (result && errno == EINTR);
	return result == 0;
}

/* A driver without the flush feature takes each completed write for durable (section 5.2.6.2). */
static uint8_t written_through(struct virtio *virtio, const struct blk *blk)
{
	if (virtio->accepted & VIRTIO_BLK_F_FLUSH)
		return STATUS_OK;
	return image_flush(blk) ? STATUS_OK : STATUS_IOERR;
}

static uint8_t do_read(struct virtio *virtio, struct blk *blk, const struct virtio_chain *chain,
		       struct request *request)
{
	uint64_t start = request->sector * SECTOR;
	if (!range_valid(blk, request->sector, request->payload))
		return STATUS_IOERR;
	for (uint64_t done = 0; done < request->payload;) {
		uint64_t length = request->payload - done;
		if (length > CHUNK)
			length = CHUNK;
		if (!image_read(blk, start + done, blk->chunk, length) ||
		    !virtio_write(virtio, chain, done, blk->chunk, length))
			return STATUS_IOERR;
		done += length;
		request->written = done;
	}
	return STATUS_OK;
}

static uint8_t do_write(struct virtio *virtio, struct blk *blk, const struct virtio_chain *chain,
			const struct request *request)
{
	uint64_t start = request->sector * SECTOR;
	if (blk->read_only || !range_valid(blk, request->sector, request->payload))
		return STATUS_IOERR;
	for (uint64_t done = 0; done < request->payload;) {
		uint64_t length = request->payload - done;
		if (length > CHUNK)
			length = CHUNK;
		if (!virtio_read(virtio, chain, HEADER_SIZE + done, blk->chunk, length) ||
		    !image_write(blk, start + done, blk->chunk, length))
			return STATUS_IOERR;
		done += length;
	}
	return written_through(virtio, blk);
}

static bool image_zero(struct blk *blk, uint64_t offset, uint64_t length, bool unmap)
{
	int mode = unmap ? FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE : FALLOC_FL_ZERO_RANGE;
	if (length && !fallocate(blk->fd, mode, offset, length))
		return true;
	/* The file system cannot: write the zeros. */
	memset(blk->chunk, 0, CHUNK);
	while (length) {
		uint64_t part = length < CHUNK ? length : CHUNK;
		if (!image_write(blk, offset, blk->chunk, part))
			return false;
		offset += part;
		length -= part;
	}
	return true;
}

/* Discard and write-zeroes: one range each, as advertised. */
static uint8_t do_range(struct virtio *virtio, struct blk *blk, const struct virtio_chain *chain,
			const struct request *request)
{
	uint8_t range[RANGE_SIZE];
	bool discard = request->type == REQUEST_DISCARD;
	if (blk->read_only || request->payload != RANGE_SIZE)
		return STATUS_IOERR;
	if (!virtio_read(virtio, chain, HEADER_SIZE, range, sizeof(range)))
		return STATUS_IOERR;
	uint64_t sector = mb_get64le(range);
	uint32_t count = mb_get32le(range + 8), flags = mb_get32le(range + 12);
	if ((flags & ~RANGE_UNMAP) || (discard && flags))
		return STATUS_UNSUPPORTED;
	if (count > RANGE_SECTORS_MAX || !range_valid(blk, sector, (uint64_t)count * SECTOR))
		return STATUS_IOERR;
	uint64_t offset = sector * SECTOR, length = (uint64_t)count * SECTOR;
	if (discard) {
		/* A hint: a file system that cannot make holes is no error. */
		if (length)
			(void)!fallocate(blk->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
					 offset, length);
		return STATUS_OK;
	}
	if (!image_zero(blk, offset, length, flags & RANGE_UNMAP))
		return STATUS_IOERR;
	return written_through(virtio, blk);
}

static uint8_t do_get_id(struct virtio *virtio, struct blk *blk, const struct virtio_chain *chain,
			 struct request *request)
{
	uint32_t length = request->payload < SERIAL_SIZE ? request->payload : SERIAL_SIZE;
	if (!virtio_write(virtio, chain, 0, blk->serial, length))
		return STATUS_IOERR;
	request->written = length;
	return STATUS_OK;
}

static uint8_t execute(struct virtio *virtio, struct blk *blk, const struct virtio_chain *chain,
		       struct request *request)
{
	if (request->payload > REQUEST_MAX)
		return STATUS_IOERR;
	switch (request->type) {
	case REQUEST_IN: return do_read(virtio, blk, chain, request);
	case REQUEST_OUT: return do_write(virtio, blk, chain, request);
	case REQUEST_FLUSH: return image_flush(blk) ? STATUS_OK : STATUS_IOERR;
	case REQUEST_GET_ID: return do_get_id(virtio, blk, chain, request);
	case REQUEST_DISCARD:
	case REQUEST_WRITE_ZEROES: return do_range(virtio, blk, chain, request);
	default: return STATUS_UNSUPPORTED;
	}
}

/* Header, data and status byte may be cut into descriptors anyhow (section 5.2.6). */
static bool serve(struct virtio *virtio, struct blk *blk, const struct virtio_chain *chain,
		  uint32_t *written)
{
	uint8_t header[HEADER_SIZE];
	if (chain->read_length < HEADER_SIZE || !chain->write_length) {
		virtio_break(virtio, "block request without header or status byte");
		return false;
	}
	if (!virtio_read(virtio, chain, 0, header, sizeof(header)))
		return false;
	struct request request = {
		.type = mb_get32le(header),
		.sector = mb_get64le(header + 8),
	};
	bool from_disk = request.type == REQUEST_IN || request.type == REQUEST_GET_ID;
	request.payload = from_disk ? chain->write_length - 1 : chain->read_length - HEADER_SIZE;
	uint8_t status = execute(virtio, blk, chain, &request);
	*written = request.written + 1;
	return virtio_running(virtio) &&
	       virtio_write(virtio, chain, chain->write_length - 1, &status, 1);
}

static void blk_notify(struct virtio *virtio, unsigned number)
{
	struct virtio_chain chain;
	for (unsigned left = virtio->queue[number].size; left && virtio_pop(virtio, number, &chain);
	     left--) {
		uint32_t written;
		if (!serve(virtio, virtio->kind_state, &chain, &written))
			return;
		virtio_push(virtio, number, &chain, written);
	}
	virtio_signal(virtio, number);
}

/* Layout of section 5.2.4. */
static void blk_config(const struct virtio *virtio, uint8_t *bytes)
{
	const struct blk *blk = virtio->kind_state;
	mb_put64le(bytes, blk->sectors);
	mb_put32le(bytes + 8, SEGMENT_SIZE_MAX);
	mb_put32le(bytes + 12, SEGMENT_MAX);
	mb_put32le(bytes + 20, SECTOR);
	mb_put32le(bytes + 36, RANGE_SECTORS_MAX); /* discard */
	mb_put32le(bytes + 40, 1);
	mb_put32le(bytes + 44, 1);
	mb_put32le(bytes + 48, RANGE_SECTORS_MAX); /* write zeroes */
	mb_put32le(bytes + 52, 1);
	bytes[56] = 1; /* may unmap */
}

/* One writer or many readers: two guests on one writable image would destroy it. */
static int lock_image(int fd, bool read_only, const char *path, struct error *error)
{
	if (!flock(fd, (read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) || errno != EWOULDBLOCK)
		return 0;
	return error_set(error, EXIT_CODE_USAGE, "%s: the image is in use by another machine",
			 path);
}

static int measure_image(struct blk *blk, const char *path, struct error *error)
{
	struct stat info;
	if (fstat(blk->fd, &info))
		return error_set(error, EXIT_CODE_USAGE, "%s: %s", path, strerror(errno));
	if (!S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode))
		return error_set(error, EXIT_CODE_USAGE,
				 "%s: expected a disk image, a regular file or block device", path);
	off_t end = lseek(blk->fd, 0, SEEK_END);
	if (end < 0)
		return error_set(error, EXIT_CODE_USAGE, "%s: cannot find its size: %s", path,
				 strerror(errno));
	blk->size = end;
	blk->sectors = (blk->size + SECTOR - 1) / SECTOR;
	return 0;
}

static int blk_create(struct virtio *virtio, const void *config, struct error *error)
{
	const struct virtio_blk_config *wanted = config;
	struct blk *blk = virtio->kind_state;
	blk->fd = -1;
	if (!wanted || !wanted->path)
		return error_set(error, EXIT_CODE_USAGE, "virtio-blk: expected an image file");
	blk->read_only = wanted->read_only;
	strncpy(blk->serial, wanted->serial ? wanted->serial : "trapline", SERIAL_SIZE);
	blk->chunk = malloc(CHUNK);
	if (!blk->chunk)
		return error_set(error, EXIT_CODE_USAGE, "virtio-blk: out of memory");
	/* Not blocking: opening a FIFO must not wait for its other end. */
	blk->fd = open(wanted->path,
		       (blk->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (blk->fd < 0)
		return error_set(error, EXIT_CODE_USAGE, "%s: cannot open for %s: %s", wanted->path,
				 blk->read_only ? "reading" : "reading and writing",
				 strerror(errno));
	if (measure_image(blk, wanted->path, error) ||
	    lock_image(blk->fd, blk->read_only, wanted->path, error))
		return -1;
	virtio->offered |=
		blk->read_only ? VIRTIO_BLK_F_RO : VIRTIO_BLK_F_DISCARD | VIRTIO_BLK_F_WRITE_ZEROES;
	return 0;
}

static void blk_destroy(struct virtio *virtio)
{
	struct blk *blk = virtio->kind_state;
	if (blk->fd >= 0)
		close(blk->fd);
	free(blk->chunk);
}

const struct virtio_ops virtio_blk_ops = {
	.name = "blk",
	.summary = "disk on a raw image, read-only or writable",
	.state_name = "virtio_blk",
	.device_id = 2,
	.queue_count = 1,
	.object_size = sizeof(struct blk),
	.features = VIRTIO_BLK_F_SIZE_MAX | VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_BLK_SIZE |
		    VIRTIO_BLK_F_FLUSH,
	.create = blk_create,
	.destroy = blk_destroy,
	.notify = blk_notify,
	.config = blk_config,
};
