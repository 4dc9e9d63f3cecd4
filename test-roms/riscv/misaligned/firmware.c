/* Misaligned accesses that trap and are not delegated: the SBI firmware performs
 * them on behalf of S and U (section 8.2 of the acceptance cases). */
#include "test-roms/riscv/lib/sbi.h"
#include "test-roms/riscv/misaligned/common.h"

#define LH     0x00051603u
#define LHU    0x00055603u
#define LW     0x00052603u
#define LWU    0x00056603u
#define LD     0x00053603u
#define SD_A1  0x00b53023u
#define ALIAS  0x20000ul /* execute-only view of the snippets */
#define FS_ONE (1ul << 13)

struct load_case {
	const char *name;
	u32 instruction;
	u8 base, result;
	u64 address, want;
};

// clang-format off
static const struct load_case loads[] = {
	{"case 21: lh",            LH,         A0, A2, 0x40000001, 0xffffffffffff8281},
	{"case 22: lhu",           LHU,        A0, A2, 0x40000001, 0x8281},
	{"case 23: lw",            LW,         A0, A2, 0x40000003, 0xffffffff86858483},
	{"case 24: lwu",           LWU,        A0, A2, 0x40000003, 0x0000000086858483},
	{"case 25: ld",            LD,         A0, A2, 0x40000005, 0x8c8b8a8988878685},
	{"case 26: c.lw a3,4(a0)", 0x4154,     A0, A3, 0x40000001, 0xffffffff88878685},
	{"case 27: c.ldsp a0",     0x6502,     SP, A0, 0x40000007, 0x8e8d8c8b8a898887},
	{"case 33: lw x0",         0x00052003, A0, 0,  0x40000001, 0},
	{"case 35: ld over A/B",   LD,         A0, A2, 0x40000ffd, 0xacabaaa9a8a7a6a5},
};
// clang-format on

static struct guest run_user(u32 instruction, unsigned base, u64 address)
{
	struct guest guest = guest_for(instruction, MODE_U);
	guest.x[A1] = VALUE;
	guest.x[base] = address;
	guest_run(&guest);
	return guest;
}

static void load_cases(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(loads); i++) {
		const struct load_case *test = &loads[i];
		struct guest guest = run_user(test->instruction, test->base, test->address);
		unsigned length = (test->instruction & 3) == 3 ? 4 : 2;
		check_end(&guest, "%s completes", test->name);
		check_eq(guest.x[test->result], test->want, "%s: value", test->name);
		check_eq(guest.epc, guest.pc + length, "%s: pc", test->name);
	}
}

static void store_cases(struct world *world)
{
	struct guest guest = run_user(SD_A1, A0, 0x40000003);
	check_end(&guest, "case 28: sd completes");
	check_eq(world_value(world, 0x40000003, 8), VALUE, "case 28: bytes");
	check_eq(world->a[2], 0x82, "case 28: byte before");
	check_eq(world->a[11], 0x8b, "case 28: byte after");
	world_refill(world);
	guest = run_user(0xe910, A0, 0x40000001);
	check_end(&guest, "case 29: c.sd a2,16(a0) completes");
	check_eq(world_value(world, 0x40000011, 8), VALUE, "case 29: bytes");
	world_refill(world);
}

static u64 f_read(unsigned reg)
{
	u64 value;
	if (reg == 31)
		__asm__ volatile("fmv.x.d %0, f31" : "=r"(value));
	else if (reg == 1)
		__asm__ volatile("fmv.x.d %0, f1" : "=r"(value));
	else
		__asm__ volatile("fmv.x.d %0, f0" : "=r"(value));
	return value;
}

static void check_fp_load(u32 instruction, unsigned base, u64 address, unsigned reg, u64 want,
			  const char *name)
{
	struct guest guest = guest_for(instruction, MODE_U);
	guest.x[base] = address;
	guest.status_clear = STATUS_FS;
	guest.status_set = FS_ONE;
	guest_run(&guest);
	check_end(&guest, "%s completes", name);
	check_eq(f_read(reg), want, "%s: value", name);
	check_eq(guest.status >> 13 & 3, 3, "%s: FS dirty", name);
	check_eq(guest.status & STATUS_SD, STATUS_SD, "%s: SD", name);
}

static void fp_cases(struct world *world)
{
	check_fp_load(0x00072f87, A4, 0x40000001, 31, 0xffffffff84838281, "case 30: flw ft11");
	check_fp_load(0x00073007, A4, 0x40000001, 0, 0x8887868584838281, "case 31: fld ft0");
	world_set(world, VA_A - 4096, world->b, PTE_USER);
	world->b[4095] = 0x55;
	check_fp_load(0x00251087, A0, 0x3fffffff, 1, 0xffffffffffff8281, "case 44: flh ft1,2(a0)");
	world_set(world, VA_A - 4096, world->b, 0);

	__asm__ volatile("fmv.d.x f31, %0" ::"r"(0xffffffff479a339e));
	struct guest guest = run_user(0x01f72027, A4, 0x40000001);
	check_end(&guest, "case 32: fsw completes");
	check_eq(world_value(world, 0x40000001, 4), 0x479a339e, "case 32: bytes");
	check_eq(world->a[5], 0x85, "case 32: byte after");
	world_refill(world);
}

static void redirected_faults(struct world *world)
{
	world_set(world, VA_B, world->b, 0);
	struct guest guest = run_user(LD, A0, 0x40000ffd);
	check_trap(&guest, MODE_S, LOAD_PAGE, VA_B, "case 34: second page missing");
	check_eq(guest.epc, guest.pc, "case 34: sepc");
	check_eq(guest.x[A2], VALUE, "case 34: a2 unchanged");
	check_eq(guest.status & STATUS_SPP, 0, "case 34: SPP");

	world_set(world, VA_B, world->b, PTE_USER & ~PTE_W);
	guest = run_user(SD_A1, A0, 0x40000ffd);
	check_trap(&guest, MODE_S, STORE_PAGE, VA_B, "case 36: second page read-only");
	world_refill(world);

	world_set(world, VA_A, world->a, PTE_V | PTE_X | PTE_U | PTE_A | PTE_D);
	guest = run_user(LW, A0, 0x40000001);
	check_trap(&guest, MODE_S, LOAD_PAGE, 0x40000001, "case 37: execute-only, MXR=0");
	guest = guest_for(LW, MODE_U);
	guest.x[A0] = 0x40000001;
	guest.status_set = STATUS_MXR;
	guest_run(&guest);
	check_end(&guest, "case 38: execute-only, MXR=1");
	check_eq(guest.x[A2], 0xffffffff84838281, "case 38: value");
	world_refill(world);

	guest = guest_for(LW, MODE_S);
	guest.x[A0] = 0x40000001;
	guest.status_clear = STATUS_SUM;
	guest_run(&guest);
	check_trap(&guest, MODE_S, LOAD_PAGE, 0x40000001, "case 39: user page in S, SUM=0");
	check_eq(guest.status & STATUS_SPP, STATUS_SPP, "case 39: SPP");
}

static void execute_only_code(struct world *world)
{
	for (char *page = guest_start; page < guest_end; page += 4096)
		world_set(world, guest_va(page) - GUEST_CODE_VA + ALIAS, page,
			  PTE_V | PTE_X | PTE_U | PTE_A | PTE_D);
	struct guest guest = guest_for(LD, MODE_U);
	guest.pc += ALIAS - GUEST_CODE_VA;
	guest.x[A0] = 0x40000001;
	guest_run(&guest);
	check_end(&guest, "case 40: code page is execute-only");
	check_eq(guest.x[A2], 0x8887868584838281, "case 40: value");
}

static void atomics_are_redirected(void)
{
	struct guest guest = run_user(0x00b626af, A2, 0x40000001);
	check_trap(&guest, MODE_S, 6, 0x40000001, "case 41: amoadd.w");
	guest = run_user(0x100636af, A2, 0x40000004);
	check_trap(&guest, MODE_S, 4, 0x40000004, "case 42: lr.d");
	guest = run_user(0x18b626af, A2, 0x40000002);
	check_trap(&guest, MODE_S, 6, 0x40000002, "case 43: sc.w without a reservation");
	check_atomics_trap(MODE_U, MODE_S);
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	struct world world = world_new();
	sbi_call(SBI_FWFT, 0, 0, 0, 0);
	load_cases();
	store_cases(&world);
	fp_cases(&world);
	redirected_faults(&world);
	execute_only_code(&world);
	atomics_are_redirected();
	check_forms_work(&world, MODE_U, VA_A + 16, 8);
	check_forms_work(&world, MODE_S, VA_A + 16, 8);
	check_forms_work(&world, MODE_U, VA_B - 8, 8);
}
