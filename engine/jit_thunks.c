/* Code that all translated blocks share: the way in, the ways out, and calls of C functions. */
#include <string.h>

#include "engine/jit.h"

/* Preserved registers first: what is called often then leaves the hottest values alone. */
const uint8_t jit_pinned[JIT_PINNED] = {
	X86_RBX, X86_R12, X86_R13, X86_R14, X86_RSI, X86_RDI, X86_R8, X86_R9, X86_R10, X86_R11,
};

static const uint8_t saved[] = {X86_RBX, X86_RBP, X86_R12, X86_R13, X86_R14, X86_R15};

enum which { ALL, VOLATILE };

/* Moves guest registers between host registers (all, or those that C functions spoil) and cpu->r.
 */
static void move_registers(struct jit *jit, enum x86_insn direction, enum which which)
{
	for (unsigned guest = 0; guest < CPU_REGISTERS; guest++) {
		unsigned host = jit->host_of[guest];
		if (host == X86_NONE || (which == VOLATILE && jit_is_preserved(host)))
			continue;
		x86_op(&jit->code, direction, true, host,
		       x86_mem(JIT_BASE, JIT_CPU(r) + 8 * (int32_t)guest));
	}
}

static void move_budget(struct jit *jit, enum x86_insn direction)
{
	x86_op(&jit->code, direction, true, JIT_BUDGET, x86_mem(JIT_BASE, JIT_CPU(budget)));
}

static void emit_enter(struct jit *jit)
{
	struct x86_code *code = &jit->code;
	for (unsigned i = 0; i < sizeof(saved); i++)
		x86_push(code, saved[i]);
	/* The return address and six registers: one more word aligns the stack for calls. */
	x86_arith_imm(code, X86_SUB_I32, true, x86_reg(X86_RSP), 8);
	x86_op(code, X86_LEA, true, JIT_BASE, x86_mem(X86_RDI, JIT_CPU_BIAS));
	x86_op(code, X86_MOV, true, X86_RAX, x86_reg(X86_RSI));
	move_registers(jit, X86_MOV, ALL);
	move_budget(jit, X86_MOV);
	x86_op(code, X86_JMP_RM, false, 0, x86_reg(X86_RAX));
}

/* Returns to C; the CPU's state is complete in memory. */
static void emit_return(struct jit *jit)
{
	x86_arith_imm(&jit->code, X86_ADD_I32, true, x86_reg(X86_RSP), 8);
	for (unsigned i = sizeof(saved); i-- > 0;)
		x86_pop(&jit->code, saved[i]);
	x86_ret(&jit->code);
}

/* cpu->exit = why, state to memory, return. */
static void emit_leave(struct jit *jit, enum cpu_exit why)
{
	x86_op_imm(&jit->code, X86_MOV8_I8, false, 0, x86_mem(JIT_BASE, JIT_CPU(exit)), why);
	move_registers(jit, X86_MOV_TO, ALL);
	move_budget(jit, X86_MOV_TO);
	emit_return(jit);
}

static void store_cpu(struct jit *jit, unsigned reg, int32_t where)
{
	x86_op(&jit->code, X86_MOV_TO, true, reg, x86_mem(JIT_BASE, where));
}

/* Calls jit_calls[micro-op at rax](cpu, micro-op). */
static void emit_c_call(struct jit *jit)
{
	struct x86_code *code = &jit->code;
	x86_op(code, X86_MOVZX8, false, X86_RCX, x86_mem(X86_RAX, offsetof(struct uop, op)));
	x86_op(code, X86_LEA, true, X86_RDI, x86_mem(JIT_BASE, -JIT_CPU_BIAS));
	x86_op(code, X86_MOV, true, X86_RSI, x86_reg(X86_RAX));
	x86_constant(code, X86_RDX, (uintptr_t)jit_calls);
	x86_op(code, X86_CALL_RM, false, 0, x86_mem_index(X86_RDX, X86_RCX, 3, 0));
}

/* Everything the function may look at is in memory, everything it may change is read again. */
static void emit_call_any(struct jit *jit)
{
	struct x86_code *code = &jit->code;
	x86_arith_imm(code, X86_SUB_I32, true, x86_reg(X86_RSP), 8);
	store_cpu(jit, X86_RAX, JIT_CPU(uop));
	store_cpu(jit, X86_RCX, JIT_CPU(block));
	move_registers(jit, X86_MOV_TO, ALL);
	move_budget(jit, X86_MOV_TO);
	emit_c_call(jit);
	x86_op(code, X86_TEST, false, X86_RAX, x86_reg(X86_RAX));
	uint8_t *left = x86_jump_if(code, X86_NE, NULL);
	move_registers(jit, X86_MOV, ALL);
	move_budget(jit, X86_MOV);
	x86_arith_imm(code, X86_ADD_I32, true, x86_reg(X86_RSP), 8);
	x86_ret(code);
	x86_patch(code, left, x86_here(code));
	x86_arith_imm(code, X86_ADD_I32, true, x86_reg(X86_RSP), 16); /* and the return address */
	emit_return(jit);
}

static void emit_call_data(struct jit *jit)
{
	struct x86_code *code = &jit->code;
	x86_arith_imm(code, X86_SUB_I32, true, x86_reg(X86_RSP), 8);
	move_registers(jit, X86_MOV_TO, VOLATILE);
	emit_c_call(jit);
	move_registers(jit, X86_MOV, VOLATILE);
	x86_arith_imm(code, X86_ADD_I32, true, x86_reg(X86_RSP), 8);
	x86_ret(code);
}

void jit_emit_thunks(struct jit *jit)
{
	struct x86_code *code = &jit->code;
	const uint8_t *enter = x86_here(code);
	memcpy(&jit->enter, &enter, sizeof(enter)); /* ISO C has no cast between the two */
	emit_enter(jit);

	jit->call_any = x86_here(code);
	emit_call_any(jit);
	jit->call_data = x86_here(code);
	emit_call_data(jit);

	jit->leave_unlinked = x86_here(code);
	store_cpu(jit, X86_RAX, JIT_CPU(link));
	store_cpu(jit, X86_RCX, JIT_CPU(block));
	x86_op(code, X86_MOV, true, X86_RAX, x86_mem(X86_RAX, offsetof(union uop_wide, jump.pc)));
	store_cpu(jit, X86_RAX, JIT_CPU(pc));
	emit_leave(jit, CPU_EXIT_LOOKUP);

	jit->cold_entry = x86_here(code);
	x86_op(code, X86_MOV, true, X86_RAX, x86_mem(X86_RDX, offsetof(struct block, pc)));
	jit->leave_lookup = x86_here(code);
	store_cpu(jit, X86_RAX, JIT_CPU(pc));
	emit_leave(jit, CPU_EXIT_LOOKUP);

	jit->leave_budget = x86_here(code);
	x86_op(code, X86_MOV, true, X86_RAX, x86_mem(X86_RCX, offsetof(struct block, pc)));
	store_cpu(jit, X86_RAX, JIT_CPU(pc));
	emit_leave(jit, CPU_EXIT_BUDGET);
}
