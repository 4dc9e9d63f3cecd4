/*
 * Floating point: F, D, Zfhmin, Zfh, Zfa.
 *
 * mstatus.FS = off makes all of it illegal. FS = clean is in the mode word too: whatever writes an
 * FP register, or may set a flag, sets FS = dirty and ends the block, so that the next one is
 * translated without that step. Comparisons and conversions always do, even if no flag is raised,
 * which the privileged manual allows (3.1.6.6).
 */
#include "cpu/riscv/emit.h"

#include "engine/softfloat.h"

#define RM_DYNAMIC 7

/* -- helpers -- */

#define D        cpu->r[uop->d]
#define A        cpu->r[uop->a]
#define FD       cpu->v[uop->d].d[0]
#define FA       cpu->v[uop->a].d[0]
#define FB       cpu->v[uop->b].d[0]
#define FC       cpu->v[uop->imm >> 8 & 31].d[0]
#define FP       (&cpu->fp)
#define RM       ((uop->imm & 7) == RM_DYNAMIC ? cpu->fp.rm : (uint8_t)(uop->imm & 7))
#define H(value) fp_unbox16(value)
#define S(value) fp_unbox32(value)
#define CONSTANT uop->a

#define FP_CALL(id, kind, ...)                                                                     \
	static bool help_##id(struct cpu *cpu, const struct uop *uop)                              \
	{                                                                                          \
		__VA_ARGS__;                                                                       \
		return true;                                                                       \
	}
#include "cpu/riscv/fp_call.def"
#undef FP_CALL

#undef D
#undef A
#undef FD
#undef FA
#undef FB
#undef FC
#undef FP
#undef RM
#undef H
#undef S
#undef CONSTANT

static const struct {
	uop_helper *helper;
	enum uop_kind kind;
} fp_calls[] = {
#define FP_CALL(id, kind, ...) {help_##id, UOP_KIND_##kind},
#include "cpu/riscv/fp_call.def"
#undef FP_CALL
};

static bool help_fs_dirty(struct cpu *cpu, const struct uop *uop)
{
	(void)uop;
	riscv_set_fs_dirty(riscv_cpu(cpu));
	return true;
}

/* -- what all emitters share -- */

static bool fp_enabled(struct builder *builder)
{
	if (!(builder->cpu->mode & RV_MODE_FS_OFF))
		return true;
	riscv_emit_illegal(builder, "mstatus.FS=0");
	return false;
}

/* False if the instruction's rounding mode makes it illegal ("F", 21.2). */
static bool rounding_valid(struct builder *builder, const struct riscv_operands *o)
{
	if (o->rm == RM_DYNAMIC && (builder->cpu->mode & RV_MODE_FRM_INVALID))
		riscv_emit_illegal(builder, "reserved rounding mode in frm");
	else if (o->rm == 5 || o->rm == 6)
		riscv_emit_illegal(builder, "reserved rounding mode");
	else
		return true;
	return false;
}

/* The end of an instruction that changed FP state. */
static void fp_changed(struct builder *builder)
{
	if (!(builder->cpu->mode & RV_MODE_FS_CLEAN))
		return;
	build_call(builder, help_fs_dirty, 0, 0, 0, 0, 0);
	build_leave(builder);
}

/* The row's micro-op or helper call. Which operands are FP registers follows from its kind. */
static void fp_operation(struct builder *builder, const struct riscv_operands *o)
{
	unsigned argument = o->row->argument;
	bool call = argument >= FP_CALL_BASE;
	unsigned kind = call ? fp_calls[argument - FP_CALL_BASE].kind : uop_info[argument].kind;
	bool integer = kind == UOP_KIND_RF || kind == UOP_KIND_RFF;
	unsigned destination = integer ? riscv_emit_destination(o) : o->rd;
	int32_t imm = o->rm | o->rs3 << 8;
	if (call)
		build_call(builder, fp_calls[argument - FP_CALL_BASE].helper, destination, o->rs1,
			   o->rs2, imm, 0);
	else
		build_op(builder, argument, destination, o->rs1, o->rs2, imm);
}

/* -- emitters -- */

void riscv_emit_fp_load(struct builder *builder, const struct riscv_operands *o)
{
	if (!fp_enabled(builder))
		return;
	build_memory(builder, o->row->argument, o->rd, o->rs1, o->imm);
	fp_changed(builder);
}

void riscv_emit_fp_store(struct builder *builder, const struct riscv_operands *o)
{
	if (fp_enabled(builder))
		build_memory(builder, o->row->argument, o->rs2, o->rs1, o->imm);
}

void riscv_emit_fp(struct builder *builder, const struct riscv_operands *o)
{
	if (!fp_enabled(builder))
		return;
	fp_operation(builder, o);
	fp_changed(builder);
}

void riscv_emit_fp_rounded(struct builder *builder, const struct riscv_operands *o)
{
	if (!fp_enabled(builder) || !rounding_valid(builder, o))
		return;
	if (o->rm != RM_DYNAMIC)
		build_op(builder, UOP_SETRM, 0, 0, 0, o->rm);
	fp_operation(builder, o);
	if (o->rm != RM_DYNAMIC)
		build_op(builder, UOP_RESTORERM, 0, 0, 0, 0);
	fp_changed(builder);
}

void riscv_emit_fp_unrounded(struct builder *builder, const struct riscv_operands *o)
{
	if (!fp_enabled(builder) || !rounding_valid(builder, o))
		return;
	fp_operation(builder, o);
	fp_changed(builder);
}

void riscv_emit_fp_quiet(struct builder *builder, const struct riscv_operands *o)
{
	if (fp_enabled(builder))
		fp_operation(builder, o);
}
