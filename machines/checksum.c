#include "machines/checksum.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 4096, CHUNK = 1 << 20 };

/* The two halves of a 128-bit product, folded: every input bit reaches every output bit. */
static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Odd constants with as many ones as zeros: digits of the square roots of 2 and 3. */
#define MIX_WORD  0x6a09e667f3bcc909ull
#define MIX_BLOCK 0xbb67ae8584caa73bull

/* What the block at an offset adds to the sum; length is at most BLOCK. */
static uint64_t block_sum(const uint8_t *data, size_t length, uint64_t offset)
{
	uint64_t hash = 0, any = 0;
	for (size_t i = 0; i < length; i += sizeof(uint64_t)) {
		uint64_t word = 0;
		size_t left = length - i;
		memcpy(&word, data + i, left < sizeof(word) ? left : sizeof(word));
		any |= word;
		hash = fold(hash ^ word ^ MIX_BLOCK, MIX_WORD);
	}
	return any ? fold(hash ^ (offset / BLOCK + 1), MIX_BLOCK) : 0;
}

static uint64_t blocks_sum(const uint8_t *data, size_t size, uint64_t offset)
{
	uint64_t sum = 0;
	for (size_t at = 0; at < size; at += BLOCK)
		sum += block_sum(data + at, size - at < BLOCK ? size - at : BLOCK, offset + at);
	return sum;
}

static uint64_t finish(uint64_t sum, uint64_t size)
{
	return fold(sum ^ MIX_BLOCK, size ^ MIX_WORD);
}

uint64_t checksum_bytes(const void *data, size_t size)
{
	return finish(blocks_sum(data, size, 0), size);
}

/* Fills the buffer as far as the file reaches; returns the bytes, or -1 with errno. */
static ssize_t read_chunk(int fd, uint8_t *buffer, uint64_t offset)
{
	size_t done = 0;
	while (done < CHUNK) {
		ssize_t count = pread(fd, buffer + done, CHUNK - done, (off_t)(offset + done));
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -1;
		if (!count)
			break;
		done += (size_t)count;
	}
	return (ssize_t)done;
}

/* The block at or before the next data of a sparse file; *end is set if there is none. */
static uint64_t skip_hole(int fd, uint64_t offset, bool *end)
{
	off_t data = lseek(fd, (off_t)offset, SEEK_DATA);
	*end = data < 0 && errno == ENXIO;
	return data < 0 ? offset : (uint64_t)data / BLOCK * BLOCK;
}

static int sum_open_file(int fd, uint8_t *buffer, uint64_t *sum)
{
	bool end = false;
	*sum = 0;
	for (uint64_t offset = skip_hole(fd, 0, &end); !end; offset = skip_hole(fd, offset, &end)) {
		ssize_t count = read_chunk(fd, buffer, offset);
		if (count < 0)
			return -1;
		if (!count)
			break;
		*sum += blocks_sum(buffer, (size_t)count, offset);
		offset += (uint64_t)count;
		if (count < CHUNK)
			break;
	}
	return 0;
}

int checksum_file(const char *path, const char *what, uint64_t *sum, uint64_t *size,
		  struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	uint8_t *buffer = malloc(CHUNK);
	struct stat status;
	int result = -1;
	if (fd >= 0 && buffer && !fstat(fd, &status))
		result = sum_open_file(fd, buffer, sum);
	if (result) {
		error_set(error, EXIT_CODE_USAGE, "%s: cannot read the %s: %s", path, what,
			  strerror(errno));
	} else {
		*size = (uint64_t)status.st_size;
		*sum = finish(*sum, *size);
	}
	free(buffer);
	if (fd >= 0)
		close(fd);
	return result;
}
