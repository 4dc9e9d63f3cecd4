/* What an engine must get right by itself: precise traps, self-modifying code, exact device time.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/engine/toy.h"

#define engines         toy_engines
#define FOR_EACH_ENGINE for (unsigned e = 0; e < TOY_ENGINES; e++)

Test(behaviour, a_fault_leaves_earlier_instructions_done_and_later_ones_not)
{
	struct toy_insn program[] = {
		{.op = UOP_ADDI, .d = 1, .a = 1,     .imm = 5},
		{.op = UOP_LD64, .d = 2, .a = 10   },
		{.op = UOP_ADDI,        .d = 1, .a = 1, .imm = 100        },
	};
	FOR_EACH_ENGINE
	{
		struct toy *toy = toy_new(engines[e]);
		toy_program(toy, TOY_RAM, program, 3);
		toy->cpu.r[2] = 77;
		toy->cpu.r[10] = 1ull << 45;
		toy_run(toy, TOY_RAM, 1000);
		cr_assert_eq(toy->cpu.r[1], 5, "%s", engines[e]);
		cr_assert_eq(toy->cpu.r[2], 77, "%s", engines[e]);
		cr_assert_eq(toy->last_trap_pc, TOY_RAM + 16, "%s", engines[e]);
		cr_assert_eq(toy->last_trap_cause, 13, "%s", engines[e]);
		toy_free(toy);
	}
}

/* TL-06: a store that crosses into a page that faults leaves the first page unchanged. */
Test(behaviour, TL_06_crossing_store_is_all_or_nothing)
{
	struct toy_insn program[] = {
		{.op = UOP_ST64, .a = 10, .b = 1}
        };
	FOR_EACH_ENGINE
	{
		struct toy *toy = toy_new(engines[e]);
		toy_program(toy, TOY_RAM, program, 1);
		toy->cpu.r[1] = 0x1122334455667788;
		toy->cpu.r[10] = TOY_RAM + TOY_RAM_SIZE - 4;
		toy_run(toy, TOY_RAM, 1000);
		cr_assert_eq(toy->last_trap_cause, 7, "%s", engines[e]);
		cr_assert_eq(toy->last_trap_value, TOY_RAM + TOY_RAM_SIZE, "%s", engines[e]);
		uint8_t zero[4] = {0};
		cr_assert_arr_eq(toy->host + TOY_RAM_SIZE - 4, zero, 4, "%s", engines[e]);
		toy_free(toy);
	}
}

/* DB-07: code that a store overwrites is not executed again, not even later in the same block. */
Test(behaviour, DB_07_store_into_the_running_block)
{
	FOR_EACH_ENGINE
	{
		struct toy *toy = toy_new(engines[e]);
		/* The second half of the ADDI at index 2 (imm) is overwritten by the store. */
		struct toy_insn program[] = {
			{.op = UOP_ST32, .a = 10, .b = 11 },
			{ .op = UOP_ADDI,        .d = 2,  .a = 2, .imm = 1},
			{ .op = UOP_ADDI,        .d = 3,  .a = 0, .imm = 1},
		};
		toy_program(toy, TOY_RAM, program, 3);
		toy->cpu.r[10] = TOY_RAM + 2 * 16 + offsetof(struct toy_insn, imm);
		toy->cpu.r[11] = 42;
		toy_run(toy, TOY_RAM, 1000);
		cr_assert_eq(toy->cpu.r[2], 1, "%s", engines[e]);
		cr_assert_eq(toy->cpu.r[3], 42, "%s", engines[e]);
		/* And again with new bytes through the bus, as DMA would. */
		int32_t imm = 7;
		mb_write(toy->machine.memory, toy->cpu.r[10], &imm, 4, MB_ATTRS_NONE, NULL);
		toy->cpu.r[11] = 7;
		toy_run(toy, TOY_RAM + 16, 1000);
		cr_assert_eq(toy->cpu.r[3], 7, "%s", engines[e]);
		toy_free(toy);
	}
}

/* Data beside code: the page is watched, but code elsewhere on it survives. */
Test(behaviour, data_on_a_code_page)
{
	FOR_EACH_ENGINE
	{
		struct toy *toy = toy_new(engines[e]);
		struct toy_insn program[] = {
			{.op = UOP_ADDI, .d = 1,   .a = 1, .imm = 1},
			{.op = UOP_ST64, .a = 10,  .b = 1},
			{.op = UOP_LD64,        .d = 2,  .a = 10      },
			{.op = UOP_BNE,        .a = 1, .b = 3,       .wide = TOY_RAM        },
		};
		toy_program(toy, TOY_RAM, program, 4);
		toy->cpu.r[3] = 1000;
		toy->cpu.r[10] = TOY_RAM + 0x800;
		toy_run(toy, TOY_RAM, 100000);
		cr_assert_eq(toy->cpu.r[2], 1000, "%s", engines[e]);
		struct code_cache_stats stats;
		code_cache_stats(toy->code, &stats);
		cr_assert_eq(stats.invalidations, 0, "%s", engines[e]);
		toy_free(toy);
	}
}

/* Pages at both ends of the address space, in TLBs that have never been filled. */
Test(behaviour, TL_06_accesses_around_address_zero_are_translated)
{
	static const uint64_t addresses[] = {0, 8, 0xff8, UINT64_MAX - 3, UINT64_MAX - 0xfff};
	FOR_EACH_ENGINE
	{
		for (unsigned i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
			struct toy *toy = toy_new(engines[e]);
			struct toy_insn program[] = {
				{.op = i & 1 ? UOP_ST64 : UOP_LD64, .d = 1, .a = 10, .b = 2},
			};
			toy_program(toy, TOY_RAM, program, 1);
			toy->cpu.r[10] = addresses[i];
			toy_run(toy, TOY_RAM, 1);
			cr_assert_eq(toy->last_trap_pc, TOY_RAM, "%s: %lx", engines[e],
				     addresses[i]);
			cr_assert_geq(toy->last_trap_cause, 5, "%s: %lx", engines[e], addresses[i]);
			toy_free(toy);
		}
	}
}

/* A fence for a page takes the jumps to it away, and only those. */
Test(behaviour, fences_for_data_keep_jumps_to_code)
{
	struct toy *toy = toy_new("interp");
	struct toy_insn program[] = {
		{.op = UOP_LD64, .d = 2, .a = 10},
		{.op = UOP_JUMP,              .wide = TOY_RAM + 0x3000      },
	};
	toy_program(toy, TOY_RAM, program, 2);
	toy_program(toy, TOY_RAM + 0x3000, program, 1);
	toy->cpu.r[10] = TOY_DATA;
	toy_run(toy, TOY_RAM, 100);
	uint64_t key = toy->cpu.jump_key;
	mmu_flush_page(&toy->cpu, TOY_DATA);
	cr_assert_eq(toy->cpu.jump_key, key);
	mmu_flush_page(&toy->cpu, TOY_RAM + 0x3008);
	cr_assert_neq(toy->cpu.jump_key, key);
	key = toy->cpu.jump_key;
	mmu_flush_page(&toy->cpu, TOY_RAM);
	cr_assert_eq(toy->cpu.jump_key, key, "no jump is left since the last fence");
	toy_free(toy);
}

/* A device sees the time of the very instruction that asks. */
Test(behaviour, device_time_is_exact)
{
	struct toy_insn program[] = {
		{.op = UOP_ADDI, .d = 1, .a = 1,        .imm = 1},
		{.op = UOP_ADDI,              .d = 1,       .a = 1, .imm = 1},
		{.op = UOP_LD64,      .d = 2,            .a = 10           },
		{.op = UOP_ADDI,       .d = 1,  .a = 1,.imm = 1},
		{.op = UOP_LD64,        .d = 3,     .a = 10                           },
	};
	FOR_EACH_ENGINE
	{
		struct toy *toy = toy_new(engines[e]);
		toy_program(toy, TOY_RAM, program, 5);
		toy->cpu.r[10] = TOY_DEVICE;
		toy_run(toy, TOY_RAM, 1000);
		cr_assert_eq(toy->cpu.r[2] >> 16, 2, "%s", engines[e]);
		cr_assert_eq(toy->cpu.r[3] >> 16, 4, "%s", engines[e]);
		cr_assert_eq(toy->cpu.r[1], 3, "%s", engines[e]);
		toy_free(toy);
	}
}

/* TL-01: what is mapped over RAM is seen at the next access. */
Test(behaviour, TL_01_device_attached_over_cached_ram)
{
	struct toy_insn program[] = {
		{.op = UOP_LD64, .d = 2, .a = 10}
        };
	FOR_EACH_ENGINE
	{
		struct toy *toy = toy_new(engines[e]);
		toy_program(toy, TOY_RAM, program, 1);
		toy->cpu.r[10] = TOY_DATA;
		toy_run(toy, TOY_RAM, 1000);
		toy_run(toy, TOY_RAM, 1000);
		cr_assert_eq(toy->device_reads, 0);
		cr_assert_eq(mb_detach(toy->device), 0);
		cr_assert_eq(mb_attach_overlap(toy->root, TOY_DATA, toy->device, 1), 0);
		toy_run(toy, TOY_RAM, 1000);
		cr_assert_eq(toy->device_reads, 1, "%s", engines[e]);
		toy_free(toy);
	}
}

/* TL-02: moved RAM is gone from where it was, for loads, stores and fetches. */
Test(behaviour, TL_02_ram_is_moved)
{
	struct toy_insn program[] = {
		{.op = UOP_LD64, .d = 2,  .a = 10},
		{.op = UOP_ST64, .a = 10, .b = 2 },
	};
	FOR_EACH_ENGINE
	{
		struct toy *toy = toy_new(engines[e]);
		toy_program(toy, TOY_RAM, program, 2);
		toy->cpu.r[10] = TOY_DATA;
		toy_run(toy, TOY_RAM, 1000);
		toy_run(toy, TOY_RAM, 1000);
		cr_assert_eq(mb_move(toy->ram, 2 * TOY_RAM), 0);
		toy->last_trap_pc = 0;
		toy_run(toy, TOY_RAM, 3);
		cr_assert_eq(toy->last_trap_pc, TOY_VECTOR, "%s: fetch still works", engines[e]);
		toy_run(toy, 2 * TOY_RAM, 1);
		cr_assert_eq(toy->last_trap_pc, 2 * TOY_RAM, "%s: load still works", engines[e]);
		toy_free(toy);
	}
}

/* Traps that nobody can handle are found, and do not hang the host. */
Test(behaviour, trap_loop_is_reported)
{
	FOR_EACH_ENGINE
	{
		struct toy *toy = toy_new(engines[e]);
		struct toy_insn bad = {.op = TOY_NONE};
		toy_program(toy, TOY_VECTOR, &bad, 1);
		toy_run(toy, 1ull << 45, 1000000);
		cr_assert_eq(toy->machine.stop.kind, STOP_TRAP_LOOP, "%s", engines[e]);
		toy_free(toy);
	}
}

/* -- what host code keeps of the TLB's answers -- */

static void flush_all(struct cpu *cpu)
{
	mmu_flush(cpu);
}

static void flush_page(struct cpu *cpu)
{
	mmu_flush_page(cpu, TOY_DATA); /* of which no entry is left */
}

static void flush_local(struct cpu *cpu)
{
	mmu_flush_local(cpu, 1);
}

static void flush_range(struct cpu *cpu)
{
	mmu_flush_range(cpu, 1, TOY_DATA, TOY_DATA);
}

/* An entry takes the place of another. */
static void miss(struct cpu *cpu)
{
	uint64_t value;
	mmu_load(cpu, TOY_DATA, 8, &value);
}

/* The same code, with other translations. */
static void change_data_mode(struct cpu *cpu)
{
	cpu->data_mode++;
	mmu_use_data_mode(cpu);
}

static void protect(struct cpu *cpu)
{
	struct toy *toy = (struct toy *)cpu;
	mb_ram_mark(mb_region_get_ram(toy->ram), 0, MB_PAGE_SIZE, MB_PAGE_CODE);
}

/* Host code is dropped, and other code will use the same places. */
static void forget_code(struct cpu *cpu)
{
	mmu_forget_jumps(cpu);
}

Test(behaviour, what_code_keeps_goes_with_any_entry_of_a_tlb)
{
	static void (*const changes[])(struct cpu *) = {flush_all,   flush_page, flush_local,
							flush_range, miss,       change_data_mode,
							protect,     forget_code};
	struct toy *toy = toy_new("interp");
	struct cpu *cpu = &toy->cpu;
	for (unsigned n = 0; n < sizeof(changes) / sizeof(changes[0]); n++) {
		cpu->kept[70].limit = CPU_PAGE_SIZE;
		cpu->kept_used[70 / 64] |= 1ull << 70 % 64;
		cpu->kept_words |= 1ull << 70 / 64;
		changes[n](cpu);
		cr_assert_eq(cpu->kept[70].limit, 0, "change %u", n);
		cr_assert_eq(cpu->kept_used[70 / 64], 0, "change %u", n);
	}
	toy_free(toy);
}
