/*
 * Random bytes as a RISC-V guest, run by every engine: nothing that a guest executes may harm the
 * host, and all engines must end in the same state, memory included.
 *
 * Input: one byte of options, then the program. It starts at the bottom of RAM; traps end
 * in a handler that goes on after the trapped instruction, within the program.
 */
#include "cpu/riscv/riscv.h"
#include "fuzz/engines.h"

#define RAM_BASE 0x80000000ull
#define RAM_SIZE (256 << 10)
#define TICKS    600
#define HANDLERS (RAM_SIZE / 2)

/* Bits of the option byte. */
enum { OPTION_LEVEL = 3, OPTION_MISALIGNED_TRAP = 4, OPTION_FP = 8, OPTION_PAGING = 16 };

/*
 * csrrw t6, mscratch, t6; csrr t6, mepc; addi t6, t6, 4; keep 17 bits of it and set bit 31; csrw
 * mepc, t6; csrrw t6, mscratch, t6; mret. Then the same for S-mode.
 */
static const uint32_t handlers[2][9] = {
	{0x340f9ff3, 0x34102ff3, 0x004f8f93, 0x02ff9f93, 0x02ffdf93, 0x29ff9f93, 0x341f9073,
	 0x340f9ff3, 0x30200073},
	{0x140f9ff3, 0x14102ff3, 0x004f8f93, 0x02ff9f93, 0x02ffdf93, 0x29ff9f93, 0x141f9073,
	 0x140f9ff3, 0x10200073},
};

struct riscv_guest {
	struct guest guest;
	struct riscv_cpu *hart;
};

static const struct fuzz_isa isa;

static void make(struct guest *guest, uint8_t options)
{
	struct riscv_guest *riscv = (struct riscv_guest *)guest;
	struct riscv_config config;
	riscv_config_default(&config);
	config.misaligned_trap = options & OPTION_MISALIGNED_TRAP;
	riscv->hart = riscv_cpu_new(&guest->machine, &config, 0);
	must(riscv->hart);
}

static void unmake(struct guest *guest)
{
	riscv_cpu_free(((struct riscv_guest *)guest)->hart);
}

static unsigned variant(uint8_t options)
{
	return !!(options & OPTION_MISALIGNED_TRAP);
}

static void write_csr(struct riscv_cpu *hart, const char *name, uint64_t value)
{
	int number = riscv_csr_number(name);
	must(number >= 0);
	riscv_csr_write(hart, (unsigned)number, value);
}

/* One gigapage that maps RAM to itself; the table is RAM's last page. */
static void enable_paging(const struct riscv_guest *riscv, bool user)
{
	uint64_t table = RAM_BASE + RAM_SIZE - MB_PAGE_SIZE;
	uint64_t leaf = RAM_BASE >> 12 << 10 | (user ? 0xdf : 0xcf); /* D A [U] X W R V */
	guest_write(&isa, &riscv->guest, RAM_SIZE - MB_PAGE_SIZE + 2 * sizeof(leaf), &leaf,
		    sizeof(leaf));
	write_csr(riscv->hart, "satp", 8ull << 60 | table >> 12);
}

static void start(struct guest *guest, uint8_t options, const uint8_t *program, size_t size)
{
	const struct riscv_guest *riscv = (const struct riscv_guest *)guest;
	struct riscv_cpu *hart = riscv->hart;
	static const uint8_t levels[] = {RV_M, RV_S, RV_U, RV_M};
	uint8_t level = levels[options & OPTION_LEVEL];
	bool paging = options & OPTION_PAGING;

	guest_write(&isa, guest, 0, program, size);
	guest_write(&isa, guest, HANDLERS, handlers, sizeof(handlers));
	for (unsigned i = 1; i < 32; i++)
		hart->cpu.r[i] = RAM_BASE + 0x1000 * i + (i & 4 ? i : 0);
	write_csr(hart, "mtvec", RAM_BASE + HANDLERS);
	write_csr(hart, "stvec", RAM_BASE + HANDLERS + sizeof(handlers[0]));
	/* S-mode cannot execute its handler from a user page. */
	write_csr(hart, "medeleg", paging && level == RV_U ? 0 : 0xb1ff);
	write_csr(hart, "pmpcfg0", 0x1f);
	write_csr(hart, "pmpaddr0", UINT64_MAX);
	if (options & OPTION_FP)
		write_csr(hart, "mstatus", 0x6000);
	if (paging)
		enable_paging(riscv, level == RV_U);
	hart->cpu.pc = RAM_BASE;
	hart->cpu.level = level;
	riscv_isa.update_mode(&hart->cpu);
	machine_run_until(&guest->machine, TICKS);
}

static const struct fuzz_isa isa = {
	.ram_base = RAM_BASE,
	.ram_size = RAM_SIZE,
	.guest_size = sizeof(struct riscv_guest),
	.variant = variant,
	.make = make,
	.unmake = unmake,
	.start = start,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size >= 2 && size <= RAM_SIZE / 2)
		fuzz_engines(&isa, data, size);
	return 0;
}
