/*
 * The need column of insn.def, sysreg.def and sysop.def as initializers: how many features, and
 * which (enum arm64_feature). For the tables' own files only.
 */
#ifndef CPU_ARM64_NEED_H
#define CPU_ARM64_NEED_H

#define NONE                                                                                       \
	0,                                                                                         \
	{                                                                                          \
		0, 0                                                                               \
	}
#define NEED_1(a)                                                                                  \
	1,                                                                                         \
	{                                                                                          \
		A64_FEAT_##a, 0                                                                    \
	}
#define NEED_2(a, b)                                                                               \
	2,                                                                                         \
	{                                                                                          \
		A64_FEAT_##a, A64_FEAT_##b                                                         \
	}
#define PICK(a, b, c, ...) c
#define NEED(...)          PICK(__VA_ARGS__, NEED_2, NEED_1)(__VA_ARGS__)

#endif
