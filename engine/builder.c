#include "engine/builder.h"

#include <endian.h>
#include <string.h>

#include "engine/block.h"

bool build_fetch(struct builder *builder, unsigned offset, unsigned length, uint64_t *value)
{
	uint8_t bytes[8] = {0};
	uint64_t left = builder->page_left > offset ? builder->page_left - offset : 0;
	unsigned here = left < length ? (unsigned)left : length;
	memcpy(bytes, builder->host + offset, here);
	if (here < length) {
		struct block *block = builder->block;
		/* An instruction that crosses a page is a block of its own. */
		builder->failed = true;
		if (block->insn_count > 0)
			return false;
		struct mmu_code code;
		uint64_t second = builder->pc + offset + here;
		if (!mmu_fetch(builder->cpu, second, &code))
			return false;
		if (code.length < length - here) { /* memory ends within the instruction */
			builder->cpu->isa->access_fault(builder->cpu, second + code.length,
							MMU_FETCH, MMU_FAULT_BUS,
							&builder->cpu->trap);
			return false;
		}
		builder->failed = false;
		builder->last = true;
		block->straddles = true;
		block->second_physical = code.physical;
		memcpy(bytes + here, code.host, length - here);
	}
	memcpy(value, bytes, sizeof(bytes));
	*value = le64toh(*value);
	return true;
}

/* Room for count slots, or NULL when the instruction must wait for the next block. */
static struct uop *take(struct builder *builder, unsigned count)
{
	struct block *block = builder->block;
	if (builder->full || block->uop_count + count > builder->capacity) {
		builder->full = true;
		return NULL;
	}
	struct uop *uop = &block->uops[block->uop_count];
	block->uop_count += count;
	return uop;
}

static struct uop *emit(struct builder *builder, enum uop_op op, unsigned d, unsigned a, unsigned b,
			int32_t imm)
{
	struct uop *uop = take(builder, uop_info[op].slots);
	if (uop)
		*uop = (struct uop){
			.fn = interp_handlers[op],
			.imm = imm,
			.op = (uint8_t)op,
			.d = (uint8_t)d,
			.a = (uint8_t)a,
			.b = (uint8_t)b,
		};
	return uop;
}

static union uop_wide *wide_of(struct uop *uop, unsigned n)
{
	return (union uop_wide *)(uop + n);
}

void build_op(struct builder *builder, enum uop_op op, unsigned d, unsigned a, unsigned b,
	      int32_t imm)
{
	emit(builder, op, d, a, b, imm);
}

void build_constant(struct builder *builder, unsigned d, uint64_t value)
{
	if (value == (uint64_t)(int64_t)(int32_t)value) {
		emit(builder, UOP_MOVI, d, 0, 0, (int32_t)value);
		return;
	}
	struct uop *uop = emit(builder, UOP_MOVW, d, 0, 0, 0);
	if (uop)
		*wide_of(uop, 1) = (union uop_wide){.value = value};
}

/* The aligned-only form of a memory micro-op; bytes have none. */
static enum uop_op aligned_form(enum uop_op op)
{
	switch (op) {
	case UOP_LD16S: return UOP_LD16S_A;
	case UOP_LD16U: return UOP_LD16U_A;
	case UOP_LD32S: return UOP_LD32S_A;
	case UOP_LD32U: return UOP_LD32U_A;
	case UOP_LD64: return UOP_LD64_A;
	case UOP_FLD16: return UOP_FLD16_A;
	case UOP_FLD32: return UOP_FLD32_A;
	case UOP_FLD64: return UOP_FLD64_A;
	case UOP_ST16: return UOP_ST16_A;
	case UOP_ST32: return UOP_ST32_A;
	case UOP_ST64: return UOP_ST64_A;
	case UOP_FST16: return UOP_FST16_A;
	case UOP_FST32: return UOP_FST32_A;
	case UOP_FST64: return UOP_FST64_A;
	default: return op;
	}
}

void build_memory(struct builder *builder, enum uop_op op, unsigned value, unsigned base,
		  int32_t offset)
{
	if (builder->cpu->aligned_only)
		op = aligned_form(op);
	unsigned kind = uop_info[op].kind;
	bool store = kind == UOP_KIND_STORE || kind == UOP_KIND_FSTORE;
	emit(builder, op, store ? 0 : value, base, store ? value : 0, offset);
}

void build_branch(struct builder *builder, enum uop_op op, unsigned a, unsigned b, uint64_t target)
{
	struct uop *uop = emit(builder, op, 0, a, b, 0);
	builder->end = true;
	if (!uop)
		return;
	*wide_of(uop, 1) = (union uop_wide){
		.jump = {NULL, target}
        };
	*wide_of(uop, 2) = (union uop_wide){
		.jump = {NULL, builder->pc + builder->length}
        };
}

void build_jump(struct builder *builder, uint64_t target)
{
	struct uop *uop = emit(builder, UOP_JUMP, 0, 0, 0, 0);
	builder->end = true;
	if (uop)
		*wide_of(uop, 1) = (union uop_wide){
			.jump = {NULL, target}
                };
}

void build_jump_register(struct builder *builder, unsigned d, unsigned a, int32_t imm)
{
	struct uop *uop = emit(builder, UOP_JUMPR, d, a, 0, imm);
	builder->end = true;
	if (uop)
		*wide_of(uop, 1) = (union uop_wide){.value = builder->pc + builder->length};
}

void build_jump_exact(struct builder *builder, unsigned d, unsigned a)
{
	struct uop *uop = emit(builder, UOP_JUMPX, d, a, 0, 0);
	builder->end = true;
	if (uop)
		*wide_of(uop, 1) = (union uop_wide){.value = builder->pc + builder->length};
}

static void emit_call(struct builder *builder, enum uop_op op, uop_helper *helper, unsigned d,
		      unsigned a, unsigned b, int32_t imm, uint64_t argument)
{
	struct uop *uop = emit(builder, op, d, a, b, imm);
	if (uop)
		*wide_of(uop, 1) = (union uop_wide){
			.call = {helper, argument}
                };
}

void build_call(struct builder *builder, uop_helper *helper, unsigned d, unsigned a, unsigned b,
		int32_t imm, uint64_t argument)
{
	emit_call(builder, UOP_CALL, helper, d, a, b, imm, argument);
}

void build_vector(struct builder *builder, uop_helper *helper, unsigned d, unsigned a, unsigned b,
		  int32_t imm, uint64_t argument)
{
	emit_call(builder, UOP_VECTOR, helper, d, a, b, imm, argument);
}

void build_call_if(struct builder *builder, uop_helper *helper, unsigned a, int32_t imm,
		   uint64_t argument)
{
	emit_call(builder, UOP_CALL_IF, helper, 0, a, 0, imm, argument);
}

void build_call_end(struct builder *builder, uop_helper *helper, unsigned d, unsigned a, unsigned b,
		    int32_t imm, uint64_t argument)
{
	emit_call(builder, UOP_CALL_END, helper, d, a, b, imm, argument);
	builder->end = true;
}

void build_mode(struct builder *builder, uint32_t mode)
{
	emit(builder, UOP_MODE, 0, 0, 0, (int32_t)mode);
	builder->exit_mode = mode;
}

void build_leave(struct builder *builder)
{
	struct uop *uop = emit(builder, UOP_LEAVE, 0, 0, 0, 0);
	builder->end = true;
	if (uop)
		*wide_of(uop, 1) = (union uop_wide){.value = builder->pc + builder->length};
}

/*
 * imm = cause, argument = value or syndrome; why is in the slot behind. Succeeds: the trap is
 * delivered, and code goes on at its handler.
 */
static bool raise_constant(struct cpu *cpu, const struct uop *uop, uint64_t value,
			   uint64_t syndrome)
{
	run_raise_last(cpu, (uint64_t)(int64_t)uop->imm, value, syndrome,
		       (const char *)(uintptr_t)uop_wide(uop, 2)->value);
	return true;
}

static bool raise_value(struct cpu *cpu, const struct uop *uop)
{
	return raise_constant(cpu, uop, uop_wide(uop, 1)->call.argument, 0);
}

static bool raise_syndrome(struct cpu *cpu, const struct uop *uop)
{
	return raise_constant(cpu, uop, 0, uop_wide(uop, 1)->call.argument);
}

static void build_raise(struct builder *builder, uop_helper *helper, uint64_t cause,
			uint64_t argument, const char *why)
{
	/* All slots or none: the reason stands behind the call, where execution never gets. */
	unsigned start = builder->block->uop_count;
	emit_call(builder, UOP_CALL_END, helper, 0, 0, 0, (int32_t)cause, argument);
	struct uop *slot = take(builder, 1);
	if (slot)
		*(union uop_wide *)slot = (union uop_wide){.value = (uintptr_t)why};
	else
		builder->block->uop_count = (uint16_t)start;
	builder->end = true;
}

void build_trap(struct builder *builder, uint64_t cause, uint64_t value, const char *why)
{
	build_raise(builder, raise_value, cause, value, why);
}

void build_trap_syndrome(struct builder *builder, uint64_t cause, uint64_t syndrome,
			 const char *why)
{
	build_raise(builder, raise_syndrome, cause, syndrome, why);
}

/* One instruction; false when it did not fit or could not be fetched and was taken back. */
static bool build_one(struct builder *builder)
{
	struct block *block = builder->block;
	unsigned start = block->uop_count;
	builder->length = 0;
	builder->insn = 0;
	builder->end = false;
	uint32_t mode = builder->exit_mode;
	builder->cpu->isa->translate(builder->cpu, builder);
	if (builder->failed || builder->full) {
		block->uop_count = (uint16_t)start;
		builder->exit_mode = mode;
		return false;
	}
	struct block_insn *insn = &block->insns[block->insn_count++];
	insn->bits = (uint32_t)builder->insn;
	insn->offset = (uint16_t)(builder->pc - block->pc);
	insn->first = (uint8_t)start;
	insn->length = (uint8_t)builder->length;
	builder->pc += builder->length;
	builder->host += builder->length;
	builder->page_left -=
		builder->length < builder->page_left ? builder->length : builder->page_left;
	return true;
}

bool builder_run(struct cpu *cpu, struct block *block, const struct mmu_code *code, unsigned limit)
{
	struct builder builder = {
		.cpu = cpu,
		.pc = cpu->pc,
		.block = block,
		.capacity = BLOCK_MAX_UOPS - 2, /* the rest is for the jump at the end */
		.page_left = code->length,
		.page_kind = code->kind,
		.exit_mode = cpu->mode,
		.host = code->host,
	};
	block->pc = cpu->pc;
	block->physical = code->physical;
	block->second_physical = UINT64_MAX;
	block->straddles = false;
	block->dead = false;
	block->compiled = false;
	block->cold = UINT8_MAX;
	block->code = NULL;
	memset(block->jump_site, 0, sizeof(block->jump_site));
	block->mode = cpu->mode;
	block->kind = code->kind;
	block->ram = code->ram;
	block->ram_offset = code->ram_offset;
	block->insn_count = 0;
	block->uop_count = 0;
	block->hash_next = NULL;
	emit(&builder, UOP_HEAD, 0, 0, 0, 0);
	while (!builder.end && !builder.last && block->insn_count < limit &&
	       builder.page_left > 0 && block->uop_count + BLOCK_INSN_UOPS <= BLOCK_MAX_UOPS)
		if (!build_one(&builder))
			break;
	if (block->insn_count == 0)
		return false; /* the fetch of a second page failed; cpu->trap tells */
	if (!builder.end) {
		builder.full = false;
		builder.capacity = BLOCK_MAX_UOPS;
		struct uop *uop = emit(&builder, UOP_JUMP, 0, 0, 0, 0);
		*wide_of(uop, 1) = (union uop_wide){
			.jump = {NULL, builder.pc}
                };
	}
	block->uops[0].imm = block->insn_count;
	block->exit_mode = builder.exit_mode;
	return true;
}
