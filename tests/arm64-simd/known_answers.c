/* Published answers of the standards, reached with the cryptographic instructions. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/arm64-insn/bench.h"

/* Instructions with registers V0 and up at their places. */
#define TWO(op, d, n)      ((uint32_t)(op) | (n) << 5 | (d))
#define THREE(op, d, n, m) ((uint32_t)(op) | (m) << 16 | (n) << 5 | (d))

enum {
	AESE = 0x4e284800,
	AESD = 0x4e285800,
	AESMC = 0x4e286800,
	AESIMC = 0x4e287800,
	SHA1C = 0x5e000000,
	SHA1P = 0x5e001000,
	SHA1M = 0x5e002000,
	SHA1SU0 = 0x5e003000,
	SHA1H = 0x5e280800,
	SHA1SU1 = 0x5e281800,
	SHA256H = 0x5e004000,
	SHA256H2 = 0x5e005000,
	SHA256SU1 = 0x5e006000,
	SHA256SU0 = 0x5e282800,
	SM4E = (int)0xcec08400,
	SM4EKEY = (int)0xce60c800,
};

static void run(struct bench *bench, uint32_t word)
{
	cr_assert(bench_run(bench, &word, 1), "%08x: ESR %lx", word, bench_esr(bench));
	bench_set_level(bench, A64_EL1);
}

static void start(struct bench *bench, const char *engine)
{
	bench_init(bench, engine, NULL);
	bench->pe->sysreg[A64_CPACR_EL1] = 3 << 20;
	bench_set_level(bench, A64_EL1);
}

static uint32_t rotate_right(uint32_t x, unsigned by)
{
	return x >> by | x << (32 - by);
}

/* -- AES-128: FIPS 197, appendix C.1 -- */

static void expand_key(struct bench *bench, union cpu_vector keys[11])
{
	union cpu_vector *v = bench->pe->cpu.v;
	uint8_t constant = 1;
	for (unsigned i = 0; i < 16; i++)
		keys[0].b[i] = (uint8_t)i;
	for (unsigned round = 1; round < 11; round++) {
		/* SubWord: all columns alike, rows do not matter. */
		uint32_t last = keys[round - 1].s[3];
		v[0] = (union cpu_vector){
			.s = {last, last, last, last}
                };
		v[1] = (union cpu_vector){{0}};
		run(bench, TWO(AESE, 0, 1));
		uint32_t word = rotate_right(v[0].s[0], 8) ^ constant;
		for (unsigned i = 0; i < 4; i++)
			keys[round].s[i] = word ^= keys[round - 1].s[i];
		constant = (uint8_t)(constant << 1 ^ (constant >> 7) * 0x1b);
	}
}

Test(arm64_crypto, aes_128_of_fips_197)
{
	static const uint8_t cipher[16] = {0x69, 0xc4, 0xe0, 0xd8, 0x6a, 0x7b, 0x04, 0x30,
					   0xd8, 0xcd, 0xb7, 0x80, 0x70, 0xb4, 0xc5, 0x5a};
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		union cpu_vector keys[11];
		start(&bench, bench_engines[e]);
		union cpu_vector *v = bench.pe->cpu.v;
		expand_key(&bench, keys);
		for (unsigned i = 0; i < 16; i++)
			v[0].b[i] = (uint8_t)(i * 0x11);
		for (unsigned round = 0; round < 10; round++) {
			v[1] = keys[round];
			run(&bench, TWO(AESE, 0, 1));
			if (round < 9)
				run(&bench, TWO(AESMC, 0, 0));
		}
		for (unsigned half = 0; half < 2; half++)
			v[0].d[half] ^= keys[10].d[half];
		cr_expect_arr_eq(v[0].b, cipher, 16, "%s", bench_engines[e]);
		/* And back, by the equivalent inverse cipher (section 5.3.5). */
		v[1] = keys[10];
		run(&bench, TWO(AESD, 0, 1));
		for (unsigned round = 9; round > 0; round--) {
			run(&bench, TWO(AESIMC, 0, 0));
			v[1] = keys[round];
			run(&bench, TWO(AESIMC, 1, 1));
			run(&bench, TWO(AESD, 0, 1));
		}
		for (unsigned i = 0; i < 16; i++)
			cr_expect_eq(v[0].b[i] ^ keys[0].b[i], i * 0x11, "%s: byte %u",
				     bench_engines[e], i);
		bench_fini(&bench);
	}
}

/* -- SHA-1 and SHA-256 of "abc": FIPS 180-4's examples -- */

/* The padded message, as words. */
static void message(union cpu_vector w[4])
{
	memset(w, 0, 4 * sizeof(*w));
	w[0].s[0] = 0x61626380;
	w[3].s[3] = 24;
}

Test(arm64_crypto, sha_1_of_abc)
{
	static const uint32_t digest[] = {0xa9993e36, 0x4706816a, 0xba3e2571, 0x7850c26c,
					  0x9cd0d89d};
	static const uint32_t start_value[] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
					       0xc3d2e1f0};
	static const uint32_t constants[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
	static const uint32_t rounds[] = {SHA1C, SHA1P, SHA1M, SHA1P};
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		start(&bench, bench_engines[e]);
		union cpu_vector *v = bench.pe->cpu.v;
		message(&v[4]);
		memcpy(v[0].s, start_value, 16);
		v[1].s[0] = start_value[4];
		for (unsigned i = 0; i < 20; i++) {
			unsigned w = 4 + i % 4;
			for (unsigned lane = 0; lane < 4; lane++)
				v[2].s[lane] = v[w].s[lane] + constants[i / 5];
			run(&bench, TWO(SHA1H, 3, 0));
			run(&bench, THREE(rounds[i / 5], 0, 1, 2));
			v[1] = v[3];
			/* Words of four rounds hence take the place of these. */
			run(&bench, THREE(SHA1SU0, w, 4 + (i + 1) % 4, 4 + (i + 2) % 4));
			run(&bench, TWO(SHA1SU1, w, 4 + (i + 3) % 4));
		}
		for (unsigned i = 0; i < 5; i++) {
			uint32_t word = i < 4 ? v[0].s[i] : v[1].s[0];
			cr_expect_eq(word + start_value[i], digest[i], "%s: word %u",
				     bench_engines[e], i);
		}
		bench_fini(&bench);
	}
}

/* The first 32 bits of the fractional part of the cube root of a prime. */
static uint32_t cube_root_fraction(unsigned prime)
{
	unsigned __int128 low = 0, high = 8ull << 32, target = (unsigned __int128)prime << 96;
	while (high - low > 1) {
		unsigned __int128 middle = (low + high) / 2;
		if (middle * middle * middle <= target)
			low = middle;
		else
			high = middle;
	}
	return (uint32_t)low;
}

static unsigned next_prime(unsigned n)
{
	for (bool found = false; !found;) {
		n++;
		found = true;
		for (unsigned i = 2; i * i <= n; i++)
			found &= n % i != 0;
	}
	return n;
}

Test(arm64_crypto, sha_256_of_abc)
{
	static const uint32_t digest[] = {0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223,
					  0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad};
	static const uint32_t start_value[] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
					       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		unsigned prime = 1;
		start(&bench, bench_engines[e]);
		union cpu_vector *v = bench.pe->cpu.v;
		message(&v[4]);
		memcpy(v[0].s, start_value, 16);
		memcpy(v[1].s, start_value + 4, 16);
		for (unsigned i = 0; i < 16; i++) {
			unsigned w = 4 + i % 4;
			for (unsigned lane = 0; lane < 4; lane++) {
				prime = next_prime(prime);
				v[2].s[lane] = v[w].s[lane] + cube_root_fraction(prime);
			}
			v[3] = v[0];
			run(&bench, THREE(SHA256H, 0, 1, 2));
			run(&bench, THREE(SHA256H2, 1, 3, 2));
			run(&bench, TWO(SHA256SU0, w, 4 + (i + 1) % 4));
			run(&bench, THREE(SHA256SU1, w, 4 + (i + 2) % 4, 4 + (i + 3) % 4));
		}
		for (unsigned i = 0; i < 8; i++)
			cr_expect_eq(v[i / 4].s[i % 4] + start_value[i], digest[i], "%s: word %u",
				     bench_engines[e], i);
		bench_fini(&bench);
	}
}

/* -- SM4: GB/T 32907, example 1: key and plain text are the same -- */

Test(arm64_crypto, sm4_of_the_standard)
{
	static const uint32_t text[] = {0x01234567, 0x89abcdef, 0xfedcba98, 0x76543210};
	static const uint32_t cipher[] = {0x681edf34, 0xd206965e, 0x86b3e94f, 0x536e4246};
	static const uint32_t family[] = {0xa3b1bac6, 0x56aa3350, 0x677d9197, 0xb27022dc};
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		start(&bench, bench_engines[e]);
		union cpu_vector *v = bench.pe->cpu.v;
		for (unsigned i = 0; i < 4; i++)
			v[0].s[i] = text[i] ^ family[i];
		memcpy(v[2].s, text, 16);
		for (unsigned i = 0; i < 8; i++) {
			for (unsigned n = 0; n < 16; n++) {
				/* Constants: byte n of a word counts from its highest one on. */
				unsigned byte = (16 * i + n) * 7 & 255;
				v[1].b[n ^ 3] = (uint8_t)byte;
			}
			run(&bench, THREE(SM4EKEY, 0, 0, 1));
			run(&bench, TWO(SM4E, 2, 0));
		}
		for (unsigned i = 0; i < 4; i++)
			cr_expect_eq(v[2].s[3 - i], cipher[i], "%s: word %u", bench_engines[e], i);
		bench_fini(&bench);
	}
}
