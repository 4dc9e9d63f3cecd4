/* Floating-point instructions in every engine against softfloat: operands, boxing, rounding, flags.
 */
#include <criterion/criterion.h>

#include "bench.h"
#include "engine/softfloat.h"
#include "support.h"

#define TRIES 40

/* Value of rd from the raw registers f[rs1], f[rs2], f[rs3], and x[rs1]; env->rm is resolved. */
typedef uint64_t reference_fn(struct fp_env *env, uint64_t a, uint64_t b, uint64_t c, uint64_t x);

static uint64_t sext32(uint32_t value)
{
	return (uint64_t)(int64_t)(int32_t)value;
}

static uint64_t box64(uint64_t value)
{
	return value;
}

static uint64_t unbox64(uint64_t value)
{
	return value;
}

#define box16   fp_box16
#define box32   fp_box32
#define unbox16 fp_unbox16
#define unbox32 fp_unbox32

#define SIGN(n) (1ull << ((n)-1))
#define A(n)    unbox##n(a)
#define B(n)    unbox##n(b)
#define C(n)    unbox##n(c)

/* REFERENCE(id, name, value): the operations that F, D and Zfh have in common, n bits wide. */
#define COMMON(l, n)                                                                               \
	REFERENCE(fadd_##l, "fadd." #l, box##n(fp##n##_add(env, A(n), B(n))))                      \
	REFERENCE(fsub_##l, "fsub." #l, box##n(fp##n##_sub(env, A(n), B(n))))                      \
	REFERENCE(fmul_##l, "fmul." #l, box##n(fp##n##_mul(env, A(n), B(n))))                      \
	REFERENCE(fdiv_##l, "fdiv." #l, box##n(fp##n##_div(env, A(n), B(n))))                      \
	REFERENCE(fsqrt_##l, "fsqrt." #l, box##n(fp##n##_sqrt(env, A(n))))                         \
	REFERENCE(fmadd_##l, "fmadd." #l, box##n(fp##n##_fma(env, A(n), B(n), C(n), 0)))           \
	REFERENCE(fmsub_##l, "fmsub." #l, box##n(fp##n##_fma(env, A(n), B(n), C(n), 2)))           \
	REFERENCE(fnmsub_##l, "fnmsub." #l, box##n(fp##n##_fma(env, A(n), B(n), C(n), 1)))         \
	REFERENCE(fnmadd_##l, "fnmadd." #l, box##n(fp##n##_fma(env, A(n), B(n), C(n), 3)))         \
	REFERENCE(fmin_##l, "fmin." #l, box##n(fp##n##_min(env, A(n), B(n))))                      \
	REFERENCE(fmax_##l, "fmax." #l, box##n(fp##n##_max(env, A(n), B(n))))                      \
	REFERENCE(fminm_##l, "fminm." #l, box##n(fp##n##_minimum(env, A(n), B(n))))                \
	REFERENCE(fmaxm_##l, "fmaxm." #l, box##n(fp##n##_maximum(env, A(n), B(n))))                \
	REFERENCE(fround_##l, "fround." #l, box##n(fp##n##_round(env, A(n), env->rm, false)))      \
	REFERENCE(froundnx_##l, "froundnx." #l, box##n(fp##n##_round(env, A(n), env->rm, true)))   \
	REFERENCE(fsgnj_##l, "fsgnj." #l, box##n((A(n) & ~SIGN(n)) | (B(n) & SIGN(n))))            \
	REFERENCE(fsgnjn_##l, "fsgnjn." #l, box##n((A(n) & ~SIGN(n)) | (~B(n) & SIGN(n))))         \
	REFERENCE(fsgnjx_##l, "fsgnjx." #l, box##n(A(n) ^ (B(n) & SIGN(n))))                       \
	REFERENCE(feq_##l, "feq." #l, fp##n##_eq(env, A(n), B(n)))                                 \
	REFERENCE(flt_##l, "flt." #l, fp##n##_lt(env, A(n), B(n)))                                 \
	REFERENCE(fle_##l, "fle." #l, fp##n##_le(env, A(n), B(n)))                                 \
	REFERENCE(fltq_##l, "fltq." #l, fp##n##_lt_quiet(env, A(n), B(n)))                         \
	REFERENCE(fleq_##l, "fleq." #l, fp##n##_le_quiet(env, A(n), B(n)))                         \
	REFERENCE(fclass_##l, "fclass." #l, fp##n##_classify(A(n)))                                \
	REFERENCE(fcvt_w_##l, "fcvt.w." #l, sext32((uint32_t)fp##n##_to_i32(env, A(n), env->rm)))  \
	REFERENCE(fcvt_wu_##l, "fcvt.wu." #l, sext32(fp##n##_to_u32(env, A(n), env->rm)))          \
	REFERENCE(fcvt_l_##l, "fcvt.l." #l, (uint64_t)fp##n##_to_i64(env, A(n), env->rm))          \
	REFERENCE(fcvt_lu_##l, "fcvt.lu." #l, fp##n##_to_u64(env, A(n), env->rm))                  \
	REFERENCE(fcvt_##l##_w, "fcvt." #l ".w", box##n(fp##n##_from_i32(env, (int32_t)x)))        \
	REFERENCE(fcvt_##l##_wu, "fcvt." #l ".wu", box##n(fp##n##_from_u32(env, (uint32_t)x)))     \
	REFERENCE(fcvt_##l##_l, "fcvt." #l ".l", box##n(fp##n##_from_i64(env, (int64_t)x)))        \
	REFERENCE(fcvt_##l##_lu, "fcvt." #l ".lu", box##n(fp##n##_from_u64(env, x)))

#define REFERENCES                                                                                 \
	COMMON(h, 16)                                                                              \
	COMMON(s, 32)                                                                              \
	COMMON(d, 64)                                                                              \
	REFERENCE(fcvt_s_d, "fcvt.s.d", box32(fp64_to_fp32(env, a)))                               \
	REFERENCE(fcvt_d_s, "fcvt.d.s", fp32_to_fp64(env, A(32)))                                  \
	REFERENCE(fcvt_s_h, "fcvt.s.h", box32(fp16_to_fp32(env, A(16))))                           \
	REFERENCE(fcvt_h_s, "fcvt.h.s", box16(fp32_to_fp16(env, A(32))))                           \
	REFERENCE(fcvt_d_h, "fcvt.d.h", fp16_to_fp64(env, A(16)))                                  \
	REFERENCE(fcvt_h_d, "fcvt.h.d", box16(fp64_to_fp16(env, a)))                               \
	REFERENCE(fcvtmod, "fcvtmod.w.d", sext32((uint32_t)fp64_to_i32_modular(env, a)))           \
	REFERENCE(fmv_x_h, "fmv.x.h", (uint64_t)(int64_t)(int16_t)a)                               \
	REFERENCE(fmv_x_w, "fmv.x.w", sext32((uint32_t)a))                                         \
	REFERENCE(fmv_x_d, "fmv.x.d", a)                                                           \
	REFERENCE(fmv_h_x, "fmv.h.x", box16((uint16_t)x))                                          \
	REFERENCE(fmv_w_x, "fmv.w.x", box32((uint32_t)x))                                          \
	REFERENCE(fmv_d_x, "fmv.d.x", x)

#define REFERENCE(id, name, value)                                                                 \
	static uint64_t reference_##id(struct fp_env *env, uint64_t a, uint64_t b, uint64_t c,     \
				       uint64_t x)                                                 \
	{                                                                                          \
		(void)env, (void)a, (void)b, (void)c, (void)x;                                     \
		return (value);                                                                    \
	}
REFERENCES
#undef REFERENCE

static const struct reference {
	const char *name;
	reference_fn *value;
} references[] = {
#define REFERENCE(id, name, value) {name, reference_##id},
	REFERENCES
#undef REFERENCE
};

static const struct reference *find_reference(const char *name)
{
	for (unsigned i = 0; i < sizeof(references) / sizeof(references[0]); i++)
		if (!strcmp(references[i].name, name))
			return &references[i];
	return NULL;
}

/* Values of all three formats: boxed well or badly, special or random. */
static uint64_t random_register(uint64_t *state)
{
	static const uint64_t special[] = {
		0,
		1ull << 63,
		0x3ff0000000000000,
		0x7ff0000000000000,
		0xfff0000000000000,
		0x7ff8000000000000,
		0x7ff0000000000001,
		0x0010000000000000,
		0x000fffffffffffff,
		0x41dfffffffe00000,
		0xffffffff3f800000,
		0xffffffffff800000,
		0xffffffff7f800001,
		0xffffffff00000001,
		0xffffffffffff3c00,
		0xffffffffffff7c01,
		0xffffffffffff8001,
		0x000000003f800000,
	};
	uint64_t choice = random_next(state), bits = random_next(state);
	switch (choice % 6) {
	case 0: return special[(choice >> 8) % (sizeof(special) / sizeof(special[0]))];
	case 1: return fp_box16((uint16_t)bits);
	case 2: return fp_box32((uint32_t)bits);
	case 3: /* moderate doubles, so that sums and conversions are in range */
		return (bits & 0x800fffffffffffff) | (0x3c0 + (choice >> 8) % 128) << 52;
	case 4: /* moderate singles */
		return fp_box32((uint32_t)((bits & 0x807fffff) | (100 + (choice >> 8) % 60) << 23));
	default: return bits;
	}
}

static bool writes_integer(const char *name)
{
	static const char *const prefixes[] = {"feq",    "flt",    "fle",     "fclass",
					       "fcvt.w", "fcvt.l", "fcvtmod", "fmv.x."};
	for (unsigned i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

/* FMV.X and FCLASS neither write an FP register nor raise flags: FS stays. */
static bool leaves_fs(const char *name)
{
	return !strncmp(name, "fmv.x.", 6) || !strncmp(name, "fclass", 6);
}

static void try_row(struct bench *bench, const struct riscv_row *row, uint64_t *state)
{
	struct cpu *cpu = &bench->hart->cpu;
	uint32_t insn = random_instance(row, state);
	struct riscv_operands o;
	riscv_decode_operands(row, insn, &o);
	for (unsigned i = 0; i < 32; i++) {
		cpu->v[i].d[0] = random_register(state);
		if (i)
			cpu->r[i] = random_next(state) >> (random_next(state) & 63);
	}
	cpu->rounding = random_next(state) % 5;
	cpu->fp.flags = 0;
	/* Clean at times, so that both forms of the translation are tried. */
	bench_set_fs(bench, insn >> 8 & 1 ? 3 : 2);
	unsigned fs = leaves_fs(row->name) ? bench_fs(bench) : 3;

	struct fp_env env = {.rm = cpu->rounding};
	if (format_has_rounding(row->format) && o.rm != 7)
		env.rm = o.rm;
	uint64_t want = find_reference(row->name)->value(
		&env, cpu->v[o.rs1].d[0], cpu->v[o.rs2].d[0], cpu->v[o.rs3].d[0], cpu->r[o.rs1]);
	bool integer = writes_integer(row->name);
	if (integer && !o.rd)
		want = 0;
	cr_assert(bench_insn(bench, insn), "%s %08x: cause %lu", row->name, insn,
		  bench->hart->mcause);
	uint64_t got = integer ? cpu->r[o.rd] : cpu->v[o.rd].d[0];
	cr_expect_eq(got, want, "%s %08x: %lx, not %lx", row->name, insn, got, want);
	cr_expect_eq(cpu->fp.flags, env.flags, "%s %08x: flags %x, not %x", row->name, insn,
		     cpu->fp.flags, env.flags);
	cr_expect_eq(cpu->fp.rm, cpu->rounding, "%s: rm not restored", row->name);
	cr_expect_eq(bench_fs(bench), fs, "%s: FS %u", row->name, bench_fs(bench));
}

Test(riscv_float, operations_agree_with_softfloat)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		uint64_t state = 7;
		unsigned rows = 0;
		for (unsigned i = 0; i < riscv_row_count; i++) {
			if (!find_reference(riscv_rows[i].name))
				continue;
			rows++;
			for (unsigned n = 0; n < TRIES; n++)
				try_row(&bench, &riscv_rows[i], &state);
		}
		cr_expect_eq(rows, sizeof(references) / sizeof(references[0]));
		bench_fini(&bench);
	}
}

/* FLI: a few of the 32 constants; the whole table is softfloat's test. */
Test(riscv_float, constants)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		struct cpu *cpu = &bench.hart->cpu;
		cr_expect(bench_insn(&bench, bench_encode("fli.d", 3, 0, 0)));
		cr_expect_eq(cpu->v[3].d[0], 0xbff0000000000000); /* -1.0 */
		cr_expect(bench_insn(&bench, bench_encode("fli.s", 3, 16, 0)));
		cr_expect_eq(cpu->v[3].d[0], 0xffffffff3f800000); /* 1.0 */
		cr_expect(bench_insn(&bench, bench_encode("fli.h", 3, 30, 0)));
		cr_expect_eq(cpu->v[3].d[0], 0xffffffffffff7c00); /* infinity */
		cr_expect(bench_insn(&bench, bench_encode("fli.d", 3, 31, 0)));
		cr_expect_eq(cpu->v[3].d[0], 0x7ff8000000000000); /* NaN */
		bench_fini(&bench);
	}
}

Test(riscv_float, loads_box_and_stores_do_not_care)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		struct cpu *cpu = &bench.hart->cpu;
		static const struct {
			const char *load, *store;
			unsigned size;
		} cases[] = {
			{"flh", "fsh", 2},
                        {"flw", "fsw", 4},
                        {"fld", "fsd", 8}
                };
		for (unsigned i = 0; i < 3; i++) {
			uint64_t mask = ~0ull >> (64 - 8 * cases[i].size);
			bench_store(&bench, BENCH_DATA, 8, 0x0123456789abcdef);
			cpu->r[11] = BENCH_DATA + 4;
			bench_set_fs(&bench, 1);
			cr_expect(
				bench_insn(&bench, bench_encode_imm(cases[i].load, 5, 11, 0, -4)));
			cr_expect_eq(cpu->v[5].d[0], (0x0123456789abcdef & mask) | ~mask);
			cr_expect_eq(bench_fs(&bench), 3);
			/* A badly boxed register is stored as it is; a store is no change. */
			cpu->v[5].d[0] = 0x1122334455667788;
			bench_set_fs(&bench, 2);
			cr_expect(
				bench_insn(&bench, bench_encode_imm(cases[i].store, 0, 11, 5, -4)));
			cr_expect_eq(bench_load(&bench, BENCH_DATA, cases[i].size),
				     0x1122334455667788 & mask);
			cr_expect_eq(bench_fs(&bench), 2);
			/* A load that faults leaves FS and the register alone. */
			cpu->r[11] = BENCH_NOTHING;
			cr_expect_not(bench_insn(&bench, bench_encode(cases[i].load, 5, 11, 0)));
			cr_expect_eq(bench.hart->mcause, RV_CAUSE_LOAD_ACCESS);
			cr_expect_eq(bench_fs(&bench), 2);
			cr_expect_eq(cpu->v[5].d[0], 0x1122334455667788);
		}
		bench_fini(&bench);
	}
}

/* FS = off: every FP instruction is illegal, compressed ones too, and before any address fault. */
Test(riscv_float, off_means_illegal)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		bench_set_fs(&bench, 0);
		uint64_t state = 8;
		for (unsigned i = 0; i < riscv_row_count; i++) {
			const struct riscv_row *row = &riscv_rows[i];
			unsigned extension = row->need.extension[row->need.count - 1];
			if (extension != RV_EXT_F && extension != RV_EXT_D &&
			    extension != RV_EXT_ZFH && extension != RV_EXT_ZFHMIN)
				continue;
			uint32_t insn = random_instance(row, &state);
			cr_expect_not(bench_insn(&bench, insn), "%s", row->name);
			cr_expect_eq(bench.hart->mcause, RV_CAUSE_ILLEGAL, "%s", row->name);
			cr_expect_eq(bench.hart->mtval, insn, "%s", row->name);
		}
		cr_expect_not(bench_insn(&bench, 0x2402)); /* c.fldsp fs0,0(sp) */
		cr_expect_eq(bench.hart->mcause, RV_CAUSE_ILLEGAL);
		cr_expect_eq(bench.hart->mtval, 0x2402);
		cr_expect_eq(bench_fs(&bench), 0);
		bench_fini(&bench);
	}
}

Test(riscv_float, reserved_rounding_modes_are_illegal)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		for (unsigned i = 0; i < riscv_row_count; i++) {
			const struct riscv_row *row = &riscv_rows[i];
			if (!format_has_rounding(row->format))
				continue;
			for (unsigned rm = 0; rm < 8; rm++) {
				uint32_t insn = row->match | rm << 12;
				bool want = rm != 5 && rm != 6;
				bench.hart->cpu.rounding = FP_RTZ;
				riscv_isa.update_mode(&bench.hart->cpu);
				cr_expect_eq(bench_insn(&bench, insn), want, "%s rm %u", row->name,
					     rm);
				if (!want)
					cr_expect_eq(bench.hart->mtval, insn);
				/* With a reserved value in frm, DYN is illegal too, the others are
				 * not. */
				bench.hart->cpu.rounding = 5;
				riscv_isa.update_mode(&bench.hart->cpu);
				want &= rm != 7;
				cr_expect_eq(bench_insn(&bench, insn), want, "%s rm %u frm 5",
					     row->name, rm);
			}
		}
		/* Instructions without a rounding mode do not look at frm. */
		cr_expect(bench_insn(&bench, bench_encode("fmin.d", 1, 2, 3)));
		bench_fini(&bench);
	}
}

/* A static mode applies to its own instruction only: 1 + 2^-60 with RUP between two with RNE. */
Test(riscv_float, static_rounding_lasts_one_instruction)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		struct cpu *cpu = &bench.hart->cpu;
		cpu->v[1].d[0] = 0x3ff0000000000000;
		cpu->v[2].d[0] = 0x3c30000000000000;
		uint32_t code[] = {
			bench_encode("fadd.d", 3, 1, 2) | 7 << 12,
			bench_encode("fadd.d", 4, 1, 2) | FP_RUP << 12,
			bench_encode("fadd.d", 5, 1, 2) | 7 << 12,
		};
		cr_expect(bench_run(&bench, code, 3));
		cr_expect_eq(cpu->v[3].d[0], 0x3ff0000000000000);
		cr_expect_eq(cpu->v[4].d[0], 0x3ff0000000000001);
		cr_expect_eq(cpu->v[5].d[0], 0x3ff0000000000000);
		cr_expect_eq(cpu->fp.flags, FP_NX);
		bench_fini(&bench);
	}
}
