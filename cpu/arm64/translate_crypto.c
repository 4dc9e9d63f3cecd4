/* Cryptographic instructions: one helper call each. */
#include "cpu/arm64/crypto.h"
#include "cpu/arm64/emit.h"

void emit_crypto(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	static uop_helper *const helpers[] = {
#define CRYPTO(id) crypto_##id,
#include "cpu/arm64/crypto.def"
#undef CRYPTO
	};
	build_call(builder, helpers[row->argument], word & 31, emit_rn(word), emit_rm(word),
		   (int32_t)arm64_field(word, 15, 10), 0);
	emit_vector_written(builder, word & 31);
}
