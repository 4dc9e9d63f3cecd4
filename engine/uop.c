#include "engine/uop.h"

const struct uop_info uop_info[UOP_COUNT] = {
#define UOP(name, kind, slots, ...) {#name, UOP_KIND_##kind, slots},
#include "engine/uop.def"
#undef UOP
};
