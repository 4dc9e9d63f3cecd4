/* Cryptographic instructions: one UOP_VECTOR each, of a helper. */
#include "cpu/arm64/crypto.h"
#include "cpu/arm64/emit.h"
#include "engine/vector.h"

void emit_crypto(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	static uop_helper *const helpers[] = {
#define CRYPTO(id) crypto_##id,
#include "cpu/arm64/crypto.def"
#undef CRYPTO
	};
	static const uint8_t vector_ops[] = {
		[A64_CRYPTO_AESE] = VECTOR_AESE,
		[A64_CRYPTO_AESD] = VECTOR_AESD,
		[A64_CRYPTO_AESMC] = VECTOR_AESMC,
		[A64_CRYPTO_AESIMC] = VECTOR_AESIMC,
	};
	/* The others have a fourth register or an amount there. */
	int32_t imm = (int32_t)arm64_field(word, 15, 10);
	if (row->argument < sizeof(vector_ops))
		imm = vector_imm((enum vector_op)vector_ops[row->argument], 0);
	build_vector(builder, helpers[row->argument], word & 31, emit_rn(word), emit_rm(word), imm,
		     0);
	emit_vector_written(builder, word & 31);
}
