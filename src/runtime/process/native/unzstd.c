/*
 * unzstd(input, size, output): expands zstd frames, one after the other, see expander.h.
 *
 * What expands is the zstd in Node, whose functions are declared here, see module.h; it checks the checksum of each frame that has
 * one. Node's own streams give each frame new memory. The module is linked so that it does not load where the functions are missing.
 */
#include "expander.h"

extern size_t ZSTD_decompress(void *output, size_t room, const void *input, size_t size);
extern unsigned ZSTD_isError(size_t result);

static double expand(const struct expansion *frames) {
  size_t result = ZSTD_decompress(frames->output, frames->room, frames->input, frames->size);
  return ZSTD_isError(result) ? -1 : (double)result;
}

EXPORTS({"unzstd", begin_expansion})
