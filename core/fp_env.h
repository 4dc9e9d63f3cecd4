/* The floating-point environment of a CPU, as every ISA's FP operations need it. */
#ifndef CORE_FP_ENV_H
#define CORE_FP_ENV_H

#include <stdbool.h>
#include <stdint.h>

/* Exception flags, in the layout of RISC-V's fflags. Sticky. */
enum fp_flag { FP_NX = 1, FP_UF = 2, FP_OF = 4, FP_DZ = 8, FP_NV = 16 };

/* Rounding modes, numbered as in RISC-V's frm. */
enum fp_rounding { FP_RNE, FP_RTZ, FP_RDN, FP_RUP, FP_RMM };

#endif
