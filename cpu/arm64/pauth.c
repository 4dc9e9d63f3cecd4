#include "cpu/arm64/pauth.h"

#include "cpu/arm64/pe.h"
#include "cpu/arm64/qarma5.h"
#include "cpu/arm64/trap.h"

static const struct {
	enum arm64_sysreg low, high;
	uint8_t sctlr_bit;
} keys[] = {
	[A64_KEY_IA] = {A64_APIAKeyLo_EL1, A64_APIAKeyHi_EL1, 31},
	[A64_KEY_IB] = {A64_APIBKeyLo_EL1, A64_APIBKeyHi_EL1, 30},
	[A64_KEY_DA] = {A64_APDAKeyLo_EL1, A64_APDAKeyHi_EL1, 27},
	[A64_KEY_DB] = {A64_APDBKeyLo_EL1, A64_APDBKeyHi_EL1, 13},
	[A64_KEY_GA] = {A64_APGAKeyLo_EL1, A64_APGAKeyHi_EL1, 0 },
};

#define BIT_55 (1ull << 55) /* of a pointer: it belongs to the upper range */

/* -- codes -- */

/*
 * The implementation defined algorithm of FEAT_PACIMP: multiplications by odd constants with
 * the key and the modifier mixed in between, so that every bit of the three reaches every bit of
 * the code. It is fast, and no cipher: who sees codes can compute the key.
 */
static uint64_t mix_code(uint64_t data, uint64_t modifier, uint64_t high, uint64_t low)
{
	uint64_t code = (data ^ high) * 0x9e3779b97f4a7c15;
	code = (code ^ code >> 32 ^ (modifier ^ low)) * 0xd6e8feb86659fd93;
	code = (code ^ code >> 29 ^ high) * 0xa0761d6478bd642f;
	return code ^ code >> 32;
}

static uint64_t compute(const struct arm64_cpu *pe, uint64_t data, uint64_t modifier,
			enum arm64_key key)
{
	uint64_t high = pe->sysreg[keys[key].high], low = pe->sysreg[keys[key].low];
	return arm64_has(pe, A64_FEAT_PACQARMA5) ? qarma5(data, modifier, high, low)
						 : mix_code(data, modifier, high, low);
}

uint64_t arm64_pac_generic(const struct arm64_cpu *pe, uint64_t value, uint64_t modifier)
{
	return compute(pe, value, modifier, A64_KEY_GA) & ~(uint64_t)UINT32_MAX;
}

/* -- pointers -- */

static bool bit(uint64_t value, unsigned number)
{
	return value >> number & 1;
}

/* What TCR_ELx says of the addresses of the current level. */
struct layout {
	uint64_t tcr;
	bool two_ranges; /* bit 55 picks between TTBR0 and TTBR1 */
};

static struct layout layout_of(const struct arm64_cpu *pe)
{
	uint64_t hcr = pe->sysreg[A64_HCR_EL2];
	bool host = hcr & HCR_E2H &&
		    (pe->cpu.level == A64_EL2 || (pe->cpu.level == A64_EL0 && hcr & HCR_TGE));
	if (pe->cpu.level == A64_EL3)
		return (struct layout){pe->sysreg[A64_TCR_EL3], false};
	if (host)
		return (struct layout){pe->sysreg[A64_TCR_EL2], true};
	if (pe->cpu.level == A64_EL2)
		return (struct layout){pe->sysreg[A64_TCR_EL2], false};
	return (struct layout){pe->sysreg[A64_TCR_EL1], true};
}

/* Bits of TCR_ELx of a regime with two ranges (upper: those for TTBR1), and with one. */
enum { TBI0 = 37, TBI1 = 38, TBID0 = 51, TBID1 = 52, DS = 59 };
enum { TBI = 20, TBID = 29, DS_ONE = 32 };

/* Whether the top byte is a tag; instructions' pointers may be told apart. */
static bool top_byte_ignored(struct layout layout, bool upper, bool data)
{
	unsigned tbi = !layout.two_ranges ? TBI : upper ? TBI1 : TBI0;
	unsigned tbid = !layout.two_ranges ? TBID : upper ? TBID1 : TBID0;
	return bit(layout.tcr, tbi) && (data || !bit(layout.tcr, tbid));
}

/* The lowest bit that holds code: the size of the address space. */
static unsigned bottom_bit(struct layout layout, bool upper)
{
	enum { T1SZ = 16, TG0 = 14, TG1 = 30, TG0_64K = 1, TG1_64K = 3 };
	bool second = layout.two_ranges && upper;
	unsigned granule = layout.tcr >> (second ? TG1 : TG0) & 3;
	bool granule_64k = granule == (second ? TG1_64K : TG0_64K);
	bool ds = bit(layout.tcr, layout.two_ranges ? DS : DS_ONE);
	unsigned size = layout.tcr >> (second ? T1SZ : 0) & 63;
	unsigned least = ds || granule_64k ? 12 : 16, most = granule_64k ? 47 : 48;
	return 64 - (size < least ? least : size > most ? most : size);
}

static uint64_t ones(unsigned high, unsigned low)
{
	return UINT64_MAX >> (63 - high) & UINT64_MAX << low;
}

/*
 * Bit 55 tells the range where that is what the tables go by, that is, while the top byte of either
 * range is a tag; bit 63 otherwise.
 */
static uint8_t range_bit(struct layout layout, bool data)
{
	bool tags = layout.two_ranges ? top_byte_ignored(layout, false, data) ||
						top_byte_ignored(layout, true, data)
				      : top_byte_ignored(layout, false, data);
	return tags ? 55 : 63;
}

/* -- what follows for a level -- */

/* The keys whose instructions do something at the current level: SCTLR_ELx turns them on. */
static uint8_t enabled_keys(const struct arm64_cpu *pe)
{
	uint64_t sctlr = arm64_sctlr(pe);
	uint8_t enabled = 1 << A64_KEY_GA;
	for (unsigned key = 0; key < A64_KEY_GA; key++)
		enabled |= (uint8_t)(bit(sctlr, keys[key].sctlr_bit) << key);
	return enabled;
}

/* EL2 and EL3 let lower levels use the keys, or take an exception. */
static bool keys_trapped(const struct arm64_cpu *pe)
{
	if (arm64_is_guest(pe) && !(arm64_hcr(pe) & HCR_API))
		return true;
	return pe->config.highest == A64_EL3 && pe->cpu.level < A64_EL3 &&
	       !(pe->sysreg[A64_SCR_EL3] & SCR_API);
}

/* All above the address but bit 55 and the tag hold code. */
static void set_bits(struct arm64_pac_level *to, struct layout layout, bool data, bool bit55,
		     bool upper)
{
	bool tagged = top_byte_ignored(layout, bit55, data);
	unsigned bottom = bottom_bit(layout, upper);
	to->bits[data][bit55][upper].code = ones(tagged ? 54 : 63, bottom) & ~BIT_55;
	to->bits[data][bit55][upper].upper = ones(tagged ? 55 : 63, bottom);
}

void arm64_pac_make_level(struct arm64_cpu *pe, struct arm64_pac_level *to)
{
	struct layout layout = layout_of(pe);
	to->enabled = enabled_keys(pe);
	to->trapped = keys_trapped(pe);
	for (unsigned data = 0; data < 2; data++) {
		to->range_bit[data] = range_bit(layout, data);
		for (unsigned i = 0; i < 4; i++)
			set_bits(to, layout, data, i & 1, i >> 1);
	}
	pe->pac.known |= (uint8_t)(1u << pe->cpu.level);
}

/* -- instructions -- */

/* The pointer with the extension that addresses of a range have. */
static uint64_t extend(uint64_t pointer, bool upper, uint64_t extension)
{
	return upper ? pointer | extension : pointer & ~extension;
}

uint64_t arm64_pac_add(struct arm64_cpu *pe, uint64_t pointer, uint64_t modifier,
		       enum arm64_key key)
{
	const struct arm64_pac_level *level = arm64_pac_level(pe);
	bool data = key & A64_KEY_DATA, upper = bit(pointer, level->range_bit[data]);
	uint64_t places = level->bits[data][bit(pointer, 55)][upper].code;
	uint64_t extension = level->bits[data][bit(pointer, 55)][upper].upper;
	uint64_t code = compute(pe, extend(pointer, upper, extension), modifier, key);
	uint64_t kept = (pointer & ~places & ~BIT_55) | (uint64_t)upper << 55;
	if (arm64_has(pe, A64_FEAT_PAuth2))
		return kept | ((pointer ^ code) & places);
	bool canonical = (pointer & extension) == 0 || (pointer & extension) == extension;
	uint64_t highest = extension & ~(extension >> 1);
	if (!canonical)
		code = arm64_has(pe, A64_FEAT_EPAC) ? 0 : code ^ highest >> 1;
	return kept | (code & places);
}

uint64_t arm64_pac_strip(struct arm64_cpu *pe, uint64_t pointer, bool data)
{
	const struct arm64_pac_level *level = arm64_pac_level(pe);
	bool upper = bit(pointer, 55);
	return extend(pointer, upper, level->bits[data][upper][upper].upper);
}

uint64_t arm64_pac_authenticate(struct arm64_cpu *pe, uint64_t pointer, uint64_t modifier,
				enum arm64_key key, bool combined, bool *failed)
{
	const struct arm64_pac_level *level = arm64_pac_level(pe);
	bool data = key & A64_KEY_DATA, upper = bit(pointer, 55);
	uint64_t places = level->bits[data][upper][upper].code;
	uint64_t original = extend(pointer, upper, level->bits[data][upper][upper].upper);
	uint64_t code = compute(pe, original, modifier, key);
	*failed = false;
	if (!arm64_has(pe, A64_FEAT_PAuth2)) {
		if (((code ^ pointer) & places) == 0)
			return original;
		/* Two bits that no address has, and that tell the key. */
		unsigned shift = bit(places, 63) ? 61 : 53;
		uint64_t error = key & A64_KEY_B ? 2 : 1;
		return (original & ~(3ull << shift)) | error << shift;
	}
	uint64_t result = pointer ^ (code & places);
	*failed = result != original &&
		  arm64_has(pe, combined ? A64_FEAT_FPACCOMBINE : A64_FEAT_FPAC);
	return result;
}

/* -- ID registers -- */

void arm64_pac_set_id(struct arm64_cpu *pe)
{
	enum { APA = 4, API = 8, GPA = 24, GPI = 28 };
	if (!arm64_has(pe, A64_FEAT_PAuth))
		return;
	uint64_t level = 1;
	static const struct {
		uint8_t feature, level;
	} levels[] = {
		{A64_FEAT_EPAC,        2},
		{A64_FEAT_PAuth2,      3},
		{A64_FEAT_FPAC,        4},
		{A64_FEAT_FPACCOMBINE, 5},
	};
	for (unsigned i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (arm64_has(pe, levels[i].feature))
			level = levels[i].level;
	bool qarma5 = arm64_has(pe, A64_FEAT_PACQARMA5);
	pe->sysreg[A64_ID_AA64ISAR1_EL1] |=
		level << (qarma5 ? APA : API) | 1ull << (qarma5 ? GPA : GPI);
}
