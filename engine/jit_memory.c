/*
 * Loads and stores: the same TLB probe as in the interpreter (engine/verbs.h); a miss calls the
 * micro-op's function.
 *
 * Accesses through the same base register that follow one another closely share one probe, of all
 * the bytes between the lowest and the highest of them. If that fails - they need not be on one
 * page - C functions do all micro-ops from the first access to the last (jit_run). The translation
 * cannot change in between: whatever flushes TLBs also leaves the block (jit_calls.c).
 *
 * A group keeps its host address in rdx. Within it, accesses through another register may be a
 * group as well, as when something is copied: that one's address is on the stack.
 */
#include "engine/jit_table.h"

_Static_assert(sizeof(struct cpu_tlb_entry) == 32, "the probe scales by shifting");
_Static_assert(offsetof(struct cpu_tlb, entry) == 0, "the probe adds the TLB's address");

#define ENTRY_SHIFT 5

static const uint8_t access_size[UOP_COUNT] = {
	[UOP_LD8S] = 1,    [UOP_LD8U] = 1,    [UOP_LD16S] = 2,   [UOP_LD16U] = 2,
	[UOP_LD32S] = 4,   [UOP_LD32U] = 4,   [UOP_LD64] = 8,    [UOP_LD16S_A] = 2,
	[UOP_LD16U_A] = 2, [UOP_LD32S_A] = 4, [UOP_LD32U_A] = 4, [UOP_LD64_A] = 8,
	[UOP_FLD16] = 2,   [UOP_FLD32] = 4,   [UOP_FLD64] = 8,   [UOP_FLD16_A] = 2,
	[UOP_FLD32_A] = 4, [UOP_FLD64_A] = 8, [UOP_ST8] = 1,     [UOP_ST16] = 2,
	[UOP_ST32] = 4,    [UOP_ST64] = 8,    [UOP_ST16_A] = 2,  [UOP_ST32_A] = 4,
	[UOP_ST64_A] = 8,  [UOP_FST16] = 2,   [UOP_FST32] = 4,   [UOP_FST64] = 8,
	[UOP_FST16_A] = 2, [UOP_FST32_A] = 4, [UOP_FST64_A] = 8, [UOP_FLD128] = 16,
	[UOP_FST128] = 16,
};

/* What a group may span in bytes and in micro-ops. */
#define GROUP_BYTES 512
#define GROUP_UOPS  24
/* Offsets that leave room for the rest of the arithmetic. */
#define SMALL_OFFSET (1 << 30)

static bool is_load(const struct uop *uop)
{
	unsigned kind = uop_info[uop->op].kind;
	return kind == UOP_KIND_LOAD || kind == UOP_KIND_FLOAD;
}

static bool is_small(const struct uop *uop)
{
	return uop->imm > -SMALL_OFFSET && uop->imm < SMALL_OFFSET;
}

bool jit_keeps_rdx(const struct uop *uop)
{
	switch ((enum uop_kind)uop_info[uop->op].kind) {
	case UOP_KIND_RRR:
		return uop->op == UOP_MULW || uop->op < UOP_MULH ||
		       (uop->op > UOP_REMUW && (uop->op < UOP_DIV0 || uop->op > UOP_DIVU0Z));
	case UOP_KIND_RRRI:
	case UOP_KIND_RRRR:
	case UOP_KIND_FLAGS: return true;
	case UOP_KIND_RRI:
	case UOP_KIND_RI:
	case UOP_KIND_RR: return uop->op < UOP_CLZ || uop->op > UOP_CPOPW;
	case UOP_KIND_LOAD:
	case UOP_KIND_STORE:
	case UOP_KIND_FLOAD:
	case UOP_KIND_FSTORE: return is_small(uop);
	case UOP_KIND_FF:
	case UOP_KIND_FFF:
	case UOP_KIND_FR:
	case UOP_KIND_RF:
	case UOP_KIND_RFF:
	case UOP_KIND_FFFF:
	case UOP_KIND_VVV:
	case UOP_KIND_VR:
	case UOP_KIND_STATE:
	case UOP_KIND_BRANCH: return true;
	default: return uop->op == UOP_HEAD || uop->op == UOP_CALL_IF;
	}
}

static bool may_share(const struct uop *uop)
{
	return is_small(uop) && !(jit_rows[uop->op].flags & LOWER_ALIGNED);
}

/* The MOV behind a pair of loads that ends it, or NULL; see jit_find_pair_move(). */
static const struct uop *pair_move(const struct uop *first)
{
	const struct uop *second = first + 1, *move = first + 2;
	if (uop_info[first->op].kind != UOP_KIND_LOAD || !jit_is_temporary(first->d) ||
	    uop_info[second->op].kind != UOP_KIND_LOAD || second->a != first->a ||
	    move->op != UOP_MOV || move->a != first->d || move->d == second->d ||
	    move->d == first->a || second->d == first->d || !jit_dies_unseen(move + 1, first->d))
		return NULL;
	return move;
}

const struct uop *jit_find_pair_move(const struct jit_lowering *l)
{
	const struct uop *move = pair_move(l->uop), *last = NULL;
	struct jit_group group;
	if (!move || !may_share(l->uop) || !may_share(l->uop + 1))
		return NULL;
	for (unsigned i = 0; i < JIT_GROUPS; i++)
		if (l->shared[i] && l->shared[i]->uop->a == l->uop->a)
			last = l->shared[i]->last;
	if (!last && !l->shared[0] && !l->rdx_is_mapped && jit_find_group(l->uop, NULL, &group))
		last = group.last; /* is about to begin */
	return last && last >= move ? move : NULL;
}

bool jit_find_group(const struct uop *first, const struct uop *limit, struct jit_group *group)
{
	if (!access_size[first->op] || !may_share(first))
		return false;
	*group = (struct jit_group){.low = first->imm,
				    .high = first->imm + access_size[first->op] - 1};
	group->loads = is_load(first);
	group->stores = !is_load(first);
	const struct uop *uop = first, *before, *before_last = NULL;
	for (unsigned n = 0; n < GROUP_UOPS; n++) {
		if (uop == limit || jit_writes(uop) >> first->a & 1)
			break; /* from here on the base is another */
		before = uop;
		uop += uop_info[uop->op].slots;
		if (!access_size[uop->op]) {
			if (!jit_rows[uop->op].lower || !jit_keeps_rdx(uop) || jit_ends_block(uop))
				break;
			continue;
		}
		if (!is_small(uop))
			break;
		if (uop->a != first->a || !may_share(uop))
			continue;
		int32_t low = uop->imm < group->low ? uop->imm : group->low;
		int32_t high = uop->imm + access_size[uop->op] - 1;
		high = high > group->high ? high : group->high;
		if (high - low >= GROUP_BYTES)
			break;
		group->low = low;
		group->high = high;
		group->loads |= is_load(uop);
		group->stores |= !is_load(uop);
		group->last = uop;
		before_last = before;
	}
	/* The end of a pair is within. */
	if (group->last && group->last != limit && pair_move(before_last))
		group->last = pair_move(before_last);
	return group->last != NULL;
}

static void add_offset(struct x86_code *code, bool wide, unsigned to, unsigned base, int32_t imm)
{
	if (imm)
		x86_op(code, X86_LEA, wide, to, x86_mem(base, imm));
	else
		x86_op(code, X86_MOV, wide, to, x86_reg(base));
}

/* rcx = the entry of base + low. */
static void find_entry(const struct jit *jit, struct x86_code *code, unsigned base, int32_t low)
{
	const unsigned shift = CPU_PAGE_BITS - ENTRY_SHIFT;
	if (jit->has_rorx && !low) {
		x86_rorx(code, false, X86_RCX, x86_reg(base), shift);
	} else {
		add_offset(code, false, X86_RCX, base, low);
		x86_op_imm(code, X86_SHR_I8, false, 0, x86_reg(X86_RCX), shift);
	}
	x86_arith_imm(code, X86_AND_I32, false, x86_reg(X86_RCX),
		      (CPU_TLB_ENTRIES - 1) << ENTRY_SHIFT);
	x86_op(code, X86_ADD, true, X86_RCX, x86_mem(JIT_BASE, JIT_CPU(data_tlb)));
}

/* rcx = the entry of base + low; scratch = what its tags must be; a miss goes to the stub. */
static void compare_tags(struct jit_lowering *l, struct jit_stub *stub,
			 const struct jit_group *group, unsigned base, unsigned scratch,
			 int32_t mask)
{
	struct x86_code *code = l->code;
	if (group->high == group->low && scratch != X86_RDX) { /* one address serves both */
		if (scratch != base || group->high)
			add_offset(code, true, scratch, base, group->high);
		find_entry(l->jit, code, scratch, 0);
	} else {
		find_entry(l->jit, code, base, group->low);
		if (scratch != base || group->high)
			add_offset(code, true, scratch, base, group->high);
	}
	x86_arith_imm(code, X86_AND_I32, true, x86_reg(scratch), mask);
	if (group->loads) {
		x86_op(code, X86_CMP, true, scratch,
		       x86_mem(X86_RCX, offsetof(struct cpu_tlb_entry, read)));
		jit_branch_to_stub(l, stub, X86_NE);
	}
	if (group->stores) {
		x86_op(code, X86_CMP, true, scratch,
		       x86_mem(X86_RCX, offsetof(struct cpu_tlb_entry, write)));
		jit_branch_to_stub(l, stub, X86_NE);
	}
}

/* The TLB's answer is in the entry at rcx: to = it. */
static void load_host(struct x86_code *code, unsigned to)
{
	x86_op(code, X86_MOV, true, to, x86_mem(X86_RCX, offsetof(struct cpu_tlb_entry, host)));
}

/* An offset that leaves no room for arithmetic: rax = host address. */
static struct x86_rm probe_far(struct jit_lowering *l, struct jit_stub *stub,
			       struct jit_group *group, int32_t mask)
{
	jit_load(l, l->uop->a, X86_RAX, true);
	x86_arith_imm(l->code, X86_ADD_I32, true, x86_reg(X86_RAX), l->uop->imm);
	group->high -= group->low;
	group->low = 0;
	compare_tags(l, stub, group, X86_RAX, X86_RDX, mask);
	x86_op(l->code, X86_ADD, true, X86_RAX,
	       x86_mem(X86_RCX, offsetof(struct cpu_tlb_entry, host)));
	return x86_mem(X86_RAX, 0);
}

/*
 * Opens a group or probes for one access at base + offset. Returns where the bytes are; spoils rax
 * and rcx. In a group rcx is the TLB's entry, and rdx the host address of the base.
 */
static struct x86_rm probe(struct jit_lowering *l, struct jit_stub *stub,
			   const struct jit_group *group, int32_t offset, int32_t mask)
{
	struct x86_code *code = l->code;
	unsigned base = jit_host(l, l->uop->a),
		 to = group->last && !l->shared[1] ? X86_RDX : X86_RCX;
	if (base == X86_NONE) {
		jit_load(l, l->uop->a, X86_RAX, true);
		compare_tags(l, stub, group, X86_RAX, X86_RAX, mask);
		load_host(code, to);
		x86_op(code, X86_ADD, true, to, jit_home(l->uop->a));
		return x86_mem(to, offset);
	}
	compare_tags(l, stub, group, base, X86_RAX, mask);
	load_host(code, to);
	if (!group->last)
		return x86_mem_index(base, X86_RCX, 0, offset);
	x86_op(code, X86_ADD, true, to, x86_reg(base));
	return x86_mem(to, offset);
}

static struct x86_rm kept_word(const struct jit_stub *keep, size_t member)
{
	return x86_mem(JIT_BASE,
		       JIT_CPU(kept) + (int32_t)(keep->kept * sizeof(struct cpu_kept) + member));
}
#define KEPT(keep, member) kept_word(keep, offsetof(struct cpu_kept, member))

/* Begins an access, or a group of them, that keeps the TLB's answer; NULL: it is not to. */
static struct jit_stub *add_keep(struct jit_lowering *l, const struct jit_group *group)
{
	const struct uop *uop = l->uop;
	if (!(l->steady >> uop->a & 1) || jit_host(l, uop->a) == X86_NONE || !may_share(uop) ||
	    l->jit->kept == CPU_KEPT)
		return NULL;
	struct jit_stub *keep = jit_add_stub(l, STUB_KEEP);
	keep->group = *group;
	keep->kept = l->jit->kept++;
	return keep;
}

/* The same as probe(), by the answer that is kept. */
static struct x86_rm probe_kept(struct jit_lowering *l, struct jit_stub *keep,
				struct jit_stub *miss)
{
	struct x86_code *code = l->code;
	bool group = keep->group.last != NULL;
	unsigned base = jit_host(l, l->uop->a), to = group && !l->shared[1] ? X86_RDX : X86_RCX;
	keep->miss = miss;
	add_offset(code, true, X86_RAX, base, keep->group.low);
	x86_op(code, X86_SUB, true, X86_RAX, KEPT(keep, page));
	x86_op(code, X86_CMP, true, X86_RAX, KEPT(keep, limit));
	jit_branch_to_stub(l, keep, X86_AE);
	keep->back = x86_here(code);
	x86_op(code, X86_MOV, true, to, KEPT(keep, host));
	if (!group)
		return x86_mem_index(base, to, 0, l->uop->imm);
	x86_op(code, X86_ADD, true, to, x86_reg(base));
	return x86_mem(to, l->uop->imm);
}

/* Sets a bit of a bitmap in the CPU. */
static void mark(struct x86_code *code, int32_t bitmap, unsigned bit)
{
	x86_arith_imm(code, X86_OR_I32, false, x86_mem(JIT_BASE, bitmap + (int32_t)(bit / 32 * 4)),
		      (int32_t)(1u << bit % 32));
}

void jit_emit_keep(struct jit_lowering *l, struct jit_stub *stub)
{
	struct x86_code *code = l->code;
	unsigned base = stub->map.host_of[stub->uop->a];
	compare_tags(l, stub->miss, &stub->group, base, X86_RAX, (int32_t)CPU_PAGE_MASK);
	x86_op(code, X86_MOV_TO, true, X86_RAX, KEPT(stub, page));
	x86_op_imm(code, X86_MOV_I32, true, 0, KEPT(stub, limit),
		   (int32_t)CPU_PAGE_SIZE - (stub->group.high - stub->group.low));
	load_host(code, X86_RCX);
	x86_op(code, X86_MOV_TO, true, X86_RCX, KEPT(stub, host));
	mark(code, JIT_CPU(kept_used), stub->kept);
	mark(code, JIT_CPU(kept_words), stub->kept / 64);
	x86_jump(code, stub->back);
}

struct x86_rm jit_probe_aligned(struct jit_lowering *l, struct jit_stub *stub, unsigned size,
				bool loads, bool stores)
{
	const struct jit_group alone = {.last = l->uop, .loads = loads, .stores = stores};
	return probe(l, stub, &alone, 0, (int32_t)(CPU_PAGE_MASK | (size - 1)));
}

/* Where bytes are that a group has probed for. */
static bool find_shared(struct jit_lowering *l, struct x86_rm *bytes)
{
	const struct uop *uop = l->uop;
	if (!may_share(uop))
		return false;
	for (unsigned i = 0; i < JIT_GROUPS; i++) {
		if (!l->shared[i] || uop->a != l->shared[i]->uop->a)
			continue;
		if (i)
			x86_op(l->code, X86_MOV, true, X86_RCX, x86_mem(X86_RSP, 0));
		*bytes = x86_mem(i ? X86_RCX : X86_RDX, uop->imm);
		return true;
	}
	return false;
}

/* Begins a group with this access, where there is one to begin. */
static bool open_group(struct jit_lowering *l, struct x86_rm *bytes)
{
	unsigned i = l->shared[0] ? 1 : 0;
	struct jit_group group;
	if (l->rdx_is_mapped || l->shared[1] ||
	    !jit_find_group(l->uop, i ? l->shared[0]->last : NULL, &group))
		return false;
	struct jit_stub *keep = add_keep(l, &group), *stub = jit_add_stub(l, STUB_GROUP);
	stub->last = group.last;
	l->shared[i] = stub;
	*bytes = keep ? probe_kept(l, keep, stub)
		      : probe(l, stub, &group, l->uop->imm, (int32_t)CPU_PAGE_MASK);
	if (i)
		x86_op(l->code, X86_MOV_TO, true, X86_RCX, x86_mem(X86_RSP, 0));
	return true;
}

/*
 * Where the bytes of the micro-op's access are. *stub is the one to go on from, NULL for accesses
 * that another one has probed for.
 */
static struct x86_rm find_bytes(struct jit_lowering *l, struct jit_stub **stub, unsigned flags)
{
	const struct uop *uop = l->uop;
	struct x86_rm bytes;
	*stub = NULL;
	if (find_shared(l, &bytes) || open_group(l, &bytes))
		return bytes;
	int32_t size = access_size[uop->op], mask = (int32_t)CPU_PAGE_MASK;
	struct jit_group group = {.loads = is_load(uop), .stores = !is_load(uop)};
	group.low = group.high = uop->imm;
	if (flags & LOWER_ALIGNED)
		mask |= size - 1;
	else
		group.high = (int32_t)((uint32_t)uop->imm + (uint32_t)size - 1);
	struct jit_stub *keep = add_keep(l, &group);
	*stub = jit_add_stub(l, STUB_CALL_ANY);
	if (keep)
		return probe_kept(l, keep, *stub);
	if (!is_small(uop))
		return probe_far(l, *stub, &group, mask);
	return probe(l, *stub, &group, uop->imm, mask);
}

/* insn: the load, sign-extending if 64 bits wide. flags: LOWER_WIDE, LOWER_ALIGNED. */
void jit_lower_load(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	struct jit_stub *stub;
	struct x86_rm bytes = find_bytes(l, &stub, flags);
	unsigned result = jit_result(l);
	x86_op(l->code, insn, flags & LOWER_WIDE, result, bytes);
	jit_write(l, result, false);
	if (stub)
		jit_end_stub(l, stub);
}

/* A register that does not hold the address of the bytes. */
static unsigned value_scratch(struct x86_rm bytes)
{
	return bytes.base == X86_RAX ? X86_RCX : X86_RAX;
}

void jit_lower_store(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	struct jit_stub *stub;
	struct x86_rm bytes = find_bytes(l, &stub, flags);
	if (l->uop->b == l->jit->zero_register && insn != X86_MOV16_TO) {
		x86_op_imm(l->code, insn == X86_MOV8_TO ? X86_MOV8_I8 : X86_MOV_I32,
			   flags & LOWER_WIDE, 0, bytes, 0);
	} else {
		unsigned value = jit_read(l, l->uop->b, value_scratch(bytes));
		x86_op(l->code, insn, flags & LOWER_WIDE, value, bytes);
	}
	if (stub)
		jit_end_stub(l, stub);
}

void jit_lower_fp_load(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn;
	struct jit_stub *stub;
	struct x86_rm bytes = find_bytes(l, &stub, flags);
	jit_fp_load(l, access_size[l->uop->op], bytes);
	if (stub)
		jit_end_stub(l, stub);
}

void jit_lower_fp_store(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn;
	struct jit_stub *stub;
	struct x86_rm bytes = find_bytes(l, &stub, flags);
	jit_fp_store(l, access_size[l->uop->op], bytes, value_scratch(bytes));
	if (stub)
		jit_end_stub(l, stub);
}
