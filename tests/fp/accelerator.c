/* engine/fp_host.h against engine/softfloat.h: same result and flags, whatever the environment. */
#include "tests/fp/operations.h"
#include <criterion/criterion.h>
#include <inttypes.h>

static void compare(const struct operation *op, struct fp_env env, struct operands o)
{
	struct fp_env soft_env = env, host_env = env;
	uint64_t soft = op->soft(&soft_env, o), host = op->host(&host_env, o);

	cr_assert(soft == host && soft_env.flags == host_env.flags,
		  "%s rm %d flags %x flush %d a %" PRIx64 " b %" PRIx64 " c %" PRIx64
		  ": soft %" PRIx64 " flags %x, host %" PRIx64 " flags %x",
		  op->name, env.rm, env.flags, env.flush, o.a, o.b, o.c, soft, soft_env.flags, host,
		  host_env.flags);
	cr_assert_eq(host_env.rm, env.rm);
}

/* Both with NX sticky and with clear flags; mostly round to nearest, where the fast paths are. */
Test(accelerator, equals_softfloat)
{
	for (unsigned i = 0; i < operation_count; i++) {
		struct random random = random_seeded(operations[i].name);
		for (unsigned long n = iterations(); n > 0; n--) {
			struct operands o = random_operands(&random, operations[i].operand);
			uint64_t choice = random_next(&random);
			struct fp_env env = {.rm = choice & 1 ? FP_RNE : choice / 2 % 6,
					     .flags = choice & 16 ? FP_NX : 0,
					     .nan_rule = choice / 32 % 3,
					     .tininess_before_rounding = choice & 256,
					     .flush = choice & 0x600 ? 0 : choice / 2048 % 4};
			compare(&operations[i], env, o);
		}
	}
}

/* Results at the ends of the range, where a host result alone would hide an exception. */
Test(accelerator, keeps_flags_at_the_ends_of_the_range)
{
	static const struct {
		const char *name;
		struct operands o;
	} rows[] = {
		{"f64_mul",
		 {0x0010000000000000, 0x3fefffffffffffff, 0}              }, /* just below smallest normal */
		{"f64_mul",    {0x7fefffffffffffff, 0x3ff0000000000001, 0}}, /* overflow */
		{"f64_mul",    {0x0018000000000000, 0x3fe5555555555555, 0}},
		{"f64_add",    {0x7fefffffffffffff, 0x7ca0000000000000, 0}},
		{"f64_add",    {0x7fefffffffffffff, 0x7c90000000000000, 0}},
		{"f64_div",    {0x0010000000000001, 0x3ff0000000000001, 0}},
		{"f64_to_f32", {0x380fffffffffffff, 0, 0}                 }, /* rounds up to smallest normal */
		{"f64_to_f32", {0x47efffffefffffff, 0, 0}                 },
		{"f64_to_f32", {0x47effffff0000000, 0, 0}                 },
		{"f32_fmadd",
		 {0x3f800001, 0x3f800001, 0x00000001}                     }, /* tie but for the last addend */
		{"f32_fmadd",  {0x3f800800, 0x3f800800, 0x80000001}       },
		{"f32_fmadd",  {0x3f800800, 0x3f800800, 0x00000001}       },
		{"f32_fmadd",  {0x3f800800, 0x3f800800, 0x00000000}       },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct operation *op = operation_find(rows[i].name);
		cr_assert_not_null(op);
		for (unsigned sticky = 0; sticky < 2; sticky++)
			compare(op, (struct fp_env){.flags = sticky ? FP_NX : 0}, rows[i].o);
	}
}
