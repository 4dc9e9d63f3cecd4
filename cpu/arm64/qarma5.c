/*
 * The state is 16 cells of 4 bits, cell 0 in the most significant bits, as the paper numbers them.
 * Rows of the 4 x 4 matrix are 16 bits each.
 */
#include "cpu/arm64/qarma5.h"

#define CELLS  16
#define ROUNDS 5

static const uint64_t alpha = 0xc0ac29b7c97c50dd;
static const uint64_t constants[ROUNDS] = {
	0, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89, 0x452821e638d01377,
};

/* The S-box sigma 2 and its inverse. */
static const uint8_t sigma[16] = {11, 6, 8, 15, 12, 0, 9, 14, 3, 7, 4, 5, 13, 2, 1, 10};
static const uint8_t sigma_inverse[16] = {5, 14, 13, 8, 10, 11, 1, 9, 2, 6, 15, 0, 4, 12, 7, 3};

/* Which cell goes where: the permutations tau of the state and h of the tweak, and inverses. */
static const uint8_t tau[CELLS] = {0, 11, 6, 13, 10, 1, 12, 7, 5, 14, 3, 8, 15, 4, 9, 2};
static const uint8_t tau_inverse[CELLS] = {0, 5, 15, 10, 13, 8, 2, 7, 11, 14, 4, 1, 6, 3, 9, 12};
static const uint8_t h[CELLS] = {6, 5, 14, 15, 0, 1, 2, 3, 7, 12, 13, 4, 8, 9, 10, 11};
static const uint8_t h_inverse[CELLS] = {4, 5, 6, 7, 11, 1, 0, 8, 12, 13, 14, 15, 9, 10, 2, 3};

/* The cells of the tweak that its LFSR steps: 0, 1, 3, 4, 8, 11, 13. */
#define LFSR_CELLS 0xff0ff000f00f0f00ull

#define EACH_CELL(bits) ((bits)*0x1111111111111111ull)

static uint64_t substitute(uint64_t state, const uint8_t box[16])
{
	uint64_t result = 0;
	for (unsigned shift = 0; shift < 64; shift += 4)
		result |= (uint64_t)box[state >> shift & 15] << shift;
	return result;
}

static uint64_t permute(uint64_t state, const uint8_t from[CELLS])
{
	uint64_t result = 0;
	for (unsigned cell = 0; cell < CELLS; cell++)
		result = result << 4 | (state >> (60 - 4 * from[cell]) & 15);
	return result;
}

static uint64_t rotate(uint64_t value, unsigned left)
{
	return value << left | value >> (64 - left);
}

/* All cells rotated left by one bit, or by two. */
static uint64_t rotate_cells_1(uint64_t state)
{
	return (state << 1 & EACH_CELL(14)) | (state >> 3 & EACH_CELL(1));
}

static uint64_t rotate_cells_2(uint64_t state)
{
	return (state << 2 & EACH_CELL(12)) | (state >> 2 & EACH_CELL(3));
}

/* MixColumns with the circulant matrix (0, rho, rho squared, rho): it is its own inverse. */
static uint64_t mix(uint64_t state)
{
	return rotate_cells_1(rotate(state, 16) ^ rotate(state, 48)) ^
	       rotate_cells_2(rotate(state, 32));
}

/* The LFSR: (b3, b2, b1, b0) becomes (b0 ^ b1, b3, b2, b1). */
static uint64_t next_tweak(uint64_t tweak)
{
	tweak = permute(tweak, h);
	uint64_t stepped = (tweak >> 1 & EACH_CELL(7)) | ((tweak << 3 ^ tweak << 2) & EACH_CELL(8));
	return (tweak & ~LFSR_CELLS) | (stepped & LFSR_CELLS);
}

static uint64_t previous_tweak(uint64_t tweak)
{
	uint64_t stepped = (tweak << 1 & EACH_CELL(14)) | ((tweak ^ tweak >> 3) & EACH_CELL(1));
	return permute((tweak & ~LFSR_CELLS) | (stepped & LFSR_CELLS), h_inverse);
}

uint64_t qarma5(uint64_t text, uint64_t tweak, uint64_t whitening, uint64_t core)
{
	uint64_t outer = (whitening << 63 | whitening >> 1) ^ whitening >> 63;
	uint64_t state = text ^ whitening;
	for (unsigned round = 0; round < ROUNDS; round++) {
		state ^= core ^ tweak ^ constants[round];
		if (round)
			state = mix(permute(state, tau));
		state = substitute(state, sigma);
		tweak = next_tweak(tweak);
	}
	/* The reflector between a round forward and one backward. */
	state = substitute(mix(permute(state ^ outer ^ tweak, tau)), sigma);
	state = permute(mix(permute(state, tau)) ^ core, tau_inverse);
	state = permute(mix(substitute(state, sigma_inverse)), tau_inverse);
	state ^= whitening ^ tweak;
	for (unsigned round = ROUNDS; round-- > 0;) {
		state = substitute(state, sigma_inverse);
		if (round)
			state = permute(mix(state), tau_inverse);
		tweak = previous_tweak(tweak);
		state ^= core ^ tweak ^ constants[round] ^ alpha;
	}
	return state ^ outer;
}
