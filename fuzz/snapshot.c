/*
 * Any bytes as a snapshot file, with checksums made right so that what is behind them is reached:
 * refused with one line, or restored into a machine that then runs a little.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bus/host.h"
#include "engine/engine.h"
#include "machines/snapshot_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TICKS 2000

static struct machine *make_machine(void)
{
	struct board_config config;
	struct machine *machine;
	board_config_default(&config);
	config.memory_size = BOARD_MEMORY_MIN;
	config.firmware = BOARD_FIRMWARE_OFF;
	config.without_image = true;
	if (board_new(&config, &machine, NULL))
		abort();
	machine->poll = NULL;
	return machine;
}

static void fix_section(uint8_t *bytes, size_t size, unsigned number)
{
	uint8_t *entry = bytes + HEADER_SIZE + (size_t)number * ENTRY_SIZE;
	uint64_t offset = mb_get64le(entry + ENTRY_OFFSET),
		 length = mb_get64le(entry + ENTRY_LENGTH);
	if (offset <= size && length <= size - offset)
		mb_put32le(entry + ENTRY_CRC, snapshot_crc(0, bytes + offset, length));
}

/* Of chunks and, which depends on them, of the section. */
static void fix_memory(uint8_t *bytes, size_t size)
{
	uint8_t *entry = bytes + HEADER_SIZE + (size_t)SNAPSHOT_MEMORY * ENTRY_SIZE;
	uint64_t at = mb_get64le(entry + ENTRY_OFFSET);
	uint32_t crc = 0;
	while (at <= size && size - at >= BLOCK_SIZE) {
		crc = snapshot_crc(crc, bytes + at, BLOCK_SIZE);
		at += BLOCK_SIZE;
		bool more = true;
		while (more && size - at >= CHUNK_SIZE) {
			uint8_t *chunk = bytes + at;
			uint64_t length = mb_get32le(chunk + CHUNK_LENGTH);
			at += CHUNK_SIZE;
			length = length < size - at ? length : size - at;
			more = mb_get64le(chunk) != 0;
			if (more)
				mb_put32le(chunk + CHUNK_CRC, snapshot_crc(0, bytes + at, length));
			crc = snapshot_crc(crc, chunk, CHUNK_SIZE);
			at += length;
		}
	}
	mb_put32le(entry + ENTRY_CRC, crc);
}

static void fix_checksums(uint8_t *bytes, size_t size)
{
	if (size < TABLE_END)
		return;
	mb_put64le(bytes + HEADER_FILE_SIZE, size);
	for (unsigned i = 0; i < SNAPSHOT_MEMORY; i++)
		fix_section(bytes, size, i);
	fix_memory(bytes, size);
	mb_put32le(bytes + HEADER_CRC, 0);
	mb_put32le(bytes + HEADER_CRC, snapshot_crc(0, bytes, TABLE_END));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error error = {0};
	struct snapshot_figures figures;
	char path[32];
	int fd = memfd_create("snapshot", MFD_CLOEXEC);
	uint8_t *bytes = malloc(size + 1);
	if (fd < 0 || !bytes || size > 1 << 20)
		goto out;
	memcpy(bytes, data, size);
	fix_checksums(bytes, size);
	if (write(fd, bytes, size) != (ssize_t)size)
		goto out;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct snapshot *snapshot = snapshot_open(path, &error);
	if (snapshot) {
		struct machine *machine = make_machine();
		(void)snapshot_measure(snapshot, &figures, &error);
		error = (struct error){0};
		if (!snapshot_restore(snapshot, machine, &error))
			machine_run_until(machine, machine->clock.now + TICKS);
		board_free(machine);
	}
	snapshot_close(snapshot);
	if (error.exit_code && strchr(error.text, '\n'))
		abort();
out:
	free(bytes);
	if (fd >= 0)
		close(fd);
	return 0;
}
