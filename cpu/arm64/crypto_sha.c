/* SHA-1, SHA-256, SHA-512 (FIPS 180-4) and what SHA-3 is made of. */
#include "cpu/arm64/crypto.h"

/* -- SHA-1: a, b, c, d in Vd from the lowest word up, e in Vn -- */

typedef uint64_t logic(uint64_t x, uint64_t y, uint64_t z);

static uint64_t parity(uint64_t x, uint64_t y, uint64_t z)
{
	return x ^ y ^ z;
}

static inline bool sha1_rounds(struct cpu *cpu, const struct uop *uop, logic *function)
{
	union cpu_vector s = cpu->v[uop->d], w = cpu->v[uop->b];
	uint32_t e = cpu->v[uop->a].s[0];
	for (unsigned i = 0; i < 4; i++) {
		uint32_t t = (uint32_t)function(s.s[1], s.s[2], s.s[3]);
		uint32_t a = e + crypto_rol32(s.s[0], 5) + t + w.s[i];
		e = s.s[3];
		s = (union cpu_vector){
			.s = {a, s.s[0], crypto_rol32(s.s[1], 30), s.s[2]}
                };
	}
	cpu->v[uop->d] = s;
	return true;
}

bool crypto_SHA1C(struct cpu *cpu, const struct uop *uop)
{
	return sha1_rounds(cpu, uop, crypto_choose);
}

bool crypto_SHA1P(struct cpu *cpu, const struct uop *uop)
{
	return sha1_rounds(cpu, uop, parity);
}

bool crypto_SHA1M(struct cpu *cpu, const struct uop *uop)
{
	return sha1_rounds(cpu, uop, crypto_majority);
}

bool crypto_SHA1H(struct cpu *cpu, const struct uop *uop)
{
	cpu->v[uop->d] = (union cpu_vector){.s = {crypto_rol32(cpu->v[uop->a].s[0], 30)}};
	return true;
}

bool crypto_SHA1SU0(struct cpu *cpu, const struct uop *uop)
{
	union cpu_vector d = cpu->v[uop->d], n = cpu->v[uop->a], m = cpu->v[uop->b];
	cpu->v[uop->d].d[0] = d.d[1] ^ d.d[0] ^ m.d[0];
	cpu->v[uop->d].d[1] = n.d[0] ^ d.d[1] ^ m.d[1];
	return true;
}

bool crypto_SHA1SU1(struct cpu *cpu, const struct uop *uop)
{
	union cpu_vector d = cpu->v[uop->d], n = cpu->v[uop->a];
	for (unsigned i = 0; i < 3; i++)
		d.s[i] = crypto_rol32(d.s[i] ^ n.s[i + 1], 1);
	d.s[3] = crypto_rol32(d.s[3], 1) ^ crypto_rol32(d.s[0], 1);
	cpu->v[uop->d] = d;
	return true;
}

/* -- SHA-256: a to d in x, e to h in y -- */

static uint32_t sigma32(uint32_t x, unsigned a, unsigned b, unsigned c)
{
	return crypto_ror32(x, a) ^ crypto_ror32(x, b) ^ crypto_ror32(x, c);
}

/* The same with a shift for the last rotation. */
static uint32_t sigma_shift32(uint32_t x, unsigned a, unsigned b, unsigned c)
{
	return crypto_ror32(x, a) ^ crypto_ror32(x, b) ^ x >> c;
}

static void sha256_rounds(union cpu_vector *x, union cpu_vector *y, union cpu_vector w)
{
	for (unsigned i = 0; i < 4; i++) {
		uint32_t t1 = y->s[3] + sigma32(y->s[0], 6, 11, 25) +
			      (uint32_t)crypto_choose(y->s[0], y->s[1], y->s[2]) + w.s[i];
		uint32_t t2 = sigma32(x->s[0], 2, 13, 22) +
			      (uint32_t)crypto_majority(x->s[0], x->s[1], x->s[2]);
		*y = (union cpu_vector){
			.s = {x->s[3] + t1, y->s[0], y->s[1], y->s[2]}
                };
		*x = (union cpu_vector){
			.s = {t1 + t2, x->s[0], x->s[1], x->s[2]}
                };
	}
}

bool crypto_SHA256H(struct cpu *cpu, const struct uop *uop)
{
	union cpu_vector y = cpu->v[uop->a], x = cpu->v[uop->d];
	sha256_rounds(&x, &y, cpu->v[uop->b]);
	cpu->v[uop->d] = x;
	return true;
}

bool crypto_SHA256H2(struct cpu *cpu, const struct uop *uop)
{
	union cpu_vector x = cpu->v[uop->a], y = cpu->v[uop->d];
	sha256_rounds(&x, &y, cpu->v[uop->b]);
	cpu->v[uop->d] = y;
	return true;
}

bool crypto_SHA256SU0(struct cpu *cpu, const struct uop *uop)
{
	union cpu_vector d = cpu->v[uop->d];
	uint32_t next[] = {d.s[1], d.s[2], d.s[3], cpu->v[uop->a].s[0]};
	for (unsigned i = 0; i < 4; i++)
		cpu->v[uop->d].s[i] = d.s[i] + sigma_shift32(next[i], 7, 18, 3);
	return true;
}

bool crypto_SHA256SU1(struct cpu *cpu, const struct uop *uop)
{
	union cpu_vector d = cpu->v[uop->d], n = cpu->v[uop->a], m = cpu->v[uop->b];
	uint32_t older[] = {n.s[1], n.s[2], n.s[3], m.s[0]};
	for (unsigned i = 0; i < 4; i++) {
		uint32_t newer = i < 2 ? m.s[i + 2] : d.s[i - 2];
		d.s[i] += sigma_shift32(newer, 17, 19, 10) + older[i];
	}
	cpu->v[uop->d] = d;
	return true;
}

/* -- SHA-512 -- */

static uint64_t sigma64(uint64_t x, unsigned a, unsigned b, unsigned c)
{
	return crypto_ror64(x, a) ^ crypto_ror64(x, b) ^ crypto_ror64(x, c);
}

static uint64_t sigma_shift64(uint64_t x, unsigned a, unsigned b, unsigned c)
{
	return crypto_ror64(x, a) ^ crypto_ror64(x, b) ^ x >> c;
}

bool crypto_SHA512H(struct cpu *cpu, const struct uop *uop)
{
	union cpu_vector x = cpu->v[uop->a], y = cpu->v[uop->b], w = cpu->v[uop->d];
	w.d[1] += sigma64(y.d[1], 14, 18, 41) + crypto_choose(y.d[1], x.d[0], x.d[1]);
	uint64_t e = w.d[1] + y.d[0];
	w.d[0] += sigma64(e, 14, 18, 41) + crypto_choose(e, y.d[1], x.d[0]);
	cpu->v[uop->d] = w;
	return true;
}

bool crypto_SHA512H2(struct cpu *cpu, const struct uop *uop)
{
	union cpu_vector x = cpu->v[uop->a], y = cpu->v[uop->b], w = cpu->v[uop->d];
	w.d[1] += sigma64(y.d[0], 28, 34, 39) + crypto_majority(x.d[0], y.d[1], y.d[0]);
	w.d[0] += sigma64(w.d[1], 28, 34, 39) + crypto_majority(w.d[1], y.d[0], y.d[1]);
	cpu->v[uop->d] = w;
	return true;
}

bool crypto_SHA512SU0(struct cpu *cpu, const struct uop *uop)
{
	union cpu_vector w = cpu->v[uop->d];
	w.d[0] += sigma_shift64(w.d[1], 1, 8, 7);
	w.d[1] += sigma_shift64(cpu->v[uop->a].d[0], 1, 8, 7);
	cpu->v[uop->d] = w;
	return true;
}

bool crypto_SHA512SU1(struct cpu *cpu, const struct uop *uop)
{
	union cpu_vector x = cpu->v[uop->a], y = cpu->v[uop->b], w = cpu->v[uop->d];
	for (unsigned half = 0; half < 2; half++)
		w.d[half] += sigma_shift64(x.d[half], 19, 61, 6) + y.d[half];
	cpu->v[uop->d] = w;
	return true;
}

/* -- SHA-3: operations on 64-bit lanes -- */

bool crypto_EOR3(struct cpu *cpu, const struct uop *uop)
{
	union cpu_vector n = cpu->v[uop->a], m = cpu->v[uop->b], a = cpu->v[uop->imm & 31];
	for (unsigned half = 0; half < 2; half++)
		cpu->v[uop->d].d[half] = n.d[half] ^ m.d[half] ^ a.d[half];
	return true;
}

bool crypto_BCAX(struct cpu *cpu, const struct uop *uop)
{
	union cpu_vector n = cpu->v[uop->a], m = cpu->v[uop->b], a = cpu->v[uop->imm & 31];
	for (unsigned half = 0; half < 2; half++)
		cpu->v[uop->d].d[half] = n.d[half] ^ (m.d[half] & ~a.d[half]);
	return true;
}

bool crypto_RAX1(struct cpu *cpu, const struct uop *uop)
{
	union cpu_vector n = cpu->v[uop->a], m = cpu->v[uop->b];
	for (unsigned half = 0; half < 2; half++)
		cpu->v[uop->d].d[half] = n.d[half] ^ crypto_ror64(m.d[half], 63);
	return true;
}

bool crypto_XAR(struct cpu *cpu, const struct uop *uop)
{
	union cpu_vector n = cpu->v[uop->a], m = cpu->v[uop->b];
	for (unsigned half = 0; half < 2; half++)
		cpu->v[uop->d].d[half] =
			crypto_ror64(n.d[half] ^ m.d[half], (unsigned)uop->imm & 63);
	return true;
}
