#include "engine/fp_host.h"

/*
 * The one host operation that needs an instruction outside the baseline x86-64; the rest of the
 * emulator is built for the baseline, so it lives in a function of its own.
 */
#if defined(__x86_64__) && !defined(__FMA__)
__attribute__((target("fma"))) double fph_fma(double x, double y, double z)
{
	return __builtin_fma(x, y, z);
}
#endif
