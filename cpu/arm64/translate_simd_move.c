/* Elements between vector and general registers, and constants: what integer micro-ops do. */
#include "cpu/arm64/emit.h"

void emit_replicate(struct builder *builder, unsigned d, unsigned a, unsigned size_log2)
{
	static const uint64_t ones[] = {0x0101010101010101, 0x0001000100010001, 0x0000000100000001};
	static const enum uop_op extend[] = {UOP_ZEXT8, UOP_ZEXT16, UOP_ZEXT32};
	if (size_log2 == 3) {
		build_op(builder, UOP_MOV, d, a, 0, 0);
		return;
	}
	build_op(builder, extend[size_log2], d, a, 0, 0);
	build_constant(builder, T1, ones[size_log2]);
	build_op(builder, UOP_MUL, d, d, T1, 0);
}
