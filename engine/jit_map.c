#include "engine/jit_map.h"

#include <string.h>

#include "engine/jit_lower.h"

#define GUEST(n) (1ull << (n))
#define HOST(n)  ((uint16_t)(1u << (n)))

void jit_map_clear(struct jit_map *map)
{
	memset(map, 0, sizeof(*map));
	memset(map->host_of, X86_NONE, sizeof(map->host_of));
	memset(map->guest_of, JIT_NO_GUEST, sizeof(map->guest_of));
}

void jit_map_assign(struct jit_map *map, unsigned guest, unsigned host)
{
	map->host_of[guest] = (uint8_t)host;
	map->guest_of[host] = (uint8_t)guest;
	map->dirty &= (uint16_t)~HOST(host);
	map->narrow &= ~GUEST(guest);
}

void jit_map_drop(struct jit_map *map, unsigned guest)
{
	unsigned host = map->host_of[guest];
	map->host_of[guest] = X86_NONE;
	map->guest_of[host] = JIT_NO_GUEST;
	map->dirty &= (uint16_t)~HOST(host);
	map->narrow &= ~GUEST(guest);
}

void jit_map_widen(struct jit_map *map, struct x86_code *code, uint64_t guests)
{
	guests &= map->narrow;
	map->narrow &= ~guests;
	for (; guests; guests &= guests - 1) {
		unsigned host = map->host_of[__builtin_ctzll(guests)];
		x86_op(code, X86_MOVSXD, true, host, x86_reg(host));
	}
}

void jit_map_store(struct jit_map *map, struct x86_code *code, uint16_t mask)
{
	mask &= map->dirty;
	map->dirty &= (uint16_t)~mask;
	for (; mask; mask &= (uint16_t)(mask - 1)) {
		unsigned host = (unsigned)__builtin_ctz(mask), guest = map->guest_of[host];
		jit_map_widen(map, code, GUEST(guest));
		x86_op(code, X86_MOV_TO, true, host, jit_home(guest));
	}
}

void jit_map_load(const struct jit_map *map, struct x86_code *code)
{
	for (unsigned host = 0; host < JIT_HOSTS; host++)
		if (map->guest_of[host] != JIT_NO_GUEST)
			x86_op(code, X86_MOV, true, host, jit_home(map->guest_of[host]));
}

/* Host registers of from whose guest register is not to be found there, or not dirty, in to. */
static uint16_t moving(const struct jit_map *from, const struct jit_map *to)
{
	uint16_t mask = 0;
	for (unsigned host = 0; host < JIT_HOSTS; host++)
		if (from->guest_of[host] != to->guest_of[host] || !(to->dirty & HOST(host)))
			mask |= HOST(host);
	return mask;
}

/* Moves between host registers as long as one is free to be overwritten. */
static void move_between(struct jit_map *from, const struct jit_map *to, struct x86_code *code)
{
	for (bool moved = true; moved;) {
		moved = false;
		for (unsigned host = 0; host < JIT_HOSTS; host++) {
			unsigned guest = to->guest_of[host];
			if (guest == JIT_NO_GUEST || from->guest_of[host] != JIT_NO_GUEST ||
			    from->host_of[guest] == X86_NONE)
				continue;
			x86_op(code, X86_MOV, true, host, x86_reg(from->host_of[guest]));
			jit_map_drop(from, guest);
			jit_map_assign(from, guest, host);
			moved = true;
		}
	}
}

void jit_map_change(struct jit_map *from, const struct jit_map *to, struct x86_code *code)
{
	uint64_t word = from->word;
	jit_map_widen(from, code, ~0ull);
	/* What is not to be dirty there, or not in a register at all, is stored. */
	for (unsigned host = 0; host < JIT_HOSTS; host++) {
		unsigned guest = from->guest_of[host];
		if (guest == JIT_NO_GUEST)
			continue;
		unsigned there = to->host_of[guest];
		if (there == X86_NONE || !(to->dirty & HOST(there)))
			jit_map_store(from, code, HOST(host));
		if (there == X86_NONE)
			jit_map_drop(from, guest);
	}
	move_between(from, to, code);
	/* The rest goes round in circles: through memory. */
	jit_map_store(from, code, moving(from, to));
	for (unsigned host = 0; host < JIT_HOSTS; host++) {
		unsigned guest = to->guest_of[host];
		if (guest != JIT_NO_GUEST && guest != from->guest_of[host])
			x86_op(code, X86_MOV, true, host, jit_home(guest));
	}
	*from = *to;
	from->word = word;
}

bool jit_map_fits(const struct jit_map *from, const struct jit_map *to)
{
	if (from->narrow || (from->dirty & moving(from, to)))
		return false;
	for (unsigned host = 0; host < JIT_HOSTS; host++)
		if (to->guest_of[host] != JIT_NO_GUEST &&
		    to->guest_of[host] != from->guest_of[host])
			return false;
	return true;
}
