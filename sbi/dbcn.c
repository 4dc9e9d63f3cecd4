/* DBCN: debug console (SBI 3.0, chapter 12). */
#include "bus/bus.h"
#include "sbi/internal.h"

void sbi_console_put(struct sbi *sbi, const uint8_t *bytes, size_t length)
{
	if (sbi->console.write)
		sbi->console.write(sbi->console.opaque, bytes, length);
}

size_t sbi_console_get(struct sbi *sbi, uint8_t *bytes, size_t length)
{
	return sbi->console.read ? sbi->console.read(sbi->console.opaque, bytes, length) : 0;
}

/* At most this many bytes a call; the caller asks again for the rest. */
#define CHUNK 4096u

static void console_write(struct sbi_call *call)
{
	uint8_t bytes[CHUNK];
	uint64_t length = call->args[0] < CHUNK ? call->args[0] : CHUNK;
	if (mb_read(call->sbi->machine->memory, call->args[1], bytes, length, MB_ATTRS_NONE,
		    NULL)) {
		call->error = SBI_ERR_FAILED;
		return;
	}
	sbi_console_put(call->sbi, bytes, length);
	call->value = length;
}

static void console_read(struct sbi_call *call)
{
	uint8_t bytes[CHUNK];
	uint64_t length = call->args[0] < CHUNK ? call->args[0] : CHUNK;
	size_t got = sbi_console_get(call->sbi, bytes, length);
	if (mb_write(call->sbi->machine->memory, call->args[1], bytes, got, MB_ATTRS_NONE, NULL))
		call->error = SBI_ERR_FAILED;
	call->value = got;
}

void sbi_handle_dbcn(struct sbi_call *call)
{
	if (call->fid == 2) {
		uint8_t byte = (uint8_t)call->args[0];
		sbi_console_put(call->sbi, &byte, 1);
		return;
	}
	if (call->fid > 2) {
		call->error = SBI_ERR_NOT_SUPPORTED;
		return;
	}
	if (call->args[2] != 0 || !sbi_memory_ok(call->sbi, call->args[1], call->args[0])) {
		call->error = SBI_ERR_INVALID_PARAM;
		return;
	}
	if (call->fid == 0)
		console_write(call);
	else
		console_read(call);
}
