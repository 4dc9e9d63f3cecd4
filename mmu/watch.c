/* What the TLBs must hear from the bus: a changed memory map, changed page states. */
#include <stdlib.h>

#include "bus/bus.h"
#include "core/machine.h"
#include "mmu/tlb.h"

struct mmu_watch {
	struct mb_listener listener;
	struct machine *machine;
	mb_ram_hook *code_written;
	void *opaque;
};

static void page_state_set(void *opaque, struct mb_ram *ram, uint64_t offset, uint64_t length)
{
	struct mmu_watch *watch = opaque;
	tlb_protect(watch->machine, ram, offset, length);
}

/* Hooks every RAM block that the view shows; doing it again is harmless. */
static void hook_view(struct mmu_watch *watch, struct mb_view *view)
{
	for (size_t i = 0; i < mb_view_count(view); i++) {
		struct mb_ram *ram = mb_view_range(view, i)->ram;
		if (!ram)
			continue;
		mb_ram_set_protect_hook(ram, page_state_set, watch);
		mb_ram_set_code_hook(ram, watch->code_written, watch->opaque);
	}
}

static void view_changed(struct mb_listener *listener, const struct mb_change *change)
{
	struct mmu_watch *watch = listener->opaque;
	hook_view(watch, change->new_view);
	for (unsigned i = 0; i < watch->machine->cpu_count; i++) {
		mmu_flush(watch->machine->cpu[i]);
		cpu_attention(watch->machine->cpu[i]);
	}
}

struct mmu_watch *mmu_watch_new(struct machine *machine, mb_ram_hook *code_written, void *opaque)
{
	struct mmu_watch *watch = calloc(1, sizeof(*watch));
	if (!watch)
		return NULL;
	watch->machine = machine;
	watch->code_written = code_written;
	watch->opaque = opaque;
	watch->listener.name = "tlb";
	watch->listener.opaque = watch;
	watch->listener.view_changed = view_changed;
	struct mb_view *view = mb_view_acquire(machine->memory);
	hook_view(watch, view);
	mb_view_release(view);
	if (mb_listen(machine->memory, &watch->listener)) {
		free(watch);
		return NULL;
	}
	return watch;
}

void mmu_watch_free(struct mmu_watch *watch)
{
	if (!watch)
		return;
	struct mb_view *view = mb_view_acquire(watch->machine->memory);
	for (size_t i = 0; i < mb_view_count(view); i++) {
		struct mb_ram *ram = mb_view_range(view, i)->ram;
		if (ram) {
			mb_ram_set_protect_hook(ram, NULL, NULL);
			mb_ram_set_code_hook(ram, NULL, NULL);
		}
	}
	mb_view_release(view);
	mb_unlisten(&watch->listener);
	free(watch);
}
