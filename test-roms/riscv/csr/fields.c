/* WARL rules: what each field holds after a write, views of one register through
 * another, and the counters (privileged manual, machine- and supervisor-level CSRs). */
#include "test-roms/riscv/lib/rom.h"

/* Bits `mask` of a CSR must read `want` after all-ones and all-zeros are written. */
#define CHECK_FIXED(csr, mask, want, name)                                                         \
	do {                                                                                       \
		u64 old_ = csr_read(csr);                                                          \
		csr_write(csr, -1ul);                                                              \
		u64 ones_ = csr_read(csr);                                                         \
		csr_write(csr, 0);                                                                 \
		u64 zeros_ = csr_read(csr);                                                        \
		csr_write(csr, old_);                                                              \
		check_eq(ones_ &(mask), want, name " after ones");                                 \
		check_eq(zeros_ &(mask), want, name " after zeros");                               \
	} while (0)

/* Bits `mask` of a CSR hold whatever is written to them. */
#define CHECK_WRITABLE(csr, mask, name)                                                            \
	do {                                                                                       \
		u64 old_ = csr_read(csr);                                                          \
		csr_write(csr, mask);                                                              \
		u64 ones_ = csr_read(csr);                                                         \
		csr_write(csr, 0);                                                                 \
		u64 zeros_ = csr_read(csr);                                                        \
		csr_write(csr, old_);                                                              \
		check_eq(ones_ &(mask), mask, name " set");                                        \
		check_eq(zeros_ &(mask), 0, name " cleared");                                      \
	} while (0)

#define PATTERN      0x0123456789abcdeful
#define XL_FIELDS    (15ul << 32)
#define XL_64        (10ul << 32)
#define MISA_LETTERS (BIT(0) | BIT(2) | BIT(3) | BIT(5) | BIT(8) | BIT(12) | BIT(18) | BIT(20))

static void status_fields(void)
{
	u64 old = csr_read(mstatus);
	csr_write(mstatus, -1ul & ~(STATUS_MPRV | STATUS_MIE));
	u64 ones = csr_read(mstatus);
	csr_write(mstatus, 0);
	u64 zeros = csr_read(mstatus);
	csr_write(mstatus, old);
	check_eq(ones & XL_FIELDS, XL_64, "SXL and UXL are 2 after ones");
	check_eq(zeros & XL_FIELDS, XL_64, "SXL and UXL are 2 after zeros");
	u64 writable = STATUS_SIE | STATUS_SPIE | STATUS_MPIE | STATUS_SPP | STATUS_FS |
		       STATUS_SUM | STATUS_MXR | STATUS_TVM | STATUS_TW | STATUS_TSR;
	check_eq(ones & writable, writable, "mstatus bits set");
	check_eq(zeros & writable, 0, "mstatus bits cleared");
	check_eq(ones & (BIT(6) | 3ul << 36), 0, "UBE, SBE and MBE are read-only zero");
	check_eq(ones & (3ul << 15), 0, "XS is read-only zero");

	for (u64 fs = 0; fs < 4; fs++) {
		csr_write(mstatus, (old & ~STATUS_FS) | fs << 13);
		check_eq(csr_read(mstatus) >> 13 & 3, fs, "FS holds %lu", fs);
		check_eq(csr_read(mstatus) >> 63, fs == 3, "SD with FS=%lu", fs);
		check_eq(csr_read(sstatus) >> 63, fs == 3, "sstatus.SD with FS=%lu", fs);
	}
	csr_write(mstatus, old);
}

static void supervisor_status_view(void)
{
	u64 old = csr_read(mstatus);
	csr_write(sstatus, -1ul);
	u64 after = csr_read(mstatus);
	check_eq(after & (STATUS_MIE | STATUS_MPIE | STATUS_MPRV | STATUS_TVM | STATUS_TW |
			  STATUS_TSR),
		 old & (STATUS_MIE | STATUS_MPIE | STATUS_MPRV | STATUS_TVM | STATUS_TW |
			STATUS_TSR),
		 "writing sstatus leaves the machine's fields alone");
	u64 view = STATUS_SIE | STATUS_SPIE | STATUS_SPP | STATUS_FS | STATUS_SUM | STATUS_MXR;
	check_eq(after & view, view, "sstatus writes through to mstatus");
	check_eq(csr_read(sstatus) & ~(view | STATUS_SD | 3ul << 32), 0,
		 "sstatus shows nothing else");
	csr_write(mstatus, old);
}

static void trap_registers(void)
{
	CHECK_WRITABLE(sscratch, PATTERN, "sscratch");
	CHECK_WRITABLE(stval, PATTERN, "stval");
	CHECK_WRITABLE(mtval, PATTERN, "mtval");
	CHECK_WRITABLE(sepc, -2ul, "sepc bits 63:1");
	CHECK_WRITABLE(mepc, -2ul, "mepc bits 63:1");
	CHECK_FIXED(sepc, 1, 0, "sepc bit 0");
	CHECK_FIXED(mepc, 1, 0, "mepc bit 0");
	CHECK_WRITABLE(scause, BIT(63) | 31, "scause");
	CHECK_WRITABLE(mcause, BIT(63) | 31, "mcause");
	CHECK_WRITABLE(stvec, 0x80001234ul & ~3ul, "stvec base");
}

static void configuration(void)
{
	u64 misa_value = csr_read(misa);
	check_eq(misa_value >> 62, 2, "misa.MXL is 2");
	check_eq(misa_value & MISA_LETTERS, MISA_LETTERS, "misa has I M A F D C S U");
	check_eq(misa_value & (BIT(7) | BIT(21)), 0, "misa has no H and no V");
	csr_write(misa, 0);
	check_eq(csr_read(misa), misa_value, "misa is not writable");

	CHECK_WRITABLE(0x306, 7, "mcounteren CY TM IR");
	CHECK_WRITABLE(0x106, 7, "scounteren CY TM IR");
	CHECK_WRITABLE(0x30a, BIT(0) | 3ul << 4 | BIT(6) | BIT(7) | BIT(62) | BIT(63), "menvcfg");
	CHECK_WRITABLE(0x10a, BIT(0) | 3ul << 4 | BIT(6) | BIT(7), "senvcfg");
	CHECK_FIXED(0x30a, BIT(2) | BIT(3) | BIT(59), 0, "menvcfg LPE SSE DTE");
	CHECK_WRITABLE(mie, 0xaaa, "mie");
	CHECK_FIXED(mie, 0x555, 0, "mie, bits of no interrupt");
	CHECK_FIXED(mip, BIT(0) | BIT(2) | BIT(11), 0, "mip, read-only bits");
	CHECK_WRITABLE(0x320, 5, "mcountinhibit");
	CHECK_FIXED(0x320, 2, 0, "mcountinhibit bit 1");
	check_eq(csr_read(mhartid), boot_hart, "mhartid");
	check_eq(csr_read(0xf15), 0, "mconfigptr");
}

static u64 retired_by_three_nops(void)
{
	u64 before, after;
	__asm__ volatile(".option push\n.option norvc\n csrr %0, minstret\n nop\n nop\n nop\n"
			 " csrr %1, minstret\n.option pop"
			 : "=r"(before), "=r"(after));
	return after - before;
}

static void counters(void)
{
	check_eq(retired_by_three_nops(), 4, "minstret counts every instruction");
	csr_write(minstret, 0x1000000000000000);
	check_true(csr_read(minstret) - 0x1000000000000000 < 16, "minstret is writable");
	csr_write(mcycle, 0x2000000000000000);
	check_true(csr_read(mcycle) >> 60 == 2, "mcycle is writable");
	u64 cycle_value = csr_read(cycle);
	check_true(cycle_value >> 60 == 2, "cycle shows mcycle");
	check_true(csr_read(instret) >> 60 == 1, "instret shows minstret");
	csr_write(0x320, 5);
	u64 first = csr_read(minstret);
	u64 first_cycle = csr_read(mcycle);
	check_eq(csr_read(minstret), first, "mcountinhibit.IR stops minstret");
	check_eq(csr_read(mcycle), first_cycle, "mcountinhibit.CY stops mcycle");
	csr_write(0x320, 0);
	u64 time_value = csr_read(time);
	check_true(csr_read(time) >= time_value, "time does not go back");
}

static void floating_point_fields(void)
{
	csr_write(fcsr, -1ul);
	check_eq(csr_read(fcsr), 0xff, "fcsr holds 8 bits");
	check_eq(csr_read(fflags), 0x1f, "fflags is fcsr[4:0]");
	check_eq(csr_read(frm), 7, "frm is fcsr[7:5]");
	csr_write(fflags, 0);
	check_eq(csr_read(fcsr), 0xe0, "writing fflags leaves frm");
	csr_write(frm, 0xfa);
	check_eq(csr_read(fcsr), 0x40, "writing frm takes 3 bits");
	csr_write(fcsr, 0);
	u64 old = csr_read(mstatus);
	csr_write(mstatus, (old & ~STATUS_FS) | 1ul << 13);
	csr_write(fflags, 0);
	check_eq(csr_read(mstatus) >> 13 & 3, 3, "writing fflags dirties FS");
	csr_write(mstatus, old);
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	status_fields();
	supervisor_status_view();
	trap_registers();
	configuration();
	counters();
	floating_point_fields();
}
