/* Guest images of any kind: whatever the bytes are, loading gives an image or one error line. */
#include <stdlib.h>
#include <string.h>

#include "machines/image.h"

static const struct image_memory memory = {0x80000000, 64 << 20};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct blob content = {.data = malloc(size ? size : 1), .size = size};
	if (!content.data)
		return 0;
	memcpy(content.data, data, size);

	struct image image;
	struct error error = {0};
	if (image_parse(&image, "input", content, 1 << 20, &error)) {
		if (!error.text[0] || strchr(error.text, '\n'))
			abort(); // every refusal has its one line
		return 0;
	}
	if (!image_place(&image, &memory, memory.base, &error)) {
		uint64_t first, end;
		image_extent(&image, &first, &end);
		if (first < memory.base || end > memory.base + memory.size)
			abort();
	}
	image_fini(&image);
	return 0;
}
