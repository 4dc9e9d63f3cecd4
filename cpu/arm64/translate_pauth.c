/* Pointer authentication: instructions that add codes to pointers, check and strip them. */
#include "cpu/arm64/emit.h"

#include "cpu/arm64/branch_target.h"
#include "cpu/arm64/pauth.h"
#include "cpu/arm64/pe.h"
#include "cpu/arm64/trap.h"

/* imm of the helpers: enum arm64_key, and this for a branch or load with authentication. */
enum { KEY = 7, COMBINED = 8 };

/* EL2 or EL3 takes what a key that is on would do. Always false. */
static bool raise_trap(struct arm64_cpu *pe)
{
	uint64_t esr = arm64_esr(A64_EC_PAC, 0);
	if (arm64_is_guest(pe) && !(arm64_hcr(pe) & HCR_API))
		return arm64_raise_to(pe, A64_EL2, esr, "HCR_EL2.API=0");
	return arm64_raise_to(pe, A64_EL3, esr, "SCR_EL3.API=0");
}

static bool is_enabled(const struct arm64_pac_level *level, enum arm64_key key)
{
	return level->enabled >> key & 1;
}

/* d = a with its code for the modifier b. */
static bool help_add(struct cpu *cpu, const struct uop *uop)
{
	struct arm64_cpu *pe = arm64_cpu(cpu);
	enum arm64_key key = uop->imm & KEY;
	const struct arm64_pac_level *level = arm64_pac_level(pe);
	uint64_t pointer = cpu->r[uop->a];
	if (is_enabled(level, key)) {
		if (level->trapped)
			return raise_trap(pe);
		pointer = arm64_pac_add(pe, pointer, cpu->r[uop->b], key);
	}
	cpu->r[uop->d] = pointer;
	return true;
}

/* ESR of a failed authentication (Arm ARM, ISS of class 0x1C). */
static uint64_t failure(enum arm64_key key)
{
	enum { ISS_B = 1, ISS_DATA = 2 };
	return arm64_esr(A64_EC_FPAC,
			 (key & A64_KEY_B ? ISS_B : 0) | (key & A64_KEY_DATA ? ISS_DATA : 0));
}

static bool authenticate(struct arm64_cpu *pe, uint64_t *pointer, uint64_t modifier, int32_t imm)
{
	enum arm64_key key = imm & KEY;
	const struct arm64_pac_level *level = arm64_pac_level(pe);
	bool failed, combined = imm & COMBINED;
	if (!is_enabled(level, key))
		return true;
	if (level->trapped)
		return raise_trap(pe);
	*pointer = arm64_pac_authenticate(pe, *pointer, modifier, key, combined, &failed);
	if (!failed)
		return true;
	return arm64_raise(pe, failure(key),
			   combined ? "FEAT_FPACCOMBINE: the code is wrong"
				    : "FEAT_FPAC: the code is wrong");
}

/* d = a without its code, that of the modifier b. */
static bool help_authenticate(struct cpu *cpu, const struct uop *uop)
{
	uint64_t pointer = cpu->r[uop->a];
	if (!authenticate(arm64_cpu(cpu), &pointer, cpu->r[uop->b], uop->imm))
		return false;
	cpu->r[uop->d] = pointer;
	return true;
}

/* imm: data. */
static bool help_strip(struct cpu *cpu, const struct uop *uop)
{
	cpu->r[uop->d] = arm64_pac_strip(arm64_cpu(cpu), cpu->r[uop->a], uop->imm);
	return true;
}

static bool help_generic(struct cpu *cpu, const struct uop *uop)
{
	struct arm64_cpu *pe = arm64_cpu(cpu);
	if (arm64_pac_level(pe)->trapped)
		return raise_trap(pe);
	cpu->r[uop->d] = arm64_pac_generic(pe, cpu->r[uop->a], cpu->r[uop->b]);
	return true;
}

/* The modifier: a register or SP, or zero for the Z forms. */
static unsigned modifier_of(uint32_t word)
{
	bool zero = arm64_field(word, 13, 13);
	return zero ? A64_REG_ZR : emit_rn_sp(word);
}

void emit_pac_add(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	build_call(builder, help_add, emit_rd(word), word & 31, modifier_of(word), row->argument,
		   0);
}

void emit_pac_authenticate(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	build_call(builder, help_authenticate, emit_rd(word), word & 31, modifier_of(word),
		   row->argument, 0);
}

void emit_pac_strip(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	build_call(builder, help_strip, emit_rd(word), word & 31, 0,
		   (int32_t)arm64_field(word, 10, 10), 0);
}

void emit_pac_generic(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	unsigned modifier = emit_rm(word) == 31 ? A64_REG_SP : emit_rm(word);
	build_call(builder, help_generic, emit_rd(word), emit_rn(word), modifier, A64_KEY_GA, 0);
}

/* Forms in the space of hints do nothing without the feature. */
void emit_pac_hint(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	enum { XPACLRI = 0xd50320ff, FORM_1716 = 1 };
	if (!arm64_has(arm64_cpu(builder->cpu), A64_FEAT_PAuth))
		return;
	if (word == XPACLRI) {
		build_call(builder, help_strip, A64_REG_LR, A64_REG_LR, 0, 0, 0);
		return;
	}
	bool form_1716 = arm64_field(word, 11, 8) == FORM_1716;
	bool check = arm64_field(word, 7, 7);
	unsigned pointer = form_1716 ? 17 : A64_REG_LR;
	unsigned modifier = form_1716 ? 16 : arm64_field(word, 5, 5) ? A64_REG_SP : A64_REG_ZR;
	build_call(builder, check ? help_authenticate : help_add, pointer, pointer, modifier,
		   arm64_field(word, 6, 6) ? A64_KEY_IB : A64_KEY_IA, 0);
}

/* BRAA, BLRAA and RETAA, with both keys and with or without a modifier. */
void emit_branch_authenticated(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	enum { BLR = 1, RET = 2 };
	unsigned kind = arm64_field(word, 22, 21);
	unsigned pointer = kind == RET ? A64_REG_LR : emit_rn(word), modifier = A64_REG_ZR;
	bool has_modifier = arm64_field(word, 24, 24);
	if (kind == RET || (has_modifier && (word & 31) == 31))
		modifier = A64_REG_SP;
	else if (has_modifier)
		modifier = word & 31;
	build_call(builder, help_authenticate, T0, pointer, modifier,
		   COMBINED | (arm64_field(word, 10, 10) ? A64_KEY_IB : A64_KEY_IA), 0);
	arm64_branch_record(builder, word);
	build_jump_exact(builder, kind == BLR ? A64_REG_LR : REG_SINK, T0);
}

/* LDRAA and LDRAB: the base is authenticated without a modifier; then a load as any. */
void emit_load_authenticated(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	int32_t offset = (int32_t)arm64_field(word, 20, 12) - (arm64_field(word, 22, 22) ? 512 : 0);
	bool write_back = arm64_field(word, 11, 11);
	unsigned base = emit_base(builder, word);
	build_call(builder, help_authenticate, T0, base, A64_REG_ZR,
		   COMBINED | (arm64_field(word, 23, 23) ? A64_KEY_DB : A64_KEY_DA), 0);
	build_op(builder, UOP_ADDI, T1, T0, 0, 8 * offset);
	build_memory(builder, UOP_LD64, emit_rd(word), T1, 0);
	if (!write_back)
		return;
	build_op(builder, UOP_ADDI, base, T1, 0, 0);
	if (base == A64_REG_SP)
		emit_sp_written(builder);
}

bool arm64_authenticate_return(struct arm64_cpu *pe, bool key_b, uint64_t *address)
{
	return authenticate(pe, address, pe->cpu.r[A64_REG_SP],
			    COMBINED | (key_b ? A64_KEY_IB : A64_KEY_IA));
}
