/* Misaligned accesses that the hart performs itself (misaligned=hw): section 8.3
 * of the acceptance cases, every form at every offset, and page crossings. */
#include "test-roms/riscv/misaligned/common.h"

#define DELEGATE (BIT(4) | BIT(6) | BIT(LOAD_ACCESS) | BIT(LOAD_PAGE) | BIT(STORE_PAGE))
#define HOLE     0x0a000000ul
#define LW       0x00052603u
#define LD       0x00053603u
#define SD_A1    0x00b53023u
#define ADUE     BIT(61)

static struct guest run_user(u32 instruction, u64 address)
{
	struct guest guest = guest_for(instruction, MODE_U);
	guest.x[A0] = address;
	guest.x[A1] = VALUE;
	guest_run(&guest);
	return guest;
}

static void within_page(void)
{
	for (unsigned delegated = 0; delegated < 2; delegated++) {
		csr_write(medeleg, delegated ? DELEGATE : DELEGATE & ~(BIT(4) | BIT(6)));
		struct guest guest = run_user(LD, 0x40000005);
		check_end(&guest, "case 45: ld completes, medeleg[4]=%u", delegated);
		check_eq(guest.x[A2], 0x8c8b8a8988878685, "case 45: value");
	}
}

static void crossing_faults(struct world *world)
{
	world_set(world, VA_B, world->b, 0);
	struct guest guest = run_user(LW, 0x40000ffe);
	check_trap(&guest, MODE_S, LOAD_PAGE, VA_B, "case 46: second page missing");
	check_eq(guest.x[A2], VALUE, "case 46: a2 unchanged");
	guest = run_user(SD_A1, 0x40000ffc);
	check_trap(&guest, MODE_S, STORE_PAGE, VA_B, "case 47b: store, second page missing");
	check_eq(world_value(world, 0x40000ff8, 8), 0xa7a6a5a4a3a2a1a0,
		 "case 47b: low part not written");

	world_refill(world);
	world_set(world, VA_A, world->a, 0);
	guest = run_user(LW, 0x40000ffe);
	check_trap(&guest, MODE_S, LOAD_PAGE, 0x40000ffe, "case 47: first page missing");

	world_refill(world);
	world_set(world, VA_B, (void *)HOLE, PTE_USER);
	guest = run_user(LW, 0x40000ffe);
	check_trap(&guest, MODE_S, LOAD_ACCESS, VA_B, "case 50: second page is no memory");
	world_refill(world);
}

static void crossing_dirty(struct world *world)
{
	csr_clear(0x30a, ADUE);
	world_refill(world);
	world_set(world, VA_B, world->b, PTE_USER & ~PTE_D);
	struct guest guest = run_user(SD_A1, 0x40000ffc);
	check_trap(&guest, MODE_S, STORE_PAGE, VA_B, "case 48: second page has D=0, Svade");
	check_eq(world_value(world, 0x40000ff8, 8), 0xa7a6a5a4a3a2a1a0,
		 "case 48: low part not written");

	csr_set(0x30a, ADUE);
	if (!(csr_read(0x30a) & ADUE)) {
		check_skip("no Svadu", "case 49: second page has D=0, ADUE=1");
		return;
	}
	world_set(world, VA_A, world->a, PTE_USER & ~PTE_D);
	guest = run_user(SD_A1, 0x40000ffc);
	check_end(&guest, "case 49: second page has D=0, ADUE=1");
	check_eq(world_value(world, 0x40000ffc, 8), VALUE, "case 49: stored");
	u64 both = *page_table_entry(&world->table, VA_A, 0) &
		   *page_table_entry(&world->table, VA_B, 0);
	check_eq(both & PTE_D, PTE_D, "case 49: D set in both pages");
	csr_clear(0x30a, ADUE);
}

static void atomics_always_trap(void)
{
	struct guest guest = guest_for(0x100626af, MODE_U);
	guest.x[A2] = 0x40000001;
	guest_run(&guest);
	check_trap(&guest, MODE_S, 4, 0x40000001, "case 51: lr.w");
	check_atomics_trap(MODE_U, MODE_S);
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	struct world world = world_new();
	within_page();
	crossing_faults(&world);
	crossing_dirty(&world);
	atomics_always_trap();
	check_forms_work(&world, MODE_U, VA_A + 16, 8);
	check_forms_work(&world, MODE_S, VA_A + 16, 8);
	check_forms_work(&world, MODE_U, VA_B - 8, 8);
}
