/* The page-table walker over small tables in an array. */
#include "mmu/sv.h"

#include <criterion/criterion.h>
#include <string.h>

#include "mmu/mmu.h"

#define ROOT   0x10000ull
#define TABLES 8
#define WORDS  (TABLES * 512 + 4 * 512)

/* Physical memory from ROOT on: first the tables, a free page each. */
struct memory {
	uint64_t words[WORDS];
	unsigned next;    /* table */
	unsigned updates; /* A/D updates done */
	unsigned refuse_updates;
	unsigned disturb; /* this many updates find another value than expected */
};

static bool memory_load(void *opaque, uint64_t physical, uint64_t *pte)
{
	struct memory *memory = opaque;
	if (physical < ROOT || physical - ROOT >= sizeof(memory->words))
		return false;
	*pte = memory->words[(physical - ROOT) / 8];
	return true;
}

static bool memory_update(void *opaque, uint64_t physical, uint64_t expected, uint64_t desired,
			  bool *done)
{
	struct memory *memory = opaque;
	uint64_t *word = &memory->words[(physical - ROOT) / 8];
	if (memory->refuse_updates)
		return false;
	if (memory->disturb) {
		memory->disturb--;
		*word |= 1ull << 8; /* software changes an RSW bit meanwhile */
	}
	*done = *word == expected;
	if (*done) {
		*word = desired;
		memory->updates++;
	}
	return true;
}

static struct sv_context sv39(void)
{
	return (struct sv_context){.root = ROOT, .levels = 3, .napot = true, .pbmt = true};
}

static uint64_t pte_of(uint64_t physical, uint64_t flags)
{
	return physical >> 12 << SV_PTE_PPN_SHIFT | flags;
}

/* Maps one leaf at a level (0: 4 KiB). */
static uint64_t *map(struct memory *memory, const struct sv_context *context, uint64_t address,
		     unsigned level, uint64_t pte)
{
	uint64_t table = ROOT;
	if (!memory->next)
		memory->next = context->guest ? 4 : 1;
	for (unsigned at = context->levels - 1u;; at--) {
		uint64_t mask = context->guest && at == context->levels - 1u ? 0x7ff : 0x1ff;
		uint64_t index = address >> (12 + 9 * at) & mask;
		uint64_t *slot = &memory->words[(table - ROOT) / 8 + index];
		if (at == level) {
			*slot = pte;
			return slot;
		}
		if (!*slot)
			*slot = pte_of(ROOT + 0x1000 * memory->next++, SV_PTE_V);
		table = (*slot & SV_PTE_PPN) << 2;
	}
}

static enum sv_fault walk(struct memory *memory, const struct sv_context *context, uint64_t address,
			  unsigned access, struct sv_result *result)
{
	struct sv_memory callbacks = {memory_load, memory_update, memory};
	return sv_walk(context, &callbacks, address, access, result);
}

#define V  SV_PTE_V
#define R  SV_PTE_R
#define W  SV_PTE_W
#define X  SV_PTE_X
#define U  SV_PTE_U
#define A  SV_PTE_A
#define D  SV_PTE_D
#define N  SV_PTE_N
#define AD (A | D)

Test(sv, sizes_and_modes)
{
	static const struct {
		uint8_t levels, level;
		uint64_t address, physical, expected;
		uint8_t bits;
	} rows[] = {
		{3, 0, 0x40201234,         0x80005000, 0x80005234,     12},
		{3, 1, 0x40212345,         0x80200000, 0x80212345,     21},
		{3, 2, 0x52345678,         0xc0000000, 0xd2345678,     30},
		{3, 0, 0xffffffc000001234, 0x5000,     0x5234,         12},
		{4, 0, 0x7fff40201234,     0x80005000, 0x80005234,     12},
		{4, 3, 0x12345678,         0,          0x12345678,     39},
		{5, 0, 0xff00000000001008, 0x9000,     0x9008,         12},
		{5, 4, 0x123456789abc,     0,          0x123456789abc, 48},
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct memory memory;
		struct sv_result result;
		struct sv_context context = sv39();
		context.levels = rows[i].levels;
		memset(&memory, 0, sizeof(memory));
		map(&memory, &context, rows[i].address, rows[i].level,
		    pte_of(rows[i].physical, V | R | W | AD));
		cr_assert_eq(walk(&memory, &context, rows[i].address, MMU_READ, &result), SV_OK,
			     "row %u: %s", i, result.why);
		cr_assert_eq(result.physical, rows[i].expected, "row %u: 0x%lx", i,
			     result.physical);
		cr_assert_eq(result.page_bits, rows[i].bits, "row %u", i);
		cr_assert_eq(result.count, rows[i].levels - rows[i].level, "row %u", i);
		cr_assert_eq(result.access, MMU_READ | MMU_WRITE);
		cr_assert_null(result.why);
	}
}

Test(sv, canonical_addresses)
{
	static const struct {
		uint8_t levels;
		bool guest;
		uint64_t address;
		bool canonical;
	} rows[] = {
		{3, false, 0x3fffffffff,       true },
                {3, false, 0x4000000000,       false},
		{3, false, 0xffffffc000000000, true },
                {3, false, 0xffffffbfffffffff, false},
		{4, false, 0x7fffffffffff,     true },
                {4, false, 0x800000000000,     false},
		{5, false, 0xffffffffffffff,   true },
                {5, false, 0x100000000000000,  false},
		{5, false, 0xff00000000000000, true },
                {3, true,  0x1ffffffffff,      true },
		{3, true,  0x20000000000,      false},
                {3, true,  0xffffffc000000000, false},
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct memory memory;
		struct sv_result result;
		struct sv_context context = sv39();
		context.levels = rows[i].levels;
		context.guest = rows[i].guest;
		cr_assert_eq(sv_canonical(&context, rows[i].address), rows[i].canonical, "row %u",
			     i);
		if (rows[i].canonical)
			continue;
		cr_assert_eq(walk(&memory, &context, rows[i].address, MMU_READ, &result),
			     SV_FAULT_PAGE);
		cr_assert_str_eq(result.why, "address is not canonical");
	}
}

/* A 4 KiB leaf (or what is meant to be one), an access, and the verdict. */
enum flag { USER = 1, SUM = 2, MXR = 4, UPDATE = 8, NO_NAPOT = 16, NO_PBMT = 32, DEBUG = 64 };

static const struct leaf {
	uint64_t pte;
	unsigned access;
	unsigned flags;  /* enum flag */
	const char *why; /* NULL: translated */
} leaves[] = {
  /* encodings */
	{R | W | AD,                  MMU_READ,                          0,        "PTE.V=0"                                      },
	{V | W | AD,                  MMU_READ,                          0,        "PTE.W=1 with PTE.R=0"                         },
	{V | W | X | AD,              MMU_FETCH,                         0,        "PTE.W=1 with PTE.R=0"                         },
	{V | R | AD | 1ull << 54,     MMU_READ,                          0,        "PTE reserved bits set"                        },
	{V | R | AD | 1ull << 60,     MMU_READ,                          0,        "PTE reserved bits set"                        },
	{V | R | AD | 3ull << 8,      MMU_READ,                          0,        NULL                                           }, /* RSW is software's */
	{V | R | AD | 1ull << 61,     MMU_READ,                          0,        NULL                                           },
	{V | R | AD | 2ull << 61,     MMU_READ,                          0,        NULL                                           },
	{V | R | AD | 3ull << 61,     MMU_READ,                          0,        "PTE.PBMT=3"                                   },
	{V | R | AD | 1ull << 61,     MMU_READ,                          NO_PBMT,  "PTE.PBMT set without menvcfg.PBMTE"           },
	{V | R | AD | N,              MMU_READ,                          NO_NAPOT, "PTE.N=1 without Svnapot"                      },
	{V | R | AD | N,              MMU_READ,                          0,        "PTE.N=1 with a reserved size"                 },
	{V | R | AD | N | 8ull << 10, MMU_READ,                          0,        NULL                                           },
	{V | R | AD | N | 4ull << 10, MMU_READ,                          0,        "PTE.N=1 with a reserved size"                 },
	{V,			   MMU_READ,			  0,        "PTE is a pointer at the last level"           },
 /* U, SUM */
	{V | R | W | X | AD,          MMU_READ,                          USER,     "PTE.U=0 in U-mode"                            },
	{V | R | W | X | AD,          MMU_FETCH,                         USER,     "PTE.U=0 in U-mode"                            },
	{V | R | W | X | U | AD,      MMU_READ,                          USER,     NULL                                           },
	{V | R | W | X | U | AD,      MMU_FETCH,                         USER,     NULL                                           },
	{V | R | W | X | U | AD,      MMU_READ,                          0,        "PTE.U=1 in S-mode with SUM=0"                 },
	{V | R | W | X | U | AD,      MMU_WRITE,                         0,        "PTE.U=1 in S-mode with SUM=0"                 },
	{V | R | W | X | U | AD,      MMU_READ,                          SUM,      NULL                                           },
	{V | R | W | X | U | AD,      MMU_WRITE,                         SUM,      NULL                                           },
	{V | R | W | X | U | AD,      MMU_FETCH,                         SUM,      "PTE.U=1: S-mode never fetches from user pages"},
	{V | R | W | X | U | AD,      MMU_FETCH,                         0,        "PTE.U=1: S-mode never fetches from user pages"},
 /* R, W, X, MXR */
	{V | R | AD,                  MMU_WRITE,                         0,        "PTE.W=0"                                      },
	{V | R | AD,                  MMU_FETCH,                         0,        "PTE.X=0"                                      },
	{V | X | AD,                  MMU_FETCH,                         0,        NULL					   },
	{V | X | AD,                  MMU_READ,                          0,        "PTE.R=0, PTE.X=1 with MXR=0"                  },
	{V | X | AD,                  MMU_READ,                          MXR,      NULL					   },
	{V | X | AD,                  MMU_WRITE,                         MXR,      "PTE.W=0"                                      },
	{V | R | X | AD,              MMU_READ | MMU_WRITE | MMU_ATOMIC, 0,        "PTE.W=0"                                      },
	{V | R | W | AD,              MMU_READ | MMU_WRITE | MMU_ATOMIC, 0,        NULL                                           },
 /* A and D, Svade */
	{V | R | W | D,               MMU_READ,                          0,        "PTE.A=0 with menvcfg.ADUE=0"                  },
	{V | X | D,                   MMU_FETCH,                         0,        "PTE.A=0 with menvcfg.ADUE=0"                  },
	{V | R | W | A,               MMU_WRITE,                         0,        "PTE.D=0 with menvcfg.ADUE=0"                  },
	{V | R | W | A,               MMU_READ,                          0,        NULL					   },
	{V | R | W,                   MMU_WRITE,                         UPDATE,   NULL					   },
	{V | R | W,                   MMU_WRITE,                         DEBUG,    NULL					   },
 /* cache-block operations: what a load needs, never D */
	{V | R | A,                   MMU_CBO,                           0,        NULL					   },
	{V | R | A,                   MMU_READ | MMU_CBO,                0,        NULL                                           },
	{V | X | A,                   MMU_CBO,                           0,        "PTE.R=0, PTE.X=1 with MXR=0"                  },
	{V | R,		       MMU_CBO,			   0,        "PTE.A=0 with menvcfg.ADUE=0"                  },
	{V | R | W | A,               MMU_WRITE | MMU_CBO,               0,        "PTE.D=0 with menvcfg.ADUE=0"                  },
};

Test(sv, leaf_rules)
{
	const uint64_t address = 0x40001000;
	for (unsigned i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
		static struct memory memory;
		const struct leaf *leaf = &leaves[i];
		struct sv_result result;
		struct sv_context context = sv39();
		context.user = leaf->flags & USER;
		context.sum = leaf->flags & SUM;
		context.mxr = leaf->flags & MXR;
		context.update = leaf->flags & UPDATE;
		context.napot = !(leaf->flags & NO_NAPOT);
		context.pbmt = !(leaf->flags & NO_PBMT);
		context.debug = leaf->flags & DEBUG;
		memset(&memory, 0, sizeof(memory));
		map(&memory, &context, address, 0, leaf->pte);
		enum sv_fault fault = walk(&memory, &context, address, leaf->access, &result);
		cr_expect_eq(fault, leaf->why ? SV_FAULT_PAGE : SV_OK, "row %u: %s", i, result.why);
		if (leaf->why && result.why)
			cr_expect_str_eq(result.why, leaf->why, "row %u: %s", i, result.why);
		cr_expect_eq(memory.updates, leaf->flags & UPDATE ? 1 : 0, "row %u", i);
	}
}

Test(sv, pointer_rules)
{
	static const uint64_t bad[] = {V | U, V | A, V | D, V | N, V | 1ull << 61};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		static struct memory memory;
		struct sv_result result;
		struct sv_context context = sv39();
		memset(&memory, 0, sizeof(memory));
		map(&memory, &context, 0x40001000, 0, V | R | AD);
		memory.words[1] = pte_of(ROOT + 0x1000, bad[i]);
		cr_assert_eq(walk(&memory, &context, 0x40001000, MMU_READ, &result), SV_FAULT_PAGE,
			     "row %u", i);
	}
}

Test(sv, misaligned_superpages)
{
	for (unsigned level = 1; level < 3; level++) {
		static struct memory memory;
		struct sv_result result;
		struct sv_context context = sv39();
		memset(&memory, 0, sizeof(memory));
		map(&memory, &context, 0x40000000, level, pte_of(0x1000, V | R | AD));
		cr_assert_eq(walk(&memory, &context, 0x40000000, MMU_READ, &result), SV_FAULT_PAGE);
		cr_assert_str_eq(result.why, "PTE superpage misaligned");
	}
}

Test(sv, napot_maps_64_kib)
{
	static struct memory memory;
	struct sv_result result;
	struct sv_context context = sv39();
	for (unsigned page = 0; page < 16; page++)
		map(&memory, &context, 0x40000000 + page * 0x1000, 0,
		    pte_of(0x80008000, V | R | AD | N));
	for (unsigned page = 0; page < 16; page++) {
		uint64_t address = 0x40000000 + page * 0x1000 + 0x10;
		cr_assert_eq(walk(&memory, &context, address, MMU_READ, &result), SV_OK);
		cr_assert_eq(result.physical, 0x80000010 + page * 0x1000);
		cr_assert_eq(result.page_bits, 16);
	}
}

Test(sv, UN_02_table_outside_of_memory_is_an_access_fault)
{
	static struct memory memory;
	struct sv_result result;
	struct sv_context context = sv39();
	memory.words[1] = pte_of(0xdead0000, V);
	cr_assert_eq(walk(&memory, &context, 0x40001000, MMU_READ, &result), SV_FAULT_ACCESS);
	cr_assert_eq(result.pte_address, 0xdead0000);
	context.root = 0xdead0000;
	cr_assert_eq(walk(&memory, &context, 0x40001000, MMU_READ, &result), SV_FAULT_ACCESS);
}

Test(sv, hardware_updates)
{
	static struct memory memory;
	struct sv_result result;
	struct sv_context context = sv39();
	context.update = true;
	uint64_t *pte = map(&memory, &context, 0x1000, 0, pte_of(0x5000, V | R | W));
	cr_assert_eq(walk(&memory, &context, 0x1000, MMU_READ, &result), SV_OK);
	cr_assert_eq(*pte & AD, A);
	cr_assert_eq(result.access, MMU_READ, "D=0: writes are not cached as allowed");
	cr_assert_eq(walk(&memory, &context, 0x1000, MMU_WRITE, &result), SV_OK);
	cr_assert_eq(*pte & AD, AD);
	cr_assert_eq(result.access, MMU_READ | MMU_WRITE);
	cr_assert_eq(result.pte[2], *pte, "the entry as it is now");
	cr_assert_eq(memory.updates, 2);

	*pte = pte_of(0x5000, V | R | W);
	memory.disturb = 1;
	cr_assert_eq(walk(&memory, &context, 0x1000, MMU_WRITE, &result), SV_OK);
	cr_assert_eq(*pte, pte_of(0x5000, V | R | W | AD | 1ull << 8), "restarted, nothing lost");

	*pte = pte_of(0x5000, V | R | W);
	memory.refuse_updates = 1;
	cr_assert_eq(walk(&memory, &context, 0x1000, MMU_READ, &result), SV_FAULT_ACCESS);
	context.debug = true;
	cr_assert_eq(walk(&memory, &context, 0x1000, MMU_WRITE, &result), SV_OK);
	cr_assert_eq(*pte, pte_of(0x5000, V | R | W), "a debugger changes nothing");
}

Test(sv, permission_is_checked_before_an_update)
{
	static struct memory memory;
	struct sv_result result;
	struct sv_context context = sv39();
	context.update = true;
	map(&memory, &context, 0x1000, 0, pte_of(0x5000, V | R));
	cr_assert_eq(walk(&memory, &context, 0x1000, MMU_WRITE, &result), SV_FAULT_PAGE);
	cr_assert_eq(memory.updates, 0);
}

Test(sv, cached_rights_are_exact)
{
	static struct memory memory;
	struct sv_result result;
	struct sv_context context = sv39();
	map(&memory, &context, 0x1000, 0, pte_of(0x5000, V | R | W | X | U | AD));
	map(&memory, &context, 0x2000, 0, pte_of(0x5000, V | X | AD));
	context.user = true;
	walk(&memory, &context, 0x1000, MMU_READ, &result);
	cr_assert_eq(result.access, MMU_READ | MMU_WRITE | MMU_FETCH);
	context.user = false;
	context.sum = true;
	walk(&memory, &context, 0x1000, MMU_READ, &result);
	cr_assert_eq(result.access, MMU_READ | MMU_WRITE);
	walk(&memory, &context, 0x2000, MMU_FETCH, &result);
	cr_assert_eq(result.access, MMU_FETCH);
	context.mxr = true;
	walk(&memory, &context, 0x2000, MMU_FETCH, &result);
	cr_assert_eq(result.access, MMU_FETCH | MMU_READ);
}

Test(sv, guest_stage_has_a_wider_root)
{
	static struct memory memory;
	struct sv_result result;
	struct sv_context context = sv39();
	context.guest = true;
	context.user = true;
	const uint64_t address = 0x1fffffff000;
	map(&memory, &context, address, 0, pte_of(0x5000, V | R | U | AD));
	cr_assert_eq(walk(&memory, &context, address, MMU_READ, &result), SV_OK, "%s", result.why);
	cr_assert_eq(result.physical, 0x5000);
	map(&memory, &context, 0x3000, 0, pte_of(0x5000, V | R | AD));
	cr_assert_eq(walk(&memory, &context, 0x3000, MMU_READ, &result), SV_FAULT_PAGE);
	cr_assert_str_eq(result.why, "PTE.U=0 in the G-stage");
}
