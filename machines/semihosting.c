#include "machines/semihosting.h"

#include <string.h>

#include "core/error.h"
#include "cpu/arm64/arm64.h"
#include "mmu/mmu.h"

/* Operations; X1 is the parameter, or the address of a block of 64-bit words. */
enum {
	SYS_WRITEC = 0x03,
	SYS_WRITE0 = 0x04,
	SYS_ISERROR = 0x08,
	SYS_CLOCK = 0x10,
	SYS_EXIT = 0x18,
	SYS_EXIT_EXTENDED = 0x20,
};

/* Of a block of SYS_EXIT: the program ended, and the second word is its status. */
#define APPLICATION_EXIT 0x20026u

enum { TEXT_MAX = 1 << 16, CHUNK = 256, NS_PER_CENTISECOND = 10000000 };

static void put_text(const struct semihosting *semihosting, const uint8_t *bytes, size_t length)
{
	if (semihosting->console)
		chardev_write(semihosting->console, bytes, length);
}

/* Text up to its NUL, or as far as it can be read. */
static void write_string(const struct semihosting *semihosting, struct cpu *cpu, uint64_t address)
{
	uint8_t bytes[CHUNK];
	for (unsigned done = 0; done < TEXT_MAX; done += CHUNK) {
		size_t got = mmu_debug_read(cpu, address + done, bytes, CHUNK);
		const uint8_t *end = memchr(bytes, 0, got);
		put_text(semihosting, bytes, end ? (size_t)(end - bytes) : got);
		if (end || got < CHUNK)
			return;
	}
}

static void write_character(const struct semihosting *semihosting, struct cpu *cpu,
			    uint64_t address)
{
	uint8_t byte;
	if (mmu_debug_read(cpu, address, &byte, 1) == 1)
		put_text(semihosting, &byte, 1);
}

static void end_run(const struct semihosting *semihosting, struct cpu *cpu, uint64_t block)
{
	uint64_t words[2] = {0, 0};
	bool whole = mmu_debug_read(cpu, block, words, sizeof(words)) == sizeof(words);
	int status = whole && words[0] == APPLICATION_EXIT ? exit_code_of_guest(words[1]) : 1;
	machine_stop(semihosting->machine, STOP_EXIT, status,
		     "semihosting: reason 0x%llx, status %llu", (unsigned long long)words[0],
		     (unsigned long long)words[1]);
}

/* X0 is the result; -1: not there. */
static void answer(void *opaque, struct arm64_cpu *pe)
{
	const struct semihosting *semihosting = opaque;
	struct cpu *cpu = &pe->cpu;
	struct machine *machine = semihosting->machine;
	uint64_t parameter = cpu->r[1], result = 0;
	machine->engine->sync_clock(cpu);
	switch ((uint32_t)cpu->r[0]) {
	case SYS_WRITEC: write_character(semihosting, cpu, parameter); break;
	case SYS_WRITE0: write_string(semihosting, cpu, parameter); break;
	case SYS_ISERROR:
		if (mmu_debug_read(cpu, parameter, &result, sizeof(result)) == sizeof(result))
			result = (int64_t)result < 0;
		break;
	case SYS_CLOCK: result = clock_ns(&machine->clock) / NS_PER_CENTISECOND; break;
	case SYS_EXIT:
	case SYS_EXIT_EXTENDED: end_run(semihosting, cpu, parameter); break;
	default: result = UINT64_MAX; break;
	}
	cpu->r[0] = result;
	machine_look(machine);
}

void semihosting_start(struct semihosting *semihosting)
{
	struct machine *machine = semihosting->machine;
	for (unsigned i = 0; i < machine->cpu_count; i++) {
		struct arm64_cpu *pe = arm64_cpu(machine->cpu[i]);
		pe->semihosting = answer;
		pe->semihosting_opaque = semihosting;
	}
}
