/*
 * Loads and stores: the same TLB probe as in the interpreter (engine/verbs.h); a miss calls the
 * micro-op's function.
 */
#include "engine/jit_lower.h"

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
	[UOP_FST16_A] = 2, [UOP_FST32_A] = 4, [UOP_FST64_A] = 8,
};

/*
 * rax = host address of the access, or the stub is taken. tag: which member of the entry allows
 * the access. Spoils rcx and rdx.
 */
static struct jit_stub *probe_tlb(struct jit_lowering *l, size_t tag, bool aligned_only)
{
	struct x86_code *code = l->code;
	unsigned size = access_size[l->uop->op], base = jit_host(l, l->uop->a);
	if (base != X86_NONE && l->uop->imm) {
		x86_op(code, X86_LEA, true, X86_RAX, x86_mem(base, l->uop->imm));
	} else {
		jit_load(l, l->uop->a, X86_RAX, true);
		if (l->uop->imm)
			x86_arith_imm(code, X86_ADD_I32, true, x86_reg(X86_RAX), l->uop->imm);
	}
	x86_op(code, X86_MOV, false, X86_RCX, x86_reg(X86_RAX));
	x86_op_imm(code, X86_SHR_I8, false, 0, x86_reg(X86_RCX), CPU_PAGE_BITS - ENTRY_SHIFT);
	x86_arith_imm(code, X86_AND_I32, false, x86_reg(X86_RCX),
		      (CPU_TLB_ENTRIES - 1) << ENTRY_SHIFT);
	x86_op(code, X86_ADD, true, X86_RCX, x86_mem(JIT_BASE, JIT_CPU(data_tlb)));
	int32_t mask = (int32_t)CPU_PAGE_MASK;
	if (aligned_only || size == 1) {
		x86_op(code, X86_MOV, true, X86_RDX, x86_reg(X86_RAX));
		mask |= (int32_t)size - 1;
	} else {
		x86_op(code, X86_LEA, true, X86_RDX, x86_mem(X86_RAX, (int32_t)size - 1));
	}
	x86_arith_imm(code, X86_AND_I32, true, x86_reg(X86_RDX), mask);
	x86_op(code, X86_CMP, true, X86_RDX, x86_mem(X86_RCX, (int32_t)tag));
	struct jit_stub *stub = jit_add_stub(l, STUB_CALL_ANY);
	jit_branch_to_stub(l, stub, X86_NE);
	x86_op(code, X86_ADD, true, X86_RAX,
	       x86_mem(X86_RCX, offsetof(struct cpu_tlb_entry, host)));
	return stub;
}

static struct jit_stub *probe_load(struct jit_lowering *l, bool aligned_only)
{
	return probe_tlb(l, offsetof(struct cpu_tlb_entry, read), aligned_only);
}

static struct jit_stub *probe_store(struct jit_lowering *l, bool aligned_only)
{
	return probe_tlb(l, offsetof(struct cpu_tlb_entry, write), aligned_only);
}

/* insn: the load, sign-extending if 64 bits wide. flags: LOWER_WIDE, LOWER_ALIGNED. */
void jit_lower_load(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	struct jit_stub *stub = probe_load(l, flags & LOWER_ALIGNED);
	unsigned result = jit_result(l);
	x86_op(l->code, insn, flags & LOWER_WIDE, result, x86_mem(X86_RAX, 0));
	jit_write(l, result, false);
	jit_end_stub(l, stub);
}

static void store_from(struct jit_lowering *l, unsigned insn, unsigned value, unsigned flags)
{
	x86_op(l->code, insn, flags & LOWER_WIDE, value, x86_mem(X86_RAX, 0));
}

void jit_lower_store(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	struct jit_stub *stub = probe_store(l, flags & LOWER_ALIGNED);
	store_from(l, insn, jit_read(l, l->uop->b, X86_RCX), flags);
	jit_end_stub(l, stub);
}

void jit_lower_fp_load(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn;
	struct jit_stub *stub = probe_load(l, flags & LOWER_ALIGNED);
	jit_fp_load(l, access_size[l->uop->op]);
	jit_end_stub(l, stub);
}

void jit_lower_fp_store(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn;
	struct jit_stub *stub = probe_store(l, flags & LOWER_ALIGNED);
	jit_fp_store(l, access_size[l->uop->op]);
	jit_end_stub(l, stub);
}
