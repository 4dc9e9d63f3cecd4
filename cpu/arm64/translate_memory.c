/* Loads and stores of general registers. */
#include "cpu/arm64/emit.h"

#include "mmu/mmu.h"

static bool help_sp_alignment(struct cpu *cpu, const struct uop *uop)
{
	(void)uop;
	return arm64_raise(arm64_cpu(cpu), arm64_esr(A64_EC_SP_ALIGNMENT, 0),
			   "SP is not aligned to 16 bytes");
}

void emit_sp_check(struct builder *builder)
{
	if (!(builder->cpu->mode & A64_MODE_SP_CHECK) || builder->note & NOTE_SP_ALIGNED)
		return;
	build_call_if(builder, help_sp_alignment, A64_REG_SP, 15, 0);
	builder->note |= NOTE_SP_ALIGNED;
}

unsigned emit_base(struct builder *builder, uint32_t word)
{
	unsigned base = emit_rn_sp(word);
	if (base == A64_REG_SP)
		emit_sp_check(builder);
	return base;
}

void emit_write_back(struct builder *builder, unsigned base, int32_t offset)
{
	build_op(builder, UOP_ADDI, base, base, 0, offset);
	if (base == A64_REG_SP && offset & 15)
		emit_sp_written(builder);
}

/* What size (bits 31:30) and opc (bits 23:22) of an access say. */
struct access {
	bool store;
	bool narrow; /* sign-extended to 32 bits only */
	unsigned size_log2;
	enum uop_op op;
};

static struct access access_of(uint32_t word)
{
	static const enum uop_op stores[] = {UOP_ST8, UOP_ST16, UOP_ST32, UOP_ST64};
	static const enum uop_op loads[] = {UOP_LD8U, UOP_LD16U, UOP_LD32U, UOP_LD64};
	static const enum uop_op signed_loads[] = {UOP_LD8S, UOP_LD16S, UOP_LD32S, UOP_LD64};
	unsigned size = arm64_field(word, 31, 30), opc = arm64_field(word, 23, 22);
	return (struct access){
		.store = opc == 0,
		.narrow = opc == 3,
		.size_log2 = size,
		.op = opc == 0   ? stores[size]
		      : opc == 1 ? loads[size]
				 : signed_loads[size],
	};
}

static void access_memory(struct builder *builder, uint32_t word, unsigned base, int32_t offset)
{
	struct access access = access_of(word);
	unsigned value = access.store ? word & 31 : emit_rd(word);
	build_memory(builder, access.op, value, base, offset);
	if (access.narrow)
		build_op(builder, UOP_ZEXT32, value, value, 0, 0);
}

void emit_access_unsigned(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	int32_t offset = (int32_t)(arm64_field(word, 21, 10) << arm64_field(word, 31, 30));
	access_memory(builder, word, emit_base(builder, word), offset);
}

static int32_t offset9(uint32_t word)
{
	return (int32_t)arm64_signed_field(word, 20, 12);
}

void emit_access_unscaled(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	access_memory(builder, word, emit_base(builder, word), offset9(word));
}

void emit_access_pre(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	unsigned base = emit_base(builder, word);
	access_memory(builder, word, base, offset9(word));
	emit_write_back(builder, base, offset9(word));
}

void emit_access_post(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	unsigned base = emit_base(builder, word);
	access_memory(builder, word, base, 0);
	emit_write_back(builder, base, offset9(word));
}

unsigned emit_indexed(struct builder *builder, uint32_t word, unsigned scale)
{
	enum { UXTW = 2, SXTW = 6 };
	unsigned option = arm64_field(word, 15, 13), index = emit_rm(word);
	unsigned base = emit_base(builder, word);
	if (option == SXTW)
		build_op(builder, UOP_SEXT32, T2, index, 0, 0);
	if (scale > 3) {
		int32_t field = (int32_t)scale | (option == UXTW ? 31 : 63) << 8;
		build_op(builder, UOP_PUTU, T2, option == SXTW ? T2 : index, 0, field);
		build_op(builder, UOP_ADD, T2, T2, base, 0);
	} else {
		build_op(builder, emit_scaled_add(scale, option == UXTW), T2,
			 option == SXTW ? T2 : index, base, 0);
	}
	return T2;
}

void emit_access_register(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	unsigned scale = arm64_field(word, 12, 12) ? arm64_field(word, 31, 30) : 0;
	access_memory(builder, word, emit_indexed(builder, word, scale), 0);
}

void emit_access_literal(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	static const enum uop_op loads[] = {UOP_LD32U, UOP_LD64, UOP_LD32S};
	build_constant(builder, T2, builder->pc + (uint64_t)arm64_signed_field(word, 23, 5) * 4);
	build_memory(builder, loads[arm64_field(word, 31, 30)], emit_rd(word), T2, 0);
}

/* imm = offset << 8 | opc << 4 | size. As EL0 sees memory. */
static bool help_unprivileged(struct cpu *cpu, const struct uop *uop)
{
	unsigned size_log2 = uop->imm & 3, opc = uop->imm >> 4 & 3, size = 1u << size_log2;
	uint64_t address = cpu->r[uop->a] + (uint64_t)(int64_t)(uop->imm >> 8), value;
	unsigned mode =
		arm64_use_mode(arm64_cpu(cpu), cpu->level == A64_EL2 ? A64_TLB_EL20 : A64_TLB_EL0);
	if (cpu->aligned_only && address & (size - 1)) {
		cpu->isa->access_fault(cpu, address, opc == 0 ? MMU_WRITE : MMU_READ,
				       MMU_FAULT_MISALIGNED, &cpu->trap);
		return false;
	}
	if (opc == 0)
		return mmu_store_mode(cpu, mode, address, size, cpu->r[uop->b]);
	if (!mmu_load_mode(cpu, mode, address, size, false, &value))
		return false;
	unsigned unused = 64 - 8 * size;
	if (opc >= 2)
		value = (uint64_t)((int64_t)(value << unused) >> unused);
	cpu->r[uop->d] = opc == 3 ? (uint32_t)value : value;
	return true;
}

void emit_access_unprivileged(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	if (!(builder->cpu->mode & A64_MODE_UNPRIVILEGED)) {
		emit_access_unscaled(builder, word, row);
		return;
	}
	int32_t imm = offset9(word) * 256 + (int32_t)(arm64_field(word, 23, 22) << 4) +
		      (int32_t)arm64_field(word, 31, 30);
	unsigned base = emit_base(builder, word);
	build_call(builder, help_unprivileged, emit_rd(word), base, word & 31, imm, 0);
}

/*
 * Load or store pair. A load writes its first register last, so that a fault of the second access
 * finds everything as it was.
 */
void emit_pair(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	enum { SIGNED_WORDS = 1 };
	unsigned opc = arm64_field(word, 31, 30), size = opc & 2 ? 8 : 4;
	int32_t offset = (int32_t)arm64_signed_field(word, 21, 15) * (int32_t)size;
	unsigned rt2 = arm64_field(word, 14, 10);
	enum { NO_ALLOCATE, POST, OFFSET, PRE } index = arm64_field(word, 24, 23);
	int32_t at = index == POST ? 0 : offset;
	unsigned base = emit_base(builder, word);
	if (arm64_field(word, 22, 22)) {
		enum uop_op op = size == 8 ? UOP_LD64 : opc == SIGNED_WORDS ? UOP_LD32S : UOP_LD32U;
		build_memory(builder, op, T0, base, at);
		build_memory(builder, op, rt2 == 31 ? REG_SINK : rt2, base, at + (int32_t)size);
		build_op(builder, UOP_MOV, emit_rd(word), T0, 0, 0);
	} else {
		enum uop_op op = size == 8 ? UOP_ST64 : UOP_ST32;
		build_memory(builder, op, word & 31, base, at);
		build_memory(builder, op, rt2, base, at + (int32_t)size);
	}
	if (index == POST || index == PRE)
		emit_write_back(builder, base, offset);
}

void emit_prefetch(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)builder, (void)word, (void)row;
}
