/* Who may touch which CSR: the rule in the address for all 4096 numbers, the six
 * instructions, counters, state enables (privileged manual, CSR listing, Smstateen). */
#include "test-roms/riscv/lib/rom.h"

#define MCOUNTEREN   0x306
#define SCOUNTEREN   0x106
#define MENVCFG      0x30a
#define MSTATEEN0    0x30c
#define ALL_COUNTERS 7

/* csrrs a0, number, zero and csrrw zero, number, a1 */
#define READ_CSR(number)  ((u32)(number) << 20 | 0x2573)
#define WRITE_CSR(number) ((u32)(number) << 20 | 11u << 15 | 0x1073)

static u64 outcome(u32 instruction, enum mode mode)
{
	struct guest guest = {.mode = mode, .pc = (u64)guest_instruction(instruction)};
	guest_run(&guest);
	if (guest.cause == BREAKPOINT)
		return 0;
	bool right = guest.cause == ILLEGAL && guest.tval == instruction;
	return right ? ILLEGAL : 1000 + guest.cause;
}

/* Reading above the own privilege is illegal whatever the register. */
static void privilege_in_number(void)
{
	for (enum mode mode = MODE_U; mode <= MODE_S; mode++) {
		u64 wrong = 0;
		for (u64 number = 0; number < 4096; number++)
			if ((number >> 8 & 3) > mode && outcome(READ_CSR(number), mode) != ILLEGAL)
				wrong = wrong ? wrong : number | BIT(63);
		check_eq(wrong, 0, "%c: no CSR of a higher mode is readable", "US"[mode]);
	}
	u64 wrong = 0;
	for (u64 number = 0xc00; number < 0x1000; number++)
		if (outcome(WRITE_CSR(number), MODE_M) != ILLEGAL)
			wrong = wrong ? wrong : number | BIT(63);
	check_eq(wrong, 0, "M: no CSR of the read-only ranges is writable");
}

/* What must exist on this machine, and in which lowest mode. */
static const struct {
	u16 number;
	u8 mode;
} present[] = {
	{0x001, MODE_U},
        {0x002, MODE_U},
        {0x003, MODE_U},
        {0xc00, MODE_U},
        {0xc01, MODE_U},
	{0xc02, MODE_U},
        {0x100, MODE_S},
        {0x104, MODE_S},
        {0x105, MODE_S},
        {0x106, MODE_S},
	{0x10a, MODE_S},
        {0x10c, MODE_S},
        {0x140, MODE_S},
        {0x141, MODE_S},
        {0x142, MODE_S},
	{0x143, MODE_S},
        {0x144, MODE_S},
        {0x14d, MODE_S},
        {0x180, MODE_S},
        {0x300, MODE_M},
	{0x301, MODE_M},
        {0x302, MODE_M},
        {0x303, MODE_M},
        {0x304, MODE_M},
        {0x305, MODE_M},
	{0x306, MODE_M},
        {0x30a, MODE_M},
        {0x30c, MODE_M},
        {0x320, MODE_M},
        {0x323, MODE_M},
	{0x340, MODE_M},
        {0x341, MODE_M},
        {0x342, MODE_M},
        {0x343, MODE_M},
        {0x344, MODE_M},
	{0x3a0, MODE_M},
        {0x3b0, MODE_M},
        {0xb00, MODE_M},
        {0xb02, MODE_M},
        {0xb03, MODE_M},
	{0xb1f, MODE_M},
        {0xf11, MODE_M},
        {0xf12, MODE_M},
        {0xf13, MODE_M},
        {0xf14, MODE_M},
	{0xf15, MODE_M},
};

static void presence(void)
{
	csr_write(MCOUNTEREN, ALL_COUNTERS);
	csr_write(SCOUNTEREN, ALL_COUNTERS);
	csr_set(MENVCFG, BIT(63));
	csr_write(MSTATEEN0, -1ul);
	for (unsigned i = 0; i < ARRAY_SIZE(present); i++)
		for (enum mode mode = MODE_U; mode <= MODE_M; mode++)
			if (mode != 2)
				check_eq(outcome(READ_CSR(present[i].number), mode),
					 mode >= present[i].mode ? 0 : ILLEGAL, "read 0x%x in %c",
					 (unsigned)present[i].number, "US?M"[mode]);
}

/* The hypervisor and vector registers belong to extensions this hart does not have. */
static void absence(void)
{
	static const u16 numbers[] = {0x200, 0x241, 0x280, 0x600, 0x602, 0x680, 0x34a,
				      0x34b, 0x008, 0x009, 0xc20, 0xc22, 0x7c0, 0x9c0,
				      0xbc0, 0xfc0, 0x3a1, 0x0cc, 0x4ff, 0x5a0};
	for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++)
		check_eq(outcome(READ_CSR(numbers[i]), MODE_M), ILLEGAL, "0x%x does not exist",
			 (unsigned)numbers[i]);
}

/* Reads with x0 or a zero immediate do not write; csrrw always does. */
static void read_only_forms(void)
{
	check_eq(outcome(0xf1402573, MODE_M), 0, "csrrs a0, mhartid, zero reads");
	check_eq(outcome(0xf1403573, MODE_M), 0, "csrrc a0, mhartid, zero reads");
	check_eq(outcome(0xf1406573, MODE_M), 0, "csrrsi a0, mhartid, 0 reads");
	check_eq(outcome(0xf1407573, MODE_M), 0, "csrrci a0, mhartid, 0 reads");
	check_eq(outcome(0xf1401573, MODE_M), ILLEGAL, "csrrw a0, mhartid, zero writes");
	check_eq(outcome(0xf1405573, MODE_M), ILLEGAL, "csrrwi a0, mhartid, 0 writes");
	check_eq(outcome(0xf140e573, MODE_M), ILLEGAL, "csrrsi a0, mhartid, 1 writes");
	check_eq(outcome(0xf145a573, MODE_M), ILLEGAL, "csrrs a0, mhartid, a1 writes");
}

GUEST_CODE(run_operations, "csrrw a0, sscratch, a1\n csrrs a1, sscratch, a2\n"
			   "csrrc a2, sscratch, a3\n csrrwi a3, sscratch, 21\n"
			   "csrrsi a4, sscratch, 10\n csrrci a5, sscratch, 3\n"
			   "csrrw a6, sscratch, a6\n csrrs a7, sscratch, a7");

static void operations(void)
{
	struct guest guest = {.mode = MODE_S, .pc = (u64)run_operations};
	csr_write(sscratch, 0x111);
	guest.x[A1] = 0xff00;
	guest.x[A2] = 0x00ff;
	guest.x[A3] = 0x0ff0;
	guest.x[A6] = 0x1000;
	guest.x[A7] = 0x0234;
	guest_run(&guest);
	check_end(&guest, "the six CSR instructions");
	check_eq(guest.x[A0], 0x111, "csrrw returns the old value");
	check_eq(guest.x[A1], 0xff00, "csrrs returns the old value");
	check_eq(guest.x[A2], 0xffff, "csrrc returns what csrrs made");
	check_eq(guest.x[A3], 0xf00f, "csrrwi returns what csrrc made");
	check_eq(guest.x[A4], 21, "csrrsi returns what csrrwi made");
	check_eq(guest.x[A5], 31, "csrrci returns what csrrsi made");
	check_eq(guest.x[A6], 28, "rd = rs1: the old value");
	check_eq(guest.x[A7], 0x1000, "rd = rs1, csrrs: the old value");
	check_eq(csr_read(sscratch), 0x1234, "and the mask was the old register");
}

static void counter_gates(void)
{
	static const u16 counters[] = {0xc00, 0xc01, 0xc02};
	for (unsigned bit = 0; bit < 3; bit++)
		for (unsigned gates = 0; gates < 4; gates++) {
			bool machine = gates & 1, supervisor = gates & 2;
			csr_write(MCOUNTEREN, machine ? BIT(bit) : ALL_COUNTERS & ~BIT(bit));
			csr_write(SCOUNTEREN, supervisor ? BIT(bit) : ALL_COUNTERS & ~BIT(bit));
			u32 read = READ_CSR(counters[bit]);
			check_eq(outcome(read, MODE_M), 0, "counter %u in M, gates %u", bit, gates);
			check_eq(outcome(read, MODE_S), machine ? 0 : ILLEGAL,
				 "counter %u in S, gates %u", bit, gates);
			check_eq(outcome(read, MODE_U), machine && supervisor ? 0 : ILLEGAL,
				 "counter %u in U, gates %u", bit, gates);
		}
}

static void state_enables(void)
{
	csr_write(MSTATEEN0, 0);
	check_eq(outcome(READ_CSR(0x10c), MODE_S), ILLEGAL, "mstateen0.SE0=0: sstateen0 in S");
	check_eq(outcome(READ_CSR(0x10a), MODE_S), ILLEGAL, "mstateen0.ENVCFG=0: senvcfg in S");
	check_eq(outcome(READ_CSR(0x10a), MODE_M), 0, "mstateen0.ENVCFG=0: senvcfg in M");
	csr_write(MSTATEEN0, BIT(63) | BIT(62));
	check_eq(csr_read(MSTATEEN0) & (3ul << 62), 3ul << 62, "mstateen0 bits 63 and 62");
	check_eq(outcome(READ_CSR(0x10c), MODE_S), 0, "mstateen0.SE0=1: sstateen0 in S");
	check_eq(outcome(READ_CSR(0x10a), MODE_S), 0, "mstateen0.ENVCFG=1: senvcfg in S");
	csr_write(MSTATEEN0, -1ul);
}

static void floating_point_gate(void)
{
	for (u16 number = 1; number <= 3; number++) {
		struct guest guest = {.mode = MODE_S, .status_clear = STATUS_FS};
		guest.pc = (u64)guest_instruction(READ_CSR(number));
		guest_run(&guest);
		check_trap(&guest, MODE_M, ILLEGAL, READ_CSR(number), "FS=0: CSR %u", number);
	}
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	csr_write(medeleg, 0);
	presence();
	absence();
	privilege_in_number();
	read_only_forms();
	operations();
	counter_gates();
	state_enables();
	floating_point_gate();
}
