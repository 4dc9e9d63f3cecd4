/* DBCN: debug console (SBI 3.0, chapter 12), and the legacy calls (chapter 5). */
#include "bus/bus.h"
#include "mmu/mmu.h"
#include "sbi/internal.h"

static void put(struct sbi *sbi, const uint8_t *bytes, size_t length)
{
	if (sbi->console.write)
		sbi->console.write(sbi->console.opaque, bytes, length);
}

static size_t get(struct sbi *sbi, uint8_t *bytes, size_t length)
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
	put(call->sbi, bytes, length);
	call->value = length;
}

static void console_read(struct sbi_call *call)
{
	uint8_t bytes[CHUNK];
	uint64_t length = call->args[0] < CHUNK ? call->args[0] : CHUNK;
	size_t got = get(call->sbi, bytes, length);
	if (mb_write(call->sbi->machine->memory, call->args[1], bytes, got, MB_ATTRS_NONE, NULL))
		call->error = SBI_ERR_FAILED;
	call->value = got;
}

void sbi_handle_dbcn(struct sbi_call *call)
{
	if (call->fid == 2) {
		uint8_t byte = (uint8_t)call->args[0];
		put(call->sbi, &byte, 1);
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

/*
 * The mask of a legacy call lies in the caller's virtual memory; a fault while reading it is the
 * caller's, at the ecall. A null pointer means all harts.
 */
static void for_legacy_mask(struct sbi_call *call, void (*fn)(struct sbi_hart *hart))
{
	struct cpu *cpu = &call->hart->cpu->cpu;
	uint64_t mask;
	if (!call->args[0]) {
		sbi_for_harts(call->sbi, 0, UINT64_MAX, fn);
		return;
	}
	uint64_t pc = cpu->pc;
	if (!mmu_load_mode(cpu, cpu->data_mode, call->args[0], 8, false, &mask)) {
		struct trap trap = cpu->trap;
		trap.pc = pc;
		trap.from = cpu->level;
		riscv_enter_s(call->hart->cpu, &trap);
		call->no_return = true;
		return;
	}
	sbi_for_harts(call->sbi, mask, 0, fn);
}

void sbi_handle_legacy(struct sbi_call *call)
{
	uint8_t byte = (uint8_t)call->args[0];
	call->legacy = true;
	switch (call->eid) {
	case 0: sbi_timer_set(call->hart, call->args[0]); break;
	case 1: put(call->sbi, &byte, 1); break;
	case 2: call->error = get(call->sbi, &byte, 1) == 1 ? byte : -1; break;
	case 3: riscv_irq_level(call->hart->cpu, RV_IRQ_SSI, false); break;
	case 4: for_legacy_mask(call, sbi_hart_raise_ipi); break;
	case 5: for_legacy_mask(call, sbi_hart_fence_i); break;
	case 6:
	case 7: for_legacy_mask(call, sbi_hart_sfence); break;
	default: machine_stop(call->sbi->machine, STOP_EXIT, 0, "SBI legacy shutdown");
	}
}
