/* SM3 (GB/T 32905). The state's words count from the highest of a register down. */
#include "cpu/arm64/crypto.h"

/* P0 and P1 of the standard. */
static uint32_t permute0(uint32_t x)
{
	return x ^ crypto_rol32(x, 9) ^ crypto_rol32(x, 17);
}
static uint32_t permute1(uint32_t x)
{
	return x ^ crypto_rol32(x, 15) ^ crypto_rol32(x, 23);
}

bool crypto_SM3SS1(struct cpu *cpu, const struct uop *uop)
{
	uint32_t sum = crypto_rol32(cpu->v[uop->a].s[3], 12) + cpu->v[uop->b].s[3] +
		       cpu->v[uop->imm & 31].s[3];
	cpu->v[uop->d] = (union cpu_vector){
		.s = {0, 0, 0, crypto_rol32(sum, 7)}
        };
	return true;
}

/* The word of Vm that the instruction picks. */
static uint32_t picked(const struct cpu *cpu, const struct uop *uop)
{
	return cpu->v[uop->b].s[uop->imm >> 2 & 3];
}

/* One round of A, B, C, D; f: the function of it. */
static bool first_half(struct cpu *cpu, const struct uop *uop, uint64_t f)
{
	union cpu_vector d = cpu->v[uop->d];
	uint32_t ss2 = cpu->v[uop->a].s[3] ^ crypto_rol32(d.s[3], 12);
	uint32_t tt1 = (uint32_t)f + d.s[0] + ss2 + picked(cpu, uop);
	cpu->v[uop->d] = (union cpu_vector){
		.s = {d.s[1], crypto_rol32(d.s[2], 9), d.s[3], tt1}
        };
	return true;
}

/* One round of E, F, G, H. */
static bool second_half(struct cpu *cpu, const struct uop *uop, uint64_t g)
{
	union cpu_vector d = cpu->v[uop->d];
	uint32_t tt2 = (uint32_t)g + d.s[0] + cpu->v[uop->a].s[3] + picked(cpu, uop);
	cpu->v[uop->d] = (union cpu_vector){
		.s = {d.s[1], crypto_rol32(d.s[2], 19), d.s[3], permute0(tt2)}
        };
	return true;
}

bool crypto_SM3TT1A(struct cpu *cpu, const struct uop *uop)
{
	const union cpu_vector *d = &cpu->v[uop->d];
	return first_half(cpu, uop, d->s[1] ^ d->s[2] ^ d->s[3]);
}

bool crypto_SM3TT1B(struct cpu *cpu, const struct uop *uop)
{
	const union cpu_vector *d = &cpu->v[uop->d];
	return first_half(cpu, uop, crypto_majority(d->s[3], d->s[2], d->s[1]));
}

bool crypto_SM3TT2A(struct cpu *cpu, const struct uop *uop)
{
	const union cpu_vector *d = &cpu->v[uop->d];
	return second_half(cpu, uop, d->s[1] ^ d->s[2] ^ d->s[3]);
}

bool crypto_SM3TT2B(struct cpu *cpu, const struct uop *uop)
{
	const union cpu_vector *d = &cpu->v[uop->d];
	return second_half(cpu, uop, crypto_choose(d->s[3], d->s[2], d->s[1]));
}

bool crypto_SM3PARTW1(struct cpu *cpu, const struct uop *uop)
{
	union cpu_vector d = cpu->v[uop->d], n = cpu->v[uop->a], m = cpu->v[uop->b];
	for (unsigned i = 0; i < 3; i++)
		d.s[i] = permute1(d.s[i] ^ n.s[i] ^ crypto_rol32(m.s[i + 1], 15));
	d.s[3] = permute1(d.s[3] ^ n.s[3] ^ crypto_rol32(d.s[0], 15));
	cpu->v[uop->d] = d;
	return true;
}

bool crypto_SM3PARTW2(struct cpu *cpu, const struct uop *uop)
{
	union cpu_vector d = cpu->v[uop->d], n = cpu->v[uop->a], m = cpu->v[uop->b];
	for (unsigned i = 0; i < 4; i++)
		n.s[i] ^= crypto_rol32(m.s[i], 7);
	for (unsigned i = 0; i < 4; i++)
		d.s[i] ^= n.s[i];
	d.s[3] ^= permute1(crypto_rol32(n.s[0], 15));
	cpu->v[uop->d] = d;
	return true;
}
