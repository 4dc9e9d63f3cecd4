/* Code that all translated blocks share: the way in, the ways out, and calls of C functions. */
#include <string.h>

#include "engine/jit_lower.h"

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
		unsigned host = jit->canonical.host_of[guest];
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
static void move_all(struct jit *jit, enum x86_insn direction)
{
	move_registers(jit, direction, ALL);
	move_budget(jit, direction);
}

/* Drops words of the stack. */
static void drop(struct jit *jit, int words)
{
	x86_arith_imm(&jit->code, X86_ADD_I32, true, x86_reg(X86_RSP), 8 * words);
}

/* stored: the registers are in memory, and are read from there again, by the caller. */
static void begin_call(struct jit *jit, bool stored)
{
	x86_push(&jit->code, X86_RDX); /* is kept, and aligns the stack */
	store_cpu(jit, X86_RAX, JIT_CPU(uop));
	store_cpu(jit, X86_RCX, JIT_CPU(block));
	if (stored)
		move_budget(jit, X86_MOV_TO);
	else
		move_all(jit, X86_MOV_TO);
}

static void end_call(struct jit *jit, bool stored)
{
	if (stored)
		move_budget(jit, X86_MOV);
	else
		move_all(jit, X86_MOV);
	x86_pop(&jit->code, X86_RDX);
	x86_ret(&jit->code);
}

/* Leaves code for the reason given; state is in memory, and the block's return address goes. */
static void leave_call(struct jit *jit, enum cpu_exit why)
{
	x86_op_imm(&jit->code, X86_MOV8_I8, false, 0, x86_mem(JIT_BASE, JIT_CPU(exit)), why);
	drop(jit, 2);
	emit_return(jit);
}

static uint8_t *jump_on_attention(struct jit *jit)
{
	x86_op_imm(&jit->code, X86_CMP8_I8, false, 0, x86_mem(JIT_BASE, JIT_CPU(attention)), 0);
	return x86_jump_if(&jit->code, X86_NE, NULL);
}

/* The micro-op at cpu->uop has failed: delivers the trap, and goes on at its handler. */
static void emit_trapped(struct jit *jit)
{
	struct x86_code *code = &jit->code;
	x86_op(code, X86_LEA, true, X86_RDI, x86_mem(JIT_BASE, -JIT_CPU_BIAS));
	x86_constant(code, X86_RAX, (uintptr_t)run_trapped);
	x86_op(code, X86_CALL_RM, false, 0, x86_reg(X86_RAX));
	uint8_t *attention = jump_on_attention(jit);
	move_all(jit, X86_MOV);
	drop(jit, 2);
	x86_op(code, X86_MOV, true, X86_RAX, x86_mem(JIT_BASE, JIT_CPU(pc)));
	jit_emit_jump_to_rax(jit);
	x86_patch(code, attention, x86_here(code));
	leave_call(jit, CPU_EXIT_LOOKUP);
}

/* The end of a call of functions that have set cpu->exit if code is to be left: eax says so. */
static void end_call_or_leave(struct jit *jit, const uint8_t *trapped, bool stored)
{
	struct x86_code *code = &jit->code;
	x86_op(code, X86_TEST, false, X86_RAX, x86_reg(X86_RAX));
	uint8_t *left = x86_jump_if(code, X86_NE, NULL);
	end_call(jit, stored);
	x86_patch(code, left, x86_here(code));
	x86_arith_imm(code, X86_CMP_I32, false, x86_reg(X86_RAX), CPU_EXIT_TRAP);
	x86_jump_if(code, X86_E, trapped);
	drop(jit, 2);
	emit_return(jit);
}

/* Of a micro-op as a function of its own. */
static void emit_call_any(struct jit *jit, const uint8_t *trapped, bool stored)
{
	begin_call(jit, stored);
	emit_c_call(jit);
	end_call_or_leave(jit, trapped, stored);
}

/* Of the helper of CALL or CALL_END; why: where attention leads after it. */
static void emit_call_helper(struct jit *jit, const uint8_t *trapped, enum cpu_exit why)
{
	struct x86_code *code = &jit->code;
	const int32_t helper = sizeof(struct uop) + offsetof(union uop_wide, call.helper);
	begin_call(jit, false);
	x86_op(code, X86_LEA, true, X86_RDI, x86_mem(JIT_BASE, -JIT_CPU_BIAS));
	x86_op(code, X86_MOV, true, X86_RSI, x86_reg(X86_RAX));
	x86_op(code, X86_CALL_RM, false, 0, x86_mem(X86_RAX, helper));
	x86_op_imm(code, X86_CMP8_I8, false, 0, x86_reg(X86_RAX), 0);
	x86_jump_if(code, X86_E, trapped);
	uint8_t *attention = jump_on_attention(jit);
	end_call(jit, false);
	x86_patch(code, attention, x86_here(code));
	leave_call(jit, why);
}

static void emit_call_data(struct jit *jit)
{
	struct x86_code *code = &jit->code;
	x86_push(code, X86_RDX); /* is kept, and aligns the stack */
	move_registers(jit, X86_MOV_TO, VOLATILE);
	emit_c_call(jit);
	move_registers(jit, X86_MOV, VOLATILE);
	x86_pop(code, X86_RDX);
	x86_ret(code);
}

/* rcx = block and rax = its micro-op, from the slot at [rdx]; see jit_slot(). */
static void emit_find_slot(struct jit *jit)
{
	struct x86_code *code = &jit->code;
	_Static_assert(JIT_SLOT_BITS == 8 && JIT_BLOCK_ALIGNMENT == 1 << 4, "the shifts below");
	_Static_assert(sizeof(struct uop) == 16, "the shift below");
	x86_op(code, X86_MOVZX8, false, X86_RAX, x86_mem(X86_RDX, 0));
	x86_op(code, X86_MOV, false, X86_RCX, x86_mem(X86_RDX, 0));
	x86_op_imm(code, X86_SHR_I8, false, 0, x86_reg(X86_RCX), 8);
	x86_op_imm(code, X86_SHL_I8, true, 0, x86_reg(X86_RCX), 4);
	x86_op_imm(code, X86_SHL_I8, false, 0, x86_reg(X86_RAX), 4);
	x86_constant(code, X86_RDX, (uintptr_t)jit->arena);
	x86_op(code, X86_ADD, true, X86_RCX, x86_reg(X86_RDX));
	x86_op(code, X86_LEA, true, X86_RAX,
	       x86_mem_index(X86_RCX, X86_RAX, 0, offsetof(struct block, uops)));
}

/*
 * The return address is that of a slot and a way; it becomes where the way leads. rdx is kept above
 * it. Like emit_find_slot(), with the slot's address in rdx if it is to be looked at again.
 */
static void emit_take_slot(struct jit *jit)
{
	struct x86_code *code = &jit->code;
	_Static_assert(JIT_WAY_BYTES == 2, "the load below");
	x86_pop(code, X86_RCX);
	x86_op(code, X86_MOVSX16, true, X86_RAX, x86_mem(X86_RCX, 4));
	x86_op(code, X86_ADD, true, X86_RAX, x86_reg(X86_RCX));
	x86_push(code, X86_RAX);
	x86_push(code, X86_RDX);
	x86_op(code, X86_MOV, true, X86_RDX, x86_reg(X86_RCX));
}

static void emit_slow(struct jit *jit)
{
	emit_take_slot(jit);
	emit_find_slot(jit);
	x86_pop(&jit->code, X86_RDX);
	x86_jump(&jit->code, jit->call_any);
}

/* Calls jit_run() for a group; rdx may be that of the group around it. */
static void emit_run(struct jit *jit, const uint8_t *trapped, bool stored)
{
	struct x86_code *code = &jit->code;
	emit_take_slot(jit);
	if (stored)
		move_budget(jit, X86_MOV_TO);
	else
		move_all(jit, X86_MOV_TO);
	x86_op(code, X86_MOV, true, X86_RSI, x86_reg(X86_RDX)); /* free from here on */
	emit_find_slot(jit);
	store_cpu(jit, X86_RCX, JIT_CPU(block));
	x86_op(code, X86_MOVZX8, false, X86_RDX, x86_mem(X86_RSI, 4 + JIT_WAY_BYTES));
	x86_op_imm(code, X86_SHL_I8, false, 0, x86_reg(X86_RDX), 4);
	x86_op(code, X86_LEA, true, X86_RDX,
	       x86_mem_index(X86_RCX, X86_RDX, 0, offsetof(struct block, uops)));
	x86_op(code, X86_LEA, true, X86_RDI, x86_mem(JIT_BASE, -JIT_CPU_BIAS));
	x86_op(code, X86_MOV, true, X86_RSI, x86_reg(X86_RAX));
	x86_constant(code, X86_RAX, (uintptr_t)jit_run);
	x86_op(code, X86_CALL_RM, false, 0, x86_reg(X86_RAX));
	end_call_or_leave(jit, trapped, stored);
}

static void emit_leave_unlinked(struct jit *jit)
{
	struct x86_code *code = &jit->code;
	x86_pop(code, X86_RDX);
	emit_find_slot(jit);
	store_cpu(jit, X86_RAX, JIT_CPU(link));
	store_cpu(jit, X86_RCX, JIT_CPU(block));
	x86_op(code, X86_MOV, true, X86_RAX, x86_mem(X86_RAX, offsetof(union uop_wide, jump.pc)));
	store_cpu(jit, X86_RAX, JIT_CPU(pc));
	emit_leave(jit, CPU_EXIT_LOOKUP);
}

/* The head has taken what is not there. */
static void emit_leave_budget(struct jit *jit)
{
	struct x86_code *code = &jit->code;
	x86_pop(code, X86_RDX);
	emit_find_slot(jit);
	x86_op(code, X86_MOVZX16, false, X86_RAX,
	       x86_mem(X86_RCX, offsetof(struct block, insn_count)));
	x86_op(code, X86_ADD, true, JIT_BUDGET, x86_reg(X86_RAX));
	x86_op(code, X86_MOV, true, X86_RAX, x86_mem(X86_RCX, offsetof(struct block, pc)));
	store_cpu(jit, X86_RAX, JIT_CPU(pc));
	emit_leave(jit, CPU_EXIT_BUDGET);
}

void jit_emit_thunks(struct jit *jit)
{
	struct x86_code *code = &jit->code;
	const uint8_t *enter = x86_here(code);
	memcpy(&jit->enter, &enter, sizeof(enter)); /* ISO C has no cast between the two */
	emit_enter(jit);

	jit->cold_entry = x86_here(code);
	x86_op(code, X86_MOV, true, X86_RAX, x86_mem(X86_RDX, offsetof(struct block, pc)));
	jit->leave_lookup = x86_here(code);
	store_cpu(jit, X86_RAX, JIT_CPU(pc));
	emit_leave(jit, CPU_EXIT_LOOKUP);

	const uint8_t *trapped = x86_here(code);
	emit_trapped(jit);
	jit->call_any = x86_here(code);
	emit_call_any(jit, trapped, false);
	jit->call_stored = x86_here(code);
	emit_call_any(jit, trapped, true);
	jit->call_helper = x86_here(code);
	emit_call_helper(jit, trapped, CPU_EXIT_AFTER);
	jit->call_last = x86_here(code);
	emit_call_helper(jit, trapped, CPU_EXIT_LOOKUP);
	jit->call_data = x86_here(code);
	emit_call_data(jit);
	jit->slow = x86_here(code);
	emit_slow(jit);
	jit->run = x86_here(code);
	emit_run(jit, trapped, false);
	jit->run_stored = x86_here(code);
	emit_run(jit, trapped, true);

	jit->leave_unlinked = x86_here(code);
	emit_leave_unlinked(jit);
	jit->leave_budget = x86_here(code);
	emit_leave_budget(jit);
}
