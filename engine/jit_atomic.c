/*
 * Exclusive and atomic accesses in host code: a probe for all that the operation may do, then plain
 * instructions, since nobody else runs meanwhile. What the TLB does not answer - a miss, a page of
 * code, one whose writes are noted - calls the micro-op.
 */
#include "engine/atomic.h"
#include "engine/jit_lower.h"

/* By log2 of the size. */
static const uint8_t load_unsigned[] = {X86_MOVZX8, X86_MOVZX16, X86_MOV, X86_MOV};
static const uint8_t load_signed[] = {X86_MOVSX8, X86_MOVSX16, X86_MOVSXD, X86_MOV};
static const uint8_t store[] = {X86_MOV8_TO, X86_MOV16_TO, X86_MOV_TO, X86_MOV_TO};

#define WIDE_LOG2 3 /* of 64 bits */

static void extend(struct jit_lowering *l, bool with_sign, unsigned to, struct x86_rm from)
{
	unsigned log2_size = atomic_log2_size(l->uop);
	bool wide = with_sign || log2_size == WIDE_LOG2;
	x86_op(l->code, with_sign ? load_signed[log2_size] : load_unsigned[log2_size], wide, to,
	       from);
}

static void store_rax(struct jit_lowering *l, struct x86_rm bytes)
{
	unsigned log2_size = atomic_log2_size(l->uop);
	x86_op(l->code, store[log2_size], log2_size == WIDE_LOG2, X86_RAX, bytes);
}

static struct x86_rm cpu_word(int32_t member)
{
	return x86_mem(JIT_BASE, member);
}

/* rax = atomic_reservation() of the access, from the TLB's entry at rcx; spoils rcx. */
static void find_reservation(struct jit_lowering *l)
{
	struct x86_code *code = l->code;
	unsigned base = jit_host(l, l->uop->a);
	_Static_assert(sizeof(struct cpu_tlb_slow) == 40 && sizeof(struct cpu_tlb_entry) == 32,
		       "a slow record is five fourths as far from the first as its entry");
	x86_op(code, X86_MOV, true, X86_RAX, x86_reg(X86_RCX));
	x86_op(code, X86_SUB, true, X86_RAX, cpu_word(JIT_CPU(data_tlb)));
	x86_op_imm(code, X86_SHR_I8, false, 0, x86_reg(X86_RAX), 2);
	x86_op(code, X86_MOV, true, X86_RAX,
	       x86_mem_index(X86_RCX, X86_RAX, 0,
			     offsetof(struct cpu_tlb, slow) +
				     offsetof(struct cpu_tlb_slow, physical)));
	if (base == X86_NONE)
		jit_load(l, l->uop->a, X86_RCX, false);
	else
		x86_op(code, X86_MOV, false, X86_RCX, x86_reg(base));
	x86_arith_imm(code, X86_AND_I32, false, x86_reg(X86_RCX), (int32_t)~CPU_PAGE_MASK);
	x86_op(code, X86_OR, true, X86_RAX, x86_reg(X86_RCX));
	x86_op_imm(code, X86_SHL_I8, true, 0, x86_reg(X86_RAX), ATOMIC_RESERVATION_SHIFT);
	if (atomic_log2_size(l->uop))
		x86_arith_imm(code, X86_OR_I32, true, x86_reg(X86_RAX),
			      (int32_t)atomic_log2_size(l->uop));
}

/* rcx = the result, without its sign yet. */
static void load_exclusive(struct jit_lowering *l, struct x86_rm bytes)
{
	find_reservation(l);
	x86_op(l->code, X86_MOV_TO, true, X86_RAX, cpu_word(JIT_CPU(reservation)));
	extend(l, false, X86_RCX, bytes);
	x86_op(l->code, X86_MOV_TO, true, X86_RCX, cpu_word(JIT_CPU(reservation_value)));
}

/* rcx = the result. */
static void store_exclusive(struct jit_lowering *l, struct x86_rm bytes)
{
	struct x86_code *code = l->code;
	find_reservation(l);
	x86_op(code, X86_CMP, true, X86_RAX, cpu_word(JIT_CPU(reservation)));
	x86_op_imm(code, X86_MOV_I32, true, 0, cpu_word(JIT_CPU(reservation)),
		   (int32_t)ATOMIC_NO_RESERVATION);
	uint8_t *elsewhere = x86_jump_if(code, X86_NE, NULL);
	extend(l, false, X86_RCX, bytes);
	x86_op(code, X86_CMP, true, X86_RCX, cpu_word(JIT_CPU(reservation_value)));
	uint8_t *changed = x86_jump_if(code, X86_NE, NULL);
	/* What follows keeps "equal": only moves, or a zero that is made by an XOR. */
	jit_load(l, l->uop->b, X86_RAX, true);
	store_rax(l, bytes);
	x86_patch(code, elsewhere, x86_here(code));
	x86_patch(code, changed, x86_here(code));
	x86_setcc(code, X86_NE, X86_RCX);
	x86_op(code, X86_MOVZX8, false, X86_RCX, x86_reg(X86_RCX));
}

/* rcx = the result, without its sign yet. */
static void compare_and_store(struct jit_lowering *l, struct x86_rm bytes)
{
	struct x86_code *code = l->code;
	extend(l, false, X86_RCX, bytes);
	extend(l, false, X86_RAX, jit_place(l, l->uop->imm & 63));
	x86_op(code, X86_CMP, true, X86_RCX, x86_reg(X86_RAX));
	uint8_t *differs = x86_jump_if(code, X86_NE, NULL);
	jit_load(l, l->uop->b, X86_RAX, true);
	store_rax(l, bytes);
	x86_patch(code, differs, x86_here(code));
}

/* What the operation does to rax, the operand, with rcx, the old value; or a choice between them.
 */
static void combine(struct jit_lowering *l, enum atomic_op op)
{
	static const struct {
		uint8_t insn;  /* or */
		uint8_t takes; /* the condition of old against operand under which old is taken */
	} rows[] = {
		[ATOMIC_ADD] = {X86_ADD, 0    },
                  [ATOMIC_XOR] = {X86_XOR, 0    },
		[ATOMIC_AND] = {X86_AND, 0    },
                  [ATOMIC_CLEAR] = {X86_AND, 0    },
		[ATOMIC_OR] = {X86_OR,  0    },
                  [ATOMIC_MIN] = {0,       X86_L},
		[ATOMIC_MAX] = {0,       X86_G},
                  [ATOMIC_MINU] = {0,       X86_B},
		[ATOMIC_MAXU] = {0,       X86_A},
	};
	if (op == ATOMIC_CLEAR)
		x86_op(l->code, X86_NOT, true, 0, x86_reg(X86_RAX));
	if (rows[op].takes) {
		x86_op(l->code, X86_CMP, true, X86_RCX, x86_reg(X86_RAX));
		x86_cmov(l->code, rows[op].takes, true, X86_RAX, x86_reg(X86_RCX));
	} else {
		x86_op(l->code, rows[op].insn, true, X86_RAX, x86_reg(X86_RCX));
	}
}

/* rcx = the old value, sign-extended. */
static void modify(struct jit_lowering *l, enum atomic_op op, struct x86_rm bytes)
{
	bool compares = op >= ATOMIC_MIN && op <= ATOMIC_MAXU;
	extend(l, true, X86_RCX, bytes);
	if (compares)
		extend(l, true, X86_RAX, jit_place(l, l->uop->b));
	else
		jit_load(l, l->uop->b, X86_RAX, true);
	if (op >= ATOMIC_ADD && op <= ATOMIC_MAXU)
		combine(l, op);
	store_rax(l, bytes);
}

void jit_lower_atomic(struct jit_lowering *l, unsigned insn, unsigned flags)
{
	(void)insn, (void)flags;
	enum atomic_op op = atomic_operation(l->uop);
	struct jit_stub *stub = jit_add_stub(l, STUB_CALL_ANY);
	struct x86_rm bytes = jit_probe_aligned(l, stub, 1u << atomic_log2_size(l->uop),
						op != ATOMIC_STORE, op != ATOMIC_LOAD);
	bool result_signed = l->uop->imm & ATOMIC_SIGNED, is_signed = false;
	switch (op) {
	case ATOMIC_LOAD: load_exclusive(l, bytes); break;
	case ATOMIC_STORE:
		store_exclusive(l, bytes);
		is_signed = result_signed; /* 0 or 1 needs no sign */
		break;
	case ATOMIC_COMPARE: compare_and_store(l, bytes); break;
	default: modify(l, op, bytes); is_signed = true;
	}
	if (is_signed != result_signed && atomic_log2_size(l->uop) != WIDE_LOG2)
		extend(l, result_signed, X86_RCX, x86_reg(X86_RCX));
	jit_write(l, X86_RCX, false);
	jit_end_stub(l, stub);
}
