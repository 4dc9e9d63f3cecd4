/* Self-modifying code: after fence.i the new instructions run, wherever the store came
 * from and however the old ones were cached.  The rows without a fence hold a promise of
 * this machine (stores are seen by fetch at once), not of the architecture. */
#include "test-roms/riscv/lib/paging.h"
#include "test-roms/riscv/lib/rom.h"

#define LI_A0(value) ((u32)(value) << 20 | 0x513) /* addi a0, zero, value */
#define RET          0x00008067u
#define VA           0x40000000ul
#define ALIAS        0x40100000ul

/* Each patches the instruction at 1: with a1, just ahead of the pc. */
GUEST_CODE(run_same_block, "la t0, 1f\n sw a1, 0(t0)\n fence.i\n nop\n 1: addi a0, zero, 1");
GUEST_CODE(run_same_block_unfenced, "la t0, 1f\n sw a1, 0(t0)\n nop\n 1: addi a0, zero, 1");
/* a1 rounds of: li a0, round (patched), sum in a2. */
GUEST_CODE(run_loop_patched,
	   "la t0, 1f\n li a2, 0\n"
	   "0: slli t1, a1, 20\n addi t1, t1, 0x513\n sw t1, 0(t0)\n fence.i\n"
	   "1: addi a0, zero, 0\n add a2, a2, a0\n addi a1, a1, -1\n bnez a1, 0b");
/* Data next to running code: a1 rounds of a store into the page of the loop. */
GUEST_CODE(run_data_in_page, "la t0, 9f\n li a2, 0\n"
			     "0: sd a1, 0(t0)\n ld t1, 0(t0)\n add a2, a2, t1\n addi a1, a1, -1\n"
			     "bnez a1, 0b\n ebreak\n .balign 8\n 9: .dword 0");

static u32 code[3][1024] __attribute__((aligned(4096)));

static u64 call(const void *function)
{
	/* A call through a register: some linkers lose the offset of a call into an array. */
	__asm__ volatile("" : "+r"(function));
	return ((u64(*)(void))function)();
}

static void write_function(u32 *at, u64 value)
{
	at[0] = LI_A0(value);
	at[1] = RET;
}

static struct guest run(const char *snippet, u64 a1)
{
	struct guest guest = {.mode = MODE_M, .pc = (u64)snippet};
	guest.x[A1] = a1;
	guest_run(&guest);
	return guest;
}

static void same_block(void)
{
	for (unsigned round = 2; round < 6; round++) {
		struct guest guest = run(run_same_block, LI_A0(round));
		check_eq(guest.x[A0], round, "patched in the same block, round %u", round);
		guest = run(run_same_block_unfenced, LI_A0(round + 100));
		check_eq(guest.x[A0], round + 100, "the same without a fence, round %u", round);
	}
	struct guest guest = run(run_loop_patched, 1000);
	check_eq(guest.x[A2], 1000 * 1001 / 2, "a loop that patches itself 1000 times");
	guest = run(run_data_in_page, 1000);
	check_eq(guest.x[A2], 1000 * 1001 / 2, "1000 stores to data in the page of the loop");
}

static void same_page(void)
{
	u64 sum = 0;
	for (unsigned round = 0; round < 200; round++) {
		write_function(&code[0][0], round);
		fence_i();
		sum += call(&code[0][0]);
	}
	check_eq(sum, 199 * 200 / 2, "a function rewritten 200 times");
	write_function(&code[0][0], 1);
	write_function(&code[0][512], 2);
	fence_i();
	call(&code[0][0]);
	call(&code[0][512]);
	write_function(&code[0][512], 3);
	fence_i();
	check_eq(call(&code[0][0]), 1, "rewriting one function keeps its neighbour");
	check_eq(call(&code[0][512]), 3, "and changes the one");
}

/* Every kind of store can write an instruction. */
#define STORE_KIND(name, text)                                                                     \
	static void name(void *at, u64 value)                                                      \
	{                                                                                          \
		register u64 a0 __asm__("a0") = (u64)at;                                           \
		register u64 a1 __asm__("a1") = value;                                             \
		__asm__ volatile(text : "+r"(a0), "+r"(a1)::"memory", "t0", "t1");                 \
	}
STORE_KIND(store_sw, "sw a1, 0(a0)")
STORE_KIND(store_bytes, "sb a1, 0(a0)\n srli a1, a1, 8\n sb a1, 1(a0)\n srli a1, a1, 8\n"
			"sb a1, 2(a0)\n srli a1, a1, 8\n sb a1, 3(a0)")
STORE_KIND(store_halves, "sh a1, 0(a0)\n srli a1, a1, 16\n sh a1, 2(a0)")
STORE_KIND(store_fsw, "fmv.w.x f0, a1\n fsw f0, 0(a0)")
STORE_KIND(store_amoswap, "amoswap.w zero, a1, (a0)")
STORE_KIND(store_sc, "lr.w t0, (a0)\n sc.w t1, a1, (a0)")

static const struct {
	const char *name;
	void (*store)(void *at, u64 value);
} stores[] = {
	{"sw",        store_sw     },
        {"sb",        store_bytes  },
        {"sh",        store_halves },
	{"fsw",       store_fsw    },
        {"amoswap.w", store_amoswap},
        {"sc.w",      store_sc     },
};

static void every_store(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(stores); i++) {
		write_function(code[0], 1);
		fence_i();
		call(code[0]);
		stores[i].store(&code[0][0], LI_A0(50 + i));
		fence_i();
		check_eq(call(code[0]), 50 + i, "%s writes code", stores[i].name);
	}
}

/* li a0 with its halves in two pages. */
static void crossing(void)
{
	u8 *at = (u8 *)code[1] + 4094;
	u32 instruction = LI_A0(7);
	u32 ret = RET;
	memcpy(at, &instruction, 4);
	memcpy(at + 4, &ret, 4);
	fence_i();
	check_eq(call(at), 7, "instruction over two pages");
	instruction = LI_A0(9);
	memcpy(at + 2, (u8 *)&instruction + 2, 2);
	fence_i();
	check_eq(call(at), 9, "its second half rewritten");
	instruction = LI_A0(9) | 11 << 7; /* rd = a1 */
	memcpy(at, &instruction, 2);
	fence_i();
	check_true(call(at) != 9, "its first half rewritten");
}

/* c.li a0,1; c.li a0,2 becomes one 4-byte li a0,3. */
static void other_lengths(void)
{
	u32 two = 0x4505 | 0x4509u << 16;
	u32 one = LI_A0(3);
	u32 ret = RET;
	u8 *at = (u8 *)code[0];
	memcpy(at, &two, 4);
	memcpy(at + 4, &ret, 4);
	fence_i();
	check_eq(call(at), 2, "two compressed instructions");
	memcpy(at, &one, 4);
	fence_i();
	check_eq(call(at), 3, "become one long one");
}

static u64 call_in_supervisor(u64 va)
{
	struct guest guest = {.mode = MODE_S, .pc = va};
	guest_run(&guest);
	return guest.cause == BREAKPOINT ? guest.x[A0] : 1000 + guest.cause;
}

static void write_snippet(u32 *at, u64 value)
{
	at[0] = LI_A0(value);
	at[1] = 0x00100073; /* ebreak */
}

static void translated(void)
{
	struct page_table table = page_table_new(3);
	page_table_map(&table, VA, (u64)code[0], PTE_KERNEL, 0);
	page_table_map(&table, ALIAS, (u64)code[0], PTE_KERNEL, 0);
	csr_write(satp, page_table_satp(&table));
	sfence_vma();
	write_snippet(code[0], 1);
	write_snippet(code[1], 2);
	fence_i();
	check_eq(call_in_supervisor(VA), 1, "code at a virtual address");
	check_eq(call_in_supervisor(ALIAS), 1, "the same page at another address");
	write_snippet(code[0], 3);
	fence_i();
	check_eq(call_in_supervisor(VA), 3, "rewritten through its physical address");
	check_eq(call_in_supervisor(ALIAS), 3, "and the other view of it");
	page_table_map(&table, VA, (u64)code[1], PTE_KERNEL, 0);
	sfence_vma();
	check_eq(call_in_supervisor(VA), 2, "another page mapped there");
	check_eq(call_in_supervisor(ALIAS), 3, "the old page is still itself");
	csr_write(satp, 0);
	sfence_vma();
}

static volatile u64 go, result;

void rom_secondary(u64 hart, u64 opaque)
{
	(void)hart, (void)opaque;
	for (u64 seen = 0;;) {
		while (go == seen)
			;
		seen = go;
		fence_i();
		result = call(code[2]) + 1000 * seen;
	}
}

static void other_hart(void)
{
	for (u64 round = 1; round <= 20; round++) {
		write_function(code[2], round);
		__atomic_store_n(&go, round, __ATOMIC_SEQ_CST);
		u64 want = round + 1000 * round;
		while (result / 1000 != round)
			;
		if (result != want || round == 20)
			check_eq(result, want, "hart 1 runs what hart 0 wrote, round %lu", round);
	}
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	csr_write(medeleg, 0);
	same_block();
	same_page();
	every_store();
	crossing();
	other_lengths();
	translated();
	other_hart();
}
