/* Interrupts of the CLINT and of mip: levels, priorities, delegation, Sstc.  Needs two
 * harts for the software interrupt between them. */
#include "test-roms/riscv/lib/rom.h"

#define MSIP(hart)     (CLINT_BASE + 4 * (hart))
#define MTIMECMP(hart) (CLINT_BASE + 0x4000 + 8 * (hart))
#define MTIME          (CLINT_BASE + 0xbff8)
#define STIMECMP       0x14d
#define MENVCFG        0x30a
#define STCE           BIT(63)
#define NEVER          (-1ul)
#define SOON           1000

enum { SSI = 1, MSI = 3, STI = 5, MTI = 7, SEI = 9, MEI = 11 };

GUEST_CODE(run_loop, "1: j 1b");
GUEST_CODE(run_short, "nop\n nop\n nop\n nop");
GUEST_CODE(run_read_stimecmp, "csrr a0, 0x14d");
GUEST_CODE(run_wfi_loop, "1: wfi\n j 1b");

static volatile u64 software_interrupts;

/* Hart 1: counts its software interrupts. */
void rom_secondary(u64 hart, u64 opaque)
{
	(void)opaque;
	csr_write(mie, BIT(MSI));
	for (;;) {
		__asm__ volatile("wfi");
		if (!(csr_read(mip) & BIT(MSI)))
			continue;
		mmio_write32(MSIP(hart), 0);
		__atomic_fetch_add(&software_interrupts, 1, __ATOMIC_SEQ_CST);
	}
}

static struct guest run(const char *code, enum mode mode, u64 set)
{
	struct guest guest = {.mode = mode, .pc = (u64)code, .status_set = set};
	guest_run(&guest);
	return guest;
}

static void wait_for_pending(unsigned bit)
{
	while (!(csr_read(mip) & BIT(bit)))
		;
}

static void quiet(u64 hart)
{
	csr_write(mie, 0);
	csr_write(mideleg, 0);
	csr_write(mip, 0);
	mmio_write32(MSIP(hart), 0);
	mmio_write64(MTIMECMP(hart), NEVER);
}

static void clint_registers(u64 hart)
{
	quiet(hart);
	check_eq(csr_read(mip) & (BIT(MSI) | BIT(MTI)), 0, "MSIP and MTIP are clear");
	mmio_write32(MSIP(hart), -1u);
	check_eq(mmio_read32(MSIP(hart)), 1, "msip holds one bit");
	check_eq(csr_read(mip) & BIT(MSI), BIT(MSI), "mip.MSIP follows msip");
	csr_write(mip, 0);
	check_eq(csr_read(mip) & BIT(MSI), BIT(MSI), "mip.MSIP is read-only");
	mmio_write32(MSIP(hart), 0);
	check_eq(csr_read(mip) & BIT(MSI), 0, "msip = 0 clears it");

	mmio_write64(MTIMECMP(hart), 0x123456789abcdef0);
	check_eq(mmio_read64(MTIMECMP(hart)), 0x123456789abcdef0, "mtimecmp reads back");
	check_eq(mmio_read32(MTIMECMP(hart) + 4), 0x12345678, "upper half of mtimecmp");
	mmio_write32(MTIMECMP(hart), 0x11111111);
	check_eq(mmio_read64(MTIMECMP(hart)), 0x1234567811111111, "lower half written alone");
	mmio_write64(MTIMECMP(hart), 0);
	wait_for_pending(MTI);
	check_true(true, "mtimecmp in the past: MTIP");
	mmio_write64(MTIMECMP(hart), NEVER);
	check_eq(csr_read(mip) & BIT(MTI), 0, "mtimecmp in the far future: MTIP clears");

	u64 before = mmio_read64(MTIME);
	u64 now = csr_read(time);
	u64 after = mmio_read64(MTIME);
	check_true(before <= now && now <= after, "the time CSR is mtime");
}

static void timer_interrupt(u64 hart)
{
	for (enum mode mode = MODE_U; mode <= MODE_M; mode++) {
		if (mode == 2)
			continue;
		u64 due = mmio_read64(MTIME) + SOON;
		mmio_write64(MTIMECMP(hart), due);
		csr_write(mie, BIT(MTI));
		struct guest guest = run(run_loop, mode, STATUS_MPIE);
		check_trap(&guest, MODE_M, IRQ | MTI, 0, "timer interrupt in %c", "US?M"[mode]);
		check_true(mmio_read64(MTIME) >= due, "not before its time");
		quiet(hart);
	}
	mmio_write64(MTIMECMP(hart), mmio_read64(MTIME) + SOON);
	csr_write(mie, BIT(MTI));
	struct guest guest = run(run_wfi_loop, MODE_S, 0);
	check_trap(&guest, MODE_M, IRQ | MTI, 0, "timer interrupt ends wfi");
	quiet(hart);
}

/* All sources but the external machine one at once; each in turn, by priority. */
static void priorities(u64 hart)
{
	static const u8 order[] = {MSI, MTI, SEI, SSI, STI};
	for (unsigned delegated = 0; delegated < 2; delegated++) {
		quiet(hart);
		mmio_write32(MSIP(hart), 1);
		mmio_write64(MTIMECMP(hart), 0);
		wait_for_pending(MTI);
		csr_write(mideleg, delegated ? 0x222 : 0);
		csr_write(mip, 0x222);
		csr_write(mie, 0x2aa);
		for (unsigned i = 0; i < ARRAY_SIZE(order); i++) {
			struct guest guest = run(run_loop, MODE_U, 0);
			bool to_s = delegated && order[i] != MSI && order[i] != MTI;
			check_trap(&guest, to_s ? MODE_S : MODE_M, IRQ | order[i], 0,
				   "priority %u, mideleg=%u", i, delegated);
			csr_clear(mie, BIT(order[i]));
		}
	}
	quiet(hart);
}

static void enables(u64 hart)
{
	quiet(hart);
	csr_write(mip, BIT(SSI));
	csr_write(mie, BIT(SSI));
	struct guest guest = run(run_short, MODE_M, 0);
	check_end(&guest, "MIE=0: not taken in M");
	guest = run(run_short, MODE_M, STATUS_MPIE);
	check_trap(&guest, MODE_M, IRQ | SSI, 0, "MIE=1: taken in M");
	guest = run(run_loop, MODE_S, 0);
	check_trap(&guest, MODE_M, IRQ | SSI, 0, "taken in S whatever MIE");

	csr_write(mideleg, BIT(SSI));
	guest = run(run_short, MODE_M, STATUS_MPIE);
	check_end(&guest, "delegated: never taken in M");
	guest = (struct guest){.mode = MODE_S, .pc = (u64)run_short, .status_clear = STATUS_SIE};
	guest_run(&guest);
	check_end(&guest, "delegated, SIE=0: not taken in S");
	guest = run(run_loop, MODE_S, STATUS_SIE);
	check_trap(&guest, MODE_S, IRQ | SSI, 0, "delegated, SIE=1: taken in S");
	guest = (struct guest){.mode = MODE_U, .pc = (u64)run_loop, .status_clear = STATUS_SIE};
	guest_run(&guest);
	check_trap(&guest, MODE_S, IRQ | SSI, 0, "delegated: taken in U whatever SIE");
	check_eq(csr_read(sip) & BIT(SSI), BIT(SSI), "delegated: sip shows it");
	csr_write(mideleg, 0);
	check_eq(csr_read(sip), 0, "not delegated: sip shows nothing");
	check_eq(csr_read(sie), 0, "not delegated: sie shows nothing");
	csr_write(sie, -1ul);
	check_eq(csr_read(mie), BIT(SSI), "not delegated: sie writes nothing");
	quiet(hart);
}

static void supervisor_view(u64 hart)
{
	quiet(hart);
	csr_write(mideleg, 0x222);
	csr_write(mip, 0x222);
	csr_write(sip, 0);
	check_eq(csr_read(sip) & 0x222, 0x220, "S-mode clears SSIP, not STIP or SEIP");
	csr_write(sip, 0x222);
	check_eq(csr_read(sip) & 0x222, 0x222, "S-mode sets SSIP");
	csr_write(sie, -1ul);
	check_eq(csr_read(mie) & 0xaaa, 0x222, "sie writes the delegated bits only");
	quiet(hart);
}

static void supervisor_timer(u64 hart)
{
	quiet(hart);
	csr_write(mcounteren, 7);
	csr_set(MENVCFG, STCE);
	if (!(csr_read(MENVCFG) & STCE)) {
		check_skip("no Sstc", "stimecmp");
		return;
	}
	csr_write(STIMECMP, NEVER);
	csr_write(mip, BIT(STI));
	check_eq(csr_read(mip) & BIT(STI), 0, "STCE=1: mip.STIP is read-only");
	csr_write(STIMECMP, 0);
	check_eq(csr_read(mip) & BIT(STI), BIT(STI), "stimecmp in the past: STIP");
	csr_write(STIMECMP, NEVER);
	check_eq(csr_read(mip) & BIT(STI), 0, "stimecmp in the far future: no STIP");
	csr_write(mideleg, BIT(STI));
	csr_write(mie, BIT(STI));
	u64 due = csr_read(time) + SOON;
	csr_write(STIMECMP, due);
	struct guest guest = run(run_loop, MODE_U, 0);
	check_trap(&guest, MODE_S, IRQ | STI, 0, "stimecmp interrupt in S");
	check_true(csr_read(time) >= due, "not before its time");
	csr_write(STIMECMP, NEVER);

	guest = run(run_read_stimecmp, MODE_S, 0);
	check_end(&guest, "S reads stimecmp");
	csr_write(mcounteren, 0);
	guest = run(run_read_stimecmp, MODE_S, 0);
	check_trap(&guest, MODE_M, ILLEGAL, 0x14d02573,
		   "mcounteren.TM=0: stimecmp is illegal in S");
	csr_write(mcounteren, 7);
	csr_clear(MENVCFG, STCE);
	guest = run(run_read_stimecmp, MODE_S, 0);
	check_trap(&guest, MODE_M, ILLEGAL, 0x14d02573, "STCE=0: stimecmp is illegal in S");
	csr_write(mip, BIT(STI));
	check_eq(csr_read(mip) & BIT(STI), BIT(STI), "STCE=0: mip.STIP is writable");
	quiet(hart);
}

static void between_harts(void)
{
	for (u64 count = 1; count <= 3; count++) {
		mmio_write32(MSIP(1), 1);
		while (software_interrupts != count)
			;
		check_eq(mmio_read32(MSIP(1)), 0, "hart 1 took software interrupt %lu", count);
	}
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)device_tree;
	csr_write(medeleg, 0);
	clint_registers(hart);
	timer_interrupt(hart);
	priorities(hart);
	enables(hart);
	supervisor_view(hart);
	supervisor_timer(hart);
	between_harts();
}
