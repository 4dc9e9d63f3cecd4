/*
 * Memory in a snapshot file: per block its windows of 64 pages, of which those pages are stored
 * that are not zero; each window is a zstd frame of its own.
 */
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "bus/host.h"
#include "machines/snapshot_impl.h"

/* Fast beats small: restoring is what is done often. A third more bytes than level 1, half the time
 * to decompress. */
#define COMPRESSION_LEVEL (-4)
#define BUFFER_SIZE       (1u << 20)

/* -- writing -- */

struct window_writer {
	struct snapshot_writer *writer;
	ZSTD_CCtx *compressor;
	uint8_t *pages, *frame;
	size_t frame_capacity;
	uint32_t crc; /* of the headers */
};

static bool is_zero(const uint8_t *page)
{
	uint64_t words[8], any = 0;
	for (unsigned i = 0; i < MB_PAGE_SIZE && !any; i += sizeof(words)) {
		memcpy(words, page + i, sizeof(words));
		for (unsigned k = 0; k < 8; k++)
			any |= words[k];
	}
	return !any;
}

static int write_header(struct window_writer *w, const uint8_t *header, size_t size)
{
	w->crc = snapshot_crc(w->crc, header, size);
	return snapshot_write(w->writer, header, size);
}

/* A chunk without pages ends a block. */
static int write_chunk(struct window_writer *w, uint32_t window, uint64_t bitmap, size_t size)
{
	uint8_t header[CHUNK_SIZE] = {0};
	size_t length = 0;
	if (bitmap) {
		length = ZSTD_compressCCtx(w->compressor, w->frame, w->frame_capacity, w->pages,
					   size, COMPRESSION_LEVEL);
		if (ZSTD_isError(length))
			return error_set(w->writer->error, EXIT_CODE_USAGE,
					 "%s: cannot compress memory: %s", w->writer->path,
					 ZSTD_getErrorName(length));
	}
	mb_put64le(header, bitmap);
	mb_put32le(header + CHUNK_WINDOW, window);
	mb_put32le(header + CHUNK_LENGTH, (uint32_t)length);
	mb_put32le(header + CHUNK_CRC, snapshot_crc(0, w->frame, length));
	return write_header(w, header, sizeof(header))
		       ? -1
		       : snapshot_write(w->writer, w->frame, length);
}

static int write_window(struct window_writer *w, const struct mb_ram *ram, uint64_t window,
			uint64_t touched)
{
	uint64_t bitmap = 0;
	size_t size = 0;
	for (; touched; touched &= touched - 1) {
		unsigned page = (unsigned)__builtin_ctzll(touched);
		const uint8_t *bytes =
			ram->host + ((window * WINDOW_PAGES + page) << MB_PAGE_SHIFT);
		if (is_zero(bytes))
			continue;
		memcpy(w->pages + size, bytes, MB_PAGE_SIZE);
		size += MB_PAGE_SIZE;
		bitmap |= 1ull << page;
	}
	return bitmap ? write_chunk(w, (uint32_t)window, bitmap, size) : 0;
}

static int write_block(struct window_writer *w, const struct board_memory *block)
{
	uint8_t header[BLOCK_SIZE] = {0};
	uint64_t windows = (block->ram->size + WINDOW_BYTES - 1) / WINDOW_BYTES;
	uint64_t touched[64];
	memcpy(header, block->name, strnlen(block->name, BLOCK_NAME));
	mb_put64le(header + BLOCK_NAME, block->ram->size);
	if (write_header(w, header, sizeof(header)))
		return -1;
	for (uint64_t window = 0; window < windows; window++) {
		if (window % 64 == 0)
			mb_ram_touched(block->ram, window * WINDOW_PAGES, 64ull * WINDOW_PAGES,
				       touched);
		if (touched[window % 64] &&
		    write_window(w, block->ram, window, touched[window % 64]))
			return -1;
	}
	return write_chunk(w, 0, 0, 0);
}

int snapshot_write_memory(struct snapshot_writer *writer, const struct machine *machine,
			  uint32_t *crc)
{
	struct board_memory blocks[BOARD_MEMORY_BLOCKS];
	unsigned count = board_memory_blocks(machine, blocks);
	size_t capacity = ZSTD_compressBound(WINDOW_BYTES);
	struct window_writer w = {
		.writer = writer,
		.compressor = ZSTD_createCCtx(),
		.pages = malloc(WINDOW_BYTES),
		.frame = malloc(capacity),
		.frame_capacity = capacity,
	};
	int result = 0;
	if (!w.compressor || !w.pages || !w.frame)
		result = error_set(writer->error, EXIT_CODE_USAGE, "%s: out of memory",
				   writer->path);
	for (unsigned i = 0; i < count && !result; i++)
		result = write_block(&w, &blocks[i]);
	*crc = w.crc;
	ZSTD_freeCCtx(w.compressor);
	free(w.pages);
	free(w.frame);
	return result;
}

/* -- reading -- */

int snapshot_pages_init(struct snapshot_pages *pages, struct snapshot *snapshot,
			struct error *error)
{
	*pages = (struct snapshot_pages){
		.snapshot = snapshot,
		.error = error,
		.decompressor = ZSTD_createDCtx(),
		.buffer = malloc(BUFFER_SIZE),
		.data = malloc(WINDOW_BYTES),
		.at = snapshot->section[SNAPSHOT_MEMORY].offset,
	};
	if (pages->decompressor && pages->buffer && pages->data)
		return 0;
	return error_set(error, EXIT_CODE_USAGE, "%s: out of memory", snapshot->path);
}

void snapshot_pages_fini(struct snapshot_pages *pages)
{
	ZSTD_freeDCtx(pages->decompressor);
	free(pages->buffer);
	free(pages->data);
}

/* size bytes of the file, valid until the next call; NULL with error. */
static const uint8_t *fetch(struct snapshot_pages *pages, size_t size)
{
	struct snapshot *snapshot = pages->snapshot;
	size_t there = pages->end - pages->start;
	uint64_t left = snapshot->size - pages->at;
	if (size > left || size > BUFFER_SIZE) {
		snapshot_bad(snapshot, pages->at, pages->error,
			     "memory ends early, expected %zu bytes more", size);
		return NULL;
	}
	if (there < size) {
		size_t more = BUFFER_SIZE - there;
		if (more > left - there)
			more = (size_t)(left - there);
		memmove(pages->buffer, pages->buffer + pages->start, there);
		pages->start = 0;
		pages->end = there;
		if (snapshot_pread(snapshot, pages->at + there, pages->buffer + there, more,
				   pages->error))
			return NULL;
		pages->end += more;
	}
	const uint8_t *bytes = pages->buffer + pages->start;
	pages->start += size;
	pages->at += size;
	return bytes;
}

static const uint8_t *fetch_header(struct snapshot_pages *pages, size_t size)
{
	const uint8_t *header = fetch(pages, size);
	if (header)
		pages->crc = snapshot_crc(pages->crc, header, size);
	return header;
}

int snapshot_pages_block(struct snapshot_pages *pages)
{
	struct snapshot *snapshot = pages->snapshot;
	if (pages->at == snapshot->size) {
		if (pages->crc == snapshot->section[SNAPSHOT_MEMORY].crc)
			return 0;
		return snapshot_bad(snapshot, snapshot->section[SNAPSHOT_MEMORY].offset,
				    pages->error,
				    "section MEMORY is damaged, expected checksum %08x",
				    snapshot->section[SNAPSHOT_MEMORY].crc);
	}
	const uint8_t *header = fetch_header(pages, BLOCK_SIZE);
	if (!header)
		return -1;
	memcpy(pages->block, header, BLOCK_NAME);
	for (char *letter = pages->block; *letter; letter++)
		if (*letter < '!' || *letter > '~')
			*letter = '?';
	pages->block_size = mb_get64le(header + BLOCK_NAME);
	pages->any_window = false;
	return 1;
}

/* The pages of a window that the block has. */
static uint64_t window_pages(const struct snapshot_pages *pages)
{
	uint64_t all = (pages->block_size + MB_PAGE_SIZE - 1) >> MB_PAGE_SHIFT;
	uint64_t first = (uint64_t)pages->window * WINDOW_PAGES;
	if (first >= all)
		return 0;
	return all - first >= 64 ? UINT64_MAX : (1ull << (all - first)) - 1;
}

int snapshot_pages_window(struct snapshot_pages *pages)
{
	uint64_t header_at = pages->at;
	uint32_t previous = pages->window;
	const uint8_t *header = fetch_header(pages, CHUNK_SIZE);
	if (!header)
		return -1;
	pages->bitmap = mb_get64le(header);
	pages->window = mb_get32le(header + CHUNK_WINDOW);
	pages->frame_size = mb_get32le(header + CHUNK_LENGTH);
	uint32_t crc = mb_get32le(header + CHUNK_CRC);
	if (!pages->bitmap && !pages->window && !pages->frame_size && !crc)
		return 0;
	if (!pages->bitmap || (pages->bitmap & ~window_pages(pages)) ||
	    (pages->any_window && pages->window <= previous))
		return snapshot_bad(pages->snapshot, header_at, pages->error,
				    "pages at 0x%llx of %s, expected ascending ones in a block of "
				    "0x%llx bytes",
				    (unsigned long long)pages->window * WINDOW_BYTES, pages->block,
				    (unsigned long long)pages->block_size);
	pages->any_window = true;
	pages->frame_at = pages->at;
	pages->frame = fetch(pages, pages->frame_size);
	if (!pages->frame)
		return -1;
	if (snapshot_crc(0, pages->frame, pages->frame_size) != crc)
		return snapshot_bad(pages->snapshot, pages->frame_at, pages->error,
				    "damaged pages of %s, expected checksum %08x", pages->block,
				    crc);
	return 1;
}

int snapshot_pages_read(struct snapshot_pages *pages, uint8_t *where)
{
	size_t size = (size_t)__builtin_popcountll(pages->bitmap) << MB_PAGE_SHIFT;
	size_t got = ZSTD_decompressDCtx(pages->decompressor, where ? where : pages->data, size,
					 pages->frame, pages->frame_size);
	if (got == size)
		return 0;
	return snapshot_bad(pages->snapshot, pages->frame_at, pages->error,
			    "pages of %s: %s, expected %zu bytes", pages->block,
			    ZSTD_isError(got) ? ZSTD_getErrorName(got) : "too few", size);
}
