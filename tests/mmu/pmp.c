/* Physical memory protection as a value. */
#include "mmu/pmp.h"

#include <criterion/criterion.h>
#include <string.h>

#define TOR   (1 << PMP_A_SHIFT)
#define NA4   (2 << PMP_A_SHIFT)
#define NAPOT (3 << PMP_A_SHIFT)
#define RWX   (PMP_R | PMP_W | PMP_X)

static struct pmp pmp_of(unsigned entries)
{
	return (struct pmp){.entries = (uint8_t)entries};
}

static void set(struct pmp *pmp, unsigned number, uint64_t address, uint8_t cfg)
{
	pmp_write_addr(pmp, number, address);
	pmp_write_cfg(pmp, number, cfg);
}

static bool allows(const struct pmp *pmp, uint64_t address, uint64_t size, unsigned access)
{
	return pmp_check(pmp, address, size, access, false, NULL, NULL);
}

static int entry_of(const struct pmp *pmp, uint64_t address, uint64_t size)
{
	int entry;
	pmp_check(pmp, address, size, PMP_R, false, NULL, &entry);
	return entry;
}

Test(pmp, no_match)
{
	struct pmp none = pmp_of(0), some = pmp_of(16);
	unsigned allowed;
	cr_assert(pmp_check(&none, 0x1000, 8, PMP_R, false, &allowed, NULL));
	cr_assert_eq(allowed, RWX);
	cr_assert_not(pmp_check(&some, 0x1000, 8, PMP_R, false, &allowed, NULL));
	cr_assert_eq(allowed, 0);
	cr_assert(pmp_check(&some, 0x1000, 8, PMP_X, true, &allowed, NULL), "M-mode");
}

Test(pmp, ranges)
{
	static const struct {
		uint64_t previous, address;
		uint8_t mode;
		uint64_t first, last; /* of the match; first > last: none */
	} rows[] = {
		{0x400, 0x800, TOR,   0x1000, 0x1fff          },
		{0x401, 0x402, TOR,   0x1004, 0x1007          },
		{0x800, 0x800, TOR,   1,      0               },
		{0x900, 0x800, TOR,   1,      0               },
		{0,     0x400, NA4,   0x1000, 0x1003          },
		{0,     0x400, NAPOT, 0x1000, 0x1007          },
		{0,     0x401, NAPOT, 0x1000, 0x100f          },
		{0,     0x5ff, NAPOT, 0x1000, 0x1fff          },
		{0,     0x7ff, NAPOT, 0,      0x3fff          },
		{0,     ~0ull, NAPOT, 0,      (1ull << 57) - 1},
		{0,     0x400, 0,     1,      0               },
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pmp pmp = pmp_of(16);
		set(&pmp, 3, rows[i].previous, 0);
		set(&pmp, 4, rows[i].address, rows[i].mode | RWX);
		if (rows[i].first > rows[i].last) {
			cr_assert_eq(entry_of(&pmp, 0x1000, 1), -1, "row %u", i);
			continue;
		}
		cr_assert_eq(entry_of(&pmp, rows[i].first, 1), 4, "row %u", i);
		cr_assert_eq(entry_of(&pmp, rows[i].last, 1), 4, "row %u", i);
		cr_assert_eq(entry_of(&pmp, rows[i].last + 1, 1), -1, "row %u", i);
		if (rows[i].first)
			cr_assert_eq(entry_of(&pmp, rows[i].first - 1, 1), -1, "row %u", i);
	}
}

Test(pmp, tor_of_entry_0_starts_at_0)
{
	struct pmp pmp = pmp_of(16);
	set(&pmp, 0, 0x400, TOR | PMP_R);
	cr_assert(allows(&pmp, 0, 8, PMP_R));
	cr_assert(allows(&pmp, 0xff8, 8, PMP_R));
	cr_assert_not(allows(&pmp, 0x1000, 1, PMP_R));
}

Test(pmp, lowest_entry_decides)
{
	struct pmp pmp = pmp_of(16);
	set(&pmp, 1, 0x400, NA4 | PMP_R);
	set(&pmp, 2, 0x5ff, NAPOT | RWX);
	cr_assert_not(allows(&pmp, 0x1000, 4, PMP_W));
	cr_assert(allows(&pmp, 0x1004, 4, PMP_W));
	cr_assert(allows(&pmp, 0x1000, 4, PMP_R));
}

Test(pmp, partial_match_fails_in_every_mode)
{
	struct pmp pmp = pmp_of(16);
	set(&pmp, 1, 0x400, NA4 | RWX);
	set(&pmp, 2, 0x5ff, NAPOT | RWX);
	for (int machine = 0; machine < 2; machine++) {
		int entry;
		cr_assert_not(pmp_check(&pmp, 0x1000, 8, PMP_R, machine, NULL, &entry));
		cr_assert_eq(entry, 1);
		cr_assert_not(pmp_check(&pmp, 0xffc, 8, PMP_R, machine, NULL, &entry));
	}
}

Test(pmp, locked_entries_bind_machine_mode)
{
	struct pmp pmp = pmp_of(16);
	set(&pmp, 0, 0x5ff, NAPOT | PMP_R);
	cr_assert(pmp_check(&pmp, 0x1000, 8, PMP_W, true, NULL, NULL));
	set(&pmp, 0, 0x5ff, NAPOT | PMP_R | PMP_L);
	cr_assert_not(pmp_check(&pmp, 0x1000, 8, PMP_W, true, NULL, NULL));
	cr_assert(pmp_check(&pmp, 0x1000, 8, PMP_R, true, NULL, NULL));
}

Test(pmp, locks_hold)
{
	struct pmp pmp = pmp_of(16);
	set(&pmp, 0, 1, 0);
	set(&pmp, 1, 0x800, TOR | PMP_L);
	set(&pmp, 0, 7, NA4);
	set(&pmp, 1, 7, 0);
	cr_assert_eq(pmp.addr[0], 1, "base of a locked TOR entry");
	cr_assert_eq(pmp.cfg[0], NA4, "but its own configuration is free");
	cr_assert_eq(pmp.addr[1], 0x800);
	cr_assert_eq(pmp.cfg[1], TOR | PMP_L);
	set(&pmp, 2, 0x900, NA4 | PMP_L);
	set(&pmp, 3, 5, 0);
	set(&pmp, 3, 6, 0);
	cr_assert_eq(pmp.addr[3], 6, "only TOR reaches down");
}

Test(pmp, warl)
{
	struct pmp pmp = pmp_of(16);
	set(&pmp, 0, ~0ull, 0x7f);
	cr_assert_eq(pmp.addr[0], (1ull << 54) - 1);
	cr_assert_eq(pmp.cfg[0], 0x1f, "bits 6:5 do not exist");
	set(&pmp, 0, 0, NA4 | PMP_W | PMP_X);
	cr_assert_eq(pmp.cfg[0], NA4 | PMP_X, "R=0 W=1 is reserved");
	struct pmp before = pmp;
	set(&pmp, 16, 5, NA4 | RWX);
	cr_assert_arr_eq(before.cfg, pmp.cfg, sizeof(pmp.cfg), "entries that are not there");
	cr_assert_arr_eq(before.addr, pmp.addr, sizeof(pmp.addr));
	cr_assert_eq(before.active, pmp.active);
}

Test(pmp, splits_page)
{
	static const struct {
		uint64_t address;
		uint8_t cfg;
		bool splits; /* page 0x1000 */
	} rows[] = {
		{0x5ff, NAPOT, false}, /* 0x1000 - 0x1fff */
		{0x7ff, NAPOT, false}, /* 0 - 0x3fff */
		{0x4ff, NAPOT, true }, /* 0x1000 - 0x17ff */
		{0x400, NA4,   true },
                {0x7ff, NA4,   true },
                {0x800, NA4,   false},
		{0x3ff, NA4,   false},
                {0x401, TOR,   true },
                {0x800, TOR,   false},
		{0x400, TOR,   false},
                {0x801, TOR,   false},
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pmp pmp = pmp_of(16);
		set(&pmp, 0, rows[i].address, rows[i].cfg | PMP_R);
		cr_assert_eq(pmp_splits_page(&pmp, 0x1000), rows[i].splits, "row %u", i);
	}
}

Test(pmp, address_space_ends)
{
	struct pmp pmp = pmp_of(64);
	set(&pmp, 63, ~0ull, NAPOT | RWX);
	cr_assert(allows(&pmp, (1ull << 56) - 8, 8, PMP_R));
	cr_assert_not(allows(&pmp, UINT64_MAX - 3, 8, PMP_R), "no wrap");
}
