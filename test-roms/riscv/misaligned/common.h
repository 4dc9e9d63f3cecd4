/* The address space and the access forms that the misaligned programs share.
 *
 * Page A at 0x40000000: bytes 80 81 82 ... bf, and a0..a7 in its last 8 bytes.
 * Page B at 0x40001000: bytes a8 a9 aa ...
 * Both user, read-write, A=D=1, unless a case changes them. */
#pragma once

#include "test-roms/riscv/lib/paging.h"
#include "test-roms/riscv/lib/rom.h"

#define VA_A     0x40000000ul
#define VA_B     0x40001000ul
#define UNMAPPED 0x50000000ul
#define VALUE    0x1122334455667788ul
#define DATA_REG A2 /* integer data register of every form; FP forms use f12 */

struct world {
	struct page_table table;
	u8 *a, *b;
};

static inline void world_set(struct world *world, u64 va, const void *page, u64 bits)
{
	page_table_map(&world->table, va, (u64)page, bits, 0);
	sfence_vma();
}

static inline void world_refill(struct world *world)
{
	memset(world->a, 0, 4096);
	memset(world->b, 0, 4096);
	for (unsigned i = 0; i < 64; i++) {
		world->a[i] = (u8)(0x80 + i);
		world->b[i] = (u8)(0xa8 + i);
	}
	for (unsigned i = 0; i < 8; i++)
		world->a[4088 + i] = (u8)(0xa0 + i);
	world_set(world, VA_A, world->a, PTE_USER);
	world_set(world, VA_B, world->b, PTE_USER);
}

static inline struct world world_new(void)
{
	struct world world = {page_table_new(3), page_alloc(), page_alloc()};
	world_refill(&world);
	csr_write(satp, page_table_satp(&world.table));
	sfence_vma();
	return world;
}

static inline u8 *world_byte(struct world *world, u64 va)
{
	return va < VA_B ? &world->a[va - VA_A] : &world->b[va - VA_B];
}

/* The little-endian value of `size` bytes at `va` as memory holds them now. */
static inline u64 world_value(struct world *world, u64 va, unsigned size)
{
	u64 value = 0;
	for (unsigned i = 0; i < size; i++)
		value |= (u64)*world_byte(world, va + i) << (8 * i);
	return value;
}

static inline u64 f12_read(void)
{
	u64 value;
	__asm__ volatile("fmv.x.d %0, f12" : "=r"(value));
	return value;
}

static inline void f12_write(u64 value)
{
	__asm__ volatile("fmv.d.x f12, %0" ::"r"(value));
}

/* A guest that will run `instruction`; in U-mode through the user mapping. */
static inline struct guest guest_for(u32 instruction, enum mode mode)
{
	char *code = guest_instruction(instruction);
	struct guest guest = {.mode = mode};
	guest.pc = mode == MODE_U ? guest_va(code) : (u64)code;
	guest.x[DATA_REG] = VALUE;
	return guest;
}

enum form_kind { LOAD_SIGNED, LOAD_ZERO, LOAD_FP, STORE, STORE_FP };

struct form {
	const char *name;
	u32 instruction; /* data register 12, base a0 or sp, offset 0 */
	u8 size;
	u8 base;
	u8 kind;
};

// clang-format off
static const struct form forms[] = {
	{"lh",      0x00051603, 2, A0, LOAD_SIGNED},
	{"lhu",     0x00055603, 2, A0, LOAD_ZERO},
	{"lw",      0x00052603, 4, A0, LOAD_SIGNED},
	{"lwu",     0x00056603, 4, A0, LOAD_ZERO},
	{"ld",      0x00053603, 8, A0, LOAD_ZERO},
	{"sh",      0x00c51023, 2, A0, STORE},
	{"sw",      0x00c52023, 4, A0, STORE},
	{"sd",      0x00c53023, 8, A0, STORE},
	{"flh",     0x00051607, 2, A0, LOAD_FP},
	{"flw",     0x00052607, 4, A0, LOAD_FP},
	{"fld",     0x00053607, 8, A0, LOAD_FP},
	{"fsh",     0x00c51027, 2, A0, STORE_FP},
	{"fsw",     0x00c52027, 4, A0, STORE_FP},
	{"fsd",     0x00c53027, 8, A0, STORE_FP},
	{"c.lw",    0x4110,     4, A0, LOAD_SIGNED},
	{"c.ld",    0x6110,     8, A0, LOAD_ZERO},
	{"c.fld",   0x2110,     8, A0, LOAD_FP},
	{"c.sw",    0xc110,     4, A0, STORE},
	{"c.sd",    0xe110,     8, A0, STORE},
	{"c.fsd",   0xa110,     8, A0, STORE_FP},
	{"c.lwsp",  0x4602,     4, SP, LOAD_SIGNED},
	{"c.ldsp",  0x6602,     8, SP, LOAD_ZERO},
	{"c.fldsp", 0x2602,     8, SP, LOAD_FP},
	{"c.swsp",  0xc032,     4, SP, STORE},
	{"c.sdsp",  0xe032,     8, SP, STORE},
	{"c.fsdsp", 0xa032,     8, SP, STORE_FP},
	{"c.lhu",   0x8510,     2, A0, LOAD_ZERO},
	{"c.lh",    0x8550,     2, A0, LOAD_SIGNED},
	{"c.sh",    0x8d10,     2, A0, STORE},
};
// clang-format on

static inline bool form_is_store(const struct form *form)
{
	return form->kind == STORE || form->kind == STORE_FP;
}

static inline struct guest form_run(const struct form *form, enum mode mode, u64 va)
{
	struct guest guest = guest_for(form->instruction, mode);
	guest.x[form->base] = va;
	guest.status_set = mode == MODE_S ? STATUS_SUM : 0;
	f12_write(VALUE);
	guest_run(&guest);
	return guest;
}

static inline u64 extend(u64 value, const struct form *form)
{
	unsigned shift = 64 - 8 * form->size;
	if (form->kind == LOAD_SIGNED)
		return (u64)((s64)(value << shift) >> shift);
	if (form->kind == LOAD_FP && shift)
		return value | ~0ul << (64 - shift);
	return value;
}

/* The data register after a load at `va`, or 0 as "memory is right" of a store. */
static inline u64 form_result(const struct form *form, const struct guest *guest,
			      struct world *world, u64 va)
{
	if (!form_is_store(form))
		return form->kind == LOAD_FP ? f12_read() : guest->x[DATA_REG];
	struct world *w = world;
	u64 mask = ~0ul >> (64 - 8 * form->size);
	u64 wrong = world_value(w, va, form->size) ^ (VALUE & mask);
	return wrong;
}

static inline u64 form_expected(const struct form *form, struct world *world, u64 va)
{
	return form_is_store(form) ? 0 : extend(world_value(world, va, form->size), form);
}

/* Every form at every offset from `va`, `count` offsets: it completes, with the
 * right data, and a store leaves both neighbours alone. */
static inline void check_forms_work(struct world *world, enum mode mode, u64 va, unsigned count)
{
	for (unsigned i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct form *form = &forms[i];
		u64 wrong = 0;
		bool done = true, apart = true;
		for (unsigned offset = 0; offset < count; offset++) {
			u64 at = va + offset;
			world_refill(world);
			u8 before = *world_byte(world, at - 1);
			u8 after = *world_byte(world, at + form->size);
			u64 want = form_expected(form, world, at);
			struct guest guest = form_run(form, mode, at);
			done &= guest.cause == BREAKPOINT;
			wrong |= form_result(form, &guest, world, at) ^ want;
			apart &= *world_byte(world, at - 1) == before;
			apart &= *world_byte(world, at + form->size) == after;
		}
		check_true(done, "%s in %c at 0x%lx+0..%u completes", form->name, "US?M"[mode], va,
			   count - 1);
		check_eq(wrong, 0, "%s in %c at 0x%lx+0..%u: data", form->name, "US?M"[mode], va,
			 count - 1);
		check_true(apart, "%s in %c at 0x%lx+0..%u: neighbours kept", form->name,
			   "US?M"[mode], va, count - 1);
	}
}

struct atomic {
	const char *name;
	u32 instruction; /* address in a2, data a1 (a0/a1 pairs for .q), result a3 or a4 */
	u8 size;
	u8 cause;
};

// clang-format off
static const struct atomic atomics[] = {
	{"lr.w",      0x100626af, 4,  LOAD_MISALIGNED},
	{"lr.d",      0x100636af, 8,  LOAD_MISALIGNED},
	{"sc.w",      0x18b626af, 4,  STORE_MISALIGNED},
	{"sc.d",      0x18b636af, 8,  STORE_MISALIGNED},
	{"amoadd.w",  0x00b626af, 4,  STORE_MISALIGNED},
	{"amoadd.d",  0x00b636af, 8,  STORE_MISALIGNED},
	{"amoswap.w", 0x08b626af, 4,  STORE_MISALIGNED},
	{"amomax.d",  0xa0b636af, 8,  STORE_MISALIGNED},
	{"amoadd.h",  0x00b616af, 2,  STORE_MISALIGNED},
	{"amocas.w",  0x28b626af, 4,  STORE_MISALIGNED},
	{"amocas.d",  0x28b636af, 8,  STORE_MISALIGNED},
	{"amocas.q",  0x28a6472f, 16, STORE_MISALIGNED},
};
// clang-format on

/* LR, SC and AMO trap at every misaligned address whatever the configuration. */
static inline void check_atomics_trap(enum mode mode, enum mode level)
{
	for (unsigned i = 0; i < ARRAY_SIZE(atomics); i++) {
		const struct atomic *atomic = &atomics[i];
		for (unsigned offset = 1; offset < atomic->size; offset++) {
			struct guest guest = guest_for(atomic->instruction, mode);
			guest.x[A2] = VA_A + offset;
			guest.status_set = mode == MODE_S ? STATUS_SUM : 0;
			guest_run(&guest);
			check_trap(&guest, level, atomic->cause, VA_A + offset, "%s in %c at +%u",
				   atomic->name, "US?M"[mode], offset);
		}
	}
}
