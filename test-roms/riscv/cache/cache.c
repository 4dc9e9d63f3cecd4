/* Cache-block operations (Zicbom, Zicboz, Zicbop): what they do, who may use them, and
 * their faults (CMO chapter; envcfg registers in the privileged manual). */
#include "test-roms/riscv/lib/paging.h"
#include "test-roms/riscv/lib/rom.h"

#define MENVCFG    0x30a
#define SENVCFG    0x10a
#define CBIE       (3ul << 4)
#define CBIE_ON    (3ul << 4)
#define CBIE_FLUSH (1ul << 4)
#define CBCFE      BIT(6)
#define CBZE       BIT(7)
#define ALL        (CBIE_ON | CBCFE | CBZE)
#define VA         0x40000000ul

enum { INVAL, CLEAN, FLUSH, ZERO };
static const char *const names[] = {"cbo.inval", "cbo.clean", "cbo.flush", "cbo.zero"};
static const u64 gates[] = {CBIE, CBCFE, CBCFE, CBZE};

/* cbo.x (a0) */
static u32 instruction(unsigned operation)
{
	static const u8 numbers[] = {0, 1, 2, 4};
	return (u32)numbers[operation] << 20 | 10u << 15 | 2u << 12 | 0x0f;
}

static u8 block[192] __attribute__((aligned(64)));

static struct guest run(u32 word, u64 address, enum mode mode)
{
	char *code = guest_instruction(word);
	struct guest guest = {.mode = mode, .pc = (u64)code};
	guest.x[A0] = address;
	if (mode == MODE_U && csr_read(satp))
		guest.pc = guest_va(code);
	guest_run(&guest);
	return guest;
}

static void zeroes_one_block(void)
{
	memset(block, 0x5a, sizeof(block));
	struct guest guest = run(instruction(ZERO), (u64)block + 64 + 13, MODE_M);
	check_end(&guest, "cbo.zero in M, address in mid-block");
	bool inside = true, outside = true;
	for (unsigned i = 0; i < 64; i++) {
		inside &= block[64 + i] == 0;
		outside &= block[i] == 0x5a && block[128 + i] == 0x5a;
	}
	check_true(inside, "64 bytes are zero");
	check_true(outside, "and no others");
	for (unsigned operation = INVAL; operation <= FLUSH; operation++) {
		memset(block, 0x5a, sizeof(block));
		guest = run(instruction(operation), (u64)block + 64, MODE_M);
		check_end(&guest, "%s in M", names[operation]);
		check_eq(block[64], 0x5a, "%s keeps memory", names[operation]);
	}
}

/* menvcfg gates S and U, senvcfg gates U as well. */
static void enables(void)
{
	for (unsigned operation = INVAL; operation <= ZERO; operation++)
		for (unsigned bits = 0; bits < 4; bits++) {
			bool machine = bits & 1, supervisor = bits & 2;
			u64 others = ALL & ~gates[operation];
			csr_write(MENVCFG, machine ? ALL : others);
			csr_write(SENVCFG, supervisor ? ALL : others);
			struct guest guest = run(instruction(operation), (u64)block, MODE_S);
			check_eq(guest.cause, machine ? BREAKPOINT : ILLEGAL, "%s in S, gates %u",
				 names[operation], bits);
			guest = run(instruction(operation), (u64)block, MODE_U);
			check_eq(guest.cause, machine && supervisor ? BREAKPOINT : ILLEGAL,
				 "%s in U, gates %u", names[operation], bits);
			guest = run(instruction(operation), (u64)block, MODE_M);
			check_eq(guest.cause, BREAKPOINT, "%s in M, gates %u", names[operation],
				 bits);
		}
	csr_write(MENVCFG, CBIE_FLUSH);
	struct guest guest = run(instruction(INVAL), (u64)block, MODE_S);
	check_end(&guest, "cbo.inval in S as a flush (CBIE=1)");
	csr_write(MENVCFG, ALL);
	csr_write(SENVCFG, ALL);
}

static void permissions(void)
{
	static const u64 kinds[] = {0, PTE_R, PTE_R | PTE_W, PTE_X};
	struct page_table table = page_table_new(3);
	void *page = page_alloc();
	csr_write(satp, page_table_satp(&table));
	for (unsigned kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
		u64 bits = kinds[kind] ? kinds[kind] | PTE_V | PTE_A | PTE_D : 0;
		page_table_map(&table, VA, (u64)page, bits, 0);
		sfence_vma();
		for (unsigned operation = INVAL; operation <= ZERO; operation++) {
			/* Management needs a load or a store to be allowed, zeroing a store. */
			bool fine = operation == ZERO ? bits & PTE_W : bits & (PTE_R | PTE_W);
			struct guest guest = run(instruction(operation), VA + 77, MODE_S);
			if (fine)
				check_end(&guest, "%s, page %lx", names[operation], kinds[kind]);
			else
				check_trap(&guest, MODE_M, STORE_PAGE, VA + 77, "%s, page %lx",
					   names[operation], kinds[kind]);
		}
		for (unsigned hint = 0; hint < 4; hint++) {
			u32 word = hint << 20 | 10u << 15 | 6u << 12 | 0x13; /* prefetch or ori */
			struct guest guest = run(word, VA, MODE_S);
			check_end(&guest, "prefetch hint %u never faults, page %lx", hint,
				  kinds[kind]);
		}
	}
	csr_write(satp, 0);
	sfence_vma();
	struct guest guest = run(instruction(ZERO), 0x0a000010, MODE_S);
	check_trap(&guest, MODE_M, STORE_ACCESS, 0x0a000010, "cbo.zero outside memory");
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	csr_write(medeleg, 0);
	csr_write(0x30c, -1ul); /* mstateen0: senvcfg is reachable */
	zeroes_one_block();
	enables();
	permissions();
}
