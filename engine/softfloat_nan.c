#include "engine/softfloat_internal.h"

static struct fp_number fp_default_nan(const struct fp_env *env)
{
	return (struct fp_number){
		.kind = FP_KIND_QUIET, .sig = FP_QUIET_BIT, .sign = env->nan_rule == FP_NAN_FIRST};
}

struct fp_number fp_invalid(struct fp_env *env)
{
	env->flags |= FP_NV;
	return fp_default_nan(env);
}

struct fp_number fp_choose_nan(struct fp_env *env, struct fp_number a, struct fp_number b,
			       struct fp_number c)
{
	const struct fp_number operands[] = {a, b, c};
	const struct fp_number *first = 0, *signaling = 0;

	for (int i = 2; i >= 0; i--) {
		if (fp_is_nan(operands[i]))
			first = &operands[i];
		if (operands[i].kind == FP_KIND_SIGNALING)
			signaling = &operands[i];
	}
	if (signaling)
		env->flags |= FP_NV;
	if (env->nan_rule == FP_NAN_CANONICAL || !first)
		return fp_default_nan(env);
	struct fp_number nan = env->nan_rule == FP_NAN_SIGNALING && signaling ? *signaling : *first;
	nan.sig |= FP_QUIET_BIT;
	return nan;
}
